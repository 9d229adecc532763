"""The machine tier on windows of images: pools and gradients are one pass over memory, with the values of torch."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from tests.session.plans_of_functions import both, plan_of
from tfmagic.session.tiers import machine
from tfmagic.session.tiers.machine.windows import POOL, RELU_BACKWARD, SPREAD, Windows

pytest.importorskip("llvmlite")


def windows_of(function: Any, *given: torch.Tensor) -> list[list[str]]:
    found = machine.divided(plan_of(function, *given))
    return [[node.name for node in item.nodes] for item in found if isinstance(item, Windows)]


def image(*shape: int, dtype: torch.dtype = torch.float32, last: bool = True) -> torch.Tensor:
    """Numbers of few kinds, so that windows have several largest; channels last in memory."""
    numbers = torch.randint(-3, 3, shape, generator=torch.Generator().manual_seed(1)).to(dtype)
    return numbers.contiguous(memory_format=torch.channels_last) if last else numbers


def pooled(x: torch.Tensor, size: tuple[int, int] = (2, 2), **others: Any) -> Any:
    return POOL(x, list(size), list(others.get("steps", size)), [0, 0], [1, 1], True)


def step_of(size: tuple[int, int], x: torch.Tensor, dy: torch.Tensor) -> Any:
    """A pool with `relu`, its gradient, and the sum of that over the pixels."""
    parts = pooled(x, size)
    largest = torch.relu(parts[0])
    through = RELU_BACKWARD(dy, largest, 0.0, False)
    spread = SPREAD(through, x, list(size), list(size), [0, 0], [1, 1], True, parts[1])
    return largest, spread, torch.sum(through, [0, 2, 3], False)


def step(x: torch.Tensor, dy: torch.Tensor) -> Any:
    """The same with windows of 2 x 2."""
    return step_of((2, 2), x, dy)


def same(made: list[torch.Tensor], expected: list[torch.Tensor], exactly: bool = True) -> None:
    for one, other in zip(made, expected, strict=True):
        assert one.shape == other.shape and one.dtype == other.dtype
        torch.testing.assert_close(one, other, equal_nan=True, **({"rtol": 0, "atol": 0} if exactly else {}))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [(2, 2), (3, 2), (1, 4)])
@pytest.mark.parametrize("channels", [16, 19])
@pytest.mark.parametrize("last", [True, False])
def test_a_pool_and_its_gradient_are_two_passes(dtype: torch.dtype, size: tuple[int, int], channels: int,
                                                last: bool) -> None:
    x = image(3, channels, 6, 8, dtype=dtype, last=last)
    dy = image(3, channels, 6 // size[0], 8 // size[1], dtype=dtype, last=last)
    same(*both(lambda x, dy: step_of(size, x, dy), x, dy))
    assert [len(names) for names in windows_of(lambda x, dy: step_of(size, x, dy), x, dy)] == [4, 3]


def test_threads_share_the_images() -> None:
    x, dy = image(5, 32, 64, 64), image(5, 32, 32, 32)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        same(*both(step, x, dy))
    finally:
        torch.set_num_threads(before)


def test_what_is_no_number_is_never_the_largest() -> None:
    x = image(1, 16, 4, 4)
    x[0, :, 1, 0], x[0, :, 2, 2], x[0, :, 3, 3] = math.nan, -math.inf, math.inf
    x[0, 3] = math.nan
    same(*both(lambda x: pooled(x)[0], x))
    dy = image(1, 16, 2, 2)
    dy[0, :, 0, 0] = math.inf
    same(*both(step, x, dy))


def test_a_gradient_that_no_relu_stops() -> None:
    def function(x: torch.Tensor, dy: torch.Tensor) -> Any:
        parts = pooled(x)
        return parts[0], SPREAD(dy, x, [2, 2], [2, 2], [0, 0], [1, 1], True, parts[1])

    x, dy = image(2, 16, 4, 4), image(2, 16, 2, 2)
    same(*both(function, x, dy))
    assert [len(names) for names in windows_of(function, x, dy)] == [3, 1]


def test_what_relu_is_given_stays_where_somebody_reads_it() -> None:
    def function(x: torch.Tensor) -> Any:
        largest = pooled(x)[0]
        return torch.relu(largest), largest * 2.0

    x = image(2, 16, 4, 4)
    same(*both(function, x))
    assert [len(names) for names in windows_of(function, x)] == [2]


@pytest.mark.parametrize("function", [
    lambda x: pooled(x)[1],
    lambda x: pooled(x, (2, 2), steps=(1, 1))[0],
    lambda x: pooled(x, (3, 3))[0],
    lambda x: pooled(torch.narrow(x, 1, 0, 3))[0],
], ids=["places that are asked for", "windows that overlap", "windows that do not fill", "few channels"])
def test_other_windows_are_left_to_torch(function: Any) -> None:
    x = image(2, 16, 4, 4)
    assert windows_of(function, x) == []
    same(*both(function, x))
