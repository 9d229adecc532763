"""Combinations of features: SparseCross and SparseFeatureCross, and the functions on them."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.machine.hashes import crossed as crossed_hashes
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops import raw
from tfmagic.ops.array.rules import as_array, as_value, objects
from tfmagic.ops.declare import register
from tfmagic.ops.math.cast import cast
from tfmagic.ops.strings.hashing import fingerprints

_MASK = (1 << 64) - 1
_FACTOR = 0xC6A4A7935BD1E995
_HASH_KEY = 0xDECAFCAFFE
_LARGEST = (1 << 63) - 1
# So many indices a plan may keep.
_SETTLED = 1 << 14


def _joined(first: Any, second: Any) -> Any:
    """The fingerprint of two fingerprints: of Python numbers, or of arrays of uint64."""
    if isinstance(first, np.ndarray):  # which wraps around by itself
        factor, last = np.uint64(_FACTOR), np.uint64(47)
        mixed = second * factor
        result = (first ^ factor ^ (mixed ^ mixed >> last) * factor) * factor
        result = (result ^ result >> last) * factor
        return result ^ result >> last
    mixed = second * _FACTOR & _MASK
    number = (first ^ _FACTOR ^ (mixed ^ mixed >> 47) * _FACTOR & _MASK) * _FACTOR & _MASK
    number = (number ^ number >> 47) * _FACTOR & _MASK
    return number ^ number >> 47


def _mixed(first: Any, second: Any) -> Any:
    """The former way of joining two hashes; the first is shifted as a signed number."""
    if isinstance(first, np.ndarray):
        signed = (first.view(np.int64) >> 4).view(np.uint64)
        return first ^ (second + np.uint64(0x9E3779B97F4A7800) + (first << np.uint64(10)) + signed)
    signed = first - (first >> 63 << 64)
    return first ^ (second + 0x9E3779B97F4A7800 + (first << 10) + (signed >> 4) & _MASK)


def _rows(indices: Any, values: Any, size: int) -> list[list[Any]]:
    rows: list[list[Any]] = [[] for _ in range(size)]
    for row, value in zip(as_array(indices)[:, 0].tolist(), as_array(values).tolist()):
        rows[row].append(value)
    return rows


def _refused(indices: Any, values: Any, dense_shapes: Any, dense: Any) -> str | None:
    for what, given, rank in (("indices", indices, 2), ("values", values, 1), ("shapes", dense_shapes, 1)):
        for index, dims in enumerate(given):
            if dims is None or len(dims) != rank:
                kind = ("vector", "matrix")[rank - 1]
                return f"Input {what} should be a {kind} but received shape {shapes.brackets(dims)} at position {index}"
    for index, (place, value, shape) in enumerate(zip(indices, values, dense_shapes)):
        if place[1] != 2:
            return f"Expected D2 of index to be 2 got {place[1]} at position {index}"
        if value[0] != place[0]:
            return f"Expected size of values to be {place[0]} got {value[0]} at position {index}"
        if shape[0] != 2:
            return f"shape should imply a 2D tensor, but got {shapes.brackets(shape)} at position {index}"
    for index, dims in enumerate(dense):
        if dims is None or len(dims) != 2:
            return f"Dense inputs should be a matrix but received shape {shapes.brackets(dims)} at position {index}"
    return None


def _cross(join: Callable[[int, int], int]) -> Callable[..., Any]:
    """The kernel: features of examples -> a sparse matrix of their combinations, or of the combinations' hashes."""

    def kernel(op: Any, indices: Any, values: Any, shapes: Any, dense_inputs: Any) -> Any:
        sizes = [int(shape[0]) for shape in shapes] + [len(dense) for dense in dense_inputs]
        if any(size != sizes[0] for size in sizes):
            raise invalid(_other_size(sizes, len(shapes)))
        size = sizes[0] if sizes else 0
        single = _single(indices, values, dense_inputs, size) if op.hashed_output else None
        if single is not None:
            return _one_each(op, single, size, join)
        columns = [_rows(*sparse, size) for sparse in zip(indices, values)]
        columns += [as_array(dense).tolist() for dense in dense_inputs]
        crossed = [list(itertools.product(*row)) for row in zip(*columns)]
        places = [(row, number) for row, found in enumerate(crossed) for number in range(len(found))]
        flat = [features for found in crossed for features in found]
        made: Any = (_hashes(op, flat, join) if op.hashed_output else
                     objects([_text(each) for each in flat], (len(flat),)))
        return (torch.from_numpy(np.array(places, np.int64).reshape(len(places), 2)), made,
                torch.tensor([size, max(map(len, crossed), default=0)]))

    return kernel


