"""The proto classes of contexts of conds and loops, which the tensorboard package lacks."""

from __future__ import annotations

import functools
from typing import Any

# Fields: name, number, type, and "*" for a list.
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
