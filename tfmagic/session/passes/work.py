"""Work: how much the largest call of a plan has to do, which tells how many threads the plan is worth.

A thread that torch wakes for a small product costs more than it saves, many times more where the cores are busy: it
spins, or is waited for. So a plan of small calls runs on one thread, and in others only the large calls have more.

1. A product or convolution does two operations per multiplication, a value of another call counts as `_PER_VALUE`, or
   as some times that.
2. What a body of a loop or branch does counts like what the plan does, per call.
3. What nothing is known of counts as little, but a product or convolution with one known operand as if `_ROWS` met it.
4. A view does nothing.
5. A call of linear algebra does two operations for each number of a matrix and each of its shorter lines: its library
   wakes threads for products within, however small.
6. Some functions wake threads however few values there are.
7. A pass that makes one call of many notes what it does (`meta["work"]`); the declaration of an op may say it, too.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import fx

from tfmagic.graph import registry
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import RunTimeKernel

# Operations that one thread does in about half a millisecond.
_SMALL = 2e7
# What has threads where others are there already; and gradients by filters, where threads wait turning round and round.
_LARGE, _LARGE_FILTERS = 8e6, 1e8
_PER_VALUE = 20
# What takes so many times as long for a value as other calls.
_TIMES: dict[Any, int] = {
    torch.acos: 4, torch.acosh: 40, torch.asin: 4, torch.asinh: 48, torch.atan: 6, torch.atan2: 6, torch.atanh: 5,
    torch.cos: 3, torch.cosh: 4, torch.digamma: 24, torch.erf: 3, torch.erfc: 4, torch.erfinv: 5, torch.exp: 2,
    torch.expm1: 4, torch.floor_divide: 5, torch.fmod: 3, torch.lgamma: 20, torch.log: 2, torch.log1p: 4,
    torch.logaddexp: 6, torch.nn.functional.softplus: 6, torch.pow: 5, torch.remainder: 3, torch.sin: 3, torch.sinh: 4,
    torch.special.gammainc: 160, torch.special.i0e: 60, torch.special.zeta: 400, torch.tan: 4, torch.tanh: 3}
_ROWS = 256
_WAKING = 1 << 15

_PRODUCTS = frozenset({torch.matmul, torch.mm, torch.bmm, torch.addmm, torch.baddbmm, operator.matmul})
# Functions of linear algebra besides those of `torch.linalg`, of which some are about vectors.
_OF_MATRICES, _OF_VECTORS = frozenset({"cholesky_solve"}), frozenset({"linalg_vector_norm", "linalg_cross"})
# Functions, and methods, that wake threads for a few values too (`tests/session/test_work.py` asks torch).
WAKING = frozenset({
    "_log_softmax", "_log_softmax_backward_data", "_softmax", "_softmax_backward_data", "avg_pool2d",
    "avg_pool2d_backward", "avg_pool3d", "bucketize", "cdist", "cross_entropy", "ctc_loss", "einsum", "embedding_bag",
    "fft_fft", "fft_ifft", "fft_irfft", "fft_rfft", "fused_adam", "gelu", "gelu_backward", "histc", "index_add",
    "index_add_", "index_put", "index_put_", "layer_norm", "log_softmax", "logsumexp", "lstm", "max", "max_pool2d",
    "max_pool2d_with_indices", "max_pool2d_with_indices_backward", "max_pool3d_with_indices", "min", "mode",
    "native_batch_norm", "native_batch_norm_backward", "native_layer_norm", "native_layer_norm_backward", "one_hot",
    "scatter_add", "scatter_add_", "scatter_reduce", "softmax", "tril", "triu",
})
# Another look at the same memory.
_VIEWS = frozenset({operator.getitem, torch.narrow, torch.permute, "permute", "t", "expand", "unsqueeze"})
# What looks at each number once for every window in which it is.
_POOLS = frozenset({"avg_pool2d", "largest_of_windows", "max_pool2d", "max_pool2d_with_indices"})
_CONVOLUTIONS = frozenset({torch.conv1d, torch.conv2d, torch.conv3d, torch.ops.aten.convolution_backward})


def wants_one_thread(plan: PlanGraph) -> bool:
    """Whether a plan has calls, in its bodies too, for which torch would wake threads, but none that is worth one."""
    work = [(node, _work(node)) for node in _nodes(plan)]
    return any(_wakes(node, amount) for node, amount in work) and all(amount < _SMALL for _, amount in work)


def wants_threads(plan: PlanGraph) -> bool:
    """Whether a plan has calls, in its bodies too, that are worth several threads."""
    return any(_work(node) >= _SMALL for node in _nodes(plan))


def is_worth_threads(node: fx.Node, ours: bool = False) -> bool:
    """Whether a call of a plan that has larger ones is to have several threads, too.

    Args:
      ours: whether it may be computed by machine code, whose threads do not wait for each other.
    """
    by_filter = node.target is torch.ops.aten.convolution_backward and node.args[-1] == [False, True, False]
    return _work(node) >= (_LARGE_FILTERS if by_filter and not ours else _LARGE)


def are_worth_threads(nodes: Iterable[fx.Node]) -> bool:
    """Whether calls of such a plan are worth several threads where they are computed together."""
    return sum(map(_work, nodes)) >= _LARGE


def of_all(nodes: Iterable[fx.Node]) -> float:
    """How much one call has to do that does the work of the largest of these."""
    return max(map(_work, nodes), default=0)


def _nodes(plan: PlanGraph) -> Iterator[fx.Node]:
    for node in plan.graph.nodes:
        yield node
        for body in getattr(node.target, "bodies", ()):
            yield from _nodes(body)


def _wakes(node: fx.Node, amount: float) -> bool:
    """Whether torch might wake threads for a call (rule 6): it does so for any product, and from so many values on."""
    target = node.target
    return target in _PRODUCTS or target in _CONVOLUTIONS or amount >= _PER_VALUE * _WAKING \
        or isinstance(target, RunTimeKernel) or hasattr(target, "on_values") or _is_of_matrices(node) \
        or (target if isinstance(target, str) else getattr(target, "__name__", "")) in WAKING or _is_at_places(node)


def _is_at_places(node: fx.Node) -> bool:
    """Whether a call takes what stands at places that tensors tell."""
    return node.target is operator.getitem and any(
        isinstance(given.meta.get("val"), torch.Tensor) and given is not node.args[0] for given in node.all_input_nodes)


def _is_of_matrices(node: fx.Node) -> bool:
    name = getattr(node.target, "__name__", "")
    return name in _OF_MATRICES or name.startswith("linalg_") and name not in _OF_VECTORS or \
        getattr(node.target, "of_matrices", False)


def _work(node: fx.Node) -> float:
    if node.op not in ("call_function", "call_method", "output"):
        return 0
    if "work" in node.meta:
        return node.meta["work"]
    if node.target in _VIEWS and len(node.all_input_nodes) == 1:
        return 0
    if node.target in _PRODUCTS:
        return _product(*[_shape(a) for a in node.args[-2:]])
    if node.target is torch.nn.functional.linear:
        return _product(_shape(node.args[0]), (_shape(node.args[1]) or ())[::-1])
    if node.target in _CONVOLUTIONS:
        return _convolution(node)
    if _is_of_matrices(node):
        return max([2 * math.prod(shape) * min(shape[-2:]) for shape in map(_shape, node.all_input_nodes) if shape],
                   default=0)
    if isinstance(node.target, RunTimeKernel) and node.target.work is not None:
        op = node.target.op
        # What the plan knows is no argument of the call.
        dims = [_shape(a) for a in node.args] if len(node.args) == len(op._inputs) else [x._dims for x in op._inputs]
        if all(given is not None and None not in given for given in dims):
            return node.target.work(node.target.node, *registry.grouped(op._op_def.inputs, op._attrs, dims))
    if getattr(node.target, "__name__", "") in _POOLS:
        return _pool(node)
    return _PER_VALUE * _TIMES.get(node.target, 1) * max(map(_count, (node, *node.all_input_nodes)))


def _pool(node: fx.Node) -> float:
    made: Any = node.meta.get("val")
    made = made[0] if isinstance(made, (tuple, list)) else made
    window: Any = node.args[1]
    given = _count(node.args[0])
    looked_at = made.numel() * math.prod(window) if isinstance(made, torch.Tensor) else given
    return _PER_VALUE * max(given, looked_at)


def _shape(value: Any) -> Sequence[int] | None:
    meta = value.meta.get("val") if isinstance(value, fx.Node) else value
    return meta.shape if isinstance(meta, torch.Tensor) else None


def _count(value: Any) -> int:
    shape = _shape(value)
    return 0 if shape is None else math.prod(shape)


def _product(first: Sequence[int] | None, second: Sequence[int] | None) -> float:
    if first is not None and second is not None:
        return 2 * math.prod(first) * (second[-1] if len(second) > 1 else 1)
    known = first if second is None else second
    return 0 if known is None else 2 * math.prod(known) * _ROWS


def _convolution(node: fx.Node) -> float:
    backward = node.target is torch.ops.aten.convolution_backward
    outcome = _shape(node.args[0]) if backward else _shape(node)
    weights = _shape(node.args[2 if backward else 1])
    if weights is None:
        return 0
    places = _ROWS * _ROWS if outcome is None else math.prod(outcome) // max(weights[0], 1)
    return (4 if backward else 2) * places * math.prod(weights)
