"""Execution: a plan bound to a session's state, ready to be called with feeds: acquire, compute, commit.

1. *Acquire*: what waits is computed first, with no claim on any variable (`passes.split`).
2. *Compute*: the run takes the values of variables all at the same time; where new values come from present ones, it
   first claims the variables that it changes (`resources.variables`).
3. *Commit*: results are converted, then all changes are carried out in one step, under the lock.

A run that fails, is interrupted or exceeds its time before its commit has changed nothing.
"""

from __future__ import annotations

import functools
import operator
import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.threads import on_one_thread
from tfmagic.session import running
from tfmagic.session.denormals import flushing, tell_threads
from tfmagic.session.devices import transfers
from tfmagic.session.lower.lowering import uninitialized
from tfmagic.session.memory import keep_between_runs
from tfmagic.session.passes import open_shapes
from tfmagic.session.passes.ownership import is_fresh
from tfmagic.session.passes.split import Acquired, overwrites_only, split
from tfmagic.session.passes.work import wants_one_thread, wants_threads
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall, RunTimeKernel
from tfmagic.session.resources.keys import key_of
from tfmagic.session.resources.store import ResourceStore
from tfmagic.session.tiers import machine
from tfmagic.session.tiers.failures import explained
from tfmagic.session.tiers.threads import give

_inference = torch._C._InferenceMode
_LIGHT = 3
keep_between_runs()


class _Part:
    """A plan's callable, and how it gets its arguments.

    Attributes:
      function: the callable.
      take: gives the arguments for the feeds (and what was acquired, after them); KeyError: a variable has no value.
      keys: the variables that it reads.
      in_order: whether the arguments are the feeds as they come.
      is_light: whether it has so few calls of torch that to spare them torch's bookkeeping is more work than that is.
    """

    def __init__(self, plan: PlanGraph, resources: ResourceStore, tier: Callable[[PlanGraph], Callable[..., Any]]):
        self.function = tier(plan) if plan.threads < 2 else on_one_thread(tier(plan))
        if resources.gpus:
            self.function = transfers.with_feeds_on_host(plan, self.function)
        calls = [node for node in plan.graph.nodes if node.op.startswith("call_")]
        heavy = [node for node in calls if not _asks_torch_for_little(node)]
        self.is_light = len(heavy) <= _LIGHT and not any(isinstance(node.target, PlanCall) for node in heavy)
        if calls:  # what only hands on computes nothing
            self.function = flushing(self.function)
        index = {feed: i for i, feed in enumerate(plan.feeds)}
        self._values = resources.variables.values
        self._parameters: list[int | str] = []
        for source in plan.parameters:
            self._parameters.append(index[source] if isinstance(source, Tensor) else len(index) + source.index
                                    if isinstance(source, Acquired) else key_of(source))
        self.keys = [key for key in self._parameters if isinstance(key, str)]
        self.in_order = self._parameters == list(range(len(index)))
        self.take = self._taker([*range(len(index)), *self.keys])

    def _taker(self, usual: list[int | str]) -> Callable[[Sequence[Any]], Sequence[Any]]:
        values, keys, parameters = self._values, self.keys, self._parameters
        if not keys or parameters != usual:
            return lambda feeds: [feeds[key] if isinstance(key, int) else values[key] for key in parameters]
        if len(keys) == 1:
            key = keys[0]
            return lambda feeds: (*feeds, values[key])
        several = operator.itemgetter(*keys)
        return lambda feeds: (*feeds, *several(values))

    def take_what_is_there(self, feeds: Sequence[Any]) -> Sequence[Any]:
        """The arguments; None for a variable without a value."""
        return [feeds[key] if isinstance(key, int) else self._values.get(key) for key in self._parameters]


def _asks_torch_for_little(node: torch.fx.Node) -> bool:
    """Whether a call takes a part of what is there, or hands on single elements."""
    target = node.target
    return target is operator.getitem or node.op == "call_method" and bool(node.meta.get("on_object")) or (
        isinstance(target, RunTimeKernel) and target.memory == "cut")


