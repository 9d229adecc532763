"""More of tf.contrib.framework: asserted shapes, cases that may be known, functions with keywords, bounded specs."""

from . import Case, program
from .refused import refusals


@program
def framework_shapes_asserted(tf):
    framework = tf.contrib.framework
    free = tf.placeholder_with_default([[1., 2., 3.], [4., 5., 6.]], None)
    half = tf.placeholder_with_default([[1., 2., 3.], [4., 5., 6.]], [None, 3])
    made = [framework.with_shape([2, 3], free), framework.with_shape(tf.placeholder_with_default([2, 3], [2]), free),
            framework.with_same_shape(half, free), framework.with_shape([2, 3], half),
            framework.with_shape([2, 3], tf.ones([2, 3])), framework.with_same_shape(tf.ones([2]), tf.ones([2]))]
    scalar = framework.with_shape([], tf.placeholder(tf.float32))
    return Case(steps=[(made, None)], show=made + [scalar], facts={"said": refusals([
        lambda: framework.with_shape([2, 3], tf.ones([2, 2])),
        lambda: framework.with_shape([None, 3], free),
        lambda: framework.with_same_shape(tf.ones([2]), tf.ones([3])),
    ])})


@program
def framework_smart_cases(tf):
    case = tf.contrib.framework.smart_case
    on = tf.placeholder_with_default(True, [])
    made = [case([(tf.constant(True), lambda: tf.constant(1)), (on, lambda: tf.constant(2))],
                 default=lambda: tf.constant(4)),
            case([(tf.constant(False), lambda: tf.constant(1)), (on, lambda: tf.constant(2))],
                 default=lambda: tf.constant(4)),
            case([(False, lambda: tf.constant(1))], default=lambda: tf.constant(4), name="Q")]
    return Case(steps=[(made, None)], show=made)


@program
def framework_python_functions(tf):
    made = tf.contrib.framework.py_func(lambda x, y=1: x + y, [tf.constant(3.)], {"y": tf.constant(2.)}, tf.float32,
                                        [], name="pf")
    pair = tf.contrib.framework.py_func(lambda x: (x, -x), [tf.constant([1., 2.])], output_types=(tf.float32,) * 2,
                                        output_shapes=([2], [None]))
    return Case(steps=[([made, pair], None)], show=[made] + list(pair))


@program
def framework_bounded_specs(tf):
    spec = tf.contrib.framework.BoundedTensorSpec
    one = spec([2], tf.float32, 0, [1, 2], "n")
    return Case(facts={"said": refusals([lambda: spec([2], tf.float32, None, 1)])}, show=[
        one.minimum.tolist(), one.maximum.tolist(), one.name, one.shape, one.dtype, one == spec(
            [2], tf.float32, 0, [1, 2], "n"), one == spec([2], tf.float32, 0, [1, 3], "n"),
        spec.from_spec(one).minimum.tolist(), repr(one)])


@program
def contrib_fuse_op(tf):
    """Parts of a graph as one node."""
    q = tf.constant(3., name="q0")
    a = tf.placeholder(tf.float32, [2], name="a")
    b = tf.add(a, tf.constant(1., name="z"), name="b")
    first = tf.nn.relu(b, name="e1")
    tf.abs(q, name="q1")
    third = tf.nn.relu(tf.nn.relu(first, name="e2"), name="e3")
    tf.add(tf.nn.relu(third, name="f"), third, name="h")
    graph_def = tf.get_default_graph().as_graph_def()
    fuse = tf.contrib.framework.fuse_op

    def made(*args):
        found = fuse(graph_def, *args)
        return [[node.name, node.op, list(node.input), list(node.attr["_output_types"].list.type),
                 node.attr["_output_quantized"].b] for node in found.node] + [found.versions.producer]

    facts = {"two outputs": made(["b"], ["e2", "e3"], [1, 1], True, "F", "Fused"),
             "two inputs": made(["b", "q0"], ["e3", "q1"], [1, 2], False, "F", "Fused"),
             "long": made(["a"], ["e3"], [1], False, "F", "Fused"), "no types": made(["b"], ["e3"], [], True, "F", "G")}
    for name, args in (("no graph", (3, ["b"], ["e2"])), ("no list", (graph_def, "b", ["e2"])),
                       ("no list behind", (graph_def, ["b"], "e2")), ("nowhere", (graph_def, ["zz"], ["e2"])),
                       ("nowhere behind", (graph_def, ["b"], ["zz"]))):
        try:
            fuse(*(args + ([1], True, "F", "Fused")))
        except (TypeError, AssertionError) as error:
            facts[name] = [type(error).__name__, str(error)]
    try:
        fuse(graph_def, ["b"], ["h"], [1], True, "F", "Fused")
    except AssertionError:
        facts["two inputs behind"] = "refused"
    return Case(facts=facts)
