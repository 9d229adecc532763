"""Assignment: Assign, AssignAdd, AssignSub for references and resources, and `tf.assign*`."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import Dims
from tfmagic.graph.operation import Operation
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.complex_sums import minus, plus
from tfmagic.ops.declare import op, register
from tfmagic.ops.state.variables import variable_dims


def _other_shape(op: Any, ref: Any, value: Any) -> str | None:
    """TensorFlow's words for a value of another shape than the variable's."""
    known = op.op._inputs[0]._dims
    known = ref if known is None else known
    if not op.validate_shape or shapes.compatible(known, value):
        return None
    return _unequal_shapes(known, value)


def _unequal_shapes(present: Dims, value: Dims) -> str:
    return ("Assign requires shapes of both tensors to match. lhs shape= "
            f"{shapes.brackets(present)} rhs shape= {shapes.brackets(value)}")


def asks_for_shape(op: Operation) -> bool:
    """Whether an Assign compares a value with the variable's present one, as no shape is declared."""
    return op._inputs[0]._dims is None and op._attrs.get("validate_shape", False)


def _how_traced(op: Any) -> Any:
    """A value whose shape is known to the run alone (of a file, of a Python function) is compared there."""
    return False if asks_for_shape(op.op) else "shapes" if op.validate_shape else True


@op("Assign", writes="ref", check=_other_shape, traced=_how_traced)
class Assign:
    """Set a variable to a value."""

    def shape(op: Any, ref: Dims, value: Dims) -> Dims:
        return shape_rules.merge(ref, value) if op.validate_shape else value

    def kernel(op: Any, ref: Any, value: Any) -> Any:
        if asks_for_shape(op.op):
            present = () if ref is None else tuple(ref.shape)  # a new one has the shape of a scalar
            if present != tuple(value.shape):
                raise errors.InvalidArgumentError(None, None, _unequal_shapes(present, tuple(value.shape)))
        return value


def _unequal(op: Any, ref: Any, value: Any) -> str | None:
    """TensorFlow's words for what cannot be added to a variable of another shape."""
    if ref == value:
        return None
    if op.op.type.endswith("VariableOp"):
        return (f"Cannot update variable with shape {shapes.brackets(ref)} using a Tensor with shape "
                f"{shapes.brackets(value)}, shapes must be equal.")
    return "Parameters and update must be the same size"


def _variable_shape(op: Any, resource: Dims, value: Dims) -> None:
    shape_rules.merge(variable_dims(op), value)


def _any_shape(op: Any, resource: Any, value: Any) -> bool:
    """TensorFlow's kernel takes a value of any shape: only while the graph is built must it be the variable's."""
    return False


register("AssignAdd", shape=shape_rules.merged, kernel=plus, writes="ref",
         check=_unequal, doc="Add a value to a variable.")
register("AssignSub", shape=shape_rules.merged, kernel=minus, writes="ref",
         check=_unequal, doc="Subtract a value from a variable.")
register("AssignVariableOp", shape=_variable_shape, kernel=lambda op, resource, value: value, writes="resource",
         check=_any_shape, doc="Set a resource variable to a value.")
register("AssignAddVariableOp", shape=_variable_shape, kernel=plus,
         writes="resource", check=_unequal, doc="Add a value to a resource variable.")
register("AssignSubVariableOp", shape=_variable_shape, kernel=minus,
         writes="resource", check=_unequal, doc="Subtract a value from a resource variable.")


def is_reference(ref: Any) -> bool:
    """Whether `ref` is a reference (a ref variable or its tensor), not a resource variable."""
    dtype = getattr(ref, "dtype", None)
    return bool(getattr(dtype, "_is_ref_dtype", False))


@export("assign")
def assign(ref: Any, value: Any, validate_shape: bool | None = None, use_locking: bool | None = None,
           name: str | None = None) -> Any:
    """Sets a variable to a value when it is run.

    Args:
      ref: a variable.
      value: the new value, of the variable's type.
      validate_shape: whether the shapes must agree (the default); False lets the shape change.
      use_locking: kept for TensorFlow's signature and the node's attr.
      name: the name of the operation.

    Returns:
      A tensor that holds the variable's new value once the assignment has run.
    """
    if is_reference(ref):
        return raw.assign(ref, value, validate_shape=validate_shape, use_locking=use_locking, name=name)
    return ref.assign(value, name=name)


@export("assign_add")
def assign_add(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Any:
    """Adds `value` to a variable when it is run.

    Args:
      ref: a variable of a numeric type.
      value: what to add, of the variable's shape and type.

    Returns:
      A tensor that holds the variable's new value once the addition has run.
    """
    if is_reference(ref):
        return raw.assign_add(ref, value, use_locking=use_locking, name=name)
    return ref.assign_add(value)


@export("assign_sub")
def assign_sub(ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None) -> Any:
    """Subtracts `value` from a variable when it is run.

    Args:
      ref: a variable of a numeric type.
      value: what to subtract, of the variable's shape and type.

    Returns:
      A tensor that holds the variable's new value once the subtraction has run.
    """
    if is_reference(ref):
        return raw.assign_sub(ref, value, use_locking=use_locking, name=name)
    return ref.assign_sub(value)


@export("count_up_to")
@deprecated(None, "Prefer Dataset.range instead.")
def count_up_to(ref: Any, limit: int, name: str | None = None) -> Any:
    """Counts a variable up by one until it reaches `limit`; deprecated in favour of `tf.data.Dataset.range`.

    Args:
      ref: a scalar int32 or int64 variable.
      limit: where to stop: the run that would go past it raises `tf.errors.OutOfRangeError`.

    Returns:
      A tensor with the variable's value before it was counted up.
    """
    if is_reference(ref):
        return raw.count_up_to(ref, limit=limit, name=name)
    return raw.resource_count_up_to(ref.handle, limit, T=ref.dtype, name=name)
