"""Convolutions by tiles give what the plain sums give, for filters of every size that there are tiles for."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler, winograd

BACK = torch.ops.aten.convolution_backward
needs_compiler = pytest.mark.skipif(not compiler.available(), reason="llvmlite is not installed")


def images(*shape: int) -> Any:
    """Numbers [n, c, height, width] that lie channels last."""
    count, channels, height, width = shape
    return torch.randn(count, height, width, channels).permute(0, 3, 1, 2)


def filters(count: int, channels: int, taps: int) -> Any:
    """Numbers [count, channels, taps, taps] that lie as TensorFlow's filters do."""
    return torch.randn(taps, taps, channels, count).permute(3, 2, 0, 1)


def assert_near(value: Any, expected: Any) -> None:
    """Errors are far below a usual number of the result."""
    assert value.shape == expected.shape
    assert float((value - expected).abs().max()) < 3e-5 * float(expected.square().mean().sqrt())


@pytest.mark.parametrize(("outputs", "taps"), [(5, 2), (4, 3), (3, 4), (2, 5)])
def test_products_at_the_points_are_the_correlation_exactly(outputs: int, taps: int) -> None:
    tiles, weights, back = winograd.matrices(outputs, taps)
    row = [Fraction(number, 7) for number in (3, -1, 4, 1, -5, 9)]
    taken = [Fraction(number, 3) for number in (2, -6, 5, 3, 5)[:taps]]
    at_points = [sum(a * b for a, b in zip(tile, row)) * sum(a * b for a, b in zip(line, taken))
                 for tile, line in zip(tiles, weights)]
    assert [sum(a * b for a, b in zip(line, at_points)) for line in back] == \
        [sum(row[at + tap] * taken[tap] for tap in range(taps)) for at in range(outputs)]


def test_a_size_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="4 outputs of 4 taps need 7 points"):
        winograd.matrices(4, 4)


CASES = st.fixed_dictionaries({
    "count": st.integers(1, 3), "channels": st.sampled_from([16, 32]), "number": st.sampled_from([16, 32, 48]),
    "taps": st.integers(2, 5), "height": st.integers(5, 14), "width": st.integers(5, 14), "above": st.integers(0, 2),
    "before": st.integers(0, 2), "threads": st.integers(1, 3), "biased": st.booleans(), "turned": st.booleans()})


@needs_compiler
@settings(max_examples=60)
@given(case=CASES)
def test_a_convolution_and_its_gradient_by_filters(case: Any) -> None:
    torch.manual_seed(0)
    x = images(case["count"], case["channels"], case["height"], case["width"])
    w = filters(case["number"], case["channels"], case["taps"])
    w = w.contiguous(memory_format=torch.channels_last) if case["turned"] else w
    bias = torch.randn(2 * case["number"])[::2] if case["biased"] else None  # whose numbers do not lie side by side
    padding = [case["above"], case["before"]]
    expected = torch.conv2d(x.double(), w.double(), None if bias is None else bias.double(), 1, padding)
    dy = images(*expected.shape)
    expected_back = BACK(dy.double(), x.double(), w.double(), None, [1, 1], padding, [1, 1], False, [0, 0], 1,
                         [False, True, False])[1]
    before = torch.get_num_threads()
    torch.set_num_threads(case["threads"])
    try:
        y, back = winograd.forward(x, w, bias, padding), winograd.by_filter(dy, x, case["taps"], padding)
    finally:
        torch.set_num_threads(before)
    assert_near(y, expected)
    assert_near(back, expected_back)


@needs_compiler
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 3e38])
def test_numbers_that_are_not_finite_are_left_to_the_plain_way(bad: float) -> None:
    x, w, dy = images(2, 16, 9, 9), filters(16, 16, 3), images(2, 16, 9, 9)
    for spoiled in (x, w, dy):
        kept = spoiled.clone()
        spoiled[1, 3, 0, 0] = bad
        if spoiled is not dy:
            assert winograd.forward(x, w, None, [1, 1]) is None
        if spoiled is not w:
            assert winograd.by_filter(dy, x, 3, [1, 1]) is None
        spoiled.copy_(kept)
    assert winograd.forward(x, w, None, [1, 1]) is not None
    assert winograd.by_filter(dy, x, 3, [1, 1]) is not None


@needs_compiler
@pytest.mark.parametrize(("shape", "outputs", "expected"), [
    ((32, 16, 3, 3), (2, 32, 28, 28), True), ((64, 32, 5, 5), (2, 64, 14, 14), True),
    ((32, 16, 1, 1), (2, 32, 28, 28), False), ((32, 16, 7, 7), (2, 32, 28, 28), False),  # no tiles of these
    ((32, 16, 3, 5), (2, 32, 28, 28), False), ((32, 3, 3, 3), (2, 32, 28, 28), False),  # vectors are not filled
    ((32, 16, 3, 3), (2, 32, 2, 2), False), ((32, 16, 3, 3), (2, 32, 0, 0), False),  # tiles are not
    ((512, 512, 3, 3), (2, 512, 28, 28), False)])  # filters take too much memory
def test_tiles_pay_where_they_are_filled(shape: Any, outputs: Any, expected: bool) -> None:
    assert winograd.pays(shape, outputs) is expected
