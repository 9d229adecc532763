"""Tensors as blocks of cells, and a small matrix product, as a textbook draws them (SVG)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.view.escape import shorten, visible
from tfmagic.view.labels import dims_text, number_text
from tfmagic.view.paint.metrics import text_width
from tfmagic.view.paint.sheet import Sheet, rectangle
from tfmagic.view.phrases import plural, say

MAX_RANK = 4
_SIDE = 8  # cells shown along a side before its middle is left out
_SLICES, _STACKS = 5, 4
_CELL_HEIGHT, _CELL_MIN, _CELL_MAX = 30, 34, 84
_STEP = 14  # how far the next slice stands behind
_MARGIN = 16
_GAP = 34
_DEPTH_LABEL = 84  # room for the words beside the slices
_NUMBER_LIMIT = 10
_PRODUCT_SIDE = 6

Mark = Callable[[int, int], str]


def draw_tensor(value: Any, title: str = "", dtype: str = "", inline: bool = False) -> str:
    """A tensor of rank 0 to 4 as blocks, with its shape and dtype under it.

    Args:
      value: an array (or what NumPy makes one of).
      title: a title, such as the expression that was drawn.
      dtype: the dtype's name to show; by default the array's.
      inline: see `svg.draw_svg`.

    Returns:
      The SVG.

    Raises:
      ValueError: the rank is above 4.
    """
    array = np.asarray(value)
    if array.ndim > MAX_RANK:
        raise ValueError(f"a tensor of rank {array.ndim} cannot be drawn as blocks: shape {array.shape}. Rank "
                         f"{MAX_RANK} is the most; draw a part of it, such as x{'[0]' * (array.ndim - MAX_RANK)}.")
    return _Blocks(array, visible(title), dtype or dtype_name(array)).paint(inline)


def draw_product(a: Any, b: Any, row: int = 0, column: int = 0, title: str = "", inline: bool = False) -> str:
    """A small matrix product A × B = C; a row, a column and the element they make are marked, and worked out below.

    Args:
      a, b: matrices of shape [m, k] and [k, n], each side at most 6.
      row, column: which element of the product to mark.
      title: a title.
      inline: see `svg.draw_svg`.

    Raises:
      ValueError: the matrices do not fit, or are too big to draw.
    """
    left, right = np.asarray(a), np.asarray(b)
    if not _fit(left, right):
        raise ValueError(f"no matrix product: shapes {left.shape} and {right.shape} (the first's columns must be as "
                         "many as the second's rows)")
    if not _drawable(left, right):
        raise ValueError(f"only products with sides of 1 to {_PRODUCT_SIDE} are drawn, got shapes {left.shape} and "
                         f"{right.shape}")
    if not (0 <= row < left.shape[0] and 0 <= column < right.shape[1]):
        raise ValueError(f"the product of shape {(left.shape[0], right.shape[1])} has no element [{row}, {column}]")
    return _product(left, right, row, column, visible(title), inline)


def draws_product(a: Any, b: Any) -> bool:
    """Whether `draw_product` can draw the product of two arrays."""
    return _fit(np.asarray(a), np.asarray(b)) and _drawable(np.asarray(a), np.asarray(b))


def _fit(left: np.ndarray, right: np.ndarray) -> bool:
    return left.ndim == 2 and right.ndim == 2 and left.shape[1] == right.shape[0]


def _drawable(left: np.ndarray, right: np.ndarray) -> bool:
    sides = left.shape + right.shape
    return min(sides) >= 1 and max(sides) <= _PRODUCT_SIDE


def describe(shape: tuple[int, ...], dtype: str) -> str:
    """The shape and dtype of an array in words: `shape (2, 3) · float32`."""
    return f"{say('shape')} {dims_text(shape)} · {dtype}"


def dtype_name(array: np.ndarray) -> str:
    """TensorFlow's name of an array's dtype."""
    return "string" if array.dtype.kind in "OSU" else array.dtype.name


def _short(item: Any) -> str:
    return shorten(number_text(item), _NUMBER_LIMIT)


def _cut(count: int, limit: int) -> list[int | None]:
    """Indices along a side, with None where its middle is left out."""
    if count <= limit:
        return list(range(count))
    return [*range(limit - 2), None, count - 1]


def _cell_width(array: np.ndarray) -> int:
    """A width that fits every number of the array that is shown."""
    sides = [[i for i in _cut(count, _SIDE if axis >= array.ndim - 2 else _SLICES) if i is not None]
             for axis, count in enumerate(array.shape)]
    shown = array[np.ix_(*sides)]
    widest = max((text_width(_short(item), 12, monospace=True) for item in shown.ravel()), default=0)
    return round(min(max(widest + 14, _CELL_MIN), _CELL_MAX))


def _grid(sheet: Sheet, matrix: np.ndarray, x: int, y: int, width: int, mark: Mark, numbers: bool = True) -> str:
    """The cells of a matrix; sides that are too long lose their middle."""
    cells, words = [], []
    for r, i in enumerate(_cut(matrix.shape[0], _SIDE)):
        for c, j in enumerate(_cut(matrix.shape[1], _SIDE)):
            left, top = x + c * width, y + r * _CELL_HEIGHT
            if i is None or j is None:
                if numbers:
                    words.append(sheet.text("m", left + width // 2, top + _CELL_HEIGHT // 2 + 4,
                                            "⋯" if j is None else "⋮"))
                continue
            cells.append(f'<rect {sheet.classes(mark(i, j))} {rectangle(left, top, width, _CELL_HEIGHT)}/>')
            if numbers:
                words.append(sheet.text("num", left + width // 2, top + _CELL_HEIGHT // 2 + 4, _short(matrix[i, j])))
    return (f'<g fill="#e7f0fd" stroke="#2f6fd0">{"".join(cells)}</g>'
            f'<g fill="#1f2933">{"".join(words)}</g>')


def _plain(row: int, column: int) -> str:
    return "cell"


class _Blocks:
    """A tensor seen as stacks (rank 4) of slices (rank 3) of matrices."""

    def __init__(self, array: np.ndarray, title: str, dtype: str):
        self.shape: tuple[int, ...] = array.shape
        self.array: np.ndarray[Any, Any] = array.reshape((1,) * (MAX_RANK - array.ndim) + array.shape)
        self.title = title
        rank = len(self.shape)
        self.caption = f"{describe(self.shape, dtype)} · {say('rank')} {rank}"
        self.sheet = Sheet()
        self.cell = _cell_width(self.array)
        stacks, slices, rows, columns = np.maximum(self.array.shape, 1).tolist()  # an empty side keeps its room
        self.stacks = _cut(stacks, _STACKS)
        self.slices = _cut(slices, _SLICES)
        self.rows = len(_cut(rows, _SIDE))
        self.columns = len(_cut(columns, _SIDE))
        self.gap = _GAP if rank < MAX_RANK or len(self.slices) == 1 else _DEPTH_LABEL
        self.depth = (len(self.slices) - 1) * _STEP
        self.block_width = self.columns * self.cell + self.depth
        self.block_height = self.rows * _CELL_HEIGHT + self.depth

    def paint(self, inline: bool) -> str:
        rank = len(self.shape)
        side = 22 if rank >= 2 else 0
        top = _MARGIN + (26 if self.title else 0) + (18 if rank >= 1 else 0)
        body, x = [], _MARGIN + side
        for stack in self.stacks:
            if stack is None:
                body.append(self.sheet.text("sign", x + 8, top + self.block_height // 2, "⋯"))
                x += 16 + self.gap
                continue
            body.append(self._stack(stack, x, top))
            if rank == MAX_RANK:
                body.append(self.sheet.text("m", x + self.block_width // 2, top + self.block_height + 18, f"[{stack}]"))
            x += self.block_width + self.gap
        width = x - self.gap + _MARGIN + (_DEPTH_LABEL if self.depth else 0)
        bottom = top + self.block_height + (20 if rank == MAX_RANK else 0)
        body.append(self._axes(top))
        caption_width = max(text_width(self.caption, 12), text_width(self.title, 15, bold=True)) + 2 * _MARGIN
        body.append(self.sheet.text("s", _MARGIN + side, bottom + 24, self.caption))
        if self.title:
            body.append(self.sheet.text("h", _MARGIN, _MARGIN + 13, self.title))
        words = f"{say('Tensor')}, {self.caption}, {plural(int(self.array.size), 'element')}."
        return self.sheet.document(self.title or say("Tensor"), words, "".join(body), round(max(width, caption_width)),
                                   bottom + 24 + _MARGIN, inline)

    def _stack(self, stack: int, x: int, y: int) -> str:
        """The slices of a stack, the last one at the back."""
        parts = []
        for place, index in reversed(list(enumerate(self.slices))):
            left, top = x + place * _STEP, y + self.depth - place * _STEP
            if not self.array.size:
                parts.append(f'<rect {self.sheet.classes("back", "boundary")} '
                             f'{rectangle(left, top, self.columns * self.cell, self.rows * _CELL_HEIGHT)}/>'
                             f'{self.sheet.text("m", left + self.columns * self.cell // 2, top + 19, "∅")}')
                continue
            if index is None:
                continue
            if self.depth:  # the gaps of cut sides must not show what lies behind
                size = self.columns * self.cell, self.rows * _CELL_HEIGHT
                parts.append(f'<rect {self.sheet.classes("back")} {rectangle(left, top, *size)} fill="#ffffff"/>')
            front = place == 0
            kind = _plain if front else _behind
            parts.append(_grid(self.sheet, self.array[stack, index], left, top, self.cell, kind, numbers=front))
        return "".join(parts)

    def _axes(self, top: int) -> str:
        """Which axis is which, and how long."""
        rank = len(self.shape)
        x = _MARGIN + (22 if rank >= 2 else 0)
        parts = []
        if rank >= 1:
            parts.append(self.sheet.text("m", x + self.depth + self.columns * self.cell // 2, top - 8,
                                         f"{say('axis')} {rank - 1}: {self.shape[-1]}"))
        if rank >= 2:
            middle = top + self.depth + self.rows * _CELL_HEIGHT // 2
            parts.append(self.sheet.text("m", x - 9, middle, f"{say('axis')} {rank - 2}: {self.shape[-2]}",
                                         f' transform="rotate(-90 {x - 9} {middle})"'))
        if rank >= 3 and self.depth:
            stack_x = x + (len(self.stacks) - 1) * (self.block_width + self.gap) if None not in self.stacks else x
            parts.append(self.sheet.text("s", stack_x + self.columns * self.cell + self.depth // 2 + 10,
                                         top + self.block_height - self.depth // 2 + 12,
                                         f"{say('axis')} {rank - 3}: {self.shape[-3]}"))
        return "".join(parts)


def _behind(row: int, column: int) -> str:
    return "back"


def _product(left: np.ndarray, right: np.ndarray, row: int, column: int, title: str, inline: bool) -> str:
    product = left @ right
    sheet = Sheet()
    matrices = ((left, "A", lambda i, j: "row" if i == row else "cell"),
                (right, "B", lambda i, j: "column" if j == column else "cell"),
                (product, "A × B", lambda i, j: "both" if (i, j) == (row, column) else "cell"))
    top = _MARGIN + (28 if title else 0) + 20
    tallest = max(matrix.shape[0] for matrix, _, _ in matrices) * _CELL_HEIGHT
    body, x = [], _MARGIN
    for place, (matrix, name, mark) in enumerate(matrices):
        if place:
            body.append(sheet.text("sign", x + _GAP // 2, top + tallest // 2 + 7, "×" if place == 1 else "="))
            x += _GAP
        width = _cell_width(matrix)
        y = top + (tallest - matrix.shape[0] * _CELL_HEIGHT) // 2
        middle = x + matrix.shape[1] * width // 2
        body.append(_grid(sheet, matrix, x, y, width, mark))
        body.append(sheet.text("t", middle, y - 8, name))
        body.append(sheet.text("m", middle, y + matrix.shape[0] * _CELL_HEIGHT + 16,
                               dims_text(matrix.shape)))
        x += matrix.shape[1] * width
    terms = " + ".join(f"{_short(p)}·{_short(q)}" for p, q in zip(left[row], right[:, column], strict=True))
    formula = f"[{row}, {column}] = {terms} = {_short(product[row, column])}"
    if title:
        body.append(sheet.text("h", _MARGIN, _MARGIN + 13, title))
    body.append(sheet.text("s", _MARGIN, top + tallest + 44, formula))
    width = round(max(x, _MARGIN + text_width(formula, 12), text_width(title, 15, bold=True) + _MARGIN)) + _MARGIN
    shapes = dims_text(left.shape), dims_text(right.shape)
    words = say("Matrix product of shapes {} and {}; element {}.", *shapes, formula)
    height = top + tallest + 44 + _MARGIN
    return sheet.document(title or say("Matrix product"), words, "".join(body), width, height, inline)
