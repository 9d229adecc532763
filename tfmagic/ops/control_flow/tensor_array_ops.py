"""The ops of TensorArrays: what a run keeps of one, their kernels and gradients."""

from __future__ import annotations

import itertools
from collections.abc import Callable
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
            element = None if self.element_shape is None else prefix + self.element_shape
            found = ArrayState(f"{self.name}@{source}", self.dtype, len(self.elements), element, False, False,
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
            return self.element_shape  # type: ignore[return-value]
        return None

    def zeros(self, dims: tuple[int, ...]) -> Any:
        if self.dtype.kind == "O":
            raise _invalid(f"tensor_array::TensorSetZero type not supported: {self.dtype.proto_name}")
        return torch.zeros(dims, dtype=torch_dtype(self.dtype), device=self.device)


def _invalid(text: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, text)


def _refused(state: ArrayState, text: str) -> errors.InvalidArgumentError:
    return _invalid(f"TensorArray {state.name}: {text}")


def _open(state: ArrayState) -> None:
    if state.closed:
        raise _invalid(f"TensorArray {state.name} has already been closed.")


def _takes(state: ArrayState, dtype: DType) -> None:
    if dtype is not state.dtype:
        raise _invalid(f"TensorArray dtype is {state.dtype.proto_name} but Op is trying to write dtype "
                       f"{dtype.proto_name}.")


def _gives(state: ArrayState, dtype: DType) -> None:
    if dtype is not state.dtype:
        raise _invalid(f"TensorArray dtype is {state.dtype.proto_name} but Op requested dtype {dtype.proto_name}.")


def _shown(dims: Dims) -> str:
    """A shape that is perhaps known in part only, as TensorFlow prints it."""
    return "<unknown>" if dims is None else shapes.brackets(dims)


def _new(op: Any, size: Any) -> tuple[ArrayState, Any]:
    size = int(size)
    if size < 0:
        raise _invalid("Size should be >= 0.")
    name = f"{op.tensor_array_name or op.op.name}_{next(_numbers)}"
    state = ArrayState(name, op.dtype, size, op.op._attrs["element_shape"]._dims, op.dynamic_size,
                       op.clear_after_read, op.op._attrs.get("identical_element_shapes", False))
    return state, _flow()


def _flow() -> Any:
    return torch.zeros((), dtype=torch.float32)


def _gradient(op: Any, state: ArrayState, flow: Any, prefix: Any = ()) -> tuple[ArrayState, Any]:
    _open(state)
    for size in prefix:
        if size < 0:
            raise _invalid(f"Dimension {size} must be >= 0")
    return state.gradient(op.source, tuple(int(d) for d in prefix)), flow


def _write_one(state: ArrayState, index: int, value: Any) -> None:
    elements = state.elements
    if index < 0 or (index >= len(elements) and not state.dynamic):
        raise _refused(state, f"Tried to write to index {index} but array is not resizeable and size is: "
                              f"{len(elements)}")
    if index >= len(elements):
        elements.extend([_MISSING] * (index + 1 - len(elements)))
    if isinstance(value, torch.Tensor):
        state.device = value.device
    dims = tuple(value.shape)
    if not shapes.compatible(state.element_shape, dims):
        raise _refused(state, f"Could not write to TensorArray index {index} because the value shape is "
                              f"{shapes.brackets(dims)} which is incompatible with the TensorArray's inferred element "
                              f"shape: {shapes.brackets(state.element_shape)} (consider setting infer_shape=False).")
    if state.identical and not state.adds_up:
        state.element_shape = dims
    present = elements[index]
    if present is _READ:
        raise _refused(state, f"Could not write to TensorArray index {index} because it has already been read.")
    if present is not _MISSING:
        if not state.adds_up:
            raise _refused(state, f"Could not write to TensorArray index {index} because it has already been written "
                                  "to.")
        if present.shape != value.shape:
            raise _refused(state, f"Could not aggregate to TensorArray index {index} because the existing shape is "
                                  f"{shapes.brackets(tuple(present.shape))} but the new input shape is "
                                  f"{shapes.brackets(dims)}.")
        value = present + value
    elements[index] = value


def _write(op: Any, state: ArrayState, index: Any, value: Any, flow: Any) -> Any:
    _open(state)
    _takes(state, op.T)
    _write_one(state, int(index), value)
    return flow


def _read_one(state: ArrayState, index: int) -> Any:
    elements = state.elements
    inside = 0 <= index < len(elements)
    if not inside and (index < 0 or not state.adds_up):
        raise _invalid(f"Tried to read from index {index} but array size is: {len(elements)}")
    element = elements[index] if inside else _MISSING
    if element is _READ:
        raise _refused(state, f"Could not read index {index} twice because it was cleared after a previous read "
                              "(perhaps try setting clear_after_read = false?).")
    if element is _MISSING:
        dims = state.element_dims(index)
        if dims is None:
            raise _refused(state, f"Could not read from TensorArray index {index}.  Furthermore, the element shape is "
                                  f"not fully defined: {_shown(state.element_shape)}.  It is possible you are working "
                                  "with a resizeable TensorArray and stop_gradients is not allowing the gradients to "
                                  "be written.  If you set the full element_shape property on the forward "
                                  "TensorArray, the proper all-zeros tensor will be returned instead of incurring "
                                  "this error.")
        return state.zeros(dims)
    if state.clear:
        elements[index] = _READ
    return element


def _read(op: Any, state: ArrayState, index: Any, flow: Any) -> Any:
    _open(state)
    _gives(state, op.dtype)
    return _read_one(state, int(index))


def _inconsistent(index: int, first: Any, other: Any, what: str) -> errors.InvalidArgumentError:
    return _invalid(f"TensorArray has inconsistent shapes.  Index 0 has {what}shape: {shapes.brackets(tuple(first))} "
                    f"but index {index} has {what}shape: {shapes.brackets(tuple(other))}")


def _settled(dims: Dims, what: str, doing: str) -> tuple[int, ...]:
    """What an op says of the shape of elements, where there are none."""
    if dims is None or None in dims:
        raise errors.UnimplementedError(None, None, f"TensorArray has size zero, but {what} {_shown(dims)} is not "
                                        "fully defined. Currently only static shapes are supported when "
                                        f"{doing} zero-size TensorArrays.")
    return dims  # type: ignore[return-value]


def _gather(op: Any, state: ArrayState, indices: Any, flow: Any) -> Any:
    _open(state)
    _gives(state, op.dtype)
    stated = op.op._attrs["element_shape"]._dims
    if not shapes.compatible(state.element_shape, stated):
        raise _invalid(f"PartialTensorShape: Incompatible shapes during merge: {_shown(state.element_shape)} vs. "
                       f"{_shown(stated)}")
    values = [_read_one(state, index) for index in _as_list(indices)]
    if not values:
        return state.zeros((0, *_settled(stated, "element shape", "packing")))
    first = values[0].shape
    if not shapes.compatible(stated, tuple(first)):
        raise _invalid(f"TensorArray was passed element_shape {_shown(stated)} which does not match the Tensor at "
                       f"index 0: {shapes.brackets(tuple(first))}")
    for index, value in enumerate(values):
        if value.shape != first:
            raise _inconsistent(index, first, value.shape, "")
    return _stack(values)


def _stack(values: list[Any]) -> Any:
    if isinstance(values[0], torch.Tensor):
        return torch.stack(values)
    import numpy as np

    return np.stack(values)


def _as_list(indices: Any) -> list[int]:
    return [int(i) for i in (indices.tolist() if hasattr(indices, "tolist") else indices)]


def _scatter(op: Any, state: ArrayState, indices: Any, value: Any, flow: Any) -> Any:
    _open(state)
    _takes(state, op.T)
    places = _as_list(indices)
    if places and max(places) >= len(state.elements):
        if not state.dynamic:
            raise _invalid(f"Max scatter index must be < array size ({max(places)} vs. {len(state.elements)})")
        state.elements.extend([_MISSING] * (max(places) + 1 - len(state.elements)))
    rows = value.unbind(0) if isinstance(value, torch.Tensor) else [_row(value, i) for i in range(len(places))]
    for index, row in zip(places, rows):
        _write_one(state, index, row)
    return flow


def _row(value: Any, index: int) -> Any:
    """A row of an array of strings, which stays an array also when it is a scalar."""
    return value[index:index + 1].reshape(value.shape[1:])


def _concat(op: Any, state: ArrayState, flow: Any) -> tuple[Any, Any]:
    _open(state)
    _gives(state, op.dtype)
    stated = op.op._attrs["element_shape_except0"]._dims
    if not state.elements:
        rest = _settled(stated, "element_shape_except0", "concatenating")
        return state.zeros((0, *rest)), torch.zeros((0,), dtype=torch.int64)
    values = [_read_one(state, index) for index in range(len(state.elements))]
    first = values[0].shape[1:]
    for index, value in enumerate(values):
        if not len(value.shape):
            raise _invalid(f"Concat saw a scalar shape at index {index} but requires at least vectors.  Did you mean "
                           "to call pack?")
        rest = tuple(value.shape[1:])
        if not shapes.compatible(stated, rest):
            raise _invalid(f"TensorArray was passed element_shape_except0 {_shown(stated)} but index {index} has "
                           f"(excepting dimension 0) shape: {shapes.brackets(rest)} which does not match.")
        if rest != first:
            raise _inconsistent(index, first, rest, "(excepting dimension 0) ")
    lengths = torch.tensor([value.shape[0] for value in values], dtype=torch.int64)
    if isinstance(values[0], torch.Tensor):
        return torch.cat(values), lengths
    import numpy as np

    return np.concatenate(values), lengths


def _split(op: Any, state: ArrayState, value: Any, lengths: Any, flow: Any) -> Any:
    _open(state)
    parts = _as_list(lengths)
    if sum(parts) != value.shape[0]:
        raise _invalid(f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is {sum(parts)} "
                       f"and value's shape is: {shapes.brackets(tuple(value.shape))}")
    _takes(state, op.T)
    if state.dynamic and len(parts) > len(state.elements):
        state.elements.extend([_MISSING] * (len(parts) - len(state.elements)))
    if len(parts) != len(state.elements):
        raise _invalid(f"TensorArray's size is not equal to the size of lengths ({len(state.elements)} vs. "
                       f"{len(parts)}), and the TensorArray is not marked as dynamically resizeable")
    start = 0
    for index, length in enumerate(parts):
        _write_one(state, index, value[start:start + length])
        start += length
    return flow


def _size(op: Any, state: ArrayState, flow: Any) -> Any:
    _open(state)
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


_LEADS_TO_ARRAY = frozenset({"TensorArrayGradV3", "TensorArrayGradV2", "Enter", "Switch", "Identity"})


def _declared(handle: Any, otherwise: Dims = None) -> Dims:
    """The shape of elements that the nodes state which made an array; `otherwise` where they leave that open."""
    maker = handle.op
    while maker.type in _LEADS_TO_ARRAY:
        maker = maker._inputs[0].op
    if maker.type == "TensorArrayGradWithShape":
        prefix, element = maker._inputs[2]._dims, _declared(maker._inputs[0])
        return None if element is None or not prefix or prefix[0] is None else (None,) * prefix[0] + element
    if maker.type != "TensorArrayV3":
        return otherwise
    dims = maker._attrs["element_shape"]._dims
    stated = (dims is not None and None not in dims) or maker._attrs["identical_element_shapes"]
    return dims if stated else otherwise


def _shape_rule(result: Any, *ranks: int | None) -> Callable[..., Any]:
    """A shape rule: `result(op, *dims)` for a handle, and for other inputs of given ranks (None: any)."""

    def shape(op: Any, handle: Dims, *inputs: Dims) -> Any:
        (size,) = shape_rules.with_rank(handle, 1)
        if size is not None and size != 2:
            raise ValueError(f"Dimension must be 2 but is {size}")
        for dims, rank in zip(inputs, ranks):
            if rank is not None:
                shape_rules.with_rank(dims, rank)
        return result(op, handle, *inputs) if callable(result) else result

    return shape


def _created(op: Any, size: Dims) -> tuple[Dims, Dims]:
    shape_rules.with_rank(size, 0)
    return (2,), ()


def _one_written(op: Any, handle: Dims, index: Dims, value: Dims, flow: Dims) -> Dims:
    shape_rules.merge(_declared(op.op._inputs[0]), value)
    return ()


def _one_read(op: Any, handle: Dims, index: Dims, flow: Dims) -> Dims:
    return _declared(op.op._inputs[0])


def _gathered(op: Any, handle: Dims, indices: Dims, flow: Dims) -> Dims:
    dims = _declared(op.op._inputs[0], op.op._attrs["element_shape"]._dims)
    return None if dims is None else (shape_rules.with_rank(indices, 1)[0], *dims)


def _scattered(op: Any, handle: Dims, indices: Dims, value: Dims, flow: Dims) -> Dims:
    shape_rules.with_rank_at_least(value, 1)
    if value is not None:
        shape_rules.merge_dim(value[0], shape_rules.with_rank(indices, 1)[0])
        shape_rules.merge(_declared(op.op._inputs[0]), value[1:])
    return ()


def _takes_any(op: Any, *dims: Dims) -> str:
    return ""


def _scalar(what: str) -> Callable[..., str]:
    """The check of the input that comes after the handle, if any."""

    def check(op: Any, *dims: Dims) -> str:
        size = dims[0] if len(dims) == 1 else dims[1]
        return f"TensorArray {what} must be scalar, but had shape: {shapes.brackets(size)}" if size else ""

    return check


def _not_a_vector(op: Any, handle: Dims, indices: Dims, *others: Dims) -> str:
    if indices is None or len(indices) != 1:
        return f"Expected indices to be a vector, but received shape: {shapes.brackets(indices)}"
    return ""


def _refused_scatter(op: Any, handle: Dims, indices: Any, value: Any, flow: Dims) -> str:
    if not value:
        return "Input value for unpack must be at least a vector but received shape: []"
    if len(indices) == 1 and indices[0] != value[0]:
        return f"Expected len(indices) == values.shape[0], but saw: {indices[0]} vs. {value[0]}"
    return _not_a_vector(op, handle, indices)


def _refused_split(op: Any, handle: Dims, value: Any, lengths: Any, flow: Dims) -> str:
    if len(lengths) != 1:
        return f"Expected lengths to be a vector, received shape: {shapes.brackets(lengths)}"
    return "" if value else "Expected value to be at least a vector, but received shape: []"


def _refused_prefix(op: Any, handle: Dims, flow: Dims, prefix: Any) -> str:
    if len(prefix) != 1:
        return f"shape must be a vector of {{int32,int64}}, got shape {shapes.brackets(prefix)}"
    return ""


_HOST: dict[str, Any] = {"traced": False, "because": "a TensorArray is a host object", "effect": "writes"}
_GRADIENT_SHAPE = _shape_rule(((2,), ()))
register("TensorArrayV3", _created, _new, **_HOST, host="size", check=_scalar("size"))
register("TensorArrayV2", lambda op, size: _created(op, size)[0], lambda op, size: _new(op, size)[0], **_HOST,
         host="size", check=_scalar("size"))
register("TensorArrayGradV3", _GRADIENT_SHAPE, _gradient, **_HOST, check=_takes_any)
register("TensorArrayGradV2", _shape_rule((2,)), lambda op, state, flow: _gradient(op, state, flow)[0], **_HOST,
         check=_takes_any)
register("TensorArrayGradWithShape", _GRADIENT_SHAPE, _gradient, **_HOST, host="shape_to_prepend",
         check=_refused_prefix)
for _version in ("V2", "V3"):
    _name = "TensorArray{}" + _version
    _is_new = _version == "V3"  # only these know the shape of the elements while the graph is built
    register(_name.format("Write"), _shape_rule(_one_written if _is_new else (), 0, None, 0), _write, _write_gradient,
             **_HOST, host="index", check=_scalar("index"))
    register(_name.format("Read"), _shape_rule(_one_read if _is_new else None, 0, 0), _read, _read_gradient, **_HOST,
             host="index", check=_scalar("index"))
    register(_name.format("Gather"), _shape_rule(_gathered if _is_new else None, 1, 0), _gather, _gather_gradient,
             **_HOST, host="indices", check=_not_a_vector)
    register(_name.format("Scatter"), _shape_rule(_scattered if _is_new else (), 1, None, 0), _scatter,
             _scatter_gradient, **_HOST, host="indices", check=_refused_scatter)
    register(_name.format("Concat"), _shape_rule((None, (None,)), 0), _concat, _concat_gradient, **_HOST,
             check=_takes_any)
    register(_name.format("Split"), _shape_rule((), None, 1, 0), _split, _split_gradient, **_HOST, host="lengths",
             check=_refused_split)
    register(_name.format("Size"), _shape_rule(()), _size, **_HOST, check=_takes_any)
    register(_name.format("Close"), _shape_rule(None), _close, **_HOST, check=_takes_any)
