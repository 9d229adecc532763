"""Hashes: machine code for those of strings, and for those of combinations of features.

Of strings: FarmHash's fingerprints of short ones, SipHash, and TensorFlow's old hash (`base/hash64.py`).
"""

from __future__ import annotations

import ctypes
import functools
import platform
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base.machine import compiler
from tfmagic.base.machine.code import Code

# So many calls save what the compiler takes; of fewer strings or features than that another way is as quick.
_CALLS, _FEWEST = 300, 8
_K0, _K1, _K2, _FACTOR = (number - (1 << 64) for number in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F,
                                                            0xC6A4A7935BD1E995))
_MASK = (1 << 64) - 1
# Where CPython's `bytes` have their type, their length and their data, in bytes.
_TYPE, _LENGTH, _DATA = object.__basicsize__ - 8, object.__basicsize__, bytes.__basicsize__ - 1
_EMPTY = b""
_strings = struct.Struct("6q2Q").pack
# What the four words of SipHash's state begin with, beside the key.
SIP = 0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573


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
    """FarmHash's fingerprint of `n` bytes, up to 32.

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


def _rest(code: Code, data: str, whole: str, n: str) -> str:
    """The bytes behind `whole` words, fewer than eight, as a number; what is read beyond them is the object's too."""
    words = _Words(code)
    bits = words.do("shl", words.do("and", n, 7), 3)
    found = code.let(f"load i64, ptr {code.at(data, 'i64', whole)}, align 1")
    return words.do("and", found, words.do("sub", words.do("shl", "1", bits), 1))


def _keyed(code: Code, data: str, n: str) -> str:
    """SipHash-2-4 of `n` bytes, whose key are the last two of what is packed."""
    words = _Words(code)
    places = [code.room("i64") for _ in range(4)]

    def rounds(count: int, number: str | None, last: int = 0) -> None:
        """Mix a number into the state, or the mark of the end."""
        a, b, c, d = (code.load(place, "i64", "0") for place in places)
        if number is None:
            c = words.xor(c, last)
        else:
            d = words.xor(d, number)
        for _ in range(count):
            a, c = words.add(a, b), words.add(c, d)
            b, d = words.xor(words.rotated(b, 64 - 13), a), words.xor(words.rotated(d, 64 - 16), c)
            a = words.rotated(a, 32)
            c, a = words.add(c, b), words.add(a, d)
            b, d = words.xor(words.rotated(b, 64 - 17), c), words.xor(words.rotated(d, 64 - 21), a)
            c = words.rotated(c, 32)
        if number is not None:
            a = words.xor(a, number)
        for place, value in zip(places, (a, b, c, d)):
            code.store(value, place, "i64", "0")

    for place, constant, at in zip(places, SIP, (6, 7, 6, 7)):
        code.store(words.xor(code.load("%packed", "i64", str(at)), constant), place, "i64", "0")
    whole = words.do("lshr", n, 3)
    code.loop("0", whole, lambda at: rounds(2, code.load(data, "i64", at)))
    rounds(2, words.do("or", _rest(code, data, whole, n), words.do("shl", n, 56)))
    rounds(4, None, 0xFF)
    return words.xor(*(code.load(place, "i64", "0") for place in places))


def _old(code: Code, data: str, n: str) -> str:
    """TensorFlow's old hash of `n` bytes, which begins with the next to last of what is packed."""
    words = _Words(code)
    found = code.room("i64")
    code.store(words.xor(code.load("%packed", "i64", "6"), words.mul(n, _FACTOR)), found, "i64", "0")

    def mix(number: str) -> None:
        code.store(words.mul(words.xor(code.load(found, "i64", "0"), number), _FACTOR), found, "i64", "0")

    whole = words.do("lshr", n, 3)
    code.loop("0", whole, lambda at: mix(words.mul(words.mixed(words.mul(code.load(data, "i64", at), _FACTOR)),
                                                   _FACTOR)))
    code.when(code.let(f"icmp ne i64 {words.do('and', n, 7)}, 0"), lambda: mix(_rest(code, data, whole, n)))
    return words.mixed(words.mul(words.mixed(code.load(found, "i64", "0")), _FACTOR))


