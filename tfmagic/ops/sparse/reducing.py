"""Sums and maxima over dimensions of sparse tensors, their softmax, and arithmetic with dense tensors."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from tfmagic.base import dtypes, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.graph.static_value import static_value
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.gather import gather_nd
from tfmagic.ops.declare import op, register
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduced_shape
from tfmagic.ops.math.rules import without_nan
from tfmagic.ops.shape_rules import with_rank
from tfmagic.ops.sparse import parts
from tfmagic.ops.sparse.combining import no_gradient, positions

# --- over dimensions ----------------------------------------------------------------------------------------------


def _axes(given: Any, rank: int) -> list[int]:
    if isinstance(given, list) and given and isinstance(given[0], list):
        raise invalid("Expected reduction_axes to be a scalar or a vector; got shape: "
                      f"{shapes.brackets(np.shape(given))}")
    found = []
    for axis in given if isinstance(given, list) else [given]:
        if not -rank <= axis < rank:
            raise invalid(f"Invalid reduction dimension {axis}, for input with {rank} dimensions.")
        found.append(axis % rank)
    return sorted(set(found))


def _reduced(op: Any, indices: Any, values: Any, sizes: list[int], axes: list[int], highest: bool) -> Any:
    """The positions of the groups that have elements, in order, what they reduce to, and the sizes that are left."""
    kept = [axis for axis in range(len(sizes)) if axis not in axes]
    left = [sizes[axis] for axis in kept]
    places = positions(indices[:, kept], left) if kept else torch.zeros(len(values), dtype=torch.int64)
    groups, inverse = torch.unique(places, return_inverse=True)
    if highest:
        values = without_nan(values, highest) if values.is_floating_point() else values
        found = torch.zeros(len(groups), dtype=values.dtype).scatter_reduce(0, inverse, values, "amax",
                                                                           include_self=False)
    else:
        found = torch.zeros(len(groups), dtype=values.dtype).index_add(0, inverse, values)
    return groups, found, left


def _dense_kernel(highest: bool) -> Any:
    def kernel(op: Any, input_indices: Any, input_values: Any, input_shape: Any, reduction_axes: Any) -> Any:
        axes = _axes(reduction_axes, len(input_shape))
        if reduction_axes == []:
            axes = []
        groups, found, left = _reduced(op, input_indices, input_values, input_shape, axes, highest)
        dense = torch.zeros(math.prod(left), dtype=input_values.dtype)
        dense[groups] = found
        sizes = [1 if axis in axes else size for axis, size in enumerate(input_shape)] if op.keep_dims else left
        return dense.reshape(sizes)

    return kernel


def _sparse_kernel(highest: bool) -> Any:
    def kernel(op: Any, input_indices: Any, input_values: Any, input_shape: Any, reduction_axes: Any) -> Any:
        axes = _axes(reduction_axes, len(input_shape))
        groups, found, left = _reduced(op, input_indices, input_values, input_shape, axes, highest)
        columns = []
        for axis in range(len(left)):
            step = max(1, math.prod(left[axis + 1:]))
            columns.append(groups // step)
            groups = groups % step
        sizes = list(left)
        if op.keep_dims:
            rest = iter(columns)
            columns = [torch.zeros(len(found), dtype=torch.int64) if axis in axes else next(rest)
                       for axis in range(len(input_shape))]
            sizes = [1 if axis in axes else size for axis, size in enumerate(input_shape)]
        indices = torch.stack(columns, 1) if columns else torch.zeros((len(found), 0), dtype=torch.int64)
        return indices, found, torch.tensor(sizes, dtype=torch.int64)

    return kernel


def _dense_shape(op: Any, input_indices: Dims, input_values: Dims, input_shape: Dims, reduction_axes: Dims) -> Dims:
    known, axes = static_value(op.input_shape), static_value(op.reduction_axes)
    if known is None or axes is None:
        return None
    sizes = [None if size < 0 else int(size) for size in known.ravel()]
    gone = {int(axis) % len(sizes) for axis in axes.ravel()} if len(sizes) else set()
    if op.keep_dims:
        return tuple(1 if axis in gone else size for axis, size in enumerate(sizes))
    return tuple(size for axis, size in enumerate(sizes) if axis not in gone)


def _sum_gradient(op: Any, dy: Tensor) -> tuple[Any, ...]:
    """Each element gets the gradient of its group."""
    kept = reduced_shape(op.input_shape, op.reduction_axes)
    spread = shape_ops.reshape(dy, kept)
    scale = op.input_shape // cast(kept, dtypes.int64)
    return None, gather_nd(spread, op.input_indices // scale), None, None


def _refused(indices: Dims, values: Dims, dense_shape: Dims) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if dense_shape is not None and len(dense_shape) != 1:
        return f"Expected input_shape to be a vector; got shape: {shapes.brackets(dense_shape)}"
    return parts.refused(indices, values, dense_shape)


_CONTRACT: dict[str, Any] = {"host": ("input_shape", "reduction_axes"), "traced": False,
                             "because": "as long as the values say",
                             "check": lambda op, *dims: _refused(*dims[:3])}
register("SparseReduceSum", _dense_shape, _dense_kernel(False), _sum_gradient, **_CONTRACT,
         doc="The sums over dimensions of a sparse tensor, dense.")
register("SparseReduceMax", _dense_shape, _dense_kernel(True), **_CONTRACT,
         doc="The maxima over dimensions of a sparse tensor, dense; 0 where there is no element.")
for _name, _highest in (("SparseReduceSumSparse", False), ("SparseReduceMaxSparse", True)):
    register(_name, lambda op, *dims: [None, None, None], _sparse_kernel(_highest), **_CONTRACT,
             doc="The sums or maxima over dimensions of a sparse tensor, sparse.")


def _refused_parts(op: Any, indices: Any, values: Any, sizes: Any, *dense: Any) -> str | None:
    if len(indices) != 2:
        return f"Input sp_indices should be a matrix but received shape: {shapes.brackets(indices)}"
    if len(values) != 1 or len(sizes) != 1:
        return (f"Inputs sp_values and sp_shape should be vectors but received shapes: {shapes.brackets(values)} and "
                f"{shapes.brackets(sizes)}")
    return None if dense else parts.refused(indices, values, sizes)


@op("SparseSoftmax", host="sp_shape", traced=False, because="as long as the values say", check=_refused_parts)
class SparseSoftmax:
    """The softmax of the elements in each row of a sparse tensor."""

    def shape(op: Any, sp_indices: Dims, sp_values: Dims, sp_shape: Dims) -> Dims:
        with_rank(sp_indices, 2)
        values = with_rank(sp_values, 1)
        with_rank(sp_shape, 1)
        return values

    def kernel(op: Any, sp_indices: Any, sp_values: Any, sp_shape: Any) -> Any:
        if len(sp_shape) < 2:
            raise invalid(f"Input should have rank >= 2, but received shape: {' '.join(map(str, sp_shape))}")
        _, inverse = torch.unique(positions(sp_indices[:, :-1], sp_shape[:-1]), return_inverse=True)
        count = int(inverse.max()) + 1 if len(inverse) else 0
        highest = torch.zeros(count, dtype=sp_values.dtype).scatter_reduce(0, inverse, sp_values, "amax",
                                                                          include_self=False)
        powers = torch.exp(sp_values - highest[inverse])
        return powers / torch.zeros(count, dtype=sp_values.dtype).index_add(0, inverse, powers)[inverse]

    def gradient(op: Any, dy: Tensor) -> tuple[Any, ...]:
        indices, sizes, out = op.sp_indices, op.sp_shape, op.output
        product = SparseTensor(indices, out * dy, sizes)
        total = -api.sparse.reduce_sum(product, axis=[-1], keepdims=True)
        return None, raw.sparse_dense_cwise_add(indices, dy, sizes, total) * out, None


# --- with dense tensors -------------------------------------------------------------------------------------------


def _dense_at(indices: Any, sizes: list[int], dense: Any) -> Any:
    """The elements of a dense tensor, which broadcasts, at coordinates."""
    shape = tuple(dense.shape)
    if len(shape) > len(sizes) or any(mine not in (1, size) for mine, size in zip(reversed(shape), reversed(sizes))):
        raise invalid("SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: "
                      f"{shapes.brackets(tuple(sizes))} vs. {shapes.brackets(shape)}")
    places = indices[:, :len(sizes)]
    if ((places < 0) | (places >= torch.tensor(sizes, dtype=torch.int64))).any():
        raise invalid("Provided indices are out-of-bounds w.r.t. dense side with broadcasted shape")
    return dense.expand(tuple(sizes))[tuple(places.T)] if len(sizes) else dense.reshape(1)


def _with_dense(name: str, function: Any, gradient: Any) -> None:
    def shape(op: Any, sp_indices: Dims, sp_values: Dims, sp_shape: Dims, dense: Dims) -> Dims:
        count = None if sp_indices is None else with_rank(sp_indices, 2)[0]
        return (count,)

    def kernel(op: Any, sp_indices: Any, sp_values: Any, sp_shape: Any, dense: Any) -> Any:
        others = _dense_at(sp_indices[:len(sp_values)], sp_shape, dense)
        return function(sp_values[:len(others)], others)

    register(name, shape, kernel, gradient, host="sp_shape", traced=False, check=_refused_parts,
             because="coordinates outside are refused",
             doc=f"{name}: an operation on the elements of a sparse tensor and those of a dense one that broadcasts.")


def _by_dense_gradient(multiplies: bool) -> Any:
    def gradient(op: Any, dy: Tensor) -> tuple[Any, ...]:
        x_indices, x_values, x_shape, y = op.sp_indices, op.sp_values, op.sp_shape, op.dense
        y_shape = cast(shape_ops.shape(y), dtypes.int64)
        more = shape_ops.expand_dims(shape_ops.size(x_shape) - shape_ops.size(y_shape), 0)
        augmented = api.concat([constants.ones(more, y_shape.dtype), y_shape], 0)
        scaling = x_shape // augmented
        scaled = x_indices // scaling
        scaled = api.slice(scaled, api.concat([[0], more], 0), [-1, -1])
        values = gather_nd(y, scaled)
        if multiplies:
            dx, dy_values = dy * values, dy * x_values
        else:
            dx = dy / values
            dy_values = dy * (-x_values / raw.square(values))
        d_dense = api.sparse.add(constants.zeros_like(y), SparseTensor(scaled, dy_values, y_shape))
        return None, dx, None, d_dense

    return gradient


def _quotient(x: Any, y: Any) -> Any:
    if x.is_floating_point() or x.is_complex():
        return x / y
    return torch.div(x, y, rounding_mode="trunc")


_with_dense("SparseDenseCwiseAdd", lambda x, y: x + y, no_gradient("SparseDenseCwiseAdd"))
_with_dense("SparseDenseCwiseMul", lambda x, y: x * y, _by_dense_gradient(True))
_with_dense("SparseDenseCwiseDiv", _quotient, _by_dense_gradient(False))


# --- operators ----------------------------------------------------------------------------------------------------


def _operator(name: str, function: str) -> Any:
    def operate(sparse: SparseTensor, y: Any) -> SparseTensor:
        with name_scope(None, name, [sparse.indices, sparse.values, sparse.dense_shape, y]) as scope:
            y = convert_to_tensor(y, dtype=sparse.dtype.base_dtype, name="y")
            values = sparse.values
            if name == "truediv" and not (values.dtype.is_floating or values.dtype.is_complex):
                wide = dtypes.float32 if values.dtype.size < 4 else dtypes.float64
                values, y = cast(values, wide), cast(y, wide)
            values = getattr(raw, function)(sparse.indices, values, sparse.dense_shape, y, name=scope)
            return SparseTensor(sparse.indices, values, sparse.dense_shape)

    return operate


OPERATORS = SimpleNamespace(mul=_operator("mul", "sparse_dense_cwise_mul"),
                            truediv=_operator("truediv", "sparse_dense_cwise_div"),
                            div=_operator("div", "sparse_dense_cwise_div"))
