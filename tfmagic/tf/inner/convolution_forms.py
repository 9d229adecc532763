"""Functions and classes of `nn_ops` around convolutions that were never public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.nn import dilations
from tfmagic.tf.nn.activations import _noise_shape as noise_shape_of
from tfmagic.tf.nn.morphology import dilation2d_v1, erosion2d
from tfmagic.tf.nn.normalizations import batch_norm_with_global_normalization
from tfmagic.tf.nn.pooling import per_dimension

_MODULE = "tensorflow.python.ops.nn_ops"


def convolution_internal(input: Any, filters: Any, strides: Any = None, padding: Any = "VALID",
                         data_format: str | None = None, dilations: Any = None, name: str | None = None,
                         call_from_convolution: bool = True) -> Tensor:
    """`tf.nn.convolution`.

    Args:
      call_from_convolution: not looked at: strides and dilations are said in the same ways.
    """
    return api.nn.convolution(input, filters, padding, strides, dilations, name, data_format)


class Convolution:
    """A convolution of inputs and filters of given shapes; an object is called with both.

    Args:
      input_shape, filter_shape: what is known of the shapes.
      padding: "SAME" or "VALID".
      strides, dilation_rate: one number per spatial dimension; by default 1.
      name: of the node.
      data_format: channels last (the default), or first when it starts with "NC".

    Raises:
      ValueError: the shapes do not fit, or there are both strides and holes.
    """

    __module__ = _MODULE

    def __init__(self, input_shape: TensorShape, filter_shape: TensorShape, padding: str, strides: Any = None,
                 dilation_rate: Any = None, name: str | None = None, data_format: str | None = None):
        count = filter_shape.ndims if filter_shape.ndims is not None else input_shape.ndims
        if count is None:
            raise ValueError("rank of input or filter must be known")
        input_shape, filter_shape = input_shape.with_rank(count), filter_shape.with_rank(count)
        first = data_format is not None and data_format.startswith("NC")
        depth = input_shape[1 if first else count - 1]
        if not depth.is_compatible_with(filter_shape[count - 2]):
            raise ValueError("number of input channels does not match corresponding dimension of filter, "
                             f"{depth} != {filter_shape[count - 2]}")
        steps, rate = dilations._steps_and_rate(strides, dilation_rate, count - 2)
        self.input_shape, self.filter_shape = input_shape, filter_shape
        self.data_format, self.padding, self.name = data_format, padding, name
        self.strides, self.dilation_rate = np.array(steps, np.int32), np.array(rate, np.int32)
        self.conv_op = WithSpaceToBatch(input_shape, self.dilation_rate, padding, self._build_op, filter_shape,
                                        data_format=data_format)

    def _build_op(self, _: int, padding: str) -> Callable[[Any, Any], Tensor]:
        return NonAtrousConvolution(self.input_shape, self.filter_shape, padding, self.data_format, self.strides,
                                    self.name)

    def __call__(self, inp: Any, filter: Any) -> Tensor:
        return self.conv_op(inp, filter)


class WithSpaceToBatch:
    """`tf.nn.with_space_to_batch` for inputs of a given shape; an object is called with input and filter.

    Args:
      input_shape: what is known of the input's shape.
      dilation_rate: one number per spatial dimension.
      padding: "SAME" or "VALID".
      build_op: `(number of spatial dimensions, padding) -> (input, filter) -> output`.
      filter_shape: needed for "SAME".
      spatial_dims: which dimensions are dilated.
      data_format: channels last (the default), or first when it starts with "NC".
    """

    __module__ = _MODULE

    def __init__(self, input_shape: Any, dilation_rate: Any, padding: str,
                 build_op: Callable[[int, str], Callable[[Any, Any], Tensor]], filter_shape: Any = None,
                 spatial_dims: Any = None, data_format: str | None = None):
        self._rate, self._padding, self._build = dilation_rate, padding, build_op
        self._filter_shape, self._spatial, self._format = filter_shape, spatial_dims, data_format

    def __call__(self, inp: Any, filter: Any) -> Tensor:
        return dilations.spread(inp, self._rate, self._padding, lambda values, count, padding: self._build(
            count, padding)(values, filter), self._filter_shape, self._spatial, self._format)


class NonAtrousConvolution:
    """A convolution without dilation of inputs and filters of given shapes; an object is called with both.

    Raises:
      ValueError: the rank is unknown or not 3, 4 or 5, or there is no such format.
    """

    __module__ = _MODULE

    def __init__(self, input_shape: TensorShape, filter_shape: TensorShape, padding: Any,
                 data_format: str | None = None, strides: Any = None, name: str | None = None):
        rank = input_shape.ndims if input_shape.ndims is not None else filter_shape.ndims
        if rank is None:
            raise ValueError("Rank of convolution must be known")
        filter_shape.with_rank(rank)
        if not 3 <= rank <= 5:
            raise ValueError("`input` and `filter` must have rank at least 3 and at most 5")
        count = rank - 2
        if strides is None:
            strides = [1] * count
        elif len(strides) != count:
            raise ValueError(f"len(strides)={len(strides)}, but should be {count}")
        last, first = dilations._FORMATS[count + 2]
        if count > 1 and data_format not in (None, last, first):
            raise ValueError(f'data_format must be "{last}" or "{first}".' + (
                f" Have: {data_format}" if count == 3 else ""))
        axis = 1 if data_format is not None and data_format.startswith("NC") else count + 1
        self.padding, self.name, self.data_format = padding, name, data_format
        self.strides = per_dimension([int(step) for step in strides], count, axis, "strides")
        self._rank = rank

    def __call__(self, inp: Any, filter: Any) -> Tensor:
        return dilations._plain(inp, filter, self.padding, self.strides, self.data_format, self._rank, self.name)


def non_atrous_convolution(input: Any, filter: Any, padding: Any, data_format: str | None = None, strides: Any = None,
                           name: str | None = None) -> Tensor:
    """A convolution in one to three dimensions without dilation.

    Raises:
      ValueError: the shapes do not fit, or there are not one to three spatial dimensions.
    """
    with name_scope(name, "non_atrous_convolution", [input, filter]) as scope:
        input = convert_to_tensor(input, name="input")
        filter = convert_to_tensor(filter, name="filter")
        convolution = NonAtrousConvolution(input.get_shape(), filter.get_shape(), padding, data_format, strides, scope)
        return convolution(input, filter)


def strides_and_dilation_rate(num_spatial_dims: int, strides: Any, dilation_rate: Any) -> tuple[Any, Any]:
    """One stride and one dilation rate per spatial dimension, int32 arrays.

    Raises:
      ValueError: another count of them, one is not positive, or there are both strides and holes.
    """
    steps, rate = dilations._steps_and_rate(strides, dilation_rate, num_spatial_dims)
    return np.array(steps, np.int32), np.array(rate, np.int32)


def sequence(value: Any, n: int, channel_index: int, name: str) -> Any:
    """One number for each of `n` spatial dimensions, the batch and the channels.

    Raises:
      ValueError: another count of numbers.
    """
    return per_dimension(value, n, channel_index, name)


def noise_shape(x: Any, noise_shape: Any) -> Any:
    """The shape of dropout's mask; sizes that were left open are those of `x`, a shape where it was none."""
    found = noise_shape_of(x, noise_shape)
    same = found is noise_shape and not isinstance(noise_shape, Tensor) and x.get_shape().ndims == len(noise_shape)
    return as_shape(found) if same else found


