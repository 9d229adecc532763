"""AdamOptimizer: steps scaled by running means of gradients and of their squares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.ops.state.assign import assign, assign_sub
from tfmagic.ops.state.scatter import scatter_add
from tfmagic.tf.train.optimizer import Optimizer, like


@export("train.AdamOptimizer")
class AdamOptimizer(Optimizer):
    """Adam, with epsilon outside the bias correction.

    Args:
      learning_rate, beta1, beta2, epsilon: numbers, tensors, or functions without arguments.
    """

    def __init__(self, learning_rate: Any = 0.001, beta1: Any = 0.9, beta2: Any = 0.999, epsilon: Any = 1e-8,
                 use_locking: bool = False, name: str = "Adam"):
        super().__init__(use_locking, name)
        self._lr = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon
        self._lr_t: Any = None
        self._beta1_t: Any = None
        self._beta2_t: Any = None
        self._epsilon_t: Any = None

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        graph = get_default_graph()
        return self._get_non_slot_variable("beta1_power", graph), self._get_non_slot_variable("beta2_power", graph)

    def _create_slots(self, var_list: list[Any]) -> None:
        # One pair of powers serves all variables; it stands beside the first by name, whatever the order given.
        first = min(var_list, key=lambda var: var.name)
        self._create_non_slot_variable(initial_value=self._beta1, name="beta1_power", colocate_with=first)
        self._create_non_slot_variable(initial_value=self._beta2, name="beta2_power", colocate_with=first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _prepare(self) -> None:
        self._lr_t = self._hyper(self._lr, "learning_rate")
        self._beta1_t = self._hyper(self._beta1, "beta1")
        self._beta2_t = self._hyper(self._beta2, "beta2")
        self._epsilon_t = self._hyper(self._epsilon, "epsilon")

    def _settings(self, like_what: Any) -> list[Any]:
        powers = self._get_beta_accumulators()
        return [like(t, like_what) for t in (*powers, self._lr_t, self._beta1_t, self._beta2_t, self._epsilon_t)]

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return raw.apply_adam(var, self.get_slot(var, "m"), self.get_slot(var, "v"), *self._settings(var), grad,
                              use_locking=self._use_locking).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        m, v = self.get_slot(handle, "m"), self.get_slot(handle, "v")
        return raw.resource_apply_adam(handle.handle, m.handle, v.handle, *self._settings(grad), grad,
                                       use_locking=self._use_locking)

    def _apply_sparse_shared(self, grad: Any, var: Any, indices: Any, add_rows: Callable[[Any, Any, Any], Any]) -> Any:
        """Adam for some rows: the means of all rows decay, as they would with a gradient of zero."""
        beta1_power, beta2_power, lr_t, beta1_t, beta2_t, epsilon_t = self._settings(var)
        graph = get_default_graph()
        lr = lr_t * raw.sqrt(1 - beta2_power) / (1 - beta1_power)
        m = self.get_slot(var, "m")
        scaled = grad * (1 - beta1_t)
        m_t = assign(m, m * beta1_t, use_locking=self._use_locking)
        with graph.control_dependencies([m_t]):
            m_t = add_rows(m, indices, scaled)
        v = self.get_slot(var, "v")
        scaled = (grad * grad) * (1 - beta2_t)
        v_t = assign(v, v * beta2_t, use_locking=self._use_locking)
        with graph.control_dependencies([v_t]):
            v_t = add_rows(v, indices, scaled)
        root = raw.sqrt(v_t)
        update = assign_sub(var, lr * m_t / (root + epsilon_t), use_locking=self._use_locking)
        return group(update, m_t, v_t)

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return self._apply_sparse_shared(
            grad.values, var, grad.indices,
            lambda x, rows, values: scatter_add(x, rows, values, use_locking=self._use_locking))

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        def add_rows(x: Any, rows: Any, values: Any) -> Any:
            with get_default_graph().control_dependencies([raw.resource_scatter_add(x.handle, rows, values)]):
                return x.value()

        return self._apply_sparse_shared(grad, handle, indices, add_rows)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        graph = get_default_graph()
        with graph.control_dependencies(update_ops):
            beta1_power, beta2_power = self._get_beta_accumulators()
            with graph.colocate_with(beta1_power.op):
                update_beta1 = beta1_power.assign(beta1_power * self._beta1_t, use_locking=self._use_locking)
                update_beta2 = beta2_power.assign(beta2_power * self._beta2_t, use_locking=self._use_locking)
        return group(*update_ops, update_beta1, update_beta2, name=name_scope)
