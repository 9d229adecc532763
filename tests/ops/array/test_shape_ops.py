"""Reshaping, joining, slicing: static shapes, nodes and values."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def run(fetch, feed=None):
    with tf.Session() as sess:
        return sess.run(fetch, feed)


def test_one_dimension_of_a_reshape_is_worked_out() -> None:
    x = tf.zeros([2, 3, 4])
    assert tf.reshape(x, [6, -1]).shape == [6, 4]
    assert tf.reshape(tf.placeholder(tf.float32, [None, 4]), [-1, 2]).shape.as_list() == [None, 2]


def test_a_reshape_that_cannot_be_is_refused_while_the_graph_is_built(graph) -> None:
    count = len(graph.get_operations())
    with pytest.raises(ValueError, match=r"Cannot reshape a tensor with 6 elements to shape \[4,2\] \(8 elements\)"):
        tf.reshape(tf.zeros([2, 3], name="x"), [4, 2])
    assert [op.name for op in graph.get_operations()[count:]] == ["x", "Reshape/shape"]


@pytest.mark.parametrize("size, wanted, found", [
    ((0, 3), [0, -1], (0, 3)), ((4, 0, 3), [-1, 0, 2], (6, 0, 2)), ((0, 3), [0, -1, 5], (0, 0, 5))])
@pytest.mark.parametrize("fed", [False, True])
def test_the_missing_size_of_an_empty_tensor_follows_from_the_sizes_that_are_not_0(size, wanted, found, fed) -> None:
    x = tf.placeholder(tf.float32)
    shape = tf.placeholder(tf.int32) if fed else tf.constant(wanted)
    feed = {x: np.zeros(size), shape: wanted} if fed else {x: np.zeros(size)}
    assert run(tf.reshape(x, shape), feed).shape == found


def test_shapes_are_looked_at_again_when_a_run_brings_others() -> None:
    x, shape = tf.placeholder(tf.float32), tf.placeholder(tf.int32)
    y = tf.broadcast_to(x, shape)
    with tf.Session() as sess:
        for _ in range(2):
            assert sess.run(y, {x: [1, 2], shape: [3, 2]}).shape == (3, 2)
            with pytest.raises(tf.errors.InvalidArgumentError, match=r"Rank of input \(2\) must be no greater"):
                sess.run(y, {x: [[1, 2]], shape: [2]})


def test_a_reshape_that_cannot_be_is_explained_in_the_run() -> None:
    x = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="with 3 values, but the requested shape has 4"):
        run(tf.reshape(x, [2, 2]), {x: [1, 2, 3]})


@pytest.mark.parametrize("index", [
    np.s_[0], np.s_[-1], np.s_[1:], np.s_[..., 0], np.s_[:, None, 1], np.s_[::-1], np.s_[1, ::-2], np.s_[..., None],
    np.s_[0:0], np.s_[5:], np.s_[::-1, ..., ::2], np.s_[-2:5, 1:-1, -1:-4:-1], np.s_[:, -2], np.s_[...],
], ids=str)
def test_slices_are_numpys(index) -> None:
    array = np.arange(24.0).reshape(2, 3, 4)
    known, unknown = tf.constant(array), tf.placeholder(tf.float64)
    expected = array[index]
    assert known[index].shape.as_list() == list(expected.shape)
    a, b = run([known[index], unknown[index]], {unknown: array})
    np.testing.assert_array_equal(a, expected)
    np.testing.assert_array_equal(b, expected)
    grad = run(tf.gradients(known[index] * 3.0, known)[0])
    wanted = np.zeros_like(array)
    wanted[index] = 3
    np.testing.assert_array_equal(grad, wanted)


def test_tensors_are_indices() -> None:
    x, i = tf.constant(np.arange(12).reshape(3, 4)), tf.placeholder(tf.int32, [])
    a, b = run([x[i], x[i:i + 1, i]], {i: 1})
    assert a.tolist() == [4, 5, 6, 7] and b.tolist() == [5]


@pytest.mark.parametrize("index", [1.5, "a", (0, 1.0)])
def test_other_indices_are_refused(index) -> None:
    with pytest.raises(TypeError, match="Only integers, slices"):
        tf.zeros([2, 3])[index]


def test_an_index_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="slice index 5 of dimension 0 out of bounds"):
        tf.zeros([2])[5]
    x = tf.placeholder(tf.float32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="slice index 5 of dimension 0 out of bounds"):
        run(x[5], {x: [1, 2]})


def test_a_slice_of_a_variable_is_assigned() -> None:
    v = tf.Variable([1.0, 2.0, 3.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(v[1:].assign([8, 9])).tolist() == [1, 8, 9]
        assert sess.run(v[::-1].assign([4, 5, 6])).tolist() == [6, 5, 4]
        assert sess.run(v).tolist() == [6, 5, 4]


def test_lists_with_tensors_become_a_stack(graph) -> None:
    n = tf.placeholder(tf.int32, [], name="n")
    packed = tf.convert_to_tensor([[n, 1], [2, n]], name="packed")
    assert packed.op.type == "Pack" and packed.shape == [2, 2]
    assert [op.name for op in graph.get_operations()] == [
        "n", "packed/0/1", "packed/0", "packed/1/0", "packed/1", "packed"]
    assert run(packed, {n: 7}).tolist() == [[7, 1], [2, 7]]


def test_joins_check_their_shapes() -> None:
    with pytest.raises(ValueError, match=r"Dimension 0 in both .* but are 2 and 3. Shapes are \[2\] and \[3\]"):
        tf.concat([tf.zeros([1, 2]), tf.zeros([1, 3])], 0)
    with pytest.raises(ValueError, match="Shapes must be equal rank, but are 1 and 2"):
        tf.stack([tf.zeros([2]), tf.zeros([1, 2])])


def test_a_tensor_concatenated_with_itself_gets_both_gradients() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.concat([x, x], 0)
    assert run(tf.gradients(y * [[1.0, 1], [2, 2], [3, 3], [4, 4]], x)[0], {x: [[0, 0], [0, 0]]}).tolist() == [
        [4, 4], [6, 6]]


@pytest.mark.parametrize("parts", [3, [1, 2, 3], [1, -1, 2]])
def test_splits(parts) -> None:
    x = np.arange(12.0).reshape(6, 2)
    p = tf.placeholder(tf.float64, [None, 2])
    pieces = run(tf.split(p, parts), {p: x})
    np.testing.assert_array_equal(np.concatenate(pieces), x)
    assert len(pieces) == 3


def test_an_uneven_split_is_explained_in_the_run() -> None:
    p = tf.placeholder(tf.float64, [None, 2])
    with pytest.raises(tf.errors.InvalidArgumentError, match="evenly divide the split dimension"):
        run(tf.split(p, 2), {p: np.zeros((3, 2))})


def test_strings_move_like_numbers() -> None:
    s = tf.constant([["a", "b"], ["c", "d"]])
    results = run([tf.transpose(s), s[::-1, 0], tf.concat([s, s], 1), tf.gather(s, [1]), tf.reshape(s, [-1]),
                   tf.tile(s, [1, 2]), tf.where([True, False], s, tf.fill([2, 2], "x")), tf.shape(s)])
    assert [r.tolist() for r in results] == [
        [[b"a", b"c"], [b"b", b"d"]], [b"c", b"a"], [[b"a", b"b"] * 2, [b"c", b"d"] * 2], [[b"c", b"d"]],
        [b"a", b"b", b"c", b"d"], [[b"a", b"b"] * 2, [b"c", b"d"] * 2], [[b"a", b"b"], [b"x", b"x"]], [2, 2]]


def test_large_zeros_are_a_fill_and_small_ones_a_constant() -> None:
    assert tf.zeros([999]).op.type == "Const"
    assert tf.zeros([1000]).op.type == "Fill"
    assert tf.zeros_like(tf.placeholder(tf.float32, [None])).op.type == "ZerosLike"
    assert tf.ones_like(tf.placeholder(tf.float32, [None]), dtype=tf.int32).dtype == tf.int32


def test_shape_is_a_constant_where_it_is_static() -> None:
    assert tf.shape(tf.zeros([2, 3])).op.type == "Const"
    assert tf.shape(tf.placeholder(tf.float32, [None, 3])).op.type == "Shape"
    assert tf.rank(tf.placeholder(tf.float32, [None, 3])).op.type == "Const"
    assert tf.size(tf.placeholder(tf.float32, [None, 3])).op.type == "Size"


@pytest.mark.parametrize("name", ["qint8", "quint8", "qint16", "quint16", "qint32", "bfloat16", "uint64", "complex64"])
def test_constants_have_values_of_every_type(name, graph) -> None:
    dtype = getattr(tf, name)
    one = tf.constant([(1,), (0,)] if dtype.is_quantized else [1, 0], dtype)  # quantized numbers are written as tuples
    (copy,) = tf.import_graph_def(graph.as_graph_def(), return_elements=["Const:0"])
    for value in run([one, copy]):
        assert [int(item) for item in np.asarray(value).real.astype(np.int64)] == [1, 0]


def test_a_constant_of_another_type_than_its_value_is_refused_in_the_run() -> None:
    wrong = tf.raw_ops.Const(value=tf.make_tensor_proto(1.0), dtype=tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"between value \(float\) and dtype \(int32\)"):
        run(wrong)


def test_slices_that_are_unique_have_the_shapes_that_they_have() -> None:
    x = tf.placeholder(tf.int32, [None, None])
    y, places = tf.raw_ops.UniqueV2(x=x, axis=[1])
    assert (y.shape.as_list(), places.shape.as_list()) == ([None], [None, None])  # as in TensorFlow, for all its ranks
    found = run([y, places, tf.shape(y), tf.shape(places)], {x: [[1, 1, 2], [3, 3, 4]]})
    assert [value.tolist() for value in found] == [[[1, 2], [3, 4]], [0, 0, 1], [2, 2], [3]]
