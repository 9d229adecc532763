"""A tensor as it is, whose gradient is scaled.

The name of the function in the graph ends with a hash of its definition, docstring included: it is not TensorFlow's.
"""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.functions.defun import Defun


def _scaled(op: Any, grad: Any) -> list[Any]:
    return [grad * op.inputs[1], None]


@export("contrib.layers.scale_gradient", "contrib.slim.scale_gradient")
@Defun(python_grad_func=_scaled, shape_func=lambda op: [op.inputs[0].get_shape()])
def scale_gradient(inputs: Any, gradient_multiplier: Any) -> Any:
    """`inputs` as they are; their gradient is multiplied by `gradient_multiplier`, which has none itself."""
    return inputs
