"""The optimizers of tf.train on `OptimizerV2`."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.ops.array.constants import ones_like
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.contrib.optimizer_v2.optimizer import OptimizerV2, State, follows_rule
from tfmagic.tf.train import adadelta, adagrad, adam, gradient_descent, momentum, rmsprop
from tfmagic.tf.train.optimizer import Optimizer


@export("contrib.optimizer_v2.GradientDescentOptimizer")
@follows_rule
class GradientDescentOptimizer(OptimizerV2):
    """`tf.train.GradientDescentOptimizer`.

    Args:
      learning_rate: a number, a tensor, or a function without arguments.
    """

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent"):
        super().__init__(use_locking, name)
        self._set_hyper("learning_rate", learning_rate)

    def _rule(self, state: State) -> Optimizer:
        return gradient_descent.GradientDescentOptimizer(state.get_hyper("learning_rate"), self._use_locking,
                                                         self._name)


@export("contrib.optimizer_v2.MomentumOptimizer")
@follows_rule
class MomentumOptimizer(OptimizerV2):
    """`tf.train.MomentumOptimizer`.

    Args:
      learning_rate, momentum: numbers, tensors, or functions without arguments.
      use_nesterov: whether to look ahead.
    """

    def __init__(self, learning_rate: Any, momentum: Any, use_locking: bool = False, name: str = "Momentum",
                 use_nesterov: bool = False):
        super().__init__(use_locking, name)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("momentum", momentum)
        self._use_nesterov = use_nesterov

    def _rule(self, state: State) -> Optimizer:
        return momentum.MomentumOptimizer(state.get_hyper("learning_rate"), state.get_hyper("momentum"),
                                          self._use_locking, self._name, self._use_nesterov)


@export("contrib.optimizer_v2.AdagradOptimizer")
@follows_rule
class AdagradOptimizer(OptimizerV2):
    """`tf.train.AdagradOptimizer`.

    Args:
      learning_rate: a number, a tensor, or a function without arguments.
      initial_accumulator_value: what the sums of squares begin with; positive.

    Raises:
      ValueError: `initial_accumulator_value` is not positive.
    """

    def __init__(self, learning_rate: Any, initial_accumulator_value: float = 0.1, use_locking: bool = False,
                 name: str = "Adagrad"):
        adagrad.check_first_sum(initial_accumulator_value)
        super().__init__(use_locking, name)
        self._set_hyper("learning_rate", learning_rate)
        self._initial_accumulator_value = initial_accumulator_value

    def _rule(self, state: State) -> Optimizer:
        return adagrad.AdagradOptimizer(state.get_hyper("learning_rate"), self._initial_accumulator_value,
                                        self._use_locking, self._name)


@export("contrib.optimizer_v2.AdadeltaOptimizer")
@follows_rule
class AdadeltaOptimizer(OptimizerV2):
    """`tf.train.AdadeltaOptimizer`.

    Args:
      learning_rate, rho, epsilon: numbers, tensors, or functions without arguments.
    """

    def __init__(self, learning_rate: Any = 0.001, rho: Any = 0.95, epsilon: Any = 1e-8, use_locking: bool = False,
                 name: str = "Adadelta"):
        super().__init__(use_locking, name)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("rho", rho)
        self._set_hyper("epsilon", epsilon)

    def _rule(self, state: State) -> Optimizer:
        return adadelta.AdadeltaOptimizer(state.get_hyper("learning_rate"), state.get_hyper("rho"),
                                          state.get_hyper("epsilon"), self._use_locking, self._name)


@export("contrib.optimizer_v2.RMSPropOptimizer")
@follows_rule
class RMSPropOptimizer(OptimizerV2):
    """`tf.train.RMSPropOptimizer`, whose mean squares begin with epsilon instead of being added to it.

    Args:
      learning_rate, decay, momentum, epsilon: numbers, tensors, or functions without arguments.
      centered: whether to scale by the gradients' variance instead of their mean square.
    """

    def __init__(self, learning_rate: Any, decay: Any = 0.9, momentum: Any = 0.0, epsilon: Any = 1e-10,
                 use_locking: bool = False, centered: bool = False, name: str = "RMSProp"):
        super().__init__(use_locking, name)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("decay", decay)
        self._set_hyper("momentum", momentum)
        self._set_hyper("epsilon", epsilon)
        self._centered = centered

    def _rule(self, state: State) -> Optimizer:
        return _WithoutEpsilon(state.get_hyper("learning_rate"), state.get_hyper("decay"), state.get_hyper("momentum"),
                               0.0, self._use_locking, self._centered, self._name)

    def _create_vars(self, var_list: list[Any], state: State) -> None:
        for var in var_list:
            state.create_slot(var, state.get_hyper("epsilon", var.dtype.base_dtype) * ones_like(var), "rms")
            if self._centered:
                state.zeros_slot(var, "mg")
            state.zeros_slot(var, "momentum")


class _WithoutEpsilon(rmsprop.RMSPropOptimizer):
    """RMSProp whose nodes have a constant 0 each for epsilon."""

    def _prepare(self) -> None:
        self._settings = self._learning_rate, self._decay, self._momentum

    def _arguments(self, form: str, var: Any, like_what: Any) -> tuple[Any, list[Any], list[Any]]:
        function, slots, settings = super()._arguments(form, var, like_what)
        return function, slots, [*settings, 0.0]


@export("contrib.optimizer_v2.AdamOptimizer")
@follows_rule
class AdamOptimizer(OptimizerV2):
    """`tf.train.AdamOptimizer`.

    Args:
      learning_rate, beta1, beta2, epsilon: numbers, tensors, or functions without arguments.
    """

    def __init__(self, learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999, epsilon: Any = 1e-8,
                 use_locking: bool = False, name: str = "Adam"):
        super().__init__(use_locking, name)
        self._set_hyper("learning_rate", learning_rate)
        self._set_hyper("beta1", beta1)
        self._set_hyper("beta2", beta2)
        self._set_hyper("epsilon", epsilon)

    def _rule(self, state: State) -> Optimizer:
        return adam.AdamOptimizer(state.get_hyper("learning_rate"), state.get_hyper("beta1"), state.get_hyper("beta2"),
                                  state.get_hyper("epsilon"), self._use_locking, self._name)

    def _create_vars(self, var_list: list[Any], state: State) -> None:
        for beta in ("beta1", "beta2"):  # before the rule looks for them: plain variables whatever is trained
            state.create_non_slot(state.get_hyper(beta), f"{beta}_power")
        state.rule._create_slots(var_list)

    def _finish(self, state: State) -> Any:  # type: ignore[override]
        changes = []
        for beta in ("beta1", "beta2"):
            power = state.get_non_slot(f"{beta}_power")
            changes.append(power.assign(power * state.get_hyper(beta), use_locking=self._use_locking))
        return group(*changes)
