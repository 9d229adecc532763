"""Variables of models: made under a device and in collections, found by scope, name or pattern, and assigned."""

from __future__ import annotations

import functools
import re
from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.framework.arguments import add_arg_scope
from tfmagic.tf.train import global_steps
from tfmagic.tf.variable import scope as variable_scopes
from tfmagic.tf.variable.variables import Variable, VariableAggregation, VariableSynchronization

_GLOBAL_STEP = "Please switch to tf.train.%s"


@export("contrib.framework.assert_global_step")
@deprecated(None, _GLOBAL_STEP % "assert_global_step")
def assert_global_step(global_step_tensor: Any) -> None:
    """Raise unless a tensor can be a global step."""
    global_steps.assert_global_step(global_step_tensor)


@export("contrib.framework.assert_or_get_global_step")
def assert_or_get_global_step(graph: Any = None, global_step_tensor: Any = None) -> Any:
    """The graph's global step, or the one that is given, checked."""
    if global_step_tensor is None:
        return global_steps.get_global_step(graph)
    global_steps.assert_global_step(global_step_tensor)
    return global_step_tensor


@export("contrib.framework.get_global_step")
@deprecated(None, _GLOBAL_STEP % "get_global_step")
def get_global_step(graph: Any = None) -> Any:
    """The graph's global step, or None."""
    return global_steps.get_global_step(graph)


@export("contrib.framework.create_global_step")
@deprecated(None, _GLOBAL_STEP % "create_global_step")
def create_global_step(graph: Any = None) -> Any:
    """Make the graph's global step."""
    return global_steps.create_global_step(graph)


@export("contrib.framework.get_or_create_global_step")
@deprecated(None, _GLOBAL_STEP % "get_or_create_global_step")
def get_or_create_global_step(graph: Any = None) -> Any:
    """The graph's global step, made if there is none."""
    return global_steps.get_or_create_global_step(graph)


@export("contrib.framework.local_variable")
def local_variable(initial_value: Any, validate_shape: bool = True, name: str | None = None,
                   use_resource: bool | None = None) -> Any:
    """A variable of this process alone: not trained, not saved, in `GraphKeys.LOCAL_VARIABLES`."""
    return _made(initial_value, GraphKeys.LOCAL_VARIABLES, validate_shape, name, use_resource)


@export("contrib.framework.global_variable")
def global_variable(initial_value: Any, validate_shape: bool = True, name: str | None = None,
                    use_resource: bool | None = None) -> Any:
    """A variable that is not trained, in `GraphKeys.GLOBAL_VARIABLES`."""
    return _made(initial_value, GraphKeys.GLOBAL_VARIABLES, validate_shape, name, use_resource)


def _made(initial_value: Any, collection: Any, validate_shape: bool, name: str | None,
          use_resource: bool | None) -> Any:
    return Variable(initial_value, trainable=False, collections=[collection], validate_shape=validate_shape, name=name,
                    use_resource=use_resource)


@export("contrib.framework.variable")
@add_arg_scope
def variable(name: str, shape: Any = None, dtype: Any = None, initializer: Any = None, regularizer: Any = None,
             trainable: bool = True, collections: Any = None, caching_device: Any = None, device: Any = None,
             partitioner: Any = None, custom_getter: Any = None, use_resource: bool | None = None,
             synchronization: VariableSynchronization = VariableSynchronization.AUTO,
             aggregation: VariableAggregation = VariableAggregation.NONE) -> Any:
    """`tf.get_variable` under a device.

    Args:
      collections: by default `GraphKeys.GLOBAL_VARIABLES`.
      device: where the variable is, or a function of the operation that says so.

    Returns:
      A variable.
    """
    collections = list(collections if collections is not None else [GraphKeys.GLOBAL_VARIABLES])
    getter: Any = variable_scopes.get_variable
    if custom_getter is not None:
        getter = functools.partial(custom_getter, reuse=variable_scopes.get_variable_scope().reuse)
    with get_default_graph().device(device or ""):
        return getter(name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer,
                      trainable=trainable, collections=list(dict.fromkeys(collections)),
                      caching_device=caching_device, partitioner=partitioner, use_resource=use_resource,
                      synchronization=synchronization, aggregation=aggregation)


@export("contrib.framework.model_variable")
@add_arg_scope
def model_variable(name: str, shape: Any = None, dtype: Any = api.float32, initializer: Any = None,
                   regularizer: Any = None, trainable: bool = True, collections: Any = None,
                   caching_device: Any = None, device: Any = None, partitioner: Any = None, custom_getter: Any = None,
                   use_resource: bool | None = None,
                   synchronization: VariableSynchronization = VariableSynchronization.AUTO,
                   aggregation: VariableAggregation = VariableAggregation.NONE) -> Any:
    """A `variable` that is also in `GraphKeys.MODEL_VARIABLES`."""
    own = [*(collections or []), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]
    return variable(name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer,
                    trainable=trainable, collections=own, caching_device=caching_device, device=device,
                    partitioner=partitioner, custom_getter=custom_getter, use_resource=use_resource,
                    synchronization=synchronization, aggregation=aggregation)


@export("contrib.framework.add_model_variable")
def add_model_variable(var: Any) -> None:
    """Add a variable to `GraphKeys.MODEL_VARIABLES`, once."""
    if not any(var is known for known in get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES)):
        get_default_graph().add_to_collection(GraphKeys.MODEL_VARIABLES, var)


