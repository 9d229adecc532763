"""How many operations on numbers the nodes of a graph carry out, by TensorFlow 1.15's rules and static shapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tfmagic.graph.operation import Operation


class IncompleteShape(ValueError):
    """A static shape that a rule needs is not fully known."""


def _sizes(tensor: Any) -> tuple[int, ...]:
    dims = tensor._dims
    if dims is None or None in dims:
        raise IncompleteShape(tensor.name)
    return dims


def _count(tensor: Any) -> int:
    return math.prod(_sizes(tensor))


def _per_input(times: int, more: int = 0) -> Callable[[Operation], int]:
    return lambda op: times * _count(op._inputs[0]) + more


def _per_output(times: int) -> Callable[[Operation], int]:
    return lambda op: times * _count(op._outputs[0])


def _reduction(last: int) -> Callable[[Operation], int]:
    """Each element once, and `last` for each result instead of that for its first element."""
    return lambda op: _count(op._inputs[0]) + (last - 1) * _count(op._outputs[0])



def _matmul(op: Operation) -> int:
    rows, columns = _sizes(op._inputs[0])[-2:]
    return 2 * (rows if op._attrs.get("transpose_a") or op._attrs.get("adj_x") else columns) * _count(op._outputs[0])


def _convolution(op: Operation) -> int:
    return 2 * _count(op._outputs[0]) * math.prod(_sizes(op._inputs[1])[:-1])


def _depthwise(op: Operation) -> int:
    return 2 * _count(op._outputs[0]) * math.prod(_sizes(op._inputs[1])[:2])


def _add_n(op: Operation) -> int:
    return (len(op._inputs) - 1) * _count(op._outputs[0])


def _strides(op: Operation) -> int:
    return math.prod(op._attrs["strides"])


def _input_gradient(op: Operation) -> int:
    filters = _sizes(op._inputs[1])
    return 2 * _count(op._outputs[0]) * math.prod(filters[:2]) * filters[3] // _strides(op)


def _filter_gradient(op: Operation) -> int:
    filters = _sizes(op._outputs[0])
    return 2 * _count(op._inputs[0]) * math.prod(filters[:2]) * filters[3] // _strides(op)


def _window(op: Operation) -> int:
    return math.prod(op._attrs["ksize"])


def _pool(op: Operation) -> int:
    return _window(op) * _count(op._outputs[0])


def _mean_pool_gradient(op: Operation) -> int:
    return _window(op) * _count(op._inputs[1]) + _count(op._outputs[0])


def _max_pool_gradient(op: Operation) -> int:
    return (_window(op) + 1) * _count(op._inputs[1])


RULES: dict[str, Callable[[Operation], int]] = {
    **dict.fromkeys(("Reciprocal", "Square", "Log", "Neg", "AssignSub", "AssignAdd", "BiasAdd"), _per_input(1)),
    "Rsqrt": _per_input(2), "Softmax": _per_input(5), "L2Loss": _per_input(3, -1),
    **dict.fromkeys(("Add", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Pow", "Greater", "GreaterEqual", "Less",
                     "LessEqual", "Equal", "NotEqual"), _per_output(1)),
    "SquaredDifference": _per_output(2), "RsqrtGrad": _per_output(4),
    **dict.fromkeys(("Sum", "ArgMax", "ArgMin", "BiasAddGrad"), _reduction(0)), "Mean": _reduction(1),
    "AddN": _add_n, "MatMul": _matmul, "BatchMatMul": _matmul,
    "Conv2D": _convolution, "Conv3D": _convolution, "DepthwiseConv2dNative": _depthwise, "Dilation2D": _depthwise,
    "Conv2DBackpropInput": _input_gradient, "Conv2DBackpropFilter": _filter_gradient,
    "AvgPool": _pool, "MaxPool": _pool, "AvgPoolGrad": _mean_pool_gradient, "MaxPoolGrad": _max_pool_gradient,
}


def flops(op: Operation) -> int:
    """The operations on numbers of one node; 0 where no rule counts them.

    Raises:
      IncompleteShape: they depend on a size that is not known before the run.
    """
    rule = RULES.get(op.type)
    return 0 if rule is None else rule(op)
