"""Assuming: a second plan, for the shapes that open values have had in a run, and a run by it as long as they do.

Where the graph leaves a shape open that no feed tells (a batch of a data set, what a sparse lookup finds), kernels that
ask for it are called at run time, and passes know little. After some runs a few are computed node by node, which shows
the shapes, and a second plan is made that assumes those on which nearly all agree: a smaller batch at the end of an
epoch may be among the runs, and sizes that differ are seldom the same by chance. It looks at each of them
(`plan.run_time.Assumption`). Where one is another, or anything else fails, nothing has changed yet: the first plan does
the run, and it is the one that says what is wrong.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import fx

from tfmagic.base import errors
from tfmagic.graph.operation import Tensor
from tfmagic.session.execution import Execution
from tfmagic.session.passes import open_shapes
from tfmagic.session.plan.run_time import Disproved
from tfmagic.session.tiers import traced

Run = Callable[[Sequence[Any]], Any]
Shapes = Mapping[Tensor, tuple[int, ...]]

# A plan is made in the time that some runs of its open calls take: so many runs per call and open value.
_RUNS_PER_CALL, _FEWEST, _MOST = 8, 12, 400
# So many runs show the shapes; a value has the same one in so many of them.
_SHOWING, _AGREEING = 8, 6
# The second plan stays while so many runs keep to its assumptions for each that does not, a few apart; plans in all.
_KEPT_PER_FAILURE, _FORGIVEN, _PLANS = 8, 3, 3


def may_assume(execution: Execution) -> bool:
    """Whether a plan has enough open shapes to be worth a second one, and its runs may begin anew."""
    return open_shapes.matter(execution.computed) and open_shapes.repeats(execution.computed)


class Assuming:
    """The runs of an execution, after some of them by a plan that assumes shapes.

    Args:
      execution: what may always be run.
      finish: gives what makes the results from the values that an execution fetched.
      assume: makes the execution that assumes shapes.
    """

    def __init__(self, execution: Execution, finish: Callable[[Execution], Callable[[Sequence[Any]], Any]],
                 assume: Callable[[Shapes], Execution]):
        self._execution, self._finish, self._assume = execution, finish, assume
        self._sure_computed = execution.bind_computed(finish(execution))
        self._sure = execution.after_acquiring(self._sure_computed)
        nodes = sum(node.op.startswith("call_") for node in execution.plan.graph.nodes)
        self._left = min(max(_FEWEST, _RUNS_PER_CALL * nodes // open_shapes.count(execution.computed)), _MOST)
        self._seen: list[dict[Tensor, tuple[int, ...]]] = []
        self._never: set[Tensor] = set()
        self._plans, self._kept, self._failed = 0, 0, 0
        self._lock = threading.Lock()
        self._now: Run = self._waiting

    def run(self, feeds: Sequence[Any]) -> Any:
        """Run with these feeds."""
        return self._now(feeds)

    def _waiting(self, feeds: Sequence[Any]) -> Any:
        self._left -= 1
        if self._left > 1 or not self._lock.acquire(blocking=False):
            return self._sure(feeds)
        try:
            return self._observed(feeds) if self._now == self._waiting else self._sure(feeds)
        finally:
            self._lock.release()

    def _observed(self, feeds: Sequence[Any]) -> Any:
        """A run that shows the shapes; after the last of them there is another plan."""
        shapes: dict[Tensor, tuple[int, ...]] = {}

        def record(node: fx.Node, begin: int, end: int, value: Any) -> None:
            if isinstance(value, (torch.Tensor, np.ndarray)):
                shapes.update(dict.fromkeys(node.meta.get("opens", ()), tuple(value.shape)))

        execution = Execution(self._execution.plan, self._execution.resources,
                              functools.partial(traced.function, record=record))
        result = execution.bind(self._finish(execution))(feeds)
        self._seen.append(shapes)
        if len(self._seen) == _SHOWING:
            agreed = self._agreed()
            self._seen = []
            self._now = self._with(agreed) if agreed else self._sure
        return result

    def _agreed(self) -> Shapes:
        """The shapes that values have had in nearly all runs that showed them."""
        counts: dict[Tensor, Counter[tuple[int, ...]]] = {}
        for shapes in self._seen:
            for tensor, shape in shapes.items():
                counts.setdefault(tensor, Counter())[shape] += 1
        commonest = {tensor: count.most_common(1)[0] for tensor, count in counts.items() if tensor not in self._never}
        return {tensor: shape for tensor, (shape, times) in commonest.items() if times >= _AGREEING}

    def _with(self, shapes: Shapes) -> Run:
        """The runs of a plan that assumes these shapes."""
        self._plans += 1
        self._kept, self._failed = 0, 0
        try:
            execution = self._assume(shapes)
        except errors.OpError:  # what the runs so far had no part in: they go on as they did
            return self._sure
        if not open_shapes.repeats(execution.computed) or not self._acquires_the_same(execution):
            return self._sure
        better = execution.bind_computed(self._finish(execution))
        return self._execution.after_acquiring(functools.partial(self._try, better))

    def _acquires_the_same(self, execution: Execution) -> bool:
        mine, other = self._execution.acquired, execution.acquired
        return mine is other is None or mine is not None and other is not None and mine.code() == other.code()

    def _try(self, better: Run, given: Sequence[Any]) -> Any:
        try:
            result = better(given)
        except errors.DeadlineExceededError:
            raise
        except Exception as failure:  # the first plan tells what is wrong, if anything is
            self._note(failure)
            return self._sure_computed(given)
        self._kept += 1
        return result

    def _note(self, failure: Exception) -> None:
        self._failed += 1
        if self._failed <= _FORGIVEN or self._kept >= _KEPT_PER_FAILURE * self._failed:
            return
        if isinstance(failure, Disproved) and self._plans < _PLANS:
            self._never.add(failure.args[0])
            self._left, self._now = _FEWEST, self._waiting
        else:
            self._now = self._sure
