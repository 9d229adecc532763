"""Products: machine code that multiplies a sparse matrix by a dense one, element by element in the order given."""

from __future__ import annotations

import functools
import struct
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# So many calls save what the compiler takes.
_CALLS = 100
_KINDS = {"torch.float32": "float", "torch.float64": "double"}
# The parameters of the function: what it works on, and how many: elements, rows, rows of the dense matrix.
_PARAMETERS = ("ptr noalias %out", "ptr noalias %dense", "ptr noalias %values", "ptr noalias %rows",
               "ptr noalias %columns", "ptr noalias %bad", "i64 %count", "i64 %height", "i64 %inner", "i64 %rows_step",
               "i64 %columns_step")


@functools.cache
def _later(kind: str, width: int) -> compiler.Later:
    return compiler.Later(lambda: _made(kind, width), _CALLS)


def _made(kind: str, width: int) -> Any:
    """A function of the address of its parameters; 1 is stored where an element lies outside of the matrix."""
    code = Code()

    def one(index: str) -> None:
        places, outside = [], []
        for name, limit in (("rows", "%height"), ("columns", "%inner")):
            place = code.load(f"%{name}", "i64", code.let(f"mul i64 {index}, %{name}_step"))
            places.append(place)
            outside.append(code.let(f"icmp uge i64 {place}, {limit}"))
        bad = code.let(f"or i1 {outside[0]}, {outside[1]}")
        code.store(code.let(f"or i64 {code.load('%bad', 'i64', '0')}, {code.let(f'zext i1 {bad} to i64')}"), "%bad",
                   "i64", "0")
        row, column = (code.let(f"mul i64 {code.let(f'select i1 {bad}, i64 0, i64 {place}')}, {width}")
                       for place in places)
        value = code.load("%values", kind, index)

        def add(at: str) -> None:
            here = code.let(f"add i64 {row}, {at}")
            product = code.let(f"fmul {kind} {value}, "
                               f"{code.load('%dense', kind, code.let(f'add i64 {column}, {at}'))}")
            code.store(code.let(f"fadd {kind} {code.load('%out', kind, here)}, {product}"), "%out", kind, here)

        code.loop("0", str(width), add)

    code.loop("0", "%count", one)
    title = "sparse_product"
    return compiler.compiled(code.packed(title, _PARAMETERS), title, [compiler.POINTER])


def sparse_product(rows: Any, columns: Any, values: Any, dense: Any, count: int) -> Any:
    """The product [count, n] of the matrix that has `values` at int64 `rows` and `columns` with a float one [m, n].

    None where machine code is not there yet, or an element lies outside of the matrix.
    """
    kind = _KINDS.get(str(dense.dtype))
    if kind is None or not compiler.available() or not count or not dense.numel():
        return None
    later = _later(kind, dense.shape[1])
    made = later.asked()
    if made is None:
        return None
    values, dense = values.contiguous(), dense.contiguous()
    out, bad = dense.new_zeros((count, dense.shape[1])), torch.zeros(1, dtype=torch.int64, device="cpu")
    made(struct.pack("11q", *(each.data_ptr() for each in (out, dense, values, rows, columns, bad)), len(rows),
                     count, len(dense), rows.stride(0), columns.stride(0)))
    return None if int(bad) else out
