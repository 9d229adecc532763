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


@program
def contrib_poisson_lognormal(tf):
    d = tf.contrib.distributions
    tf.set_random_seed(3)
    counts = d.PoissonLogNormalQuadratureCompound([0.0, -0.5], [1.0, 2.0], quadrature_size=10, name="counts")
    out = [counts.mean(), counts.variance(), counts.stddev(), counts.log_prob([1.0, 2.0]), counts.prob([[0.0, 3.0]]),
           counts.sample(5, seed=7), counts.batch_shape_tensor(), counts.event_shape_tensor()]
    words = refusals((counts.entropy, counts.mode, lambda: counts.cdf([1.0, 2.0])), "nothing")
    return Case(steps=[(out, None)], show=[counts, counts.mixture_distribution, counts.distribution, counts.loc,
                                           counts.scale],
                facts={"words": words, "size": counts.quadrature_size, "parameters": sorted(counts.parameters)})


@program
def contrib_poisson_lognormal_unknown(tf):
    d = tf.contrib.distributions
    tf.set_random_seed(3)
    loc = tf.placeholder_with_default([0.0, -0.5], None)
    counts = d.PoissonLogNormalQuadratureCompound(
        loc, tf.placeholder_with_default(2.0, None), 4, d.quadrature_scheme_lognormal_gauss_hermite, True)
    kind = d.PoissonLogNormalQuadratureCompound
    words = refusals((lambda: kind(1, 1), lambda: kind(1.0, 1.0, -1), lambda: kind([1.0, 2.0], [1.0, 2.0, 3.0]),
                      lambda: kind(1.0, 1.0, 4, lambda *_: (tf.constant([1.0]), tf.constant([1.0], tf.float64))),
                      lambda: kind(1.0, 1.0, 4, lambda *_: None)), "nothing")
    return Case(steps=[([counts.mean(), counts.sample(3, seed=1), counts.log_prob(2.0), counts.variance()], None)],
                facts={"words": words})


def _diffeomixture(tf, mix_loc, temperature, **options):
    linalg = tf.linalg
    return tf.contrib.distributions.VectorDiffeomixture(
        mix_loc, temperature, tf.distributions.Normal(0.0, 1.0), [None, [2.0, 2.0, 2.0]],
        [linalg.LinearOperatorScaledIdentity(3, 1.5, is_positive_definite=True),
         linalg.LinearOperatorDiag([2.5, 3.0, 3.5], is_positive_definite=True)], 3, **options)


@program
def contrib_vector_diffeomixture(tf):
    tf.set_random_seed(3)
    vectors = _diffeomixture(tf, [[0.0], [1.0]], [[1.0], [0.5]], validate_args=True)
    values = tf.constant([1.0, 2.0, 3.0])
    out = [vectors.mean(), vectors.covariance(), vectors.variance(), vectors.stddev(), vectors.sample(2, seed=5),
           vectors.log_prob(values), vectors.prob(tf.zeros([2, 1, 3])), vectors.grid]
    words = refusals((vectors.entropy, vectors.mode, lambda: vectors.cdf(values)), "nothing")
    return Case(steps=[(out, None)], show=[vectors, vectors.mixture_distribution, vectors.distribution],
                facts={"words": words, "parameters": sorted(vectors.parameters),
                       "reparameterized": repr(vectors.reparameterization_type),
                       "maps": [[one.name for one in maps]
                                for maps in (vectors.endpoint_affine, vectors.interpolated_affine)]})


@program
def contrib_vector_diffeomixture_unknown(tf):
    tf.set_random_seed(3)
    loc = tf.placeholder(tf.float32, [None, 1])
    vectors = _diffeomixture(tf, loc, [0.5])
    return Case(steps=[([vectors.mean(), vectors.log_prob([1.0, 2.0, 3.0]), vectors.variance(),
                         vectors.batch_shape_tensor()], {loc: [[0.0], [1.0]]})], show=[vectors])


@program
def contrib_vector_diffeomixture_scales(tf):
    tf.set_random_seed(3)
    linalg, kind, out = tf.linalg, tf.contrib.distributions.VectorDiffeomixture, []
    normal, twice = tf.distributions.Normal(0.0, 1.0), linalg.LinearOperatorScaledIdentity(2, 2.0)
    below = linalg.LinearOperatorLowerTriangular([[1.0, 0.0], [0.5, 2.0]])
    for scales in ([twice, twice], [linalg.LinearOperatorIdentity(2), twice], [below, twice], [below, below]):
        vectors = kind([[0.0]], [1.0], normal, [[1.0, 0.0], [0.0, 1.0]], scales, quadrature_size=2)
        out += [vectors.mean(), vectors.sample(seed=1), vectors.log_prob([1.0, 2.0]), vectors.covariance(),
                vectors.variance()]
    full = linalg.LinearOperatorFullMatrix([[2.0, 0.5], [0.5, 1.0]])
    gauss = tf.contrib.distributions.quadrature_scheme_softmaxnormal_gauss_hermite
    both = [twice, twice]
    words = refusals([lambda arguments=arguments: kind(*arguments) for arguments in (
        ([[0.0]], [1.0], normal, [[0.0, 0.0]], both), ([[0.0]], [1.0], normal, [None, None], [twice]),
        ([[0.0]], [1.0], normal, None, None), ([[0.0]], [1.0], normal, None, 1), ([[0.0]], [1.0], normal, 1, both),
        ([[0.0]], [1.0], normal, [None] * 3, [twice] * 3), (0.0, 1.0, normal, None, both),
        ([[0.0]], [1.0], normal, None, [twice, full]),
        ([[0.0]], [1.0], normal, None, [twice, linalg.LinearOperatorScaledIdentity(3, 1.0)]),
        ([[0.0]], [1.0], normal, [[0.0, 0.0, 0.0], None], both),
        ([[0.0]], [1.0], tf.distributions.Normal([0.0], 1.0), None, both),
        ([[0.0]], [1.0], tf.distributions.Dirichlet([1.0, 2.0]), None, both),
        ([[0.0]], [1.0], normal, None, both, 0), ([[0.0]], [1.0], normal, None, both, 3, gauss),
        ([[0.0]], [1.0], normal, None, both, 3, lambda *_: None), ([[0.0]], [1.0], None, None, both),
        ([[0.0]], [1.0], normal, None, [below, twice], 8, gauss, True),
        (tf.placeholder(tf.float32), [1.0], normal, None, both))], "nothing")
    words += refusals((lambda: gauss(0.5, 1.5, 3), lambda: gauss([0.5], [1.5, 2.5], 3),
                       lambda: gauss([0.5], [1.5], 2)), "nothing")
    return Case(steps=[(out, None)], facts={"words": words})
