"""`tf.import_graph_def`: the nodes of a GraphDef in a graph, under a name scope, with some inputs replaced.

All or nothing: a definition that is wrong anywhere leaves the graph as it was.
"""

from __future__ import annotations

import heapq
import re
from collections import ChainMap
from typing import Any

from tfmagic.base import devices, messages, shapes
from tfmagic.base.deprecation import deprecated_args
from tfmagic.base.export import export
from tfmagic.graph import context, op_words, opdefs
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.function import Function
from tfmagic.graph.graph import Graph
from tfmagic.graph.opdefs import OpDef
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import OWN_VERSIONS, PRODUCER
from tfmagic.graph.scopes import name_scope
from tfmagic.graphdef.function_nodes import check
from tfmagic.graphdef.node_attrs import attrs_of, definition_of, input_types, op_def_from_proto

# Graphs of earlier producers cannot tell a scalar placeholder from one of any shape.
_SCALAR_PLACEHOLDERS = 24

_NODE_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")


@export("graph_util.import_graph_def")
@deprecated_args(None, "Please file an issue at https://github.com/tensorflow/tensorflow/issues if you depend on this "
                 "feature.", "op_dict")
def import_graph_def(graph_def: Any, input_map: dict[str, Any] | None = None,
                     return_elements: list[str] | None = None, name: str | None = None, op_dict: Any = None,
                     producer_op_list: Any = None) -> list[Any] | None:
    """Add the nodes of a `GraphDef` to the default graph.

    Args:
      graph_def: the `GraphDef` proto.
      input_map: tensors of the default graph by the names ("x:0") of the tensors in `graph_def` that they replace.
      return_elements: names of operations ("x") and tensors ("x:0") in `graph_def` to return.
      name: the name scope of the new nodes, "import" by default; "" for none.
      op_dict: deprecated, not used.
      producer_op_list: an `OpList` proto with the ops of the program that wrote `graph_def`: attrs that tfmagic does
        not know are left out where they have that list's default.

    Returns:
      The operations and tensors named by `return_elements`, or None.

    Raises:
      TypeError: an argument is of the wrong type.
      ValueError: `graph_def` is malformed, or a name is not in it.
      NotFoundError: `graph_def` holds an op that TensorFlow 1.15 does not have.
    """
    graph_def = _graph_def_proto(graph_def)
    if input_map is None:
        input_map = {}
    elif not isinstance(input_map, dict) or not all(isinstance(key, (str, bytes)) for key in input_map):
        raise TypeError("input_map must be a dictionary mapping strings to Tensor objects.\n"
                        f"This is of type {type(input_map).__name__}.")
    if return_elements is not None:
        return_elements = list(return_elements)
        if not all(isinstance(item, (str, bytes)) for item in return_elements):
            raise TypeError(f"return_elements must be a list of strings.\nThese are {return_elements}.")
    _check_version(graph_def)
    graph = context.get_default_graph()
    graph._check_not_finalized()
    with name_scope(name, "import", list(input_map.values())) as scope:
        mapped = _mapped_inputs(name, input_map)
        with graph._lock:  # an import is all or nothing, so nobody else takes names in the meantime
            return _Import(graph, graph_def, scope.rstrip("/"), mapped, producer_op_list).run(return_elements)


def import_into(graph: Graph, graph_def: Any, return_elements: list[str]) -> list[Any]:
    """Add the nodes of a `GraphDef` to `graph` as they stand; give the operations and tensors that are named.

    Raises:
      ValueError: `graph_def` is malformed, or a name is not in it.
      NotFoundError: `graph_def` holds an op that TensorFlow 1.15 does not have.
    """
    with graph._lock:
        return _Import(graph, graph_def, "", {}, None, is_body=True).run(return_elements) or []


def _graph_def_proto(graph_def: Any) -> Any:
    GraphDef = messages.module("graph_pb2").GraphDef

    if isinstance(graph_def, GraphDef):
        return graph_def
    if type(graph_def).__name__ == "GraphDef" and hasattr(graph_def, "SerializeToString"):
        return GraphDef.FromString(graph_def.SerializeToString())
    raise TypeError(f"graph_def must be a GraphDef proto.\nThis is of type {type(graph_def).__name__}; a file's bytes "
                    "are read by GraphDef.FromString.")


