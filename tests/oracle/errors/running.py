"""Refused while running."""

from __future__ import division

import numpy as np

from . import refused


@refused("You must feed a value", "placeholder", "x", "float")
def placeholder_unfed(tf, sess):
    x = tf.placeholder(tf.float32, name="x")
    sess.run(x + 1.0)


@refused("You must feed a value", "input/x", "[?,3]")
def placeholder_unfed_in_scope(tf, sess):
    with tf.name_scope("input"):
        x = tf.placeholder(tf.float32, [None, 3], name="x")
    sess.run(tf.reduce_sum(x))


@refused("Cannot feed value of shape (3,)", "x:0", "(?, 2)")
def feed_shape(tf, sess):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    sess.run(x, {x: [1.0, 2.0, 3.0]})


@refused("could not convert string to float", python_words=True)
def feed_text(tf, sess):
    x = tf.placeholder(tf.float32, [], name="x")
    sess.run(x, {x: "abc"})


@refused("argument must be", "NoneType", python_words=True)
def feed_none(tf, sess):
    x = tf.placeholder(tf.int32, [], name="x")
    sess.run(x, {x: None})


@refused("feed", "tf.Tensor")
def feed_tensor(tf, sess):
    x = tf.placeholder(tf.float32, [], name="x")
    sess.run(x, {x: tf.constant(1.0)})


@refused("feed_dict", "as Tensor", "int")
def feed_key_number(tf, sess):
    sess.run(tf.constant(1.0), {3: 1.0})


@refused("nothing:0", "feed_dict")
def feed_key_unknown_name(tf, sess):
    sess.run(tf.constant(1.0), {"nothing:0": 1.0})


@refused("1099511627776", "int32")
def feed_too_large(tf, sess):
    x = tf.placeholder(tf.int32, [], name="x")
    sess.run(x, {x: 2**40})


@refused("sequence", python_words=True)
def feed_ragged(tf, sess):
    x = tf.placeholder(tf.float32, name="x")
    sess.run(x, {x: [[1.0, 2.0], [3.0]]})


@refused("has invalid type", "NoneType")
def fetch_none(tf, sess):
    sess.run(None)


@refused("None")
def fetch_none_in_list(tf, sess):
    sess.run([tf.constant(1.0), None])


@refused("has invalid type", "int")
def fetch_number(tf, sess):
    sess.run(3)


@refused("nothing", "not", "graph")
def fetch_unknown_name(tf, sess):
    sess.run("nothing:0")


@refused("not an element of this graph", "other")
def fetch_other_graph(tf, sess):
    with tf.Graph().as_default():
        other = tf.constant(1.0, name="other")
    sess.run(other)


@refused("not an element of this graph", "other")
def feed_other_graph(tf, sess):
    with tf.Graph().as_default():
        other = tf.placeholder(tf.float32, name="other")
    sess.run(tf.constant(1.0), {other: 1.0})


@refused("closed Session", kills_session=True)
def session_closed(tf, sess):
    x = tf.constant(1.0)
    sess.close()
    sess.run(x)


@refused("default session")
def eval_without_session(tf, sess):
    with tf.Graph().as_default():
        tf.constant(1.0).eval()


@refused("uninitialized value", "weights")
def variable_uninitialised(tf, sess):
    v = tf.Variable(1.0, name="weights")
    sess.run(v + 1.0)


@refused("weights")
def resource_variable_uninitialised(tf, sess):
    v = tf.get_variable("weights", [2], use_resource=True)
    sess.run(v + 1.0)


@refused("uninitialized value", "v")
def assign_add_uninitialised(tf, sess):
    v = tf.Variable(1.0, name="v")
    sess.run(tf.assign_add(v, 1.0))


@refused("uninitialized value", "v")
def train_uninitialised(tf, sess):
    v = tf.Variable(1.0, name="v")
    train = tf.train.GradientDescentOptimizer(0.1).minimize(v * v)
    sess.run(train)


@refused("assign", "[2]", "[3]", "Assign")
def assign_shape_at_run(tf, sess):
    v = tf.Variable([1.0, 2.0], name="v")
    value = tf.placeholder(tf.float32)
    sess.run(v.initializer)
    sess.run(tf.assign(v, value), {value: [1.0, 2.0, 3.0]})


@refused("Matrix size-incompatible", "[1,3]", "[2,1]", "MatMul")
def matmul_at_run(tf, sess):
    a = tf.placeholder(tf.float32, [None, None], name="a")
    b = tf.placeholder(tf.float32, [None, None], name="b")
    sess.run(tf.matmul(a, b), {a: [[1, 2, 3]], b: [[1], [2]]})


