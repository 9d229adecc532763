"""Sparse tensors in order, summed, joined, split, and the greater or lesser of two."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.array.gather import gather
from tfmagic.ops.declare import op, register
from tfmagic.ops.shape_rules import count, merge_dim, with_rank
from tfmagic.ops.sparse import parts


def positions(indices: Any, sizes: Any) -> Any:
    """Where rows of coordinates stand in the flattened tensor."""
    steps = [max(1, math.prod(sizes[axis + 1:])) for axis in range(len(sizes))]
    return (indices * torch.tensor(steps, dtype=torch.int64)).sum(1)


def picked(values: Any, places: Any) -> Any:
    """Some of the values, which are torch's numbers or NumPy's strings."""
    return values[places.cpu().numpy()] if isinstance(values, np.ndarray) else values[places]


def joined(values: list[Any]) -> Any:
    """Vectors of numbers or of strings, one after another."""
    return np.concatenate(values) if isinstance(values[0], np.ndarray) else torch.cat(values)


# --- order --------------------------------------------------------------------------------------------------------


def _refused_reorder(op: Any, indices: Dims, values: Dims, shape: Dims) -> str | None:
    for name, dims, rank in (("indices", indices, 2), ("values", values, 1), ("shape", shape, 1)):
        if len(dims or ()) != rank:
            return (f"Input {name} should be a {'matrix' if rank == 2 else 'vector'} but received shape "
                    f"{shapes.brackets(dims)}")
    return parts.refused(indices, values, shape)


@op("SparseReorder", host="input_shape", traced=False, because="strings too", check=_refused_reorder)
class SparseReorder:
    """The elements of a sparse tensor in row-major order."""

    def shape(op: Any, input_indices: Dims, input_values: Dims, input_shape: Dims) -> Any:
        indices, values = with_rank(input_indices, 2), with_rank(input_values, 1)
        with_rank(input_shape, 1)
        return [indices, values]

    def kernel(op: Any, input_indices: Any, input_values: Any, input_shape: Any) -> Any:
        order = _order(input_indices)
        return input_indices[order], picked(input_values, order)

    def gradient(op: Any, d_indices: Any, d_values: Tensor) -> tuple[Any, ...]:
        count = shape_ops.shape(op.input_indices)[0]
        places = SparseTensor(op.input_indices, api.range(count), op.input_shape)
        back = raw.invert_permutation(api.sparse.reorder(places).values)
        return None, gather(d_values, back), None


# --- sums ---------------------------------------------------------------------------------------------------------


def _refused_pair(op: Any, *dims: Any) -> str | None:
    (a_indices, a_values, a_shape), (b_indices, b_values, b_shape) = dims[:3], dims[3:6]
    if len(a_indices) != 2 or len(b_indices) != 2:
        return ("Input indices should be matrices but received shapes: "
                f"{shapes.brackets(a_indices)} and {shapes.brackets(b_indices)}")
    if len(a_values) != 1 or len(b_values) != 1:
        return ("Input values should be vectors but received shapes: "
                f"{shapes.brackets(a_values)} and {shapes.brackets(b_values)}")
    if a_indices[0] != a_values[0] or b_indices[0] != b_values[0]:
        return (f"Expected {a_indices[0]} and {b_indices[0]} non-empty input values, got {a_values[0]} and "
                f"{b_values[0]}")
    if len(a_shape) != 1 or len(b_shape) != 1:
        return ("Input shapes should be a vector but received shapes "
                f"{shapes.brackets(a_shape)} and {shapes.brackets(b_shape)}")
    if len(dims) > 6 and len(dims[6]):
        return f"The magnitude threshold must be a scalar: got shape {shapes.brackets(dims[6])}"
    return None


def _same_sizes(a_shape: list[int], b_shape: list[int]) -> None:
    if len(a_shape) != len(b_shape):
        shown = " and ".join(" ".join(map(str, sizes)) for sizes in (a_shape, b_shape))
        raise invalid(f"Operands do not have the same ranks; got shapes: {shown}")
    for axis, (a, b) in enumerate(zip(a_shape, b_shape)):
        if a != b:
            raise invalid(f"Operands' shapes do not match: got {a} and {b} for dimension {axis}")


def _union(a_indices: Any, b_indices: Any) -> tuple[Any, Any, Any]:
    """The coordinates that one of two sparse tensors has, in order, and the places of the elements of both in them."""
    numbered = _numbered(a_indices, b_indices)
    if numbered is None:
        if not (_in_order(a_indices) and _in_order(b_indices)):
            return _merged(a_indices, b_indices)
        union, places = torch.unique(torch.cat([a_indices, b_indices]), dim=0, return_inverse=True)
    elif all((part[1:] > part[:-1]).all() for part in numbered):
        number_of_each, firsts = _placed(np.concatenate(numbered))
        places, first_ones = (torch.from_numpy(part).to(a_indices.device) for part in (number_of_each, firsts))
        union = torch.cat([a_indices, b_indices])[first_ones]
    else:
        return _merged(a_indices, b_indices)
    return union, places[:len(a_indices)], places[len(a_indices):]


def _numbered(*indices: Any) -> list[np.ndarray] | None:
    """Coordinates as numbers in the same order; None where there are none, or they are too large for it."""
    parts = [part.cpu().numpy() for part in indices]
    together = np.concatenate(parts)
    columns = list(together.T)  # what is done along a short axis takes NumPy long
    if not together.size or min(column.min() for column in columns) < 0:
        return None
    sizes = [int(column.max()) + 1 for column in columns]
    if math.prod(sizes) >= 1 << 62:
        return None
    numbers = np.zeros(len(together), np.int64)
    for column, size in zip(columns, sizes):
        numbers = numbers * size + column
    return np.split(numbers, np.cumsum(list(map(len, parts)))[:-1])


def _order(indices: Any) -> Any:
    """The places of coordinates in the order in which they come row by row."""
    numbers = _numbered(indices)
    places = np.lexsort(indices.cpu().numpy().T[::-1]) if numbers is None else np.argsort(numbers[0], kind="stable")
    return torch.from_numpy(places)


def _placed(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of each number among the different ones in order, and the first one of each of these.

    Two rows of ascending numbers, one behind the other, are sorted by merging them.
    """
    order = np.argsort(numbers, kind="stable")
    ascending = numbers[order]
    begins = np.ones(len(numbers), bool)
    np.not_equal(ascending[1:], ascending[:-1], out=begins[1:])
    places = np.empty(len(numbers), np.int64)
    places[order] = np.cumsum(begins) - 1
    return places, order[begins]


