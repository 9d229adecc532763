# -*- coding: utf-8 -*-
"""A GraphDef and fetched values as plain JSON data, the same whether TensorFlow or tfmagic made them.

Runs under TensorFlow 1.15's Python 2.7 as well as under Python 3.
"""

import base64
import json
import numbers
import re
from collections import OrderedDict

import numpy as np
from oracle.arrays import text_of

VALUES = {
    "half": "half_val", "bfloat16": "half_val", "float": "float_val", "double": "double_val", "int64": "int64_val",
    "bool": "bool_val", "uint32": "uint32_val", "uint64": "uint64_val", "string": "string_val",
    "complex64": "scomplex_val", "complex128": "dcomplex_val",
}  # fmt: skip
NUMPY = {
    "half": np.float16, "float": np.float32, "double": np.float64, "int8": np.int8, "int16": np.int16,
    "int32": np.int32, "int64": np.int64, "uint8": np.uint8, "uint16": np.uint16, "uint32": np.uint32,
    "uint64": np.uint64, "bool": np.bool_, "complex64": np.complex64, "complex128": np.complex128,
    "bfloat16": np.uint16,
}  # fmt: skip


CHANCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # the names of tables that were given none


def type_name(message, field, number):
    """`DT_FLOAT` as `float`, taken from the message's own enum."""
    names = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number
    return names[number].name[len("DT_"):].lower()


def describe_shape(shape):
    """A TensorShapeProto as a list with None for unknown sizes, or None for unknown rank."""
    return None if shape.unknown_rank else [None if d.size < 0 else int(d.size) for d in shape.dim]


def describe_number(value):
    """One element as JSON: non-finite and complex numbers become text."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, (complex, np.complexfloating)):
        return repr(complex(value))
    if not np.isfinite(value):
        return str(float(value))
    return float(np.format_float_positional(value, unique=True)) if isinstance(value, np.floating) else value


def describe_tensor(proto):
    """A TensorProto: dtype, shape, the values (equal last ones written once), and how they are stored.

    `stored` is "content" where the values are bytes in `tensor_content`, the number of values in the dtype's own field
    where that is not the number of elements, and absent where each element stands in that field.
    """
    dtype = type_name(proto, "dtype", proto.dtype)
    shape = describe_shape(proto.tensor_shape)
    size = int(np.prod(shape, dtype=np.int64))
    if proto.tensor_content:
        array = np.frombuffer(proto.tensor_content, NUMPY[dtype])
        values = [describe_number(v) for v in array] if dtype in ("float", "half") else array.tolist()
        stored = "content"
    else:
        values = list(getattr(proto, VALUES.get(dtype, "int_val")))
        stored = len(values) // (2 if dtype.startswith("complex") else 1)
        if dtype == "half":
            values = [describe_number(v) for v in np.array(values, np.uint16).view(np.float16)]
        elif dtype == "float":
            values = [describe_number(np.float32(v)) for v in values]
        elif dtype.startswith("complex"):
            values = [complex(*pair) for pair in zip(values[::2], values[1::2])]
        elif dtype == "string":
            values = [text_of(v) for v in values]
    if dtype.startswith("complex"):
        values = [repr(v) for v in values]
    values = [str(v) if isinstance(v, float) and not np.isfinite(v) else v for v in values]
    while len(values) > 1 and values[-1] == values[-2]:
        values.pop()
    if size and not values:
        values = ["" if dtype == "string" else False if dtype == "bool" else 0]
    out = OrderedDict([("dtype", dtype), ("shape", shape), ("values", values)])
    if stored != size:
        out["stored"] = stored
    return out


def describe_attr(attr):
    """An AttrValue as plain data."""
    kind = attr.WhichOneof("value")
    if kind == "s":
        found = text_of(attr.s)
        return found if isinstance(found, dict) else CHANCE.sub("<uuid>", found)
    if kind == "type":
        return type_name(attr, "type", attr.type)
    if kind == "shape":
        return {"shape": describe_shape(attr.shape)}
    if kind == "tensor":
        return describe_tensor(attr.tensor)
    if kind == "func":
        return {"func": function_name(attr.func.name)}
    if kind == "f":
        return describe_number(np.float32(attr.f))
    if kind == "i":
        return int(attr.i)
    if kind == "list":
        return describe_list(attr.list)
    return getattr(attr, kind) if kind else None


def function_name(name):
    """The name of a library function without the process-wide numbers in it or the hash that ends it."""
    if "__backward_" in name:  # gradients of calls, and gradients of those
        name = re.sub(r"_\d+(?=_|$)", "", name)
    name = re.sub(r"((?:_grad|_true|_false|_branch\d+))_\d+(?=_)", r"\1", name)
    name = re.sub(r"(_cond|_body)_\d+(?=_(?:rewritten|grad))", r"\1", name)
    return re.sub(r"_(\d+|[0-9a-f]{8,}|[0-9A-Za-z]{11})$", "", name)


def describe_list(values):
    """The list of an AttrValue as plain data."""
    for name in ("s", "i", "f", "b", "type", "shape", "tensor", "func"):
        items = getattr(values, name)
        if items:
            break
    else:
        return []
    if name == "type":
        return [type_name(values, "type", v) for v in items]
    convert = {"s": text_of, "i": int, "shape": describe_shape, "tensor": describe_tensor,
               "f": lambda v: describe_number(np.float32(v)),
               "func": lambda f: function_name(f.name)}.get(name)  # fmt: skip
    return [convert(v) if convert else v for v in items]


# Attrs of calls of functions that tell of the process and its devices.
_OF_THE_PROCESS = ("config", "config_proto", "executor_type")


def describe_node(node):
    """A NodeDef as plain data, without the process-wide counters that py_func and custom_gradient put in attrs."""
    out = OrderedDict([("name", node.name), ("op", node.op)])
    if node.input:
        out["inputs"] = list(node.input)
    if node.device:
        out["device"] = node.device
    attrs = OrderedDict((name, describe_attr(node.attr[name])) for name in sorted(node.attr))
    for name in _OF_THE_PROCESS:
        attrs.pop(name, None)
    if "token" in attrs:
        attrs["token"] = "pyfunc"
    if str(attrs.get("_gradient_op_type")).startswith("CustomGradient-"):
        attrs["_gradient_op_type"] = "CustomGradient"
    if str(attrs.get("_gradient_op_type")).startswith("PartitionedCall-"):
        del attrs["_gradient_op_type"]
    if attrs:
        out["attrs"] = attrs
    return out


def describe_graph(graph):
    """All nodes of a `tf.Graph` in the order of its GraphDef, each with the static shapes of its outputs."""
    described = []
    for node in graph.as_graph_def().node:
        out = describe_node(node)
        shapes = [written_shape(t.get_shape().as_list() if t.get_shape().ndims is not None else None)
                  for t in graph.get_operation_by_name(node.name).outputs]
        if shapes:
            out["shapes"] = " ".join(shapes)
        described.append(out)
    return described


def describe_library(graph):
    """The functions of a graph's library by name: arguments, results and nodes."""
    described = []
    for function in graph.as_graph_def().library.function:
        signature = function.signature
        described.append(OrderedDict([
            ("name", function_name(signature.name)),
            ("inputs", [arg.name for arg in signature.input_arg]),
            ("outputs", [arg.name for arg in signature.output_arg]),
            ("nodes", [describe_node(node) for node in function.node_def]),
            ("returns", OrderedDict(sorted(function.ret.items()))),
        ]))  # fmt: skip
    return sorted(described, key=lambda function: function["name"])


