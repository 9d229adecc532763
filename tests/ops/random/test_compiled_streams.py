"""Random numbers made by machine code are the numbers that torch makes."""

from __future__ import annotations

import pytest
import torch

from tfmagic.base.machine import compiler
from tfmagic.ops.random import compiled, distributions
from tfmagic.ops.random.philox import Stream

pytest.importorskip("llvmlite")

DRAWN = {
    "normals": (distributions.normal, torch.float32),
    "truncated normals": (distributions.truncated_normal, torch.float32),
    "unit_floats": (distributions.uniform, torch.float32),
    "unit_doubles": (distributions.uniform, torch.float64),
}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> compiled._Drawn:
    fresh = compiled._Drawn()
    monkeypatch.setattr(compiled, "_drawn", fresh)
    return fresh


@pytest.mark.parametrize("counter", [7 << 64, 2**32 - 1000, 2**64 - 1000, 2**128 - 1000])
@pytest.mark.parametrize("kind", DRAWN)
def test_the_numbers_are_the_same(kind: str, counter: int, drawn: compiled._Drawn) -> None:
    distribution, dtype = DRAWN[kind]
    stream = Stream(0x123456789ABCDEF0, counter)
    by_torch = distribution(stream, (3, 33_335), dtype)
    drawn.make(kind.split()[-1], distributions.SMALLEST_UNIFORM)
    assert torch.equal(distribution(stream, (3, 33_335), dtype), by_torch)


@pytest.mark.parametrize(("count", "call"), [(600, 0), (4, 596)])
def test_who_draws_many_numbers_or_often_gets_machine_code(
        count: int, call: int, drawn: compiled._Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_MANY", 1000)
    monkeypatch.setattr(compiled, "_CALL", call)
    for _ in range(2):
        compiler.wait()
        assert not drawn.functions
        distributions.normal(Stream(1, 2), (count,), torch.float32)
    compiler.wait()
    assert list(drawn.functions) == ["normals"]


def test_without_a_compiler_torch_makes_them(drawn: compiled._Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_MANY", 1000)
    monkeypatch.setattr(compiler, "available", lambda: False)
    assert distributions.normal(Stream(1, 2), (2000,), torch.float32).std().item() == pytest.approx(1, abs=0.1)
    compiler.wait()
    assert not drawn.functions
