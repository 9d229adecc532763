"""Branches as functions: the Case node of `tf.switch_case`, and the If node of a `tf.cond` within a branch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import nest, shapes
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import to_tensor
from tfmagic.graph.function import Function
from tfmagic.graph.function_def import function_from_graph
from tfmagic.graph.function_effects import order_effects
from tfmagic.graph.function_graph import FunctionGraph
from tfmagic.graph.graph import Graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import Func
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow.nodes import widened

_numbers = itertools.count(1)


def function_name(scope: str, name: str) -> str:
    """A new name for a part of a node."""
    return f"{scope.replace('/', '_')}{name}_{next(_numbers)}"


def gradient_name(forward_name: str) -> str:
    """A new name for the gradient of a function."""
    return f"{forward_name}_grad_{next(_numbers)}"


class BranchGraph(FunctionGraph):
    """The body of a branch or loop: it has the collections, the variables and the seed of the graph around it."""

    branches_are_functions = True

    def __init__(self, outer_graph: Graph):
        super().__init__(outer_graph, own_names=True)
        self.seed = outer_graph.seed
        self.orders_effects = getattr(outer_graph, "orders_effects", False)

    def _share_collections(self) -> None:
        self._collections = self.outer_graph._collections

    @property
    def _variables_graph(self) -> Graph:
        return self.outer_graph._variables_graph


class GradientGraph(BranchGraph):
    """The body of the gradient of a branch or loop."""

    def __init__(self, outer_graph: Graph):
        super().__init__(outer_graph)
        self.orders_effects = True

    def _share_collections(self) -> None:
        for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES):
            self._collections[key] = self.outer_graph.get_collection_ref(key)


class _Branch(BranchGraph):
    """The body of a branch while a Python function builds it.

    Attributes:
      name: the function's name.
      structure: what the Python function returned, its leaves tensors of this graph.

    Args:
      stand_in: the tensor that an operation which is returned hands on.
    """

    def __init__(self, outer_graph: Graph, name: str, function: Callable[[], Any], stand_in: Tensor):
        super().__init__(outer_graph)
        self.name = name
        self._stand_in = stand_in
        with self.as_default():
            self._set(nest.map_structure(self._result, function(), expand_composites=True))
        self._effects = order_effects(self, [tensor.op for tensor in self.results]) if self.orders_effects else []

    def _set(self, structure: Any) -> None:
        self.structure = structure
        self.results: list[Tensor] = [leaf for leaf in nest.flatten(structure, expand_composites=True)
                                      if leaf is not None]

    def widen(self, other: _Branch) -> None:
        """Give slices int64 indices where those of the other branch have them."""
        with self.as_default():
            self._set(widened(self.structure, other.structure))

    def _result(self, value: Any) -> Tensor | None:
        if isinstance(value, Operation):
            with self.control_dependencies([value]):
                value = raw.identity(self._stand_in)
        if value is None:
            return None
        # A result of its own, which can wait for what must run before it.
        return raw.identity(to_tensor(value)) if self.orders_effects else self.capture(to_tensor(value))

    def finish(self, outer: Sequence[Tensor]) -> Function:
        """The branch as a function of `outer`, which is what all branches take."""
        inputs = [self.captures[tensor] if tensor in self.captures else self.placeholder(tensor, "Placeholder")
                  for tensor in outer]
        return function_from_graph(self.name, self, inputs, self.results, controls=self._effects)


def case(index: Tensor, functions: Sequence[Callable[[], Any]], name: str = "indexed_case") -> Any:
    """A Case node: of several functions the one with a given number.

    Args:
      index: int32 scalar; any other number stands for the last function.
      functions: what builds the branches.

    Returns:
      The structure that the functions return.

    Raises:
      TypeError: they return different structures or types.
      ValueError: one returns None.
    """
    with name_scope(name, "case", [index]) as scope:
        branches = [_branch(scope, f"branch{number}", function, index) for number, function in enumerate(functions)]
        if not any(branch.results for branch in branches):
            raise TypeError("'Operation' object does not support indexing\nThe branches return nothing: let each "
                            "return a tensor or an operation.")
        _check_counts(branches, "case")
        for number, branch in enumerate(branches[1:], 1):
            _check_alike(branches[0], branch, "branches[0]", f"branches[{number}]", "tf.switch_case")
        return _chosen(branches, scope, lambda made, outer, types, dims: raw.case(
            index, outer, types, made, output_shapes=dims, name=scope))


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str | None) -> Any:
    """An If node: one of two functions, as a condition chooses.

    Returns:
      The structure that the functions return; the node itself where they return nothing.

    Raises:
      TypeError: `pred` is a Python bool, or they return different structures or types.
      ValueError: one returns None beside something.
    """
    if isinstance(pred, bool):
        raise TypeError("pred must not be a Python bool", pred)
    with name_scope(name, "cond", [pred]) as scope:
        pred = to_tensor(pred)
        branches = [_branch(scope, "true", true_fn, pred), _branch(scope, "false", false_fn, pred)]
        if len(nest.flatten(branches[0].structure)) == len(nest.flatten(branches[1].structure)):
            branches[0].widen(branches[1])
            branches[1].widen(branches[0])
        _check_counts(branches, "cond")
        _check_alike(branches[0], branches[1], "true_fn", "false_fn", "tf.cond")
        stateful = any(op._op_def.is_stateful for branch in branches for op in branch._operations)
        make = getattr(raw, "if") if stateful else raw.stateless_if
        return _chosen(branches, scope, lambda made, outer, types, dims: make(pred, outer, types, *made,
                                                                              output_shapes=dims, name=scope))


def _branch(scope: str, what: str, function: Callable[[], Any], stand_in: Tensor) -> _Branch:
    return _Branch(get_default_graph(), function_name(scope, what), function, stand_in)


def _check_counts(branches: Sequence[_Branch], caller: str) -> None:
    """Refuse branches of one structure in which only some leave out a result."""
    if len({len(branch.results) for branch in branches}) > 1 and \
            len({len(nest.flatten(branch.structure)) for branch in branches}) == 1:
        raise ValueError(f"Lengths of branch outputs of {caller} must match.\nA branch that returns None must return a "
                         "tensor or an operation, as the others do.")


def _check_alike(first: _Branch, second: _Branch, first_name: str, second_name: str, caller: str) -> None:
    """Refuse branches whose results differ in structure or types."""
    try:
        nest.assert_same_structure(first.structure, second.structure, expand_composites=True)
        for x, y in zip(first.results, second.results):
            if x._dtype.base_dtype is not y._dtype.base_dtype:
                raise TypeError(f"{x} and {y} have different types")
    except (TypeError, ValueError) as error:
        raise TypeError(f"{first_name} and {second_name} arguments to {caller} must have the same number, type, and "
                        f"overall structure of return values.\n\n{first_name} output: {first.structure}\n{second_name} "
                        f"output: {second.structure}\n\nError details:\n{error}") from None
    if len(first.results) != len(nest.flatten(first.structure, expand_composites=True)):
        raise ValueError("Mismatch in element count\nA branch returns None beside something else; leave it out.")


def _chosen(branches: Sequence[_Branch], scope: str, make: Callable[..., Any]) -> Any:
    """The results of a node that chooses between branches, in the structure that these return."""
    graph = get_default_graph()
    outer = list(dict.fromkeys(tensor for branch in branches for tensor in branch.captures))
    functions = [branch.finish(outer) for branch in branches]
    for function in functions:
        function.add_to_graph(graph)
    if isinstance(graph, FunctionGraph):
        outer = [graph.capture(tensor) for tensor in outer]
    first = branches[0]
    made = make([Func(function.name) for function in functions], outer,
                [tensor._dtype.base_dtype for tensor in first.results],
                merged_shapes([[tensor._dims for tensor in branch.results] for branch in branches]))
    let_inline(made)
    if not first.results:
        return made
    for tensor, inside in zip(made, first.results):
        tensor._handle_data = inside._handle_data
    return nest.pack_sequence_as(first.structure, [raw.identity(tensor) for tensor in made], expand_composites=True)


def let_inline(made: Any) -> None:
    """Note on a node, given by its results or itself, that a run may put its branches in its place.

    What the node's inputs need, such as a Switch around it, does not get the note.
    """
    node: Operation = made if isinstance(made, Operation) else made[0].op
    node._attrs["_lower_using_switch_merge"] = True


def merged_shapes(branches: Sequence[Sequence[shapes.Dims]]) -> list[TensorShape]:
    """What the shapes of all branches' results have in common, result by result."""
    return [TensorShape(None) if any(d is None for d in dims) or len({len(d) for d in dims}) > 1 else
            TensorShape([sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*dims)])
            for dims in zip(*branches)]
