"""The ops of lists of tensors, variants that change by giving another list: shape rules, kernels, gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.dtypes import DType
from tfmagic.base.errors import invalid
from tfmagic.base.shapes import Dims, NoShape, TensorShape
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import static_dims, static_value
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array import constants, join, shape_ops, slicing
from tfmagic.ops.control_flow import elements, list_state
from tfmagic.ops.control_flow.list_state import as_list, type_name
from tfmagic.ops.declare import register
from tfmagic.ops.state.variables import handle_data, set_handle_data

# --- shapes: a list knows the shape and type of its elements ----------------------------------------------------------


def _element_dims(shape: Tensor) -> Dims:
    """The shape that an input says of elements; the scalar -1 says nothing."""
    shape_rules.with_rank_at_most(shape._dims, 1)
    try:
        return static_dims(shape, scalar=True)
    except NoShape:
        raise
    except ValueError:  # a scalar that is not -1
        value = static_value(shape)
        if value is None:
            raise NoShape("Received a shape scalar with unknown static value.  A static value of '-1' is required "
                          "to represent an unknown shape.") from None
        raise NoShape("Received an invalid shape scalar with a static value that is not '-1': Tensor<type: "
                      f"{shape._dtype.base_dtype.name} shape: [] values: {int(value)}>") from None


def _made(op: Any, dims: Dims, dtype: DType) -> Dims:
    """The shape of a list's handle; what it holds is noted."""
    set_handle_data(op.op._outputs[0], dims, dtype)
    return ()


def _held(op: Any, refused: str = "Trying to read from list with wrong element dtype. List has type {} but expected "
                                  "type {}", dtype: DType | None = None) -> Dims:
    """The shape of the elements of the list that an op takes, as far as the graph shows it."""
    dims, held = handle_data(op.op._inputs[0])
    wanted = dtype or op.element_dtype
    if held is not None and held is not wanted:
        raise ValueError(refused.format(type_name(held), type_name(wanted)))
    return dims


_PUSHED = "Trying to push to list with wrong element dtype. List has type {} but trying to push element with type {}"
_EXPECTED = "Expected list with element dtype {1} but got list with element dtype {0}"


def _empty_shape(op: Any, shape: Dims, most: Dims) -> Dims:
    return _made(op, _element_dims(op.element_shape), op.element_dtype)


def _push_shape(op: Any, handle: Dims, value: Dims) -> Dims:
    _held(op, _PUSHED)
    dims, held = handle_data(op.op._inputs[0])
    if held is not None:
        set_handle_data(op.op._outputs[0], dims, held)
    return ()


def _pop_shape(op: Any, handle: Dims, shape: Dims) -> tuple[Dims, Dims]:
    dims = _held(op, "Trying to read from list with wrong element dtype. List has type {} but trying to push element "
                     "with type {}")
    _made(op, dims, op.element_dtype)
    return (), dims


def _push_batch_shape(op: Any, handles: Dims, value: Dims) -> Dims:
    (count,) = shape_rules.with_rank(handles, 1)
    shape_rules.with_rank_at_least(value, 1)
    if value is not None:
        count = shape_rules.merge_dim(value[0], count)
    set_handle_data(op.op._outputs[0], _held(op, _PUSHED), op.element_dtype)
    return (count,)


def _get_shape(op: Any, handle: Dims, index: Dims, shape: Dims) -> Dims:
    return shape_rules.merge(_held(op, _EXPECTED), _element_dims(op.element_shape))


def _set_shape(op: Any, handle: Dims, index: Dims, item: Dims) -> Dims:
    dims, held = handle_data(op.op._inputs[0])
    shape_rules.merge(item, dims)
    if held is not None:
        set_handle_data(op.op._outputs[0], dims, held)
    return ()


def _stack_shape(op: Any, handle: Dims, shape: Dims) -> Dims:
    dims = shape_rules.merge(_held(op), _element_dims(op.element_shape))
    return None if dims is None else (None if op.num_elements < 0 else op.num_elements, *dims)


def _gather_shape(op: Any, handle: Dims, indices: Dims, shape: Dims) -> Dims:
    dims = shape_rules.merge(_held(op, _EXPECTED), _element_dims(op.element_shape))
    return None if dims is None or indices is None else (*indices, *dims)


def _rows_shape(op: Any, value: Dims, shape: Dims) -> Dims:
    dims = _element_dims(op.element_shape)
    if value is not None:
        shape_rules.merge(value[1:], dims)
    return _made(op, dims, op.element_dtype)


def _places_shape(op: Any, *inputs: Dims) -> Dims:
    return _made(op, _element_dims(op.element_shape), op.element_dtype)


