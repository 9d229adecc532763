"""Hashes: machine code for FarmHash's fingerprints of short strings, and for hashes of combinations of features."""

from __future__ import annotations

import ctypes
import functools
import platform
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# So many calls save what the compiler takes; of fewer strings or features than that another way is as quick.
_CALLS, _FEWEST = 300, 8
# Strings up to so long.
_LONGEST = 32
_K0, _K1, _K2, _FACTOR = (number - (1 << 64) for number in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F,
                                                            0xC6A4A7935BD1E995))
_MASK = (1 << 64) - 1
# Where CPython's `bytes` have their type, their length and their data, in bytes.
_TYPE, _LENGTH, _DATA = object.__basicsize__ - 8, object.__basicsize__, bytes.__basicsize__ - 1
_EMPTY = b""
_strings = struct.Struct("6q").pack


class _Words:
    """Arithmetic of 64-bit words."""

    def __init__(self, code: Code):
        self._code = code

    def do(self, what: str, first: str, *others: Any) -> str:
        for other in others:
            first = self._code.let(f"{what} i64 {first}, {other}")
        return first

    def add(self, *given: Any) -> str:
        return self.do("add", *given)

    def mul(self, *given: Any) -> str:
        return self.do("mul", *given)

    def xor(self, *given: Any) -> str:
        return self.do("xor", *given)

    def rotated(self, value: str, shift: int) -> str:
        """Rotated to the right."""
        return self.do("or", self.do("lshr", value, shift), self.do("shl", value, 64 - shift))

    def mixed(self, value: str) -> str:
        """With its upper bits mixed into the lower ones."""
        return self.xor(value, self.do("lshr", value, 47))

    def of_pair(self, u: str, v: str, factor: str) -> str:
        """One number from two."""
        a = self.mixed(self.mul(self.xor(u, v), factor))
        return self.mul(self.mixed(self.mul(self.xor(v, a), factor)), factor)


def _fingerprint(code: Code, data: str, n: str) -> str:
    """The fingerprint of `n` bytes, up to 32.

    All its forms are computed, and one is chosen. What they read outside of the string lies in the same block of 16
    bytes as its ends, or in what stands before it.
    """
    words = _Words(code)
    add, mul, xor, rotated, of_pair = words.add, words.mul, words.xor, words.rotated, words.of_pair

    def read(kind: str, at: str) -> str:
        found = code.let(f"load {kind}, ptr {code.at(data, 'i8', at)}, align 1")
        return found if kind == "i64" else code.let(f"zext {kind} {found} to i64")

    def before_end(kind: str, by: int) -> str:
        return read(kind, words.do("sub", n, by))

    factor = add(mul(n, 2), _K2)
    first, last = read("i64", "0"), before_end("i64", 8)
    a = add(first, _K2)
    eight = of_pair(add(mul(rotated(last, 37), factor), a), mul(add(rotated(a, 25), last), factor), factor)
    four = of_pair(add(n, words.do("shl", read("i32", "0"), 3)), before_end("i32", 4), factor)
    y = add(read("i8", "0"), words.do("shl", read("i8", words.do("lshr", n, 1)), 8))
    z = add(n, words.do("shl", before_end("i8", 1), 2))
    one = mul(words.mixed(xor(mul(y, _K2), mul(z, _K0))), _K2)
    a, b, c, d = mul(first, _K1), read("i64", "8"), mul(last, factor), mul(before_end("i64", 16), _K2)
    long = of_pair(add(rotated(add(a, b), 43), rotated(c, 30), d), add(a, rotated(add(b, _K2), 18), c), factor)
    found = str(_K2)
    for least, form in ((1, one), (4, four), (8, eight), (17, long)):
        found = code.let(f"select i1 {code.let(f'icmp sge i64 {n}, {least}')}, i64 {form}, i64 {found}")
    return found


