"""BLAS: products of matrices by the library that torch brings, called from machine code.

A step that multiplies what is too large for a plain loop calls it by its address, on as many threads as torch's own
products have where it is called.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine.code import Code, number

_NAMES = {"float": "sgemm_", "double": "dgemm_"}
_PREFIX = "tfmagic_blas_"


def _symbol(kind: str) -> str:
    return f"{_PREFIX}{_NAMES[kind]}"


@functools.cache
def _functions() -> dict[str, int]:
    """The addresses of the library's functions, by the type of their numbers; none where they are not to be had."""
    suffix = {"linux": ".so", "darwin": ".dylib"}.get(sys.platform)
    file = Path(torch.__file__).parent / "lib" / f"libtorch_cpu{suffix}"
    if suffix is None or sys.byteorder != "little" or not file.exists():
        return {}
    library = ctypes.CDLL(str(file))
    if not all(hasattr(library, name) for name in _NAMES.values()):
        return {}
    return {kind: ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for kind, name in _NAMES.items()}


def available() -> bool:
    """Whether torch's library is there."""
    return bool(_functions())


def make_known(text: str, llvm: Any) -> None:
    """Tell the compiler (a `llvmlite.binding`) where the library's functions are, if a text for it calls them."""
    if _PREFIX in text:
        for kind, address in _functions().items():
            llvm.add_symbol(_symbol(kind), address)


def declared(kind: str) -> str:
    """The declaration that a text with `product` needs."""
    return f"declare void @{_symbol(kind)}({', '.join(['ptr'] * 13)})\n"


def product(code: Code, kind: str, pointers: Sequence[str], sizes: Sequence[int], laid: Sequence[tuple[bool, int]],
            adds: bool) -> None:
    """Code for the product of matrices [m, k] and [k, n] into one that lies row by row.

    Args:
      kind: the type of the numbers.
      pointers: the addresses of the two and of the result.
      sizes: m, k, n.
      laid: for each of the two whether it lies column by column, and how many numbers its rows (columns) are apart.
      adds: whether the product is added to what the result holds.
    """
    (first, second, result), (m, k, n) = pointers, sizes

    def held(value: str, of: str) -> str:
        place = code.let(f"alloca {of}")
        code.store(value, place, of, "0")
        return place

    def integer(value: int) -> str:  # where the library reads 32 bits, it reads the lower half
        return held(str(value), "i64")

    def transposed(by_columns: bool) -> str:
        return held(str(ord("T" if by_columns else "N")), "i8")

    # BLAS takes matrices column by column: in its eyes all are transposed, and the product of these is the second's
    # with the first's.
    (first_turned, first_apart), (second_turned, second_apart) = laid
    given = [transposed(second_turned), transposed(first_turned), integer(n), integer(m), integer(k),
             held(number(1.0, kind), kind), second, integer(second_apart), first, integer(first_apart),
             held(number(1.0 if adds else 0.0, kind), kind), result, integer(n)]
    code.do(f"call void @{_symbol(kind)}({', '.join(f'ptr {each}' for each in given)})")
