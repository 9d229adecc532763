"""Candidates: what can compute a product of matrices or a convolution, beside what torch does by itself.

1. "across": the transposed product. "onednn": torch's other library. "by blocks": machine code
   (`base/machine/dense.py`). The first of the matrices may be several below each other.
2. "by channels": the convolution with its images turned to channels first.
3. "by tiles": up to four times fewer multiplications (`base/machine/winograd.py`), of filters that move by one pixel.
4. "by lines": over one axis, as a product by machine code (`one_axis`).
5. "by few": of images with few channels, by machine code (`base/machine/thin.py`).
6. "by windows": a product of what is under the filters, copied into lines, where that is not much: what torch's library
   does before and after a small convolution takes longer.

Convolutions take and give images with their channels last.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch
from torch import fx

from tfmagic.base.machine import dense, thin, winograd
from tfmagic.session.tiers import one_axis

Engine = Callable[..., Any]

TILES, BLOCKS, LINES, FEW, WINDOWS = "by tiles", "by blocks", "by lines", "by few", "by windows"
COMPILED = frozenset({TILES, BLOCKS, LINES, FEW})
SLEEP = (BLOCKS, FEW)  # their threads do not wait for each other
PRODUCTS: dict[Any, int] = {torch.matmul: 2, torch.mm: 2, operator.matmul: 2, torch.addmm: 3}
BACK = torch.ops.aten.convolution_backward
LAST = torch.channels_last
_FLOATS = (torch.float32, torch.float64)
# Numbers that are under the filters, at most, for these to be copied.
_UNDER = 1 << 16


def candidates(node: fx.Node) -> dict[str, Engine] | None:
    """Functions of a call's arguments by name, torch's own under "torch"; None: there is no other."""
    known = [found for found in map(meta, node.args) if found is not None]
    if not known or known[0].dtype not in _FLOATS or any(each.dtype != known[0].dtype for each in known) or \
            len(known) < len(node.all_input_nodes):
        return None
    if PRODUCTS.get(node.target) == len(known) == len(node.args):
        return _of_product(known)
    if node.target not in (torch.conv2d, BACK) or len(_filters(node)) != 4:
        return None
    back = node.target is BACK
    found: dict[str, Engine] = {"torch": BACK, "by channels": _back_by_channels} if back else \
        {"torch": torch.conv2d, "by channels": _by_channels}
    if _has_tiles(node):
        found[TILES] = _back_by_tiles if back else _by_tiles
    if _has_lines(node):
        found[LINES] = _back_by_lines if back else _by_lines
    if _has_few(node):
        found[FEW] = _back_by_few if back else _by_few
    if _has_few_windows(node):
        found[WINDOWS] = _back_by_windows if back else _by_windows
    return found


def prepare(node: fx.Node, names: Iterable[str]) -> None:
    """Compile what candidates of these names need."""
    back = node.target is BACK
    kind = dense.KINDS[str(next(found.dtype for found in map(meta, node.args) if found is not None))]
    if TILES in names:
        winograd.prepare(_filters(node)[-1], back)
    if BLOCKS in names or LINES in names:
        dense.prepare(kind)
    if FEW in names:
        _, depth, high, wide = _filters(node)
        thin.prepare(kind, high, depth * wide, back)


def meta(value: Any) -> torch.Tensor | None:
    """The meta tensor of a call that gives one tensor."""
    found = value.meta.get("val") if isinstance(value, fx.Node) else None
    return found if isinstance(found, torch.Tensor) else None


# --- products --------------------------------------------------------------------------------------------------------


def across(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The product, as the transpose of the transposes' one."""
    return torch.mm(b.t(), a.t()).t().contiguous()


