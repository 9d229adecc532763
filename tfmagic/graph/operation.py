"""Operation and Tensor: the nodes of a graph and what flows between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tfmagic.base import devices, errors, messages, shapes, source
from tfmagic.base.dtypes import DType
from tfmagic.base.export import export
from tfmagic.base.shapes import Dims, TensorShape
from tfmagic.base.slots import Slot
from tfmagic.graph import conversion
from tfmagic.graph.opdefs import OpDef
from tfmagic.graph.stacks import GraphStacks, defaults


class OwnGraph(Protocol):
    """What is asked of the graph that a node belongs to; `graph.graph.Graph` is all of it and more."""

    building_function: bool
    branches_are_functions: bool
    seed: int | None
    _stacks: GraphStacks
    _operations: dict[Operation, None]
    _by_name: dict[str, Operation]
    _functions: dict[str, Any]
    _versions: Any
    _py_functions: dict[str, Any]
    _extras: dict[str, Any]

    @property
    def version(self) -> int: ...
    @property
    def _variables_graph(self) -> Any: ...
    def get_operations(self) -> list[Operation]: ...
    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]: ...
    def as_default(self) -> AbstractContextManager[Any]: ...
    def device(self, device_name_or_function: Any) -> AbstractContextManager[None]: ...
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]: ...
    def control_dependencies(self, control_inputs: Any) -> AbstractContextManager[Any]: ...
    def create_op(self, op_type: str, inputs: Sequence[Tensor], dtypes: Sequence[DType] | None = None,
                  input_types: Any = None, name: str | None = None, attrs: dict[str, Any] | None = None,
                  op_def: Any = None, compute_shapes: bool = True, compute_device: bool = True) -> Operation: ...
    def prevent_feeding(self, tensor: Tensor) -> None: ...
    def prevent_fetching(self, op: Operation) -> None: ...
    def _changed(self, op: Operation) -> None: ...


_from_node_def = Slot("operations of node defs")


@export("Operation")
class Operation:
    """A node of a graph: computes its outputs from its inputs when a session runs it."""

    __slots__ = ("graph", "name", "type", "_op_def", "_id", "_inputs", "_control_inputs", "_outputs", "_attrs",
                 "_device", "_frames", "_control_flow_context", "_static", "__dict__", "__weakref__")

    graph: OwnGraph
    name: str
    type: str
    _op_def: OpDef
    _id: int
    _inputs: tuple[Tensor, ...]
    _control_inputs: tuple[Operation, ...]
    _outputs: tuple[Tensor, ...]
    _attrs: dict[str, Any]
    _device: str
    _frames: source.Frames
    _control_flow_context: Any
    _static: Any
    _gradient_function: Callable[..., Any] | None = None
    _original_op: Operation | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Operation:
        """`Operation(node_def, graph, inputs, ...)` as TensorFlow's constructor; see `from_node_def.operation`."""
        return _from_node_def(*args, **kwargs) if args or kwargs else super().__new__(cls)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors that this operation reads, in order."""
        return self._inputs

    @property
    def outputs(self) -> list[Tensor]:
        """The tensors that this operation makes, in order."""
        return list(self._outputs)

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that must run before this one though it reads none of their outputs."""
        return list(self._control_inputs)

    @property
    def _control_outputs(self) -> list[Operation]:
        return [op for op in self.graph.get_operations() if self in op._control_inputs]

    @property
    def device(self) -> str:
        """The device that was asked for ("" when any will do)."""
        return self._device

    @property
    def _id_value(self) -> int:
        return self._id

    def _set_device_from_string(self, device_str: str) -> None:
        self._set_device(device_str)

    def _set_device(self, device: Any) -> None:
        if isinstance(device, devices.DeviceSpecV2):
            device = device.to_string()
        if not isinstance(device, (str, bytes)):
            raise TypeError(f"Expected binary or unicode string, got {device!r}\nA device function gives a device's "
                            "name: the node's own, op.device, where nothing is to change.")
        self._device = device.decode() if isinstance(device, bytes) else device
        self.graph._changed(self)

    @property
    def op_def(self) -> Any:
        """The op's definition as an `OpDef` proto."""
        from tfmagic.graph.protos import op_def_proto

        return op_def_proto(self._op_def)

    @property
    def node_def(self) -> Any:
        """This operation as a `NodeDef` proto."""
        return self._node_def()

    def _node_def(self, add_shapes: bool = False, in_graph: bool = False) -> Any:
        """The `NodeDef`; a whole graph (`in_graph`) lists controls by name, a node as they were asked for."""
        NodeDef = messages.module("node_def_pb2").NodeDef

        from tfmagic.graph.protos import attr_value

        inputs = [tensor._as_node_def_input() for tensor in self._inputs]
        before = ["^" + control.name for control in self._control_inputs]
        inputs += sorted(before) if in_graph else before
        proto = NodeDef(name=self.name, op=self.type, input=inputs, device=self._device)
        for name, value in self._attrs.items():
            if value is None:
                continue
            attr = self._op_def.attrs.get(name)
            dtype = self._attrs.get("dtype") if attr is not None and attr.type == "tensor" else None
            proto.attr[name].CopyFrom(attr_value(value, None if attr is None else attr.type, dtype))
        if add_shapes and self._outputs:
            proto.attr["_output_shapes"].CopyFrom(attr_value([t.shape for t in self._outputs]))
        return proto

    def get_attr(self, name: str) -> Any:
        """The value of an attr, as TensorFlow gives it (bytes for strings, protos for shapes and tensors).

        Raises:
          ValueError: the operation has no such attr.
        """
        from tfmagic.graph.protos import attr_for_user

        if name not in self._attrs:
            raise ValueError(f"Operation '{self.name}' has no attr named '{name}'.")
        return attr_for_user(self._attrs[name], self._op_def.attrs.get(name))

    def _set_attr(self, name: str, value: Any) -> None:
        """Set an attr from an `AttrValue` proto (what legacy code calls) or a plain value."""
        from tfmagic.graph.protos import plain_attr

        self._attrs[name] = plain_attr(value)
        self.graph._changed(self)

    def _clear_attr(self, name: str) -> None:
        self._attrs.pop(name, None)
        self.graph._changed(self)

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _output_context(self) -> Any:
        """The control-flow context in which the outputs are: an Exit's are outside of its loop."""
        ctx = self._control_flow_context
        return ctx.outer_context if ctx is not None and self.type in ("Exit", "RefExit") else ctx

    def _set_control_flow_context(self, ctx: Any) -> None:
        self._control_flow_context = ctx

    def colocation_groups(self) -> list[bytes]:
        """The groups of operations that share a device with this one."""
        groups = [g if isinstance(g, bytes) else g.encode() for g in self._attrs.get("_class", ())]
        return [g for g in groups if g.startswith(b"loc:@")] or [b"loc:@" + self.name.encode()]

    @property
    def traceback(self) -> list[tuple[str, int, str, str]]:
        """The user's frames that made this operation, outermost first: (file, line number, function, text)."""
        return [(line.filename, line.lineno, line.function, line.text)
                for line in reversed(source.lines(self._frames))]

    @property
    def traceback_with_start_lines(self) -> list[tuple[str, int, str, str, int]]:
        """The same frames, each with the line at which its function begins."""
        starts = [code.co_firstlineno for code, _ in reversed(self._frames)]
        return [(*frame, start) for frame, start in zip(self.traceback, starts)]

    @property
    def source(self) -> source.Line | None:
        """The line of the user's code that made this operation, or None (an imported node)."""
        return source.lines(self._frames[:1])[0] if self._frames else None

    def values(self) -> tuple[Tensor, ...]:
        return self._outputs

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run this operation in `session`, or the default session."""
        _session_for(self, session).run(self, feed_dict)

    def _update_input(self, index: int, tensor: Tensor) -> None:
        """Replace an input (control flow rewires captured tensors)."""
        if not isinstance(tensor, Tensor):
            raise TypeError(f"tensor must be a Tensor: {tensor}")
        if tensor.graph is not self.graph:
            raise ValueError(f"{tensor} must be from the same graph as {self}.")
        if index >= len(self._inputs):
            raise errors.OutOfRangeError(None, None, f"Cannot update edge. Input index [{index}] is greater than the "
                                                     f"number of total inputs [{len(self._inputs)}].")
        self._inputs[index]._consumers.remove(self)
        self._inputs = (*self._inputs[:index], tensor, *self._inputs[index + 1:])
        tensor._consumers.append(self)
        self.graph._changed(self)

    def _add_inputs(self, tensors: Sequence[Tensor]) -> None:
        """Append inputs (what a gradient lets a loop keep)."""
        self._inputs = (*self._inputs, *tensors)
        for tensor in tensors:
            tensor._consumers.append(self)
        self.graph._changed(self)

    def _add_control_input(self, op: Operation) -> None:
        if not isinstance(op, Operation):
            raise TypeError(f"op must be an Operation: {op}")
        self._add_control_inputs([op])

    def _add_control_inputs(self, ops: Any) -> None:
        for op in ops:
            if not isinstance(op, Operation):
                raise TypeError(f"op must be an Operation: {op}")
        new = [op for op in dict.fromkeys(ops) if op not in self._control_inputs]
        if new:
            self._control_inputs = (*self._control_inputs, *new)
            self.graph._changed(self)

    def _remove_all_control_inputs(self) -> None:
        self._control_inputs = ()
        self.graph._changed(self)

    def __copy__(self) -> Operation:
        return self

    def __str__(self) -> str:
        return str(self._node_def())

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.type}>"

    def _as_graph_element(self) -> Operation:
        return self

    def __reduce__(self):
        raise TypeError(f"Operation '{self.name}' belongs to a graph and cannot be pickled; save the graph with "
                        "tf.train.write_graph instead.")


_OPERATORS = ("__add__", "__radd__", "__sub__", "__rsub__", "__mul__", "__rmul__", "__div__", "__rdiv__",
              "__truediv__", "__rtruediv__", "__floordiv__", "__rfloordiv__", "__mod__", "__rmod__", "__lt__",
              "__le__", "__gt__", "__ge__", "__and__", "__rand__", "__or__", "__ror__", "__xor__", "__rxor__",
              "__getitem__", "__pow__", "__rpow__", "__invert__", "__neg__", "__abs__", "__matmul__", "__rmatmul__",
              "__eq__", "__ne__")


class Reference:
    """Stands for a tensor or variable where something hashable is needed (`experimental_ref`)."""

    __slots__ = ("_wrapped",)

    def __init__(self, wrapped: Any):
        self._wrapped = wrapped

    def deref(self) -> Any:
        """What it stands for."""
        return self._wrapped

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._wrapped is other._wrapped

    def __hash__(self) -> int:
        return id(self._wrapped)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._wrapped!r}>"


_arithmetic = Slot("operators of tensors")
_indexing = Slot("indexing of tensors")


def _operator(name: str) -> Callable[..., Any]:
    """An operator's method until its first use: the family that makes its nodes is imported, and its own takes over."""

    def first_use(self: Tensor, *args: Any) -> Any:
        own = _indexing.load() if name == "__getitem__" else _arithmetic.load()[name]
        if Tensor.__dict__.get(name) is first_use:
            setattr(Tensor, name, own)
        return own(self, *args)

    first_use.__name__ = name
    first_use.__qualname__ = f"Tensor.{name}"
    return first_use


