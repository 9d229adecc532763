"""Dense: products of large matrices by machine code, on as many threads as torch has where it is called.

Every thread takes the next columns of the result when it is done with its last, so that none waits long for another,
beside busy processes neither. What follows number by number is done with each block as soon as it is known, while it is
near the processor (`Finish`).
"""

from __future__ import annotations

import ctypes
import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tfmagic.base.lazy import torch
from tfmagic.base.machine import blocks, compiler, team
from tfmagic.base.machine.blocks import Laid
from tfmagic.base.machine.vectors import Vectors

KINDS = compiler.FLOATS
# Vectors side by side in a panel, that is in so many columns; lines and columns that there must be for a block of any
# kind; and pieces of work for each thread.
_WIDE, _LINES, _COLUMNS, _PIECES = 2, 8, 32, 4
# Lines from which on panels of the second matrix are worth being copied; and numbers between its lines from which on
# they are for any: the processor foresees no steps as long, and each is soon in a page of memory of its own.
_COPIED, _FAR = 128, 256
# Panels of a piece, numbers in these, and lines of a piece, at most: what stays near the processor. So many panels are
# copied at once: lines of the second matrix may lie far apart, each in a page of memory of its own.
_PANELS, _NEAR, _LONG, _TOGETHER = 8, 1 << 18, 512, 4
# Sums, and columns of the result, from which on a first matrix that lies by columns is worth being turned; how many of
# its columns are one piece of that; and numbers between its lines then, which so do not all share lines of the cache.
_DEEP, _OFTEN, _TURNED, _APART = 128, 256, 64, 16
_AS_IT_IS, _COPY, _TURN = range(3)
# What the function is given: matrices, what sums start with, memory, the next piece; whether sums start otherwise in
# each column; sizes; how the first and the second lie; how the second is taken; pieces, pieces beside each other,
# panels and lines of a piece, memory of a thread. And where the product goes; or a `Finish`, and where sums of columns
# go, if there are some.
_PARAMETERS = (
    "ptr noalias %a", "ptr noalias %b", "ptr noalias %start_of_sums", "ptr noalias %room", "ptr noalias %next",
    "i64 %start_along", "i64 %m", "i64 %k", "i64 %n", "i64 %a_apart", "i64 %a_along",
    "i64 %b_apart", "i64 %taken", "i64 %pieces", "i64 %beside", "i64 %panels", "i64 %lines", "i64 %room_size")
_OUT, _FINISH = ("ptr noalias %out",), ("ptr %finish", "ptr %ahead", "ptr %data", "ptr noalias %totals")
# What a `Finish` is given beside its data: a block of the product, sums of columns to which it may add; with which
# line and column the block begins, and for which of its lines something is to be done. What it is told of the next one.
GIVEN = ("ptr noalias %block", "ptr noalias %sums", "i64 %line", "i64 %column", "i64 %first", "i64 %stop")
AHEAD = ("i64 %line", "i64 %column")


class Finish(NamedTuple):
    """What is done with each block of a product in the place of keeping it; every number is met once at least.

    Attributes:
      function: the address of a function of `data` and of what `GIVEN` says.
      ahead: that of one of `data` and of what `AHEAD` says, which fetches what the next block needs: its lines may lie
        so far apart that the processor foresees none.
      data: an address.
    """

    function: int
    ahead: int
    data: int


def block_of(kind: str) -> tuple[int, int]:
    """How many lines and columns a block has, which lies by lines."""
    return blocks.vectors_of(kind)[1], blocks.vectors_of(kind)[0] * _WIDE


def fits(m: int, n: int) -> bool:
    """Whether a product of so many lines and columns is for `product`."""
    return compiler.available() and m >= _LINES and n >= _COLUMNS


