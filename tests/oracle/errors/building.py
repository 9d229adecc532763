"""Refused while building the graph."""

from __future__ import division

import numpy as np

from . import refused


@refused("Dimensions must be equal", "3", "4", "MatMul")
def matmul_inner(tf, sess):
    tf.matmul(tf.zeros([2, 3]), tf.zeros([4, 5]))


@refused("Dimensions must be equal", "3", "4", "product")
def matmul_inner_named(tf, sess):
    tf.matmul(tf.placeholder(tf.float32, [None, 3], name="x"), tf.zeros([4, 5]), name="product")


@refused("rank 2", "rank 1", "MatMul")
def matmul_rank(tf, sess):
    tf.matmul(tf.placeholder(tf.float32, [3]), tf.placeholder(tf.float32, [3, 1]))


@refused("Dimensions must be equal", "2", "3", "add")
def add_shapes(tf, sess):
    tf.zeros([2]) + tf.zeros([3])


@refused("Dimensions must be equal", "scope/mul", "[4,2]", "[4,3]")
def mul_shapes_in_scope(tf, sess):
    with tf.name_scope("scope"):
        tf.zeros([4, 2]) * tf.zeros([4, 3])


@refused("float32", "int32")
def add_dtypes(tf, sess):
    tf.add(tf.constant(1.0), tf.constant(1))


@refused("float32", "int32")
def add_dtypes_operator(tf, sess):
    tf.constant(1.0) + tf.constant(1)


@refused("float32", "float64")
def matmul_dtypes(tf, sess):
    tf.matmul(tf.zeros([2, 2]), tf.zeros([2, 2], tf.float64))


@refused("int32", "float")
def add_python_scalar(tf, sess):
    tf.constant(1) + 1.5


@refused("string")
def add_string_to_float(tf, sess):
    tf.constant(1.0) + "a"


@refused("Dimension", "2", "3", "concat")
def concat_shapes(tf, sess):
    tf.concat([tf.placeholder(tf.float32, [1, 2]), tf.placeholder(tf.float32, [1, 3])], 0)


@refused("concat", "1", "2")
def concat_ranks(tf, sess):
    tf.concat([tf.placeholder(tf.float32, [1]), tf.placeholder(tf.float32, [1, 3])], 0)


@refused("axis", "3")
def stack_axis(tf, sess):
    tf.stack([tf.zeros([2]), tf.zeros([2])], axis=3)


@refused("shape", "2", "3")
def stack_shapes(tf, sess):
    tf.stack([tf.placeholder(tf.float32, [2]), tf.placeholder(tf.float32, [3])])


@refused("Cannot reshape", "6 elements", "[4]", "Reshape")
def reshape_sizes(tf, sess):
    tf.reshape(tf.placeholder(tf.float32, [2, 3]), [4])


@refused("divisible by 4", "6", "Reshape")
def reshape_unknown(tf, sess):
    tf.reshape(tf.placeholder(tf.float32, [2, 3]), [4, -1])


@refused("4", "ExpandDims")
def expand_dims_axis(tf, sess):
    tf.expand_dims(tf.placeholder(tf.float32, [2, 3], name="x"), 4)


@refused("Invalid reduction dimension", "2", "Sum")
def reduce_dimension(tf, sess):
    tf.reduce_sum(tf.placeholder(tf.float32, [2, 3]), 2)


@refused("squeeze", "dimension", "2")
def squeeze_dimension(tf, sess):
    tf.squeeze(tf.placeholder(tf.float32, [2, 3]), [0])


@refused("transpose", "3")
def transpose_permutation(tf, sess):
    tf.transpose(tf.placeholder(tf.float32, [2, 3]), [0, 1, 2])


@refused("3", "split")
def split_uneven(tf, sess):
    tf.split(tf.placeholder(tf.float32, [4, 2]), 3)


@refused("index 3", "out of bounds", "strided_slice")
def slice_index(tf, sess):
    tf.placeholder(tf.float32, [3])[3]


@refused("Index out of range", "strided_slice")
def slice_too_many(tf, sess):
    tf.placeholder(tf.float32, [3])[0, 0]


@refused("ellips")
def slice_two_ellipses(tf, sess):
    tf.placeholder(tf.float32, [3, 3])[..., 0, ...]


@refused("slice", "1.5")
def slice_by_float(tf, sess):
    tf.constant([1.0, 2.0])[1.5]


@refused("stride", "strided_slice")
def slice_zero_stride(tf, sess):
    tf.placeholder(tf.float32, [3])[::0]


