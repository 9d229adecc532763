"""tf.contrib.distributions: mixtures, quantised and reshaped distributions, chains, conditions."""

from __future__ import division

import numpy as np

from . import Case, program
from .distributions import all_of, facts, whole
from .refused import refusals


@program
def contrib_mixture(tf):
    d = tf.contrib.distributions
    return whole(d.Mixture(d.Categorical(probs=[0.3, 0.7]), [d.Normal(-1.0, 0.5), d.Normal(2.0, 1.0)]), [0.5, 0.01])


@program
def contrib_mixture_static(tf):
    d = tf.contrib.distributions
    parts = [d.Normal([-1.0, 1.0], 0.5), d.Normal([2.0, 0.0], 1.0)]
    return whole(d.Mixture(d.Categorical(logits=[[0.3, 0.7], [0.1, 0.5]]), parts, use_static_graph=True), [0.5, 0.01])


@program
def contrib_mixture_of_vectors(tf):
    d = tf.contrib.distributions
    loc = tf.placeholder(tf.float32, [2, 2], name="loc")
    logits = tf.placeholder(tf.float32, [2, 3], name="logits")
    parts = [d.MultivariateNormalDiag(loc + shift, [1.0, 2.0]) for shift in (0.0, 1.0, 2.0)]
    mixture = d.Mixture(d.Categorical(logits=logits), parts, validate_args=True, name="mix")
    out, refused = all_of(mixture, [0.5, 0.25])
    out += [mixture.sample(3, seed=5), mixture.entropy_lower_bound()]
    return Case(steps=[(out, {loc: [[1.0, 2.0], [0.0, 0.5]], logits: [[0.1, 0.2, 0.3], [1.0, 0.0, -1.0]]})],
                facts={"is": facts(mixture), "refused": refused})


@program
def contrib_mixture_of_vectors_static(tf):
    d = tf.contrib.distributions
    parts = [d.MultivariateNormalDiag([[1.0, 2.0], [0.0, 0.5]], [scale, 1.0]) for scale in (1.0, 2.0)]
    mixture = d.Mixture(d.Categorical(logits=[[0.5, 0.1], [1.0, 0.0]]), parts, use_static_graph=True)
    out, refused = all_of(mixture, [0.5, 0.25])
    out += [mixture.sample([2, 2], seed=5), mixture.entropy_lower_bound()]
    return Case(steps=[(out, None)], facts={"is": facts(mixture), "refused": refused})


@program
def contrib_mixtures_refuse(tf):
    d = tf.contrib.distributions
    normal, cat = d.Normal(0.0, 1.0), d.Categorical([0.1, 0.2])
    calls = (lambda: d.Mixture(normal, [normal]), lambda: d.Mixture(cat, []), lambda: d.Mixture(cat, [normal]),
             lambda: d.Mixture(cat, [normal, 3]), lambda: d.Mixture(cat, [normal, d.Bernoulli(0.5)]),
             lambda: d.Mixture(cat, [normal, d.MultivariateNormalDiag([1.0, 2.0])]),
             lambda: d.Mixture(cat, [normal, d.Normal([0.0, 1.0], 1.0)]),
             lambda: d.Mixture(cat, [normal, normal]).quantile(0.5),
             lambda: d.MixtureSameFamily(normal, d.Normal([0.0, 1.0], 1.0)),
             lambda: d.MixtureSameFamily(cat, d.Normal([0.0, 1.0, 2.0], 1.0)),
             lambda: d.MixtureSameFamily(cat, normal),
             lambda: d.MixtureSameFamily(d.Categorical([[0.1, 0.2]]), d.Normal([0.0, 1.0], 1.0)),
             lambda: d.BatchReshape(normal, [[1]]), lambda: d.BatchReshape(normal, [1]),
             lambda: d.BatchReshape(d.Normal([0.0, 1.0], 1.0), [3]), lambda: d.BatchReshape(normal, [-1, -1]),
             lambda: d.BatchReshape(normal, 1.0), lambda: d.BatchReshape(d.Normal([0.0, 1.0], 1.0), [2, 1]).prob(0.0),
             lambda: d.BatchReshape(d.Normal([0.0, 1.0], 1.0), [2, 1]).prob([[0.0, 1.0]]),
             lambda: d.BatchReshape(d.Normal([0.0, 1.0], 1.0), [1, 2]).prob([[[0.0], [1.0]]]),
             lambda: d.BatchReshape(d.Normal(tf.placeholder(tf.float32, [None]), 1.0), [2, 1]).prob([[0.0, 1.0]]))
    return Case(facts={"words": refusals(calls, "nothing")})


def without_samples(distribution, *values):
    """A case of a distribution whose samples know no seed: nodes of a sample, and values of all else."""
    out, refused = all_of(distribution, *values)
    drawn = [distribution.sample(4, seed=8), distribution.sample([2, 3], name="s")]
    return Case(steps=[(out, None)], facts={"is": facts(distribution), "refused": refused,
                                            "samples": [str(one.get_shape()) for one in drawn]})


