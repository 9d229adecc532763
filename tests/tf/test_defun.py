"""Defun as TensorFlow 1.15 has it: arguments, names and errors; graphs and values are compared in the programs
`function_*`."""

import pytest

from tfmagic import tf
from tfmagic.tf import internal

function = internal.module("tensorflow.python.framework.function")
Defun = function.Defun


pytestmark = pytest.mark.usefixtures("graph")


def run(fetch, feeds=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetch, feeds)


def test_a_function_without_a_name_ends_its_name_with_a_text_that_stands_for_its_definition():
    twice, again, thrice = (Defun(tf.float32)(f) for f in (named(lambda x: x * 2.0), named(lambda x: x * 2.0),
                                                           named(lambda x: x * 3.0)))
    assert twice(1.0).op.type == twice.name
    assert twice.name.startswith("multiply_") and len(twice.name) == len("multiply_") + 11
    assert twice.name == again.name != thrice.name


def named(f):
    f.__name__ = "multiply"
    return f


@pytest.mark.parametrize("call, error, message", [
    (lambda f: f(), ValueError, "Expected number of arguments: 1, received: 0"),
    (lambda f: f(1.0, 2.0), ValueError, "Expected number of arguments: 1, received: 2"),
    (lambda f: f("a"), ValueError, "Input 'x' passed string expected float while building NodeDef 'F' using "
                                   "Op<name=F; signature=x:float -> mul:float>"),
    (lambda f: f(1), ValueError, "Input 'x' passed int32 expected float while building NodeDef 'F' using "
                                 "Op<name=F; signature=x:float -> mul:float>"),
    (lambda f: f(1.0, foo=3), ValueError, "Unknown keyword arguments: ['foo']"),
    (lambda f: f(1.0, experimental_a=[]), ValueError, "Unsupported attribute type for experimental_a with type "
                                                      "<class 'list'>")])
def test_a_call_that_does_not_fit_is_refused_in_tensorflows_words(call, error, message):
    f = Defun(tf.float32, func_name="F")(lambda x: x * 2.0)
    with pytest.raises(error) as caught:
        call(f)
    assert str(caught.value) == message


@pytest.mark.parametrize("types, options, build, error, message", [
    ([tf.float32], {}, 3, ValueError, "function 3 must be callable"),
    ([tf.float32] * 2, {}, lambda x: x, ValueError,
     "The function has fewer arguments than the number of specified input types."),
    ([tf.float32], {}, lambda x, y: x, ValueError,
     "The function has fewer arguments than the number of specified input types."),
    ([tf.float32], {}, lambda x: (x, None), ValueError, "Function F can not return None."),
    ([tf.float32], {"foo": 3}, lambda x: x, ValueError, "Unknown keyword arguments: ['foo']"),
    ([tf.float32], {"out_names": ["a", "b"]}, lambda x: x, tf.errors.InvalidArgumentError,
     "output names must be either empty or equal in size to outputs. output names size = 2 outputs size = 1"),
    ([tf.float32], {"out_names": ["a", "a"]}, lambda x: (x, x), tf.errors.InvalidArgumentError,
     "Cannot have duplicate output names. Name 'a' appears more than once in 'output_names' array."),
    ([tf.float32], {"func_name": "Add"}, lambda x: x, tf.errors.InvalidArgumentError,
     "Cannot add function 'Add' because an op with the same name already exists."),
    ([tf.float32], {"grad_func": Defun(tf.float32, tf.float32, func_name="G")(lambda x, dy: dy),
                    "python_grad_func": lambda op, dy: dy}, lambda x: x, ValueError,
     "Gradient defined twice for function F")])
def test_a_definition_that_cannot_be_is_refused_in_tensorflows_words(types, options, build, error, message):
    with pytest.raises(error) as caught:
        Defun(*types, **{"func_name": "F", **options})(build)(*[1.0] * len(types))
    assert str(caught.value).splitlines()[0] == message


def test_defaults_and_keywords_are_refused():
    with pytest.raises(ValueError, match="function with argument defaults or keywords arguments are not supported"):
        Defun(tf.float32)(lambda x, y=3: x)
    with pytest.raises(ValueError, match="keywords rest"):
        Defun(tf.float32)(lambda x, **rest: x)


def test_two_functions_of_one_name_are_one_if_they_are_equal():
    def define(f):
        return Defun(tf.float32, func_name="Q")(f)(3.0)

    first, second = define(lambda x: x * x), define(lambda x: x * x)
    assert run([first, second]) == [9.0, 9.0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="a different function with the same name already exists"):
        define(lambda x: x + x)


