"""tf.data.Dataset as TensorFlow 1 has it: every transformation gives a `DatasetV1Adapter`, which makes iterators."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import raw
from tfmagic.tf.data import iterator, structure
from tfmagic.tf.data.dataset import DatasetV2, Node, _VariantDataset
from tfmagic.tf.data.options import Options

_MODULE = "tensorflow.python.data.ops.dataset_ops"  # where TensorFlow defines what warns


@export("data.Dataset")
class DatasetV1(DatasetV2):
    """A sequence of elements, which are tensors or structures of them; an iterator takes them one after another."""

    def __init__(self) -> None:
        abstract = [name for name in ("_as_variant_tensor", "_inputs") if not callable(getattr(type(self), name, None))
                    or getattr(type(self), name) is getattr(DatasetV2, name, None)]
        if abstract:
            raise TypeError(f"Can't instantiate abstract class {type(self).__name__} with abstract methods "
                            f"{', '.join(abstract)}\nMake a dataset with tf.data.Dataset.from_tensor_slices, "
                            "from_generator, range, …")
        super().__init__(self._as_variant_tensor())  # type: ignore[attr-defined]  # of a user's class

    @deprecated(None, "Use `for ... in dataset:` to iterate over a dataset. If using `tf.estimator`, return the "
                      "`Dataset` object directly from your input function. As a last resort, you can use "
                      "`tf.compat.v1.data.make_one_shot_iterator(dataset)`.", module=_MODULE)
    def make_one_shot_iterator(self) -> Any:
        """An iterator that needs no initialiser, over elements that depend on nothing outside.

        Raises:
          ValueError: a function captures something with a state: use `make_initializable_iterator`.
        """
        return self._make_one_shot_iterator()

    def _make_one_shot_iterator(self) -> Any:
        return iterator.one_shot(self)

    @deprecated(None, "Use `for ... in dataset:` to iterate over a dataset. If using `tf.estimator`, return the "
                      "`Dataset` object directly from your input function. As a last resort, you can use "
                      "`tf.compat.v1.data.make_initializable_iterator(dataset)`.", module=_MODULE)
    def make_initializable_iterator(self, shared_name: str | None = None) -> Any:
        """An iterator that begins, each time anew, when its `initializer` is run.

        Args:
          shared_name: a name under which sessions share it.
        """
        return self._make_initializable_iterator(shared_name)

    def _make_initializable_iterator(self, shared_name: str | None = None) -> Any:
        return iterator.initializable(self, shared_name)

    @property
    @deprecated(None, "Use `tf.compat.v1.data.get_output_classes(dataset)`.", module=_MODULE)
    def output_classes(self) -> Any:
        """The structure of the classes of an element."""
        return structure.legacy(self.element_spec, 2)

    @property
    @deprecated(None, "Use `tf.compat.v1.data.get_output_shapes(dataset)`.", module=_MODULE)
    def output_shapes(self) -> Any:
        """The structure of the shapes of an element."""
        return structure.legacy(self.element_spec, 1)

    @property
    @deprecated(None, "Use `tf.compat.v1.data.get_output_types(dataset)`.", module=_MODULE)
    def output_types(self) -> Any:
        """The structure of the types of an element."""
        return structure.legacy(self.element_spec, 0)

    @staticmethod
    @deprecated(None, "Use `tf.data.Dataset.from_tensor_slices()`.", module=_MODULE)
    def from_sparse_tensor_slices(sparse_tensor: Any) -> Any:
        """The rows of a sparse tensor as elements.

        Raises:
          TypeError: it is none.
        """
        if not isinstance(sparse_tensor, SparseTensor):
            raise TypeError(f"`sparse_tensor` must be a `tf.SparseTensor` object. Was {sparse_tensor}.")
        rows = raw.sparse_tensor_slice_dataset(sparse_tensor.indices, sparse_tensor.values, sparse_tensor.dense_shape)
        rank = sparse_tensor.indices.shape.with_rank(2)[1].value
        rank = None if rank is None else rank - 1
        spec = (TensorSpec([None, rank], dtypes.int64), TensorSpec([None], sparse_tensor.dtype),
                TensorSpec([rank], dtypes.int64))
        return DatasetV1Adapter(Node(rows, spec))

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None) -> Any:
        """A function of each element.

        Args:
          map_func: takes an element (a tuple as several arguments), returns a structure of tensors.
          num_parallel_calls: how many elements are computed at the same time.
        """
        return DatasetV1Adapter(self._mapped(map_func, num_parallel_calls, preserve_cardinality=False))

    @deprecated(None, "Use `tf.data.Dataset.map()", module=_MODULE)
    def map_with_legacy_function(self, map_func: Callable[..., Any], num_parallel_calls: Any = None) -> Any:
        """A function of each element; see `map`."""
        return self.map(map_func, num_parallel_calls)

    @deprecated(None, "Use `tf.data.Dataset.filter()", module=_MODULE)
    def filter_with_legacy_function(self, predicate: Callable[..., Any]) -> Any:
        """The elements of which a function holds; see `filter`."""
        return self.filter(predicate)


class DatasetV1Adapter(DatasetV1):
    """A data set of TensorFlow 2 with what TensorFlow 1 can do with it."""

    def __init__(self, dataset: DatasetV2):
        self._dataset = dataset
        DatasetV2.__init__(self, dataset._variant_tensor)

    def _inputs(self) -> list[DatasetV2]:
        return self._dataset._inputs()

    def _functions(self) -> list[Any]:
        return self._dataset._functions()

    def options(self) -> Options:
        return self._dataset.options()

    @property
    def element_spec(self) -> Any:
        """The structure of an element: its type specs."""
        return self._dataset.element_spec


def adapted(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that makes a data set, with an adapter around what it makes."""

    @functools.wraps(method)
    def make(*args: Any, **kwargs: Any) -> Any:
        return DatasetV1Adapter(method(*args, **kwargs))

    return make


