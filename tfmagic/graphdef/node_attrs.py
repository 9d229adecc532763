"""Attrs of nodes from strangers: each AttrValue is checked against the op's definition before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.dtypes import DType
from tfmagic.graph import op_words, opdefs
from tfmagic.graph.opdefs import ArgDef, AttrDef, OpDef
from tfmagic.graph.protos import plain_attr

_FIELDS = {"int": "i", "float": "f", "bool": "b", "string": "s", "type": "type", "shape": "shape",
           "tensor": "tensor", "func": "func"}
_KINDS = {field: kind for kind, field in _FIELDS.items()} | {"list": "list"}
_MOST_OUTPUTS = 1 << 20  # a number of outputs beyond this is a broken file, not a graph


def definition_of(node: Any, library: Mapping[str, Any]) -> OpDef:
    """The definition of a `NodeDef`'s op, or the signature of the function that it calls.

    Raises:
      NotFoundError: there is neither an op nor a function of this name.
    """
    definition = opdefs.get(node.op)
    if definition is not None:
        return definition
    if node.op in library:
        return library[node.op].op_def
    raise op_words.unknown(node.op, f"the graph of the node '{node.name}' was written by a newer TensorFlow or uses a "
                                    "custom op.")


def attrs_of(node: Any, definition: OpDef, name: str) -> dict[str, Any]:
    """The attrs of a `NodeDef` as plain values, defaults filled in.

    Args:
      node: the proto.
      definition: the definition of its op.
      name: the node's name in the graph, for messages.

    Raises:
      ValueError: an attr is missing, of another kind, or has a value that the op does not take.
    """
    attrs: dict[str, Any] = {}
    where = f"NodeDef: {{{{node {name}}}}}; {op_words.signature(definition)}"
    for key in node.attr:
        attr = definition.attrs.get(key)
        if attr is None and key[0] != "_":
            raise ValueError(f"NodeDef mentions attr '{key}' not in {op_words.signature(definition)}; NodeDef: "
                             f"{{{{node {name}}}}}. (Check whether your GraphDef-interpreting binary is up to "
                             "date with your GraphDef-generating binary.).")
        try:
            attrs[key] = plain_attr(node.attr[key]) if attr is None else _checked(attr, node.attr[key])
        except (ValueError, TypeError) as error:
            raise ValueError(f"{error}\n\t for attr '{key}'\n\t; {where}") from None
    absent = [attr for attr in definition.attrs.values() if attr.name not in attrs]
    wanted = [attr.name for attr in absent if not attr.has_default]
    if wanted:
        raise op_words.missing(wanted, definition, name)
    attrs.update({attr.name: attr.default for attr in absent})
    for arg in definition.outputs:
        if arg.number_attr is not None and attrs[arg.number_attr] > _MOST_OUTPUTS:
            raise ValueError(f"Value for attr '{arg.number_attr}' of {attrs[arg.number_attr]} is more than a node can "
                             f"have outputs\n\t; {where}")
    return attrs


def _checked(attr: AttrDef, proto: Any) -> Any:
    """The plain value of an AttrValue of the kind that the definition asks for."""
    given = proto.WhichOneof("value")
    kind = attr.type
    is_list = kind.startswith("list(")
    element = kind[5:-1] if is_list else kind
    wanted = "list" if is_list else _FIELDS[element]
    if given is None:
        raise ValueError(f"AttrValue missing value with expected type '{kind}'")
    if given != wanted:
        raise ValueError(f"AttrValue had value with type '{_KINDS.get(given, given)}' when '{kind}' expected")
    if is_list:
        for descriptor, _ in proto.list.ListFields():
            if descriptor.name != _FIELDS[element]:
                raise ValueError(f"AttrValue had value with type 'list({_KINDS[descriptor.name]})' when '{kind}' "
                                 "expected")
    value = plain_attr(proto)
    items = value if is_list else [value]
    if element == "type" and any(item is None for item in items):
        raise ValueError("AttrValue has invalid DataType")
    if attr.allowed is not None:
        for item in items:
            if item not in attr.allowed:
                shown = item.proto_name if isinstance(item, DType) else f'"{item}"'
                allowed = ", ".join(a.proto_name if isinstance(a, DType) else f'"{a}"' for a in attr.allowed)
                raise ValueError(f"Value for attr '{attr.name}' of {shown} is not in the list of allowed values: "
                                 f"{allowed}")
    if attr.minimum is not None:
        if is_list and len(value) < attr.minimum:
            raise ValueError(f"Length for attr '{attr.name}' of {len(value)} must be at least minimum {attr.minimum}")
        if not is_list and value < attr.minimum:
            raise ValueError(f"Value for attr '{attr.name}' of {value} must be at least minimum {attr.minimum}")
    return value


def input_types(definition: OpDef, attrs: dict[str, Any], given: int, name: str) -> list[DType]:
    """The types that a node's inputs must have.

    Args:
      given: how many inputs the node has.

    Raises:
      ValueError: it must have another number.
    """
    types: list[DType] = []
    for arg in definition.inputs:
        if arg.number_attr is not None and attrs[arg.number_attr] > given:
            raise ValueError(f"NodeDef expected {attrs[arg.number_attr]} inputs for '{arg.name}', {given} inputs "
                             f"specified; {op_words.signature(definition)}; NodeDef: {{{{node {name}}}}}")
        types.extend(_arg_types(arg, attrs))
    if len(types) != given:
        raise ValueError(f"NodeDef expected inputs '{', '.join(t.proto_name for t in types)}' do not match {given} "
                         f"inputs specified; {op_words.signature(definition)}; NodeDef: {{{{node {name}}}}}")
    return types


def _arg_types(arg: ArgDef, attrs: dict[str, Any]) -> list[DType]:
    if arg.type_list_attr is not None:
        return list(attrs[arg.type_list_attr])
    dtype: Any = arg.dtype if arg.type_attr is None else attrs[arg.type_attr]
    if arg.is_ref:
        dtype = dtype._ref
    return [dtype] * (1 if arg.number_attr is None else attrs[arg.number_attr])


def op_def_from_proto(proto: Any) -> OpDef:
    """The definition of a library function, from the signature that a GraphDef holds.

    Raises:
      ValueError: the signature is malformed.
    """
    try:
        attrs = {}
        for item in proto.attr:
            default = {"default": plain_attr(item.default_value)} if item.HasField("default_value") else {}
            allowed = tuple(plain_attr(item.allowed_values)) if item.HasField("allowed_values") else None
            attrs[item.name] = AttrDef(item.name, item.name, item.type, allowed,
                                       item.minimum if item.has_minimum else None, **default)
        sides = [tuple(ArgDef(arg.name, arg.name, dtypes.as_dtype(arg.type) if arg.type else None,
                              arg.type_attr or None, arg.number_attr or None, arg.type_list_attr or None, arg.is_ref)
                       for arg in args) for args in (proto.input_arg, proto.output_arg)]
    except TypeError as error:
        raise ValueError(f"Function '{proto.name}' has a malformed signature: {error}") from None
    for arg in (*sides[0], *sides[1]):
        named = [a for a in (arg.type_attr, arg.number_attr, arg.type_list_attr) if a is not None]
        if (arg.dtype is None and not named) or any(a not in attrs for a in named):
            raise ValueError(f"Function '{proto.name}' has a malformed signature: argument '{arg.name}' has no type")
    return OpDef(proto.name, sides[0], sides[1], attrs, frozenset({"stateful"} if proto.is_stateful else ()))
