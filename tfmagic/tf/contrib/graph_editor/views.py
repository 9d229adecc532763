"""tf.contrib.graph_editor.subgraph: a part of a graph with inputs and outputs in an order."""

from __future__ import annotations

import copy
from typing import Any

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.tf.contrib.graph_editor import lists, selection
from tfmagic.tf.contrib.graph_editor.lists import ListView, public


@public
class SubGraphView:
    """A part of a graph: some operations, and tensors that it only hands through.

    What it reads from outside are its inputs, what outside reads of it its outputs; `remap…` gives a view in which
    they stand in another order, or some are left out. The graph stays as it is.

    Args:
      inside_ops: the operations.
      passthrough_ts: the tensors that are inputs and outputs at once.
    """

    def __init__(self, inside_ops: Any = (), passthrough_ts: Any = ()):
        inside = lists.make_list_of_op(inside_ops)
        handed = lists.make_list_of_t(passthrough_ts)
        self._graph = lists.get_unique_graph(inside + handed, none_if_empty=True)
        self._ops = inside
        inputs, outputs, within = selection.compute_boundary_ts(inside)
        everything = {*inputs, *outputs, *within}
        self._passthrough_ts = [t for t in handed if t not in everything]
        self._input_ts = inputs + self._passthrough_ts
        self._output_ts = outputs + self._passthrough_ts

    def __copy__(self) -> SubGraphView:
        cls = self.__class__
        made = cls.__new__(cls)
        for name, value in vars(self).items():
            setattr(made, name, list(value) if isinstance(value, list) else value)
        return made

    def copy(self) -> SubGraphView:
        """The same view once more."""
        return copy.copy(self)

    def _assign_from(self, other: SubGraphView) -> None:
        """Become what another view is."""
        if not isinstance(other, SubGraphView):
            raise TypeError(f"Expected SubGraphView, got: {type(other)}")
        vars(self).update(vars(other.copy()))

    def _with_inputs(self, new: list[int]) -> None:
        _check_indices(new, len(self._input_ts))
        self._input_ts = [self._input_ts[index] for index in new]

    def _with_outputs(self, new: list[int]) -> None:
        _check_indices(new, len(self._output_ts), repeated=True)
        self._output_ts = [self._output_ts[index] for index in new]

    def remap_inputs(self, new_input_indices: Any) -> SubGraphView:
        """A view with some of the inputs, in an order.

        Raises:
          ValueError: an index is none, or stands twice.
        """
        return self.remap(new_input_indices=new_input_indices)

    def remap_outputs(self, new_output_indices: Any) -> SubGraphView:
        """A view with some of the outputs, in an order; one may stand several times."""
        return self.remap(new_output_indices=new_output_indices)

    def remap(self, new_input_indices: Any = None, new_output_indices: Any = None) -> SubGraphView:
        """A view with some of the inputs and outputs, in an order.

        Args:
          new_input_indices: numbers of inputs, or the tensors.
          new_output_indices: numbers of outputs, or the tensors.
        """
        made = self.copy()
        if new_input_indices is not None:
            made._with_inputs(_indices(new_input_indices, self._input_ts))
        if new_output_indices is not None:
            made._with_outputs(_indices(new_output_indices, self._output_ts))
        return made

    def remap_default(self, remove_input_map: bool = True, remove_output_map: bool = True) -> SubGraphView:
        """A view with all inputs and outputs again."""
        made = self.copy()
        inputs, outputs, _ = selection.compute_boundary_ts(self._ops)
        if remove_input_map:
            made._input_ts = inputs + self._passthrough_ts
        if remove_output_map:
            made._output_ts = outputs + self._passthrough_ts
        return made

    def remap_outputs_make_unique(self) -> SubGraphView:
        """A view with each output once."""
        made = self.copy()
        made._output_ts = list(dict.fromkeys(self._output_ts))
        return made

    def remap_outputs_to_consumers(self) -> SubGraphView:
        """A view in which each output stands as often as it is read."""
        made = self.remap_outputs_make_unique()
        made._output_ts = [t for t in made._output_ts for _ in t.consumers()]
        return made

    def remove_unused_ops(self, control_inputs: bool = True) -> SubGraphView:
        """A view without the operations that no output needs."""
        ops = selection.get_walks_union_ops(self.connected_inputs, self.connected_outputs, within_ops=self._ops,
                                            control_inputs=control_inputs)
        made = self.copy()
        made._ops = [op for op in self._ops if op in ops]
        return made

    def is_passthrough(self, t: Tensor) -> bool:
        """Whether a tensor is only handed through."""
        return t in self._passthrough_ts

    def __str__(self) -> str:
        if not self:
            return "SubGraphView: empty"

        def shown(things: list[Any], title: str) -> str:
            lines = [f"** {title}[{len(things)}]:" if things else f"** {title}: empty"]
            for thing in things:
                own = isinstance(thing, Tensor) and thing in self._passthrough_ts
                lines.append(f"  {thing.name}{' *' if own else ''}")
            return "".join(line + "\n" for line in lines)

        return (f"SubGraphView (graphid={id(self.graph)}):\n{shown(self._ops, 'ops')}"
                f"{shown(self._input_ts, 'inputs')}{shown(self._output_ts, 'outputs')}")

    def __bool__(self) -> bool:
        return self._graph is not None

    @property
    def graph(self) -> Graph | None:
        """The graph of which it is a part."""
        return self._graph

    @property
    def ops(self) -> ListView:
        """The operations."""
        return ListView(self._ops)

    @property
    def inputs(self) -> ListView:
        """The tensors that it reads."""
        return ListView(self._input_ts)

    @property
    def connected_inputs(self) -> ListView:
        """The inputs that its operations read."""
        return ListView([t for t in self._input_ts if t not in self._passthrough_ts])

    @property
    def outputs(self) -> ListView:
        """The tensors that it gives."""
        return ListView(self._output_ts)

    @property
    def connected_outputs(self) -> ListView:
        """The outputs that its operations make."""
        return ListView([t for t in self._output_ts if t not in self._passthrough_ts])

    @property
    def passthroughs(self) -> ListView:
        """The tensors that it hands through."""
        return ListView(self._passthrough_ts)

    def op(self, op_id: int) -> Operation:
        """An operation by its number in the view."""
        return self._ops[op_id]

    def input_index(self, t: Tensor) -> int:
        """The number of an input.

        Raises:
          ValueError: it is none.
        """
        return self._input_ts.index(t)

    def output_index(self, t: Tensor) -> int:
        """The number of an output.

        Raises:
          ValueError: it is none.
        """
        return self._output_ts.index(t)

    def consumers(self) -> set[Operation]:
        """The operations outside that read the outputs."""
        inside = set(self._ops)
        return {op for op in lists.get_consuming_ops(self._output_ts) if op not in inside}

    def find_op_by_name(self, op_name: str) -> Operation:
        """An operation by name.

        Raises:
          ValueError: the view has none of that name.
        """
        for op in self._ops:
            if op.name == op_name:
                return op
        raise ValueError(f"{op_name} not in subgraph.")


def _indices(given: Any, held: list[Tensor]) -> list[int]:
    return [index if isinstance(index, int) else held.index(index) for index in given]


def _check_indices(indices: list[int], count: int, repeated: bool = False) -> None:
    for index in indices:
        if not 0 <= index < count:
            raise ValueError(f"Out of [0, {count}[ range: {index}")
    if not repeated and len(set(indices)) != len(indices):
        raise ValueError(f"Found repetition in mapping: {indices}")


@public
def make_view(*args: Any, **kwargs: Any) -> SubGraphView:
    """A view of operations and tensors, which are chosen as in `select_ops_and_ts`."""
    if len(args) == 1 and isinstance(args[0], SubGraphView) and not kwargs:
        return args[0]
    ops, ts = selection.select_ops_and_ts(*args, **kwargs)
    return SubGraphView(ops, ts)


@public
def make_view_from_scope(scope: str, graph: Graph) -> SubGraphView:
    """A view of the operations in a scope."""
    return SubGraphView(selection.get_name_scope_ops(graph, scope))