@refused("Incompatible shapes", "[2]", "[3]", "total")
def add_at_run(tf, sess):
    a = tf.placeholder(tf.float32, name="a")
    b = tf.placeholder(tf.float32, name="b")
    sess.run(tf.add(a, b, name="total"), {a: [1, 2], b: [1, 2, 3]})


@refused("Incompatible shapes", "[2] vs. [3]", "mul")
def gradient_at_run(tf, sess):
    a = tf.placeholder(tf.float32, name="a")
    b = tf.placeholder(tf.float32, name="b")
    g = tf.gradients(a * b, a)[0]
    sess.run(g, {a: [1, 2], b: [1, 2, 3]})


@refused("reshape", "3 values", "4", "Reshape")
def reshape_at_run(tf, sess):
    x = tf.placeholder(tf.float32, name="x")
    sess.run(tf.reshape(x, [2, 2]), {x: [1, 2, 3]})


@refused("multiple", "3 values", "2", "Reshape")
def reshape_unknown_at_run(tf, sess):
    x = tf.placeholder(tf.float32, name="x")
    sess.run(tf.reshape(x, [2, -1]), {x: [1, 2, 3]})


@refused("negative", "-3", "Reshape")
def reshape_negative_at_run(tf, sess):
    x = tf.placeholder(tf.float32, name="x")
    n = tf.placeholder(tf.int32, [1])
    sess.run(tf.reshape(x, n), {x: [1, 2, 3], n: [-3]})


@refused("concat", "[1,2]", "[1,3]")
def concat_at_run(tf, sess):
    a = tf.placeholder(tf.float32, name="a")
    b = tf.placeholder(tf.float32, name="b")
    sess.run(tf.concat([a, b], 0), {a: [[1, 2]], b: [[1, 2, 3]]})


@refused("concatenating dimension", "[-2, 2)")
def concat_axis_at_run(tf, sess):
    a = tf.placeholder(tf.float32, name="a")
    axis = tf.placeholder(tf.int32, [])
    sess.run(tf.concat([a, a], axis), {a: [[1, 2]], axis: 2})


@refused("indices[1] = 5", "[0, 3)", "GatherV2")
def gather_index(tf, sess):
    indices = tf.placeholder(tf.int32, [None])
    sess.run(tf.gather(tf.constant([1.0, 2.0, 3.0]), indices), {indices: [0, 5]})


@refused("indices", "-1", "[0, 3)")
def gather_negative(tf, sess):
    indices = tf.placeholder(tf.int32, [None])
    sess.run(tf.gather(tf.constant([1.0, 2.0, 3.0]), indices), {indices: [-1]})


@refused("indices", "embedding_lookup", "[0, 4)")
def embedding_index(tf, sess):
    table = tf.Variable(tf.zeros([4, 2]), name="table")
    ids = tf.placeholder(tf.int32, [None])
    sess.run(table.initializer)
    sess.run(tf.nn.embedding_lookup(table, ids), {ids: [4]})


@refused("indices", "[2, 0]", "GatherNd")
def gather_nd_index(tf, sess):
    indices = tf.placeholder(tf.int32, [None, 2])
    sess.run(tf.gather_nd(tf.zeros([2, 2]), indices), {indices: [[2, 0]]})


@refused("index 4", "out of bounds", "strided_slice")
def slice_index_at_run(tf, sess):
    x = tf.placeholder(tf.float32, [None], name="x")
    i = tf.placeholder(tf.int32, [])
    sess.run(x[i], {x: [1, 2, 3], i: 4})


@refused("size[0]", "Slice")
def slice_size_at_run(tf, sess):
    x = tf.placeholder(tf.float32, [None], name="x")
    sess.run(tf.slice(x, [1], [5]), {x: [1, 2, 3]})


@refused("scatter", "indices", "7")
def scatter_index(tf, sess):
    v = tf.Variable([1.0, 2.0], name="v")
    indices = tf.placeholder(tf.int32, [1])
    sess.run(v.initializer)
    sess.run(tf.scatter_update(v, indices, [5.0], name="scatter"), {indices: [7]})


