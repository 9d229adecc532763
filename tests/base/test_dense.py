"""Products on threads: the values of torch, for matrices that lie in any way, on any number of threads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler, dense

pytestmark = pytest.mark.skipif(not compiler.available(), reason="llvmlite is not installed")


def matrix(lines: int, columns: int, laid: str, dtype: Any) -> Any:
    """Random numbers by lines, by columns, every second of them, or one line again and again."""
    if laid == "by columns":
        return torch.randn(columns, lines, dtype=dtype).t()
    if laid == "every second":
        return torch.randn(lines, 2 * columns, dtype=dtype)[:, ::2]
    if laid == "one line":
        return torch.randn(1, columns, dtype=dtype).expand(lines, columns)
    return torch.randn(lines, columns, dtype=dtype)


LAID = st.sampled_from(["by lines", "by columns", "every second", "one line"])


@settings(max_examples=80)
@given(m=st.integers(8, 300), k=st.integers(1, 60), n=st.integers(32, 150), first=LAID, second=LAID,
       threads=st.integers(1, 3), biased=st.booleans(), dtype=st.sampled_from([torch.float32, torch.float64]))
def test_a_product(m: int, k: int, n: int, first: str, second: str, threads: int, biased: bool, dtype: Any) -> None:
    torch.manual_seed(0)
    assert dense.fits(m, n)
    a, b = matrix(m, k, first, dtype), matrix(k, n, second, dtype)
    bias = torch.randn(n, dtype=dtype) if biased else None
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        value = dense.product(a, b, bias)
    finally:
        torch.set_num_threads(before)
    assert value.is_contiguous() and value.dtype == dtype
    torch.testing.assert_close(value, a @ b if bias is None else a @ b + bias)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("m", "k", "n"), [(8, 128, 256), (131, 150, 300), (70, 129, 256)])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_deep_product_of_a_matrix_by_columns(m: int, k: int, n: int, threads: int, dtype: Any) -> None:
    """Such a matrix is turned first."""
    a, b = matrix(m, k, "by columns", dtype), matrix(k, n, "by lines", dtype)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        turned, value = dense.by_lines(a), dense.product(a, b)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(turned, a) and turned.stride(1) == 1
    torch.testing.assert_close(value, a @ b)


@pytest.mark.parametrize(("m", "k", "n"), [(128, 40, 1000), (150, 0, 600), (1100, 30, 203), (130, 5000, 300)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_product_of_many_columns_or_lines(m: int, k: int, n: int, dtype: Any) -> None:
    """Several panels of the second matrix are copied together, as far as they fit near the processor."""
    a, b = matrix(m, k, "by lines", dtype), matrix(k, n, "by lines", dtype)
    torch.testing.assert_close(dense.product(a, b), a @ b, rtol=1e-5, atol=1e-5 * max(k, 1))


def test_the_same_product_is_the_same_whoever_computes_which_piece() -> None:
    a, b = torch.randn(333, 77), torch.randn(77, 555)
    values = [dense.product(a, b) for _ in range(20)]
    assert all(torch.equal(value, values[0]) for value in values)


@pytest.mark.parametrize(("m", "n"), [(7, 32), (8, 31), (0, 100), (100, 0)])
def test_few_lines_or_columns_are_left_to_others(m: int, n: int) -> None:
    assert not dense.fits(m, n)