@refused("item assignment")
def set_item(tf, sess):
    tf.constant([1.0, 2.0])[0] = 3.0


@refused("bool")
def tensor_as_bool(tf, sess):
    if tf.constant(True):
        pass


@refused("bool")
def tensor_in_and(tf, sess):
    x = tf.constant(1.0)
    return (x > 0.0) and (x < 2.0)


@refused("len")
def tensor_len(tf, sess):
    len(tf.constant([1, 2]))


@refused("iterat")
def iterate_scalar_graph_tensor(tf, sess):
    for _ in tf.placeholder(tf.float32, [3]):
        pass


@refused("float", python_words=True)
def tensor_as_float(tf, sess):
    float(tf.constant(1.0))


@refused("NumPy")
def tensor_as_array(tf, sess):
    np.array(tf.constant([1.0, 2.0]))


@refused("None")
def convert_none(tf, sess):
    tf.convert_to_tensor(None)


@refused("None")
def constant_of_none(tf, sess):
    tf.constant([1.0, None])


@refused("shape")
def constant_ragged(tf, sess):
    tf.constant([[1, 2], [3]])


@refused("int32", "1.5")
def constant_float_as_int(tf, sess):
    tf.constant(1.5, dtype=tf.int32)


@refused("Too many elements", "2", "4")
def constant_too_many_values(tf, sess):
    tf.constant([1, 2, 3, 4], shape=[2])


@refused("object")
def convert_object(tf, sess):
    tf.convert_to_tensor(object())


@refused("int32", "float32")
def convert_wrong_dtype(tf, sess):
    tf.convert_to_tensor(tf.constant(1.0), dtype=tf.int32)


@refused("unknown_type")
def dtype_unknown(tf, sess):
    tf.as_dtype("unknown_type")


@refused("not a valid", "scope name", "bad name")
def scope_name_invalid(tf, sess):
    with tf.name_scope("bad name"):
        pass


@refused("not a valid", "bad name")
def op_name_invalid(tf, sess):
    tf.constant(1.0, name="bad name")


@refused("not a valid", "_hidden")
def op_name_underscore(tf, sess):
    tf.constant(1.0, name="_hidden")


@refused("already exists", "layer/w")
def get_variable_twice(tf, sess):
    with tf.variable_scope("layer"):
        tf.get_variable("w", [1])
    with tf.variable_scope("layer"):
        tf.get_variable("w", [1])


@refused("does not exist", "layer/w", "reuse")
def get_variable_missing(tf, sess):
    with tf.variable_scope("layer", reuse=True):
        tf.get_variable("w", [1])


@refused("shape", "w", "(1,)", "(2,)")
def get_variable_other_shape(tf, sess):
    tf.get_variable("w", [1])
    with tf.variable_scope("", reuse=True):
        tf.get_variable("w", [2])


@refused("float64", "float32", "w")
def get_variable_other_dtype(tf, sess):
    tf.get_variable("w", [1])
    with tf.variable_scope("", reuse=True):
        tf.get_variable("w", [1], dtype=tf.float64)


@refused("shape", "fully defined")
def get_variable_unknown_shape(tf, sess):
    tf.get_variable("w", [None, 2])


@refused("w", "shape")
def get_variable_no_shape(tf, sess):
    tf.get_variable("w")


@refused("initial_value")
def variable_without_value(tf, sess):
    tf.Variable()


@refused("initial_value", "shape")
def variable_unknown_shape(tf, sess):
    tf.Variable(tf.placeholder(tf.float32))


@refused("shape")
def assign_shape(tf, sess):
    tf.Variable([1.0, 2.0], name="v").assign([1.0, 2.0, 3.0])


@refused("float32", "int32")
def assign_dtype(tf, sess):
    tf.assign(tf.Variable([1.0], name="v"), tf.constant([1]))


@refused("Tensor")
def assign_to_constant(tf, sess):
    tf.assign(tf.constant(1.0), 2.0)


@refused("No variables")
def optimizer_without_variables(tf, sess):
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0) * 2.0)


@refused("No gradients provided", "v")
def optimizer_unconnected(tf, sess):
    tf.Variable(1.0, name="v")
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0) * 2.0)


@refused("No gradients provided", "v")
def optimizer_through_argmax(tf, sess):
    v = tf.Variable([1.0, 2.0], name="v")
    tf.train.AdamOptimizer().minimize(tf.cast(tf.argmax(v), tf.float32))


