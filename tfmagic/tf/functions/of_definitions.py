"""Functions from the definitions of a library, and the definition of a function from nodes of a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import messages
from tfmagic.base.dtypes import DType
from tfmagic.base.errors import InvalidArgumentError
from tfmagic.graph.function import Function
from tfmagic.graph.function_graph import FunctionGraph
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.registry import arg_count
from tfmagic.graphdef.node_attrs import op_def_from_proto
from tfmagic.tf.functions.defun import DefinedFunction


class ImportedFunction(DefinedFunction):
    """A function that is known by its definition."""

    __module__ = "tensorflow.python.framework.function"

    def __init__(self, function: Function, gradient: ImportedFunction | None = None):
        types = [arg.dtype for arg in function.op_def.inputs]
        super().__init__(_no_body, [arg.name for arg in function.op_def.inputs], types, function.name)
        self._function = function
        self._gradient = gradient

    @property
    def function(self) -> Function:
        """The function as the graph knows it."""
        assert self._function is not None
        return self._function

    @property
    def captured_inputs(self) -> list[Tensor]:
        """None: what its body needs besides its arguments is among them."""
        return []

    @property
    def declared_input_types(self) -> tuple[DType, ...]:
        return tuple(self._types)

    def _built(self) -> FunctionGraph:
        raise NotImplementedError(f"{self.name} comes from a definition and has no Python function: ask `definition`")


def _no_body(*args: Any) -> Any:
    raise NotImplementedError("a function that comes from a definition has no Python function")


def from_library(lib: Any) -> list[DefinedFunction]:
    """The functions of a `FunctionDefLibrary`, each with the function that is its gradient.

    Raises:
      ValueError: the library names a gradient, or a function that has one, and does not hold it.
    """
    if not lib.function and not lib.gradient:
        return []
    library: dict[str, Function] = {}
    for definition in lib.function:
        library[definition.signature.name] = Function(definition, op_def_from_proto(definition.signature), {})
    gradients = {pair.function_name: pair.gradient_func for pair in lib.gradient}
    for names in gradients.items():
        for name in names:
            if name not in library:
                raise ValueError(f"FunctionDefLibrary missing '{name}' FunctionDef")
    for name, function in library.items():
        needed = {*_called(function.definition), gradients.get(name, "")} & library.keys()
        function.library.update({other: library[other] for other in needed})  # type: ignore[attr-defined]
    made: dict[str, ImportedFunction] = {}

    def make(name: str) -> ImportedFunction:
        if name not in made:
            function = library[name]
            function.gradient_name = gradients.get(name)
            made[name] = ImportedFunction(function)
            if function.gradient_name is not None:
                made[name]._gradient = make(function.gradient_name)
        return made[name]

    return [make(name) for name in library]


def _called(definition: Any) -> set[str]:
    """The op types and the functions that the nodes of a definition name."""
    return {name for node in definition.node_def for name in (
        node.op, *(attr.func.name for attr in node.attr.values()),
        *(func.name for attr in node.attr.values() for func in attr.list.func))}


# --- from nodes of a graph -----------------------------------------------------------------------------------------


def _argument_name(tensor: Tensor) -> str:
    return tensor.op.name if tensor.value_index == 0 else f"{tensor.op.name}_o{tensor.value_index}"


def _output_names(op: Operation) -> list[str]:
    """What the outputs of a node are called in a definition."""
    return [f"{op.name}:{arg.name}:{number}" for arg in op._op_def.outputs
            for number in range(arg_count(arg, op._attrs))]


def graph_to_function_def(graph: Graph, operations: Sequence[Operation], inputs: Sequence[Tensor],
                          outputs: Sequence[Tensor], out_names: Sequence[str] | None = None) -> Any:
    """The `FunctionDef`, without a name of its own ("_"), of some nodes of a graph.

    Args:
      graph: the graph.
      operations: the nodes of its body; placeholders that stand for inputs among them are left out.
      inputs: the tensors that are its arguments.
      outputs: the tensors that are its results.
      out_names: names of the results; by default those of their nodes.

    Raises:
      ValueError: two results have the same name.
      InvalidArgumentError: there are not as many names as results.
      AssertionError: a node reads another output of an input's node, or of another graph.
    """
    names = list(out_names) if out_names else [_argument_name(tensor) for tensor in outputs]
    if out_names:
        if len(names) != len(outputs):
            raise InvalidArgumentError(
                None, None, "output names must be either empty or equal in size to outputs. output names size = "
                f"{len(names)} outputs size = {len(outputs)}")
        if len(set(names)) != len(names):
            raise ValueError(f"Must not have duplicates in out_names: {', '.join(names)}")
    function_def = messages.module("function_pb2").FunctionDef()
    function_def.signature.name = "_"
    for arguments, args, arg_names in ((function_def.signature.input_arg, inputs, map(_argument_name, inputs)),
                                       (function_def.signature.output_arg, outputs, names)):
        for tensor, name in zip(args, arg_names):
            arguments.add(name=name, type=tensor.dtype.base_dtype.as_datatype_enum)
    given = {tensor: _argument_name(tensor) for tensor in inputs}
    sources = {tensor.op for tensor in inputs}
    replaced = {tensor.op for tensor in inputs if tensor.op.type == "Placeholder"}

    def reference(tensor: Tensor) -> str:
        if tensor in given:
            return given[tensor]
        if tensor.graph is not graph or tensor.op in sources:
            raise AssertionError(f"{tensor.name} missing from {sorted(tensor.name for tensor in given)}")
        return _output_names(tensor.op)[tensor.value_index]

    for op in operations:
        if op in replaced:
            continue
        node = op.node_def
        controls = [text for text in node.input if text.startswith("^")]
        del node.input[:]
        node.input.extend([*map(reference, op.inputs), *controls])
        function_def.node_def.append(node)
    for name, tensor in zip(names, outputs):
        function_def.ret[name] = reference(tensor)
    return function_def
