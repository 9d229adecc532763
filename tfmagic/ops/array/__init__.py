"""Array ops: constants, shapes, joining, slicing, gathering."""

from tfmagic.ops.array import constants, gather, join, shape_ops, slicing  # noqa: F401