@refused("provided")
def optimizer_no_pairs(tf, sess):
    tf.train.AdamOptimizer().apply_gradients([])


@refused("int32")
def minimize_integers(tf, sess):
    v = tf.Variable(1, name="v")
    tf.train.GradientDescentOptimizer(0.1).minimize(v * 2)


@refused("No gradient defined", "Identity")
def gradient_missing(tf, sess):
    x = tf.constant([3.0, 1.0], name="x")
    with tf.get_default_graph().gradient_override_map({"Identity": "FloorMod2"}):
        y = tf.identity(x)
    tf.gradients(y, x)


@refused("float32", "int32")
def gradient_dtype(tf, sess):
    x = tf.constant(3.0)
    tf.gradients(x * x, x, grad_ys=tf.constant(1))


@refused("grad_y")
def gradient_count(tf, sess):
    x = tf.constant(3.0)
    tf.gradients([x * x], x, grad_ys=[None, None])


@refused("shape")
def set_shape_conflict(tf, sess):
    tf.placeholder(tf.float32, [2, 3]).set_shape([2, 4])


@refused("(2, 3)", "(3, 2)", "not compatible")
def merge_shapes(tf, sess):
    tf.TensorShape([2, 3]).merge_with([3, 2])


@refused("2", "3")
def merge_dimensions(tf, sess):
    tf.Dimension(2).merge_with(3)


@refused("-1")
def dimension_negative(tf, sess):
    tf.Dimension(-1)


@refused("as_list() is not defined on an unknown TensorShape")
def shape_as_list_unknown(tf, sess):
    tf.TensorShape(None).as_list()


@refused("finalized")
def graph_finalized(tf, sess):
    tf.get_default_graph().finalize()
    tf.constant(1.0)


@refused("Const", "graph")
def operation_missing(tf, sess):
    tf.get_default_graph().get_operation_by_name("Const_77")


@refused("nothing", "graph")
def tensor_missing(tf, sess):
    tf.get_default_graph().get_tensor_by_name("nothing:0")


@refused("<op_name>:<output_index>")
def tensor_name_without_index(tf, sess):
    tf.get_default_graph().get_tensor_by_name("probe")


@refused("probe", "outputs")
def tensor_output_missing(tf, sess):
    tf.get_default_graph().get_tensor_by_name("probe:3")


@refused("same graph")
def two_graphs(tf, sess):
    a = tf.constant(1.0, name="a")
    with tf.Graph().as_default():
        b = tf.constant(2.0, name="b")
        tf.add(a, b)


@refused(python_words=True)
def device_malformed(tf, sess):
    with tf.device("/device:cpu:x"):
        tf.constant(1.0)


@refused("rate", "1.5")
def dropout_rate(tf, sess):
    tf.nn.dropout(tf.zeros([2]), rate=1.5)


@refused("SAMEE", "padding")
def conv_padding(tf, sess):
    tf.nn.conv2d(tf.zeros([1, 4, 4, 1]), tf.zeros([2, 2, 1, 1]), [1, 1, 1, 1], "SAMEE")


@refused("Conv2D", "3", "1")
def conv_channels(tf, sess):
    tf.nn.conv2d(tf.placeholder(tf.float32, [1, 4, 4, 3]), tf.placeholder(tf.float32, [2, 2, 1, 8]),
                 [1, 1, 1, 1], "SAME")


@refused("Negative dimension", "Conv2D")
def conv_kernel_too_big(tf, sess):
    tf.nn.conv2d(tf.placeholder(tf.float32, [1, 2, 2, 1]), tf.placeholder(tf.float32, [3, 3, 1, 8]),
                 [1, 1, 1, 1], "VALID")


@refused("rank 4", "Conv2D")
def conv_rank(tf, sess):
    tf.nn.conv2d(tf.placeholder(tf.float32, [4, 4, 1]), tf.placeholder(tf.float32, [2, 2, 1, 8]),
                 [1, 1, 1, 1], "SAME")


@refused("logits", "labels", "shape")
def sigmoid_xent_shapes(tf, sess):
    tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.zeros([2]), logits=tf.zeros([3]))


@refused("rank", "labels", "logits")
def sparse_xent_rank(tf, sess):
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.zeros([2, 3], tf.int32), logits=tf.zeros([2, 3]))


@refused("int32", "logits", "allowed values")
def op_dtype_not_allowed(tf, sess):
    tf.nn.softmax(tf.constant([1, 2, 3]))


@refused("callable")
def cond_needs_functions(tf, sess):
    tf.cond(tf.constant(True), tf.constant(1), tf.constant(2))


