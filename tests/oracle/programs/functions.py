"""Functions of a graph's library: Defun, what it captures, its gradients, calls inside of loops and branches."""

import importlib

from . import Case, program


def internal(tf, name):
    """One of TensorFlow's internal modules, or what tfmagic has for it."""
    if tf.__name__.startswith("tfmagic"):
        return importlib.import_module("tfmagic.tf.internal").module(name)
    return importlib.import_module(name)


def defun(tf, *types, **options):
    """The decorator `Defun`."""
    return internal(tf, "tensorflow.python.framework.function").Defun(*types, **options)


@program
def function_of_two_numbers(tf):
    @defun(tf, tf.float32, tf.float32, func_name="AddMul")
    def add_mul(x, y):
        """The sum of a product and its first factor."""
        return x * y + x

    x = tf.placeholder(tf.float32, [], name="x")
    result = add_mul(x, 3.0)
    named = add_mul(x, x, name="named")
    gradients = tf.gradients(result + named, x)
    definition = add_mul.definition.signature
    return Case(steps=[([result, named, gradients], {x: 2.0})], show=[result, named], facts={
        "name": add_mul.name, "description": definition.description, "arg_attr": len(add_mul.definition.arg_attr),
        "attrs": sorted(str(key) for key in add_mul.definition.attr), "captured": add_mul.captured_inputs,
        "types": [t.name for t in add_mul.declared_input_types], "stateful": definition.is_stateful})


@program
def function_without_types(tf):
    @defun(tf, func_name="Sum")
    def add(x, y):
        return x + y

    return Case(steps=[([add(1.0, 2.0), add(1, 2), add([1], [2])], None)])


@program
def function_results(tf):
    two = defun(tf, tf.float32, tf.float32, func_name="Two")(lambda x, y: (x + y, tf.identity(y, name="why")))
    named = defun(tf, tf.float32, tf.float32, func_name="Named", out_names=["a", "b"])(lambda x, y: [x + y, x - y])
    same = defun(tf, tf.float32, func_name="Same")(lambda x: (x, x))
    plain = defun(tf, tf.float32, func_name="Plain")(lambda x: 3.0)
    lists = defun(tf, tf.float32, func_name="Lists")(lambda x: tf.split(x, 2)[1])
    nothing = defun(tf, func_name="Nothing")(lambda: tf.constant([1.0, 2.0]))
    scoped = defun(tf, tf.float32, func_name="Scoped", shape_func=lambda op: [op.inputs[0].get_shape()])(
        lambda x: tf.negative(x, name="a/b"))
    fetches = [two(1.0, 2.0), named(1.0, 2.0), same(4.0), plain(5.0), lists([6.0, 7.0]), nothing(), scoped([8.0])]
    return Case(steps=[(fetches, None)], show=fetches)


@program
def function_captures(tf):
    v = tf.Variable(1.0, name="v")
    r = tf.Variable(2.0, name="r", use_resource=True)
    c = tf.constant(3.0, name="c") * 2.0
    captured = defun(tf, tf.float32, func_name="Captured")(lambda x: x * v + r * c)
    copied = defun(tf, tf.float32, func_name="Copied", capture_by_value=True)(lambda x: x * c)
    returned = defun(tf, tf.float32, func_name="Returned")(lambda x: [c, c + x])
    result = captured(tf.constant(4.0))
    gradients = tf.gradients(result, [v, r, c])
    return Case(init=True, steps=[([result, gradients, copied(5.0), returned(6.0)], None)], show=gradients, facts={
        "captured": [t.name for t in captured.captured_inputs], "copied": copied.captured_inputs,
        "returned": [t.name for t in returned.captured_inputs]})


@program
def function_makes_variables(tf):
    @defun(tf, tf.float32, func_name="Layer")
    def layer(x):
        w = tf.get_variable("w", [2], initializer=tf.ones_initializer())
        r = tf.get_variable("r", [2], initializer=tf.ones_initializer(), use_resource=True)
        return x * w + r + tf.Variable(5.0, name="u")

    with tf.variable_scope("scope"):
        result = layer(3.0)
    return Case(init=True, steps=[(result, None)], facts={
        "variables": [v.name for v in tf.global_variables()], "trainable": [v.name for v in tf.trainable_variables()],
        "captured": [t.name for t in layer.captured_inputs]})


@program
def function_counts(tf):
    @defun(tf, tf.float32, func_name="Count", capture_resource_var_by_value=False)
    def count(x):
        w = tf.get_variable("w", [2], initializer=tf.ones_initializer(), use_resource=True)
        with tf.control_dependencies([w.assign_add([1.0, 1.0])]):
            return x * w

    result = count(3.0)
    return Case(init=True, steps=[(result, None), (result, None), (tf.global_variables(), None)])


