"""Engines: which of torch's libraries computes a product of matrices or a convolution, and in which orientation.

What is quickest differs from processor to processor: a product with few columns can take seven times as long as its
transpose, a convolution of small images longer with their channels last than with turning them. So a call that runs
often is measured once per shape and machine (`choices`), with what torch itself would do among the candidates, which
stays unless another is clearly quicker.
"""

from __future__ import annotations

import bisect
import itertools
import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.ops.threads import on_threads
from tfmagic.session.passes import work
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.tiers.candidates import BACK, COMPILED, LAST, PRODUCTS, SLEEP, Engine, candidates, meta, prepare
from tfmagic.session.tiers.choices import choice

# Operations below which a call is all that a product takes, and numbers from which on measuring takes too much memory.
_LEAST, _MOST = 50_000, 1 << 28
# Operations in a microsecond, about; and how many microseconds a call takes besides.
_SPEED, _CALL = 1e5, 3
# Another engine must be quicker by so much; but ours, whose threads do not wait for each other, is preferred to one
# that is not. All are measured in so many rounds, or in two or more until so many seconds are over; in each for so many
# seconds. Where most rounds took longer than the best one by more than this, others were at work.
_CLEARLY, _ROUNDS, _LONGEST, _SECONDS, _QUIET = 0.95, 5, 0.25, 1e-4, 0.8
# Copies at most on which an engine is measured by turns, because a plan works on other values between two of its calls;
# bytes from which on a call is measured so; and those of other values after which a processor's caches hold none of it.
_COPIES, _NEAR, _CACHES = 8, 1 << 20, 1 << 26
# Microseconds to compile code for tiles or blocks, about.
_COMPILED = 150_000

Ready = tuple[dict[str, Engine], Sequence[Sequence[Any]]]


class Engines(PlanCall, shown_under="tfmagic.machine"):
    """A call of a plan by the engine that is quickest here.

    Attributes:
      node: the call.
      threads: how many it has; 0: as many as torch has when it is bound.
      around: how many bytes its plan is given.
      words: what it computes, where choices are kept.

    Args:
      engines: the candidates by name, of the call's arguments; torch's own is "torch".
    """

    effect = "none"

    def __init__(self, node: fx.Node, engines: dict[str, Engine], threads: int, around: int = 0):
        self.node, self.engines, self.threads, self.around = node, engines, threads, around
        self.__name__ = self.__qualname__ = self.words = str(getattr(node.target, "__name__", "matmul"))

    def bind(self, *bodies: Callable[..., Any]) -> Callable[..., Any]:
        """The engine's function; where it is not known yet, all are measured.

        How images lie is seen when the first ones come: only then the engines of convolutions are measured.
        """
        if self.node.target in PRODUCTS:
            return self._quickest([like(arg) for arg in self.arguments()])
        quickest: Engine | None = None

        def call(*given: Any) -> Any:
            nonlocal quickest
            if quickest is None:
                images = given[1 if self.node.target is BACK else 0]
                last = images.is_contiguous(memory_format=LAST) and images.stride(1) == 1 and \
                    (images.shape[1] == 1 or not images.is_contiguous())
                quickest = self._quickest(given) if last else self.engines["torch"]
            return quickest(*given)

        return call

    def arguments(self) -> list[Any]:
        """What it is called with."""
        return list(self.node.args)

    def prepare(self) -> None:
        """Compile what may be called: `bind` then takes no longer than to measure."""
        prepare(self.node, self.engines)

    def _quickest(self, given: Sequence[Any]) -> Engine:
        return self.engines[self.choose(self.engines, given, lambda by_turns: (self.engines, by_turns))]

    def choose(self, names: Collection[str], given: Sequence[Any],
               ready: Callable[[list[Sequence[Any]]], Ready]) -> str:
        """The name of the quickest engine for some arguments; it is measured where this machine has not done so yet.

        Args:
          ready: makes the engines, and what each is called with one time after the other, from arguments by turns.
        """
        threads = self.threads or torch.get_num_threads()
        key = f"{self.words}({', '.join(map(_said, given))}) on {threads} of {', '.join(names)}"
        name = choice(key, on_threads(threads, lambda: _quickest(*ready(_by_turns(given, self.around)))))
        return name if name in names else "torch"

    def saving(self) -> float:
        """About how many microseconds a better engine may save: it is measured for those that run long."""
        return self._takes() / 2

    def cost(self) -> float:
        """About how many microseconds it takes to measure."""
        return 16 * self._takes() + 500

    def _takes(self) -> float:
        return work.of_all([self.node]) / _SPEED + _CALL


