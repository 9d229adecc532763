"""Writes `tfmagic/base/protos.txt`: the protocol buffers of TensorFlow 1.15 that the tensorboard package lacks.

Run it with the Python of TensorFlow 1.15 (2.7 or 3). Everything is read from the descriptors of the running library.
"""

from __future__ import print_function

import importlib
import io
import os

from google.protobuf import descriptor_pb2

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tfmagic", "base", "protos.txt")
FILES = ["core/example/feature", "core/example/example", "core/framework/tensor_slice", "core/framework/reader_base",
         "core/kernels/boosted_trees/boosted_trees",
         "core/lib/core/error_codes", "core/profiler/tfprof_log", "core/profiler/tfprof_output",
         "core/protobuf/control_flow", "core/protobuf/named_tensor",
         "core/protobuf/queue_runner", "core/protobuf/saved_model", "core/protobuf/tensor_bundle",
         "core/protobuf/tensorflow_server", "core/util/saved_tensor_slice",
         "python/training/checkpoint_state"]
HEAD = """\
# Protocol buffers of TensorFlow 1.15 that the tensorboard package lacks (tables/record_protos.py).
# file NAME: the files that it uses. Then its messages: NAME: number field type, "*" = a list, "[g]" = one of group g,
# "<a,b>" = a map; and its enums: enum NAME: number value.
"""
FIELD = descriptor_pb2.FieldDescriptorProto


def kind(field, entries):
    """A field's type as the table spells it."""
    if field.type_name in entries:
        return "<{},{}>".format(*(kind(part, {}) for part in entries[field.type_name].field))
    # All are of one package here, TensorFlow's inner packages `error`, `tfprof` and `boosted_trees` too.
    name = field.type_name[len(".tensorflow."):]
    for inner in ("error.", "tfprof.", "boosted_trees."):
        name = name.replace(inner, "")
    name = name or FIELD.Type.Name(field.type)[5:].lower()
    return name + ("*" if field.label == FIELD.LABEL_REPEATED else "")


def lines_of(prefix, message):
    """The lines of a message and of what stands within it."""
    full = prefix + message.name
    entries = {".tensorflow.{}{}.{}".format(package, full, nested.name): nested for nested in message.nested_type
               for package in ("", "tfprof.") if nested.options.map_entry}
    fields = []
    for field in message.field:
        group = "[{}]".format(message.oneof_decl[field.oneof_index].name) if field.HasField("oneof_index") else ""
        fields.append("{} {} {}{}".format(field.number, field.name, kind(field, entries), group))
    yield "{}: {}".format(full, "; ".join(fields)).rstrip()
    for nested in message.nested_type:
        if not nested.options.map_entry:
            for line in lines_of(full + ".", nested):
                yield line
    for enum in message.enum_type:
        yield enum_line(full + ".", enum)


def enum_line(prefix, enum):
    return "enum {}{}: {}".format(prefix, enum.name, "; ".join("{} {}".format(v.number, v.name) for v in enum.value))


def main():
    lines = []
    for path in FILES:
        module = importlib.import_module("tensorflow." + path.replace("/", ".") + "_pb2")
        file = descriptor_pb2.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)
        used = [os.path.basename(name)[:-len(".proto")] for name in file.dependency]
        lines.append("file {}: {}".format(os.path.basename(path), " ".join(used)).rstrip())
        for message in file.message_type:
            lines.extend(lines_of("", message))
        lines.extend(enum_line("", enum) for enum in file.enum_type)
    with io.open(PATH, "w", encoding="utf-8", newline="\n") as out:
        out.write(u"{}{}\n".format(HEAD, "\n".join(lines)))


main()
