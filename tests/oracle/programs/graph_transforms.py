"""tensorflow.tools.graph_transforms: graphs before and after the transforms that people use."""

import binascii

import numpy as np

from . import Case, program
from .functions import internal
from .refused import words as words_of


def rewriting(tf, graph, inputs=("x",), outputs=("out",)):
    """A function that gives the nodes of a graph after transforms, or the words of the refusal."""
    transform = internal(tf, "tensorflow.tools.graph_transforms").TransformGraph

    def rewritten(*transforms, **ends):
        try:
            found = transform(graph, list(ends.get("inputs", inputs)), list(ends.get("outputs", outputs)),
                              list(transforms))
        except tf.errors.OpError as error:
            return words_of(error)
        return [[node.name, node.op, " ".join(node.input), node.device,
                 " ".join(key + "=" + binascii.hexlify(node.attr[key].SerializeToString()).decode()
                          for key in sorted(node.attr))] for node in found.node]

    return rewritten


def small_network(tf):
    numbers = np.random.RandomState(0)
    x = tf.placeholder(tf.float32, [None, 4, 4, 3], name="x")
    weights = tf.constant(numbers.randn(3, 3, 3, 2).astype(np.float32), name="weights")
    y = tf.nn.conv2d(x, weights, 1, "SAME", name="conv")
    with tf.device("/cpu:0"):
        y = tf.multiply(y, tf.constant([2.0, 3.0], name="scale"), name="scaled")
    y = tf.check_numerics(tf.identity(y, name="same"), "bad", name="checked")
    y = tf.nn.bias_add(y, tf.constant([0.1, 0.2], name="bias"), name="biased")
    three = tf.add(tf.constant(1.0, name="one"), tf.constant(2.0, name="two"), name="three")
    with tf.control_dependencies([three]):
        out = tf.nn.relu(y * three, name="out")
    tf.nn.softmax(tf.reshape(out, [-1, 32]), name="unused")
    return tf.get_default_graph().as_graph_def()


@program
def transforms_of_a_network(tf):
    rewritten = rewriting(tf, small_network(tf))
    return Case(facts={"graphs": [rewritten(one) for one in (
        "strip_unused_nodes", 'strip_unused_nodes(type=float, shape="1,4,4,3")',
        "remove_nodes(op=Identity, op=CheckNumerics)", "fold_batch_norms", "fold_old_batch_norms",
        "merge_duplicate_nodes", "sort_by_execution_order", "remove_attribute(attribute_name=strides)",
        "remove_attribute(attribute_name=strides, op_name=Conv2D)",
        "rename_attribute(old_attribute_name=T, new_attribute_name=U)",
        "rename_op(old_op_name=Relu, new_op_name=Elu)", "quantize_weights", "quantize_weights(minimum_size=4)",
        "round_weights(num_steps=4)", "round_weights", "obfuscate_names", "insert_logging",
        "insert_logging(op=Relu, op=Mul, message=hi, show_name=true, show_op=true, first_n=3, summarize=4)",
        "insert_logging(prefix=b)", "remove_device", "add_default_attributes", 'set_device(device="/gpu:1")',
        'set_device(device="/gpu:1", if_default=true)', "remove_control_dependencies", "")]})


@program
def transforms_in_a_row(tf):
    rewritten = rewriting(tf, small_network(tf))
    return Case(facts={"graphs": [
        rewritten('strip_unused_nodes(type=float, shape="1,4,4,3")', "remove_nodes(op=Identity, op=CheckNumerics)",
                  "fold_batch_norms", "fold_old_batch_norms", "quantize_weights(minimum_size=10)",
                  "sort_by_execution_order"),
        rewritten("add_default_attributes strip_unused_nodes(type=float) remove_nodes(op=Identity)\n"
                  "merge_duplicate_nodes"),
        rewritten("strip_unused_nodes", inputs=["conv"], outputs=["biased"]),
        rewritten('strip_unused_nodes(name=conv, type_for_name=int32, shape_for_name="2,3", type=quint8)',
                  inputs=["conv", "three"]),
        rewritten("strip_unused_nodes", inputs=[], outputs=["three"]),
        rewritten("strip_unused_nodes", outputs=["out:0", "weights"]), rewritten()]})


