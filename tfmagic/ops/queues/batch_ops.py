"""Ops that compute for several runs at once: Batch and Unbatch, with their gradients, and BatchFunction."""

from __future__ import annotations

import functools
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import op, register
from tfmagic.ops.queues.gathering import Gathering, Task

_SCALAR = "Batching input tensors must have at least one dimension"
_UNSUPPORTED = frozenset({"qint8", "quint8", "qint16", "quint16", "qint32", "uint32", "uint64"})


def _rows(values: list[Any]) -> None:
    """Check what a run brings.

    Raises:
      InvalidArgumentError: the tensors have not as many rows, or there is a scalar.
    """
    for value in values:
        if not value.shape:
            raise invalid(_SCALAR)
        if value.shape[0] != values[0].shape[0]:
            raise invalid("Batching input tensors supplied in a given op invocation must have equal 0th-dimension size")


def _joined(parts: list[Any]) -> Any:
    """Rows of several tensors, one after another.

    Raises:
      InvalidArgumentError: rows have different shapes.
    """
    first = tuple(parts[0].shape)
    for place, part in enumerate(parts):
        if len(part.shape) != len(first):
            raise invalid(f"Ranks of all input tensors should match: shape[0] = {shapes.brackets(first)} vs. "
                          f"shape[{place}] = {shapes.brackets(tuple(part.shape))}")
        if tuple(part.shape[1:]) != first[1:]:
            raise invalid(f"Dimensions of inputs should match: shape[0] = {shapes.brackets(first)} vs. shape[{place}] "
                          f"= {shapes.brackets(tuple(part.shape))}")
    return np.concatenate(parts) if isinstance(parts[0], np.ndarray) else torch.cat(parts)


def _padded(parts: list[Any], rows: int, allowed: list[int]) -> Any:
    """Rows of several tensors as a batch of a size that is allowed: the first row fills it up."""
    wanted = next((size for size in allowed if size >= rows), rows)
    if wanted == rows:
        return _joined(parts)
    first = next((part[:1] for part in parts if part.shape[0]), None)
    if first is None:
        shape = (1, *parts[0].shape[1:])
        first = np.full(shape, b"", object) if isinstance(parts[0], np.ndarray) else parts[0].new_zeros(shape)
    return _joined([*parts, *[first] * (wanted - rows)])


def _batched(tasks: list[Task], allowed: list[int]) -> list[Any]:
    """The tensors of a batch."""
    rows = sum(task.size for task in tasks)
    return [_padded([task.values[place] for task in tasks], rows, allowed) for place in range(len(tasks[0].values))]


def _gathering(node: Any) -> Gathering:
    """The gathering of a node, whose attrs must make sense.

    Raises:
      InvalidArgumentError: they do not.
    """
    attrs = node.op._attrs
    allowed = attrs["allowed_batch_sizes"]
    for before, size in zip(allowed, allowed[1:]):
        if size <= before:
            raise invalid("allowed_batch_sizes entries must be monotonically increasing")
    if allowed and allowed[-1] != attrs["max_batch_size"]:
        raise invalid("final entry in allowed_batch_sizes must equal max_batch_size")
    found: Gathering = node.named.of(node.op, Gathering, lambda *names: Gathering(attrs, node.named.pause))
    return found


def _text(name: Any) -> str:
    return name.decode() if isinstance(name, bytes) else name


class _Meeting:
    """Brings the values of a Batch node to its gathering."""

    def __init__(self, node: Any):
        self._node = node

    def bring(self, *values: Any) -> tuple[Any, ...]:
        """The batch for the run that came last, nothing for the others; with the rows of each run, and the own name."""
        _rows(list(values))
        for value in self._node.op._inputs:
            if value.dtype.name in _UNSUPPORTED:
                raise invalid(f"Unsupported data type: {value.dtype.as_datatype_enum}")
        attrs = self._node.op._attrs
        return _gathering(self._node).bring(
            _text(attrs["batching_queue"]), list(values), lambda tasks: _given(tasks, attrs["allowed_batch_sizes"]))


