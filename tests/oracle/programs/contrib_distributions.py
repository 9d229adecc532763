"""tf.contrib.distributions: samples, densities, moments and divergences of the distributions that are there."""

from __future__ import division

import numpy as np

from . import Case, program
from .distributions import facts, whole
from .refused import refusals


@program
def contrib_distribution_cauchy(tf):
    return whole(tf.contrib.distributions.Cauchy([1.0, -2.0], [[3.0], [0.5]]), [0.5, 0.01])


@program
def contrib_distribution_logistic(tf):
    return whole(tf.contrib.distributions.Logistic([1.0, -2.0], [[3.0], [0.5]]), [0.5, 0.01])


@program
def contrib_distribution_half_normal(tf):
    return whole(tf.contrib.distributions.HalfNormal([1.0, 2.0]), [0.5, 0.01])


@program
def contrib_distribution_poisson(tf):
    return whole(tf.contrib.distributions.Poisson([1.0, 4.5]), [2.0, 3.0])


@program
def contrib_distribution_poisson_of_a_logarithm(tf):
    poisson = tf.contrib.distributions.Poisson(log_rate=[1.0, 0.5], validate_args=True)
    found = whole(poisson, [2.0, 3.0])
    found.facts["rates"] = [poisson.rate.name, poisson.log_rate.name]
    return found


@program
def contrib_distribution_geometric(tf):
    return whole(tf.contrib.distributions.Geometric(probs=[0.3, 0.8]), [2.0, 0.0], [[1.5], [4.0]])


@program
def contrib_distribution_geometric_checked(tf):
    return whole(tf.contrib.distributions.Geometric(logits=[0.3, -0.8], validate_args=True), [2.0, 0.0])


@program
def contrib_distribution_negative_binomial(tf):
    return whole(tf.contrib.distributions.NegativeBinomial(3.0, probs=[0.3, 0.8]), [2.0, 0.0])


@program
def contrib_distribution_binomial(tf):
    binomial = tf.contrib.distributions.Binomial([3.0, 6.0], logits=[0.3, -0.8])
    out = [binomial.prob([2.0, 1.0]), binomial.log_prob([0.0, 6.0]), binomial.cdf([3.0, 2.0]), binomial.mean(),
           binomial.variance(), binomial.mode(), binomial.stddev()]
    checked = tf.contrib.distributions.Binomial(4.0, probs=0.3, validate_args=True, name="checked")
    out += [checked.prob([2.0, 1.0]), checked.cdf(3.0)]
    return Case(steps=[(out, None)], facts={"is": [facts(binomial), facts(checked)]})


@program
def contrib_distribution_chi2(tf):
    found = whole(tf.contrib.distributions.Chi2([3.0, 5.0]), [2.0, 1.0])
    absolute = tf.contrib.distributions.Chi2WithAbsDf([-3.5, 2.0])
    found.steps.append(([absolute.df, absolute.prob([1.0, 2.0]), absolute.sample(2, seed=3)], None))
    found.facts["absolute"] = facts(absolute)
    return found


@program
def contrib_distribution_inverse_gamma(tf):
    return whole(tf.contrib.distributions.InverseGamma([3.0, 1.5], 2.0), [2.0, 1.0])


