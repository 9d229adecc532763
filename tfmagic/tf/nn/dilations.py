"""tf.nn's convolutions and pools of any dimension, dilated ones through the batch, and depthwise convolutions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, dimension_value
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.array.blocks import batch_to_space, space_to_batch
from tfmagic.tf.nn.convolutions import conv1d, conv2d_backprop_input, conv2d_transpose, given
from tfmagic.tf.nn.pooling import per_dimension

# --- any dimension, with dilation ------------------------------------------------------------------------------


@export("nn.convolution")
def convolution(input: Any, filter: Any, padding: Any, strides: Any = None, dilation_rate: Any = None,
                name: str | None = None, data_format: str | None = None, filters: Any = None,
                dilations: Any = None) -> Tensor:
    """Convolves in one to three dimensions.

    Args:
      input: a tensor of shape [batch, spatial dimensions ..., channels] and a floating type.
      filter: a tensor of shape [spatial dimensions ..., channels, out channels] (also called `filters`).
      padding: "SAME" or "VALID".
      strides: one number per spatial dimension; by default 1.
      dilation_rate: one number per spatial dimension (also called `dilations`); by default 1.
      data_format: channels last (the default), or first when it starts with "NC".

    Returns:
      A tensor of the same type.

    Raises:
      ValueError: the shapes do not fit, or there are not one to three spatial dimensions.
    """
    filter = given("filters", filters, "filter", filter)
    rate = given("dilations", dilations, "dilation_rate", dilation_rate)
    with name_scope(name, "convolution", [input, filter]) as scope:
        # Arrays become nodes of the ops that take them.
        input, shape = _with_shape(input, "input")
        filter, filter_shape = _with_shape(filter, "filter")
        rank = filter_shape.ndims if shape.ndims is None else shape.ndims
        if rank is None:
            raise ValueError("rank of input or filter must be known")
        if not 3 <= rank <= 5:
            raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {rank}.")
        axis = 1 if data_format is not None and data_format.startswith("NC") else rank - 1
        steps = per_dimension(strides, rank - 2, axis, "strides")
        rate = per_dimension(rate, rank - 2, axis, "dilations")
        if all(r == 1 for r in rate):
            return _plain(input, filter, padding, steps, data_format, rank, scope)
        spatial = slice(2, None) if axis == 1 else slice(1, -1)
        input = convert_to_tensor(input, name="input")
        return _dilated(input, filter, padding, steps, rate[spatial], steps[spatial], data_format, filter_shape, scope)


def _with_shape(value: Any, name: str) -> tuple[Any, TensorShape]:
    """A tensor, variable or array, and its static shape; anything else as a tensor."""
    if not isinstance(value, Tensor | np.ndarray):
        value = convert_to_tensor(value, name=name)
    return value, value.get_shape() if isinstance(value, Tensor) else TensorShape(value.shape)


_FORMATS = {3: ("NWC", "NCW"), 4: ("NHWC", "NCHW"), 5: ("NDHWC", "NCDHW")}


def _plain(input: Any, filter: Any, padding: Any, steps: list[int], data_format: str | None, rank: int,
           name: str | None) -> Tensor:
    """A convolution without dilation, by the rank of its input."""
    data_format = _FORMATS[rank][0] if data_format is None else data_format
    if rank == 3:
        return conv1d(input, filter, steps, padding, data_format=data_format, name=name)
    if rank == 4:
        return raw.conv2d(input, filter, steps, padding, data_format=data_format, name=name)
    return raw.conv3d(input, filter, steps, padding, data_format, name=name)


def _dilated(input: Tensor, filter: Any, padding: Any, steps: list[int], rate: list[int], strides: list[int],
             data_format: str | None, filter_shape: TensorShape, name: str) -> Tensor:
    """A convolution with dilation: one without, of the input's elements gathered into the batch."""
    rank = filter_shape.ndims
    shape = input.get_shape()
    if rank is not None and shape.ndims is not None:
        if shape.ndims != rank:
            raise ValueError(f"input tensor must have rank {rank}")
        depth = shape[1 if data_format is not None and data_format.startswith("NC") else rank - 1]
        if not depth.is_compatible_with(filter_shape[rank - 2]):
            raise ValueError("number of input channels does not match corresponding dimension of filter, "
                             f"{depth} != {filter_shape[rank - 2]}")
    check_steps(strides, rate)
    if padding not in ("SAME", "VALID"):
        raise ValueError(f"Invalid padding method {padding!r}")
    if rank in _FORMATS and data_format is not None and data_format not in _FORMATS[rank] and not (
            rank == 3 and data_format in _FORMATS[4]):
        last, first = _FORMATS[rank]
        raise ValueError(f'data_format must be "{last}" or "{first}".' + (f" Have: {data_format}" if rank == 5 else ""))
    if not filter_shape.is_fully_defined():
        raise ValueError(f"Cannot convert a partially known TensorShape to a Tensor: {filter_shape}")
    return with_space_to_batch(
        input, rate, padding,
        lambda values, _, pad: _plain(values, filter, pad, steps, data_format, len(steps), name),
        filter_shape=filter_shape, data_format=data_format)