def flatten_outer_dims(logits: Any) -> Tensor:
    """A tensor as a matrix: all dimensions but the last are one."""
    rank = api.rank(logits)
    last = api.slice(api.shape(logits), [api.math.subtract(rank, 1)], [1])
    result = api.reshape(logits, api.concat([[-1], last], 0))
    dims = logits.get_shape().dims
    if dims is not None and dims[-1].value is not None:
        result.set_shape([TensorShape(dims[:-1]).num_elements(), dims[-1]])
    return result


def _only_last(data_format: str) -> None:
    if data_format != "NHWC":
        raise ValueError("Data formats other than NHWC are not yet supported")


def dilation2d_v2(input: Any, filters: Any, strides: Any, padding: str, data_format: str, dilations: Any,
                  name: str | None = None) -> Tensor:
    """`tf.nn.dilation2d` of TensorFlow 2.

    Raises:
      ValueError: the format is not "NHWC".
    """
    _only_last(data_format)
    return dilation2d_v1(input, filters, strides, dilations, padding, name)


def erosion2d_v2(value: Any, filters: Any, strides: Any, padding: str, data_format: str, dilations: Any,
                 name: str | None = None) -> Tensor:
    """`tf.nn.erosion2d` of TensorFlow 2.

    Raises:
      ValueError: the format is not "NHWC".
    """
    _only_last(data_format)
    return erosion2d(value, filters, strides, dilations, padding, name)


def xw_plus_b_v1(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """`tf.nn.xw_plus_b` by the op that TensorFlow had for biases first."""
    with name_scope(name, "xw_plus_b_v1", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return raw.bias_add_v1(api.matmul(x, weights), biases, name=scope)


def batch_norm_with_global_normalization_v2(input: Any, mean: Any, variance: Any, beta: Any, gamma: Any,
                                            variance_epsilon: Any, scale_after_normalization: Any,
                                            name: str | None = None) -> Tensor:
    """`tf.nn.batch_norm_with_global_normalization` of TensorFlow 2."""
    return batch_norm_with_global_normalization(input, mean, variance, beta, gamma, variance_epsilon,
                                                scale_after_normalization, name)


def count_nonzero(input_tensor: Any, dtype: Any = dtypes.int64) -> Tensor:
    """How many elements are not zero."""
    with name_scope("count_nonzero", values=[input_tensor]):
        nonzero = api.math.not_equal(input_tensor, api.zeros([], dtype=input_tensor.dtype))
        return api.reduce_sum(api.cast(nonzero, dtype), name="nonzero_count")
