"""tf.contrib.distributions: Wishart's distribution of matrices."""

from . import Case, program
from .distributions import all_of, facts, whole
from .refused import refusals

SCALE = [[2.0, 0.0], [0.5, 1.5]]


@program
def contrib_wishart_cholesky(tf):
    return whole(tf.contrib.distributions.WishartCholesky(3.0, SCALE), [[2.0, 0.5], [0.5, 1.0]])


@program
def contrib_wishart_cholesky_of_factors(tf):
    scale = tf.placeholder(tf.float64, [None, 2, 2], name="scale")
    made = tf.contrib.distributions.WishartCholesky(
        tf.constant([3.0, 4.5], tf.float64), scale, cholesky_input_output_matrices=True, validate_args=True)
    out, refused = all_of(made, SCALE)
    out += [made.sample(3, seed=2), made.scale(), made.df, made.dimension, made.mean_log_det()]
    return Case(steps=[(out, {scale: [SCALE, [[1.0, 0.0], [0.25, 2.0]]]})],
                facts={"is": facts(made), "refused": refused})


@program
def contrib_wishart_full(tf):
    return whole(tf.contrib.distributions.WishartFull(3.5, [[2.0, 0.5], [0.5, 1.5]]), [[2.0, 0.5], [0.5, 1.0]])


@program
def contrib_wishart_full_checked(tf):
    x = tf.placeholder(tf.float32, name="x")
    made = tf.contrib.distributions.WishartFull(4.0, [[2.0, 0.5], [0.5, 1.5]], validate_args=True, name="w")
    out = [made.log_prob(x), made.sample([2, 1], seed=2), made.mean_log_det(), made.scale(), made.mode()]
    return Case(steps=[(out, {x: [[2.0, 0.5], [0.5, 1.0]]})], facts={"is": facts(made)})


@program
def contrib_wishart_refuses(tf):
    d = tf.contrib.distributions
    one = [[1.0, 0.0], [0.0, 1.0]]
    calls = (lambda: d.WishartFull(1.0, one), lambda: d.WishartFull(3, [[1, 0], [0, 1]]), lambda: d.WishartFull(3, one),
             lambda: d.WishartCholesky(1.0, one), lambda: d.WishartCholesky(3.0, [1.0, 1.0]),
             lambda: d.WishartCholesky(3.0, [[1.0, 0.0]]), lambda: d.WishartCholesky(3.0, [[1, 0], [0, 1]]))
    return Case(facts={"words": refusals(calls, "nothing")})
