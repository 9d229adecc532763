"""`variables`, `variable_scope`, `resource_variable_ops`: creators, checks of arguments, handles and what they mean."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Iterator
from typing import Any

from tfmagic.base import messages
from tfmagic.base.dtypes import DType, as_dtype
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.state.variables import handle_data
from tfmagic.tf.variable import kinds
from tfmagic.tf.variable.resource import ResourceVariable
from tfmagic.tf.variable.store import _STORE, variable_store
from tfmagic.tf.variable.variables import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
    init_scope,
)


class VariableAggregationV2(enum.Enum):
    """`tf.VariableAggregation` of TensorFlow 2; equal to those of TensorFlow 1 with the same number."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (VariableAggregationV2, VariableAggregation)) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.name)


def validate_synchronization_aggregation_trainable(synchronization: Any, aggregation: Any, trainable: bool | None,
                                                   name: str | None) -> tuple[Any, Any, bool]:
    """What a variable takes for these three arguments, of which each may be None.

    Raises:
      ValueError: one is of no known kind.
    """
    if aggregation is None:
        aggregation = VariableAggregation.NONE
    elif not isinstance(aggregation, (VariableAggregation, VariableAggregationV2)):
        try:
            aggregation = VariableAggregationV2(aggregation)
        except ValueError:
            raise ValueError(f"Invalid variable aggregation mode: {aggregation} for variable: {name}") from None
    if synchronization is None:
        synchronization = VariableSynchronization.AUTO
    else:
        try:
            synchronization = VariableSynchronization(synchronization)
        except ValueError:
            raise ValueError(f"Invalid variable synchronization mode: {synchronization} for variable: {name}") from None
    if trainable is None:
        trainable = synchronization is not VariableSynchronization.ON_READ
    return synchronization, aggregation, trainable


def default_variable_creator(next_creator: Any = None, **kwargs: Any) -> Variable:
    """The variable that `tf.Variable` makes of its arguments where no creator changes them."""
    if next_creator is not None:
        raise AssertionError("the default creator is the last one: it calls no other")
    return kinds.make(**_as_given(kwargs))


def default_variable_creator_v2(next_creator: Any = None, **kwargs: Any) -> Variable:
    """The same, always a resource."""
    return default_variable_creator(next_creator, **{**kwargs, "use_resource": True})


def _as_given(arguments: dict[str, Any]) -> dict[str, Any]:
    given = dict(arguments)
    given.pop("expected_shape", None)
    return given


@contextlib.contextmanager
def with_variable_store(store: Any) -> Iterator[None]:
    """A `with` block in which `tf.get_variable` looks into a store, and puts there what it makes."""
    extras = get_default_graph()._variables_graph._extras
    old = variable_store()
    extras[_STORE] = store
    try:
        yield
    finally:
        extras[_STORE] = old


# --- resource_variable_ops -------------------------------------------------------------------------------------------


class UninitializedVariable(ResourceVariable):
    """A resource variable that begins without a value: an assignment gives it the first.

    Args:
      trainable: whether optimizers change it.
      caching_device: not looked at.
      name: by default "Variable", made unique.
      shape, dtype: those of its values.
      constraint: a function of the value that optimizers apply after an update.
      synchronization, aggregation: as `tf.Variable` takes them.
      extra_handle_data: not looked at.
    """

    __module__ = "tensorflow.python.ops.resource_variable_ops"

    def __new__(cls, trainable: bool | None = None, caching_device: Any = None, name: str | None = None,
                shape: Any = None, dtype: Any = None, constraint: Any = None, synchronization: Any = None,
                aggregation: Any = None, extra_handle_data: Any = None, **unused_kwargs: Any) -> UninitializedVariable:
        variable = object.__new__(cls)
        variable._begin(trainable, name, shape, dtype, constraint, synchronization, aggregation)
        return variable

    def _begin(self, trainable: bool | None, name: str | None, shape: Any, dtype: Any, constraint: Any,
               synchronization: Any, aggregation: Any) -> None:
        self._synchronization, self._aggregation, self._trainable = validate_synchronization_aggregation_trainable(
            synchronization, aggregation, trainable, name)
        self._constraint, self._caching_device, self._save_slice_info = constraint, None, None
        with init_scope(), name_scope(name, "Variable") as scope:
            graph = get_default_graph()
            self._shape, self._dtype = as_shape(shape), as_dtype(dtype)
            self._handle = raw.var_handle_op(self._dtype, self._shape, shared_name=scope[:-1], name=scope)
            self._initial_value = self._is_initialized_op = self._cached_value = None
            with name_scope("Read"), graph.device(self._handle.device):
                self._graph_element = raw.read_variable_op(self._handle, self._dtype)
            graph.add_to_collection(GraphKeys.GLOBAL_VARIABLES, self)


def copy_to_graph_uninitialized(var: ResourceVariable) -> UninitializedVariable:
    """A variable like another, in the default graph, that begins without a value."""
    return UninitializedVariable(
        trainable=var.trainable, constraint=var.constraint, shape=var.shape, dtype=var.dtype, name=var._shared_name,
        synchronization=var.synchronization, aggregation=var.aggregation)


def variable_handle_from_shape_and_dtype(shape: Any, dtype: Any, shared_name: str | None, name: str | None,
                                         graph_mode: bool, extra_handle_data: Any = None) -> Tensor:
    """A handle of a variable.

    Args:
      shape, dtype: those of its values.
      shared_name: the name under which the session keeps it.
      name: of the node.
      graph_mode: not looked at: the handle is a node.
      extra_handle_data: not looked at.
    """
    return raw.var_handle_op(dtype, shape, shared_name=shared_name or "", name=name)


def eager_safe_variable_handle(initial_value: Tensor, shape: Any, shared_name: str | None, name: str | None,
                               graph_mode: bool) -> Tensor:
    """A handle of a variable whose values are of the type of `initial_value`, and of a shape or of any (None)."""
    return variable_handle_from_shape_and_dtype(TensorShape(None) if shape is None else shape,
                                                initial_value.dtype.base_dtype, shared_name, name, graph_mode)


def get_resource_handle_data(graph_op: Tensor) -> Any:
    """What a handle leads to, a `HandleData` message: the shape and type of the variable's value."""
    data = messages.module("cpp_shape_inference_pb2").CppShapeInferenceResult.HandleData()
    dims, dtype = handle_data(graph_op)
    if isinstance(dtype, DType):
        data.is_set = True
        data.shape_and_type.add(shape=as_shape(dims).as_proto(), dtype=dtype.as_datatype_enum)
    return data


def get_eager_safe_handle_data(handle: Tensor) -> Any:
    """`get_resource_handle_data`."""
    return get_resource_handle_data(handle)
