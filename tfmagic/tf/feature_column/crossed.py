"""crossed_column: ids of the combinations of several features."""

from __future__ import annotations

from typing import Any, NamedTuple

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.ops.sparse.crossing import crossed
from tfmagic.tf.feature_column.base import CategoricalColumn, Features
from tfmagic.tf.feature_column.categorical import HashedCategoricalColumn
from tfmagic.tf.parsing.features import VarLenFeature


class _Crossed(NamedTuple):
    keys: Any
    hash_bucket_size: Any
    hash_key: Any


class CrossedColumn(_Crossed, CategoricalColumn):
    """A column of combinations; made by `crossed_column`."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The names of all features, in order."""
        return "_X_".join(sorted(leaf if isinstance(leaf, str) else leaf.name for leaf in self.leaves))

    @property
    def leaves(self) -> list[Any]:
        """The features and columns that are combined."""
        found: list[Any] = []
        for key in self.keys:
            found.extend(key.leaves if isinstance(key, CrossedColumn) else [key])
        return found

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        """Those of all features."""
        spec: dict[str, Any] = {}
        for key in self.keys:
            spec.update({key: VarLenFeature(dtypes.string)} if isinstance(key, str) else key.parse_example_spec)
        return spec

    @property
    def num_buckets(self) -> int:
        """How many ids there are."""
        return self.hash_bucket_size

    def transform(self, features: Features) -> SparseTensor:
        parts = []
        for leaf in self.leaves:
            if isinstance(leaf, str):
                parts.append(features.of(leaf))
                continue
            ids = leaf.sparse_tensors(features)
            if ids.weight_tensor is not None:
                raise ValueError("crossed_column does not support weight_tensor, but the given column populates "
                                 f"weight_tensor. Given column: {leaf.name}")
            parts.append(ids.id_tensor)
        return crossed(parts, True, self.hash_bucket_size, self.hash_key)


@export("feature_column.crossed_column")
def crossed_column(keys: Any, hash_bucket_size: int, hash_key: int | None = None) -> CrossedColumn:
    """A column whose ids are hashes of combinations of several features' values.

    Args:
      keys: names of features, and categorical columns (of another kind than hashes).
      hash_bucket_size: how many ids there are.
      hash_key: what the hashes begin with.

    Raises:
      ValueError: an argument does not go.
    """
    if not hash_bucket_size or hash_bucket_size < 1:
        raise ValueError(f"hash_bucket_size must be > 1. hash_bucket_size: {hash_bucket_size}")
    if not keys or len(keys) < 2:
        raise ValueError(f"keys must be a list with length > 1. Given: {keys}")
    for key in keys:
        if not isinstance(key, (str, CategoricalColumn)):
            raise ValueError("Unsupported key type. All keys must be either string, or categorical column except "
                             f"HashedCategoricalColumn. Given: {key}")
        if isinstance(key, HashedCategoricalColumn):
            raise ValueError("categorical_column_with_hash_bucket is not supported for crossing. Hashing before "
                             "crossing will increase probability of collision. Instead, use the feature name as a "
                             f"string. Given: {key}")
    return CrossedColumn(tuple(keys), hash_bucket_size, hash_key)
