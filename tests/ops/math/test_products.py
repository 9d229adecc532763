"""Products of matrices and tensors: every flag of matmul, tensordot and einsum against NumPy, with gradients."""

import itertools

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def value(tensor, feeds=None):
    with tf.Session() as session:
        return session.run(tensor, feeds)


def numbers(*shape):
    return np.random.RandomState(len(shape)).randn(*shape)


def slope(function, x, eps=1e-6):
    """The gradient of sum(function(x) ** 2) by differences."""
    result = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        ends = []
        for step in (eps, -eps):
            moved = x.copy()
            moved[place] += step
            ends.append(np.sum(function(moved) ** 2))
        result[place] = (ends[0] - ends[1]) / (2 * eps)
    return result


@pytest.mark.parametrize(("transpose_a", "transpose_b"), itertools.product([False, True], repeat=2))
@pytest.mark.parametrize("batch", [(), (2,)])
def test_matmul_transposes_and_has_gradients(transpose_a, transpose_b, batch):
    a = numbers(*batch, *((3, 2) if transpose_a else (2, 3)))
    b = numbers(*batch, *((4, 3) if transpose_b else (3, 4)))

    def numpy(x, y):
        return (np.swapaxes(x, -1, -2) if transpose_a else x) @ (np.swapaxes(y, -1, -2) if transpose_b else y)

    x, y = tf.constant(a), tf.constant(b)
    product = tf.matmul(x, y, transpose_a=transpose_a, transpose_b=transpose_b)
    dx, dy = tf.gradients(tf.reduce_sum(product ** 2), [x, y])
    found = value([product, dx, dy])
    np.testing.assert_allclose(found[0], numpy(a, b))
    np.testing.assert_allclose(found[1], slope(lambda m: numpy(m, b), a), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[2], slope(lambda m: numpy(a, m), b), rtol=1e-5, atol=1e-6)


def test_batches_broadcast_and_their_gradients_are_summed():
    a, b = numbers(2, 3, 4), numbers(4, 2)
    x, y = tf.constant(a), tf.constant(b)
    product = tf.matmul(x, y)
    dy = tf.gradients(tf.reduce_sum(product ** 2), y)[0]
    found = value([product, dy])
    np.testing.assert_allclose(found[0], a @ b)
    np.testing.assert_allclose(found[1], slope(lambda m: a @ m, b), rtol=1e-5, atol=1e-6)


def test_sizes_that_do_not_fit_are_refused_before_and_in_the_run():
    with pytest.raises(ValueError, match="Dimensions must be equal, but are 3 and 4 for 'MatMul'"):
        tf.matmul(tf.ones([2, 3]), tf.ones([4, 5]))
    a, b = tf.placeholder(tf.float32, [None, None]), tf.placeholder(tf.float32, [None, None])
    with pytest.raises(tf.errors.InvalidArgumentError):
        value(tf.matmul(a, b), {a: np.ones([1, 3]), b: np.ones([2, 1])})


@pytest.mark.parametrize(("equation", "shapes"), [
    ("ij,jk->ik", [(2, 3), (3, 4)]), ("bij,bjk->bik", [(2, 2, 3), (2, 3, 4)]), ("ij->ji", [(2, 3)]), ("ij->", [(2, 3)]),
    ("i,j->ij", [(2,), (3,)]), ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]), ("ii", [(3, 3)]),
    ("abc,cd->abd", [(2, 3, 4), (4, 2)]), ("...ij,...jk->...ik", [(2, 2, 3), (2, 3, 4)]), ("i,i,i->", [(3,)] * 3),
    ("abcd,abed->aceb", [(2, 3, 2, 2), (2, 3, 4, 2)])])
def test_einsum_is_numpys(equation, shapes):
    arrays = [numbers(*shape) for shape in shapes]
    tensors = [tf.constant(a) for a in arrays]
    result = tf.einsum(equation, *tensors)
    np.testing.assert_allclose(value(result), np.einsum(equation, *arrays), atol=1e-12)
    for place, gradient in enumerate(value(tf.gradients(tf.reduce_sum(result ** 2), tensors))):
        expected = slope(lambda m, p=place: np.einsum(equation, *arrays[:p], m, *arrays[p + 1:]), arrays[place])
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axes", [0, 1, [[1], [0]], [[0, 1], [1, 0]]])
def test_tensordot_is_numpys_whether_shapes_are_known_or_not(axes):
    a, b = numbers(3, 3), numbers(3, 3)
    x = tf.placeholder(tf.float64, [None, 3])
    expected = np.tensordot(a, b, axes)
    np.testing.assert_allclose(value(tf.tensordot(a, b, axes)), expected)
    np.testing.assert_allclose(value(tf.tensordot(x, b, axes), {x: a}), expected)
