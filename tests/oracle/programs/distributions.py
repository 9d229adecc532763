"""tf.distributions: samples, densities, moments, divergences, checks of parameters, classes of one's own."""

from __future__ import division

import numpy as np

from . import Case, program
from .refused import refusals

OF_A_VALUE = ["prob", "log_prob", "cdf", "log_cdf", "survival_function", "log_survival_function", "quantile"]
OF_ITSELF = ["mean", "mode", "variance", "stddev", "covariance", "entropy", "batch_shape_tensor", "event_shape_tensor",
             "is_scalar_batch", "is_scalar_event"]


def facts(distribution):
    """What is known of a distribution without a run."""
    return [str(distribution), repr(distribution), distribution.name, distribution.dtype.name,
            str(distribution.batch_shape), str(distribution.event_shape), sorted(distribution.parameters),
            repr(distribution.reparameterization_type), distribution.allow_nan_stats, distribution.validate_args]


def all_of(distribution, *values):
    """All that it can compute: tensors, and the refusals of what it cannot."""
    out, refused = [], []
    for name, arguments in ([(name, ()) for name in OF_ITSELF] +
                            [(name, (value,)) for value in values for name in OF_A_VALUE]):
        try:
            out.append(getattr(distribution, name)(*arguments))
        except (NotImplementedError, TypeError, ValueError) as error:
            refused.append(str(error).partition("\n")[0])
    return out, refused


def whole(distribution, *values):
    """A case of one distribution: everything it can do, and seeded samples."""
    out, refused = all_of(distribution, *values)
    sample = distribution.sample
    out += [sample(seed=7), sample(4, seed=8), sample([2, 3], seed=9, name="s")]
    return Case(steps=[(out, None)], facts={"is": facts(distribution), "refused": refused})


@program
def distribution_normal(tf):
    return whole(tf.distributions.Normal([1.0, -2.0], [[3.0], [0.5]]), [0.5, 0.001])