# --- finding variables ----------------------------------------------------------------------------------------------


@export("contrib.framework.get_variables")
def get_variables(scope: Any = None, suffix: str | None = None,
                  collection: Any = GraphKeys.GLOBAL_VARIABLES) -> list[Any]:
    """The variables of a collection.

    Args:
      scope: a variable scope, or a pattern that names begin with.
      suffix: what names end with.
    """
    if isinstance(scope, variable_scopes.VariableScope):
        scope = scope.name
    if suffix is not None:
        if ":" not in suffix:
            suffix += ":"
        scope = (scope or "") + ".*" + suffix
    return get_default_graph().get_collection(collection, scope)


@export("contrib.framework.get_model_variables")
def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The variables of `GraphKeys.MODEL_VARIABLES` (see `get_variables`)."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


@export("contrib.framework.get_local_variables")
def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The variables of `GraphKeys.LOCAL_VARIABLES` (see `get_variables`)."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


@export("contrib.framework.get_trainable_variables")
def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """The variables of `GraphKeys.TRAINABLE_VARIABLES` (see `get_variables`)."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


@export("contrib.framework.get_variables_by_suffix")
def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """The variables whose names end with `suffix`."""
    return get_variables(scope=scope, suffix=suffix)


@export("contrib.framework.get_variables_by_name")
def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """The variables whose last part of the name is `given_name`."""
    return get_variables(scope=scope, suffix="/" + given_name + ":|^" + given_name + ":")


@export("contrib.framework.get_unique_variable")
def get_unique_variable(var_op_name: str) -> Any:
    """The variable of that full name.

    Raises:
      ValueError: there is none, or several begin with it and none is it.
    """
    candidates = get_variables(scope=var_op_name)
    if not candidates:
        raise ValueError(f"Couldn't find variable {var_op_name}")
    for candidate in candidates:
        if candidate.op.name == var_op_name:
            return candidate
    raise ValueError(f"Variable {var_op_name} does not uniquely identify a variable")


@export("contrib.framework.get_variable_full_name")
def get_variable_full_name(var: Any) -> str:
    """The name under which a variable is saved: that of the whole where it is a part."""
    return var._save_slice_info.full_name if var._save_slice_info else var.op.name


@export("contrib.framework.get_variables_to_restore")
def get_variables_to_restore(include: list[str] | None = None, exclude: list[str] | None = None) -> list[Any]:
    """The variables that a checkpoint would give.

    Args:
      include: scopes to take; by default all variables.
      exclude: scopes to leave out.

    Raises:
      TypeError: one of them is no list.
    """
    if include is None:
        kept = get_variables()
    else:
        if not isinstance(include, (list, tuple)):
            raise TypeError("include must be a list or a tuple.")
        kept = [var for scope in include for var in get_variables(scope)]
    left_out = set()
    if exclude is not None:
        if not isinstance(exclude, (list, tuple)):
            raise TypeError("exclude must be a list or a tuple.")
        left_out = {var for scope in exclude for var in get_variables(scope)}
    return [var for var in kept if var not in left_out]


@export("contrib.framework.filter_variables")
def filter_variables(var_list: list[Any], include_patterns: list[str] | None = None,
                     exclude_patterns: list[str] | None = None, reg_search: bool = True) -> list[Any]:
    """The variables whose names match a pattern of the first list, if there is one, and none of the second.

    Args:
      reg_search: whether a pattern may match anywhere, not only at the beginning.
    """
    matches = re.search if reg_search else re.match

    def fits(patterns: list[str], var: Any) -> bool:
        return any(matches(pattern, var.name) for pattern in patterns)

    kept = var_list if not include_patterns else [var for var in var_list if fits(include_patterns, var)]
    return kept if not exclude_patterns else [var for var in kept if not fits(exclude_patterns, var)]


# --- assigning ------------------------------------------------------------------------------------------------------


@export("contrib.framework.assign_from_values")
def assign_from_values(var_names_to_values: dict[str, Any]) -> tuple[Any, dict[Any, Any]]:
    """An operation that assigns values to the variables of these names, and what to feed it.

    Raises:
      AttributeError: a value is no array.
      ValueError: there is no such variable, or there are several.
    """
    feeds: dict[Any, Any] = {}
    assigns = []
    for name, value in var_names_to_values.items():
        found = get_variables(scope=name)
        if not found:
            raise ValueError(f"Variable {name} wasn't found")
        var = found[0] if len(found) == 1 else next((var for var in found if var.op.name == name), None)
        if var is None:
            raise ValueError(f"Variable {name} doesn't uniquely identify a variable")
        placeholder = api.placeholder(dtype=var.dtype, shape=var.shape, name="placeholder/" + var.op.name)
        assigns.append(var.assign(placeholder))
        feeds[placeholder] = value.reshape(var.shape.as_list())
    return api.group(*assigns), feeds


@export("contrib.framework.assign_from_values_fn")
def assign_from_values_fn(var_names_to_values: dict[str, Any]) -> Any:
    """A function of a session that assigns values to the variables of these names."""
    operation, feeds = assign_from_values(var_names_to_values)
    return lambda session: session.run(operation, feeds)


@export("contrib.framework.zero_initializer")
def zero_initializer(ref: Any, use_locking: bool = True, name: str = "zero_initializer") -> Tensor:
    """An operation that fills a variable with zeros."""
    return raw.assign(ref, api.zeros(ref.shape, ref.dtype.base_dtype), use_locking=use_locking, name=name)
