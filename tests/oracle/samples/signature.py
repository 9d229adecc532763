"""Samples that follow from an op's signature: element-wise ops, and ops that change variables."""

import itertools
import zlib

import numpy as np
from oracle.samples.values import N, P, Values, i32, i64

DTYPES = ("float32", "float64", "float16", "int32", "int64", "bool", "complex64", "string", "uint8", "int8", "int16",
          "uint16", "complex128", "bfloat16", "uint32", "uint64")
# Values at which TensorFlow's answer depends on where in an array they stand (its vectors have other rules than its
# single numbers), or is another on purpose (`meant_differences`): they are no edges of these ops.
NO_EDGES = {"Rsqrt": "-0.0", "Sqrt": "-0.0", "Maximum": "nan", "Minimum": "nan"}
CHANGES = ("grad", "delta", "value", "updates")
SHAPES = {
    1: (((2, 3),), ((),), ((0, 3),), ((2, 1, 3, 2),)),
    2: (((2, 3), (2, 3)), ((2, 3), (3,)), ((), (2, 2)), ((2, 1), (1, 3)), ((0, 2), (2,)), ((4, 1, 2), (3, 1))),
    3: (((2, 3),) * 3, ((),) * 3, ((4,),) * 3),
}


def is_variable(arg):
    """Whether an argument names a variable: by reference, or by a resource handle."""
    return arg.is_ref or (arg.dtype is not None and arg.dtype.name == "resource")


def dtypes_of(definition):
    """The dtypes in which an op is sampled: those of the type attr of its first input."""
    used = [arg.type_attr for arg in definition.inputs if arg.type_attr]
    preferred = [name for name in ("T", "dtype") if name in used]
    attr = next(iter(preferred or used), None)
    if not preferred and any(is_variable(arg) for arg in definition.inputs):
        return ("float32",)
    if attr is None:
        fixed = next((arg.dtype.name for arg in definition.inputs if arg.dtype is not None), "float32")
        return (fixed if fixed in DTYPES else "float32",)
    allowed = definition.attrs[attr].allowed
    return DTYPES if allowed is None else tuple(name for name in DTYPES if name in {t.name for t in allowed})


def update_rows(definition):
    """Rows for ops that change variables: by what their arguments are called."""
    names = [arg.python_name for arg in definition.inputs]
    attrs = {"dtype": "float32"} if "dtype" in definition.attrs and "dtype" not in definition.inferred else {}
    if any(a.name not in (*attrs, *definition.inferred) and not a.has_default for a in definition.attrs.values()):
        return []
    sparse = "indices" in names
    deep = "Nd" in definition.name
    indices = [i32([[0], [2], [0]]), i64([[1]])] if deep else [i32([0, 2, 0]), i64([1])]
    rows = []
    for position in indices if sparse else (None,):
        row = dict(attrs)
        for arg in definition.inputs:
            if is_variable(arg):
                row[arg.python_name] = P(3, 2)
            elif arg.python_name == "indices":
                row["indices"] = position
            elif arg.dtype is not None:
                row[arg.python_name] = np.array(3, arg.dtype.name)
            elif arg.python_name in CHANGES:
                values = P if "Div" in definition.name else N
                row[arg.python_name] = values(len(position), 2) if sparse else values(3, 2)
            elif arg.python_name == "lr_power":
                row[arg.python_name] = Values((), -0.9, -0.1)
            else:
                row[arg.python_name] = Values((), 0.1, 0.9)
        rows.append(row)
    rows += [{**rows[0], attr.python_name: not attr.default} for attr in definition.attrs.values()
             if attr.type == "bool" and attr.has_default]
    return rows


def default_calls(definition):
    """Calls of an op whose inputs are single tensors of one type: element-wise ops and their gradients."""
    inputs = definition.inputs
    types = {arg.type_attr for arg in inputs}
    fixed = [arg.dtype.name if arg.dtype is not None else None for arg in inputs]
    open_attrs = [a for a in definition.attrs.values() if a.name not in definition.inferred and not a.has_default]
    if not 1 <= len(inputs) <= 3 or any(arg.is_list for arg in inputs) or len(types) > 1 or open_attrs:
        return []
    result = []
    for dtype in (fixed[0],) if fixed[0] else dtypes_of(definition):
        shapes = SHAPES[len(inputs)] if dtype == "float32" or fixed[0] else SHAPES[len(inputs)][:1]
        if definition.name.endswith("Grad") and len(inputs) == 2:
            shapes = tuple((pair[0],) * 2 for pair in shapes[:2])
        for row, shape in enumerate(shapes):
            seed = zlib.crc32(f"{definition.name}{row}".encode())
            arrays = [Values(size).array(dtype, seed + i) for i, size in enumerate(shape)]
            result.append({arg.python_name: array for arg, array in zip(inputs, arrays)})
        edges = edge_values(dtype)
        if edges is not None:
            edges = [value for value in edges if str(value) != NO_EDGES.get(definition.name)]
            pairs = np.array(list(itertools.product(edges, repeat=min(len(inputs), 2))), dtype).T
            columns = [pairs[min(i, len(pairs) - 1)] for i in range(len(inputs))]
            result.append({arg.python_name: column for arg, column in zip(inputs, columns)})
    return result


def edge_values(dtype):
    """Values at which functions behave specially, or None for dtypes not asked for them."""
    if dtype in ("float32", "float16"):
        return [-np.inf, -2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, np.inf, np.nan]
    if dtype in ("int32", "int8"):
        return [-7, -3, -1, 1, 2, 8]
    if dtype == "int64":
        return [-(2**40), -7, 3, 2**40 + 1]
    return None
