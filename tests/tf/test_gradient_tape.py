"""GradientTape's Jacobians and vectorized_map: loops here, so only the values are TensorFlow's."""

import numpy as np
import pytest

from tfmagic import tf


def run(*fetches):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(list(fetches))


@pytest.fixture(autouse=True)
def _graph():
    with tf.Graph().as_default():
        yield


def test_a_jacobian_has_a_row_for_each_element_of_the_target():
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.stack([x[0] * x[1], x[2] ** 2])
    jacobian = tape.jacobian(y, x)
    assert jacobian.shape.as_list() == [2, 3]
    assert run(jacobian)[0].tolist() == [[2, 1, 0], [0, 0, 6]]


def test_a_jacobian_of_several_sources_is_none_where_one_has_no_influence():
    x, z = tf.constant([1.0, 2.0]), tf.constant([3.0])
    w = tf.get_variable("w", initializer=[[1.0, 2.0], [3.0, 4.0]], use_resource=True)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, z])
        y = tf.linalg.matvec(w, x)
    found = tape.jacobian(y, {"x": x, "w": w, "z": z})
    assert found["z"] is None
    by_x, by_w = run(found["x"], found["w"])
    assert by_x.tolist() == [[1, 2], [3, 4]]
    np.testing.assert_array_equal(by_w, [[[1, 2], [0, 0]], [[0, 0], [1, 2]]])
    assert run(tape.jacobian(y, z, unconnected_gradients="zero"))[0].tolist() == [[0], [0]]


def test_a_batch_jacobian_stays_within_rows():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.stack([x[:, 0] * x[:, 1], x[:, 0] ** 2, x[:, 1]], axis=1)
    found = tape.batch_jacobian(y, x)
    assert found.shape.as_list() == [2, 3, 2]
    np.testing.assert_array_equal(run(found)[0], [[[2, 1], [2, 0], [0, 1]], [[4, 3], [6, 0], [0, 1]]])


def test_a_batch_jacobian_refuses_other_rows():
    x = tf.constant([[1.0], [2.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.concat([x, x], 0)
    with pytest.raises(ValueError, match="Need first dimension of target shape"):
        tape.batch_jacobian(y, x)


def test_a_vectorized_map_stacks_what_the_function_gives():
    rows = {"a": tf.constant([[1.0, 2.0], [3.0, 4.0]]), "b": tf.constant([1, 2])}
    total, both = tf.vectorized_map(lambda row: (tf.reduce_sum(row["a"]), row["b"] * 10), rows)
    assert [value.tolist() for value in run(total, both)] == [[3, 7], [10, 20]]
