"""tf.contrib.distributions: normal vectors, distributions of what bijectors make, and bijectors themselves."""

from __future__ import division

import numpy as np

from . import Case, program
from .distributions import facts, whole

TRIANGLE = [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-1.0, 0.3, 0.7]]


@program
def multivariate_normal_diag(tf):
    return whole(tf.contrib.distributions.MultivariateNormalDiag([1.0, -2.0], [0.5, 3.0]), [0.3, 1.0])


@program
def multivariate_normal_diag_of_a_batch(tf):
    d = tf.contrib.distributions
    loc, scale = tf.placeholder(tf.float32, [None, 2], name="loc"), tf.placeholder(tf.float32, [None, 2], name="scale")
    normal = d.MultivariateNormalDiag(loc, scale)
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    out = [normal.sample(seed=1), normal.sample(3, seed=2), normal.log_prob(x), normal.prob(x), normal.entropy(),
           normal.mean(), normal.stddev(), normal.covariance(), normal.mode(), normal.batch_shape_tensor(),
           normal.event_shape_tensor(), normal.kl_divergence(d.MultivariateNormalDiag([0.0, 0.0], [1.0, 2.0]))]
    out += tf.gradients(out[2], [loc, scale])
    return Case(steps=[(out, {loc: [[1, 2], [3, 4]], scale: [[1, 0.5], [2, 3]], x: [[0, 1], [2, -1]]})],
                facts={"is": facts(normal)})


@program
def multivariate_normal_diag_of_one_scale(tf):
    d = tf.contrib.distributions
    made = [d.MultivariateNormalDiag(loc=[1.0, 2.0], scale_identity_multiplier=2.0),
            d.MultivariateNormalDiag(loc=[[1.0, 2.0]]), d.MultivariateNormalDiag(scale_diag=[1.0, 2.0]),
            d.MultivariateNormalDiag([0.0, 0.0], [1.0, 2.0], scale_identity_multiplier=0.5, validate_args=True),
            d.MultivariateNormalDiagWithSoftplusScale([0.0, 1.0], [1.0, -2.0])]
    out = [item for one in made for item in (one.log_prob([0.4, 0.6]), one.mean(), one.sample(2, seed=5),
                                             one.variance(), one.entropy())]
    return Case(steps=[(out, None)], facts={"is": [facts(one) for one in made]})


@program
def multivariate_normal_tril(tf):
    normal = tf.contrib.distributions.MultivariateNormalTriL([1.0, -2.0, 0.0], TRIANGLE)
    return whole(normal, [0.3, 1.0, 0.5], [[0.0, 1.0, 2.0]])


@program
def multivariate_normal_full_covariance(tf):
    covariance = np.array(TRIANGLE).dot(np.array(TRIANGLE).T).astype("float32")
    return whole(tf.contrib.distributions.MultivariateNormalFullCovariance([1.0, -2.0, 0.0], covariance),
                 [0.3, 1.0, 0.5])


@program
def multivariate_normal_divergences(tf):
    d = tf.contrib.distributions
    diag = d.MultivariateNormalDiag([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])
    triangle = d.MultivariateNormalTriL([1.0, -2.0, 0.0], TRIANGLE)
    same = d.MultivariateNormalDiag([0.0, 1.0, 2.0], scale_identity_multiplier=1.5)
    out = [d.kl_divergence(a, b) for a in (diag, triangle, same) for b in (diag, triangle, same)]
    return Case(steps=[(out + [diag.cross_entropy(triangle)], None)])


@program
def multivariate_normal_policy(tf):
    d = tf.contrib.distributions
    tf.set_random_seed(3)
    states = tf.placeholder(tf.float32, [None, 4], name="states")
    mean = tf.layers.dense(states, 2, kernel_initializer=tf.random_normal_initializer(0, 0.3, seed=1))
    log_std = tf.get_variable("log_std", [2], initializer=tf.zeros_initializer())
    policy = d.MultivariateNormalDiag(mean, tf.exp(log_std) * tf.ones_like(mean))
    action = policy.sample()
    taken = tf.placeholder(tf.float32, [None, 2], name="taken")
    loss = -tf.reduce_mean(policy.log_prob(taken)) - 0.01 * tf.reduce_mean(policy.entropy())
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    feeds = {states: np.arange(8).reshape(2, 4) / 8.0, taken: [[0, 1], [1, 0]]}
    return Case(init=True, steps=[(action, feeds), ([loss, train], feeds), (loss, feeds), (action, feeds)])


