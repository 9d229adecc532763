"""Products and convolutions by settled filters: the filters are laid out once, as the quickest engine wants them.

Beside what `candidates` has there is, for both, "packed": torch's other library, which is handed the filters in its own
order. "by tiles" has them at the points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import fx
from torch.nn import functional

from tfmagic.base.machine import dense
from tfmagic.session.passes.settled import filters_of
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers import candidates, engines
from tfmagic.session.tiers.candidates import BLOCKS, FEW, LAST, LINES, TILES, WINDOWS, meta

_PACKED = "packed"


class Prepared(NamedTuple):
    """An engine that is handed its filters prepared.

    Attributes:
      filters: prepares them.
      product: of images or lines, what was prepared, and a bias or None.
    """

    filters: Callable[[torch.Tensor], Any]
    product: Callable[[torch.Tensor, Any, Any], torch.Tensor]


class ByFilters(engines.Engines):
    """A product or convolution, by the engine that is quickest here once its filters are prepared; `relu` may follow.

    Args:
      node: the call, of `functional.linear` or `torch.conv2d`.
      positive: whether what it gives is to be made positive.
    """

    def __init__(self, node: fx.Node, threads: int, around: int, positive: bool):
        self._prepared = _of_convolution(node) if node.target is torch.conv2d else _of_lines(node)
        super().__init__(node, {}, threads, around)
        self.__name__ = self.__qualname__ = f"settled_{self.__name__}"
        self._positive = positive
        self._chosen: Prepared | None = None

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """A function of images or lines, of filters as `Filters` prepares them, and of a bias, if there is one."""
        product = self.chosen().product
        if not self._positive:
            return lambda given, filters, bias=None: product(given, filters, bias)
        return lambda given, filters, bias=None: torch.relu_(product(given, filters, bias))

    def prepare(self) -> None:
        """Compile what may be called."""
        candidates.prepare(self.node, self._prepared)

    def names(self) -> Sequence[str]:
        """The candidates."""
        return list(self._prepared)

    def chosen(self) -> Prepared:
        """The quickest one; it is measured where that is not known yet."""
        if self._chosen is None:
            given, filters, bias = map(engines.like, self.node.args[:3])
            if self.node.target is torch.conv2d:
                given = given.contiguous(memory_format=LAST)
            name = self.choose(self._prepared, [given, filters, bias, *self.node.args[3:]],
                               lambda turns: _ready(self._prepared, turns))
            self._chosen = self._prepared.get(name, self._prepared["torch"])
        return self._chosen


class Filters(PlanCall, shown_under="tfmagic.machine"):
    """Filters as the engine of a call wants them."""

    effect = "none"

    def __init__(self, call: ByFilters):
        self.__name__ = self.__qualname__ = "filters"
        self._call = call

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The function of the filters."""
        return self._call.chosen().filters


def concerns(node: fx.Node) -> bool:
    """Whether a call is a product or convolution for `ByFilters`, once its filters are settled: a large one."""
    known = [meta(value) for value in (node, *node.all_input_nodes)]
    return filters_of(node) is not None and engines.is_large(node) and \
        all(found is not None and found.dtype == torch.float32 and found.numel() for found in known)


def _ready(prepared: dict[str, Prepared], turns: Sequence[Sequence[Any]]) -> tuple[Any, Any]:
    """Engines of the number of a turn, and the numbers."""
    def engine(each: Prepared) -> Callable[[int], torch.Tensor]:
        filters = [each.filters(given[1]) for given in turns]
        return lambda turn: each.product(turns[turn][0], filters[turn], turns[turn][2])

    return {name: engine(each) for name, each in prepared.items()}, [(turn,) for turn in range(len(turns))]


def _with_others(engine: candidates.Engine, others: Sequence[Any]) -> candidates.Engine:
    return lambda given, filters, bias: engine(given, filters, bias, *others)


def _itself(filters: torch.Tensor) -> torch.Tensor:
    return filters


# --- products --------------------------------------------------------------------------------------------------------


def _of_lines(node: fx.Node) -> dict[str, Prepared]:
    given: Any = meta(node.args[0])
    outs, depth = meta(node.args[1]).shape  # type: ignore[union-attr]
    lines = given.shape[:-1].numel()
    found = {"torch": Prepared(torch.Tensor.contiguous, functional.linear)}
    if _has_onednn("_linear_pointwise", "_reorder_linear_weight"):
        found[_PACKED] = Prepared(
            lambda filters: torch.ops.mkldnn._reorder_linear_weight(filters.contiguous(), lines),
            lambda given, filters, bias: torch.ops.mkldnn._linear_pointwise(given, filters, bias, "none", [], ""))
    if dense.fits(lines, outs):
        found[BLOCKS] = Prepared(
            lambda filters: filters.t().contiguous(),
            lambda given, filters, bias: dense.product(given.reshape(-1, depth), filters, bias).view(
                *given.shape[:-1], outs))
    return found


# --- convolutions ----------------------------------------------------------------------------------------------------


def _of_convolution(node: fx.Node) -> dict[str, Prepared]:
    images: Any = meta(node.args[0])
    others: Any = node.args[3:]
    stride, padding, dilation, groups = others

    def by_torch(given: torch.Tensor, filters: torch.Tensor, bias: Any) -> torch.Tensor:
        return torch.conv2d(given, filters, bias, *others)

    found = {"torch": Prepared(lambda filters: filters.contiguous(memory_format=LAST), by_torch)}
    if isinstance(padding, str):
        return found
    if _has_onednn("_convolution_pointwise", "_reorder_convolution_weight"):
        def packed(filters: torch.Tensor) -> torch.Tensor:
            return torch.ops.mkldnn._reorder_convolution_weight(filters.contiguous(), padding, stride, dilation, groups,
                                                                list(images.shape))

        def by_packed(given: torch.Tensor, filters: torch.Tensor, bias: Any) -> torch.Tensor:
            return torch.ops.mkldnn._convolution_pointwise(
                given.contiguous(memory_format=LAST), filters, bias, padding, stride, dilation, groups, "none", [], "")

        found[_PACKED] = Prepared(packed, by_packed)
    for name, engine in (candidates.candidates(node) or {}).items():
        if name in (LINES, FEW, WINDOWS):
            found[name] = Prepared(_itself, _with_others(engine, others))
        elif name == TILES:
            found[name] = Prepared(candidates.with_points, lambda given, filters, bias: candidates.by_tiles(
                given, filters, bias, *others))
    return found


def _has_onednn(*names: str) -> bool:
    return torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, name) for name in names)
