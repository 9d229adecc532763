"""Slices: tf.slice, strided slices with all of Python's index forms, and assignment to slices of variables."""

from __future__ import annotations

import copy
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dimension, Dims
from tfmagic.graph import convert
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import static_dims, static_ints
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.constants import ones_like
from tfmagic.ops.array.indices import alone, no_place, place, slice_at
from tfmagic.ops.array.join import concat, stack
from tfmagic.ops.array.rules import array_op, unknown_dims
from tfmagic.ops.array.select import boolean_mask
from tfmagic.ops.array.shape_ops import rank, reshape, shape
from tfmagic.ops.declare import op

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def _refused_slice(op: Any, x: Any, begin: Any, size: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    return None if begin == size == (len(x),) else (
        f"Expected begin and size arguments to be 1-D tensors of size {len(x)}, but got shapes "
        f"{shapes.brackets(begin)} and {shapes.brackets(size)} instead.")


def _explain_slice(op: Any, x: Any, begin: Any, size: Any) -> str | None:
    """TensorFlow's words for a box that is not within the tensor."""
    for axis, (start, count, have) in enumerate(zip(begin.tolist(), size.tolist(), x.shape)):
        if have == 0 and (start != 0 or count not in (0, -1)):
            return (f"Expected begin[{axis}] == 0 (got {start}) and size[{axis}] == 0 (got {count}) when "
                    f"input.dim_size({axis}) == 0")
        if not 0 <= start <= have:
            return f"Expected begin[{axis}] in [0, {have}], but got {start}"
        if count != -1 and not 0 <= count <= have - start:
            return f"Expected size[{axis}] in [0, {have - start}], but got {count}"
    return None


@array_op("Slice", host=("begin", "size"), check=_refused_slice, explain=_explain_slice)
class Slice:
    """A box cut out of a tensor: it begins at `begin` and has `size` (-1: all the rest)."""

    def shape(op, x, begin, size):
        given = shape_rules.merge(shape_rules.with_rank(begin, 1), shape_rules.with_rank(size, 1))
        count = None if given is None else given[0]
        if count is not None:
            x = shape_rules.with_rank(x, count)
        starts, wanted = static_dims(op.begin), static_dims(op.op._inputs[2])
        if wanted is None:
            return unknown_dims(None if x is None else len(x))
        result = list(wanted)
        sizes = static_ints(op.op._inputs[2]) if None in wanted and starts is not None and x is not None else None
        for axis, size_ in enumerate(sizes or ()):
            have, start = x[axis], starts[axis]
            if size_ == -1 and have is not None and start is not None:
                result[axis] = shape_rules.less(have, start)
        return tuple(result)

    def kernel(op, x, begin, size):
        dims = op.input._dims
        if any(start < 0 for start in begin):
            raise ValueError("torch would count from the end")
        for axis, (start, count) in enumerate(zip(begin, size)):
            known = None if dims is None else dims[axis]
            if start == 0 and count in (-1, known):
                continue
            if count == -1:
                count = (x.shape[axis] if known is None else known) - start
            x = torch.narrow(x, axis, start, count)
        return x

    def gradient(op, dy):
        x, begin, _ = op.op._inputs
        input_rank = rank(x)
        slice_size = shape(op.output)
        wanted = stack([input_rank, 1])
        before = reshape(begin, wanted)
        left = raw.sub(shape(x), slice_size, name="sub")
        after = reshape(raw.sub(left, begin, name="sub"), wanted)
        return raw.pad(dy, concat([before, after], 1)), None, None

    def static(op, x, begin, size):
        return x[tuple(slice(int(b), None if s == -1 else int(b + s)) for b, s in zip(begin, size))]


# --- strided slices ---------------------------------------------------------------------------------------------


class Spec:
    """A strided slice, worked out: what happens to each axis of the input.

    Attributes:
      steps: one item per part of the index in order: ("new",), ("take", index), ("slice", begin, end, stride) with
        None for open ends, or ("rest",) for the ellipsis. What a run alone knows of them are values of its plan.
      axes: how many axes of the input the parts other than "rest" use up.
    """

    def __init__(self, op: Any, begin: Any, end: Any, strides: Any):
        attrs = op.op._attrs
        masks = {name: attrs[name] for name in _MASKS}
        self.steps: list[tuple[Any, ...]] = []
        self.axes = 0
        has_rest = False
        for i in range(len(strides)):
            bit = 1 << i
            if masks["ellipsis_mask"] & bit:
                if has_rest:
                    raise ValueError("Multiple ellipses in slice spec not allowed")
                has_rest = True
                self.steps.append(("rest",))
            elif masks["new_axis_mask"] & bit:
                self.steps.append(("new",))
            elif masks["shrink_axis_mask"] & bit:
                if strides[i] is not None and strides[i] <= 0:
                    raise ValueError("only stride 1 allowed on non-range indexing.")
                self.steps.append(("take", None if begin is None else begin[i]))
                self.axes += 1
            else:
                if strides[i] == 0:
                    raise ValueError(f"strides[{i}] must be non-zero")
                first = "open" if masks["begin_mask"] & bit else None if begin is None else begin[i]
                last = "open" if masks["end_mask"] & bit else None if end is None else end[i]
                self.steps.append(("slice", first, last, strides[i]))
                self.axes += 1
        if not has_rest:
            self.steps.append(("rest",))

    def dims(self, x: Dims) -> Dims:
        """The static shape of the result."""
        if x is None:
            return None
        if self.axes > len(x):
            raise ValueError(f"Index out of range using input dim {len(x)}; input has only {len(x)} dims")
        result: list[int | None] = []
        axis = 0
        for step in self.steps:
            if step[0] == "new":
                result.append(1)
                continue
            if step[0] == "rest":
                count = len(x) - self.axes
                result.extend(x[axis:axis + count])
                axis += count
                continue
            size = x[axis]
            if step[0] == "take":
                if type(step[1]) is int and size is not None and not -size <= step[1] < size:
                    raise ValueError(no_place(step[1] + size if step[1] < 0 else step[1], axis))
            else:
                result.append(_sliced_size(size, *step[1:]))
            axis += 1
        return tuple(result)

    def index(self) -> tuple[Any, ...]:
        """The index in NumPy's form."""
        return tuple(None if step[0] == "new" else Ellipsis if step[0] == "rest" else step[1] if step[0] == "take"
                     else slice(*_ends(*step[1:])) for step in self.steps)

    def without_open(self, dims: Sequence[int]) -> tuple[Spec, dict[int, Any]]:
        """What is left when the elements were taken whose index a run alone tells, and these indices by axis."""
        rest, found = copy.copy(self), dict[int, Any]()
        rest.steps, axis = [], 0
        for step in self.steps:
            if step[0] == "take" and type(step[1]) is not int:
                found[axis] = step[1]
                rest.axes -= 1
            else:
                rest.steps.append(step)
            axis += len(dims) - self.axes if step[0] == "rest" else step[0] != "new"
        return rest, found

    def on_torch(self, x: Any, dims: Dims) -> Any:
        """The slice of a torch tensor, which knows no negative strides: those axes are cut forwards and flipped."""
        index: list[Any] = []
        flips: list[int] = []
        out_axis, axis = 0, 0
        left = self.axes
        after_rest = sum(1 for s in self._after_rest() if s[0] != "take")
        for step in self.steps:
            if step[0] == "rest":
                index.append(Ellipsis)
                out_axis = -after_rest
                axis = -left
                continue
            if step[0] == "new":
                index.append(None)
            elif step[0] == "take":
                index.append(step[1])
                axis, left = axis + 1, left - 1
                continue
            else:
                part = slice(*_ends(*step[1:]))
                if part.step < 0:
                    size: Any = x.shape[axis] if dims is None or dims[axis] is None else dims[axis]
                    part = _forwards(part, size)
                    flips.append(out_axis)
                index.append(part)
                axis, left = axis + 1, left - 1
            out_axis += 1
        if len(index) == 1 and index[0] is Ellipsis:
            return x
        result = x[tuple(index)]
        return torch.flip(result, flips) if flips else result

    def boxes(self, dims: tuple[int, ...]) -> list[tuple[int, int, int, bool]]:
        """Per axis of a tensor of these dims: first, step and number of the elements taken, and whether backwards."""
        result: list[tuple[int, int, int, bool]] = []
        for step in self.steps:
            if step[0] == "rest":
                result += [(0, 1, size, False) for size in dims[len(result):len(result) + len(dims) - self.axes]]
            elif step[0] == "take":
                result.append((step[1] % dims[len(result)], 1, 1, False))
            elif step[0] == "slice":
                chosen = range(*slice(*_ends(*step[1:])).indices(dims[len(result)]))
                backwards = chosen.step < 0 and len(chosen) > 0
                result.append((chosen[-1] if backwards else chosen.start, abs(chosen.step), len(chosen), backwards))
        return result

    def _after_rest(self) -> list[tuple[Any, ...]]:
        return self.steps[self.steps.index(("rest",)) + 1:]


def _ends(begin: Any, end: Any, stride: int) -> tuple[Any, Any, int]:
    return (None if isinstance(begin, str) else begin, None if isinstance(end, str) else end, stride)


def _forwards(part: slice, size: int) -> slice:
    """The positive slice over the same elements as a negative one."""
    if part.start is None and part.stop is None and part.step == -1:
        return slice(None, None, 1)
    chosen = range(*part.indices(size))
    return slice(chosen[-1], chosen[0] + 1, -part.step) if chosen else slice(0, 0, 1)


def _sliced_size(size: int | None, begin: Any, end: Any, stride: int | None) -> int | None:
    if begin == "open" and end == "open" and stride in (1, -1):
        return size
    if begin is None or end is None or stride is None or size is None:
        return None
    return len(range(*slice(*_ends(begin, end, stride)).indices(size)))


def _run_spec(op: Any, begin: Any, end: Any, strides: Any) -> Spec:
    return Spec(op, [int(v) for v in begin], [int(v) for v in end], [int(v) for v in strides])


def _takes_open(op: Any, *arguments: Any) -> bool:
    """Whether numbers of begin, end and strides that a run alone knows are all indices of single elements."""
    begin, end, strides = arguments[-4:-1] if op.op.type == "StridedSliceGrad" else arguments[-3:]
    free = op.shrink_axis_mask | op.new_axis_mask | op.ellipsis_mask
    return all(type(number) is int or mask >> at & 1
               for numbers, mask in ((begin, free | op.begin_mask), (end, free | op.end_mask), (strides, 0))
               for at, number in enumerate(numbers))


def _refused_strides(op: Any, x: Any, begin: Any, end: Any, strides: Any, *rest: Any) -> str | None:
    """TensorFlow's words for a run with values of these shapes."""
    return None if len(begin) == 1 and begin == end == strides else (
        f"Expected begin, end, and strides to be 1D equal size tensors, but got shapes {shapes.brackets(begin)}, "
        f"{shapes.brackets(end)}, and {shapes.brackets(strides)} instead.")


def _explain_strided_slice(op: Any, x: Any, begin: Any, end: Any, strides: Any, *rest: Any) -> str | None:
    """TensorFlow's words for an index that is not within the tensor."""
    try:
        _run_spec(op, begin.tolist(), end.tolist(), strides.tolist()).dims(tuple(x.shape))
    except ValueError as refused:
        return str(refused)
    return None


@array_op("StridedSlice", host=("begin", "end", "strides"), open_numbers=_takes_open, check=_refused_strides,
          explain=_explain_strided_slice)
class StridedSlice:
    """`x[begin:end:strides]` with the masks that Python's other index forms need."""

    def shape(op, x, begin, end, strides):
        lengths = None
        for dims in [shape_rules.with_rank(dims, 1) for dims in (begin, end, strides)]:
            lengths = shape_rules.merge(lengths, dims)
        steps = static_ints(op.strides)
        if steps is None:
            return None
        return Spec(op, static_ints(op.begin), static_ints(op.end), steps).dims(x)

    def kernel(op, x, begin, end, strides):
        spec, dims = Spec(op, begin, end, strides), op.input._dims
        if any(type(number) is not int for number in begin):
            dims = tuple(x.shape)
            spec, places = spec.without_open(dims)
            for axis in reversed(places):
                x = slice_at(x, axis, place(places[axis], dims[axis], axis))
            dims = tuple(x.shape)
        return spec.on_torch(x, dims)

    def gradient(op, dy):
        x, begin, end, strides = op.op._inputs
        return raw.strided_slice_grad(shape(x, out_type=begin.dtype), begin, end, strides, dy,
                                      **{name: op.op._attrs[name] for name in _MASKS}), None, None, None

    def static(op, x, begin, end, strides):
        return x[_run_spec(op, begin, end, strides).index()]


@op("StridedSliceGrad", host=("shape", "begin", "end", "strides"), traced="shapes", open_numbers=_takes_open,
    check=lambda op, x_shape, *dims: _refused_strides(op, x_shape, *dims) if len(x_shape) == 1 else
    f"shape must be 1-D, got shape.shape = {shapes.brackets(x_shape)}")
class StridedSliceGrad:
    """Zeros of `shape` with `dy` in the place that a strided slice takes."""

    def shape(op, x_shape, begin, end, strides, dy):
        return static_dims(op.op._inputs[0])

    def kernel(op, x_shape, begin, end, strides, dy):
        dims = tuple(x_shape)
        spec = Spec(op, begin, end, strides)
        if tuple(dy.shape) != spec.dims(dims):
            raise errors.InvalidArgumentError(None, None, f"shape of dy was {shapes.brackets(tuple(dy.shape))} instead "
                                                          f"of {shapes.brackets(spec.dims(dims))}")
        if isinstance(dy, np.ndarray):
            result = np.full(dims, b"", object)
            result[spec.index()] = dy
            return result
        spec, places = spec.without_open(dims)
        value = _surrounded(spec, tuple(size for axis, size in enumerate(dims) if axis not in places), dy)
        for axis, number in places.items():
            value = alone(value, axis, place(number, dims[axis], axis), dims[axis])
        return value

    def gradient(op, grad):
        _, begin, end, strides, _ = op.op._inputs
        return None, None, None, None, raw.strided_slice(grad, begin, end, strides,
                                                         **{name: op.op._attrs[name] for name in _MASKS})


def _surrounded(spec: Spec, dims: tuple[int, ...], dy: Any) -> Any:
    """Zeros of these dims with a value in the place that a slice takes."""
    boxes, value = _fitted(spec, dims, dy)
    pads = [0] * (2 * len(dims))
    for axis, (first, step, count, _) in enumerate(boxes):
        if step == 1:
            pads[-2 * axis - 2:len(pads) - 2 * axis] = first, dims[axis] - first - count
        else:
            whole = value.new_zeros((*value.shape[:axis], dims[axis], *value.shape[axis + 1:]))
            value = whole.slice_scatter(value, axis, first, first + step * count, step)
    return torch.nn.functional.pad(value, pads) if any(pads) else value


def _fitted(spec: Spec, dims: tuple[int, ...], value: Any) -> tuple[list[tuple[int, int, int, bool]], Any]:
    """A slice's boxes, and the value to be written there with all of the target's axes, in ascending order."""
    boxes = spec.boxes(dims)
    value = value.expand(spec.dims(dims)).reshape([count for _, _, count, _ in boxes])
    backwards = [axis for axis, box in enumerate(boxes) if box[3]]
    return boxes, torch.flip(value, backwards) if backwards else value


def _write_slice(op: Any, target: Any, begin: Any, end: Any, strides: Any, value: Any) -> Any:
    """`target` with `value` written into a slice of it."""
    spec = _run_spec(op, begin, end, strides)
    wanted, given = tuple(spec.dims(tuple(target.shape)) or ()), tuple(value.shape)
    if 0 in wanted:  # nothing to write: TensorFlow does not look at the value
        return target.copy() if isinstance(target, np.ndarray) else target.clone()
    if given != wanted:
        raise errors.UnimplementedError(None, None, f"sliced l-value shape {shapes.brackets(wanted)} does not match "
                                        f"r-value shape {shapes.brackets(given)}. Automatic broadcasting not yet "
                                        "implemented.")
    if isinstance(target, np.ndarray):
        target = target.copy()
        target[spec.index()] = value
        return target
    dims = tuple(target.shape)
    boxes, value = _fitted(spec, dims, value)
    cut = [(axis, first, first + step * count, step) for axis, (first, step, count, _) in enumerate(boxes)
           if count < dims[axis]]
    parts = [target]
    for axis, first, last, step in cut[:-1]:
        parts.append(parts[-1].narrow(axis, first, last - first) if step == 1
                     else parts[-1][(slice(None),) * axis + (slice(first, last, step),)])
    for (axis, first, last, step), part in zip(reversed(cut), reversed(parts)):
        value = part.slice_scatter(value, axis, first, last, step)
    return value if cut else value.clone()


def _assigned(op: Any, ref: Any, begin: Any, end: Any, strides: Any, value: Any) -> Any:
    return _write_slice(op, ref, begin, end, strides, value)


@op("StridedSliceAssign", writes="ref", host=("begin", "end", "strides"), traced="shapes", check=_refused_strides,
    explain=_explain_strided_slice)
class StridedSliceAssign:
    """A variable with a value written into a slice of it."""

    def shape(op, ref, begin, end, strides, value):
        return ref

    kernel = _assigned


@op("ResourceStridedSliceAssign", writes="ref", host=("begin", "end", "strides"), traced="shapes",
    check=_refused_strides, explain=_explain_strided_slice)
class ResourceStridedSliceAssign:
    """A resource variable with a value written into a slice of it."""

    kernel = _assigned


@op("TensorStridedSliceUpdate", host=("begin", "end", "strides"), traced="shapes", check=_refused_strides,
    explain=_explain_strided_slice)
class TensorStridedSliceUpdate:
    """A copy of a tensor with a value written into a slice of it."""

    def shape(op, x, begin, end, strides, value):
        return x

    kernel = _assigned


# --- public functions -------------------------------------------------------------------------------------------


@export("slice")
def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """A box cut out of a tensor.

    Args:
      input_: any tensor.
      begin: int32 or int64 vector, the corner where the box begins.
      size: int32 or int64 vector, the box's size; -1 for all that is left of an axis.
    """
    return raw.slice(input_, begin, size, name=name)


@export("strided_slice")
def strided_slice(input_: Any, begin: Any, end: Any, strides: Any = None, begin_mask: int = 0, end_mask: int = 0,
                  ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0, var: Any = None,
                  name: str | None = None) -> Tensor:
    """`input_[begin:end:strides]`, axis by axis.

    Args:
      input_: any tensor.
      begin, end, strides: int32 or int64 vectors of one length.
      begin_mask, end_mask: bit i set: `begin[i]` or `end[i]` is ignored, the slice goes as far as it can.
      ellipsis_mask: bit i set: place i stands for as many axes as the others leave.
      new_axis_mask: bit i set: place i adds an axis of size 1.
      shrink_axis_mask: bit i set: place i takes the one element at `begin[i]` and drops the axis.
      var: the variable that `input_` is the value of: the result's `assign(value)` then writes to it.
    """
    if strides is None:
        strides = ones_like(begin)
    masks = {"begin_mask": begin_mask, "end_mask": end_mask, "ellipsis_mask": ellipsis_mask,
             "new_axis_mask": new_axis_mask, "shrink_axis_mask": shrink_axis_mask}
    result = raw.strided_slice(input_, begin, end, strides, name=name, **masks)
    scope = name

    def assign(val: Any, name: str | None = None) -> Any:
        """Write `val` into this slice of the variable."""
        if var is None:
            raise ValueError("Sliced assignment is only supported for variables")
        return var._strided_slice_assign(begin=begin, end=end, strides=strides, value=val,
                                         name=name or (scope or "strided_slice").rstrip("/") + "_assign", **masks)

    result.assign = assign
    return result


_NOT_AN_INDEX = ("Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 "
                 "tensors are valid indices")


def _check_index(index: Any) -> None:
    if isinstance(index, (int, np.integer, Dimension)) and not isinstance(index, bool):
        return
    dtype = getattr(index, "dtype", None)
    dtype = getattr(dtype, "base_dtype", dtype)  # a variable's is one of references
    dims = getattr(index, "_dims", getattr(index, "shape", None))
    if dtype is None or (dims is not None and len(dims) == 1) or dtype not in (
            dtypes.int32, dtypes.int64, dtypes.int16, dtypes.uint8, dtypes.int8, dtypes.uint16):
        raise TypeError(f"{_NOT_AN_INDEX}, got {index!r}")


def slice_helper(tensor: Any, slice_spec: Any, var: Any = None) -> Tensor:
    """`tensor[slice_spec]` in all of Python's forms.

    Args:
      tensor: a tensor or a variable's value.
      slice_spec: an integer, slice, Ellipsis, None, scalar tensor, a tuple of them, or a boolean mask.
      var: the variable, where the slice may be assigned to.

    Raises:
      TypeError: an index is of another type.
      ValueError: an index is out of range.
    """
    if isinstance(slice_spec, bool) or (isinstance(slice_spec, (Tensor, np.ndarray))
                                        and slice_spec.dtype == (dtypes.bool_ if isinstance(slice_spec, Tensor)
                                                                 else np.bool_)):
        return boolean_mask(tensor, slice_spec)
    if not isinstance(slice_spec, (list, tuple)):
        slice_spec = [slice_spec]
    begin: list[Any] = []
    end: list[Any] = []
    strides: list[Any] = []
    masks = dict.fromkeys(_MASKS, 0)
    for position, item in enumerate(slice_spec):
        bit = 1 << position
        if isinstance(item, slice):
            _add_bound(begin, item.start, masks, "begin_mask", bit)
            _add_bound(end, item.stop, masks, "end_mask", bit)
            if item.step is not None:
                _check_index(item.step)
            strides.append(1 if item.step is None else item.step)
            continue
        if item is Ellipsis or item is None:
            begin.append(0)
            end.append(0)
            masks["ellipsis_mask" if item is Ellipsis else "new_axis_mask"] |= bit
        else:
            _check_index(item)
            begin.append(item)
            end.append(_successor(item))
            masks["shrink_axis_mask"] |= bit
        strides.append(1)
    with name_scope(None, "strided_slice", [tensor, *begin, *end, *strides]) as scope:
        if begin:
            packed: Any = [stack(begin), stack(end), stack(strides)]
            if any(t.dtype == dtypes.int64 for t in packed):
                packed = [t if t.dtype == dtypes.int64 else raw.cast(t, dtypes.int64, name="Cast") for t in packed]
        else:
            packed = [convert.constant([], dtypes.int32)] * 3
        return strided_slice(tensor, packed[0], packed[1], packed[2], masks["begin_mask"], masks["end_mask"],
                             masks["ellipsis_mask"], masks["new_axis_mask"], masks["shrink_axis_mask"], var, scope)


def _add_bound(bounds: list[Any], bound: Any, masks: dict[str, int], mask: str, bit: int) -> None:
    if bound is not None and (isinstance(bound, Tensor) or bound != sys.maxsize):
        _check_index(bound)
        bounds.append(bound)
    else:
        bounds.append(0)
        masks[mask] |= bit


def _successor(index: Any) -> Any:
    """The index after an element; a scalar tensor's is an `add` node, as `index + 1` makes it."""
    return raw.add_v2(index, 1, name="add") if isinstance(index, Tensor) else index + 1


def slice_of_tensor(self: Tensor, slice_spec: Any) -> Tensor:
    """`tensor[slice_spec]`."""
    return slice_helper(self, slice_spec)
