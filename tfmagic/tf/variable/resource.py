"""ResourceVariable: a variable behind a handle, whose reads are operations of their own."""

from __future__ import annotations

from typing import Any

from tfmagic.base import messages
from tfmagic.base.dtypes import DType
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.state.variables import handle_data
from tfmagic.tf.variable.initial_values import without_uninitialized
from tfmagic.tf.variable.save_slices import prepend_scope, strip_scope
from tfmagic.tf.variable.variables import Variable, init_scope, initial_tensor, refuse_control_flow


class ResourceVariable(Variable):
    """A variable held by a `VarHandleOp` operation."""

    _should_act_as_resource_variable = True  # tf.gradients then differentiates with respect to the handle

    _handle: Tensor
    _dtype: DType
    _shape: TensorShape
    _graph_element: Tensor
    _cached_value: Tensor | None
    _initializer_op: Operation
    _is_initialized_op: Tensor | None
    _initial_value: Tensor | None

    def _make(self, initial_value: Any, trainable: bool | None, collections: Any, validate_shape: bool,
              caching_device: Any, name: str | None, dtype: Any, constraint: Any, synchronization: Any,
              aggregation: Any, shape: Any) -> None:
        collections = self._take_common(initial_value, trainable, collections, constraint, caching_device,
                                        synchronization, aggregation)
        from_function = callable(initial_value)
        with init_scope(), name_scope(name, "Variable", [] if from_function else [initial_value]) as scope:
            graph = get_default_graph()
            own_name = scope[:-1]
            with graph._marked({"_class": [b"loc:@" + own_name.encode()]}):
                with name_scope("Initializer"), graph.device(None):
                    value = initial_tensor(initial_value, dtype)
                refuse_control_flow(value, scope)
                self._shape = value.shape if shape is None else as_shape(shape)
                if not self._shape.is_compatible_with(value.shape):
                    raise ValueError(f"The initial value's shape ({value.shape}) is not compatible with the explicitly "
                                     f"supplied `shape` argument ({shape}).")
                self._dtype = value.dtype.base_dtype
                self._handle = raw.var_handle_op(self._dtype, self._shape, shared_name=own_name, name=scope)
            self._initial_value = value
            with name_scope("IsInitialized"):
                self._is_initialized_op = raw.var_is_initialized_op(self._handle)
            with name_scope("Assign") as assign_scope, graph.colocate_with(None, ignore_existing=True), \
                    graph.device(self._handle.device):
                self._initializer_op = raw.assign_variable_op(
                    self._handle, without_uninitialized(scope, value), name=assign_scope)
            self._cached_value = None
            with name_scope("Read"):
                with graph.device(self._handle.device):
                    self._graph_element = raw.read_variable_op(self._handle, self._dtype)
                if caching_device is not None:
                    with graph.colocate_with(None, ignore_existing=True), graph.device(caching_device):
                        self._cached_value = raw.identity(self._graph_element)
            graph.add_to_collections(collections, self)

    def _find(self, variable_def: Any, import_scope: str | None) -> None:
        if not variable_def.is_resource:
            raise ValueError("Trying to restore Variable as ResourceVariable.")
        graph = get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(prepend_scope(name, import_scope))

        self._handle = element(variable_def.variable_name)
        self._initializer_op = element(variable_def.initializer_name)
        self._initial_value = element(variable_def.initial_value_name) if variable_def.initial_value_name else None
        attrs = self._handle.op._attrs
        self._shape = attrs["shape"]
        self._dtype = attrs["dtype"]
        self._is_initialized_op = None
        self._cached_value = None
        if variable_def.snapshot_name:
            snapshot = element(variable_def.snapshot_name)
            self._graph_element = snapshot
            if snapshot.op.type != "ReadVariableOp":
                self._cached_value = snapshot
        else:
            self._graph_element = raw.read_variable_op(self._handle, self._dtype)
        self._take_from_proto(variable_def)

    def __bool__(self) -> bool:
        return bool(self.value())

    @property
    def name(self) -> str:
        return self._handle.name

    @property
    def handle(self) -> Tensor:
        """The handle by which operations refer to this variable."""
        return self._handle

    @property
    def op(self) -> Operation:
        return self._handle.op

    @property
    def _handle_name(self) -> str:
        return self._handle.name

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        return self._shape

    @property
    def create(self) -> Operation:
        """The operation that initialises the variable."""
        return self._initializer_op

    @property
    def initializer(self) -> Operation:
        return self._initializer_op

    @property
    def initial_value(self) -> Tensor:
        return self._initial_value  # type: ignore[return-value]  # None for a variable found by an old proto

    def is_initialized(self, name: str | None = None) -> Tensor:
        """A bool tensor: whether the variable holds a value."""
        return raw.var_is_initialized_op(self._handle, name=name)

    def _read_variable_op(self) -> Tensor:
        return raw.read_variable_op(self._handle, self._dtype)

    def value(self) -> Tensor:
        if self._cached_value is not None:
            return self._cached_value
        graph = self._handle.graph
        with graph.colocate_with(None, ignore_existing=True), graph.device(self._handle.device):
            return self._read_variable_op()

    def read_value(self) -> Tensor:
        with name_scope("Read"), self._handle.graph.device(self._handle.device):
            value = self._read_variable_op()
        return raw.identity(value)

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        with name_scope("Gather" if name is None else name) as scope:
            value = raw.resource_gather(self._handle, indices, dtype=self._dtype, name=scope)
        return raw.identity(value)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        with name_scope("GatherNd" if name is None else name) as scope:
            value = raw.resource_gather_nd(self._handle, indices, dtype=self._dtype, name=scope)
        return raw.identity(value)

    def set_shape(self, shape: Any) -> None:
        raise NotImplementedError("ResourceVariable does not implement set_shape()\nSay its shape when it is made: "
                                  "tf.Variable(..., shape=shape).")

    def _as_graph_element(self) -> Tensor:
        return self._graph_element

    def _to_tensor(self, dtype: DType | None, name: str | None, as_ref: bool) -> Any:
        if dtype is not None and not dtype.is_compatible_with(self._dtype):
            raise ValueError(f"Incompatible type conversion requested to type '{dtype.name}' for variable of type "
                             f"'{self._dtype.name}'")
        return self.read_value().op.inputs[0] if as_ref else self.value()

    def __getitem__(self, key: Any) -> Tensor:
        from tfmagic.tf.variable.slices import sliced

        return sliced(self, key)

    def __int__(self) -> int:
        if self._dtype.name not in ("int32", "int64"):
            raise TypeError("Non-integer variable can't be converted to integer.")
        raise AttributeError("'Tensor' object has no attribute 'numpy'\nint() of a variable needs a run: use "
                             "int(session.run(variable)).")

    def __iadd__(self, other: Any) -> Any:
        raise self._no_update("+", "variable.assign_add(value)", "variable")

    def __isub__(self, other: Any) -> Any:
        raise self._no_update("-", "variable.assign_sub(value)", "variable")

    def __imul__(self, other: Any) -> Any:
        raise self._no_update("*")

    def __itruediv__(self, other: Any) -> Any:
        raise self._no_update("/")

    def __ipow__(self, other: Any) -> Any:
        raise self._no_update("**")

    @staticmethod
    def _no_update(operator: str, instead: str = "", name: str = "var") -> RuntimeError:
        """The error of `variable += value`, which would leave the variable as it is."""
        quote = "" if instead else "`"
        instead = instead or f"{name}.assign({name} {operator} value)"
        return RuntimeError(f"Variable {operator}= value not supported. Use {quote}{instead}{quote} to modify the "
                            f"variable{' value' if not quote else ''} {'and' if not quote else 'or'} {quote}{name} = "
                            f"{name} {operator} value{quote} to get a new Tensor object.")

    # --- updates ------------------------------------------------------------------------------------------------

    def _lazy_read(self, op: Operation) -> UnreadVariable:
        return UnreadVariable._after(self, op)

    def _updated(self, op: Operation, read_value: bool = True) -> Any:
        return self._lazy_read(op) if read_value else op

    def assign(self, value: Any, use_locking: bool | None = None, name: str | None = None,
               read_value: bool = True) -> Any:
        tensor = convert_to_tensor(value, dtype=self._dtype)
        self._shape.assert_is_compatible_with(tensor.shape)
        return self._updated(raw.assign_variable_op(self._handle, tensor, name=name), read_value)

    def assign_add(self, delta: Any, use_locking: bool | None = None, name: str | None = None,
                   read_value: bool = True) -> Any:
        """A node that adds `delta`; gives the new value, or the operation if not `read_value`."""
        tensor = convert_to_tensor(delta, dtype=self._dtype)
        return self._updated(raw.assign_add_variable_op(self._handle, tensor, name=name), read_value)

    def assign_sub(self, delta: Any, use_locking: bool | None = None, name: str | None = None,
                   read_value: bool = True) -> Any:
        """A node that subtracts `delta`; gives the new value, or the operation if not `read_value`."""
        tensor = convert_to_tensor(delta, dtype=self._dtype)
        return self._updated(raw.assign_sub_variable_op(self._handle, tensor, name=name), read_value)

    def _scatter(self, kind: str, sparse_delta: Any, use_locking: bool, name: str | None) -> Any:
        from tfmagic.graph.indexed_slices import IndexedSlices

        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        updates = convert_to_tensor(sparse_delta.values, self._dtype)
        return self._lazy_read(getattr(raw, f"resource_scatter_{kind}")(self._handle, sparse_delta.indices, updates,
                                                                        name=name))

    def _scatter_nd(self, kind: str, indices: Any, updates: Any, name: str | None) -> Any:
        updates = convert_to_tensor(updates, self._dtype)
        return self._lazy_read(getattr(raw, f"resource_scatter_nd_{kind}")(self._handle, indices, updates, name=name))

    def to_proto(self, export_scope: str | None = None) -> Any:
        VariableDef = messages.module("variable_pb2").VariableDef

        if export_scope is not None and not self._handle.name.startswith(export_scope):
            return None
        snapshot = self._graph_element if self._cached_value is None else self._cached_value
        proto = VariableDef(variable_name=strip_scope(self._handle.name, export_scope),
                            initializer_name=strip_scope(self._initializer_op.name, export_scope),
                            snapshot_name=strip_scope(snapshot.name, export_scope), is_resource=True)
        if self._initial_value is not None:
            proto.initial_value_name = strip_scope(self._initial_value.name, export_scope)
        return self._fill_proto(proto, export_scope)


