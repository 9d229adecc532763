"""Segment ops: sums, means, products and extremes of the rows that share a segment number."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.machine.segments import segment_sums
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_int
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.indices import only_good, require, take
from tfmagic.ops.declare import register
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.rules import without_nan
from tfmagic.ops.shape_rules import merge, merge_dim, size_value, with_rank, with_rank_at_least
from tfmagic.ops.tensor_function import tensor_function

# --- kernels ---------------------------------------------------------------------------------------------------

_REDUCES = {"sum": "sum", "mean": "mean", "prod": "prod", "max": "amax", "min": "amin"}


def _neutral(op: Any, kind: str) -> Any:
    """What a segment without rows holds when it is taken as a neutral element."""
    if kind == "prod":
        return 1
    if kind in ("max", "min"):
        limit = op.T.min if kind == "max" else op.T.max
        return int(limit) if op.T.is_integer else float(limit)
    return 0


def _segments(data: Any, ids: Any, count: Any, kind: str, empty: Any, everywhere: bool = False) -> Any:
    """Reduce the rows of `data` by their ids in [0, count).

    Args:
      data: [n, ...].
      ids: int64 [n].
      empty: the value of a segment without rows.
      everywhere: whether that value goes into every segment.
    """
    if kind == "mean" and not data.dtype.is_floating_point:
        total, sizes = _segments(data, ids, count, "sum", 0), _sizes(only_good(ids, count, ids)[0], count, data)
        return total / sizes if data.dtype.is_complex else torch.div(total, sizes, rounding_mode="trunc")
    rows = data.shape[1:]
    ids, data = only_good(ids, count, data)
    if kind == "sum":
        return data.new_zeros((count, *rows)).index_add(0, ids, data)
    start = data.new_full((count, *rows), empty)
    index = ids.reshape(-1, *([1] * len(rows))).expand(-1, *rows)
    return start.scatter_reduce(0, index, data, _REDUCES[kind], include_self=everywhere)


def _count(ids: Any) -> Any:
    """How many segments a run has: the last one has the highest number."""
    return ids[-1].item() + 1 if ids.shape[0] else 0


def _require_increasing(ids: Any) -> None:
    require(ids, lambda: ids[1:] >= ids[:-1])


def _sorted_segments(kind: str) -> Any:
    def kernel(op: Any, data: Any, ids: Any) -> Any:
        ids = ids.to(torch.int64)
        _require_increasing(ids)
        if kind in ("max", "min") and data.is_floating_point():
            data = _without_nan(data, ids, kind)
        return _segments(data, ids, _count(ids), kind, 1 if kind == "prod" else 0)

    return kernel


def _without_nan(data: Any, ids: Any, kind: str) -> Any:
    """Rows of sorted segments in which no NaN can be the extreme, save where a row is a segment's only one."""
    numbers = without_nan(data, kind == "max")
    end = torch.ones_like(ids[:1], dtype=torch.bool)
    change = ids[1:] != ids[:-1]
    alone = torch.cat([end, change]) & torch.cat([change, end])
    return torch.where(alone.reshape(-1, *[1] * (data.dim() - 1)), data, numbers)


def _refused_sorted(op: Any, data: Any, ids: Any) -> str | None:
    if len(ids) != 1:
        return "segment_ids should be a vector."
    return None if data[:1] == ids else "segment_ids should be the same size as dimension 0 of input."


def _explain_sorted(op: Any, data: Any, ids: Any) -> str | None:
    return _explain_ids(ids) if ids.numel() else None


def _explain_ids(ids: Any, count: int | None = None) -> str | None:
    """TensorFlow's words for ids of `count` segments, or as many as the last one says, at which it looks first."""
    count = int(ids[-1]) + 1 if count is None else count
    if count <= 0:
        return "segment ids must be >= 0"
    ends = torch.cat([ids[1:] != ids[:-1], torch.ones(1, dtype=torch.bool, device=ids.device)])
    following = torch.cat([ids[1:], ids[-1:]])
    falls, outside = following < ids, ends & ((ids < 0) | (ids >= count))
    for place in torch.nonzero(falls | outside)[:1].flatten().tolist():
        return "segment ids are not increasing" if falls[place] else (
            f"Segment id {int(ids[place])} out of range [0, {count}), possibly because 'segment_ids' input is not "
            "sorted.")
    return None