@program
def transformed_distribution_log_normal(tf):
    d = tf.contrib.distributions
    log_normal = d.TransformedDistribution(d.Normal([0.0, 1.0], 0.5), d.bijectors.Exp(), name="LogNormal")
    found = whole(log_normal, [0.5, 2.0])
    drawn = log_normal.sample(3, seed=4)
    found.steps.append((log_normal.log_prob(drawn), None))
    return found


@program
def transformed_distribution_of_vectors(tf):
    d = tf.contrib.distributions
    squeezed = d.TransformedDistribution(d.Normal(0.0, 1.0), d.bijectors.Sigmoid(), event_shape=[3])
    batch = d.TransformedDistribution(d.Normal(0.0, 1.0), d.bijectors.Softplus(), batch_shape=[2], name="batch")
    turned = d.TransformedDistribution(d.Normal([0.0, 1.0], 1.0), event_shape=[3], name="turned")
    out = [one.sample(4, seed=1) for one in (squeezed, batch, turned)]
    out += [squeezed.log_prob([0.2, 0.3, 0.9]), batch.prob([0.5, 1.0]),
            turned.log_prob([[0.0, 1.0, 2.0], [0.5, 0.5, 1.5]]), turned.entropy(), batch.cdf([0.5, 1.0]),
            squeezed.event_shape_tensor(), batch.batch_shape_tensor()]
    words = []
    for call in (lambda: d.TransformedDistribution(d.Normal([0.0], 1.0), d.bijectors.Exp(), batch_shape=[2]),
                 lambda: d.TransformedDistribution(d.Normal(0.0, 1.0), d.bijectors.Exp(), batch_shape=[0]),
                 lambda: d.TransformedDistribution(d.Normal(0.0, 1.0), d.bijectors.Exp(), event_shape=[[1]]),
                 lambda: squeezed.cdf([0.1, 0.2, 0.3]), lambda: squeezed.entropy(), lambda: squeezed.mean()):
        try:
            call()
            words.append("nothing")
        except (ValueError, NotImplementedError) as error:
            words.append(str(error).splitlines()[0])
    return Case(steps=[(out, None)], facts={"is": [facts(one) for one in (squeezed, batch, turned)], "words": words})


@program
def bijectors_of_numbers(tf):
    b = tf.contrib.distributions.bijectors
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    made = [b.Exp(), b.Sigmoid(), b.Softplus(), b.Softplus(hinge_softness=0.5, name="soft"),
            b.Invert(b.Exp()), b.PowerTransform(2.0), b.Exp(validate_args=True, name="checked")]
    out = []
    for one in made:
        y = one.forward(x)
        out += [y, one.inverse(y), one.inverse(x * 0.9), one.forward_log_det_jacobian(x, event_ndims=1),
                one.inverse_log_det_jacobian(y, event_ndims=0), one.inverse_log_det_jacobian(x / 2, event_ndims=2)]
    known = [[one.name, one.forward_min_event_ndims, one.inverse_min_event_ndims, one.is_constant_jacobian,
              one.validate_args, str(one.forward_event_shape([2, 3]))] for one in made]
    return Case(steps=[(out, {x: [[0.1, 0.5, 0.9], [0.2, 0.3, 0.7]]})], facts={"is": known})


@program
def bijector_affine_linear_operator(tf):
    b = tf.contrib.distributions.bijectors
    x = tf.placeholder(tf.float32, [4, 3], name="x")
    full = b.AffineLinearOperator(shift=[1.0, 2.0, 3.0], scale=tf.linalg.LinearOperatorLowerTriangular(TRIANGLE))
    only_shift = b.AffineLinearOperator(shift=[1.0, 2.0, 3.0], name="shift")
    out = []
    for one in (full, only_shift):
        out += [one.forward(x), one.inverse(x), one.forward_log_det_jacobian(x, event_ndims=1),
                one.inverse_log_det_jacobian(x, event_ndims=1), one.inverse_log_det_jacobian(x, event_ndims=2),
                one.forward_log_det_jacobian(2 * x, event_ndims=1)]
    return Case(steps=[(out, {x: np.arange(12).reshape(4, 3) / 3.0})])
