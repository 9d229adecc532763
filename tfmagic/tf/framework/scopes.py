"""Functions of the default graph under their public names: `tf.device`, `tf.name_scope`, `tf.get_collection`, ..."""

from __future__ import annotations

import contextlib
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph import context, scopes
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.registry import register_gradient

export("name_scope")(scopes.name_scope)
export("get_default_graph")(context.get_default_graph)
export("reset_default_graph")(context.reset_default_graph)
export("get_default_session")(context.get_default_session)

for _alias, _dtype in (("half", dtypes.float16), ("double", dtypes.float64)):
    export(f"dtypes.{_alias}", _alias)(_dtype)
export("QUANTIZED_DTYPES", "dtypes.QUANTIZED_DTYPES")(
    frozenset(d for base in dtypes.ALL if base.is_quantized for d in (base, base._ref)))


@export("device")
def device(device_name_or_function: Any) -> Any:
    """Ask for a device for the operations made within a `with` block: "/cpu:0", "/gpu:1", a function, or None."""
    return get_default_graph().device(device_name_or_function)


@export("container")
def container(container_name: str) -> Any:
    """Name the resource container of stateful operations made within a `with` block."""
    return get_default_graph().container(container_name)


@export("colocate_with")
@deprecated(None, "Colocations handled automatically by placer.")
def colocate_with(op: Any, ignore_existing: bool = False) -> Any:
    """Put the operations made within a `with` block on the same device as `op`."""
    return get_default_graph().colocate_with(op, ignore_existing)


@export("control_dependencies")
def control_dependencies(control_inputs: Any) -> Any:
    """Make the operations created within a `with` block run after `control_inputs`."""
    return get_default_graph().control_dependencies(control_inputs)


@export("add_to_collection")
def add_to_collection(name: Any, value: Any) -> None:
    """Add `value` to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


@export("add_to_collections")
def add_to_collections(names: Any, value: Any) -> None:
    """Add `value` to several collections of the default graph."""
    get_default_graph().add_to_collections(names, value)


@export("get_collection_ref")
def get_collection_ref(key: Any) -> list[Any]:
    """The list itself that holds a collection of the default graph."""
    return get_default_graph().get_collection_ref(key)


@export("get_collection")
def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """The items of a collection of the default graph, of those with a name only the ones that match `scope`."""
    return get_default_graph().get_collection(key, scope)


@export("executing_eagerly")
def executing_eagerly() -> bool:
    """Whether operations run at once: never, tfmagic builds graphs."""
    return False


@export("enable_eager_execution")
def enable_eager_execution(config: Any = None, device_policy: Any = None, execution_mode: Any = None) -> None:
    """Refuse: tfmagic builds and runs graphs.

    Raises:
      ValueError: always.
    """
    raise ValueError("tfmagic runs TensorFlow 1 graphs, not eager execution. For eager code use torch directly, or run "
                     "the cell with a tf.Session.")


@export("disable_eager_execution")
def disable_eager_execution() -> None:
    """Graphs are all there is: nothing needs to change."""


@export("op_scope")
@contextlib.contextmanager
def op_scope(values: Any, name: str | None, default_name: str | None = None) -> Any:
    """An old form of `tf.name_scope(name, default_name, values)`."""
    with scopes.name_scope(name, default_name, values) as scope:
        yield scope


@export("RegisterGradient")
class RegisterGradient:
    """Decorator: register a gradient function `(op, *grads)` under a name for `gradient_override_map`."""

    def __init__(self, op_type: str):
        if not isinstance(op_type, str):
            raise TypeError("op_type must be a string")
        self._op_type = op_type

    def __call__(self, f: Any) -> Any:
        register_gradient(self._op_type, f)
        return f


@export("NotDifferentiable", "NoGradient", "no_gradient")
def not_differentiable(op_type: str) -> None:
    """Say that ops of a type have no gradient."""
    if not isinstance(op_type, str):
        raise TypeError("op_type must be a string")
    register_gradient(op_type, None)
