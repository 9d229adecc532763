"""tf.function: calls as nodes, a trace for each kind of arguments, what it captures, effects, nested results."""

import functools

import numpy as np

from . import Case, program


def number(tf, name="x", dtype="float32"):
    return tf.placeholder(dtype, [], name=name)


@program
def traced_function_of_numbers(tf):
    @tf.function
    def absolute(x):
        if x > 0:
            return x
        return -x

    x, n = number(tf), number(tf, "n", "int32")
    results = [absolute(x), absolute(tf.constant(-3.0)), absolute(n), absolute(3), absolute(3), absolute(x)]
    return Case(steps=[(results, {x: -2.0, n: -5})], show=results)


@program
def traced_function_with_defaults(tf):
    kinds = []

    @tf.function
    def f(x, y=2, *more, **options):
        kinds.append((len(more), sorted(options)))
        return x * y

    x = number(tf)
    results = [f(x), f(np.ones([2], "float32")), f(2.0), f(x, 3), f(x, y=tf.constant(4.0)),
               f(x, 3, 4, z=5), f(x)]
    return Case(steps=[(results, {x: 1.5})], facts={"kinds": kinds})


@program
def traced_function_with_a_signature(tf):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.int32, name="k")])
    def f(x, n):
        return x * tf.cast(n, tf.float32)

    x = tf.placeholder(tf.float32, [3], name="x")
    results = [f(x, 4), f([1.0, 2.0], tf.constant(3))]
    concrete = f.get_concrete_function()
    results.append(concrete(tf.constant([1.0]), tf.constant(3)))
    return Case(steps=[(results, {x: [1.0, 2.0, 3.0]})], show=results + concrete.inputs + concrete.outputs)


@program
def traced_function_as_concrete(tf):
    @tf.function
    def f(x):
        return x + 1

    concrete = f.get_concrete_function(tf.TensorSpec([], tf.float32))
    results = [concrete(tf.constant(3.0)), concrete(x=tf.constant(4.0)), f(tf.constant(5.0))]
    return Case(steps=[(results, None)], facts={"captured": concrete.captured_inputs})


@program
def traced_function_with_variables(tf):
    old = tf.Variable(1.0, use_resource=False)
    new = tf.get_variable("w", [], initializer=tf.ones_initializer(), use_resource=True)

    @tf.function
    def f(x):
        new.assign_add(x)
        tf.debugging.Assert(x > 0, ["positive"])
        return new.read_value() * old

    x = number(tf)
    return Case(steps=[(f(x), {x: 2.0}), (f(x), {x: 3.0}), (new, None)], init=True)


@program
def traced_function_without_results(tf):
    v = tf.get_variable("v", [], initializer=tf.zeros_initializer(), use_resource=True)

    @tf.function
    def add(x):
        v.assign_add(x)

    x = number(tf)
    return Case(steps=[(add(x), {x: 2.0}), (v, None), (add(x), {x: 3.0}), (v, None)], init=True)


@program
def traced_functions_nested(tf):
    @tf.function
    def inner(x):
        return x + 1

    @tf.function
    def outer(x, scale=2):
        return {"a": inner(x), "b": [x * scale, scale]}, None

    x = number(tf)
    result = outer(x)
    return Case(steps=[([result[0]["a"], result[0]["b"]], {x: 3.0})], facts={"none": result[1]})


@program
def traced_function_as_a_method(tf):
    class Model(object):
        def __init__(self):
            self.v = tf.Variable(2.0, use_resource=True)

        @tf.function
        def __call__(self, x):
            return self.v * self.half(x)

        @tf.function
        def half(self, x):
            return x * 0.5 if x > 1 else x

    model = Model()
    x = number(tf)
    return Case(steps=[([model(x), model.half(x), Model()(x)], {x: 3.0})], init=True)


@program
def traced_functions_of_other_callables(tf):
    x = number(tf)
    results = [tf.function(lambda x: x * 3)(x), tf.function(functools.partial(lambda x, y: x + y, y=2.0))(x),
               tf.function(lambda pair, more: pair[0] * pair[1] + more["a"])((x, 2.0), {"a": x, "b": 1})]
    return Case(steps=[(results, {x: 3.0})])


@program
def traced_function_in_conditions_and_loops(tf):
    @tf.function
    def f(x):
        return x + 1

    x = number(tf)
    results = [tf.cond(x > 0, lambda: f(x), lambda: x), tf.while_loop(lambda i: i < 3.0, f, [x])]
    return Case(steps=[(results, {x: 1.0}), (results, {x: -1.5})])


@program
def traced_function_with_random_numbers(tf):
    tf.set_random_seed(3)

    @tf.function
    def f(x):
        return x * tf.random_uniform([2])

    results = [f(2.0), tf.random_uniform([2])]
    return Case(steps=[(results, None), (results, None)])


@program
def traced_function_in_a_data_set(tf):
    @tf.function
    def f(x):
        if x > 1:
            return x * 2
        return x

    element = tf.data.Dataset.range(4).map(f).make_one_shot_iterator().get_next()
    return Case(steps=[(element, None)] * 4)


