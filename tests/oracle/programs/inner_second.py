"""What TensorFlow keeps to itself and its own tests call: second-version initializers, subscriptions, device names."""

from . import Case, program
from .functions import internal
from .inner_names import values


@program
def second_initializers(tf):
    """`init_ops_v2`: types belong to the call, seeds draw without a state."""
    init = internal(tf, "tensorflow.python.ops.init_ops_v2")
    drawn = [init.Zeros()([2, 3]), init.Ones()((2,), dtype=tf.int32), init.Constant(3.0)([2, 1]),
             init.Constant([1, 2, 3, 4])([2, 2]), init.Identity(2.0)([2, 3])]
    drawn += [make([3, 4]) for make in (
        init.RandomUniform(-1.0, 2.0, seed=3), init.RandomNormal(seed=3), init.TruncatedNormal(seed=4),
        init.VarianceScaling(2.0, "fan_out", "uniform", seed=3), init.Orthogonal(2.0, seed=3), init.he_normal(3),
        init.VarianceScaling(2.0, "fan_avg", "untruncated_normal", seed=3), init.GlorotUniform(3))]
    drawn.append(init.RandomUniform(0, 5, seed=3)([2, 3], dtype=tf.int32))
    known = values(tf, [
        lambda: init.Ones()([2], dtype=tf.string), lambda: init.Constant([1.0, 2.0, 3.0])([2, 2]),
        lambda: init.Constant(None), lambda: init.RandomNormal()([2], dtype=tf.int32),
        lambda: init.RandomUniform()([2], dtype=tf.string), lambda: init.VarianceScaling(-1.0),
        lambda: init.VarianceScaling(mode="x"), lambda: init.VarianceScaling(distribution="normal").distribution,
        lambda: init.Orthogonal()([3]), lambda: init.Identity()([2]), lambda: init.Initializer()([2]),
        lambda: init.GlorotNormal.from_config({"seed": 4, "dtype": "x"}).get_config(),
        lambda: sorted(init.VarianceScaling().get_config().items()), lambda: init.zeros_initializer is init.zero])
    return Case(steps=[(drawn, None)], show=drawn, facts={"known": known})


@program
def tensors_subscribed_to(tf):
    """`framework.subscribe`: an Identity between a tensor and its readers, which waits for what is to run."""
    subscribe = internal(tf, "tensorflow.python.framework.subscribe").subscribe
    a, b = tf.constant(10.0, name="a"), tf.constant(20.0, name="b")
    v = tf.Variable(3.0, name="v")
    total = tf.add(a, b, name="total")
    twice = tf.multiply(total, total, name="twice")
    with tf.control_dependencies([a]):
        waits = tf.constant(1.0, name="waits")
    seen = tf.Variable(0.0, name="seen")

    def count(tensor):
        return [tf.assign_add(seen, tensor, name="count")]

    result = [subscribe(a, count), subscribe({"x": (total, [twice])}, [count, count]), subscribe(a, count),
              subscribe(v, count)]
    again = subscribe(result[0], lambda tensor: [tf.no_op("more")])
    loop = subscribe(tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], name="loop"), lambda tensor: [tf.no_op()])
    known = values(tf, [
        lambda: [[tensor.name for tensor in op.inputs] for op in (total.op, twice.op)],
        lambda: [op.name for op in waits.op.control_inputs], lambda: [again.name, loop.name],
        lambda: subscribe("a", count), lambda: subscribe(a.op, count)])
    return Case(steps=[(twice, None), (seen, None)], init=True, facts={"known": [
        row if isinstance(row, str) else row[:1] for row in known]})


