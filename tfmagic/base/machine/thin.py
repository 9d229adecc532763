"""Thin: convolutions of images with few channels, the first of most nets, by machine code.

The numbers under a line of a filter lie side by side in an image whose channels lie last. So a line of the result is a
product of overlapping lines of the image and the filters, whose sums go over the lines of the filter; nothing is
copied but the image, with its margins. A thread computes some lines of the result, or the gradient by some images.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.machine import blocks, compiler
from tfmagic.base.machine.blocks import Again, Laid
from tfmagic.base.machine.dense import KINDS
from tfmagic.base.machine.vectors import Vectors

# Numbers under a line of a filter, and lines of it, at most: loops over them are written out.
_LINE, _LINES = 24, 11
# Parts of the gradient for each thread: who is done earlier waits no longer than one takes.
_PARTS = 4
# What both functions are given: the image with its margins; the filters and what sums start with, or the gradient by
# the result; what is computed; lines of the result in an image, pixels in a line and channels of the result; from one
# line of the image to the next, from one image to the next, and to the pixels under the next line and pixel of the
# result.
_SIZES = ("i64 %high", "i64 %wide", "i64 %outs", "i64 %line", "i64 %image", "i64 %down", "i64 %along")
_FORWARD = ("ptr noalias %x", "ptr noalias %filters", "ptr noalias %start_of_sums", "ptr noalias %out", *_SIZES)
_BY_FILTER = ("ptr noalias %x", "ptr noalias %dy", "ptr noalias %out", "i64 %images", "i64 %together", *_SIZES)


def fits(dtype: Any, channels: int, outs: int, sizes: Sequence[int], wide: int) -> bool:
    """Whether filters [out, in, kh, kw] of images are few enough for `forward` and `by_filter`.

    Args:
      wide: how many pixels a line of the result has.
    """
    kind = KINDS.get(str(dtype))
    if kind is None or not compiler.available():
        return False
    lanes, lines = blocks.vectors_of(kind)
    return channels * sizes[1] <= _LINE and sizes[0] <= _LINES and outs % lanes == 0 and wide >= lines


@functools.cache
def prepare(kind: str, high: int, line: int, back: bool) -> Callable[..., None]:
    """The function for filters of so many lines, and numbers in each: the convolution, or its gradient by filters."""
    writer = Vectors(kind)
    (_by_filter if back else _forward)(writer, high, line)
    return writer.made("thin_filters" if back else "thin", _BY_FILTER if back else _FORWARD)


def _forward(writer: Vectors, high: int, line: int) -> None:
    lines = blocks.vectors_of(writer.single)[1]
    again = Again(high, "%line", writer.times(line, "%outs"))

    def row(index: str) -> None:
        image, place = (writer.code.let(f"{what} i64 {index}, %high") for what in ("sdiv", "srem"))
        x = writer.at("%x", writer.add(writer.times(image, "%image"), writer.times(place, "%down")))
        out = writer.at("%out", writer.times(index, "%wide", "%outs"))

        def columns(column: str, wide: int) -> None:
            second, start = Laid(writer.at("%filters", column), "%outs"), writer.at("%start_of_sums", column)

            def some(at: str) -> None:
                pixel = writer.least(at, writer.minus("%wide", str(lines)))  # the last are as many: some come twice
                made = writer.at(out, writer.add(writer.times(pixel, "%outs"), column))
                writer.product(lines, Laid(writer.at(x, writer.times(pixel, "%along")), "%along"), second, line,
                               Laid(made, "%outs"), wide, start=start, again=again)

            writer.each("%wide", lines, some)

        writer.panels("%outs", columns)

    writer.code.loop("%start", "%stop", row)


def _by_filter(writer: Vectors, high: int, line: int) -> None:
    most = blocks.vectors_of(writer.single)[1]
    again = Again("%high", "%down", writer.times("%wide", "%outs"))
    parts = -(-line // most)
    places = [(line * part // parts, line * (part + 1) // parts) for part in range(parts)]

    def images(index: str) -> None:
        out = writer.at("%out", writer.times(index, high * line, "%outs"))
        first = writer.times(index, "%together")

        def image(at: str) -> None:
            x = writer.at("%x", writer.times(at, "%image"))
            dy = writer.at("%dy", writer.times(at, "%high", "%wide", "%outs"))

            def line_of_filter(number: str) -> None:
                def columns(column: str, wide: int) -> None:
                    second = Laid(writer.at(dy, column), "%outs")
                    for start, stop in places:
                        under = writer.at(x, writer.add(writer.times(number, "%line"), start))
                        made = writer.times(writer.add(writer.times(number, line), start), "%outs")
                        writer.product(stop - start, Laid(under, 1, "%along"), second, "%wide",
                                       Laid(writer.at(out, writer.add(made, column)), "%outs"), wide, adds=True,
                                       again=again)

                writer.panels("%outs", columns)

            writer.code.loop("0", str(high), line_of_filter)

        writer.code.loop(first, writer.least(writer.add(first, "%together"), "%images"), image)

    writer.code.loop("%start", "%stop", images)


def _with_margins(x: Any, padding: Sequence[int]) -> Any:
    """Images [n, in, h, w] as [n, h, w, in], with lines and columns of zeros around."""
    lines = x.permute(0, 2, 3, 1).contiguous()
    down, right = padding
    return torch.nn.functional.pad(lines, (0, 0, right, right, down, down)) if down or right else lines


def _sizes(x: Any, high: int, wide: int, outs: int, stride: Sequence[int]) -> tuple[int, ...]:
    image, line, pixel, _ = x.stride()
    return high, wide, outs, line, image, stride[0] * line, stride[1] * pixel


def forward(x: Any, weights: Any, bias: Any, stride: Sequence[int], padding: Sequence[int]) -> Any:
    """The convolution of images [n, in, h, w] with filters [out, in, kh, kw]; the result has its channels last."""
    x, (outs, channels, *sizes) = _with_margins(x, padding), weights.shape
    high, wide = ((of - size) // step + 1 for of, size, step in zip(x.shape[1:3], sizes, stride))
    out = x.new_empty((x.shape[0], high, wide, outs))
    filters = weights.permute(2, 3, 1, 0).contiguous()
    start = x.new_zeros(outs) if bias is None else bias.contiguous()
    rows = x.shape[0] * high
    pointers = [each.data_ptr() for each in (x, filters, start, out)]
    prepare(KINDS[str(x.dtype)], sizes[0], sizes[1] * channels, False)(
        struct.pack("4P7q", *pointers, *_sizes(x, high, wide, outs, stride)), rows,
        min(rows, torch.get_num_threads()))
    return out.permute(0, 3, 1, 2)


def by_filter(dy: Any, x: Any, sizes: Sequence[int], stride: Sequence[int], padding: Sequence[int]) -> Any:
    """The gradient of `forward` by its filters [out, in, kh, kw], of which `sizes` are the last two."""
    x, dy = _with_margins(x, padding), dy.permute(0, 2, 3, 1).contiguous()
    images, high, wide, outs = dy.shape
    channels, threads = x.shape[3], torch.get_num_threads()
    together = max(1, images // (_PARTS * threads))
    parts = -(-images // together)
    made = x.new_zeros((parts, *sizes, channels, outs))
    pointers = [each.data_ptr() for each in (x, dy, made)]
    prepare(KINDS[str(x.dtype)], sizes[0], sizes[1] * channels, True)(
        struct.pack("3P9q", *pointers, images, together, *_sizes(x, high, wide, outs, stride)), parts,
        min(parts, threads))
    return made.sum(0).permute(3, 2, 0, 1)
