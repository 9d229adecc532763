"""Public functions of sparse tensors: sums, order, other shapes, joined, split, reduced, merged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated, deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.sparse_tensor import SparseTensor, SparseTensorValue, as_sparse
from tfmagic.graph.static_value import constant_value, constant_value_as_shape
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.array.gather import gather, gather_nd
from tfmagic.ops.array.select import where_v2
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_max, reduction_dims

_KEEP = ("keep_dims is deprecated, use keepdims instead", "keep_dims")
_AXES = ("reduction_axes is deprecated, use axis instead", "reduction_axes")


# --- sums and extremes --------------------------------------------------------------------------------------------


@export("sparse.add")
@deprecated_args(None, "thresh is deprecated, use threshold instead", "thresh")
def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> Any:
    """The sum of two tensors, one of which at least is sparse.

    Args:
      a, b: `SparseTensor`s, or one of them a tensor of the same shape.
      threshold: of two sparse tensors, sums nearer to zero are left out (also called `thresh`).

    Returns:
      A `SparseTensor` if both are, else a tensor.

    Raises:
      TypeError: neither is sparse.
    """
    threshold = deprecated_argument_lookup("threshold", threshold, "thresh", thresh)
    if threshold is None:
        threshold = 0
    sparse: Any = (SparseTensor, SparseTensorValue)
    if not any(isinstance(each, sparse) for each in (a, b)):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if all(isinstance(each, sparse) for each in (a, b)):
        a, b = as_sparse(a), as_sparse(b)
        threshold = convert_to_tensor(threshold, dtype=a.values.dtype.real_dtype.base_dtype, name="threshold")
        indices, values, shape = raw.sparse_add(a.indices, a.values, a.dense_shape, b.indices, b.values,
                                                b.dense_shape, threshold)
        a.get_shape().assert_is_compatible_with(b.get_shape())
        static = api.broadcast_static_shape(a.get_shape(), b.get_shape())
        return SparseTensor(indices, values, static.as_list() if static.is_fully_defined() else shape)
    if isinstance(b, sparse):
        a, b = b, a
    a = as_sparse(a)
    return raw.sparse_tensor_dense_add(a.indices, a.values, a.dense_shape, b)


def _extreme(what: str, function: str, sp_a: SparseTensor, sp_b: SparseTensor, name: str | None) -> SparseTensor:
    with name_scope(name, what, [sp_a.indices, sp_a.values, sp_b.indices, sp_b.values]) as scope:
        indices, values = getattr(raw, function)(sp_a.indices, sp_a.values, sp_a.dense_shape, sp_b.indices,
                                                 sp_b.values, sp_b.dense_shape, name=scope)
    return SparseTensor(indices, values, sp_a.dense_shape)


@export("sparse.maximum")
def sparse_maximum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """The greater of two sparse tensors of one shape, element by element; both have zeros elsewhere."""
    return _extreme("SparseSparseMaximum", "sparse_sparse_maximum", sp_a, sp_b, name)


@export("sparse.minimum")
def sparse_minimum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """The lesser of two sparse tensors of one shape, element by element; both have zeros elsewhere."""
    return _extreme("SparseSparseMinimum", "sparse_sparse_minimum", sp_a, sp_b, name)


# --- over dimensions ----------------------------------------------------------------------------------------------


def _dimensions(sp_input: SparseTensor, axis: Any) -> Any:
    known = sp_input.dense_shape.get_shape()
    rank = known.as_list()[0] if axis is None and known.is_fully_defined() else None
    return reduction_dims(sp_input, axis) if rank is None else constant(list(range(rank)), dtypes.int32)


def _reduction(function: str, sparse: bool, words: str) -> None:
    def reduce(sp_input: Any, axis: Any = None, keepdims: Any = None, reduction_axes: Any = None,
               keep_dims: Any = None) -> Any:
        keepdims = deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims)
        if axis is not None and reduction_axes is not None:
            raise ValueError("Can't specify both axis' and 'reduction_indices'.")
        axis = reduction_axes if axis is None else axis
        found = getattr(raw, f"sparse_{function}")(sp_input.indices, sp_input.values, sp_input.dense_shape,
                                                   _dimensions(sp_input, axis),
                                                   False if keepdims is None else keepdims)
        return SparseTensor(*found) if sparse else found

    reduce.__name__ = reduce.__qualname__ = f"sparse_{function}"
    reduce.__doc__ = f"""{words} over dimensions of a sparse tensor.

    Args:
      sp_input: a `SparseTensor`.
      axis: the dimensions, all by default (also called `reduction_axes`).
      keepdims: whether they stay, with size 1 (also called `keep_dims`).
    """
    wrapped = deprecated_args(None, *_KEEP)(reduce if sparse else deprecated_args(None, *_AXES)(reduce))
    globals()[reduce.__name__] = export(f"sparse.{function}")(wrapped)


_reduction("reduce_sum", False, "Sums, dense,")
_reduction("reduce_sum_sparse", True, "Sums, sparse,")
_reduction("reduce_max", False, "Maxima, dense,")
_reduction("reduce_max_sparse", True, "Maxima, sparse,")


@export("sparse.softmax")
def sparse_softmax(sp_input: Any, name: str | None = None) -> SparseTensor:
    """The softmax of the elements in each row of a sparse tensor."""
    with name_scope(name, "SparseSoftmax", [sp_input.indices, sp_input.values]):
        values = raw.sparse_softmax(sp_input.indices, sp_input.values, sp_input.dense_shape)
        return SparseTensor(sp_input.indices, values, sp_input.dense_shape)


# --- order, shape, parts ------------------------------------------------------------------------------------------


@export("sparse.reorder")
def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """The same sparse tensor with its elements in row-major order."""
    sp_input = as_sparse(sp_input)
    static = sp_input.get_shape()
    return _reordered(sp_input, static.as_list() if static.is_fully_defined() else None, name)


def _reordered(sp_input: SparseTensor, sizes: list[int] | None, name: str | None = None) -> SparseTensor:
    """The elements in row-major order; `sizes` of the whole where TensorFlow knows them."""
    indices, values = raw.sparse_reorder(sp_input.indices, sp_input.values, sp_input.dense_shape, name=name)
    return SparseTensor(indices, values, sizes or constants.identity(sp_input.dense_shape))


@export("sparse.transpose")
def sparse_transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor with its dimensions in another order, the reverse one by default."""
    with name_scope(name, "SparseTranspose", [sp_input]):
        if perm is None:
            rank = shape_ops.rank(sp_input)
            perm = (rank - 1) - api.range(0, rank, 1)
        indices = api.transpose(gather(api.transpose(sp_input.indices), perm))
        known = constant_value(convert_to_tensor(perm))
        if known is not None and sp_input.get_shape().is_fully_defined():
            old = sp_input.get_shape().as_list()
            sizes = [old[axis] for axis in known]
            return _reordered(SparseTensor(indices, sp_input.values, sizes), sizes)
        dense_shape = gather(sp_input.dense_shape, perm)
        return _reordered(SparseTensor(indices, sp_input.values, dense_shape), None)


