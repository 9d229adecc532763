"""Pooling: the machine code for windows of images whose channels lie last in memory, and the calls that a plan makes.

An image that turns out to lie otherwise is computed by torch, as before.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import torch

from tfmagic.base.machine import compiler, team
from tfmagic.base.machine.code import Code, number
from tfmagic.base.machine.functions import INTRINSICS, Real
from tfmagic.session.element_rules import KINDS
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers.machine.windows import POOL, RELU_BACKWARD, Windows

_LAST = torch.channels_last
# Numbers of images for which a thread is worth waking.
_LEAST = 1 << 16


class OverWindows(PlanCall, shown_under="tfmagic.machine"):
    """A call of machine code: takes the values from outside, gives the results (one, or a tuple).

    Args:
      windows: the calls; results and arguments come in their order.
    """

    effect = "none"

    def __init__(self, windows: Windows):
        spreads = windows.pool.target is not POOL
        self.__name__ = self.__qualname__ = "spread_over_windows" if spreads else "largest_of_windows"
        title = "windows"
        text = (_spreading if spreads else _choosing)(title, windows)
        function = compiler.compiled(text + team.shared(title, aligned=1, there=compiler.has_team()), title,
                                     [compiler.POINTER, compiler.INTEGER, compiler.INTEGER])
        self._call = (_spread if spreads else _choose)(windows, function)

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The function that takes the values, without a step between."""
        return self._call


