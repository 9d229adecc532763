"""Watching a training: what `%%session --watch` sees of the runs of a cell, at a hundredth of their time.

A watched tensor that a run fetches anyway costs nothing; any other is looked at between runs (a peek, which changes
nothing), with the last feeds. How often values are taken and the picture is drawn follows from what that has cost.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.view.paint.curves import Curve, Progress

_TAKING, _PEEKING, _DRAWING = 400.0, 300.0, 150.0  # what each may cost: one part in so many
_FIRST_DRAWING, _SOONEST_DRAWING, _SOONEST_PEEK = 0.25, 0.2, 0.3  # seconds
_KEPT = 600  # points of a curve: beyond, every other one is forgotten


class Watch:
    """Watches the runs of one session.

    Args:
      session: whose `run` and `make_callable` are watched between `start` and `stop`.
      resolve: gives the watched names and tensors, once the first run is through.
      share: how much of the cell's loop is done, None where nobody knows.
      show: shows the state; the second argument says whether it is the last.
      clock: seconds.
    """

    def __init__(self, session: Any, resolve: Callable[[], list[tuple[str, Tensor]]],
                 share: Callable[[], float | None], show: Callable[[list[Curve], Progress, bool], None],
                 clock: Callable[[], float] = time.perf_counter):
        self.session, self.resolve, self.share, self.show, self.clock = session, resolve, share, show, clock
        self.curves: list[Curve] = []
        self.tensors: list[Tensor] = []
        self.progress = Progress(running=True)
        self._known: dict[Any, tuple[bool, list[tuple[int, Any]]]] = {}
        self._before: dict[str, Any] = {}
        self._began = self._ended = 0.0
        self._next_taking = self._next_peek = self._next_drawing = self._next = 0.0
        self._latest: tuple[Any, list[tuple[int, Any]]] = (None, [])
        self._peeked: set[int] = set()
        self._peeks = 0

    def start(self) -> None:
        """Watch from now on."""
        for name in ("run", "make_callable"):
            if name in self.session.__dict__:
                self._before[name] = self.session.__dict__[name]
        run, make_callable = self.session.run, self.session.make_callable
        known, clock, after = self._known, self.clock, self._after

        def stepped(result: Any, places: list[tuple[int, Any]]) -> None:
            self.progress.step += 1
            self._latest = result, places
            now = clock()
            if now >= self._next:
                after(result, places, now)

        def watched(fetches: Any, feed_dict: Any = None, *args: Any, **kwargs: Any) -> Any:
            result = run(fetches, feed_dict, *args, **kwargs)
            kind = type(fetches)
            try:
                is_step, places = known[(kind, *fetches) if kind is list or kind is tuple else fetches]
            except (KeyError, TypeError):
                is_step, places = self._learn(fetches)
            if is_step:
                stepped(result, places)
            return result

        def watched_callable(fetches: Any, *args: Any, **kwargs: Any) -> Any:
            call = make_callable(fetches, *args, **kwargs)
            is_step, places = self._learn(fetches)

            def called(*values: Any, **options: Any) -> Any:
                result = call(*values, **options)
                if is_step:
                    stepped(result, places)
                return result

            return called

        self.session.run, self.session.make_callable = watched, watched_callable

    def stop(self) -> None:
        """Watch no longer, and show the last state."""
        for name in ("run", "make_callable"):
            self.session.__dict__.pop(name, None)
        self.session.__dict__.update(self._before)
        if not self.progress.step:
            return
        self.progress.running = False
        result, places = self._latest
        for i, key in places:
            if not self.curves[i].steps or self.curves[i].steps[-1] < self.progress.step:
                self._add(i, result if key is None else result[key])
        now = self._ended = self.clock()
        fetched = {i for i, _ in places}
        if not self.session._closed:
            self._peek([i for i, curve in enumerate(self.curves) if i not in fetched and (
                not curve.steps or i in self._peeked and curve.steps[-1] < self.progress.step)])
        self._tell(now, True)

    # --- what runs fetch --------------------------------------------------------------------------------------

    def _learn(self, fetches: Any) -> tuple[bool, list[tuple[int, Any]]]:
        """Whether a run of these fetches is a step of the training, and where in its result watched values are."""
        if not self._began:
            self._begin()
        from tfmagic.session.fetches import key_of

        key = key_of(fetches, None)
        found = None if key is None else self._known.get(key)
        if found is None:
            found = self._places(fetches)
            if key is not None:
                self._known[key] = found
        return found

    def _begin(self) -> None:
        named = self.resolve()
        self.curves = [Curve(name) for name, _ in named]
        self.tensors = [tensor for _, tensor in named]
        self._began = self.clock()
        self._next_drawing = self._began + _FIRST_DRAWING

    def _places(self, fetches: Any) -> tuple[bool, list[tuple[int, Any]]]:
        if isinstance(fetches, dict):
            items: list[tuple[Any, Any]] = list(fetches.items())
        elif isinstance(fetches, list | tuple):
            items = list(enumerate(fetches))
        else:
            items = [(None, fetches)]
        graph = self.session.graph
        places, is_step = [], False
        for key, item in items:
            found = item
            if isinstance(item, str):
                found = graph.as_graph_element(item)
            elif hasattr(item, "_as_graph_element"):
                found = item._as_graph_element()
            is_step |= isinstance(found, Operation) or isinstance(item, list | tuple | dict) and self._places(item)[0]
            places += [(i, key) for i, tensor in enumerate(self.tensors) if tensor is found]
        return is_step or bool(places), places

    # --- taking values ----------------------------------------------------------------------------------------

    def _after(self, result: Any, places: list[tuple[int, Any]], now: float) -> None:
        """What follows a step whose time has come."""
        if now >= self._next_taking:
            fetched = set()
            for i, key in places:
                self._add(i, result if key is None else result[key])
                fetched.add(i)
            done = self.clock()
            self._next_taking = done + (done - now) * _TAKING
            if len(fetched) < len(self.tensors) and now >= self._next_peek:
                started = self.clock()
                self._peek([i for i in range(len(self.tensors)) if i not in fetched and (
                    i in self._peeked or not self.curves[i].steps)])
                done = self.clock()
                self._peeks += 1
                # The first peek also makes the plan, which no later one does again.
                self._next_peek = done + max(_SOONEST_PEEK, (done - started) * (_PEEKING if self._peeks > 1 else 0))
        if now >= self._next_drawing:
            started = self.clock()
            self._tell(now, False)
            done = self.clock()
            self._next_drawing = done + max(_SOONEST_DRAWING, (done - started) * _DRAWING)
        self._ended = self.clock()
        self._next = min(self._next_taking, self._next_drawing)

    def _peek(self, wanted: list[int]) -> None:
        from tfmagic.session import peek

        session = self.session
        given = peek.expanded(session, getattr(session, "last_feeds", {}))
        for i in wanted:
            self._peeked.add(i)
            curve = self.curves[i]
            try:
                needed, missing = peek.needed_feeds([self.tensors[i]], given)
                if missing:
                    curve.note = f"? {', '.join(op.name for op in missing)}"
                    continue
                self._add(i, peek.peek(session, [self.tensors[i]], needed)[0])
            except Exception as error:  # a look must not end the training
                curve.note = str(error).split("\n")[0]

    def _add(self, i: int, value: Any) -> None:
        curve = self.curves[i]
        curve.steps.append(self.progress.step)
        curve.values.append(number(value))
        if len(curve.steps) >= _KEPT:
            del curve.steps[1:-1:2], curve.values[1:-1:2]

    def _tell(self, now: float, last: bool) -> None:
        seconds = (self._ended if last else now) - self._began
        self.progress.rate = self.progress.step / seconds if seconds > 0 else 0.0
        self.progress.share = self.share()
        self.show(self.curves, self.progress, last)


def number(value: Any) -> float:
    """The number that a curve shows of a value: itself, or its mean."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16" or not array.size:
        return math.nan
    return float(array) if not array.ndim else float(array.mean(dtype=np.float64))
