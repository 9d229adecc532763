"""The variables that `tf.get_variable` made in a graph, by name: where sharing, reuse and partitioning are decided."""

from __future__ import annotations

import enum
import functools
import inspect
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.tf.variable.partitioned import PartitionedVariable, slices
from tfmagic.tf.variable.variables import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
    init_scope,
    trainable_by_default,
)


class _ReuseMode(enum.Enum):
    """`tf.AUTO_REUSE`: make a variable, or share it when it is there."""

    AUTO_REUSE = 1


AUTO_REUSE = _ReuseMode.AUTO_REUSE
export("AUTO_REUSE")(AUTO_REUSE)

_STORE = "variable_store"


def variable_store() -> VariableStore:
    """The store of the default graph."""
    extras = get_default_graph()._variables_graph._extras
    store = extras.get(_STORE)
    if store is None:
        store = extras.setdefault(_STORE, VariableStore())  # the one that stays when two threads come first
    return store


class PartitionInfo:
    """What an initializer of one part of a partitioned variable may know of the whole.

    Args:
      full_shape: the shape of the whole, a list of integers.
      var_offset: where the part begins on each axis.
    """

    def __init__(self, full_shape: Sequence[int], var_offset: Sequence[int]):
        if len(var_offset) != len(full_shape):
            raise ValueError(f"Expected equal length, but `var_offset` is of length {len(var_offset)} while "
                             f"full_shape is of length {len(full_shape)}.")
        if any(offset < 0 or offset >= size for offset, size in zip(var_offset, full_shape)):
            offset, size = next((o, s) for o, s in zip(var_offset, full_shape) if o < 0 or o >= s)
            raise ValueError(f"Expected 0 <= offset < shape but found offset={offset}, shape={size} for "
                             f"var_offset={list(var_offset)}, full_shape={list(full_shape)}")
        self.full_shape = list(full_shape)
        self.var_offset = list(var_offset)

    def single_offset(self, shape: Sequence[int]) -> int:
        """The offset on the axis along which the variable is cut."""
        axis = self.single_slice_dim(shape)
        return 0 if axis is None else self.var_offset[axis]

    def single_slice_dim(self, shape: Sequence[int]) -> int | None:
        """The axis along which the variable is cut, or None."""
        if len(shape) != len(self.full_shape):
            raise ValueError(f"Expected equal length, but received shape={shape} of length {len(shape)} while "
                             f"self.full_shape={self.full_shape} is of length {len(self.full_shape)}.")
        cut = [axis for axis, (own, full) in enumerate(zip(shape, self.full_shape)) if own != full]
        if any(shape[axis] > self.full_shape[axis] for axis in cut):
            raise ValueError(f"With self.full_shape={self.full_shape} a partition of shape={shape} would exceed the "
                             "full shape.")
        if len(cut) > 1:
            raise ValueError(f"Cannot use single_slice_dim() with shape={shape} and self.full_shape="
                             f"{self.full_shape} since slice dim could be either dimension {cut[0]} or {cut[1]}.")
        return cut[0] if cut else None


