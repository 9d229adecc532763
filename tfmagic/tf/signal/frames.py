"""Signals cut into frames that overlap, windows for them, and frames put together again."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api


def scalar(value: Any, name: str) -> Tensor:
    """An argument as a scalar tensor.

    Raises:
      ValueError: it is none.
    """
    tensor = convert_to_tensor(value, name=name)
    tensor.get_shape().assert_has_rank(0)
    return tensor


# --- windows --------------------------------------------------------------------------------------------------------


@export("signal.hann_window")
def hann_window(window_length: Any, periodic: Any = True, dtype: Any = dtypes.float32,
                name: str | None = None) -> Tensor:
    """Hann's window: half a wave of a cosine, from zero to one and back.

    Args:
      window_length: an int scalar.
      periodic: whether the window goes on after its end, as for spectra; else it is symmetric.
      dtype: a floating type.
      name: of the scope.

    Raises:
      ValueError: another dtype, or the length is no scalar.
    """
    return _cosine_window(name, "hann_window", window_length, periodic, dtype, 0.5, 0.5)


@export("signal.hamming_window")
def hamming_window(window_length: Any, periodic: Any = True, dtype: Any = dtypes.float32,
                   name: str | None = None) -> Tensor:
    """Hamming's window: like Hann's, from 0.08 on (see `hann_window`)."""
    return _cosine_window(name, "hamming_window", window_length, periodic, dtype, 0.54, 0.46)


def _cosine_window(name: str | None, scope_name: str, length: Any, periodic: Any, dtype: Any, a: float,
                   b: float) -> Tensor:
    if not dtypes.as_dtype(dtype).is_floating:
        raise ValueError(
            f"dtype must be a floating point type. Found {dtypes.as_dtype(dtype)}")
    with name_scope(name, scope_name, [length, periodic]):
        length = convert_to_tensor(length, dtypes.int32, name="window_length")
        length.get_shape().assert_has_rank(0)
        known = constant_value(length)
        if known is not None and known == 1:
            return api.ones([1], dtype=dtype)
        periodic = api.cast(convert_to_tensor(periodic, bool, name="periodic"), dtypes.int32)
        periodic.get_shape().assert_has_rank(0)
        even = 1 - api.math.mod(length, 2)
        last = api.cast(length + periodic * even - 1, dtype=dtype)
        places = api.cast(api.range(length), dtype=dtype)
        angles = api.constant(2 * math.pi, dtype=dtype) * places / last
        if known is None:
            return api.cond(api.equal(length, 1), lambda: api.ones([1], dtype=dtype),
                            lambda: a - b * api.cos(angles))
        return a - b * api.cos(angles)


# --- frames ---------------------------------------------------------------------------------------------------------


def gcd(a: Any, b: Any, name: str | None = None) -> Tensor:
    """The greatest common divisor of two integer scalars.

    Raises:
      ValueError: one of them is no scalar or no integer.
    """
    with name_scope(name, "gcd", [a, b]):
        first, second = convert_to_tensor(a), convert_to_tensor(b)
        for tensor, what in ((first, "a"), (second, "b")):
            tensor.get_shape().assert_has_rank(0)
            if not tensor.dtype.is_integer:
                raise ValueError(f"{what} must be an integer type. Got: {tensor.dtype}")
        known = constant_value(first), constant_value(second)
        if known[0] is not None and known[1] is not None:
            return convert_to_tensor(math.gcd(int(known[0]), int(known[1])), dtype=first.dtype)
        found, _ = api.while_loop(lambda _, rest: api.greater(rest, api.zeros_like(rest)),
                                  lambda a, b: [b, api.math.mod(a, b)], [first, second])
        return found


@export("signal.frame")
def frame(signal: Any, frame_length: Any, frame_step: Any, pad_end: bool = False, pad_value: Any = 0,
          axis: Any = -1, name: str | None = None) -> Tensor:
    """A signal cut into frames, which overlap where the step is less than their length.

    Args:
      signal: [..., samples, ...].
      frame_length: how many samples a frame has.
      frame_step: how many samples lie from one frame's begin to the next.
      pad_end: whether frames that reach beyond the end are filled; else they are left out.
      pad_value: with what.
      axis: the axis of the samples.
      name: of the scope.

    Returns:
      [..., frames, frame_length, ...].

    Raises:
      ValueError: a scalar argument is none, or the signal is a scalar.
    """
    with name_scope(name, "frame", [signal, frame_length, frame_step, pad_value]):
        signal = convert_to_tensor(signal, name="signal")
        frame_length, frame_step = (convert_to_tensor(value, name=what) for value, what in
                                    ((frame_length, "frame_length"), (frame_step, "frame_step")))
        axis = convert_to_tensor(axis, name="axis")
        signal.get_shape().with_rank_at_least(1)
        for number in (frame_length, frame_step, axis):
            number.get_shape().assert_has_rank(0)
        static = _frames_shape(signal, frame_length, frame_step, pad_end, axis)
        rank = api.rank(signal)
        axis = api.range(rank)[axis]
        shape = api.shape(signal)
        outer, length, inner = api.split(shape, [axis, 1, rank - 1 - axis])
        length = api.reshape(length, [])
        outer_rank, inner_rank = api.size(outer), api.size(inner)
        if pad_end:
            pad_value = convert_to_tensor(pad_value, signal.dtype)
            pad_value.get_shape().assert_has_rank(0)
            count = -(-length // frame_step)
            missing = api.maximum(0, frame_length + frame_step * (count - 1) - length)
            paddings = api.concat([api.zeros([outer_rank, 2], dtype=missing.dtype), [[0, missing]],
                                   api.zeros([inner_rank, 2], dtype=missing.dtype)], 0)
            signal = api.pad(signal, paddings, constant_values=pad_value)
            shape = api.shape(signal)
            length = shape[axis]
        else:
            count = api.maximum(0, 1 + (length - frame_length) // frame_step)
        # Frames consist of parts that none of them cuts through.
        part = gcd(frame_length, frame_step)
        in_frame, in_step, parts = frame_length // part, frame_step // part, length // part
        whole = api.concat([outer, [parts * part], inner], 0)
        in_parts = api.concat([outer, [parts, part], inner], 0)
        pieces = api.reshape(api.strided_slice(signal, api.zeros_like(shape), whole), in_parts)
        starts = api.reshape(api.range(count) * in_step, [count, 1])
        selected = starts + api.reshape(api.range(in_frame), [1, in_frame])
        frames = api.reshape(api.gather(pieces, selected, axis=axis),
                             api.concat([outer, [count, frame_length], inner], 0))
        if static is not None:
            frames.set_shape(static)
        return frames


def _frames_shape(signal: Tensor, frame_length: Tensor, frame_step: Tensor, pad_end: bool,
                  axis: Tensor) -> list[int | None] | None:
    """The static shape of the frames."""
    place = constant_value(axis)
    if signal.get_shape().ndims is None:
        return None
    dims = signal.get_shape().as_list()
    if place is None:
        return [None] * (len(dims) + 1)
    samples = dims[place]
    place = int(place) % len(dims)
    length, step = constant_value(frame_length), constant_value(frame_step)
    length, step = (None if value is None else int(value) for value in (length, step))
    count = None
    if samples is not None and step and (pad_end or length is not None):
        count = -(-samples // step) if pad_end else max(0, 1 + (samples - length) // step)
    return [*dims[:place], count, length, *dims[place + 1:]]


@export("signal.overlap_and_add")
def overlap_and_add(signal: Any, frame_step: Any, name: str | None = None) -> Tensor:
    """Frames put together to a signal, by sums where they overlap.

    Args:
      signal: [..., frames, frame_length].
      frame_step: how many samples lie from one frame's begin to the next.
      name: of the scope.

    Returns:
      [..., samples].

    Raises:
      ValueError: the step is no integer scalar, or the signal has less than two dimensions.
    """
    with name_scope(name, "overlap_and_add", [signal, frame_step]):
        signal = convert_to_tensor(signal, name="signal")
        signal.get_shape().with_rank_at_least(2)
        frame_step = convert_to_tensor(frame_step, name="frame_step")
        frame_step.get_shape().assert_has_rank(0)
        if not frame_step.dtype.is_integer:
            raise ValueError(f"frame_step must be an integer. Got {frame_step.dtype}")
        shape = api.shape(signal)
        outer = shape[:-2]
        outer_rank = api.size(outer)
        length, frames = shape[-1], shape[-2]
        samples = length + frame_step * (frames - 1)
        step, size = constant_value(frame_step), signal.get_shape()[-1:].as_list() if signal.get_shape().ndims else None
        if step is not None and size == [int(step)]:
            return api.reshape(signal, api.concat([outer, [samples]], 0), name="fast_path")
        # Frames are cut into segments of one step, so that those that are added lie at the same place.
        segments = -(-length // frame_step)
        borders = [[0, segments], [0, segments * frame_step - length]]
        paddings = api.concat([api.zeros([outer_rank, 2], dtypes.int32), borders], 0)
        signal = api.pad(signal, paddings)
        signal = api.reshape(signal, api.concat([outer, [frames + segments, segments, frame_step]], 0))
        order = api.concat([api.range(outer_rank), outer_rank + [1, 0, 2]], 0)
        signal = api.transpose(signal, order)
        signal = api.reshape(signal, api.concat([outer, [(frames + segments) * segments, frame_step]], 0))
        signal = signal[..., :(frames + segments - 1) * segments, :]
        signal = api.reshape(signal, api.concat([outer, [segments, frames + segments - 1, frame_step]], 0))
        signal = api.reduce_sum(signal, -3)
        signal = api.reshape(signal, api.concat([outer, [(frames + segments - 1) * frame_step]], 0))
        return signal[..., :samples]
