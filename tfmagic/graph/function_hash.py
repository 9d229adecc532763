"""The text at the end of a function's name that stands for its definition: TensorFlow's, bit for bit."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from tfmagic.base.dtypes import as_dtype
from tfmagic.base.hash64 import SEED, combined, hash64
from tfmagic.formats.sstable import varint
from tfmagic.formats.tensor_proto import make_ndarray, of_content


def text_of(definition: Any) -> str:
    """Eleven letters and digits for a `FunctionDef`."""
    number = _of_function(definition).to_bytes(8, "little")
    return base64.urlsafe_b64encode(number).decode().rstrip("=").replace("-", "a").replace("_", "A")


def _text(text: str, seed: int = SEED) -> int:
    return hash64(text.encode(), seed)


def _message(message: Any, seed: int = SEED) -> int:
    return hash64(message.SerializeToString(deterministic=True), seed)


def _of_function(definition: Any) -> int:
    found = combined(_of_nodes(definition.node_def), _attrs(definition.attr, _of_signature(definition.signature)))
    for names in (definition.ret, definition.control_ret):
        for name in sorted(names):
            found = _text(names[name], _text(name, found))
    return found


def _of_signature(signature: Any) -> int:
    found = SEED
    for attr in sorted(signature.attr, key=lambda attr: attr.name):
        found = combined(_message(attr), _text(attr.name, found))
    for name in sorted(set(signature.control_output)):
        found = combined(found, _text(name))
    rest = type(signature)()
    rest.CopyFrom(signature)
    rest.ClearField("attr")
    rest.ClearField("control_output")
    return _message(rest, found)


def _of_nodes(nodes: Any) -> int:
    found = SEED
    for node in sorted(nodes, key=lambda node: node.name):
        found = combined(_of_node(node), _text(node.name, found))
    return found


def _of_node(node: Any) -> int:
    found = _text(node.device, _text(node.op, _text(node.name)))
    data = [name for name in node.input if name[:1] != "^"]
    for name in (*data, *sorted({name for name in node.input if name[:1] == "^"})):
        found = _text(name, found)
    return _attrs({name: value for name, value in node.attr.items() if name[:1] != "_"}, found)


def _attrs(attrs: Mapping[str, Any], found: int) -> int:
    for name in sorted(attrs):
        found = combined(_of_attr(attrs[name]), _text(name, found))
    return found


def _of_attr(value: Any) -> int:
    kind = value.WhichOneof("value")
    if kind == "tensor":
        return _message(_in_bytes(value.tensor))
    return _attrs(value.func.attr, _text(value.func.name)) if kind == "func" else _message(value)


def _in_bytes(tensor: Any) -> Any:
    """A `TensorProto` with its values as bytes."""
    array, dtype = make_ndarray(tensor), as_dtype(tensor.dtype)
    if dtype.name == "string":
        strings = array.ravel().tolist()
        content = b"".join([varint(len(s)) for s in strings] + strings)
    else:
        content = array.tobytes()
    return of_content(content, dtype, array.shape)
