"""Variables as nodes: VariableV2 and its kin, VarHandleOp, reading them, asking whether they hold a value."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.dtypes import DType
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Tensor
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import op, register
from tfmagic.ops.tensor_function import tensor_function
from tfmagic.ops.torch_types import torch_dtype


def _shape_attr_or_unknown(op: Any) -> Dims:
    """The old `Variable` op wrote a scalar's shape for an unknown one."""
    dims = op.shape._dims
    return None if dims == () else dims


register("VariableV2", shape=shape_rules.from_attr,
         doc="A variable: its output is a reference to a tensor that one session keeps between runs.")
register("Variable", shape=_shape_attr_or_unknown, doc="The old form of VariableV2.")
register("TemporaryVariable", shape=shape_rules.from_attr,
         doc="A variable that lives until its DestroyTemporaryVariable within one run.")


def _end(op: Any, ref: Any) -> Any:
    maker, name = op.op._inputs[0].op, op.var_name
    while maker.type != "TemporaryVariable" and maker._inputs:
        maker = maker._inputs[0].op
    if maker.type != "TemporaryVariable" or (maker._attrs["var_name"] or maker.name) != name:
        raise errors.NotFoundError(None, None, f"Resource __per_step_0/{name}/"
                                   "N10tensorflow19TemporaryVariableOp6TmpVarE does not exist.")
    return ref


register("DestroyTemporaryVariable", shape=shape_rules.same, kernel=_end,
         doc="The last value of a temporary variable, which ends with it.")


@tensor_function(meta=lambda value: torch.empty((), dtype=torch.bool, device="meta"))
def is_there(value: Any) -> Any:
    """Whether there is a value: a variable that is not initialised comes as None."""
    return torch.tensor(value is not None)


def _holds_value(op: Any, value: Any) -> Any:
    return is_there(value)


register("IsVariableInitialized", shape=shape_rules.scalar, kernel=_holds_value, reads="ref",
         doc="Whether a variable holds a value.")
register("VarIsInitializedOp", shape=shape_rules.scalar, kernel=_holds_value, reads="resource",
         doc="Whether the variable of a handle holds a value.")
register("DestroyResourceOp", kernel=lambda op, resource: None, writes="resource",
         doc="Take the value of a variable away.")


# --- resource handles ---------------------------------------------------------------------------------------------


def set_handle_data(tensor: Tensor, dims: Dims, dtype: DType | None) -> None:
    """Note what a resource handle refers to: the static shape and type of the variable's value."""
    tensor._handle_data = (dims, dtype)


# Ops whose outputs TensorFlow knows nothing of though they hand a handle on.
_FORGETTING = frozenset({"ConcatV2", "ExpandDims", "GatherV2", "IdentityN", "Merge", "PlaceholderWithDefault",
                         "Reshape", "Squeeze", "Unpack"})


_LOOPS = frozenset({"While", "StatelessWhile"})


def handle_data(tensor: Tensor) -> tuple[Dims, DType | None]:
    """The static shape and type of the value behind a resource handle; (None, None) when nothing is known.

    A handle that came through Identity, Switch, Enter and the like is followed to where it was made; TensorFlow forgets
    what a Merge, an Unpack or an IdentityN hands on. What a loop gives came in at the same place.
    """
    while tensor._handle_data is None:
        if tensor.op.type in _FORGETTING:
            return None, None
        inputs = [t for t in tensor.op._inputs if t._dtype is tensor._dtype]
        if tensor.op.type in _LOOPS:
            inputs = [tensor.op._inputs[tensor.value_index]]
        if not inputs or inputs[0].op is tensor.op:
            return None, None
        tensor = inputs[0]
    return tensor._handle_data


def _var_handle_shape(op: Any) -> Dims:
    set_handle_data(op.op._outputs[0], op.shape._dims, op.dtype)
    return ()


register("VarHandleOp", shape=_var_handle_shape,
         doc="A handle of a variable that one session keeps between runs.")


def value_dims(op: Any, argument: int = 0) -> Dims:
    """The static shape of the variable behind a node's resource input."""
    return handle_data(op.op._inputs[argument])[0]


def dims_behind(handle: Tensor) -> Dims:
    """The static shape of the variable behind a handle; one of which the graph knows nothing counts as the variable."""
    dims, dtype = handle_data(handle)
    return handle._dims if dtype is None else dims


def variable_dims(op: Any) -> Dims:
    """The static shape of the variable of a node that says the type of its value.

    Raises:
      ValueError: the variable has another type.
    """
    dims, dtype = handle_data(op.op._inputs[0])
    if dtype is not None and dtype is not op.dtype:
        raise ValueError(f"Trying to read variable with wrong dtype. Expected {dtype.proto_name} got "
                         f"{op.dtype.proto_name}")
    return dims


@op("ReadVariableOp", reads="resource")
class ReadVariableOp:
    """The present value of a resource variable."""

    def shape(op: Any, resource: Dims) -> Dims:
        return variable_dims(op)

    def kernel(op: Any, value: Any) -> Any:
        return value

    def gradient(op: Any, dvalue: Any) -> Any:
        return dvalue


@op("VariableShape", reads="input")
class VariableShape:
    """The shape of a resource variable's value."""

    def shape(op: Any, resource: Dims) -> Dims:
        dims = value_dims(op)
        return (None,) if dims is None else (len(dims),)

    def kernel(op: Any, value: Any) -> Any:
        return torch.tensor(list(value.shape), dtype=torch_dtype(op.out_type))


# --- counting -----------------------------------------------------------------------------------------------------


def _count_up_to_shape(op: Any, ref: Dims) -> Dims:
    return shape_rules.with_rank(ref, 0)


def _resource_count_up_to_shape(op: Any, resource: Dims) -> Dims:
    dims, dtype = handle_data(op.op._inputs[0])
    if dtype is not None and dtype is not op.T:
        raise ValueError(f"Data types do not match: {op.T.proto_name} and {dtype.proto_name}")
    return shape_rules.with_rank(dims, 0)


def _count_up_to(op: Any, value: Any) -> Any:
    """The new value and the output: the value before it was counted up."""
    torch._assert_async(value < op.limit)
    return value + 1, value


def _explain_count(op: Any, value: Any) -> Exception | None:
    return errors.OutOfRangeError(None, op.op, f"Reached limit of {op.limit}") if int(value) >= op.limit else None


register("CountUpTo", shape=_count_up_to_shape, kernel=_count_up_to, writes="ref", explain=_explain_count,
         doc="Count a variable up by one until it reaches the limit; gives the value before.")
register("ResourceCountUpTo", shape=_resource_count_up_to_shape, kernel=_count_up_to, writes="resource",
         explain=_explain_count, doc="CountUpTo for a resource variable.")
