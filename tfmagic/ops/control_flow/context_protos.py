"""Contexts of conds and loops as protos: how a MetaGraphDef keeps them, so that an imported loop has gradients."""

from __future__ import annotations

import functools
from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.ops.control_flow.cond import CondContext
from tfmagic.ops.control_flow.context import ControlFlowContext
from tfmagic.ops.control_flow.while_loop import WhileContext

# The tensorboard package lacks control_flow.proto. Fields: name, number, type, and "*" for a list.
_MESSAGES = {
    "ValuesDef": [("values", 1, "string*"), ("external_values", 2, "map")],
    "ControlFlowContextDef": [("cond_ctxt", 1, "CondContextDef"), ("while_ctxt", 2, "WhileContextDef")],
    "CondContextDef": [("context_name", 1, "string"), ("pred_name", 2, "string"), ("pivot_name", 3, "string"),
                       ("branch", 4, "int32"), ("values_def", 5, "ValuesDef"),
                       ("nested_contexts", 6, "ControlFlowContextDef*")],
    "WhileContextDef": [("context_name", 1, "string"), ("parallel_iterations", 2, "int32"), ("back_prop", 3, "bool"),
                        ("swap_memory", 4, "bool"), ("pivot_name", 5, "string"), ("pivot_for_pred_name", 6, "string"),
                        ("pivot_for_body_name", 7, "string"), ("loop_exit_names", 8, "string*"),
                        ("values_def", 9, "ValuesDef"), ("loop_enter_names", 10, "string*"),
                        ("maximum_iterations_name", 11, "string"), ("nested_contexts", 12, "ControlFlowContextDef*")],
}


@functools.cache
def classes() -> dict[str, Any]:
    """The proto classes by name (`CondContextDef`, `WhileContextDef`, ...)."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    field = descriptor_pb2.FieldDescriptorProto
    scalars = {"string": field.TYPE_STRING, "int32": field.TYPE_INT32, "bool": field.TYPE_BOOL}
    file = descriptor_pb2.FileDescriptorProto(name="tensorflow/core/protobuf/control_flow.proto", package="tensorflow",
                                              syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, number, kind in fields:
            label = field.LABEL_REPEATED if kind == "map" or kind.endswith("*") else field.LABEL_OPTIONAL
            item = message.field.add(name=field_name, number=number, label=label)
            kind = kind.rstrip("*")
            if kind == "map":
                entry = message.nested_type.add(name="ExternalValuesEntry")
                entry.options.map_entry = True
                for part, part_number in (("key", 1), ("value", 2)):
                    entry.field.add(name=part, number=part_number, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
                item.type, item.type_name = field.TYPE_MESSAGE, f".tensorflow.{name}.ExternalValuesEntry"
            elif kind in scalars:
                item.type = scalars[kind]
            else:
                item.type, item.type_name = field.TYPE_MESSAGE, f".tensorflow.{kind}"
        if name == "ControlFlowContextDef":
            message.oneof_decl.add(name="ctxt")
            for item in message.field:
                item.oneof_index = 0
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tensorflow.{name}"))
            for name in _MESSAGES}


# --- to protos --------------------------------------------------------------------------------------------------


def _stripped(name: str, scope: str) -> str:
    return name[len(scope) + 1:] if scope and name.startswith(scope + "/") else name


def to_proto(ctx: ControlFlowContext, export_scope: str | None = None) -> Any:
    """A context as `CondContextDef` or `WhileContextDef`, names without `export_scope`; None when it is outside."""
    scope = export_scope or ""
    if scope and not ctx.name.startswith(scope):
        return None

    def named(tensor: Any) -> str:
        return _stripped(tensor.name, scope)

    protos = classes()
    if isinstance(ctx, WhileContext):
        proto = protos["WhileContextDef"](
            context_name=_stripped(ctx.name, scope), parallel_iterations=ctx.parallel_iterations,
            back_prop=ctx.back_prop, swap_memory=ctx.swap_memory, loop_exit_names=map(named, ctx.loop_exits),
            loop_enter_names=map(named, ctx.loop_enters))
        for field, tensor in (("maximum_iterations_name", ctx.maximum_iterations), ("pivot_name", ctx.pivot),
                              ("pivot_for_pred_name", ctx.pivot_for_pred),
                              ("pivot_for_body_name", ctx.pivot_for_body)):
            if tensor is not None:
                setattr(proto, field, named(tensor))
    else:
        assert isinstance(ctx, CondContext)
        proto = protos["CondContextDef"](context_name=_stripped(ctx.name, scope), pred_name=named(ctx.pred),
                                         pivot_name=named(ctx.pivot), branch=ctx.branch)
    proto.values_def.values.extend(_stripped(name, scope) for name in sorted(ctx.values))
    for name, tensor in ctx.external.items():
        proto.values_def.external_values[_stripped(name, scope)] = named(tensor)
    for inner in ctx.nested:
        wrapper = proto.nested_contexts.add()
        part = wrapper.while_ctxt if isinstance(inner, WhileContext) else wrapper.cond_ctxt
        part.CopyFrom(to_proto(inner, export_scope))
    return proto


# --- from protos ------------------------------------------------------------------------------------------------


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
    with ctx:
        for wrapper in proto.nested_contexts:
            from_proto(getattr(wrapper, wrapper.WhichOneof("ctxt")), import_scope)
    return ctx