@program
def contrib_distribution_inverse_gamma_checked(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    checked = tf.contrib.distributions.InverseGamma(x, x, validate_args=True, allow_nan_stats=False)
    out = [checked.prob(x), checked.cdf(x), checked.mean(), checked.variance()]
    return Case(steps=[(out, {x: [3.0, 4.0]})])


@program
def contrib_distributions_with_softplus(tf):
    d = tf.contrib.distributions
    made = [d.NormalWithSoftplusScale([1.0, 2.0], 0.5), d.LaplaceWithSoftplusScale(1.0, [0.5, -1.0]),
            d.ExponentialWithSoftplusRate([0.5, 3.0]), d.GammaWithSoftplusConcentrationRate([0.5, 1.0], 2.0),
            d.BetaWithSoftplusConcentration([0.5, 2.0], 1.0), d.StudentTWithAbsDfSoftplusScale([-3.5, 4.0], 0.0, 1.0),
            d.InverseGammaWithSoftplusConcentrationRate([0.5, 1.0], 2.0)]
    out = [item for one in made for item in (one.prob([0.4, 0.6]), one.mean(), one.sample(2, seed=5))]
    return Case(steps=[(out, None)], facts={"is": [facts(one) for one in made]})


@program
def contrib_distribution_independent(tf):
    d = tf.contrib.distributions
    return whole(d.Independent(d.Normal([[1.0, 2.0], [0.0, 3.0]], [3.0, 4.0])), [0.5, 0.6])


@program
def contrib_distribution_independent_images(tf):
    d = tf.contrib.distributions
    logits = tf.placeholder(tf.float32, [None, 3, 2], name="logits")
    image = d.Independent(d.Bernoulli(logits=logits), reinterpreted_batch_ndims=2, name="image")
    other = d.Independent(d.Normal(tf.zeros([2, 3]), tf.ones([2, 3])), 1)
    out = [image.log_prob(tf.ones([3, 2], tf.int32)), image.sample(seed=3), image.mean(), image.batch_shape_tensor(),
           image.event_shape_tensor(), image.mode(), image.entropy(),
           d.kl_divergence(other, d.Independent(d.Normal(tf.ones([2, 3]), 2.0), 1))]
    words = []
    try:
        d.Independent(d.Normal([1.0], 1.0), reinterpreted_batch_ndims=2)
    except ValueError as error:
        words.append(str(error))
    return Case(steps=[(out, {logits: np.arange(12).reshape(2, 3, 2) / 4 - 1})],
                facts={"is": [facts(image), facts(other)], "words": words})


@program
def contrib_distribution_one_hot_categorical(tf):
    one_hot = tf.contrib.distributions.OneHotCategorical(logits=[[0.1, 2.0, -1.0], [1.0, 1.0, 0.0]])
    found = whole(one_hot, [[0, 1, 0], [1, 0, 0]], [0.0, 0.0, 1.0])
    other = tf.contrib.distributions.OneHotCategorical(probs=[0.2, 0.3, 0.5], dtype=tf.float32)
    found.steps.append(([one_hot.kl_divergence(other), other.sample(3, seed=2), one_hot.event_size], None))
    return found


@program
def contrib_distributions_refuse(tf):
    d = tf.contrib.distributions
    calls = (lambda: d.Poisson(), lambda: d.Poisson(1.0, 1.0), lambda: d.Poisson(1), lambda: d.Poisson(log_rate=1),
             lambda: d.Cauchy(1, 2), lambda: d.Cauchy(1.0, 2.0, allow_nan_stats=False).mean(),
             lambda: d.Geometric(), lambda: d.NegativeBinomial(1.0), lambda: d.Binomial(1.0, 1.0, 1.0),
             lambda: d.OneHotCategorical(), lambda: d.InverseGamma(1.0, np.float64(1)),
             lambda: d.kl_divergence(d.Cauchy(0.0, 1.0), d.Cauchy(0.0, 1.0)),
             lambda: d.kl_divergence(d.HalfNormal(1.0), d.HalfNormal(1.0)))
    return Case(facts={"words": refusals(calls, "nothing")})


@program
def contrib_distributions_discrete_policy(tf):
    d = tf.contrib.distributions
    tf.set_random_seed(3)
    states = tf.placeholder(tf.float32, [None, 4], name="states")
    logits = tf.layers.dense(states, 3, kernel_initializer=tf.random_normal_initializer(0, 0.3, seed=1))
    policy = d.OneHotCategorical(logits=logits, dtype=tf.float32)
    action = policy.sample()
    taken = tf.placeholder(tf.float32, [None, 3], name="taken")
    loss = -tf.reduce_mean(policy.log_prob(taken)) - 0.01 * tf.reduce_mean(policy.entropy())
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    feeds = {states: np.arange(8).reshape(2, 4) / 8.0, taken: [[0, 1, 0], [1, 0, 0]]}
    return Case(init=True, steps=[(action, feeds), ([loss, train], feeds), (loss, feeds), (action, feeds)])
