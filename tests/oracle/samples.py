"""Sample inputs for every declared op that has a kernel: from its signature, or from the table of special samples.

`samples(op_type)` gives dicts of keyword arguments for `tf.raw_ops.<op_type>`: NumPy arrays for inputs (lists of
them for list inputs), plain values for attrs.
"""

import itertools
import zlib

import numpy as np
from oracle.special_samples import ELSEWHERE, SPECIAL
from oracle.values import N, P, Values, i32, i64

from tfmagic import tf  # noqa: F401  # makes every declaration known
from tfmagic.graph import opdefs, registry

DTYPES = ("float32", "float64", "float16", "int32", "int64", "bool", "complex64", "string")
FLOATS = ("float32", "float64", "float16", "bfloat16", "complex64", "complex128")
# Dtypes in which 2.21 computes something else than 1.15, or nothing that is meant.
NOT_AS = {"Round": ("int32", "int64"), "EuclideanNorm": ("int32", "int64", "uint8"), "ConjugateTranspose": ("string",),
          "ResourceScatterNdSub": ("bool",), "StridedSliceGrad": ("string",)}
CHANGES = ("grad", "delta", "value", "updates")
SHAPES = {
    1: (((2, 3),), ((),), ((0, 3),), ((2, 1, 3, 2),)),
    2: (((2, 3), (2, 3)), ((2, 3), (3,)), ((), (2, 2)), ((2, 1), (1, 3)), ((0, 2), (2,)), ((4, 1, 2), (3, 1))),
    3: (((2, 3),) * 3, ((),) * 3, ((4,),) * 3),
}


def sampled_ops():
    """Names of the ops that the oracle has rows for: declared, with a kernel, and not covered elsewhere."""
    declared = registry.declarations()
    return sorted(name for name, declaration in declared.items()
                  if declaration.kernel is not None and name not in ELSEWHERE)


def samples(name):
    """The samples of one op; an empty list where its signature gives none and the table has no row."""
    definition = opdefs.get(name)
    rows = SPECIAL.get(name)
    if rows is None and any(is_variable(arg) for arg in definition.inputs):
        rows = update_rows(definition)
    if rows is None:
        return default_samples(name)
    result = []
    for position, row in enumerate(rows):
        for dtype in dtypes_of(definition) if position == 0 else dtypes_of(definition)[:1]:
            seed = zlib.crc32(f"{name}{position}".encode())
            result.append({key: filled(value, dtype, seed + i) for i, (key, value) in enumerate(row.items())})
    return result


def filled(value, dtype, seed):
    """A row's value with its placeholders replaced by arrays of the sample's dtype."""
    if isinstance(value, Values):
        return value.array(dtype, seed)
    if isinstance(value, list) and any(isinstance(item, Values) for item in value):
        return [filled(item, dtype, seed + 100 * i) for i, item in enumerate(value)]
    return value


def is_variable(arg):
    """Whether an argument names a variable: by reference, or by a resource handle."""
    return arg.is_ref or (arg.dtype is not None and arg.dtype.name == "resource")


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
    if "use_nesterov" in definition.attrs:
        rows.append({**rows[0], "use_nesterov": True})
    return rows


def dtypes_of(definition):
    """The dtypes in which an op is sampled: those of the type attr of its first input."""
    used = [arg.type_attr for arg in definition.inputs if arg.type_attr]
    preferred = [name for name in ("T", "dtype") if name in used]
    attr = next(iter(preferred or used), None)
    if not preferred and any(is_variable(arg) for arg in definition.inputs):
        return ("float32",)
    if attr is None:
        return ("float32",)
    allowed = definition.attrs[attr].allowed
    names = DTYPES if allowed is None else [name for name in DTYPES if name in {t.name for t in allowed}]
    return tuple(name for name in names if name not in NOT_AS.get(definition.name, ()))


def default_samples(name):
    """Samples of an op whose inputs are single tensors of one type: element-wise ops and their gradients."""
    definition = opdefs.get(name)
    inputs = definition.inputs
    types = {arg.type_attr for arg in inputs}
    fixed = [arg.dtype.name if arg.dtype is not None else None for arg in inputs]
    open_attrs = [a for a in definition.attrs.values() if a.name not in definition.inferred and not a.has_default]
    if not 1 <= len(inputs) <= 3 or any(arg.is_list for arg in inputs) or len(types) > 1 or open_attrs:
        return []
    result = []
    for dtype in (fixed[0],) if fixed[0] else dtypes_of(definition):
        shapes = SHAPES[len(inputs)] if dtype == "float32" or fixed[0] else SHAPES[len(inputs)][:1]
        if name.endswith("Grad") and len(inputs) == 2:
            shapes = tuple((pair[0],) * 2 for pair in shapes[:2])
        for row, shape in enumerate(shapes):
            seed = zlib.crc32(f"{name}{row}".encode())
            arrays = [Values(size).array(dtype, seed + i) for i, size in enumerate(shape)]
            result.append({arg.python_name: array for arg, array in zip(inputs, arrays)})
        edges = edge_values(dtype)
        if edges is not None:
            pairs = np.array(list(itertools.product(edges, repeat=min(len(inputs), 2))), dtype).T
            columns = [pairs[min(i, len(pairs) - 1)] for i in range(len(inputs))]
            result.append({arg.python_name: column for arg, column in zip(inputs, columns)})
    return result


def edge_values(dtype):
    """Values at which functions behave specially, or None for dtypes not asked for them."""
    if dtype == "float32":
        return [-np.inf, -2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, np.inf, np.nan]
    if dtype == "int32":
        return [-7, -3, -1, 1, 2, 8]
    return None