def describe_collections(graph):
    """Collection name -> names of what it holds (or the class, for nameless things)."""
    out = OrderedDict()
    for key in sorted(map(str, graph.get_all_collection_keys())):
        if not key.startswith("__"):
            out[key] = [getattr(item, "name", type(item).__name__) for item in graph.get_collection(key)]
    return out


def describe_value(value):
    """A fetched value as plain data: dtype, shape and flat list of values; nested fetches keep their structure."""
    if isinstance(value, bytes):
        return {"bytes": text_of(value)}
    if value is None or isinstance(value, type(u"")):
        return value
    if hasattr(value, "_fields"):
        return {"fields": OrderedDict((name, describe_value(getattr(value, name))) for name in value._fields)}
    if isinstance(value, dict):
        return {"dict": OrderedDict((str(key), describe_value(value[key])) for key in sorted(value, key=str))}
    if isinstance(value, (list, tuple)):
        return [describe_value(item) for item in value]
    array = np.asarray(value)
    if array.dtype == object:
        flat = [text_of(v) for v in array.ravel()]
    else:
        flat = [describe_number(v) for v in array.ravel()]
    return OrderedDict([("dtype", str(array.dtype)), ("shape", list(array.shape)), ("values", flat)])


def array_of(value):
    """The array (or nested lists of arrays) that `describe_value` described."""
    if isinstance(value, list):
        return [array_of(item) for item in value]
    if value is None:
        return None
    if "bytes" in value:
        return np.array(value["bytes"].encode(), object)
    dtype, values = value["dtype"], value["values"]
    if dtype == "object":
        flat = [base64.b64decode(v["base64"]) if isinstance(v, dict) else v.encode() for v in values]
        array = np.empty(len(flat), object)
        array[:] = flat
    elif dtype.startswith("complex"):
        array = np.array([complex(v) for v in values], dtype)
    else:
        array = np.array([float(v) if isinstance(v, str) else v for v in values], dtype)
    return array.reshape(value["shape"])


