"""Nodes of functions: a FunctionDef as the nodes of a GraphDef, with the values of its attrs put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tfmagic.base import messages
from tfmagic.base.shapes import Dims, TensorShape
from tfmagic.graph import op_words
from tfmagic.graph.function import Function
from tfmagic.graph.opdefs import ArgDef, OpDef
from tfmagic.graph.protos import OWN_VERSIONS, attr_value
from tfmagic.graph.registry import arg_count
from tfmagic.graphdef.node_attrs import definition_of


def check(function: Function, attrs: Mapping[str, Any]) -> None:
    """Check that a definition holds together, without making its body.

    Raises:
      ValueError: it does not.
      NotFoundError: it holds an op that TensorFlow 1.15 does not have.
    """
    parts = FunctionNodes(function, attrs)
    parts.graph_def()
    parts.outputs()
    parts.controls()


class FunctionNodes:
    """A FunctionDef as the nodes of a GraphDef: arguments become placeholders, "node:output:0" becomes "node:0"."""

    def __init__(self, function: Function, attrs: Mapping[str, Any]):
        self._function = function
        self._definition = function.definition
        self._attrs = attrs
        self._nodes = {node.name: self._with_attrs(node) for node in self._definition.node_def}
        self._arguments = {arg.name: self._argument_names(arg) for arg in function.op_def.inputs}
        self._signatures = {name: self._signature(node) for name, node in self._nodes.items()}

    def graph_def(self, dims: Sequence[Dims] = ()) -> Any:
        """The arguments and nodes.

        Args:
          dims: the static shapes of the arguments; by default they are unknown.
        """
        GraphDef = messages.module("graph_pb2").GraphDef

        proto = GraphDef(versions=OWN_VERSIONS.proto())
        known = iter(dims)
        for arg in self._function.op_def.inputs:
            for name, dtype in zip(self._arguments[arg.name], _types(arg, self._attrs)):
                node = proto.node.add(name=name, op="Placeholder")
                node.attr["dtype"].type = dtype.as_datatype_enum
                node.attr["shape"].CopyFrom(attr_value(TensorShape(next(known, None))))
        for node in self._nodes.values():
            copy = proto.node.add()
            copy.CopyFrom(node)
            del copy.input[:]
            for text in node.input:
                found = self._control(text[1:]) if text.startswith("^") else self._tensors(text)
                if not found:
                    raise ValueError(f"input {text} is not found: {{{{node {node.name}}}}}\n\tIn {{{{node "
                                     f"{node.name}}}}}\nThe function is '{self._function.name}'.")
                copy.input.extend(found)
        return proto

    def inputs(self) -> list[str]:
        """The tensors that stand for the arguments."""
        return [f"{name}:0" for names in self._arguments.values() for name in names]

    def outputs(self) -> list[str]:
        """The results."""
        texts: list[str] = []
        for arg in self._function.op_def.outputs:
            given = self._definition.ret.get(arg.name, "")
            found = self._tensors(given)
            if not found:
                raise ValueError(f"Return {arg.name} -> {given} is not found.\n\tIn function output {arg.name}\nThe "
                                 f"function is '{self._function.name}'.")
            texts.extend(text if ":" in text else f"{text}:0" for text in found)
        return texts

    def controls(self) -> list[str]:
        """The nodes that run whatever becomes of the results."""
        for name in self._definition.control_ret.values():
            if name not in self._nodes:
                raise ValueError(f"Control return -> {name} is not found.\nThe function is '{self._function.name}'.")
        return list(dict.fromkeys(self._definition.control_ret.values()))

    # --- references inside ------------------------------------------------------------------------------------

    def _argument_names(self, arg: ArgDef) -> list[str]:
        if not arg.is_list:
            return [arg.name]
        names: list[str] = []
        for index in range(arg_count(arg, dict(self._attrs))):
            name = f"{arg.name}_{index}"
            while name in self._nodes:
                name += "_"
            names.append(name)
        return names

    def _control(self, name: str) -> list[str]:
        if name in self._arguments:
            return [f"^{argument}" for argument in self._arguments[name]]
        return [f"^{name}"] if name in self._nodes else []

    def _tensors(self, text: str) -> list[str]:
        """What a reference inside the definition means in a GraphDef; nothing where it is to nothing."""
        name, *rest = text.split(":")
        index = int(rest.pop()) if rest and rest[-1].isdigit() else None
        if name in self._arguments and not rest:
            found = self._arguments[name]
        elif name in self._signatures and len(rest) == 1 and rest[0] in self._signatures[name]:
            first, count = self._signatures[name][rest[0]]
            found = [f"{name}:{number}" for number in range(first, first + count)]
        else:
            return []
        return found if index is None else found[index:index + 1]

    def _signature(self, node: Any) -> dict[str, tuple[int, int]]:
        """Per output argument of a node: the number of its first tensor, and of how many."""
        definition = definition_of(node, self._function.library)
        position = 0
        outputs = {}
        for arg in definition.outputs:
            count = self._count(arg, node, definition)
            outputs[arg.name] = position, count
            position += count
        return outputs

    @staticmethod
    def _count(arg: ArgDef, node: Any, definition: OpDef) -> int:
        name = arg.number_attr or arg.type_list_attr
        if name is None:
            return 1
        if name in node.attr:
            return node.attr[name].i if arg.number_attr else len(node.attr[name].list.type)
        attr = definition.attrs[name]
        if not attr.has_default:
            raise op_words.missing([name], definition, node.name)
        return attr.default if arg.number_attr else len(attr.default)

    # --- attrs ------------------------------------------------------------------------------------------------

    def _with_attrs(self, node: Any) -> Any:
        """A node with the values of the function's attrs where it names them."""
        copy = type(node).FromString(node.SerializeToString())
        for value in copy.attr.values():
            self._put_in(value, node)
        return copy

    def _put_in(self, value: Any, node: Any) -> None:
        kind = value.WhichOneof("value")
        if kind == "placeholder":
            name = value.placeholder
            attr = self._function.op_def.attrs.get(name)
            if name not in self._attrs:
                raise ValueError(f"Failed to bind all placeholders in function '{self._function.name}': its node "
                                 f"'{node.name}' names the attr '{name}', which it has not.")
            value.CopyFrom(attr_value(self._attrs[name], None if attr is None else attr.type))
        elif kind == "func":
            for inner in value.func.attr.values():
                self._put_in(inner, node)
        elif kind == "list":
            for function in value.list.func:
                for inner in function.attr.values():
                    self._put_in(inner, node)


def _types(arg: ArgDef, attrs: Mapping[str, Any]) -> list[Any]:
    if arg.type_list_attr is not None:
        return list(attrs[arg.type_list_attr])
    dtype = arg.dtype if arg.type_attr is None else attrs[arg.type_attr]
    return [dtype] * arg_count(arg, dict(attrs))