def _onto_shape(op: Any, handle: Dims, value: Dims, indices: Dims) -> Dims:
    shape_rules.with_rank_at_least(value, 1)
    shape_rules.with_rank(indices, 1)
    return _made(op, _held(op, _EXPECTED), op.element_dtype)


def _parts_shape(op: Any, value: Dims, shape: Dims, lengths: Dims) -> Dims:
    shape_rules.with_rank_at_least(value, 1)
    shape_rules.with_rank(lengths, 1)
    dims = _element_dims(op.element_shape)
    if value is not None:
        shape_rules.merge((None, *value[1:]), dims)
    return _made(op, dims, op.element_dtype)


def _concat_shape(op: Any, handle: Dims, *others: Dims) -> tuple[Dims, Dims]:
    if others:
        dims = shape_rules.merge(_element_dims(op.element_shape), _held(op))
    else:
        dims = shape_rules.merge(op.op._attrs["element_shape"]._dims, _held(op))
    return None if dims is None else (None, *dims[1:]), (None,)


def _joined_shape(op: Any, one: Dims, other: Dims) -> Dims:
    found = [handle_data(tensor) for tensor in op.op._inputs]
    for name, (_, held) in zip(("input_a", "input_b"), found):
        if held is not None and held is not op.element_dtype:
            raise ValueError(f"{name}.type != element_dtype: {type_name(held)} vs. {type_name(op.element_dtype)}")
    dims = shape_rules.merge(one, other)
    _made(op, shape_rules.merge(found[0][0], found[1][0]), op.element_dtype)
    return dims


def _resized_shape(op: Any, handle: Dims, size: Dims) -> Dims:
    shape_rules.with_rank(size, 0)
    dims, held = handle_data(op.op._inputs[0])
    if held is not None:
        set_handle_data(op.op._outputs[0], dims, held)
    return ()


def _rank_shape(op: Any, handle: Dims) -> Dims:
    dims = handle_data(op.op._inputs[0])[0]
    return (None if dims is None else len(dims),)


# --- kernels: each is a call on a list --------------------------------------------------------------------------------


def _dims(shape: Any) -> Dims:
    """The shape that a host input says of elements."""
    if isinstance(shape, int):
        if shape != -1:
            raise invalid("The only valid scalar shape tensor is the fully unknown shape specified as -1.")
        return None
    for size in shape:
        if size < -1:
            raise invalid(f"Dimension {size} must be >= -1")
    return tuple(None if size == -1 else size for size in shape)


def _held_by(op: Any, handle: Any) -> elements.Elements | None:
    """What is known of a list while the plan is made."""
    return elements.of(op.holds(handle))


def _with(op: Any, result: Any, known: elements.Elements | None) -> Any:
    """A list of which this is known."""
    op.holds(result, lambda log: known)
    return result


def _on(op: Any, handle: Any, method: str, *args: Any) -> Any:
    """A call of a method of a list."""
    return op.call(_called, handle, method, *args)


def _called(handle: Any, method: str, *args: Any) -> Any:
    return getattr(as_list(handle), method)(*args)


def get(handle: Any, index: Any, dims: Dims, dtype: str) -> Any:
    """An element of a list; the index may be a number of Python."""
    return as_list(handle).get(index, dims, dtype)


def put(handle: Any, index: Any, item: Any, dtype: str) -> Any:
    """The list with another element in one place; the index may be a number of Python."""
    return as_list(handle).put(index, item, dtype)


def plus_element(handle: Any, index: Any, value: Any) -> Any:
    """The list with a value added to one element; the index may be a number of Python."""
    return as_list(handle).plus(index, value)


for _taking in (get, put, plus_element):  # what passes ask, which import nothing of lists
    setattr(_taking, "takes_number", True)  # noqa: B010


def _joined(one: Any, other: Any, dtype: str) -> Any:
    """A list and then another; of arrays of lists, the array of such lists."""
    if not isinstance(one, np.ndarray) or not one.ndim:
        return as_list(one).joined(as_list(other), dtype)
    result = np.empty(one.shape, object)
    for place in np.ndindex(one.shape):
        result[place] = as_list(one[place]).joined(as_list(other[place]), dtype)
    return result


def _empty(op: Any, shape: Any, most: Any) -> Any:
    made = op.call(list_state.new_list, _dims(shape), 0, most, op.element_dtype.name)
    return _with(op, made, elements.Elements(None, None, False))


def _reserved(op: Any, shape: Any, count: Any) -> Any:
    count = count[0] if isinstance(count, list) else count  # TensorFlow takes a vector too
    made = op.call(list_state.new_list, _dims(shape), count, -1, op.element_dtype.name)
    return _with(op, made, elements.Elements(None, count if isinstance(count, int) else None, True))


