"""A part of a sparse tensor: SparseSlice."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor, as_sparse
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.declare import op


def _refused(op: Any, indices: Dims, values: Dims, shape: Dims, start: Dims, size: Dims) -> str | None:
    """TensorFlow's words for a run with values of these shapes (of bad values it shows the shape of the indices)."""
    for name, dims, rank in (("indices", indices, 2), ("values", values, 1), ("shape", shape, 1), ("start", start, 1),
                             ("size", size, 1)):
        if len(dims or ()) != rank:
            return f"Input {name} should be a {'matrix' if rank == 2 else 'vector'} but received shape " \
                   f"{shapes.brackets(indices if name == 'values' else dims)}"
    assert indices is not None and values is not None and shape is not None
    for name, dims in (("start", start), ("size", size)):
        assert dims is not None
        if dims != shape:
            return f"Expected {name} to be a vector of length {shape[0]} but got length {dims[0]}"
    if indices[0] != values[0]:
        return ("indices and values rows (indexing dimension) must match. "
                f"(indices = {indices[0]}, values = {values[0]})")
    return None if indices[1] == shape[0] else "Order length must be SparseTensor rank."


def _inside(indices: Any, corner: Any, end: Any) -> Any:
    """Which coordinates lie in a box."""
    return ((indices >= corner) & (indices < end)).all(1)


def _kept(shape: Any, start: Any, size: Any) -> list[int]:
    """The sizes of a box without what reaches beyond the tensor.

    Raises:
      InvalidArgumentError: the box begins beyond the tensor, or its size is negative (TensorFlow dies of it).
    """
    sizes = [min(int(wanted), int(whole) - int(first)) for wanted, whole, first in zip(size, shape, start)]
    if any(each < 0 for each in sizes):
        raise errors.InvalidArgumentError(None, None, f"start {list(start)} and size {list(size)} give a negative size "
                                                      f"in a sparse tensor of shape {list(shape)}")
    return sizes


@op("SparseSlice", host=("shape", "start", "size"), traced=lambda op: op.T is not dtypes.string and "shapes",
    check=_refused)
class SparseSlice:
    """The elements of a sparse tensor in a box, counted from its corner."""

    def shape(op: Any, indices: Dims, values: Dims, shape: Dims, start: Dims, size: Dims) -> Any:
        return [(None, shape_rules.count(shape)), (None,), shape]

    def kernel(op: Any, indices: Any, values: Any, shape: Any, start: Any, size: Any) -> Any:
        sizes = _kept(shape, start, size)
        corner = torch.tensor(start, dtype=torch.int64)
        inside = torch.nonzero(_inside(indices, corner, corner + torch.tensor(size, dtype=torch.int64)))[:, 0]
        chosen = values[inside.cpu().numpy()] if isinstance(values, np.ndarray) else values[inside]
        return indices[inside] - corner, chosen, torch.tensor(sizes, dtype=torch.int64)

    def static(op: Any, indices: Any, values: Any, shape: Any, start: Any, size: Any) -> Any:
        inside = _inside(indices, start, start + size)
        return indices[inside] - start, values[inside], np.array(_kept(shape, start, size), np.int64)

    def gradient(op: Any, d_indices: Any, d_values: Tensor, d_shape: Any) -> tuple[Any, ...]:
        return None, raw.sparse_slice_grad(d_values, op.indices, op.start, op.output_indices), None, None, None


def _refused_gradient(op: Any, d_values: Dims, indices: Dims, start: Dims, output_indices: Dims) -> str | None:
    if len(indices or ()) != 2 or len(output_indices or ()) != 2:
        return ("Input and output indices should be matrices but received shapes: "
                f"{shapes.brackets(indices)} and {shapes.brackets(output_indices)}")
    if len(d_values or ()) != 1:
        return f"Input backprop_val_grad should be a vector but received shape: {shapes.brackets(d_values)}"
    assert d_values is not None and indices is not None and output_indices is not None
    if indices[1] != output_indices[1]:
        return f"The input and output should have the same ndims: got: {indices[1]} and {output_indices[1]}"
    if d_values[0] != output_indices[0]:
        return ("# elements of backprop_val_grad and # rows of output_indices should match (#nnz of sum): got "
                f"{d_values[0]} and {output_indices[0]}")
    if len(start or ()) != 1:
        return f"The input_start should be a vector but received shape {shapes.brackets(start)}"
    assert start is not None
    return None if start[0] == indices[1] else \
        f"Expected input_start to be a vector of length {indices[1]} but got length {start[0]}"


@op("SparseSliceGrad", traced=False, because="walks along two lists of coordinates", check=_refused_gradient)
class SparseSliceGrad:
    """The gradient of the values of SparseSlice: what came for the elements in the box, zero for the others."""

    def shape(op: Any, backprop_val_grad: Dims, input_indices: Dims, input_start: Dims, output_indices: Dims) -> Dims:
        return (shape_rules.with_rank(input_indices, 2)[0],)

    def kernel(op: Any, backprop_val_grad: Any, input_indices: Any, input_start: Any, output_indices: Any) -> Any:
        wanted = (output_indices + input_start).tolist()
        places: list[int] = []
        for place, row in enumerate(input_indices.tolist()):
            if len(places) < len(wanted) and row == wanted[len(places)]:
                places.append(place)
        if len(places) < len(wanted):
            raise errors.InternalError(None, None, "Elements of backprop_val_grad aren't all propagated. "
                                                   f"Num elements:{len(wanted)}, used: {len(places)}")
        found = backprop_val_grad.new_zeros(input_indices.shape[0])
        found[places] = backprop_val_grad
        return found


@export("sparse.slice")
def sparse_slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """A part of a sparse tensor.

    Args:
      sp_input: a `SparseTensor` or `SparseTensorValue`.
      start: int64 vector: the corner of the part.
      size: int64 vector: its size; what reaches beyond the tensor is cut off.

    Returns:
      A `SparseTensor`, its coordinates counted from `start`.

    Raises:
      TypeError: `sp_input` is no sparse tensor.
    """
    sp_input = as_sparse(sp_input)
    start = convert_to_tensor(start, dtypes.int64)
    size = convert_to_tensor(size, dtypes.int64)
    return SparseTensor(*raw.sparse_slice(sp_input.indices, sp_input.values, sp_input.dense_shape, start, size,
                                          name=name))