def _steps_and_rate(strides: Any, rate: Any, count: int) -> tuple[list[int], list[int]]:
    """One stride and one dilation rate per spatial dimension.

    Raises:
      ValueError: another count of them, one is not positive, or there are both strides and holes.
    """
    rate = _numbers(rate, count, "dilation_rate")
    if any(r < 1 for r in rate):
        raise ValueError("all values of dilation_rate must be positive")
    strides = _numbers(strides, count, "strides")
    check_steps(strides, rate)
    return strides, rate


def _numbers(value: Any, count: int, name: str) -> list[int]:
    """One number per spatial dimension.

    Raises:
      ValueError: another count of numbers.
      TypeError: a single number.
    """
    if value is None:
        return [1] * count
    if isinstance(value, Tensor):
        value = constant_value(value)
        if value is None:
            raise ValueError(f"{name} must be known when the graph is built")
    if len(value) != count:
        raise ValueError(f"len({name})={len(value)} but should be {count}")
    return [int(v) for v in value]


def check_steps(strides: Sequence[int], rate: Sequence[int]) -> None:
    """Check the strides and dilation rates of a convolution.

    Raises:
      ValueError: one is not positive, or there are both strides and holes.
    """
    for name, numbers in (("dilation_rate", rate), ("strides", strides)):
        if any(n < 1 for n in numbers):
            raise ValueError(f"all values of {name} must be positive")
    if any(s > 1 for s in strides) and any(r > 1 for r in rate):
        raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1")


@export("nn.with_space_to_batch")
def with_space_to_batch(input: Any, dilation_rate: Any, padding: str, op: Callable[..., Tensor],
                        filter_shape: Any = None, spatial_dims: Any = None,
                        data_format: str | None = None) -> Tensor:
    """Runs an op on every `dilation_rate`th element: these are gathered into the batch before and spread after.

    Args:
      input: a tensor with the batch first.
      dilation_rate: one number per spatial dimension.
      padding: "SAME" or "VALID".
      op: `(input, number of spatial dimensions, padding) -> output`, called with "VALID" padding.
      filter_shape: the filter's shape, needed for "SAME".
      spatial_dims: which dimensions are dilated; by default those after the batch.
      data_format: channels last (the default), or first when it starts with "NC".

    Returns:
      The op's output.

    Raises:
      ValueError: no such padding, or the rank is unknown.
    """
    return spread(input, dilation_rate, padding, op, filter_shape, spatial_dims, data_format)