def _found_in(indices: Any, wanted: Any) -> Any:
    """The places of coordinates among others, -1 for those that are not among them."""
    numbered = _numbered(indices, wanted)
    if numbered is None or not len(indices):
        found = {tuple(place): number for number, place in enumerate(indices.tolist())}
        return torch.tensor([found.get(tuple(place), -1) for place in wanted.tolist()], dtype=torch.int64)
    known, asked = numbered
    order = np.argsort(known, kind="stable")
    places = order[np.searchsorted(known[order], asked, "right") - 1]
    return torch.from_numpy(np.where(known[places] == asked, places, -1))


def _in_order(indices: Any) -> bool:
    """Whether each coordinate is greater than the one before."""
    if len(indices) < 2 or not indices.shape[1]:
        return len(indices) < 2
    steps = indices[1:] - indices[:-1]
    first = (steps != 0).int().argmax(1, keepdim=True)
    return bool((steps.gather(1, first) > 0).all())


def _merged(a_indices: Any, b_indices: Any) -> tuple[Any, Any, Any]:
    """What `_union` gives of coordinates in another order: always the lesser of the two next ones comes first."""
    a, b = a_indices.tolist(), b_indices.tolist()
    union: list[list[int]] = []
    a_places: list[int] = []
    b_places: list[int] = []
    while len(a_places) < len(a) or len(b_places) < len(b):
        next_a, next_b = a[len(a_places):len(a_places) + 1], b[len(b_places):len(b_places) + 1]
        takes_a = bool(next_a) and (not next_b or next_a <= next_b)
        takes_b = bool(next_b) and (not next_a or next_b <= next_a)
        union.append((next_a if takes_a else next_b)[0])
        if takes_a:
            a_places.append(len(union) - 1)
        if takes_b:
            b_places.append(len(union) - 1)
    return (torch.tensor(union, dtype=torch.int64).reshape(len(union), a_indices.shape[1]),
            torch.tensor(a_places, dtype=torch.int64), torch.tensor(b_places, dtype=torch.int64))


def _both(values: Any, places: Any, count: int) -> Any:
    return torch.zeros(count, dtype=values.dtype).index_copy(0, places, values)


