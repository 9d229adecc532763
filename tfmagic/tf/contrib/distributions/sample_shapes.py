"""Tensors of samples: which dimensions are samples, batch and event, and matrices of events and samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.distributions.choices import pick_vector
from tfmagic.tf.linalg.operators.broadcasting import rotate_transpose


class SampleShapes:
    """How the dimensions of a tensor of samples divide.

    Args:
      batch_ndims: how many are the batch.
      event_ndims: how many are the event.
    """

    def __init__(self, batch_ndims: Any, event_ndims: Any):
        with name_scope("DistributionShape"), name_scope("init"):
            self.batch_ndims = convert_to_tensor(batch_ndims, name="batch_ndims")
            self.event_ndims = convert_to_tensor(event_ndims, name="event_ndims")
            self._event_is_scalar = self._is_zero(self.event_ndims)

    @staticmethod
    def _is_zero(ndims: Tensor) -> Any:
        known = constant_value(ndims)
        return api.equal(ndims, 0) if known is None else bool(known == 0)

    @contextmanager
    def _scope(self, name: str) -> Iterator[None]:
        with name_scope("DistributionShape"), name_scope(name):
            yield

    def _rank(self, x: Tensor) -> Tensor:
        with self._scope("get_shape"):
            rank = x.get_shape().ndims
            if rank is None:
                return api.rank(x, name="ndims")
            return convert_to_tensor(rank, dtype=dtypes.int32, name="ndims")

    def _sample_rank(self, x: Tensor) -> Tensor:
        with self._scope("get_shape"):
            rank = self._rank(x)
            known = [constant_value(one) for one in (rank, self.batch_ndims, self.event_ndims)]
            if None in [None if one is None else 0 for one in known]:
                with name_scope("sample_ndims"):
                    return rank - self.batch_ndims - self.event_ndims
            left = int(known[0] - known[1] - known[2])
            if left < 0:
                raise ValueError(f"expected batch_ndims({int(known[1])}) + event_ndims({int(known[2])}) <= "
                                 f"ndims({int(known[0])})")
            return convert_to_tensor(left, name="sample_ndims")

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The shapes of samples, batch and event."""
        with self._scope("get_shape"):
            samples = self._sample_rank(x)
            return (self._part(x, [], samples, "sample_shape"),
                    self._part(x, [samples], self.batch_ndims, "batch_shape"),
                    self._part(x, [samples, self.batch_ndims], self.event_ndims, "event_shape"))

    @staticmethod
    def _part(x: Tensor, before: list[Tensor], size: Tensor, name: str) -> Tensor:
        before = before or [api.zeros([], dtype=dtypes.int32, name="zero")]
        known = [constant_value(one) for one in [size, *before]]
        if x.get_shape().ndims is not None and all(one is not None for one in known):
            start = sum(int(one) for one in known[1:])
            dims = x.get_shape()[start:start + int(known[0])].as_list()
            if None not in dims:
                return convert_to_tensor(dims, dtype=dtypes.int32, name=name)
        return api.slice(api.shape(x), [sum(before)], [size])

    def as_matrices(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """For each of the batch a matrix of events and samples, and the shape of the samples."""
        with self._scope("make_batch_of_event_sample_matrices"):
            samples, batch, event = self.parts(x)
            event = pick_vector(self._event_is_scalar, [1], event)
            x = api.reshape(x, api.concat([[-1], batch, event], 0))
            return rotate_transpose(x, shift=-1), samples

    def from_matrices(self, x: Tensor, sample_shape: Tensor) -> Tensor:
        """What `as_matrices` did, undone."""
        with self._scope("undo_make_batch_of_event_sample_matrices"):
            x = rotate_transpose(x, shift=1)
            _, batch, event = self.parts(x)
            return api.reshape(x, api.concat([sample_shape, batch, event], 0))
