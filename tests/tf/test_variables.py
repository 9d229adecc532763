"""Variables: what they are, how they are shared and refused, initialised, loaded and found again."""

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture(params=[False, True], ids=["reference", "resource"])
def resource(request):
    return request.param


def test_every_variable_is_a_tf_variable(resource):
    v = tf.Variable(1.0, use_resource=resource)
    assert isinstance(v, tf.Variable)
    assert type(v).__name__ == ("ResourceVariable" if resource else "RefVariable")


def test_a_variable_equals_itself_alone(resource):
    v, w = tf.Variable(1.0, use_resource=resource), tf.Variable(1.0, use_resource=resource)
    assert v == v and v != w and len({v, w}) == 2 and v in [w, v]


def test_a_variable_cannot_be_iterated(resource):
    with pytest.raises(TypeError, match="'Variable' object is not iterable"):
        iter(tf.Variable([1.0, 2.0], use_resource=resource))


def test_an_initial_value_is_needed():
    with pytest.raises(ValueError, match="initial_value must be specified"):
        tf.Variable()


def test_an_initial_value_needs_a_static_shape():
    with pytest.raises(ValueError, match="initial_value must have a shape specified"):
        tf.Variable(tf.placeholder(tf.float32, [None]))
    assert tf.Variable(tf.placeholder(tf.float32, [None]), validate_shape=False).shape.ndims is None


def test_collections_must_be_a_list():
    with pytest.raises(ValueError, match="collections argument to Variable constructor must be a list, tuple, or set"):
        tf.Variable(1.0, collections="mine")


def test_an_initial_value_from_a_branch_is_refused():
    def branch():
        with pytest.raises(ValueError, match="is from inside a control-flow construct"):
            tf.Variable(tf.constant(1.0) + 1.0)
        return tf.constant(1.0)

    tf.cond(tf.constant(True), branch, lambda: tf.constant(0.0))


def test_load_sets_the_value_without_new_nodes(graph, resource):
    v = tf.Variable([1.0, 2.0], use_resource=resource)
    with tf.Session() as sess:
        count = len(graph.get_operations())
        v.load([5.0, 6.0], sess)
        assert sess.run(v).tolist() == [5.0, 6.0]
        assert len(graph.get_operations()) == count


def test_eval_uses_the_default_session(resource):
    v = tf.Variable([1.0, 2.0], use_resource=resource)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert v.eval().tolist() == [1.0, 2.0]


def test_a_variable_can_be_fed(resource):
    v = tf.Variable([1.0, 2.0], use_resource=resource)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(v.read_value() if resource else v + 0.0).tolist() == [1.0, 2.0]
        fed = sess.run(v, {v: [3.0, 4.0]})
        assert np.asarray(fed).tolist() == [3.0, 4.0]


def test_assigning_another_shape_is_refused(resource):
    v = tf.Variable([1.0, 2.0], use_resource=resource)
    with pytest.raises(ValueError):
        v.assign([1.0, 2.0, 3.0])
    if not resource:
        with tf.Session() as sess:
            sess.run(v.initializer)
            assert sess.run(tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)).tolist() == [1.0, 2.0, 3.0]


def test_a_variable_that_is_not_initialised_is_an_error_that_names_it(resource):
    v = tf.Variable(1.0, name="weights", use_resource=resource)
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError, match="weights"):
            sess.run(v + 1.0)
        assert not sess.run(tf.is_variable_initialized(v))
        sess.run(v.initializer)
        assert sess.run(tf.is_variable_initialized(v))


def test_uninitialised_variables_are_reported_by_name(resource):
    a, _ = tf.Variable(1.0, name="a", use_resource=resource), tf.Variable(1.0, name="b", use_resource=resource)
    missing = tf.report_uninitialized_variables()
    with tf.Session() as sess:
        assert sorted(sess.run(missing)) == [b"a", b"b"]
        sess.run(a.initializer)
        assert sess.run(missing).tolist() == [b"b"]


def test_counting_stops_at_the_limit(resource):
    v = tf.Variable(0, use_resource=resource)
    up = tf.count_up_to(v, 2)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert [sess.run(up), sess.run(up)] == [0, 1]
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(up)
        assert sess.run(v) == 2


