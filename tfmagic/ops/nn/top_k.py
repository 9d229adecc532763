"""The largest entries of rows: TopK, InTopK, NthElement, `tf.nn.top_k`, `tf.nn.in_top_k`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.machine.ranks import among_largest, largest
from tfmagic.base.shapes import Dims, brackets
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.declare import register
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_prod, reduce_sum
from tfmagic.ops.shape_rules import merge_dim, size_value, with_rank, with_rank_at_least
from tfmagic.ops.tensor_function import tensor_function

# Of so many entries one is a small part, which is found without sorting the others where there are this many of them.
_FEW, _MANY = 4, 1 << 10


def _last_replaced(x: Dims, size: int | None) -> Dims:
    x = with_rank_at_least(x, 1)
    if x is None:
        return None
    if size is not None and x[-1] is not None and x[-1] < size:
        raise ValueError(f"input must have last dimension >= k = {size} but is {x[-1]}")
    return (*x[:-1], size)


def _too_many(op: Any, x: Any, k: Any) -> str | None:
    """TensorFlow's words for more columns than there are."""
    size, wanted = x.shape[-1], int(k)
    if wanted < 0:
        return f"Need k >= 0, got {wanted}"
    return f"input must have at least k columns. Had {size}, needed {wanted}" if size < wanted else None


def _meta(x: Any, k: int) -> tuple[Any, Any]:
    dims = (*x.shape[:-1], k)
    return x.new_empty(dims), x.new_empty(dims, dtype=torch.int32)


@tensor_function(meta=_meta)
def largest_first(x: Any, k: int) -> tuple[Any, Any]:
    """The `k` largest entries of each row, the first of equal ones first, and where they stand."""
    found = None if x.is_cuda else largest(x, k)
    if found is not None:
        return found
    # torch.topk leaves open which of equal entries comes first; to look whether there are some, a GPU is waited for.
    if 0 < k <= x.shape[-1] // _FEW and x.numel() >= _MANY and not x.is_cuda:
        values, indices = torch.topk(x, k + 1)
        if (values[..., :-1] > values[..., 1:]).all():
            return values[..., :-1].contiguous(), indices[..., :-1].to(torch.int32)
    places = _by_keys(x, k) if x.numel() >= _MANY and not x.is_cuda else None
    if places is not None:
        return torch.gather(x, -1, places), places.to(torch.int32)
    values, indices = torch.sort(x, dim=-1, descending=True, stable=True)
    return values[..., :k].contiguous(), indices[..., :k].to(torch.int32)


def _by_keys(x: Any, k: int) -> Any:
    """Where the `k` largest entries stand, by sorting whole numbers of 64 bits, for which NumPy has the quickest way.

    Each is how far down an entry's value is, then its place. None where values have more bits than that leaves, or are
    not finite.
    """
    if x.dtype == torch.float32 and math.isfinite(torch.sum(x).item()):
        bits = (x + 0.0).view(torch.int32).numpy()  # zeros are equal, whatever their sign
        key = np.invert(bits ^ bits >> 31 & 0x7FFFFFFF).astype(np.int64)
    elif x.dtype == torch.int32:
        key = np.invert(x.numpy()).astype(np.int64)
    else:
        return None
    key <<= 32
    key |= np.arange(x.shape[-1])
    key.sort(-1)
    return torch.from_numpy(key[..., :k] & 0xFFFFFFFF)


def _top_k(op: Any, x: Any, k: Any) -> tuple[Any, Any]:
    wrong = _too_many(op, x, k)
    if wrong is not None:
        raise errors.InvalidArgumentError(None, op.op, wrong)
    return largest_first(x, k)


def _top_k_gradient(op: Any, dvalues: Tensor, _: Any) -> list[Tensor | None]:
    """The gradient goes back to where each value came from, row by row."""
    in_shape = shape_ops.shape(op.input)
    ind_shape = shape_ops.shape(op.indices)
    gather, stack = api.gather, api.stack
    last = gather(cast(ind_shape, dtypes.int64), shape_ops.size(ind_shape) - 1)
    rows = raw.reshape(op.indices, stack([-1, last]))
    in_last = gather(cast(in_shape, dtypes.int64), shape_ops.size(in_shape) - 1)
    count = cast(shape_ops.shape(rows)[0], dtypes.int64)
    offsets = cast(shape_ops.expand_dims(api.range(0, count * in_last, in_last), -1), dtypes.int32)
    flat = raw.reshape(rows + offsets, [-1])
    spread = raw.scatter_nd(shape_ops.expand_dims(flat, -1), raw.reshape(dvalues, [-1]), [reduce_prod(in_shape)])
    gradient = raw.reshape(spread, in_shape)
    return [gradient, constants.zeros([], dtypes.int32)] if op.op.type == "TopKV2" else [gradient]


def _refused(op: Any, x: Any, k: Any = ()) -> str | None:
    """TensorFlow's words for a scalar instead of rows, or several numbers of columns."""
    if k != ():
        return f"k must be scalar, got shape {brackets(k)}"
    if not x:
        return "input must be >= 1-D, got shape []"
    return (f"input must have at least k columns. Had {x[-1]}, needed {op.k}"
            if op.op.type == "TopK" and x[-1] < op.k else None)