def _threads(shape: Sequence[int]) -> Callable[[], int]:
    most = min(shape[0], torch.Size(shape).numel() // _LEAST)
    return lambda: min(torch.get_num_threads(), most)


def _choose(windows: Windows, function: Callable[..., None]) -> Callable[..., Any]:
    """The function of a pool."""
    images, channels, height, width = windows.shape
    rows, columns = height // windows.window[0], width // windows.window[1]
    dtype, threads, pool = windows.dtype, _threads(windows.shape), windows.pool
    single, relu = len(windows.results()) == 1, windows.relu is not None
    pack = struct.Struct("3P").pack

    def call(image: torch.Tensor) -> Any:
        if not image.is_contiguous(memory_format=_LAST):
            largest, places = POOL(image, *pool.args[1:], **pool.kwargs)
            largest = torch.relu(largest) if relu else largest
        else:
            largest = torch.empty((images, rows, columns, channels), dtype=dtype)
            places = torch.empty((images, rows, columns, channels), dtype=torch.uint8)
            function(pack(image.data_ptr(), largest.data_ptr(), places.data_ptr()), images, threads())
            largest = largest.permute(0, 3, 1, 2)
        return largest if single else (largest, places)

    return call


def _spread(windows: Windows, function: Callable[..., None]) -> Callable[..., Any]:
    """The function of a gradient."""
    images, channels, height, width = windows.shape
    dtype, threads, spread = windows.dtype, _threads(windows.shape), windows.pool
    single = len(windows.results()) == 1
    pack = struct.Struct("5P").pack

    def call(gradient: torch.Tensor, image: torch.Tensor, places: torch.Tensor,
             relu: torch.Tensor | None = None) -> Any:
        if places.dtype is not torch.uint8:
            gradient = gradient if relu is None else RELU_BACKWARD(gradient, relu, 0.0, False)
            full = spread.target(gradient, image, *spread.args[2:-1], places)  # type: ignore[operator]
            return full if single else (full, torch.sum(gradient, [0, 2, 3]))
        full = torch.empty((images, height, width, channels), dtype=dtype)
        sums = torch.empty((images, channels), dtype=dtype)
        gradient = gradient.contiguous(memory_format=_LAST)
        relu = gradient if relu is None else relu.contiguous(memory_format=_LAST)
        function(pack(gradient.data_ptr(), relu.data_ptr(), places.data_ptr(), full.data_ptr(), sums.data_ptr()),
                 images, threads())
        full = full.permute(0, 3, 1, 2)
        return full if single else (full, sums.sum(0))

    return call


class _Places:
    """Where numbers lie, in the code of a pass over a range of images.

    Args:
      code: it.
      windows: what is computed.
    """

    def __init__(self, code: Code, windows: Windows):
        self._code = code
        _, self.channels, self.height, self.width = windows.shape
        self._down, self._right = windows.window
        self.rows, self.columns = self.height // self._down, self.width // self._right

    def each(self, body: Callable[[str, str, list[str]], None], image: str) -> None:
        """Code for each window and channel: `body` gets the channel, the window's place, and those of its numbers."""
        code = self._code

        def row(i: str) -> None:
            def column(j: str) -> None:
                line = code.let(f"add i64 {code.let(f'mul i64 {image}, {self.rows}')}, {i}")
                here = code.let(f"add i64 {code.let(f'mul i64 {line}, {self.columns}')}, {j}")
                first = code.let(f"mul i64 {here}, {self.channels}")
                corner = code.let(f"mul i64 {line}, {self._down * self.width * self.channels}")
                corner = code.let(f"add i64 {corner}, {code.let(f'mul i64 {j}, {self._right * self.channels}')}")

                def channel(c: str) -> None:
                    at = code.let(f"add i64 {corner}, {c}")
                    body(c, code.let(f"add i64 {first}, {c}"),
                         [code.let(f"add i64 {at}, {(down * self.width + right) * self.channels}")
                          for down in range(self._down) for right in range(self._right)])

                code.loop("0", str(self.channels), channel)

            code.loop("0", str(self.columns), column)

        code.loop("0", str(self.rows), row)


def _text(title: str, code: Code, pointers: Sequence[str]) -> str:
    return team.ranged(code, title, [f"ptr noalias {pointer}" for pointer in pointers]) + INTRINSICS


def _choosing(title: str, windows: Windows) -> str:
    code, kind = Code(), KINDS[windows.dtype]
    real, places = Real(code, kind), _Places(code, windows)
    relu = windows.relu is not None

    def one(_: str, here: str, numbers: Sequence[str]) -> None:
        first = code.load("%image", kind, numbers[0])
        least = torch.finfo(windows.dtype).min
        standing, place = first, "0"
        largest = real.choose(real.compare("ogt", first, least), first, least)
        for index, position in enumerate(numbers[1:], 1):
            value = code.load("%image", kind, position)
            # As `largest_of_windows` has it: what is no number is never larger, but stays where it stands first.
            largest = real.choose(real.compare("ogt", value, largest), value, largest)
            better = real.compare("ogt", value, standing)
            standing = real.choose(better, value, standing)
            place = code.let(f"select i1 {better}, i32 {index}, i32 {place}")
        if relu:
            largest = real.choose(real.compare("ole", largest, 0.0), 0.0, largest)
        code.store(largest, "%largest", kind, here)
        code.store(code.let(f"trunc i32 {place} to i8"), "%places", "i8", here)

    code.loop("%start", "%stop", lambda image: places.each(one, image))
    return _text(title, code, ["%image", "%largest", "%places"])


def _spreading(title: str, windows: Windows) -> str:
    code, kind = Code(), KINDS[windows.dtype]
    real, places = Real(code, kind), _Places(code, windows)
    relu, sums = windows.relu is not None, len(windows.results()) > 1

    def image(number_of_image: str) -> None:
        row = code.let(f"mul i64 {number_of_image}, {places.channels}")

        def one(c: str, here: str, numbers: Sequence[str]) -> None:
            gradient = code.load("%gradient", kind, here)
            if relu:
                above = real.compare("ogt", code.load("%relu", kind, here), 0.0)
                gradient = real.choose(above, gradient, real.do("fmul", gradient, 0.0))
            if sums:
                total = code.let(f"add i64 {row}, {c}")
                code.store(real.do("fadd", code.load("%sums", kind, total), gradient), "%sums", kind, total)
            place = code.let(f"zext i8 {code.load('%places', 'i8', here)} to i32")
            for index, position in enumerate(numbers):
                hit = code.let(f"icmp eq i32 {place}, {index}")
                code.store(real.choose(hit, gradient, 0.0), "%full", kind, position)

        if sums:
            code.loop("0", str(places.channels),
                      lambda c: code.store(number(0.0, kind), "%sums", kind, code.let(f"add i64 {row}, {c}")))
        places.each(one, number_of_image)

    code.loop("%start", "%stop", image)
    return _text(title, code, ["%gradient", "%relu", "%places", "%full", "%sums"])
