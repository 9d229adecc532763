"""The passes: what a plan looks like before and after, and that values stay."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.session.execution import Execution
from tfmagic.session.passes import pipeline
from tfmagic.session.planning import make_plan

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


def plans(sess, fetches, feeds=(), shapes=None, targets=(), **options):
    """The plan without passes and with them."""
    def make(optimize):
        return make_plan(fetches, targets, list(feeds), sess._torch_device, sess.resources, shapes, optimize=optimize,
                         **options)

    return make(False), make(True)


def test_every_pass_numbers_its_rules() -> None:
    for _, run in pipeline():
        doc = __import__(run.__module__, fromlist=["run"]).__doc__
        assert "\n1. " in doc, f"{run.__module__} does not number its rules"


def test_what_depends_on_shapes_alone_is_gone_from_a_plan_that_knows_them(sess) -> None:
    x = tf.placeholder(tf.float32, [None, 4])
    y = tf.reshape(x, [-1, tf.shape(x)[1]]) * 2.0
    _, general = plans(sess, [y], [x])
    _, settled = plans(sess, [y], [x], [(3, 4)])
    assert "tfmagic_ops" in general.code()
    assert "tfmagic_ops" not in settled.code() and "reshape" not in settled.code()
    given = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert sess.run(y, {x: given}).tolist() == (given * 2).tolist()


def test_what_follows_from_constants_is_computed_once(sess) -> None:
    """What leads to it may be larger than what a plan keeps; what is as large is computed by every run."""
    places, x = tf.constant(np.random.RandomState(0).rand(200, 2)), tf.placeholder(tf.float64, [])
    differences = places[:, None] - places[None]
    distances = tf.reduce_sum(tf.square(differences), 2)
    plain, plan = plans(sess, [tf.exp(-distances * x)], [x], [()])
    assert "square" in plain.code() and "square" not in plan.code() and "neg" not in plan.code()
    plain, plan = plans(sess, [differences * x], [x], [()])
    assert "sub" in plan.code()
    given = np.square(sess.run(places)[:, None] - sess.run(places)[None]).sum(2)
    np.testing.assert_allclose(sess.run(tf.exp(-distances * x), {x: 0.5}), np.exp(-given * 0.5))


def test_what_fails_of_constants_fails_in_the_run_that_asks(sess) -> None:
    numbers, x = tf.constant(np.zeros([300, 300], np.int32)), tf.placeholder(tf.int32, [])
    quotient = tf.reduce_sum(tf.floordiv(numbers, numbers), 1) * x
    with pytest.raises(tf.errors.InvalidArgumentError, match="Integer division by zero"):
        sess.run(quotient, {x: 1})
    assert sess.run(tf.reduce_sum(numbers) + x, {x: 1}) == 1


def test_an_assertion_that_is_known_to_hold_is_gone(sess) -> None:
    x = tf.placeholder(tf.float32, [4])
    for condition, stays in ((tf.constant(True), False), (tf.reduce_all(x > 0), True)):
        with tf.control_dependencies([tf.Assert(condition, [x])]):
            y = x * 2.0
        _, plan = plans(sess, [y], [x], [(4,)])
        assert ("assert" in plan.code()) == stays


def test_a_conversion_to_the_type_that_a_value_has_is_gone(sess) -> None:
    image = tf.placeholder(tf.float32, [4, 4, 3])
    plain, plan = plans(sess, [tf.image.adjust_contrast(image, 0.5)], [image], [(4, 4, 3)])
    assert ".float()" in plain.code() and ".float()" not in plan.code()


def test_a_known_divisor_that_is_not_minus_one_needs_no_look(sess) -> None:
    x = tf.placeholder(tf.int32, [3])
    for divisor, looked_at in ((7, False), ([1, 2, 3], False), ([1, -1, 3], True)):
        _, plan = plans(sess, [tf.floormod(x, divisor)], [x], [(3,)])
        assert ("where" in plan.code()) == looked_at


def test_the_shape_of_strings_is_known_as_that_of_numbers_is(sess) -> None:
    words = tf.placeholder(tf.string, [None])
    column = tf.expand_dims(words, -1)
    present = tf.not_equal(column, "")
    _, plan = plans(sess, [tf.shape(column), tf.size(words), tf.shape(present)], [words], [(3,)])
    assert [plan.constants[node.target].tolist() for node in plan.results[0]] == [[3, 1], 3, [3, 1]]


def test_the_combinations_of_one_feature_each_stand_in_a_column(sess) -> None:
    words, numbers = tf.placeholder(tf.string, [None, 1]), tf.placeholder(tf.int64, [None, 1])
    crossed = tf.sparse.cross_hashed([words, numbers], 100)
    _, plan = plans(sess, [crossed.indices, crossed.dense_shape], [words, numbers], [(3, 1), (3, 1)])
    assert [plan.constants[node.target].tolist() for node in plan.results[0]] == [[[0, 0], [1, 0], [2, 0]], [3, 1]]
    given = {words: [[b"a"], [b"b"], [b"a"]], numbers: [[1], [2], [1]]}
    values = sess.run(crossed.values, given)
    assert values[0] == values[2] != values[1]
    assert sess.run(crossed, given).indices.tolist() == [[0, 0], [1, 0], [2, 0]]


def test_distinct_numbers_are_not_made_distinct_again(sess) -> None:
    x, rows = tf.placeholder(tf.int64, [4]), tf.placeholder(tf.float32, [3, 2])
    first = tf.unique(x).y
    again = tf.unique(first)
    sums = tf.math.unsorted_segment_sum(rows, again.idx, 3)
    _, plan = plans(sess, [again.y, sums], [x, rows], [(4,), (3, 2)], assumed={first: (3,)})
    assert plan.code().count("distinct_numbers(") == 1 and "segment" not in plan.code()
    np.testing.assert_array_equal(sess.run(sums, {x: [5, 7, 5, 6], rows: [[1, 2], [3, 4], [5, 6]]}),
                                  [[1, 2], [3, 4], [5, 6]])


def test_a_few_zeros_like_a_value_are_a_constant(sess) -> None:
    x = tf.placeholder(tf.float32, [None])
    value = tf.where(x > 0.5, x, tf.zeros_like(x))
    for size, stays in ((2, False), (5000, True)):
        _, after = plans(sess, [value], [x], [(size,)])
        assert ("zeros_like(" in after.code()) == stays
        given = np.random.RandomState(0).rand(size).astype(np.float32)
        np.testing.assert_array_equal(sess.run(value, {x: given}), np.where(given > 0.5, given, 0))


def test_a_queue_takes_what_nobody_else_has_without_a_copy(sess) -> None:
    queue = tf.FIFOQueue(9, [tf.float32, tf.float32, tf.float32], [[2], [2], []])
    x, v = tf.placeholder(tf.float32, [2]), tf.Variable([5.0, 6.0])
    shared = x * 3.0
    alone = queue.enqueue([x * 2.0, tf.reshape(x + 1.0, [2]), tf.reduce_sum(x)])
    of_others = queue.enqueue([x, v.read_value(), x[0]])
    twice = queue.enqueue([shared, shared, tf.reduce_sum(x)])

    def handed_over(op):
        _, plan = plans(sess, [shared], [x], [(2,)], [op])
        return [node.args[2:] for node in plan.graph.nodes if node.target == "enqueue"]

    assert [handed_over(op) for op in (alone, of_others, twice)] == [[([0, 1, 2],)], [()], [([2],)]]
    sess.run(v.initializer)
    given, element = np.array([1, 2], np.float32), queue.dequeue()
    for op in (alone, of_others):
        sess.run(op, {x: given})
    fetched, _ = sess.run([shared, twice], {x: given})
    fetched[:], given[:] = 0, 0
    sess.run(v.assign([0.0, 0.0]))
    assert [[part.tolist() for part in sess.run(element)] for _ in range(3)] == [
        [[2, 4], [2, 3], 3], [[1, 2], [5, 6], 1], [[3, 6], [3, 6], 3]]


def test_a_queue_takes_constants_and_what_is_parsed_without_a_copy(sess) -> None:
    queue = tf.FIFOQueue(9, [tf.float32, tf.float32, tf.string], [[2], [], []])
    line = tf.placeholder(tf.string, [])
    number, word = tf.decode_csv(line, [[0.0], [""]])
    add = queue.enqueue([tf.constant([1.0, 2.0]), number, word])

    def handed_over(fetches):
        _, plan = plans(sess, fetches, [line], [()], [add])
        return [node.args[2:] for node in plan.graph.nodes if node.target == "enqueue"]

    assert [handed_over([]), handed_over([number])] == [[([0, 1, 2],)], [([0, 2],)]]
    for text in ("3,a", "4,b"):
        sess.run(add, {line: text})
    first = sess.run(queue.dequeue())
    first[0][:] = 7  # what is fetched is the user's own
    second = sess.run(queue.dequeue())
    assert (second[0].tolist(), *second[1:]) == ([1, 2], 4, b"b")


def test_a_row_for_a_queue_alone_is_copied_by_its_number(sess) -> None:
    queue = tf.FIFOQueue(9, [tf.float32, tf.int32], [[2], []])
    rows, numbers = tf.constant(np.arange(8, dtype=np.float32).reshape(4, 2)), tf.constant([7, 6, 5, 4])
    number = tf.placeholder(tf.int64, [])
    add = queue.enqueue([tf.gather(rows, number), tf.gather(numbers, number)])
    _, plan = plans(sess, [], [number], [()], [add])
    assert plan.code().count("indices_row(") == 2 and "index_select" not in plan.code()
    sess.run(add, {number: 3})
    assert [part.tolist() for part in sess.run(queue.dequeue())] == [[6, 7], 4]
    for wrong in (4, -1):
        with pytest.raises(tf.errors.InvalidArgumentError, match=rf"indices = {wrong} is not in \[0, 4\)"):
            sess.run(add, {number: wrong})


def test_a_slice_that_takes_everything_is_the_value(sess) -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    whole, part, turned = x[:, :3], x[:, :2], x[::-1]
    _, plan = plans(sess, [whole + 1.0, part + 1.0, turned + 1.0], [x], [(2, 3)])
    assert plan.code().count("slice(") == 2 and "flip(" in plan.code()
    given = np.arange(6, dtype=np.float32).reshape(2, 3)
    for found, wanted in zip(sess.run([whole, part, turned], {x: given}), (given, given[:, :2], given[::-1])):
        assert found.tolist() == wanted.tolist()


def test_a_stack_of_one_value_or_of_a_vectors_numbers_is_one_copy(sess) -> None:
    """Who knows no broadcasting writes so: a self-organizing map stacks its input, and its rates, for each neuron."""
    x, row = tf.placeholder(tf.float32, [6]), tf.placeholder(tf.float32, [2])
    repeated = [tf.stack([row] * 6), tf.stack([row] * 6, axis=1)]
    in_order = [tf.stack([tf.tile(tf.slice(x, [i], [1]), [3]) for i in places]) for places in (range(6), range(2, 5))]
    in_order.append(tf.stack([tf.reshape(tf.slice(x, [i], [1]), []) for i in range(6)]))
    plain, plan = plans(sess, repeated + in_order, [x, row], [(6,), (2,)])
    assert plain.code().count("torch.stack") == 5 and "torch.stack" not in plan.code()
    given, pair = np.arange(6, dtype=np.float32), np.array([7, 8], np.float32)
    found = sess.run(repeated + in_order, {x: given, row: pair})
    expected = [np.tile(pair, (6, 1)), np.tile(pair[:, None], (1, 6)), np.tile(given[:, None], (1, 3)),
                np.tile(given[2:5, None], (1, 3)), given]
    for value, wanted in zip(found, expected, strict=True):
        assert value.tolist() == wanted.tolist()


def test_a_stack_out_of_order_stays(sess) -> None:
    x = tf.placeholder(tf.float32, [3])
    turned = [tf.slice(x, [i], [1]) for i in (2, 1, 0)]
    across = tf.stack([tf.slice(x, [i], [1]) for i in range(3)], axis=1)
    _, plan = plans(sess, [tf.stack(turned), across], [x], [(3,)])
    assert plan.code().count("torch.stack") == 2
    assert sess.run(across, {x: [1.0, 2.0, 3.0]}).tolist() == [[1.0, 2.0, 3.0]]


@pytest.mark.parametrize("length", [0, 4, 5, 11, 12, 40])
def test_the_first_place_where_something_holds_is_found_without_a_list(sess, length: int) -> None:
    """Data sets that sort elements by length ask so; the least of no places is the largest number."""
    size = tf.placeholder(tf.int32, [])
    limits = [5, 12, 20]
    within = tf.logical_and(tf.less_equal([0, *limits[:-1]], size), tf.less(size, limits))
    bucket = tf.reduce_min(tf.where(within))
    plain, plan = plans(sess, [bucket], [size], [()])
    assert "true_places" in plain.code() and "true_places" not in plan.code()
    expected = next((place for place, limit in enumerate(limits) if length < limit), np.iinfo(np.int64).max)
    assert sess.run(bucket, {size: length}) == expected


def test_the_least_of_coordinates_or_of_some_of_them_needs_the_list(sess) -> None:
    x = tf.placeholder(tf.bool, [2, 3])
    row = tf.placeholder(tf.bool, [3])
    others = [tf.reduce_min(tf.where(x)), tf.reduce_min(tf.where(row), 0), tf.reduce_max(tf.where(row))]
    _, plan = plans(sess, others, [x, row], [(2, 3), (3,)])
    assert plan.code().count("true_places(") == 2
    found = sess.run(others, {x: [[False, True, False], [True, False, False]], row: [False, True, True]})
    assert [np.asarray(value).tolist() for value in found] == [0, [1], 2]


def test_constants_fold(sess) -> None:
    y = tf.constant(2.0) * 3.0 + 4.0
    _, plan = plans(sess, [y])
    assert "torch" not in plan.code() and sess.run(y) == 10.0


def test_equal_expressions_are_computed_once(sess) -> None:
    x = tf.placeholder(tf.float32, [2])
    y = tf.exp(x) + tf.exp(x)
    before, after = plans(sess, [y], [x])
    assert before.code().count("torch.exp") == 2 and after.code().count("torch.exp") == 1


def test_equal_kernels_that_a_run_calls_are_called_once(sess) -> None:
    words = tf.placeholder(tf.string, [None])
    few, again, many = (tf.strings.to_hash_bucket_fast(tf.strings.join([words, tf.constant("!")]), buckets)
                        for buckets in (5, 5, 50))
    before, after = plans(sess, [few, again, many], [words])
    calls = [[node for node in plan.graph.nodes if node.op == "call_function"] for plan in (before, after)]
    assert list(map(len, calls)) == [6, 3]
    first, second, third = sess.run([few, again, many], {words: [b"a", b"b"]})
    assert first.tolist() == second.tolist() != third.tolist()


def test_constants_of_one_number_are_one(sess) -> None:
    x = tf.placeholder(tf.float32, [2])
    ones, zeros = [tf.constant(1.0) for _ in range(2)], [tf.constant(value) for value in (0.0, -0.0)]
    y = tf.exp(x * ones[0]) + tf.exp(x * ones[1]) + x / zeros[0] + x / zeros[1]
    _, after = plans(sess, [y], [x])
    assert after.code().count("torch.exp") == 1
    assert np.isnan(sess.run(y, {x: [1.0, 2.0]})).all()  # infinities of both signs


def test_random_nodes_are_never_merged(sess) -> None:
    a, b = tf.random_uniform([3], seed=None), tf.random_uniform([3], seed=None)
    first, second = sess.run([a, b])
    assert (first != second).any()


def test_a_product_and_a_bias_become_one_call(sess) -> None:
    x = tf.placeholder(tf.float32, [2, 3])
    w, b = tf.Variable(np.ones((3, 4), np.float32)), tf.Variable(np.ones(4, np.float32))
    y = tf.matmul(x, w) + b
    sess.run(tf.global_variables_initializer())
    _, plan = plans(sess, [y], [x])
    assert "torch.addmm" in plan.code() and "matmul" not in plan.code()
    assert sess.run(y, {x: np.ones((2, 3))}).tolist() == [[4.0] * 4] * 2


@pytest.mark.parametrize("make, fused", [(lambda: tf.train.AdamOptimizer(0.1), "fused_adam"),
                                         (lambda: tf.train.GradientDescentOptimizer(0.1), "fused_gradient_descent"),
                                         (lambda: tf.train.MomentumOptimizer(0.1, 0.9), "fused_momentum"),
                                         (lambda: tf.train.MomentumOptimizer(0.1, 0.0), "fused_momentum"),
                                         (lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
                                          "fused_momentum"),
                                         (lambda: tf.train.AdagradOptimizer(0.1), "fused_adagrad")])
def test_an_optimisers_updates_are_one_call_with_the_values_of_the_single_ones(sess, make, fused) -> None:
    v = [tf.Variable([1.0, -2.0]), tf.Variable([[0.5]])]
    loss = tf.reduce_sum(v[0] * v[0]) + tf.reduce_sum(v[1] ** 3)
    train = make().minimize(loss)
    single, plan = plans(sess, [], targets=[train])
    assert fused not in single.code() and f"{fused} = " in plan.code()
    values = []
    for chosen in (single, plan):
        sess.run(tf.global_variables_initializer())
        step = Execution(chosen, sess.resources).bind(list)
        for _ in range(3):
            step([])
        values.append(sess.run(tf.global_variables()))
    for expected, actual in zip(*values):
        np.testing.assert_allclose(actual, expected, rtol=1e-5)


def test_what_is_computed_beside_an_update_in_place_is_from_before_it(sess) -> None:
    v = tf.Variable([1.0, 2.0])
    train = tf.train.GradientDescentOptimizer(1.0).minimize(tf.reduce_sum(v))
    sess.run(v.initializer)
    assert sess.run([tf.reshape(v, [2, 1]), train])[0].tolist() == [[1.0], [2.0]]
    assert sess.run(v).tolist() == [0.0, 1.0]


def convolved(data_format, windows=2):
    """A convolution with bias, relu and a pool: what each gives, and the gradients by images, filters and bias."""
    random = np.random.RandomState(0)
    shape, strides, window = ([2, 6, 6, 3], [1, 2, 2, 1], [1, windows, windows, 1]) if data_format == "NHWC" else \
        ([2, 3, 6, 6], [1, 1, 2, 2], [1, 1, windows, windows])
    x = tf.placeholder(tf.float32, shape)
    filters = tf.Variable(random.randn(3, 3, 3, 4).astype("f"))
    bias = tf.Variable(random.randn(4).astype("f"))
    product = tf.nn.conv2d(x, filters, [1] * 4, "SAME", data_format=data_format)
    product = product + bias if data_format == "NHWC" else tf.nn.bias_add(product, bias, data_format)
    relu = tf.nn.relu(product)
    pooled = tf.nn.max_pool(relu, window, strides, "SAME", data_format)
    gradients = tf.gradients(tf.reduce_sum(pooled * random.randn(*pooled.shape.as_list()).astype("f")),
                             [x, filters, bias])
    image = random.randn(*shape).astype("f")
    image[0] = 0.0  # all windows alike: the first value of each is its largest
    return x, image, relu, [pooled, *gradients]


def agree(sess, fetches, x, image):
    """The code of the plan with passes, whose values are those of the plan without."""
    sess.run(tf.global_variables_initializer())
    single, plan = plans(sess, fetches, [x], [tuple(image.shape)])
    values = [Execution(chosen, sess.resources).bind(lambda out: [v.numpy().copy() for v in out])([torch.tensor(image)])
              for chosen in (single, plan)]
    for expected, actual in zip(*values):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    return plan.code()


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
@pytest.mark.parametrize("windows", [2, 3])
def test_relu_is_for_the_largest_of_each_window_alone(sess, data_format, windows) -> None:
    x, image, _, fetches = convolved(data_format, windows)
    code = agree(sess, fetches, x, image)
    assert code.index("largest_of_windows(") < code.index("torch.relu(")
    assert code.index("leaky_relu_backward(") < code.index("max_pool2d_with_indices_backward(")
    assert ("torch.add" in code) == (data_format == "NCHW")  # else it is the convolution's bias
    assert code.count("permute(0, 3, 1, 2)") <= 3
    assert "torch.sum(leaky_relu_backward" in code  # what is spread has the same sum afterwards


def test_relu_stays_where_somebody_else_reads_it(sess) -> None:
    x, image, relu, fetches = convolved("NHWC")
    code = agree(sess, [relu, *fetches], x, image)
    assert code.index("torch.relu(") < code.index("largest_of_windows(")


@pytest.mark.parametrize("make", [
    lambda x: tf.nn.conv2d(x, tf.ones([3, 3, 4, 5]), [1, 2, 2, 1], "VALID"),
    lambda x: tf.nn.conv2d(x, tf.ones([3, 3, 4, 5]), [1, 1, 1, 1], "SAME"),
    lambda x: tf.nn.depthwise_conv2d(x, tf.ones([3, 3, 4, 2]), [1, 2, 2, 1], "VALID"),
    lambda x: tf.nn.avg_pool(x, 2, 2, "VALID"),
    lambda x: tf.nn.max_pool(x, 2, 2, "VALID"),
], ids=["strided", "convolution", "depthwise", "means", "maxima"])
def test_images_and_their_gradients_lie_in_memory_with_the_channels_last(sess, make) -> None:
    x = tf.placeholder(tf.float32, [2, 8, 8, 4])
    y = make(x)
    _, plan = plans(sess, [y, *tf.gradients(y, x)], [x])
    values = Execution(plan, sess.resources).bind(list)([torch.rand(2, 8, 8, 4)])
    assert all(value.is_contiguous() for value in values)


def test_a_large_gradient_that_is_a_product_is_added_to_its_variable_at_once(sess) -> None:
    random = np.random.RandomState(0)
    x, w = tf.placeholder(tf.float32, [4, 300]), tf.Variable(random.randn(300, 400).astype("f"))
    small = tf.Variable(tf.ones([400, 1]))
    loss = tf.reduce_mean(tf.square(tf.matmul(tf.tanh(tf.matmul(x, w)), small)))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    image = random.randn(4, 300).astype("f")
    sess.run(tf.global_variables_initializer())
    gradients, before = sess.run([tf.gradients(loss, [w, small]), [w, small]], {x: image})
    single, plan = plans(sess, [], [x], targets=[step])
    assert plan.code().count("fused_products(") == 1 and plan.code().count("fused_gradient_descent(") == 1
    sess.run(step, {x: image})
    for gradient, old, new in zip(gradients, before, sess.run([w, small])):
        np.testing.assert_allclose(new, old - 0.1 * gradient, rtol=1e-4, atol=1e-5)


def test_products_of_variables_that_change_are_taken_before(sess) -> None:
    a, b = (tf.Variable(tf.fill([300, 300], value)) for value in (0.01, 0.02))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(tf.matmul(a, b)) + tf.reduce_sum(a * b))
    _, plan = plans(sess, [], [], targets=[step])
    assert "fused_products(" not in plan.code()
    sess.run(tf.global_variables_initializer())
    sess.run(step)
    # By a: 300 numbers of b, and one; by b likewise of a.
    np.testing.assert_allclose(sess.run([a[0, 0], b[0, 0]]), [0.01 - 0.1 * 301 * 0.02, 0.02 - 0.1 * 301 * 0.01], 1e-4)


def test_a_gradient_that_somebody_fetches_is_stored(sess) -> None:
    x, w = tf.placeholder(tf.float32, [4, 300]), tf.Variable(tf.ones([300, 400]))
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    pairs = optimizer.compute_gradients(tf.reduce_sum(tf.tanh(tf.matmul(x, w))))
    _, plan = plans(sess, [pairs[0][0]], [x], targets=[optimizer.apply_gradients(pairs)])
    assert "fused_products(" not in plan.code()
