"""GGTOptimizer: steps scaled by the inverse root of a matrix that the latest gradients make."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.contrib.optimizer_v2.optimizer import OptimizerV2, State


@export("contrib.opt.GGTOptimizer")
class GGTOptimizer(OptimizerV2):
    """Adaptive steps by the full matrix G G', where G has the latest running means of all variables' gradients.

    Args:
      learning_rate: a number, a tensor, or a function without arguments.
      beta1: how much of the running mean stays.
      window: of how many steps G remembers the mean.
      eps: directions outside G are followed where its smallest singular value is larger.
      svd_eps: what is added to the diagonal of G' G.
      sigma_eps: what is added to singular values.
    """

    def __init__(self, learning_rate: Any = 0.001, beta1: Any = 0.9, use_locking: bool = False, name: str = "GGT",
                 window: Any = 10, eps: Any = 1e-4, svd_eps: Any = 1e-6, sigma_eps: Any = 1e-2):
        super().__init__(use_locking, name)
        for key, value in (("lr", learning_rate), ("beta1", beta1), ("window", window), ("eps", eps),
                           ("svd_eps", svd_eps), ("sigma_eps", sigma_eps)):
            self._set_hyper(key, value)
        self._var_list: list[Any] = []
        self._places: dict[Any, tuple[int, int]] = {}  # where a variable's gradient lies among all

    def _create_vars(self, var_list: list[Any], state: State) -> None:
        self._var_list, self._places, end = var_list, {}, 0
        for var in sorted(var_list, key=lambda var: var.name):
            start, end = end, end + int(np.prod(var.get_shape().as_list(), dtype=int))
            self._places[var.op] = start, end
        dtype = var_list[0].dtype.base_dtype
        state.create_non_slot(api.cast(0.0, dtype), "global_step")
        state.create_non_slot(api.zeros((state.get_hyper("window"), end), dtype), "grad_buffer")
        state.create_non_slot(api.zeros((end,), dtype), "moment1")
        state.create_non_slot(api.zeros((end,), dtype), "flat_grad")

    def _apply_dense(self, grad: Any, var: Any, state: State) -> Any:  # type: ignore[override]
        flat = api.reshape(grad, [-1])
        return api.scatter_update(state.get_non_slot("flat_grad"), api.range(*self._places[var.op]), flat)

    _resource_apply_dense = _apply_dense  # type: ignore[assignment]

    def _apply_sparse(self, grad: Any, var: Any, state: State) -> Any:  # type: ignore[override]
        raise TypeError("_apply_sparse() takes exactly 3 arguments (4 given)\n"
                        "In TensorFlow 1.15 too, this optimizer has no step for sparse gradients.")

    def _finish(self, state: State) -> Any:  # type: ignore[override]
        moment1 = state.get_non_slot("moment1")
        dtype = moment1.dtype.base_dtype
        step = state.get_non_slot("global_step").assign_add(1.0)
        beta1 = state.get_hyper("beta1", dtype)
        mean = moment1.assign(beta1 * moment1 + (1.0 - beta1) * state.get_non_slot("flat_grad"))
        window = state.get_hyper("window")
        row = api.floormod(api.cast(step - 1.0, dtypes.int32), window)
        remembered = api.scatter_update(state.get_non_slot("grad_buffer"), row, mean)
        eps, svd_eps, sigma_eps, rate = (state.get_hyper(key, dtype) for key in ("eps", "svd_eps", "sigma_eps", "lr"))
        count = api.minimum(step, api.cast(window, dtype))
        direction = self._scaled(mean, remembered, api.sqrt(count), eps, svd_eps, sigma_eps, window)
        changes = []
        for var in self._var_list:
            start, end = self._places[var.op]
            part = api.reshape(direction[start:end], var.get_shape())
            changes.append(var.assign_sub(rate * part))
        return group(*changes)

    @staticmethod
    def _scaled(mean: Tensor, remembered: Tensor, norm: Tensor, eps: Tensor, svd_eps: Tensor, sigma_eps: Tensor,
                window: Tensor) -> Tensor:
        """A mean [n] as the step [n, 1]: inside what G spans by its singular values, outside by their smallest."""
        dtype = mean.dtype.base_dtype
        mean = api.expand_dims(mean, -1)
        g = api.transpose(remembered / norm, [1, 0])
        gram = api.matmul(g, g, transpose_a=True) + api.cast(api.eye(window), dtype) * svd_eps
        values, vectors, _ = api.linalg.svd(gram)
        sigma = api.sqrt(values)
        least = api.reduce_min(sigma)
        inside = api.cast(1.0, dtype) / api.pow(sigma + sigma_eps, 3.0)
        nothing = api.expand_dims(api.zeros([mean.get_shape()[0].value], dtype), -1)

        def in_span(factors: Tensor) -> Tensor:
            matrix = api.diag(factors)
            coordinates = api.matmul(vectors, api.matmul(g, mean, transpose_a=True), transpose_a=True)
            return api.matmul(g, api.matmul(vectors, api.matmul(matrix, coordinates)))

        within = in_span(inside)
        outside = (mean - in_span(api.cast(1.0, dtype) / values)) / least
        return api.cond(api.greater(least, eps), lambda: raw.add(within, outside), lambda: raw.add(nothing, within))
