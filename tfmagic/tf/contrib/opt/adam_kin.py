"""Kin of Adam: AdaMax, Nadam, and one that leaves rows without a gradient alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.ops.state.assign import assign
from tfmagic.ops.state.scatter import scatter_add, scatter_sub, scatter_update
from tfmagic.tf.train.adam import AdamOptimizer
from tfmagic.tf.train.optimizer import like


class _Rows:
    """How rows of a variable are changed: of a reference variable in place, of a resource variable by its handle."""

    def __init__(self, use_locking: bool, resource: bool):
        self._use_locking = use_locking
        self._resource = resource

    def _changed(self, operation: Callable[..., Any], reference: Callable[..., Any], x: Any, rows: Any,
                 values: Any) -> Any:
        if not self._resource:
            return reference(x, rows, values, use_locking=self._use_locking)
        with get_default_graph().control_dependencies([operation(x.handle, rows, values)]):
            return x.value()

    def add(self, x: Any, rows: Any, values: Any) -> Any:
        return self._changed(raw.resource_scatter_add, scatter_add, x, rows, values)

    def set(self, x: Any, rows: Any, values: Any) -> Any:
        return self._changed(raw.resource_scatter_update, scatter_update, x, rows, values)


@export("contrib.opt.AdaMaxOptimizer")
class AdaMaxOptimizer(AdamOptimizer):
    """Adam with the largest gradient so far, decayed, in place of the root of the mean square.

    Args:
      learning_rate, beta1, beta2, epsilon: numbers, tensors, or functions without arguments.
    """

    def __init__(self, learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999, epsilon: Any = 1e-8,
                 use_locking: bool = False, name: str = "AdaMax"):
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)

    def _get_beta_accumulators(self) -> Any:
        return self._get_non_slot_variable("beta1_power", get_default_graph())

    def _create_slots(self, var_list: list[Any]) -> None:
        first = min(var_list, key=lambda var: var.name)
        self._create_non_slot_variable(initial_value=self._beta1, name="beta1_power", colocate_with=first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _settings(self, like_what: Any) -> list[Any]:
        power = self._get_beta_accumulators()
        return [like(t, like_what) for t in (power, self._lr_t, self._beta1_t, self._beta2_t, self._epsilon_t)]

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_ada_max(var, self.get_slot(var, "m"), self.get_slot(var, "v"), *self._settings(var), grad,
                                 use_locking=self._use_locking).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        m, v = self.get_slot(handle, "m"), self.get_slot(handle, "v")
        return raw.resource_apply_ada_max(handle.handle, m.handle, v.handle, *self._settings(grad), grad,
                                          use_locking=self._use_locking)

    def _apply_rows(self, grad: Any, var: Any, indices: Any, rows: _Rows) -> Any:
        beta1_power, lr, beta1, beta2, epsilon = self._settings(var)
        m = self.get_slot(var, "m")
        m_rows = api.gather(m, indices)
        m_rows = m_rows * beta1 + grad * (1 - beta1)
        with get_default_graph().control_dependencies([m_rows]):
            m_t = rows.set(m, indices, m_rows)
        v = self.get_slot(var, "v")
        v_rows = api.gather(v, indices)
        v_rows = api.maximum(v_rows * beta2, api.abs(grad))
        with get_default_graph().control_dependencies([v_rows]):
            v_t = rows.set(v, indices, v_rows)
        step = -lr / (1 - beta1_power) * (m_rows / (v_rows + epsilon))
        with get_default_graph().control_dependencies([step]):
            update = rows.add(var, indices, step)
        return group(update, m_t, v_t)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._apply_rows(grad.values, var, grad.indices, _Rows(self._use_locking, False))

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        return self._apply_rows(grad, handle, indices, _Rows(self._use_locking, True))

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        graph = get_default_graph()
        with graph.control_dependencies(update_ops):
            power = self._get_beta_accumulators()
            with graph.colocate_with(power.op):
                update = power.assign(power * self._beta1_t, use_locking=self._use_locking)
        return group(*update_ops, update, name=name_scope)


@export("contrib.opt.LazyAdamOptimizer")
class LazyAdamOptimizer(AdamOptimizer):
    """Adam that leaves the means of rows without a gradient alone."""

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        beta1_power, beta2_power, lr_t, beta1, beta2, epsilon = self._settings(var)
        rows, indices = _Rows(self._use_locking, False), grad.indices
        lr = lr_t * api.sqrt(1 - beta2_power) / (1 - beta1_power)
        m = self.get_slot(var, "m")
        m_t = rows.set(m, indices, beta1 * api.gather(m, indices) + (1 - beta1) * grad.values)
        v = self.get_slot(var, "v")
        v_t = rows.set(v, indices, beta2 * api.gather(v, indices) + (1 - beta2) * api.square(grad.values))
        m_rows, v_rows = api.gather(m_t, indices), api.gather(v_t, indices)
        denominator = api.sqrt(v_rows) + epsilon
        update = scatter_sub(var, indices, lr * m_rows / denominator, use_locking=self._use_locking)
        return group(update, m_t, v_t)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        beta1_power, beta2_power, lr_t, beta1, beta2, epsilon = self._settings(handle)
        lr = lr_t * api.sqrt(1 - beta2_power) / (1 - beta1_power)
        m = self.get_slot(handle, "m")
        m_rows = beta1 * api.gather(m, indices) + (1 - beta1) * grad
        m_update = raw.resource_scatter_update(m.handle, indices, m_rows)
        v = self.get_slot(handle, "v")
        v_rows = beta2 * api.gather(v, indices) + (1 - beta2) * api.square(grad)
        v_update = raw.resource_scatter_update(v.handle, indices, v_rows)
        step = lr * m_rows / (api.sqrt(v_rows) + epsilon)
        update = raw.resource_scatter_sub(handle.handle, indices, step)
        return group(update, m_update, v_update)


@export("contrib.opt.NadamOptimizer")
class NadamOptimizer(AdamOptimizer):
    """Adam with Nesterov's momentum."""

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_adam(var, self.get_slot(var, "m"), self.get_slot(var, "v"), *self._settings(var), grad,
                              use_locking=self._use_locking, use_nesterov=True).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        m, v = self.get_slot(handle, "m"), self.get_slot(handle, "v")
        return raw.resource_apply_adam(handle.handle, m.handle, v.handle, *self._settings(grad), grad,
                                       use_locking=self._use_locking, use_nesterov=True)

    def _apply_sparse_shared(self, grad: Any, var: Any, indices: Any, add_rows: Callable[[Any, Any, Any], Any]) -> Any:
        beta1_power, beta2_power, lr_t, beta1, beta2, epsilon = self._settings(var)
        graph = get_default_graph()
        lr = lr_t * api.sqrt(1 - beta2_power) / (1 - beta1_power)
        m = self.get_slot(var, "m")
        scaled = grad * (1 - beta1)
        m_t = assign(m, m * beta1, use_locking=self._use_locking)
        with graph.control_dependencies([m_t]):
            m_t = add_rows(m, indices, scaled)
            ahead = scaled + beta1 * api.gather(m_t, indices)
        v = self.get_slot(var, "v")
        squares = (grad * grad) * (1 - beta2)
        v_t = assign(v, v * beta2, use_locking=self._use_locking)
        with graph.control_dependencies([v_t]):
            v_t = add_rows(v, indices, squares)
        root = api.sqrt(api.gather(v_t, indices))
        update = add_rows(var, indices, -lr * ahead / (root + epsilon))
        return group(update, ahead, v_t)
