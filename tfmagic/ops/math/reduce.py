"""Reductions over axes: sums, means, products, extremes, logic, norms, and the `tf.reduce_*` functions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, static_ints
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.declare import register
from tfmagic.ops.math.places import place_along
from tfmagic.ops.math.rules import conjugate, without_nan
from tfmagic.ops.shape_rules import axis_of
from tfmagic.ops.tensor_function import tensor_function
from tfmagic.ops.torch_types import torch_dtype

# --- shapes and axes -------------------------------------------------------------------------------------------


def reduced(op: Any, x: Dims, axis: Dims) -> Dims:
    """The shape that is left when the axes that the second input names are reduced."""
    if axis is not None and len(axis) > 1:
        raise ValueError(f"Shape must be at most rank 1 but is rank {len(axis)}")
    axes = static_ints(op.op._inputs[1])
    if axes is None:
        return (None,) * len(x) if op.keep_dims and x is not None else None
    if x is None:
        return None
    gone = {axis_of(a, len(x)) for a in axes}
    if op.keep_dims:
        return tuple([1 if i in gone else d for i, d in enumerate(x)])
    return tuple([d for i, d in enumerate(x) if i not in gone])


def _flat(axis: Any) -> list[int]:
    """Axes given as a number, a list or, in a run, lists of any depth."""
    if isinstance(axis, (list, tuple)):
        return [a for part in axis for a in _flat(part)]
    return [int(axis)]


def axes_list(op: Any, x: Any, axis: Any) -> list[int]:
    """The axes of a reduction of `x`, each once, checked and counted from the front."""
    axes, rank = _flat(axis), x.dim()
    if not isinstance(rank, int):  # the plan is being made, and nothing is known of `x`
        return list(dict.fromkeys(axes))
    for a in axes:
        if not -rank <= a < rank:
            raise errors.InvalidArgumentError(None, op.op, f"Invalid reduction dimension ({a} for input with {rank} "
                                                           "dimension(s)")
    return list(dict.fromkeys([a % rank for a in axes]))


def _explain_axes(op: Any, x: Any, axis: Any) -> str | None:
    rank = len(x.shape)
    for a in axis.reshape(-1).tolist() if hasattr(axis, "reshape") else _flat(axis):
        if not -rank <= a < rank:
            return f"Invalid reduction dimension ({a} for input with {rank} dimension(s)"
    return None


def _over_axes(function: Callable[[Any, Any, list[int]], Any]) -> Callable[..., Any]:
    """A kernel from `function(op, x, axes)`; without axes it is the identity."""

    def kernel(op: Any, x: Any, axis: Any) -> Any:
        axes = axes_list(op, x, axis)
        return function(op, x, axes) if axes else x

    return kernel


# Numbers from which on it matters how torch goes over axes; and numbers side by side for which it is quick.
_MANY, _SIDE_BY_SIDE = 1 << 14, 512
# Numbers that are no part of what machine code computes as a whole.
_VERY_MANY = 1 << 17


def _has_many(x: Any, many: int = _MANY) -> bool:
    """Whether it is known that a tensor has many numbers."""
    return isinstance(x.dim(), int) and all(type(size) is int for size in x.shape) and math.prod(x.shape) >= many


def _in_turn(function: Callable[..., Any], x: Any, axes: list[int], keep_dims: bool) -> Any:
    """Numbers over axes by a function of torch that may be called for some axes after others, as extremes may.

    Over several axes, or before a few numbers that lie side by side, torch takes up to twenty times as long.

    Args:
      function: of a tensor, axes, and whether they stay as ones.
    """
    if not _has_many(x):
        return function(x, axes, keep_dims)
    shape = list(x.shape)
    last = len(shape)
    while last - 1 in axes:
        last -= 1
    for axis in (axis for axis in sorted(axes) if axis < last):
        size, beside = shape[axis], math.prod(shape[axis + 1:])
        step = next((step for step in range(2, size) if size % step == 0 and step * beside >= _SIDE_BY_SIDE), size)
        if beside < _SIDE_BY_SIDE and step < size:
            x = function(x.unflatten(axis, (size // step, step)), [axis], False)
        x = function(x, [axis], True)
    if last < len(shape):
        x = function(x, list(range(last, len(shape))), True)
    return _kept(x, shape, axes, keep_dims)


def _by_neighbours(function: Callable[..., Any], x: Any, axes: list[int], keep_dims: bool) -> Any:
    """Sums or means over axes by a function of torch: over those that lie side by side, then over the next such.

    Over others together torch takes up to twenty times as long.
    """
    groups = [[axis for _, axis in group] for _, group in
              itertools.groupby(enumerate(sorted(axes)), lambda each: each[1] - each[0])]
    if len(groups) < 2 or not _has_many(x):
        return function(x, axes, keep_dims)
    shape = list(x.shape)
    for group in groups:
        x = function(x, group, True)
    return _kept(x, shape, axes, keep_dims)


def _kept(x: Any, shape: list[int], axes: list[int], keep_dims: bool) -> Any:
    """What is left of a shape, whose axes are ones, with or without these."""
    return x if keep_dims else x.reshape([size for axis, size in enumerate(shape) if axis not in axes])


def _sum(op: Any, x: Any, axes: list[int]) -> Any:
    def function(*given: Any) -> Any:
        return torch.sum(*given, dtype=torch_dtype(op.T))

    return _once_rounded(op, function, x, axes)


def _once_rounded(op: Any, function: Callable[..., Any], x: Any, axes: list[int]) -> Any:
    """Sums or means over axes; those of halves are not rounded in between."""
    return function(x, axes, op.keep_dims) if op.T.size < 4 else _by_neighbours(function, x, axes, op.keep_dims)


def _mean(op: Any, x: Any, axes: list[int]) -> Any:
    if op.T.is_integer:
        total = torch.sum(x, axes, op.keep_dims)
        count = 1
        for a in axes:
            count *= x.shape[a]
        return torch.div(total, max(count, 1), rounding_mode="trunc").to(torch_dtype(op.T))  # nothing's mean is 0
    return _once_rounded(op, torch.mean, x, axes)


def _prod(op: Any, x: Any, axes: list[int]) -> Any:
    dtype = torch_dtype(op.T)

    def product(x: Any, axes: list[int], keep_dims: bool) -> Any:
        # torch multiplies over one axis at a time, and an axis that goes must not move the next ones
        for a in sorted(axes, key=lambda a: (a >= 0, -a if a >= 0 else a)):
            x = torch.prod(x, a, keep_dims, dtype=dtype)
        return x

    return _in_turn(product, x, axes, op.keep_dims)


def _logic(function: str, of_bytes: str) -> Any:
    """Whether one is true, or all are; of many torch looks quicker at bytes."""

    def kernel(op: Any, x: Any, axes: list[int]) -> Any:
        if not _has_many(x):
            return getattr(torch, function)(x, axes, op.keep_dims)
        return _in_turn(getattr(torch, of_bytes), x.view(torch.uint8), axes, op.keep_dims).view(torch.bool)

    return kernel


@tensor_function(meta=lambda x, function, axes: _in_turn(getattr(torch, function), x, list(axes), True))
def extreme_of_numbers(x: Any, function: str, axes: tuple[int, ...]) -> Any:
    """The highest or lowest numbers over axes, which stay as ones, by `amax` or `amin`; NaN is none.

    Torch gives NaN where one is: most often there is none, and looking at the result takes less than at all numbers.
    """
    found = None if x.is_cuda else _in_turn(getattr(torch, function), x, list(axes), True)
    if found is not None and not bool(found.isnan().any()):
        return found
    return _in_turn(getattr(torch, function), without_nan(x, function == "amax"), list(axes), True)


def _extreme(function: str, highest: bool) -> Any:
    def kernel(op: Any, x: Any, axes: list[int]) -> Any:
        known = op.input._dims
        if known is not None and all(known[a] for a in axes) or x.numel():
            if op.T.is_floating and any(x.shape[a] != 1 for a in axes):  # what is not compared with anything may be NaN
                if _has_many(x, _VERY_MANY):
                    return _kept(extreme_of_numbers(x, function, tuple(axes)), list(x.shape), axes, op.keep_dims)
                x = without_nan(x, highest)
            return _in_turn(getattr(torch, function), x, axes, op.keep_dims)
        # Nothing to compare: the neutral element, as TensorFlow gives it.
        shape = torch.sum(x, axes, op.keep_dims).shape
        if op.T.is_floating:
            neutral = float("-inf") if highest else float("inf")
        else:
            neutral = op.T.min if highest else op.T.max
        return torch.full(shape, neutral, dtype=x.dtype, device=x.device)

    return kernel


def _static(function: Any) -> Any:
    def static(op: Any, x: Any, axis: Any) -> Any:
        return function(x, axis=tuple(int(a) for a in axis.reshape(-1)), keepdims=op.keep_dims).astype(x.dtype)

    return static


# --- gradients -------------------------------------------------------------------------------------------------


def reduced_shape(input_shape: Any, axes: Any) -> Tensor:
    """The shape of a reduction that keeps its axes, as a graph tensor.

    Args:
      input_shape: int tensor of shape [rank].
      axes: int tensor, the axes that are reduced.

    Returns:
      An int32 tensor of shape [rank]: `input_shape` with 1 at `axes`.
    """
    from tfmagic.ops.math.cast import cast

    input_shape = cast(input_shape, dtypes.int32)
    axes = cast(axes, dtypes.int32)
    rank = shape_ops.size(input_shape)
    axes = (axes + rank) % rank
    axes_shape = shape_ops.shape(axes)
    return raw.dynamic_stitch([api.range(rank), axes], [input_shape, constants.fill(axes_shape, 1)])


def safe_shape_div(x: Any, y: Any) -> Tensor:
    """`x // y`, with 1 for a `y` of 0 (an empty axis)."""
    return x // raw.maximum(y, 1)


def _spread(op: Any, dy: Tensor) -> Tensor:
    """The gradient of a sum: every element that went into it gets the sum's gradient."""
    dims = op.input._dims
    if dims is not None:
        axes = constant_value(op.reduction_indices)
        if axes is not None:
            if np.array_equal(axes, np.arange(len(dims))):
                dy = raw.reshape(dy, np.ones(len(dims), np.int32))
                shape = constant(list(dims), dtypes.int32) if None not in dims else shape_ops.shape(op.input)
                return raw.tile(dy, shape)
            if None not in dims:
                known_kept, known_scaling = _known_spread(op.input.graph, dims, axes.reshape(-1).tolist())
                return raw.tile(raw.reshape(dy, known_kept), known_scaling)
    shape = shape_ops.shape(op.input)
    with get_default_graph().colocate_with(shape.op):
        kept = reduced_shape(shape, op.reduction_indices)
        scaling = safe_shape_div(shape, kept)
    return raw.tile(raw.reshape(dy, kept), scaling)