def _made_for_strings(hashed: Callable[[Code, str, str], str], longest: int) -> Any:
    """A function of the address of: objects, how many, hashes, where to note another, `bytes`, an empty one, a key.

    Args:
      hashed: writes the hash of bytes, given where they are and how many.
      longest: how many a string has at most; another one is noted.
    """
    code = Code()
    objects, found, noted, empty = (code.load("%packed", "ptr", str(at)) for at in (0, 2, 3, 5))
    count, kind = (code.load("%packed", "i64", str(at)) for at in (1, 4))

    def one(index: str) -> None:
        given = code.load(objects, "ptr", index)
        own_kind = code.let(f"load i64, ptr {code.at(given, 'i8', str(_TYPE))}")
        known = code.let(f"icmp eq i64 {own_kind}, {kind}")
        text = code.let(f"select i1 {known}, ptr {given}, ptr {empty}")
        n = code.let(f"load i64, ptr {code.at(text, 'i8', str(_LENGTH))}")
        short = code.let(f"icmp sle i64 {n}, {longest}")
        text = code.let(f"select i1 {short}, ptr {text}, ptr {empty}")
        n = code.let(f"select i1 {short}, i64 {n}, i64 0")
        other = code.let(f"xor i1 {code.let(f'and i1 {known}, {short}')}, true")
        code.store(code.let(f"or i64 {code.load(noted, 'i64', '0')}, {code.let(f'zext i1 {other} to i64')}"),
                   noted, "i64", "0")
        code.store(hashed(code, code.at(text, "i8", str(_DATA)), n), found, "i64", index)

    code.loop("0", count, one)
    title = "hashes_of_strings"
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


# What writes each kind of hash, the longest string, and microseconds that Python takes longer for one.
_STRINGS: dict[str, tuple[Callable[[Code, str, str], str], int, float]] = {
    "fingerprint": (_fingerprint, 32, 0.3), "keyed": (_keyed, 1 << 62, 5), "old": (_old, 1 << 62, 2)}


@functools.cache
def _of_strings(name: str) -> compiler.Soon | None:
    if platform.python_implementation() != "CPython" or not compiler.available():
        return None
    told = ctypes.c_ssize_t.from_address(id(_EMPTY) + _LENGTH).value, ctypes.c_void_p.from_address(id(_EMPTY) + _TYPE)
    if told[0] != len(_EMPTY) or told[1].value != id(bytes):
        return None
    hashed, longest, _ = _STRINGS[name]
    return compiler.Soon(lambda: _made_for_strings(hashed, longest))


@functools.cache
def _later_for_features(kinds: int) -> compiler.Later | None:
    return compiler.Later(lambda: _made_for_features(kinds), _CALLS) if compiler.available() else None


def _address(array: Any) -> int:
    """Where the numbers of a NumPy array lie; asking the array itself takes three times as long."""
    return ctypes.addressof(ctypes.c_char.from_buffer(array)) if array.flags.writeable else array.ctypes.data


def of_strings(name: str, texts: np.ndarray, key: tuple[int, int] = (0, 0)) -> np.ndarray | None:
    """The 64-bit hashes of a vector of bytes, as uint64.

    None where machine code is not there yet, there are few, or one is longer than it knows.

    Args:
      name: "fingerprint", "keyed" or "old".
      key: that of the keyed ones; what the old ones begin with.
    """
    soon = _of_strings(name) if len(texts) >= _FEWEST else None
    made = None if soon is None else soon.asked(_STRINGS[name][2] * len(texts))
    if made is None:
        return None
    texts, found, noted = np.ascontiguousarray(texts), np.empty(len(texts), np.uint64), ctypes.c_int64()
    made(_strings(_address(texts), len(texts), _address(found), ctypes.addressof(noted), id(bytes), id(_EMPTY), *key))
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
