"""Optimizers with a loss scale, and the wish for mixed precision."""

from __future__ import annotations

from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.graph.convert import constant
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Operation
from tfmagic.ops import raw
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.control_flow.grouping import group
from tfmagic.session.devices.process import PROCESS
from tfmagic.tf.train.loss_scale import DynamicLossScale, loss_scale_of
from tfmagic.tf.train.optimizer import Optimizer


@export("train.experimental.MixedPrecisionLossScaleOptimizer")
class MixedPrecisionLossScaleOptimizer(Optimizer):
    """Another optimizer, which takes the gradients of the scaled loss.

    Args:
      opt: the optimizer.
      loss_scale: a number, "dynamic" or a `LossScale`.

    Raises:
      ValueError: one of them is none.
    """

    def __init__(self, opt: Optimizer, loss_scale: Any):
        if not isinstance(opt, Optimizer):
            raise ValueError(f'"opt" must be an instance of Optimizer, but got: {type(opt)}')
        self._optimizer = opt
        super().__init__(opt._use_locking, opt.get_name())
        self._loss_scale: Any = loss_scale_of(loss_scale)

    def _tracked(self) -> list[tuple[str, Any]]:
        """What a `tf.train.Checkpoint` saves."""
        return [("base_optimizer", self._optimizer), ("loss_scale", self._loss_scale)]

    def compute_gradients(self, loss: Any, var_list: Any = None, gate_gradients: int = Optimizer.GATE_OP,
                          aggregation_method: Any = None, colocate_gradients_with_ops: bool = False,
                          grad_loss: Any = None) -> list[tuple[Any, Any]]:
        """Pairs of gradient and variable: those of the scaled loss, scaled back."""
        if callable(loss):
            given = loss

            def scaled() -> Any:
                return self._scaled(given())
        else:
            scaled = self._scaled(loss)
        pairs = self._optimizer.compute_gradients(scaled, var_list, gate_gradients, aggregation_method,
                                                  colocate_gradients_with_ops, grad_loss)
        factor = 1 / self._loss_scale()
        return [(None if grad is None else _times(grad, factor), variable) for grad, variable in pairs]

    def _scaled(self, loss: Any) -> Any:
        return loss * self._loss_scale()

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> Operation:
        """The operation that changes the variables; with a dynamic loss scale only where all gradients are finite."""
        pairs = tuple(grads_and_vars)
        if not isinstance(self._loss_scale, DynamicLossScale):
            return self._optimizer.apply_gradients(pairs, global_step, name)
        name = name or self.get_name()
        update, finite = self._loss_scale.update([grad for grad, _ in pairs])

        def applied() -> Operation:
            constant(0)  # TensorFlow numbers its replicas here
            return self._optimizer.apply_gradients(pairs, global_step, name + "-wrapped")

        apply = cond(finite, applied, raw.no_op)
        return group(apply, update, name=name)


def _times(grad: Any, factor: Any) -> Any:
    if isinstance(grad, IndexedSlices):
        return IndexedSlices(grad.values * factor, grad.indices, dense_shape=grad.dense_shape)
    return grad * factor


_enabled = False


@export("train.experimental.enable_mixed_precision_graph_rewrite")
def enable_mixed_precision_graph_rewrite(opt: Any, loss_scale: Any = "dynamic") -> MixedPrecisionLossScaleOptimizer:
    """Ask for mixed precision in sessions without a `ConfigProto`, and scale the loss of an optimizer.

    TensorFlow rewrites what runs on a GPU; plans of tfmagic compute in the types that the graph says.

    Args:
      opt: the optimizer.
      loss_scale: a number, "dynamic" or a `LossScale`.

    Returns:
      The optimizer with its loss scaled.

    Raises:
      ValueError: `opt` is no optimizer, or scales its loss already.
    """
    global _enabled
    if isinstance(opt, MixedPrecisionLossScaleOptimizer):
        raise ValueError('"opt" must not already be an instance of a MixedPrecisionLossScaleOptimizer. '
                         "`enable_mixed_precision_graph_rewrite` will automatically wrap the optimizer with a "
                         "MixedPrecisionLossScaleOptimizer.")
    if not isinstance(opt, Optimizer):
        raise ValueError('"opt" must be an instance of a tf.train.Optimizer or a tf.keras.optimizers.Optimizer, but '
                         f"got: {opt}")
    made = MixedPrecisionLossScaleOptimizer(opt, loss_scale)
    PROCESS.set_options({"auto_mixed_precision": True})
    _enabled = True
    return made


@export("train.experimental.disable_mixed_precision_graph_rewrite")
def disable_mixed_precision_graph_rewrite() -> None:
    """Take back what `enable_mixed_precision_graph_rewrite` asked of sessions."""
    global _enabled
    if not _enabled:
        tf_logging.warning("disable_mixed_precision_graph_rewrite() called when mixed precision is already disabled.")
    PROCESS.set_options({"auto_mixed_precision": False})
    _enabled = False
