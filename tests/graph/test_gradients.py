"""tf.gradients: names and order of nodes, aggregation, user gradients, what it refuses."""

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.graph import registry

pytestmark = pytest.mark.usefixtures("graph")


def names(graph, scope):
    return [op.name.removeprefix(scope + "/") for op in graph.get_operations() if op.name.startswith(scope + "/")]


def value(tensor, feed=None):
    with tf.Session() as session:
        return session.run(tensor, feed)


def test_nodes_have_tensorflows_names_and_order(graph):
    x = tf.constant(2.0, name="x")
    y = x * x
    tf.gradients(y * x, x)
    assert names(graph, "gradients") == ["Shape", "grad_ys_0", "Fill", "mul_1_grad/Mul", "mul_1_grad/Mul_1",
                                         "mul_grad/Mul", "mul_grad/Mul_1", "AddN"]
    assert graph.get_operation_by_name("gradients/AddN").get_attr("_class") == [b"loc:@gradients/mul_1_grad/Mul_1"]


def test_a_second_call_gets_a_scope_of_its_own(graph):
    x = tf.constant(2.0)
    y = x * 3.0
    assert tf.gradients(y, x)[0].name.startswith("gradients/")
    assert tf.gradients(y, x)[0].name.startswith("gradients_1/")
    assert tf.gradients(y, x, name="mine")[0].name.startswith("mine/")


def test_gated_gradients_wait_for_each_other(graph):
    x = tf.constant(2.0)
    y = tf.constant(3.0)
    gx, gy = tf.gradients(x * y, [x, y], gate_gradients=True)
    assert gx.name == "gradients/mul_grad/tuple/control_dependency:0"
    assert gx.op.control_inputs == gy.op.control_inputs
    gate = gx.op.control_inputs[0]
    assert (gate.name, gate.type) == ("gradients/mul_grad/tuple/group_deps", "NoOp")
    assert [op.name for op in gate.control_inputs] == ["gradients/mul_grad/Mul", "gradients/mul_grad/Mul_1"]


def test_colocated_gradients_name_their_operation(graph):
    x = tf.constant(2.0, name="x")
    y = tf.multiply(x, x, name="y")
    tf.gradients(y, x, colocate_gradients_with_ops=True)
    assert graph.get_operation_by_name("gradients/y_grad/Mul").get_attr("_class") == [b"loc:@y"]


def test_tree_aggregation_adds_pair_by_pair(graph):
    x = tf.constant(2.0, name="x")
    g = tf.gradients(x * x * x, x, aggregation_method=tf.AggregationMethod.EXPERIMENTAL_TREE)[0]
    assert g.name == "gradients/x_gradient_sum/AddN_1:0"
    assert value(g) == 12.0


def test_gradients_of_several_devices_are_added_per_device(graph):
    x = tf.constant(2.0, name="x")
    with tf.device("/cpu:1"):
        a = x * 3.0
    with tf.device("/cpu:0"):
        b = x * 5.0
    tf.gradients([a, b], x, colocate_gradients_with_ops=True)
    assert len([op for op in graph.get_operations() if op.type == "AddN"]) == 1


def test_slices_are_joined_and_their_indices_widened(graph):
    table = tf.placeholder(tf.float32, [4, 2])
    rows = [tf.gather(table, tf.constant([0, 1])), tf.gather(table, tf.constant([1, 3], tf.int64))]
    g = tf.gradients(rows, table)[0]
    assert isinstance(g, tf.IndexedSlices)
    assert g.indices.dtype == tf.int64
    assert value(tf.convert_to_tensor(g), {table: np.zeros((4, 2))}).tolist() == [[1, 1], [2, 2], [0, 0], [1, 1]]


def test_slices_and_tensors_add_up_densely(graph):
    table = tf.placeholder(tf.float32, [3, 2])
    y = tf.reduce_sum(tf.gather(table, [1])) + tf.reduce_sum(table)
    assert value(tf.gradients(y, table)[0], {table: np.zeros((3, 2))}).tolist() == [[1, 1], [2, 2], [1, 1]]


def test_a_chain_of_thousands_of_operations_needs_no_recursion(graph):
    x = y = tf.constant(1.0)
    for _ in range(5000):
        y = tf.identity(y)
    assert tf.gradients(y, x)[0] is not None


def test_stop_gradients_are_constants_for_this_call(graph):
    x = tf.constant(3.0)
    a = x * x
    g = tf.gradients(a * x, [x, a], stop_gradients=[a])
    assert value(g) == [9.0, 3.0]


def test_what_is_not_connected_is_none_or_zeros(graph):
    x = tf.constant([1.0, 2.0])
    y = tf.constant(1.0)
    assert tf.gradients(y, x) == [None]
    assert value(tf.gradients(y, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)[0]).tolist() == [0, 0]
    assert tf.gradients(y, x, unconnected_gradients="zero")[0].name == "zeros_like_1:0"