@program
def function_draws(tf):
    draw = defun(tf, tf.float32, func_name="Draw")(lambda x: x + tf.random_uniform([2], seed=3))
    first, second = draw(1.0), draw(2.0)
    return Case(steps=[([first, second], None), ([first, second], None)], facts={
        "stateful": [[str(part) for part in pair] for pair in draw.stateful_ops]})


@program
def function_calls_functions(tf):
    inner = defun(tf, tf.float32, func_name="Inner")(lambda x: x * x)
    outer = defun(tf, tf.float32, func_name="Outer")(lambda x: inner(x) + inner(x + 1.0))
    x = tf.constant(3.0)
    result = outer(x)
    return Case(steps=[([result, tf.gradients(result, x)], None)])


@program
def function_gradients_given(tf):
    in_python = defun(tf, tf.float32, func_name="InPython", python_grad_func=lambda op, dy: dy * 100.0)(lambda x: x * x)
    rule = defun(tf, tf.float32, tf.float32, func_name="Rule")(lambda x, dy: dy * 10.0)
    by_function = defun(tf, tf.float32, func_name="ByFunction", grad_func=rule)(lambda x: x * x)
    x = tf.constant(3.0)
    return Case(steps=[([tf.gradients(in_python(x), x), tf.gradients(by_function(x), x)], None)], facts={
        "name": by_function.grad_func_name, "none": in_python.grad_func_name})


@program
def function_of_gradients(tf):
    v = tf.Variable(2.0, name="v", use_resource=True)
    w = tf.Variable(3.0, name="w")
    c = tf.square(v, name="c")

    @defun(tf, tf.float32, func_name="Gradients")
    def differentiated(x):
        return tf.gradients(x * v * w * c, [x, v, w, c])

    return Case(init=True, steps=[(differentiated(5.0), None)])


@program
def function_with_control_flow(tf):
    branch = defun(tf, tf.float32, func_name="Branch")(lambda x: tf.cond(x > 0, lambda: x * 2.0, lambda: -x))
    loop = defun(tf, tf.float32, func_name="Loop")(lambda x: tf.while_loop(lambda v: v < 100.0, lambda v: v * v, [x]))
    return Case(steps=[([branch(3.0), branch(-3.0), loop(3.0)], None)])


@program
def function_called_in_control_flow(tf):
    square = defun(tf, tf.float32, func_name="Square2")(lambda x: x * x)
    x = tf.constant(3.0)
    loop = tf.while_loop(lambda v: v < 100.0, lambda v: square(v), [x], shape_invariants=[tf.TensorShape(None)])
    branch = tf.cond(x > 2.0, lambda: square(x), lambda: x)
    return Case(steps=[([loop, branch, tf.gradients(loop, x), tf.gradients(branch, x)], None)])


@program
def function_attrs(tf):
    plain = defun(tf, tf.float32, func_name="Plain")(lambda x: x + 1.0)
    marked = defun(tf, tf.float32, func_name="Marked", noinline=True, experimental_a=3, experimental_b="x")(
        lambda x: x + 1.0)
    compiled = defun(tf, tf.float32, func_name="Compiled", compiled=True)(lambda x: x + 1.0)
    calls = [plain(1.0, noinline=True), plain(2.0, compiled=True, name="k"), marked(3.0), compiled(4.0)]
    return Case(steps=[(calls, None)], facts={
        "marked": sorted(str(key) for key in marked.definition.attr),
        "compiled": sorted(str(key) for key in compiled.definition.attr)})


@program
def function_on_a_device(tf):
    with tf.device("/cpu:0"):
        inside = defun(tf, tf.float32, func_name="Inside")(lambda x: x + 1.0)

    @defun(tf, tf.float32, func_name="Within")
    def within(x):
        with tf.device("/cpu:0"):
            y = x * 2.0
        return y + 1.0

    with tf.device("/job:localhost"):
        return Case(steps=[([inside(1.0), within(2.0)], None)])


def branches(tf, *functions):
    """Functions of one number as defined functions, named by their order."""
    return [defun(tf, tf.float32, func_name="Branch%d" % i)(f) for i, f in enumerate(functions)]


def choose(tf, cond, x, then_branch, else_branch, op="If", **options):
    """The result of a node that computes one of two functions."""
    return getattr(tf.raw_ops, op)(cond=cond, input=[x], Tout=[tf.float32], then_branch=then_branch,
                                   else_branch=else_branch, **options)[0]


