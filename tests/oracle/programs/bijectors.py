"""tf.contrib.distributions.bijectors: values, inverses, how they stretch, shapes, checks; flows and their networks."""

from __future__ import division

import numpy as np

from . import Case, program
from .refused import refusals

POINTS = [[0.2, 0.7, 0.9], [0.1, 0.3, 0.6]]
SQUARE = [[[2.0, 0.0, 0.0], [1.0, 3.0, 0.0], [0.5, 0.2, 1.5]], [[1.0, 0.0, 0.0], [2.0, 1.0, 0.0], [0.1, 0.3, 0.5]]]


def kept(stretch):
    """A tensor and what it is the negative of: fetched alone, the optimiser of 1.15 loses one sign of two."""
    return [stretch, stretch.op.inputs[0]] if stretch.op.type == "Neg" else stretch


def all_of(tf, bijector, x, y, event_ndims=0, inverse_event_ndims=None):
    """Everything that a bijector does with placeholders for an argument and a value, and its facts."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    feeds = {tf.placeholder(tf.float32, x.shape, name="x"): x, tf.placeholder(tf.float32, y.shape, name="y"): y}
    first, second = sorted(feeds, key=lambda tensor: tensor.name)
    out, words = [], []
    behind = event_ndims if inverse_event_ndims is None else inverse_event_ndims
    for call in (lambda: bijector.forward(first), lambda: bijector.inverse(second),
                 lambda: bijector.forward_log_det_jacobian(first, event_ndims),
                 lambda: bijector.inverse_log_det_jacobian(second, behind),
                 lambda: bijector.inverse(bijector.forward(first)),
                 lambda: bijector.forward_log_det_jacobian(first, event_ndims + 1)):
        try:
            found = call()
            out.extend(found if isinstance(found, (tuple, list)) else [found])
        except (NotImplementedError, ValueError) as error:
            words.append(str(error).splitlines()[0])
    facts = [bijector.name, bijector.forward_min_event_ndims, bijector.inverse_min_event_ndims,
             bijector.is_constant_jacobian, bijector.validate_args, bijector.dtype and bijector.dtype.name,
             len(bijector.graph_parents)]
    return Case(steps=[(kept(one), feeds) for one in out], facts={"is": facts, "words": words})


@program
def bijector_absolute_value(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.AbsoluteValue(validate_args=True), POINTS, POINTS, 1)


@program
def bijector_affine_scalar(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.AffineScalar([1.0, 2.0, 3.0], 2.0, True), POINTS, POINTS)


@program
def bijector_affine_scalar_of_shift_alone(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.AffineScalar(shift=1.5), POINTS, POINTS, 1)


@program
def bijector_softsign(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.Softsign(validate_args=True), POINTS, POINTS)


@program
def bijector_square(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.Square(validate_args=True), POINTS, POINTS)


@program
def bijector_gumbel(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.Gumbel(1.0, [2.0, 3.0, 0.5], True), POINTS, POINTS)


@program
def bijector_kumaraswamy(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.Kumaraswamy([2.0, 3.0, 0.5], 2.0, True), POINTS, POINTS)


@program
def bijector_sinh_arcsinh(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.SinhArcsinh([1.0, 2.0, 0.0], 0.5, True), POINTS, POINTS)


@program
def bijector_ordered(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.Ordered(validate_args=True), POINTS, POINTS, 1)


@program
def bijector_permute(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.Permute([1, 2, 0]), POINTS, POINTS, 1)


@program
def bijector_permute_checked(tf):
    b = tf.contrib.distributions.bijectors
    order = tf.placeholder(tf.int32, [3], name="order")
    case = all_of(tf, b.Permute(order, validate_args=True, name="mix"), POINTS, POINTS, 1)
    case.steps[0][1][order] = [2, 0, 1]
    case.facts["refused"] = refusals([lambda: b.Permute([0, 3]), lambda: b.Permute([1.0, 0.0])], "nothing")
    return case


@program
def bijector_reshape(tf):
    b = tf.contrib.distributions.bijectors
    case = all_of(tf, b.Reshape([3, 2], [6]), np.arange(12).reshape(2, 6), np.arange(12).reshape(2, 3, 2), 1, 2)
    reshape = b.Reshape([2, -1], [-1], name="free")
    case.facts["shapes"] = [str(reshape.forward_event_shape([6])), str(reshape.inverse_event_shape([2, 5]))]
    case.steps.append(([reshape.forward_event_shape_tensor([6]), reshape.inverse_event_shape_tensor([2, 4])], None))
    return case


@program
def bijector_reshape_checked(tf):
    b = tf.contrib.distributions.bijectors
    x = tf.placeholder(tf.float32, None, name="x")
    known = b.Reshape([3, 2], [6], validate_args=True)
    unknown = b.Reshape(tf.placeholder_with_default([3, 2], [2]), [-1, 2], validate_args=True, name="unknown")
    out = [known.forward(x), unknown.forward(tf.reshape(x, [3, 2])), unknown.inverse(tf.reshape(x, [3, 2]))]
    words = refusals([lambda: b.Reshape([3.0, 2.0], [6]), lambda: b.Reshape([[3]], [3]),
                      lambda: b.Reshape([3, 2], [7]).forward(tf.zeros([5, 6])),
                      lambda: b.Reshape([7], [6]).forward(tf.zeros([5, 6])), lambda: b.Reshape(3)], "nothing")
    return Case(steps=[(out, {x: np.arange(6)})], facts={"words": words})


@program
def bijector_softmax_centered(tf):
    softmax = tf.contrib.distributions.bijectors.SoftmaxCentered(validate_args=True)
    case = all_of(tf, softmax, POINTS, [[0.1, 0.2, 0.3, 0.4], [0.25, 0.25, 0.25, 0.25]], 1)
    x = tf.placeholder(tf.float32, None, name="any")
    case.steps.append(([softmax.forward(x), softmax.forward_event_shape_tensor([6]),
                        softmax.inverse_event_shape_tensor([3])], {x: POINTS}))
    shapes = [tf.TensorShape(dims) for dims in ([6], None, [None], [2, 3])]
    case.facts["shapes"] = [str(f(shape)) for shape in shapes
                            for f in (softmax.forward_event_shape, softmax.inverse_event_shape)]
    return case


@program
def bijector_fill_triangular(tf):
    fill = tf.contrib.distributions.bijectors.FillTriangular()
    case = all_of(tf, fill, np.arange(12).reshape(2, 6), SQUARE, 1, 2)
    x = tf.placeholder(tf.float32, None, name="any")
    case.steps.append(([fill.forward(x), fill.inverse(fill.forward(x)), fill.forward_event_shape_tensor([6]),
                        fill.inverse_event_shape_tensor([3, 3])], {x: np.arange(6)}))
    shapes = [tf.TensorShape(dims) for dims in ([6], None, [None], [2, 3])]
    case.facts["shapes"] = [str(fill.forward_event_shape(shape)) for shape in shapes]
    case.facts["squares"] = [str(fill.inverse_event_shape(tf.TensorShape(dims))) for dims in (
        [3, 3], None, [3, None], [2, 4, 4])]
    case.facts["refused"] = refusals([lambda: fill.forward_event_shape(tf.TensorShape([5])),
                                      lambda: fill.inverse_event_shape(tf.TensorShape([2, 3]))], "nothing")
    return case


@program
def bijector_fill_triangular_upper(tf):
    fill = tf.contrib.distributions.bijectors.FillTriangular(upper=True, validate_args=True)
    case = all_of(tf, fill, np.arange(12).reshape(2, 6), SQUARE, 1, 2)
    case.steps.append(([fill.forward_event_shape_tensor([6]), fill.inverse_event_shape_tensor([3, 3])], None))
    return case


@program
def bijector_cholesky_outer_product(tf):
    products = [np.matmul(np.array(one), np.array(one).T) for one in SQUARE]
    return all_of(tf, tf.contrib.distributions.bijectors.CholeskyOuterProduct(), SQUARE, products, 2)


@program
def bijector_cholesky_outer_product_checked(tf):
    cholesky = tf.contrib.distributions.bijectors.CholeskyOuterProduct(validate_args=True)
    x = tf.placeholder(tf.float64, [None, None, None], name="x")
    out = [cholesky.forward(x), cholesky.forward_log_det_jacobian(x, 2)]
    return Case(steps=[(out, {x: SQUARE})])


@program
def bijector_matrix_inverse_tril(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.MatrixInverseTriL(), SQUARE, SQUARE, 2)


@program
def bijector_matrix_inverse_tril_checked(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.MatrixInverseTriL(validate_args=True), SQUARE, SQUARE, 2)


@program
def bijector_transform_diagonal(tf):
    b = tf.contrib.distributions.bijectors
    return all_of(tf, b.TransformDiagonal(b.Exp()), SQUARE, SQUARE, 2)


@program
def bijector_scale_tril(tf):
    return all_of(tf, tf.contrib.distributions.bijectors.ScaleTriL(), np.arange(12).reshape(2, 6) / 4, SQUARE, 1, 2)


@program
def bijector_chain(tf):
    b = tf.contrib.distributions.bijectors
    chain = b.Chain([b.Softplus(), b.Affine(shift=[1.0, 2.0, 3.0], scale_diag=[2.0, 3.0, 4.0])])
    case = all_of(tf, chain, POINTS, POINTS, 1)
    case.facts["names"] = [b.Chain().name, b.Chain([b.Exp()], name="q").name, [one.name for one in chain.bijectors],
                           str(chain.forward_event_shape([3])), str(b.Identity().forward_event_shape([2]))]
    case.facts["refused"] = refusals([lambda: b.Chain([b.AbsoluteValue()])], "nothing")
    case.steps.append(([b.Chain().forward([1.0, 2.0]), b.Chain().forward_log_det_jacobian([1.0], 1),
                        chain.forward_event_shape_tensor([3]), chain.inverse_event_shape_tensor([3])], None))
    return case


@program
def bijector_chain_of_other_ranks(tf):
    b = tf.contrib.distributions.bijectors
    chain = b.Chain([b.CholeskyOuterProduct(), b.ScaleTriL(diag_bijector=b.Exp(), diag_shift=None)])
    case = all_of(tf, chain, np.arange(6).reshape(1, 6) / 4, [np.matmul(np.array(SQUARE[0]), np.array(SQUARE[0]).T)],
                  1, 2)
    other = b.Chain([b.Exp(), b.SoftmaxCentered(), b.AffineScalar(2.0, 3.0)])
    case.steps.append(([other.forward_log_det_jacobian([0.1, 0.2], 1), other.inverse_log_det_jacobian([1.2, 1.3], 1)],
                       None))
    case.facts["other"] = [other.forward_min_event_ndims, other.inverse_min_event_ndims]
    return case


@program
def bijector_affine(tf):
    b = tf.contrib.distributions.bijectors
    return all_of(tf, b.Affine([1.0, 2.0, 3.0], scale_identity_multiplier=2.0, validate_args=True), POINTS, POINTS, 1)


@program
def bijector_affine_of_parts(tf):
    b = tf.contrib.distributions.bijectors
    tril = [[1.0, 0.0], [2.0, 3.0]]
    made = [b.Affine(scale_identity_multiplier=2.0), b.Affine(shift=[1.0, 2.0]),
            b.Affine(scale_diag=[1.0, 2.0], scale_identity_multiplier=3.0),
            b.Affine(scale_tril=tril, scale_diag=[1.0, 2.0]),
            b.Affine(scale_tril=tril, scale_identity_multiplier=2.0, validate_args=True), b.Affine()]
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    out = [item for one in made for item in (one.forward(x), one.inverse(x), one.forward_log_det_jacobian(x, 1))]
    words = refusals([lambda: b.Affine(scale_perturb_diag=[1.0])], "nothing")
    return Case(steps=[(out, {x: [[1.0, 2.0], [3.0, 5.0]]})], facts={"words": words})


@program
def bijector_affine_perturbed(tf):
    b = tf.contrib.distributions.bijectors
    made = [b.Affine(shift=[1.0, 2.0], scale_diag=[2.0, 3.0], scale_perturb_factor=[[1.0], [2.0]],
                     scale_perturb_diag=[2.0]),
            b.Affine(scale_tril=[[1.0, 0.0], [2.0, 3.0]], scale_perturb_factor=[[1.0], [2.0]])]
    x = tf.placeholder(tf.float32, [3, 2], name="x")
    out = [item for one in made for item in (one.forward(x), one.inverse(x), one.forward_log_det_jacobian(x, 1))]
    return Case(steps=[(out, {x: [[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]]})])


@program
def bijector_inline(tf):
    b = tf.contrib.distributions.bijectors
    inline = b.Inline(forward_fn=tf.exp, inverse_fn=tf.log, inverse_log_det_jacobian_fn=lambda y: -tf.log(y),
                      forward_min_event_ndims=0, name="exponential")
    case = all_of(tf, inline, POINTS, POINTS)
    empty = b.Inline(forward_min_event_ndims=0)
    case.facts["refused"] = refusals([lambda: b.Inline(), lambda: empty.forward(1.0), lambda: empty.inverse(1.0),
                                      lambda: empty.forward_log_det_jacobian(1.0, 0)], "nothing")
    return case


@program
def bijector_invert(tf):
    b = tf.contrib.distributions.bijectors
    case = all_of(tf, b.Invert(b.FillTriangular()), SQUARE, np.arange(12).reshape(2, 6), 2, 1)
    case.facts["refused"] = refusals([lambda: b.Invert(b.AbsoluteValue())], "nothing")
    return case


@program
def bijector_conditional(tf):
    b = tf.contrib.distributions.bijectors

    class Scaled(b.ConditionalBijector):
        """Multiplies with a condition."""

        def __init__(self):
            super(Scaled, self).__init__(forward_min_event_ndims=0, name="scaled")

        def _forward(self, x, by=1.0):
            return x * by

        def _inverse(self, y, by=1.0):
            return y / by

        def _inverse_log_det_jacobian(self, y, by=1.0):
            return tf.zeros_like(y) - tf.log(by)

        def _forward_log_det_jacobian(self, x, by=1.0):
            return tf.zeros_like(x) + tf.log(by)

    scaled = Scaled()
    x = tf.placeholder(tf.float32, [2], name="x")
    out = [scaled.forward(x, by=2.0), scaled.inverse(x, by=2.0), scaled.inverse_log_det_jacobian(x, 0, by=3.0),
           scaled.forward_log_det_jacobian(x, event_ndims=1, by=3.0), scaled.forward(x), scaled.inverse(x)]
    return Case(steps=[(out, {x: [1.0, 2.0]})])


@program
def bijector_of_ones_own(tf):
    b = tf.contrib.distributions.bijectors

    class Cube(b.Bijector):
        """x ** 3."""

        def __init__(self):
            super(Cube, self).__init__(forward_min_event_ndims=0, validate_args=True)

        def _forward(self, x):
            return x ** 3

        def _inverse(self, y):
            return tf.sign(y) * tf.abs(y) ** (1 / 3.0)

        def _forward_log_det_jacobian(self, x):
            return tf.log(3 * x ** 2)

    case = all_of(tf, Cube(), POINTS, POINTS, 1)
    d = tf.contrib.distributions
    cubed = d.TransformedDistribution(d.Normal(0.0, 1.0), Cube())
    case.steps.append(([cubed.log_prob([0.5, 2.0]), cubed.sample(3, seed=2), cubed.cdf(0.5)], None))
    return case


@program
def bijector_batch_normalization(tf):
    tf.set_random_seed(3)
    bijector = tf.contrib.distributions.bijectors.BatchNormalization()
    x = tf.placeholder(tf.float32, [4, 2], name="x")
    out = [bijector.inverse(x), bijector.forward(x), bijector.inverse_log_det_jacobian(x, 1),
           kept(bijector.forward_log_det_jacobian(x, 1))]
    return Case(init=True, steps=[(out, {x: [[1.0, 2.0], [3.0, 5.0], [0.0, 1.0], [2.0, 2.5]]})],
                facts={"variables": [one.name for one in tf.global_variables()],
                       "updates": [one.name for one in tf.get_collection(tf.GraphKeys.UPDATE_OPS)]})


@program
def bijector_batch_normalization_not_training(tf):
    b = tf.contrib.distributions.bijectors
    bijector = b.BatchNormalization(tf.layers.BatchNormalization(center=False), training=False)
    x = tf.placeholder(tf.float32, [4, 2], name="x")
    out = [bijector.inverse(x), bijector.forward(x), bijector.inverse_log_det_jacobian(x, 1),
           kept(bijector.forward_log_det_jacobian(x, 1))]
    words = refusals([lambda: b.BatchNormalization(3),
                      lambda: b.BatchNormalization(tf.layers.BatchNormalization(renorm=True))], "nothing")
    return Case(init=True, steps=[(out, {x: [[1.0, 2.0], [3.0, 5.0], [0.0, 1.0], [2.0, 2.5]]})],
                facts={"words": words})


@program
def bijector_real_nvp(tf):
    tf.set_random_seed(3)
    b, d = tf.contrib.distributions.bijectors, tf.contrib.distributions
    flow = b.RealNVP(num_masked=1, shift_and_log_scale_fn=b.real_nvp_default_template([4]))
    shift = b.RealNVP(num_masked=2, shift_and_log_scale_fn=b.real_nvp_default_template([], shift_only=True),
                      is_constant_jacobian=True, name="shift")
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    out = [flow.forward(x), flow.inverse(x), kept(flow.forward_log_det_jacobian(x, 1)),
           flow.inverse_log_det_jacobian(x, 1),
           shift.forward(x), shift.inverse_log_det_jacobian(x, 1)]
    words = refusals([lambda: b.RealNVP(-1, None), lambda: b.RealNVP(3, None).forward(x)], "nothing")
    moved = d.TransformedDistribution(d.MultivariateNormalDiag(loc=tf.zeros(3)), flow)
    loss = -tf.reduce_mean(moved.log_prob(x))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    feeds = {x: POINTS}
    return Case(init=True, steps=[(out, feeds), ([loss, train], feeds), (loss, feeds),
                                  (moved.sample(2, seed=4), None)],
                facts={"variables": [one.name for one in tf.global_variables()], "words": words})


@program
def bijector_masked_autoregressive_flow(tf):
    tf.set_random_seed(3)
    b, d = tf.contrib.distributions.bijectors, tf.contrib.distributions
    flow = b.MaskedAutoregressiveFlow(b.masked_autoregressive_default_template([6]))
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    out = [flow.inverse(x), flow.inverse_log_det_jacobian(x, 1), flow.forward(x),
           kept(flow.forward_log_det_jacobian(x, 1))]
    moved = d.TransformedDistribution(d.Normal(0.0, 1.0), b.Invert(flow), event_shape=[3])
    loss = -tf.reduce_mean(moved.log_prob(x))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    feeds = {x: POINTS}
    return Case(init=True, steps=[(out, feeds), ([loss, train], feeds), (loss, feeds)],
                facts={"variables": [one.name for one in tf.global_variables()]})


@program
def bijector_masked_autoregressive_flow_unrolled(tf):
    tf.set_random_seed(3)
    b = tf.contrib.distributions.bijectors
    network = b.masked_autoregressive_default_template([4])
    flow = b.MaskedAutoregressiveFlow(network, unroll_loop=True)
    shift = b.MaskedAutoregressiveFlow(b.masked_autoregressive_default_template([4], shift_only=True),
                                       is_constant_jacobian=True, name="shift")
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    out = [flow.forward(x), flow.inverse(x), kept(flow.forward_log_det_jacobian(x, 1)), shift.inverse(x),
           shift.inverse_log_det_jacobian(x, 1)]
    return Case(init=True, steps=[(out, {x: POINTS})])


@program
def bijector_masked_dense(tf):
    tf.set_random_seed(3)
    b = tf.contrib.distributions.bijectors
    x = tf.placeholder(tf.float32, [2, 4], name="x")
    out = [b.masked_dense(x, 6, num_blocks=2, exclusive=True, activation=tf.nn.relu),
           b.masked_dense(x, 6, num_blocks=2, name="named")]
    words = refusals([lambda: b.masked_dense(tf.placeholder(tf.float32, [2, None]), 6, num_blocks=2)], "nothing")
    return Case(init=True, steps=[(out, {x: np.arange(8).reshape(2, 4)})],
                facts={"variables": [one.name for one in tf.global_variables()], "words": words})


@program
def affine_bijectors_and_their_types(tf):
    """An Affine without anything has a type all the same, which its argument must have; what it counts as parents."""
    bijectors = tf.contrib.distributions.bijectors
    made = [bijectors.Affine(), bijectors.Affine(shift=[1.0, 2.0]), bijectors.Affine(scale_identity_multiplier=2.0),
            bijectors.Affine(scale_diag=[1.0, 2.0]), bijectors.Affine(shift=[1.0, 2.0], scale_diag=[1.0, 2.0]),
            bijectors.AffineLinearOperator()]
    facts = {"types": [each.dtype.name for each in made],
             "parents": [[parent.name for parent in each.graph_parents] for each in made], "refused": []}
    for each in made:
        try:
            each.forward(3)
        except TypeError as error:
            facts["refused"].append(str(error))
    return Case(facts=facts)
