"""tf.contrib.distributions: relaxed categories, numbers that are certain, and what bijectors make of plain ones."""

from __future__ import division

import numpy as np

from . import Case, program
from .distributions import all_of, facts, whole
from .refused import refusals


@program
def contrib_distribution_deterministic(tf):
    return whole(tf.contrib.distributions.Deterministic([1.0, 2.0]), [1.0, 2.5])


@program
def contrib_distribution_deterministic_about(tf):
    loc = tf.placeholder(tf.float32, name="loc")
    about = tf.contrib.distributions.Deterministic(loc, atol=0.5, rtol=[0.1, 0.2], validate_args=True, name="about")
    out, refused = all_of(about, [1.0, 2.5])
    out += [about.sample([2, 1], seed=1), about.loc, about.atol, about.rtol]
    return Case(steps=[(out, {loc: [1.0, 2.0]})], facts={"is": facts(about), "refused": refused})


@program
def contrib_distribution_deterministic_whole_numbers(tf):
    one = tf.contrib.distributions.Deterministic(3)
    out = [one.prob(3), one.cdf(2), one.mean(), one.variance(), one.sample(2)]
    return Case(steps=[(out, None)], facts={"is": facts(one)})


@program
def contrib_distribution_vector_deterministic(tf):
    return whole(tf.contrib.distributions.VectorDeterministic([[1.0, 2.0], [3.0, 4.0]], rtol=0.1), [1.05, 2.0])


@program
def contrib_distribution_vector_deterministic_checked(tf):
    loc = tf.placeholder(tf.float64, [None], name="loc")
    x = tf.placeholder(tf.float64, name="x")
    vector = tf.contrib.distributions.VectorDeterministic(loc, atol=0.25, validate_args=True)
    out, refused = all_of(vector, x)
    out += [vector.sample(3)]
    return Case(steps=[(out, {loc: [1.0, 2.0], x: [[1.125, 2.25], [1.0, 2.5]]})],
                facts={"is": facts(vector), "refused": refused})


@program
def contrib_deterministic_refuses(tf):
    d = tf.contrib.distributions
    calls = (lambda: d.VectorDeterministic(1.0), lambda: d.Deterministic("a"),
             lambda: d.VectorDeterministic([1.0]).prob(1.0),
             lambda: d.VectorDeterministic([1.0], validate_args=True).prob(1.0))
    return Case(facts={"words": refusals(calls, "nothing")})


@program
def contrib_distribution_relaxed_bernoulli(tf):
    return whole(tf.contrib.distributions.RelaxedBernoulli(0.5, probs=[0.3, 0.8]), [0.2, 0.6])


@program
def contrib_distribution_relaxed_bernoulli_checked(tf):
    t = tf.placeholder(tf.float32, [2], name="t")
    relaxed = tf.contrib.distributions.RelaxedBernoulli(t, logits=[[0.5, -1.0]], validate_args=True, name="r")
    out, refused = all_of(relaxed, [0.2, 0.6])
    out += [relaxed.logits, relaxed.probs, relaxed.temperature, relaxed.sample(2, seed=3)]
    return Case(steps=[(out, {t: [0.5, 2.0]})], facts={"is": facts(relaxed), "refused": refused})


@program
def contrib_distribution_exp_relaxed_one_hot(tf):
    return whole(tf.contrib.distributions.ExpRelaxedOneHotCategorical(0.5, logits=[[0.1, 2.0, -1.0], [1.0, 1.0, 0.0]]),
                 [-1.0, -2.0, -0.7])


