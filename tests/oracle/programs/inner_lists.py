"""Lists of tensors by `tensorflow.python.ops.list_ops`, and `framework` modules that tests of TensorFlow's import."""

from . import Case, program
from .functions import internal
from .inner_names import values


def _lists(tf):
    return internal(tf, "tensorflow.python.ops.list_ops")


@program
def inner_lists_of_tensors(tf):
    """Every function of `list_ops`, with shapes said in every way."""
    lists = _lists(tf)
    shown = []
    for shape in ([], [None], None, tf.TensorShape([2, None]), tf.TensorShape(None), -1, tf.constant([2])):
        empty = values(tf, [lambda shape=shape: lists._build_element_shape(shape)])
        shown.append(empty if not isinstance(shape, (list, tf.Tensor)) else None)
    made = lists.empty_tensor_list([], tf.float32, max_num_elements=3)
    made = lists.tensor_list_push_back(made, 1.0)
    made = lists.tensor_list_push_back(made, 2.0, name="second")
    rest, last = lists.tensor_list_pop_back(made, tf.float32)
    rows = lists.tensor_list_from_tensor([[1.0, 2.0], [3.0, 4.0]], [2])
    room = lists.tensor_list_reserve([2], 3, tf.float32)
    split = lists.tensor_list_split([1.0, 2.0, 3.0], [2], [1, 2])
    show = [
        last, lists.tensor_list_stack(made, tf.float32), lists.tensor_list_stack(rest, tf.float32, num_elements=1),
        lists.tensor_list_stack(rows, tf.float32, element_shape=[None]),
        lists.tensor_list_get_item(rows, 1, tf.float32), lists.tensor_list_gather(rows, [1, 0], tf.float32),
        lists.tensor_list_stack(lists.tensor_list_set_item(room, 1, [5.0, 6.0]), tf.float32),
        lists.tensor_list_stack(lists.tensor_list_set_item(rows, 3, [5.0, 6.0], True), tf.float32),
        lists.tensor_list_stack(lists.tensor_list_scatter([[7.0], [8.0]], [2, 0]), tf.float32),
        lists.tensor_list_stack(lists.tensor_list_scatter([[7.0, 1.0]], [2], input_handle=rows), tf.float32),
        lists.tensor_list_concat(split, tf.float32), lists.tensor_list_length(split),
        lists.tensor_list_concat(lists.tensor_list_from_tensor([[1.0], [2.0]], [1]), tf.float32, [None])]
    return Case(steps=[(show, None)], show=show, facts={"shapes": shown})


@program
def inner_lists_in_loops(tf):
    """What is known of a list's elements is forgotten by a Merge, an unstack and an IdentityN; gradients of lists."""
    lists = _lists(tf)
    rows = tf.constant([1.0, 2.0, 3.0])
    made = lists.tensor_list_from_tensor(rows, [])
    _, grown = tf.while_loop(lambda i, handle: i < 3, lambda i, handle: (
        i + 1, lists.tensor_list_push_back(handle, tf.cast(i, tf.float32))), [0, made])
    stacked = [lists.tensor_list_stack(handle, tf.float32) for handle in (
        grown, tf.unstack(tf.stack([made, made]))[1], tf.identity_n([made])[0], tf.identity(made),
        tf.add_n([made, made]), tf.zeros_like(made))]
    joined = lists.tensor_list_concat_lists(tf.stack([made, made]), tf.stack([made, made]), element_dtype=tf.float32)
    show = stacked + [lists.tensor_list_stack(joined[0], tf.float32)]
    show += tf.gradients(lists.tensor_list_gather(made, [2, 0], tf.float32) ** 2, rows)
    return Case(steps=[(show, None)], show=show, facts={})


