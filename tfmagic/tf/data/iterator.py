"""Iterators: what takes the elements of a data set one after another."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import raw
from tfmagic.ops.random.seeds import get_seed, set_random_seed
from tfmagic.tf.data import nest, structure
from tfmagic.tf.data.traverse import obtain_all_variant_tensor_ops
from tfmagic.tf.functions.defun import Defun

_MODULE = "tensorflow.python.data.ops.iterator_ops"  # where TensorFlow defines what warns
GLOBAL_ITERATORS = "iterators"
# From so many calls on, `get_next` warns that each call makes a node.
_MANY_CALLS = 32


@export("data.Iterator")
class Iterator:
    """Takes the elements of a data set one after another.

    Args:
      iterator_resource: the tensor of the iterator.
      initializer: the operation that begins anew, or None.
      output_types, output_shapes, output_classes: structures of types, shapes and classes of an element.
    """

    def __init__(self, iterator_resource: Tensor, initializer: Operation | None, output_types: Any,
                 output_shapes: Any, output_classes: Any):
        self._iterator_resource = iterator_resource
        self._initializer = initializer
        self._element_spec = structure.from_legacy(output_types, output_shapes, output_classes)
        self._string_handle = raw.iterator_to_string_handle(iterator_resource)
        self._get_next_call_count = 0
        get_default_graph().add_to_collection(GLOBAL_ITERATORS, iterator_resource)

    @staticmethod
    def from_structure(output_types: Any, output_shapes: Any = None, shared_name: str | None = None,
                       output_classes: Any = None) -> Iterator:
        """An iterator over elements of a certain structure, which `make_initializer` lets begin with a data set.

        Args:
          output_types: a structure of types.
          output_shapes: a structure of shapes; by default they are unknown.
          shared_name: a name under which sessions share it.
          output_classes: a structure of classes (`tf.Tensor`, `tf.SparseTensor`).
        """
        types, shapes, classes = _described(output_types, output_shapes, output_classes)
        spec = structure.from_legacy(types, shapes, classes)
        with _on_host():
            resource = raw.iterator_v2(shared_name or "", "", **structure.flat_attrs(spec))
        return Iterator(resource, None, types, shapes, classes)

    @staticmethod
    def from_string_handle(string_handle: Any, output_types: Any, output_shapes: Any = None,
                           output_classes: Any = None) -> Iterator:
        """The iterator that a string stands for, so that a feed can choose among several.

        Args:
          string_handle: a string scalar: what a run of another iterator's `string_handle()` gave.
          output_types, output_shapes, output_classes: the structure of an element; see `from_structure`.
        """
        types, shapes, classes = _described(output_types, output_shapes, output_classes)
        spec = structure.from_legacy(types, shapes, classes)
        handle = convert_to_tensor(string_handle, dtypes.string)
        with _on_host():
            resource = raw.iterator_from_string_handle_v2(handle, **structure.flat_attrs(spec))
        return Iterator(resource, None, types, shapes, classes)

    @property
    def initializer(self) -> Operation:
        """The operation that begins anew.

        Raises:
          ValueError: it has none.
        """
        if self._initializer is None:
            raise ValueError("Iterator does not have an initializer.")
        return self._initializer

    def make_initializer(self, dataset: Any, name: str | None = None) -> Operation:
        """An operation that lets it begin with a data set.

        Raises:
          TypeError: the elements of the data set have other types.
          ValueError: they have another structure or shape.
        """
        nest.assert_same_structure(structure.legacy(self._element_spec, 0), structure.legacy(dataset.element_spec, 0))
        for own, other in zip(nest.flatten(self._element_spec), nest.flatten(dataset.element_spec)):
            (dtype, shape, cls), (dtype2, shape2, cls2) = own._legacy(), other._legacy()
            if cls != cls2:
                raise TypeError(f"Expected output classes {structure.legacy(self._element_spec, 2)!r} but got dataset "
                                f"with output class {structure.legacy(dataset.element_spec, 2)!r}.")
            if dtype != dtype2:
                raise TypeError(f"Expected output types {structure.legacy(self._element_spec, 0)!r} but got dataset "
                                f"with output types {structure.legacy(dataset.element_spec, 0)!r}.")
            if not shape.is_compatible_with(shape2):
                raise TypeError(f"Expected output shapes compatible with {structure.legacy(self._element_spec, 1)!r} "
                                f"but got dataset with output shapes {structure.legacy(dataset.element_spec, 1)!r}.")
        with get_default_graph().colocate_with(self._iterator_resource):
            return raw.make_iterator(dataset._variant_tensor, self._iterator_resource, name=name or "make_initializer")

    def get_next(self, name: str | None = None) -> Any:
        """The next element: call it once, and run what it returns as often as you like.

        Args:
          name: the name of the node.

        Returns:
          A structure of tensors.
        """
        self._get_next_call_count += 1
        if self._get_next_call_count > _MANY_CALLS:
            warnings.warn("An unusually high number of `Iterator.get_next()` calls was detected. This often indicates "
                          "that `Iterator.get_next()` is being called inside a training loop, which will cause gradual "
                          "slowdown and eventual resource exhaustion. If this is the case, restructure your code to "
                          "call `next_element = iterator.get_next()` once outside the loop, and use `next_element` as "
                          "the input to some computation that is invoked inside the loop.", stacklevel=2)
        tensors = raw.iterator_get_next(self._iterator_resource, **structure.flat_attrs(self._element_spec), name=name)
        return structure.from_tensors(self._element_spec, tensors)

    def string_handle(self, name: str | None = None) -> Tensor:
        """The string tensor that stands for it, for `from_string_handle`."""
        if name is None:
            return self._string_handle
        return raw.iterator_to_string_handle(self._iterator_resource, name=name)

    @property
    @deprecated(None, "Use `tf.compat.v1.data.get_output_classes(iterator)`.", module=_MODULE)
    def output_classes(self) -> Any:
        """The structure of the classes of an element."""
        return structure.legacy(self._element_spec, 2)

    @property
    @deprecated(None, "Use `tf.compat.v1.data.get_output_shapes(iterator)`.", module=_MODULE)
    def output_shapes(self) -> Any:
        """The structure of the shapes of an element."""
        return structure.legacy(self._element_spec, 1)

    @property
    @deprecated(None, "Use `tf.compat.v1.data.get_output_types(iterator)`.", module=_MODULE)
    def output_types(self) -> Any:
        """The structure of the types of an element."""
        return structure.legacy(self._element_spec, 0)

    @property
    def element_spec(self) -> Any:
        """The structure of an element: its type specs."""
        return self._element_spec


def _described(types: Any, shapes: Any, classes: Any) -> tuple[Any, Any, Any]:
    types = structure.as_types(types)
    shapes = structure.unknown_shapes(types) if shapes is None else structure.as_shapes(types, shapes)
    if classes is None:
        classes = nest.map_structure(lambda _: Tensor, types)
    nest.assert_same_structure(types, shapes)
    return types, shapes, classes


def _on_host() -> Any:
    """The host's device, where no device scope says another."""
    graph = get_default_graph()
    return contextlib.nullcontext() if graph._stacks.devices else graph.device("/cpu:0")


