"""tf.contrib.distributions: statistics of samples, moving ones, posteriors, seeds; tf.contrib.bayesflow.monte_carlo."""

from __future__ import division

import numpy as np

from . import Case, program
from .refused import refusals

NUMBERS = np.array([[3.0, 1.0, 4.0], [1.0, 5.0, 9.0], [2.0, 6.0, 5.0], [3.5, 8.0, 9.5]], np.float32)


@program
def contrib_percentile(tf):
    percentile = tf.contrib.distributions.percentile
    x = tf.constant(NUMBERS, name="x")
    out = [percentile(x, 30.0), percentile(x, q=50, axis=0), percentile(x, 75.0, [0], interpolation="lower"),
           percentile(x, 75.0, axis=1, interpolation="higher", keep_dims=True),
           percentile(x, 100.0, axis=[0, 1], keep_dims=True), percentile(x, 0.0, [-1], name="least")]
    return Case(steps=[(out, None)])


@program
def contrib_percentile_of_unknown_shape(tf):
    percentile = tf.contrib.distributions.percentile
    x = tf.placeholder(tf.float64, [None, None, 3], name="x")
    q = tf.placeholder(tf.float64, [], name="q")
    y = tf.placeholder(tf.float32, [None, None], name="y")
    out = [percentile(x, 40.0, axis=[0, 2], validate_args=True), percentile(y, 60.0, axis=0, keep_dims=True),
           percentile(x, q, axis=1, validate_args=True), percentile(y, 10.0)]
    return Case(steps=[(out, {x: [NUMBERS, NUMBERS + 1.0], y: NUMBERS, q: 20.0})])


@program
def contrib_percentile_refuses(tf):
    percentile = tf.contrib.distributions.percentile
    x = tf.constant(NUMBERS)
    calls = (lambda: percentile(x, 30.0, interpolation="linear"), lambda: percentile(x, [30.0]),
             lambda: percentile(x, 30.0, axis=[0, 0]), lambda: percentile(x, 30.0, axis=[2]),
             lambda: percentile(x, 30.0, axis=tf.placeholder(tf.int32)), lambda: percentile(x, 30.0, axis=[[0]]),
             lambda: percentile(x, 30.0, axis=[0.5]))
    return Case(facts={"words": refusals(calls, "nothing")})


@program
def contrib_auto_correlation(tf):
    correlation = tf.contrib.distributions.auto_correlation
    x = tf.constant(NUMBERS, name="x")
    y = tf.placeholder(tf.float32, [None, 4], name="y")
    out = [correlation(x), correlation(x, axis=0, max_lags=2), correlation(x, center=False, normalize=False),
           correlation(y, axis=1, max_lags=1), correlation(y, axis=0, normalize=False, name="other"),
           correlation(tf.cast(x, tf.complex64), max_lags=1)]
    return Case(steps=[(out, {y: NUMBERS.T})])


@program
def contrib_auto_correlation_refuses(tf):
    correlation = tf.contrib.distributions.auto_correlation
    calls = (lambda: correlation([1.0, 2.0], max_lags=-1), lambda: correlation([1.0, 2.0], max_lags=0.5))
    return Case(facts={"words": refusals(calls, "nothing")})


@program
def contrib_moving_mean_variance(tf):
    d = tf.contrib.distributions
    mean, variance = tf.Variable([0.0, 1.0], name="mean"), tf.Variable([1.0, 2.0], name="variance")
    logarithm = tf.Variable([0.5, -1.0], name="logarithm")
    value = tf.placeholder(tf.float32, [2], name="value")
    both = d.assign_moving_mean_variance(mean, variance, value, 0.9)
    log = d.assign_log_moving_mean_exp(logarithm, value, decay=0.75)
    init = tf.global_variables_initializer()
    return Case(steps=[(init, None), (list(both) + [log], {value: [2.0, 0.5]}),
                       (list(both) + [log], {value: [1.0, 4.0]}),
                       ([mean, variance, logarithm], None)])


