"""tf.train.experimental: factors by which a loss is scaled, so that small gradients of short floats do not vanish."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.base.slots import Slot
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Operation
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.control_flow.grouping import group

_variable: Any = Slot("variables of a kind")


@export("train.experimental.LossScale")
class LossScale:
    """Base of all loss scales: called, one gives the factor."""

    def __init__(self) -> None:
        self._weights: dict[tuple[str, Any], Any] = {}

    def __call__(self) -> Any:
        """The factor, a scalar tensor."""
        raise NotImplementedError("A loss scale defines __call__")

    def update(self, grads: Any) -> tuple[Operation, Any]:
        """The operation that adapts the factor to the gradients, and whether these are to be applied.

        Args:
          grads: the gradients, no longer scaled.
        """
        raise NotImplementedError("A loss scale defines update")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this loss scale again."""
        raise NotImplementedError("A loss scale defines get_config")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LossScale:
        """A loss scale from what `get_config` gave."""
        return cls(**config)

    def _add_weight(self, name: str, initial_value: Any, dtype: Any = None) -> Any:
        variable = _variable(use_resource=True, initial_value=initial_value, name=name, dtype=dtype, trainable=False)
        self._weights[name, get_default_graph()] = variable
        return variable

    def _tracked(self) -> list[tuple[str, Any]]:
        """The variables that a `tf.train.Checkpoint` saves."""
        return sorted((name, variable) for (name, graph), variable in self._weights.items()
                      if graph is get_default_graph())


@export("train.experimental.FixedLossScale")
class FixedLossScale(LossScale):
    """A factor that stays the same.

    Args:
      loss_scale_value: the factor, at least 1.

    Raises:
      ValueError: it is smaller, or no number.
    """

    def __init__(self, loss_scale_value: float):
        super().__init__()
        if not isinstance(loss_scale_value, (int, float)):
            raise ValueError("loss_scale_value must be a Python int or float.")
        if loss_scale_value < 1:
            raise ValueError("loss_scale_value must be at least 1.")
        self._loss_scale_value = float(loss_scale_value)

    def __call__(self) -> Any:
        """The factor, a scalar tensor."""
        return constant(self._loss_scale_value)

    def update(self, grads: Any) -> tuple[Operation, Any]:
        """Nothing to do, and True: the gradients are always applied."""
        return raw.no_op(), True

    def __repr__(self) -> str:
        return f"FixedLossScale({self._loss_scale_value})"

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this loss scale again."""
        return {"loss_scale_value": self._loss_scale_value}


@export("train.experimental.DynamicLossScale")
class DynamicLossScale(LossScale):
    """A factor that grows while gradients are finite, and shrinks when they are not; those are left out then.

    Args:
      initial_loss_scale: the factor to begin with.
      increment_period: after how many steps with finite gradients it grows.
      multiplier: by how much it grows or shrinks.
    """

    def __init__(self, initial_loss_scale: float = 2 ** 15, increment_period: int = 2000, multiplier: float = 2.0):
        super().__init__()
        self._initial_loss_scale = float(initial_loss_scale)
        self._increment_period = int(increment_period)
        self._multiplier = float(multiplier)
        self._current_loss_scale = self._add_weight("current_loss_scale", self._initial_loss_scale, dtypes.float32)
        self._num_good_steps = self._add_weight("good_steps", 0, dtypes.int64)

    initial_loss_scale = property(lambda self: self._initial_loss_scale)
    increment_period = property(lambda self: self._increment_period)
    multiplier = property(lambda self: self._multiplier)

    def __call__(self) -> Any:
        """The factor, a scalar tensor."""
        return api.convert_to_tensor(self._current_loss_scale)

    def update(self, grads: Any) -> tuple[Operation, Any]:
        """The operation that adapts the factor to the gradients, and whether these are all finite.

        Args:
          grads: the gradients, no longer scaled.
        """
        finite = api.reduce_all([api.reduce_all(raw.is_finite(grad)) for grad in nest.flatten(grads)
                                 if grad is not None])

        def grow() -> Any:
            larger = self._current_loss_scale * self._multiplier
            changed = cond(raw.is_finite(larger), lambda: self._current_loss_scale.assign(larger).op, raw.no_op)
            return group(changed, self._num_good_steps.assign(0))

        def after_finite() -> Any:
            return cond(self._num_good_steps + 1 >= self._increment_period, grow,
                        lambda: self._num_good_steps.assign_add(1).op)

        def after_others() -> Any:
            smaller = api.maximum(self._current_loss_scale / self._multiplier, 1)
            return group(self._num_good_steps.assign(0), self._current_loss_scale.assign(smaller))

        return cond(finite, after_finite, after_others), finite

    def __repr__(self) -> str:
        return (f"DynamicLossScale(initial_loss_scale={self._initial_loss_scale}, "
                f"increment_period={self._increment_period}, multiplier={self._multiplier})")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this loss scale again."""
        return {"initial_loss_scale": self.initial_loss_scale, "increment_period": self.increment_period,
                "multiplier": self.multiplier}


def loss_scale_of(identifier: Any) -> LossScale | None:
    """The loss scale that a number, "dynamic" or a `LossScale` stands for.

    Raises:
      ValueError: it stands for none.
    """
    if isinstance(identifier, (int, float)):
        return FixedLossScale(identifier)
    if identifier == "dynamic":
        return DynamicLossScale()
    if identifier is None or isinstance(identifier, LossScale):
        return identifier
    raise ValueError(f"Could not interpret loss scale identifier: {identifier}")
