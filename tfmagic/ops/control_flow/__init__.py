"""Branches, loops, TensorArrays and what belongs to them: groups, gates, and gradients through control flow."""

from tfmagic.ops.control_flow import (  # noqa: F401  # modules that declare ops
    gradient_rules,
    stacks,
    support,
    tensor_array_ops,
)
