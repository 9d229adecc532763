"""Call: one way of calling `Session.run`, prepared: converters of feeds, plans per shapes, form of the results."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.machine.compiler import Later
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.session import feeds as feeding
from tfmagic.session import on_arrays, results, running
from tfmagic.session.assuming import Assuming, Shapes, may_assume
from tfmagic.session.devices import transfers
from tfmagic.session.execution import Execution

# Plans for particular shapes of the feeds before one for all shapes takes over.
_SHAPES_KEPT = 6


class Call:
    """One way of calling `run`: its plans, how its feeds are made, and how its results are built.

    Where the graph leaves shapes of feeds open there is a plan per combination of shapes that comes up, and after some
    of them one for all: what depends on shapes alone is then computed once per plan, not in every run. A bool that is
    fed (`is_training`) counts with its value: what it decides is decided in the plan.

    Attributes:
      run: takes one value per feed, in the order of the converters, and gives the results.
      recent, edits: for the session's cache: whether it was used lately, and how many changes of the graph's nodes it
        has seen.

    Args:
      limit: milliseconds that a run may take; 0 for any time.
      assume: makes, for shapes of the feeds, the execution that assumes shapes of other tensors. None: nothing is
        assumed.
    """

    __slots__ = ("_make", "_assume", "_plans", "_only_plan", "_general", "_limit", "feeds", "converters", "build",
                 "single", "edits", "recent", "run", "_bools", "_converted", "_as_they_come")

    def __init__(self, make: Callable[[Any], Execution], feeds: Sequence[Tensor],
                 converters: Sequence[Callable[[Any], Any]], build: Callable[[list[Any]], Any], single: bool,
                 edits: int, limit: int = 0, assume: Callable[[Any, Shapes], Execution] | None = None):
        self._make = make
        self._assume = assume
        self._plans: dict[Any, Runner] = {}
        self._general: Runner | None = None
        self._limit = limit
        self.feeds = feeds
        self.converters = converters
        self._converted = _together(converters)
        self.build = build
        self.single = single
        self.edits = edits
        self.recent = True
        self._bools = [at for at, t in enumerate(feeds) if t._dtype.is_bool and not t._dims]
        # Whether `run` takes one value per feed, of which only what is computed with it is to be seen.
        self._as_they_come = type(self) is Call and not limit and not self._bools
        settled = not self._bools and all(t._dims is not None and None not in t._dims for t in feeds)
        self._only_plan = self._runner(None) if settled else None
        self.run: Callable[[Any], Any] = self._run
        if limit:
            self.run = self._run_limited
        elif self._only_plan is not None and not converters and self._only_plan.on_arrays is None:
            self.run = self._only_plan.run

    def _run(self, values: Any) -> Any:
        feeds = self._converted(values)
        runner = self._only_plan
        if runner is None:
            runner = self.runner(feeds)
        later = runner.on_arrays
        if later is not None:
            later.count()
            if not later.waits or not self._as_they_come:
                runner.on_arrays = None
                self._go_on_arrays(later.made)
        return runner.run(feeds)

    def _go_on_arrays(self, made: Any) -> None:
        """Have runs with feeds of the shapes for which something was made go from arrays to arrays."""
        if made is not None and self._as_they_come:
            self.run = made.run(self.run)

    def spread(self, parts: Callable[[Any], list[Any]]) -> None:
        """Let `run` take values of which `parts` makes one per feed."""
        run, self._as_they_come = self.run, False
        self.run = lambda values: run(parts(values))

    def _run_limited(self, values: Any) -> Any:
        return self.limited(values, self._limit)

    def limited(self, values: Any, milliseconds: int) -> Any:
        """Run within a time limit.

        Raises:
          DeadlineExceededError: it took longer; nothing has changed then.
        """
        feeds = self._converted(values)
        runner = self.runner(feeds)
        with running.limited(milliseconds):
            result = runner.run(feeds)
            if not runner.writes:  # else the commit has looked at the time
                running.check_deadline(running.current.deadline)
        return result

    def completed(self, result: Any, values: Sequence[Any]) -> Any:
        """The result of a run of these values, from what its `Runner` gave."""
        return result

    def runner(self, feeds: Sequence[Any]) -> Runner:
        """The plan for feeds of these shapes."""
        if self._only_plan is not None:
            return self._only_plan
        known: list[Any] = [tuple(feed.shape) if hasattr(feed, "shape") else None for feed in feeds]
        for at in self._bools:
            if known[at] == ():
                known[at] = feeds[at].item()
        key = tuple(known)
        runner = self._plans.get(key)
        if runner is None:
            if len(self._plans) < _SHAPES_KEPT:
                runner = self._plans[key] = self._runner(key)
            else:
                if self._general is None:
                    self._general = Runner(self._make(None), self)
                runner = self._general
        return runner

    def _runner(self, shapes: Any) -> Runner:
        """The plan for feeds of these shapes; None: for those that the graph gives them."""
        return Runner(self._make(shapes), self,
                      None if self._assume is None else functools.partial(self._assume, shapes))

    def has_any_of(self, ops: Sequence[Operation]) -> bool:
        """Whether any of these operations is in a plan of this call."""
        runners = [self._only_plan, self._general, *list(self._plans.values())]
        return any(runner is not None and not runner.plan.ops.isdisjoint(ops) for runner in runners)


def _together(converters: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Sequence[Any]]:
    """The function that converts a value per feed."""
    if len(converters) == 1:
        (only,) = converters
        return lambda values: [only(value) for value in values]
    if len(converters) == 2:
        first, second = converters

        def both(values: Any) -> Sequence[Any]:
            one, other = values
            return first(one), second(other)

        return both
    return lambda values: [convert(value) for convert, value in zip(converters, values)]


class Echo(Call):
    """A call that fetches tensors which it feeds: as in TensorFlow they come back as they were fed, as an array.

    Args:
      places: for each such tensor where it stands among the fetches and among the feeds.
    """

    __slots__ = ("_form", "_places")

    def __init__(self, make: Callable[[Any], Execution], feeds: Sequence[Tensor],
                 converters: Sequence[Callable[[Any], Any]], build: Callable[[list[Any]], Any], edits: int, limit: int,
                 assume: Callable[[Any, Shapes], Execution], places: Sequence[tuple[int, int]]):
        self._form = build
        self._places = places
        super().__init__(make, feeds, converters, list, False, edits, limit, assume)

    def _run(self, values: Any) -> Any:
        values = list(values)
        return self.completed(super()._run(values), values)

    def limited(self, values: Any, milliseconds: int) -> Any:
        values = list(values)
        return self.completed(super().limited(values, milliseconds), values)

    def completed(self, result: Any, values: Sequence[Any]) -> Any:
        for fetched, fed in self._places:
            result[fetched] = feeding.as_fed(self.feeds[fed], values[fed])
        return self._form(result)


class Runner:
    """An execution with the form of its results.

    Attributes:
      plan: the plan.
      writes: whether a run changes variables.
      run: takes the feeds and gives NumPy values in the form of the fetches.
      on_arrays: what makes, after some runs, those that take arrays; None where nothing does, or has done so.

    Args:
      assume: makes the execution that assumes shapes which only a run tells; None: nothing is assumed.
    """

    __slots__ = ("plan", "writes", "run", "on_arrays")

    def __init__(self, execution: Execution, call: Call, assume: Callable[[Shapes], Execution] | None = None):
        plan, build, single = execution.plan, call.build, call.single and len(execution.plan.fetches) == 1

        def finish(of: Execution) -> Callable[[Sequence[Any]], Any]:
            # From a GPU they are copied once more: the memory in which they arrive is for the next run.
            converters = [results.converter(t._dtype, copied or of.from_gpus)
                          for t, copied in zip(plan.fetches, of.copied)]
            brought = transfers.brought if of.from_gpus else None
            if single:
                direct = converters[0]
                return (lambda outputs: direct(outputs[0])) if brought is None else \
                    (lambda outputs: direct(brought(outputs)[0]))
            if brought is not None:
                return lambda outputs: build([convert(out) for convert, out in zip(converters, brought(outputs))])
            return lambda outputs: build([convert(out) for convert, out in zip(converters, outputs)])

        self.plan = plan
        self.writes = execution.writes
        self.on_arrays: Later | None = None
        self.run: Callable[[Sequence[Any]], Any]
        if assume is not None and may_assume(execution):
            self.run = Assuming(execution, finish, assume).run
        else:
            self.run = execution.bind(finish(execution))
            if call._as_they_come:
                self.on_arrays = on_arrays.later(execution, call.feeds, build, single)
