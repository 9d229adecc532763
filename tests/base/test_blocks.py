"""Products of matrices, block by block, and matrices turned round: values, and nothing written beside them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmagic.base.lazy import torch
from tfmagic.base.machine import blocks, compiler
from tfmagic.base.machine.blocks import Laid
from tfmagic.base.machine.code import Code

pytestmark = pytest.mark.skipif(not compiler.available(), reason="llvmlite is not installed")
KINDS = {"float": torch.float32, "double": torch.float64}


def called(code: Code, *values: Any) -> None:
    """Run the code, which knows the addresses of the values as %a, %b, ..."""
    title = "blocks"
    parameters = [f"ptr noalias %{name}" for name, _ in zip("abc", values)]
    text = code.function(title, parameters)
    function = compiler.compiled(text + blocks.declared(text), title, [compiler.POINTER] * len(values), vectors=False)
    function(*(value.data_ptr() for value in values))


def matrix(lines: int, columns: int, room: int, turned: bool, dtype: Any) -> Any:
    """Random numbers whose lines (columns, where turned) have `room` numbers between them."""
    if turned:
        return matrix(columns, lines, room, False, dtype).t()
    return torch.randn(lines, columns + room, dtype=dtype)[:, :columns]


SIZES = st.one_of(st.integers(1, 40), st.sampled_from([63, 64, 65, 100, 130]))


@settings(max_examples=60)
@given(m=SIZES, k=st.integers(1, 20), n=SIZES, turned=st.booleans(), adds=st.booleans(), room=st.integers(0, 3),
       kind=st.sampled_from(list(KINDS)))
def test_a_product(m: int, k: int, n: int, turned: bool, adds: bool, room: int, kind: str) -> None:
    torch.manual_seed(0)
    a, b = matrix(m, k, room, turned, KINDS[kind]), matrix(k, n, room, False, KINDS[kind])
    whole = torch.full((m, n + 3), 2.0, dtype=KINDS[kind])
    code = Code()
    blocks.product(code, kind, (m, k, n), Laid("%a", *a.stride()), Laid("%b", b.stride(0)), Laid("%c", n + 3), adds)
    called(code, a, b, whole)
    torch.testing.assert_close(whole[:, :n], a @ b + (2.0 if adds else 0.0))
    assert bool((whole[:, n:] == 2.0).all())


@settings(max_examples=30)
@given(lines=SIZES, columns=SIZES, kind=st.sampled_from(list(KINDS)))
def test_a_matrix_turned_round(lines: int, columns: int, kind: str) -> None:
    a = torch.randn(lines, columns, dtype=KINDS[kind])
    whole = torch.full((columns, lines + 1), 2.0, dtype=KINDS[kind])
    code = Code()
    blocks.turned(code, kind, Laid("%a", columns), Laid("%b", lines + 1), lines, columns)
    called(code, a, whole)
    assert torch.equal(whole[:, :lines], a.t()) and bool((whole[:, lines:] == 2.0).all())
