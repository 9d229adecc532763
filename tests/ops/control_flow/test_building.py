"""What conds, loops and TensorArrays refuse while they are built, and what belongs to the graph around them."""

import pytest

from tfmagic import tf
from tfmagic.base import messages
from tfmagic.ops.control_flow import context_protos

pytestmark = pytest.mark.usefixtures("graph")


X = pytest.mark.parametrize


def start():
    return [tf.constant(0)]


@X(("build", "error", "words"), [
    (lambda x: tf.cond(True, lambda: x, lambda: x), TypeError, "pred must not be a Python bool"),
    (lambda x: tf.cond(x, lambda: x, lambda: x), TypeError, "'pred' of 'Switch' Op has type float32"),
    (lambda x: tf.cond(x > 0, lambda: x, lambda: tf.constant(1)), ValueError, "must have the same type"),
    (lambda x: tf.cond(x > 0, lambda: x, lambda: (x, x)), ValueError, "don't have the same nested structure"),
    (lambda x: tf.cond(x > 0, lambda: (x, x), lambda: [x, x]), TypeError, "have the same nested structure"),
    (lambda x: tf.cond(x > 0, lambda: None, lambda: None), ValueError, "true_fn must have a return value"),
    (lambda x: tf.cond(x > 0, list, list), ValueError, "must return at least one result"),
    (lambda x: tf.cond(x > 0, x, lambda: x), TypeError, "true_fn must be callable"),
    (lambda x: tf.cond(x > 0, lambda: x), TypeError, "false_fn argument required"),
    (lambda x: tf.while_loop(lambda i, j: i < 3, lambda i, j: i + 1, [*start(), x]), ValueError,
     "don't have the same number of elements"),
    (lambda x: tf.while_loop(lambda i: i < 3, lambda i: tf.stack([i, i]), start()), ValueError,
     r"enters the loop with shape \(\), but has shape \(2,\) after one iteration"),
    (lambda x: tf.while_loop(lambda i: i, lambda i: i + 1, start()), TypeError,
     "'input' of 'LoopCond' Op has type int32"),
    (lambda x: tf.while_loop(lambda i: [True, False], lambda i: i + 1, start()), ValueError,
     "Shape must be rank 0 but is rank 1"),
    (lambda x: tf.while_loop(lambda i: i < 3, lambda i: None, start()), ValueError, "None values not supported"),
    (lambda x: tf.while_loop(lambda i: i < 3, lambda i: tf.cast(i, tf.float32), start()),
     tf.errors.InvalidArgumentError, "was passed float from while/NextIteration:0 incompatible with expected int32"),
    (lambda x: tf.while_loop(lambda i: i < 3, lambda i: i + 1, []), ValueError, "No loop variables provided"),
    (lambda x: tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], maximum_iterations=[1, 2]), ValueError,
     "maximum_iterations must be a scalar"),
    (lambda x: tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], parallel_iterations=0), TypeError,
     "parallel_iterations must be a positive integer"),
    (lambda x: tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0], shape_invariants=[tf.TensorShape([2])]),
     ValueError, r"the specified shape invariant is \(2,\)"),
    (lambda x: tf.case([(x > 0, 1)]), TypeError, "must be callable"),
    (lambda x: tf.case([(1, lambda: x)]), TypeError, "pred must be a Tensor, got: 1"),
    (lambda x: tf.case([x > 0]), TypeError, "Each entry in pred_fn_pairs must be a 2-tuple"),
    (lambda x: tf.switch_case(x, [lambda: x]), TypeError, "integer Tensor"),
    (lambda x: tf.tuple([None]), ValueError, "Must have at least one Tensor"),
    (lambda x: tf.group(1), TypeError, "with type '<class 'int'>'"),
    (lambda x: tf.map_fn(lambda v: v, x), ValueError, "1\\+ dimensional Tensor"),
    (lambda x: tf.TensorArray(tf.float32), ValueError, "Size must be provided"),
    (lambda x: tf.TensorArray(tf.float32, 3).write(0, [1.0, 2.0]).write(1, 1.0), ValueError, "Inconsistent shapes"),
])
def test_wrong_use_is_refused_in_tensorflows_words(build, error, words):
    with pytest.raises(error, match=words):
        build(tf.constant(1.0))


