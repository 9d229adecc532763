"""Dilation: machine code for the largest sums of windows of pictures and a filter, on as many threads as torch has.

What a window gives is its largest sum, or where that stands: the pixel, or the number of the filter. Of equal sums it
is the first, and what is no number is none.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.base.machine import blocks
from tfmagic.base.machine.code import number
from tfmagic.base.machine.pictures import Pixels, Some, Table, into, takes

_LEAST = float(np.finfo(np.float32).min)
_MOST = 1 << 31  # numbers of which places of 32 bits can tell
_TABLES = ("starts", "firsts", "stops", "without")


@functools.lru_cache(256)
def _windows(given: int, wanted: int, before: int, taps: int, stride: int, rate: int) -> Table:
    """Where the windows of a row lie: the first pixel under each, its first tap, and the one after its last.

    And which pixel gets the gradient of a window in which there is no number.
    """
    start = np.arange(wanted) * stride - before
    places = start[:, None] + np.arange(taps) * rate
    inside = (places >= 0) & (places < given)
    first = inside.argmax(1)
    return Table(wanted, start + first * rate, first, first + inside.sum(1), start.clip(0))


@functools.cache
def _dilating(channels: int, found: str) -> Callable[..., None]:
    """The function of `dilated` ("sums"), or of `largest_at` ("pixels", "taps").

    A place is a whole number of 32 bits, and lies where a float would. Without a sum it is that of the window's first
    pixel within the picture, or of the first number of the filter.
    """
    writer = Pixels("float", channels, reaches=False)
    code = writer.code

    def line(index: str, _: str) -> None:
        before, row, out = writer.line(index)
        size = writer.times("%width", channels)
        rates = [code.load("%rates", "i64", str(axis)) for axis in (0, 1)]
        taps = code.load("%rates", "i64", "2")
        top, first_row, stop_row, row_without = (code.load(f"%row_{what}", "i64", row) for what in _TABLES)

        def pixel(column: str, some: Some) -> str:
            left, first, stop, column_without = (code.load(f"%column_{what}", "i64", column) for what in _TABLES)
            vector, places = f"<{some.width} x float>", f"<{some.width} x i32>"
            largest, where = code.room(vector), code.room(places)
            code.do(f"store {vector} {writer.wide(number(_LEAST, 'float'), some.width)}, ptr {largest}")

            def place(number_of_place: str) -> str:
                return blocks.spread(code, "i32", some.width, code.let(f"trunc i64 {number_of_place} to i32"))

            without = place(writer.add(writer.times(row_without, "%width"), column_without)) if found == "pixels" \
                else "zeroinitializer"
            code.do(f"store {places} {without}, ptr {where}")

            def over_row(tap_row: str) -> None:
                rows = writer.add(top, writer.times(writer.minus(tap_row, first_row), rates[0]))
                given = writer.at("%images", writer.times(writer.add(before, rows), size))
                line_of_taps = writer.times(tap_row, taps)
                line_of_pixels = writer.times(rows, "%width")

                def over_tap(tap: str) -> None:
                    at = writer.add(left, writer.times(writer.minus(tap, first), rates[1]))
                    value = writer.floats(given, writer.add(writer.times(at, channels), some.first), some.width)
                    of_filter = writer.add(line_of_taps, tap)
                    factors = writer.floats("%filter", writer.add(writer.times(of_filter, channels), some.first),
                                            some.width)
                    total = writer.do("fadd", value, factors, some.width)
                    here = place(writer.add(line_of_pixels, at) if found == "pixels" else of_filter)
                    more = code.let(f"fcmp ogt {vector} {total}, {code.let(f'load {vector}, ptr {largest}')}")
                    for kind, other, held in ((vector, total, largest), (places, here, where)):
                        so_far = code.let(f"load {kind}, ptr {held}")
                        chosen = code.let(f"select <{some.width} x i1> {more}, {kind} {other}, {kind} {so_far}")
                        code.do(f"store {kind} {chosen}, ptr {held}")

                code.loop(first, stop, over_tap)

            code.loop(first_row, stop_row, over_row)
            if found == "sums":
                return code.let(f"load {vector}, ptr {largest}")
            first_of_all = writer.times(before, size) if found == "pixels" else "0"
            each = ", ".join(f"i32 {lane}" for lane in range(some.width))
            value = code.let(f"mul {places} {code.let(f'load {places}, ptr {where}')}, {place(str(channels))}")
            value = code.let(f"add {places} {value}, {place(writer.add(first_of_all, some.first))}")
            value = code.let(f"add {places} {value}, <{each}>")
            return code.let(f"bitcast {places} {value} to {vector}")

        writer.over_pixels("%wanted_width", out, pixel)

    writer.by_lines(line)
    tables = [f"ptr noalias %{of}_{what}" for of in ("row", "column") for what in _TABLES]
    return writer.made(f"dilated_{found}", ("ptr noalias %filter", "ptr noalias %rates", *tables))


class Windows(NamedTuple):
    """How windows lie on pictures.

    Attributes:
      sizes: how many there are below and beside each other.
      before: by how many pixels the first lies above and to the left of the picture.
      strides: by how many pixels one is from the next.
      rates: how many pixels a number of the filter is from the next.
    """

    sizes: Sequence[int]
    before: Sequence[int]
    strides: Sequence[int]
    rates: Sequence[int]


def dilated(pictures: Any, filters: Any, windows: Windows) -> Any:
    """The largest sums of floats under windows and a filter [rows, columns, channels].

    None where machine code is not there yet, or not for these.
    """
    return _found("sums", pictures, filters, windows)


def largest_at(found: str, pictures: Any, filters: Any, windows: Windows) -> Any:
    """Where the largest sums stand, as int32: in memory of the pictures ("pixels") or of the filter ("taps").

    None where machine code is not there yet, or not for these.
    """
    places = _found(found, pictures, filters, windows) if pictures.numel() < _MOST else None
    return None if places is None else places.view(torch.int32)


def _found(found: str, pictures: Any, filters: Any, windows: Windows) -> Any:
    if not takes(pictures, filters):
        return None
    count, _, _, channels = pictures.shape
    filters = filters.contiguous()
    tables = [_windows(given, wanted, before, taps, stride, rate) for given, taps, wanted, before, stride, rate
              in zip(pictures.shape[1:3], filters.shape, *windows)]
    numbers = np.array([*windows.rates, filters.shape[1]], np.int64)
    return into(_dilating, (channels, found), (count, *windows.sizes, channels), pictures,
                [filters.data_ptr(), numbers.ctypes.data, *tables[0].addresses, *tables[1].addresses])