@functools.cache
def prepare(kind: str, finishes: bool = False) -> Callable[..., None]:
    """The function of the address of its parameters, and twice the number of threads; it is compiled once.

    Args:
      finishes: whether it does something with each block, in the place of keeping the product.
    """
    writer = Vectors(kind)
    code, (lines, width) = writer.code, block_of(kind)
    block, sums = (code.room(f"[{count} x {kind}]") for count in (lines * width, width)) if finishes else ("", "")

    def call(what: str, parameters: Sequence[str], *given: str) -> None:
        values = (f"{parameter.split()[0]} {value}" for parameter, value in zip(parameters, given))
        code.do(f"call void %{what}(ptr %data, {', '.join(values)})")

    def piece(index: str, room: str) -> None:
        group, first_panel = (code.let(f"{what} i64 {index}, %beside") for what in ("sdiv", "srem"))
        first_panel = writer.times(first_panel, "%panels")
        count = writer.least("%panels", writer.minus(code.let(f"sdiv i64 {writer.add('%n', width - 1)}, {width}"),
                                                     first_panel))
        # The last columns, and lines, are as many as the others: some are computed twice.
        first_column = writer.least(writer.times(first_panel, width), writer.minus("%n", writer.times(count, width)))
        first_line = writer.times(group, "%lines")
        stop_line, last_line = writer.least(writer.add(first_line, "%lines"), "%m"), writer.add("%m", -lines)
        as_it_is, copies, turns = (code.let(f"icmp eq i64 %taken, {how}") for how in (_AS_IT_IS, _COPY, _TURN))
        panel_size = writer.times(writer.add("%k", 1), width)

        def copied(first: str, panels: int) -> None:
            columns = writer.at("%b", writer.add(first_column, writer.times(first, width)))
            copies = [writer.at(room, writer.times(writer.add(first, panel), panel_size)) for panel in range(panels)]

            def line_copied(line: str) -> None:
                given, place = writer.at(columns, writer.times(line, "%b_apart")), writer.times(line, width)
                for panel, copy in enumerate(copies):
                    made = writer.at(copy, place)
                    for at in range(0, width, writer.lanes):
                        writer.store(writer.load(given, panel * width + at), made, at)

            code.loop("0", "%k", line_copied)

        def multiplied(panel: str) -> None:
            column = writer.add(first_column, writer.times(panel, width))
            copy = writer.at(room, writer.times(panel, panel_size))

            def turned(_: str) -> None:
                source = writer.at("%b", writer.times(column, "%b_apart"))
                blocks.turned(code, kind, Laid(source, "%b_apart"), Laid(copy, width), width, "%k")

            code.loop("0", code.let(f"zext i1 {turns} to i64"), turned)
            second = Laid(code.let(f"select i1 {as_it_is}, ptr {writer.at('%b', column)}, ptr {copy}"),
                          code.let(f"select i1 {as_it_is}, i64 %b_apart, i64 {width}"))
            start = writer.at("%start_of_sums", writer.times(column, "%start_along"))

            def some(at: str) -> None:
                wanted = writer.add(first_line, at)
                line = writer.least(wanted, last_line)
                a = writer.at("%a", writer.times(line, "%a_apart"))
                out = Laid(block, width) if finishes else \
                    Laid(writer.at("%out", writer.add(writer.times(line, "%n"), column)), "%n")
                if finishes:
                    call("ahead", AHEAD, writer.least(writer.add(wanted, lines), last_line), column)
                writer.product(lines, Laid(a, "%a_apart", "%a_along"), second, "%k", out, _WIDE, start=start)
                if finishes:
                    stop = writer.least(str(lines), writer.minus(stop_line, line))
                    call("finish", GIVEN, block, sums, line, column, writer.minus(wanted, line), stop)

            def sums_kept() -> None:
                total = writer.at("%totals", writer.add(writer.times(group, "%n"), column))
                for at in range(0, width, writer.lanes):
                    writer.store(writer.load(sums, at), total, at)

            if finishes:
                for at in range(0, width, writer.lanes):
                    writer.store(writer.spread(0.0), sums, at)
            writer.each(writer.minus(stop_line, first_line), lines, some)
            if finishes:
                code.when(code.let("icmp ne ptr %totals, null"), sums_kept)

        copying = code.let(f"select i1 {copies}, i64 {count}, i64 0")
        several = code.let(f"sdiv i64 {copying}, {_TOGETHER}")
        code.loop("0", several, lambda some: copied(writer.times(some, _TOGETHER), _TOGETHER))
        code.loop(writer.times(several, _TOGETHER), copying, lambda panel: copied(panel, 1))
        code.loop("0", count, multiplied)

    def thread(index: str) -> None:
        room = writer.at("%room", writer.times(index, "%room_size"))
        team.in_turn(code, "%next", "%pieces", lambda at: piece(at, room))

    code.loop("%start", "%stop", thread)
    return writer.made("dense", (*_PARAMETERS, *(_FINISH if finishes else _OUT)))