@refused("bool")
def cond_python_bool(tf, sess):
    tf.cond(True, lambda: tf.constant(1), lambda: tf.constant(2))


@refused("true_fn", "false_fn")
def cond_dtypes(tf, sess):
    tf.cond(tf.constant(True), lambda: tf.constant(1), lambda: tf.constant(2.0))


@refused("shape", "loop")
def while_shape_changes(tf, sess):
    tf.while_loop(lambda x: tf.reduce_sum(x) < 9.0, lambda x: tf.concat([x, x], 0), [tf.constant([1.0])])


@refused("same", "structure")
def while_structure(tf, sess):
    tf.while_loop(lambda i, j: i < 3, lambda i, j: i + 1, [tf.constant(0), tf.constant(0)])


@refused("loop")
def while_no_variables(tf, sess):
    tf.while_loop(lambda: True, lambda: None, [])


@refused("inputs", "at least one Tensor")
def add_n_of_nothing(tf, sess):
    tf.add_n([])


@refused("Tensor")
def control_dependency_on_list(tf, sess):
    with tf.control_dependencies([3]):
        pass


@refused("int")
def group_of_number(tf, sess):
    tf.group(3)


@refused("on_value", "off_value", "float32", "int32")
def one_hot_dtypes(tf, sess):
    tf.one_hot([1], 2, on_value=1.0, off_value=0)


@refused("unexpected keyword", "axes", python_words=True)
def unknown_keyword(tf, sess):
    tf.reduce_sum(tf.zeros([2]), axes=0)


@refused("Pad", "3", "2")
def pad_shape(tf, sess):
    tf.pad(tf.placeholder(tf.float32, [2, 2]), [[1, 1], [1, 1], [0, 0]])


@refused("gather", "rank")
def gather_of_scalar(tf, sess):
    tf.gather(tf.placeholder(tf.float32, []), [0])


@refused("-2")
def fill_negative_static(tf, sess):
    tf.fill([-2], 1.0)


@refused()
def reverse_builtin(tf, sess):
    reversed(tf.constant([1, 2]))


@refused("Node 'a'", "missing")
def import_missing_input(tf, sess):
    definition = tf.GraphDef()
    node = definition.node.add()
    node.name, node.op = "a", "Identity"
    node.input.append("missing")
    node.attr["T"].type = 1
    tf.import_graph_def(definition)


@refused("NoSuchOp")
def import_unknown_op(tf, sess):
    definition = tf.GraphDef()
    node = definition.node.add()
    node.name, node.op = "a", "NoSuchOp"
    tf.import_graph_def(definition)


def normalized(tf, shape, **options):
    tf.layers.batch_normalization(tf.placeholder(tf.float32, shape), **options)


@refused("renorm_clipping", "rmax")
def batch_renorm_clipping(tf, sess):
    normalized(tf, [4, 2], renorm=True, renorm_clipping={"max": 2.0})


@refused("virtual_batch_size")
def virtual_batch_size_of_none(tf, sess):
    normalized(tf, [4, 2], virtual_batch_size=0)


@refused("axis cannot include 0")
def virtual_batches_of_features(tf, sess):
    normalized(tf, [4, 2], virtual_batch_size=2, axis=0)


@refused("adjustment")
def virtual_batches_adjusted(tf, sess):
    normalized(tf, [4, 2], virtual_batch_size=2, adjustment=lambda shape: (1.0, 0.0))


@refused("Duplicate axis")
def batch_normalization_axis_twice(tf, sess):
    normalized(tf, [4, 2], axis=[1, -1])


@refused("int or list")
def batch_normalization_axis_tuple(tf, sess):
    normalized(tf, [4, 2], axis=(1,))


@refused("'numpy.ndarray' object has no attribute 'get_shape'")
def einsum_of_an_array(tf, sess):
    tf.einsum("ij,jk->ik", np.ones((2, 3)), tf.ones((3, 2)))


@refused("tf.linalg.expm does not support matrices of type <dtype: 'int32'>")
def expm_of_integers(tf, sess):
    tf.linalg.expm([[1, 2], [3, 4]])


@refused("Shape () must have rank 1")
def confusion_matrix_scalar_weight(tf, sess):
    tf.confusion_matrix(tf.placeholder(tf.int32), tf.placeholder(tf.int32), weights=2)


@refused("list index out of range")
def tensordot_axis_outside(tf, sess):
    tf.tensordot(tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [3, None]), [[2], [0]])