def _unsorted_segments(kind: str) -> Any:
    def kernel(op: Any, data: Any, ids: Any, count: int) -> Any:
        if count < 0:
            raise errors.InvalidArgumentError(None, op.op, f"Input num_segments == {count} must not be negative.")
        if kind == "sum" and not ids.is_cuda:
            return unsorted_sum(data, ids, count)
        # Rows with a negative number go into a segment of their own, the first, which is cut off.
        flat = ids.reshape(-1).to(torch.int64) + 1
        if flat.is_cuda:
            flat = torch.where(flat > count, 0, flat)
        rows = data.reshape((flat.shape[0], *data.shape[ids.dim():]))
        return _segments(rows, flat.clamp(min=0), count + 1, kind, _neutral(op, kind), everywhere=True)[1:]

    return kernel


@tensor_function(meta=lambda data, ids, count: data.new_empty((count, *data.shape[ids.dim():])))
def unsorted_sum(data: Any, ids: Any, count: int) -> Any:
    """The sums of the rows of each segment, on the CPU; rows with a negative number belong to none."""
    flat = ids.reshape(-1)
    rows = data.reshape((flat.shape[0], *data.shape[ids.dim():]))
    if rows.numel():
        sums = segment_sums(rows.reshape(len(rows), -1), flat, count)
        if sums is not None:
            return sums.reshape((count, *rows.shape[1:]))
    if flat.shape[0] and int(flat.min()) < 0:
        kept = flat >= 0
        flat, rows = flat[kept], rows[kept]
    return data.new_zeros((count, *rows.shape[1:])).index_add(0, flat, rows)


def sum_of_taken(data: Any, rows: Any, ids: Any, count: int) -> Any:
    """The sums of rows at indices by segments in any order.

    Args:
      data: what the rows are of.
      rows: their indices, int32 or int64 [n].
      ids: the segment of each, [n], in [0, count).
      count: how many segments there are.
    """
    if not data.is_cuda and data.numel():
        sums = segment_sums(data.reshape((data.shape[0], -1)), ids, count, rows)
        if sums is not None:
            return sums.reshape((count, *data.shape[1:]))
    return _segments(take(data, rows, 0), ids.to(torch.int64), count, "sum", 0)


def _refused_unsorted(op: Any, data: Any, ids: Any, count: Any) -> str | None:
    if count:
        return f"num_segments should be a scalar, not shape {shapes.brackets(count)}"
    if data[:len(ids)] != ids:
        return f"data.shape = {shapes.brackets(data)} does not start with segment_ids.shape = {shapes.brackets(ids)}"
    known = static_int(op.num_segments)
    return None if known is None or known >= 0 else f"Input num_segments == {known} must not be negative."


def _explain_unsorted(op: Any, data: Any, ids: Any, count: Any) -> str | None:
    bad = (ids >= int(count)).nonzero().tolist()
    if not bad:
        return None
    place = f"[{','.join(map(str, bad[0]))}]" if len(bad[0]) else ""
    return f"segment_ids{place} = {int(ids[tuple(bad[0])])} is out of range [0, {int(count)})"


@tensor_function(meta=lambda data, indices, ids, count, kind:
                 None if count is None else data.new_empty((count, *data.shape[1:])))
def gathered(data: Any, indices: Any, ids: Any, count: int | None, kind: str) -> Any:
    """The sums of rows at indices by segments in order, or their means, or sums divided by the roots of the numbers.

    Args:
      count: how many segments there are; None: as the last number says.
    """
    size = _count(ids) if count is None else count
    if not data.is_cuda and data.dim():
        sums = segment_sums(data if data.dim() == 2 else data.reshape((data.shape[0], -1)), ids, size, indices,
                            ordered=True) if data.numel() else None
        if sums is not None:
            return divided(sums.reshape((size, *data.shape[1:])), ids, kind)
    indices, ids = indices.to(torch.int64), ids.to(torch.int64)
    _require_increasing(ids)
    rows = take(data, indices, 0)
    if size == 0:  # torch would not miss the rows of the ids
        require(ids, lambda: torch.zeros_like(ids, dtype=torch.bool))
    if kind == "sqrt_n":
        sums, divisors = _segments(rows, ids, size, "sum", 0), _divisors(ids, size, rows, kind)
        return sums if divisors is None else sums / divisors
    return _segments(rows, ids, size, kind, 0)


