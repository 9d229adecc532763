"""`tf.test.assert_equal_graph_def`: whether two `GraphDef` protos are the same graph, and the first difference."""

from __future__ import annotations

import re
from typing import Any

from tfmagic.base import messages
from tfmagic.base.export import export
from tfmagic.ops import api


@export("test.assert_equal_graph_def")
def assert_equal_graph_def(actual: Any, expected: Any, checkpoint_v2: bool = False,
                           hash_table_shared_name: bool = False) -> None:
    """Check that two graphs have the same nodes, in whatever order.

    Args:
      actual: a `GraphDef`.
      expected: another one.
      checkpoint_v2: whether temporary names of checkpoints may differ.
      hash_table_shared_name: whether shared names of tables may differ.

    Raises:
      AssertionError: they differ.
      TypeError: one is none.
    """
    kind = messages.module("graph_pb2").GraphDef
    for name, definition in (("actual", actual), ("expected", expected)):
        if not isinstance(definition, kind):
            raise TypeError(f"Expected tf.GraphDef for {name}, got {type(definition).__name__}")
    nodes, wanted = ({node.name: node for node in definition.node} for definition in (actual, expected))
    for name, node in wanted.items():
        if name not in nodes:
            raise AssertionError(f"Did not find expected node '{_node(node)}'")
    for name, node in nodes.items():
        if name not in wanted:
            raise AssertionError(f"Found unexpected node '{_node(node)}'")
        _compare(node, wanted[name], checkpoint_v2, hash_table_shared_name)


# What a checkpoint's temporary name begins with, and a table's shared name.
_TEMPORARY = re.compile(r"_temp_[0-9a-f]{32}/part")
_TABLE = re.compile(r"hash_table_")


def _compare(node: Any, wanted: Any, checkpoint_v2: bool, hash_table_shared_name: bool) -> None:
    def fail(words: str) -> None:
        raise AssertionError(f"Node named '{node.name}' {words}")

    if node.op != wanted.op:
        fail(f"has op '{node.op}' that is not expected '{wanted.op}'")
    if node.device != wanted.device:
        fail(f"has device '{node.device}' that is not expected '{wanted.device}'")
    if len(node.input) != len(wanted.input):
        fail(f"has inputs '{', '.join(node.input)}' that don't match expected '{', '.join(wanted.input)}'")
    for place, (name, other) in enumerate(zip(node.input, wanted.input)):
        if name != other:
            fail(f"has input {place} '{name}' that doesn't match expected '{other}'")
    attrs, others = ({key: value for key, value in each.attr.items() if not key.startswith("_")}
                     for each in (node, wanted))
    for key in sorted(others):
        if key not in attrs:
            fail(f"missing expected attr '{key}' with value: {_value(others[key])}")
    for key in sorted(attrs):
        if key not in others:
            fail(f"has unexpected attr '{key}' with value: {_value(attrs[key])}")
        found, other = _value(attrs[key]), _value(others[key])
        if checkpoint_v2:
            found, other = (_TEMPORARY.sub("_temp_/part", text) for text in (found, other))
        if hash_table_shared_name and key == "shared_name" and _TABLE.search(found) and _TABLE.search(other):
            continue
        if found != other:
            fail(f"has attr '{key}' with value: {found} that does not match expected: {other}")


def _node(node: Any) -> str:
    attrs = ", ".join(f"{key}={_value(node.attr[key])}" for key in sorted(node.attr) if not key.startswith("_"))
    return f"{{{{node {node.name}}}}} = {node.op}[{attrs}]({', '.join(node.input)})"


def _value(value: Any) -> str:
    """An attr's value, as messages write it."""
    kind = value.WhichOneof("value")
    if kind == "list":
        for field, items in value.list.ListFields():
            return "[" + ", ".join(_item(field.name, item) for item in items) + "]"
        return "[]"
    return "" if kind is None else _item(kind, getattr(value, kind))


def _item(kind: str, item: Any) -> str:
    if kind == "type":
        return messages.module("types_pb2").DataType.Name(item)
    if kind == "s":
        return '"' + item.decode("utf-8", "backslashreplace") + '"'
    if kind == "b":
        return str(item).lower()
    if kind == "shape":
        if item.unknown_rank:
            return "<unknown>"
        return "[" + ",".join("?" if dim.size < 0 else str(dim.size) for dim in item.dim) + "]"
    if kind == "tensor":
        array = api.make_ndarray(item)
        values = " ".join(each.decode("utf-8", "backslashreplace") if isinstance(each, bytes) else str(each)
                          for each in array.reshape(-1).tolist())
        shape = ",".join(str(size) for size in array.shape)
        return f"Tensor<type: {api.as_dtype(item.dtype).name} shape: [{shape}] values: {values}>"
    if kind == "func":
        return f"{item.name}[{', '.join(f'{key}={_value(item.attr[key])}' for key in sorted(item.attr))}]"
    return str(item)
