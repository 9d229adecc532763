"""Ports: what stands at the inputs of a failed operation, with the parts that do not fit."""

from __future__ import annotations

from collections.abc import Iterable

from tfmagic.base.shapes import Dims
from tfmagic.graph import registry
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.view import labels
from tfmagic.view.escape import visible
from tfmagic.view.scene.model import Port


def names(op: Operation) -> list[str]:
    """What each input is called in the op's signature: `a`, `values[1]`; its number where that is not settled."""
    found: list[str] = []
    for arg in op._op_def.inputs:
        try:
            count = registry.arg_count(arg, op._attrs)
        except (KeyError, TypeError):  # an attr that was not settled yet
            break
        found += [f"{arg.name}[{i}]" for i in range(count)] if arg.is_list else [arg.name]
    return [*found, *map(str, range(len(found), len(op.inputs)))][:len(op.inputs)]


def port(name: str, tensor: Tensor, run: Dims = None, axes: Iterable[int] | None = None, type_wrong: bool = False,
         value: str = "") -> Port:
    """An input as text: `a: (?, 4) float32`.

    Args:
      name: what the signature calls it.
      tensor: what stands there.
      run: its shape in a run, where one is known.
      axes: the axes that do not fit; none of them when the rank does not; None when all is well.
      type_wrong: whether its dtype does not fit.
      value: its value, or more that is known of it.
    """
    text = f"{visible(name)}: "
    wrong: list[tuple[int, int]] = []
    static = labels.static_dims(tensor)
    if run is not None and (static is None or None in static):
        text += f"{labels.dims_text(static)} ← "
    dims = static if run is None else run
    start = len(text)
    shape = labels.dims_text(dims)
    axes = None if axes is None else list(axes)
    if axes is not None and not axes:
        wrong.append((start, start + len(shape)))
    elif axes and dims is not None:
        at = start + 1
        for axis, size in enumerate(dims):
            width = len("?" if size is None else str(size))
            if axis in axes:
                wrong.append((at, at + width))
            at += width + 2
    text += f"{shape} "
    if type_wrong:
        wrong.append((len(text), len(text) + len(labels.dtype_text(tensor))))
    text += labels.dtype_text(tensor)
    return Port(f"{text} {value}" if value else text, tuple(wrong))