def pack(nodes):
    """Described nodes in a shorter form: the sets of attrs that occur, and an array of each node.

    The array holds name, op, inputs, static shapes, attrs and, where there is one, the device. Names are relative:
    "~/x" stands in the scope of the node itself (for its own name: of the node before it), "~~/x" in the scope around
    that. Attrs are the number of a set, but those of a constant are its value: dtype, values and how they are stored;
    its shape is that of the output. "_class" is "~" where it names the first input.
    """
    sets, packed, before = [], [], None
    for node in nodes:
        scope = node["name"].rpartition("/")[0]
        inputs = " ".join(relative(name, scope) for name in node.get("inputs", []))
        attrs = packed_attrs(node, scope)
        if isinstance(attrs, dict):
            if attrs not in sets:
                sets.append(attrs)
            attrs = sets.index(attrs)
        row = [relative(node["name"], before), node["op"], inputs, node.get("shapes", ""), attrs]
        packed.append(row + ([node["device"]] if "device" in node else []))
        before = scope
    return {"attrs": sets, "nodes": packed}


def unpack(packed):
    """The described nodes that `pack` shortened."""
    nodes, scope = [], None
    for row in packed["nodes"]:
        name, op, inputs, shapes, attrs = row[:5]
        name = absolute(name, scope)
        scope = name.rpartition("/")[0]
        node = OrderedDict([("name", name), ("op", op)])
        if inputs:
            node["inputs"] = [absolute(i, scope) for i in inputs.split(" ")]
        if len(row) > 5:
            node["device"] = row[5]
        attrs = unpacked_attrs(packed["attrs"][attrs] if isinstance(attrs, int) else attrs, node, shapes)
        if attrs:
            node["attrs"] = attrs
        if shapes:
            node["shapes"] = shapes
        nodes.append(node)
    return nodes


def relative(name, scope):
    """A name, or an input of a node, seen from a scope."""
    mark = "^" if name.startswith("^") else ""
    name = name[len(mark):]
    for sign in ("~/", "~~/"):
        if scope and name.startswith(scope + "/"):
            return mark + sign + name[len(scope) + 1:]
        scope = (scope or "").rpartition("/")[0]
    return mark + name


def absolute(name, scope):
    """The name that `relative` shortened."""
    mark = "^" if name.startswith("^") else ""
    sign, slash, inner = name[len(mark):].partition("/")
    if slash and sign in ("~", "~~"):
        return mark + (scope if sign == "~" else scope.rpartition("/")[0]) + "/" + inner
    return name


def packed_attrs(node, scope):
    """A node's attrs as a dict, or as a list those of a constant that are no more than its value."""
    attrs = OrderedDict(node.get("attrs", {}))
    value = attrs.get("value")
    if node["op"] == "Const" and value["dtype"] == attrs["dtype"] and written_shape(value["shape"]) == node["shapes"]:
        row = [value["dtype"], value["values"], value.get("stored", "")]
        group = attrs.get("_class")
        if set(attrs) == {"dtype", "value"}:
            return row if row[2] != "" else row[:2]
        if group and len(group) == 1 and set(attrs) == {"dtype", "value", "_class"}:
            return row + [relative(group[0][len("loc:@"):], scope)]
    if node.get("inputs") and attrs.get("_class") == ["loc:@" + node["inputs"][0]]:
        attrs["_class"] = "~"
    return attrs


def unpacked_attrs(attrs, node, shapes):
    """The attrs that `packed_attrs` shortened."""
    if isinstance(attrs, list):
        value = OrderedDict([("dtype", attrs[0]), ("shape", [int(n) for n in shapes[1:-1].split(",") if n]),
                             ("values", attrs[1])])  # fmt: skip
        if attrs[2:] and attrs[2] != "":
            value["stored"] = attrs[2]
        made = OrderedDict([("dtype", attrs[0]), ("value", value)])
        if attrs[3:]:
            made["_class"] = ["loc:@" + absolute(attrs[3], node["name"].rpartition("/")[0])]
        return made
    if attrs.get("_class") == "~":
        attrs = OrderedDict(attrs, _class=["loc:@" + node["inputs"][0]])
    return attrs


def written_shape(sizes):
    """A static shape as TensorFlow writes it in messages: `[?,3]`, `<unknown>`."""
    if sizes is None:
        return "<unknown>"
    return "[{}]".format(",".join("?" if size is None else str(size) for size in sizes))


def plain(data):
    """Data as it is after a way through JSON, the order of keys kept."""
    def other(value):
        return text_of(value) if isinstance(value, bytes) else value.item()

    return json.loads(json.dumps(data, default=other), object_pairs_hook=OrderedDict)


def dumps(record):
    """Deterministic JSON: one node, one value or one fact a line."""

    def dump(item):
        return json.dumps(item, ensure_ascii=False, separators=(",", ":"))

    lines = ["{"]
    for position, (key, value) in enumerate(record.items()):
        comma = "," if position < len(record) - 1 else ""
        if isinstance(value, list) and value:
            rows = ",\n".join("  " + dump(item) for item in value)
            lines.append(u" {}: [\n{}\n ]{}".format(dump(key), rows, comma))
        elif isinstance(value, dict) and value:
            rows = ",\n".join(u"  {}: {}".format(dump(k), dump(v)) for k, v in value.items())
            lines.append(u" {}: {{\n{}\n }}{}".format(dump(key), rows, comma))
        else:
            lines.append(u" {}: {}{}".format(dump(key), dump(value), comma))
    return "\n".join(lines + ["}"]) + "\n"
