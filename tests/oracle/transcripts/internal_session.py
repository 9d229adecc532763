"""Classes of a program's own in fetches and feeds, scopes of summaries, modes, definitions of ops, shapes."""
from tensorflow.python.client import session as sessions
from tensorflow.python.eager import context
from tensorflow.python.framework import op_def_registry, sparse_tensor, tensor_util
from tensorflow.python.ops import summary_op_util

tf.logging.set_verbosity(tf.logging.FATAL)


class Holder(object):
    def __init__(self, x):
        self.x = x


class Other(object):
    pass


sessions.register_session_run_conversion_functions(
    Holder, lambda holder: ([holder.x], lambda values: values[0] * 10),
    lambda holder, value: [(holder.x, value * value)],
    lambda holder: [holder.x])
with tf.Graph().as_default(), tf.Session() as session:
    x = tf.placeholder(tf.float32)
    y = x + 1
    say("alone", session.run(Holder(y), {x: 2.0}).item())
    say("nested", sorted((k, float(v)) for k, v in session.run({"a": Holder(y), "b": y}, {Holder(x): 3.0}).items()))
    handle = session.partial_run_setup([Holder(y)], [Holder(x)])
    say("in parts", session.partial_run(handle, Holder(y), {Holder(x): 2.0}).item())
    say("not registered", lambda: session.run(Other()))
say("twice", lambda: sessions.register_session_run_conversion_functions(Holder, None))

for arguments in (("a", "fam", None, []), ("a b", None, "D"), (None, None, "D")):
    with tf.Graph().as_default(), tf.name_scope("x"), summary_op_util.summary_scope(*arguments) as scope:
        constant = tf.constant("s")
        summary_op_util.collect(constant, None, [tf.GraphKeys.SUMMARIES])
        summary_op_util.collect(constant, ["z"], [])
        say("scope", scope)
        say("collected", [tf.get_collection(tf.GraphKeys.SUMMARIES), tf.get_collection("z")])

with tf.Graph().as_default() as graph, context.graph_mode():
    say("mode", [context.executing_eagerly(), tf.get_default_graph() is graph])
registered = op_def_registry.get_registered_ops()
say("definition", [registered["MatMul"].name, [a.name for a in registered["MatMul"].input_arg]])
with tf.Graph().as_default():
    say("sparse", [sparse_tensor.is_sparse(thing) for thing in (
        tf.SparseTensor([[0]], [1.0], [1]), tf.SparseTensorValue([[0]], [1.0], [1]), tf.constant(1))])
proto = tf.make_tensor_proto([[1, 2]])
say("shapes", [tensor_util.ShapeEquals(proto, shape) for shape in ([1, 2], (2,), proto.tensor_shape)])
say("no message", lambda: tensor_util.ShapeEquals(3, [1]))
say("no shape", lambda: tensor_util.ShapeEquals(proto, "12"))
