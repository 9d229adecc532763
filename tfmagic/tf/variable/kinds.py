"""Which kind of variable `tf.Variable` makes: what its caller, the variable scope or the program's default says."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.tf.variable.reference import RefVariable
from tfmagic.tf.variable.resource import ResourceVariable
from tfmagic.tf.variable.scope import get_variable_scope
from tfmagic.tf.variable.variables import Variable

_resource_default = False


def make(use_resource: bool | None = None, **arguments: Any) -> Variable:
    """A new variable: a resource or a reference."""
    if use_resource is None:
        use_resource = get_variable_scope().use_resource
    if use_resource is None:
        use_resource = _resource_default or get_default_graph().branches_are_functions
    return (ResourceVariable if use_resource else RefVariable)(**arguments)


@export("enable_resource_variables")
def enable_resource_variables() -> None:
    """Make resource variables from now on where the caller does not say."""
    global _resource_default
    _resource_default = True


@export("resource_variables_enabled")
def resource_variables_enabled() -> bool:
    """Whether variables are resources where the caller does not say."""
    return _resource_default


@export("disable_resource_variables")
@deprecated(None, "non-resource variables are not supported in the long term")
def disable_resource_variables() -> None:
    """Make reference variables from now on where the caller does not say (as it is at first)."""
    global _resource_default
    _resource_default = False
