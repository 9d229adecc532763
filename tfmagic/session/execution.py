"""Execution: a plan's callable bound to a session's state, ready to be called with feeds."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

from tfmagic.graph.operation import Tensor
from tfmagic.session.lower.lowering import uninitialized, variable_key
from tfmagic.session.passes.ownership import is_fresh
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.resources.store import ResourceStore
from tfmagic.session.tiers import python
from tfmagic.session.tiers.failures import explained

_inference = torch._C._InferenceMode


class Execution:
    """What a run of given fetches with given feeds does.

    Attributes:
      plan: the plan.
      copied: per fetch, whether the value's memory may belong to somebody else.
      writes: whether a run changes variables.

    Args:
      resources: the session's state.
      function: a tier's callable of the plan; by default the Python tier's.
    """

    def __init__(self, plan: PlanGraph, resources: ResourceStore, function: Callable[..., Any] | None = None):
        self.plan = plan
        self._resources = resources
        self._function = python.function(plan) if function is None else function
        index = {feed: i for i, feed in enumerate(plan.feeds)}
        self._parameters = [(True, index[source]) if isinstance(source, Tensor) else (False, variable_key(source))
                            for source in plan.parameters]
        self._must_read = {variable_key(root): (root, op) for root, op in plan.must_read.items()}
        keys = {key for is_feed, key in self._parameters if not is_feed}
        # Variables that must have a value though the plan has no more use for it.
        self._unread = [key for key in self._must_read if key not in keys]
        in_order = [key for _, key in self._parameters] == list(range(len(plan.feeds)))
        self._only_feeds = not self._must_read and not keys and in_order
        self._written = [variable_key(root) for root in plan.written]
        outputs, states, updates = plan.output_node.args[0]
        kept = set(states)
        self.copied = [not is_fresh(node) or node in kept for node in outputs]
        self._cloned = [not is_fresh(node) or node in states[:i] for i, node in enumerate(states)]
        self.writes = bool(states) or bool(updates)

    def bind(self, finish: Callable[[Sequence[Any]], Any]) -> Callable[[Sequence[Any]], Any]:
        """The function that runs the plan.

        Args:
          finish: makes the results from the fetched values; called before variables change.

        Returns:
          A function of the feeds: torch tensors (arrays of bytes for strings), one per fed tensor. It raises OpError
          when an operation failed; no variable has changed then.
        """
        if self.writes:
            return functools.partial(self._run_and_commit, finish)
        function = self._function
        arguments = None if self._only_feeds else self.arguments

        def run(feeds: Sequence[Any]) -> Any:
            with _inference(True):
                try:
                    outputs = function(*(feeds if arguments is None else arguments(feeds)))[0]
                except Exception as exception:
                    raise explained(exception)  # noqa: B904  # it has its cause already
                return finish(outputs)

        return run

    def _run_and_commit(self, finish: Callable[[Sequence[Any]], Any], feeds: Sequence[Any]) -> Any:
        resources = self._resources
        with resources.lock, _inference(True):
            try:
                outputs, states, updates = self._function(*self.arguments(feeds))
            except Exception as exception:
                raise explained(exception)  # noqa: B904  # it has its cause already
            states = [_owned(state, clone) for state, clone in zip(states, self._cloned)]
            result = finish(outputs)
            calls = [call for prepared in updates for call in prepared]
            if states:
                calls.append(functools.partial(resources.variables.update, zip(self._written, states)))
            resources.commit(calls)
            return result

    def arguments(self, feeds: Sequence[Any]) -> list[Any]:
        """The values of the plan's parameters: feeds, and present values of variables (None for one without).

        Raises:
          FailedPreconditionError: a variable that the plan reads has no value.
        """
        variables = self._resources.variables
        for key in self._unread:
            self._require(key)
        try:
            return [feeds[key] if is_feed else variables[key] for is_feed, key in self._parameters]
        except KeyError:
            for key in self._must_read:
                self._require(key)
            return [feeds[key] if is_feed else variables.get(key) for is_feed, key in self._parameters]

    def _require(self, key: str) -> None:
        if key not in self._resources.variables:
            raise uninitialized(*self._must_read[key], bool(self._resources.variables))


def _owned(state: Any, clone: bool) -> Any:
    """A variable's new value in memory of its own, laid out row by row (fused kernels rely on it)."""
    if not isinstance(state, torch.Tensor):
        return state
    return state.clone(memory_format=torch.contiguous_format) if clone else state.contiguous()
