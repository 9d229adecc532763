"""Elements for another device than the one that makes them: `copy_to_device`, `prefetch_to_device`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.devices import DeviceSpec
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.ops import raw
from tfmagic.tf.data import structure
from tfmagic.tf.data.iterator import Iterator
from tfmagic.tf.data.options import Options
from tfmagic.tf.data.remote import Remote

Transformation = Callable[[Any], Any]


@export("data.experimental.prefetch_to_device")
def prefetch_to_device(device: Any, buffer_size: Any = None) -> Transformation:
    """Move elements to a device before they are asked for.

    Args:
      device: the name of the device.
      buffer_size: how many elements.
    """
    def transform(dataset: Any) -> Any:
        return dataset.apply(copy_to_device(device)).prefetch(buffer_size)

    return transform


@export("data.experimental.copy_to_device")
def copy_to_device(target_device: Any, source_device: Any = "/cpu:0") -> Transformation:
    """The elements on another device.

    Args:
      target_device: its name.
      source_device: the name of the device that makes the elements.

    Raises (when it is applied):
      ValueError: a name is no device's.
    """
    def transform(dataset: Any) -> Any:
        DeviceSpec.from_string(target_device)
        source, spec = convert_to_tensor(source_device), dataset.element_spec
        attrs, types = structure.flat_attrs(spec), [structure.legacy(spec, which) for which in range(3)]
        wrapped = raw.wrap_dataset_variant(dataset._variant_tensor)

        def init_func() -> Any:
            variant = raw.unwrap_dataset_variant(wrapped)
            iterator = raw.anonymous_iterator(**attrs)
            with get_default_graph().control_dependencies([raw.make_iterator(variant, iterator)]):
                return raw.iterator_to_string_handle(iterator)

        def next_func(string_handle: Any) -> Any:
            with get_default_graph().device("/cpu:0"):
                iterator = Iterator.from_string_handle(string_handle, *types)
            return structure.to_tensors(spec, iterator.get_next())

        def finalize_func(string_handle: Any) -> Any:
            iterator = raw.iterator_from_string_handle_v2(string_handle, **attrs)
            with get_default_graph().control_dependencies([
                    raw.destroy_resource_op(iterator, ignore_lookup_error=True)]):
                return constant(0, dtypes.int64)

        remote = Remote(source, spec, init_func, next_func, finalize_func)
        with get_default_graph().device(target_device):
            moved = remote.dataset([dataset])
        options = Options()
        options.experimental_optimization.apply_default_optimizations = False
        options.experimental_optimization.autotune = False
        return moved.with_options(options)

    return transform
