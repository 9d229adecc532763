"""RefVariable: a variable whose operation hands out a reference to its tensor, TensorFlow 1's default."""

from __future__ import annotations

from typing import Any

from tfmagic.base import messages
from tfmagic.base.dtypes import DType
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.tf.variable.initial_values import without_uninitialized
from tfmagic.tf.variable.save_slices import prepend_scope, strip_scope
from tfmagic.tf.variable.variables import Variable, init_scope, initial_tensor, refuse_control_flow, static_shape


class RefVariable(Variable):
    """A variable held by a `VariableV2` operation."""

    _variable: Tensor
    _snapshot: Tensor
    _initializer_op: Operation
    _initial_value: Tensor | None

    def _make(self, initial_value: Any, trainable: bool | None, collections: Any, validate_shape: bool,
              caching_device: Any, name: str | None, dtype: Any, constraint: Any, synchronization: Any,
              aggregation: Any, shape: Any) -> None:
        collections = self._take_common(initial_value, trainable, collections, constraint, caching_device,
                                        synchronization, aggregation)
        with init_scope(), name_scope(name, "Variable", [] if callable(initial_value) else [initial_value]) as scope:
            graph = get_default_graph()
            if callable(initial_value):
                with graph._marked({"_class": [b"loc:@" + scope[:-1].encode()]}):
                    with name_scope("Initializer"), graph.device(None):
                        value = initial_tensor(initial_value, dtype)
                    refuse_control_flow(value, scope)
                    dims = static_shape(value, shape, validate_shape)
                    self._variable = raw.variable_v2(dims, value.dtype.base_dtype, name=scope)
            else:
                value = initial_tensor(initial_value, dtype)
                refuse_control_flow(value, scope)
                dims = static_shape(value, shape, validate_shape)
                self._variable = raw.variable_v2(dims, value.dtype.base_dtype, name=scope)
            self._initial_value = value
            self._initializer_op = raw.assign(self._variable, without_uninitialized(scope, value),
                                              validate_shape=validate_shape).op
            if caching_device is not None:
                with graph.device(caching_device):
                    self._snapshot = raw.identity(self._variable, name="read")
            else:
                with graph.colocate_with(self._variable.op):
                    self._snapshot = raw.identity(self._variable, name="read")
            graph.add_to_collections(collections, self)

    def _find(self, variable_def: Any, import_scope: str | None) -> None:
        graph = get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(prepend_scope(name, import_scope))

        self._variable = element(variable_def.variable_name)
        self._initializer_op = element(variable_def.initializer_name)
        self._initial_value = element(variable_def.initial_value_name) if variable_def.initial_value_name else None
        self._snapshot = element(variable_def.snapshot_name)
        self._take_from_proto(variable_def)

    @property
    def name(self) -> str:
        return self._variable.name

    @property
    def op(self) -> Operation:
        return self._variable.op

    @property
    def dtype(self) -> DType:
        """The reference type (float32_ref)."""
        return self._variable.dtype

    @property
    def shape(self) -> TensorShape:
        return self._variable.shape

    @property
    def initializer(self) -> Operation:
        return self._initializer_op

    @property
    def initial_value(self) -> Tensor:
        return self._initial_value  # type: ignore[return-value]  # None for a variable found by an old proto

    def value(self) -> Tensor:
        return self._snapshot

    def read_value(self) -> Tensor:
        return raw.identity(self._variable, name="read")

    def _ref(self) -> Tensor:
        return self._variable

    def _AsTensor(self) -> Tensor:  # the name that legacy code calls
        return self._snapshot

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def _to_tensor(self, dtype: DType | None, name: str | None, as_ref: bool) -> Any:
        if dtype is not None and not dtype.is_compatible_with(self.dtype):
            raise ValueError(f"Incompatible type conversion requested to type '{dtype.name}' for variable of type "
                             f"'{self.dtype.name}'")
        return self._variable if as_ref else self._snapshot

    def __getitem__(self, key: Any) -> Tensor:
        from tfmagic.tf.variable.slices import sliced

        return sliced(self, key)

    # --- updates ------------------------------------------------------------------------------------------------

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        result = raw.assign(self._variable, value, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def assign_add(self, delta: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """A node that adds `delta`; gives the new value, or the operation if not `read_value`."""
        result = raw.assign_add(self._variable, delta, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def assign_sub(self, delta: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """A node that subtracts `delta`; gives the new value, or the operation if not `read_value`."""
        result = raw.assign_sub(self._variable, delta, use_locking=use_locking, name=name)
        return result if read_value else result.op

    def _scatter(self, kind: str, sparse_delta: Any, use_locking: bool, name: str | None) -> Tensor:
        from tfmagic.graph.indexed_slices import IndexedSlices

        if not isinstance(sparse_delta, IndexedSlices):
            raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
        return getattr(raw, f"scatter_{kind}")(self._variable, sparse_delta.indices, sparse_delta.values,
                                               use_locking=use_locking, name=name)

    def _scatter_nd(self, kind: str, indices: Any, updates: Any, name: str | None) -> Tensor:
        return getattr(raw, f"scatter_nd_{kind}")(self._variable, indices, updates, use_locking=True, name=name)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        return raw.gather_nd(self, indices, name=name)

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        raise AttributeError("RefVariable has no sparse_read: tf.gather(variable, indices) reads its rows.")

    def to_proto(self, export_scope: str | None = None) -> Any:
        VariableDef = messages.module("variable_pb2").VariableDef

        if export_scope is not None and not self._variable.name.startswith(export_scope):
            return None
        proto = VariableDef(variable_name=strip_scope(self._variable.name, export_scope),
                            initializer_name=strip_scope(self.initializer.name, export_scope),
                            snapshot_name=strip_scope(self._snapshot.name, export_scope))
        if self._initial_value is not None:
            proto.initial_value_name = strip_scope(self._initial_value.name, export_scope)
        return self._fill_proto(proto, export_scope)


RefVariable.__module__ = "tensorflow.python.ops.variables"
