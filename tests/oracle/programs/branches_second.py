"""Branches and loops once more: second derivatives of nested branches, slices with two types of indices, ragged loop
variables, conditions that are known, and contexts as protos."""

from __future__ import print_function

from . import Case, program
from .functions import internal
from .inner_names import values


@program
def cond_nested_second_gradients(tf):
    x = tf.constant(0.5, name="x")
    p, q = (tf.placeholder(tf.bool, [], name=name) for name in "pq")

    def inner(k):
        return tf.cond(q, lambda: x * k, lambda: x * x * k)

    y = tf.cond(p, lambda: inner(2.0), lambda: tf.exp(inner(3.0)))
    first, = tf.gradients(y, x)
    second, = tf.gradients(first, x)
    return Case(steps=[([y, first, second], {p: a, q: b}) for a in (True, False) for b in (True, False)],
                show=[first, second])


@program
def cond_of_slices_with_two_types(tf):
    p = tf.placeholder(tf.bool, [], name="p")

    def slices(dtype, shape=None):
        return tf.IndexedSlices(tf.constant([20.0]), tf.constant([1], dtype),
                                None if shape is None else tf.constant([3], shape))

    pair = tf.cond(p, lambda: (slices(tf.int32), slices(tf.int64)), lambda: (slices(tf.int64), slices(tf.int32)))
    shaped = tf.cond(p, lambda: slices(tf.int32, tf.int32), lambda: slices(tf.int64, tf.int32))
    parts = [part for item in pair for part in (item.values, item.indices)] + [shaped.indices, shaped.dense_shape]
    return Case(steps=[(parts, {p: True}), (parts, {p: False})], show=parts)


@program
def while_of_ragged_tensors(tf):
    rows = tf.ragged.constant([[1, 2], [3]])
    any_rows = tf.RaggedTensorSpec([None, None], tf.int32)
    kept = tf.while_loop(lambda i, t: i < 2, lambda i, t: (i + 1, t + 1), (0, rows))[1]
    grown = tf.while_loop(lambda i, t: i < 2, lambda i, t: (i + 1, tf.concat([t, t], 0)), (0, rows),
                          shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, None])))[1]
    by_spec = tf.while_loop(lambda i, t: i < 2, lambda i, t: (i + 1, tf.concat([t, t], 1)), (0, rows),
                            shape_invariants=(tf.TensorShape([]), any_rows))[1]
    parts = [part for t in (kept, grown, by_spec) for part in (t.values, t.row_splits)]
    refused = values(tf, [
        lambda: tf.while_loop(lambda i, t: i < 2, lambda i, t: (i + 1, tf.concat([t, t], 0)), (0, rows)),
        lambda: tf.while_loop(lambda i, t: i < 2, lambda i, t: (i + 1, t), (0, rows),
                              shape_invariants=(tf.TensorShape([]), tf.TensorShape([]))),
    ])
    return Case(steps=[(parts, None)], show=parts, facts={"refused": refused})


@program
def while_condition_with_axes(tf):
    n = tf.placeholder(tf.int32, None, name="n")
    r = tf.while_loop(lambda i: tf.less(i, 3), lambda i: i + 1, [n])
    with tf.Session() as sess:
        facts = values(tf, [lambda: int(sess.run(r, {n: 1})), lambda: sess.run(r, {n: [1, 2]}),
                            lambda: sess.run(r, {n: []})])
    return Case(facts={"results": facts})


@program
def conditions_known(tf):
    smart = internal(tf, "tensorflow.python.framework.smart_cond")
    utils = internal(tf, "tensorflow.python.layers.utils")
    x, p = tf.constant(2.0), tf.placeholder(tf.bool, [], name="p")
    v = tf.Variable(True, name="v")
    facts = values(tf, [
        lambda: [bool(smart.smart_constant_value(pred)) for pred in (True, 0, 1.0, tf.constant(True), x > 1.0)],
        lambda: smart.smart_constant_value(p),
        lambda: smart.smart_constant_value(3),
        lambda: bool(utils.constant_value(x > 1.0)),
        lambda: utils.constant_value(v),
        lambda: utils.constant_value("a"),
        lambda: utils.smart_cond(v, lambda: x, lambda: x).name,
        lambda: smart.smart_case([(True, lambda: 1), (True, lambda: 2)], exclusive=True),
        lambda: smart.smart_case([(False, lambda: 1), (False, lambda: 2)], default=lambda: 3),
        lambda: smart.smart_case([(p, lambda: 1), (True, lambda: 2)], exclusive=True).name,
        lambda: smart.smart_case([(1.0, lambda: 1)]),
        lambda: smart.smart_case(3),
        lambda: smart.smart_case([(x > 1.0, lambda: 7)]),
    ])
    return Case(facts={"known": facts})


