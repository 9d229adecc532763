"""Means and variances of what comes along, kept in variables."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api


def _floating(x: Any) -> Any:
    dtype = x.dtype.base_dtype
    if not dtype.is_floating:
        raise TypeError(f"value.base_dtype({dtype.name}) does not have float type `dtype`.")
    return dtype


@export("contrib.distributions.assign_moving_mean_variance")
def assign_moving_mean_variance(mean_var: Any, variance_var: Any, value: Any, decay: Any,
                                name: str | None = None) -> tuple[Tensor, Tensor]:
    """Move a mean and a variance towards a value.

    Args:
      mean_var: the variable with the mean.
      variance_var: the variable with the variance.
      value: a tensor of their shape.
      decay: how much of what was there stays, between 0 and 1.
      name: of the scope.

    Returns:
      The new mean and variance.

    Raises:
      TypeError: the mean is not floating, or of another type than the variance.
    """
    with name_scope(name, "assign_moving_mean_variance", values=[variance_var, mean_var, value, decay]):
        dtype = mean_var.dtype.base_dtype
        if not dtype.is_floating:
            raise TypeError(f"mean_var.base_dtype({dtype.name}) does not have float type `dtype`.")
        if dtype != variance_var.dtype.base_dtype:
            raise TypeError(f"mean_var.base_dtype({dtype.name}) != variance_var.base_dtype("
                            f"{variance_var.dtype.base_dtype.name})")
        graph = get_default_graph()
        with graph.colocate_with(variance_var), graph.colocate_with(mean_var):
            value = convert_to_tensor(value, dtype=dtype, name="value")
            decay = convert_to_tensor(decay, dtype=dtype, name="decay")
            delta = value - mean_var
            with graph.control_dependencies([delta]):  # both from the mean that was there
                mean_var = mean_var.assign_add((1.0 - decay) * delta)
                variance_var = variance_var.assign_sub((1.0 - decay) * (variance_var - decay * api.square(delta)))
            return mean_var, variance_var


@export("contrib.distributions.assign_log_moving_mean_exp")
def assign_log_moving_mean_exp(log_mean_exp_var: Any, log_value: Any, decay: Any, name: str | None = None) -> Tensor:
    """Move the logarithm of a mean towards the logarithm of a value.

    Args:
      log_mean_exp_var: the variable with the logarithm of the mean.
      log_value: a tensor of its shape.
      decay: how much of what was there stays, between 0 and 1.
      name: of the scope.

    Returns:
      The new logarithm.

    Raises:
      TypeError: the variable is not floating.
    """
    with (name_scope(name, "assign_log_moving_mean_exp", values=[log_mean_exp_var, log_value, decay]),
          get_default_graph().colocate_with(log_mean_exp_var)):
        dtype = log_mean_exp_var.dtype.base_dtype
        if not dtype.is_floating:
            raise TypeError(f"log_mean_exp_var.base_dtype({dtype.name}) does not have float type `dtype`.")
        log_value = convert_to_tensor(log_value, dtype=dtype, name="log_value")
        decay = convert_to_tensor(decay, dtype=dtype, name="decay")
        delta = (log_value - log_mean_exp_var)[None, ...]
        terms = api.concat([api.log(decay) * api.ones_like(delta), delta + api.math.log1p(-decay)], axis=0)
        return log_mean_exp_var.assign_add(api.reduce_logsumexp(terms, axis=0))


@export("contrib.distributions.moving_mean_variance")
def moving_mean_variance(value: Any, decay: Any, collections: Any = None,
                         name: str | None = None) -> tuple[Tensor, Tensor]:
    """The moving mean and variance of a tensor, in variables that are made here.

    Args:
      value: a floating tensor whose shape is known.
      decay: how much of what was there stays, between 0 and 1.
      collections: to which the variables are added; `GLOBAL_VARIABLES`.
      name: of the variable scope; "moving_mean_variance".

    Returns:
      The new mean and variance.

    Raises:
      TypeError: `value` is not floating.
    """
    with api.variable_scope(name, "moving_mean_variance", [value, decay]):
        value = convert_to_tensor(value, name="value")
        dtype = _floating(value)
        decay = convert_to_tensor(decay, dtype=dtype, name="decay")

        def variable(name: str) -> Any:
            return api.get_variable(name, shape=value.get_shape(), dtype=dtype, trainable=False,
                                    initializer=api.zeros_initializer(), collections=collections)

        variance_var = variable("moving_variance")
        mean_var = variable("moving_mean")
        return assign_moving_mean_variance(mean_var, variance_var, value, decay)
