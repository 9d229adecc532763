"""Winograd: convolutions of images by tiles, with a fraction of the multiplications, in machine code.

A tile of an image and a filter are taken to six by six points each; there, outputs are plain products, up to four times
fewer than otherwise. Per point this is a product of matrices, tiles by channels by filters. (S. Winograd, Arithmetic
Complexity of Computations, 1980; A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks, 2016.)

Errors by rounding are some times those of the plain sums, below 3e-5 of a usual output. Numbers that are not finite
would spread over their tile: where there are some, the caller is told to compute the plain way.
"""

from __future__ import annotations

import ctypes
import functools
import math
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import compiler, team
from tfmagic.base.machine.blocks import Laid, vectors_of
from tfmagic.base.machine.vectors import Vectors

# Where a tile's polynomial is evaluated, besides at infinity: of the usual choices that with the smallest errors.
_POINTS = tuple(map(Fraction, ("0", "1", "-1", "1/2", "-2")))
_SIDE = len(_POINTS) + 1
_ALL = _SIDE * _SIDE
# How many pixels filters have on a side; the multiple that numbers of channels are, so that they fill vectors; how many
# times fewer multiplications there must be; and how many numbers filters at most have at the points.
_FILTERS, _CHANNELS, _FEWER, _MOST = range(2, 6), 16, 1.5, 1 << 22
# Numbers that the tiles of a block are to have: those of the inner cache, about.
_BLOCK = 3 << 16

Matrix = list[list[Fraction]]


def _product_of(points: Sequence[Fraction]) -> list[Fraction]:
    """The coefficients of the polynomial that is 0 at the points."""
    found = [Fraction(1)]
    for point in points:
        found = [low - point * high for low, high in zip([Fraction(0), *found], [*found, Fraction(0)])]
    return found


def matrices(outputs: int, taps: int) -> tuple[Matrix, Matrix, Matrix]:
    """What takes tiles [side], filters [taps] to the points, and products at the points to outputs."""
    if outputs + taps - 1 != _SIDE:
        raise ValueError(f"{outputs} outputs of {taps} taps need {outputs + taps - 1} points")
    at_infinity = [Fraction(0)] * (_SIDE - 1)
    tiles: Matrix = []
    filters: Matrix = []
    for place, point in enumerate(_POINTS):
        others = [*_POINTS[:place], *_POINTS[place + 1:]]
        norm = Fraction(1)
        for other in others:
            norm *= point - other
        tiles.append([*_product_of(others), Fraction(0)])
        filters.append([point ** power / norm for power in range(taps)])
    tiles.append(_product_of(_POINTS))
    filters.append([*at_infinity[:taps - 1], Fraction(1)])
    back = [[*(point ** power for point in _POINTS), Fraction(power == outputs - 1)] for power in range(outputs)]
    return tiles, filters, back


def _taken(writer: Vectors, matrix: Matrix, values: Sequence[Sequence[str]]) -> list[list[str]]:
    """`matrix @ values @ matrix.T` of vectors."""
    columns = [[writer.combined(row, column) for row in matrix] for column in zip(*values)]
    return [[writer.combined(row, line) for row in matrix] for line in zip(*columns)]


def _pixels(writer: Vectors, pointer: str, tile: str, side: int, step: int, sizes: Sequence[str],
            before: Sequence[str], outside: str) -> list[list[str]]:
    """The addresses of the pixels of a tile, those outside of the image all `outside`.

    Args:
      pointer: the images, [any, height, width, channels].
      side, step: how many pixels a tile has on a side, and by how many one is from the next.
      sizes: height, width, channels; tiles below each other, beside each other.
      before: by how many pixels the first tile lies above, and to the left of, the image.
    """
    code, (height, width, channels, down, right) = writer.code, sizes
    line, column = (code.let(f"{kind} i64 {tile}, {right}") for kind in ("sdiv", "srem"))
    image, line = (code.let(f"{kind} i64 {line}, {down}") for kind in ("sdiv", "srem"))
    inside: list[list[tuple[str, str]]] = []
    for place, above, size in ((line, before[0], height), (column, before[1], width)):
        first = writer.minus(writer.times(place, step), above)
        found = [writer.add(first, index) for index in range(side)]
        inside.append([(at, code.let(f"icmp ult i64 {at}, {size}")) for at in found])
    addresses = []
    for y, in_height in inside[0]:
        start = writer.times(writer.add(writer.times(image, height), y), width)
        addresses.append([
            code.let(f"select i1 {code.let(f'and i1 {in_height}, {in_width}')}, "
                     f"ptr {writer.at(pointer, writer.times(writer.add(start, x), channels))}, ptr {outside}")
            for x, in_width in inside[1]])
    return addresses


