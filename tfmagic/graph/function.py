"""Function: a part of a graph as a value: arguments, results, and a body that is a graph of its own; nodes call it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfmagic.base import errors
from tfmagic.base.shapes import Dims
from tfmagic.base.slots import Slot
from tfmagic.graph import opdefs
from tfmagic.graph.graph import Graph
from tfmagic.graph.opdefs import OpDef
from tfmagic.graph.operation import Operation, OwnGraph, Tensor
from tfmagic.graph.protos import OWN_VERSIONS, Func, attr_value

_imported_body = Slot("bodies of functions")

# Op types that do nothing but call the function that their attr names: that attr.
CALLS = {"PartitionedCall": "f", "StatefulPartitionedCall": "f"}


@dataclass(eq=False)
class Body:
    """What a function computes where its attrs have certain values.

    Attributes:
      name: the function's.
      graph: a graph of the body alone.
      inputs: the tensors in it that stand for the arguments, one after another.
      outputs: the results.
      controls: operations that run though no result needs them.
    """

    name: str
    graph: Graph
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    controls: tuple[Operation, ...] = ()


class Function:
    """A function of a graph's library.

    Attributes:
      name: its name, which is the op type of the nodes that call it directly.
      op_def: its signature.
      definition: the `FunctionDef` proto.
      library: the functions, by name, that its body may call.
      own: the graph from which the definition was written, if there was one.
      gradient_name: the function of the library that is its gradient, where somebody gave one.
      tells_shapes: whether a `GraphDef` with shapes has those of its body; TensorFlow forgets them of a `Defun`.
      python_gradient: `(operation, *output gradients) -> gradients of the inputs`, where a user gave one for its calls.
    """

    def __init__(self, definition: Any, op_def: OpDef, library: Mapping[str, Function], own: Body | None = None):
        self.name = op_def.name
        self.op_def = op_def
        self.definition = definition
        self.library = library
        self.own = own
        self.gradient_name: str | None = None
        self.python_gradient: Any = None
        self.tells_shapes = own is not None
        self._bodies: dict[Any, Body] = {}
        self._lock = threading.RLock()

    def body(self, attrs: Mapping[str, Any]) -> Body:
        """What it computes when it is called with these attrs; made once.

        Raises:
          ValueError: the definition is malformed.
          NotFoundError: it holds an op that TensorFlow 1.15 does not have.
        """
        return self.own or self.made("", attrs, self.fresh_body)

    def fresh_body(self, attrs: Mapping[str, Any], dims: Sequence[Dims] = ()) -> Body:
        """The same as a graph of the caller's own, who may add to it.

        Args:
          dims: the static shapes of the arguments; by default they are unknown.
        """
        body: Body = _imported_body(self, attrs, dims)
        if self.own is not None:
            for inside, known in zip(body.inputs, self.own.inputs):
                inside._handle_data = known._handle_data
        return body

    def made(self, what: str, attrs: Mapping[str, Any], make: Any) -> Body:
        """What `make(attrs)` gives, made once per `what` and values of the function's attrs."""
        key = (what, *(attr_value(attrs[name], attr.type).SerializeToString(deterministic=True)
                       for name, attr in self.op_def.attrs.items()))
        with self._lock:
            body = self._bodies.get(key)
            if body is None:
                body = self._bodies[key] = make(attrs)
            return body

    def with_shapes(self) -> Any:
        """The definition with the static shapes of what its nodes give and of its arguments, where they are known."""
        if self.own is None or not self.tells_shapes:
            return self.definition
        proto = type(self.definition)()
        proto.CopyFrom(self.definition)
        inputs = {tensor.op for tensor in self.own.inputs}
        for node, op in zip(proto.node_def, (op for op in self.own.graph._operations if op not in inputs)):
            if op._outputs:
                node.attr["_output_shapes"].CopyFrom(attr_value([tensor.shape for tensor in op._outputs]))
        proto.attr["_input_shapes"].CopyFrom(attr_value([tensor.shape for tensor in self.own.inputs]))
        return proto

    def add_to_graph(self, graph: OwnGraph) -> None:
        """Put it, and the functions that it needs, into a graph's library.

        Raises:
          InvalidArgumentError: there is another function, or an op, of this name.
        """
        added = [self]
        while added:
            function = added.pop()
            known = graph._functions.get(function.name)
            if known is function:
                continue
            if opdefs.is_op(function.name):
                raise errors.InvalidArgumentError(None, None, f"Cannot add function '{function.name}' because an op "
                                                  "with the same name already exists.")
            if known is not None and known.definition != function.definition:
                raise errors.InvalidArgumentError(None, None, f"Cannot add function '{function.name}' because a "
                                                  "different function with the same name already exists.")
            graph._functions[function.name] = function
            graph._versions = (graph._versions or OWN_VERSIONS).with_functions()
            added.extend(function.library.values())

    def __repr__(self) -> str:
        return f"<function '{self.name}'>"


def called(op: Operation) -> Func | None:
    """The function that an operation calls, where that is all it does: its name and attrs."""
    if op.type in op.graph._functions:
        return Func(op.type, op._attrs)
    return op._attrs[CALLS[op.type]] if op.type in CALLS else None
