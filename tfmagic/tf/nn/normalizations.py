"""tf.nn's normalisations: moments, batch normalisation, vectors of length one."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated_args, deprecated_argument_lookup
from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_mean, reduce_prod, reduce_sum


def _kept(keepdims: Any, keep_dims: Any) -> bool:
    value = deprecated_argument_lookup("keepdims", keepdims, "keep_dims", keep_dims)
    return False if value is None else value


# --- moments ---------------------------------------------------------------------------------------------------


@export("nn.moments")
def moments(x: Any, axes: Any, shift: Any = None, name: str | None = None, keep_dims: Any = None,
            keepdims: Any = None) -> tuple[Tensor, Tensor]:
    """The mean and variance over some axes.

    Args:
      x: a tensor of a floating type.
      axes: the axes to reduce, a list of ints.
      shift: of no consequence, as in TensorFlow.
      keepdims: whether reduced dimensions stay with length 1 (also called `keep_dims`).

    Returns:
      Two tensors: the mean and the variance.
    """
    keep = _kept(keepdims, keep_dims)
    with name_scope(name, "moments", [x, axes]):
        half = x.dtype.base_dtype is dtypes.float16
        y = cast(x, dtypes.float32) if half else x
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        variance = reduce_mean(raw.squared_difference(y, raw.stop_gradient(mean)), axes, keepdims=True,
                               name="variance")
        if not keep:
            mean, variance = shape_ops.squeeze(mean, axes), shape_ops.squeeze(variance, axes)
        return (cast(mean, dtypes.float16), cast(variance, dtypes.float16)) if half else (mean, variance)


@export("nn.sufficient_statistics")
def sufficient_statistics(x: Any, axes: Any, shift: Any = None, keep_dims: Any = None, name: str | None = None,
                          keepdims: Any = None) -> tuple[Tensor, Tensor, Tensor, Any]:
    """What a mean and variance can be computed from: count, sum, sum of squares.

    Args:
      x: a tensor of a floating type.
      axes: the axes to reduce, a list of ints.
      shift: a value near the mean, for precision.
      keepdims: whether reduced dimensions stay with length 1 (also called `keep_dims`).

    Returns:
      The count, the sum, the sum of squares, and the shift (or None).
    """
    keep = _kept(keepdims, keep_dims)
    axes = list(set(axes))
    with name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert_to_tensor(x, name="x")
        dims = x._dims
        if dims is not None and all(dims[d] is not None for d in axes):
            size = 1
            for d in axes:
                size *= dims[d]
            counts = constant(size, dtype=x.dtype.base_dtype)
        else:
            sizes = api.gather(cast(shape_ops.shape(x), x.dtype), axes)
            counts = reduce_prod(sizes, name="count")
        if shift is not None:
            shift = convert_to_tensor(shift, name="shift")
            sums, squares = raw.sub(x, shift), raw.squared_difference(x, shift)
        else:
            sums, squares = x, raw.square(x)
        sums = reduce_sum(sums, axes, keepdims=keep, name="mean_ss")
        squares = reduce_sum(squares, axes, keepdims=keep, name="var_ss")
    return counts, sums, squares, shift


@export("nn.normalize_moments")
def normalize_moments(counts: Any, mean_ss: Any, variance_ss: Any, shift: Any,
                      name: str | None = None) -> tuple[Tensor, Tensor]:
    """The mean and variance from sufficient statistics.

    Args:
      counts, mean_ss, variance_ss, shift: what `sufficient_statistics` returned.

    Returns:
      Two tensors: the mean and the variance.
    """
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = raw.reciprocal(counts, name="divisor")
        if shift is not None:
            shifted = raw.mul(mean_ss, divisor, name="shifted_mean")
            mean = raw.add(shifted, shift, name="mean")
        else:
            mean = shifted = raw.mul(mean_ss, divisor, name="mean")
        variance = raw.sub(raw.mul(variance_ss, divisor), raw.square(shifted), name="variance")
    return mean, variance


@export("nn.weighted_moments")
def weighted_moments(x: Any, axes: Any, frequency_weights: Any, name: str | None = None, keep_dims: Any = None,
                     keepdims: Any = None) -> tuple[Tensor, Tensor]:
    """The mean and variance over some axes, where elements count with weights.

    Args:
      x: a tensor of a floating type.
      axes: the axes to reduce, a list of ints.
      frequency_weights: a tensor that broadcasts with `x`.
      keepdims: whether reduced dimensions stay with length 1 (also called `keep_dims`).

    Returns:
      Two tensors: the mean and the variance.
    """
    keep = _kept(keepdims, keep_dims)
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        half = x.dtype.base_dtype is dtypes.float16
        if half:
            x = cast(x, dtypes.float32)
        weights = cast(weights, x.dtype)
        weighted = reduce_sum(weights * x, axes, name="weighted_input_sum", keepdims=True)
        # Broadcasting the weights by adding zeros makes each count as often as it is used.
        total = reduce_sum(weights + constants.zeros_like(x), axes, name="sum_of_weights", keepdims=True)
        divisor = raw.reciprocal(total, name="inv_weight_sum")
        mean = raw.mul(weighted, divisor)
        distance = reduce_sum(weights * raw.squared_difference(x, mean), axes, name="weighted_distsq",
                              keepdims=True)
        variance = raw.mul(distance, divisor)
        if not keep:
            mean, variance = shape_ops.squeeze(mean, axis=axes), shape_ops.squeeze(variance, axis=axes)
        return (cast(mean, dtypes.float16), cast(variance, dtypes.float16)) if half else (mean, variance)


# --- batch normalisation ---------------------------------------------------------------------------------------


@export("nn.batch_normalization")
def batch_normalization(x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: Any,
                        name: str | None = None) -> Tensor:
    """Normalises by a mean and a variance, then scales and shifts.

    Args:
      x: a tensor of a floating type.
      mean, variance: tensors that broadcast with `x`.
      offset, scale: tensors that broadcast with `x`, or None.
      variance_epsilon: a small number that keeps the divisor from zero.

    Returns:
      A tensor of the shape and type of `x`.
    """
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        inverse = raw.rsqrt(variance + variance_epsilon)
        if scale is not None:
            inverse *= scale
        return x * cast(inverse, x.dtype) + cast(offset - mean * inverse if offset is not None else -mean * inverse,
                                                 x.dtype)


@export("nn.fused_batch_norm")
def fused_batch_norm(x: Any, scale: Any, offset: Any, mean: Any = None, variance: Any = None, epsilon: float = 0.001,
                     data_format: str = "NHWC", is_training: bool = True,
                     name: str | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalisation of images in one op.

    Args:
      x: a tensor of shape [batch, height, width, channels].
      scale, offset: tensors of shape [channels].
      mean, variance: the population's, of shape [channels]; only when not training.
      epsilon: a small number that keeps the divisor from zero.
      data_format: "NHWC" or "NCHW".
      is_training: whether the batch's own mean and variance are taken.

    Returns:
      The normalised images, the mean and the variance that were taken.

    Raises:
      ValueError: a mean or variance is given for training.
    """
    x = convert_to_tensor(x, name="input")
    scale = convert_to_tensor(scale, name="scale")
    offset = convert_to_tensor(offset, name="offset")
    if is_training and (mean is not None or variance is not None):
        raise ValueError("Both 'mean' and 'variance' must be None if is_training is True.")
    mean = constant([]) if mean is None else mean
    variance = constant([]) if variance is None else variance
    result = raw.fused_batch_norm_v3(x, scale, offset, mean, variance, epsilon=max(epsilon, 1.001e-5),
                                     data_format=data_format, is_training=is_training, name=name)
    return result[0], result[1], result[2]