def _to_points(writer: Vectors, matrix: Matrix, addresses: Sequence[Sequence[str]], channels: str, out: str,
               first: str, apart: str) -> None:
    """Code that takes the pixels at these addresses to the points, `apart` numbers from each other."""
    def some(channel: str) -> None:
        values = [[writer.load(address, channel) for address in line] for line in addresses]
        at = writer.add(first, channel)
        for place, value in enumerate(sum(_taken(writer, matrix, values), [])):
            writer.store(value, out, writer.add(at, writer.times(apart, place)))

    writer.each(channels, writer.lanes, some)


def _at_points(writer: Vectors, apart: Sequence[str], body: Callable[..., None]) -> None:
    """Code for every point; `body` gets the number before it in arrays whose points are `apart` numbers apart."""
    writer.code.loop("0", str(_ALL), lambda point: body(*(writer.times(point, each) for each in apart)))


_SIZES = ("i64 %height", "i64 %width", "i64 %channels", "i64 %down", "i64 %right", "i64 %above", "i64 %before",
          "i64 %filters", "i64 %tiles", "i64 %block", "i64 %slots", "i64 %room_size")


def _lines() -> int:
    """How many lines of a product are computed at once: channels, and the tiles of a block, are a multiple of them."""
    return 8 if vectors_of("float")[1] >= 8 else 4


def _outputs(writer: Vectors, back: Matrix, values: Sequence[str]) -> list[str]:
    """The outputs, line by line, from the products at all points."""
    lines = [values[start:start + _SIDE] for start in range(0, _ALL, _SIDE)]
    return sum(_taken(writer, back, lines), [])


def _blocks(writer: Vectors, count: str) -> str:
    """How many blocks so many tiles are."""
    return writer.code.let(f"sdiv i64 {writer.add(count, '%block', -1)}, %block")


@functools.cache
def _filters(taps: int) -> Callable[..., None]:
    """Takes filters [taps, taps, channels, filters] to the points, in panels of two vectors."""
    writer = Vectors()
    code = writer.code
    matrix = matrices(_SIDE + 1 - taps, taps)[1]

    def one(channel: str) -> None:
        line = writer.times(channel, "%channel_apart")
        whole = writer.times("%channels", "%filters")

        def panel(first: str, wide: int) -> None:
            start = writer.add(writer.times(first, "%channels"), writer.times(channel, wide * writer.lanes))
            for column in range(wide):
                at = writer.add(line, first, column * writer.lanes)
                values = [[writer.load("%weights", writer.add(at, writer.times("%row_apart", y),
                                                              writer.times("%column_apart", x)))
                           for x in range(taps)] for y in range(taps)]
                for place, value in enumerate(sum(_taken(writer, matrix, values), [])):
                    writer.store(value, "%out", writer.add(start, column * writer.lanes, writer.times(whole, place)))

        writer.panels("%filters", panel)

    code.loop("%start", "%stop", one)
    return writer.made("winograd_filters", ["ptr noalias %weights", "ptr noalias %out", "i64 %row_apart",
                                            "i64 %column_apart", "i64 %channel_apart", "i64 %channels",
                                            "i64 %filters"])


