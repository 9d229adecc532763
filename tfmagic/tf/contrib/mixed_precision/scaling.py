"""LossScaleOptimizer, and the managers that say by how much losses are scaled."""

from __future__ import annotations

import abc
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.train.optimizer import Optimizer
from tfmagic.tf.variable.variables import Variable


@export("contrib.mixed_precision.LossScaleManager")
class LossScaleManager(abc.ABC):
    """Says by how much a loss is scaled, and changes that after each step."""

    @abc.abstractmethod
    def get_loss_scale(self) -> Tensor:
        """The scale, a float32 scalar."""

    @abc.abstractmethod
    def update_loss_scale(self, finite_grads: Any) -> Any:
        """The operation that changes the scale, knowing whether all gradients were finite."""


@export("contrib.mixed_precision.FixedLossScaleManager")
class FixedLossScaleManager(LossScaleManager):
    """A scale that stays.

    Args:
      loss_scale: the scale, at least 1.
    """

    def __init__(self, loss_scale: float):
        if loss_scale < 1:
            raise ValueError("loss scale must be at least 1.")
        self._loss_scale = convert_to_tensor(loss_scale, dtype=dtypes.float32)

    def get_loss_scale(self) -> Tensor:
        """The scale, a float32 scalar."""
        return self._loss_scale

    def update_loss_scale(self, finite_grads: Any) -> Operation:
        """Nothing."""
        return api.no_op()


@export("contrib.mixed_precision.ExponentialUpdateLossScaleManager")
class ExponentialUpdateLossScaleManager(LossScaleManager):
    """A scale that grows after good steps and shrinks after bad ones.

    Args:
      init_loss_scale: what it begins with.
      incr_every_n_steps: after how many good steps it grows.
      decr_every_n_nan_or_inf: after how many bad steps it shrinks.
      incr_ratio, decr_ratio: what it is multiplied by.
    """

    def __init__(self, init_loss_scale: float, incr_every_n_steps: int, decr_every_n_nan_or_inf: int = 2,
                 incr_ratio: float = 2, decr_ratio: float = 0.8):
        self._incr_every_n_steps = incr_every_n_steps
        self._decr_every_n_nan_or_inf = decr_every_n_nan_or_inf
        self._incr_ratio = incr_ratio
        self._decr_ratio = decr_ratio
        self._loss_scale: Any = Variable(name="loss_scale", dtype=dtypes.float32, trainable=False,
                                    initial_value=convert_to_tensor(init_loss_scale, dtypes.float32))
        self._good_steps: Any = Variable(name="good_steps", initial_value=0, dtype=dtypes.int32, trainable=False)
        self._bad_steps: Any = Variable(name="bad_steps", initial_value=0, dtype=dtypes.int32, trainable=False)

    def get_loss_scale(self) -> Any:
        """The scale: a variable."""
        return self._loss_scale

    def update_loss_scale(self, finite_grads: Any) -> Any:
        """The operation that counts the step, and changes the scale when it is time."""
        scale = self._loss_scale

        def started_anew(new: Any) -> Operation:
            changed = api.assign(scale, new)
            return group(changed, group(api.assign(self._good_steps, 0), api.assign(self._bad_steps, 0)))

        def grown() -> Operation:
            return started_anew(cond(raw.is_finite(scale * self._incr_ratio), lambda: scale * self._incr_ratio,
                                     lambda: scale))

        def shrunk() -> Operation:
            return started_anew(raw.maximum(1., scale * self._decr_ratio))

        def after_good() -> Any:
            return cond(self._good_steps + 1 >= self._incr_every_n_steps, grown,
                        lambda: api.assign_add(self._good_steps, 1).op)

        def after_bad() -> Any:
            return cond(self._bad_steps + 1 >= self._decr_every_n_nan_or_inf, shrunk,
                        lambda: group(api.assign_add(self._bad_steps, 1), api.assign(self._good_steps, 0)))

        return cond(finite_grads, after_good, after_bad)


@export("contrib.mixed_precision.LossScaleOptimizer")
class LossScaleOptimizer(Optimizer):
    """Scales the loss up and the gradients down, and leaves out steps whose gradients are not finite.

    Args:
      opt: the optimizer that applies the gradients.
      loss_scale_manager: says by how much to scale.
    """

    def __init__(self, opt: Any, loss_scale_manager: Any):
        self._opt = opt
        self._loss_scale_manager = loss_scale_manager

    def compute_gradients(self, loss: Any, var_list: Any = None, gate_gradients: int = Optimizer.GATE_OP,
                          aggregation_method: Any = None, colocate_gradients_with_ops: bool = False,
                          grad_loss: Any = None) -> Any:
        """The gradients of the loss, by the optimizer, through the scaled loss."""
        scale = self._loss_scale_manager.get_loss_scale()
        scaled = loss * api.cast(scale, loss.dtype.base_dtype)
        found = self._opt.compute_gradients(
            scaled, var_list=var_list, gate_gradients=gate_gradients, aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops, grad_loss=grad_loss)
        factor = raw.reciprocal(scale)
        return [(None if gradient is None else gradient * api.cast(factor, gradient.dtype.base_dtype), variable)
                for gradient, variable in found]

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Operation:
        """The update where all gradients are finite, and that of the scale."""
        pairs = list(grads_and_vars)
        finite = [api.reduce_all(raw.is_finite(gradient)) for gradient, _ in pairs]
        all_finite = api.reduce_all(finite)
        applied = cond(all_finite, lambda: self._opt.apply_gradients(pairs, global_step=global_step, name=name),
                       api.no_op)
        return group(applied, self._loss_scale_manager.update_loss_scale(all_finite))