def _sum_across(bias: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.addmm(bias.unsqueeze(1), b.t(), a.t()).t().contiguous()


def _by_onednn(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(a, b.t(), None, "none", [], "")


def _sum_by_onednn(bias: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(a, b.t(), bias, "none", [], "")


def _sum_by_blocks(bias: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return dense.product(a, b, bias)


def _below_each_other(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return dense.product(a.reshape(-1, a.shape[-1]), b).view(*a.shape[:-1], b.shape[1])


def _of_product(known: list[torch.Tensor]) -> dict[str, Engine] | None:
    *bias, first, second = known
    several = first.dim() > 2
    if first.dim() < 2 or second.dim() != 2 or any(several or each.shape != second.shape[1:] for each in bias):
        return None
    found: dict[str, Engine] = {"torch": torch.addmm if bias else torch.matmul if several else torch.mm}
    if not several:
        found["across"] = _sum_across if bias else across
    if first.dtype == torch.float32 and torch.backends.mkldnn.is_available() and \
            hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        found["onednn"] = _sum_by_onednn if bias else _by_onednn
    if dense.fits(first.shape[:-1].numel(), second.shape[1]):
        found[BLOCKS] = _sum_by_blocks if bias else _below_each_other if several else dense.product
    return found


# --- convolutions ----------------------------------------------------------------------------------------------------


def _filters(node: fx.Node) -> torch.Size:
    weights: Any = meta(node.args[2 if node.target is BACK else 1])
    return weights.shape


class _Plain(NamedTuple):
    """A convolution with filters that have no holes and see all channels, or its gradient by filters alone.

    Attributes:
      made: what it gives, or what the gradient is given.
      images: what it is given.
      stride, padding: down and to the right.
    """

    made: torch.Tensor
    images: torch.Tensor
    stride: list[int]
    padding: list[int]


def _plain(node: fx.Node) -> _Plain | None:
    given: Any = node.args
    if node.target is BACK:
        made, images = meta(given[0]), meta(given[1])
        stride, padding, dilation, transposed, _, groups, wanted = given[4:]
        plain = not transposed and wanted == [False, True, False]
    elif len(given) == 7:
        made, images = meta(node), meta(given[0])
        stride, padding, dilation, groups = given[3:]
        plain = not isinstance(padding, str)
    else:
        return None
    if not plain or groups != 1 or {*dilation} != {1} or made is None or images is None:
        return None
    return _Plain(made, images, stride, padding)


def _has_tiles(node: fx.Node) -> bool:
    """Whether a convolution, or its gradient by filters, pays by tiles."""
    found = _plain(node)
    return found is not None and {*found.stride} == {1} and found.made.dtype == torch.float32 and \
        winograd.pays(_filters(node), found.made.shape)


def _has_lines(node: fx.Node) -> bool:
    """Whether a convolution, or its gradient by filters, is over one axis."""
    found = _plain(node)
    if found is None or {*found.stride} != {1}:
        return False
    outs, depth, *sizes = _filters(node)
    narrow = any(sizes[axis] == found.images.shape[2 + axis] == 1 and not found.padding[axis] for axis in (0, 1))
    return narrow and max(sizes) > 1 and dense.fits(found.made.numel() // outs, outs) and dense.fits(depth, outs)


def _has_few(node: fx.Node) -> bool:
    """Whether a convolution, or its gradient by filters, is of images with few channels."""
    found = _plain(node)
    if found is None:
        return False
    outs, depth, *sizes = _filters(node)
    return thin.fits(found.made.dtype, depth, outs, sizes, found.made.shape[3])


def _has_few_windows(node: fx.Node) -> bool:
    """Whether there is little under the filters of a convolution, or of its gradient by filters."""
    found = _plain(node)
    if found is None:
        return False
    outs, *size = _filters(node)
    return 0 < found.made.numel() // outs * math.prod(size) <= _UNDER


def _by_channels(x: torch.Tensor, weights: torch.Tensor, *others: Any) -> torch.Tensor:
    y = torch.conv2d(x.contiguous(), weights.contiguous(), *others)
    return y.contiguous(memory_format=LAST)


def _back_by_channels(dy: torch.Tensor, x: torch.Tensor, weights: torch.Tensor, *others: Any) -> Any:
    found = BACK(dy.contiguous(), x.contiguous(), weights if weights.stride(0) == 0 else weights.contiguous(), *others)
    return [value if value is None else value.contiguous(memory_format=LAST) for value in found]


def with_points(weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Filters, and the same at the points of tiles, for `by_tiles`."""
    return weights, winograd.at_points(weights)


def by_tiles(x: torch.Tensor, filters: tuple[torch.Tensor, torch.Tensor], bias: torch.Tensor | None,
             *others: Any) -> torch.Tensor:
    """The convolution by tiles; by torch, where a number is not finite."""
    found = winograd.forward(x.contiguous(memory_format=LAST), filters[0], bias, others[1], filters[1])
    return torch.conv2d(x, filters[0], bias, *others) if found is None else found


def _by_tiles(x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor | None, *others: Any) -> torch.Tensor:
    return by_tiles(x, with_points(weights), bias, *others)


def _back_by_tiles(dy: torch.Tensor, x: torch.Tensor, weights: torch.Tensor, *others: Any) -> Any:
    dy, x = dy.contiguous(memory_format=LAST), x.contiguous(memory_format=LAST)
    found = winograd.by_filter(dy, x, weights.shape[-1], others[2])
    return BACK(dy, x, weights, *others) if found is None else (None, found, None)


def _by_lines(x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor | None, *others: Any) -> torch.Tensor:
    return one_axis.forward(x, weights, bias, others[1])


def _back_by_lines(dy: torch.Tensor, x: torch.Tensor, weights: torch.Tensor, *others: Any) -> Any:
    return None, one_axis.by_filter(dy, x, weights.shape[2:], others[2]), None


def _by_few(x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor | None, *others: Any) -> torch.Tensor:
    return thin.forward(x, weights, bias, *others[:2])


def _back_by_few(dy: torch.Tensor, x: torch.Tensor, weights: torch.Tensor, *others: Any) -> Any:
    return None, thin.by_filter(dy, x, weights.shape[2:], *others[1:3]), None


def _windows(x: torch.Tensor, sizes: Sequence[int], stride: Sequence[int], padding: Sequence[int]) \
        -> tuple[torch.Tensor, list[int]]:
    """What is under filters [.., height, width], a line for each place, and how many places there are."""
    lines = x.permute(0, 2, 3, 1).contiguous()
    down, right = padding
    if down or right:
        lines = torch.nn.functional.pad(lines, (0, 0, right, right, down, down))
    count, height, width, depth = lines.shape
    places = [count, *((whole - size) // step + 1 for whole, size, step in zip((height, width), sizes, stride))]
    # Pixels side by side lie side by side: a window is a few stretches of memory.
    image, line, pixel, _ = lines.stride()
    under = lines.as_strided((*places, sizes[0], sizes[1] * depth),
                             (image, line * stride[0], pixel * stride[1], line, 1))
    return under.reshape(-1, sizes[0] * sizes[1] * depth), places


def _by_windows(x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor | None, *others: Any) -> torch.Tensor:
    """The convolution as a product of what is under the filters."""
    under, places = _windows(x, weights.shape[2:], *others[:2])
    matrix = weights.permute(2, 3, 1, 0).reshape(under.shape[1], -1)
    made = torch.mm(under, matrix) if bias is None else torch.addmm(bias, under, matrix)
    return made.view(*places, -1).permute(0, 3, 1, 2)


def _back_by_windows(dy: torch.Tensor, x: torch.Tensor, weights: torch.Tensor, *others: Any) -> Any:
    outs, depth, *sizes = weights.shape
    under, _ = _windows(x, sizes, *others[1:3])
    made = torch.mm(under.t(), dy.permute(0, 2, 3, 1).reshape(-1, outs))
    return None, made.view(*sizes, depth, outs).permute(3, 2, 0, 1), None
