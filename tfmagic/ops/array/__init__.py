"""Arrays: constants, shapes, joins, slices, gathers, selection and layout."""

from tfmagic.ops.array import (  # noqa: F401  # modules that declare
    blocks,
    constants,
    diag,
    gather,
    join,
    layout,
    select,
    shape_ops,
    slicing,
)