def _pop(handle: Any, shape: Any, dtype: str) -> Any:
    return as_list(handle).pop(lambda: _dims(shape.tolist()), dtype)


def _popped(op: Any, handle: Any, shape: Any) -> Any:
    pair = op.call(_pop, handle, shape, op.element_dtype.name)
    known = _held_by(op, handle)
    if known is None:
        return pair[0], pair[1]
    shorter = known._replace(size=None)
    return _with(op, pair[0], shorter), op.like(pair[1], None if known.gaps else known.element())


def _pushed(op: Any, handle: Any, value: Any) -> Any:
    known = _held_by(op, handle)
    return _with(op, _on(op, handle, "push", value, op.element_dtype.name),
                 known and known.with_one(op.known(value), more=True))


def _got(op: Any, handle: Any, index: Any, shape: Any) -> Any:
    known, dims = _held_by(op, handle), _dims(shape)
    return op.like(op.call(get, handle, index, dims, op.element_dtype.name), known and known.element(dims))


def _put(op: Any, handle: Any, index: Any, item: Any) -> Any:
    known = _held_by(op, handle)
    return _with(op, op.call(put, handle, index, item, op.element_dtype.name), known and known.with_one(op.known(item)))


def _stacked(op: Any, handle: Any, shape: Any) -> Any:
    known, dims = _held_by(op, handle), _dims(shape)
    return op.like(_on(op, handle, "stack", dims, op.num_elements, op.element_dtype.name),
                   known and known.stacked(dims, op.num_elements))


def _of_rows(op: Any, value: Any, shape: Any) -> Any:
    made = op.call(list_state.of_rows, value, _dims(shape), op.element_dtype.name)
    return _with(op, made, elements.of_rows(op.known(value)))


def _concatenated(op: Any, handle: Any, dims: Dims, leading: Any) -> Any:
    pair = _on(op, handle, "concat", dims, leading, op.element_dtype.name)
    return pair[0], pair[1]


# --- gradients --------------------------------------------------------------------------------------------------------


def _shape_of(handle: Tensor) -> Any:
    return raw.tensor_list_element_shape(handle, dtypes.int32)


def _rows_of(value: Tensor) -> Any:
    """The shape of the rows of a tensor."""
    return slicing.slice_(shape_ops.shape(value), [1], [-1])


def _push_gradient(op: Any, dlist: Tensor) -> list[Any]:
    return list(raw.tensor_list_pop_back(dlist, shape_ops.shape(op.tensor), op.element_dtype))


def _pop_gradient(op: Any, dlist: Tensor, delement: Tensor) -> list[Any]:
    return [raw.tensor_list_push_back(dlist, delement), None]


def element_shape(shape: Any) -> Any:
    """The input that tells a list of the shape of its elements.

    Args:
      shape: a tensor, which is given back, dims, a `TensorShape`, a list, or None where nothing is known.
    """
    if isinstance(shape, Tensor):
        return shape
    dims = shape._dims if isinstance(shape, TensorShape) else shape
    if dims is None:
        return -1
    return [-1 if size is None else size for size in dims] or constant([], dtypes.int32)


def _stack_gradient(op: Any, dvalue: Tensor) -> list[Any]:
    dims = dvalue._dims
    return [raw.tensor_list_from_tensor(dvalue, element_shape(None if dims is None else dims[1:])), None]


def _concat_gradient(op: Any, dvalue: Tensor, dlengths: Any) -> list[Any]:
    dlist = raw.tensor_list_split(dvalue, _shape_of(op.input_handle), op.lengths)
    return [dlist] if op.op.type == "TensorListConcat" else [dlist, None, None]


def _split_gradient(op: Any, dlist: Tensor) -> list[Any]:
    shape = join.concat([[-1], _rows_of(op.tensor)], axis=0)
    return [raw.tensor_list_concat_v2(dlist, shape, op.lengths, op.element_dtype)[0], None, None]


def _rows_gradient(op: Any, dlist: Tensor) -> list[Any]:
    value = op.tensor
    count = -1 if value._dims is None or value._dims[0] is None else value._dims[0]
    return [raw.tensor_list_stack(dlist, _rows_of(value), op.element_dtype, num_elements=count), None]


def _get_gradient(op: Any, ditem: Tensor) -> list[Any]:
    count = raw.tensor_list_length(op.input_handle)
    zeros = raw.tensor_list_reserve(_shape_of(op.input_handle), count, op.element_dtype)
    return [raw.tensor_list_set_item(zeros, op.index, ditem), None, None]


def _set_gradient(op: Any, dlist: Tensor) -> list[Any]:
    rest = raw.tensor_list_set_item(dlist, op.index, constants.zeros_like(op.item))
    return [rest, None, raw.tensor_list_get_item(dlist, op.index, shape_ops.shape(op.item), op.element_dtype)]


