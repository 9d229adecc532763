"""`framework.ops`: statistics of nodes, which functions registered by op type and kind of statistic tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.tf.inner.utilities import Registry
from tfmagic.tf.profiler import flops

_registered = Registry("statistical functions")


class OpStats:
    """One statistic of a node.

    Args:
      statistic_type: which one, such as "flops".
      value: a number, or None where it is not known.
    """

    __module__ = "tensorflow.python.framework.ops"

    def __init__(self, statistic_type: str, value: Any = None):
        self._statistic_type = statistic_type
        self._value = value

    @property
    def statistic_type(self) -> str:
        """Which statistic."""
        return self._statistic_type

    @property
    def value(self) -> Any:
        """The number, or None."""
        return self._value

    def __iadd__(self, other: OpStats) -> OpStats:
        if other.statistic_type != self.statistic_type:
            raise ValueError(f"Can't add an OpStat of type {self.statistic_type} to one of {other.statistic_type}.")
        if self._value is None:
            self._value = other._value
        elif other._value is not None:
            self._value += other._value
        return self


class RegisterStatistics:
    """A decorator: the function `(graph, node_def) -> OpStats` tells a statistic of all nodes of an op type.

    Args:
      op_type: the op type.
      statistic_type: the statistic, without a comma.

    Raises:
      TypeError: `op_type` is not text, or there is a comma; at the call a KeyError: somebody tells it already.
    """

    __module__ = "tensorflow.python.framework.ops"

    def __init__(self, op_type: str, statistic_type: str):
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string.")
        if "," in op_type:
            raise TypeError("op_type must not contain a comma.")
        if not isinstance(statistic_type, str):
            raise TypeError("statistic_type must be a string.")
        if "," in statistic_type:
            raise TypeError("statistic_type must not contain a comma.")
        self._name = f"{op_type},{statistic_type}"

    def __call__(self, f: Callable[..., OpStats]) -> Callable[..., OpStats]:
        _registered.register(f, self._name)
        return f


def get_stats_for_node_def(graph: Any, node: Any, statistic_type: str) -> OpStats:
    """A statistic of a node.

    Args:
      graph: the graph that the node is in.
      node: its `NodeDef`.
      statistic_type: which one.

    Returns:
      What the function registered for it tells, else for "flops" what the profiler counts; its value is None where
      neither knows the op.
    """
    name = f"{node.op},{statistic_type}"
    if name in _registered.list():
        return _registered.lookup(name)(graph, node)
    if statistic_type == "flops" and node.op in flops.RULES:
        return OpStats(statistic_type, flops.RULES[node.op](graph.get_operation_by_name(node.name)))
    return OpStats(statistic_type)
