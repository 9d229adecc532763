"""AdagradDAOptimizer: Adagrad with dual averaging, for sparse linear models."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.ops import raw
from tfmagic.ops.math.cast import cast
from tfmagic.tf.train.optimizer import Optimizer, like


@export("train.AdagradDAOptimizer")
class AdagradDAOptimizer(Optimizer):
    """Adagrad with dual averaging: a variable follows from the sums of its gradients.

    Args:
      learning_rate: a number or a tensor.
      global_step: the int64 step that the averages count.
      initial_gradient_squared_accumulator_value: what the sums of squares begin with; positive.
      l1_regularization_strength, l2_regularization_strength: penalties, zero or more.

    Raises:
      ValueError: `initial_gradient_squared_accumulator_value` is not positive.
    """

    def __init__(self, learning_rate: Any, global_step: Any, initial_gradient_squared_accumulator_value: float = 0.1,
                 l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0,
                 use_locking: bool = False, name: str = "AdagradDA"):
        if initial_gradient_squared_accumulator_value <= 0.0:
            raise ValueError("initial_gradient_squared_accumulator_value must be positive: "
                             f"{initial_gradient_squared_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_value = initial_gradient_squared_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._global_step = global_step
        self._learning_rate_tensor: Any = None
        self._next_step: Any = None

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            with get_default_graph().colocate_with(var.op):
                dtype = var.dtype.base_dtype
                total = constant(0.0, shape=var.shape, dtype=dtype)
                squares = constant(self._initial_value, shape=var.shape, dtype=dtype)
            self._get_or_make_slot(var, total, "gradient_accumulator", self._name)
            self._get_or_make_slot(var, squares, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        self._learning_rate_tensor = convert_to_tensor(self._learning_rate, name="learning_rate")
        with get_default_graph().colocate_with(self._learning_rate_tensor.op):
            self._next_step = raw.identity(self._global_step) + 1

    def _arguments(self, var: Any, like_what: Any) -> tuple[Any, Any, tuple[Any, ...]]:
        """The slots, and the settings in the order of the ops' arguments."""
        total = self.get_slot(var, "gradient_accumulator")
        squares = self.get_slot(var, "gradient_squared_accumulator")
        with get_default_graph().device(var.device):
            step = raw.identity(self._next_step)
        dtype = like_what.dtype.base_dtype
        return total, squares, (like(self._learning_rate_tensor, like_what), cast(self._l1, dtype),
                                cast(self._l2, dtype), step)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        total, squares, settings = self._arguments(var, var)
        return raw.apply_adagrad_da(var, total, squares, grad, *settings, use_locking=self._use_locking)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        total, squares, settings = self._arguments(handle, grad)
        return raw.resource_apply_adagrad_da(handle.handle, total.handle, squares.handle, grad, *settings,
                                             use_locking=self._use_locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        total, squares, settings = self._arguments(var, var)
        return raw.sparse_apply_adagrad_da(var, total, squares, grad.values, grad.indices, *settings,
                                           use_locking=self._use_locking)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        total, squares, settings = self._arguments(handle, grad)
        return raw.resource_sparse_apply_adagrad_da(handle.handle, total.handle, squares.handle, grad, indices,
                                                    *settings, use_locking=self._use_locking)
