"""The definition of a function (`FunctionDef`) from the graph of its body."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tfmagic.base import errors, messages
from tfmagic.graph.function import Body, Function
from tfmagic.graph.function_hash import text_of
from tfmagic.graph.graph import Graph
from tfmagic.graph.opdefs import ArgDef, OpDef
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import attr_value, op_def_proto
from tfmagic.graph.registry import arg_count


def function_from_graph(name: str, graph: Graph, inputs: Sequence[Tensor], outputs: Sequence[Tensor],
                        output_names: Sequence[str] = (), attrs: Mapping[str, Any] | None = None,
                        description: str = "", with_hash: bool = False, controls: Sequence[Operation] = ()) -> Function:
    """A function whose body is a whole graph.

    Args:
      name: its name.
      inputs: placeholders in the graph that stand for the arguments.
      output_names: names of the results; by default the names of the operations that make them.
      attrs: attrs of the function itself.
      description: what it does.
      controls: operations that run though no result needs them.
      with_hash: whether its name ends with a text that stands for its definition.

    Raises:
      InvalidArgumentError: the names are too many or too few, or one comes twice.
    """
    FunctionDef = messages.module("function_pb2").FunctionDef

    names = _Names()
    result_names = _result_names(names, outputs, output_names)
    argument_names = [names.argument(tensor.op.name) for tensor in inputs]
    arguments = dict(zip(inputs, argument_names))
    replaced = {tensor.op for tensor in inputs}
    ops = [op for op in graph._operations if op not in replaced]
    op_names = {op: names.unique(op.name) for op in ops}
    stateful = frozenset({"stateful"} if any(op._op_def.is_stateful for op in ops) else ())
    signature = OpDef(name, tuple(_arg(n, t) for n, t in zip(argument_names, inputs)),
                      tuple(_arg(n, t) for n, t in zip(result_names, outputs)), {}, stateful)
    proto = FunctionDef(signature=op_def_proto(signature))
    proto.signature.name = ""  # it does not count in its hash, as attrs do not
    proto.signature.description = description
    for op in ops:
        node = op._node_def()
        node.name = op_names[op]
        del node.input[:]
        node.input.extend(_reference(tensor, arguments, op_names) for tensor in op._inputs)
        node.input.extend(sorted(f"^{op_names[c]}" for c in op._control_inputs if c in op_names))
        proto.node_def.append(node)
    for result_name, tensor in zip(result_names, outputs):
        proto.ret[result_name] = _reference(tensor, arguments, op_names)
    for op in controls:
        proto.control_ret[op.name] = op_names[op]
        proto.signature.control_output.append(op.name)
    signature.name = proto.signature.name = f"{name}_{text_of(proto)}" if with_hash else name
    for key, value in (attrs or {}).items():
        proto.attr[key].CopyFrom(attr_value(value))
    for index, tensor in enumerate(inputs):
        proto.arg_attr[index].SetInParent()
        for key, value in tensor.op._attrs.items():
            if key[0] == "_":
                proto.arg_attr[index].attr[key].CopyFrom(attr_value(value))
    body = Body(signature.name, graph, tuple(inputs), tuple(outputs), tuple(controls))
    return Function(proto, signature, graph._functions, body)


def _arg(name: str, tensor: Tensor) -> ArgDef:
    return ArgDef(name, name, tensor._dtype.base_dtype, None, None, None, False)


class _Names:
    """The names inside of a definition: results come first, then arguments, then nodes; none comes twice."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def argument(self, name: str) -> str:
        """A name of an argument or result: small letters, digits and underscores."""
        name = re.sub(r"[^a-z0-9]", "_", name.lower())
        name = re.sub(r"^[^a-z]+", "", name)
        return self.unique(name or "unknown")

    def unique(self, name: str) -> str:
        if name not in self._used:
            self._used[name] = 0
            return name
        while True:
            candidate = f"{name}_{self._used[name]}"
            self._used[name] += 1
            if candidate not in self._used:
                self._used[candidate] = 0
                return candidate


def _result_names(names: _Names, outputs: Sequence[Tensor], given: Sequence[str]) -> list[str]:
    if not given:
        return [names.argument(tensor.op.name) for tensor in outputs]
    if len(given) != len(outputs):
        raise errors.InvalidArgumentError(
            None, None, f"output names must be either empty or equal in size to outputs. output names size = "
            f"{len(given)} outputs size = {len(outputs)}")
    for name in given:
        if list(given).count(name) > 1:
            raise errors.InvalidArgumentError(None, None, f"Cannot have duplicate output names. Name '{name}' appears "
                                              "more than once in 'output_names' array.")
        names.unique(name)
    return list(given)


def _reference(tensor: Tensor, arguments: Mapping[Tensor, str], op_names: Mapping[Operation, str]) -> str:
    """A tensor as a definition names it: the argument, or node, output argument and number in it."""
    if tensor in arguments:
        return arguments[tensor]
    op = tensor.op
    position = 0
    for arg in op._op_def.outputs:
        count = arg_count(arg, op._attrs)
        if tensor.value_index < position + count:
            return f"{op_names[op]}:{arg.name}:{tensor.value_index - position}"
        position += count
    raise ValueError(f"{op.name} has no output {tensor.value_index}")