def _results(part: _Part, finish: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
    """The function from a part's arguments to the results, where it changes no variable."""
    function = part.function

    def compute(arguments: Sequence[Any]) -> Any:
        try:
            outputs = function(*arguments)[0]
        except Exception as exception:
            raise explained(exception)  # noqa: B904  # it has its cause already
        return finish(outputs)

    if part.is_light:
        return compute

    def compute_at_ease(arguments: Sequence[Any]) -> Any:
        with _inference(True):
            return compute(arguments)

    return compute_at_ease


_ASSIGNMENTS = frozenset({"Assign", "AssignVariableOp"})


class Execution:
    """What a run of given fetches with given feeds does.

    Attributes:
      plan: the plan.
      resources: the session's state.
      acquired, computed: the plan's parts; None: nothing is acquired before the rest is computed.
      copied: per fetch, whether the value's memory may belong to somebody else.
      from_gpus: whether fetched values come from GPUs.
      writes: whether a run changes variables.
      only_computes: whether a run does nothing but compute, from feeds and variables, on this machine's processors, and
        nobody has asked for another tier.
      recent, edits: for the session's cache: whether it was used lately, and how many changes of the graph's nodes it
        has seen.

    Args:
      resources: the session's state.
      tier: makes a plan callable; by default the machine tier.
    """

    def __init__(self, plan: PlanGraph, resources: ResourceStore,
                 tier: Callable[[PlanGraph], Callable[..., Any]] = machine.function):
        self.plan, self.resources = plan, resources
        self.recent = True
        self.edits = 0
        self._variables = resources.variables
        outputs, states, updates = plan.results
        kept = set(states)
        self.copied = [not is_fresh(node) or node in kept for node in outputs]
        self.from_gpus = any(map(transfers.is_on_gpu, outputs))
        # Mutexes are claimed like variables, before anything is computed: a section is to see what the last one left.
        locked = frozenset(key_of(op) for op in plan.ops if op.type == "MutexV2")
        self.writes = bool(states) or bool(updates) or bool(locked)
        # Plans of small calls have one thread, and small calls of others, where the user has not said how many.
        several = torch.get_num_threads() if resources.threads == 0 else 1
        self._alone = several > 1 and wants_one_thread(plan)
        if torch.get_num_threads() > 1 and (tier is not machine.function or wants_threads(plan)):
            tell_threads(torch.get_num_threads())
            if several > 1 and tier is machine.function:
                give(plan, several)
        apart = not locked and (self.writes or open_shapes.matter(plan))
        parts = split(plan, always=not self.writes) if apart else None
        self.acquired = None if parts is None else parts[0]
        self.computed = plan if parts is None else parts[1]
        self._acquiring = None if self.acquired is None else _Part(self.acquired, resources, tier)
        self._computing = _Part(self.computed, resources, tier)
        self._must_read = {key_of(root): (root, op) for root, op in plan.must_read.items()}
        read = {*self._computing.keys, *(() if self._acquiring is None else self._acquiring.keys)}
        # Whether a variable must have a value though the plan has no more use for it.
        self._unread = not read.issuperset(self._must_read)
        self._written = [key_of(root) for root in plan.written]
        self._in_place = [key_of(root) for root in plan.in_place]
        self._changed = frozenset((*self._written, *self._in_place)) | locked
        self._claiming = bool(locked) or not overwrites_only(self.computed)
        self._initialises = self.writes and not self._claiming and any(
            op.type in _ASSIGNMENTS and op.name.rpartition("/")[2].startswith("Assign") for op in plan.ops)
        self._cloned = [not is_fresh(node) or node in states[:i] for i, node in enumerate(states)]
        self._removes = any(update.op.type == "DestroyResourceOp" for update in plan.updates)
        self._keeps_state = any(getattr(node.target, "keeps_state", False) for node in plan.graph.nodes)
        self.only_computes = tier is machine.function and parts is None and not (
            self.writes or self._unread or self._keeps_state or resources.gpus)

    def has_any_of(self, ops: Sequence[Operation]) -> bool:
        """Whether any of these operations is in the plan."""
        return not self.plan.ops.isdisjoint(ops)

    def bind(self, finish: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """The function that runs the plan.

        Args:
          finish: makes the results from the fetched values; called before variables change.

        Returns:
          A function of the feeds: torch tensors (arrays of bytes for strings), one per fed tensor. It raises OpError
          when an operation failed; nothing has changed then.
        """
        return self.after_acquiring(self.bind_computed(finish))

    def after_acquiring(self, run: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """`run`, which takes the feeds and what is acquired, as a function of the feeds."""
        part = self._acquiring
        if part is None:
            return run
        return self._undoing(lambda feeds: run((*feeds, *self._acquire(part, feeds))))

    def bind_computed(self, finish: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """The function that runs the plan from the feeds and what was acquired."""
        if self.writes:
            run = self._writing(finish)
        elif self._computing.keys or self._unread:
            run = self._reading(finish)
        else:
            run = self._plain(finish)
        return self._undoing(on_one_thread(run) if self._alone else run)

    def _undoing(self, run: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """`run`; where it fails, what nodes keep between runs goes back to where it was."""
        if not self._keeps_state:
            return run

        current = running.current

        def noting(feeds: Sequence[Any]) -> Any:
            outer = current.journal
            noted = current.journal = running.Journal()
            try:
                return run(feeds)
            except BaseException:
                noted.rollback()
                raise
            finally:
                current.journal = outer

        return noting

    def _plain(self, finish: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """A run that reads no variable."""
        compute, part = _results(self._computing, finish), self._computing
        return compute if part.in_order else lambda feeds: compute(part.take(feeds))

    def _reading(self, finish: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """A run that reads variables and changes none."""
        variables = self._variables
        lock, readers, part = variables.lock, variables.readers, self._computing
        compute, take = _results(part, finish), self._taking(part)

        def run(feeds: Sequence[Any]) -> Any:
            token = object()
            try:
                with lock:
                    try:
                        arguments = take(feeds)
                    except KeyError:
                        arguments = self._take_what_is_there(part, feeds)
                    readers[token] = None
                return compute(arguments)
            finally:
                readers.pop(token, None)

        return run

    def _writing(self, finish: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """A run that changes variables."""
        variables = self._variables
        lock, readers, claims, part = variables.lock, variables.readers, variables.claims, self._computing
        function, take = part.function, self._taking(part)
        changed, claiming, cloned = self._changed, self._claiming, self._cloned
        written = None if self._in_place or self._removes else self._written
        tally = variables.tally(changed if claiming else frozenset())
        initialises, commit = self._initialises, flushing(variables.commit)
        update, current, get_ident = variables.values.update, running.current, threading.get_ident

        def run(feeds: Sequence[Any]) -> Any:
            token = object()
            try:
                with lock:
                    if claiming:
                        if claims:
                            variables.wait_for(changed)
                        claims[token] = get_ident(), changed
                    try:
                        arguments = take(feeds)
                    except KeyError:
                        arguments = self._take_what_is_there(part, feeds)
                    readers[token] = None
                with _inference(True):
                    try:
                        outputs, states, updates = function(*arguments)
                    except Exception as exception:
                        raise explained(exception)  # noqa: B904  # it has its cause already
                    states = [_owned(state, clone) for state, clone in zip(states, cloned)]
                    result = finish(outputs)
                    with lock:
                        if claims and not claiming:
                            variables.wait_for(changed)
                        if current.deadline is not None:
                            running.check_deadline(current.deadline)
                        if written is None:
                            commit(self._prepared(states, updates))
                        else:
                            update(zip(written, states))
                        if claiming:
                            tally.count += 1
                        elif initialises:
                            variables.start(changed)
                return result
            finally:
                readers.pop(token, None)
                if token in claims:
                    variables.release(token)

        return run

    def _prepared(self, states: Sequence[Any], updates: Sequence[Any]) -> list[Callable[[], Any]]:
        """The calls that carry out the changes of a run."""
        values = self._variables.values
        new = list(zip(self._written, states))
        if updates and len(self._variables.readers) > 1:  # others have the values in their hands: change copies
            keys = iter(self._in_place)
            for prepared in updates:
                for tensors in prepared.changed:
                    tensors[:] = [tensor.clone() for tensor in tensors]
                    new += [(key, tensor) for tensor, key in zip(tensors, keys)]  # in this order no key is lost
        calls = [call for prepared in updates for call in prepared.make()]
        if self._removes:
            calls += [functools.partial(values.pop, key, None) for key, state in new if state is None]
            new = [(key, state) for key, state in new if state is not None]
        calls.append(functools.partial(values.update, new))
        return calls

    def _acquire(self, part: _Part, feeds: Sequence[Any]) -> Sequence[Any]:
        """What the run has to wait for."""
        token = object()
        try:
            with self._variables.lock:
                try:
                    arguments = self._taking(part)(feeds)
                except KeyError:
                    arguments = self._take_what_is_there(part, feeds)
                if part.keys:
                    self._variables.readers[token] = None
            with _inference(True):
                try:
                    return part.function(*arguments)[0]
                except Exception as exception:
                    raise explained(exception)  # noqa: B904  # it has its cause already
        finally:
            self._variables.readers.pop(token, None)

    def _taking(self, part: _Part) -> Callable[[Sequence[Any]], Sequence[Any]]:
        """How a part gets its arguments while the lock is held; KeyError: a variable has no value."""
        if not self._unread:
            return part.take

        def take(feeds: Sequence[Any]) -> Sequence[Any]:
            self.require_variables()
            return part.take(feeds)

        return take

    def _take_what_is_there(self, part: _Part, feeds: Sequence[Any]) -> Sequence[Any]:
        self.require_variables()
        return part.take_what_is_there(feeds)

    def require_variables(self) -> None:
        """Check that the variables that the plan reads have values.

        Raises:
          FailedPreconditionError: one has none.
        """
        for key, (root, op) in self._must_read.items():
            if key not in self._variables.values:
                raise uninitialized(root, op, bool(self._variables.values))


def _owned(state: Any, clone: bool) -> Any:
    """A variable's new value in memory of its own, laid out row by row (fused kernels rely on it)."""
    if not isinstance(state, torch.Tensor):
        return state
    return state.clone(memory_format=torch.contiguous_format) if clone else state.contiguous()
