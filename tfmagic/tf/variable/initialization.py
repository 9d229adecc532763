"""Operations that initialise variables, and that tell which are not initialised yet."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array import shape_ops
from tfmagic.tf.variable.lists import global_variables, local_variables
from tfmagic.tf.variable.variables import is_variable_initialized


@export("initializers.variables")
def variables_initializer(var_list: Any, name: str = "init") -> Operation:
    """An operation that sets each variable in `var_list` to its initial value."""
    from tfmagic.ops.control_flow.grouping import group

    if var_list:
        return group(*[v.initializer for v in var_list], name=name)
    return raw.no_op(name=name)


@export("initializers.global_variables")
def global_variables_initializer() -> Operation:
    """An operation that sets all global variables of the default graph to their initial values."""
    return variables_initializer(global_variables())


@export("initializers.local_variables")
def local_variables_initializer() -> Operation:
    """An operation that sets all local variables of the default graph to their initial values."""
    return variables_initializer(local_variables())


@export("initialize_variables")
@deprecated("2017-03-02", "Use `tf.variables_initializer` instead.")
def initialize_variables(var_list: Any, name: str = "init") -> Operation:
    """The former name of `tf.variables_initializer`."""
    return variables_initializer(var_list, name=name)


@export("initialize_all_variables")
@deprecated("2017-03-02", "Use `tf.global_variables_initializer` instead.")
def initialize_all_variables() -> Operation:
    """The former name of `tf.global_variables_initializer`."""
    return global_variables_initializer()


@export("initialize_local_variables")
@deprecated("2017-03-02", "Use `tf.local_variables_initializer` instead.")
def initialize_local_variables() -> Operation:
    """The former name of `tf.local_variables_initializer`."""
    return local_variables_initializer()


@export("report_uninitialized_variables")
def report_uninitialized_variables(var_list: Any = None, name: str = "report_uninitialized_variables") -> Tensor:
    """The names of the variables that hold no value yet.

    Args:
      var_list: by default all global and local variables.

    Returns:
      A string tensor of shape [n].
    """
    from tfmagic.ops.array.join import stack
    from tfmagic.ops.array.select import boolean_mask

    graph = get_default_graph()
    if var_list is None:
        var_list = global_variables() + local_variables()
        if not var_list:
            var_list = [op.outputs[0] for op in graph.get_operations() if op.type in ("Variable", "VariableV2")]
    with name_scope(name):
        ready = [is_variable_initialized(v) for v in var_list]
        with graph.device("/cpu:0"):
            if not var_list:
                return constant([], dtype=dtypes.string)
            missing = raw.logical_not(stack(ready))
            names = constant([v.op.name for v in var_list])
            return boolean_mask(names, missing)


@export("assert_variables_initialized")
def assert_variables_initialized(var_list: Any = None) -> Tensor | None:
    """A node that fails with `tf.errors.FailedPreconditionError` while a variable is not initialised.

    Args:
      var_list: by default all global and local variables.
    """
    from tfmagic.ops.array.join import stack

    graph = get_default_graph()
    if var_list is None:
        var_list = global_variables() + local_variables()
        if not var_list:
            var_list = [op.outputs[0] for op in graph.get_operations() if op.type in ("Variable", "VariableV2")]
    if not var_list:
        return None
    ranks = []
    for variable in var_list:
        with graph.colocate_with(variable.op):
            ranks.append(shape_ops.rank_internal(variable, optimize=False))
    return ranks[0] if len(ranks) == 1 else stack(ranks)
