"""Functions of `tensorflow.python.ops.ragged` that were never public, with the arguments that they have there."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.tf.ragged import arrays, choosing, flat, gathering, indexing, reducing
from tfmagic.tf.ragged.tensor import RaggedTensor


def auto_cast_partition_dtype() -> bool:
    """Whether ragged tensors whose row splits have two types are taken together: they are not."""
    return False


def match_row_splits_dtypes(*tensors: Any, **kwargs: Any) -> Any:
    """Tensors whose ragged ones have row splits of one type.

    Args:
      return_dtype: whether to give that type too, in front.

    Raises:
      ValueError: they have two.
    """
    return_dtype = kwargs.pop("return_dtype", False)
    if kwargs:
        raise ValueError(f"Unexpected keyword args {','.join(sorted(kwargs))}")
    flat.of_one_splits_type(*tensors)
    if not return_dtype:
        return tensors
    kinds = [tensor.row_splits.dtype for tensor in tensors if isinstance(tensor, RaggedTensor)]
    return kinds[0] if kinds else dtypes.int64, tensors


def size(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """How many innermost values there are."""
    return arrays.size(input, name, out_type)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    """A ragged tensor without some of its dimensions, which must be of size 1."""
    return arrays.squeeze(input, axis, name)


def gather(params: Any, indices: Any, validate_indices: Any = None, axis: Any = 0, batch_dims: Any = 0,
           name: str | None = None) -> Any:
    """Slices of `params` at `indices`, one or both of which are ragged."""
    return gathering.gather(params, indices, validate_indices, name, axis, batch_dims)


def gather_nd(params: Any, indices: Any, batch_dims: Any = 0, name: str | None = None) -> Any:
    """Slices of `params` at the coordinates in the rows of `indices`, one or both of which are ragged."""
    return gathering.gather_nd(params, indices, name, batch_dims)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """The coordinates at which a condition holds, or values of `x` and `y` by it."""
    return choosing.where(condition, x, y, name)


def from_tensor(tensor: Any, lengths: Any = None, padding: Any = None, ragged_rank: int = 1,
                row_splits_dtype: Any = dtypes.int64, name: str | None = None) -> Any:
    """`RaggedTensor.from_tensor`, or the ragged tensor itself."""
    if isinstance(tensor, RaggedTensor):
        return tensor
    return RaggedTensor.from_tensor(tensor, lengths, padding, ragged_rank, name, row_splits_dtype)


def to_tensor(rt_input: Any, default_value: Any = None, name: str | None = None) -> Any:
    """`RaggedTensor.to_tensor`, or the tensor itself."""
    return rt_input.to_tensor(default_value, name) if isinstance(rt_input, RaggedTensor) else rt_input


def to_sparse(rt_input: Any, name: str | None = None) -> SparseTensor:
    """`RaggedTensor.to_sparse`."""
    return rt_input.to_sparse(name)


def from_sparse(st_input: Any, name: str | None = None) -> Any:
    """`RaggedTensor.from_sparse`."""
    return RaggedTensor.from_sparse(st_input, name)


def reduce_sum(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
    """The sum over dimensions."""
    return reducing.reduce_sum(input_tensor, axis, keepdims, name)


def reduce_prod(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
    """The product over dimensions."""
    return reducing.reduce_prod(input_tensor, axis, keepdims, name)


def reduce_min(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
    """The least over dimensions."""
    return reducing.reduce_min_of(input_tensor, axis, keepdims, name)


def reduce_max(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
    """The greatest over dimensions."""
    return reducing.reduce_max_of(input_tensor, axis, keepdims, name)


def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
    """The mean over dimensions."""
    return reducing.reduce_mean(input_tensor, axis, keepdims, name)


def reduce_all(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
    """Whether all hold, over dimensions."""
    return reducing.reduce_all(input_tensor, axis, keepdims, name)


def reduce_any(input_tensor: Any, axis: Any = None, keepdims: Any = None, name: str | None = None) -> Any:
    """Whether any holds, over dimensions."""
    return reducing.reduce_any(input_tensor, axis, keepdims, name)


def reduce_join(inputs: Any, axis: Any = None, keepdims: Any = None, separator: str = "",
                name: str | None = None) -> Any:
    """Strings joined over dimensions."""
    return reducing.reduce_join(inputs, axis, keepdims=keepdims, separator=separator, name=name)


def assert_splits_match(nested_splits_lists: Any) -> list[Any]:
    """Checks that nested row splits are the same; see `flat.same_splits`."""
    return flat.same_splits(nested_splits_lists)


def lengths_to_splits(lengths: Any) -> Any:
    """Where rows begin and end, by their lengths."""
    return arrays.ends_of(lengths)


def repeat_ranges(params: Any, splits: Any, repeats: Any) -> Any:
    """Each row of `params` repeated as a whole, as often as `repeats` says."""
    return arrays.repeat_ranges(params, splits, repeats)


def ragged_tensor_getitem(self: Any, key: Any) -> Any:
    """`ragged[key]`."""
    return indexing.item(self, key)
