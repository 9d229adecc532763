"""Convolutions of images with few channels: torch's values, whatever the filters, their steps and the margins are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler, thin

pytestmark = pytest.mark.skipif(not compiler.available(), reason="llvmlite is not installed")
TYPES = {"float32": {"rtol": 1e-4, "atol": 1e-3}, "float64": {}}


def numbers(*dims: int, dtype: Any) -> Any:
    """Random numbers whose channels lie last."""
    return torch.randn(*dims, dtype=dtype).permute(0, 3, 1, 2)


def gradient(dy: Any, x: Any, weights: Any, stride: Any, padding: Any) -> Any:
    return torch.ops.aten.convolution_backward(dy, x, weights, None, stride, padding, [1, 1], False, [0, 0], 1,
                                               [False, True, False])[1]


@settings(max_examples=60, deadline=None)
@given(images=st.integers(1, 20), channels=st.integers(1, 4), high=st.integers(1, 6), wide=st.integers(1, 6),
       outs=st.integers(1, 5), size=st.integers(24, 30), stride=st.tuples(st.integers(1, 3), st.integers(1, 2)),
       padding=st.tuples(st.integers(0, 3), st.integers(0, 3)), biased=st.booleans(), dtype=st.sampled_from([*TYPES]))
def test_values_and_gradients(images: int, channels: int, high: int, wide: int, outs: int, size: int,
                              stride: tuple[int, int], padding: tuple[int, int], biased: bool, dtype: str) -> None:
    torch.manual_seed(0)
    of_type = getattr(torch, dtype)
    x = numbers(images, size + 1, size, channels, dtype=of_type)
    weights = torch.randn(high, wide, channels, 16 * outs, dtype=of_type).permute(3, 2, 0, 1)
    bias = torch.randn(16 * outs, dtype=of_type) if biased else None
    expected = torch.conv2d(x, weights, bias, stride, padding)
    assert thin.fits(of_type, channels, 16 * outs, (high, wide), expected.shape[3])
    made = thin.forward(x, weights, bias, stride, padding)
    torch.testing.assert_close(made, expected, **TYPES[dtype])
    assert made.is_contiguous(memory_format=torch.channels_last)
    dy = torch.randn_like(expected)
    torch.testing.assert_close(thin.by_filter(dy, x, (high, wide), stride, padding),
                               gradient(dy, x, weights, stride, padding), **TYPES[dtype])


def test_numbers_that_are_not_finite_reach_what_they_are_under() -> None:
    x = numbers(2, 12, 12, 1, dtype=torch.float32)
    x[0, 0, 4, 4], x[1, 0, 0, 0] = float("inf"), float("nan")
    weights = torch.randn(16, 1, 3, 3)
    expected = torch.conv2d(x, weights, None, 1, 1)
    torch.testing.assert_close(thin.forward(x, weights, None, (1, 1), (1, 1)), expected, equal_nan=True)


def test_values_that_do_not_lie_side_by_side() -> None:
    """An engine is chosen when the first images come, and kept for all."""
    x = torch.randn(3, 20, 20, 4)[:, :, ::2, 1:3].permute(0, 3, 1, 2)
    weights, bias = torch.randn(16, 2, 3, 6)[..., ::2], torch.randn(32)[::2]
    expected = torch.conv2d(x, weights, bias, 1, 1)
    torch.testing.assert_close(thin.forward(x, weights, bias, (1, 1), (1, 1)), expected, rtol=1e-4, atol=1e-4)
    dy = torch.randn(3, 16, 20, 20)[..., ::2]
    torch.testing.assert_close(thin.by_filter(dy, x, (3, 3), (1, 1), (1, 1)),
                               gradient(dy, x, weights, [1, 1], [1, 1]), rtol=1e-4, atol=1e-4)


def test_one_thread_computes_as_several_do() -> None:
    x, weights = numbers(9, 28, 28, 1, dtype=torch.float32), torch.randn(32, 1, 5, 5)
    threads, dy = torch.get_num_threads(), numbers(9, 28, 28, 32, dtype=torch.float32)
    made, back = thin.forward(x, weights, None, (1, 1), (2, 2)), thin.by_filter(dy, x, (5, 5), (1, 1), (2, 2))
    torch.set_num_threads(1)
    try:
        assert torch.equal(thin.forward(x, weights, None, (1, 1), (2, 2)), made)
        torch.testing.assert_close(thin.by_filter(dy, x, (5, 5), (1, 1), (2, 2)), back, rtol=1e-4, atol=1e-4)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("channels, outs, sizes, wide", [(5, 16, (3, 5), 20), (1, 16, (12, 3), 20), (1, 10, (3, 3), 20),
                                                         (1, 16, (3, 3), 3)])
def test_what_is_left_to_others(channels: int, outs: int, sizes: tuple[int, int], wide: int) -> None:
    """Many numbers under a line, many lines, channels that are no whole vectors, and small results."""
    assert not thin.fits(torch.float32, channels, outs, sizes, wide)
    assert not thin.fits(torch.float16, 1, 16, (3, 3), 20)
