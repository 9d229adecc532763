"""Contexts of conds and loops from the protos of a MetaGraphDef, so that an imported loop has gradients."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.ops.control_flow.cond import CondContext
from tfmagic.ops.control_flow.context import ControlFlowContext
from tfmagic.ops.control_flow.while_loop import WhileContext


def from_proto(proto: Any, import_scope: str | None = None) -> ControlFlowContext:
    """The context that a `CondContextDef` or `WhileContextDef` describes; its nodes are in the default graph.

    Raises:
      KeyError: a node that the proto names is not there.
    """
    graph = get_default_graph()

    def full(name: str) -> str:
        return f"{import_scope}/{name}" if import_scope else name

    def tensor(name: str) -> Any:
        return graph.as_graph_element(full(name)) if name else None

    if hasattr(proto, "pred_name"):
        ctx: Any = CondContext(tensor(proto.pred_name), tensor(proto.pivot_name), proto.branch)
    else:
        ctx = WhileContext(tensor(proto.maximum_iterations_name), proto.parallel_iterations or 10, proto.back_prop,
                           proto.swap_memory)
        ctx.pivot = tensor(proto.pivot_name)
        ctx.pivot_for_pred = tensor(proto.pivot_for_pred_name)
        ctx.pivot_for_body = tensor(proto.pivot_for_body_name)
        ctx.loop_exits = [tensor(name) for name in proto.loop_exit_names]
        ctx.loop_enters = [tensor(name) for name in proto.loop_enter_names]
    ctx.name = full(proto.context_name)
    ctx.values = {full(name) for name in proto.values_def.values}
    ctx.external = {full(name): tensor(inside) for name, inside in proto.values_def.external_values.items()}
    for name in {value.partition(":")[0] for value in ctx.values - set(ctx.external)}:
        graph.get_operation_by_name(name)._control_flow_context = ctx
    if import_scope and isinstance(ctx, WhileContext):  # two imports of a loop are two frames
        for value_name in ctx.values:
            op = graph.get_operation_by_name(value_name.partition(":")[0])
            if op.type in ("Enter", "RefEnter"):
                op._set_attr("frame_name", ctx.name)
    with ctx:
        for wrapper in proto.nested_contexts:
            from_control_flow_context_def(wrapper, import_scope)
    return ctx


def from_control_flow_context_def(context_def: Any, import_scope: str | None = None) -> ControlFlowContext:
    """The context that a `ControlFlowContextDef` describes.

    Raises:
      NotImplementedError: it describes none.
    """
    kind = context_def.WhichOneof("ctxt")
    if kind is None:
        raise NotImplementedError(f"Unknown ControlFlowContextDef field: {kind}")
    return from_proto(getattr(context_def, kind), import_scope)

