"""Dimensions that are put between those of mixtures, and moments of mixtures."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api


def _batch_rank(distribution: Any) -> Any:
    rank = distribution.batch_shape.ndims
    return api.shape(distribution.batch_shape_tensor())[0] if rank is None else rank


def pad_mixture_dimensions(x: Tensor, mixture_distribution: Any, categorical_distribution: Any,
                           event_ndims: int) -> Tensor:
    """Weights [..., components] with dimensions of size 1 for the batch that they lack, and for events.

    Args:
      x: the weights.
      mixture_distribution: the distribution whose samples are weighted.
      categorical_distribution: the one whose components they weigh.
      event_ndims: how many dimensions an event has.
    """
    with name_scope("pad_mix_dims", values=[x]):
        whole, own = _batch_rank(mixture_distribution), _batch_rank(categorical_distribution)
        missing = api.where_v2(categorical_distribution.is_scalar_batch(), whole, whole - own)
        shape = api.shape(x)
        return api.reshape(x, shape=api.concat([
            shape[:-1], api.ones([missing], dtype=dtypes.int32), shape[-1:],
            api.ones([event_ndims], dtype=dtypes.int32)], axis=0))


def one_hot_mask(drawn: Tensor, components: Any, dtype: Any) -> Tensor:
    """Ones of a type where a component is drawn, zeros elsewhere."""
    kind = dtype.as_numpy_dtype
    return api.one_hot(drawn, components, on_value=np.ones([], kind), off_value=np.zeros([], kind))


def mixture_stddev(mixture_weight_vector: Tensor, mean_vector: Tensor, stddev_vector: Tensor) -> Tensor:
    """The standard deviations of mixtures.

    Args:
      mixture_weight_vector: [n, components], probabilities.
      mean_vector: [n, components].
      stddev_vector: [n, components].

    Returns:
      A tensor [n].

    Raises:
      ValueError: the three have several shapes.
    """
    for what, tensor in (("means", mean_vector), ("stddevs", stddev_vector)):
        if not tensor.get_shape().is_compatible_with(mixture_weight_vector.get_shape()):
            raise ValueError(f"Expecting {what} to have same shape as mixture weights.")
    mixture_weight_vector = api.expand_dims(mixture_weight_vector, axis=1)
    mean_vector = api.expand_dims(mean_vector, axis=2)
    stddev_vector = api.expand_dims(stddev_vector, axis=2)
    mean = api.reshape(api.matmul(mixture_weight_vector, mean_vector), [-1])
    mean_variance = api.reshape(api.matmul(mixture_weight_vector, api.square(stddev_vector)), [-1])
    mean_square = api.reshape(api.matmul(mixture_weight_vector, api.square(mean_vector)), [-1])
    return api.sqrt(mean_variance + mean_square - api.square(mean))
