"""tf.contrib.distributions: points and weights for means over distributions."""

from . import Case, program
from .refused import refusals


@program
def contrib_quadrature_lognormal(tf):
    d = tf.contrib.distributions
    loc, scale = tf.constant([0.0, 1.0]), tf.constant([1.0, 2.0])
    out = [one for scheme in (d.quadrature_scheme_lognormal_quantiles, d.quadrature_scheme_lognormal_gauss_hermite)
           for one in scheme(loc, scale, 3) + scheme(tf.constant(0.5, tf.float64), tf.constant(2.0, tf.float64), 4)]
    return Case(steps=[(out, None)])


@program
def contrib_quadrature_softmaxnormal(tf):
    scheme = tf.contrib.distributions.quadrature_scheme_softmaxnormal_quantiles
    loc = tf.placeholder(tf.float32, [None, 1], name="loc")
    words = refusals((lambda: scheme(0.5, 1.5, 3), lambda: scheme([0.5], [1.5, 2.5], 3)), "nothing")
    return Case(steps=[(list(scheme([[0.5]], [[1.5]], 3)) + list(scheme(loc, [2.0], 2, name="other")),
                        {loc: [[0.5], [1.0]]})],
                facts={"words": words})
