"""The ops of TensorArrays: what a run keeps of one, their kernels and gradients."""

from __future__ import annotations

import itertools
from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.dtypes import DType
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops import shape_rules
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.ops.declare import register
from tfmagic.ops.torch_types import torch_dtype

_numbers = itertools.count()
_MISSING = object()
_READ = object()


class ArrayState:
    """The elements of one TensorArray in one run.

    Attributes:
      elements: tensors; `_MISSING` before they are written, `_READ` after they were read and freed.
      adds_up: whether what is written to one place several times adds up (gradients) instead of being an error.
      prefix: dims to put before the shape of a forward element (gradients of stacked elements).
    """

    __slots__ = ("name", "dtype", "elements", "element_shape", "dynamic", "clear", "identical", "adds_up", "closed",
                 "gradients", "forward", "prefix", "device")

    def __init__(self, name: str, dtype: DType, size: int, element_shape: Dims, dynamic: bool, clear: bool,
                 identical: bool):
        self.name = name
        self.dtype = dtype
        self.elements: list[Any] = [_MISSING] * size
        self.element_shape = element_shape
        self.dynamic = dynamic
        self.clear = clear
        self.identical = identical
        self.adds_up = False
        self.closed = False
        self.gradients: dict[str, ArrayState] = {}
        self.forward: ArrayState | None = None
        self.prefix: tuple[int, ...] = ()
        self.device: Any = None

    def gradient(self, source: str, prefix: tuple[int, ...]) -> ArrayState:
        """The array of gradients for one `tf.gradients` call."""
        found = self.gradients.get(source)
        if found is None:
            found = ArrayState(self.name, self.dtype, len(self.elements), self.element_shape, False, False,
                               self.identical)
            found.adds_up = True
            found.forward = self
            found.prefix = prefix
            found.device = self.device
            self.gradients[source] = found
        return found

    def element_dims(self, index: int) -> tuple[int, ...] | None:
        """The shape of an element that is not written itself, if anything tells it."""
        if self.forward is not None:
            element: Any = self.forward.elements[index] if index < len(self.forward.elements) else _MISSING
            if element is not _MISSING and element is not _READ:
                return self.prefix + tuple(element.shape)
        if self.element_shape is not None and None not in self.element_shape:
            return self.prefix + self.element_shape  # type: ignore[operator]
        return None

    def zeros(self, dims: tuple[int, ...]) -> Any:
        return torch.zeros(dims, dtype=torch_dtype(self.dtype), device=self.device)


def _refuse(op: Any, state: ArrayState, text: str) -> None:
    raise errors.InvalidArgumentError(None, None, f"TensorArray {state.name}: {text}")


def _open(op: Any, state: ArrayState) -> None:
    if state.closed:
        _refuse(op, state, "has already been closed.")


def _new(op: Any, size: Any) -> tuple[ArrayState, Any]:
    size = int(size)
    if size < 0:
        raise errors.InvalidArgumentError(None, None, f"Size should be >= 0, got: {size}")
    name = f"{op.tensor_array_name or op.op.name}_{next(_numbers)}"
    state = ArrayState(name, op.dtype, size, op.op._attrs["element_shape"]._dims, op.dynamic_size,
                       op.clear_after_read, op.op._attrs.get("identical_element_shapes", False))
    return state, _flow()


def _flow() -> Any:
    return torch.zeros((), dtype=torch.float32)


def _gradient(op: Any, state: ArrayState, flow: Any, prefix: Any = ()) -> tuple[ArrayState, Any]:
    _open(op, state)
    return state.gradient(op.source, tuple(int(d) for d in prefix)), flow


