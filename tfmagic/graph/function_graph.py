"""FunctionGraph: the graph of a function while Python code builds it: what it takes from outside becomes arguments."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import errors
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.graph import Graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.opdefs import OpDef
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import Func
from tfmagic.graph.registry import arg_count


class FunctionGraph(Graph):
    """The body of a function that Python code builds.

    A tensor of another graph that an operation reads is captured: a placeholder stands for it inside, and a call
    passes the tensor itself.

    Attributes:
      outer_graph: the graph in which the function is defined.
      captures: by the outer tensor, the placeholder that stands for it.
      variables: the variables that the code asked for; they live in the outer graph.

    Args:
      by_value: whether outer tensors are not passed but computed inside, by copies of their operations.
      may_copy: whether an operation with state may be copied all the same.
      own_names: whether a placeholder has the name of what it stands for.
    """

    building_function = True
    # Whether operations with a state run in the order of the program (`function_effects`).
    orders_effects: bool = False

    def __init__(self, outer_graph: Graph, by_value: bool = False,
                 may_copy: Callable[[Operation], bool] = lambda op: False, own_names: bool = False):
        super().__init__()
        self.outer_graph = outer_graph
        self.captures: dict[Tensor, Tensor] = {}
        self.variables: list[Any] = []
        self._by_value = by_value
        self._may_copy = may_copy
        self._own_names = own_names
        self._copies: dict[Operation, Operation] = {}
        self._share_collections()

    def _share_collections(self) -> None:
        """Take over the lists of variables of the outer graph."""
        for key in GraphKeys._VARIABLE_COLLECTIONS:
            self._collections[key] = self.outer_graph.get_collection_ref(key)

    def make(self, op_def: OpDef, name: str, inputs: tuple[Tensor, ...], attrs: dict[str, Any],
             use_device_scopes: bool = True) -> Operation:
        if any(tensor.op.graph is not self for tensor in inputs):
            stacks = self._stacks
            old = stacks.names
            if op_def.name not in self._functions:  # TensorFlow opens a scope in its op functions, and calls have none
                stacks.names = name
            try:
                inputs = tuple(self.capture(tensor) for tensor in inputs)
            finally:
                stacks.names = old
            _check_references(op_def, inputs, attrs)
        return super().make(op_def, name, inputs, attrs, use_device_scopes)

    @contextlib.contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """See `Graph`; a variable is taken by its handle in here."""
        if self._own_names and getattr(op, "_should_act_as_resource_variable", False):
            op = self.capture(op.handle)
        with super().colocate_with(op, ignore_existing):
            yield

    def capture(self, tensor: Tensor, name: str | None = None) -> Tensor:
        """The tensor that stands for `tensor` in this graph."""
        if tensor.op.graph is self:
            return tensor
        if self._by_value:
            if tensor.op not in self._copies:
                self._copy(tensor.op)
            return self._copies[tensor.op]._outputs[tensor.value_index]
        inside = self.captures.get(tensor)
        if inside is None:
            self._check_reachable(tensor)
            inside = self.captures[tensor] = self.placeholder(tensor, name or self._default_name(tensor))
        return inside

    def _check_reachable(self, tensor: Tensor) -> None:
        """Refuse what is of a function within this one.

        Raises:
          InaccessibleTensorError: it is.
        """
        graph: Any = tensor.op.graph
        while isinstance(graph, FunctionGraph):
            if graph is self:
                raise errors.InaccessibleTensorError(
                    f"The tensor '{tensor}' cannot be accessed here: it is defined in another function or code block. "
                    "Use return values, explicit Python locals or TensorFlow collections to access it. Defined in: "
                    f"{tensor.graph}; accessed from: {self}.\n")
            graph = graph.outer_graph

    def _default_name(self, tensor: Tensor) -> str:
        return tensor.op.name if self._own_names else "Placeholder"

    def placeholder(self, like: Tensor, name: str, shape: TensorShape | None = None) -> Tensor:
        """A new placeholder for what is like a tensor of another graph, apart from the shape if one is given."""
        with self.control_dependencies(None):
            inside = self.create_op("Placeholder", [], name=name, attrs={
                "dtype": like._dtype.base_dtype, "shape": like.shape if shape is None else shape}).outputs[0]
        inside._handle_data = like._handle_data
        return inside

    def _copy(self, op: Operation) -> Operation:
        """A copy of an operation, and of all that it needs; what is needed twice is copied twice, as TensorFlow does.

        Raises:
          ValueError: it has a state, or is fed.
        """
        copies = self._copies
        open_ops: list[tuple[Operation, list[Operation]]] = [(op, [])]
        self._check_copy(op)
        while True:
            current, sources = open_ops[-1]
            if len(sources) < len(current._inputs):
                source = current._inputs[len(sources)].op
                if source in copies and len(self._operations) > _MOST_COPIES:
                    sources.append(copies[source])
                    continue
                self._check_copy(source)
                open_ops.append((source, []))
                continue
            inputs = [source._outputs[t.value_index] for source, t in zip(sources, current._inputs)]
            for value in current._attrs.values():
                if isinstance(value, Func) and value.name in current.graph._functions:
                    current.graph._functions[value.name].add_to_graph(self)
            made = copies[current] = self.create_op(current.type, inputs, name=current.name, attrs=dict(current._attrs))
            open_ops.pop()
            if not open_ops:
                return made
            open_ops[-1][1].append(made)

    def _check_copy(self, op: Operation) -> None:
        what = "a stateful node" if op._op_def.is_stateful and not self._may_copy(op) else \
            "a placeholder" if op.type in ("Placeholder", "PlaceholderV2") else None
        if what is not None:
            raise ValueError(f"Cannot capture {what} (name:{op.name}, type:{op.type}) by value.")


# A graph in which everything is needed twice would be copied without end: from so many nodes on, one copy will do.
_MOST_COPIES = 10_000


def _check_references(op_def: OpDef, inputs: tuple[Tensor, ...], attrs: dict[str, Any]) -> None:
    """Refuse an op that changes a variable of another graph: inside there is only its value."""
    wanted = []
    for arg in op_def.inputs:
        dtype: Any = arg.dtype if arg.type_attr is None else attrs[arg.type_attr]
        wanted += [dtype._ref if arg.is_ref else dtype] * (1 if arg.type_list_attr is not None else
                                                           arg_count(arg, attrs))
    if any(arg.is_ref for arg in op_def.inputs) and any(
            dtype._is_ref_dtype and not tensor._dtype._is_ref_dtype for dtype, tensor in zip(wanted, inputs)):
        given, expected = (", ".join(f"tf.{dtype.name}" for dtype in dtypes)
                           for dtypes in ([tensor._dtype for tensor in inputs], wanted))
        raise TypeError(f"In op '{op_def.name}', input types ([{given}]) are not compatible with expected types "
                        f"([{expected}])\nInside of a function a variable of another graph is its value. Make it "
                        "with use_resource=True to change it there.")