def test_operators_are_those_of_the_value(resource):
    v = tf.Variable([4.0, 9.0], use_resource=resource)
    with tf.Session() as sess:
        sess.run(v.initializer)
        found = sess.run([v + 1.0, 1.0 - v, v * v, v / 2.0, -v, v[1], abs(-v), v > 5.0, v**0.5, np.float32(2.0) * v])
    assert [np.asarray(x).tolist() for x in found] == [
        [5.0, 10.0], [-3.0, -8.0], [16.0, 81.0], [2.0, 4.5], [-4.0, -9.0], 9.0, [4.0, 9.0], [False, True], [2.0, 3.0],
        [8.0, 18.0]]


def test_gathered_elements_pass_their_gradient_back(resource):
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], use_resource=resource)
    elements = v.gather_nd([[0, 1], [1, 0], [0, 1]])
    rows = v.gather_nd([[1]])
    grads = [tf.convert_to_tensor(tf.gradients(y, v)[0]) for y in (elements, rows)]
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(elements).tolist() == [2.0, 3.0, 2.0]
        assert [g.tolist() for g in sess.run(grads)] == [[[0.0, 2.0], [1.0, 0.0]], [[0.0, 0.0], [1.0, 1.0]]]


def test_two_sessions_keep_two_values(resource):
    v = tf.Variable(1.0, use_resource=resource)
    add = v.assign_add(1.0)
    with tf.Session() as one, tf.Session() as two:
        one.run(v.initializer)
        two.run(v.initializer)
        one.run(add)
        assert (one.run(v), two.run(v)) == (2.0, 1.0)


def test_a_string_variable_keeps_bytes(resource):
    v = tf.Variable(["a", "b"], use_resource=resource)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(v).tolist() == [b"a", b"b"]
        sess.run(tf.assign(v, [b"x", b"yz"]))
        assert sess.run(v).tolist() == [b"x", b"yz"]


def test_the_old_name_of_the_initialiser_still_works(capsys):
    v = tf.Variable(3.0)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        assert sess.run(v) == 3.0


def test_resource_variables_can_be_made_the_default():
    try:
        tf.enable_resource_variables()
        assert tf.resource_variables_enabled()
        assert tf.Variable(1.0).op.type == "VarHandleOp"
        assert tf.Variable(1.0, use_resource=False).op.type == "VariableV2"
    finally:
        tf.disable_resource_variables()
    assert tf.Variable(1.0).op.type == "VariableV2"


def test_a_scope_can_make_resources_the_default():
    with tf.variable_scope("s", use_resource=True):
        assert tf.Variable(1.0).op.type == "VarHandleOp"
        assert tf.get_variable("v", []).op.type == "VarHandleOp"


# --- sharing --------------------------------------------------------------------------------------------------------


def test_a_variable_made_twice_is_refused_and_told_where_it_was_made():
    with tf.variable_scope("layer"):
        tf.get_variable("w", [1])
        with pytest.raises(ValueError) as caught:
            tf.get_variable("w", [1])
    message = str(caught.value)
    assert message.startswith("Variable layer/w already exists, disallowed. Did you mean to set reuse=True or "
                              "reuse=tf.AUTO_REUSE in VarScope? Originally defined at:")
    assert __file__ in message


def test_sharing_what_is_not_there_is_refused():
    with tf.variable_scope("layer", reuse=True), pytest.raises(ValueError, match="Variable layer/w does not exist, or"):
        tf.get_variable("w", [1])


def test_a_shared_variable_keeps_its_shape_and_type():
    tf.get_variable("w", [1])
    with tf.variable_scope("", reuse=True):
        with pytest.raises(ValueError, match=r"specified shape \(2,\) and found shape \(1,\)"):
            tf.get_variable("w", [2])
        with pytest.raises(ValueError, match="specified dtype float64 and found dtype float32_ref"):
            tf.get_variable("w", [1], tf.float64)


def test_a_value_as_initialiser_brings_its_shape():
    with pytest.raises(ValueError, match="If initializer is a constant, do not specify shape"):
        tf.get_variable("w", [2], initializer=tf.constant([1.0, 2.0]))
    with pytest.raises(ValueError, match="Initializer type '<dtype: 'float32'>' and explicit dtype"):
        tf.get_variable("v", dtype=tf.float64, initializer=tf.constant(1.0))


