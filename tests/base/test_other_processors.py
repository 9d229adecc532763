"""Code for vectors of other lengths than this processor's computes the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler, dense, winograd

pytestmark = pytest.mark.skipif(not compiler.available(), reason="llvmlite is not installed")
COMPILED = (dense.prepare, dense._prepare_turning, winograd._filters, winograd._forward, winograd._by_filter,
            winograd._from_points)
BACK = torch.ops.aten.convolution_backward


@pytest.fixture(params=[(4, 16), (8, 16), (4, 32), (16, 32)], ids=str)
def vectors(request: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Numbers of a vector, and vectors of a processor."""
    monkeypatch.setattr(compiler, "vectors_of_floats", lambda: request.param)
    for function in COMPILED:
        function.cache_clear()
    yield request.param
    for function in COMPILED:
        function.cache_clear()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("m", "k", "n"), [(8, 5, 32), (50, 40, 70), (131, 17, 130)])
def test_products(vectors: Any, m: int, k: int, n: int, dtype: Any) -> None:
    a, bias = torch.randn(m, k, dtype=dtype), torch.randn(n, dtype=dtype)
    for b in (torch.randn(k, n, dtype=dtype), torch.randn(n, k, dtype=dtype).t()):
        torch.testing.assert_close(dense.product(a, b, bias), torch.addmm(bias, a, b))
    torch.testing.assert_close(dense.by_lines(a.t()), a.t(), rtol=0, atol=0)


@pytest.mark.parametrize("taps", [2, 3, 4, 5])
def test_convolutions(vectors: Any, taps: int) -> None:
    x, dy = (torch.randn(2, size, size, depth).permute(0, 3, 1, 2) for size, depth in ((9, 16), (10 - taps, 48)))
    w = torch.randn(taps, taps, 16, 48).permute(3, 2, 0, 1)
    torch.testing.assert_close(winograd.forward(x, w, None, [0, 0]), torch.conv2d(x, w), rtol=1e-3, atol=1e-3)
    expected = BACK(dy, x, w, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [False, True, False])[1]
    torch.testing.assert_close(winograd.by_filter(dy, x, taps, [0, 0]), expected, rtol=1e-3, atol=1e-3)