@refused("division by zero")
def integer_division_by_zero(tf, sess):
    x = tf.placeholder(tf.int32, [], name="x")
    sess.run(tf.constant(1) // x, {x: 0})


@refused("division by zero")
def integer_modulo_by_zero(tf, sess):
    x = tf.placeholder(tf.int32, [], name="x")
    sess.run(tf.constant(1) % x, {x: 0})


@refused("negative", "power")
def integer_negative_power(tf, sess):
    x = tf.placeholder(tf.int32, [], name="x")
    sess.run(tf.pow(tf.constant(2), x), {x: -1})


@refused("assertion failed", "sum is", "Assert")
def assert_failing(tf, sess):
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.control_dependencies([tf.Assert(x > 0.0, ["sum is", x])]):
        y = tf.identity(x)
    sess.run(y, {x: -1.0})


@refused("assertion failed", "x", "y")
def assert_equal_failing(tf, sess):
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.control_dependencies([tf.assert_equal(x, 1.0)]):
        y = tf.identity(x)
    sess.run(y, {x: 2.0})


@refused("loss is bad", "NaN", "CheckNumerics")
def check_numerics_nan(tf, sess):
    x = tf.placeholder(tf.float32, [], name="x")
    sess.run(tf.check_numerics(tf.log(x), "loss is bad"), {x: -1.0})


@refused("Inf")
def check_numerics_inf(tf, sess):
    x = tf.placeholder(tf.float32, [], name="x")
    sess.run(tf.check_numerics(1.0 / x, "reciprocal"), {x: 0.0})


@refused("label", "9", "[0, 3)")
def sparse_xent_label(tf, sess):
    labels = tf.placeholder(tf.int32, [None])
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=tf.zeros([1, 3]))
    sess.run(loss, {labels: [9]})


@refused("logits", "labels", "[1,2]", "[1,3]")
def xent_shapes_at_run(tf, sess):
    logits = tf.placeholder(tf.float32, [None, None])
    labels = tf.placeholder(tf.float32, [None, None])
    loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    sess.run(loss, {logits: [[1, 2]], labels: [[1, 0, 0]]})


@refused("Dimension", "-2", ">= 0")
def fill_negative(tf, sess):
    n = tf.placeholder(tf.int32, [1])
    sess.run(tf.fill(n, 1.0), {n: [-2]})


@refused("delta", "0")
def range_zero_step(tf, sess):
    step = tf.placeholder(tf.int32, [])
    sess.run(tf.range(0, 5, step), {step: 0})


@refused("multiples", "-1")
def tile_negative(tf, sess):
    n = tf.placeholder(tf.int32, [1])
    sess.run(tf.tile([1, 2], n), {n: [-1]})


@refused("dimension", "4")
def reduction_axis_at_run(tf, sess):
    axis = tf.placeholder(tf.int32, [])
    sess.run(tf.reduce_sum(tf.zeros([2, 2]), axis), {axis: 4})


@refused("dimension", "[-2, 2)")
def argmax_axis_at_run(tf, sess):
    axis = tf.placeholder(tf.int32, [])
    sess.run(tf.argmax(tf.zeros([2, 2]), axis), {axis: 4})


@refused("transpose")
def transpose_at_run(tf, sess):
    perm = tf.placeholder(tf.int32, [2])
    sess.run(tf.transpose(tf.zeros([2, 2]), perm), {perm: [0, 0]})


@refused("Paddings", "-1")
def pad_negative(tf, sess):
    paddings = tf.placeholder(tf.int32, [1, 2])
    sess.run(tf.pad([1.0, 2.0], paddings), {paddings: [[-1, 0]]})


@refused("Cannot assign a device", "GPU:7")
def device_missing(tf, sess):
    with tf.device("/gpu:7"):
        x = tf.constant(1.0)
    sess.run(x)


@refused("Cannot assign a device", "/job:worker")
def device_other_job(tf, sess):
    with tf.device("/job:worker/task:1"):
        x = tf.constant(1.0)
        y = x + x
    sess.run(y)


@refused("boom")
def py_func_raises(tf, sess):
    def fail(x):
        raise ValueError("boom")

    sess.run(tf.py_func(fail, [tf.constant(1.0)], tf.float32))


@refused("double", "float", "pyfunc")
def py_func_wrong_dtype(tf, sess):
    sess.run(tf.py_func(lambda x: np.float64(1.0), [tf.constant(1.0)], tf.float32))


@refused("pyfunc", "2", "1")
def py_func_wrong_count(tf, sess):
    sess.run(tf.py_func(lambda x: x, [tf.constant(1.0)], [tf.float32, tf.float32]))


@refused("StringToNumber", "abc")
def string_to_number(tf, sess):
    sess.run(tf.string_to_number("abc"))


@refused("limit", "2")
def count_up_to_limit(tf, sess):
    v = tf.Variable(0, name="v")
    count = tf.count_up_to(v, 2)
    sess.run(v.initializer)
    for _ in range(3):
        sess.run(count)


@refused("num_samples", "-1", "Multinomial")
def multinomial_negative(tf, sess):
    n = tf.placeholder(tf.int32, [])
    sess.run(tf.multinomial([[1.0, 2.0]], n), {n: -1})


@refused("minval", "maxval")
def random_uniform_bounds(tf, sess):
    high = tf.placeholder(tf.int32, [])
    sess.run(tf.random_uniform([2], 5, high, dtype=tf.int32), {high: 5})


