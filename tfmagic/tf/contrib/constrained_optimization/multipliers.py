"""Lagrange multipliers: a weight for each constraint, which grows while it is violated."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.contrib.constrained_optimization.problems import ConstrainedOptimizer
from tfmagic.tf.train.optimizer import Optimizer


def _projected(multipliers: Any, radius: float) -> Any:
    """The nearest multipliers that are not negative and whose sum is at most `radius`."""
    count = multipliers.get_shape().dims[0].value
    dtype = multipliers.dtype.base_dtype

    def goes_on(step: Any, _: Any, inactive: Any, before: Any) -> Any:
        return api.logical_and(api.less(step, count), api.reduce_any(api.not_equal(inactive, before)))

    def body(step: Any, values: Any, inactive: Any, _: Any) -> Any:
        step = step + 1
        scale = api.minimum(0.0, (radius - api.reduce_sum(values)) / api.maximum(1.0, api.reduce_sum(inactive)))
        values = values + scale * inactive
        positive = api.cast(values > 0, dtype)
        return step, values * positive, positive, inactive

    step = constant(0)
    ones = api.ones_like(multipliers, dtype=dtype)
    first = body(step, multipliers, ones, ones)
    return api.while_loop(goes_on, body, loop_vars=first, name="euclidean_projection")[1]


@export("contrib.constrained_optimization.AdditiveExternalRegretOptimizer")
class AdditiveExternalRegretOptimizer(ConstrainedOptimizer):
    """Adds the constraints to the objective, each times a multiplier; multipliers are trained to make the sum large.

    Args:
      optimizer: trains the variables.
      constraint_optimizer: trains the multipliers; by default `optimizer` does.
      maximum_multiplier_radius: the largest sum of the multipliers.

    Raises:
      ValueError: the radius is negative.
    """

    def __init__(self, optimizer: Any, constraint_optimizer: Any = None,
                 maximum_multiplier_radius: float | None = None):
        super().__init__(optimizer)
        self._constraint_optimizer = constraint_optimizer
        if maximum_multiplier_radius and maximum_multiplier_radius <= 0.0:
            raise ValueError("maximum_multiplier_radius must be strictly positive")
        self._radius = maximum_multiplier_radius

    @property
    def constraint_optimizer(self) -> Any:
        """The optimizer of the multipliers, None where one trains all."""
        return self._constraint_optimizer

    def _projection_op(self, state: Any, name: str | None = None) -> Any:
        with get_default_graph().colocate_with(state):
            allowed = api.maximum(state, 0.0) if self._radius is None else _projected(state, self._radius)
            return api.assign(state, allowed, name=name)

    def _minimize_constrained(self, minimization_problem: Any, global_step: Any = None, var_list: Any = None,
                              gate_gradients: Any = Optimizer.GATE_OP, aggregation_method: Any = None,
                              colocate_gradients_with_ops: bool = False, name: str | None = None,
                              grad_loss: Any = None) -> Any:
        graph = get_default_graph()
        count = minimization_problem.num_constraints
        objective, constraints = minimization_problem.objective, minimization_problem.constraints
        proxies = minimization_problem.proxy_constraints
        if proxies is None:
            proxies = constraints
        constraints, proxies = api.reshape(constraints, [count]), api.reshape(proxies, [count])
        state = api.Variable(lambda: api.zeros((count,), dtype=dtypes.float32), trainable=False,
                             name="external_regret_optimizer_state", use_resource=True)
        loss = objective + api.tensordot(state, proxies, 1)
        pairs = self._optimizer.compute_gradients(
            loss, var_list=var_list, gate_gradients=gate_gradients, aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops, grad_loss=grad_loss)
        raised = [(-constraints, state)]
        if self._constraint_optimizer is None:
            updates = [self._optimizer.apply_gradients(pairs + raised, name="update")]
        else:
            gradients = [gradient for gradient, _ in pairs + raised if gradient is not None]
            with graph.control_dependencies(gradients):
                updates = [self._optimizer.apply_gradients(pairs, name="update"),
                           self._constraint_optimizer.apply_gradients(raised, name="optimizer_state_update")]
        with graph.control_dependencies(updates):
            if global_step is None:
                return self._projection_op(state, name=name)
            projected = self._projection_op(state, name="project")
            with graph.colocate_with(global_step):
                counted = api.assign_add(global_step, 1, name="global_step_increment")
            return group(projected, counted, name=name)
