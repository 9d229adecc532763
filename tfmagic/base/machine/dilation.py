"""Dilation: machine code for the largest sums of windows of pictures and a filter, on as many threads as torch has."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base.machine.code import number
from tfmagic.base.machine.pictures import Pixels, Some, Table, into, takes

_LEAST = float(np.finfo(np.float32).min)


@functools.lru_cache(256)
def _windows(given: int, wanted: int, before: int, taps: int, stride: int, rate: int) -> Table:
    """Where the windows of a row lie: the first pixel under each, its first tap, and the one after its last."""
    start = np.arange(wanted) * stride - before
    first = np.clip(-(start // rate), 0, taps)
    stop = np.clip(-((start - given) // rate), first, taps)
    return Table(wanted, start + first * rate, first, stop)


@functools.cache
def _dilating(channels: int) -> Callable[..., None]:
    """The function of `dilated`."""
    writer = Pixels("float", channels, reaches=False)
    code = writer.code

    def line(index: str, _: str) -> None:
        before, row, out = writer.line(index)
        size = writer.times("%width", channels)
        rates = [code.load("%rates", "i64", str(axis)) for axis in (0, 1)]
        taps = code.load("%rates", "i64", "2")
        top, first_row, stop_row = (code.load(f"%row_{what}", "i64", row) for what in ("starts", "firsts", "stops"))

        def pixel(column: str, some: Some) -> str:
            left, first, stop = (code.load(f"%column_{what}", "i64", column) for what in ("starts", "firsts", "stops"))
            vector = f"<{some.width} x float>"
            largest = code.room(vector)
            code.do(f"store {vector} {writer.wide(number(_LEAST, 'float'), some.width)}, ptr {largest}")

            def over_row(tap_row: str) -> None:
                rows = writer.times(writer.minus(tap_row, first_row), rates[0])
                given = writer.at("%images", writer.times(writer.add(before, top, rows), size))
                line_of_taps = writer.times(tap_row, taps)

                def over_tap(tap: str) -> None:
                    at = writer.add(left, writer.times(writer.minus(tap, first), rates[1]))
                    value = writer.floats(given, writer.add(writer.times(at, channels), some.first), some.width)
                    place = writer.times(writer.add(line_of_taps, tap), channels)
                    total = writer.do("fadd", value, writer.floats("%filter", writer.add(place, some.first),
                                                                   some.width), some.width)
                    so_far = code.let(f"load {vector}, ptr {largest}")
                    more = code.let(f"fcmp ogt {vector} {total}, {so_far}")
                    code.do(f"store {vector} "
                            f"{code.let(f'select <{some.width} x i1> {more}, {vector} {total}, {vector} {so_far}')}, "
                            f"ptr {largest}")

                code.loop(first, stop, over_tap)

            code.loop(first_row, stop_row, over_row)
            return code.let(f"load {vector}, ptr {largest}")

        writer.over_pixels("%wanted_width", out, pixel)

    writer.by_lines(line)
    tables = [f"ptr noalias %{of}_{what}" for of in ("row", "column") for what in ("starts", "firsts", "stops")]
    return writer.made("dilated", ("ptr noalias %filter", "ptr noalias %rates", *tables))


def dilated(pictures: Any, filters: Any, sizes: Sequence[int], before: Sequence[int], strides: Sequence[int],
            rates: Sequence[int]) -> Any:
    """The largest sums of floats under windows and a filter [rows, columns, channels]; what is no number is none.

    None where machine code is not there yet, or not for these.

    Args:
      sizes: how many windows there are below and beside each other.
      before: by how many pixels the first lies above and to the left of the picture.
      strides: by how many pixels one is from the next.
      rates: how many pixels a number of the filter is from the next.
    """
    if not takes(pictures, filters):
        return None
    count, _, _, channels = pictures.shape
    filters = filters.contiguous()
    tables = [_windows(*each) for each in zip(pictures.shape[1:3], sizes, before, filters.shape, strides, rates)]
    numbers = np.array([*rates, filters.shape[1]], np.int64)
    return into(_dilating, (channels,), (count, *sizes, channels), pictures,
                [filters.data_ptr(), numbers.ctypes.data, *tables[0].addresses, *tables[1].addresses])