def _write_one(op: Any, state: ArrayState, index: int, value: Any) -> None:
    elements = state.elements
    if index < 0 or (index >= len(elements) and not state.dynamic):
        _refuse(op, state, f"Tried to write to index {index} but array is not resizeable and size is: "
                           f"{len(elements)}")
    if index >= len(elements):
        elements.extend([_MISSING] * (index + 1 - len(elements)))
    if isinstance(value, torch.Tensor):
        if value.dtype is not torch_dtype(state.dtype):
            _refuse(op, state, f"Could not write to TensorArray index {index} because the value dtype is "
                               f"{op.T.proto_name} but TensorArray dtype is {state.dtype.proto_name}.")
        state.device = value.device
    dims = tuple(value.shape)
    if not shapes.compatible(state.element_shape, dims[len(state.prefix):]):
        _refuse(op, state, f"Could not write to TensorArray index {index} because the value shape is "
                           f"{shapes.brackets(dims)} which is incompatible with the TensorArray's inferred element "
                           f"shape: {shapes.brackets(state.element_shape)} (consider setting infer_shape=False).")
    if state.identical and not state.adds_up:
        state.element_shape = dims
    present = elements[index]
    if present is _READ:
        _refuse(op, state, f"Could not write to TensorArray index {index} because it has already been read.")
    if present is not _MISSING:
        if not state.adds_up:
            _refuse(op, state, f"Could not write to TensorArray index {index} because it has already been written "
                               "to.")
        if present.shape != value.shape:
            _refuse(op, state, f"Could not aggregate to TensorArray index {index} because the existing shape is "
                               f"{shapes.brackets(tuple(present.shape))} but the new input shape is "
                               f"{shapes.brackets(dims)}.")
        value = present + value
    elements[index] = value


def _write(op: Any, state: ArrayState, index: Any, value: Any, flow: Any) -> Any:
    _open(op, state)
    _write_one(op, state, int(index), value)
    return flow


def _read_one(op: Any, state: ArrayState, index: int) -> Any:
    elements = state.elements
    if not 0 <= index < len(elements):
        _refuse(op, state, f"Tried to read from index {index} but array size is: {len(elements)}")
    element = elements[index]
    if element is _READ:
        _refuse(op, state, f"Could not read index {index} twice because it was cleared after a previous read (perhaps "
                           "try setting clear_after_read = false?).")
    if element is _MISSING:
        dims = state.element_dims(index)
        if dims is None:
            shown = "<unknown>" if state.element_shape is None else shapes.brackets(state.element_shape)
            _refuse(op, state, f"Could not read from TensorArray index {index}.  Furthermore, the element shape is not "
                               f"fully defined: {shown}.  It is possible you are working with a resizeable TensorArray "
                               "and stop_gradients is not allowing the gradients to be written.  If you set the full "
                               "element_shape property on the forward TensorArray, the proper all-zeros tensor will be "
                               "returned instead of incurring this error.")
        return state.zeros(dims)  # type: ignore[arg-type]
    if state.clear:
        elements[index] = _READ
    return element


def _read(op: Any, state: ArrayState, index: Any, flow: Any) -> Any:
    _open(op, state)
    return _read_one(op, state, int(index))


def _same_shapes(op: Any, state: ArrayState, values: list[Any]) -> None:
    for index, value in enumerate(values):
        if value.shape != values[0].shape:
            _refuse(op, state, f"has inconsistent shapes. Index 0 has shape: "
                               f"{shapes.brackets(tuple(values[0].shape))} but index {index} has shape: "
                               f"{shapes.brackets(tuple(value.shape))}")


def _empty_element(op: Any, state: ArrayState, given: Dims, what: str) -> tuple[int, ...]:
    dims = state.element_shape if state.element_shape is not None else given
    if dims is None or None in dims:
        raise errors.UnimplementedError(None, None, f"TensorArray has size zero, but element shape "
                                        f"{shapes.brackets(dims)} is not fully defined. Currently only static shapes "
                                        f"are supported when {what} zero-size TensorArrays.")
    return dims  # type: ignore[return-value]


def _gather(op: Any, state: ArrayState, indices: Any, flow: Any) -> Any:
    _open(op, state)
    values = [_read_one(op, state, index) for index in _as_list(indices)]
    if not values:
        return state.zeros((0, *_empty_element(op, state, op.op._attrs["element_shape"]._dims, "packing")))
    _same_shapes(op, state, values)
    return _stack(values)


def _stack(values: list[Any]) -> Any:
    if isinstance(values[0], torch.Tensor):
        return torch.stack(values)
    import numpy as np

    return np.stack(values)


def _as_list(indices: Any) -> list[int]:
    return [int(i) for i in (indices.tolist() if hasattr(indices, "tolist") else indices)]