@functools.cache
def _forward(taps: int) -> Callable[..., None]:
    """The convolution of images with filters that are at the points already."""
    writer = Vectors()
    code = writer.code
    step = _SIDE + 1 - taps
    to_points, _, back = matrices(step, taps)

    def block(index: str, room: str) -> None:
        first = writer.times(index, "%block")
        count = writer.least("%block", writer.minus("%tiles", first))
        apart, out_apart = writer.times("%block", "%channels"), writer.times("%block", "%filters")
        products = writer.at(room, writer.times(apart, _ALL))
        spare = writer.at(products, writer.times(out_apart, _ALL))

        def take(tile: str) -> None:
            addresses = _pixels(writer, "%images", writer.add(first, tile), _SIDE, step,
                                ["%height", "%width", "%channels", "%down", "%right"], ["%above", "%before"],
                                "%nothing")
            _to_points(writer, to_points, addresses, "%channels", room, writer.times(tile, "%channels"), apart)

        def multiply(tiles: str, taken: str, made: str) -> None:
            def panel(column: str, wide: int) -> None:
                matrix = writer.at("%taken", writer.add(taken, writer.times(column, "%channels")))

                def some(row: str) -> None:
                    given = writer.at(room, writer.add(tiles, writer.times(row, "%channels")))
                    out = writer.at(products, writer.add(made, writer.times(row, "%filters"), column))
                    writer.product(_lines(), Laid(given, "%channels"), Laid(matrix, wide * writer.lanes), "%channels",
                                   Laid(out, "%filters"), wide)

                writer.each(count, _lines(), some)

            writer.panels("%filters", panel)

        def give(tile: str) -> None:
            addresses = _pixels(writer, "%out", writer.add(first, tile), step, step,
                                ["%out_height", "%out_width", "%filters", "%down", "%right"], ["0", "0"], spare)
            start = writer.times(tile, "%filters")

            def some(column: str) -> None:
                values = [writer.load(products, writer.add(start, column, writer.times(out_apart, place)))
                          for place in range(_ALL)]
                bias = writer.load("%bias", column)
                for value, address in zip(_outputs(writer, back, values), sum(addresses, [])):
                    value = code.let(f"fadd {writer.kind} {value}, {bias}")
                    writer.spoils(value)
                    writer.store(value, address, column)

            writer.each("%filters", writer.lanes, some)

        code.loop("0", count, take)
        _at_points(writer, [apart, writer.times("%channels", "%filters"), out_apart], multiply)
        code.loop("0", count, give)

    def slot(index: str) -> None:
        writer.sound()
        room = writer.at("%room", writer.times(index, "%room_size"))
        team.in_turn(code, "%next", _blocks(writer, "%tiles"), lambda at: block(at, room))
        writer.noted("%spoiled", index)

    code.loop("%start", "%stop", slot)
    return writer.made("winograd_forward", ["ptr noalias %images", "ptr noalias %taken", "ptr noalias %bias",
                                            "ptr noalias %out", "ptr noalias %room", "ptr noalias %nothing",
                                            "ptr noalias %spoiled", "ptr noalias %next", *_SIZES, "i64 %out_height",
                                            "i64 %out_width"])