def _resize_gradient(op: Any, dlist: Tensor) -> list[Any]:
    return [raw.tensor_list_resize(dlist, raw.tensor_list_length(op.input_handle)), None]


def _gather_gradient(op: Any, dvalues: Tensor) -> list[Any]:
    zeros = raw.tensor_list_reserve(_shape_of(op.input_handle), raw.tensor_list_length(op.input_handle),
                                    op.element_dtype)
    return [raw.tensor_list_scatter_into_existing_list(zeros, dvalues, op.indices), None, None]


def _places_gradient(op: Any, dlist: Tensor) -> list[Any]:
    dvalue = raw.tensor_list_gather(dlist, op.indices, _rows_of(op.tensor), op.element_dtype)
    return [dvalue, *[None] * (len(op.op._inputs) - 1)]


def _onto_gradient(op: Any, dlist: Tensor) -> list[Any]:
    dvalue = raw.tensor_list_gather(dlist, op.indices, _rows_of(op.tensor), op.element_dtype)
    zeros = constants.zeros_like(dvalue)
    return [raw.tensor_list_scatter_into_existing_list(dlist, zeros, op.indices), dvalue, None]


# --- declarations -----------------------------------------------------------------------------------------------------

_ON_LIST: dict[str, Any] = {"objects": True, "check": lambda op, *dims: ""}
register("EmptyTensorList", _empty_shape, _empty, host="element_shape", **_ON_LIST)
register("TensorListReserve", _empty_shape, _reserved, host=("element_shape", "num_elements"), **_ON_LIST)
register("TensorListPushBack", _push_shape, _pushed, _push_gradient, **_ON_LIST)
register("TensorListPushBackBatch", _push_batch_shape,
         lambda op, handles, value: op.call(list_state.pushed_batch, handles, value, op.element_dtype.name), **_ON_LIST)
register("TensorListPopBack", _pop_shape, _popped, _pop_gradient, **_ON_LIST)
register("TensorListLength", shape_rules.scalar, lambda op, handle: _on(op, handle, "count"), **_ON_LIST)
register("TensorListElementShape", _rank_shape,
         lambda op, handle: _on(op, handle, "shape_of_elements", op.shape_type.name), **_ON_LIST)
register("TensorListGetItem", _get_shape, _got, _get_gradient, host="element_shape", **_ON_LIST)
register("TensorListSetItem", _set_shape, _put, _set_gradient, **_ON_LIST)
register("TensorListStack", _stack_shape, _stacked, _stack_gradient, host="element_shape", **_ON_LIST)
register("TensorListFromTensor", _rows_shape, _of_rows, _rows_gradient, host="element_shape", **_ON_LIST)
register("TensorListGather", _gather_shape, lambda op, handle, indices, shape: _on(
    op, handle, "gather", indices, _dims(shape), op.element_dtype.name), _gather_gradient, host="element_shape",
    **_ON_LIST)
register("TensorListScatter", _places_shape, lambda op, value, indices, shape: op.call(
    list_state.of_places, value, indices, _dims(shape), -1, op.element_dtype.name), _places_gradient,
    host="element_shape", **_ON_LIST)
register("TensorListScatterV2", _places_shape, lambda op, value, indices, shape, count: op.call(
    list_state.of_places, value, indices, _dims(shape), count, op.element_dtype.name), _places_gradient,
    host=("element_shape", "num_elements"), **_ON_LIST)
register("TensorListScatterIntoExistingList", _onto_shape, lambda op, handle, value, indices: _on(
    op, handle, "scattered", value, indices, op.element_dtype.name), _onto_gradient, **_ON_LIST)
register("TensorListResize", _resized_shape, lambda op, handle, size: _on(op, handle, "resized", size),
         _resize_gradient, **_ON_LIST)
register("TensorListConcat", _concat_shape, lambda op, handle: _concatenated(
    op, handle, op.op._attrs["element_shape"]._dims, None), _concat_gradient, **_ON_LIST)
register("TensorListConcatV2", _concat_shape, lambda op, handle, shape, leading: _concatenated(
    op, handle, _dims(shape), leading), _concat_gradient, host=("element_shape", "leading_dims"), **_ON_LIST)
register("TensorListSplit", _parts_shape, lambda op, value, shape, lengths: op.call(
    list_state.of_parts, value, _dims(shape), lengths, op.element_dtype.name), _split_gradient,
    host=("element_shape", "lengths"), **_ON_LIST)
register("TensorListConcatLists", _joined_shape,
         lambda op, one, other: op.call(_joined, one, other, op.element_dtype.name), **_ON_LIST)
