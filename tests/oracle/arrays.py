"""Arrays as short JSON lists and back, under Python 2.7 and 3: `["float32[2,3]", 1, -0.5, [0, 4]]`.

The first item is the dtype with the sizes; then come the values, `[value, count]` for a run of equal ones.
Complex numbers are two values, non-finite ones text; bytes that are not UTF-8 are `{"base64": ...}`.
"""

import base64
import itertools
import re

import numpy as np

OTHER_DTYPES = {}  # what NumPy does not know by name: filled by those who read with a TensorFlow at hand
DIGITS = {"float64": 10, "float32": 7, "float16": 5}  # more than any test asks, fewer than noise needs
RUN = 3  # the least run that is written as one
HALF_A_PAIR = re.compile(b"\xed[\xa0-\xbf]")  # of UTF-16, which Python 2 reads as UTF-8, too


def written(value, exact=False):
    """An array, NumPy number or bytes as a JSON list; `exact` keeps every bit of floating numbers."""
    array = np.asarray(value, object if isinstance(value, bytes) else None)
    kind = "string" if array.dtype.kind in "OS" else array.dtype.name
    head = "{}[{}]".format(kind, ",".join(str(size) for size in array.shape))
    items = []
    for _, group in itertools.groupby(flat_items(array, kind, exact), key=repr_of):
        group = list(group)
        items.extend([[group[0], len(group)]] if len(group) >= RUN else group)
    return [head] + items


def repr_of(item):
    """What tells items apart: 0.0 from -0.0 too."""
    return repr(item)


def flat_items(array, kind, exact):
    """The values as JSON scalars, in order."""
    if kind == "string":
        return [text_of(item) for item in array.ravel()]
    if kind == "bfloat16":
        array, kind = array.astype(np.float32), "float32"
    if kind.startswith("complex"):
        part = array.real.dtype.name
        parts = np.stack([array.real, array.imag], -1)
        return [number(item, part, exact) for item in parts.ravel()]
    return [number(item, kind, exact) for item in array.ravel()]


def number(item, kind, exact):
    """One number as JSON."""
    if kind == "bool" or "int" in kind:
        return int(item)
    if not np.isfinite(item):
        return str(float(item))
    result = float(np.format_float_scientific(item, unique=True) if exact else "%.*g" % (DIGITS[kind], item))
    return int(result) if result == int(result) and abs(result) < 1e9 and repr(result) != "-0.0" else result


def text_of(item):
    """Bytes as text where they are UTF-8, else marked base64."""
    if not isinstance(item, bytes):
        return item
    try:
        if HALF_A_PAIR.search(item):
            raise ValueError("not UTF-8")
        return item.decode("utf-8")
    except ValueError:
        return {"base64": base64.b64encode(item).decode("ascii")}


def is_array(value):
    """Whether a piece of JSON is a written array."""
    return isinstance(value, list) and bool(value) and is_head(value[0])


def is_head(value):
    """Whether a value is the first item of a written array."""
    return isinstance(value, type(u"")) and re.match(r"[a-z0-9]+\[[\d,]*\]$", value) is not None


def read(value):
    """The array that `written` wrote; lists of written arrays become lists of arrays."""
    if not is_array(value):
        return [read(item) for item in value]
    kind, _, sizes = value[0][:-1].partition("[")
    shape = tuple(int(size) for size in sizes.split(",") if size)
    items = []
    for item in value[1:]:
        items.extend([item[0]] * item[1] if isinstance(item, list) else [item])
    if kind == "string":
        array = np.empty(len(items), object)
        array[:] = [bytes_of(item) for item in items]
    elif kind.startswith("complex"):
        parts = np.array([float(item) for item in items], "float64").reshape(-1, 2)
        array = (parts[:, 0] + 1j * parts[:, 1]).astype(kind) if np.isfinite(parts).all() else joined(parts, kind)
    else:
        array = np.array([float(item) if isinstance(item, type(u"")) else item for item in items], dtype_of(kind))
    return array.reshape(shape)


def joined(parts, kind):
    """Complex numbers from their parts, infinite ones too."""
    array = np.empty(len(parts), kind)
    array.real, array.imag = parts[:, 0], parts[:, 1]
    return array


def dtype_of(kind):
    """The NumPy dtype of a name."""
    return np.dtype(OTHER_DTYPES.get(kind, kind))


def bytes_of(item):
    """The bytes of a written string."""
    return base64.b64decode(item["base64"]) if isinstance(item, dict) else item.encode("utf-8")
