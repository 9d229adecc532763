"""Optimizers outside the graph: they ask for loss and gradients as functions of one long vector; SciPy's."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_session
from tfmagic.ops import api


def _sizes(variable: Any) -> tuple[int, ...]:
    return tuple(dim.value for dim in variable.get_shape())


def _gradients(tensor: Any, variables: list[Any]) -> list[Any]:
    """The gradients by all variables, zeros where there is none."""
    return [api.zeros_like(variable) if gradient is None else gradient
            for gradient, variable in zip(api.gradients(tensor, variables), variables)]


@export("contrib.opt.ExternalOptimizerInterface")
class ExternalOptimizerInterface:
    """Base of optimizers that are not in the graph; subclasses say in `_minimize` how they find the minimum.

    Args:
      loss: a scalar tensor.
      var_list: what to optimize; by default all trainable variables.
      equalities: tensors that shall be zero.
      inequalities: tensors that shall not be negative.
      var_to_bounds: (lower, upper) by variable, each a number or of the variable's shape.
      **optimizer_kwargs: what subclasses take.
    """

    def __init__(self, loss: Any, var_list: Any = None, equalities: Any = None, inequalities: Any = None,
                 var_to_bounds: dict[Any, Any] | None = None, **optimizer_kwargs: Any):
        self._loss = loss
        self._equalities = equalities or []
        self._inequalities = inequalities or []
        self._vars = api.trainable_variables() if var_list is None else list(var_list)
        self._packed_bounds = None if var_to_bounds is None else self._bounds(var_to_bounds)
        self._update_placeholders = [api.placeholder(variable.dtype) for variable in self._vars]
        self._var_updates = [variable.assign(api.reshape(value, _sizes(variable)))
                             for variable, value in zip(self._vars, self._update_placeholders)]
        loss_gradients = _gradients(loss, self._vars)
        equality_gradients = [_gradients(each, self._vars) for each in self._equalities]
        inequality_gradients = [_gradients(each, self._vars) for each in self._inequalities]
        self.optimizer_kwargs = optimizer_kwargs
        self._packed_var = self._pack(self._vars)
        self._packed_loss_grad = self._pack(loss_gradients)
        self._packed_equality_grads = [self._pack(each) for each in equality_gradients]
        self._packed_inequality_grads = [self._pack(each) for each in inequality_gradients]
        ends = list(accumulate(int(np.prod(_sizes(variable))) for variable in self._vars))
        self._packing_slices = [slice(start, end) for start, end in zip([0, *ends], ends)]

    def _bounds(self, given: dict[Any, Any]) -> list[tuple[float, float]]:
        """The bounds of each number of the vector."""
        found: list[tuple[float, float]] = []
        by_name = {variable.op.name: bounds for variable, bounds in given.items()}
        for variable in self._vars:
            lower, upper = by_name.get(variable.op.name, (-np.inf, np.inf))
            shape = _sizes(variable)
            found.extend(zip(np.broadcast_to(lower, shape).flat, np.broadcast_to(upper, shape).flat))
        return found

    @classmethod
    def _pack(cls, tensors: list[Any]) -> Any:
        """Tensors side by side in one vector."""
        if not tensors:
            return None
        if len(tensors) == 1:
            return api.reshape(tensors[0], [-1])
        return api.concat([api.reshape(tensor, [-1]) for tensor in tensors], 0)

    def minimize(self, session: Any = None, feed_dict: Any = None, fetches: Any = None, step_callback: Any = None,
                 loss_callback: Any = None, **run_kwargs: Any) -> None:
        """Change the variables so that the loss is small.

        Args:
          session: by default the default session.
          feed_dict: what to feed when loss and gradients are computed.
          fetches: what else to fetch then.
          step_callback: called with the vector after each step.
          loss_callback: called with what was fetched.
          **run_kwargs: for `session.run`.
        """
        session = session or get_default_session()
        fetches = fetches or []
        callback = loss_callback or (lambda *values: None)
        start = session.run(self._packed_var, **run_kwargs) if run_kwargs else session.run(self._packed_var)

        def function(tensors: list[Any], more: list[Any], call: Callable[..., Any]) -> Callable[[Any], Any]:
            return self._evaluation(session, tensors, feed_dict or {}, more, call)

        def several(tensors: list[Any]) -> list[Callable[[Any], Any]]:
            return [function([tensor], [], lambda *values: None) for tensor in tensors]

        loss_grad_func = function([self._loss, self._packed_loss_grad], list(fetches), callback)
        found = self._minimize(
            initial_val=start, loss_grad_func=loss_grad_func, equality_funcs=several(self._equalities),
            equality_grad_funcs=several(self._packed_equality_grads), inequality_funcs=several(self._inequalities),
            inequality_grad_funcs=several(self._packed_inequality_grads), packed_bounds=self._packed_bounds,
            step_callback=step_callback or (lambda xk: None), optimizer_kwargs=self.optimizer_kwargs)
        values = [found[part] for part in self._packing_slices]
        session.run(self._var_updates, feed_dict=dict(zip(self._update_placeholders, values)), **run_kwargs)

    def _minimize(self, initial_val: Any, loss_grad_func: Any, equality_funcs: Any, equality_grad_funcs: Any,
                  inequality_funcs: Any, inequality_grad_funcs: Any, packed_bounds: Any, step_callback: Any,
                  optimizer_kwargs: Any) -> Any:
        """The vector at which the loss is smallest."""
        raise NotImplementedError("To use ExternalOptimizerInterface, subclass from it and implement the _minimize() "
                                  "method.")

    def _evaluation(self, session: Any, tensors: list[Any], feed_dict: Any, fetches: list[Any],
                    callback: Callable[..., Any]) -> Callable[[Any], Any]:
        """A function of the vector that gives the values of tensors."""
        def eval_func(x: Any) -> Any:
            feeds = {variable: np.reshape(x[part], _sizes(variable))
                     for variable, part in zip(self._vars, self._packing_slices)}
            values = session.run(tensors + fetches, feed_dict={**feeds, **feed_dict})
            callback(*values[len(tensors):])
            return values[:len(tensors)]

        return eval_func


@export("contrib.opt.ScipyOptimizerInterface")
class ScipyOptimizerInterface(ExternalOptimizerInterface):
    """`scipy.optimize.minimize`, by default by L-BFGS-B; the package `scipy` must be installed.

    Args:
      loss, var_list, equalities, inequalities, var_to_bounds: as for `ExternalOptimizerInterface`.
      **optimizer_kwargs: `method`, `options` and more of `scipy.optimize.minimize`.
    """

    _DEFAULT_METHOD = "L-BFGS-B"

    def _minimize(self, initial_val: Any, loss_grad_func: Any, equality_funcs: Any, equality_grad_funcs: Any,
                  inequality_funcs: Any, inequality_grad_funcs: Any, packed_bounds: Any, step_callback: Any,
                  optimizer_kwargs: Any) -> Any:
        import scipy.optimize

        def precise(function: Callable[[Any], Any], join: bool = False) -> Callable[[Any], Any]:
            """SciPy's newer minimizers take float64 alone."""
            def evaluated(x: Any) -> Any:
                values = [np.asarray(value, np.float64) for value in function(x)]
                return np.concatenate([value.reshape(-1) for value in values]) if join else values

            return evaluated

        pairs = [("eq", *pair) for pair in zip(equality_funcs, equality_grad_funcs)]
        pairs += [("ineq", *pair) for pair in zip(inequality_funcs, inequality_grad_funcs)]
        constraints = [{"type": kind, "fun": precise(function, True), "jac": precise(gradient, True)}
                       for kind, function, gradient in pairs]
        kwargs = dict(optimizer_kwargs.items())
        method = kwargs.pop("method", self._DEFAULT_METHOD)
        options: dict[str, Any] = {"jac": True, "callback": step_callback, "method": method,
                                   "constraints": constraints, "bounds": packed_bounds}
        for name in options:
            if name in kwargs:
                if name == "bounds":
                    raise ValueError("Bounds must be set using the var_to_bounds argument")
                raise ValueError(f"Optimizer keyword arg '{name}' is set automatically and cannot be injected manually")
        options.update(kwargs)
        result = scipy.optimize.minimize(precise(loss_grad_func), np.asarray(initial_val, np.float64), **options)
        message = ["Optimization terminated with:", "  Message: %s", "  Objective function value: %f"]
        values = [result.message, result.fun]
        if hasattr(result, "nit"):
            message.append("  Number of iterations: %d")
            values.append(result.nit)
        if hasattr(result, "nfev"):
            message.append("  Number of functions evaluations: %d")
            values.append(result.nfev)
        tf_logging.info("\n".join(message), *values)
        return result["x"]
