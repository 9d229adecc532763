"""Activations along an axis, dropout, dense layers."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from tfmagic.base import errors, tf_logging
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.matmul import matmul
from tfmagic.ops.math.reduce import reduce_sum
from tfmagic.ops.math.rules import after

# --- softmax along an axis -------------------------------------------------------------------------------------


def _swapped(logits: Tensor, axis: Any, last: Any, name: str | None = None) -> Tensor:
    """Exchange an axis with the last one."""
    order = api.concat([api.range(axis), [last], api.range(axis + 1, last), [axis]], 0)
    return api.transpose(logits, order, name=name)


def _along_axis(logits: Any, op: Callable[..., Tensor], axis: Any, name: str | None) -> Tensor:
    """An op of the last axis along another one."""
    logits = convert_to_tensor(logits)
    shape = logits.get_shape()
    rank: Any = shape.ndims
    known = not isinstance(axis, Tensor)
    if known and axis == -1:
        return op(logits, name=name)
    last = rank - 1  # a TypeError where the rank is unknown, as in TensorFlow
    if known and axis == last:
        return op(logits, name=name)
    value = constant_value(axis) if isinstance(axis, Tensor) else axis
    if value is not None and not -rank <= value < rank:
        raise errors.InvalidArgumentError(
            None, None, f"Dimension ({value}) must be in the range [{-rank}, {rank}) where {rank} is the number of "
                        "dimensions in the input.")
    ranks = shape_ops.rank(logits)
    if not isinstance(axis, Tensor):
        if axis < 0:
            axis += ranks
    else:
        axis = raw.select(raw.less(axis, 0), axis + ranks, axis)
    input_rank = shape_ops.rank(logits)
    axis = axis % rank
    logits = _swapped(logits, axis, raw.sub(input_rank, 1))
    output = op(logits)
    output = _swapped(output, axis, raw.sub(input_rank, 1), name=name)
    output.set_shape(shape)
    return output


_warns_of_dim = deprecated_args(None, "dim is deprecated, use axis instead", "dim")


@export("nn.softmax")
@_warns_of_dim
def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Turns logits into probabilities: `exp(logits) / sum(exp(logits))` along an axis.

    Args:
      logits: a tensor of a floating type with at least one dimension.
      axis: the axis of the classes; by default the last.
      dim: old name of `axis`.

    Returns:
      A tensor of the same shape and type.

    Raises:
      InvalidArgumentError: there is no such axis.
      TypeError: the rank is unknown, and the axis is not the last one.
    """
    axis = deprecated_argument_lookup("axis", axis, "dim", dim)
    return _along_axis(logits, raw.softmax, -1 if axis is None else axis, name)


@export("nn.log_softmax")
@_warns_of_dim
def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """The logarithm of the softmax: `logits - log(sum(exp(logits)))` along an axis.

    Args:
      logits: a tensor of a floating type with at least one dimension.
      axis: the axis of the classes; by default the last.
      dim: old name of `axis`.

    Returns:
      A tensor of the same shape and type.

    Raises:
      InvalidArgumentError: there is no such axis.
      TypeError: the rank is unknown, and the axis is not the last one.
    """
    axis = deprecated_argument_lookup("axis", axis, "dim", dim)
    return _along_axis(logits, raw.log_softmax, -1 if axis is None else axis, name)


# --- activations -----------------------------------------------------------------------------------------------


@export("nn.crelu")
def crelu(features: Any, name: str | None = None, axis: int = -1) -> Tensor:
    """Joins the relu of the features with the relu of their negatives.

    Args:
      features: a tensor of real numbers.
      axis: the axis along which both are joined.

    Returns:
      A tensor of the same type, twice as long along `axis`.
    """
    with name_scope(name, "CRelu", [features]) as scope:
        features = convert_to_tensor(features, name="features")
        joined = api.concat([features, -features], axis, name=scope)
        return raw.relu(joined)


@export("nn.swish")
def swish(features: Any) -> Tensor:
    """Computes `features * sigmoid(features)`.

    Args:
      features: a tensor of a floating type.

    Returns:
      A tensor of the same shape and type.
    """
    @api.custom_gradient
    def swish_of(features: Tensor) -> Any:
        def gradient(dy: Tensor) -> Tensor:
            """In terms of the features alone, so that nothing else has to be kept."""
            with after(dy):
                sigmoid = raw.sigmoid(features)
            return dy * (sigmoid * (1.0 + features * (1.0 - sigmoid)))

        return features * raw.sigmoid(features), gradient

    return swish_of(features)


# --- layers by hand --------------------------------------------------------------------------------------------


@export("nn.bias_add")
def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """Adds a bias to each channel.

    Args:
      value: a numeric tensor with at least two dimensions.
      bias: a tensor of the same type and shape [channels].
      data_format: "N...C" (channels last, the default) or "NC...".

    Returns:
      A tensor of the shape and type of `value`.

    Raises:
      ValueError: no such format, or the sizes differ.
    """
    with name_scope(name, "BiasAdd", [value, bias]) as scope:
        if data_format is not None:
            if data_format.startswith("NC"):
                data_format = "NCHW"
            elif data_format.startswith("N") and data_format.endswith("C"):
                data_format = "NHWC"
            else:
                raise ValueError("data_format must be of the form `N...C` or `NC...`")
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, dtype=value.dtype.base_dtype, name="bias")
        return raw.bias_add(value, bias, data_format=data_format, name=scope)


