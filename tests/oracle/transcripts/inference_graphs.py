"""What makes frozen graphs smaller: nodes and values of `optimize_for_inference_lib` and `strip_unused_lib`."""
import numpy as np
from tensorflow.python.ops import gen_nn_ops
from tensorflow.python.tools import optimize_for_inference_lib as inference
from tensorflow.python.tools import strip_unused_lib

tf.logging.set_verbosity(tf.logging.FATAL)
old_norm = getattr(gen_nn_ops, "_fused_batch_norm", None) or gen_nn_ops.fused_batch_norm
numbers = np.random.RandomState(0)
picture = numbers.rand(1, 8, 8, 3)


def const(name, *shape):
    return tf.constant(numbers.rand(*shape).astype("f"), name=name)


def nodes(graph_def):
    return [(n.name, n.op, list(n.input), sorted(k for k in n.attr if k != "T")) for n in graph_def.node]


def values(graph_def):
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(graph_def, name="")
        return [round(float(v), 3) for v in session.run("out:0", {"x:0": picture}).ravel()[:4]]


def network(kind):
    """x -> convolution -> batch norm -> out."""
    with tf.Graph().as_default() as graph:
        h = tf.placeholder(tf.float32, [1, 8, 8, 3], name="x")
        channels = {"depthwise": 6, "no convolution": 3}.get(kind, 4)
        if kind == "depthwise":
            h = tf.nn.depthwise_conv2d(h, const("w", 3, 3, 3, 2), [1, 1, 1, 1], "SAME", name="conv")
        elif kind != "no convolution":
            w = const("w", 3, 3, 3, 4)
            h = tf.nn.conv2d(h, tf.identity(w) if kind == "weights" else w, [1, 1, 1, 1], "SAME", name="conv")
        s, o, m, v = [const(name, channels) for name in "somv"]
        h = old_norm(h, s, o, tf.identity(m) if kind == "mean" else m, v, is_training=False, name="norm")[0]
        tf.nn.relu(h, name="out")
        graph_def = graph.as_graph_def()
    for node in graph_def.node:
        if node.name == "norm" and kind.startswith("global"):
            node.op = "BatchNormWithGlobalNormalization"
            del node.input[:]
            node.input.extend(["conv", "m", "v", "o", "s"])
            for attr in list(node.attr):
                del node.attr[attr]
            node.attr["T"].type = 1
            node.attr["variance_epsilon"].f = 1e-3
            node.attr["scale_after_normalization"].b = kind == "global"
    return graph_def


for kind in ("fused", "depthwise", "global", "global without scale", "no convolution", "weights", "mean"):
    folded = inference.fold_batch_norms(network(kind))
    say(kind, nodes(folded))
    say("values", lambda: values(folded))
with tf.Graph().as_default() as graph:
    x = tf.placeholder(tf.float32, [1, 8, 8, 3], name="x")
    tf.identity(tf.image.decode_jpeg(tf.placeholder(tf.string, name="jpeg")), name="unused")
    h = tf.identity(tf.nn.relu(tf.nn.conv2d(x, const("w", 3, 3, 3, 4), [1, 1, 1, 1], "SAME"), name="relu"), name="id")
    h = tf.pad(tf.image.resize_bilinear(h, [16, 16]), [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    h = tf.nn.conv2d(h, const("w2", 3, 3, 4, 2), [1, 1, 1, 1], "VALID", name="last")
    tf.check_numerics(h, "bad", name="out")
whole = graph.as_graph_def()
say("values", values(whole))
stripped = strip_unused_lib.strip_unused(whole, ["id"], ["out"], tf.float32.as_datatype_enum)
say("stripped", nodes(stripped))
say("two inputs", nodes(strip_unused_lib.strip_unused(whole, ["id", "relu"], ["out"], [1, 2])))
say("no such node", lambda: strip_unused_lib.strip_unused(whole, [], ["nope"], 1))
say("a tensor", lambda: strip_unused_lib.strip_unused(whole, ["id:0"], ["out"], 1))
small = inference.optimize_for_inference(whole, ["x"], ["out"], tf.float32.as_datatype_enum)
say("small", nodes(small))
say("values", values(small))
say("for Lite", nodes(inference.optimize_for_inference(whole, ["x"], ["out"], 1, toco_compatible=True)))
for padding in ("REFLECT", "SYMMETRIC", "CONSTANT", None):
    with tf.Graph().as_default() as graph:
        h = tf.placeholder(tf.float32, [1, 8, 8, 3], name="x")
        if padding is None:
            h = tf.image.resize_bilinear(h, [4, 4], align_corners=True)
        else:
            h = tf.pad(h, [[0, 0], [1, 1], [1, 1], [0, 0]], mode=padding)
        tf.nn.conv2d(h, const("w", 3, 3, 3, 2), [1, 1, 1, 1], "VALID", name="out")
    fused = inference.fuse_resize_and_conv(graph.as_graph_def(), ["out"])
    say(padding, nodes(fused))
    say("values", values(fused))
wrong = tf.GraphDef()
wrong.CopyFrom(whole)
wrong.node[3].input.append("zzz:1")
say("wrong input", lambda: inference.ensure_graph_is_valid(wrong))
wrong.node.extend([wrong.node[0]])
say("two of a name", lambda: inference.ensure_graph_is_valid(wrong))
say("name", inference.node_name_from_input("^a/b:1"))
say("found", inference.node_from_map({"a": 1}, "a:0"))
say("not found", lambda: inference.node_from_map({"a": 1}, "b"))
say("no constant", lambda: inference.values_from_const(whole.node[0]))
