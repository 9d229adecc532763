"""Attributes of nodes that TensorFlow keeps for itself, and that programs read all the same."""

import pytest

from tfmagic import tf


def test_nodes_tell_their_numbers():
    with tf.Graph().as_default() as graph:
        first = tf.constant(1., name="a")
        halves = tf.split(tf.ones([2]), 2)
    assert first.op._id_value == 1
    assert [half._value_index for half in halves] == [0, 1]
    assert graph._version == graph.version == halves[0].op._id_value


def test_a_device_may_be_set_as_a_string():
    with tf.Graph().as_default():
        node = tf.constant(1.).op
    node._set_device_from_string("/device:CPU:0")
    assert node.device == node.node_def.device == "/device:CPU:0"


def test_a_graph_knows_op_definitions():
    graph = tf.Graph()
    definition = graph._get_op_def("AddN")
    assert (definition.name, [arg.name for arg in definition.input_arg]) == ("AddN", ["inputs"])
    with pytest.raises(tf.errors.NotFoundError, match="^Op type not registered 'Nope' in binary running on "):
        graph._get_op_def("Nope")


@pytest.mark.parametrize("values, dense, shape", [
    ([2, 3], None, [None, 3]), (None, None, None), ([2, 3], "any", [None, 3]), ([2, 3], [4, 3], [4, 3]),
    (None, [4, 3], [4, 3]), (None, "two", [None, None]), ([None, 3], "two", [None, 3])])
def test_slices_have_a_spec(values, dense, shape):
    with tf.Graph().as_default():
        of_shape = {"any": None, "two": [2]}
        whole = dense if dense is None else tf.placeholder(tf.int64, of_shape[dense]) if isinstance(dense, str) \
            else tf.constant(dense, tf.int64)
        slices = tf.IndexedSlices(tf.placeholder(tf.float32, values), tf.constant([0, 1]), whole)
        wanted = tf.IndexedSlicesSpec(shape, tf.float32, tf.int32, None if dense is None else tf.int64, [2])
        assert slices._type_spec == wanted


def test_a_second_gradient_is_refused_with_the_place_of_the_first():
    tf.RegisterGradient("TwiceRegistered")(lambda op, dy: dy)
    with pytest.raises(KeyError, match=r"Registering two gradient with name 'TwiceRegistered'! \(Previous registration "
                                       r"was in test_a_second\w+ .*test_inner_attributes\.py:\d+\)"):
        tf.NotDifferentiable("TwiceRegistered")
    with pytest.raises(KeyError, match=r"Registering two gradient with name 'Relu'! \(Previous registration was in "):
        tf.RegisterGradient("Relu")(lambda op, dy: dy)
