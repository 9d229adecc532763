"""Pictures: machine code that mixes each pixel of a picture of those of another, on as many threads as torch has.

A pixel's channels lie side by side: they are one short vector, so that nothing is computed number by number. Pictures
are float32 or bytes [n, height, width, channels], results float32. Multiplications and additions are rounded one by
one, in the order in which TensorFlow's kernels do them.
"""

from __future__ import annotations

import ctypes
import functools
import math
import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.base.machine import blocks, compiler, team
from tfmagic.base.machine.vectors import Vectors

# A call takes so long that code pays at once: it is compiled beside the first ones. But not for results of few numbers.
_CALLS, _FEW, _CALLS_OF_FEW = 4, 1 << 13, 200
# Numbers of a result that are worth a thread; lines of it that a thread at most takes at a time, and how often it does.
_WORTH, _LINES, _PIECES = 1 << 17, 16, 4
# Vectors side by side: of channels, which are written one after the other; more are a loop. So are sums of more.
_UNROLLED = 4
SOURCES = {"torch.float32": "float", "torch.uint8": "i8"}


class Some(NamedTuple):
    """Some of a pixel's channels, which are computed together.

    Attributes:
      first: the first of them.
      number: how many.
      width: how many numbers their vector has, which may be more.
    """

    first: str
    number: int
    width: int


class Pixels(Vectors):
    """Writes code for the pixels of pictures.

    Args:
      source: the type of the numbers of the given pictures, "float" or "i8".
      channels: how many numbers a pixel has.
      reaches: whether the last vector of a pixel may reach into the next one, whose numbers are written after it.
    """

    def __init__(self, source: str, channels: int, reaches: bool = True):
        super().__init__()
        self.source, self.channels = source, channels
        self.left = channels % self.lanes
        self.reach = (1 << (self.left - 1).bit_length()) - self.left if self.left and reaches else 0

    def given(self, pointer: str, index: str, width: int) -> str:
        """Some numbers of a given picture, as a vector of floats."""
        value = self.code.let(f"load <{width} x {self.source}>, ptr {self.code.at(pointer, self.source, index)}, "
                              f"align {4 if self.source == 'float' else 1}")
        return value if self.source == "float" else \
            self.code.let(f"uitofp <{width} x i8> {value} to <{width} x float>")

    def floats(self, pointer: str, index: str, width: int) -> str:
        """Some floats of an array, as a vector."""
        return self.code.let(f"load <{width} x float>, ptr {self.at(pointer, index)}, align 4")

    def put(self, value: str, pointer: str, index: str, width: int) -> None:
        """Set some floats of an array."""
        self.code.do(f"store <{width} x float> {value}, ptr {self.at(pointer, index)}, align 4")

    def wide(self, number: str, width: int) -> str:
        """A vector of equal numbers."""
        return blocks.spread(self.code, "float", width, number)

    def do(self, operation: str, a: str, b: str, width: int) -> str:
        """The value of an operation on vectors."""
        return self.code.let(f"{operation} <{width} x float> {a}, {b}")

    def between(self, a: str, b: str, part: str, width: int) -> str:
        """`a + (b - a) * part`."""
        return self.do("fadd", a, self.do("fmul", self.do("fsub", b, a, width), part, width), width)

    def sum(self, first: str, stop: str, taps: int, width: int, term: Callable[[str], tuple[str, str]]) -> str:
        """The sum of products, in order: those from `first` on.

        Args:
          taps: how many, if it is known; else 0, and `stop` says it.
          term: writes the two factors of one, given its number: a number and a vector.
        """
        vector = f"<{width} x float>"
        total = self.code.room(vector)
        self.code.do(f"store {vector} zeroinitializer, ptr {total}")

        def add(index: str) -> None:
            weight, value = term(index)
            product = self.do("fmul", value, self.wide(weight, width), width)
            so_far = self.code.let(f"load {vector}, ptr {total}")
            self.code.do(f"store {vector} {self.do('fadd', so_far, product, width)}, ptr {total}")

        for tap in range(taps):
            add(self.add(first, tap))
        if not taps:
            self.code.loop(first, stop, add)
        return self.code.let(f"load {vector}, ptr {total}")

    def over_numbers(self, count: str, body: Callable[[str, int], None]) -> None:
        """Code for so many numbers in a row: `body` gets where some are, and how many."""
        whole = self.code.let(f"sdiv i64 {count}, {self.lanes}")
        self.code.loop("0", whole, lambda index: body(self.times(index, self.lanes), self.lanes))
        self.code.loop(self.times(whole, self.lanes), count, lambda index: body(index, 1))

    def over_pixels(self, count: str, out: str, body: Callable[[str, Some], str], ends: bool = True) -> None:
        """Code for so many pixels in a row, of which `out` is the first.

        Args:
          ends: whether nothing may be written behind them.
          body: writes the value of some channels of a pixel, given its number.
        """
        def put(pixel: str, reaches: bool) -> None:
            place = self.times(pixel, self.channels)

            def some(channels: Some) -> None:
                value = body(pixel, channels)
                at, width = self.add(place, channels.first), channels.width
                if not reaches and width > channels.number:
                    order = ", ".join(f"i32 {index}" for index in range(channels.number))
                    value = self.code.let(f"shufflevector <{width} x float> {value}, <{width} x float> poison, "
                                          f"<{channels.number} x i32> <{order}>")
                    width = channels.number
                self.put(value, out, at, width)

            self.over_channels(some)

        ends = ends and self.reach > 0
        last = self.minus(count, "1") if ends else count
        self.code.loop("0", last, lambda pixel: put(pixel, True))
        if ends:
            put(last, False)

    def over_channels(self, body: Callable[[Some], None]) -> None:
        """Code for the channels of a pixel, some at a time."""
        whole, lanes = self.channels // self.lanes, self.lanes
        if whole > _UNROLLED:
            self.code.loop("0", str(whole), lambda index: body(Some(self.times(index, lanes), lanes, lanes)))
        else:
            for index in range(whole):
                body(Some(str(index * lanes), lanes, lanes))
        if self.left:
            body(Some(str(whole * lanes), self.left, self.left + self.reach))

    def by_lines(self, body: Callable[[str, str], None], begin: Callable[[str], None] = lambda room: None) -> None:
        """Code for every one of `%lines` lines: threads take the next few; `body` gets a line and memory of the thread.

        Args:
          begin: writes what comes before the first line of a few.
        """
        def piece(index: str, room: str) -> None:
            begin(room)
            first = self.times(index, "%step")
            self.code.loop(first, self.least(self.add(first, "%step"), "%lines"), lambda line: body(line, room))

        def thread(index: str) -> None:
            room = self.at("%room", self.times(index, "%room_size"))
            team.in_turn(self.code, "%next", "%pieces", lambda index: piece(index, room))

        self.code.loop("%start", "%stop", thread)

    def line(self, index: str) -> tuple[str, str, str]:
        """Of a line of the result: the lines of given pictures before its picture, its row, and where it begins."""
        image, row = (self.code.let(f"{what} i64 {index}, %wanted_height") for what in ("sdiv", "srem"))
        return self.times(image, "%height"), row, self.at("%out", self.times(index, "%wanted_width", self.channels))

    def made(self, name: str, parameters: Sequence[str]) -> Callable[..., None]:
        """The function that `into` calls, with these parameters of its own."""
        return super().made(name, (*_PARAMETERS, *parameters))