def _single(indices: Any, values: Any, dense_inputs: Any, size: int) -> list[np.ndarray] | None:
    """The features by their kinds, where each example has one feature of each kind."""
    if not all(dense.shape[1] == 1 for dense in dense_inputs) or not all(
            len(place) == size and bool((as_array(place)[:, 0] == _numbers(size)).all()) for place in indices):
        return None
    return [*map(as_array, values), *(as_array(dense)[:, 0] for dense in dense_inputs)]


def _settles(op: Any, indices: Any, values: Any, shapes: Any, dense_inputs: Any) -> tuple[Any, Any, Any]:
    """Indices and shape, where each example is known to have one feature of each kind."""
    sizes = [None if shape is None or shape.is_meta else int(shape[0]) for shape in shapes]
    sizes += [None if dense is None else len(dense) for dense in dense_inputs]
    size = sizes[0] if sizes else None
    if size is None or size > _SETTLED or sizes != [size] * len(sizes) \
            or any(place is None or place.is_meta for place in indices) \
            or _single(indices, [], [np.empty(tuple(dense.shape)) for dense in dense_inputs], size) is None:
        return None, None, None
    places, shape = _first_of_each(size)
    return places, None, shape


@functools.lru_cache(16)
def _numbers(size: int) -> np.ndarray:
    return np.arange(size)


@functools.lru_cache(16)
def _first_of_each(size: int) -> tuple[Any, Any]:
    """The indices of one element in each row, and the shape of that."""
    places = np.zeros((size, 2), np.int64)
    places[:, 0] = np.arange(size)
    return torch.from_numpy(places), torch.tensor([size, int(size > 0)])


def _one_each(op: Any, columns: Sequence[np.ndarray], size: int, join: Callable[..., Any]) -> tuple[Any, Any, Any]:
    """What the kernel gives where each example has one feature of each kind."""
    start, buckets = _start(op, join), op.num_buckets or _LARGEST
    features = [fingerprints(column) if column.dtype == object else column.astype(np.int64, copy=False).view(np.uint64)
                for column in columns]
    made = crossed_hashes(features, start, buckets) if join is _joined else None
    if made is None:
        made = (functools.reduce(join, features, np.full(size, start, np.uint64)) % np.uint64(buckets)).view(np.int64)
    places, shape = _first_of_each(size)
    return places, torch.from_numpy(made), shape


def _start(op: Any, join: Callable[..., Any]) -> int:
    """What the hashes of combinations begin with."""
    return (_HASH_KEY if join is _mixed else op.hash_key) & _MASK


def _other_size(sizes: Sequence[int], sparse: int) -> str:
    index = next(index for index, size in enumerate(sizes) if size != sizes[0])
    if index >= sparse:
        return f"Expected batch size {sizes[0]} got {sizes[index]} at dense tensor {index - sparse}"
    return f"Expected batch size {sizes[0]} got {sizes[index]} at position {index}"


def _text(features: Sequence[Any]) -> bytes:
    return b"_X_".join(each if isinstance(each, bytes) else str(each).encode() for each in features)


def _hashes(op: Any, crossed: Sequence[Sequence[Any]], join: Callable[[int, int], int]) -> Any:
    texts = list({feature for features in crossed for feature in features if isinstance(feature, bytes)})
    known = dict(zip(texts, fingerprints(objects(texts, (len(texts),))).tolist()))

    def of(feature: Any) -> int:
        return known[feature] if isinstance(feature, bytes) else feature & _MASK

    hashes = np.empty(len(crossed), np.int64)
    start = _start(op, join)
    for index, features in enumerate(crossed):
        made = start
        for feature in features:
            made = join(made, of(feature))
        hashes[index] = made % (op.num_buckets or _LARGEST)
    return as_value(hashes)


for _type, _join in (("SparseCross", _joined), ("SparseFeatureCross", _mixed), ("SparseFeatureCrossV2", _joined)):
    register(_type, lambda op, *dims: ((None, 2), (None,), (2,)), _cross(_join),
             check=lambda op, *dims: _refused(*dims), settles=_settles, traced=False,
             because="as long as the values say")


