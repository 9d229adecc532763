"""AdagradOptimizer: steps that shrink with the squares of all gradients so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import raw
from tfmagic.ops.math.cast import cast
from tfmagic.tf.initializers.kinds import Constant
from tfmagic.tf.train.optimizer import Optimizer, like


def check_first_sum(value: float) -> None:
    """Refuse what sums of squares cannot begin with.

    Raises:
      ValueError: it is not positive.
    """
    if value <= 0.0:
        raise ValueError(f"initial_accumulator_value must be positive: {value}")


@export("train.AdagradOptimizer")
class AdagradOptimizer(Optimizer):
    """Adagrad.

    Args:
      learning_rate: a number, a tensor, or a function without arguments.
      initial_accumulator_value: what the sums of squares begin with; positive.

    Raises:
      ValueError: `initial_accumulator_value` is not positive.
    """

    def __init__(self, learning_rate: Any, initial_accumulator_value: float = 0.1, use_locking: bool = False,
                 name: str = "Adagrad"):
        check_first_sum(initial_accumulator_value)
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._learning_rate_tensor: Any = None

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            dtype = var.dtype.base_dtype
            first = Constant(self._initial_accumulator_value) if var.shape.is_fully_defined() \
                else self._filled_like(var, dtype)
            self._get_or_make_slot_with_initializer(var, first, var.shape, dtype, "accumulator", self._name)

    def _filled_like(self, var: Any, dtype: Any) -> Callable[[], Any]:
        """The first value where the shape is known by the run alone."""
        return lambda: cast(raw.fill(raw.shape(var), self._initial_accumulator_value), dtype)

    def _prepare(self) -> None:
        self._learning_rate_tensor = self._hyper(self._learning_rate, "learning_rate")

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_adagrad(var, self.get_slot(var, "accumulator"), like(self._learning_rate_tensor, var), grad,
                                 use_locking=self._use_locking)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return raw.resource_apply_adagrad(handle.handle, self.get_slot(handle, "accumulator").handle,
                                          like(self._learning_rate_tensor, grad), grad,
                                          use_locking=self._use_locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return raw.sparse_apply_adagrad(var, self.get_slot(var, "accumulator"), like(self._learning_rate_tensor, var),
                                        grad.values, grad.indices, use_locking=self._use_locking)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return raw.resource_sparse_apply_adagrad(handle.handle, self.get_slot(handle, "accumulator").handle,
                                                 like(self._learning_rate_tensor, grad), grad, indices,
                                                 use_locking=self._use_locking)