@program
def inner_shape_functions(tf):
    """`framework.common_shapes`, composite values and specs of values."""
    shapes, composite, spec, ops, slices = (internal(tf, "tensorflow.python.framework." + name) for name in (
        "common_shapes", "composite_tensor", "type_spec", "ops", "indexed_slices"))
    row = tf.placeholder(tf.float32, [None, 3])
    node, parts = tf.identity(row).op, tf.split(row, 3, 1)[0].op
    picture = tf.placeholder(tf.float32, [None, 5, None, 3])
    conv = tf.nn.conv2d(picture, tf.zeros([2, 3, 3, 4]), [1, 2, 1, 1], "VALID")
    pool = tf.nn.max_pool(picture, [1, 2, 2, 1], [1, 1, 2, 1], "SAME")
    rows = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([0]))
    sparse = tf.SparseTensor([[0]], [1.0], [2])

    class Own(object):
        pass

    class Derived(Own):
        pass

    spec.register_type_spec_from_value_converter(Own, lambda value: tf.TensorSpec([], tf.int32))
    known = values(tf, [
        lambda: shapes.unchanged_shape(node), lambda: shapes.scalar_shape(node), lambda: shapes.unknown_shape(parts),
        lambda: shapes.no_outputs(node), lambda: shapes.unchanged_shape_with_rank(2)(node),
        lambda: shapes.unchanged_shape_with_rank(1)(node), lambda: shapes.unchanged_shape_with_rank_at_least(3)(node),
        lambda: shapes.unchanged_shape_with_rank_at_most(1)(node),
        lambda: shapes.matmul_shape(tf.matmul(row, tf.zeros([3, 2])).op), lambda: shapes.conv2d_shape(conv.op),
        lambda: shapes.max_pool_shape(pool.op), lambda: shapes.get_conv_output_size((5, None), (3, 3), (2, 1), "SAME"),
        lambda: shapes.get2d_conv_output_size(5, 6, 3, 2, 2, 1, b"VALID"),
        lambda: shapes.get_conv_output_size((2,), (3,), (1,), "SAME"),
        lambda: shapes.get_conv_output_size((5,), (3,), (1,), "NONE"),
        lambda: [isinstance(v, composite.CompositeTensor) for v in (rows, sparse, row, tf.ragged.constant([[1]]))],
        lambda: [len(part) for part in composite.replace_composites_with_components([rows, sparse])],
        lambda: spec.type_spec_from_value([1, 2]), lambda: spec.type_spec_from_value(sparse),
        lambda: spec.type_spec_from_value(Own()), lambda: "Could not" in str(spec.type_spec_from_value(Derived())),
        lambda: issubclass(tf.TensorSpec, spec.BatchableTypeSpec),
        lambda: [ops.convert_to_tensor_or_composite(v) is v for v in (rows, sparse, row)],
        lambda: ops.convert_n_to_tensor_or_composite(rows),
        lambda: ops.convert_to_tensor_or_composite(sparse, tf.int32),
        lambda: slices.internal_convert_to_tensor_or_indexed_slices(rows) is rows])
    del known[20]  # its address differs from run to run
    return Case(steps=[], show=[], facts={"known": known})


@program
def inner_stacks_and_registries(tf):
    """Default stacks, TensorFlow 2's name scopes, the registry of gradients, functions from a library."""
    ops, function = (internal(tf, "tensorflow.python.framework." + name) for name in ("ops", "function"))
    to_definition = internal(tf, "tensorflow.python.framework.graph_to_function_def").graph_to_function_def
    session = tf.Session()
    stack, found = ops._DefaultStack(), []
    with ops.default_session(session), stack.get_controller("outer"), stack.get_controller("inner"):
        found += [tf.get_default_session() is session, stack.get_default(), stack.is_cleared()]
    found += [stack.get_default(), stack.is_cleared(), tf.get_default_session() is None]
    registry = ops._gradient_registry
    name = "InnerStacksIdentity"
    tf.RegisterGradient(name)(lambda op, grad: grad * 2)
    with tf.get_default_graph().gradient_override_map({"Identity": name}), ops.name_scope_v2("outer") as scope:
        x = tf.constant(3.0)
        y = tf.identity(x)
    dx = tf.gradients(y, x)
    del registry._registry[name]
    found += [scope, "Square" in registry._registry, name in registry._registry, registry.lookup("Shape")]

    @function.Defun(tf.float32, tf.float32, func_name="InnerGradient")
    def gradient(x, d):
        return d * x * 3.0

    @function.Defun(tf.float32, func_name="InnerSquare", grad_func=gradient)
    def square(x):
        return x * x

    with tf.Graph().as_default() as other:
        square(tf.constant(1.0))
        library = other.as_graph_def().library
    functions = {f.name: f for f in function.from_library(library)}
    z = functions["InnerSquare"](x)
    found += [sorted((f.name, f.grad_func_name) for f in functions.values())]
    del library.function[:]
    definition = to_definition(tf.get_default_graph(), [y.op], [x], [y], out_names=["result"])
    show = [y, z] + dx + tf.gradients(z, x)
    known = values(tf, [
        lambda: function.from_library(library), lambda: ops.name_scope_v2(None), lambda: ops.name_scope_v2(1),
        lambda: registry.lookup("NoSuchOp"), lambda: [(n.name, n.op, list(n.input)) for n in definition.node_def],
        lambda: to_definition(tf.get_default_graph(), [y.op], [x], [y, y], out_names=["a", "a"])])
    return Case(steps=[(show, None)], show=show, facts={"found": repr(found).replace("u'", "'"), "known": known})