def crossed(inputs: Any, hashed: bool, num_buckets: int = 0, hash_key: int | None = None,
            name: str | None = None) -> SparseTensor:
    """The combinations of features.

    Raises:
      TypeError: the inputs are no list of tensors.
    """
    return _made(inputs, hashed, num_buckets, name, raw.sparse_cross, hash_key=hash_key or _HASH_KEY)


@export("contrib.slim.sparse_feature_cross")
def feature_cross(inputs: Any, hashed_output: bool = False, num_buckets: int = 0, name: str | None = None,
                  hash_key: int | None = None) -> SparseTensor:
    """The combinations of features, as former columns make them.

    Args:
      inputs: a list of tensors and sparse tensors of strings or integers, of shape [examples, any].
      hashed_output: whether their hashes are wanted.
      num_buckets: how many hashes there are; 0: as many as int64 has.
      name: the name of the node.
      hash_key: what the hashes begin with; None: the former way of hashing.

    Returns:
      A sparse tensor of shape [examples, combinations].

    Raises:
      TypeError: the inputs are no list of tensors.
    """
    if hash_key is None:
        return _made(inputs, hashed_output, num_buckets, name, raw.sparse_feature_cross)
    return _made(inputs, hashed_output, num_buckets, name, raw.sparse_feature_cross_v2, hash_key=hash_key)


def _made(inputs: Any, hashed: bool, num_buckets: int, name: str | None, node: Callable[..., Any],
          **attrs: Any) -> SparseTensor:
    """The combinations of features, by one of the ops.

    Raises:
      TypeError: the inputs are no list of tensors.
    """
    if not isinstance(inputs, list):
        raise TypeError("Inputs must be a list")
    if not all(isinstance(each, (SparseTensor, Tensor)) for each in inputs):
        raise TypeError("All inputs must be SparseTensors")
    sparse = [each for each in inputs if isinstance(each, SparseTensor)]
    dense = [each for each in inputs if not isinstance(each, SparseTensor)]
    internal = dtypes.string

    def wide(tensor: Tensor) -> Tensor:
        nonlocal internal
        if tensor.dtype == dtypes.string:
            return tensor
        internal = dtypes.int64
        return cast(tensor, dtypes.int64)

    indices, values = [each.indices for each in sparse], [each.values for each in sparse]
    dense_shapes = [each.dense_shape for each in sparse]
    values, dense = [wide(each) for each in values], [wide(each) for each in dense]
    made = node(indices, values, dense_shapes, dense, hashed_output=hashed, num_buckets=num_buckets,
                out_type=dtypes.int64 if hashed else dtypes.string, internal_type=internal, name=name, **attrs)
    return SparseTensor(*made)


@export("sparse.cross")
def sparse_cross(inputs: Any, name: str | None = None) -> SparseTensor:
    """The combinations of the features of each example, joined by `_X_`.

    Args:
      inputs: a list of tensors and sparse tensors of strings or integers, of shape [examples, any].
      name: the name of the node.

    Returns:
      A sparse string tensor of shape [examples, combinations].

    Raises:
      TypeError: the inputs are no list of tensors.
    """
    return crossed(inputs, False, name=name)


@export("sparse.cross_hashed")
def sparse_cross_hashed(inputs: Any, num_buckets: int = 0, hash_key: int | None = None,
                        name: str | None = None) -> SparseTensor:
    """The hashes of the combinations of the features of each example.

    Args:
      inputs: a list of tensors and sparse tensors of strings or integers, of shape [examples, any].
      num_buckets: how many hashes there are; 0: as many as int64 has.
      hash_key: what the hashes begin with.
      name: the name of the node.

    Returns:
      A sparse int64 tensor of shape [examples, combinations].

    Raises:
      TypeError: the inputs are no list of tensors.
    """
    return crossed(inputs, True, num_buckets, hash_key, name)


SPARSE_FEATURE_CROSS_DEFAULT_HASH_KEY = export(
    "contrib.layers.SPARSE_FEATURE_CROSS_DEFAULT_HASH_KEY", "contrib.slim.SPARSE_FEATURE_CROSS_DEFAULT_HASH_KEY",
    "contrib.slim.sparse_feature_cross_op.SPARSE_FEATURE_CROSS_DEFAULT_HASH_KEY",
    "contrib.layers.feature_column.sparse_feature_cross_op.SPARSE_FEATURE_CROSS_DEFAULT_HASH_KEY")(_HASH_KEY)