def _check_version(graph_def: Any) -> None:
    if graph_def.versions.min_consumer > PRODUCER:
        raise ValueError(f"GraphDef min consumer version {graph_def.versions.min_consumer} above current version "
                         f"{PRODUCER} for TensorFlow 1.15.0.  Please upgrade TensorFlow.")
    if graph_def.versions.producer < 0:
        raise ValueError(f"GraphDef producer version {graph_def.versions.producer} below min producer 0 supported by "
                         "TensorFlow 1.15.0.  Please regenerate your graph.")
    if PRODUCER in graph_def.versions.bad_consumers:
        raise ValueError(f"GraphDef disallows consumer version {PRODUCER}.  Please upgrade TensorFlow: this version is "
                         "likely buggy.")


def _mapped_inputs(name: str | None, input_map: dict[Any, Any]) -> dict[tuple[str, int], Any]:
    """The replacements by (node, output); output -1 stands for the node as a control input."""
    if not all(isinstance(value, (Tensor, Operation)) for value in input_map.values()):
        if name == "":
            raise ValueError("tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor "
                             "values. Try calling tf.convert_to_tensor() on `input_map` values before calling "
                             "tf.import_graph_def().")
        with name_scope("_inputs"):
            input_map = {key: value if isinstance(value, (Tensor, Operation)) else convert_to_tensor(value)
                         for key, value in input_map.items()}
    result: dict[tuple[str, int], Any] = {}
    for key, value in input_map.items():
        text = key.decode() if isinstance(key, bytes) else key
        if text.startswith("^"):
            result[text[1:], -1] = getattr(value, "op", value)
        else:
            result[_tensor_name(text)] = value if isinstance(value, Tensor) else value.outputs[0]
    return result


def _tensor_name(text: str) -> tuple[str, int]:
    """A tensor's name as node and output: "x" and "x:0" are the first output of x."""
    node, colon, index = text.partition(":")
    if not colon:
        return text, 0
    if not index.isdigit():
        raise ValueError(f"Cannot convert {text!r} to a tensor name.")
    return node, int(index)


