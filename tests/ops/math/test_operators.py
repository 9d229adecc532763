"""Python operators on tensors make TensorFlow 1.15's nodes, under its names, and give NumPy's values."""

import operator

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def made(graph):
    """Name and type of all nodes."""
    return [(op.name, op.type) for op in graph.get_operations()]


def value(tensor):
    with tf.Session() as session:
        return session.run(tensor)


@pytest.mark.parametrize(("function", "name", "op_type"), [
    (operator.add, "add", "AddV2"), (operator.sub, "sub", "Sub"), (operator.mul, "mul", "Mul"),
    (operator.truediv, "truediv", "RealDiv"), (operator.floordiv, "floordiv", "FloorDiv"),
    (operator.mod, "mod", "FloorMod"), (operator.pow, "pow", "Pow"), (operator.lt, "Less", "Less"),
    (operator.ge, "GreaterEqual", "GreaterEqual")])
def test_an_operator_makes_one_node_and_a_constant(graph, function, name, op_type):
    x = tf.constant([3.0, -4.0], name="x")
    result = function(x, 2.0)
    assert made(graph) == [("x", "Const"), (f"{name}/y", "Const"), (name, op_type)]
    np.testing.assert_allclose(value(result), function(np.float32([3, -4]), np.float32(2)))


def test_a_reflected_operator_names_its_constant_x(graph):
    result = 2.0 - tf.constant(3.0, name="y")
    assert made(graph) == [("y", "Const"), ("sub/x", "Const"), ("sub", "Sub")]
    assert value(result) == -1.0


def test_true_division_of_integers_is_of_doubles(graph):
    quotient = tf.constant(7) / tf.constant(2)
    assert [op.type for op in graph.get_operations()] == ["Const", "Const", "Cast", "Cast", "RealDiv"]
    assert quotient.dtype == tf.float64 and value(quotient) == 3.5


def test_floor_division_and_modulo_of_integers_round_down():
    x, y = np.int32([7, -7, 7, -7]), np.int32([2, 2, -2, -2])
    a, b = tf.constant(x), tf.constant(y)
    np.testing.assert_array_equal(value(a // b), x // y)
    np.testing.assert_array_equal(value(a % b), x % y)
    np.testing.assert_array_equal(value(tf.truncatediv(a, b)), [3, -3, -3, 3])


def test_integer_division_by_zero_is_an_invalid_argument():
    with pytest.raises(tf.errors.InvalidArgumentError, match="Integer division by zero"):
        value(tf.constant(1) // tf.constant(0))


def test_the_function_add_makes_another_op_than_the_operator(graph):
    tf.add(tf.constant(1.0), 2.0)
    assert made(graph)[-1] == ("Add", "Add")


def test_the_matrix_operator_multiplies_matrices(graph):
    product = tf.ones([2, 3]) @ tf.ones([3, 4])
    assert (product.op.name, product.op.type, product.shape.as_list()) == ("matmul", "MatMul", [2, 4])


def test_logical_operators_are_element_wise():
    x, y = np.array([True, True, False]), np.array([True, False, False])
    a, b = tf.constant(x), tf.constant(y)
    for tensor, expected in ((a & b, x & y), (a | b, x | y), (a ^ b, x ^ y), (~a, ~x)):
        np.testing.assert_array_equal(value(tensor), expected)


def test_equality_of_tensors_is_identity():
    a = tf.constant(1.0)
    assert a == a and a != tf.constant(1.0)


def test_strings_add_by_joining():
    assert value(tf.constant(["a", "b"]) + "c").tolist() == [b"ac", b"bc"]


def test_mixed_types_are_refused_in_tensorflows_words():
    with pytest.raises(TypeError, match="Input 'y' of 'AddV2' Op has type float32 that does not match type int32"):
        tf.constant(1) + 1.5


def test_shapes_that_do_not_broadcast_are_refused():
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 2 and 3 for 'add'"):
        tf.zeros([2]) + tf.zeros([3])


@pytest.mark.parametrize(("one", "other", "first", "second"), [
    ([2, 3], [3, 2], 2, 3), ([2, 3, 4], [5, 2], 3, 5), ([4, 3, 2], [3, 5, 4], 4, 3)])
def test_of_several_sizes_that_do_not_fit_the_first_is_told(one, other, first, second):
    for operation in (tf.add, tf.maximum, tf.equal):
        with pytest.raises(ValueError, match=f"Dimensions must be equal, but are {first} and {second} for"):
            operation(tf.zeros(one), tf.zeros(other))


def test_divide_without_a_name_divides_what_it_is_given():
    assert tf.divide(3, 2) == 1.5
    assert tf.divide(tf.constant(3.0), 2.0, name="half").op.name == "half"
