"""Crops: machine code that cuts parts out of pictures and resizes each to one size, on as many threads as torch has.

The way back goes through the lines of the pictures: each takes what of the crops' gradients belongs to it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base.machine.code import number
from tfmagic.base.machine.pictures import Pixels, Some, into, taken, takes


def _place(writer: Pixels, box: str, index: str, axis: int, size: str) -> tuple[str, str, str, str]:
    """Where a row or column of a crop lies: whether inside, between which two, and how far from the first."""
    code = writer.code
    start, step = (code.load("%places", "float", writer.add(writer.times(box, 4), 2 * axis + at)) for at in (0, 1))
    steps = code.let(f"fmul float {step}, {code.let(f'sitofp i64 {index} to float')}")
    at = code.let(f"fadd float {start}, {steps}")
    last = code.let(f"sitofp i64 {writer.minus(size, '1')} to float")
    low, high = (code.let(f"fcmp {how} float {at}, {bound}") for how, bound in (("oge", number(0, "float")),
                                                                                ("ole", last)))
    inside = code.let(f"and i1 {low}, {high}")
    at = code.let(f"select i1 {inside}, float {at}, float {number(0, 'float')}")
    first = code.let(f"fptosi float {at} to i64")
    whole = code.let(f"sitofp i64 {first} to float")
    more = code.let(f"zext i1 {code.let(f'fcmp olt float {whole}, {at}')} to i64")
    return inside, first, writer.add(first, more), code.let(f"fsub float {at}, {whole}")


@functools.cache
def _cropping(source: str, channels: int) -> Callable[..., None]:
    """The function of `crops`."""
    writer = Pixels(source, channels, reaches=False)
    code = writer.code

    def line(index: str, _: str) -> None:
        box, row = (code.let(f"{what} i64 {index}, %wanted_height") for what in ("sdiv", "srem"))
        before = writer.times(code.load("%of_boxes", "i64", box), "%height")
        in_rows, above, below, down = _place(writer, box, row, 0, "%height")
        size = writer.times("%width", channels)
        rows = [code.at("%images", source, writer.times(writer.add(before, at), size)) for at in (above, below)]
        outside = code.load("%outside", "float", "0")

        def pixel(column: str, some: Some) -> str:
            in_columns, left, right, across = _place(writer, box, column, 1, "%width")
            inside, vector = code.let(f"and i1 {in_rows}, {in_columns}"), f"<{some.width} x float>"

            def mixed(given: str) -> str:
                first, second = (writer.given(given, writer.add(writer.times(at, channels), some.first), some.width)
                                 for at in (left, right))
                return writer.between(first, second, writer.wide(across, some.width), some.width)

            value = writer.between(mixed(rows[0]), mixed(rows[1]), writer.wide(down, some.width), some.width)
            return code.let(f"select i1 {inside}, {vector} {value}, {vector} {writer.wide(outside, some.width)}")

        writer.over_pixels("%wanted_width", writer.at("%out", writer.times(index, "%wanted_width", channels)), pixel)

    writer.by_lines(line)
    return writer.made("crops", ("ptr noalias %places", "ptr noalias %of_boxes", "ptr noalias %outside"))


@functools.cache
def _spreading(channels: int) -> Callable[..., None]:
    """The function of `spread`."""
    writer = Pixels("float", channels, reaches=False)
    code, one = writer.code, number(1, "float")

    def line(index: str, _: str) -> None:
        picture, row = (code.let(f"{what} i64 {index}, %wanted_height") for what in ("sdiv", "srem"))
        size = writer.times("%wanted_width", channels)
        out = writer.at("%out", writer.times(index, size))
        writer.over_numbers(size, lambda at, width: writer.put(writer.wide(number(0, "float"), width), out, at, width))

        def add(place: str, given: str, down: str, across: str) -> None:
            """Add a pixel's gradient, with its two weights, to the pixel at a place of the line."""
            def some(part: Some) -> None:
                at = writer.add(writer.times(place, channels), part.first)
                value = writer.floats(given, part.first, part.width)
                for weight in (down, across):
                    value = writer.do("fmul", value, writer.wide(weight, part.width), part.width)
                writer.put(writer.do("fadd", writer.floats(out, at, part.width), value, part.width), out, at,
                           part.width)

            writer.over_channels(some)

        def box(number_of_box: str) -> None:
            own = code.let(f"icmp eq i64 {code.load('%of_boxes', 'i64', number_of_box)}, {picture}")

            def crop_row(at: str) -> None:
                in_rows, above, below, down = _place(writer, number_of_box, at, 0, "%wanted_height")
                up = code.let(f"fsub float {one}, {down}")
                first = writer.times(writer.add(writer.times(number_of_box, "%height"), at), "%width")
                for found, weight in ((above, up), (below, down)):
                    here = code.let(f"and i1 {in_rows}, {code.let(f'icmp eq i64 {found}, {row}')}")

                    def pixel(column: str, weight: str = weight) -> None:
                        in_columns, left, right, across = _place(writer, number_of_box, column, 1, "%wanted_width")
                        given = writer.at("%images", writer.times(writer.add(first, column), channels))

                        def both(_: str) -> None:
                            add(left, given, weight, code.let(f"fsub float {one}, {across}"))
                            add(right, given, weight, across)

                        code.loop("0", code.let(f"zext i1 {in_columns} to i64"), both)

                    code.loop("0", code.let(f"select i1 {here}, i64 %width, i64 0"), pixel)

            code.loop("0", code.let(f"select i1 {own}, i64 %height, i64 0"), crop_row)

        code.loop("0", "%boxes", box)

    writer.by_lines(line)
    return writer.made("spread_crops", ("i64 %boxes", "ptr noalias %places", "ptr noalias %of_boxes"))


def crops(pictures: Any, places: np.ndarray, of_boxes: np.ndarray, size: tuple[int, int], outside: float) -> Any:
    """Parts of pictures, each in one size: a pixel is mixed of the four around its place.

    None where machine code is not there yet, or not for these.

    Args:
      places: for each part, where its first row lies and how far it is from there to the next; so for columns.
      of_boxes: of which picture each part is.
      outside: what a pixel has that lies outside of its picture.
    """
    if not takes(pictures) or not len(places):
        return None
    pictures, source = taken(pictures)
    places, of_boxes = np.ascontiguousarray(places, np.float32), np.ascontiguousarray(of_boxes, np.int64)
    beyond = np.array([outside], np.float32)
    channels = pictures.shape[3]
    return into(_cropping, (source, channels), (len(places), *size, channels), pictures,
                [each.ctypes.data for each in (places, of_boxes, beyond)])


def spread(gradients: Any, places: np.ndarray, of_boxes: np.ndarray, shape: tuple[int, ...]) -> Any:
    """The gradients of pictures of a shape from those of their `crops`, both floats.

    None where machine code is not there yet, or not for these.
    """
    if not takes(gradients):
        return None
    places, of_boxes = np.ascontiguousarray(places, np.float32), np.ascontiguousarray(of_boxes, np.int64)
    return into(_spreading, (shape[3],), shape, gradients, [len(places), places.ctypes.data, of_boxes.ctypes.data])
