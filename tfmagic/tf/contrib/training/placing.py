"""Strategies for `tf.train.replica_device_setter`: which parameter server holds a variable."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base.export import export


@export("contrib.training.RandomStrategy")
class RandomStrategy:
    """Chooses the task by a hash of the operation's name: as good as at random, and the same in every process.

    Args:
      num_ps_tasks: how many tasks there are.
      seed: other seeds give other choices.
    """

    def __init__(self, num_ps_tasks: int, seed: int = 0):
        self._num_tasks = num_ps_tasks
        self._seed = seed

    def __call__(self, op: Any) -> int:
        """The number of a task for an operation."""
        digest = hashlib.md5(f"{op.name}_{self._seed}".encode(), usedforsecurity=False)
        return int(digest.hexdigest(), 16) % self._num_tasks


@export("contrib.training.GreedyLoadBalancingStrategy")
class GreedyLoadBalancingStrategy:
    """Chooses the task that holds the least.

    Args:
      num_tasks: how many tasks there are.
      load_fn: a function of an operation that gives its load, as `byte_size_load_fn` does.
    """

    def __init__(self, num_tasks: int, load_fn: Callable[[Any], float]):
        self._num_tasks = num_tasks
        self._load_fn = load_fn
        self._ps_loads = np.zeros(num_tasks)

    def __call__(self, op: Any) -> int:
        """The number of a task for an operation, whose load that task then has."""
        task = int(np.argmin(self._ps_loads))
        self._ps_loads[task] += self._load_fn(op)
        return task


@export("contrib.training.byte_size_load_fn")
def byte_size_load_fn(op: Any) -> int:
    """How many bytes the output of an operation has.

    Raises:
      ValueError: it has not one output, or its shape is not fully known.
    """
    if len(op.outputs) != 1:
        raise ValueError(f"Op {op} must have a single output")
    output = op.outputs[0]
    output.shape.assert_is_fully_defined()
    return output.shape.num_elements() * output.dtype.size
