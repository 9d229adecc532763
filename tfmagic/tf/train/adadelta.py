"""AdadeltaOptimizer: steps scaled by the root mean squares of gradients and of former steps."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import raw
from tfmagic.tf.train.optimizer import Optimizer, like


@export("train.AdadeltaOptimizer")
class AdadeltaOptimizer(Optimizer):
    """Adadelta.

    Args:
      learning_rate, rho, epsilon: numbers, tensors, or functions without arguments.
    """

    def __init__(self, learning_rate: Any = 0.001, rho: Any = 0.95, epsilon: Any = 1e-8, use_locking: bool = False,
                 name: str = "Adadelta"):
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._rho = rho
        self._epsilon = epsilon
        self._settings: tuple[Any, ...] = ()

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "accum", self._name)
            self._zeros_slot(var, "accum_update", self._name)

    def _prepare(self) -> None:
        self._settings = (self._hyper(self._lr, "lr"), self._hyper(self._rho, "rho"),
                          self._hyper(self._epsilon, "epsilon"))

    def _like(self, what: Any) -> list[Any]:
        return [like(setting, what) for setting in self._settings]

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_adadelta(var, self.get_slot(var, "accum"), self.get_slot(var, "accum_update"),
                                  *self._like(var), grad, use_locking=self._use_locking)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return raw.resource_apply_adadelta(
            handle.handle, self.get_slot(handle, "accum").handle, self.get_slot(handle, "accum_update").handle,
            *self._like(grad), grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return raw.sparse_apply_adadelta(var, self.get_slot(var, "accum"), self.get_slot(var, "accum_update"),
                                         *self._like(var), grad.values, grad.indices, use_locking=self._use_locking)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return raw.resource_sparse_apply_adadelta(
            handle.handle, self.get_slot(handle, "accum").handle, self.get_slot(handle, "accum_update").handle,
            *self._like(grad), grad, indices, use_locking=self._use_locking)