@program
def transforms_that_merge_and_remove(tf):
    x, y = tf.placeholder(tf.float32, [2], name="x"), tf.placeholder(tf.float32, [2], name="y")
    a, b = tf.constant([1.0, 2.0], name="a"), tf.constant([1.0, 2.0], name="b")
    total = tf.add(x, a, name="d") + tf.add(x, b, name="e") + tf.random_uniform([2]) + tf.random_uniform([2])
    for name in ("s", "s2"):
        first, second = tf.split(tf.identity(tf.identity(x)), 2, name=name)
        with tf.control_dependencies([total]):
            tf.add(tf.identity(second), first, name="z" + name)
    tf.Variable([1.0, 2.0], name="v")
    tf.identity(tf.add_n([total, tf.negative(y, name="n")], name="all"), name="out")
    rewritten = rewriting(tf, tf.get_default_graph().as_graph_def(), ["x", "y"])
    return Case(facts={"graphs": [
        rewritten("merge_duplicate_nodes"), rewritten("merge_duplicate_nodes", outputs=["out", "e", "zs2"]),
        rewritten("remove_nodes(op=Identity)"), rewritten("remove_nodes(op=Identity)", outputs=["Identity"]),
        rewritten("remove_nodes(op=Split)", outputs=["zs"]), rewritten("remove_nodes(op=Add, op=Neg)"),
        rewritten("remove_nodes(op=Add, max_inputs=2)"), rewritten("obfuscate_names", outputs=["out", "s"]),
        rewritten("remove_control_dependencies"), rewritten("sort_by_execution_order")]})


@program
def transforms_refused(tf):
    rewritten = rewriting(tf, small_network(tf))
    return Case(facts={"words": [found if isinstance(found, str) else len(found) for found in map(rewritten, (
        "nope", "nope(", "strip_unused_nodes(type=foo)", "remove_nodes", "rename_op", "rename_attribute",
        "remove_attribute", "remove_attribute(attribute_name=T, op_name=A, op_name=B)", "round_weights(num_steps=a)",
        "fold_constants(ignore_errors=x)", "remove_nodes(op=)", "remove_nodes(op=Identity", "a b",
        "strip_unused_nodes()", "sort_by_execution_order,fold_constants", "quantize_weights(minimum_size=b)",
        "remove_nodes(op='Relu')", "remove_nodes(op=Relu:0)", "remove_nodes(op=a-b.c/d_e)",
        "remove_nodes( op=Relu , op=Add )", "remove_nodes(op Relu)", 'remove_nodes(op="R\\"elu")', " \n",
        "remove_nodes(op=Relu))", "(", 'remove_nodes(op="Relu)', "rename_op(ignore_errors=true)",
        "rename_op(old_op_name=a, old_op_name=b, new_op_name=c)", "fold_constants(max_constant_size_in_bytes=a)"))] + [
        rewritten("strip_unused_nodes", outputs=["nope"]),
        rewritten('strip_unused_nodes(shape="")', inputs=["conv"]), rewritten("fold_constants", inputs=["nope"]),
        rewritten("fold_constants", outputs=["nope"]), rewritten("fold_constants", inputs=[]),
        rewritten("fold_constants", inputs=["conv"]), rewritten("fold_constants", outputs=["x"])]})


