"""MomentumOptimizer: gradient descent that keeps moving."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import raw
from tfmagic.tf.train.optimizer import Optimizer, like


@export("train.MomentumOptimizer")
class MomentumOptimizer(Optimizer):
    """Momentum, and Nesterov's accelerated gradient.

    Args:
      learning_rate: a number, a tensor, or a function without arguments.
      momentum: the part of the last step that is kept; likewise.
      use_nesterov: whether to look ahead.
    """

    def __init__(self, learning_rate: Any, momentum: Any, use_locking: bool = False, name: str = "Momentum",
                 use_nesterov: bool = False):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov
        self._learning_rate_tensor: Any = None
        self._momentum_tensor: Any = None

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._hyper(self._learning_rate, "learning_rate")
        self._momentum_tensor = self._hyper(self._momentum, "momentum")

    def _options(self) -> dict[str, bool]:
        return {"use_locking": self._use_locking, "use_nesterov": self._use_nesterov}

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_momentum(var, self.get_slot(var, "momentum"), like(self._learning_rate_tensor, var), grad,
                                  like(self._momentum_tensor, var), **self._options()).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        slot = self.get_slot(handle, "momentum")
        return raw.resource_apply_momentum(handle.handle, slot.handle, like(self._learning_rate_tensor, grad), grad,
                                           like(self._momentum_tensor, grad), **self._options())

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return raw.sparse_apply_momentum(
            var, self.get_slot(var, "momentum"), like(self._learning_rate_tensor, var), grad.values, grad.indices,
            like(self._momentum_tensor, var), **self._options()).op

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        slot = self.get_slot(handle, "momentum")
        return raw.resource_sparse_apply_momentum(
            handle.handle, slot.handle, like(self._learning_rate_tensor, grad), grad, indices,
            like(self._momentum_tensor, grad), **self._options())
