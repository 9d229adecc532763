"""Engines: which of torch's libraries computes a product of matrices or a convolution, and in which orientation.

What is quickest differs from processor to processor: a product with few columns can take seven times as long as its
transpose, a convolution of small images longer with their channels last than with turning them. So a call that runs
often is measured once per shape and machine (`choices`), with what torch itself would do among the candidates, which
stays unless another is clearly quicker.

Torch's own convolutions multiply as often as the formula says. By tiles (`base/machine/winograd.py`) there are up to
four times fewer products, which wins where there are many channels.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.base.machine import dense, winograd
from tfmagic.ops.threads import on_threads
from tfmagic.session.passes import work
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers.choices import choice

Engine = Callable[..., Any]

# Operations below which a call is all that a product takes, and numbers from which on measuring takes too much memory.
_LEAST, _MOST = 50_000, 1 << 28
# Operations in a microsecond, about; and how many microseconds a call takes besides.
_SPEED, _CALL = 1e5, 3
# Another engine must be quicker by so much; but ours, whose threads do not wait for each other, is preferred to one
# that is not. All are measured in so many rounds, or in two or more until so many seconds are over; in each for so many
# seconds.
_CLEARLY, _ROUNDS, _LONGEST, _SECONDS = 0.95, 5, 0.25, 1e-4
_FLOATS = (torch.float32, torch.float64)
_PRODUCTS: dict[Any, int] = {torch.matmul: 2, torch.mm: 2, operator.matmul: 2, torch.addmm: 3}
_BACK = torch.ops.aten.convolution_backward
_LAST = torch.channels_last
_TILES, _BLOCKS = "by tiles", "by blocks"
# Microseconds to compile tiles, about.
_COMPILED = 150_000


def _across(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.mm(b.t(), a.t()).t().contiguous()


def _sum_across(bias: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.addmm(bias.unsqueeze(1), b.t(), a.t()).t().contiguous()


def _by_onednn(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(a, b.t(), None, "none", [], "")


def _sum_by_onednn(bias: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(a, b.t(), bias, "none", [], "")


def _sum_by_blocks(bias: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return dense.product(a, b, bias)


def _by_channels(x: torch.Tensor, weights: torch.Tensor, *others: Any) -> torch.Tensor:
    y = torch.conv2d(x.contiguous(), weights.contiguous(), *others)
    return y.contiguous(memory_format=_LAST)


def _back_by_channels(dy: torch.Tensor, x: torch.Tensor, weights: torch.Tensor, *others: Any) -> Any:
    found = _BACK(dy.contiguous(), x.contiguous(), weights if weights.stride(0) == 0 else weights.contiguous(), *others)
    return [value if value is None else value.contiguous(memory_format=_LAST) for value in found]


def _by_tiles(x: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor | None, *others: Any) -> torch.Tensor:
    found = winograd.forward(x.contiguous(memory_format=_LAST), weights, bias, others[1])
    return torch.conv2d(x, weights, bias, *others) if found is None else found


def _back_by_tiles(dy: torch.Tensor, x: torch.Tensor, weights: torch.Tensor, *others: Any) -> Any:
    dy, x = dy.contiguous(memory_format=_LAST), x.contiguous(memory_format=_LAST)
    found = winograd.by_filter(dy, x, weights.shape[-1], others[2])
    return _BACK(dy, x, weights, *others) if found is None else (None, found, None)


class Engines(PlanCall, shown_under="tfmagic.machine"):
    """A call of a plan by the engine that is quickest here.

    Attributes:
      node: the call.

    Args:
      engines: the candidates by name, of the call's arguments; torch's own is "torch".
      threads: how many threads it has; 0: as many as torch has when it is bound.
    """

    effect = "none"

    def __init__(self, node: fx.Node, engines: dict[str, Engine], threads: int):
        self.node, self.engines, self._threads = node, engines, threads
        self.__name__ = self.__qualname__ = str(getattr(node.target, "__name__", "matmul"))

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The engine's function; where it is not known yet, all are measured.

        How images lie is seen when the first ones come: only then the engines of convolutions are measured.
        """
        if self.node.target in _PRODUCTS:
            return self._quickest([_like(arg) for arg in self.node.args])
        quickest: Engine | None = None

        def call(*given: Any) -> Any:
            nonlocal quickest
            if quickest is None:
                images = given[1 if self.node.target is _BACK else 0]
                last = images.is_contiguous(memory_format=_LAST) and not images.is_contiguous()
                quickest = self._quickest(given) if last else self.engines["torch"]
            return quickest(*given)

        return call

    def prepare(self) -> None:
        """Compile what may be called: `bind` then takes no longer than to measure."""
        if _TILES in self.engines:
            winograd.prepare(_shape_of_filters(self.node)[-1], self.node.target is _BACK)
        if _BLOCKS in self.engines:
            dense.prepare(dense.KINDS[str(self.node.meta["val"].dtype)])

    def _quickest(self, given: Sequence[Any]) -> Engine:
        threads = self._threads or torch.get_num_threads()
        key = f"{self.__name__}({', '.join(map(_said, given))}) on {threads} of {', '.join(self.engines)}"
        name = choice(key, on_threads(threads, lambda: _quickest(self.engines, given)))
        return self.engines.get(name, self.engines["torch"])

    def saving(self) -> float:
        """About how many microseconds a better engine may save: it is measured for those that run long."""
        return self._takes() / 2

    def cost(self) -> float:
        """About how many microseconds it takes to measure."""
        return 16 * self._takes() + 500 + (_COMPILED if _TILES in self.engines else 0)

    def _takes(self) -> float:
        return work.of_all([self.node]) / _SPEED + _CALL