@refused("Must run 'setup' before performing partial runs")
def partial_run_not_set_up(tf, sess):
    x = tf.placeholder(tf.float32, [], name="x")
    sess.partial_run("handle", x, {x: 1.0})


@refused("mul:0", "partial_run_setup")
def partial_run_other_fetch(tf, sess):
    x = tf.placeholder(tf.float32, [], name="x")
    y = x + 1.0
    z = x * 2.0
    handle = sess.partial_run_setup([y], [x])
    sess.partial_run(handle, z, {x: 1.0})


@refused("not invertible")
def matrix_singular(tf, sess):
    x = tf.placeholder(tf.float32, [2, 2])
    sess.run(tf.matrix_inverse(x), {x: [[1, 1], [1, 1]]})


@refused("TensorArray", "5", "size")
def tensor_array_bounds(tf, sess):
    i = tf.placeholder(tf.int32, [])
    array = tf.TensorArray(tf.float32, size=2).write(i, 1.0)
    sess.run(array.stack(), {i: 5})


@refused("TensorArray", "0")
def tensor_array_unwritten(tf, sess):
    array = tf.TensorArray(tf.float32, size=2)
    sess.run(array.read(0))


@refused("TensorArray", "index 1", "already been written")
def tensor_array_written_twice(tf, sess):
    i = tf.placeholder(tf.int32, [])
    array = tf.TensorArray(tf.float32, size=2).write(1, 1.0).write(i, 2.0)
    sess.run(array.stack(), {i: 1})


@refused("filter", "Conv2D", "3", "2")
def conv_channels_at_run(tf, sess):
    x = tf.placeholder(tf.float32)
    w = tf.placeholder(tf.float32)
    y = tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME")
    sess.run(y, {x: np.zeros((1, 4, 4, 3)), w: np.zeros((2, 2, 2, 1))})


@refused("2 spatial dimensions", "MaxPool")
def pool_rank_at_run(tf, sess):
    x = tf.placeholder(tf.float32)
    sess.run(tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), {x: np.zeros((4, 4, 1))})


@refused("bias", "BiasAdd")
def bias_add_at_run(tf, sess):
    x = tf.placeholder(tf.float32)
    b = tf.placeholder(tf.float32, [None])
    sess.run(tf.nn.bias_add(x, b), {x: [[1, 2, 3]], b: [1, 2]})


@refused("predictions", "targets", "in_top_k")
def in_top_k_shapes(tf, sess):
    x = tf.placeholder(tf.float32, [None, None])
    y = tf.placeholder(tf.int32, [None])
    sess.run(tf.nn.in_top_k(x, y, 1), {x: [[1, 2]], y: [0, 1]})


@refused("You must feed a value")
def callable_arguments(tf, sess):
    x = tf.placeholder(tf.float32, [])
    y = tf.placeholder(tf.float32, [])
    sess.make_callable(x + y, feed_list=[x, y])(1.0)


@refused("segment ids are not increasing")
def segment_ids_unsorted(tf, sess):
    ids = tf.placeholder(tf.int32, [2])
    sess.run(tf.segment_sum([1.0, 2.0], ids), {ids: [1, 0]})


@refused("graph", "empty")
def empty_graph(tf, sess):
    with tf.Graph().as_default(), tf.Session() as other:
        other.run([])
        other.run("x:0")


@refused("k", "3", "TopKV2")
def top_k_too_many(tf, sess):
    x = tf.placeholder(tf.float32, [None])
    sess.run(tf.nn.top_k(x, 3), {x: [1, 2]})


@refused("unsorted", "5")
def one_segment_out_of_range(tf, sess):
    ids = tf.placeholder(tf.int32, [2])
    sess.run(tf.unsorted_segment_sum([1.0, 2.0], ids, 3, name="unsorted"), {ids: [1, 5]})


@refused("Computed output size would be negative")
def window_too_large_in_a_run(tf, sess):
    image = tf.placeholder(tf.float32, name="image")
    sess.run(tf.nn.max_pool(image, [1, 7, 7, 1], [1, 1, 1, 1], "VALID"), {image: [[[[1.0]] * 5] * 5]})


@refused("compression should be in [-1,9], got 10")
def png_compression_outside(tf, sess):
    sess.run(tf.image.encode_png(np.zeros((2, 2, 3), np.uint8), compression=10))


@refused("JPEG encoding failed")
def jpeg_of_nothing(tf, sess):
    sess.run(tf.image.encode_jpeg(np.zeros((0, 2, 3), np.uint8)))


@refused("crop_size must have four elements [3]")
def crop_window_of_three(tf, sess):
    window = tf.placeholder(tf.int32)
    sess.run(tf.image.decode_and_crop_jpeg(b"\xff\xd8\xff", window), {window: [0, 0, 4]})