@functools.cache
def _prepare_turning(kind: str) -> Callable[..., None]:
    """The function that turns a matrix by columns into one by lines; called as that of `prepare` is."""
    writer = Vectors(kind)
    code = writer.code

    def piece(index: str) -> None:
        line = writer.times(index, _TURNED)
        source = Laid(writer.at("%given", line), "%given_apart")
        target = Laid(writer.at("%turned", writer.times(line, "%turned_apart")), "%turned_apart")
        blocks.turned(code, kind, source, target, "%k", writer.least(str(_TURNED), writer.minus("%m", line)))

    code.loop("%start", "%stop", lambda _: team.in_turn(code, "%next", "%pieces", piece))
    return writer.made("turning", ("ptr noalias %given", "ptr noalias %turned", "ptr noalias %next", "i64 %m", "i64 %k",
                                   "i64 %given_apart", "i64 %turned_apart", "i64 %pieces"))


def by_lines(a: Any) -> Any:
    """The float matrix [m, k] which lies by columns, by lines."""
    m, k = a.shape
    threads = torch.get_num_threads()
    turned = a.new_empty((m, k + _APART))[:, :k]
    pieces = -(-m // _TURNED)
    following = ctypes.c_int64()
    _prepare_turning(KINDS[str(a.dtype)])(struct.pack(
        "3P5q", a.data_ptr(), turned.data_ptr(), ctypes.addressof(following), m, k, a.stride(1), turned.stride(0),
        pieces), min(threads, pieces), min(threads, pieces))
    return turned


def product(a: Any, b: Any, bias: Any = None) -> Any:
    """The product [m, n] of float matrices [m, k] and [k, n], plus a vector [n]; `fits` says for which."""
    out = a.new_empty((a.shape[0], b.shape[1]))
    _compute(a, b, bias, out.data_ptr())
    return out


def finished(a: Any, b: Any, bias: Any, finish: Finish, sums: bool = False) -> Any:
    """Do something with each block of such a product.

    Args:
      sums: whether `finish` adds up columns.

    Returns:
      the sums [n], where there are some.
    """
    return _compute(a, b, bias, 0, finish, sums)


def _compute(a: Any, b: Any, bias: Any, out: int, finish: Finish | None = None, sums: bool = False) -> Any:
    (m, k), n = a.shape, b.shape[1]
    kind, threads = KINDS[str(a.dtype)], torch.get_num_threads()
    if a.stride(0) == 1 != a.stride(1) and k >= _DEEP and n >= _OFTEN:
        a = by_lines(a)
    turns = b.stride(1) != 1
    if turns and b.stride(0) != 1:
        b, turns = b.contiguous(), False
    width = block_of(kind)[1]
    panels = -(-n // width)
    groups = max(-(-m // _LONG), min(-(-_PIECES * threads // panels), -(-m // (2 * _LINES))))
    lines = -(-m // (groups * _LINES)) * _LINES
    groups = -(-m // lines)
    how = _TURN if turns else _COPY if lines >= _COPIED or b.stride(0) >= _FAR else _AS_IT_IS
    together = 1 if turns else max(1, min(_PANELS, n // width, _NEAR // ((k + 1) * width),
                                          groups * panels // (_PIECES * threads)))
    beside = -(-panels // together)
    # Copies of panels do not all share lines of the cache.
    room_size = 0 if how == _AS_IT_IS else together * (k + 1) * width
    room = a.new_empty(threads * room_size)
    start = a.new_zeros(width) if bias is None else bias.contiguous()
    totals = a.new_empty((groups, n)) if sums else None
    target = (out,) if finish is None else (*finish, 0 if totals is None else totals.data_ptr())
    count = min(threads, beside * groups)
    following = ctypes.c_int64()
    prepare(kind, finish is not None)(struct.pack(
        f"5P13q{len(target)}P", a.data_ptr(), b.data_ptr(), start.data_ptr(), room.data_ptr(),
        ctypes.addressof(following), int(bias is not None), m, k, n, *a.stride(), b.stride(1 if turns else 0), how,
        beside * groups, beside, together, lines, room_size, *target), count, count)
    return totals if totals is None else totals[0] if groups == 1 else totals.sum(0)
