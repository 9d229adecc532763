"""Engines: which of torch's libraries computes a product of matrices, and in which orientation.

What is quickest differs from processor to processor: a product with few columns can take seven times as long as its
transpose. So a product that runs often is measured once per shape and machine (`choices`), with what torch itself would
do among the candidates, which stays unless another is clearly quicker.
"""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import fx

from tfmagic.ops.threads import on_threads
from tfmagic.session.passes import work
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers.choices import choice

Engine = Callable[..., torch.Tensor]

# Operations below which a call is all that a product takes, and numbers from which on measuring takes too much memory.
_LEAST, _MOST = 50_000, 1 << 28
# Operations in a microsecond, about; and how many microseconds a call takes besides.
_SPEED, _CALL = 1e5, 3
# Another engine must be quicker by so much, and is measured so many times, each at least so many seconds.
_CLEARLY, _ROUNDS, _SECONDS, _LONG = 0.93, 5, 1e-4, 5e-3
_FLOATS = (torch.float32, torch.float64)


def _across(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.mm(b.t(), a.t()).t().contiguous()


def _sum_across(bias: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.addmm(bias.unsqueeze(1), b.t(), a.t()).t().contiguous()


def _by_onednn(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(a, b.t(), None, "none", [], "")


def _sum_by_onednn(bias: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(a, b.t(), bias, "none", [], "")


class Product(PlanCall, shown_under="tfmagic.machine"):
    """A product of matrices [m, k] and [k, n], perhaps onto a bias [n], by the engine that is quickest here.

    Attributes:
      node: the call of the plan.

    Args:
      threads: how many threads it has; 0: as many as torch has when it is bound.
    """

    effect = "none"

    def __init__(self, node: fx.Node, threads: int):
        self.node, self._threads = node, threads
        self.__name__ = self.__qualname__ = str(getattr(node.target, "__name__", "matmul"))
        self._metas = [node.meta["val"] for node in node.args]  # type: ignore[union-attr]

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The engine's function; where it is not known yet, all are measured."""
        threads = self._threads or torch.get_num_threads()
        laid = ["t" if meta.dim() == 2 and not meta.is_contiguous() else "n" for meta in self._metas]
        shapes = "x".join(map(str, (*self._metas[-2].shape, self._metas[-1].shape[1])))
        engines = self._engines()
        key = f"{len(engines)} {self.__name__} {shapes} {''.join(laid)} {self._metas[0].dtype} {threads}"
        found = choice(key, on_threads(threads, lambda: _quickest(engines, [_like(meta) for meta in self._metas])))
        return engines.get(found, engines["torch"])

    def _engines(self) -> dict[str, Engine]:
        by_torch: Any = torch.addmm if len(self._metas) == 3 else torch.mm
        engines: dict[str, Engine] = {"torch": by_torch,
                                      "across": _sum_across if by_torch is torch.addmm else _across}
        if self._metas[0].dtype == torch.float32 and torch.backends.mkldnn.is_available() and \
                hasattr(torch.ops.mkldnn, "_linear_pointwise"):
            engines["onednn"] = _sum_by_onednn if by_torch is torch.addmm else _by_onednn
        return engines

    def saving(self) -> float:
        """About how many microseconds a better engine may save: it is measured for those that run long."""
        return self._takes() / 2

    def cost(self) -> float:
        """About how many microseconds it takes to measure."""
        return 16 * self._takes() + 500

    def _takes(self) -> float:
        return work.of_all([self.node]) / _SPEED + _CALL


def find(items: Iterable[Any], threads: int) -> Iterator[Any]:
    """The items of a plan, with products in the place of their calls.

    Args:
      threads: how many its large calls have.
    """
    for item in items:
        if isinstance(item, fx.Node) and _is_product(item):
            yield Product(item, (threads if work.is_worth_threads(item) else 1) if threads > 1 else 0)
        else:
            yield item


_PRODUCTS: dict[Any, int] = {torch.matmul: 2, torch.mm: 2, operator.matmul: 2, torch.addmm: 3}


def _is_product(node: fx.Node) -> bool:
    if node.op != "call_function" or _PRODUCTS.get(node.target) != len(node.args) or node.kwargs or \
            node.meta.get("device", "cpu") != "cpu":
        return False
    metas: list[Any] = [arg.meta.get("val") if isinstance(arg, fx.Node) else None for arg in node.args]
    if not all(isinstance(meta, torch.Tensor) and meta.dtype == metas[0].dtype for meta in metas):
        return False
    *bias, first, second = metas
    return first.dtype in _FLOATS and first.dim() == second.dim() == 2 and \
        all(each.shape == second.shape[1:] for each in bias) and work.of_all([node]) >= _LEAST and \
        math.prod(first.shape) + math.prod(second.shape) + len(first) * second.shape[1] <= _MOST


def _like(meta: torch.Tensor) -> torch.Tensor:
    """A tensor of this shape, laid out alike."""
    if meta.dim() == 2 and not meta.is_contiguous():
        return torch.full(meta.shape[::-1], 0.5, dtype=meta.dtype).t()
    return torch.full(meta.shape, 0.5, dtype=meta.dtype)


def _quickest(engines: dict[str, Engine], given: list[torch.Tensor]) -> str:
    with torch.inference_mode():
        times = dict.fromkeys(engines, math.inf)
        calls = dict.fromkeys(engines, 0)
        for _ in range(_ROUNDS):
            for name, engine in engines.items():
                if not calls[name]:  # the first call prepares, and tells how many are worth timing
                    once = _timed(engine, given, 1)
                    calls[name] = max(1, math.ceil(_SECONDS / once))
                times[name] = min(times[name], _timed(engine, given, calls[name]))
            if times["torch"] > _LONG:
                break
    name = min(times, key=times.__getitem__)
    return name if times[name] < _CLEARLY * times["torch"] else "torch"


def _timed(engine: Engine, given: list[torch.Tensor], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        engine(*given)
    return max((time.perf_counter() - start) / calls, 1e-9)