def test_a_function_that_calls_itself_while_it_is_defined_says_so():
    @Defun(tf.float32, func_name="Endless")
    def endless(x):
        return endless(x)

    with pytest.raises(RecursionError, match="The function Endless calls itself"):
        endless(1.0)


def test_a_reference_cannot_be_changed_inside_of_a_function():
    v = tf.Variable(1.0)
    with pytest.raises(TypeError) as caught:
        Defun(tf.float32)(lambda x: tf.assign(v, x))(2.0)
    assert str(caught.value).splitlines()[0] == (
        "In op 'Assign', input types ([tf.float32, tf.float32]) are not compatible with expected types "
        "([tf.float32_ref, tf.float32])")


def test_what_has_a_state_is_not_copied_by_value():
    v, drawn = tf.Variable(1.0, name="v"), tf.random_uniform([], name="drawn")
    fed = tf.placeholder(tf.float32, [], name="fed")
    for outside, what in ((v, "stateful node (name:v, type:VariableV2)"),
                          (drawn, "stateful node (name:drawn/RandomUniform, type:RandomUniform)"),
                          (fed, "placeholder (name:fed, type:Placeholder)")):
        with pytest.raises(ValueError) as caught:
            Defun(tf.float32, capture_by_value=True)(_times(outside))(1.0)
        assert str(caught.value) == f"Cannot capture a {what} by value."
    copied = Defun(tf.float32, capture_by_value=True, whitelisted_stateful_ops={drawn.op.inputs[0].op.inputs[0].op})
    assert 0.0 <= run(copied(_times(drawn))(1.0)) < 1.0


def _times(outside):
    def times(x):
        return x * outside

    return times


def test_what_the_code_takes_from_outside_is_known_while_it_is_built():
    seen = []
    c = tf.constant(2.0)

    @Defun(tf.float32)
    def f(x):
        w = tf.get_variable("w", [])
        y = x * c * w
        seen.append((function.get_extra_vars(), function.get_extra_inputs(),
                     [tensor.op.type for tensor in function.get_extra_args()]))
        return y

    f(1.0)
    w, = tf.global_variables()
    assert seen == [([w], [c, w.value()], ["Placeholder"] * 2)]
    assert function.get_extra_vars() == function.get_extra_inputs() == function.get_extra_args() == []


def test_functions_capture_through_each_other():
    c = tf.constant(2.0)

    @Defun(tf.float32, func_name="Outer2")
    def outer(x):
        inner = Defun(tf.float32, func_name="Inner2")(lambda y: y * c)
        return inner(x) + 1.0

    result = outer(3.0)
    assert outer.captured_inputs == [c]
    assert run([result, *tf.gradients(result, c)]) == [7.0, 3.0]


def test_a_function_is_put_into_every_graph_that_calls_it():
    square = Defun(tf.float32, func_name="Sq2")(lambda x: x * x)
    values = []
    for number in (2.0, 3.0):
        with tf.Graph().as_default() as graph:
            values.append(run(square(number)))
            assert [f.signature.name for f in graph.as_graph_def().library.function] == ["Sq2"]
    assert values == [4.0, 9.0]


def test_a_graph_with_functions_runs_after_export_and_import():
    x = tf.placeholder(tf.float32, [], name="x")
    square = Defun(tf.float32, func_name="Sq3")(lambda x: x * x)
    tf.identity(Defun(tf.float32, func_name="Outer3")(lambda x: square(x) + square(2.0 * x))(x), name="y")
    exported = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default():
        y, = tf.import_graph_def(exported, return_elements=["y:0"], name="")
        assert run([y, *tf.gradients(y, y.graph.get_tensor_by_name("x:0"))], {"x:0": 3.0}) == [45.0, 30.0]


def test_an_error_in_a_function_shows_the_line_that_made_the_node():
    @Defun(tf.float32, func_name="Product")
    def product(x):
        return tf.matmul(x, x)  # this line

    with pytest.raises(tf.errors.InvalidArgumentError, match="this line") as caught:
        run(product([[1.0, 2.0]]))
    assert "in the function Product" in str(caught.value)


def test_other_ops_take_a_function_as_an_attr():
    square = Defun(tf.float32, func_name="Sq4")(lambda x: x * x)
    result = tf.raw_ops.PartitionedCall(args=[tf.constant(3.0)], Tout=[tf.float32], f=square)
    assert run(result) == [9.0]