def _given(tasks: list[Task], allowed: list[int]) -> list[tuple[Any, ...]]:
    """What a Batch node gives in each of the runs of a batch."""
    names = [random.getrandbits(63) - (random.getrandbits(1) << 63) for _ in tasks]
    index, start = [], 0
    for name, task in zip(names, tasks):
        index.append((name, start, start + task.size))
        start += task.size
    nothing = torch.empty((0, 3), dtype=torch.int64)
    empty = [np.empty(0, object) if isinstance(value, np.ndarray) else value.new_empty(0) for value in tasks[0].values]
    results = [(*empty, nothing, torch.tensor(name)) for name in names]
    results[-1] = (*_batched(tasks, allowed), torch.tensor(index, dtype=torch.int64), torch.tensor(names[-1]))
    return results


def _scalars(node: Any, tensors: list[Dims]) -> str | None:
    return _SCALAR if () in tensors else None


@op("Batch", objects=True, effect="waits", check=_scalars)
class Batch:
    """Rows that several runs bring as one batch, which the last of them gets: n tensors [rows, ...] each."""

    def shape(node, tensors):
        return [[_any_rows(dims) for dims in tensors], (None, 3), ()]

    def kernel(node, tensors):
        return node.constant(_Meeting(node)).bring(*tensors)

    def gradient(node, *grads):
        name = node.op.name
        return [raw.unbatch(grad, node.batch_index, node.id, timeout_micros=node.grad_timeout_micros,
                            shared_name=f"batch_gradient_{name}_{place}")
                for place, grad in enumerate(grads[:len(node.op.inputs)])]


def _any_rows(dims: Dims) -> Dims:
    """The shape of a batch of such tensors.

    Raises:
      ValueError: they have no rows.
    """
    if dims == ():
        raise ValueError("Out of range dim_index 0 for shape with 0 dimensions")
    return None if dims is None else (None, *dims[1:])


