"""Operations with a state in functions: they run in the order of the program, even if nobody takes their results."""

from __future__ import annotations

from tfmagic.base import dtypes
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor

# Ops with a state whose order does not matter, because TensorFlow has always run them in any.
_UNORDERED = frozenset({
    "RandomUniform", "RandomUniformInt", "RandomStandardNormal", "ParameterizedTruncatedNormal", "TruncatedNormal",
    "RandomShuffle", "Multinomial", "RandomGamma", "RandomGammaGrad", "RandomPoisson", "RandomPoissonV2",
    "CollectiveGather", "CollectiveReduce", "CollectiveBcastSend", "CollectiveBcastRecv", "NcclAllReduce"})


def has_effect(op: Operation) -> bool:
    """Whether a function must run an operation even if nobody takes its results."""
    return op._op_def.is_stateful and op.type not in _UNORDERED


def order_effects(graph: Graph, results: list[Operation]) -> None:
    """Let operations with a state run in the order of the program, before the results are given."""
    must_run: dict[Operation, None] = {}
    last: dict[Tensor, Operation] = {}
    last_of_all: Operation | None = None  # of those that use no resource
    for op in graph._operations:
        if op in results or op.type == "Placeholder":
            continue
        before = []
        uses_resource = any(tensor._dtype.base_dtype is dtypes.resource for tensor in op._inputs)
        if has_effect(op):
            must_run[op] = None
            if not uses_resource:
                before += [last_of_all] if last_of_all is not None else []
                last_of_all = op
        for tensor in dict.fromkeys(op._inputs):
            if tensor._dtype.base_dtype is not dtypes.resource:
                continue
            if tensor in last:
                before.append(last[tensor])
            last[tensor] = op
        own = op._control_flow_context
        op._add_control_inputs([other for other in before if other._control_flow_context is own])
    for op in results:
        op._add_control_inputs([other for other in must_run
                                if other._control_flow_context is op._control_flow_context])
