"""TensorFlow's protocol buffers, printed as TensorFlow 1.15 prints them.

Most are those that the tensorboard package ships; `protos.txt` has what it lacks, as TensorFlow 1.15 defines them.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pkgutil
import re
from types import ModuleType
from typing import Any

HOME = "tensorboard.compat.proto"

# What stands in `protos.txt` is of this package: another library may bring TensorFlow's own into the same process.
_PACKAGE = "tfmagic"
_FIELD = re.compile(r"(\d+) (\w+) ([^\[*]+)(\*?)(?:\[(\w+)\])?")


def is_module(name: str) -> bool:
    """Whether there is such a module."""
    return name.removesuffix("_pb2") in _files() or importlib.util.find_spec(f"{HOME}.{name}") is not None


def names() -> list[str]:
    """The names of all such modules."""
    shipped = [module.name for module in pkgutil.iter_modules(importlib.import_module(HOME).__path__)]
    return sorted({*(name for name in shipped if name.endswith("_pb2")), *(f"{name}_pb2" for name in _files())})


@functools.cache
def module(name: str) -> ModuleType:
    """The module of this name ("graph_pb2"): its messages print the entries of maps in the order of their keys.

    Today's protobuf prints them in no particular order, so the same node would print differently twice.
    """
    from google.protobuf.message import Message

    file = name.removesuffix("_pb2")
    found = _made(file) if file in _files() else importlib.import_module(f"{HOME}.{name}")
    text = _text_of(found.DESCRIPTOR)
    for thing in vars(found).values():
        if isinstance(thing, type) and issubclass(thing, Message):
            kind: Any = thing
            kind.__str__ = kind.__repr__ = text
    return found


def _text_of(file: Any) -> Any:
    """What prints the messages of a file: today's protobuf leaves out the key 0 of a map, TensorFlow's did not."""
    from google.protobuf import text_format

    counted = "|".join(field.name for message in file.message_types_by_name.values() for field in message.fields
                       if field.message_type is not None and field.message_type.GetOptions().map_entry
                       and field.message_type.fields_by_name["key"].cpp_type != field.CPPTYPE_STRING)
    if not counted:
        return text_format.MessageToString
    without_key = re.compile(rf"^( *)((?:{counted}) {{\n)(?! *key:)", re.MULTILINE)

    def text(message: Any) -> str:
        return without_key.sub(r"\1\2\1  key: 0\n", text_format.MessageToString(message))

    return text


@functools.cache
def _files() -> dict[str, list[str]]:
    """The lines of each file in `protos.txt`, the first of them the files that it uses."""
    files: dict[str, list[str]] = {}
    with open(os.path.join(os.path.dirname(__file__), "protos.txt"), encoding="utf-8") as text:
        for line in text:
            if line.startswith("file "):
                name, _, uses = line[len("file "):].strip().partition(":")
                lines = files[name] = [uses]
            elif line[0] != "#":
                lines.append(line.strip())
    return files


def _made(name: str) -> ModuleType:
    """A module with the messages and enums of a file of `protos.txt`."""
    from google.protobuf import descriptor_pool, message_factory
    from google.protobuf.internal import enum_type_wrapper

    pool = descriptor_pool.Default()
    path = f"{_PACKAGE}/{name}.proto"
    try:
        descriptor = pool.FindFileByName(path)
    except KeyError:
        pool.AddSerializedFile(_definition(name, path).SerializeToString())
        descriptor = pool.FindFileByName(path)
    made: Any = ModuleType(f"{_PACKAGE}.{name}_pb2", f"The messages of {name}.proto.")
    made.DESCRIPTOR = descriptor
    for message_name, message in descriptor.message_types_by_name.items():
        setattr(made, message_name, message_factory.GetMessageClass(message))
    for enum_name, enum in descriptor.enum_types_by_name.items():
        setattr(made, enum_name, enum_type_wrapper.EnumTypeWrapper(enum))
        for value in enum.values:
            setattr(made, value.name, value.number)
    return made


def _definition(name: str, path: str) -> Any:
    from google.protobuf import descriptor_pb2

    lines = _files()[name]
    known = {}  # what a type's name stands for here: our own, else tensorboard's
    file = descriptor_pb2.FileDescriptorProto(name=path, package=_PACKAGE, syntax="proto3")
    for used in lines[0].split():
        ours = used in _files()
        module(f"{used}_pb2")  # its messages have to be known first
        file.dependency.append(f"{_PACKAGE}/{used}.proto" if ours else f"{HOME.replace('.', '/')}/{used}.proto")
        for line in _files()[used][1:] if ours else ():
            known[_subject(line)] = f".{_PACKAGE}.{_subject(line)}"
    for line in lines[1:]:
        known[_subject(line)] = f".{_PACKAGE}.{_subject(line)}"
    messages: dict[str, Any] = {}
    for line in lines[1:]:
        subject, rest = _subject(line), line.partition(": ")[2]
        outer, _, last = subject.rpartition(".")
        holder = messages.get(outer, file)
        if line.startswith("enum "):
            enum = holder.enum_type.add(name=last)
            for item in rest.split("; "):
                number, _, value = item.partition(" ")
                enum.value.add(name=value, number=int(number))
            continue
        holder = holder.nested_type if outer in messages else file.message_type
        messages[subject] = message = holder.add(name=last)
        for item in rest.split("; ") if rest else ():
            _add_field(message, subject, item, known)
    return file


def _subject(line: str) -> str:
    """The message or enum that a line is about."""
    return line.partition(":")[0].removeprefix("enum ")


def _add_field(message: Any, full_name: str, text: str, known: dict[str, str]) -> None:
    from google.protobuf.descriptor_pb2 import FieldDescriptorProto

    match = _FIELD.fullmatch(text)
    assert match is not None, text
    number, name, kind, many, group = match.groups()
    field = message.field.add(name=name, number=int(number), label=FieldDescriptorProto.LABEL_REPEATED
                              if many or kind[0] == "<" else FieldDescriptorProto.LABEL_OPTIONAL)
    if kind[0] == "<":
        entry = message.nested_type.add(name="".join(part.capitalize() for part in name.split("_")) + "Entry")
        entry.options.map_entry = True
        for part_number, (part, part_kind) in enumerate(zip(("key", "value"), kind[1:-1].split(",")), 1):
            _add_field(entry, "", f"{part_number} {part} {part_kind}", known)
        field.type, field.type_name = FieldDescriptorProto.TYPE_MESSAGE, f".{_PACKAGE}.{full_name}.{entry.name}"
    elif kind.islower():
        field.type = FieldDescriptorProto.Type.Value(f"TYPE_{kind.upper()}")
    else:
        field.type_name = known.get(kind, f".tensorboard.{kind}")
    if group:
        names = [one_of.name for one_of in message.oneof_decl]
        if group not in names:
            message.oneof_decl.add(name=group)
            names.append(group)
        field.oneof_index = names.index(group)