@program
def contrib_mixture_same_family(tf):
    d = tf.contrib.distributions
    return without_samples(d.MixtureSameFamily(d.Categorical(probs=[0.3, 0.7]), d.Normal([-1.0, 1.0], [0.1, 0.5])),
                           [0.5, 0.01])


@program
def contrib_mixture_same_family_of_vectors(tf):
    d = tf.contrib.distributions
    mixture = d.MixtureSameFamily(d.Categorical(logits=[[0.3, 0.7], [0.1, 0.4]]), d.MultivariateNormalDiag(
        [[[-1.0, 1.0], [1.0, -1.0]], [[0.0, 0.5], [0.5, 2.0]]], scale_identity_multiplier=[0.5, 1.0]))
    return without_samples(mixture, [[0.5, 0.01], [1.0, 2.0]])


@program
def contrib_mixture_same_family_of_unknown_shapes(tf):
    d = tf.contrib.distributions
    loc = tf.placeholder(tf.float32, [None, 3], name="loc")
    mixture = d.MixtureSameFamily(d.Categorical(logits=[0.5, 1.0, 0.0]), d.Normal(loc, 1.0))
    out, refused = all_of(mixture, [0.5, 0.25])
    mixture.sample(3, seed=5)
    return Case(steps=[(out, {loc: [[1.0, 2.0, 3.0], [0.0, 0.5, 1.0]]})],
                facts={"is": facts(mixture), "refused": refused})


@program
def contrib_quantized(tf):
    d = tf.contrib.distributions
    return whole(d.QuantizedDistribution(d.Normal([1.0, 2.0], 3.0)), [1.0, 2.0])


@program
def contrib_quantized_between(tf):
    d = tf.contrib.distributions
    return whole(d.QuantizedDistribution(d.Normal([1.0, 2.0], 3.0), low=-1.0, high=[3.0, 4.0], name="q"), [1.0, 2.5],
                 [5.0, -3.0])


@program
def contrib_quantized_checked(tf):
    d = tf.contrib.distributions
    rate = tf.placeholder(tf.float64, [None], name="rate")
    made = d.QuantizedDistribution(d.Exponential(rate), low=tf.constant(1.0, tf.float64),
                                   high=tf.constant(4.0, tf.float64), validate_args=True)
    above = d.QuantizedDistribution(d.Uniform(0.0, 5.0), low=1.0, name="above")
    out, refused = all_of(made, [1.0, 2.0])
    out += [made.sample(3, seed=5), above.prob([0.0, 1.0, 2.0]), above.cdf([0.5, 3.0]), above.log_prob(6.0)]
    return Case(steps=[(out, {rate: [0.5, 1.5]})], facts={"is": facts(made), "refused": refused})


@program
def contrib_batch_reshape(tf):
    d = tf.contrib.distributions
    return whole(d.BatchReshape(d.Normal([0.0, 1.0, 2.0, 3.0], 1.0), [2, -1]),
                 [[0.5, 0.01], [1.0, 0.0]])


@program
def contrib_batch_reshape_of_vectors(tf):
    d = tf.contrib.distributions
    loc = tf.placeholder(tf.float32, [None, 2], name="loc")
    shape = tf.placeholder(tf.int32, [2], name="shape")
    made = d.BatchReshape(d.MultivariateNormalDiag(loc, [1.0, 2.0]), shape, validate_args=True)
    known = d.BatchReshape(d.MultivariateNormalDiag(tf.zeros([6, 2]), [1.0, 2.0]), [2, 3], name="known")
    x = tf.placeholder(tf.float32, name="x")
    out = [made.mean(), made.entropy(), made.prob(np.full([3, 2, 2, 2], 0.5, np.float32)), made.log_prob(x),
           made.batch_shape_tensor(), made.event_shape_tensor(), made.is_scalar_batch(), made.sample(3, seed=5),
            known.mean(), known.log_prob(tf.ones([2, 3, 2])),
            known.sample([2, 2], seed=1)]
    return Case(steps=[(out, {loc: np.arange(8).reshape(4, 2) / 4.0, shape: [2, 2],
                              x: np.full([2, 2, 2], 0.5)})], facts={"is": [facts(made), facts(known)]})


@program
def contrib_autoregressive(tf):
    d = tf.contrib.distributions

    def of_event(event):
        return d.Independent(d.Normal(0.5 * event, 1.0), reinterpreted_batch_ndims=1)

    return whole(d.Autoregressive(of_event, tf.zeros([3]), num_steps=3), [0.5, 0.25, 1.0])


