"""`multi_device_iterator_ops.MultiDeviceIterator`: the elements of a data set for several devices by turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.data import structure
from tfmagic.tf.data.dataset_v1 import make_initializable_iterator
from tfmagic.tf.data.options import Options
from tfmagic.tf.data.remote import Remote


def _of_shard(number: int, iterator: Tensor, incarnation: Tensor, device: Tensor, spec: Any) -> Remote:
    """The elements of one device: functions on the source device ask the iterator for them.

    Args:
      number: which device it is.
      iterator: the tensor of the iterator.
      incarnation: the tensor of its present turn.
      device: the name of the source device, a string tensor.
      spec: the structure of an element.
    """
    attrs = structure.flat_attrs(spec)
    text = raw.multi_device_iterator_to_string_handle(iterator)

    def init_func() -> Any:
        return text

    def next_func(string_handle: Any) -> Any:
        found = raw.multi_device_iterator_from_string_handle(string_handle, **attrs)
        return raw.multi_device_iterator_get_next_from_shard(found, number, incarnation, **attrs)

    def finalize_func(unused_string_handle: Any) -> Any:
        return constant(0, dtypes.int64)

    made = Remote(device, spec, init_func, next_func, finalize_func)
    made.dataset()  # TensorFlow makes a node, and takes another one
    return made


class MultiDeviceIterator:
    """Gives each of several devices the next element in turn.

    Args:
      dataset: the elements.
      devices: the names of the devices.
      max_buffer_size: how many elements of a device wait at most.
      prefetch_buffer_size: how many elements are moved to a device before they are asked for.
      source_device: where elements are made.
    """

    def __init__(self, dataset: Any, devices: Sequence[str], max_buffer_size: int = 1, prefetch_buffer_size: int = 1,
                 source_device: str = "/cpu:0"):
        without = Options()
        without.experimental_optimization.apply_default_optimizations = False
        without.experimental_optimization.autotune = False
        self._dataset = dataset._apply_options()
        self._devices, self._source_device = list(devices), source_device
        self._source_device_tensor = convert_to_tensor(source_device)
        self._max_buffer_size = max(max_buffer_size, prefetch_buffer_size)
        self._prefetch_buffer_size = prefetch_buffer_size
        graph = get_default_graph()
        with graph.device(source_device):
            self._multi_device_iterator_resource = raw.multi_device_iterator(
                devices=self._devices, shared_name="", container="", **self._dataset._flat_structure)
            self._incarnation_id = raw.multi_device_iterator_init(
                self._dataset._variant_tensor, self._multi_device_iterator_resource,
                max_buffer_size=self._max_buffer_size)
        shards = []
        for number, device in enumerate(self._devices):
            with graph.device(device):
                shards.append(_of_shard(number, self._multi_device_iterator_resource, self._incarnation_id,
                                     self._source_device_tensor, self._dataset.element_spec))
        self._device_iterators: list[Any] = []
        for shard, device in zip(shards, self._devices):
            with graph.device(device):
                elements: Any = shard.dataset()
                if prefetch_buffer_size > 0:
                    elements = elements.prefetch(prefetch_buffer_size)
                self._device_iterators.append(make_initializable_iterator(elements.with_options(without)))
        self._initializer = group(*(iterator.initializer for iterator in self._device_iterators))

    @property
    def element_spec(self) -> Any:
        """The structure of an element: its type specs."""
        return self._dataset.element_spec

    @property
    def initializer(self) -> Operation:
        """The operation that begins anew."""
        return self._initializer

    def get_next(self, device: str | None = None) -> Any:
        """The next element of each device, as a list; or that of one."""
        if device is not None:
            return self._device_iterators[self._devices.index(device)].get_next()
        found = []
        for iterator, name in zip(self._device_iterators, self._devices):
            with get_default_graph().device(name):
                found.append(iterator.get_next())
        return found