def _top_k_static(op: Any, x: np.ndarray, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    indices = np.argsort(-x, axis=-1, kind="stable")[..., :int(k)]
    return np.take_along_axis(x, indices, -1), indices


register("TopK", lambda op, x: (_last_replaced(x, op.k),) * 2, lambda op, x: _top_k(op, x, op.k), _top_k_gradient,
         check=_refused, traced="shapes")
register("TopKV2", lambda op, x, k: (_last_replaced(x, size_value(op.k, 1)),) * 2, _top_k, _top_k_gradient,
         _top_k_static, host="k", check=_refused, explain=_too_many, traced="shapes")


def _has_classes(op: Any) -> bool:
    """Whether there surely is a column: then the kernel does not look."""
    dims = op.predictions._dims
    return dims is not None and len(dims) == 2 and bool(dims[1])


def _in_top_k(op: Any, predictions: Any, targets: Any, k: Any) -> Any:
    if not _has_classes(op) and not predictions.shape[1]:
        return torch.zeros_like(targets, dtype=torch.bool)
    return in_largest(predictions, targets, k)


@tensor_function(meta=lambda predictions, targets, k: targets.new_empty(targets.shape, dtype=torch.bool))
def in_largest(predictions: Any, targets: Any, k: int) -> Any:
    """Whether in each row fewer than `k` entries are larger than the target's; a row with one that is not finite says
    nothing."""
    on_host = not predictions.is_cuda
    found = among_largest(predictions, targets, k) if on_host else None
    if found is not None:
        return found
    index = targets.to(torch.int64)
    known = (index >= 0) & (index < predictions.shape[1])
    larger = predictions > torch.gather(predictions, 1, torch.where(known, index, 0).unsqueeze(1))
    count = torch.from_numpy(np.count_nonzero(larger.numpy(), axis=1)) if on_host else torch.sum(larger, 1)
    valid = known & torch.isfinite(torch.amax(predictions, 1)) & torch.isfinite(torch.amin(predictions, 1))
    return valid & (count < k)


def _uneven(op: Any, predictions: Any, targets: Any, k: Any = ()) -> str | None:
    """TensorFlow's words for other ranks, or another number of targets than of rows."""
    if k != ():
        return f"k must be 0-D, got shape {brackets(k)}"
    if len(predictions) != 2:
        return "predictions must be 2-dimensional"
    if len(targets) != 1:
        return "targets must be 1-dimensional"
    if predictions[:1] == targets[:1]:
        return None
    return f"First dimension of predictions {predictions[0]} must match length of targets {targets[0]}"


def _in_top_k_shape(op: Any, predictions: Dims, targets: Dims, *_: Any) -> Dims:
    return (merge_dim(with_rank(predictions, 2)[0], with_rank(targets, 1)[0]),)


def _in_top_k_traced(op: Any) -> Any:
    return True if _has_classes(op) else "shapes"


register("InTopK", _in_top_k_shape, lambda op, p, t: _in_top_k(op, p, t, op.k), traced=_in_top_k_traced, check=_uneven)
register("InTopKV2", _in_top_k_shape, _in_top_k, traced=_in_top_k_traced, check=_uneven)


def _nth_element(op: Any, x: Any, n: Any) -> Any:
    size = x.shape[-1]
    if not 0 <= n < size:
        raise errors.InvalidArgumentError(None, op.op, f"Need n >= 0, got {n}" if n < 0 else
                                          "Input must have at least n+1 columns")
    return torch.sort(x, dim=-1, descending=op.reverse).values[..., n]


def _nth_gradient(op: Any, dy: Tensor) -> list[Tensor | None]:
    chosen = cast(raw.equal(shape_ops.expand_dims(op.values, -1), op.input), dy.dtype)
    dy = shape_ops.expand_dims(dy, -1)
    count = shape_ops.expand_dims(reduce_sum(chosen, -1), -1)
    return [raw.real_div(chosen, count, name="div") * dy, None]


def _nth_shape(op: Any, x: Dims, n: Dims) -> Dims:
    place = size_value(op.n, 1)
    x = with_rank_at_least(x, 1)
    if x is not None and place is not None and x[-1] is not None and x[-1] <= place:
        raise ValueError(f"Input must have last dimension > n = {place} but is {x[-1]}")
    return None if x is None else x[:-1]


def _refused_nth(op: Any, x: Any, n: Any) -> str | None:
    if n != ():
        return f"N must be scalar, got shape {brackets(n)}"
    return None if x else "Input must be >= 1-D, got shape []"


register("NthElement", _nth_shape, _nth_element, _nth_gradient, host="n", check=_refused_nth)


@export("math.top_k")
def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> Any:
    """Finds the `k` largest entries of each row, and where they are.

    Args:
      input: a tensor of real numbers with at least one dimension.
      k: how many, an int or int32 scalar.
      sorted: whether they come in descending order (they always do here).

    Returns:
      A named tuple: values, and int32 indices (the lower one first where entries are equal).
    """
    return raw.top_kv2(input, k=k, sorted=sorted, name=name)


@export("math.in_top_k")
def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Says whether the targets are among the `k` largest predictions.

    Args:
      predictions: a float32 tensor of shape [batch, classes].
      targets: an int32 or int64 tensor of shape [batch].
      k: how many are looked at.

    Returns:
      A bool tensor of shape [batch].
    """
    with name_scope(name, "in_top_k"):
        return raw.in_top_kv2(predictions, targets, k, name=name)