def spread(input: Any, dilation_rate: Any, padding: str, op: Callable[..., Tensor], filter_shape: Any,
           spatial_dims: Any, data_format: str | None, sizes: Any = None) -> Tensor:
    """`with_space_to_batch`, the padding computed from these `sizes` of the spatial dimensions; None: the input's."""
    input = convert_to_tensor(input, name="input")
    rate_tensor = convert_to_tensor(dilation_rate, name="dilation_rate")
    if rate_tensor.get_shape().ndims != 1:
        raise ValueError("rate must be rank 1")
    rate = [int(r) for r in np.asarray(constant_value(rate_tensor))]
    first = data_format is not None and data_format.startswith("NC")
    if spatial_dims is None:
        spatial_dims = list(range(2, len(rate) + 2)) if first else list(range(1, len(rate) + 1))
    spatial_dims = [int(d) for d in spatial_dims]
    if all(r == 1 for r in rate):
        return op(input, len(rate), padding)
    if padding == "SAME":
        if filter_shape is None:
            raise ValueError("filter_shape must be specified for SAME padding")
        known = constant_value(convert_to_tensor(filter_shape, name="filter_shape"))
        lengths = filter_shape if known is None else known
        base = [(lengths[i] - 1) * r for i, r in enumerate(rate)]
        before = [b // 2 for b in base]
        pads = api.stack([[b, t - b] for b, t in zip(before, base)])
    elif padding == "VALID":
        pads = np.zeros([len(rate), 2], np.int32)
    else:
        raise ValueError(f"Invalid padding method {padding!r}")
    if sizes is None:
        sizes = [dimension_value(input.get_shape()[d]) for d in spatial_dims]
    if None in sizes:
        dims = shape_ops.shape(input)
        sizes = api.stack([dims[d] for d in spatial_dims])
    pads, crops = (rows if known is None else known for rows, known in (
        (rows, constant_value(rows)) for rows in api.required_space_to_batch_paddings(
            input_shape=sizes, base_paddings=pads, block_shape=rate_tensor)))
    rate, pads, crops = _up_to_last(rate, pads, crops, spatial_dims)
    batched = raw.space_to_batch_nd(input=input, block_shape=rate, paddings=pads)
    result = op(batched, len(spatial_dims), "VALID")
    return raw.batch_to_space_nd(input=result, block_shape=rate, crops=crops)


def _up_to_last(rate: list[int], pads: Any, crops: Any, dims: list[int]) -> tuple[Any, Any, Any]:
    """SpaceToBatchND counts dimensions from 1 on: those between that are not dilated get neutral entries."""
    full = [1] * max(dims)
    for r, d in zip(rate, dims):
        full[d - 1] = r

    def filled(rows: Any) -> Any:
        parts: list[Any] = []
        done, place = 0, 0
        while place < len(dims):
            if dims[place] > done + 1:
                parts.append(np.zeros([dims[place] - done - 1, 2], np.int32))
            stop = place + 1
            while stop < len(dims) and dims[stop] == dims[stop - 1] + 1:
                stop += 1
            parts.append(rows[place:stop])
            done, place = dims[stop - 1], stop
        return api.concat(parts, 0) if isinstance(rows, Tensor) else np.concatenate(parts)

    return full, filled(pads), filled(crops)


@export("nn.atrous_conv2d")
def atrous_conv2d(value: Any, filters: Any, rate: int, padding: str, name: str | None = None) -> Tensor:
    """A convolution with holes: filter elements stand `rate` pixels apart.

    Args:
      value: a tensor of shape [batch, height, width, channels] and a floating type.
      filters: a tensor of shape [height, width, channels, out channels].
      rate: the distance of the filter's elements.
      padding: "SAME" or "VALID".

    Returns:
      A tensor of the same type.
    """
    return convolution(input=value, filter=filters, padding=padding, dilation_rate=np.broadcast_to(rate, (2,)),
                       name=name)


@export("nn.atrous_conv2d_transpose")
def atrous_conv2d_transpose(value: Any, filters: Any, output_shape: Any, rate: int, padding: str,
                            name: str | None = None) -> Tensor:
    """The transpose of `atrous_conv2d`.

    Args:
      value: a tensor of shape [batch, height, width, channels].
      filters: a tensor of shape [height, width, out channels, channels].
      output_shape: the shape of the result, ints.
      rate: the distance of the filter's elements.
      padding: "SAME" or "VALID".

    Returns:
      A tensor of the same type.

    Raises:
      ValueError: the rate is less than 1, or the channels do not fit.
    """
    with name_scope(name, "atrous_conv2d_transpose", [value, filters, output_shape]):
        value = convert_to_tensor(value, name="value")
        filters = convert_to_tensor(filters, name="filters")
        if rate < 1:
            raise ValueError(f"rate {rate} cannot be less than one")
        if not value.get_shape().dims[3].is_compatible_with(filters.get_shape()[3]):
            raise ValueError(f"value's input channels does not match filters' input channels, "
                             f"{value.get_shape()[3]} != {filters.get_shape()[3]}")
        if rate == 1:
            return conv2d_transpose(value, filters, output_shape, [1, 1, 1, 1], padding)
        output_shape = convert_to_tensor(output_shape, name="output_shape")
        if not output_shape.get_shape().is_compatible_with([4]):
            raise ValueError(f"output_shape must have shape (4,), got {output_shape.get_shape()}")
        known = constant_value(output_shape)
        wanted = output_shape if known is None else known.tolist()
        reach = [(size.value - 1) * rate for size in filters.get_shape()[:2]]
        before = [size // 2 if padding == "SAME" else 0 for size in reach]
        after = [size - start if padding == "SAME" else 0 for size, start in zip(reach, before)]
        whole = [wanted[axis] + before[axis - 1] + after[axis - 1] for axis in (1, 2)]
        extra = [(rate - size % rate) % rate for size in whole]
        value = space_to_batch(value, [[0, size] for size in extra], block_size=rate)
        sizes = [rate * rate * wanted[0], *[(size + more) // rate for size, more in zip(whole, extra)], wanted[3]]
        value = conv2d_backprop_input(sizes, filters, value, [1, 1, 1, 1], "VALID")
        crops = [[start, end + more] for start, end, more in zip(before, after, extra)]
        return batch_to_space(value, crops, block_size=rate)


# --- depthwise -------------------------------------------------------------------------------------------------


def _depthwise(input: Any, filter: Any, strides: Any, padding: str, rate: Any, data_format: str | None,
               name: str | None) -> Tensor:
    """Depthwise convolution; dilation goes through the batch."""
    rate = [1, 1] if rate is None else rate

    def op(values: Any, _: Any, pad: str) -> Tensor:
        return raw.depthwise_conv2d_native(input=values, filter=filter, strides=strides, padding=pad,
                                           data_format=data_format, name=name)

    return with_space_to_batch(input=input, filter_shape=shape_ops.shape(filter), dilation_rate=rate, padding=padding,
                               data_format=data_format, op=op)


@export("nn.depthwise_conv2d")
def depthwise_conv2d(input: Any, filter: Any, strides: Any, padding: str, rate: Any = None, name: str | None = None,
                     data_format: str | None = None, dilations: Any = None) -> Tensor:
    """Convolves each channel with filters of its own.

    Args:
      input: a tensor of shape [batch, height, width, channels] and a floating type.
      filter: a tensor of shape [height, width, channels, multiplier].
      strides: a list of 4.
      padding: "SAME" or "VALID".
      rate: two numbers: the distance of a filter's elements (also called `dilations`).
      data_format: "NHWC" or "NCHW".

    Returns:
      A tensor with channels * multiplier channels.
    """
    rate = given("dilations", dilations, "rate", rate)
    with name_scope(name, "depthwise", [input, filter]) as scope:
        input = convert_to_tensor(input, name="tensor_in")
        filter = convert_to_tensor(filter, name="filter_in")
        return _depthwise(input, filter, strides, padding, rate, data_format, scope)


@export("nn.separable_conv2d")
def separable_conv2d(input: Any, depthwise_filter: Any, pointwise_filter: Any, strides: Any, padding: str,
                     rate: Any = None, name: str | None = None, data_format: str | None = None,
                     dilations: Any = None) -> Tensor:
    """A depthwise convolution followed by one with filters of one pixel.

    Args:
      input: a tensor of shape [batch, height, width, channels] and a floating type.
      depthwise_filter: a tensor of shape [height, width, channels, multiplier].
      pointwise_filter: a tensor of shape [1, 1, channels * multiplier, out channels].
      strides: a list of 4.
      padding: "SAME" or "VALID".
      rate: two numbers: the distance of a filter's elements (also called `dilations`).
      data_format: "NHWC" or "NCHW".

    Returns:
      A tensor of the same type.
    """
    rate = given("dilations", dilations, "rate", rate)
    with name_scope(name, "separable_conv2d", [input, depthwise_filter, pointwise_filter]) as scope:
        input = convert_to_tensor(input, name="tensor_in")
        depthwise_filter = convert_to_tensor(depthwise_filter, name="depthwise_filter")
        pointwise_filter = convert_to_tensor(pointwise_filter, name="pointwise_filter")
        shape = pointwise_filter.get_shape().with_rank(4)
        for axis in (0, 1):
            shape.dims[axis].assert_is_compatible_with(1)
        depthwise = _depthwise(input, depthwise_filter, strides, padding, rate, data_format, "depthwise")
        return raw.conv2d(depthwise, pointwise_filter, [1, 1, 1, 1], "VALID", data_format=data_format, name=scope)


# --- pools of any dimension ------------------------------------------------------------------------------------


@export("nn.pool")
def pool(input: Any, window_shape: Any, pooling_type: str, padding: str, dilation_rate: Any = None,
         strides: Any = None, name: str | None = None, data_format: str | None = None,
         dilations: Any = None) -> Tensor:
    """Pools in one to three dimensions, with strides or dilation.

    Args:
      input: a tensor of shape [batch, spatial dimensions ..., channels].
      window_shape: the window's size per spatial dimension.
      pooling_type: "MAX" or "AVG".
      padding: "SAME" or "VALID".
      dilation_rate: one number per spatial dimension (also called `dilations`).
      strides: one number per spatial dimension.
      data_format: channels last (the default), or first when it starts with "NC".

    Returns:
      A tensor of the same type.

    Raises:
      ValueError: no such pool, or the arguments do not fit.
    """
    rate = given("dilations", dilations, "dilation_rate", dilation_rate)
    with name_scope(name, f"{pooling_type.lower()}_pool", [input]) as scope:
        input = convert_to_tensor(input, name="input")
        dims = len(window_shape)
        if not 1 <= dims <= 3:
            raise ValueError("It is required that 1 <= num_spatial_dims <= 3.")
        input.get_shape().with_rank(dims + 2)
        strides, rate = _steps_and_rate(strides, rate, dims)
        if padding == "SAME" and any(r > 1 for r in rate):
            raise ValueError("pooling with SAME padding is not implemented for dilation_rate > 1")
        if any(s > w for s, w in zip(strides, window_shape)):
            raise ValueError("strides > window_shape not supported due to inconsistency between CPU and GPU "
                             "implementations")
        kinds = {"MAX": (raw.max_pool, raw.max_pool3d), "AVG": (raw.avg_pool, raw.avg_pool3d)}
        if pooling_type not in kinds:
            raise ValueError(f"{dims}-D {pooling_type} pooling is not supported.")
        function = kinds[pooling_type][dims == 3]
        first = data_format is not None and data_format.startswith("NC")

        def op(values: Any, _: Any, pad: str) -> Tensor:
            size, step = list(window_shape), list(strides)
            if dims == 1:
                size, step = [1, *size], [1, *step]
                values = shape_ops.expand_dims(values, 2 if first else 1)
            around = (lambda v: [1, 1, *v]) if first else (lambda v: [1, *v, 1])
            form = ("NCDHW" if first else "NDHWC") if dims == 3 else ("NCHW" if first else "NHWC")
            result = function(values, around(size), around(step), pad, data_format=form, name=scope)
            return shape_ops.squeeze(result, [2 if first else 1]) if dims == 1 else result

        return with_space_to_batch(input=input, dilation_rate=rate, padding=padding, op=op,
                                   spatial_dims=list(range(2, dims + 2)) if first else list(range(1, dims + 1)),
                                   filter_shape=window_shape, data_format=data_format)