class _Import:
    """One import: the nodes in an order in which their inputs exist, made one by one."""

    def __init__(self, graph: Graph, graph_def: Any, prefix: str, mapped: dict[tuple[str, int], Any],
                 producer_op_list: Any, is_body: bool = False):
        self.graph = graph
        self.is_body = is_body  # a function's: its versions are this program's, whatever graph it came with
        self.graph_def = graph_def
        self.prefix = prefix
        self.mapped = mapped
        self.used: set[tuple[str, int]] = set()
        self.made: dict[str, Operation] = {}
        self.back_edges: list[tuple[Operation, int, str, int]] = []
        self.scalars_are_unknown = graph_def.versions.producer < _SCALAR_PLACEHOLDERS
        self.produced_by = {} if producer_op_list is None else {op.name: op for op in producer_op_list.op}
        self.functions: dict[str, Function] = {}
        self.library = ChainMap(graph._functions, self.functions)
        self.nodes: dict[str, Any] = {}

    def run(self, return_elements: list[Any] | None) -> list[Any] | None:
        graph, stacks = self.graph, self.graph._stacks
        self._read_library()
        for node in self.graph_def.node:
            if not _NODE_NAME.fullmatch(node.name):
                raise ValueError(f"Node '{node.name}': Node name contains invalid characters")
            if node.name in self.nodes:
                raise ValueError(f"Node '{node.name}' is not unique")
            self.nodes[node.name] = node
        names = self._new_names()
        order = self._order()
        names_in_use = dict(graph._names_in_use)
        old_names, old_controllers = stacks.names, stacks.controllers
        stacks.controllers = ()
        try:
            for node in order:
                self._make(node, names)
            self._close_loops()
            self._colocate()
            results = None if return_elements is None else [self._result(item) for item in return_elements]
        except BaseException:
            self._undo(names_in_use)
            raise
        finally:
            stacks.names, stacks.controllers = old_names, old_controllers
        self._follow_control_dependencies()
        graph._functions.update(self.functions)
        graph._versions = (graph._versions or OWN_VERSIONS).with_imported(self.graph_def.versions)
        missing = [f"{node}:{index}" if index >= 0 else f"^{node}" for node, index in self.mapped
                   if (node, index) not in self.used and not self._exists(node, index)]
        if missing:
            raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{', '.join(missing)}]")
        return results

    def _read_library(self) -> None:
        """Take in the functions, but for those that the graph has already."""
        library = self.graph_def.library
        for definition in library.function:
            name = definition.signature.name
            if opdefs.is_op(name):
                raise ValueError(f"Cannot add function '{name}' because an op with the same name already exists.")
            known = self.library.get(name)
            if known is None:
                self.functions[name] = Function(definition, op_def_from_proto(definition.signature), self.library)
            elif known.definition != definition:
                raise ValueError(f"Cannot add function '{name}' because a different function with the same name "
                                 "already exists.")
        for gradient in library.gradient:
            for name in (gradient.function_name, gradient.gradient_func):
                if name not in self.library:
                    raise ValueError(f"FunctionDefLibrary missing '{name}' FunctionDef\nThe library says that "
                                     f"{gradient.gradient_func} is the gradient of {gradient.function_name}.")
            function = self.functions.get(gradient.function_name)
            if function is not None:
                function.gradient_name = gradient.gradient_func

    # --- order ------------------------------------------------------------------------------------------------

    def _inputs(self, node: Any) -> list[tuple[str, int]]:
        """A node's inputs as (node, output), control inputs as (node, -1), after `input_map`."""
        inputs = []
        controls_begun = False
        for text in node.input:
            if text.startswith("^"):
                controls_begun = True
                source = (text[1:], -1)
            else:
                if controls_begun:
                    raise ValueError(f"Node '{node.name}': Control dependencies must come after regular dependencies")
                name, _, index = text.rpartition(":")
                source = (name, int(index)) if name and index.isdigit() else (text, 0)
            if source not in self.mapped and source[0] not in self.nodes:
                raise ValueError(f"Node '{node.name}': Unknown input node '{text}'")
            inputs.append(source)
        return inputs

    def _order(self) -> list[Any]:
        """The nodes, each after its inputs; of those that are ready, the first of the definition first.

        The `Merge` of a loop does not wait for its `NextIteration`.
        """
        nodes = list(self.nodes.values())
        followers: dict[str, list[int]] = {}
        waiting = []
        for index, node in enumerate(nodes):
            sources = [s for s in self._inputs(node) if s not in self.mapped]
            is_loop = node.op in ("Merge", "RefMerge") and any(
                i >= 0 and self.nodes[n].op in ("NextIteration", "RefNextIteration") for n, i in sources)
            if is_loop:
                sources = [s for s in sources
                           if s[1] < 0 or self.nodes[s[0]].op not in ("NextIteration", "RefNextIteration")]
            waiting.append(len(sources))
            for source, _ in sources:
                followers.setdefault(source, []).append(index)
        ready = [index for index, count in enumerate(waiting) if not count]
        order = []
        while ready:
            index = heapq.heappop(ready)
            order.append(nodes[index])
            for follower in followers.get(nodes[index].name, ()):
                waiting[follower] -= 1
                if not waiting[follower]:
                    heapq.heappush(ready, follower)
        if len(order) != len(nodes):
            raise ValueError(f"{len(nodes) - len(order)} nodes in a cycle")
        return order

    def _new_names(self) -> dict[str, str]:
        """The names in the graph: the scope before them, a number behind those that are taken."""
        taken = self.graph._by_name
        names: dict[str, str] = {}
        given: set[str] = set()
        for name in self.nodes:
            full = base = f"{self.prefix}/{name}" if self.prefix else name
            count = 0
            while full in taken or full in given or (count and not self.prefix and full in self.nodes):
                count += 1
                full = f"{base}_{count}"
            names[name] = full
            given.add(full)
        return names

    # --- making -----------------------------------------------------------------------------------------------

    def _make(self, node: Any, names: dict[str, str]) -> None:
        name = names[node.name]
        definition = definition_of(node, self.library)
        try:
            attrs = attrs_of(self._without_defaults(node, definition), definition, name)
        except RecursionError:
            raise ValueError(f"Invalid GraphDef\nThe attrs of node '{name}' are nested too deeply: TensorFlow reads "
                             "a hundred messages within each other.") from None
        if node.op in self.library:
            check(self.library[node.op], attrs)
        if not self.is_body:
            op_words.refuse_removed(definition, self.graph_def.versions.producer)
        given_shapes = attrs.pop("_output_shapes", None)
        if "_class" in attrs:
            self._check_groups(node, attrs["_class"])
            attrs["_class"] = [_moved(group, names) for group in attrs["_class"]]
        sources = self._inputs(node)
        tensors: list[Any] = []
        back_edges = []
        for index, source in enumerate(s for s in sources if s[1] >= 0):
            tensor = self._tensor(node, source)
            if tensor is None:
                back_edges.append((index, *source))
            tensors.append(tensor)
        if back_edges:  # the loop is closed at the end; until then another input stands in
            stand_in = next((t for t in tensors if t is not None), None)
            if stand_in is None:
                raise ValueError(f"Node '{node.name}': all its inputs come from later turns of its loop, none from "
                                 "before it")
            tensors = [stand_in if t is None else t for t in tensors]
        for index, (tensor, wanted) in enumerate(zip(tensors, input_types(definition, attrs, len(tensors), name))):
            _check_type(name, index, tensor, wanted)
        op = self.graph.make(definition, name, tuple(tensors), attrs, use_device_scopes=False)
        if node.op == "Placeholder" and self.scalars_are_unknown and op._outputs[0]._dims == ():
            op._outputs[0]._dims = None  # an empty shape then stood for any
        self.graph.count_name(name)
        self.made[node.name] = op
        op._control_inputs = tuple(dict.fromkeys(self._control(source) for source in sources if source[1] < 0))
        if back_edges:
            op._outputs[0]._dims = None
            self.back_edges.extend((op, *edge) for edge in back_edges)
        self._place(op, node.device)
        if given_shapes:
            _refine_shapes(op, given_shapes)

    def _without_defaults(self, node: Any, definition: OpDef) -> Any:
        """The node without attrs that only its producer knows, where they say nothing new."""
        producer = self.produced_by.get(node.op)
        if producer is None:
            return node
        defaults = {attr.name: attr.default_value for attr in producer.attr if attr.HasField("default_value")}
        idle = [key for key in node.attr if key not in definition.attrs and key in defaults
                and node.attr[key] == defaults[key]]
        if not idle:
            return node
        copy = type(node).FromString(node.SerializeToString())
        for key in idle:
            del copy.attr[key]
        return copy

    def _check_groups(self, node: Any, groups: list[Any]) -> None:
        for group in groups:
            text = group.decode() if isinstance(group, bytes) else group
            if not self.is_body and text.startswith("loc:@") and text[5:] not in self.nodes:
                raise ValueError(f"Node '{node.name}' expects to be colocated with unknown node '{text[5:]}'")

    def _tensor(self, node: Any, source: tuple[str, int]) -> Tensor | None:
        if source in self.mapped:
            self.used.add(source)
            return self.mapped[source]
        op = self.made.get(source[0])
        if op is None:
            return None
        if source[1] >= len(op._outputs):
            raise ValueError(f"Node '{node.name}': Connecting to invalid output {source[1]} of source node "
                             f"{source[0]} which has {len(op._outputs)} outputs.")
        return op._outputs[source[1]]

    def _control(self, source: tuple[str, int]) -> Operation:
        if source in self.mapped:
            self.used.add(source)
            return self.mapped[source]
        return self.made[source[0]]

    def _place(self, op: Operation, device: str) -> None:
        op._device = devices.canonical(device) if device else op._device
        if self.graph._stacks.devices and "_class" not in op._attrs:
            self.graph._apply_devices(op)

    def _colocate(self) -> None:
        """Nodes of a colocation group go where the group's head was put."""
        for op in self.made.values():
            for group in op._attrs.get("_class", ()):
                text = group.decode() if isinstance(group, bytes) else group
                head = self.graph._by_name.get(text[5:])
                if head is not None and head._device:
                    op._device = head._device

    def _close_loops(self) -> None:
        for op, index, source, output in self.back_edges:
            tensor = self._tensor(self.nodes[source], (source, output))
            assert tensor is not None
            _check_type(op.name, index, tensor, op._inputs[index]._dtype)
            op._update_input(index, tensor)

    def _follow_control_dependencies(self) -> None:
        """The new nodes wait for the `control_dependencies` scopes around the import."""
        for controller in self.graph._stacks.controllers:
            for op in self.made.values():
                inputs = {tensor.op for tensor in op._inputs}
                op._add_control_inputs([c for c in controller.control_inputs if c not in inputs])
                controller.op_seen(op)

    # --- results ----------------------------------------------------------------------------------------------

    def _exists(self, node: str, index: int) -> bool:
        op = self.made.get(node)
        return op is not None and index < len(op._outputs)

    def _result(self, item: Any) -> Any:
        text = item.decode() if isinstance(item, bytes) else item
        if ":" not in text:
            if text not in self.made:
                raise ValueError(f"Requested return node '{text}' not found in graph def")
            return self.made[text]
        source = _tensor_name(text)
        if source in self.mapped:
            self.used.add(source)
            return self.mapped[source]
        if source[0] not in self.made:
            raise ValueError(f"Requested return tensor '{text}' not found in graph def")
        outputs = self.made[source[0]]._outputs
        if source[1] >= len(outputs):
            raise ValueError(f"Invalid return output {source[1]} of node '{source[0]}', which has {len(outputs)} "
                             "output(s)")
        return outputs[source[1]]

    def _undo(self, names_in_use: dict[str, int]) -> None:
        """Take the new nodes out of the graph again."""
        graph = self.graph
        for op in reversed(list(self.made.values())):
            for tensor in op._inputs:
                if op in tensor._consumers:
                    tensor._consumers.remove(op)
            graph._operations.pop(op, None)
            graph._by_name.pop(op.name, None)
            graph._changed(op)
        graph._names_in_use.clear()
        graph._names_in_use.update(names_in_use)


