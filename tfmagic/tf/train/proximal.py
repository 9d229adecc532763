"""Proximal optimizers: gradient descent and Adagrad with a proximal step for L1 and L2 penalties."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.ops import raw
from tfmagic.tf.train.optimizer import Optimizer, like


class _Proximal(Optimizer):
    """What both have in common: a learning rate and two penalties."""

    def __init__(self, learning_rate: Any, l1_regularization_strength: Any, l2_regularization_strength: Any,
                 use_locking: bool, name: str):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._settings: tuple[Any, ...] = ()

    def _prepare(self) -> None:
        self._settings = (convert_to_tensor(self._learning_rate, name="learning_rate"),
                          convert_to_tensor(self._l1, name="l1_regularization_strength"),
                          convert_to_tensor(self._l2, name="l2_regularization_strength"))

    def _like(self, what: Any) -> list[Any]:
        return [like(setting, what) for setting in self._settings]


@export("train.ProximalAdagradOptimizer")
class ProximalAdagradOptimizer(_Proximal):
    """Proximal Adagrad.

    Args:
      learning_rate: a number or a tensor.
      initial_accumulator_value: what the sums of squares begin with; positive.
      l1_regularization_strength, l2_regularization_strength: penalties, zero or more.

    Raises:
      ValueError: `initial_accumulator_value` is not positive.
    """

    def __init__(self, learning_rate: Any, initial_accumulator_value: float = 0.1,
                 l1_regularization_strength: Any = 0.0, l2_regularization_strength: Any = 0.0,
                 use_locking: bool = False, name: str = "ProximalAdagrad"):
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(learning_rate, l1_regularization_strength, l2_regularization_strength, use_locking, name)
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            with get_default_graph().colocate_with(var.op):
                first = constant(self._initial_accumulator_value, shape=var.shape, dtype=var.dtype.base_dtype)
            self._get_or_make_slot(var, first, "accumulator", self._name)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_proximal_adagrad(var, self.get_slot(var, "accumulator"), *self._settings, grad,
                                          use_locking=self._use_locking)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return raw.resource_apply_proximal_adagrad(handle.handle, self.get_slot(handle, "accumulator").handle,
                                                   *self._settings, grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return raw.sparse_apply_proximal_adagrad(var, self.get_slot(var, "accumulator"), *self._like(var),
                                                 grad.values, grad.indices, use_locking=self._use_locking)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return raw.resource_sparse_apply_proximal_adagrad(
            handle.handle, self.get_slot(handle, "accumulator").handle, *self._like(grad), grad, indices,
            use_locking=self._use_locking)


@export("train.ProximalGradientDescentOptimizer")
class ProximalGradientDescentOptimizer(_Proximal):
    """Proximal gradient descent.

    Args:
      learning_rate: a number or a tensor.
      l1_regularization_strength, l2_regularization_strength: penalties, zero or more.
    """

    def __init__(self, learning_rate: Any, l1_regularization_strength: Any = 0.0,
                 l2_regularization_strength: Any = 0.0, use_locking: bool = False,
                 name: str = "ProximalGradientDescent"):
        super().__init__(learning_rate, l1_regularization_strength, l2_regularization_strength, use_locking, name)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_proximal_gradient_descent(var, *self._settings, grad, use_locking=self._use_locking).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return raw.resource_apply_proximal_gradient_descent(handle.handle, *self._settings, grad,
                                                            use_locking=self._use_locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return raw.sparse_apply_proximal_gradient_descent(var, *self._like(var), grad.values, grad.indices,
                                                          use_locking=self._use_locking).op

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return raw.resource_sparse_apply_proximal_gradient_descent(handle.handle, *self._like(grad), grad, indices,
                                                                   use_locking=self._use_locking)