@export("nn.batch_norm_with_global_normalization")
def batch_norm_with_global_normalization(t: Any = None, m: Any = None, v: Any = None, beta: Any = None,
                                         gamma: Any = None, variance_epsilon: Any = None,
                                         scale_after_normalization: Any = None, name: str | None = None,
                                         input: Any = None, mean: Any = None, variance: Any = None) -> Tensor:
    """Normalises images by given moments; `batch_normalization` under an old name.

    Args:
      t: a tensor of shape [batch, height, width, channels] (also called `input`).
      m, v: mean and variance, of shape [channels] (also called `mean` and `variance`).
      beta, gamma: offset and scale, of shape [channels].
      variance_epsilon: a small number that keeps the divisor from zero.
      scale_after_normalization: whether to multiply by `gamma`.

    Returns:
      A tensor of the shape and type of `t`.
    """
    t = deprecated_argument_lookup("input", input, "t", t)
    m = deprecated_argument_lookup("mean", mean, "m", m)
    v = deprecated_argument_lookup("variance", variance, "v", v)
    return batch_normalization(t, m, v, beta, gamma if scale_after_normalization else None, variance_epsilon, name)


# --- length one ------------------------------------------------------------------------------------------------


@export("math.l2_normalize")
@deprecated_args(None, "dim is deprecated, use axis instead", "dim")
def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None) -> Tensor:
    """Scales vectors along an axis to length one.

    Args:
      x: a tensor of a floating type.
      axis: the axes of the vectors; by default all.
      epsilon: the least square of a length that is divided by.
      dim: old name of `axis`.

    Returns:
      A tensor of the same shape and type.
    """
    axis = deprecated_argument_lookup("axis", axis, "dim", dim)
    with name_scope(name, "l2_normalize", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        total = reduce_sum(raw.square(x), axis, keepdims=True)
        inverse = raw.rsqrt(raw.maximum(total, epsilon))
        return raw.mul(x, inverse, name=scope)


@export("linalg.normalize")
def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None,
              name: str | None = None) -> tuple[Tensor, Tensor]:
    """Scales vectors or matrices to norm one.

    Args:
      tensor: a tensor of a floating or complex type.
      ord: the order of the norm, as for `tf.norm`.
      axis: the axes, as for `tf.norm`.

    Returns:
      The scaled tensor, and the norms.
    """
    with name_scope(name, "normalize", [tensor]):
        tensor = convert_to_tensor(tensor)
        length = api.linalg.norm(tensor, ord, axis, True)
        length = cast(length, tensor.dtype)
        return tensor / length, length