def _scatter(op: Any, state: ArrayState, indices: Any, value: Any, flow: Any) -> Any:
    _open(op, state)
    places = _as_list(indices)
    if not len(value.shape) or len(places) != value.shape[0]:
        _refuse(op, state, f"Input value must have first dimension equal to the number of indices ({len(places)}), "
                           f"but its shape is {shapes.brackets(tuple(value.shape))}.")
    if state.dynamic and places and max(places) >= len(state.elements):
        state.elements.extend([_MISSING] * (max(places) + 1 - len(state.elements)))
    rows = value.unbind(0) if isinstance(value, torch.Tensor) else [_row(value, i) for i in range(len(places))]
    for index, row in zip(places, rows):
        _write_one(op, state, index, row)
    return flow


def _row(value: Any, index: int) -> Any:
    """A row of an array of strings, which stays an array also when it is a scalar."""
    return value[index:index + 1].reshape(value.shape[1:])


def _concat(op: Any, state: ArrayState, flow: Any) -> tuple[Any, Any]:
    _open(op, state)
    values = [_read_one(op, state, index) for index in range(len(state.elements))]
    if not values:
        given = (0, *(op.op._attrs["element_shape_except0"]._dims or (None,)))
        rest = _empty_element(op, state, given, "concatenating")
        return state.zeros((0, *rest[1:])), torch.zeros((0,), dtype=torch.int64)
    for index, value in enumerate(values):
        if not len(value.shape):
            _refuse(op, state, f"Concat saw a scalar shape at index {index} but requires at least vectors. Did you "
                               "mean to call pack?")
        if value.shape[1:] != values[0].shape[1:]:
            _refuse(op, state, f"has inconsistent shapes. Index 0 has (excepting dimension 0) shape: "
                               f"{shapes.brackets(tuple(values[0].shape[1:]))} but index {index} has (excepting "
                               f"dimension 0) shape: {shapes.brackets(tuple(value.shape[1:]))}")
    lengths = torch.tensor([value.shape[0] for value in values], dtype=torch.int64)
    if isinstance(values[0], torch.Tensor):
        return torch.cat(values), lengths
    import numpy as np

    return np.concatenate(values), lengths


def _split(op: Any, state: ArrayState, value: Any, lengths: Any, flow: Any) -> Any:
    _open(op, state)
    parts = _as_list(lengths)
    if not len(value.shape) or sum(parts) != value.shape[0]:
        rows = value.shape[0] if len(value.shape) else 0
        _refuse(op, state, f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
                           f"{sum(parts)} and value's shape is: {shapes.brackets(tuple(value.shape))} ({rows} rows)")
    if state.dynamic and len(parts) > len(state.elements):
        state.elements.extend([_MISSING] * (len(parts) - len(state.elements)))
    if len(parts) != len(state.elements):
        _refuse(op, state, f"TensorArray's size is not equal to the size of lengths ({len(state.elements)} vs. "
                           f"{len(parts)}), and the TensorArray is not marked as dynamically resizeable")
    start = 0
    for index, length in enumerate(parts):
        _write_one(op, state, index, value[start:start + length])
        start += length
    return flow


def _size(op: Any, state: ArrayState, flow: Any) -> Any:
    _open(op, state)
    return torch.tensor(len(state.elements), dtype=torch.int32)


def _close(op: Any, state: ArrayState) -> None:
    state.closed = True
    state.elements.clear()


# --- gradients --------------------------------------------------------------------------------------------------


def grad_source(name: str) -> str:
    """The scope of the `tf.gradients` call in which a node stands: it tells the arrays of several calls apart.

    Raises:
      ValueError: no part of the name starts with "gradients".
    """
    parts = name.split("/")
    places = [i for i, part in enumerate(parts) if part.startswith("gradients")]
    if not places:
        raise ValueError("Expected op/tensor name to start with gradients (excluding scope), got: "
                         f"{name}. This means that a tf.gradients op with this op in its dependency path has a custom "
                         "name that does not start with 'gradients'. Please make sure all calls to tf.gradients that "
                         "have non-empty `name` arguments use names that start with 'gradients'.")
    return "/".join(parts[:places[-1] + 1])


def _grad_array(handle: Any, flow: Any, dtype: DType, source: Any) -> TensorArray:
    array = TensorArray(dtype, handle=handle, flow=flow, colocate_with_first_write_call=False)
    return array.grad(grad_source(source.name), flow=flow)


