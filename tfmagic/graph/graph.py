"""Graph: makes operations with TensorFlow's names, scopes, devices, control inputs and collections, and finds them."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfmagic.base import devices, messages, source
from tfmagic.base.deprecation import deprecated_args
from tfmagic.base.dtypes import DType
from tfmagic.base.export import export
from tfmagic.graph import op_words, opdefs, registry
from tfmagic.graph.controls import Controller
from tfmagic.graph.inference import infer_shapes
from tfmagic.graph.node_scopes import NO_SCOPES, NodeScopes
from tfmagic.graph.opdefs import OpDef
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.stacks import GraphStacks, defaults, pushed

_OP_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\\-/]*")
_SCOPE_NAME = re.compile(r"[A-Za-z0-9_.\\\-/]*")
_valid_names: set[str] = set()
_new = object.__new__


def _check_strings(mapping: Any, what: str) -> None:
    if not isinstance(mapping, dict) or not all(
            isinstance(key, str) and isinstance(value, str) for key, value in mapping.items()):
        raise TypeError(f"{what} must be a dictionary mapping strings to strings")


def _outputs(op: Operation, op_def: OpDef, attrs: dict[str, Any]) -> tuple[Tensor, ...]:
    """The outputs of an operation that gives lists, several tensors or none."""
    outputs: list[Tensor] = []
    for arg in op_def.outputs:
        if arg.type_list_attr is not None:
            for dtype in attrs[arg.type_list_attr]:
                outputs.append(Tensor(op, len(outputs), dtype._ref if arg.is_ref else dtype))
            continue
        output_type: Any = arg.dtype if arg.type_attr is None else attrs[arg.type_attr]
        if arg.is_ref:
            output_type = output_type._ref
        for _ in range(1 if arg.number_attr is None else attrs[arg.number_attr]):
            outputs.append(Tensor(op, len(outputs), output_type))
    return tuple(outputs)


@export("Graph")
class Graph:
    """A dataflow graph: operations and the tensors between them.

    Graphs are safe to build from several threads; scopes are kept per thread.
    """

    building_function = False
    branches_are_functions = False
    outer_graph: Graph  # of a graph that builds a function

    def __init__(self) -> None:
        self._operations: dict[Operation, None] = {}
        self._by_name: dict[str, Operation] = {}
        self._names_in_use: dict[str, int] = {}
        self._last_id = 0
        self._edits = 0
        self._edited: list[Operation] = []
        self._stacks = GraphStacks()
        self._collections: dict[Any, list[Any]] = {}
        self._lock = threading.RLock()
        self._finalized = False
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[Any] = set()
        self._functions: dict[str, Any] = {}
        self._py_functions: dict[str, Any] = {}
        self._extras: dict[str, Any] = {}
        self._versions: Any = None  # `protos.Versions` once a graph was imported or a function added
        self.seed: int | None = None

    def __reduce__(self) -> Any:
        raise TypeError("A Graph cannot be pickled; save it with tf.train.write_graph, or pickle graph.as_graph_def().")

    # --- state ------------------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """The id of the newest operation."""
        return self._last_id

    @property
    def _version(self) -> int:
        return self._last_id

    def _get_op_def(self, op_type: str) -> Any:
        """The definition of an op as an `OpDef` proto.

        Raises:
          NotFoundError: TensorFlow 1.15 has no such op.
        """
        from tfmagic.graph.protos import op_def_proto

        return op_def_proto(opdefs.get(op_type) or self._unknown_op_def(op_type, (), None))

    @property
    def finalized(self) -> bool:
        return self._finalized

    def finalize(self) -> None:
        """Make the graph read-only."""
        self._finalized = True

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")

    def _changed(self, op: Operation) -> None:
        """Note a change to a node that exists already: plans with it in them are stale. New nodes make none so."""
        with self._lock:
            self._edited.append(op)
            self._edits += 1

    def _edited_since(self, edits: int) -> list[Operation]:
        """The nodes that were changed since there had been `edits` changes."""
        return self._edited[edits:]

    @property
    def graph_def_versions(self) -> Any:
        from tfmagic.graph.protos import OWN_VERSIONS

        return (self._versions or OWN_VERSIONS).proto()

    @property
    def _graph_control_flow_context(self) -> Any:
        return self._stacks.control_flow

    def _get_control_flow_context(self) -> Any:
        return self._stacks.control_flow

    def _set_control_flow_context(self, ctx: Any) -> None:
        self._stacks.control_flow = ctx

    def as_default(self) -> contextlib.AbstractContextManager[Graph]:
        """Make this graph the default of the thread within a `with` block."""
        return pushed(defaults.graphs, self)

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """The graph as a `GraphDef` proto.

        Args:
          from_version: taken for TensorFlow's sake, whose C library gives all nodes whatever it says.
          add_shapes: whether to add an `_output_shapes` attr to each node, those of functions included.

        Raises:
          ValueError: the graph is larger than a proto can be (2 GB).
        """
        GraphDef = messages.module("graph_pb2").GraphDef

        proto = GraphDef(versions=self.graph_def_versions)
        size = 0
        for op in self.get_operations():
            node = op._node_def(add_shapes, in_graph=True)
            size += node.ByteSize()
            if size >= 2**31:
                raise ValueError("GraphDef cannot be larger than 2GB.\nFeed large arrays through placeholders instead "
                                 "of holding them as constants.")
            proto.node.append(node)
        for function in self._functions.values():
            proto.library.function.append(function.with_shapes() if add_shapes else function.definition)
            if function.gradient_name is not None:
                proto.library.gradient.add(function_name=function.name, gradient_func=function.gradient_name)
        return proto

    def switch_to_thread_local(self) -> None:
        """Scopes are always kept per thread here; TensorFlow's call to ask for it changes nothing further."""

    # --- making operations ------------------------------------------------------------------------------------

    @deprecated_args(None, "Shapes are always computed; don't use the compute_shapes as it has no effect.",
                     "compute_shapes", module="tensorflow.python.framework.ops")
    def create_op(self, op_type: str, inputs: Sequence[Tensor], dtypes: Sequence[DType] | None = None,
                  input_types: Any = None, name: str | None = None, attrs: dict[str, Any] | None = None,
                  op_def: Any = None, compute_shapes: bool = True, compute_device: bool = True) -> Operation:
        """Make an operation of any type.

        Args:
          op_type: the op's name, such as "MatMul".
          inputs: the tensors it reads.
          dtypes: ignored, as in TensorFlow: the op's definition tells the types of its outputs.
          name: its name within the current scope; one that ends with "/" is taken as it stands.
          attrs: attrs as plain values or `AttrValue` protos.
          compute_device: whether the device scopes apply.

        Raises:
          NotFoundError: TensorFlow has no such op.
          UnimplementedError: graphs of this version may not hold the op any more.
          IndexError, AssertionError: there are too few inputs, or too many.
          ValueError: an attr is missing, an input is of another type, or the op's shape rule refuses the inputs.
          RuntimeError: the graph is finalized.
        """
        from tfmagic.graph.protos import OWN_VERSIONS, plain_attr

        self._check_not_finalized()
        definition = opdefs.get(op_type)
        if definition is None:
            definition = self._unknown_op_def(op_type, inputs, dtypes)
        for value in inputs:
            if not isinstance(value, Tensor):
                raise TypeError(f"Input #{list(inputs).index(value)} is not a tensor: {value}")
        plain = {key: plain_attr(value) for key, value in (attrs or {}).items()}
        op_words.types_from_inputs(definition, plain, [tensor._dtype for tensor in inputs])
        plain.update({attr.name: attr.default for attr in definition.attrs.values()
                      if attr.has_default and attr.name not in plain})
        name = op_type if name is None else name
        name = name[:-1] if name.endswith("/") else self.unique_name(name)
        op_words.refuse_inputs(definition, plain, [tensor._dtype for tensor in inputs], name)
        missing = [attr for attr in definition.attrs if attr not in plain]
        if missing:
            raise op_words.missing(missing, definition, name)
        op_words.refuse_removed(definition, (self._versions or OWN_VERSIONS).producer)
        return self.make(definition, name, tuple(inputs), plain, compute_device)

    def _unknown_op_def(self, op_type: str, inputs: Sequence[Tensor], dtypes: Sequence[DType] | None) -> OpDef:
        if op_type in self._functions:
            return self._functions[op_type].op_def
        raise op_words.unknown(op_type, "custom ops need a tf.py_func instead.")

    def make(self, op_def: OpDef, name: str, inputs: tuple[Tensor, ...], attrs: dict[str, Any],
             use_device_scopes: bool = True) -> Operation:
        """Make an operation from checked inputs and complete attrs: the one place where nodes come into being.

        Args:
          name: the full name, already unique.
          attrs: every attr as a plain value; the operation owns the dict from here on.

        Raises:
          ValueError: the name is taken or malformed, an input is of another graph, or the shape rule refuses the
            inputs. Nothing is added then.
        """
        if self._finalized:
            self._check_not_finalized()
        if name not in _valid_names:
            if not _OP_NAME.fullmatch(name):
                raise ValueError(f"'{name}' is not a valid node name\nIt starts with a letter, digit or '.', and goes "
                                 "on with letters, digits, '_', '.', '-' and '/'.")
            if len(_valid_names) > 100_000:
                _valid_names.clear()
            _valid_names.add(name)
        stacks = self._stacks
        op = _new(Operation)
        op.graph = self
        op.name = name
        op.type = op_def.name
        op._op_def = op_def
        op._inputs = inputs
        op._attrs = attrs
        op._device = ""
        op._frames = source.capture()
        op._static = None
        ctx = op._control_flow_context = stacks.control_flow
        op._control_inputs = self._controls_for(inputs) if stacks.controllers else ()
        single = op_def.single_output
        if single is None:
            op._outputs = _outputs(op, op_def, attrs)
        else:
            dtype: Any = single.dtype if single.type_attr is None else attrs[single.type_attr]
            op._outputs = (Tensor(op, 0, dtype._ref if single.is_ref else dtype),)
        declaration = registry.lookup(op_def.name)
        if declaration is not None and declaration.shape is not None:
            infer_shapes(op, declaration)
        for tensor in inputs:
            if tensor.op.graph is not self:
                other = next((t for t in inputs if t.op.graph is self), None)
                raise ValueError(f"{inputs[0] if other is None else other} must be from the same graph as {tensor}.\n"
                                 f"The operation '{name}' reads it: build both inside one `with graph.as_default():` "
                                 "block.")
            inner = tensor.op._control_flow_context
            if inner is not None and inner is not ctx:
                inner.check_use(op, tensor.op)
        with self._lock:
            if name in self._by_name:
                raise ValueError(f"Duplicate node name in graph: '{name}'")
            self._last_id += 1
            op._id = self._last_id
            self._by_name[name] = op
            self._operations[op] = None
            for tensor in inputs:
                tensor._consumers.append(op)
        if ctx is not None:
            ctx.AddOp(op)
        if stacks.node_scopes is not None:
            stacks.node_scopes.apply(op)
        if stacks.controllers:
            for controller in stacks.controllers:
                controller.op_seen(op)
        if use_device_scopes and stacks.devices:
            self._apply_devices(op)
        if stacks.colocations:
            self._apply_colocation(op)
        return op

    def _controls_for(self, inputs: tuple[Tensor, ...]) -> tuple[Operation, ...]:
        """The control inputs that open `control_dependencies` scopes ask for and the inputs do not imply."""
        input_ops = {tensor.op for tensor in inputs}
        found: dict[Operation, None] = {}
        for controller in self._stacks.controllers:
            if controller.seen.isdisjoint(input_ops):
                for op in controller.control_inputs:
                    if op not in input_ops:
                        found[op] = None
        return tuple(found)

    def _apply_devices(self, op: Operation) -> None:
        for scope in reversed(self._stacks.devices):
            if scope is None:
                return
            if callable(scope):
                op._set_device(scope(op))
            else:
                op._device = devices.merge(scope, op._device)

    def _apply_colocation(self, op: Operation) -> None:
        groups: list[bytes] = []
        for target in self._stacks.colocations:
            groups.extend(target.colocation_groups())
            if target._device:
                op._device = target._device
        op._attrs["_class"] = sorted(set(groups))

    # --- names ------------------------------------------------------------------------------------------------

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """A name within the current scope that nobody asked for yet: `x`, then `x_1`, `x_2`, ...

        A node whose name was given in full (`"x/"`) is not counted: `x` is refused then.
        """
        names = self._stacks.names
        if names:
            name = f"{names}/{name}"
        with self._lock:
            in_use = self._names_in_use
            key = name.lower()
            count = in_use.get(key, 0)
            if mark_as_used:
                in_use[key] = count + 1
            if count == 0:
                return name
            unique = f"{name}_{count}"
            key = unique.lower()
            base = name.lower()
            while key in in_use:
                count += 1
                unique = f"{name}_{count}"
                key = unique.lower()
            if mark_as_used:
                in_use[base] = count + 1
                in_use[key] = 1
            return unique

    def count_name(self, name: str) -> None:
        """Take a name that came from outside (an imported node's) for one that is asked for."""
        with self._lock:
            self._names_in_use.setdefault(name.lower(), 1)

    @contextlib.contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Open a name scope.

        Args:
          name: a new scope's name, made unique; one that ends with "/" re-opens that scope as it stands; None or
            "" goes back to the root.

        Yields:
          The scope's full name with a trailing "/" ("" for the root).

        Raises:
          ValueError: the name is malformed.
        """
        stacks = self._stacks
        old = stacks.names
        new = self.enter_name_scope(name)
        try:
            yield new
        finally:
            stacks.names = old

    def enter_name_scope(self, name: str | None) -> str:
        """Open a name scope without a `with` block; the caller puts `_stacks.names` back."""
        stacks = self._stacks
        if not name:
            if name is not None and not isinstance(name, str):
                raise TypeError(f"Name scope's name is a string, got {name!r}")
            stacks.names = ""
            return ""
        if not isinstance(name, str):
            raise TypeError(f"Name scope's name is a string, got {name!r}")
        if name[-1] == "/":
            scope = name[:-1]
            if not _SCOPE_NAME.fullmatch(name):
                raise ValueError(f"'{name}' is not a valid scope name")
        else:
            self.check_scope_name(name)
            scope = self.unique_name(name)
        stacks.names = scope
        return scope + "/" if scope else ""

    def check_scope_name(self, name: str) -> None:
        """Refuse what can be no scope's name here: every node function opens a scope of its node's name."""
        if name not in _valid_names and not (_SCOPE_NAME if self._stacks.names else _OP_NAME).fullmatch(name):
            raise ValueError(f"'{name}' is not a valid scope name")

    def get_name_scope(self) -> str:
        """The current name scope without a trailing "/"."""
        return self._stacks.names

    @property
    def _name_stack(self) -> str:
        return self._stacks.names

    # --- scopes -----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Ask for a device for the operations made within: a name, a function of the operation, or None for any."""
        scope = device_name_or_function
        if scope is not None and not callable(scope):
            scope = devices.canonical(scope.to_string() if isinstance(scope, devices.DeviceSpecV2) else scope)
        stacks = self._stacks
        old = stacks.devices
        stacks.devices = (*old, scope)
        try:
            yield
        finally:
            stacks.devices = old

    @contextlib.contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Put the operations made within on the same device as `op` (None: drop outer colocations)."""
        if op is None and not ignore_existing:
            raise ValueError("Trying to reset colocation (op is None) but ignore_existing is not True")
        if hasattr(op, "_parent_op"):  # a variable after an update stands where the variable stands
            op = op.handle
        target = None if op is None else getattr(op, "op", op)
        if target is not None and not isinstance(target, Operation):
            target = self.as_graph_element(op, allow_tensor=True, allow_operation=True)
            target = getattr(target, "op", target)
        stacks = self._stacks
        old_devices, old = stacks.devices, stacks.colocations
        stacks.devices = ()
        stacks.colocations = () if ignore_existing else old
        if target is not None:
            stacks.colocations = (*stacks.colocations, target)
        try:
            yield
        finally:
            stacks.devices, stacks.colocations = old_devices, old

    def control_dependencies(self, control_inputs: Any) -> Controller:
        """Make the operations created within run after `control_inputs` (None: clear outer dependencies).

        Raises:
          TypeError: `control_inputs` holds something that is no operation, tensor or variable.
        """
        if control_inputs is None:
            return Controller(self, None)
        ops: dict[Operation, None] = {}
        if isinstance(control_inputs, Tensor):
            control_inputs._refuse_iteration()
        if not hasattr(control_inputs, "__iter__"):
            raise TypeError(f"{type(control_inputs).__name__!r} object is not iterable\ncontrol_dependencies takes a "
                            f"list of operations or tensors, got {control_inputs!r}; put it in a list: [op].")
        for item in control_inputs:
            if isinstance(item, Operation):
                op = item
            elif isinstance(item, Tensor):
                op = item.op
            else:
                inner = getattr(item, "_as_control_input", None)
                element = inner() if inner is not None else self.as_graph_element(item)
                op = getattr(element, "op", element)
            if op.graph is not self:
                raise ValueError(f"{type(item).__name__} {item} is not an element of this graph.")
            ops[op] = None
        return Controller(self, list(ops))

    def _current_control_dependencies(self) -> set[Operation]:
        """The operations that those made now must follow."""
        return {op for controller in self._stacks.controllers for op in controller.control_inputs}

    def _control_dependencies_for_inputs(self, input_ops: Sequence[Operation]) -> list[Operation]:
        """The control inputs that an operation with inputs from `input_ops` would get now."""
        return [op for controller in self._stacks.controllers if controller.seen.isdisjoint(input_ops)
                for op in controller.control_inputs if op not in input_ops]

    @property
    def _control_dependencies_stack(self) -> tuple[Any, ...]:
        return self._stacks.controllers

    @contextlib.contextmanager
    def _node_scope(self, change: Callable[[NodeScopes], NodeScopes], yielded: Any = None) -> Iterator[Any]:
        """Change what is written into the nodes that this thread makes within the scope."""
        stacks = self._stacks
        old = stacks.node_scopes
        stacks.node_scopes = change(old or NO_SCOPES)
        try:
            yield yielded
        finally:
            stacks.node_scopes = old

    def container(self, container_name: str) -> contextlib.AbstractContextManager[str]:
        """Name the resource container of stateful operations made within."""
        return self._node_scope(lambda old: old._replace(container=container_name), container_name)

    def gradient_override_map(self, op_type_map: dict[str, str]) -> contextlib.AbstractContextManager[None]:
        """Give operations made within another gradient: op type -> name given to `tf.RegisterGradient`.

        Raises:
          TypeError: the map is no dict from strings to strings.
        """
        _check_strings(op_type_map, "op_type_map")
        return self._node_scope(lambda old: old._replace(gradients={**old.gradients, **op_type_map}))

    @property
    def _variables_graph(self) -> Any:
        """The graph that keeps the variable scopes and the store of variables."""
        return self

    def _attr_scope(self, attr_map: dict[str, Any]) -> contextlib.AbstractContextManager[None]:
        words = "attr_map must be a dictionary mapping strings to AttrValue protocol buffers"
        if not isinstance(attr_map, dict):
            raise TypeError(words)
        if not all(isinstance(k, str) and (v is None or callable(v) or type(v).__name__ == "AttrValue")
                   for k, v in attr_map.items()):
            raise TypeError(f"{words} or callables that emit AttrValue protocol buffers")
        return self._marked(attr_map)

    def _marked(self, attrs: dict[str, Any]) -> contextlib.AbstractContextManager[None]:
        """Give operations made within further attrs: plain values, or functions of a `NodeDef` that give one."""
        return self._node_scope(lambda old: old._replace(attrs={**old.attrs, **attrs}))

    def _kernel_label_map(self, op_to_kernel_label_map: dict[str, str]) -> contextlib.AbstractContextManager[None]:
        _check_strings(op_to_kernel_label_map, "op_to_kernel_label_map")
        return self._node_scope(lambda old: old._replace(kernels={**old.kernels, **op_to_kernel_label_map}))

    def _original_op(self, op: Operation) -> contextlib.AbstractContextManager[None]:
        """Note in the operations made within that they stand for `op`: as their `_original_op`."""
        return self._node_scope(lambda old: old._replace(original=op))

    def _colocate_with_for_gradient(self, op: Any, gradient_uid: str | None,
                                    ignore_existing: bool = False) -> contextlib.AbstractContextManager[None]:
        """`colocate_with` for the nodes of a gradient; outside of loops the gradient's id changes nothing."""
        return self.colocate_with(op, ignore_existing)

    def _watch(self) -> contextlib.AbstractContextManager[list[Operation]]:
        """A list that takes the operations that this thread makes within the scope."""
        made: list[Operation] = []
        return self._node_scope(lambda old: old._replace(watchers=(*old.watchers, made)), made)

    # --- finding things ---------------------------------------------------------------------------------------

    def get_operations(self) -> list[Operation]:
        """All operations in the order of their making."""
        return list(self._operations)

    def _get_operation_by_name_unsafe(self, name: str) -> Operation | None:
        return self._by_name.get(name)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation with this name.

        Raises:
          KeyError: there is none.
        """
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=False, allow_operation=True)

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor with this name ("add:0").

        Raises:
          KeyError: there is none.
          ValueError: the name is not of the form "operation:output".
        """
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=True, allow_operation=False)

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """The operation or tensor that `obj` (an element, its name, a variable, ...) stands for.

        Raises:
          KeyError: a name is not in the graph.
          ValueError: the element is of another graph.
          TypeError: `obj` cannot stand for one.
        """
        types = " or ".join(kind for kind, allowed in (("Tensor", allow_tensor), ("Operation", allow_operation))
                            if allowed)
        if not types:
            raise ValueError("allow_tensor and allow_operation can't both be False.")
        as_element = getattr(obj, "_as_graph_element", None)
        if as_element is not None:
            obj = as_element()
        if isinstance(obj, bytes):
            obj = obj.decode()
        if isinstance(obj, str):
            return self._element_by_name(obj, allow_tensor, allow_operation)
        if (isinstance(obj, Tensor) and allow_tensor) or (isinstance(obj, Operation) and allow_operation):
            if obj.graph is not self:
                raise ValueError(f"{type(obj).__name__} {obj} is not an element of this graph.")
            return obj
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {types}.")

    def _element_by_name(self, name: str, allow_tensor: bool, allow_operation: bool) -> Any:
        if ":" in name and allow_tensor:
            op_name, _, index_text = name.partition(":")
            if not op_name or not index_text.isdigit():
                raise ValueError(f"The name {name!r} looks a like a Tensor name, but is not a valid one. Tensor names "
                                 'must be of the form "<op_name>:<output_index>".')
            op = self._by_name.get(op_name)
            if op is None:
                raise KeyError(f"The name {name!r} refers to a Tensor which does not exist. The operation, "
                               f"{op_name!r}, does not exist in the graph.")
            if int(index_text) >= len(op._outputs):
                raise KeyError(f"The name {name!r} refers to a Tensor which does not exist. The operation, "
                               f"{op_name!r}, exists but only has {len(op._outputs)} outputs.")
            return op._outputs[int(index_text)]
        if ":" in name:
            raise ValueError(f"Name {name!r} appears to refer to a Tensor, not a Operation.")
        if not allow_operation:
            if name in self._by_name:
                raise ValueError(f"The name {name!r} refers to an Operation, not a Tensor. Tensor names must be of "
                                 'the form "<op_name>:<output_index>".')
            raise ValueError(f"The name {name!r} looks like an (invalid) Operation name, not a Tensor. Tensor names "
                             'must be of the form "<op_name>:<output_index>".')
        op = self._by_name.get(name)
        if op is None:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return op

    # --- collections ------------------------------------------------------------------------------------------

    @property
    def collections(self) -> list[Any]:
        """The names of the collections."""
        return list(self._collections)

    def add_to_collection(self, name: Any, value: Any) -> None:
        self._check_not_finalized()
        with self._lock:
            self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Add `value` to each of the collections, once each."""
        for name in (names,) if isinstance(names, str) else dict.fromkeys(names):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: Any) -> list[Any]:
        """The list itself that holds a collection: a change to it changes the collection."""
        with self._lock:
            return self._collections.setdefault(name, [])

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """The items of a collection, of those with a name only the ones that match the regex `scope`."""
        with self._lock:
            items = list(self._collections.get(name, ()))
        if scope is None:
            return items
        pattern = re.compile(scope)
        return [item for item in items if hasattr(item, "name") and pattern.match(item.name)]

    def get_all_collection_keys(self) -> list[Any]:
        with self._lock:
            return [key for key in self._collections if isinstance(key, str)]

    def clear_collection(self, name: Any) -> None:
        self._check_not_finalized()
        with self._lock:
            self._collections.pop(name, None)

    # --- feeding and fetching ---------------------------------------------------------------------------------

    def prevent_feeding(self, tensor: Tensor) -> None:
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Tensor) -> bool:
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Operation) -> None:
        self._unfetchable.add(op)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        return getattr(tensor_or_op, "op", tensor_or_op) not in self._unfetchable
