"""`multi_device_iterator_ops.MultiDeviceIterator`: the elements of a data set for several devices by turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Operation
from tfmagic.ops import raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.data import structure

_PRESENT = -1


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
        applied = dataset._apply_options()
        self._dataset, self._devices, self._source_device = applied, list(devices), source_device
        self._max_buffer_size, self._prefetch_buffer_size = max_buffer_size, prefetch_buffer_size
        graph = get_default_graph()
        with graph.device(source_device):
            self._multi_device_iterator_resource = raw.multi_device_iterator(
                devices=self._devices, shared_name=f"multi_device_iterator_{graph.unique_name('shared')}",
                container="", **applied._flat_structure)
            self._incarnation_id = raw.multi_device_iterator_init(
                applied._variant_tensor, self._multi_device_iterator_resource, max_buffer_size=max_buffer_size)
        self._initializer = group(self._incarnation_id.op)

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
            return self._of(self._devices.index(device))
        return [self._of(index) for index in range(len(self._devices))]

    def _of(self, index: int) -> Any:
        graph = get_default_graph()
        with graph.device(self._source_device):
            tensors = raw.multi_device_iterator_get_next_from_shard(
                self._multi_device_iterator_resource, index, _PRESENT, **self._dataset._flat_structure)
        with graph.device(self._devices[index]):
            return structure.from_tensors(self.element_spec, [raw.identity(tensor) for tensor in tensors])