def divided(sums: Any, ids: Any, kind: str) -> Any:
    """Sums of segments themselves, or, in place, their means, or they divided by the roots of the numbers of rows."""
    divisors = None if kind == "sum" else _divisors(ids, len(sums), sums, kind)
    return sums if divisors is None else sums.div_(divisors)


def _divisors(ids: Any, count: int, like: Any, kind: str) -> Any:
    """By what the sums of segments are divided for means, or for sums divided by roots; None: by 1."""
    if ids.is_cuda:
        sizes = _sizes(ids, count, like)
        return sizes.sqrt() if kind == "sqrt_n" else sizes
    sizes = np.bincount(ids.numpy(), minlength=count)
    if sizes.max(initial=0) <= 1:
        return None
    found = torch.from_numpy(np.maximum(sizes, 1)).to(like.dtype).reshape((-1, *[1] * (like.dim() - 1)))
    return found.sqrt_() if kind == "sqrt_n" else found


def _gathered_segments(kind: str, counted: bool) -> Any:
    def kernel(op: Any, data: Any, indices: Any, ids: Any, count: int | None = None) -> Any:
        return gathered(data, indices, ids, count, kind)

    return kernel if counted else lambda op, data, indices, ids: kernel(op, data, indices, ids)


def _explain_gathered(op: Any, data: Any, indices: Any, ids: Any, count: Any = None) -> str | None:
    if not ids.numel():
        return None
    if count is not None and int(ids[-1]) >= int(count):
        return "segment ids must be < num_segments" if int(count) >= 0 else "segment ids must be >= 0"
    refused = _explain_ids(ids, None if count is None else int(count))
    if refused is not None:
        return refused
    bad = ((indices < 0) | (indices >= data.shape[0])).nonzero()
    return f"Bad: indices[{int(bad[0])}] == {int(indices[bad[0]])} out of range [0, {data.shape[0]})" if len(bad) \
        else None


def _refused_gathered(op: Any, data: Any, indices: Any, ids: Any, count: Any = ()) -> str | None:
    if count:
        return "output_dim0 should be a scalar." if op.op.type.endswith("Grad") else (
            f"num_segments should be a scalar, not shape {shapes.brackets(count)}")
    for name, dims in (("indices", indices), ("segment_ids", ids)):
        if len(dims) != 1:
            return f"{name} should be a vector."
    return None if indices == ids else "segment_ids and indices should have same size."


def _explain_grad(op: Any, grad: Any, indices: Any, ids: Any, count: Any) -> str | None:
    if bool((ids >= grad.shape[0]).any()):
        return "Invalid number of segments"
    low = (ids < 0).nonzero()
    if len(low):
        return f"Segment id {int(ids[low[0]])} out of range [0, {grad.shape[0]})."
    bad = ((indices < 0) | (indices >= int(count))).nonzero()
    return f"Index {int(indices[bad[0]])} out of range [0, {int(count)})." if len(bad) else None


def _sizes(ids: Any, count: Any, like: Any) -> Any:
    """How many rows each segment has (at least 1), shaped to divide its rows."""
    sizes = ids.new_zeros((count,)).index_add(0, ids, torch.ones_like(ids)).clamp(min=1)
    return sizes.to(like.dtype).reshape((-1, *[1] * (like.dim() - 1)))


@tensor_function(meta=lambda grad, indices, ids, count, kind: grad.new_empty((count, *grad.shape[1:])))
def of_gathered(grad: Any, indices: Any, ids: Any, count: int, kind: str) -> Any:
    """The gradient of the `count` rows of data from that of what `_gathered` makes of them, [segments, ...]."""
    divisors = _divisors(ids, grad.shape[0], grad, kind)
    return sum_of_taken(grad if divisors is None else grad / divisors, ids, indices, count)


