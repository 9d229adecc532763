"""tf.while_loop as a While node whose condition and body are functions of the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, to_tensor
from tfmagic.graph.function import Function
from tfmagic.graph.function_def import function_from_graph
from tfmagic.graph.function_effects import order_effects
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import Func
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.control_flow.branch_functions import BranchGraph, function_name, let_inline
from tfmagic.ops.control_flow.shape_invariants import at_most, flat_shapes
from tfmagic.ops.control_flow.tensor_array import array_to_flow, flows_to_arrays


class LoopPart(BranchGraph):
    """The condition or the body of a loop while a Python function builds it.

    Attributes:
      name: the function's name.
      arguments: the placeholders of what every iteration gets: counter, limit, loop variables.
      results: what it gives for them; a condition gives one bool.

    Args:
      like: tensors around the loop that the arguments are like.
      given: the shapes of the arguments, where all iterations have them.
      names: the names of the first arguments.
    """

    def __init__(self, outer_graph: Graph, name: str, like: Sequence[Tensor], given: Sequence[TensorShape],
                 names: Sequence[str] = ()):
        super().__init__(outer_graph)
        self.name = name
        self.arguments = [self.placeholder(tensor, names[place] if place < len(names) else "Placeholder", shape)
                          for place, (tensor, shape) in enumerate(zip(like, given))]
        self.results: list[Tensor] = []
        self._effects: list[Operation] = []

    def give(self, values: Sequence[Any]) -> None:
        """Let these be the results."""
        tensors = [to_tensor(value) for value in values]
        if self.orders_effects:  # results of their own, which can wait for what must run before them
            self.results = [raw.identity(tensor) for tensor in tensors]
            self._effects = order_effects(self, [tensor.op for tensor in self.results])
        else:
            self.results = [self.capture(tensor) for tensor in tensors]

    def finish(self, further: Sequence[Tensor] = ()) -> Function:
        """The function; `further` are results that it gives beside its own."""
        return function_from_graph(self.name, self, [*self.arguments, *self.captures.values()],
                                   [*self.results, *further], controls=self._effects)


def while_loop(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, shape_invariants: Any,
               parallel_iterations: int, maximum_iterations: Any, name: str | None, return_same_structure: bool) -> Any:
    """A While node: its body is repeated while its condition holds.

    Args and result are those of `tf.while_loop`.

    Raises:
      AssertionError: `cond` gives more than one result, or `body` another number than there are loop variables.
      TypeError: `body` gives a loop variable another type.
      ValueError: it gives another structure or shape.
    """
    values = nest.map_structure(array_to_flow, loop_vars, expand_composites=True)
    values = nest.map_structure(to_tensor, values, expand_composites=True)
    tensors = nest.flatten(values, expand_composites=True)
    values = nest.flatten(values)
    invariants: list[Any] = [None] * len(values)
    if shape_invariants is not None:
        nest.assert_same_structure(loop_vars, shape_invariants)
        invariants = nest.flatten(shape_invariants)
    given = flat_shapes(values, invariants)
    originals = nest.flatten(loop_vars, expand_composites=True)
    graph = get_default_graph()

    def packed(arguments: Sequence[Tensor]) -> Any:
        return nest.pack_sequence_as(loop_vars, flows_to_arrays(originals, list(arguments)), expand_composites=True)

    with name_scope(name, "while") as scope:
        limit = constant(-1, dtype=dtypes.int32, name="maximum_iterations") if maximum_iterations is None \
            else to_tensor(maximum_iterations, dtypes.int32, "maximum_iterations")
        counter = constant(0, dtype=limit.dtype.base_dtype, name="loop_counter")
        inputs = [counter, limit, *tensors]
        shapes = [counter.shape, limit.shape, *given]
        names = [counter.op.name, limit.op.name]

        condition = LoopPart(graph, function_name(scope, "cond"), inputs, shapes, names)
        with condition.as_default():
            going_on = cond(*packed(condition.arguments[2:]))
            if maximum_iterations is not None:
                going_on = raw.logical_and(condition.arguments[0] < condition.arguments[1], going_on)
            condition.give(nest.flatten(going_on, expand_composites=True))
        iteration = LoopPart(graph, function_name(scope, "body"), inputs, shapes, names)
        with iteration.as_default():
            for tensor in condition.captures:
                iteration.capture(tensor)
            results = _results(body(*packed(iteration.arguments[2:])), loop_vars)
            iteration.give([iteration.arguments[0] + 1, iteration.arguments[1], *results])
        for tensor in list(iteration.captures)[len(condition.captures):]:
            condition.capture(tensor)
        if len(condition.results) != 1:
            raise AssertionError(f"cond_graph has {len(condition.results)} outputs; Expected: 1\nThe condition of a "
                                 "loop returns one bool.")
        if len(iteration.results) != len(inputs):
            raise AssertionError(f"body_graph has {len(iteration.results)} outputs; Expected: {len(inputs)}\nThe body "
                                 "of a loop returns the next value of each loop variable.")
        _check_results(tensors, given, iteration.results[2:])

        outer = list(iteration.captures)
        functions = [condition.finish(), iteration.finish(list(iteration.captures.values()))]
        for function in functions:
            function.add_to_graph(graph)
        made = while_node([*inputs, *outer], functions, [*iteration.results, *iteration.captures.values()],
                          parallel_iterations, scope)
        for tensor, inside in zip(made, [*iteration.results, *iteration.captures.values()]):
            tensor._handle_data = inside._handle_data
        made[0].op._attrs["_num_original_outputs"] = len(made)
        after = [raw.identity(tensor) for tensor in made]
    result = packed(after[2:len(inputs)])
    flat = nest.flatten(result, expand_composites=True)
    return flat[0] if len(flat) == 1 and not return_same_structure else result


def while_node(arguments: Sequence[Tensor], functions: Sequence[Function], like: Sequence[Tensor],
               parallel_iterations: int, name: str) -> list[Tensor]:
    """The results of a While node.

    Args:
      functions: the condition and the body.
      like: the results of the body, which have the shapes of the node's.
    """
    made = getattr(raw, "while")(list(arguments), *(Func(function.name) for function in functions),
                                 output_shapes=[tensor.shape for tensor in like],
                                 parallel_iterations=parallel_iterations, name=name)
    let_inline(made)
    return list(made)


def _results(results: Any, loop_vars: Any) -> list[Any]:
    """What a body returned, flat, with the flows of `TensorArray`s."""
    if not nest.is_nested(results):
        results = [results]
    nest.assert_same_structure(list(results), list(loop_vars), expand_composites=True)
    return [array_to_flow(value) for value in nest.flatten(results, expand_composites=True) if value is not None]


def _check_results(tensors: Sequence[Tensor], given: Sequence[TensorShape], results: Sequence[Tensor]) -> None:
    for tensor, shape, result in zip(tensors, given, results):
        if not at_most(result.shape, shape):
            raise ValueError(f"Input tensor '{tensor.name}' enters the loop with shape {shape}, but has shape "
                             f"{result.shape} after one iteration. To allow the shape to vary across iterations, use "
                             "the `shape_invariants` argument of tf.while_loop to specify a less-specific shape.")
        if result._dtype.base_dtype is not tensor._dtype.base_dtype:
            raise TypeError(f"Loop var {tensor.name} enters the loop with type {tensor.dtype} but has type "
                            f"{result.dtype} after 1 iteration.")
