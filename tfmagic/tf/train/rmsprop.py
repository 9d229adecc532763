"""RMSPropOptimizer: gradients scaled by their running root mean square, with momentum."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import raw
from tfmagic.tf.initializers.kinds import Ones
from tfmagic.tf.train.optimizer import Optimizer, like


@export("train.RMSPropOptimizer")
class RMSPropOptimizer(Optimizer):
    """RMSProp.

    Args:
      learning_rate, decay, momentum, epsilon: numbers, tensors, or functions without arguments.
      centered: whether to scale by the gradients' variance instead of their mean square.
    """

    def __init__(self, learning_rate: Any, decay: Any = 0.9, momentum: Any = 0.0, epsilon: Any = 1e-10,
                 use_locking: bool = False, centered: bool = False, name: str = "RMSProp"):
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered
        self._settings: tuple[Any, ...] = ()

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            ones = Ones() if var.shape.is_fully_defined() else raw.ones_like(var)
            self._get_or_make_slot_with_initializer(var, ones, var.shape, var.dtype.base_dtype, "rms", self._name)
            if self._centered:
                self._zeros_slot(var, "mg", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _prepare(self) -> None:
        self._settings = (self._hyper(self._learning_rate, "learning_rate"), self._hyper(self._decay, "decay"),
                          self._hyper(self._momentum, "momentum"), self._hyper(self._epsilon, "epsilon"))

    def _arguments(self, form: str, var: Any, like_what: Any) -> tuple[Any, list[Any], list[Any]]:
        """The function of the op in the form asked for, the slots, and the settings."""
        names = ("mg", "rms", "momentum") if self._centered else ("rms", "momentum")
        function = getattr(raw, f"{form}_{'centered_' if self._centered else ''}rms_prop")
        return function, [self.get_slot(var, name) for name in names], [like(s, like_what) for s in self._settings]

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        apply, slots, settings = self._arguments("apply", var, var)
        return apply(var, *slots, *settings, grad, use_locking=self._use_locking).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        apply, slots, settings = self._arguments("resource_apply", handle, grad)
        return apply(handle.handle, *(s.handle for s in slots), *settings, grad, use_locking=self._use_locking)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        apply, slots, settings = self._arguments("sparse_apply", var, var)
        return apply(var, *slots, *settings, grad.values, grad.indices, use_locking=self._use_locking)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        apply, slots, settings = self._arguments("resource_sparse_apply", handle, grad)
        return apply(handle.handle, *(s.handle for s in slots), *settings, grad, indices,
                     use_locking=self._use_locking)
