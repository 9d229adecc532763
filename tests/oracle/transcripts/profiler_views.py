"""tf.profiler.profile: what people print, in both views, and the protos that come back."""
import sys

Builder = tf.profiler.ProfileOptionBuilder


def show(title, graph, cmd="scope", **options):
    print("=== " + title)
    sys.stdout.flush()
    found = tf.profiler.profile(graph, cmd=cmd, **options)
    sys.stdout.flush()
    print(type(found).__name__)
    print(found)
    sys.stdout.flush()


def convolutional():
    x = tf.placeholder(tf.float32, [8, 16], name="x")
    with tf.variable_scope("a"):
        w = tf.get_variable("w", [16, 32])
        b = tf.get_variable("b", [32])
        h = tf.nn.relu(tf.matmul(x, w) + b)
    with tf.variable_scope("out"):
        w2 = tf.get_variable("w", [32, 4])
        b2 = tf.get_variable("b", [4], initializer=tf.zeros_initializer())
        y = tf.nn.softmax(tf.matmul(h, w2) + b2)
    images = tf.placeholder(tf.float32, [None, 28, 28, 1], name="i")
    filters = tf.get_variable("k", [3, 3, 1, 8])
    tf.nn.conv2d(images, filters, [1, 1, 1, 1], "SAME")
    c = tf.nn.conv2d(tf.ones([2, 28, 28, 1]), filters, [1, 2, 2, 1], "VALID")
    p = tf.nn.max_pool(c, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    loss = tf.reduce_mean(p) + tf.reduce_mean(y)
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)


def mixed():
    x = tf.placeholder(tf.float32, [None, 16], name="x")
    with tf.variable_scope("a"):
        w = tf.get_variable("w", [16, 32])
        tf.matmul(x, w)
        tf.get_variable("v", [2, 3], trainable=False)
        tf.Variable(tf.zeros([]), name="u")
    tf.get_variable("q", [4, 5], use_resource=True)


with tf.Graph().as_default() as graph:
    convolutional()
show("operations on numbers", graph, options=Builder.float_operation())
show("parameters", graph, options=Builder.trainable_variables_parameter())
show("by type", graph, "op", options=Builder.float_operation())
show("by type and name", graph, "op", options=Builder(Builder.float_operation()).order_by("name").build())
with tf.Graph().as_default() as other:
    mixed()
    show("the default", None)
parameters = Builder.trainable_variables_parameter()
show("incomplete shapes", other, options=Builder.float_operation())
show("types of variables", other, "op", options=parameters)
show("one level", other, options=Builder(parameters).with_max_depth(1).build())
show("two levels", other, options=Builder(parameters).with_max_depth(2).build())
show("some names", other, options=Builder(parameters).with_node_names(show_name_regexes=[".*w.*"]).build())
show("hidden names", other, options=Builder(parameters).with_node_names(hide_name_regexes=["a/w"]).build())
show("trimmed names", other, options=Builder(parameters).with_node_names(trim_name_regexes=["a"]).build())
show("started at", other, options=Builder(parameters).with_node_names(start_name_regexes=["a"]).build())
show("large ones", other, options=Builder(parameters).order_by("params").with_min_parameters(7).build())
show("nothing", other, options=Builder(parameters).with_empty_output().build())
everything = Builder(parameters).with_accounted_types([".*"]).select(
    ["params", "float_ops", "op_types", "device", "occurrence", "input_shapes"])
show("everything", other, options=everything.build())
show("everything counted", other, options=everything.account_displayed_op_only(False).with_max_depth(2).build())
show("variables and scopes", other, options=Builder(parameters).with_accounted_types(["VariableV2"]).build())
