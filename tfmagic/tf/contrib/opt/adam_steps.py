"""Adam whose bias correction follows from the global step, so that it keeps no powers of its own."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.opt.adam_kin import LazyAdamOptimizer
from tfmagic.tf.train.adam import AdamOptimizer
from tfmagic.tf.train.optimizer import Optimizer


@export("contrib.opt.AdamGSOptimizer")
class AdamGSOptimizer(Optimizer):
    """Adam, corrected by the powers of beta1 and beta2 to the global step.

    Args:
      global_step: the number of the step, a variable or a number.
      learning_rate, beta1, beta2, epsilon: numbers, tensors, or functions without arguments.
    """

    def __init__(self, global_step: Any = 0, learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999,
                 epsilon: Any = 1e-8, use_locking: bool = False, name: str = "Adam"):
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._global_step = global_step
        self._step: Any = None

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        return api.pow(self._beta1_t, self._step), api.pow(self._beta2_t, self._step)  # type: ignore[attr-defined]

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self) -> None:
        AdamOptimizer._prepare(self)  # type: ignore[arg-type]
        self._step = api.cast(raw.identity(self._global_step) + 1, dtypes.float32)

    # The updates are Adam's; TensorFlow's class derives from `Optimizer` alone.
    _settings = AdamOptimizer._settings
    _apply_dense = AdamOptimizer._apply_dense
    _resource_apply_dense = AdamOptimizer._resource_apply_dense
    _apply_sparse_shared = AdamOptimizer._apply_sparse_shared
    _apply_sparse = AdamOptimizer._apply_sparse
    _resource_apply_sparse = AdamOptimizer._resource_apply_sparse


@export("contrib.opt.LazyAdamGSOptimizer")
class LazyAdamGSOptimizer(AdamGSOptimizer):
    """`AdamGSOptimizer` that leaves the means of rows without a gradient alone."""

    _apply_sparse = LazyAdamOptimizer._apply_sparse
    _resource_apply_sparse = LazyAdamOptimizer._resource_apply_sparse
