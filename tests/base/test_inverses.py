"""Inverses of small matrices by machine code: as close as torch's, and left to it where a matrix is singular."""

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import compiler
from tfmagic.base.machine.inverses import inverses

pytest.importorskip("llvmlite")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code is made when it is asked for, and waited for."""
    monkeypatch.setattr(compiler, "_TAKES", 0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (5, 2, 7, 7), (3, 100, 100), (200, 200)])
def test_inverses(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    given = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(dtype).mT
    found = inverses(given)
    exact = torch.linalg.inv(given.double())
    bounds = exact.abs().amax((-2, -1), keepdim=True) * torch.linalg.cond(exact)[..., None, None]
    assert found.dtype == dtype and ((found - exact).abs() <= 10 * torch.finfo(dtype).eps * bounds).all()


@pytest.mark.parametrize("matrix", [[[0, 0], [0, 0]], [[1, 2], [2, 4]], [[0, 1], [0, 2]]])
def test_a_singular_matrix_among_others(matrix: list[list[float]]) -> None:
    given = np.array([np.eye(2), matrix], np.float32)
    assert inverses(torch.from_numpy(given)) is None
    with tf.Graph().as_default(), tf.Session() as sess, \
            pytest.raises(tf.errors.InvalidArgumentError, match="Input is not invertible."):
        sess.run(tf.linalg.inv(tf.placeholder(tf.float32, name="x")), {"x:0": given})


def test_rows_are_exchanged_for_the_largest_pivot() -> None:
    given = torch.tensor([[0.0, 2, 0], [0, 0, 4], [1, 0, 0]])
    assert inverses(given).tolist() == [[0, 0, 1], [0.5, 0, 0], [0, 0.25, 0]]
