"""`control_flow_ops`, `control_flow_util`, `cond_v2` and `while_v2`: what their own tests call beyond public names."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import api
from tfmagic.ops.control_flow import branch_functions, cond, context_protos, loop_functions, routing, toggles, util
from tfmagic.ops.control_flow.context import ControlFlowContext
from tfmagic.ops.control_flow.grouping import tuple as tuple_of

# --- control_flow_ops -----------------------------------------------------------------------------------------------


def from_control_flow_context_def(context_def: Any, import_scope: str | None = None) -> ControlFlowContext:
    """The context that a `ControlFlowContextDef` describes; its nodes are in the default graph.

    Raises:
      NotImplementedError: it describes none.
      KeyError: a node that it names is not there.
    """
    kind = context_def.WhichOneof("ctxt")
    if kind is None:
        raise NotImplementedError(f"Unknown ControlFlowContextDef field: {kind}")
    return context_protos.from_proto(getattr(context_def, kind), import_scope)


class XLAControlFlowContext(ControlFlowContext):
    """A context that marks what is made in it as to be compiled by XLA; nothing else differs."""

    __module__ = "tensorflow.python.ops.control_flow_ops"

    def __init__(self) -> None:
        super().__init__("XLAControlFlowContext")

    def IsXLAContext(self) -> bool:
        return True

    def add_value(self, value: Tensor) -> Tensor:
        return value

    def adopt(self, op: Operation) -> None:
        """Nothing of the operation changes."""

    def to_control_flow_context_def(self, context_def: Any, export_scope: str | None = None) -> None:
        """Nothing is written: a MetaGraphDef has no such context."""


def while_loop_v2(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, shape_invariants: Any = None,
                  parallel_iterations: int = 10, back_prop: bool = True, swap_memory: bool = False,
                  maximum_iterations: Any = None, name: str | None = None) -> Any:
    """`tf.while_loop` of TensorFlow 2: its result nests exactly as `loop_vars`."""
    return api.while_loop(cond, body, loop_vars, shape_invariants, parallel_iterations, back_prop, swap_memory, name,
                          maximum_iterations, True)


def cond_for_tf_v2(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """`tf.cond` of TensorFlow 2: lists of one tensor stay lists."""
    return cond.cond(pred, true_fn, false_fn, True, name)


def tuple_v2(tensors: Any, control_inputs: Any = None, name: str | None = None) -> list[Any]:
    """`tf.tuple` of TensorFlow 2."""
    return tuple_of(tensors, name, control_inputs)


def identity(data: Any, name: str | None = None) -> Any:
    """A tensor, or each part of a composite one, handed on."""
    return routing.identity(data, name)


def enter(data: Any, frame_name: str, is_constant: bool = False, parallel_iterations: int = 10, use_ref: bool = True,
          use_input_shape: bool = True, name: str | None = None) -> Any:
    """A tensor, or each part of a composite one, handed into a loop's frame."""
    own_name = name if isinstance(data, Tensor) else None
    return routing.enter(data, frame_name, is_constant, parallel_iterations, use_ref, use_input_shape, own_name)


def next_iteration(data: Any, name: str | None = None) -> Any:
    """A tensor, or each part of a composite one, handed to the loop's next turn."""
    return routing.next_iteration(data, name)


def shape_less_than_or_equal(shape1: TensorShape, shape2: TensorShape) -> bool:
    """Whether a shape says at least as much as another."""
    if shape2.dims is None:
        return True
    if shape1.ndims != shape2.ndims:
        return False
    return all(wanted.value is None or size.value == wanted.value
               for size, wanted in zip(shape1.dims or (), shape2.dims))


# --- control_flow_util -----------------------------------------------------------------------------------------------


def is_containing_context(ctxt: Any, maybe_containing_ctxt: Any) -> bool:
    """Whether a context is another or lies in it (None lies around everything)."""
    return util.contains(maybe_containing_ctxt, ctxt)


def output_context(op: Operation) -> Any:
    """The context in which the outputs of an operation can be used."""
    return op._output_context()


def op_in_context(op: Operation, ctxt: Any) -> bool:
    """Whether an operation stands in a context."""
    return util.contains(ctxt, op._control_flow_context)


def tensor_in_context(tensor: Tensor, ctxt: Any) -> bool:
    """Whether a tensor comes from within a context."""
    return op_in_context(tensor.op, ctxt)


def in_xla_context(graph: Any) -> bool:
    """Whether operations that are made now in a graph are marked as to be compiled by XLA."""
    return util.containing_xla(graph._stacks.control_flow) is not None


def graph_or_parents_in_xla_context(graph: Any) -> bool:
    """Whether that holds for a graph of a function or for a graph around it."""
    while graph is not None:
        if in_xla_context(graph):
            return True
        graph = getattr(graph, "outer_graph", None)
    return False


def control_flow_v2_in(graph: Any) -> bool:
    """Whether conds and loops that are made in a graph become functions."""
    return toggles.control_flow_v2_enabled() or bool(graph.building_function)


def check_input_from_valid_context(op: Operation, input_op: Operation) -> None:
    """Refuse an input that comes from within a loop in which the operation is not.

    Raises:
      ValueError: it does.
    """
    given = input_op._output_context()
    if given is not None:
        given.check_use(op, input_op)


# --- control_flow_util_v2, cond_v2 and while_v2 ----------------------------------------------------------------------


def in_defun() -> bool:
    """Whether the graph of a function is being built."""
    return bool(get_default_graph().building_function)


@contextlib.contextmanager
def clear_control_inputs() -> Iterator[None]:
    """A `with` block whose operations wait for none of the open control dependencies."""
    with get_default_graph().control_dependencies(None):
        yield


def cond_v2(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: str = "cond") -> Any:
    """`tf.cond` as an If node, whose branches are functions."""
    return branch_functions.cond(pred, true_fn, false_fn, name)


def indexed_case(branch_index: Any, branch_fns: Sequence[Callable[[], Any]], name: str = "indexed_case") -> Any:
    """`tf.switch_case` as a Case node, whose branches are functions."""
    return branch_functions.case(branch_index, branch_fns, name)


def while_v2(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, shape_invariants: Any = None,
             parallel_iterations: int = 10, maximum_iterations: Any = None, name: str | None = None,
             return_same_structure: bool = True, back_prop: bool = True) -> Any:
    """`tf.while_loop` as a While node, whose condition and body are functions.

    Args:
      back_prop: not looked at: gradients flow through such a loop where they are asked for.
    """
    return loop_functions.while_loop(cond, body, loop_vars, shape_invariants, parallel_iterations, maximum_iterations,
                                     name, return_same_structure)