@export("nn.xw_plus_b")
def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """Computes `matmul(x, weights) + biases`.

    Args:
      x: a tensor of shape [batch, inputs].
      weights: a tensor of shape [inputs, units].
      biases: a tensor of shape [units].

    Returns:
      A tensor of shape [batch, units].
    """
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return bias_add(matmul(x, weights), biases, name=scope)


@export("nn.relu_layer")
def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """Computes `relu(matmul(x, weights) + biases)`.

    Args:
      x: a tensor of shape [batch, inputs].
      weights: a tensor of shape [inputs, units].
      biases: a tensor of shape [units].

    Returns:
      A tensor of shape [batch, units].
    """
    with name_scope(name, "relu_layer", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return raw.relu(bias_add(matmul(x, weights), biases), name=scope)


@export("math.zero_fraction")
def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The part of the elements that are zero.

    Args:
      value: a numeric tensor.

    Returns:
      A float32 scalar.
    """
    with name_scope(name, "zero_fraction", [value]):
        value = convert_to_tensor(value, name="value")
        size = shape_ops.size(value, out_type="int64")

        def counted(dtype: str) -> Tensor:
            with name_scope("count_nonzero", values=[value]):
                zero = api.zeros([], dtype=value.dtype.base_dtype)
                return reduce_sum(cast(raw.not_equal(value, zero), dtype), name="nonzero_count")

        # A small count is made with 32-bit integers.
        found = api.cond(size <= 2 ** 31 - 1, true_fn=lambda: cast(counted("int32"), "int64"),
                               false_fn=lambda: counted("int64"))
        with name_scope("counts_to_fraction"):
            zeros = cast(size - found, "float32")
            fraction = zeros / cast(size, "float32")
        return raw.identity(fraction, name="fraction")


# --- dropout ---------------------------------------------------------------------------------------------------


def _noise_shape(x: Tensor, noise_shape: Any) -> Any:
    """The shape of the mask; sizes that were left open are those of `x`."""
    if noise_shape is None:
        return shape_ops.shape(x)
    try:
        given = as_shape(noise_shape)
    except (TypeError, ValueError):
        return noise_shape
    dims, wanted = x.get_shape()._dims, given._dims
    if dims is not None and wanted is not None and len(dims) == len(wanted):
        return TensorShape([d if w is None else w for d, w in zip(dims, wanted)])
    return noise_shape


@export("nn.dropout")
@deprecated_args(None, "Please use `rate` instead of `keep_prob`. Rate should be set to `rate = 1 - keep_prob`.",
                 "keep_prob")
def dropout(x: Any, keep_prob: Any = None, noise_shape: Any = None, seed: int | None = None, name: str | None = None,
            rate: Any = None) -> Tensor:
    """Sets random elements to 0 and scales the others up, so that the expected sum stays.

    Args:
      x: a tensor of a floating type.
      keep_prob: how probable it is that an element is kept (deprecated: give `rate`).
      noise_shape: the shape of the mask, which broadcasts to that of `x`; by default the same.
      seed: a seed of the op.
      rate: how probable it is that an element is dropped, a float in [0, 1) or a scalar tensor.

    Returns:
      A tensor of the shape and type of `x`.

    Raises:
      ValueError: no rate is given, or it is out of range, or `x` is not of a floating type.
    """
    try:
        keep = 1.0 - keep_prob if keep_prob is not None else None
    except TypeError:
        raise ValueError(f"keep_prob must be a floating point number or Tensor (got {keep_prob!r})") from None
    rate = deprecated_argument_lookup("rate", rate, "keep_prob", keep)
    if rate is None:
        raise ValueError("You must provide a rate to dropout.")
    with name_scope(name, "dropout", [x]):
        x = convert_to_tensor(x, name="x")
        if not x.dtype.is_floating:
            raise ValueError("x has to be a floating point tensor since it's going to be scaled. Got a "
                             f"{x.dtype} tensor instead.")
        if isinstance(rate, numbers.Real):
            if not 0 <= rate < 1:  # type: ignore[operator]
                raise ValueError(f"rate must be a scalar tensor or a float in the range [0, 1), got {rate:g}")
            if rate > 0.5:  # type: ignore[operator]
                tf_logging.log_first_n(
                    tf_logging.WARN, "Large dropout rate: %g (>0.5). In TensorFlow 2.x, dropout() uses dropout rate "
                    "instead of keep_prob. Please ensure that this is intended.", 5, rate)
            if rate == 0:
                return x
        rate = convert_to_tensor(rate, dtype=x.dtype.base_dtype, name="rate")
        rate.get_shape().assert_has_rank(0)
        mask_shape = _noise_shape(x, noise_shape)
        noise = api.random.uniform(mask_shape, seed=seed, dtype=x.dtype.base_dtype)
        scale = 1 / (1 - rate)
        kept = noise >= rate
        result = x * scale * cast(kept, x.dtype)
        result.set_shape(x.get_shape())
        return result
