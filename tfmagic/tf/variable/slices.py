"""Slices of variables: `v[1:3]`, and `v[1:3].assign(...)`."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


class VariableSlice(Tensor):
    """Part of a variable's value, which can be assigned to."""

    __slots__ = ("_variable",)
    _variable: Any

    def assign(self, value: Any, name: str | None = None) -> Any:
        """A node that sets this part of the variable; gives the variable's new value.

        Args:
          value: of the slice's shape, or what broadcasts to it.
        """
        node = self.op
        begin, end, strides = node.inputs[1:]
        masks = {mask: node._attrs[mask] for mask in _MASKS}
        name = f"{node.name}/_assign" if name is None else name
        variable = self._variable
        handle = getattr(variable, "handle", None)
        if handle is None:
            return raw.strided_slice_assign(variable._ref(), begin, end, strides, value, name=name, **masks)
        value = convert_to_tensor(value, dtype=variable.dtype)
        return variable._lazy_read(
            raw.resource_strided_slice_assign(handle, begin, end, strides, value, name=name, **masks))


def sliced(variable: Any, key: Any) -> Tensor:
    """`variable[key]`: what a tensor's slice is, with an `assign` of its own."""
    plain: Any = variable.value()[key]
    if plain.op.type != "StridedSlice":
        return plain
    result = VariableSlice(plain.op, 0, plain._dtype)
    result._dims = plain._dims
    result._variable = variable
    plain.op._outputs = (result,)
    return result