def _gathered_grad(kind: str) -> Any:
    return lambda op, grad, indices, ids, count: of_gathered(grad, indices, ids, count, kind)


# --- shapes ----------------------------------------------------------------------------------------------------


def _sorted_shape(op: Any, data: Dims, ids: Dims) -> Dims:
    data = with_rank_at_least(data, 1)
    with_rank(ids, 1)
    return None if data is None else (None, *data[1:])


def _unsorted_shape(op: Any, data: Dims, ids: Dims, count: Dims) -> Dims:
    with_rank(count, 0)
    if data is None or ids is None:
        return None
    if len(ids) > len(data):
        raise ValueError(f"Shape must be at least rank {len(ids)} but is rank {len(data)}")
    for a, b in zip(data, ids):
        merge_dim(a, b)
    return (size_value(op.num_segments, 2), *data[len(ids):])


def _gathered_shape(op: Any, data: Dims, indices: Dims, ids: Dims, *count: Dims) -> Dims:
    data = with_rank_at_least(data, 1)
    indices, ids = with_rank(indices, 1), with_rank(ids, 1)
    size = None
    if count:
        with_rank(count[0], 0)
    merge(indices, ids)
    if count:
        size = _row_count(op, "num_segments")
    return None if data is None else (size, *data[1:])


def _gathered_grad_shape(op: Any, data: Dims, indices: Dims, ids: Dims, count: Dims) -> Dims:
    data = with_rank_at_least(data, 1)
    merge(ids, with_rank(indices, 1))
    with_rank(count, 0)
    size = _row_count(op, "output_dim0")
    return None if data is None else (size, *data[1:])


def _row_count(op: Any, name: str) -> int | None:
    size = static_int(op.op._inputs[3])
    if size is not None and size < 0:
        raise ValueError(f"Cannot specify a negative value for {name}")
    return size


# --- gradients -------------------------------------------------------------------------------------------------


def _gather(params: Any, indices: Any) -> Tensor:
    return api.gather(params, indices)


def _where(condition: Tensor, x: Any, y: Any) -> Tensor:
    return raw.select(condition, x, y)


def _sum_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    return _gather(dy, op.segment_ids), None


def _mean_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    rank = shape_ops.rank(op.data)
    ones_shape = api.concat([shape_ops.shape(op.segment_ids),
                                   constants.fill(shape_ops.expand_dims(rank - 1, 0), 1)], 0)
    ones = constants.fill(ones_shape, constant(1, dtype=dy.dtype))
    scaled = dy / raw.segment_sum(ones, op.segment_ids)
    return _gather(scaled, op.segment_ids), None


def _extreme_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    """Divided equally between all rows that hold the extreme value."""
    zeros = constants.zeros_like(op.data, dtype=op.data.dtype)
    extreme = _gather(op.output, op.segment_ids)
    chosen = raw.equal(op.data, extreme)
    count = raw.segment_sum(cast(chosen, dy.dtype), op.segment_ids)
    gathered = _gather(dy / count, op.segment_ids)
    return _where(chosen, gathered, zeros), None


def _gather_nonnegative(params: Tensor, ids: Any, clipped: Any = None, valid: Any = None) -> tuple[Tensor, Any, Any]:
    """Rows of `params` by ids, with zeros for negative ones; also the clipped ids and which ones were valid."""
    if clipped is None:
        clipped = raw.maximum(ids, constants.zeros_like(ids))
    gathered = _gather(params, clipped)
    if valid is None:
        valid = raw.greater_equal(ids, 0)
        for _ in range(gathered.get_shape().ndims - valid.get_shape().ndims):
            valid = shape_ops.expand_dims(valid, -1)
        valid = valid & constants.ones_like(gathered, dtype="bool")
    zeros = constants.zeros_like(gathered)
    return _where(valid, gathered, zeros), clipped, valid


def _unsorted_sum_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None, None]:
    return _gather_nonnegative(dy, op.segment_ids)[0], None, None


