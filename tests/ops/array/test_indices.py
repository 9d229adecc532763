"""Gather, scatter, masks, sets, layout: values, gradients and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def run(fetch, feed=None):
    with tf.Session() as sess:
        return sess.run(fetch, feed)


def test_a_bad_index_of_a_gather_is_named() -> None:
    i = tf.placeholder(tf.int32)
    rows = tf.gather(tf.constant([1.0, 2.0, 3.0]), i)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = 5 is not in \[0, 3\)"):
        run(rows, {i: [0, 5]})
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices = -1 is not in \[0, 3\)"):
        run(rows, {i: -1})
    assert run(rows, {i: [[2, 0]]}).tolist() == [[3, 1]]


@pytest.mark.parametrize(("axis", "batch_dims"), [(0, 0), (1, 0), (2, 0), (-1, 0), (1, 1), (2, 1), (2, 2)])
def test_gathers_and_their_gradients(axis, batch_dims) -> None:
    rng = np.random.default_rng(0)
    params = rng.standard_normal((2, 3, 4))
    indices = rng.integers(0, 2, (2, 3, 2)[:batch_dims] + (2,))
    x = tf.constant(params)
    y = tf.gather(x, indices, axis=axis, batch_dims=batch_dims)
    value, grad = run([y, tf.convert_to_tensor(tf.gradients(y * y, x)[0])])
    whole = axis % 3

    def take(p, i):
        return np.take(p, i, whole - batch_dims)

    def put(p, i, g):
        out = np.zeros_like(p)
        np.add.at(np.moveaxis(out, whole - batch_dims, 0), i,
                  np.moveaxis(g, list(range(whole - batch_dims, whole - batch_dims + i.ndim)), list(range(i.ndim))))
        return out

    expected, back = np.empty(value.shape), np.empty(params.shape)
    for place in np.ndindex(*params.shape[:batch_dims]):
        expected[place] = take(params[place], indices[place])
        back[place] = put(params[place], indices[place], 2 * take(params[place], indices[place]))
    np.testing.assert_allclose(value, expected)
    np.testing.assert_allclose(grad, back)
    assert y.shape.as_list() == list(value.shape)


def test_gather_of_rows_has_a_sparse_gradient() -> None:
    x = tf.placeholder(tf.float32, [4, 2])
    grad = tf.gradients(tf.gather(x, [1, 1, 3]), x)[0]
    assert isinstance(grad, tf.IndexedSlices)
    assert run(tf.convert_to_tensor(grad), {x: np.zeros((4, 2))}).tolist() == [[0, 0], [2, 2], [0, 0], [1, 1]]


def test_scatters() -> None:
    x = tf.constant([[1.0, 2], [3, 4], [5, 6]])
    rows = tf.constant([[10.0, 20], [30, 40]])
    assert run(tf.scatter_nd([[0], [0]], rows, [2, 2])).tolist() == [[40, 60], [0, 0]]
    assert run(tf.tensor_scatter_update(x, [[2], [0]], rows)).tolist() == [[30, 40], [3, 4], [10, 20]]
    assert run(tf.tensor_scatter_add(x, [[1], [1]], rows)).tolist() == [[1, 2], [43, 64], [5, 6]]
    assert run(x).tolist() == [[1, 2], [3, 4], [5, 6]]
    i = tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[0\] = \[9\] does not index into"):
        run(tf.tensor_scatter_add(x, i, rows[:1]), {i: [[9]]})


def test_masks_and_conditions() -> None:
    x = tf.constant([[1.0, 2], [3, 4]])
    assert run(tf.boolean_mask(x, [False, True])).tolist() == [[3, 4]]
    assert run(tf.where(x > 2)).tolist() == [[1, 0], [1, 1]]
    assert run(tf.where([True, False], x, -x)).tolist() == [[1, 2], [-3, -4]]
    assert run(tf.gradients(tf.where(x > 2, x * x, x), x)[0]).tolist() == [[1, 1], [6, 8]]
    with pytest.raises(ValueError, match="x and y must both be non-None"):
        tf.where(x > 2, x)


def test_partition_and_stitch_are_inverse() -> None:
    x = tf.placeholder(tf.float32, [None])
    which = tf.constant([1, 0, 1, 2])
    parts = tf.dynamic_partition(x, which, 3)
    places = tf.dynamic_partition(tf.range(4), which, 3)
    back = tf.dynamic_stitch(places, parts)
    assert run(back, {x: [5, 6, 7, 8]}).tolist() == [5, 6, 7, 8]
    assert run(tf.dynamic_stitch([[0, 1], [1]], [[1, 2], [9]])).tolist() == [1, 9]


def test_sets_keep_the_order_of_first_appearance() -> None:
    y, idx, count = run(tf.unique_with_counts([3, 1, 3, 2, 1]))
    assert (y.tolist(), idx.tolist(), count.tolist()) == ([3, 1, 2], [0, 1, 0, 2, 1], [2, 2, 1])
    assert [r.tolist() for r in run(tf.unique(["b", "a", "b"]))] == [[b"b", b"a"], [0, 1, 0]]
    assert [r.tolist() for r in run(tf.setdiff1d([1, 2, 3], [2]))] == [[1, 3], [0, 2]]


def test_permutations_are_checked() -> None:
    p = tf.placeholder(tf.int32)
    assert run(tf.invert_permutation(p), {p: [2, 0, 1]}).tolist() == [1, 2, 0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="2 is duplicated"):
        run(tf.invert_permutation(p), {p: [2, 0, 2]})


def test_one_hot_takes_any_values_and_ignores_indices_out_of_range() -> None:
    assert run(tf.one_hot([1, -1, 9], 3)).tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert run(tf.one_hot([0], 2, on_value="y", off_value="n")).tolist() == [[b"y", b"n"]]
    with pytest.raises(TypeError, match="does not match dtype parameter"):
        tf.one_hot([0], 2, on_value=tf.constant(1), dtype=tf.float32)


@pytest.mark.parametrize("mode", ["CONSTANT", "REFLECT", "SYMMETRIC"])
def test_padding_is_numpys(mode) -> None:
    array = np.arange(6.0).reshape(2, 3)
    x = tf.constant(array)
    y = tf.pad(x, [[1, 0], [1, 2]], mode=mode)
    value, grad = run([y, tf.gradients(y, x)[0]])
    np.testing.assert_array_equal(value, np.pad(array, [[1, 0], [1, 2]], mode=mode.lower()))
    assert grad.sum() == (6 if mode == "CONSTANT" else value.size)


def test_negative_paddings_and_multiples_are_refused_in_the_run() -> None:
    n = tf.placeholder(tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Paddings must be non-negative: -1 0"):
        run(tf.pad([1.0, 2.0], n), {n: [[-1, 0]]})
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Expected multiples\[0\] >= 0, but got -2"):
        run(tf.tile([1.0], n), {n: [-2]})
    with pytest.raises(tf.errors.InvalidArgumentError, match="Dimension -3 must be >= 0"):
        run(tf.fill(n, 1.0), {n: [-3]})


def test_blocks_come_back() -> None:
    x = np.arange(64.0).reshape(1, 4, 4, 4)
    t = tf.constant(x)
    there = tf.space_to_batch(t, [[0, 0], [0, 0]], 2)
    assert there.shape == [4, 2, 2, 4]
    a, b = run([tf.batch_to_space(there, [[0, 0], [0, 0]], 2), tf.depth_to_space(tf.space_to_depth(t, 2), 2)])
    np.testing.assert_array_equal(a, x)
    np.testing.assert_array_equal(b, x)


def test_ranges() -> None:
    assert run(tf.range(2, 9, 3)).tolist() == [2, 5, 8]
    assert tf.range(2, 9, 3).shape == [3]
    np.testing.assert_allclose(run(tf.range(0.0, 1.0, 0.25)), [0, 0.25, 0.5, 0.75])
    assert tf.range(3, 4.5).dtype == tf.float32
    with pytest.raises(ValueError, match="Requires start <= limit"):
        tf.range(3, 1)


def test_slices_at_numbers_that_only_a_run_tells() -> None:
    array = np.random.default_rng(0).standard_normal((4, 3, 5))
    x, n = tf.constant(array), tf.placeholder(tf.int64, [])
    slices = [lambda x, n: x[n], lambda x, n: x[:, n], lambda x, n: x[..., n], lambda x, n: x[n, :, n],
              lambda x, n: x[1:4:2, n, None], lambda x, n: x[::-1, None, n, ..., 1], lambda x, n: x[n, 1, -1]]
    cuts = [cut(x, n) for cut in slices]
    grads = [tf.gradients(cut * cut, x)[0] for cut in cuts]
    for number in (0, 2, -1, -3):
        for cut, value, grad in zip(slices, *run([cuts, grads], {n: number})):
            np.testing.assert_array_equal(value, cut(array, number))
            inside = np.zeros_like(array)
            inside.flat[cut(np.arange(array.size).reshape(array.shape), number)] = 2 * value
            np.testing.assert_allclose(grad, inside)


@pytest.mark.parametrize(("number", "shown"), [(3, 3), (-4, -1), (-7, -4)])
def test_an_index_that_a_run_tells_is_named_where_it_is_no_place(number, shown) -> None:
    n = tf.placeholder(tf.int32, [])
    x = tf.constant(np.zeros((4, 3)))
    for value in (x[:, n], tf.gradients(x[1, n], x)[0]):
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"slice index {shown} of dimension 1 out of bounds."):
            run(value, {n: number})