class VariableStore:
    """Variables and partitioned variables by their full names.

    A variable is looked for and made in one step, whatever other threads do.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # an initializer may ask for another variable
        self._vars: dict[str, Any] = {}
        self._partitioned_vars: dict[str, Any] = {}

    def get_variable(self, name: str, shape: Any = None, dtype: Any = dtypes.float32, initializer: Any = None,
                     regularizer: Any = None, reuse: Any = None, trainable: bool | None = None,
                     collections: Any = None, caching_device: Any = None, partitioner: Any = None,
                     validate_shape: bool = True, use_resource: bool | None = None, custom_getter: Any = None,
                     constraint: Any = None,
                     synchronization: VariableSynchronization = VariableSynchronization.AUTO,
                     aggregation: VariableAggregation = VariableAggregation.NONE) -> Any:
        """The variable of this full name: made, shared, or refused as `reuse` says (see `tf.get_variable`)."""
        if custom_getter is not None and not callable(custom_getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter}")
        dtype = getattr(dtype, "base_dtype", dtype)
        trainable = trainable_by_default(trainable, synchronization)
        arguments = {
            "name": name, "shape": shape, "dtype": dtype, "initializer": initializer, "regularizer": regularizer,
            "reuse": reuse, "trainable": trainable, "collections": collections, "caching_device": caching_device,
            "partitioner": partitioner, "validate_shape": validate_shape, "use_resource": use_resource,
            "synchronization": synchronization, "aggregation": aggregation}
        if custom_getter is None:
            return self._get(**arguments, constraint=constraint)
        if _takes(custom_getter, "constraint"):
            arguments["constraint"] = constraint
        return custom_getter(getter=self._get, **arguments)

    def _get(self, name: str, shape: Any = None, dtype: Any = dtypes.float32, initializer: Any = None,
             regularizer: Any = None, reuse: Any = None, trainable: bool | None = None, collections: Any = None,
             caching_device: Any = None, partitioner: Any = None, validate_shape: bool = True,
             use_resource: bool | None = None, constraint: Any = None,
             synchronization: VariableSynchronization = VariableSynchronization.AUTO,
             aggregation: VariableAggregation = VariableAggregation.NONE) -> Any:
        """What custom getters are given as `getter`."""
        arguments = {
            "name": name, "shape": shape, "dtype": dtype, "initializer": initializer, "regularizer": regularizer,
            "reuse": reuse, "trainable": trainable, "collections": collections, "caching_device": caching_device,
            "validate_shape": validate_shape, "use_resource": use_resource, "constraint": constraint,
            "synchronization": synchronization, "aggregation": aggregation}
        scalar = isinstance(shape, Sequence) and not shape
        if partitioner is not None and not scalar:
            if not callable(partitioner):
                raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
            with name_scope(None), self._lock:
                return self._get_partitioned(partitioner=partitioner, **arguments)
        with self._lock:
            if reuse is True and partitioner is None and name in self._partitioned_vars:
                return self._get_partitioned(partitioner=None, **arguments)
            if f"{name}/part_0" in self._vars:
                raise ValueError("No partitioner was provided, but a partitioned version of the variable was found: "
                                 f"{name}/part_0. Perhaps a variable of the same name was already created with "
                                 "partitioning?")
            return self._get_single(**arguments)

    # --- one variable -------------------------------------------------------------------------------------------

    def _get_single(self, name: str, shape: Any, dtype: Any, initializer: Any, regularizer: Any, reuse: Any,
                    trainable: bool | None, collections: Any, caching_device: Any, validate_shape: bool,
                    use_resource: bool | None, constraint: Any, synchronization: Any, aggregation: Any,
                    partition_info: PartitionInfo | None = None) -> Variable:
        from_value = initializer is not None and not callable(initializer)
        if shape is not None and from_value:
            raise ValueError("If initializer is a constant, do not specify shape.")
        dtype = dtypes.as_dtype(dtype)
        shape = as_shape(shape)
        if name in self._vars:
            return self._shared(name, shape, dtype, reuse)
        if reuse is True:
            raise ValueError(f"Variable {name} does not exist, or was not created with tf.get_variable(). Did you mean "
                             "to set reuse=tf.AUTO_REUSE in VarScope?")
        if initializer is None:
            initializer, from_value = default_initializer(name, shape, dtype)
        with init_scope():
            if from_value:
                initial, variable_dtype = initializer, None
            else:
                initial, variable_dtype = _initial_function(name, initializer, shape, dtype, partition_info)
        variable = Variable(initial_value=initial, name=name, trainable=trainable, collections=collections,
                            caching_device=caching_device, dtype=variable_dtype, validate_shape=validate_shape,
                            constraint=constraint, use_resource=use_resource, synchronization=synchronization,
                            aggregation=aggregation)
        self._vars[name] = variable
        if regularizer is not None:
            _add_regularization(variable, name, regularizer)
        return variable

    def _shared(self, name: str, shape: TensorShape, dtype: dtypes.DType, reuse: Any) -> Variable:
        found = self._vars[name]
        if reuse is False:
            message = (f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or "
                       "reuse=tf.AUTO_REUSE in VarScope?")
            frames = found.op.traceback[::-1][:5]
            if getattr(found, "handle", None) is not None or not frames:
                raise ValueError(message)
            raise ValueError(f"{message} Originally defined at:\n\n{''.join(traceback.format_list(frames))}")
        if not shape.is_compatible_with(found.shape):
            raise ValueError(f"Trying to share variable {name}, but specified shape {shape} and found shape "
                             f"{found.shape}.")
        if not dtype.is_compatible_with(found.dtype):
            raise ValueError(f"Trying to share variable {name}, but specified dtype {dtype.name} and found dtype "
                             f"{found.dtype.name}.")
        return found

    # --- a variable in parts ------------------------------------------------------------------------------------

    def _get_partitioned(self, name: str, partitioner: Any, shape: Any, dtype: Any, initializer: Any, reuse: Any,
                         **arguments: Any) -> Any:
        from_tensor = isinstance(initializer, Tensor)
        if name in self._vars:
            raise ValueError("A partitioner was provided, but an unpartitioned version of the variable was found: "
                             f"{name}.  Perhaps a variable of the same name was already created without "
                             "partitioning?")
        dtype = dtypes.as_dtype(dtype)
        shape = as_shape(shape)
        if from_tensor:
            shape = shape.merge_with(initializer.shape)
        partitions = None
        if not reuse or partitioner:
            partitions = _call_partitioner(partitioner, shape, dtype)
        if name in self._partitioned_vars:
            return self._shared_partitioned(name, shape, dtype, partitions, reuse)
        if reuse is True:
            raise ValueError(f"PartitionedVariable {name} does not exist, or was not created with tf.get_variable(). "
                             "Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in VarScope?")
        assert partitions is not None
        axis = next((i for i, count in enumerate(partitions) if count > 1), 0)
        count = partitions[axis]
        if f"{name}/part_0" in self._vars:
            raise ValueError(f"Partitioner returned a different partitioning than what was already found.  Partitioner "
                             f"returned {count} shards, and shard {name}/part_0 was found, but the partitioned "
                             "variable was not.")
        parts = []
        for number, (offset, part_shape) in enumerate(slices(shape.as_list(), count, axis)):
            info = PartitionInfo(shape.as_list(), offset)
            full_name = f"{name}/part_{number}"
            with name_scope(f"{full_name}/PartitionedInitializer"):
                part_initializer, init_shape, dtype = _part_initializer(name, initializer, shape, offset, part_shape,
                                                                        dtype)
            with name_scope(None):
                part = self._get_single(name=full_name, shape=init_shape, dtype=dtype, initializer=part_initializer,
                                        reuse=reuse, partition_info=info, **arguments)
            part._set_save_slice_info(Variable.SaveSliceInfo(name, shape.as_list(), offset, part_shape))
            parts.append(part)
        whole = PartitionedVariable(name=name, shape=shape, dtype=dtype, variable_list=parts, partitions=partitions)
        self._partitioned_vars[name] = whole
        return whole

    def _shared_partitioned(self, name: str, shape: TensorShape, dtype: dtypes.DType, partitions: Any,
                            reuse: Any) -> Any:
        if reuse is False:
            raise ValueError(f"Partitioned variable with name {name} already exists. Did you mean to set reuse=True or "
                             "reuse=tf.AUTO_REUSE in VarScope?")
        found = self._partitioned_vars[name]
        what = f"Trying to reuse partitioned variable {name}, but specified"
        if not shape.is_compatible_with(found.shape):
            raise ValueError(f"{what} shape {shape} and found shape {found.shape}.")
        if not dtype.is_compatible_with(found.dtype):
            raise ValueError(f"{what} dtype {dtype.name} and found dtype {found.dtype.name}.")
        if partitions is not None and list(found._get_partitions()) != list(partitions):
            raise ValueError(f"{what} partitions {partitions} and found partitions {found._get_partitions()}.")
        return found


def _takes(function: Any, argument: str) -> bool:
    """Whether a function has a parameter of this name, or takes any keyword."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    return argument in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


