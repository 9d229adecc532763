"""How variables are named in protos: name scopes taken off and put on, and parts of a partitioned variable."""

from __future__ import annotations

from typing import Any

from tfmagic.base import messages


def strip_scope(name: str, scope: str | None) -> str:
    """A node's name without the name scope `scope` in front."""
    if not scope:
        return name
    scope = scope.rstrip("/") + "/"
    mark = name[0] if name[:1] in "^@" else ""
    inner = name[len(mark):]
    return mark + (inner[len(scope):] if inner.startswith(scope) else inner)


def prepend_scope(name: str, scope: str | None) -> str:
    """A node's name with the name scope `scope` in front."""
    return f"{scope.rstrip('/')}/{name}" if scope else name


class SaveSliceInfo:
    """Which part of a partitioned variable a variable is, so that all are saved as one.

    Args:
      full_name: the name of the whole.
      full_shape: its shape, a list of integers.
      var_offset: where this part begins on each axis.
      var_shape: the shape of this part.
    """

    def __init__(self, full_name: str | None = None, full_shape: Any = None, var_offset: Any = None,
                 var_shape: Any = None, save_slice_info_def: Any = None, import_scope: str | None = None):
        if save_slice_info_def is not None:
            full_name = prepend_scope(save_slice_info_def.full_name, import_scope)
            full_shape = list(save_slice_info_def.full_shape)
            var_offset = list(save_slice_info_def.var_offset)
            var_shape = list(save_slice_info_def.var_shape)
        self.full_name = full_name
        self.full_shape = full_shape
        self.var_offset = var_offset
        self.var_shape = var_shape

    @property
    def spec(self) -> str:
        """The part as checkpoints spell it: "full shape, then offset and size of each axis"."""
        full = " ".join(str(d) for d in self.full_shape)
        return f"{full} " + ":".join(f"{o},{s}" for o, s in zip(self.var_offset, self.var_shape))

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A `SaveSliceInfoDef` proto, or None when the variable is not within `export_scope`."""
        SaveSliceInfoDef = messages.module("variable_pb2").SaveSliceInfoDef

        if export_scope is not None and not str(self.full_name).startswith(export_scope):
            return None
        return SaveSliceInfoDef(full_name=strip_scope(str(self.full_name), export_scope),
                                full_shape=self.full_shape, var_offset=self.var_offset, var_shape=self.var_shape)
