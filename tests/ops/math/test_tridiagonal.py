"""Systems of three diagonals: every way to solve them gives the same, in memory that grows with their lines."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import tridiagonal as machine
from tfmagic.ops.math import tridiagonal

pytestmark = pytest.mark.usefixtures("graph")


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize("exchanges", [True, False])
@pytest.mark.parametrize(("systems", "n", "columns"), [((), 1, 2), ((3,), 2, 1), ((2, 2), 3, 2), ((), 40, 3)])
def test_machine_code_does_what_the_loop_does(kind: torch.dtype, exchanges: bool, systems: tuple[int, ...], n: int,
                                              columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_LINE", 1e6)  # so that the compiler is waited for
    generator = torch.Generator().manual_seed(n)
    diagonals = torch.randn(*systems, 3, n, dtype=kind, generator=generator)
    right = torch.randn(*systems, n, columns, dtype=kind, generator=generator)
    found = machine.solved(diagonals, right, exchanges)
    assert found is not None
    expected, singular = tridiagonal._line_by_line(diagonals, right, exchanges)
    assert torch.equal(found[0], expected) and found[1] is singular is False


def test_complex_systems_are_solved_line_by_line_as_in_full() -> None:
    diagonals, right = (torch.randn(2, *dims, dtype=torch.complex128) for dims in ((3, 9), (9, 2)))
    in_full, by_lines = (solve(diagonals, right, True)[0]
                         for solve in (tridiagonal._in_full, tridiagonal._line_by_line))
    torch.testing.assert_close(in_full, by_lines)


def test_a_hundred_thousand_lines_need_no_matrix_of_their_square() -> None:
    n = 100_000
    main = np.full(n, 4.0)
    x = np.linspace(-1, 1, n)
    right = 4 * x + np.append(x[1:], 0) + np.insert(x[:-1], 0, 0)
    with tf.Session() as sess:
        found = sess.run(tf.linalg.tridiagonal_solve(np.stack([np.ones(n), main, np.ones(n)]), right))
    np.testing.assert_allclose(found, x, atol=1e-12)
