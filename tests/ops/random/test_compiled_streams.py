"""Random numbers made by machine code are the numbers that are made without it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tfmagic import tf
from tfmagic.base.machine import compiler, orders
from tfmagic.base.machine import philox as blocks
from tfmagic.ops.random import choices, compiled, distributions, one_by_one, rejection, sampling
from tfmagic.ops.random.philox import PhiloxState, Stream, words

pytest.importorskip("llvmlite")

COUNTERS = [7 << 64, 2**32 - 1000, 2**64 - 1000, 2**128 - 1000]
KEY = 0x123456789ABCDEF0
FLOATS = [(distributions.normal, torch.float32), (distributions.normal, torch.float64),
          (distributions.truncated_normal, torch.float32), (distributions.truncated_normal, torch.float64),
          (distributions.uniform, torch.float32), (distributions.uniform, torch.float64)]
BOUNDS = [(0, 1), (-5, 7), (0, 100), (0, 2**31 - 1), (-2**31, 2**31 - 1)]
LONG_BOUNDS = [*BOUNDS, (0, 2**40 + 1), (-2**62, 2**63 - 1), (-2**63, 2**63 - 1)]


def both_ways(monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any]) -> tuple[Any, Any]:
    """What is made without machine code, and with it."""
    with monkeypatch.context() as without:
        for module in (blocks, choices, compiled, one_by_one, orders):
            without.setattr(module, "_later", lambda *kinds: None)
        first = make()
    monkeypatch.setattr(compiler, "_TAKES", 0)
    return first, make()


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize("shape", [(3, 33_335), (1030,), (5,)])
@pytest.mark.parametrize("distribution, dtype", FLOATS)
def test_floats(distribution: Any, dtype: torch.dtype, shape: tuple[int, ...], counter: int,
                monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = both_ways(monkeypatch, lambda: distribution(Stream(KEY, counter), shape, dtype))
    assert torch.equal(before, after)


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize("dtype, low, high", [*((torch.int32, *bounds) for bounds in BOUNDS),
                                              *((torch.int64, *bounds) for bounds in LONG_BOUNDS)])
def test_whole_numbers(dtype: torch.dtype, low: int, high: int, counter: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = both_ways(monkeypatch, lambda: distributions.uniform_int(Stream(KEY, counter), (20_001,), low, high,
                                                                             dtype))
    assert torch.equal(before, after)


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize("offsets", [range(5, 5000), range(5, 5000, 7), torch.tensor([3, 2**40, 0, 999])])
def test_blocks(offsets: Any, counter: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = both_ways(monkeypatch, lambda: words(Stream(KEY, counter), offsets))
    assert torch.equal(before, after)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 6, 1000])
def test_orders(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = both_ways(monkeypatch, lambda: sampling.permutation(PhiloxState(3, 9), size))
    assert torch.equal(before, after) and before.sort().values.tolist() == list(range(size))


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 700])
@pytest.mark.parametrize("dtype, whole", [(torch.float32, torch.int64), (torch.float64, torch.int32)])
def test_categories(dtype: torch.dtype, whole: torch.dtype, count: int, counter: int,
                    monkeypatch: pytest.MonkeyPatch) -> None:
    inf, nan = float("inf"), float("nan")
    logits = 30 * torch.randn(2000, 5, dtype=dtype, generator=torch.Generator().manual_seed(1))
    logits[:4] = torch.tensor([[0, nan, 1, -inf, inf], [-inf] * 5, [nan, inf, nan, inf, 3], [1e30, 1e30, 0, 1, 2]])
    for given in (logits, logits[:, 2:], logits.T[:3], logits[:0]):
        before, after = both_ways(monkeypatch, functools.partial(sampling.categories, Stream(KEY, counter), given,
                                                                 count, whole))
        assert torch.equal(before, after) and after.dtype == whole


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
@pytest.mark.parametrize("shape", [(3000,), (3, 5), ()])
def test_gamma_numbers(shape: tuple[int, ...], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    alpha = torch.tensor([[0.1, 0.5, 1], [1.5, 2, 30], [1000, 0, -1]], dtype=dtype)
    before, after = both_ways(monkeypatch, lambda: rejection.gamma(PhiloxState(3, 9), shape, alpha))
    assert before.dtype == after.dtype == dtype
    torch.testing.assert_close(after, before, equal_nan=True, atol=0.0, rtol=1e-12 if dtype == torch.float64 else 0.0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int32])
@pytest.mark.parametrize("shape", [(3000,), (3, 5), ()])
def test_poisson_numbers(shape: tuple[int, ...], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    rate = torch.tensor([[0, 0.1, 1, 5, 9.99], [10, 12, 40, 1000, 1e6]], dtype=torch.float64)
    if dtype.is_floating_point:
        rate[0, 0] = float("inf")
    before, after = both_ways(monkeypatch, lambda: rejection.poisson(PhiloxState(3, 9), shape, rate, dtype))
    assert torch.equal(before, after)


@pytest.mark.parametrize("draw", [lambda: tf.truncated_normal([1 << 18]),
                                  lambda: tf.random_poisson([2.0, 3.0], [1 << 14])])
def test_a_draw_of_many_numbers_has_as_many_threads_as_torch(draw: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def shared(work: Callable[[int, int], object], count: int, most: int, least: int) -> None:
        threads.append(most)
        work(0, count)

    monkeypatch.setattr(compiler, "_TAKES", 0)
    for module in (compiled, one_by_one):
        monkeypatch.setattr(module, "shared", shared)
    with tf.Graph().as_default(), tf.Session() as sess:
        sess.run(draw())
    assert threads == [torch.get_num_threads()]


def test_without_a_compiler_others_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "available", lambda: False)
    monkeypatch.setattr(compiler, "_TAKES", 0)
    for module in (blocks, compiled):
        module._later.cache_clear()
    try:
        assert distributions.normal(Stream(1, 2), (2000,), torch.float32).std().item() == pytest.approx(1, abs=0.1)
    finally:
        for module in (blocks, compiled):
            module._later.cache_clear()