_NO_INITIAL_VALUE = ("The initializer passed is not valid. It should be a callable with no arguments and the shape "
                     "should not be provided or an instance of `tf.keras.initializers.*' and `shape` should be fully "
                     "defined.\nGive the variable a full shape, or an initial value as a function without arguments.")


def default_initializer(name: str, shape: TensorShape, dtype: dtypes.DType) -> tuple[Any, bool]:
    """The initializer of a variable whose caller gave none, and whether it is a value instead.

    Raises:
      ValueError: there is none for the type, or the shape is missing.
    """
    from tfmagic.tf.initializers.kinds import Zeros, glorot_uniform

    if shape._dims is None:
        raise ValueError(_NO_INITIAL_VALUE)
    if dtype.is_floating:
        return glorot_uniform(), False
    if dtype.is_integer or dtype.is_bool or dtype is dtypes.string:
        return Zeros(), False
    raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype} is required")


def _initial_function(name: str, initializer: Any, shape: TensorShape, dtype: dtypes.DType,
                      partition_info: PartitionInfo | None) -> tuple[Callable[[], Any], Any]:
    """The function that makes the initial value, and the type to convert it to (None: what it has)."""
    if inspect.isclass(initializer):
        initializer = initializer()
    if shape.is_fully_defined():
        options: dict[str, Any] = {"dtype": dtype}
        if _takes(initializer, "partition_info"):
            options["partition_info"] = partition_info
        return functools.partial(initializer, shape.as_list(), **options), dtype.base_dtype
    parameters = inspect.signature(initializer).parameters.values()
    if all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        return initializer, None
    raise ValueError(_NO_INITIAL_VALUE)