@program
def transforms_fold_constants(tf):
    rewritten = rewriting(tf, small_network(tf))
    x = tf.placeholder(tf.float32, [2, 3], name="z")
    table = tf.transpose(tf.constant([[1.0, 2.0], [3.0, 4.0]]) + 1.0, name="table")
    shown = tf.reshape(x, tf.concat([tf.shape(x), [1]], 0), name="shown")
    v = tf.Variable(tf.zeros([3, 2]), name="v")
    tf.matmul(shown[:, :, 0], v + 2.0 * tf.ones([3, 2]), name="product")
    tf.matmul(tf.matmul(x, v), table, name="last")
    more = rewriting(tf, tf.get_default_graph().as_graph_def(), ["z"], ["product", "last"])

    def numbered(found):  # TensorFlow counts all constants of the process, sessions' too
        places = {}
        for node in found:
            for name in [node[0]] + node[2].split():
                if "__cf__" in name:
                    places.setdefault(name, name.split("/_")[0] + "/folded")
        return [[places.get(node[0], node[0]), node[1], " ".join(places.get(name, name) for name in node[2].split())]
                + node[3:] for node in found]

    return Case(facts={"graphs": [numbered(rewritten("fold_constants(ignore_errors=true)")),
                                  numbered(rewritten("strip_unused_nodes", "fold_constants", "fold_batch_norms",
                                                     "remove_nodes(op=Identity, op=CheckNumerics)")),
                                  sorted(numbered(more("fold_constants")))]})


def normalized(tf):
    """A convolution and one of each channel, both normalized, and a scaled matrix product: frozen."""
    numbers = np.random.RandomState(1)
    x = tf.placeholder(tf.float32, [1, 6, 6, 2], name="x")

    def value(*shape):
        return tf.constant(numbers.uniform(0.5, 1.5, shape).astype(np.float32))

    def normal(y, size, name):
        return tf.raw_ops.FusedBatchNorm(x=y, scale=value(size), offset=value(size), mean=value(size),
                                         variance=value(size), epsilon=0.01, is_training=False, name=name)[0]

    y = normal(tf.nn.conv2d(x, value(3, 3, 2, 4), 1, "SAME", name="conv"), 4, "first")
    y = normal(tf.nn.depthwise_conv2d_native(y, value(2, 2, 4, 2), [1, 1, 1, 1], "VALID", name="depth"), 8, "second")
    tf.identity(tf.matmul(tf.reshape(y, [25, 8]), value(8, 3), name="product") * value(3), name="out")
    return tf.get_default_graph().as_graph_def()


def as_global(graph):
    """The same with nodes of the op that batch norms were in the beginning."""
    for node in graph.node:
        if node.op == "FusedBatchNorm":
            y, scale, offset, mean, variance = node.input
            node.op, node.input[:] = "BatchNormWithGlobalNormalization", [y, mean, variance, offset, scale]
            epsilon = node.attr["epsilon"].f
            for name in list(node.attr):
                if name != "T":
                    del node.attr[name]
            node.attr["variance_epsilon"].f = epsilon
            node.attr["scale_after_normalization"].b = node.name == "first"
    return graph


@program
def transforms_fold_batch_norms(tf):
    with tf.Graph().as_default():
        graph = normalized(tf)
    transform = internal(tf, "tensorflow.tools.graph_transforms").TransformGraph
    both = ["fold_batch_norms", "fold_old_batch_norms"]
    folded = transform(graph, ["x"], ["out"], both)
    results = [rewriting(tf, graph)(one) for one in both]
    global_graph = as_global(type(graph).FromString(graph.SerializeToString()))
    old = transform(global_graph, ["x"], ["out"], both)
    nodes = [[[node[:4] for node in found] for found in results]] + [
        [[node.name, node.op, " ".join(node.input)] for node in one.node] for one in (folded, old)]
    x = tf.constant(np.linspace(-1.0, 1.0, 72).reshape(1, 6, 6, 2).astype(np.float32))
    out = [tf.import_graph_def(one, {"x": x}, ["out:0"])[0] for one in (graph, folded, old)]
    return Case(facts={"graphs": nodes}, steps=[(out, None)])