@program
def device_names_of_two_kinds(tf):
    """`DeviceSpecV2` cannot be changed, `DeviceSpec` can; a merger of devices is made once for a name."""
    device = internal(tf, "tensorflow.python.framework.device")
    second = internal(tf, "tensorflow.python.framework.device_spec").DeviceSpecV2
    first, fixed = tf.DeviceSpec("b", 1, 2, "CPU", 3), second(job="a", task="3", device_type="gpu")
    names = ["/job:x", "/device:CPU:*", "/device:*:*", "/device:foo:3", "/device:gpu:0", "/Gpu:0", "/CPU:*",
             "job:a/replica:1", "/device:CPU", "/job:a:b", "/job", "/tpu:0", "/gpu:0/gpu:1", "/gpu:x", None, ""]
    known = values(tf, [lambda name=name: second.from_string(name).to_string() for name in names])
    known += values(tf, [
        lambda: fixed.make_merged_spec(first).to_string(), lambda: first.make_merged_spec(fixed).to_string(),
        lambda: fixed.replace(job="q").to_string(), lambda: first.parse_from_string("/task:9").to_string(),
        lambda: first.merge_from(second(job="m")), lambda: first.to_string(),
        lambda: fixed == tf.DeviceSpec(job="a", task=3, device_type="GPU"),
        lambda: hash(fixed) == hash(tf.DeviceSpec(job="a", task=3, device_type="GPU")),
        lambda: isinstance(first, second), lambda: second(replica="x"), lambda: setattr(first, "nope", 3),
        lambda: device.merge_device("/cpu:0") is device.merge_device("/cpu:0"),
        lambda: device.merge_device(fixed)(tf.NodeDef(device="/task:7")).to_string(),
        lambda: device.MergeDevice("/cpu:0").shortcut_string_merge(tf.NodeDef(device="/job:a/gpu:1"))])
    with tf.device(device.merge_device("/job:a")), tf.device(fixed):
        tf.constant(1.0)
    return Case(facts={"known": known})


@program
def names_of_a_debugger(tf):
    """`debug.lib.debug_graphs` and `debug_utils`."""
    graphs = internal(tf, "tensorflow.python.debug.lib.debug_graphs")
    utils = internal(tf, "tensorflow.python.debug.lib.debug_utils")
    known = values(tf, [
        lambda: [graphs.get_node_name(name) for name in ("a:0", "a", "b/a:1")],
        lambda: [graphs.get_output_slot(name) for name in ("a:3", "a")],
        lambda: [graphs.parse_node_or_tensor_name(name) for name in ("a:3", "b/a", "a:")],
        lambda: graphs.parse_node_or_tensor_name("a:x"),
        lambda: [graphs.is_copy_node(name) for name in ("__copy_a_0", "copy", "_copy_a")],
        lambda: [graphs.is_debug_node(name) for name in ("__dbg_a:0_0_DebugIdentity", "_dbg_a")]])
    known += values(tf, [lambda name=name: graphs.parse_debug_node_name(name) for name in (
        "__dbg_b_a/c/node_d:1_0_DebugIdentity", "__dbg_a:0_12_DebugNanCount", "__copy_a:1_0_DebugIdentity",
        "__dbg_a:1_DebugIdentity", "__dbg_a:1_x_DebugIdentity", "__dbg_a_0_D")])
    tf.add(tf.Variable(1.0, name="v"), tf.constant(2.0, name="b"), name="p")
    known += values(tf, [lambda: utils.watch_graph(tf.RunOptions(), tf.get_default_graph()),
                         lambda: utils.add_debug_tensor_watch(tf.RunOptions(), "a")])
    options = [tf.RunOptions() for _ in range(4)]
    graph = tf.get_default_graph()
    utils.watch_graph(options[0], graph, debug_urls="file:///t")
    utils.watch_graph(options[1], graph, ["DebugNanCount"], "file:///t", "(v$|v/.*|p$)", "(Identity|Add.*)")
    utils.watch_graph(options[2], graph, debug_urls=["file:///t"], tensor_dtype_regex_whitelist="int.*")
    utils.watch_graph_with_blacklists(options[3], graph, debug_urls="file:///t", node_name_regex_blacklist="v.*",
                                      global_step=3, op_type_regex_blacklist="Const")
    return Case(facts={"known": known, "watched": [str(given) for given in options]})
