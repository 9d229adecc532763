"""Random Fourier features, whose products are about those of the Gaussian kernel; the hinge loss of several classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api


class InvalidShapeError(Exception):
    """A tensor has another shape than a mapper takes."""


class DenseKernelMapper:
    """What maps dense features to others."""

    def map(self, input_tensor: Any) -> Any:
        """The features of each row."""
        raise NotImplementedError("map is not implemented for DenseKernelMapper.")


@export("contrib.kernel_methods.RandomFourierFeatureMapper")
class RandomFourierFeatureMapper(DenseKernelMapper):
    """Random features: sqrt(2 / output_dim) * cos(x W + b), with W and b drawn once.

    Args:
      input_dim, output_dim: how many features a row has before and after.
      stddev: the width of the kernel.
      seed: of W and b.
      name: by default one of this object.
    """

    def __init__(self, input_dim: int, output_dim: int, stddev: float = 1.0, seed: int = 1, name: str | None = None):
        self._input_dim = input_dim
        self._output_dim = output_dim
        self._stddev = stddev
        self._seed = seed
        self._name = name

    @property
    def name(self) -> Any:
        """The name given, else a number."""
        return self._name or id(self)

    @property
    def input_dim(self) -> int:
        """How many features a row has."""
        return self._input_dim

    @property
    def output_dim(self) -> int:
        """How many features a row is given."""
        return self._output_dim

    def map(self, input_tensor: Any) -> Any:
        """float32 of shape [batch, input_dim] -> [batch, output_dim].

        Raises:
          InvalidShapeError: another shape.
        """
        shape = input_tensor.get_shape().as_list()
        if len(shape) != 2:
            raise InvalidShapeError(f"The shape of the tensor should be 2. Got {len(shape)} instead.")
        if shape[1] != self._input_dim:
            raise InvalidShapeError(f"Invalid dimension: expected {self._input_dim} input features, got {shape[1]} "
                                    "instead.")
        chance = np.random.RandomState(self._seed)
        omega = api.constant(chance.normal(scale=1.0 / self._stddev, size=[self._input_dim, self._output_dim]),
                             dtype=dtypes.float32)
        shift = api.constant(chance.uniform(low=0.0, high=2 * math.pi, size=self._output_dim), dtype=dtypes.float32)
        return math.sqrt(2.0 / self._output_dim) * api.cos(api.add(api.matmul(input_tensor, omega), shift))


@export("contrib.kernel_methods.sparse_multiclass_hinge_loss")
def sparse_multiclass_hinge_loss(labels: Any, logits: Any, weights: Any = 1.0, scope: str | None = None,
                                 loss_collection: str | None = GraphKeys.LOSSES,
                                 reduction: str = "weighted_sum_by_nonzero_weights") -> Any:
    """By how much the best logit of another class, plus 1, exceeds the logit of the class that is right.

    Args:
      labels: integers of shape [batch] or [batch, 1].
      logits: float32 of shape [batch, classes].
      weights: a scalar, or one for each example.
      scope: of the nodes.
      loss_collection: the collection that the loss is added to.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: other shapes, or labels that are not integers.
    """
    with name_scope(scope, "sparse_multiclass_hinge_loss", (logits, labels)) as scope:
        shape = logits.get_shape()
        if shape.ndims != 2:
            raise ValueError("logits should have rank 2 ([batch_size, num_classes]). Given rank is "
                             f"{len(shape)}")
        sizes = api.shape(logits)
        batch, classes = sizes[0], sizes[1]
        if labels.dtype not in (dtypes.int32, dtypes.int64):
            raise ValueError(f"Invalid dtype for labels: {labels.dtype}. Acceptable dtypes: int32 and int64")
        in_range = api.assert_less(labels, api.cast(classes, labels.dtype))
        with get_default_graph().control_dependencies([in_range]):
            labels = api.reshape(labels, [-1])
        weights = api.convert_to_tensor(weights)
        if weights.get_shape().ndims:
            weights = api.reshape(weights, [-1])
        numbers = api.reshape(api.range(batch), [batch, 1])
        places = api.concat([numbers, api.reshape(api.cast(labels, dtypes.int32), [batch, 1])], axis=1)
        right = api.reshape(api.gather_nd(logits, places), [batch, 1])
        others = api.one_hot(labels, classes, on_value=0.0, off_value=1.0)
        losses = api.reduce_max(api.nn.relu(logits - right + others), 1)
        return api.losses.compute_weighted_loss(losses, weights, scope, loss_collection, reduction=reduction)