def _unsorted_extreme_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None, None]:
    extreme, clipped, valid = _gather_nonnegative(op.output, op.segment_ids)
    chosen = raw.logical_and(raw.equal(op.data, extreme), valid)
    count = raw.unsorted_segment_sum(cast(chosen, dy.dtype), op.segment_ids, op.num_segments)
    gathered, _, _ = _gather_nonnegative(dy / count, None, clipped, valid)
    zeros = constants.zeros_like(gathered)
    return _where(chosen, gathered, zeros), None, None


def _unsorted_prod_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None, None]:
    """A row that is zero gets the product of the others; two zeros leave nothing."""
    is_zero = raw.equal(op.data, 0)
    zeros = raw.unsorted_segment_sum(cast(is_zero, "int32"), op.segment_ids, op.num_segments)
    dy = _where(raw.greater(zeros, 1), constants.zeros_like(dy), dy)
    others = _where(is_zero, constants.ones_like(op.data), op.data)
    product = raw.unsorted_segment_prod(others, op.segment_ids, op.num_segments)
    clipped = raw.maximum(op.segment_ids, constants.zeros_like(op.segment_ids))
    whole = _gather(op.output, clipped)
    without_zeros = _gather(product, clipped)
    partial = _where(is_zero, without_zeros, whole / op.data)
    gathered, _, _ = _gather_nonnegative(dy, op.segment_ids, clipped)
    return gathered * partial, None, None


def _gathered_gradient(kind: str, counted: bool) -> Any:
    def gradient(op: Any, dy: Tensor) -> tuple[Any, ...]:
        size = shape_ops.shape(op.data)[0]
        if kind == "sum":
            dx = raw.unsorted_segment_sum(_gather(dy, op.segment_ids), op.indices, size)
        else:
            dx = getattr(raw, f"sparse_segment_{kind}_grad")(dy, op.indices, op.segment_ids, size)
        return (dx, None, None, None) if counted else (dx, None, None)

    return gradient


# --- while the graph is built ----------------------------------------------------------------------------------

_INTO = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}


def _static(kind: str) -> Any:
    into = _INTO[kind]

    def static(op: Any, data: np.ndarray, ids: np.ndarray, count: np.ndarray | None = None) -> np.ndarray | None:
        if data.shape[:ids.ndim] != ids.shape or data.dtype.kind not in "iuf" or count is None and not ids.size:
            return None
        rows, ids = data.reshape(ids.size, *data.shape[ids.ndim:]), ids.ravel()
        number = int(ids[-1]) + 1 if count is None else int(count)
        if number < 0 or ids.size and ids.max() >= number:
            return None
        limits = np.finfo(data.dtype) if data.dtype.kind == "f" else np.iinfo(data.dtype)
        start = {"sum": 0, "prod": 1, "max": limits.min, "min": limits.max}[kind]
        made = np.full((number, *rows.shape[1:]), 0 if count is None and kind in ("max", "min") else start, data.dtype)
        if count is None and kind in ("max", "min"):
            made[ids] = start
        into.at(made, ids[ids >= 0], rows[ids >= 0])
        return made

    return static


# --- declarations ----------------------------------------------------------------------------------------------

for _kind, _rule, _unsorted_rule in (
        ("sum", _sum_gradient, _unsorted_sum_gradient), ("mean", _mean_gradient, None),
        ("prod", None, _unsorted_prod_gradient), ("max", _extreme_gradient, _unsorted_extreme_gradient),
        ("min", _extreme_gradient, _unsorted_extreme_gradient)):
    _title = _kind.capitalize()
    register(f"Segment{_title}", _sorted_shape, _sorted_segments(_kind), _rule,
              None if _kind == "mean" else _static(_kind), traced="shapes",
              check=_refused_sorted, explain=_explain_sorted)
    if _kind != "mean":
        register(f"UnsortedSegment{_title}", _unsorted_shape, _unsorted_segments(_kind), _unsorted_rule,
                 _static(_kind), host="num_segments", traced="shapes", check=_refused_unsorted,
                  explain=_explain_unsorted, memory="own")