for _name in ("concatenate", "prefetch", "repeat", "enumerate", "shuffle", "cache", "take", "skip", "shard", "batch",
              "padded_batch", "flat_map", "interleave", "filter", "apply", "window", "unbatch", "with_options"):
    setattr(DatasetV1, _name, adapted(vars(DatasetV2)[_name]))
for _name in ("from_tensors", "from_tensor_slices", "from_generator", "range", "zip", "list_files"):
    setattr(DatasetV1, _name, staticmethod(adapted(vars(DatasetV2)[_name].__func__)))


@export("data.make_one_shot_iterator")
def make_one_shot_iterator(dataset: Any) -> Any:
    """An iterator that needs no initialiser; see `tf.data.Dataset.make_one_shot_iterator`."""
    try:
        return dataset._make_one_shot_iterator()
    except AttributeError:
        return DatasetV1Adapter(dataset)._make_one_shot_iterator()


@export("data.make_initializable_iterator")
def make_initializable_iterator(dataset: Any, shared_name: str | None = None) -> Any:
    """An iterator with an initialiser; see `tf.data.Dataset.make_initializable_iterator`."""
    try:
        return dataset._make_initializable_iterator(shared_name)
    except AttributeError:
        return DatasetV1Adapter(dataset)._make_initializable_iterator(shared_name)


@export("data.get_output_classes")
def get_output_classes(dataset_or_iterator: Any) -> Any:
    """The structure of the classes of an element."""
    return structure.legacy(dataset_or_iterator.element_spec, 2)


@export("data.get_output_shapes")
def get_output_shapes(dataset_or_iterator: Any) -> Any:
    """The structure of the shapes of an element."""
    return structure.legacy(dataset_or_iterator.element_spec, 1)


@export("data.get_output_types")
def get_output_types(dataset_or_iterator: Any) -> Any:
    """The structure of the types of an element."""
    return structure.legacy(dataset_or_iterator.element_spec, 0)


@export("data.experimental.to_variant")
def to_variant(dataset: Any) -> Any:
    """The tensor that stands for a data set."""
    return dataset._variant_tensor


@export("data.experimental.from_variant")
def from_variant(variant: Any, structure: Any) -> Any:
    """The data set that a tensor stands for.

    Args:
      variant: the tensor.
      structure: the structure of its elements.
    """
    return _VariantDataset(variant, structure)