def find(items: Iterable[Any], threads: int) -> Iterator[Any]:
    """The items of a plan, with `Engines` in the place of calls for which there are some.

    Args:
      threads: how many its large calls have.
    """
    for item in items:
        candidates = _candidates(item) if isinstance(item, fx.Node) and _is_large(item) else None
        if candidates is None:
            yield item
        else:
            yield Engines(item, candidates, (threads if work.is_worth_threads(item) else 1) if threads > 1 else 0)


def _is_large(node: fx.Node) -> bool:
    """Whether a call takes so long that an engine matters, and not too much memory to be measured."""
    return node.op == "call_function" and not node.kwargs and node.meta.get("device", "cpu") == "cpu" and \
        work.of_all([node]) >= _LEAST and \
        sum(meta.numel() for meta in map(_meta, (node, *node.args)) if meta is not None) <= _MOST


def _candidates(node: fx.Node) -> dict[str, Engine] | None:
    metas = [_meta(arg) for arg in node.args]
    known = [meta for meta in metas if meta is not None]
    if not known or known[0].dtype not in _FLOATS or any(meta.dtype != known[0].dtype for meta in known) or \
            len(known) < len(node.all_input_nodes):
        return None
    onednn = known[0].dtype == torch.float32 and torch.backends.mkldnn.is_available() and \
        hasattr(torch.ops.mkldnn, "_linear_pointwise")
    if _PRODUCTS.get(node.target) == len(known) == len(metas):
        *bias, first, second = known
        if first.dim() != 2 or second.dim() != 2 or any(each.shape != second.shape[1:] for each in bias):
            return None
        found: dict[str, Engine] = {"torch": torch.addmm, "across": _sum_across} if bias else \
            {"torch": torch.mm, "across": _across}
        if onednn:
            found["onednn"] = _sum_by_onednn if bias else _by_onednn
        if dense.fits(first.shape[0], second.shape[1]):
            found[_BLOCKS] = _sum_by_blocks if bias else dense.product
        return found
    if node.target in (torch.conv2d, _BACK):
        own: Any = node.target
        back = own is _BACK
        tiles = {_TILES: _back_by_tiles if back else _by_tiles} if _has_tiles(node) else {}
        return {"torch": own, "by channels": _back_by_channels if back else _by_channels, **tiles}
    return None


def _shape_of_filters(node: fx.Node) -> torch.Size:
    weights: Any = _meta(node.args[2 if node.target is _BACK else 1])
    return weights.shape


def _has_tiles(node: fx.Node) -> bool:
    """Whether a convolution, or its gradient by filters, pays by tiles."""
    given: Any = node.args
    if node.target is _BACK:
        made, (stride, _, dilation, transposed, _, groups, wanted) = _meta(given[0]), given[4:]
        plain = not transposed and wanted == [False, True, False]
    elif len(given) == 7:
        made, (stride, padding, dilation, groups) = _meta(node), given[3:]
        plain = not isinstance(padding, str)
    else:
        return False
    return plain and made is not None and made.dtype == torch.float32 and groups == 1 and \
        {*stride, *dilation} == {1} and winograd.pays(_shape_of_filters(node), made.shape)


def _meta(value: Any) -> torch.Tensor | None:
    found = value.meta.get("val") if isinstance(value, fx.Node) else None
    return found if isinstance(found, torch.Tensor) else None


def _said(argument: Any) -> str:
    """An argument in a key: shape, strides and type of a tensor."""
    if not isinstance(argument, torch.Tensor):
        return str(argument)
    return f"{tuple(argument.shape)} {argument.stride()} {argument.dtype}"


def _like(argument: Any) -> Any:
    """A value like an argument: a tensor of its shape, laid out alike."""
    meta = _meta(argument)
    if meta is None:
        return argument
    room = 1 + sum((size - 1) * stride for size, stride in zip(meta.shape, meta.stride()))
    return torch.full((room,), 0.5, dtype=meta.dtype).as_strided(meta.shape, meta.stride())


def _quickest(engines: dict[str, Engine], given: Sequence[Any]) -> str:
    with torch.inference_mode():
        times = dict.fromkeys(engines, math.inf)
        calls = dict.fromkeys(engines, 0)
        start = time.perf_counter()
        for turn in range(_ROUNDS):
            if turn > 1 and time.perf_counter() - start > _LONGEST:
                break
            for name, engine in engines.items():
                if not calls[name]:  # the first call prepares, and tells how many are worth timing
                    once = _timed(engine, given, 1)
                    calls[name] = max(1, math.ceil(_SECONDS / once))
                times[name] = min(times[name], _timed(engine, given, calls[name]))
    name = min(times, key=times.__getitem__)
    if times.get(_BLOCKS, math.inf) * _CLEARLY < times[name]:
        return _BLOCKS
    return name if times[name] < _CLEARLY * times["torch"] else "torch"


def _timed(engine: Engine, given: Sequence[Any], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        engine(*given)
    return max((time.perf_counter() - start) / calls, 1e-9)