def _check_type(name: str, index: int, tensor: Tensor, wanted: Any) -> None:
    have = tensor._dtype
    if have.base_dtype is not wanted.base_dtype or (wanted._is_ref_dtype and not have._is_ref_dtype):
        raise ValueError(f"Input {index} of node {name} was passed {have.proto_name} from {tensor.name} incompatible "
                         f"with expected {wanted.proto_name}.")


def _refine_shapes(op: Operation, given: Any) -> None:
    """Take over what the `_output_shapes` attr knows."""
    if not isinstance(given, list) or not all(isinstance(shape, shapes.TensorShape) for shape in given):
        raise ValueError(f"Node '{op.name}' has an _output_shapes attribute that is no list of shapes.")
    for index, (tensor, shape) in enumerate(zip(op._outputs, given)):
        try:
            tensor._dims = shapes.merge(tensor._dims, shape._dims)
        except ValueError as error:
            raise ValueError(f"Node '{op.name}' has an _output_shapes attribute inconsistent with the GraphDef for "
                             f"output #{index}: {error}") from None


def _moved(group: Any, names: dict[str, str]) -> Any:
    """A colocation group under the new names."""
    text = group.decode() if isinstance(group, bytes) else group
    if text.startswith("loc:@") and text[5:] in names:
        return ("loc:@" + names[text[5:]]).encode() if isinstance(group, bytes) else "loc:@" + names[text[5:]]
    return group