class UnreadVariable(ResourceVariable):
    """A resource variable after an update: whoever reads it reads after the update has run."""

    _parent_op: Operation

    @classmethod
    def _after(cls, variable: ResourceVariable, op: Operation) -> UnreadVariable:
        result = object.__new__(cls)
        result.__dict__.update(variable.__dict__)
        result._parent_op = op
        result._cached_value = None
        if not op.graph.building_function:
            with op.graph.control_dependencies([op]):
                result._graph_element = raw.read_variable_op(variable._handle, variable._dtype)
        return result

    @property
    def name(self) -> str:
        return self._parent_op.name

    @property
    def op(self) -> Operation:
        """The update."""
        return self._parent_op

    @property
    def device(self) -> str:
        """The variable's device, on which the update need not be."""
        return self._handle.device

    def value(self) -> Tensor:
        return self._read_variable_op()

    def read_value(self) -> Tensor:
        return self._read_variable_op()

    def _read_variable_op(self) -> Tensor:
        with self._parent_op.graph.control_dependencies([self._parent_op]):
            return super()._read_variable_op()


ResourceVariable.__module__ = "tensorflow.python.ops.resource_variable_ops"
UnreadVariable.__module__ = ResourceVariable.__module__
UnreadVariable.__name__ = UnreadVariable.__qualname__ = "_UnreadVariable"


def is_resource_variable(var: Any) -> bool:
    """Whether a variable is held behind a handle."""
    return isinstance(var, ResourceVariable)


def shape_safe_assign_variable_handle(handle: Tensor, shape: Any, value: Any, name: str | None = None) -> Operation:
    """Assign to a handle after checking the shapes.

    Raises:
      ValueError: they do not fit.
    """
    dtype = handle_data(handle)[1]
    tensor = convert_to_tensor(value, dtype=dtype)
    TensorShape(shape).assert_is_compatible_with(tensor.shape)
    return raw.assign_variable_op(handle, tensor, name=name)
