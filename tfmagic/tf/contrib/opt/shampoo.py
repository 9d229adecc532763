"""Shampoo: gradients multiplied along each axis by a power of their summed outer products."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.state.assign import assign, assign_add, assign_sub
from tfmagic.tf.contrib.opt.matrix_powers import matrix_inverse_root, matrix_square_root
from tfmagic.tf.train.optimizer import Optimizer


def _at(setting: Any, step: Any) -> Any:
    """A setting that may be a function of the step."""
    return setting(step) if callable(setting) else setting


@export("contrib.opt.ShampooOptimizer")
class ShampooOptimizer(Optimizer):
    """Shampoo. Along axes longer than `max_matrix_size` only the diagonal is kept.

    Args:
      global_step: the number of the step, a variable.
      max_matrix_size: the longest axis with a whole matrix.
      gbar_decay, gbar_weight: numbers or functions of the step: the running mean of gradients.
      mat_gbar_decay, mat_gbar_weight: the same for the outer products.
      learning_rate: a number or a function of the step.
      svd_interval: after how many steps powers of matrices are computed again.
      precond_update_interval: after how many steps outer products are added.
      epsilon: what is added to the diagonals before a power is taken.
      alpha: the power is minus `alpha` divided by the number of axes.
      use_iterative_root: whether powers are computed by Newton's iteration in place of singular values.
    """

    def __init__(self, global_step: Any = 0, max_matrix_size: int = 768, gbar_decay: Any = 0.0,
                 gbar_weight: Any = 1.0, mat_gbar_decay: Any = 1.0, mat_gbar_weight: Any = 1.0,
                 learning_rate: Any = 1.0, svd_interval: Any = 1, precond_update_interval: Any = 1,
                 epsilon: float = 1e-4, alpha: float = 0.5, use_iterative_root: bool = False,
                 use_locking: bool = False, name: str = "Shampoo"):
        super().__init__(use_locking, name)
        self._global_step = api.cast(global_step, dtypes.float32)
        self._max_matrix_size = max_matrix_size
        self._gbar_decay = gbar_decay
        self._gbar_weight = gbar_weight
        self._mat_gbar_decay = mat_gbar_decay
        self._mat_gbar_weight = mat_gbar_weight
        self._learning_rate = learning_rate
        self._svd_interval = svd_interval
        self._precond_update_interval = precond_update_interval
        self._epsilon = epsilon
        self._alpha = alpha
        self._use_iterative_root = use_iterative_root
        self._name = name

    def _keeps_powers(self) -> bool:
        return callable(self._svd_interval) or self._svd_interval > 1

    def _create_slots(self, var_list: list[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "gbar", self._name)
            with get_default_graph().colocate_with(var.op):
                for axis, size in enumerate(var.get_shape()):
                    length = api.convert_to_tensor(size)
                    if size <= self._max_matrix_size:
                        start = api.zeros_like(api.eye(length))
                        if self._keeps_powers():
                            self._get_or_make_slot(var, api.eye(length), f"H_{axis}", self._name)
                    else:
                        start = api.zeros([length])
                    self._get_or_make_slot(var, start, f"Gbar_{axis}", self._name)

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return self._apply_gradient(grad, var)

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return self._apply_gradient(grad, handle)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._apply_rows(grad.values, grad.indices, var)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._apply_rows(grad, indices, handle)

    def _apply_rows(self, grad: Any, indices: Any, var: Any) -> Any:
        return self._apply_gradient(api.scatter_nd(api.expand_dims(indices, 1), grad, api.shape(var)), var)

    def _weighted_average(self, var: Any, weight: Any, weight_t: Any, rest: Any) -> Any:
        """A running mean with `rest` added, or `rest` itself where nothing old is kept (`weight` is 0)."""
        if weight == 0.0:
            return rest
        if weight == 1.0:
            return assign_add(var, rest)
        return assign_add(var, (weight_t - 1) * var + rest)

    def _update_mat_g(self, mat_g: Any, grad: Any, axes: list[int], decay: Any, weight: Any, axis: int) -> Any:
        outer = api.tensordot(grad, grad, axes=(axes, axes), name=f"grad_outer_{axis}")
        return self._weighted_average(mat_g, self._mat_gbar_decay, decay, weight * outer)

    def _summed_outer(self, mat_g: Any, grad: Any, axes: list[int], axis: int, step: Any, decay: Any,
                      weight: Any) -> Any:
        """The sum of outer products, added to every `precond_update_interval` steps."""
        interval = _at(self._precond_update_interval, step)
        return api.cond(api.less(api.floormod(step, interval), 1),
                        lambda: self._update_mat_g(mat_g, grad, axes, decay, weight * interval, axis),
                        lambda: mat_g)

    def _compute_power(self, var: Any, mat_g: Any, size: Any, alpha: float, slot: str | None = None) -> Any:
        """A matrix to the power of `alpha`, kept in a slot if one is named."""
        with name_scope("matrix_iterative_power"):
            power = (self._iterated_power if self._use_iterative_root else self._power_by_svd)(mat_g, size, alpha)
            return power if slot is None else assign(self.get_slot(var, slot), power)

    def _power_by_svd(self, mat_g: Any, size: Any, alpha: float) -> Any:
        damped = mat_g + self._epsilon * api.eye(api.cast(size, dtypes.int32))
        values, left, right = api.linalg.svd(damped, full_matrices=True)
        powers = api.pow(api.maximum(values, self._epsilon), alpha)
        return api.matmul(right * powers, api.transpose(left))

    def _iterated_power(self, mat_g: Any, size: Any, alpha: float) -> Any:
        root = matrix_square_root(mat_g, size, 100, self._epsilon)
        return matrix_inverse_root(root, size, 2 * alpha, 100, 1e-6, 0.0)

    def _preconditioner(self, var: Any, mat_g: Any, axis: int, alpha: float, step: Any) -> Any:
        """The power by which an axis is multiplied, computed again every `svd_interval` steps."""
        size = var.get_shape()[axis].value
        if not self._keeps_powers():
            return self._compute_power(var, mat_g, size, alpha)
        slot = f"H_{axis}"
        return api.cond(api.less(api.floormod(step, _at(self._svd_interval, step)), 1),
                        lambda: self._compute_power(var, mat_g, size, alpha, slot),
                        lambda: self.get_slot(var, slot))

    def _apply_gradient(self, grad: Any, var: Any) -> Any:
        step = self._global_step + 1
        decay, weight = _at(self._gbar_decay, step), _at(self._gbar_weight, step)
        mat_decay, mat_weight = _at(self._mat_gbar_decay, step), _at(self._mat_gbar_weight, step)
        mean = self._weighted_average(self.get_slot(var, "gbar"), self._gbar_decay, decay, weight * grad)
        shape = var.get_shape()
        rank = len(shape)
        power = -self._alpha / rank
        preconditioned = mean
        for axis, size in enumerate(shape):
            others = [other for other in range(rank) if other != axis]
            mat_g = self.get_slot(var, f"Gbar_{axis}")
            if size <= self._max_matrix_size:
                summed = self._summed_outer(mat_g, grad, others, axis, step, mat_decay, mat_weight)
                root = self._preconditioner(var, summed / size.value, axis, power, step)
                preconditioned = api.tensordot(preconditioned, root, axes=([0], [0]), name=f"precond_{axis}")
            else:
                squares = api.reduce_sum(grad * grad, others)
                mat_g = self._weighted_average(mat_g, self._mat_gbar_decay, mat_decay,
                                               mat_weight * (squares / size.value))
                scale = api.where(api.greater(mat_g, 0), api.pow(mat_g, power), api.zeros_like(mat_g))
                turned = [*range(1, rank), 0]
                preconditioned = api.transpose(preconditioned, perm=turned) * scale
        return assign_sub(var, _at(self._learning_rate, step) * preconditioned)
