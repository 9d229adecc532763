"""MapStagingArea of data_flow_ops: elements that have keys, in parts."""

import pytest

from tfmagic import tf
from tfmagic.tf.internal import module

MapStagingArea = module("tensorflow.python.ops.data_flow_ops").MapStagingArea
KEY = {"dtype": tf.int64, "shape": []}


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize("ordered", [False, True])
def test_an_element_comes_in_parts_and_is_taken_in_parts(ordered):
    area = MapStagingArea([tf.float32, tf.int32], [[], [2]], names=["x", "y"], ordered=ordered)
    key = tf.placeholder(**KEY)
    x, y = area.put(key, {"x": tf.constant(1.5)}), area.put(key, {"y": tf.constant([2, 3])})
    counts = [area.size(), area.incomplete_size()]
    with tf.Session() as session:
        session.run(x, {key: 7})
        assert session.run(counts) == [0, 1]
        session.run(y, {key: 7})
        assert session.run(counts) == [1, 0]
        assert session.run(area.peek(key, ["x"]), {key: 7}) == {"x": 1.5}
        taken, parts = session.run(area.get(key, [1]), {key: 7})
        assert taken == 7 and parts["y"].tolist() == [2, 3]
        assert session.run(area.get(key, ["x"])[1], {key: 7}) == {"x": 1.5}
        assert session.run(counts) == [0, 0]


def test_an_ordered_area_gives_the_smallest_key_first():
    area = MapStagingArea([tf.float32], [[]], ordered=True)
    key = tf.placeholder(**KEY)
    put, get = area.put(key, [tf.cast(key, tf.float32)], [0]), area.get()
    with tf.Session() as session:
        for number in (5, 2, 9):
            session.run(put, {key: number})
        assert [session.run(get) for _ in range(3)] == [(2, [2.0]), (5, [5.0]), (9, [9.0])]
        session.run(put, {key: 3})
        session.run(area.clear())
        assert session.run(area.size()) == 0


def test_nodes_are_tensorflows(graph):
    area = MapStagingArea([tf.float32, tf.int32], [[], [2]], ordered=True)
    key = tf.constant(3, tf.int64)
    put = area.put(key, [tf.constant(1.0)], [0])
    first, rest = area.get()
    peeked = area.peek(key)
    assert (put.name, put.type, [t.name for t in put.inputs]) == (
        "MapStagingArea_put", "OrderedMapStage", ["Const:0", "MapStagingArea_put/indices:0", "Const_1:0"])
    assert put.get_attr("fake_dtypes") == [tf.float32] and put.get_attr("dtypes") == [tf.float32, tf.int32]
    assert put.colocation_groups() == [b"loc:@MapStagingArea_root/NoOp"]
    assert (first.name, [t.shape.as_list() for t in rest]) == ("MapStagingArea_get_nokey:0", [[], [2]])
    assert [t.name for t in peeked] == ["MapStagingArea_pop:0", "MapStagingArea_pop:1"]


@pytest.mark.parametrize("names, values, indices, message", [
    (None, [1.0], None, "Indices must be supplied when inserting a list of tensors"),
    (None, [1.0], [1], "Datatypes do not match. '<dtype: 'float32'>' != '<dtype: 'int32'>'"),
    (None, [1.0], [0, 1], "Number of indices '%s' doesn't match number of values '%s'"),
    (None, [1.0, 2, 3], [0, 1, 1], "Unexpected number of inputs '3' vs '2'"),
    (None, [[1.0]], [0], r"Shapes \(1,\) and \(\) are incompatible"),
    (None, {"x": 1.0}, None, "Staging areas must have names to enqueue a dictionary"),
    (["x", "y"], [1.0, 2], None, "You must enqueue a dictionary in a staging area with names"),
    (["x", "y"], {"z": 1}, None, "Keys in dictionary to put do not match names of staging area"),
])
def test_what_cannot_be_put_in(names, values, indices, message):
    area = MapStagingArea([tf.float32, tf.int32], [[], []], names=names)
    tensors = {name: tf.constant(value) for name, value in values.items()} if isinstance(values, dict) else [
        tf.constant(value) for value in values]
    with pytest.raises(ValueError, match=message):
        area.put(tf.constant(3, tf.int64), tensors, indices)


@pytest.mark.parametrize("names, indices, error, message", [
    (None, ["x"], ValueError, "this Staging Area was not created with names"),
    (["x", "y"], ["z"], ValueError, "Named index 'z' not in Staging Area names"),
    (["x", "y"], [1.5], TypeError, "Mixed types in indices"),
])
def test_components_that_are_not_there(names, indices, error, message):
    with pytest.raises(error, match=message):
        MapStagingArea([tf.float32, tf.int32], names=names).get(tf.constant(3, tf.int64), indices)