def test_incoming_gradients_scale_the_result(graph):
    x = tf.constant([1.0, 2.0])
    g = tf.gradients([x * 2.0, x * 3.0], x, grad_ys=[tf.constant([1.0, 10.0]), None])[0]
    assert value(g).tolist() == [5.0, 23.0]


def test_override_map_gives_another_gradient(graph):
    @tf.RegisterGradient("TestGradientsTriple")
    def triple(op, grad):
        assert op.type == "Square"
        return 3.0 * grad

    x = tf.constant(5.0)
    with graph.gradient_override_map({"Square": "TestGradientsTriple"}):
        y = tf.square(x)
    assert y.op.get_attr("_gradient_op_type") == b"TestGradientsTriple"
    assert value(tf.gradients(y, x)[0]) == 3.0


def test_a_registered_name_cannot_be_registered_again():
    tf.RegisterGradient("TestGradientsOnce")(lambda op, grad: grad)
    with pytest.raises(KeyError, match="TestGradientsOnce"):
        tf.RegisterGradient("TestGradientsOnce")(lambda op, grad: grad)


def test_custom_gradient_replaces_the_functions_own(graph):
    @tf.custom_gradient
    def log1pexp(x):
        e = tf.exp(x)
        return tf.log(1 + e), lambda dy: dy * (1 - 1 / (1 + e))

    x = tf.constant(100.0)
    y = log1pexp(x)
    assert y.op.type == "IdentityN"
    assert value(tf.gradients(y, x)[0]) == 1.0


def test_custom_gradient_gives_gradients_of_variables(graph):
    @tf.custom_gradient
    def scaled(x):
        w = tf.get_variable("w", initializer=3.0, use_resource=True)
        y = x * w.read_value()

        def grad(dy, variables=None):
            assert [v.op.name for v in variables] == ["w"]
            return dy * 10.0, [dy * 20.0]

        return y, grad

    x = tf.constant(2.0)
    y = scaled(x)
    grads = tf.gradients(y, [x, *tf.global_variables()])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run([y, *grads]) == [6.0, 10.0, 20.0]


def test_hessian_of_a_product(graph):
    x = tf.constant([1.0, 2.0, 3.0])
    h = tf.hessians(x[0] * x[1] * x[2], x)[0]
    assert value(h).tolist() == [[0, 3, 2], [3, 0, 1], [2, 1, 0]]


def test_an_op_without_gradient_is_named(monkeypatch):
    monkeypatch.setattr(registry.lookup("Square"), "gradient", None)
    x = tf.constant([1.0])
    y = tf.square(x, name="y")
    with pytest.raises(LookupError, match=r"No gradient defined for operation 'y' \(op type: Square\)"):
        tf.gradients(y, x)


def test_complex_results_need_an_incoming_gradient():
    z = tf.constant(1 + 1j)
    with pytest.raises(TypeError, match="Gradients of complex tensors must set grad_ys"):
        tf.gradients(z, z)


def test_incoming_gradients_are_checked():
    x = tf.constant(1.0)
    with pytest.raises(TypeError, match="must be real or integer"):
        tf.gradients(x, x, grad_ys=[tf.constant("a")])
    with pytest.raises(ValueError, match="Passed 2 grad_ys for 1 ys"):
        tf.gradients(x, x, grad_ys=[1.0, 2.0])


def test_a_gradient_function_returns_one_gradient_per_input(graph):
    tf.RegisterGradient("TestGradientsTooFew")(lambda op, grad: grad)
    x = tf.constant(1.0)
    with graph.gradient_override_map({"Mul": "TestGradientsTooFew"}):
        y = x * 2.0
    with pytest.raises(ValueError, match='(?s)Num gradients 1 generated for op .*"mul".* do not match num inputs 2'):
        tf.gradients(y, x)


def test_a_gradient_of_another_shape_is_refused(graph):
    tf.RegisterGradient("TestGradientsOtherShape")(lambda op, grad: tf.zeros([3]))
    x = tf.constant([1.0, 2.0])
    with graph.gradient_override_map({"Square": "TestGradientsOtherShape"}):
        y = tf.square(x)
    with pytest.raises(ValueError, match="Incompatible shapes between op input and calculated input gradient"):
        tf.gradients(y, x)


def test_no_gradient_through_a_loops_own_start():
    x = tf.constant(2.0)

    def body(i, y):
        tf.gradients(y * x, x0)
        return i + 1, y

    x0 = tf.constant(3.0)
    with pytest.raises(ValueError, match="Cannot compute gradient inside while loop with respect to op 'Const_1'"):
        tf.while_loop(lambda i, y: i < 3, body, [0, x0])


def test_no_second_derivative_of_a_loop():
    x = tf.constant(2.0)
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])
    g = tf.gradients(y, x)
    with pytest.raises(TypeError, match="Second-order gradient for while loops not supported"):
        tf.gradients(g, x)