def _known_spread(graph: Any, dims: tuple[int, ...], axes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The shape that a reduction over known axes of a known shape has with its axes kept, and how often each repeats.

    A graph gets the nodes that compute them once for each shape and axes.
    """
    gone = {axis % len(dims) for axis in axes}
    kept = np.array([1 if axis in gone else size for axis, size in enumerate(dims)], np.int32)
    scaling = np.array([size if axis in gone else min(size, 1) for axis, size in enumerate(dims)], np.int32)
    computed = graph._extras.setdefault("spreads of reductions", set())
    key = (dims, tuple(axes))
    if key not in computed:
        computed.add(key)
        reduced_shape(dims, axes)
        safe_shape_div(np.array(dims, np.int32), kept)
    return kept, scaling


def _sum_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    return _spread(op, dy), None


def _mean_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    from tfmagic.ops.math.cast import cast

    spread = _spread(op, dy)
    dims, out = op.input._dims, op.output._dims
    if dims is not None and out is not None and None not in dims and None not in out:
        factor = constant(int(np.prod(dims)) // max(int(np.prod(out)), 1), spread.dtype)
    else:
        shape, out_shape = shape_ops.shape(op.input), shape_ops.shape(op.output)
        factor = safe_shape_div(reduce_prod(shape), reduce_prod(out_shape))
    return spread / cast(factor, spread.dtype), None


def _prod_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    """By products of all other entries (two running products), which zeros do not disturb.

    As in TensorFlow 1.15, the rank does not go with int64 axes.
    """
    shape = shape_ops.shape(op.input)
    axes = raw.reshape(op.reduction_indices, [-1])
    kept = reduced_shape(shape, op.reduction_indices)
    scaling = safe_shape_div(shape, kept)
    dy = raw.tile(raw.reshape(dy, kept), scaling)
    with get_default_graph().device("/cpu:0"):
        rank = shape_ops.rank(op.input)
        gone = (axes + rank) % rank
        every = api.range(0, rank)
        rest, _ = raw.list_diff(every, gone, dtypes.int32)
        order = api.concat([gone, rest], 0)
        gone_size = reduce_prod(api.gather(shape, gone))
        rest_size = reduce_prod(api.gather(shape, rest))
    permuted = api.transpose(op.input, order)
    permuted_shape = shape_ops.shape(permuted)
    matrix = raw.reshape(permuted, (gone_size, rest_size))
    left = api.math.cumprod(matrix, axis=0, exclusive=True)
    right = api.math.cumprod(matrix, axis=0, exclusive=True, reverse=True)
    others = raw.reshape(conjugate(left) * conjugate(right), permuted_shape)
    result = dy * api.transpose(others, raw.invert_permutation(order))
    return raw.reshape(result, shape), None


def _extreme_gradient(op: Any, dy: Tensor) -> tuple[Tensor, None]:
    """Divided equally between all entries that are the extreme one."""
    from tfmagic.ops.math.cast import cast

    kept = reduced_shape(shape_ops.shape(op.input), op.reduction_indices)
    y = raw.reshape(op.output, kept)
    dy = raw.reshape(dy, kept)
    chosen = cast(raw.equal(y, op.input), dy.dtype)
    count = raw.reshape(raw.sum(chosen, op.reduction_indices), kept)
    return chosen / count * dy, None


# --- declarations ----------------------------------------------------------------------------------------------

# In a run axes may have any shape, which the shape rule refuses.
_AXES: dict[str, Any] = {"host": "reduction_indices", "explain": _explain_axes, "check": lambda op, x, axis: ""}

register("Sum", reduced, _over_axes(_sum),
         _sum_gradient, _static(np.sum), **_AXES)
register("Mean", reduced, _over_axes(_mean), _mean_gradient, **_AXES)
register("Prod", reduced, _over_axes(_prod), _prod_gradient, _static(np.prod), **_AXES)
register("Max", reduced, _over_axes(_extreme("amax", True)), _extreme_gradient, _static(np.max), traced="shapes",
         **_AXES)
register("Min", reduced, _over_axes(_extreme("amin", False)), _extreme_gradient, _static(np.min), traced="shapes",
         **_AXES)
register("All", reduced, _over_axes(_logic("all", "amin")), static=_static(np.all),
         **_AXES)
register("Any", reduced, _over_axes(_logic("any", "amax")), static=_static(np.any),
         **_AXES)


def _euclidean_norm(op: Any, x: Any, axis: Any) -> Any:
    axes = axes_list(op, x, axis)
    if not axes:
        return x
    if all(-x.dim() <= a < x.dim() and x.shape[a] == 1 for a in axes):  # nothing to reduce: signs stay
        return torch.amax(x, axes, op.keep_dims) if op.T.is_integer else torch.sum(x, axes, op.keep_dims)
    if op.T.is_integer:  # squares and sums wrap
        total = torch.sum(x * x, axes, op.keep_dims, dtype=torch_dtype(op.T))
        return torch.sqrt(total.to(torch.float64)).to(torch_dtype(op.T))
    return torch.linalg.vector_norm(x, 2, axes, op.keep_dims).to(torch_dtype(op.T))


register("EuclideanNorm", reduced, _euclidean_norm, traced="shapes", **_AXES)


def _arg_shape(op: Any, x: Dims, axis: Dims) -> Dims:
    if axis is not None and len(axis) != 0:
        raise ValueError(f"Shape must be rank 0 but is rank {len(axis)}")
    if x is None or len(x) <= 1:
        return x and ()
    axes = static_ints(op.op._inputs[1])
    if axes is None:
        return (None,) * (len(x) - 1)
    a = axes[0]
    if not -len(x) <= a < len(x):
        raise ValueError(f"Dimension ({a}) must be in the range [-{len(x)}, {len(x)}), where {len(x)} is the number "
                         "of dimensions in the input.")
    a %= len(x)
    return x[:a] + x[a + 1:]


def _arg(highest: bool) -> Any:
    def kernel(op: Any, x: Any, axis: Any) -> Any:
        dims = op.input._dims
        if dims is not None and not -len(dims) <= axis < len(dims):
            raise errors.InvalidArgumentError(
                None, op.op, f"Expected dimension in the range [{-len(dims)}, {len(dims)}), but got {axis}")
        return place_along(x, axis, highest, torch_dtype(op.output_type))

    return kernel


def _refused_arg(op: Any, x: Any, axis: Any) -> str | None:
    return f"dim must be a scalar, but received tensor of shape: {shapes.brackets(axis)}" if axis else None


def _explain_arg(op: Any, x: Any, axis: Any) -> str | None:
    rank, axis = len(x.shape), int(axis)
    if not -rank <= axis < rank:
        return f"Expected dimension in the range [{-rank}, {rank}), but got {axis}"
    return None if x.shape[axis] else (
        f"Reduction axis {axis % rank} is empty in shape {shapes.brackets(tuple(x.shape))}")


def _static_arg(function: str) -> Any:
    def static(op: Any, x: np.ndarray, axis: np.ndarray) -> np.ndarray | None:
        if x.dtype.kind not in "iu" or not -x.ndim <= int(axis) < x.ndim or not x.shape[int(axis)]:
            return None
        return np.asarray(getattr(np, function)(x, int(axis)), op.output_type.as_numpy_dtype)

    return static


for _name in ("ArgMax", "ArgMin"):
    register(_name, _arg_shape, _arg(_name == "ArgMax"), lambda op, dy: (None, None),
             _static_arg(_name.lower()), host="dimension",
             check=_refused_arg, explain=_explain_arg)


# --- public functions ------------------------------------------------------------------------------------------


def _warns_of_keep_dims(function: Any) -> Any:
    """Warn of the old argument `keep_dims`, under the name that TensorFlow prints."""
    function.__qualname__ += "_v1"
    return deprecated_args(None, "keep_dims is deprecated, use keepdims instead", "keep_dims")(function)


def reduction_dims(x: Any, axis: Any) -> Any:
    """The axes of a reduction: those given, or all of them, as a constant where the rank is known."""
    if axis is not None:
        return axis
    if isinstance(x, Tensor) and x._dims is not None:
        return constant(np.arange(len(x._dims)), dtypes.int32)
    return api.range(0, shape_ops.rank(x))


def _reduced_to_scalar(keepdims: bool, axis: Any, output: Tensor) -> Tensor:
    """Note that nothing but a single value is left when all axes are reduced."""
    if axis is None and not keepdims and not output.shape.is_fully_defined():
        output.set_shape(())
    return output


def _reduction(function: Callable[..., Tensor], x: Any, axis: Any, keepdims: Any, name: str | None,
               reduction_indices: Any, keep_dims: Any) -> Tensor:
    """What all `tf.reduce_*` of one op do: old argument names, default axes, one node."""
    axis = deprecated_argument_lookup("axis", axis, "reduction_indices", reduction_indices)
    keepdims = deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims)
    keepdims = False if keepdims is None else keepdims
    return _reduced_to_scalar(keepdims, axis, function(x, reduction_dims(x, axis), keepdims, name=name))


@export("math.reduce_sum")
@_warns_of_keep_dims
def reduce_sum(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
               reduction_indices: Any = None, keep_dims: Any = None) -> Tensor:
    """Sums along axes.

    Args:
      input_tensor: a numeric tensor.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.
      reduction_indices, keep_dims: old names of `axis` and `keepdims`.

    Returns:
      The reduced tensor, of the same type.
    """
    return _reduction(raw.sum, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("math.reduce_mean")
def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
                reduction_indices: Any = None, keep_dims: Any = None) -> Tensor:
    """Means along axes; integers round towards zero.

    Args:
      input_tensor: a numeric tensor.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.
      reduction_indices, keep_dims: old names of `axis` and `keepdims`.

    Returns:
      The reduced tensor, of the same type.
    """
    return _reduction(raw.mean, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("math.reduce_prod")
@_warns_of_keep_dims
def reduce_prod(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
                reduction_indices: Any = None, keep_dims: Any = None) -> Tensor:
    """Products along axes.

    Args:
      input_tensor: a numeric tensor.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.
      reduction_indices, keep_dims: old names of `axis` and `keepdims`.

    Returns:
      The reduced tensor, of the same type.
    """
    return _reduction(raw.prod, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("math.reduce_max")
@_warns_of_keep_dims
def reduce_max(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
               reduction_indices: Any = None, keep_dims: Any = None) -> Tensor:
    """The largest elements along axes.

    Args:
      input_tensor: a tensor of real numbers.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.
      reduction_indices, keep_dims: old names of `axis` and `keepdims`.

    Returns:
      The reduced tensor, of the same type.
    """
    return _reduction(raw.max, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("math.reduce_min")
@_warns_of_keep_dims
def reduce_min(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
               reduction_indices: Any = None, keep_dims: Any = None) -> Tensor:
    """The smallest elements along axes.

    Args:
      input_tensor: a tensor of real numbers.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.
      reduction_indices, keep_dims: old names of `axis` and `keepdims`.

    Returns:
      The reduced tensor, of the same type.
    """
    return _reduction(raw.min, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("reduce_all")
@_warns_of_keep_dims
def reduce_all(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
               reduction_indices: Any = None, keep_dims: Any = None) -> Tensor:
    """Whether all elements along axes are true.

    Args:
      input_tensor: a bool tensor.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.
      reduction_indices, keep_dims: old names of `axis` and `keepdims`.

    Returns:
      The reduced bool tensor.
    """
    return _reduction(raw.all, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("math.reduce_any")
@_warns_of_keep_dims
def reduce_any(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
               reduction_indices: Any = None, keep_dims: Any = None) -> Tensor:
    """Whether any element along axes is true.

    Args:
      input_tensor: a bool tensor.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.
      reduction_indices, keep_dims: old names of `axis` and `keepdims`.

    Returns:
      The reduced bool tensor.
    """
    return _reduction(raw.any, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


@export("math.reduce_euclidean_norm")
def reduce_euclidean_norm(input_tensor: Any, axis: Any = None, keepdims: bool = False,
                          name: str | None = None) -> Tensor:
    """Euclidean norms along axes: the roots of the sums of squares.

    Args:
      input_tensor: a numeric tensor.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.

    Returns:
      The reduced tensor, of the same type.
    """
    return _reduction(raw.euclidean_norm, input_tensor, axis, keepdims, name, None, None)


@export("math.reduce_variance")
def reduce_variance(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Variances along axes: the means of the squared distances from the mean.

    Args:
      input_tensor: a tensor of a floating or complex type.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.

    Returns:
      The reduced tensor, of the same type.
    """
    with name_scope(name or "reduce_variance"):
        means = reduce_mean(input_tensor, axis=axis, keepdims=True)
        return reduce_mean(raw.square(input_tensor - means), axis=axis, keepdims=keepdims)


@export("math.reduce_std")
def reduce_std(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Tensor:
    """Standard deviations along axes: the roots of the variances.

    Args:
      input_tensor: a tensor of a floating or complex type.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.

    Returns:
      The reduced tensor, of the same type.
    """
    with name_scope(name or "reduce_std"):
        return raw.sqrt(reduce_variance(input_tensor, axis=axis, keepdims=keepdims))


@export("math.reduce_logsumexp")
@_warns_of_keep_dims
def reduce_logsumexp(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None,
                     reduction_indices: Any = None, keep_dims: Any = None) -> Tensor:
    """Logarithms of sums of exponentials along axes, without overflow.

    Args:
      input_tensor: a tensor of a floating type.
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.
      reduction_indices, keep_dims: old names of `axis` and `keepdims`.

    Returns:
      The reduced tensor, of the same type.
    """
    axis = deprecated_argument_lookup("axis", axis, "reduction_indices", reduction_indices)
    keepdims = deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims)
    keepdims = False if keepdims is None else keepdims
    input_tensor = convert_to_tensor(input_tensor)
    with name_scope(name, "ReduceLogSumExp", [input_tensor]):
        highest = reduce_max(input_tensor, axis=axis, keepdims=True)
        shift = raw.stop_gradient(raw.select(raw.is_finite(highest), highest, constants.zeros_like(highest)))
        result = raw.log(reduce_sum(raw.exp(raw.sub(input_tensor, shift)), axis, keepdims=keepdims))
        if not keepdims:
            shift = raw.reshape(shift, shape_ops.shape(result))
        result = raw.add(result, shift)
        return _reduced_to_scalar(keepdims, axis, result)


@export("math.count_nonzero")
@deprecated_args(None, "keep_dims is deprecated, use keepdims instead", "keep_dims")
@deprecated_args(None, "reduction_indices is deprecated, use axis instead", "axis")
def count_nonzero(input_tensor: Any = None, axis: Any = None, keepdims: Any = None, dtype: Any = dtypes.int64,
                  name: str | None = None, reduction_indices: Any = None, keep_dims: Any = None,
                  input: Any = None) -> Tensor:
    """Counts the elements that are not zero (of strings: not empty) across dimensions of a tensor.

    Args:
      input_tensor: a tensor of numbers, bools or strings (also called `input`).
      axis: the dimensions to reduce, an int or a list of them; by default all.
      keepdims: whether reduced dimensions stay with length 1.
      dtype: the type of the result.
      reduction_indices, keep_dims: old names of `axis` and `keepdims`.

    Returns:
      The counts.
    """
    from tfmagic.ops.math.cast import cast

    keepdims = deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims)
    value = deprecated_argument_lookup("input", input, "input_tensor", input_tensor)
    axis = deprecated_argument_lookup("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(name, "count_nonzero", [value]):
        value = convert_to_tensor(value, name="input")
        zero = constants.zeros([], dtype=value.dtype)
        found = cast(raw.not_equal(value, zero), dtypes.int64)
        return cast(reduce_sum(found, axis=axis, keepdims=keepdims), dtype)


def _arg_function(function: Callable[..., Tensor], x: Any, axis: Any, name: str | None, dimension: Any,
                  output_type: Any) -> Tensor:
    axis = deprecated_argument_lookup("axis", axis, "dimension", dimension)
    return function(x, 0 if axis is None else axis, output_type=output_type, name=name)


_warns_of_dimension = deprecated_args(None, "Use the `axis` argument instead", "dimension")


@export("math.argmax")
@_warns_of_dimension
def argmax(input: Any, axis: Any = None, name: str | None = None, dimension: Any = None,
           output_type: Any = dtypes.int64) -> Tensor:
    """Finds where the largest element is along an axis (the first of equal ones).

    Args:
      input: a numeric tensor.
      axis: the axis to search along; by default 0.
      dimension: old name of `axis`.
      output_type: int32 or int64.

    Returns:
      The positions, with one dimension fewer than `input`.
    """
    return _arg_function(raw.arg_max, input, axis, name, dimension, output_type)


@export("math.argmin")
@_warns_of_dimension
def argmin(input: Any, axis: Any = None, name: str | None = None, dimension: Any = None,
           output_type: Any = dtypes.int64) -> Tensor:
    """Finds where the smallest element is along an axis (the first of equal ones).

    Args:
      input: a numeric tensor.
      axis: the axis to search along; by default 0.
      dimension: old name of `axis`.
      output_type: int32 or int64.

    Returns:
      The positions, with one dimension fewer than `input`.
    """
    return _arg_function(raw.arg_min, input, axis, name, dimension, output_type)