def test_reuse_is_inherited_and_ends_with_its_scope():
    with tf.variable_scope("a"):
        tf.get_variable("v", [])
    with tf.variable_scope("a", reuse=True), tf.variable_scope("b"):
        assert tf.get_variable_scope().reuse is True
    assert tf.get_variable_scope().reuse is False
    with tf.variable_scope("a") as scope:
        scope.reuse_variables()
        assert tf.get_variable("v", []).name == "a/v:0"


def test_wrong_arguments_of_a_scope_are_refused():
    with pytest.raises(TypeError, match="name_or_scope must be a string or VariableScope"), tf.variable_scope(3):
        pass
    with pytest.raises(TypeError, match="If default_name is None then name_or_scope is required"):
        tf.variable_scope(None)
    with pytest.raises(ValueError, match="The reuse parameter must be True or False or None"):
        tf.variable_scope("a", reuse="yes")
    with pytest.raises(ValueError, match="reuse=True cannot be used without a name_or_scope"), \
            tf.variable_scope(None, "a", reuse=True):
        pass


def test_threads_have_scopes_of_their_own():
    import threading

    names = []

    def work(graph):
        with graph.as_default():
            names.append(tf.get_variable_scope().name)

    with tf.variable_scope("main"):
        thread = threading.Thread(target=work, args=(tf.get_default_graph(),))
        thread.start()
        thread.join()
    assert names == [""]


def test_a_partition_may_cut_one_axis_alone():
    with pytest.raises(ValueError, match="Can only slice a variable along one dimension"):
        tf.get_variable("w", [4, 4], partitioner=lambda **unused: [2, 2])
    with pytest.raises(ValueError, match="does not match the Variable's rank"):
        tf.get_variable("w", [4, 4], partitioner=lambda **unused: [2])


def test_a_partitioned_variable_is_trained_by_its_parts():
    w = tf.get_variable("w", [5, 2], partitioner=tf.fixed_size_partitioner(2), initializer=tf.ones_initializer())
    loss = tf.reduce_sum(tf.square(tf.convert_to_tensor(w)))
    train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        np.testing.assert_allclose(sess.run(tf.convert_to_tensor(w)), np.full([5, 2], 0.8), rtol=1e-6)
    names = [v.name for v in tf.global_variables()]
    assert names == ["w/part_0:0", "w/part_1:0", "w/part_0/Momentum:0", "w/part_1/Momentum:0"]


def test_a_template_refuses_new_variables_in_later_calls():
    def make():
        return tf.Variable(1.0)

    template = tf.make_template("t", make)
    template()
    with pytest.raises(ValueError, match="Trainable variable created when calling a template after the first time"):
        template()


# --- initialisers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("initializer", "expected"), [
    (lambda: tf.zeros_initializer(), {}), (lambda: tf.constant_initializer(2.0), {"value": 2.0}),
    (lambda: tf.random_normal_initializer(1.0, 2.0, seed=3), {"mean": 1.0, "stddev": 2.0, "seed": 3}),
    (lambda: tf.glorot_uniform_initializer(seed=4), {"seed": 4}),
    (lambda: tf.variance_scaling_initializer(2.0, "fan_out", "uniform"), {"scale": 2.0, "mode": "fan_out",
                                                                          "distribution": "uniform"}),
    (lambda: tf.orthogonal_initializer(2.0), {"gain": 2.0})])
def test_an_initialiser_can_be_made_again_from_its_settings(initializer, expected):
    first = initializer()
    again = type(first).from_config(first.get_config())
    assert again.get_config() == first.get_config() == {**first.get_config(), **expected}


def test_wrong_settings_of_an_initialiser_are_refused():
    with pytest.raises(ValueError, match="`scale` must be positive float"):
        tf.variance_scaling_initializer(-1.0)
    with pytest.raises(ValueError, match="Invalid `mode` argument"):
        tf.variance_scaling_initializer(mode="fan")
    with pytest.raises(TypeError, match="Invalid type for initial value"):
        tf.constant_initializer(object())


def test_the_fans_of_a_convolution_count_its_window():
    limit = np.sqrt(6.0 / (3 * 3 * 8 + 3 * 3 * 16))
    with tf.Session() as sess:
        values = sess.run(tf.glorot_uniform_initializer(seed=1)([3, 3, 8, 16]))
    assert np.abs(values).max() <= limit and np.abs(values).max() > 0.9 * limit