def _add_regularization(variable: Variable, name: str, regularizer: Any) -> None:
    graph = variable.graph
    with graph.colocate_with(variable.op), name_scope(name + "/Regularizer/"):
        with init_scope():
            loss = regularizer(variable)
        if loss is not None:
            graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


def _part_initializer(name: str, initializer: Any, shape: TensorShape, offset: list[int], part_shape: list[int],
                      dtype: Any) -> tuple[Any, Any, Any]:
    """The initializer of one part, the shape to give it (None for a value), and its type."""
    if initializer is None:
        part, from_value = default_initializer(name, shape, dtype)
        return part, None if from_value else part_shape, dtype
    if callable(initializer):
        return initializer, part_shape, dtype
    if isinstance(initializer, Tensor):
        return raw.slice(initializer, offset, part_shape), None, initializer.dtype.base_dtype
    return raw.slice(convert_to_tensor(initializer, dtype=dtype), offset, part_shape), None, dtype


def _call_partitioner(partitioner: Any, shape: TensorShape, dtype: dtypes.DType) -> list[int]:
    """How many parts each axis is cut into; at most one axis is cut.

    Raises:
      ValueError: the shape or what the partitioner says does not allow it.
    """
    if not shape.is_fully_defined():
        raise ValueError("Shape of a new partitioned variable must be fully defined, but instead was "
                         f"{shape}.")
    if shape.ndims < 1:  # type: ignore[operator]
        raise ValueError(f"A partitioned Variable must have rank at least 1, shape: {shape}")
    partitions = partitioner(shape=shape, dtype=dtype)
    if not isinstance(partitions, Sequence):
        raise ValueError(f"Partitioner must return a sequence, but saw: {partitions}")
    if len(partitions) != shape.ndims:
        raise ValueError("Partitioner returned a partition list that does not match the Variable's rank: "
                         f"{partitions} vs. {shape}")
    if any(count < 1 for count in partitions):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {partitions}")
    if sum(count > 1 for count in partitions) > 1:
        raise ValueError(f"Can only slice a variable along one dimension: shape: {shape}, partitioning: {partitions}")
    return list(partitions)