@program
def contrib_distribution_exp_relaxed_one_hot_checked(tf):
    t = tf.placeholder(tf.float32, [], name="t")
    p = tf.placeholder(tf.float32, name="p")
    relaxed = tf.contrib.distributions.ExpRelaxedOneHotCategorical(t, probs=p, validate_args=True, name="r")
    out, refused = all_of(relaxed, np.log([0.2, 0.3, 0.5]).astype(np.float32))
    out += [relaxed.logits, relaxed.probs, relaxed.temperature, relaxed.event_size, relaxed.sample(2, seed=3)]
    return Case(steps=[(out, {t: 0.5, p: [[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]})],
                facts={"is": facts(relaxed), "refused": refused})


@program
def contrib_distribution_relaxed_one_hot(tf):
    return whole(tf.contrib.distributions.RelaxedOneHotCategorical([0.5], probs=[[0.1, 0.2, 0.7], [0.3, 0.3, 0.4]]),
                 [0.2, 0.3, 0.5])


@program
def contrib_distribution_relaxed_one_hot_checked(tf):
    x = tf.placeholder(tf.float64, [None, 2], name="x")
    relaxed = tf.contrib.distributions.RelaxedOneHotCategorical(
        tf.constant(2.0, tf.float64), logits=x, dtype=tf.float64, validate_args=True, name="r")
    out, refused = all_of(relaxed, [0.25, 0.75])
    out += [relaxed.sample(2, seed=3)]
    return Case(steps=[(out, {x: [[0.5, 1.0], [2.0, 0.0]]})], facts={"is": facts(relaxed), "refused": refused})


@program
def contrib_relaxed_refuse(tf):
    d = tf.contrib.distributions
    calls = (lambda: d.RelaxedBernoulli(1.0), lambda: d.RelaxedBernoulli(1.0, 1.0, 1.0),
             lambda: d.ExpRelaxedOneHotCategorical(1.0), lambda: d.RelaxedOneHotCategorical(1.0, [1.0], [1.0]),
             lambda: d.RelaxedBernoulli(1, 1.0), lambda: d.ExpRelaxedOneHotCategorical(1.0, 1.0),
             lambda: d.ExpRelaxedOneHotCategorical(1.0, [1.0], validate_args=True))
    return Case(facts={"words": refusals(calls, "nothing")})


@program
def contrib_distribution_kumaraswamy(tf):
    return whole(tf.contrib.distributions.Kumaraswamy([0.5, 3.0], [[2.0], [1.5]]), [0.2, 0.9])


@program
def contrib_distribution_kumaraswamy_checked(tf):
    a = tf.placeholder(tf.float64, [None], name="a")
    made = tf.contrib.distributions.Kumaraswamy(a, tf.constant(2.0, tf.float64), validate_args=True,
                                                allow_nan_stats=False)
    out, refused = all_of(made, [0.2, 0.9])
    out += [made.concentration0, made.concentration1, made.sample(2, seed=5)]
    return Case(steps=[(out, {a: [1.5, 3.0]})], facts={"is": facts(made), "refused": refused})


@program
def contrib_distribution_sinh_arcsinh(tf):
    return whole(tf.contrib.distributions.SinhArcsinh([1.0, -2.0], [[3.0], [0.5]], 0.5, [1.0, 2.0]), [0.5, 0.01])


@program
def contrib_distribution_sinh_arcsinh_of_another(tf):
    d = tf.contrib.distributions
    loc = tf.placeholder(tf.float32, name="loc")
    made = d.SinhArcsinh(loc, 2.0, distribution=d.Laplace(0.0, 1.0), validate_args=True)
    out, refused = all_of(made, [0.2, 0.9])
    out += [made.loc, made.scale, made.skewness, made.tailweight, made.sample(2, seed=5)]
    return Case(steps=[(out, {loc: [1.5, 3.0]})], facts={"is": facts(made), "refused": refused})


@program
def contrib_distribution_vector_exponential_diag(tf):
    return whole(tf.contrib.distributions.VectorExponentialDiag([1.0, -2.0], scale_diag=[[3.0, 1.0], [0.5, 2.0]]),
                 [5.0, 0.1])


@program
def contrib_distribution_vector_exponential_diag_by_number(tf):
    loc = tf.placeholder(tf.float32, [None, 2], name="loc")
    made = tf.contrib.distributions.VectorExponentialDiag(loc, scale_identity_multiplier=2.0, validate_args=True)
    out, refused = all_of(made, [5.0, 4.0])
    out += [made.loc, made.scale.to_dense(), made.sample(2, seed=5)]
    return Case(steps=[(out, {loc: [[1.5, 3.0]]})], facts={"is": facts(made), "refused": refused})


@program
def contrib_distribution_vector_laplace_diag(tf):
    return whole(tf.contrib.distributions.VectorLaplaceDiag([1.0, -2.0], scale_diag=[[3.0, 1.0], [0.5, 2.0]]),
                 [5.0, 0.1])


@program
def contrib_distribution_vector_laplace_diag_without_loc(tf):
    scale = tf.placeholder(tf.float32, [None, 2], name="scale")
    made = tf.contrib.distributions.VectorLaplaceDiag(scale_diag=scale, scale_identity_multiplier=[0.5, 1.0])
    out, refused = all_of(made, [5.0, 4.0])
    out += [made.scale.to_dense(), made.sample(2, seed=5)]
    return Case(steps=[(out, {scale: [[1.5, 3.0], [1.0, 2.0]]})], facts={"is": facts(made), "refused": refused})


@program
def contrib_distribution_vector_sinh_arcsinh_diag(tf):
    return whole(tf.contrib.distributions.VectorSinhArcsinhDiag(
        [1.0, -2.0], scale_diag=[[3.0, 1.0], [0.5, 2.0]], skewness=0.5, tailweight=[1.0, 2.0]), [5.0, 0.1])


@program
def contrib_distribution_vector_sinh_arcsinh_diag_plain(tf):
    d = tf.contrib.distributions
    made = d.VectorSinhArcsinhDiag(scale_diag=[3.0, 1.0], validate_args=True)
    out, refused = all_of(made, [5.0, 4.0])
    out += [made.scale.to_dense(), made.skewness, made.tailweight, made.sample(2, seed=5)]
    other = d.VectorSinhArcsinhDiag([1.0, 2.0], scale_identity_multiplier=2.0, skewness=[0.5, 1.0],
                                    distribution=d.Laplace(0.0, 1.0), name="other")
    more, refused_too = all_of(other, [5.0, 4.0])
    out += more + [other.loc, other.sample(2, seed=5)]
    return Case(steps=[(out, None)], facts={"is": [facts(made), facts(other)], "refused": [refused, refused_too]})


@program
def contrib_distribution_multivariate_plus_low_rank(tf):
    return whole(tf.contrib.distributions.MultivariateNormalDiagPlusLowRank(
        [1.0, -2.0, 0.5], scale_diag=[1.0, 2.0, 3.0], scale_perturb_factor=[[1.0, 0.5], [0.2, 0.1], [0.3, 1.0]],
        scale_perturb_diag=[1.5, 0.5]), [5.0, 0.1, 1.0])


@program
def contrib_distribution_multivariate_plus_low_rank_by_number(tf):
    loc = tf.placeholder(tf.float32, [None, 3], name="loc")
    made = tf.contrib.distributions.MultivariateNormalDiagPlusLowRank(
        loc, scale_identity_multiplier=2.0, scale_perturb_factor=[[1.0], [0.2], [0.3]], validate_args=True)
    plain = tf.contrib.distributions.MultivariateNormalDiagPlusLowRank([1.0, 2.0], scale_diag=[3.0, 4.0], name="plain")
    out, refused = all_of(made, [5.0, 4.0, 1.0])
    out += [made.loc, made.scale.to_dense(), made.sample(2, seed=5), plain.prob([1.0, 1.0]), plain.stddev(),
            made.kl_divergence(made)]
    return Case(steps=[(out, {loc: [[1.5, 3.0, 1.0]]})], facts={"is": [facts(made), facts(plain)], "refused": refused})


@program
def contrib_vectors_refuse(tf):
    d = tf.contrib.distributions
    calls = (lambda: d.VectorExponentialDiag(), lambda: d.VectorSinhArcsinhDiag(),
             lambda: d.MultivariateNormalDiagPlusLowRank(), lambda: d.Kumaraswamy(), lambda: d.Kumaraswamy(1.0),
             lambda: d.SinhArcsinh(1, 2), lambda: d.VectorExponentialDiag([1], [2]),
             lambda: d.MultivariateNormalDiagPlusLowRank([1.0], scale_perturb_factor=[[1.0]], scale_perturb_diag=[1]),
             lambda: d.Kumaraswamy(np.float64(1), np.float32(2)))
    return Case(facts={"words": refusals(calls, "nothing")})


@program
def contrib_chain_of_unknown_shapes(tf):
    b = tf.contrib.distributions.bijectors
    out, feeds = [], {}
    for shape in (None, [None, 2]):
        x = tf.placeholder(tf.float32, shape)
        feeds[x] = [[0.25, 0.75], [0.5, 0.125]]
        chain = b.Chain([b.AffineScalar(shift=1.0), b.Exp(), b.SoftmaxCentered()])
        short = b.Chain([b.Affine(shift=[1.0, 2.0], scale_diag=[2.0, 3.0]), b.Exp()])
        made = chain.forward(x)
        out += [made, chain.forward_log_det_jacobian(x, 1), chain.inverse_log_det_jacobian(tf.identity(made), 1),
                short.forward_log_det_jacobian(x, 1), short.inverse_log_det_jacobian(x + 2.0, 1)]
    return Case(steps=[(out, feeds)])


@program
def contrib_checked_values(tf):
    d = tf.contrib.distributions
    x = tf.placeholder(tf.float32, [2], name="x")
    beta = d.Beta([0.5, 2.0], [1.0, 3.0], validate_args=True)
    one_hot = d.OneHotCategorical(probs=[0.25, 0.75], dtype=tf.float32, validate_args=True)
    one_hot.log_prob(x)
    return Case(steps=[([beta.cdf(x), beta.prob(x), beta.log_cdf(x)], {x: [0.25, 0.5]})])