class _KeywordRequired:
    """Stands where an argument has to be given by its name."""

    def __repr__(self) -> str:
        return "KeywordRequired()"


_BY_NAME = _KeywordRequired()


@export("sparse.split")
@deprecated_args(None, "split_dim is deprecated, use axis instead", "split_dim")
def sparse_split(keyword_required: Any = _BY_NAME, sp_input: Any = None, num_split: Any = None, axis: Any = None,
                 name: str | None = None, split_dim: Any = None) -> list[SparseTensor]:
    """A sparse tensor in parts along a dimension.

    Args:
      sp_input: a `SparseTensor`.
      num_split: how many parts.
      axis: the dimension (`split_dim`, as it was called, is refused as TensorFlow 1.15 does).

    Raises:
      ValueError: an argument is missing, or not given by its name.
    """
    if keyword_required is not _BY_NAME:
        raise ValueError("Keyword arguments are required for this function.")
    if sp_input is None:
        raise ValueError("sp_input is required")
    if num_split is None:
        raise ValueError("num_split is required")
    if axis is None:
        raise ValueError("axis is required")
    axis = deprecated_argument_lookup("axis", axis, "split_dim", split_dim)
    sp_input = as_sparse(sp_input)
    found = raw.sparse_split(axis, sp_input.indices, sp_input.values, sp_input.dense_shape, num_split, name=name)
    return [SparseTensor(*part) for part in zip(*found)]