@program
def branch_functions(tf):
    square, minus = branches(tf, lambda x: x * x, lambda x: -x)
    x = tf.placeholder(tf.float32, [], name="x")
    results = [choose(tf, x > 0, x, square, minus), choose(tf, x, x, square, minus, op="StatelessIf"),
               choose(tf, "text", x, square, minus, output_shapes=[[]]), choose(tf, [0], x, square, minus)]
    return Case(steps=[(results, {x: 3.0}), (results, {x: -3.0}), (results, {x: 0.0})], show=results)


@program
def case_functions(tf):
    functions = branches(tf, lambda x: x * x, lambda x: -x, lambda x: x + 1.0)
    index = tf.placeholder(tf.int32, [], name="index")
    x = tf.constant(3.0)
    result = tf.raw_ops.Case(branch_index=index, input=[x], Tout=[tf.float32], branches=functions)
    fetches = [result, tf.gradients(result, x)]
    return Case(steps=[(fetches, {index: i}) for i in (0, 1, 2, 3, -1)])


@program
def gradient_of_branch_functions(tf):
    square, minus = branches(tf, lambda x: x * x, lambda x: -x)
    x = tf.placeholder(tf.float32, [], name="x")
    result = choose(tf, x > 0, x, square, minus)
    gradient = tf.gradients(result, x)
    return Case(steps=[([result, gradient], {x: 3.0}), ([result, gradient], {x: -3.0})])


@program
def gradient_of_branch_functions_needs_results(tf):
    exp, minus = branches(tf, lambda x: tf.exp(x), lambda x: -x)
    x = tf.placeholder(tf.float32, [], name="x")
    gradient = tf.gradients(choose(tf, x > 0, x, exp, minus, op="StatelessIf"), x)
    return Case(steps=[(gradient, {x: 3.0}), (gradient, {x: -3.0})])


@program
def gradient_of_branch_functions_needs_more(tf):
    waves, scaled = branches(tf, lambda x: tf.sin(tf.exp(x)) + 1.0, lambda x: tf.tanh(x * 2.0) * x)
    x = tf.placeholder(tf.float32, [], name="x")
    result = choose(tf, x > 0, x, waves, scaled)
    gradient = tf.gradients(result, x)
    return Case(steps=[([result, gradient], {x: 0.5}), ([result, gradient], {x: -0.5})])


@program
def second_gradient_of_branch_functions(tf):
    waves, cube = branches(tf, lambda x: tf.sin(tf.exp(x)), lambda x: x * x * x)
    x = tf.placeholder(tf.float32, [], name="x")
    first = tf.gradients(choose(tf, x > 0, x, waves, cube), x)
    second = tf.gradients(first, x)
    return Case(steps=[([first, second], {x: 0.5}), ([first, second], {x: -0.5})])


@program
def gradient_of_branch_functions_of_several(tf):
    types = [tf.float32, tf.int32, tf.float32]

    @defun(tf, *types, func_name="Several")
    def several(x, n, y):
        return x * y, n, -y

    @defun(tf, *types, func_name="Other")
    def other(x, n, y):
        return y, n + 1, y

    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.square(x, name="y")
    results = tf.raw_ops.If(cond=x[0] > 0, input=[x, tf.constant(1), y], Tout=[tf.float32, tf.int32, tf.float32],
                            then_branch=several, else_branch=other)
    gradients = tf.gradients(results[0], [x, y])
    return Case(steps=[([results, gradients], {x: [3.0, 2.0]}), ([results, gradients], {x: [-3.0, 2.0]})])


@program
def loop_functions(tf):
    square = defun(tf, tf.float32, tf.int32, func_name="Body")(lambda x, n: (x * x, n + 1))
    below = defun(tf, tf.float32, tf.int32, func_name="Below")(lambda x, n: x < 100.0)
    x = tf.placeholder(tf.float32, [], name="x")
    loops = [getattr(tf.raw_ops, op)(input=[x, tf.constant(0)], cond=below, body=square)
             for op in ("While", "StatelessWhile")]
    return Case(steps=[(loops, {x: 3.0}), (loops, {x: 300.0})], show=loops[0])


@program
def symbolic_gradients(tf):
    product = defun(tf, tf.float32, tf.float32, func_name="Product")(lambda x, y: x * y)
    x, y = tf.placeholder(tf.float32, [None], name="x"), tf.constant([3.0, 4.0])
    gradients = tf.raw_ops.SymbolicGradient(input=[x, y, y], Tout=[tf.float32, tf.float32], f=product)
    return Case(steps=[(gradients, {x: [1.0, 2.0]})], show=gradients)


