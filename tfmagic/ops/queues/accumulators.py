"""Accumulators: what a session keeps of one. Gradients are summed up, and taken when there are enough of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.queues.queue_ops import old_handle
from tfmagic.ops.queues.waiting import Attempt, Waiting, kept, own_name


class Accumulator(Waiting):
    """The sum, or the mean, of gradients of the present step; what comes late is left out.

    Args:
      op: the node that makes it.
      pause: see `Waiting`.
    """

    def __init__(self, op: Any, pause: Callable[[Any], None]):
        super().__init__(pause, lines=1)
        self.name = own_name(op)
        self.dims: Dims = op._attrs["shape"]._dims
        mode = op._attrs["reduction_type"]
        self._mean = (mode.decode() if isinstance(mode, bytes) else mode) == "MEAN"
        self._step = 0
        self._count = 0
        self._sum: Any = None

    def apply(self, local_step: Any, *gradient: Any) -> None:
        """Add a gradient, unless its step is over.

        Raises:
          InvalidArgumentError: it has another shape.
        """
        with self._lock:
            if int(local_step) < self._step:
                return
            self._check(*gradient)
            self._add(*gradient)
            self._count += 1
            self._flush()

    def take(self, required: Any) -> Any:
        """The result of at least so many gradients, when there are as many; the next step begins.

        Raises:
          InvalidArgumentError: `required` is not positive.
        """
        least = int(required)
        if least <= 0:
            raise errors.InvalidArgumentError(None, None, f"Argument num_required must be positive, but was {least}")

        def step(attempt: Attempt) -> bool:
            if self._count < least:
                return False
            result = self._result()
            self._sum, self._count = None, 0
            self._step += 1
            attempt.end(result)
            return True

        return self._attempt(0, step, "TakeGrad operation was cancelled")

    def set_step(self, step: Any) -> None:
        """Set the present step: gradients of earlier ones are left out."""
        with self._lock:
            self._step = int(step)

    def count(self) -> Any:
        """How many gradients there are, as a tensor."""
        return torch.tensor(self._count, dtype=torch.int32)

    def _check(self, *gradient: Any) -> None:
        raise NotImplementedError

    def _add(self, *gradient: Any) -> None:
        raise NotImplementedError

    def _result(self) -> Any:
        raise NotImplementedError


class Dense(Accumulator):
    """Gradients that are tensors of one shape."""

    def _check(self, *gradient: Any) -> None:
        have = tuple(gradient[0].shape)
        for wanted in (self.dims, None if self._sum is None else tuple(self._sum.shape)):
            if not shapes.compatible(wanted, have):
                raise invalid(f"Shape mismatch: expected {shapes.brackets(wanted)}, got {shapes.brackets(have)}")

    def _add(self, *gradient: Any) -> None:
        self._sum = kept(gradient[0]) if self._sum is None else self._sum + gradient[0]

    def _result(self) -> Any:
        return self._sum / self._count if self._mean else self._sum


class Sparse(Accumulator):
    """Gradients of some rows: each row is the sum, or the mean, over the gradients that have it."""

    def __init__(self, op: Any, pause: Callable[[Any], None]):
        super().__init__(op, pause)
        self.dims = self.dims or None  # () says nothing of the rows

    def _check(self, *gradient: Any) -> None:
        _, indices, values, shape = gradient
        if indices.dim() != 1:
            raise invalid("Input indices should be vector but received shape: "
                           f"{shapes.brackets(tuple(indices.shape))}")
        if not values.dim():
            raise invalid("Values cannot be 0-dimensional.")
        if len(values) != len(indices):
            raise invalid(f"Expected {len(indices)} non-empty input values, got {len(values)}")
        if self.dims is not None:
            self._check_whole(self.dims, indices, shape.tolist() if gradient[0] else None)
            if values.dim() < len(self.dims):
                raise invalid(f"Shape mismatch: expected values rank {len(self.dims)}, got {values.dim()}")
            self._check_rows(self.dims, values)
        if self._sum is not None:
            kept_shape = tuple(self._sum[1].shape)
            if len(kept_shape) != values.dim():
                raise invalid(f"Shape mismatch: expected values rank {len(kept_shape)}, got {values.dim()}")
            self._check_rows(kept_shape, values)

    @staticmethod
    def _check_rows(known: Any, values: Any) -> None:
        for axis in range(1, len(known)):
            if known[axis] is not None and known[axis] != values.shape[axis]:
                raise invalid(f"Shape mismatch: expected values dim {axis} to be {known[axis]}, got "
                              f"{values.shape[axis]}")

    @staticmethod
    def _check_whole(known: Any, indices: Any, whole: list[int] | None) -> None:
        """Check the shape of the whole tensor that a gradient says, if it does, and its rows' numbers."""
        if whole is not None and len(whole) < len(known):
            raise invalid(f"Shape mismatch: expected shape rank at least {len(known)}, got {len(whole)}")
        for axis, (wanted, have) in enumerate(zip(known, whole or ())):
            if wanted is not None and wanted != have:
                raise invalid(f"Shape mismatch: expected shape dim {axis} to be {wanted}, got {have}")
        for place, index in enumerate(indices.tolist() if known[0] is not None else ()):
            if index >= known[0]:
                raise invalid(f"Shape mismatch: index of slice {place} exceeded limits of shape; index is {index} "
                              f"exceeded {known[0]}")

    def _add(self, *gradient: Any) -> None:
        """Merge rows in the order of their numbers, as TensorFlow does: both are taken to be in order already."""
        _, indices, values, shape = gradient
        given = indices.tolist()
        rows = list(kept(values).unbind(0))
        if self._sum is None:
            self._sum = given, kept(values), [1] * len(given)
            return
        have, sums, counts = self._sum
        places: list[int] = []
        merged: list[Any] = []
        numbers: list[int] = []
        i = j = 0
        while i < len(have) or j < len(given):
            if j == len(given) or (i < len(have) and have[i] < given[j]):
                places.append(have[i])
                merged.append(sums[i])
                numbers.append(counts[i])
                i += 1
            elif i == len(have) or given[j] < have[i]:
                places.append(given[j])
                merged.append(rows[j])
                numbers.append(1)
                j += 1
            else:
                places.append(have[i])
                merged.append(sums[i] + rows[j])
                numbers.append(counts[i] + 1)
                i, j = i + 1, j + 1
        self._sum = places, torch.stack(merged) if merged else sums, numbers

    def _result(self) -> Any:
        places, sums, counts = self._sum
        if self._mean and counts:
            sums = sums / torch.tensor(counts, dtype=sums.real.dtype if sums.is_complex() else sums.dtype).reshape(
                (-1, *(1,) * (sums.dim() - 1)))
        known = [-1 if self.dims is None or self.dims[0] is None else self.dims[0], *sums.shape[1:]]
        return torch.tensor(places, dtype=torch.int64), sums, torch.tensor(known, dtype=torch.int64)



