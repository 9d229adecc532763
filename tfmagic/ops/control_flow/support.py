"""What the algorithm of `tf.gradients` needs from above: a few nodes of its own, and its way through loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.dtypes import DType
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import Func
from tfmagic.ops import raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.control_flow import grouping, loop_gradients, nodes, util
from tfmagic.ops.math import cast, sums


class Builders:
    """See `graph.gradients.Builders`."""

    def ones_like(self, y: Tensor, name: str) -> Tensor:
        shape = shape_ops.shape(y)
        return raw.fill(shape, constant(1, dtype=y.dtype.base_dtype, name=name))

    def identity(self, x: Any, name: str) -> Tensor:
        return raw.identity(x, name=name)

    def symbolic_gradient(self, inputs: list[Tensor], count: int, f: Func) -> list[Tensor]:
        types = [nodes.resource_dtype(tensor) or dtypes.float32 if tensor.dtype.base_dtype is dtypes.resource
                 else tensor.dtype.base_dtype for tensor in inputs[:count]]
        return raw.symbolic_gradient(inputs, types, f)

    def add_n(self, tensors: Sequence[Any]) -> Tensor:
        return sums.add_n(tensors)

    def concat(self, tensors: Sequence[Tensor]) -> Tensor:
        return nodes.concat(list(tensors))

    def gather(self, params: Tensor, indices: Tensor) -> Tensor:
        return raw.gather_v2(params, indices, 0)

    def cast(self, x: Tensor, dtype: DType) -> Tensor:
        return cast.cast(x, dtype)

    def zeros(self, x: Tensor) -> Tensor:
        known = x._dims is not None and None not in x._dims
        return constants.zeros(x._dims if known else shape_ops.shape(x), x.dtype.base_dtype)

    def zeros_like(self, x: Any) -> Tensor:
        return constants.zeros_like(x)

    def tuple(self, tensors: Sequence[Any]) -> list[Any]:
        return grouping.tuple(tensors)

    def zeros_outside_loop(self, op: Operation, index: int) -> Tensor:
        return loop_gradients.zeros_outside_loop(op, index)

    def loop_state(self, between: list[Operation], between_set: set[Operation], colocate: bool) -> Any:
        return loop_gradients.find_loops(between, between_set, colocate)

    def crosses_initial_value(self, op: Operation) -> bool:
        """Whether `op` is the Switch of the loop that is being built now."""
        ctx = op._control_flow_context
        return (util.is_switch(op) and ctx is not None and ctx.is_while
                and ctx is get_default_graph()._stacks.control_flow)


BUILDERS = Builders()
