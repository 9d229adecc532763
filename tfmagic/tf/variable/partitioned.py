"""Variables cut into parts along one axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base.dtypes import DType, as_dtype
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import register_tensor_conversion_function
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw


def slices(full_shape: list[int], count: int, axis: int) -> Iterator[tuple[list[int], list[int]]]:
    """The offset and shape of each of `count` parts along an axis; the first ones take what is left over."""
    offset = [0] * len(full_shape)
    least, over = divmod(full_shape[axis], count)
    for number in range(count):
        shape = list(full_shape)
        shape[axis] = least + (number < over)
        yield list(offset), shape
        offset[axis] += shape[axis]


class PartitionedVariable:
    """Variables that together hold one tensor: they are concatenated where a tensor is asked for."""

    def __init__(self, name: str, shape: Any, dtype: Any, variable_list: list[Any], partitions: list[int]):
        if not isinstance(variable_list, (list, tuple)):
            raise TypeError(f"variable_list is not a list or tuple: {variable_list}")
        if not all(partition >= 1 for partition in partitions):
            raise ValueError(f"partition values must be positive: {partitions}")
        if not variable_list:
            raise ValueError("variable_list may not be empty")
        for variable in variable_list:
            info = variable._get_save_slice_info()
            if info is None:
                raise ValueError(f"All variables must have a save_slice_info available: {variable}")
            if info.full_name != name:
                raise ValueError(f"All variables must have the same full_name as the partitioned variable: {name}")
        self._name = name
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)
        self._variable_list = sorted(variable_list, key=lambda v: v._get_save_slice_info().var_offset)
        self._partitions = list(partitions)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise ValueError(f"Cannot get a length for {len(axes)} > 1 partition axes")
        return len(self._variable_list)

    def _partition_axes(self) -> list[int]:
        if all(count == 1 for count in self._partitions):
            return [0]
        return [axis for axis, count in enumerate(self._partitions) if count > 1]

    def as_tensor(self) -> Tensor:
        """The whole as one tensor, outside of any loop."""
        with name_scope(None), get_default_graph().control_dependencies(None):
            parts = self._variable_list
            if len(parts) == 1:
                return raw.identity(parts[0], name=self._name)
            with name_scope(self._name + "/ConcatPartitions/"):
                whole = raw.concat_v2(parts, self._partition_axes()[0], name="concat")
            with name_scope(None):
                return raw.identity(whole, name=self._name)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        return self._shape

    def get_shape(self) -> TensorShape:
        """The static shape of the whole."""
        return self._shape

    @property
    def initializer(self) -> Any:
        """The operations that initialise the parts."""
        return [variable.initializer for variable in self._variable_list]

    def _get_variable_list(self) -> list[Any]:
        return self._variable_list

    def _get_partitions(self) -> list[int]:
        return self._partitions

    def _apply_assign(self, function: Callable[[Any, Any], Any], value: Any) -> list[Any]:
        if isinstance(value, list) and len(value) == len(self._variable_list):
            parts = value
        else:
            axis = self._partition_axes()[0]
            sizes = [variable.shape.as_list()[axis] for variable in self._variable_list]
            parts = raw.split_v(value, sizes, axis, num_split=len(sizes))
        return [function(variable, part) for variable, part in zip(self._variable_list, parts)]

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Nodes that set the parts from a tensor of the whole's shape, or from a list of parts."""
        return self._apply_assign(lambda v, part: v.assign(part, use_locking=use_locking, read_value=read_value), value)

    def assign_add(self, value: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """Nodes that add to the parts."""
        return self._apply_assign(lambda v, part: v.assign_add(part, use_locking=use_locking, read_value=read_value),
                                  value)

    def assign_sub(self, value: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> Any:
        """Nodes that subtract from the parts."""
        return self._apply_assign(lambda v, part: v.assign_sub(part, use_locking=use_locking, read_value=read_value),
                                  value)


PartitionedVariable.__module__ = "tensorflow.python.ops.variables"


def _to_tensor(variable: PartitionedVariable, dtype: DType | None = None, name: str | None = None,
               as_ref: bool = False) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(variable.dtype):
        raise ValueError(f"Incompatible type conversion requested to type '{dtype.name}' for variable of type "
                         f"'{variable.dtype.name}'")
    if as_ref:
        raise NotImplementedError("PartitionedVariable doesn't support being used as a reference.")
    return variable.as_tensor()


register_tensor_conversion_function(PartitionedVariable, _to_tensor)