def _read_gradient(op: Any, grad: Any) -> list[Any]:
    array = _grad_array(op.handle, op.flow_in, op.dtype, grad)
    return [None, None, array.write(op.index, grad).flow]


def _write_gradient(op: Any, flow: Any) -> list[Any]:
    return [None, None, _grad_array(op.handle, flow, op.T, flow).read(op.index), flow]


def _gather_gradient(op: Any, grad: Any) -> list[Any]:
    array = _grad_array(op.handle, op.flow_in, op.dtype, grad)
    return [None, None, array.scatter(op.indices, grad).flow]


def _scatter_gradient(op: Any, flow: Any) -> list[Any]:
    return [None, None, _grad_array(op.handle, flow, op.T, flow).gather(op.indices), flow]


def _concat_gradient(op: Any, grad: Any, lengths_grad: Any) -> list[Any]:
    array = _grad_array(op.handle, op.flow_in, op.dtype, grad)
    return [None, array.split(grad, op.lengths).flow]


def _split_gradient(op: Any, flow: Any) -> list[Any]:
    return [None, _grad_array(op.handle, flow, op.T, flow).concat(), None, flow]


# --- declarations -----------------------------------------------------------------------------------------------


def _handle_and_flow(op: Any, *inputs: Dims) -> tuple[Dims, Dims]:
    return (2,), ()


_LEADS_TO_ARRAY = frozenset({"TensorArrayGradV3", "TensorArrayGradV2", "Enter", "Switch", "Identity"})


def _declared(handle: Any, otherwise: Dims) -> Dims:
    """The shape of elements that the node states which made an array; `otherwise` where it leaves that open."""
    maker = handle.op
    while maker.type in _LEADS_TO_ARRAY:
        maker = maker._inputs[0].op
    if maker.type != "TensorArrayV3":
        return otherwise
    dims = maker._attrs["element_shape"]._dims
    stated = (dims is not None and None not in dims) or maker._attrs["identical_element_shapes"]
    return dims if stated else otherwise


def _one_read(op: Any, handle: Dims, index: Dims, flow: Dims) -> Dims:
    return _declared(op.op._inputs[0], None)


def _gathered(op: Any, handle: Dims, indices: Dims, flow: Dims) -> Dims:
    indices = shape_rules.with_rank(indices, 1)
    dims = _declared(op.op._inputs[0], op.op._attrs["element_shape"]._dims)
    return None if dims is None else (None if indices is None else indices[0], *dims)


def _concatenated(op: Any, handle: Dims, flow: Dims) -> tuple[Dims, Dims]:
    return None, (None,)


def _handle(op: Any, *inputs: Dims) -> Dims:
    return (2,)


_HOST: dict[str, Any] = {"traced": False, "because": "a TensorArray is a host object", "effect": "writes"}
register("TensorArrayV3", _handle_and_flow, _new, **_HOST, host=("size",))
register("TensorArrayV2", _handle, lambda op, size: _new(op, size)[0], **_HOST,
         host=("size",))
register("TensorArrayGradV3", _handle_and_flow, _gradient, **_HOST)
register("TensorArrayGradV2", _handle, lambda op, state, flow: _gradient(op, state, flow)[0],
         **_HOST)
for _version in ("V2", "V3"):
    _name = "TensorArray{}" + _version
    register(_name.format("Write"), shape_rules.scalar, _write, _write_gradient, **_HOST, host=("index",))
    register(_name.format("Read"), _one_read, _read, _read_gradient, **_HOST, host=("index",))
    register(_name.format("Gather"), _gathered, _gather, _gather_gradient, **_HOST, host=("indices",))
    register(_name.format("Scatter"), shape_rules.scalar, _scatter, _scatter_gradient, **_HOST, host=("indices",))
    register(_name.format("Concat"), _concatenated, _concat, _concat_gradient, **_HOST)
    register(_name.format("Split"), shape_rules.scalar, _split, _split_gradient, **_HOST, host=("lengths",))
    register(_name.format("Size"), shape_rules.scalar, _size, **_HOST)
    register(_name.format("Close"), None, _close, **_HOST)
register("TensorArrayGradWithShape", _handle_and_flow, _gradient, **_HOST,
         host=("shape_to_prepend",))