for _kind, _title in (("sum", "Sum"), ("mean", "Mean"), ("sqrt_n", "SqrtN")):
    register(f"SparseSegment{_title}", _gathered_shape, _gathered_segments(_kind, False),
             _gathered_gradient(_kind, False), traced="shapes", check=_refused_gathered,
              explain=_explain_gathered, memory="own")
    register(f"SparseSegment{_title}WithNumSegments", _gathered_shape, _gathered_segments(_kind, True),
             _gathered_gradient(_kind, True), host="num_segments", traced="shapes", check=_refused_gathered,
              explain=_explain_gathered, memory="own")
    if _kind != "sum":
        register(f"SparseSegment{_title}Grad", _gathered_grad_shape, _gathered_grad(_kind), host="output_dim0",
                  traced="shapes", check=_refused_gathered, explain=_explain_grad, memory="own")


# --- public functions ------------------------------------------------------------------------------------------


def _segment_sizes(data: Tensor, ids: Tensor, count: Any) -> Tensor:
    """How many rows each segment has (at least 1), shaped to divide its rows."""
    ones = constants.ones(shape_ops.shape_internal(ids), dtype=data.dtype.base_dtype)
    sizes = raw.unsorted_segment_sum(ones, ids, count)
    rank: Any = data.get_shape().ndims
    extra = rank - ids.get_shape().ndims
    sizes = raw.reshape(sizes, [count] + [1] * extra)
    return raw.maximum(sizes, 1)


@export("math.unsorted_segment_mean")
def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """The mean of the rows of each segment.

    Args:
      data: a numeric tensor.
      segment_ids: int32 or int64 segment numbers, with the leading dimensions of `data`.
      num_segments: how many segments there are.

    Returns:
      A tensor with one row per segment; 0 for one without rows.
    """
    with name_scope(name, "UnsortedSegmentMean"):
        data = convert_to_tensor(data)
        segment_ids = convert_to_tensor(segment_ids)
        sizes = _segment_sizes(data, segment_ids, num_segments)
        return raw.unsorted_segment_sum(data, segment_ids, num_segments) / sizes


@export("math.unsorted_segment_sqrt_n")
def unsorted_segment_sqrt_n(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """The sum of the rows of each segment divided by the square root of their number.

    Args:
      data: a tensor of a floating type.
      segment_ids: int32 or int64 segment numbers, with the leading dimensions of `data`.
      num_segments: how many segments there are.

    Returns:
      A tensor with one row per segment; 0 for one without rows.
    """
    with name_scope(name, "UnsortedSegmentSqrtN"):
        data = convert_to_tensor(data)
        segment_ids = convert_to_tensor(segment_ids)
        sizes = _segment_sizes(data, segment_ids, num_segments)
        return raw.unsorted_segment_sum(data, segment_ids, num_segments) / raw.sqrt(sizes)


def _sparse_segment(public_name: str, kind: str, what: str) -> None:
    plain = getattr(raw, f"sparse_segment_{kind}")
    counted = getattr(raw, f"sparse_segment_{kind}_with_num_segments")

    def function(data: Any, indices: Any, segment_ids: Any, name: str | None = None,
                 num_segments: Any = None) -> Tensor:
        if num_segments is not None:
            return counted(data, indices, segment_ids, num_segments, name=name)
        return plain(data, indices, segment_ids, name=name)

    function.__name__ = function.__qualname__ = f"sparse_segment_{kind}"
    function.__doc__ = f"""The {what} of the rows that `indices` picks, by segment.

    Args:
      data: a tensor of rows.
      indices: which rows, int32 or int64 of shape [n].
      segment_ids: their segment numbers in ascending order, int32 of shape [n].
      num_segments: how many segments there are; by default the last number tells.

    Returns:
      A tensor with one row per segment.
    """
    export(public_name)(function)


_sparse_segment("sparse_segment_sum", "sum", "sum")
_sparse_segment("sparse_segment_mean", "mean", "mean")
_sparse_segment("sparse_segment_sqrt_n", "sqrt_n", "sum over the square root of the count")