@functools.cache
def _by_filter(taps: int) -> Callable[..., None]:
    """The gradient of filters at the points, for each slot: products of images and of gradients of outputs."""
    writer = Vectors()
    code = writer.code
    step = _SIDE + 1 - taps
    to_points, gradients, _ = matrices(taps, step)

    def slot(index: str) -> None:
        whole = writer.times("%channels", "%filters")
        total = writer.at("%room", writer.times(index, "%room_size"))
        writer.each(writer.times(whole, _ALL), writer.lanes, lambda at: writer.store(writer.spread(0.0), total, at))

        def block(at: str) -> None:
            done = writer.times(at, "%block")
            first, count = writer.add(begin, done), writer.least("%block", writer.minus(length, done))
            apart, out_apart = writer.times("%block", "%channels"), writer.times("%block", "%filters")
            images = writer.at(total, writer.times(whole, _ALL))
            changes = writer.at(images, writer.times(apart, _ALL))

            def take(tile: str) -> None:
                here = writer.add(first, tile)
                addresses = _pixels(writer, "%images", here, _SIDE, step,
                                    ["%height", "%width", "%channels", "%down", "%right"], ["%above", "%before"],
                                    "%nothing")
                _to_points(writer, to_points, addresses, "%channels", images, writer.times(tile, "%channels"), apart)
                addresses = _pixels(writer, "%gradient", here, step, step,
                                    ["%out_height", "%out_width", "%filters", "%down", "%right"], ["0", "0"],
                                    "%nothing")
                _to_points(writer, gradients, addresses, "%filters", changes, writer.times(tile, "%filters"), out_apart)

            def multiply(tiles: str, given: str, made: str) -> None:
                def panel(column: str, wide: int) -> None:
                    matrix = writer.at(changes, writer.add(given, column))

                    def some(row: str) -> None:
                        turned = writer.at(images, writer.add(tiles, row))
                        out = writer.at(total, writer.add(made, writer.times(row, "%filters"), column))
                        writer.product(_lines(), Laid(turned, 1, "%channels"), Laid(matrix, "%filters"), count,
                                       Laid(out, "%filters"), wide, adds=True)

                    writer.each("%channels", _lines(), some)

                writer.panels("%filters", panel)

            code.loop("0", count, take)
            _at_points(writer, [apart, out_apart, whole], multiply)

        # Always the same tiles for a thread, so that sums are always the same.
        begin, end = (code.let(f"sdiv i64 {writer.times('%tiles', each)}, %slots")
                      for each in (index, writer.add(index, 1)))
        length = writer.minus(end, begin)
        code.loop("0", _blocks(writer, length), block)

    code.loop("%start", "%stop", slot)
    return writer.made("winograd_by_filter", ["ptr noalias %images", "ptr noalias %gradient", "ptr noalias %room",
                                              "ptr noalias %nothing", *_SIZES, "i64 %out_height", "i64 %out_width"])


@functools.cache
def _from_points(taps: int) -> Callable[..., None]:
    """The gradient of filters [taps, taps, channels, filters] from what the slots found at the points."""
    writer = Vectors()
    code = writer.code
    back = matrices(taps, _SIDE + 1 - taps)[2]
    held = [code.room(writer.kind) for _ in range(_ALL)]

    def one(channel: str) -> None:
        whole = writer.times("%channels", "%filters")
        writer.sound()

        def some(column: str) -> None:
            at = writer.add(writer.times(channel, "%filters"), column)
            places = [writer.add(at, writer.times(whole, place)) for place in range(_ALL)]
            for kept, place in zip(held, places):
                writer.store(writer.load("%room", place), kept)

            def more(slot: str) -> None:
                start = writer.times(writer.add(slot, 1), "%room_size")
                for place, kept in zip(places, held):
                    other = writer.load("%room", writer.add(start, place))
                    writer.store(code.let(f"fadd {writer.kind} {writer.load(kept)}, {other}"), kept)

            code.loop("0", writer.add("%slots", -1), more)
            for tap, value in enumerate(_outputs(writer, back, [writer.load(kept) for kept in held])):
                writer.spoils(value)
                writer.store(value, "%out", writer.add(at, writer.times(whole, tap)))

        writer.each("%filters", writer.lanes, some)
        writer.noted("%spoiled", channel)

    code.loop("%start", "%stop", one)
    return writer.made("winograd_from_points", ["ptr noalias %room", "ptr noalias %out", "ptr noalias %spoiled",
                                                "i64 %room_size", "i64 %slots", "i64 %channels", "i64 %filters"])