@program
def distribution_normal_far_out(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    normal = tf.distributions.Normal(0.0, 1.0, name="standard")
    out = [normal.log_cdf(x), normal.cdf(x), normal.log_survival_function(x), normal.log_prob(x)]
    out += tf.gradients(out, x)
    p = tf.placeholder(tf.float64, [None], name="p")
    wide = tf.distributions.Normal(tf.constant(1, tf.float64), tf.constant(2, tf.float64))
    out += [wide.quantile(p), wide.cdf(10 * p), wide.log_cdf(-50 * p)]
    feeds = {x: [-40, -11, -9, -1, 0, 0.5, 4, 6, 20], p: [0, 1e-30, 1e-3, 0.2, 0.5, 0.9, 1 - 1e-9, 1]}
    return Case(steps=[(out, feeds)])


@program
def distribution_laplace(tf):
    return whole(tf.distributions.Laplace([1.0, -2.0], 2.0, name="two"), [0.5, 3.0])


@program
def distribution_uniform(tf):
    uniform = tf.distributions.Uniform([1.0, -2.0], 3.0)
    case = whole(uniform, [0.5, 2.0], [[3.0], [np.nan]])
    case.steps.append((uniform.range(), None))
    return case


@program
def distribution_bernoulli(tf):
    return whole(tf.distributions.Bernoulli(logits=[0.3, -2.0, 0.0]), [1, 0, 1], [[1], [0]])


@program
def distribution_bernoulli_of_probabilities(tf):
    bernoulli = tf.distributions.Bernoulli(probs=[0.3, 0.9], dtype=tf.float32, validate_args=True)
    return whole(bernoulli, [1.0, 0.0], [1, 1])


@program
def distribution_exponential(tf):
    return whole(tf.distributions.Exponential([0.5, 2.0], validate_args=True), [1.5, 3.0])


@program
def distribution_gamma(tf):
    return whole(tf.distributions.Gamma([0.5, 3.0], 2.0), [1.5, 3.0])


@program
def distribution_beta(tf):
    return whole(tf.distributions.Beta([0.5, 3.0], [2.0, 1.5]), [0.2, 0.9])


@program
def distribution_student_t(tf):
    return whole(tf.distributions.StudentT([0.5, 1.5, 5.0], 1.0, [[2.0], [0.3]]), [0.2, -3.0, 2.0])


@program
def distribution_categorical(tf):
    return whole(tf.distributions.Categorical(logits=[[0.1, 2.0, -1.0], [1.0, 1.0, 0.0]]), [2, 0], [[1, 1]], 1, 2.0)


@program
def distribution_categorical_of_probabilities(tf):
    categorical = tf.distributions.Categorical(probs=[0.1, 0.2, 0.7], dtype=tf.int64, validate_args=True)
    case = whole(categorical, 1, [2, 0])
    case.facts["size"] = repr(categorical.event_size)
    return case


@program
def distribution_dirichlet(tf):
    return whole(tf.distributions.Dirichlet([[1.5, 2.0, 0.5], [3.0, 3.0, 3.0]]), [0.2, 0.3, 0.5])


@program
def distribution_multinomial(tf):
    case = whole(tf.distributions.Multinomial(5.0, logits=[0.1, 2.0, -1.0]), [[3.0, 1.0, 1.0], [2.0, 0.0, 3.0]])
    # Samples of a batch are drawn in a loop, whose turns draw in the order in which 1.15's threads come to them.
    several = tf.distributions.Multinomial([3.0, 5.0], probs=[0.2, 0.5, 0.3])
    case.steps.append((tf.reduce_sum(several.sample(2, seed=1), 2), None))
    case.steps.append((all_of(several, [[1.0, 1.0, 1.0], [2.0, 0.0, 3.0]])[0], None))
    return case


@program
def distribution_dirichlet_multinomial(tf):
    return whole(tf.distributions.DirichletMultinomial(4.0, [[1.5, 2.0, 0.5], [3.0, 3.0, 3.0]]), [2.0, 1.0, 1.0])


@program
def distribution_divergences(tf):
    d = tf.distributions
    pairs = [(d.Normal([0.0, 1.0], 1.0), d.Normal(0.5, [2.0, 3.0])), (d.Bernoulli([0.3, 2.0]), d.Bernoulli(probs=0.4)),
             (d.Beta([2.0, 0.5], 1.0), d.Beta(1.0, 3.0)), (d.Gamma([2.0, 0.5], 1.0), d.Gamma(1.0, 3.0)),
             (d.Exponential([2.0, 0.5]), d.Exponential(1.0)), (d.Exponential(2.0), d.Gamma(1.0, 3.0)),
             (d.Categorical([0.3, 2.0]), d.Categorical(probs=[0.4, 0.6])),
             (d.Dirichlet([2.0, 0.5]), d.Dirichlet([1.0, 3.0]))]
    out = [d.kl_divergence(a, b) for a, b in pairs]
    out += [a.kl_divergence(b) for a, b in pairs] + [a.cross_entropy(b) for a, b in pairs]
    out += [d.kl_divergence(*pairs[0], allow_nan_stats=False, name="checked")]
    try:
        d.kl_divergence(pairs[0][0], pairs[1][0])
    except NotImplementedError as error:
        refused = str(error)
    return Case(steps=[(out, None)], facts={"refused": refused})


@program
def distribution_divergence_of_ones_own(tf):
    class Mine(tf.distributions.Normal):
        pass

    @tf.distributions.RegisterKL(Mine, tf.distributions.Laplace)
    def _mine(a, b, name=None):
        with tf.name_scope(name or "mine"):
            return a.scale - b.scale

    words = []
    for again in (lambda: tf.distributions.RegisterKL(Mine, tf.distributions.Laplace)(_mine),
                  lambda: tf.distributions.RegisterKL(Mine, Mine)("no function")):
        try:
            again()
        except (ValueError, TypeError) as error:
            words.append(str(error).split(":")[0])
    mine = Mine(0.0, 3.0)
    out = [tf.distributions.kl_divergence(mine, tf.distributions.Laplace(0.0, 1.0)),
           tf.distributions.kl_divergence(mine, mine), mine.kl_divergence(tf.distributions.Normal(0.0, 1.0))]
    return Case(steps=[(out, None)], facts={"words": words, "is": facts(mine)})


@program
def distribution_of_unknown_shape(tf):
    d = tf.distributions
    loc, scale = tf.placeholder(tf.float32, name="loc"), tf.placeholder(tf.float32, [None], name="scale")
    count, counts = tf.placeholder(tf.int32, name="count"), tf.placeholder(tf.int32, [None], name="counts")
    normal = d.Normal(loc, scale)
    out = [normal.sample(count, seed=1), normal.sample(counts, seed=2), normal.sample(seed=3), normal.is_scalar_batch(),
           normal.batch_shape_tensor(), normal.prob(loc), normal.entropy()]
    logits = tf.placeholder(tf.float32, name="logits")
    classes = d.Categorical(logits)
    out += [classes.sample(3, seed=1), classes.log_prob([1, 0]), classes.mode(), classes.event_size,
            classes.batch_shape_tensor(), classes.entropy()]
    weights = d.Dirichlet(logits)
    out += [weights.sample(seed=1), weights.batch_shape_tensor(), weights.event_shape_tensor(), weights.mean()]
    bits = d.Bernoulli(logits)
    out += [bits.sample(seed=1), bits.log_prob(1)]
    return Case(steps=[(out, {loc: [[1.0], [2.0]], scale: [1.0, 2.0, 3.0], count: 2, counts: [2, 1],
                              logits: [[0.1, 2.0], [1.0, 0.5]]})],
                facts={"is": [facts(item) for item in (normal, classes, weights, bits)]})


@program
def distribution_checks_arguments(tf):
    d = tf.distributions
    x = tf.placeholder(tf.float32, name="x")
    checked = [d.Normal(x, x, validate_args=True), d.Uniform(x, x + 1, validate_args=True),
               d.Gamma(x, x, validate_args=True, allow_nan_stats=False),
               d.Beta(x, x, validate_args=True, allow_nan_stats=False), d.Exponential(x, validate_args=True),
               d.Laplace(x, x, validate_args=True), d.StudentT(x, x, x, validate_args=True, allow_nan_stats=False),
               d.Bernoulli(probs=x / 10, validate_args=True), d.Bernoulli(logits=x, validate_args=True)]
    out = [one.prob(0.7 if place < 7 else 1.0) for place, one in enumerate(checked)]
    out += [checked[2].mode(), checked[3].mode(), checked[6].mean(), checked[6].variance()]
    v = tf.placeholder(tf.float32, name="v")
    several = [d.Categorical(logits=v, validate_args=True),
               d.Categorical(probs=v / tf.reduce_sum(v), validate_args=True),
               d.Dirichlet(v, validate_args=True, allow_nan_stats=False),
               d.Multinomial(4.0, logits=v, validate_args=True), d.DirichletMultinomial(4.0, v, validate_args=True)]
    out += [several[0].prob(1), several[1].prob([1.0, 0.0]), several[2].prob([0.5, 0.5]), several[2].mode(),
            several[3].prob([1.0, 3.0]), several[4].prob([2.0, 2.0])]
    return Case(steps=[(out, {x: [2.0, 3.0], v: [2.0, 3.0]})])


@program
def distribution_refuses(tf):
    d = tf.distributions
    calls = (lambda: d.Normal(1, 2), lambda: d.Normal(1.0, np.float64(2)), lambda: d.Bernoulli(),
             lambda: d.Bernoulli(logits=1.0, probs=1.0), lambda: d.Bernoulli(logits=1),
             lambda: d.Bernoulli(probs=1),
             lambda: d.Categorical(), lambda: d.Categorical(logits=[1]), lambda: d.Categorical(logits=1.0),
             lambda: d.Categorical(logits=[1.0], validate_args=True), lambda: d.Gamma(1.0, np.float64(1)),
             lambda: d.Categorical(logits=1.0, validate_args=True), lambda: d.Beta(1.0, np.float64(1)),
             lambda: d.Dirichlet(1.0, validate_args=True), lambda: d.Uniform(0, 1),
             lambda: d.Normal(0.0, 1.0).sample([[1]]), lambda: d.Normal(0.0, 1.0).prob(np.float64(1)),
             lambda: d.Distribution(tf.float32, d.FULLY_REPARAMETERIZED, False, False, graph_parents=[1]),
             lambda: d.Distribution(tf.float32, d.FULLY_REPARAMETERIZED, False, False).sample(),
             lambda: d.Distribution(tf.float32, d.FULLY_REPARAMETERIZED, False, False).prob(1.0),
             lambda: d.Distribution(tf.float32, d.FULLY_REPARAMETERIZED, False, False).batch_shape_tensor(),
             lambda: d.Distribution.param_shapes([1]))
    return Case(facts={"words": refusals(calls, "nothing")})


@program
def distribution_parameters(tf):
    d = tf.distributions
    normal = d.Normal(loc=[1.0, 2.0], scale=3.0, name="first")
    other = normal.copy(scale=[4.0, 5.0], name="second")
    same = normal.copy()
    shapes = {}
    for make in (d.Normal, d.Laplace, d.Uniform, d.Gamma, d.Beta, d.Exponential, d.StudentT, d.Bernoulli):
        shapes[make.__name__] = {name: str(shape) for name, shape in make.param_static_shapes([3, 2]).items()}
        make.param_shapes([4], name="shapes")
    out = [other.sample(seed=1), same.mean(), normal.loc, other.scale]
    return Case(steps=[(out, None)], show=[normal, other, same, d.FULLY_REPARAMETERIZED, d.NOT_REPARAMETERIZED],
                facts={"shapes": shapes, "same kind": normal.reparameterization_type == d.FULLY_REPARAMETERIZED,
                       "parameters": sorted(map(str, other.parameters.items()))})


@program
def distribution_in_scopes(tf):
    d = tf.distributions
    with tf.name_scope("outer"):
        normal = d.Normal(0.0, 1.0)
        with tf.variable_scope("inner"):
            again = d.Normal(0.0, 1.0, name="normal")
            drawn = normal.sample(seed=1)
    with tf.name_scope("elsewhere"):
        out = [drawn, normal.log_prob(drawn), again.mean(), again.mean(), again.sample(2, seed=1, name="draw")]
    return Case(steps=[(out, None)], show=[normal, again] + out)


@program
def distribution_of_ones_own(tf):
    d = tf.distributions

    class Triangle(d.Distribution):
        """Numbers from 0 to `high`, the larger the more probable."""

        def __init__(self, high, validate_args=False, allow_nan_stats=True, name="Triangle"):
            parameters = locals()
            with tf.name_scope(name, values=[high]) as scope:
                self._high = tf.identity(high, name="high")
            super(Triangle, self).__init__(dtype=self._high.dtype, reparameterization_type=d.FULLY_REPARAMETERIZED,
                                           validate_args=validate_args, allow_nan_stats=allow_nan_stats,
                                           parameters=parameters, graph_parents=[self._high], name=scope)

        def _batch_shape_tensor(self):
            return tf.shape(self._high)

        def _batch_shape(self):
            return self._high.shape

        def _event_shape_tensor(self):
            return tf.constant([], dtype=tf.int32)

        def _event_shape(self):
            return tf.TensorShape([])

        def _sample_n(self, n, seed=None):
            shape = tf.concat([[n], self.batch_shape_tensor()], 0)
            return self._high * tf.sqrt(tf.random_uniform(shape, seed=seed))

        def _prob(self, x):
            return 2 * x / self._high ** 2

        def _cdf(self, x):
            return (x / self._high) ** 2

        def _stddev(self):
            return self._high / np.sqrt(18.0)

    return whole(Triangle([2.0, 3.0]), [0.5, 1.0])


@program
def distribution_policy_gradient(tf):
    tf.set_random_seed(3)
    states = tf.placeholder(tf.float32, [None, 4], name="states")
    hidden = tf.layers.dense(states, 8, tf.nn.tanh, kernel_initializer=tf.random_normal_initializer(0, 0.3, seed=1))
    mean = tf.layers.dense(hidden, 2, kernel_initializer=tf.random_normal_initializer(0, 0.3, seed=2))
    log_std = tf.get_variable("log_std", [2], initializer=tf.zeros_initializer())
    policy = tf.distributions.Normal(mean, tf.exp(log_std))
    actions = policy.sample(1)[0]
    taken = tf.placeholder(tf.float32, [None, 2], name="taken")
    advantage = tf.placeholder(tf.float32, [None], name="advantage")
    gain = tf.reduce_mean(tf.reduce_sum(policy.log_prob(taken), 1) * advantage)
    loss = -gain - 0.01 * tf.reduce_mean(policy.entropy())
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    feeds = {states: np.arange(12).reshape(3, 4) / 10.0, taken: np.ones((3, 2)), advantage: [1.0, -0.5, 0.3]}
    return Case(init=True, steps=[(actions, feeds), ([loss, train], feeds), (loss, feeds), (actions, feeds)])


@program
def distribution_autoencoder(tf):
    d = tf.distributions
    tf.set_random_seed(5)
    x = tf.placeholder(tf.float32, [None, 6], name="x")
    code = tf.layers.dense(x, 4, kernel_initializer=tf.random_normal_initializer(0, 0.2, seed=1))
    posterior = d.Normal(code[:, :2], tf.nn.softplus(code[:, 2:]))
    prior = d.Normal(tf.zeros([2]), tf.ones([2]))
    z = posterior.sample()
    logits = tf.layers.dense(z, 6, kernel_initializer=tf.random_normal_initializer(0, 0.2, seed=2))
    likelihood = tf.reduce_sum(d.Bernoulli(logits=logits).log_prob(x), 1)
    divergence = tf.reduce_sum(d.kl_divergence(posterior, prior), 1)
    loss = -tf.reduce_mean(likelihood - divergence)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    feeds = {x: (np.arange(24).reshape(4, 6) % 3 == 0).astype("float32")}
    return Case(init=True, steps=[([loss, train], feeds), ([loss, train], feeds), ([z, loss], feeds)])