@program
def wrapped_function(tf):
    def f(x, y):
        v = tf.get_variable("v", [], initializer=tf.ones_initializer())
        return {"a": x * v, "b": [y, x + y]}

    wrapped = tf.compat.v1.wrap_function(f, [tf.TensorSpec([], tf.float32), tf.TensorSpec([None], tf.float32, "why")])
    result = wrapped(tf.constant(3.0), tf.constant([1.0]))
    shown = wrapped.inputs + wrapped.outputs + wrapped.captured_inputs
    return Case(steps=[([result["a"], result["b"]], None)], init=True, show=shown, facts={
        "nodes": [op.name for op in wrapped.graph.get_operations()]})


@program
def wrapped_function_pruned(tf):
    def f(x, y):
        v = tf.get_variable("v", [], initializer=tf.ones_initializer())
        return x * v, tf.cond(y[0] > 0, lambda: x + y, lambda: y)

    wrapped = tf.compat.v1.wrap_function(f, [tf.TensorSpec([], tf.float32), tf.TensorSpec([None], tf.float32)], "two")
    first = wrapped.prune(wrapped.inputs[0], wrapped.graph.get_tensor_by_name("mul:0"))
    second = wrapped.prune(wrapped.inputs[:2], {"sum": wrapped.outputs[1]})
    results = [first(tf.constant(3.0)), second(tf.constant(3.0), tf.constant([2.0]))["sum"]]
    return Case(steps=[(results, None)], init=True, show=first.inputs + first.outputs)


@program
def traced_gradient_with_variables(tf):
    v = tf.get_variable("v", [], use_resource=True, initializer=tf.ones_initializer())

    @tf.function
    def f(x, y):
        return {"a": x * y * v, "b": [tf.sin(x), tf.constant(2)]}

    x, y = tf.placeholder(tf.float32, [None], name="x"), number(tf, "y")
    result = f(x, y)
    first = tf.gradients([result["a"], result["b"][0]], [x, y, v])
    second = tf.gradients(first[0], [x, y, v])
    return Case(steps=[([result, first, second], {x: [1.0, 2.0], y: 3.0})], init=True, show=first + second)


@program
def traced_gradient_of_nested_calls(tf):
    @tf.function
    def square(x):
        return x * x * 2.0

    @tf.function
    def both(x):
        return square(x) + square(x * 2.0)

    x = number(tf)
    one = both(x)
    first = tf.gradients(one, x)
    other = both(x)
    second = tf.gradients(first, x)
    third = tf.gradients(other, x)
    return Case(steps=[([one, first, other, second, third], {x: 3.0})])


@program
def traced_gradient_of_a_loop(tf):
    @tf.function
    def f(x, n):
        y = x
        for i in tf.range(n):
            if i > 1:
                y = y * x
            else:
                y = y + x * x
        return y

    x, n = number(tf), number(tf, "n", "int32")
    y = f(x, n)
    return Case(steps=[([y, tf.gradients(y, x)], {x: 2.0, n: 4}), (y, {x: 3.0, n: 0})])


@program
def traced_gradient_of_unused_and_slices(tf):
    @tf.function
    def f(table, ids, unused):
        return tf.gather(table, ids), tf.stop_gradient(table)

    table = tf.placeholder(tf.float32, [4, 2], name="table")
    ids = tf.placeholder(tf.int32, [2], name="ids")
    unused = number(tf, "unused")
    rows, stopped = f(table, ids, unused)
    grads = tf.gradients(rows, [table, unused])
    return Case(steps=[([rows, stopped, grads[0]], {table: [[1.0, 2.0]] * 4, ids: [1, 1], unused: 1.0})],
                facts={"unused": grads[1] is None, "stopped": tf.gradients(stopped, table) == [None]})


@program
def traced_gradient_inside(tf):
    @tf.function
    def slope(x):
        y = x * x * x
        return tf.gradients(y, x)[0]

    x = number(tf)
    y = slope(x)
    return Case(steps=[([y, tf.gradients(y, x)], {x: 3.0})])


@program
def traced_by_defun(tf):
    traces = []
    v = tf.get_variable("v", [], use_resource=True, initializer=tf.ones_initializer())

    @tf.contrib.eager.defun
    def f(x, y=2.0):
        traces.append(y)
        if x > 0:
            return x * y * v
        return -x

    @tf.contrib.eager.defun(input_signature=[tf.TensorSpec([None], tf.float32)])
    def g(z):
        return {"a": z + 1, "b": None}

    x = number(tf)
    concrete = f.get_concrete_function(tf.TensorSpec([], tf.float32))
    results = [f(x), f(x, 3.0), f(tf.constant(2.0)), concrete(x), g(tf.ones([2]))["a"],
               tf.contrib.eager.defun(lambda z: z + 1, autograph=False)(x)]
    grads = tf.gradients(results[0], [x, v])
    return Case(steps=[(results + grads, {x: 2.0})], init=True, facts={"traces": traces})