def test_values_of_a_loop_stay_inside():
    kept = []
    tf.while_loop(lambda i: i < 3, lambda i: (kept.append(i), i + 1)[1], start())
    with pytest.raises(ValueError, match="Cannot use 'while/Identity' as input to .* is in a while loop"):
        tf.add(kept[0], 1)


def test_values_of_a_branch_cannot_be_fetched():
    kept = []
    x = tf.constant(1.0)
    tf.cond(x > 0, lambda: (kept.append(x + 1.0), kept[0])[1], lambda: x)
    with tf.Session() as session, pytest.raises(ValueError, match="may not be fetched|not fetchable"):
        session.run(kept[0])


def test_only_the_branch_that_is_taken_runs(capfd):
    p = tf.placeholder(tf.bool, [])
    calls = []
    y = tf.cond(p, lambda: tf.py_func(lambda: calls.append("yes") or 1.0, [], tf.float64),
                lambda: tf.py_func(lambda: calls.append("no") or 2.0, [], tf.float64))
    with tf.Session() as session:
        assert session.run(y, {p: True}) == 1.0
        assert session.run(y, {p: False}) == 2.0
    assert calls == ["yes", "no"]


def test_an_error_inside_a_loop_names_its_node():
    x = tf.placeholder(tf.float32, [None])
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.check_numerics(y / 0.0, "too large")), [0, x],
                         shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="too large") as caught:
        session.run(y, {x: [1.0]})
    assert caught.value.op.name == "while/CheckNumerics"


def test_conds_and_loops_are_collected(graph):
    x = tf.constant(1.0)
    tf.cond(x > 0, lambda: x, lambda: x)
    tf.while_loop(lambda i: i < 3, lambda i: i + 1, start())
    assert len(graph.get_collection(tf.GraphKeys.COND_CONTEXT)) == 2
    assert len(graph.get_collection(tf.GraphKeys.WHILE_CONTEXT)) == 1


def test_an_imported_loop_runs(graph):
    x = tf.placeholder(tf.float32, [], name="x")
    _, y = tf.while_loop(lambda i, y: i < 3,
                         lambda i, y: (i + 1, tf.cond(y > 5.0, lambda: y - x, lambda: y * x)), [0, x])
    y = tf.identity(y, name="y")
    gradient = tf.identity(tf.gradients(y, x)[0], name="gradient")
    with tf.Graph().as_default():
        a, b, c = tf.import_graph_def(graph.as_graph_def(), return_elements=["x:0", "y:0", "gradient:0"], name="")
        with tf.Session() as session:
            imported = session.run([b, c], {a: 2.0})
    with tf.Session() as session:
        assert session.run([y, gradient], {x: 2.0}) == imported


def test_summaries_of_a_body_belong_to_it(graph):
    graph.add_to_collection("_SUMMARY_V2", tf.constant("outside"))

    def noisy():
        graph.add_to_collection("_SUMMARY_V2", tf.constant("inside"))
        return tf.constant(1)

    tf.cond(tf.constant(True), noisy, lambda: tf.constant(2))
    assert len(graph.get_collection("_SUMMARY_V2")) == 1


def test_contexts_travel_as_protos_so_that_an_imported_loop_has_gradients(graph):
    x = tf.placeholder(tf.float32, [], name="x")

    def body(i, y):
        return i + 1, tf.cond(y > 5.0, lambda: y - x, lambda: y * x)

    _, y = tf.while_loop(lambda i, y: i < 3, body, [0, x])
    loop, = graph.get_collection(tf.GraphKeys.WHILE_CONTEXT)
    data = loop.to_proto().SerializeToString()
    with tf.Session() as session:
        expected = session.run(tf.gradients(y, x)[0], {x: 2.0})
    with tf.Graph().as_default():
        a, b = tf.import_graph_def(graph.as_graph_def(), return_elements=["x:0", y.name], name="")
        with pytest.raises(ValueError, match="only has the nodes"):
            tf.gradients(b, a)
        proto = messages.module("control_flow_pb2").WhileContextDef.FromString(data)
        assert len(proto.nested_contexts) == 2
        context_protos.from_proto(proto)
        with tf.Session() as session:
            assert session.run(tf.gradients(b, a)[0], {a: 2.0}) == expected
