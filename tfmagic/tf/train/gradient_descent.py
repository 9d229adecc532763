"""GradientDescentOptimizer: variables minus the learning rate times their gradients."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.ops import raw
from tfmagic.tf.train.optimizer import Optimizer, like


@export("train.GradientDescentOptimizer")
class GradientDescentOptimizer(Optimizer):
    """Gradient descent.

    Args:
      learning_rate: a number, a tensor, or a function without arguments.
    """

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_tensor: Any = None

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._hyper(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_gradient_descent(var, like(self._learning_rate_tensor, var), grad,
                                          use_locking=self._use_locking).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return raw.resource_apply_gradient_descent(handle.handle, like(self._learning_rate_tensor, grad), grad,
                                                   use_locking=self._use_locking)

    def _apply_sparse_duplicate_indices(self, grad: Any, var: Any) -> Any:
        delta = IndexedSlices(grad.values * like(self._learning_rate_tensor, var), grad.indices, grad.dense_shape)
        return var.scatter_sub(delta, use_locking=self._use_locking)

    def _resource_apply_sparse_duplicate_indices(self, grad: Any, handle: Any, indices: Any) -> Any:
        return raw.resource_scatter_add(handle.handle, indices, -grad * self._learning_rate)