def compiling(found: Iterable[Any]) -> float:
    """About how many microseconds it takes to compile what the `Engines` among these may call."""
    return _COMPILED * len({(name, item.node.target) for item in found if isinstance(item, Engines)
                            for name in item.engines if name in COMPILED})


def find(items: Iterable[Any], threads: int) -> Iterator[Any]:
    """The items of a plan, with `Engines` in the place of calls for which there are some.

    Args:
      threads: how many its large calls have.
    """
    items = list(items)
    around = given_bytes(item for item in items if isinstance(item, fx.Node))
    for item in items:
        found = candidates(item) if isinstance(item, fx.Node) and is_large(item) else None
        if found is None:
            yield item
        else:
            yield Engines(item, found, threads_of(item, threads, not COMPILED.isdisjoint(found)), around)


def given_bytes(nodes: Iterable[fx.Node]) -> int:
    """How many bytes a plan of these nodes is given."""
    return sum(_bytes(meta(node)) for node in nodes if node.op in ("placeholder", "get_attr"))


def threads_of(node: fx.Node, threads: int, ours: bool) -> int:
    """How many threads a call has in a plan whose large calls have so many; 0: as many as torch has.

    Args:
      ours: whether it may be computed by machine code.
    """
    if threads < 2:
        return 0
    return threads if work.is_worth_threads(node, ours) else 1


def is_large(node: fx.Node) -> bool:
    """Whether a call takes so long that an engine matters, and not too much memory to be measured."""
    return node.op == "call_function" and not node.kwargs and node.meta.get("device", "cpu") == "cpu" and \
        work.of_all([node]) >= _LEAST and \
        sum(found.numel() for found in map(meta, (node, *node.args)) if found is not None) <= _MOST


def _said(argument: Any) -> str:
    """An argument in a key: shape, strides and type of a tensor."""
    if not isinstance(argument, torch.Tensor):
        return str(argument)
    return f"{tuple(argument.shape)} {argument.stride()} {argument.dtype}"


def like(argument: Any) -> Any:
    """A value like an argument: a tensor of its shape, laid out alike."""
    found = meta(argument)
    if found is None:
        return argument
    return torch.full((_span(found),), 0.5, dtype=found.dtype).as_strided(found.shape, found.stride())


def _span(value: torch.Tensor) -> int:
    """How many numbers lie from the first one of a tensor to its last one."""
    return 1 + sum((size - 1) * stride for size, stride in zip(value.shape, value.stride()))


def _copy(argument: Any) -> Any:
    """The same elsewhere, laid out alike."""
    if not isinstance(argument, torch.Tensor):
        return argument
    return argument.as_strided((_span(argument),), (1,)).clone().as_strided(argument.shape, argument.stride())


def _bytes(value: Any) -> int:
    return value.nbytes if isinstance(value, torch.Tensor) else 0


def _by_turns(given: Sequence[Any], around: int) -> list[Sequence[Any]]:
    """Arguments for some calls by turns: what a plan that is given so many bytes leaves in the processor's caches."""
    size = sum(map(_bytes, given))
    copies = min(_COPIES, min(around, _CACHES) // size) if size >= _NEAR else 0
    return [given, *([_copy(argument) for argument in given] for _ in range(copies))]


def _quickest(engines: dict[str, Engine], by_turns: Sequence[Sequence[Any]]) -> tuple[str, bool]:
    """The name of the quickest engine, and whether the machine was quiet enough to be sure of it.

    Args:
      engines: of some arguments, by name.
      by_turns: arguments for one call after the other.
    """
    following = itertools.cycle(by_turns)
    with torch.inference_mode():
        times: dict[str, list[float]] = {name: [] for name in engines}
        calls = dict.fromkeys(engines, 0)
        start = time.perf_counter()
        for turn in range(_ROUNDS):
            if turn > 1 and time.perf_counter() - start > _LONGEST:
                break
            for name, engine in engines.items():
                if not calls[name]:  # the first call prepares, and tells how many are worth timing
                    once = _timed(engine, next(following), 1)
                    calls[name] = max(1, math.ceil(_SECONDS / once))
                bisect.insort(times[name], _timed(engine, next(following), calls[name]))
    least = {name: found[0] for name, found in times.items()}
    name = min(least, key=least.__getitem__)
    quiet = all(found[len(found) // 2] * _QUIET <= found[0] for found in (times[name], times["torch"]))
    for ours in SLEEP:
        if least.get(ours, math.inf) * _CLEARLY < least[name]:
            return ours, quiet
    return name if least[name] < _CLEARLY * least["torch"] else "torch", quiet


def _timed(engine: Engine, given: Sequence[Any], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        engine(*given)
    return max((time.perf_counter() - start) / calls, 1e-9)