@export("sparse.concat")
@deprecated_args(None, "concat_dim is deprecated, use axis instead", "concat_dim")
def sparse_concat(axis: Any, sp_inputs: Any, name: str | None = None, expand_nonconcat_dim: bool = False,
                  concat_dim: Any = None, expand_nonconcat_dims: Any = None) -> SparseTensor:
    """Sparse tensors one after another along a dimension.

    Args:
      axis: the dimension (also called `concat_dim`).
      sp_inputs: `SparseTensor`s, equal in the other dimensions.
      expand_nonconcat_dim: whether these may differ, and the largest sizes count.

    Raises:
      TypeError: one is no sparse tensor.
    """
    expand = deprecated_argument_lookup("expand_nonconcat_dims", expand_nonconcat_dims, "expand_nonconcat_dim",
                                        expand_nonconcat_dim) if expand_nonconcat_dims is not None \
        else expand_nonconcat_dim
    axis = deprecated_argument_lookup("axis", axis, "concat_dim", concat_dim)
    if not isinstance(sp_inputs, (list, tuple)):
        raise TypeError("Inputs must be a list or tuple.")
    sp_inputs = [as_sparse(each) for each in sp_inputs]
    if len(sp_inputs) == 1:
        return sp_inputs[0]
    shapes = [each.dense_shape for each in sp_inputs]
    if expand:
        most = reduce_max(api.concat([shape_ops.reshape(shape, [1, -1]) for shape in shapes], 0), 0)
        shapes = [api.concat([most[:axis], shape[-1:] if axis == -1 else shape[axis:axis + 1],
                              [] if axis == -1 else most[axis + 1:]], 0) for shape in shapes]
    indices, values, dense_shape = raw.sparse_concat([each.indices for each in sp_inputs],
                                                     [each.values for each in sp_inputs], shapes, axis, name=name)
    static = [constant_value_as_shape(shape) for shape in shapes]
    if all(shape.is_fully_defined() for shape in static):
        sizes = static[0].as_list()
        sizes[axis] = sum(shape.as_list()[axis] for shape in static)
        dense_shape = constant(sizes, dtypes.int64)
    return SparseTensor(indices, values, dense_shape)


# --- from dense tensors and back ----------------------------------------------------------------------------------


@export("sparse.from_dense")
def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """The elements of a dense tensor that are not zero."""
    with name_scope(name, "dense_to_sparse"):
        tensor = convert_to_tensor(tensor)
        indices = where_v2(raw.not_equal(tensor, constants.constant(0, tensor.dtype)))
        return SparseTensor(indices, gather_nd(tensor, indices), shape_ops.shape(tensor, out_type=dtypes.int64))


@export("sparse.eye")
def sparse_eye(num_rows: Any, num_columns: Any = None, dtype: Any = dtypes.float32,
               name: str | None = None) -> SparseTensor:
    """A sparse matrix with ones on its diagonal.

    Args:
      num_rows, num_columns: its sizes; square by default.
      dtype: the type of the ones.
    """
    with name_scope(name, "eye", [num_rows, num_columns]):
        num_rows = _int64(num_rows, "num_rows")
        num_columns = num_rows if num_columns is None else _int64(num_columns, "num_columns")
        size = raw.minimum(num_rows, num_columns)
        places = api.range(size, dtype=dtypes.int64)
        return SparseTensor(api.stack([places, places], axis=1), constants.ones(size, dtype), [num_rows, num_columns])


def _int64(value: Any, name: str) -> Tensor:
    if isinstance(value, Tensor):
        return cast(value, dtypes.int64)
    return convert_to_tensor(value, dtypes.int64, name=name)


@export("sparse.mask")
def sparse_mask(a: Any, mask_indices: Any, name: str | None = None) -> IndexedSlices:
    """`IndexedSlices` without the rows of some numbers.

    Args:
      a: the `IndexedSlices`.
      mask_indices: the numbers of the rows that are left out.
    """
    with name_scope(name, "sparse_mask", [a, mask_indices]) as scope:
        indices, places = api.setdiff1d(a.indices, mask_indices)
        return IndexedSlices(gather(a.values, places, name=scope), indices, a.dense_shape)


# --- ids and values -----------------------------------------------------------------------------------------------


@export("sparse.merge")
@deprecated(None, "No similar op available at this time.")
def sparse_merge(sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None = None,
                 already_sorted: bool = False) -> SparseTensor:
    """Sparse values at the places that sparse ids name in a last dimension.

    Args:
      sp_ids: a `SparseTensor` of ids, or a list of them for several last dimensions.
      sp_values: a `SparseTensor` of the values.
      vocab_size: the size of the last dimension, or a list of sizes.
      already_sorted: whether the result is in order without reordering.

    Raises:
      TypeError: an argument is of another kind.
      ValueError: the lists have different lengths.
    """
    return merged(sp_ids, sp_values, vocab_size, name, already_sorted)


