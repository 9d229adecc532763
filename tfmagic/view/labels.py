"""The words on a drawing: shapes, dtypes, values, devices and times as short text."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.view.escape import shorten, visible
from tfmagic.view.phrases import figures, say

VALUE_ELEMENTS = 6
VALUE_CHARACTERS = 34


def dims_text(dims: Any) -> str:
    """A shape as TensorFlow writes it: `()`, `(3,)`, `(?, 784)`, or `<unknown>` when the rank is unknown."""
    if dims is None:
        return "<unknown>"
    words = ["?" if d is None else str(d) for d in dims]
    return f"({words[0]},)" if len(words) == 1 else f"({', '.join(words)})"


def static_dims(tensor: Any) -> tuple[int | None, ...] | None:
    """The static shape of a graph tensor or variable as a tuple, or None when the rank is unknown."""
    shape = tensor.shape
    return None if shape.dims is None else tuple(shape.as_list())


def variable_text(op: Operation) -> str:
    """Shape and dtype of what the variable of an operation holds."""
    shape = getattr(op, "_attrs", {}).get("shape")
    if shape is None or dtype_text(op.outputs[0]) != "resource":
        return tensor_text(op.outputs[0])
    return f"{dims_text(None if shape.dims is None else tuple(shape.as_list()))} {op._attrs['dtype'].name}"


def shape_text(tensor: Tensor, run_dims: tuple[int, ...] | None = None) -> str:
    """The static shape, followed by the shape of a run where that says more: `(?, 784) ← (128, 784)`."""
    dims = static_dims(tensor)
    text = dims_text(dims)
    if run_dims is not None and (dims is None or None in dims):
        return f"{text} ← {dims_text(run_dims)}"
    return text


def dtype_text(tensor: Tensor) -> str:
    """The dtype's name, the same for a variable's reference as for its value."""
    return tensor.dtype.name.removesuffix("_ref")


def tensor_text(tensor: Tensor, run_dims: tuple[int, ...] | None = None) -> str:
    """What an edge says of the tensor that flows along it: `(?, 784) float32`."""
    dtype = dtype_text(tensor)
    if dtype in ("resource", "variant"):
        return dtype
    return f"{shape_text(tensor, run_dims)} {dtype}"


def number_text(value: Any) -> str:
    """One element as short text: `0.5`, `12`, `True`, `'text'`."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        return shorten(visible(repr(value)), VALUE_CHARACTERS)
    if isinstance(value, float):
        text = f"{value:.4g}"
        return text if any(c in text for c in ".en") else text + ".0"
    if isinstance(value, complex):
        return f"{value:.4g}"
    return shorten(visible(value), VALUE_CHARACTERS)


def small_text(value: Any) -> str:
    """A small array on one line (`[1.0, 2.0]`), or "" when it is too big for that."""
    array = np.asarray(value)
    if array.size > VALUE_ELEMENTS or array.ndim > 3:
        return ""
    if array.ndim == 0:
        return number_text(array[()])
    text = nested_text(array.tolist() if array.dtype == object else array)
    return text if len(text) <= VALUE_CHARACTERS * 2 else ""


def value_text(value: Any) -> str:
    """An array on one line: a small one whole, a vector cut in its middle, of a larger one its range and mean."""
    array = np.asarray(value)
    if text := small_text(array):
        return text
    is_number = array.dtype.kind in "biufc"
    if is_number and array.ndim != 1:
        return statistics_text(array)
    ends = [number_text(item) for item in (array.flat if array.size <= 4 else (*array.flat[:3], array.flat[-1]))]
    text = "[" + ", ".join(ends if array.size <= 4 else [*ends[:3], "…", ends[3]]) + "]"
    return statistics_text(array) if is_number and len(text) > VALUE_CHARACTERS else shorten(text, VALUE_CHARACTERS + 4)


def statistics_text(array: np.ndarray) -> str:
    """What the numbers of a large array are like: `-1.5 … 2.25 · mean 0.12 · 1 NaN`."""
    if array.dtype.kind == "b":
        return f"{figures(int(np.count_nonzero(array)))} / {figures(array.size)} {say('true')}"
    if array.dtype.kind == "c":
        array = np.abs(array)
    with np.errstate(all="ignore"):
        finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
        counts = [(int(np.count_nonzero(np.isnan(array))), "NaN"), (int(np.count_nonzero(np.isinf(array))), "Inf")]
        parts = [f"{figures(count)} {word}" for count, word in counts if count]
        if finite.size:
            low, high = number_text(finite.min()), number_text(finite.max())
            mean = number_text(float(finite.mean(dtype=np.float64)))
            parts.insert(0, f"{low} … {high} · {say('mean')} {mean}" if low != high else f"{say('all')} {low}")
    return " · ".join(parts) or say("empty")


def nested_text(value: Any) -> str:
    """Nested brackets around the elements of an array of rank 1 to 3."""
    def row(items: Any, rank: int) -> str:
        inner = (number_text(item) for item in items) if rank == 1 else (row(item, rank - 1) for item in items)
        return "[" + ", ".join(inner) + "]"

    array = np.asarray(value, dtype=object if isinstance(value, list) else None)
    return row(array, array.ndim)


def constant_value(op: Operation) -> np.ndarray | None:
    """The array in a `Const` node (read without the protobuf classes where the graph holds it as an array)."""
    value = getattr(op, "_attrs", {}).get("value")
    if value is None:
        try:
            value = op.get_attr("value")
        except ValueError:
            return None
    if hasattr(value, "tensor_shape"):
        from tfmagic.formats.tensor_proto import make_ndarray

        value = make_ndarray(value)
    return np.asarray(value)


def is_finite(value: Any) -> bool:
    """Whether an array holds no NaN and no infinity."""
    array = np.asarray(value)
    return array.dtype.kind not in "fc" and array.dtype.name != "bfloat16" or bool(np.isfinite(array).all())


def device_text(device: str) -> str:
    """A device's short name: `GPU:0` for `/job:localhost/replica:0/task:0/device:GPU:0`, "" for none."""
    parts = [part for part in device.split("/") if part]
    if not parts:
        return ""
    last = parts[-1].removeprefix("device:")
    kind, colon, index = last.partition(":")
    if kind.lower() in ("cpu", "gpu"):
        last = f"{kind.upper()}:{index or 0}"
    remote = [part for part in parts[:-1] if part.split(":")[0] in ("job", "task") and part not in
              ("job:localhost", "task:0")]
    return visible(" ".join([*remote, last]))


def time_text(seconds: float) -> str:
    """A duration as short text: `12 µs`, `3.4 ms`, `1.2 s`."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def bytes_text(size: float) -> str:
    """An amount of memory as short text: `12 B`, `3.4 KiB`, `1.2 GiB`."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GiB"