@program
def contexts_as_protos(tf):
    ops = internal(tf, "tensorflow.python.ops.control_flow_ops")
    p = tf.placeholder(tf.bool, [], name="p")
    tf.cond(p, lambda: tf.constant(1), lambda: tf.constant(2))
    tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
    branch = tf.get_collection(tf.GraphKeys.COND_CONTEXT)[0]
    loop = tf.get_collection(tf.GraphKeys.WHILE_CONTEXT)[0]
    again, turned = (type(context).from_proto(context.to_proto()) for context in (branch, loop))
    facts = values(tf, [
        lambda: (str(branch), again.name, again.pred.name, again.pivot.name, again.branch),
        lambda: (str(loop), turned.name, turned.parallel_iterations, turned.back_prop, turned.pivot.name),
        lambda: str(turned.to_proto()) == str(loop.to_proto()),
        lambda: ops.CondContext.from_proto(branch.to_proto(), import_scope="no"),
    ])
    return Case(facts={"contexts": facts})


@program
def operations_as_tensors(tf):
    facts = values(tf, [
        lambda: tf.convert_to_tensor(tf.no_op(name="nothing")),
        lambda: tf.convert_to_tensor(tf.no_op(name="none_again"), tf.float32),
    ])
    return Case(facts={"refused": facts})


@program
def variables_with_shapes(tf):
    resource = internal(tf, "tensorflow.python.ops.resource_variable_ops").ResourceVariable
    facts = values(tf, [
        lambda: resource(1.0, shape=[2]),
        lambda: str(resource(tf.ones([2]), shape=[None]).shape),
        lambda: tf.get_variable("cut", [4, 4], partitioner=lambda **unused: [5, 1]),
        lambda: tf.create_partitioned_variables([4], [2, 2], tf.ones_initializer()),
        lambda: tf.variable_axis_size_partitioner(10, max_shards=0)(shape=tf.TensorShape([8, 2]), dtype=tf.float32),
    ])
    return Case(facts={"answers": facts})


@program
def ragged_rows_joined_keep_their_number(tf):
    known, unknown = tf.ragged.constant([[1, 2], [3]]), tf.ragged.placeholder(tf.int32, 1)
    joined = [join(pair, 1) for join in (tf.concat, tf.stack)
              for pair in ([known, known], [known, unknown], [unknown, known], [unknown, unknown])]
    return Case(facts={"shapes": [str(t.row_splits.shape) for t in joined]})


@program
def small_rules_of_the_framework(tf):
    dtypes = internal(tf, "tensorflow.python.framework.dtypes")
    gradients = internal(tf, "tensorflow.python.framework.ops")
    gradients.RegisterGradient("TwoForOne")(lambda op, grad: (grad, grad))
    x = tf.constant([1.0, 2.0], name="x")
    with tf.get_default_graph().gradient_override_map({"Sin": "TwoForOne"}):
        y = tf.sin(x, name="y")
    part = tf.GraphDef()
    part.node.add(name="B", op="NoOp").attr["_class"].list.s.append(b"loc:@Q")
    with tf.Session() as sess:
        facts = values(tf, [
            lambda: [tuple(dtypes.as_dtype(name).limits) for name in ("float32", "float64", "uint8", "int16")],
            lambda: tf.gradients(y, x),
            lambda: tf.import_graph_def(part),
            lambda: sess.run(tf.py_func(lambda: object(), [], tf.string)),
            lambda: sess.partial_run_setup([], []),
            lambda: tf.register_tensor_conversion_function(int, lambda *unused, **options: None),
        ])
    sparse = tf.SparseTensor([[0, 1]], [1.0], [2, 2])
    shown = [tf.print(sparse, name="alone"), tf.print("a", [sparse], name="within")]
    return Case(facts={"answers": facts}, show=shown)


@program
def scopes_copied_by_the_beginning_of_names(tf):
    meta_graph = internal(tf, "tensorflow.python.framework.meta_graph")
    tf.Variable([1.0, 2.0], name="v")
    found = meta_graph.copy_scoped_meta_graph("v", "w")
    return Case(facts={"variables": {name: v.name for name, v in found.items()}},
                show=list(tf.get_default_graph().get_operations())[-1:])


@program
def covariance_that_is_checked(tf):
    d = tf.contrib.distributions.MultivariateNormalFullCovariance([1.0, 2.0], [[2.0, 0.5], [0.5, 1.0]],
                                                                  validate_args=True)
    return Case(steps=[([d.mean(), d.covariance(), d.log_prob([1.0, 1.0])], None)])