def _made_for_strings() -> Any:
    """A function of the address of: objects, how many, fingerprints, where to note another, `bytes`, an empty one."""
    code = Code()
    objects, found, noted, empty = (code.load("%packed", "ptr", str(at)) for at in (0, 2, 3, 5))
    count, kind = (code.load("%packed", "i64", str(at)) for at in (1, 4))

    def one(index: str) -> None:
        given = code.load(objects, "ptr", index)
        own_kind = code.let(f"load i64, ptr {code.at(given, 'i8', str(_TYPE))}")
        known = code.let(f"icmp eq i64 {own_kind}, {kind}")
        text = code.let(f"select i1 {known}, ptr {given}, ptr {empty}")
        n = code.let(f"load i64, ptr {code.at(text, 'i8', str(_LENGTH))}")
        short = code.let(f"icmp sle i64 {n}, {_LONGEST}")
        text = code.let(f"select i1 {short}, ptr {text}, ptr {empty}")
        n = code.let(f"select i1 {short}, i64 {n}, i64 0")
        other = code.let(f"xor i1 {code.let(f'and i1 {known}, {short}')}, true")
        code.store(code.let(f"or i64 {code.load(noted, 'i64', '0')}, {code.let(f'zext i1 {other} to i64')}"),
                   noted, "i64", "0")
        code.store(_fingerprint(code, code.at(text, "i8", str(_DATA)), n), found, "i64", index)

    code.loop("0", count, one)
    title = "fingerprints"
    # No other thread of Python runs meanwhile, which could free an object.
    return compiler.compiled(code.function(title, ["ptr %packed"]), title, [compiler.POINTER], vectors=False,
                             releases=False)


def _made_for_features(kinds: int) -> Any:
    """A function of the address of: hashes, how many, the first number, how many buckets, features of each kind."""
    code = Code()
    words = _Words(code)
    out, *columns = (code.load("%packed", "ptr", str(at)) for at in (0, *range(4, 4 + kinds)))
    count, start, buckets = (code.load("%packed", "i64", str(at)) for at in (1, 2, 3))

    def one(index: str) -> None:
        joined = start
        for column in columns:
            feature = words.mixed(words.mul(code.load(column, "i64", index), _FACTOR))
            joined = words.mul(words.xor(joined, _FACTOR, words.mul(feature, _FACTOR)), _FACTOR)
            joined = words.mixed(words.mul(words.mixed(joined), _FACTOR))
        code.store(words.do("urem", joined, buckets), out, "i64", index)

    code.loop("0", count, one)
    title = "crossed"
    return compiler.compiled(code.function(title, ["ptr %packed"]), title, [compiler.POINTER], vectors=False,
                             releases=False)


@functools.cache
def _later_for_strings() -> compiler.Later | None:
    if platform.python_implementation() != "CPython" or not compiler.available():
        return None
    told = ctypes.c_ssize_t.from_address(id(_EMPTY) + _LENGTH).value, ctypes.c_void_p.from_address(id(_EMPTY) + _TYPE)
    if told[0] != len(_EMPTY) or told[1].value != id(bytes):
        return None
    return compiler.Later(_made_for_strings, _CALLS)


@functools.cache
def _later_for_features(kinds: int) -> compiler.Later | None:
    return compiler.Later(lambda: _made_for_features(kinds), _CALLS) if compiler.available() else None


def _address(array: Any) -> int:
    """Where the numbers of a NumPy array lie; asking the array itself takes three times as long."""
    return ctypes.addressof(ctypes.c_char.from_buffer(array)) if array.flags.writeable else array.ctypes.data


def fingerprints(texts: np.ndarray) -> np.ndarray | None:
    """FarmHash's 64-bit fingerprints of a vector of bytes, as uint64.

    None where machine code is not there yet, there are few, or one has more than 32 bytes.
    """
    later = _later_for_strings() if len(texts) >= _FEWEST else None
    made = None if later is None else later.asked()
    if made is None:
        return None
    texts, found, noted = np.ascontiguousarray(texts), np.empty(len(texts), np.uint64), ctypes.c_int64()
    made(_strings(_address(texts), len(texts), _address(found), ctypes.addressof(noted), id(bytes), id(_EMPTY)))
    return None if noted.value else found


def crossed(columns: Sequence[np.ndarray], start: int, buckets: int) -> np.ndarray | None:
    """The hashes of combinations of features, below `buckets`, as int64.

    None where machine code is not there yet, or there are few.

    Args:
      columns: for each kind the features, as vectors of numbers of 64 bits.
      start: what hashes begin with, in 64 bits.
    """
    count = len(columns[0]) if columns else 0
    later = _later_for_features(len(columns)) if count >= _FEWEST else None
    made = None if later is None else later.asked()
    if made is None:
        return None
    columns, found = [np.ascontiguousarray(column) for column in columns], np.empty(count, np.int64)
    made(struct.pack(f"qqQq{len(columns)}q", _address(found), count, start & _MASK, buckets, *map(_address, columns)))
    return found