def _sizes(images: Any, outputs: Sequence[int], taps: int, padding: Sequence[int], totals: bool) -> tuple[int, ...]:
    """The numbers of `_SIZES`.

    Args:
      totals: whether a slot keeps sums for all filters.
    """
    count, channels, height, width = images.shape
    _, filters, out_height, out_width = outputs
    step = _SIDE + 1 - taps
    down, right = -(-out_height // step), -(-out_width // step)
    tiles, rows = int(count * down * right), 8
    block = max(1, _BLOCK // (_ALL * (channels + filters) * rows)) * rows
    slots = max(1, min(torch.get_num_threads(), tiles // block))
    room = _ALL * (block * (channels + filters) + (channels * filters if totals else 0)) + filters
    return height, width, channels, down, right, *padding, filters, tiles, block, slots, room


def pays(filters: Sequence[int], outputs: Sequence[int]) -> bool:
    """Whether tiles take clearly fewer multiplications.

    Args:
      filters: the shape [f, c, height, width] of the filters, which move by one pixel.
      outputs: the shape [n, f, height, width] of what they give.
    """
    number_of_filters, channels, taps, other = filters
    if not compiler.available() or taps != other or taps not in _FILTERS or channels % _CHANNELS or \
            number_of_filters % _CHANNELS or _ALL * channels * number_of_filters > _MOST:
        return False
    step = _SIDE + 1 - taps
    tiles = math.prod(-(-size // step) for size in outputs[2:])
    return bool(math.prod(outputs[2:]) * taps * taps >= _FEWER * _ALL * tiles > 0)


def prepare(taps: int, back: bool) -> None:
    """Compile what `forward` needs, or `by_filter`: it takes some tenths of a second."""
    for function in (_by_filter, _from_points) if back else (_filters, _forward):
        function(taps)


def at_points(weights: Any) -> Any:
    """Filters [f, c, taps, taps] at the points, as `forward` takes them."""
    taps, (filters, channels) = weights.shape[-1], weights.shape[:2]
    if weights.stride(0) != 1:
        weights = weights.permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1)
    taken = weights.new_empty(_ALL * channels * filters)
    _filters(taps)(struct.pack("2P5q", weights.data_ptr(), taken.data_ptr(), weights.stride(2), weights.stride(3),
                               weights.stride(1), channels, filters), channels, min(torch.get_num_threads(), channels))
    return taken


def forward(images: Any, weights: Any, bias: Any, padding: Sequence[int], taken: Any = None) -> Any:
    """The convolution, step 1, of images [n, c, height, width], channels last, with filters [f, c, taps, taps].

    None where a number of it is not finite.

    Args:
      taken: the filters `at_points`, where they are there already.
    """
    taps, (filters, channels) = weights.shape[-1], weights.shape[:2]
    taken = at_points(weights) if taken is None else taken
    height, width = (size + 2 * pad + 1 - taps for size, pad in zip(images.shape[2:], padding))
    out = images.new_empty((images.shape[0], height, width, filters))
    sizes = _sizes(images, (0, filters, height, width), taps, padding, totals=False)
    slots = sizes[-2]
    room = images.new_empty(slots * sizes[-1])
    nothing, spoiled = images.new_zeros(max(channels, filters)), (ctypes.c_int64 * slots)()
    bias = nothing if bias is None else bias.contiguous()
    pointers = [each.data_ptr() for each in (images, taken, bias, out, room, nothing)]
    following = ctypes.c_int64()
    _forward(taps)(struct.pack("8P14q", *pointers, ctypes.addressof(spoiled), ctypes.addressof(following), *sizes,
                               height, width), slots, slots)
    return None if any(spoiled) else out.permute(0, 3, 1, 2)


def by_filter(gradient: Any, images: Any, taps: int, padding: Sequence[int]) -> Any:
    """The gradient of the filters [f, c, taps, taps], from that of the outputs, channels last; None as `forward`."""
    filters, channels = gradient.shape[1], images.shape[1]
    sizes = _sizes(images, gradient.shape, taps, padding, totals=True)
    slots, size = sizes[-2:]
    out, room = images.new_empty((taps, taps, channels, filters)), images.new_empty(slots * size)
    nothing, spoiled = images.new_zeros(max(channels, filters)), (ctypes.c_int64 * channels)()
    pointers = [each.data_ptr() for each in (images, gradient, room, nothing)]
    _by_filter(taps)(struct.pack("4P14q", *pointers, *sizes, *gradient.shape[2:]), slots, slots)
    _from_points(taps)(struct.pack("3P4q", room.data_ptr(), out.data_ptr(), ctypes.addressof(spoiled), size, slots,
                                   channels, filters), channels, slots)
    return None if any(spoiled) else out.permute(3, 2, 0, 1)