@program
def contrib_moving_mean_variance_of_its_own(tf):
    d = tf.contrib.distributions
    with tf.variable_scope("scope"):
        value = tf.placeholder(tf.float64, [3], name="value")
        both = d.moving_mean_variance(value, decay=0.5)
        other = d.moving_mean_variance(tf.ones([2]), 0.9, collections=["mine"], name="mine")
    init = tf.global_variables_initializer()
    found = [variable.name for variable in tf.global_variables()]
    init_all = tf.group(init, tf.variables_initializer(tf.get_collection("mine")))
    words = refusals((lambda: d.moving_mean_variance(tf.placeholder(tf.float32, [None]), 0.9),), "nothing")
    return Case(steps=[(init_all, None), (both, {value: [1.0, 2.0, 3.0]}), (both, {value: [0.5, 2.0, -3.0]}),
                       (other, None)], facts={"variables": found, "words": words})


@program
def contrib_normal_conjugates(tf):
    d = tf.contrib.distributions
    prior = d.Normal(tf.constant([1.0, 2.0]), tf.constant([3.0, 0.5]))
    posterior = d.normal_conjugates_known_scale_posterior(prior, tf.constant(2.0), tf.constant(10.0), 4)
    predictive = d.normal_conjugates_known_scale_predictive(prior, tf.constant(2.0), tf.constant(10.0), 4)
    out = [posterior.mean(), posterior.stddev(), predictive.mean(), predictive.stddev()]
    words = refusals((lambda: d.normal_conjugates_known_scale_posterior(d.Laplace(0.0, 1.0), 1.0, 1.0, 1),
                      lambda: d.normal_conjugates_known_scale_posterior(prior, 1.0, tf.constant([1, 2]), 1),
                      lambda: d.normal_conjugates_known_scale_predictive(d.Laplace(0.0, 1.0), 1.0, 1.0, 1)), "nothing")
    return Case(steps=[(out, None)], facts={"words": words})


@program
def contrib_seed_stream(tf):
    d = tf.contrib.distributions
    stream, none = d.SeedStream(3, salt="words"), d.SeedStream(None, salt="other")
    other = d.SeedStream(stream, salt="more")
    return Case(facts={"seeds": [stream(), stream(), stream(), none(), stream.original_seed, stream.salt, other(),
                                 other.original_seed, other.salt, none.original_seed]})


@program
def contrib_monte_carlo_expectation(tf):
    d, mc = tf.contrib.distributions, tf.contrib.bayesflow.monte_carlo
    loc = tf.constant([0.5, 1.0], name="loc")
    normal = d.Normal(loc, 1.0)
    samples = normal.sample(6, seed=3)
    plain = mc.expectation(lambda x: x ** 2, samples)
    scored = mc.expectation(lambda x: x ** 2, samples, log_prob=normal.log_prob, use_reparametrization=False, axis=0,
                            keep_dims=True, name="scored")
    out = [plain, scored] + tf.gradients(plain, loc) + tf.gradients(scored, loc)
    words = refusals((lambda: mc.expectation(3, samples),
                      lambda: mc.expectation(lambda x: x, samples, use_reparametrization=False)), "nothing")
    return Case(steps=[(out, None)], facts={"words": words})


@program
def contrib_monte_carlo_importance(tf):
    d, mc = tf.contrib.distributions, tf.contrib.bayesflow.monte_carlo
    p, q = d.Normal([0.5, 1.0], 1.0), d.Normal(0.0, [2.0, 3.0])
    z = q.sample(5, seed=4)
    out = [mc.expectation_importance_sampler(tf.abs, p.log_prob, q, z=z),
           mc.expectation_importance_sampler(lambda x: x ** 3, p.log_prob, q, n=4, seed=7),
           mc.expectation_importance_sampler_logspace(tf.abs, p.log_prob, q, z=z),
           mc.expectation_importance_sampler_logspace(lambda x: -x, p.log_prob, q, n=4, seed=7, name="log")]
    words = refusals((lambda: mc.expectation_importance_sampler(tf.abs, p.log_prob, q),
                      lambda: mc.expectation_importance_sampler(tf.abs, p.log_prob, q, z=z, n=3)), "nothing")
    return Case(steps=[(out, None)], facts={"words": words})
