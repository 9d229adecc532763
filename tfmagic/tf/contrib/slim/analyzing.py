"""slim.model_analyzer: tables of a model's variables and operations with their sizes; slim.queues."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.tf.train.coordinator import Coordinator


@export("contrib.slim.model_analyzer.tensor_description")
def tensor_description(var: Any) -> str:
    """Type and shape of a tensor or variable, as "(float32 3x4)"."""
    sizes = ["?" if dim.value is None else str(dim.value) for dim in var.get_shape()]
    return f"({var.dtype.name!s} {'x'.join(sizes)})"


@export("contrib.slim.model_analyzer.analyze_ops")
def analyze_ops(graph: Any, print_info: bool = False) -> int:
    """How many numbers all operations of a graph give, as far as their shapes are known.

    Args:
      print_info: whether to print each.
    """
    if print_info:
        print("---------")
        print("Operations: name -> (type shapes) [size]")
        print("---------")
    total = 0
    for op in graph.get_operations():
        size = 0
        shapes = []
        for output in op.outputs:
            size += output.get_shape().num_elements() or 0
            if output.get_shape().ndims is not None:
                shapes.append(tensor_description(output))
        if print_info:
            print(op.name, "\t->", ", ".join(shapes), "[" + str(size) + "]")
        total += size
    return total


@export("contrib.slim.model_analyzer.analyze_vars")
def analyze_vars(variables: Any, print_info: bool = False) -> tuple[int, int]:
    """How many numbers and bytes variables hold.

    Args:
      print_info: whether to print each.
    """
    if print_info:
        print("---------")
        print("Variables: name (type shape) [size]")
        print("---------")
    total, total_bytes = 0, 0
    for var in variables:
        size = var.get_shape().num_elements() or 0
        number = size * var.dtype.size
        total += size
        total_bytes += number
        if print_info:
            print(var.name, tensor_description(var), f"[{size}, bytes: {number}]")
    if print_info:
        print(f"Total size of variables: {total}")
        print(f"Total bytes of variables: {total_bytes}")
    return total, total_bytes


@export("contrib.slim.queues.NestedQueueRunnerError")
class NestedQueueRunnerError(Exception):
    """The threads of queues run already."""


_running = threading.local()


@export("contrib.slim.queues.QueueRunners")
@contextmanager
def QueueRunners(session: Any) -> Iterator[None]:
    """A context in which the threads that fill queues run; at its end they stop.

    Args:
      session: the session that they use.

    Raises:
      NestedQueueRunnerError: it is inside another.
    """
    if getattr(_running, "depth", 0):
        raise NestedQueueRunnerError("QueueRunners cannot be nested")
    _running.depth = 1
    coordinator = Coordinator()
    threads: list[Any] = []
    for runner in get_default_graph().get_collection(GraphKeys.QUEUE_RUNNERS):
        threads.extend(runner.create_threads(session, coord=coordinator, daemon=True, start=True))
    try:
        yield
    finally:
        _running.depth = 0
        coordinator.request_stop()
        coordinator.join(threads, stop_grace_period_secs=120)
