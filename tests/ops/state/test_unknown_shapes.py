"""Variables whose shape is not stated, and references that assignments hand on."""

import pytest

from tfmagic import tf

CHANGES = {
    "add": lambda handle: tf.raw_ops.AssignAddVariableOp(resource=handle, value=[[1., 2.], [3., 4.]]),
    "scatter": lambda handle: tf.raw_ops.ResourceScatterAdd(resource=handle, indices=[0, 1],
                                                            updates=[[1., 2.], [3., 4.]]),
    "scatter_nd": lambda handle: tf.raw_ops.ResourceScatterNdAdd(ref=handle, indices=[[0], [1]],
                                                                 updates=[[1., 2.], [3., 4.]]),
    "descent": lambda handle: tf.raw_ops.ResourceApplyGradientDescent(var=handle, alpha=-1.,
                                                                      delta=[[1., 2.], [3., 4.]]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_resource_variable_of_unstated_shape_is_changed(change):
    with tf.Graph().as_default(), tf.Session() as sess:
        handle = tf.raw_ops.VarHandleOp(shape=None, dtype=tf.float32, shared_name="v")
        sess.run(tf.raw_ops.AssignVariableOp(resource=handle, value=[[10., 10.], [10., 10.]]))
        sess.run(CHANGES[change](handle))
        value = sess.run(tf.raw_ops.ReadVariableOp(resource=handle, dtype=tf.float32))
        gathered = sess.run(tf.raw_ops.ResourceGatherNd(resource=handle, indices=[[1, 0]], dtype=tf.float32))
    assert value.tolist() == [[11., 12.], [13., 14.]] and gathered.tolist() == [13.]


def test_a_chain_of_assignments_changes_one_variable():
    with tf.Graph().as_default(), tf.Session() as sess:
        variable = tf.Variable([1., 2.])
        last = tf.scatter_add(tf.assign_add(tf.assign(variable, [5., 6.]), [1., 1.]), [0], [10.])
        assert [value.tolist() for value in sess.run([last, variable])] == [[16., 7.], [16., 7.]]


@pytest.mark.parametrize("optimizer", [tf.train.ProximalAdagradOptimizer, tf.train.ProximalGradientDescentOptimizer,
                                       tf.train.AdagradOptimizer])
@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize("value", [[1., 2.], [[1.], [2.]]])
def test_gradients_of_rows_are_not_broadcast(optimizer, use_resource, value):
    with tf.Graph().as_default(), tf.Session() as sess:
        variable = tf.get_variable("v", [3, 2], initializer=tf.ones_initializer(), use_resource=use_resource)
        gradient, rows = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
        step = optimizer(0.1).apply_gradients([(tf.IndexedSlices(gradient, rows, tf.constant([3, 2])), variable)])
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="^var and grad must match in dimension 1\n"):
            sess.run(step, {gradient: value, rows: [0, 1]})
        assert sess.run(variable).tolist() == [[1., 1.]] * 3
