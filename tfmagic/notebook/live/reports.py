"""What is said of a node and of a value, as plain JSON data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.notebook.live import pictures
from tfmagic.view import labels
from tfmagic.view.escape import shorten, visible

_LONGEST = 2000
_SIDE = 96  # rows and columns of a plane that is sent
_SAVED_SIDE = 32  # of those that a notebook keeps
_BINS = 24
_NO_SHAPES: Mapping[str, Sequence[int]] = {}
_FILTERED = ("Conv2D", "Conv2DBackpropInput", "DepthwiseConv2dNative")
_READS = ("Identity", "ReadVariableOp")
_HIDDEN_ATTRIBUTES = ("_class", "_output_shapes")


def node_report(operation: Operation, graph: Graph, shapes: Mapping[str, Sequence[int]] = _NO_SHAPES) -> dict[str, Any]:
    """The facts about a node: op, attributes in TensorFlow's words, inputs, outputs, device, collections.

    Args:
      operation: the node.
      graph: its graph.
      shapes: the shapes of the last run, by tensor name.
    """
    def told(tensor: Tensor) -> tuple[str, str]:
        found = shapes.get(tensor.name)
        return visible(tensor.name), labels.tensor_text(tensor, None if found is None else tuple(found))

    attributes = [(name, shorten(visible(_attribute_text(value)), 200)) for name, value in operation._attrs.items()
                  if name not in _HIDDEN_ATTRIBUTES and not (name == "value" and operation.type == "Const")]
    members = set(operation.outputs) | {operation}
    collections = [str(name) for name in graph.get_all_collection_keys()
                   if any(_member(item) in members for item in graph.get_collection(name))]
    return {
        "op": operation.type,
        "attributes": attributes,
        "inputs": [told(tensor) for tensor in operation.inputs],
        "outputs": [told(tensor) for tensor in operation.outputs],
        "controls": [visible(op.name) for op in operation.control_inputs],
        "device": labels.device_text(operation.device),
        "collections": [visible(name) for name in collections],
        "source": "",
        "plan": [],
    }


def _member(item: Any) -> Any:
    found = getattr(item, "op", item)
    return getattr(found, "op", found) if isinstance(found, Tensor) else found


def _attribute_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_attribute_text(item) for item in value) + "]"
    return str(getattr(value, "name", value))


def value_report(tensor: Tensor, value: Any, plane: Sequence[int] = ()) -> dict[str, Any]:
    """A value as text, with statistics, a histogram and one plane of its numbers.

    Args:
      tensor: what it is the value of.
      value: a NumPy array or scalar.
      plane: which plane of a value of rank above 2: an index for each axis that it leaves out.
    """
    array = np.asarray(value)
    return {"tensor": visible(tensor.name), "dtype": labels.dtype_text(tensor),
            **_report(array, plane, _is_filter(tensor))}


def array_report(value: Any, name: str = "NumPy") -> dict[str, Any]:
    """The same for an array that the notebook keeps, with its first plane: there is nobody to ask for the others."""
    array = np.asarray(value)
    dtype = "string" if array.dtype.kind in "OSU" else array.dtype.name
    report = {"tensor": visible(name), "dtype": dtype, **_report(array, (), False, _SAVED_SIDE)}
    return {key: found for key, found in report.items() if key not in ("axes", "at")}


def _report(array: np.ndarray, plane: Sequence[int], is_filter: bool, side: int = _SIDE) -> dict[str, Any]:
    with np.printoptions(threshold=200, edgeitems=3, precision=4):
        text = shorten(visible_array(array), _LONGEST)
    report: dict[str, Any] = {"shape": list(array.shape), "text": text}
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16" or not array.size:
        return report
    numbers = array.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    report["statistics"] = {
        "min": _number(finite.min()) if finite.size else None, "max": _number(finite.max()) if finite.size else None,
        "mean": _number(finite.mean()) if finite.size else None,
        "nan": int(np.isnan(numbers).sum()), "inf": int(np.isinf(numbers).sum())}
    if finite.size > 1 and finite.min() < finite.max():
        counts, edges = np.histogram(finite, min(_BINS, max(2, finite.size)))
        report["histogram"] = {"counts": counts.tolist(), "low": _number(edges[0]), "high": _number(edges[-1])}
    if array.ndim and array.size > 1:
        axes = _axes_left_out(array, is_filter)
        at = [min(max(index, 0), array.shape[axis] - 1)
              for axis, index in zip(axes, [*plane, *[0] * len(axes)])]
        chosen = dict(zip(axes, at))
        shown = np.atleast_2d(numbers[tuple(chosen.get(axis, slice(None)) for axis in range(array.ndim))])
        if axes:
            report["axes"], report["at"] = axes, at
        report["plane"] = [[_number(v) if np.isfinite(v) else None for v in row] for row in _thinned(shown, side)]
        if not is_filter and (picture := pictures.of(array, at[0] if array.ndim == 4 else 0, side)):
            report["picture"] = picture
    return report


def visible_array(array: np.ndarray) -> str:
    """An array as NumPy prints it, invisible characters of its strings written out."""
    return "\n".join(visible(line) for line in str(array).split("\n"))


def _axes_left_out(array: np.ndarray, is_filter: bool) -> list[int]:
    """The axes of a value of which a plane shows one index: all but the last two, and where these are not what one
    looks at, those of pictures [batch, height, width, channels] and of filters [height, width, in, out]."""
    if array.ndim == 4:
        return [2, 3] if is_filter else [0, 3]
    return [2] if array.ndim == 3 and pictures.is_one(array) else list(range(array.ndim - 2))


def _is_filter(tensor: Tensor) -> bool:
    """Whether a convolution takes it, or another reading of the same variable, for its filters."""
    source = tensor.op.inputs[0] if tensor.op.type in _READS else tensor
    same = [source, *(read for op in source.consumers() if op.type in _READS for read in op.outputs)]
    return any(op.inputs[1] is read for read in same for op in read.consumers() if op.type in _FILTERED)


def _thinned(plane: np.ndarray, side: int) -> np.ndarray:
    return plane[::-(-plane.shape[0] // side), ::-(-plane.shape[1] // side)]


def _number(value: Any) -> float:
    return float(f"{float(value):.5g}")
