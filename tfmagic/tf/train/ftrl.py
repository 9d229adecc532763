"""FtrlOptimizer: follow the regularised leader, with L1 and L2 penalties."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.ops import raw
from tfmagic.tf.train.optimizer import Optimizer, like


@export("train.FtrlOptimizer")
class FtrlOptimizer(Optimizer):
    """FTRL-proximal.

    Args:
      learning_rate: a number or a tensor.
      learning_rate_power: how the rate falls with the sums of squares; zero (a fixed rate) or less.
      initial_accumulator_value: what the sums of squares begin with; zero or more.
      l1_regularization_strength, l2_regularization_strength: penalties of the variable, zero or more.
      accum_name, linear_name: names of the slots, by default that of the optimizer.
      l2_shrinkage_regularization_strength: a penalty that acts on the gradient, zero or more.

    Raises:
      ValueError: a setting is out of its range.
    """

    def __init__(self, learning_rate: Any, learning_rate_power: float = -0.5, initial_accumulator_value: float = 0.1,
                 l1_regularization_strength: float = 0.0, l2_regularization_strength: float = 0.0,
                 use_locking: bool = False, name: str = "Ftrl", accum_name: str | None = None,
                 linear_name: str | None = None, l2_shrinkage_regularization_strength: float = 0.0):
        super().__init__(use_locking, name)
        for what, value in (("initial_accumulator_value", initial_accumulator_value),
                            ("l1_regularization_strength", l1_regularization_strength),
                            ("l2_regularization_strength", l2_regularization_strength),
                            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength)):
            if value < 0.0:
                raise ValueError(f"{what} {value:f} needs to be positive or zero")
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power:f} needs to be negative or zero")
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._l2_shrinkage = l2_shrinkage_regularization_strength
        self._accum_name = accum_name
        self._linear_name = linear_name
        self._settings: tuple[Any, ...] = ()

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            with get_default_graph().colocate_with(var):
                first = constant(self._initial_accumulator_value, dtype=var.dtype.base_dtype, shape=var.shape)
                self._get_or_make_slot(var, first, "accum", self._accum_name or self._name)
            self._zeros_slot(var, "linear", self._linear_name or self._name)

    def _prepare(self) -> None:
        settings = [convert_to_tensor(self._learning_rate, name="learning_rate"),
                    convert_to_tensor(self._l1, name="l1_regularization_strength"),
                    convert_to_tensor(self._l2, name="l2_regularization_strength"),
                    convert_to_tensor(self._l2_shrinkage, name="l2_shrinkage_regularization_strength"),
                    convert_to_tensor(self._learning_rate_power, name="learning_rate_power")]
        if self._l2_shrinkage <= 0.0:
            del settings[3]
        self._settings = tuple(settings)

    def _arguments(self, form: str, var: Any, like_what: Any) -> tuple[Any, Any, Any, list[Any]]:
        """The function of the op in the form asked for, the slots, and the settings."""
        function = getattr(raw, f"{form}_ftrl{'_v2' if self._l2_shrinkage > 0.0 else ''}")
        return (function, self.get_slot(var, "accum"), self.get_slot(var, "linear"),
                [like(setting, like_what) for setting in self._settings])

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        apply, accum, linear, settings = self._arguments("apply", var, var)
        return apply(var, accum, linear, grad, *settings, use_locking=self._use_locking)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        apply, accum, linear, settings = self._arguments("resource_apply", handle, handle)
        return apply(handle.handle, accum.handle, linear.handle, grad, *settings, use_locking=self._use_locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        apply, accum, linear, settings = self._arguments("sparse_apply", var, var)
        return apply(var, accum, linear, grad.values, grad.indices, *settings, use_locking=self._use_locking)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        apply, accum, linear, settings = self._arguments("resource_sparse_apply", handle, grad)
        return apply(handle.handle, accum.handle, linear.handle, grad, indices, *settings,
                     use_locking=self._use_locking)
