"""A sparse matrix times a dense one by machine code: the sums that a dense product gives, whatever the order."""

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import products
from tfmagic.ops.sparse import matmul

pytest.importorskip("llvmlite")


def made(dtype: torch.dtype, width: int) -> None:
    """The machine code for a type and number of columns is there."""
    place, dense = torch.zeros(1, dtype=torch.int64), torch.zeros((1, width), dtype=dtype)
    for _ in range(products._CALLS + 1):
        products.sparse_product(place, place, dense[0, :1], dense, 1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [1, 3, 16])
def test_the_sums_of_a_dense_product(dtype: torch.dtype, width: int) -> None:
    made(dtype, width)
    random = np.random.RandomState(0)
    places = torch.from_numpy(random.randint(0, (7, 5), (200, 2)))  # in no order, some of them twice
    values, dense = (torch.from_numpy(random.rand(*dims)).to(dtype) for dims in ((200,), (5, width)))
    matrix = torch.zeros((7, 5), dtype=dtype).index_put((places[:, 0], places[:, 1]), values, accumulate=True)
    found = products.sparse_product(places[:, 0], places[:, 1], values, dense, 7)
    torch.testing.assert_close(found, matrix @ dense)


@pytest.mark.parametrize("place", [(7, 0), (-1, 0), (0, 5), (0, -1)])
def test_an_element_outside_is_left_to_others(place: tuple[int, int]) -> None:
    made(torch.float32, 2)
    row, column = (torch.tensor([at]) for at in place)
    assert products.sparse_product(row, column, torch.ones(1), torch.ones((5, 2)), 7) is None


def test_a_run_is_the_same_by_either_way_and_refuses_the_same() -> None:
    random = np.random.RandomState(1)
    places = random.randint(0, 20, (max(matmul._FEW, 100), 2))
    dense = random.rand(20, 4).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        sparse = tf.sparse_placeholder(tf.float32)
        product = tf.sparse_tensor_dense_matmul(sparse, dense, adjoint_a=True)
        given = tf.SparseTensorValue(places, random.rand(len(places)), (20, 20))
        before = sess.run(product, {sparse: given})
        made(torch.float32, 4)
        np.testing.assert_allclose(sess.run(product, {sparse: given}), before, rtol=1e-5)
        places[-1] = (0, 20)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"m \(20\) from index\[99,1\] out of bounds \(>=20\)"):
            sess.run(product, {sparse: given})
