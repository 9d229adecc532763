"""Wrong calls made from right ones: other ranks, sizes, values, dtypes and attrs, one change at a time.

Some of them are right for some ops (an empty tensor, one more dimension): then they are one more edge.
"""

import numpy as np
from oracle.samples.values import Scene

LIMIT = 4096  # no input of a wrong call is larger


def wrong_calls(definition, calls):
    """Changed calls of an op: everything for its first call, other ranks and sizes for two more."""
    calls = [call for call in calls if not isinstance(call, Scene)] or [call for call in calls[:1]
                                                                        if "feeds" not in call.more]
    for position, call in enumerate(distinct(calls)[:3]):
        arguments = call.arguments if isinstance(call, Scene) else call
        for changed in changes(definition, arguments, position == 0):
            yield Scene(changed, call.before, call.after, call.more) if isinstance(call, Scene) else changed


def distinct(calls):
    """Calls that differ in more than dtype."""
    found = {}
    for call in calls:
        arguments = call.arguments if isinstance(call, Scene) else call
        key = tuple((name, getattr(value, "shape", None) if isinstance(value, np.ndarray) else str(type(value)))
                    for name, value in arguments.items())
        found.setdefault(key, call)
    return list(found.values())


def changes(definition, call, everything):
    """Calls with one argument changed."""
    args = {arg.python_name: arg for arg in definition.inputs}
    for key, value in call.items():
        if isinstance(value, np.ndarray):
            others = [*other_shapes(value), *(other_values(value) if everything else ())]
            if everything:
                others.append(other_dtype(args.get(key), definition, value))
            for other in others:
                if other is not None and other.size < LIMIT:
                    yield {**call, key: other}
        elif isinstance(value, list) and value and isinstance(value[0], np.ndarray):
            yield {**call, key: value[:-1]} if len(value) > 1 else {**call, key: [*value, value[0]]}
            for other in (*other_shapes(value[-1]), value[-1].astype(bool) if value[-1].dtype.kind in "fi" else None):
                if other is not None:
                    yield {**call, key: [*value[:-1], other]}
    if everything:
        for attr in definition.attrs.values():
            for other in other_attrs(attr, call.get(attr.python_name)):
                yield {**call, attr.python_name: other}


def other_shapes(array):
    """One dimension more, one less, longer, empty."""
    yield array[None]
    if array.ndim and array.shape[0]:
        yield array[0] if array.ndim > 1 else array[0:1].reshape(())
    if array.ndim and array.size:
        yield np.concatenate([array, array[..., -1:]], -1)
        yield array[..., :0]
    if array.ndim > 1 and array.size:
        yield np.concatenate([array, array[-1:]], 0)
        yield array[:0]


def other_values(array):
    """Values out of range for integers; NaN for floats; other words."""
    if array.dtype.kind == "i" and array.size:
        for value in (-1, -9, 0, 99):
            changed = array.copy()
            changed.flat[-1] = value
            yield changed
    elif array.dtype.kind == "f" and array.size:
        for value in (np.nan, -1.0):
            changed = array.copy()
            changed.flat[0] = value
            yield changed
    elif array.dtype == object and array.size:
        for word in (b"?\xff", b"?"):
            changed = array.copy()
            changed.flat[0] = word
            yield changed


def other_dtype(arg, definition, array):
    """The same values in a dtype that the argument does not take, or another than its siblings'."""
    if arg is None:
        return None
    allowed = {arg.dtype.name} if arg.dtype is not None else None
    if arg.type_attr is not None and definition.attrs[arg.type_attr].allowed is not None:
        allowed = {t.name for t in definition.attrs[arg.type_attr].allowed}
    for name in ("string", "bool", "float64", "int32"):
        own = "string" if array.dtype == object else array.dtype.name
        if name != own and (allowed is None or name not in allowed):
            return np.full(array.shape, b"a", object) if name == "string" else np.zeros(array.shape, name)
    return None


def other_attrs(attr, value):
    """Values that an attr does not take, or hardly."""
    kind = attr.type
    if kind == "string" and attr.allowed is not None:
        yield "WRONG"
    elif kind == "int":
        yield -7 if attr.minimum is None else attr.minimum - 1
    elif kind == "type" and value is not None:
        yield "string" if value != "string" else "bool"
    elif kind == "list(int)" and value is not None:
        yield []
        yield [*value, 1]
        yield [0 if i == len(value) // 2 else item for i, item in enumerate(value)]
        yield [-1 if i == len(value) // 2 else item for i, item in enumerate(value)]
    elif kind == "list(float)" and value is not None:
        yield [*value, -9.0]
    elif kind == "shape" and value is not None:
        yield [*value, 1]