# The parameters of every function: the next piece, how many lines a piece has, lines and pieces there are; memory of a
# thread; pictures of the result and given ones.
_PARAMETERS = ("ptr noalias %next", "i64 %step", "i64 %lines", "i64 %pieces", "ptr noalias %room", "i64 %room_size",
               "ptr noalias %out", "ptr noalias %images", "i64 %wanted_height", "i64 %wanted_width", "i64 %height",
               "i64 %width")


def takes(*given: Any) -> bool:
    """Whether machine code may compute of these: on the CPU, of some numbers, and nobody asks for gradients."""
    return compiler.available() and not any(each.is_cuda or not each.numel() or each.requires_grad for each in given)


def taken(pictures: Any) -> tuple[Any, str]:
    """Pictures of a type that functions take, and the type's name in code: others are made floats."""
    pictures = pictures if str(pictures.dtype) in SOURCES else pictures.float()
    return pictures, SOURCES[str(pictures.dtype)]


def into(make: Callable[..., Callable[..., None]], how: Sequence[Any], shape: Sequence[int], images: Any,
         addresses: Sequence[int], room: int = 0) -> Any:
    """Pictures of a shape, by a function of their lines; None: machine code is not there yet.

    Args:
      make, how: what makes the function, and from what.
      images: those that are given, by lines.
      addresses: of what the function takes besides.
      room: how many floats of memory a thread needs.
    """
    count = math.prod(shape)
    made = _later(make, _CALLS if count >= _FEW else _CALLS_OF_FEW, *how).asked()
    if made is None:
        return None
    images, out = images.contiguous(), images.new_empty(shape, dtype=torch.float32)
    lines = shape[0] * shape[1]
    threads = max(1, min(torch.get_num_threads(), lines, count // _WORTH))
    step = max(1, min(_LINES, lines // (_PIECES * threads)))
    pieces = -(-lines // step)
    following, memory = ctypes.c_int64(), out.new_empty(threads * room)
    made(struct.pack(f"P3qPq2P4q{len(addresses)}P", ctypes.addressof(following), step, lines, pieces,
                     memory.data_ptr(), room, out.data_ptr(), images.data_ptr(), shape[1], shape[2], images.shape[1],
                     images.shape[2], *addresses), threads, threads)
    return out


class Table:
    """What there is to know of each pixel of a row.

    Attributes:
      count: how many pixels the row has.
      arrays: int64 and float32.
      addresses: theirs.
    """

    __slots__ = ("count", "arrays", "addresses")

    def __init__(self, count: int, *arrays: np.ndarray):
        self.count = count
        self.arrays = [np.ascontiguousarray(array, np.float32 if array.dtype.kind == "f" else np.int64)
                       for array in arrays]
        self.addresses = [array.ctypes.data for array in self.arrays]


@functools.cache
def _later(make: Callable[..., Callable[..., None]], calls: int, *how: Any) -> compiler.Later:
    return compiler.Later(lambda: make(*how), calls)


def _resized(make: Callable[..., Callable[..., None]], pictures: Any, rows: Table, columns: Table,
             copied: tuple[int, int], *others: Any) -> Any:
    """Pictures of another size, by a function of lines; None: machine code is not there yet, or not for these.

    Args:
      make: makes the function, for a type of numbers, how many a pixel has, and `others`.
      copied: how many given and how many wanted rows a thread has memory for.
    """
    if not takes(pictures):
        return None
    pictures, source = taken(pictures)
    count, _, width, channels = pictures.shape
    lanes = blocks.vectors_of("float")[0]
    return into(make, (source, channels, *others), (count, rows.count, columns.count, channels), pictures,
                [*rows.addresses, *columns.addresses],
                copied[0] * (width * channels + lanes) + copied[1] * (columns.count * channels + lanes))


# --- between four pixels ------------------------------------------------------------------------------------------

_MIXING = ("ptr noalias %above", "ptr noalias %below", "ptr noalias %down", "ptr noalias %left", "ptr noalias %right",
           "ptr noalias %across")


def neighbours(lower: np.ndarray, upper: np.ndarray, part: np.ndarray) -> Table:
    """For each pixel of a row, the two given ones around it, and how far it is from the first."""
    return Table(len(part), lower, upper, part)


@functools.cache
def _mixing(source: str, channels: int) -> Callable[..., None]:
    """The function of `mixed`: rows are mixed across, and two of them down. The last two are kept for the next line."""
    writer = Pixels(source, channels)
    code = writer.code
    copies = source != "float" or writer.reach > 0  # vectors may reach beyond the end of a row that is copied
    kept = [(code.room("i64"), code.room("ptr")) for _ in range(2)]  # which row of the pictures, and where it is

    def begin(room: str) -> None:
        start = writer.add(writer.times("%width", channels), writer.lanes)
        size = writer.add(writer.times("%wanted_width", channels), writer.lanes)
        for index, (number, address) in enumerate(kept):
            code.store("-1", number, "i64", "0")
            code.store(writer.at(room, writer.add(start, writer.times(size, index))), address, "ptr", "0")

    def across(row: str, out: str, room: str, _: str) -> None:
        size = writer.times("%width", channels)
        given = code.at("%images", source, writer.times(row, size))
        if copies:
            original = given
            writer.over_numbers(size, lambda at, width: writer.put(writer.given(original, at, width), room, at, width))
            given = room

        def pixel(column: str, some: Some) -> str:
            left, right = (writer.floats(given, writer.add(writer.times(code.load(table, "i64", column), channels),
                                                           some.first), some.width) for table in ("%left", "%right"))
            return writer.between(left, right, writer.wide(code.load("%across", "float", column), some.width),
                                  some.width)

        writer.over_pixels("%wanted_width", out, pixel, ends=False)

    def line(index: str, room: str) -> None:
        before, row, out = writer.line(index)
        above, below = (writer.add(before, code.load(table, "i64", row)) for table in ("%above", "%below"))
        held = [(code.load(number, "i64", "0"), code.load(address, "ptr", "0")) for number, address in kept]
        turns = code.let(f"icmp eq i64 {held[1][0]}, {above}")
        addresses: list[str] = []
        for place, wanted in enumerate((above, below)):
            number, address = (code.let(f"select i1 {turns}, {kind} {held[1 - place][at]}, {kind} {held[place][at]}")
                               for at, kind in enumerate(("i64", "ptr")))
            missing = code.let(f"icmp ne i64 {number}, {wanted}")
            if place:  # both may be the same row
                other = code.let(f"icmp ne i64 {above}, {wanted}")
                missing = code.let(f"and i1 {missing}, {other}")
            code.loop("0", code.let(f"zext i1 {missing} to i64"), functools.partial(across, wanted, address, room))
            code.store(code.let(f"select i1 {missing}, i64 {wanted}, i64 {number}"), kept[place][0], "i64", "0")
            code.store(address, kept[place][1], "ptr", "0")
            addresses.append(address if not place else
                             code.let(f"select i1 {other}, ptr {address}, ptr {addresses[0]}"))
        down = code.load("%down", "float", row)

        def between(at: str, width: int) -> None:
            first, second = (writer.floats(address, at, width) for address in addresses)
            writer.put(writer.between(first, second, writer.wide(down, width), width), out, at, width)

        writer.over_numbers(writer.times("%wanted_width", channels), between)

    writer.by_lines(line, begin)
    return writer.made("mixed_pixels", _MIXING)


def mixed(pictures: Any, rows: Table, columns: Table) -> Any:
    """Pictures of another size, each pixel mixed of the four around its place (`neighbours`).

    None where machine code is not there yet, or not for these.
    """
    return _resized(_mixing, pictures, rows, columns, (1, 2))


# --- sums of pixels -----------------------------------------------------------------------------------------------

_SUMMING = tuple(f"ptr noalias %{of}_{what}" for of in ("row", "column") for what in ("firsts", "places", "weights"))


class Shares(Table):
    """For each pixel of a row, the given ones of which it is the sum, and how much each counts.

    Attributes:
      taps: how many each is the sum of; 0: of more or less.

    Args:
      counts: how many each is the sum of.
      places: which, those of the first pixel first.
      weights: how much each counts.
    """

    __slots__ = ("taps",)

    def __init__(self, counts: np.ndarray, places: np.ndarray, weights: np.ndarray):
        super().__init__(len(counts), np.concatenate([[0], np.cumsum(counts)]), places, weights)
        first = int(counts[0])
        self.taps = first if first <= _UNROLLED and bool((counts == first).all()) else 0


def shares(places: np.ndarray, weights: np.ndarray, counts: np.ndarray | None = None) -> Shares:
    """Shares from arrays [pixels, most], of which each pixel has the first `counts`, or all."""
    wanted, most = places.shape
    counts = np.full(wanted, most) if counts is None else counts
    there = np.arange(most) < counts[:, None]
    return Shares(counts, places[there], weights[there])


def turned(places: np.ndarray, weights: np.ndarray, given: int) -> Shares:
    """What each of `given` pixels gives to others, from what these take: arrays [pixels, most]."""
    order = np.argsort(places.ravel(), kind="stable")
    return Shares(np.bincount(places.ravel(), minlength=given), order // places.shape[1], weights.ravel()[order])


@functools.cache
def _summing(source: str, channels: int, down: int, across: int) -> Callable[..., None]:
    """The function of `summed`.

    Args:
      down, across: the taps of rows and columns.
    """
    writer = Pixels(source, channels)
    code = writer.code

    def bounds(of: str, number: str) -> tuple[str, str]:
        return code.load(f"%{of}_firsts", "i64", number), code.load(f"%{of}_firsts", "i64", writer.add(number, 1))

    def line(index: str, room: str) -> None:
        before, row, out = writer.line(index)
        size = writer.times("%width", channels)
        rows = bounds("row", row)

        def summed_down(at: str, width: int) -> None:
            def term(share: str) -> tuple[str, str]:
                above = writer.times(writer.add(before, code.load("%row_places", "i64", share)), size)
                return code.load("%row_weights", "float", share), \
                    writer.given("%images", writer.add(above, at), width)

            writer.put(writer.sum(*rows, down, width, term), room, at, width)

        def pixel(column: str, some: Some) -> str:
            def term(share: str) -> tuple[str, str]:
                place = writer.times(code.load("%column_places", "i64", share), channels)
                return code.load("%column_weights", "float", share), \
                    writer.floats(room, writer.add(place, some.first), some.width)

            return writer.sum(*bounds("column", column), across, some.width, term)

        writer.over_numbers(size, summed_down)
        writer.over_pixels("%wanted_width", out, pixel)

    writer.by_lines(line)
    return writer.made("summed_pixels", _SUMMING)


def summed(pictures: Any, rows: Shares, columns: Shares) -> Any:
    """Pictures of another size, each pixel a weighted sum of given ones: down the columns first, then across.

    None where machine code is not there yet, or not for these.
    """
    return _resized(_summing, pictures, rows, columns, (1, 0), rows.taps, columns.taps)