@program
def function_for_rows(tf):
    """`MapDefun`: a function of rows, with what it captures."""
    @defun(tf, tf.float32, tf.float32)
    def scaled(row, factor):
        return tf.reduce_sum(row) * factor, row + factor

    x = tf.placeholder(tf.float32, [3, 2], name="x")
    factor = tf.placeholder(tf.float32, [], name="factor")
    scaled.add_to_graph(tf.get_default_graph())
    sums, rows = tf.raw_ops.MapDefun(arguments=[x], captured_inputs=[factor], output_types=[tf.float32, tf.float32],
                                     output_shapes=[[], [2]], f=scaled)
    return Case(steps=[([sums, rows], {x: [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], factor: 10.0})], show=[sums, rows])


@program
def function_counted(tf):
    """`For`: a body for every number."""
    @defun(tf, tf.int32, tf.float32, tf.float32)
    def body(i, total, x):
        return total + x * tf.cast(i, tf.float32), x * 2.0

    x = tf.placeholder(tf.float32, [2], name="x")
    body.add_to_graph(tf.get_default_graph())
    total, last = tf.raw_ops.For(start=1, limit=4, delta=1, input=[tf.zeros([2]), x], body=body)
    return Case(steps=[([total, last], {x: [1.0, 2.0]})], show=[total, last])


@program
def function_called_elsewhere(tf):
    """`RemoteCall`: a function on a device that is named by a string."""
    @defun(tf, tf.float32)
    def squared(x):
        return x * x

    x = tf.placeholder(tf.float32, [2], name="x")
    squared.add_to_graph(tf.get_default_graph())
    y = tf.raw_ops.RemoteCall(target="/job:localhost/replica:0/task:0/device:CPU:0", args=[x], Tout=[tf.float32],
                              f=squared)
    return Case(steps=[(y, {x: [1.0, 2.0]})], show=y)


def loops_of_functions(tf):
    return internal(tf, "tensorflow.python.ops.functional_ops")


@program
def function_loop_with_captured_tensors(tf):
    """Body functions that capture: the loop carries what they captured."""
    ops = loops_of_functions(tf)
    weight = tf.constant(5.0, name="weight")

    @defun(tf, tf.int32, tf.float32, func_name="Below")
    def below(i, x):
        return i < 3

    @defun(tf, tf.int32, tf.float32, func_name="Scale")
    def scale(i, x):
        return i + 1, x * weight + weight

    @defun(tf, tf.int32, tf.float32, func_name="Turn")
    def turn(i, x):
        return x * weight + tf.cast(i, tf.float32)

    loop = ops.While([0, 2.0], below, scale, hostmem=[0])
    counted = ops.For(1, 6, 2, [3.0], turn, name="counted")
    return Case(steps=[([loop, counted], {})], show=[loop[1], counted[0]], facts={"sizes": [len(loop), len(counted)]})


@program
def function_for_as_while(tf):
    """A For that is written as a While, up and down."""
    ops = loops_of_functions(tf)
    weight = tf.constant(5.0, name="weight")

    @defun(tf, tf.int32, tf.float32, tf.float32, func_name="Turn")
    def turn(i, x, y):
        return x * weight + tf.cast(i, tf.float32), y + 1.0

    @defun(tf, tf.int32, tf.float32, func_name="Doubled")
    def doubled(i, x):
        return x * 2.0

    down = ops.For(tf.constant(9), 0, tf.constant(-2), [2.0, 1.0], turn, name="down", hostmem=[1],
                   rewrite_with_while=True)
    up = ops.For(0, 4, 1, [tf.constant(1.0)], doubled, rewrite_with_while=True)
    return Case(steps=[([down, up], {})], show=[down[0], up[0]])


@program
def function_partitioned_call(tf):
    """Calls by PartitionedCall, with what the function says of itself and with other words."""
    ops = loops_of_functions(tf)

    @defun(tf, tf.float32, func_name="Squared")
    def square(x):
        return x * x + 1.0

    @defun(tf, tf.float32, func_name="Drawn")
    def drawn(x):
        return x + tf.random_uniform([], seed=3), x

    x = tf.constant(3.0)
    first = ops.partitioned_call([x], square)
    second = ops.partitioned_call([x], square, tout=[tf.float32], executor_type="",
                                  config=tf.ConfigProto(allow_soft_placement=True).SerializeToString())
    third = ops.partitioned_call([x], drawn)
    return Case(steps=[([first, second, third[1]], {})], show=[first[0], third[0].op.type],
                facts={"sizes": [len(first), len(third)]})