def _made(kind: type[Accumulator]) -> Any:
    return lambda op: op.constant(op.named.of(op.op, Accumulator, lambda *names: kind(op.op, op.named.pause)))


def _stepped(op: Any, handle: Dims, step: Dims, *gradient: Dims) -> tuple[()]:
    shape_rules.with_rank(step, 0)
    return ()


def _taken(op: Any, handle: Dims, required: Dims) -> Any:
    shape_rules.with_rank(required, 0)
    return None if op.op.type in _DENSE_TAKES else [None, None, None]


_DENSE_TAKES = frozenset({"AccumulatorTakeGradient", "ResourceAccumulatorTakeGradient"})

for _prefix in ("", "Resource"):
    register(f"{_prefix}ConditionalAccumulator", old_handle, _made(Dense), objects=True, effect="reads")
    register(f"{_prefix}AccumulatorApplyGradient", _stepped, lambda op, handle, step, gradient: handle.apply(
        step, gradient), objects=True, effect="writes")
    register(f"{_prefix}AccumulatorTakeGradient", _taken,
             lambda op, handle, required: handle.take(required), objects=True, effect="waits")
    register(f"{_prefix}AccumulatorNumAccumulated", shape_rules.scalar, lambda op, handle: handle.count(), objects=True,
             effect="reads")
    register(f"{_prefix}AccumulatorSetGlobalStep", _stepped, lambda op, handle, step: handle.set_step(step),
             objects=True, effect="writes")
register("SparseConditionalAccumulator", old_handle, _made(Sparse), objects=True, effect="reads")
register("SparseAccumulatorApplyGradient", _stepped,
         lambda op, handle, step, *gradient: handle.apply(step, op.has_known_shape, *gradient),
         objects=True, effect="writes")
register("SparseAccumulatorTakeGradient", _taken, lambda op, handle, required: handle.take(required),
         objects=True, effect="waits")
