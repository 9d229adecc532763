"""What is minimized, and under which constraints; the base of the optimizers that do so."""

from __future__ import annotations

import abc
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.ops import api
from tfmagic.tf.train.optimizer import Optimizer


@export("contrib.constrained_optimization.ConstrainedMinimizationProblem")
class ConstrainedMinimizationProblem(abc.ABC):
    """An objective that is to be small, while no constraint is positive; subclasses say which."""

    @property
    @abc.abstractmethod
    def objective(self) -> Any:
        """A scalar tensor."""

    @property
    @abc.abstractmethod
    def constraints(self) -> Any:
        """A tensor none of whose elements shall be positive."""

    @property
    def num_constraints(self) -> int:
        """The number of constraints.

        Raises:
          ValueError: a shape is not known in full, or the two are not alike.
        """
        shape = self.constraints.get_shape()
        proxies = self.proxy_constraints
        others = shape if proxies is None else proxies.get_shape()
        if shape.ndims is None or others.ndims is None or not (shape.is_fully_defined()
                                                               and others.is_fully_defined()):
            raise ValueError("constraints and proxy_constraints must have fully-known shapes")
        if shape != others:
            raise ValueError("constraints and proxy_constraints must have the same shape")
        return shape.num_elements()

    @property
    def proxy_constraints(self) -> Any:
        """What the constraints' gradients are taken of in their place, or None."""
        return None

    @property
    def pre_train_ops(self) -> Any:
        """Operations that each step begins with, or None."""
        return None


@export("contrib.constrained_optimization.ConstrainedOptimizer")
class ConstrainedOptimizer(abc.ABC):
    """Base of optimizers of constrained problems.

    Args:
      optimizer: trains the variables.
    """

    def __init__(self, optimizer: Any):
        self._optimizer = optimizer

    @property
    def optimizer(self) -> Any:
        """The optimizer that trains the variables."""
        return self._optimizer

    @abc.abstractmethod
    def _minimize_constrained(self, minimization_problem: Any, global_step: Any = None, var_list: Any = None,
                              gate_gradients: Any = Optimizer.GATE_OP, aggregation_method: Any = None,
                              colocate_gradients_with_ops: bool = False, name: str | None = None,
                              grad_loss: Any = None) -> Any:
        """One step under the constraints."""

    @staticmethod
    def _after(operations: Any, step: Callable[[], Any]) -> Any:
        with ExitStack() as stack:
            if operations is not None:
                stack.enter_context(get_default_graph().control_dependencies(list(operations)))
            return step()

    def minimize_unconstrained(self, minimization_problem: Any, global_step: Any = None, var_list: Any = None,
                               gate_gradients: Any = Optimizer.GATE_OP, aggregation_method: Any = None,
                               colocate_gradients_with_ops: bool = False, name: str | None = None,
                               grad_loss: Any = None) -> Any:
        """The operation of a step that leaves the constraints aside; see `tf.train.Optimizer.minimize`."""
        return self._after(minimization_problem.pre_train_ops, lambda: self._optimizer.minimize(
            minimization_problem.objective, global_step=global_step, var_list=var_list, gate_gradients=gate_gradients,
            aggregation_method=aggregation_method, colocate_gradients_with_ops=colocate_gradients_with_ops, name=name,
            grad_loss=grad_loss))

    def minimize_constrained(self, minimization_problem: Any, global_step: Any = None, var_list: Any = None,
                             gate_gradients: Any = Optimizer.GATE_OP, aggregation_method: Any = None,
                             colocate_gradients_with_ops: bool = False, name: str | None = None,
                             grad_loss: Any = None) -> Any:
        """The operation of a step under the constraints; see `tf.train.Optimizer.minimize`."""
        return self._after(minimization_problem.pre_train_ops, lambda: self._minimize_constrained(
            minimization_problem, global_step=global_step, var_list=var_list, gate_gradients=gate_gradients,
            aggregation_method=aggregation_method, colocate_gradients_with_ops=colocate_gradients_with_ops, name=name,
            grad_loss=grad_loss))

    def minimize(self, minimization_problem: Any, unconstrained_steps: Any = None, global_step: Any = None,
                 var_list: Any = None, gate_gradients: Any = Optimizer.GATE_OP, aggregation_method: Any = None,
                 colocate_gradients_with_ops: bool = False, name: str | None = None, grad_loss: Any = None) -> Any:
        """The operation of a step: the first `unconstrained_steps` ones leave the constraints aside.

        Raises:
          ValueError: `unconstrained_steps` are given, but no global step.
        """
        options = {"global_step": global_step, "var_list": var_list, "gate_gradients": gate_gradients,
                   "aggregation_method": aggregation_method,
                   "colocate_gradients_with_ops": colocate_gradients_with_ops, "name": name, "grad_loss": grad_loss}
        if unconstrained_steps is None:
            return self.minimize_constrained(minimization_problem, **options)
        if global_step is None:
            raise ValueError("global_step cannot be None if unconstrained_steps is provided")
        steps = convert_to_tensor(unconstrained_steps)
        return api.cond(api.less(api.cast(global_step, steps.dtype), steps),
                        lambda: self.minimize_unconstrained(minimization_problem, **options),
                        lambda: self.minimize_constrained(minimization_problem, **options))
