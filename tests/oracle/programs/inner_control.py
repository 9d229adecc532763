"""Conds, loops and variables by names of `tensorflow.python.ops` that were never public."""

from . import Case, program
from .functions import internal
from .inner_names import values


@program
def inner_contexts(tf):
    """Contexts of conds and loops, what lies in which, and TensorFlow 2's forms of both."""
    ops, util, second = (internal(tf, "tensorflow.python.ops." + name) for name in (
        "control_flow_ops", "control_flow_util", "control_flow_util_v2"))
    graph, kept = tf.get_default_graph(), {}

    def body(i):
        kept["loop"] = graph._get_control_flow_context()
        kept["inside"] = i + 1
        return kept["inside"]

    def branch():
        kept["branch"] = graph._get_control_flow_context()
        kept["chosen"] = tf.constant(5)
        return kept["chosen"]

    result = ops.while_loop_v2(lambda i: i < 3, lambda i: (body(i),), (0,), maximum_iterations=2)
    both = ops.cond_for_tf_v2(result[0] > 0, lambda: [branch()], lambda: [tf.constant(6)])
    out, loop, cond = result[0].op, kept["loop"], kept["branch"]
    xla = ops.XLAControlFlowContext()
    xla.Enter()
    marked = tf.constant(7)
    xla.Exit()
    with tf.control_dependencies([out]), second.clear_control_inputs():
        free = tf.constant(8)
    known = values(tf, [
        lambda: [isinstance(c, ops.ControlFlowContext) for c in (loop, cond, xla)], lambda: [loop.name, cond.name],
        lambda: [loop.GetControlPivot().op.name, cond.GetControlPivot().op.name],
        lambda: [util.IsContainingContext(loop, loop), util.IsContainingContext(loop, cond)],
        lambda: [util.GetOutputContext(kept["inside"].op) is loop, util.GetOutputContext(out) is None],
        lambda: [util.OpInContext(out, loop), util.TensorInContext(kept["chosen"], cond)],
        lambda: [util.IsInXLAContext(marked.op), util.InXlaContext(graph), util.GetContainingXLAContext(xla) is xla],
        lambda: util.CheckInputFromValidContext(out, kept["inside"].op),
        lambda: util.CheckInputFromValidContext(kept["chosen"].op, kept["inside"].op),
        lambda: util.CheckInputFromValidContext(kept["inside"].op, out), lambda: util.EnableControlFlowV2(graph),
        lambda: [ops._ShapeLessThanOrEqual(tf.TensorShape(a), tf.TensorShape(b)) for a, b in (
            ([1], [None]), ([None], [1]), (None, [1]), ([1], None), ([1], [1, 2]))],
        lambda: len(free.op.control_inputs)])
    show = [result[0], both[0], ops.tuple_v2([result[0]], control_inputs=[both[0].op])[0]]
    return Case(steps=[(show, None)], show=show, facts={"known": known})


@program
def inner_functions_of_control(tf):
    """`cond_v2` and `while_v2`: branches and bodies as functions, with gradients."""
    cond_v2, while_v2 = (internal(tf, "tensorflow.python.ops." + name) for name in ("cond_v2", "while_v2"))
    x = tf.constant(3.0)
    chosen = cond_v2.cond_v2(x > 2.0, lambda: x * x, lambda: x, name="chosen")
    numbered = cond_v2.indexed_case(tf.constant(1), [lambda: x, lambda: x * 4.0])
    looped = while_v2.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [tf.constant(0), x])
    show = [chosen, numbered, looped[1]] + [tf.gradients(y, x)[0] for y in (chosen, numbered, looped[1])]
    return Case(steps=[(show, None)], facts={"shapes": [str(y.shape) for y in show]})


@program
def inner_variables_made(tf):
    """Creators, checks of arguments, variables without a value, handles."""
    variables, scopes, resources = (internal(tf, "tensorflow.python.ops." + name) for name in (
        "variables", "variable_scope", "resource_variable_ops"))
    aggregation, when = variables.VariableAggregationV2, variables.VariableSynchronization
    check = variables.validate_synchronization_aggregation_trainable
    one = scopes.default_variable_creator(None, initial_value=1.0, name="one")
    two = scopes.default_variable_creator_v2(None, initial_value=2.0, name="two")
    empty = resources.UninitializedVariable(shape=[2], dtype=tf.float32, name="empty")
    handle = resources.variable_handle_from_shape_and_dtype([2], tf.float32, "shared", "handle", True)
    store = scopes._VariableStore()
    with scopes.with_variable_store(store):
        kept = tf.get_variable("kept", initializer=4.0)
    filled = empty.assign([1.0, 2.0])
    known = values(tf, [
        lambda: check(None, None, None, "v")[2], lambda: check(when.ON_READ, None, None, "v")[2],
        lambda: check(1, 2, None, "v")[0] is when.NONE, lambda: check(1, 2, None, "v")[1] is aggregation.MEAN,
        lambda: check("x", None, None, "v"), lambda: check(None, 9, None, "v"),
        lambda: variables.VariableAggregation.SUM == aggregation.SUM,
        lambda: hash(variables.VariableAggregation.SUM) == hash(aggregation.SUM),
        lambda: [isinstance(v, resources.BaseResourceVariable) for v in (one, two, empty)],
        lambda: str(resources.get_resource_handle_data(two.handle)).split(), lambda: sorted(store._vars),
        lambda: scopes.default_variable_creator(None)])
    begun = tf.group(one.initializer, two.initializer, kept.initializer)
    return Case(steps=[(begun, None), ([one, two, kept], None), (filled, None)], show=[one, two, empty, kept, handle],
                facts={"known": known})