@op("SparseAdd", host=("a_shape", "b_shape"), traced=False, because="as long as the values say", check=_refused_pair)
class SparseAdd:
    """The sum of two sparse tensors of one shape, without sums nearer to zero than a threshold."""

    def shape(op: Any, a_indices: Dims, a_values: Dims, a_shape: Dims, b_indices: Dims, b_values: Dims, b_shape: Dims,
              thresh: Dims) -> Any:
        (rank,) = with_rank(a_shape, 1)
        return [(None, rank), (None,), (rank,)]

    def kernel(op: Any, a_indices: Any, a_values: Any, a_shape: Any, b_indices: Any, b_values: Any, b_shape: Any,
               thresh: Any) -> Any:
        _same_sizes(a_shape, b_shape)
        rank = len(a_shape)
        union, a, b = _union(a_indices[:, :rank], b_indices[:, :rank])
        total = _both(a_values, a, len(union)) + _both(b_values, b, len(union))
        in_a, in_b = (torch.zeros(len(union), dtype=torch.bool).index_fill(0, places, True) for places in (a, b))
        kept = ~(in_a & in_b) | (total.abs() >= thresh)  # what is in one alone stays, however near to zero
        return union[kept], total[kept], torch.tensor(a_shape, dtype=torch.int64)

    def gradient(op: Any, d_indices: Any, d_values: Tensor, d_shape: Any) -> tuple[Any, ...]:
        d_a, d_b = raw.sparse_add_grad(d_values, op.a_indices, op.b_indices, op.sum_indices)
        d_a.set_shape(op.a_values.shape)
        d_b.set_shape(op.b_values.shape)
        return None, d_a, None, None, d_b, None, None