@program
def contrib_autoregressive_without_start(tf):
    d = tf.contrib.distributions

    def of_event(event=None):
        return d.Independent(d.Bernoulli(logits=tf.zeros([2]) if event is None else tf.cast(event, tf.float32)),
                             reinterpreted_batch_ndims=1)

    made = d.Autoregressive(of_event, num_steps=2)
    out = [made.sample(4, seed=3), made.prob([1, 0]), made.batch_shape_tensor()]
    default = d.Autoregressive(of_event, name="default")
    out += [default.sample(seed=4)]
    words = refusals((lambda: d.Autoregressive(of_event, num_steps=0, validate_args=True),
                      lambda: d.Autoregressive(of_event, num_steps=0), lambda: made.mean()), "nothing")
    return Case(steps=[(out, None)], facts={"is": facts(made), "words": words})


@program
def contrib_conditional(tf):
    d = tf.contrib.distributions
    b = d.bijectors

    class Shift(b.ConditionalBijector):
        def __init__(self):
            super(Shift, self).__init__(graph_parents=[], validate_args=False, forward_min_event_ndims=0,
                                        is_constant_jacobian=True, name="shift")

        def _forward(self, x, by):
            return x + by

        def _inverse(self, y, by):
            return y - by

        def _inverse_log_det_jacobian(self, y, by):
            return tf.zeros([], y.dtype)

        def _forward_log_det_jacobian(self, x, by):
            return tf.zeros([], x.dtype)

    class Mine(d.ConditionalDistribution):
        def __init__(self):
            super(Mine, self).__init__(dtype=tf.float32, validate_args=False, allow_nan_stats=True,
                                       reparameterization_type=d.FULLY_REPARAMETERIZED, name="Mine")

        def _batch_shape(self):
            return tf.TensorShape([])

        def _event_shape(self):
            return tf.TensorShape([])

        def _sample_n(self, n, seed=None, arg=0.0):
            return arg + tf.zeros([n])

        def _log_prob(self, x, arg=0.0):
            return x * arg

        def _prob(self, x, arg=0.0):
            return tf.exp(x * arg)

        def _cdf(self, x, arg=0.0):
            return x - arg

        def _log_cdf(self, x, arg=0.0):
            return tf.log(x - arg)

        def _survival_function(self, x, arg=0.0):
            return 1.0 - x + arg

        def _log_survival_function(self, x, arg=0.0):
            return tf.log(1.0 - x + arg)

    mine = Mine()
    out = [mine.sample(2, arg=3.0), mine.prob(1.0, arg=2.0), mine.log_prob(1.0, arg=2.0), mine.cdf(0.5, arg=0.25),
           mine.log_cdf(0.5, arg=0.25), mine.survival_function(0.5, arg=0.25),
           mine.log_survival_function(0.5, arg=0.25)]
    moved = d.ConditionalTransformedDistribution(d.Normal([0.0, 1.0], 1.0), Shift(), name="moved")
    given = {"by": 2.0}
    out += [moved.sample(3, seed=2, bijector_kwargs=given), moved.prob([1.0, 2.0], bijector_kwargs=given),
            moved.log_prob([1.0, 2.0], bijector_kwargs=given), moved.cdf([1.0, 2.0], bijector_kwargs=given),
            moved.log_cdf([1.0, 2.0], bijector_kwargs=given),
            moved.survival_function([1.0, 2.0], bijector_kwargs=given),
            moved.log_survival_function([1.0, 2.0], bijector_kwargs=given)]
    return Case(steps=[(out, None)], facts={"is": [facts(mine), facts(moved)]})


@program
def contrib_transformed_several_inverses(tf):
    d = tf.contrib.distributions
    size = d.TransformedDistribution(d.Normal([0.5, 1.0], 2.0), d.bijectors.AbsoluteValue(), name="size")
    out, refused = all_of(size, [0.5, 1.5])
    vector = d.TransformedDistribution(d.Normal(0.5, 2.0), d.bijectors.AbsoluteValue(), event_shape=[2], name="vector")
    more, refused_too = all_of(vector, [0.5, 1.5])
    out += more + [size.sample(2, seed=3), vector.sample(2, seed=3)]
    return Case(steps=[(out, None)], facts={"is": [facts(size), facts(vector)], "refused": [refused, refused_too]})


@program
def contrib_mixture_of_unknown_batch(tf):
    """A sample of a mixture asks the mixture's weights how large a batch is."""
    tfd = tf.contrib.distributions
    logits, scale = tf.placeholder(tf.float32, [None, 3], "logits"), tf.placeholder(tf.float32, [None, 1], "scale")
    parts = [tfd.MultivariateNormalDiag(loc=scale * index, scale_diag=scale) for index in range(3)]
    mixture = tfd.Mixture(cat=tfd.Categorical(logits=logits), components=parts)
    return Case([(mixture.sample(seed=4), {logits: [[0.1, 0.2, 0.3], [0.5, 0.1, 0.2]], scale: [[1.0], [2.0]]})])