def _of(dataset: Any, resource: Tensor, initializer: Operation | None) -> Iterator:
    spec = dataset.element_spec
    return Iterator(resource, initializer, *(structure.legacy(spec, which) for which in (0, 1, 2)))


def initializable(dataset: Any, shared_name: str | None) -> Iterator:
    """An iterator with an initialiser."""
    graph = get_default_graph()
    applied = dataset._apply_options()
    resource = raw.iterator_v2(shared_name or "", "", **applied._flat_structure)
    with graph.colocate_with(resource):
        initializer = raw.make_iterator(applied._variant_tensor, resource)
    return _of(dataset, resource, initializer)


def one_shot(dataset: Any) -> Iterator:
    """An iterator without an initialiser.

    Raises:
      ValueError: the data set depends on what has a state.
    """
    graph_seed, op_seed = get_seed(None)

    def _make_dataset() -> Tensor:
        if graph_seed is not None and op_seed is not None:
            set_random_seed((graph_seed + 87654321 * op_seed) % (2**63 - 1))
        return dataset._apply_options()._variant_tensor

    _make_dataset.__doc__ = "Factory function for a dataset."
    factory = Defun(capture_by_value=True,
                    whitelisted_stateful_ops=obtain_all_variant_tensor_ops(dataset))(_make_dataset)
    try:
        factory.add_to_graph(get_default_graph())
    except ValueError as error:
        if "Cannot capture a stateful node" in str(error):
            raise ValueError("Failed to create a one-shot iterator for a dataset. `Dataset.make_one_shot_iterator()` "
                             "does not support datasets that capture stateful objects, such as a `Variable` or "
                             "`LookupTable`. In these cases, use `Dataset.make_initializable_iterator()`. (Original "
                             f"error: {error})") from error
        raise
    return _of(dataset, raw.one_shot_iterator(factory, **dataset._flat_structure), None)