class _Mail:
    """What runs leave for one another under names; each name is fetched once.

    Args:
      pause: see `Gathering`.
    """

    def __init__(self, pause: Callable[[threading.Condition, float | None], None]):
        self._pause = pause
        self._changed = threading.Condition()
        self._left: dict[int, Any] = {}
        self._wanted: set[int] = set()
        self._ended = False

    def close(self) -> None:
        """End all waits: the session is closed."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _until(self, arrived: Callable[[], bool], end: float | None) -> bool:
        """Wait, at most until a time; whether it arrived."""
        while not arrived():
            if self._ended:
                raise errors.CancelledError(None, None, "The session was closed that gathers batches")
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            self._pause(self._changed, left)
        return True


class _Parts(_Mail):
    """Parts of batches, for the runs whose they are: with the time until which each is kept."""

    def fetch(self, batch: Any, index: Any, name: int, seconds: float) -> Any:
        """Leave the parts of a batch, if there is one, and take the own part."""
        end = time.monotonic() + seconds
        with self._changed:
            if name in self._wanted:
                raise errors.AlreadyExistsError(None, None, "Multiple session runs with the same batch key.")
            if index:
                total = sum(last - first for _, first, last in index)
                if total > batch.shape[0]:
                    raise invalid("Sum of split sizes must not exceed dim0-size of input tensor")
                now, start = time.monotonic(), 0
                self._left = {whose: kept for whose, kept in self._left.items() if kept[1] > now}
                for whose, first, last in index:
                    if whose in self._left:
                        raise errors.AlreadyExistsError(None, None, "Multiple tensors returned for same batch key.")
                    self._left[whose] = batch[start:start + last - first], end
                    start += last - first
                self._changed.notify_all()
            self._wanted.add(name)
            try:
                if not self._until(lambda: name in self._left, end):
                    raise errors.DeadlineExceededError(
                        None, None, "Batched data did not arrive within timeout window.")
                return self._left.pop(name)[0]
            finally:
                self._wanted.discard(name)


class _Gradients(_Mail):
    """Gradients of parts of batches, for the run that has the batch."""

    def gather(self, batch: Any, index: Any, gradient: Any, name: int) -> Any:
        """Leave a gradient; where the run has the batch, the gradients of all parts, when they are there."""
        with self._changed:
            if name in self._left:
                raise invalid("Two runs with the same batch key.")
            self._left[name] = gradient
            self._changed.notify_all()
            if not index:
                if batch.shape and batch.shape[0]:
                    del self._left[name]
                    raise invalid("batch_index is empty while the tensor isn't.")
                return gradient.new_empty(0) if isinstance(gradient, torch.Tensor) else np.empty(0, object)
            names = [whose for whose, _, _ in index]
            self._until(lambda: all(whose in self._left for whose in names), None)
            return _joined([self._left.pop(whose) for whose in names])


class _Exchange:
    """Brings the values of an Unbatch or UnbatchGrad node to the mail of its name."""

    def __init__(self, node: Any):
        self._node = node

    def _index(self, index: Any) -> list[tuple[int, int, int]]:
        if len(index.shape) != 2:  # TensorFlow means the rank, and says the rows
            raise invalid("Wrong shape for index tensor. Expected 0th dimension size to be no greater than 2; Got: "
                          f"{index.shape[0] if index.shape else 0}.")
        if index.shape[1] != 3:
            raise invalid(f"Wrong shape for index tensor. Expected 1st dimension size to be 3 ; Got: {index.shape[1]}.")
        return [tuple(row) for row in index.tolist()]

    def unbatched(self, batch: Any, index: Any, name: Any) -> Any:
        """The part of this run."""
        dtype = self._node.op._inputs[0].dtype
        if dtype.name in _UNSUPPORTED:
            raise invalid(f"Unsupported data type: {dtype.as_datatype_enum}")
        if not batch.shape:
            raise invalid("Batched tensor must have at least one dimension")
        mail = self._node.named.of(self._node.op, _Parts, lambda *names: _Parts(self._node.named.pause))
        return mail.fetch(batch, self._index(index), int(name), self._node.op._attrs["timeout_micros"] / 1e6)

    def gathered(self, batch: Any, index: Any, gradient: Any, name: Any) -> Any:
        """The gradient of the whole batch for the run that has it, nothing for the others."""
        mail = self._node.named.of(self._node.op, _Gradients, lambda *names: _Gradients(self._node.named.pause))
        return mail.gather(batch, self._index(index), gradient, int(name))


@op("Unbatch", objects=True, effect="waits")
class Unbatch:
    """The part of a batch that belongs to this run: [all rows, ...] -> [rows, ...]."""

    def shape(node, batch, index, name):
        return _any_rows(batch)

    def kernel(node, batch, index, name):
        return node.constant(_Exchange(node)).unbatched(batch, index, name)

    def gradient(node, grad):
        return raw.unbatch_grad(node.batched_tensor, node.batch_index, grad, node.id,
                                shared_name=f"unbatch_gradient_{node.op.name}"), None, None


@op("UnbatchGrad", objects=True, effect="waits")
class UnbatchGrad:
    """The gradient of a batch from those of its parts."""

    def shape(node, batch, index, gradient, name):
        return None if gradient is None else (None,) * len(gradient)

    def kernel(node, batch, index, gradient, name):
        return node.constant(_Exchange(node)).gathered(batch, index, gradient, name)


def _computed(function: Callable[..., Any], allowed: list[int], tasks: list[Task]) -> list[list[Any]]:
    """The results of a function of a batch, by the tasks in it.

    Raises:
      FailedPreconditionError: a result has not a row for each of the batch.
    """
    batch = _batched(tasks, allowed)
    results: list[list[Any]] = [[] for _ in tasks]
    for value in function(*batch):
        if not value.shape:
            raise errors.FailedPreconditionError(None, None, "Batched output tensor has 0 dimensions")
        if value.shape[0] != batch[0].shape[0]:
            raise errors.FailedPreconditionError(
                None, None, "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes "
                "of the input tensors")
        start = 0
        for task, parts in zip(tasks, results):
            parts.append(value[start:start + task.size])
            start += task.size
    return results


def _called(node: Any, values: list[Any], function: Callable[..., Any]) -> list[Any]:
    """The results of a function for the rows of this run."""
    gathering = _gathering(node)
    _rows(values)
    attrs = node.op._attrs
    made: list[Any] = gathering.bring(_text(attrs["batching_queue"]), values, functools.partial(
        _computed, function, attrs["allowed_batch_sizes"]))
    return made


register("BatchFunction", lambda node, values, captured: [shape_rules.unknown(node)] * len(node.Tout), _called,
         functions={"captured_tensors": "f"}, effect="waits")