@export("Tensor")
class Tensor:
    """A symbolic handle to one output of an `Operation`; it holds no value."""

    __slots__ = ("op", "value_index", "_dtype", "_dims", "_consumers", "__dict__", "__weakref__")

    _handle_data: Any = None  # of a resource: shape and dtype of what it leads to

    OVERLOADABLE_OPERATORS = frozenset(_OPERATORS)
    __array_priority__ = 100  # NumPy arrays leave `array + tensor` to the tensor

    def __init__(self, op: Operation, value_index: int, dtype: DType):
        self.op = op
        self.value_index = value_index
        self._dtype = dtype
        self._dims: Dims = None
        self._consumers: list[Operation] = []

    @property
    def dtype(self) -> DType:
        """The type of the elements (a reference type for the output of a variable)."""
        return self._dtype

    @property
    def graph(self) -> OwnGraph:
        return self.op.graph

    @property
    def name(self) -> str:
        """The operation's name, a colon and the output's number."""
        return f"{self.op.name}:{self.value_index}"

    @property
    def device(self) -> str:
        return self.op._device

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        shape = TensorShape(None)
        shape._dims = self._dims
        return shape

    def get_shape(self) -> TensorShape:
        """The static shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Add what is known of the static shape.

        Raises:
          ValueError: `shape` contradicts what is known already.
        """
        self._dims = shapes.merge_in_words(self._dims, shapes.as_shape(shape)._dims)

    @property
    def _shape(self) -> TensorShape:
        return self.shape

    @property
    def _value_index(self) -> int:
        return self.value_index

    @property
    def _id(self) -> tuple[int, int]:
        """What tells this tensor from the others of its graph."""
        return self.op._id, self.value_index

    def _shape_as_list(self) -> list[int | None] | None:
        return None if self._dims is None else list(self._dims)

    def _rank(self) -> int | None:
        return None if self._dims is None else len(self._dims)

    def consumers(self) -> list[Operation]:
        """The operations that read this tensor, once per input that does."""
        return list(self._consumers)

    def experimental_ref(self) -> Reference:
        """A hashable object that stands for this tensor."""
        return Reference(self)

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value of this tensor, computed in `session` or the default session."""
        return _session_for(self, session).run(self, feed_dict)

    def _as_graph_element(self) -> Tensor:
        return self

    def _as_node_def_input(self) -> str:
        return self.op.name if self.value_index == 0 else self.name

    @staticmethod
    def _override_operator(operator: str, function: Callable[..., Any]) -> None:
        """Give tensors another Python operator."""
        if operator not in Tensor.OVERLOADABLE_OPERATORS:
            raise ValueError(f"Overriding {operator} is disallowed")
        setattr(Tensor, operator, function)

    __add__ = _operator("__add__")
    __radd__ = _operator("__radd__")
    __sub__ = _operator("__sub__")
    __rsub__ = _operator("__rsub__")
    __mul__ = _operator("__mul__")
    __rmul__ = _operator("__rmul__")
    __div__ = _operator("__div__")
    __rdiv__ = _operator("__rdiv__")
    __truediv__ = _operator("__truediv__")
    __rtruediv__ = _operator("__rtruediv__")
    __floordiv__ = _operator("__floordiv__")
    __rfloordiv__ = _operator("__rfloordiv__")
    __mod__ = _operator("__mod__")
    __rmod__ = _operator("__rmod__")
    __pow__ = _operator("__pow__")
    __rpow__ = _operator("__rpow__")
    __matmul__ = _operator("__matmul__")
    __rmatmul__ = _operator("__rmatmul__")
    __lt__ = _operator("__lt__")
    __le__ = _operator("__le__")
    __gt__ = _operator("__gt__")
    __ge__ = _operator("__ge__")
    __and__ = _operator("__and__")
    __rand__ = _operator("__rand__")
    __or__ = _operator("__or__")
    __ror__ = _operator("__ror__")
    __xor__ = _operator("__xor__")
    __rxor__ = _operator("__rxor__")
    __neg__ = _operator("__neg__")
    __abs__ = _operator("__abs__")
    __invert__ = _operator("__invert__")
    __getitem__ = _operator("__getitem__")

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self._dtype.name}>"

    def __str__(self) -> str:
        shape = f", shape={self.shape}" if self._dims is not None else ""
        device = f", device={self.device}" if self.device else ""
        return f'Tensor("{self.name}"{shape}, dtype={self._dtype.name}{device})'

    __hash__ = object.__hash__  # every run looks for its tensors in a dictionary

    def __copy__(self) -> Tensor:
        return self

    def __iter__(self) -> Iterator[Any]:
        yield self._refuse_iteration()  # at the first step, as in TensorFlow: asking for an iterator is no error

    def _refuse_iteration(self) -> Any:
        raise errors.OperatorNotAllowedInGraphError(
            f"{conversion.not_allowed('iterating over `tf.Tensor`')}\n{self.name} has no value yet: use tf.map_fn, or "
            "tf.unstack when its first dimension is known.")

    def __len__(self) -> int:
        raise TypeError(f"len is not well defined for symbolic Tensors. ({self.name}) Please call `x.shape` rather "
                        "than `len(x)` for shape information.\nUse tf.shape(x)[0] for its length in a run, or "
                        "x.shape[0] for its static length.")

    def __bool__(self) -> bool:
        raise errors.OperatorNotAllowedInGraphError(
            f"{conversion.not_allowed('using a `tf.Tensor` as a Python `bool`')}\n{self.name} has no value yet: use "
            "`if t is not None:` to ask whether a tensor is given, and tf.cond, tf.where or tf.while_loop to decide by "
            "its value in a run.")

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise NotImplementedError(f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array.\nRun it: "
                                  "session.run(tensor) gives its value.")

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError(f"'Tensor' object does not support item assignment\n{self.name} is symbolic. Use tf.where, "
                        "tf.tensor_scatter_update or a tf.Variable with tf.scatter_update.")

    def __delitem__(self, key: Any) -> None:
        raise TypeError(f"'Tensor' object doesn't support item deletion\n{self.name} is symbolic. Use tf.boolean_mask "
                        "or tf.gather to leave elements out.")

    def __reduce__(self):
        raise TypeError(f"Tensor '{self.name}' belongs to a graph and cannot be pickled; run it to get its value.")


def _session_for(element: Operation | Tensor, session: Any) -> Any:
    graph = element.graph
    if session is None:
        session = defaults.sessions[-1] if defaults.sessions else None
        what = "evaluate tensor using `eval()`" if isinstance(element, Tensor) else "execute operation using `run()`"
        if session is None:
            colon = "" if isinstance(element, Tensor) else ":"
            raise ValueError(f"Cannot {what}: No default session is registered. Use `with sess.as_default(){colon}` "
                             f"or pass an explicit session to `{what.split('`')[1].replace('()', '')}(session=sess)`")
        if session.graph is not graph:
            kind = "tensor's graph" if isinstance(element, Tensor) else "operation's graph"
            raise ValueError(f"Cannot use the default session to {what.split(' using')[0]}: the {kind} is different "
                             "from the session's graph. Pass an explicit session to "
                             + ("`eval(session=sess)`." if isinstance(element, Tensor) else "run(session=sess)."))
    elif session.graph is not graph:
        what = "evaluate tensor" if isinstance(element, Tensor) else "execute operation"
        kind = "tensor's graph" if isinstance(element, Tensor) else "operation's graph"
        raise ValueError(f"Cannot use the given session to {what}: the {kind} is different from the session's graph.")
    return session


def where(op: Operation) -> str:
    """TensorFlow's short form of a node and its place: `node MatMul (defined at <ipython-input-3-...>:2) `."""
    line = op.source
    return f"node {op.name}" + (f" (defined at {line}) " if line is not None else "")