def _refused_sum_gradient(grad: Any, *indices: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    if any(len(dims) != 2 for dims in indices):
        return ("Input indices should be matrices but received shapes: "
                + " and ".join(shapes.brackets(dims) for dims in indices))
    return None if len(grad) == 1 else (
        f"Input backprop_val_grad should be a vector but received shape: {shapes.brackets(grad)}")


@op("SparseAddGrad", traced=False, because="looks at values",
    check=lambda op, grad, *indices: _refused_sum_gradient(grad, *indices))
class SparseAddGrad:
    """The gradients of the values of two sparse tensors, from that of the values of their sum."""

    def shape(op: Any, backprop_val_grad: Dims, a_indices: Dims, b_indices: Dims, sum_indices: Dims) -> Any:
        return [(with_rank(a_indices, 2)[0],), (with_rank(b_indices, 2)[0],)]

    def kernel(op: Any, backprop_val_grad: Any, a_indices: Any, b_indices: Any, sum_indices: Any) -> Any:
        padded = torch.cat([backprop_val_grad, torch.zeros(1, dtype=backprop_val_grad.dtype)])
        return tuple(padded[_found_in(sum_indices, indices)] for indices in (a_indices, b_indices))


def _refused_operands(op: Any, *dims: Any) -> str | None:
    if len(dims[0]) != 2 or len(dims[3]) != 2:
        return ("Inputs a_indices and b_indices should be matrices but received shapes: "
                f"{shapes.brackets(dims[0])}, {shapes.brackets(dims[3])}")
    if len(dims[1]) != 1 or len(dims[4]) != 1:
        return ("Inputs a_values and b_values should be vectors but received shapes: "
                f"{shapes.brackets(dims[1])} and {shapes.brackets(dims[4])}")
    return _refused_pair(op, *dims)


def no_gradient(name: str) -> Any:
    """The gradient of an op of which TensorFlow says that it has none."""
    def gradient(op: Any, *dy: Tensor) -> Any:
        raise NotImplementedError(f"Gradient for {name} is currently not implemented yet.\n\nTensorFlow 1.15 has none "
                                  "either. tf.sparse.to_dense makes a dense tensor, whose arithmetic has gradients.")

    return gradient


def _extreme(name: str, function: str) -> None:
    def shape(op: Any, a_indices: Dims, a_values: Dims, a_shape: Dims, b_indices: Dims, b_values: Dims,
              b_shape: Dims) -> Any:
        for indices, values, sizes in ((a_indices, a_values, a_shape), (b_indices, b_values, b_shape)):
            with_rank(indices, 2)
            with_rank(values, 1)
            with_rank(sizes, 1)
        return [(None, None), (None,)]

    def kernel(op: Any, a_indices: Any, a_values: Any, a_shape: Any, b_indices: Any, b_values: Any,
               b_shape: Any) -> Any:
        _same_sizes(a_shape, b_shape)
        rank = min(a_indices.shape[1], b_indices.shape[1])
        union, a, b = _union(a_indices[:, :rank], b_indices[:, :rank])
        values = getattr(torch, function)(_both(a_values, a, len(union)), _both(b_values, b, len(union)))
        return union, values

    register(name, shape, kernel, no_gradient(name), host=("a_shape", "b_shape"), traced=False, check=_refused_operands,
             because="as long as the values say",
             doc=f"The {function} of two sparse tensors of one shape, element by element; both have zeros elsewhere.")


_extreme("SparseSparseMaximum", "maximum")
_extreme("SparseSparseMinimum", "minimum")


# --- several as one, one as several -----------------------------------------------------------------------------


def _refused_concat(op: Any, indices: Any, values: Any, sizes: Any) -> str | None:
    for what, rank, given in (("indices should be a matrix", 2, indices), ("values should be a vector", 1, values),
                              ("shapes should be a vector", 1, sizes)):
        for number, dims in enumerate(given):
            if len(dims) != rank:
                return f"Input {what} but received shape {shapes.brackets(dims)} at position {number}"
    return next(filter(None, map(parts.refused, indices, values, sizes)), None)


@op("SparseConcat", host="shapes", traced=False, because="strings too", check=_refused_concat)
class SparseConcat:
    """Sparse tensors one after another along a dimension."""

    def shape(op: Any, indices: Any, values: Any, shapes: Any) -> Any:
        count: int | None = 0
        width: int | None = None
        rank: int | None = None
        for place, value, size in zip(indices, values, shapes):
            (rows, columns), (found,), (sizes,) = with_rank(place, 2), with_rank(value, 1), with_rank(size, 1)
            rows = merge_dim(rows, found)
            width, rank = merge_dim(width, columns), merge_dim(rank, sizes)
            merge_dim(width, rank)
            count = None if count is None or rows is None else count + rows
        return [(count, width), (count,), (rank,)]

    def kernel(op: Any, indices: Any, values: Any, shapes: Any) -> Any:
        shapes = [shape.tolist() for shape in shapes]
        rank = len(shapes[0])
        axis = op.concat_dim + rank if op.concat_dim < 0 else op.concat_dim
        if not 0 <= axis < rank:
            raise invalid(f"Concat dimension must be in range [{-rank}, {rank}), got {op.concat_dim}")
        sizes = list(shapes[0])
        for number, shape in enumerate(shapes[1:], 1):
            if len(shape) != rank:
                raise invalid(f"Ranks of all input tensors must match: expected {rank} but got {len(shape)} at "
                              f"position {number}")
            for other in range(rank):
                if other != axis and shape[other] != sizes[other]:
                    raise invalid(f"Input shapes must match: expected {sizes[other]} for dimension {other} but got "
                                  f"{shape[other]} at position {number}")
        moved, offset = [], 0
        for place, shape in zip(indices, shapes):
            moved.append(place + torch.tensor([offset if at == axis else 0 for at in range(rank)]))
            offset += shape[axis]
        sizes[axis] = offset
        found, kept = torch.cat(moved), joined(list(values))
        order = _order(found)
        return found[order], picked(kept, order), torch.tensor(sizes, dtype=torch.int64)


def _refused_split(op: Any, split_dim: Dims, indices: Dims, values: Dims, sizes: Dims) -> str | None:
    for what, rank, dims in (("indices should be a matrix", 2, indices), ("values should be a vector", 1, values),
                             ("shape should be a vector", 1, sizes)):
        if len(dims or ()) != rank:
            return f"Input {what} but received shape {shapes.brackets(dims)}"
    return parts.refused(indices, values, sizes)


@op("SparseSplit", host=("split_dim", "shape"), traced=False, because="as long as the values say",
    check=_refused_split)
class SparseSplit:
    """A sparse tensor in parts along a dimension; the first parts are larger by one where it does not come out even."""

    def shape(op: Any, split_dim: Dims, indices: Dims, values: Dims, shape: Dims) -> Any:
        return [[(None, count(shape))] * op.num_split, [(None,)] * op.num_split, [shape] * op.num_split]

    def kernel(op: Any, split_dim: Any, indices: Any, values: Any, shape: Any) -> Any:
        axis = split_dim[0] if isinstance(split_dim, list) else split_dim
        if axis < 0:
            raise invalid(f"num_dim must be in the interval [0, {len(shape)})")
        if axis >= len(shape):
            raise invalid(f"Input split_dim should be between 0 and rank ({len(shape)}), got {split_dim}")
        if not 1 <= op.num_split <= shape[axis]:
            raise invalid(f"Input num_split should be between 1 and the splitting dimension size ({shape[axis]}), got "
                          f"{op.num_split}")
        size, more = divmod(shape[axis], op.num_split)
        found: list[Any] = [[], [], []]
        start = 0
        for number in range(op.num_split):
            stop = start + size + (number < more)
            inside = torch.nonzero(((indices[:, axis] >= start) | (number == 0)) & (indices[:, axis] < stop))[:, 0]
            shift = torch.zeros(len(shape), dtype=torch.int64)
            shift[axis] = start
            sizes = list(shape)
            sizes[axis] = stop - start
            found[0].append(indices[inside] - shift)
            found[1].append(picked(values, inside))
            found[2].append(torch.tensor(sizes, dtype=torch.int64))
            start = stop
        return *found[0], *found[1], *found[2]