def merged(sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None = None,
           already_sorted: bool = False) -> SparseTensor:
    """`tf.sparse.merge`."""
    sparse: Any = (SparseTensor, SparseTensorValue)
    if isinstance(sp_ids, sparse):
        sp_ids = [sp_ids]
        if not isinstance(vocab_size, (Tensor, int)):
            raise TypeError(f"vocab_size has to be a Tensor or Python int. Found {type(vocab_size)}")
        vocab_size = [vocab_size]
    else:
        if not isinstance(sp_ids, Iterable):
            raise TypeError(f"sp_ids has to be a SparseTensor or list thereof. Found {type(sp_ids)}")
        if not isinstance(vocab_size, Iterable):
            raise TypeError(f"vocab_size has to be a list of Tensors or Python ints. Found {type(vocab_size)}")
    if len(sp_ids) != len(vocab_size):
        raise ValueError("sp_ids and vocab_size have to have equal lengths.")
    with name_scope(name, "SparseMerge", [sp_ids, sp_values]):
        sp_ids = [as_sparse(each) for each in sp_ids]
        sp_values = as_sparse(sp_values)
        ids = [shape_ops.expand_dims(cast(each.values, dtypes.int64), axis=1) for each in sp_ids]
        sizes = [cast(size, dtypes.int64) for size in vocab_size]
        indices = api.concat([sp_ids[0].indices[:, :-1], *ids], axis=1)
        dense_shape = api.concat([sp_ids[0].dense_shape[:-1], sizes], axis=0)
        result = SparseTensor(indices, sp_values.values, dense_shape)
        if already_sorted:
            return result
        ordered = sparse_reorder(result)
        return SparseTensor(ordered.indices, ordered.values, dense_shape)


@export("sparse.to_indicator")
def sparse_to_indicator(sp_input: Any, vocab_size: int, name: str | None = None) -> Tensor:
    """A dense bool tensor that says which ids each row has.

    Args:
      sp_input: a `SparseTensor` of ids.
      vocab_size: the size of the last dimension.
    """
    sp_input = as_sparse(sp_input)
    with name_scope(name, "SparseToIndicator", [sp_input]) as scope:
        count = shape_ops.shape(sp_input.indices)[0]
        ones = constants.fill(shape_ops.expand_dims(count, 0), True)
        marks = SparseTensor(sp_input.indices, ones, sp_input.dense_shape)
        result = merged(sp_input, marks, vocab_size, scope)
        return api.sparse.to_dense(result, default_value=False, validate_indices=False, name=scope)


@export("sparse.expand_dims")
def sparse_expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor with a dimension of size 1 more.

    Args:
      axis: where it stands in the result's shape; None: last.
    """
    rank = sp_input.dense_shape.get_shape()[0]
    axis = -1 if axis is None else axis
    with name_scope(name, default_name="expand_dims", values=[sp_input]):
        axis = convert_to_tensor(axis, name="axis", dtype=dtypes.int32)
        axis = where_v2(axis >= 0, axis, axis + rank + 1)
        column = constants.zeros([shape_ops.shape(sp_input.indices)[0], 1], dtype=dtypes.int64)
        indices = api.concat([api.slice(sp_input.indices, [0, 0], [-1, axis]), column,
                              api.slice(sp_input.indices, [0, axis], [-1, -1])], axis=1)
        before, after = api.slice(sp_input.dense_shape, [0], [axis]), api.slice(sp_input.dense_shape, [axis], [-1])
        one = constant([1], dtype=dtypes.int64, name="new_shape")
        return SparseTensor(indices, sp_input.values, api.concat([before, one, after], axis=0))


# --- packed -------------------------------------------------------------------------------------------------------


@export("io.serialize_sparse", "serialize_sparse")
def serialize_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Tensor:
    """A sparse tensor as a vector of three packed tensors: its indices, values and shape.

    Args:
      out_type: `tf.string`, or `tf.variant` for what stays within one process.

    Raises:
      TypeError: `sp_input` is no `SparseTensor`.
    """
    sparse = as_sparse(sp_input)
    return raw.serialize_sparse(sparse.indices, sparse.values, sparse.dense_shape, name=name, out_type=out_type)


@export("io.serialize_many_sparse", "serialize_many_sparse")
def serialize_many_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Tensor:
    """A matrix of strings with a row of three, as `tf.io.serialize_sparse` makes them, for each row of the input."""
    sparse = as_sparse(sp_input)
    return raw.serialize_many_sparse(sparse.indices, sparse.values, sparse.dense_shape, name=name, out_type=out_type)


@export("io.deserialize_many_sparse", "deserialize_many_sparse")
def deserialize_many_sparse(serialized_sparse: Any, dtype: Any, rank: Any = None,
                            name: str | None = None) -> SparseTensor:
    """The sparse tensor whose rows are those that `tf.io.serialize_many_sparse` packed, or several `serialize_sparse`.

    Args:
      serialized_sparse: strings of shape (rows, 3).
      dtype: of its values.
      rank: of each row, if it is known: the result has one more.
    """
    indices, values, shape = raw.deserialize_many_sparse(serialized_sparse, dtype, name=name)
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)
