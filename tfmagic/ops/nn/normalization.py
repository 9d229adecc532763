"""Normalisations: FusedBatchNorm in its versions, local response normalisation, and their gradients."""

from __future__ import annotations

from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims, brackets
from tfmagic.graph.operation import Tensor
from tfmagic.graph.tape import Tape
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops
from tfmagic.ops.declare import register
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_mean, reduce_sum
from tfmagic.ops.nn.windows import channels_last, from_torch, nothing, to_torch
from tfmagic.ops.shape_rules import merge, merge_dim, with_rank

# --- batch normalisation ---------------------------------------------------------------------------------------


def _channels(op: Any, x: Dims, *vectors: Dims) -> tuple[Dims, int | None]:
    x = with_rank(x, 4)
    axis = 3 if channels_last(op) else 1
    size = x[axis]
    for vector in vectors:
        size = merge_dim(size, with_rank(vector, 1)[0])
    return (*x[:axis], size, *x[axis + 1:]), size


def _norm_shape(reserved: int) -> Any:
    def shape(op: Any, x: Dims, scale: Dims, offset: Dims, mean: Dims, variance: Dims) -> tuple[Dims, ...]:
        vectors = [scale, offset] if op.is_training else [scale, offset, mean, variance]
        dims, size = _channels(op, x, *vectors)
        extra: list[Dims] = [None] * (reserved - 2)
        return (dims, (size,), (size,), (size,), (size,), *extra)

    return shape


def _batch_norm(reserved: int) -> Any:
    def kernel(op: Any, x: Any, scale: Any, offset: Any, mean: Any, variance: Any) -> tuple[Any, ...]:
        extra = [torch.zeros((), dtype=scale.dtype, device=x.device)] * (reserved - 2)
        if nothing(x.shape):
            unknown = torch.full_like(scale, float("nan"))
            return (torch.zeros_like(x), *([unknown] * 4 if op.is_training else [mean, variance] * 2), *extra)
        image = to_torch(op, x, 4)
        if op.is_training:
            y, mean, deviation = torch.ops.aten.native_batch_norm(image, scale, offset, None, None, True, 0.0,
                                                                  op.epsilon)
            biased = torch.clamp(1.0 / (deviation * deviation) - op.epsilon, min=0.0)
            count = x.numel() // scale.numel()
            # The variance that goes into moving averages is the estimate of the population's.
            variance = biased * (count / max(count - 1, 1))
            kept = mean, biased
        else:
            y = torch.ops.aten.native_batch_norm(image, scale, offset, mean, variance, False, 0.0, op.epsilon)[0]
            kept = mean, variance
        return (from_torch(op, y, 4), mean, variance, *kept, *extra)

    return kernel


def _grad_shape(op: Any, dy: Dims, x: Dims, scale: Dims, *reserved: Dims) -> tuple[Dims, ...]:
    dy, x = with_rank(dy, 4), with_rank(x, 4)
    size = merge_dim(_channels(op, dy)[1], _channels(op, x)[1])
    for vector in (scale, *reserved[:2]):
        size = merge_dim(size, with_rank(vector, 1)[0])
    dims, size = _channels(op, dy, (size,))
    unused: Dims = (0,) if op.is_training else (size,)
    return dims, (size,), (size,), unused, unused


def _refused(op: Any, *dims: Any) -> str | None:
    """TensorFlow's words for inputs of another rank: of an image 4, of a vector 1."""
    names = [arg.name for arg in op.op._op_def.inputs]
    for name, known in zip(names, dims):
        if name in ("x", "y_backprop", "t") and len(known) != 4:
            return f"input must be 4-dimensional{brackets(known)}"
        if name in ("scale", "offset") and len(known) != 1:
            return f"{name} must be 1-dimensional{brackets(known)}"
        if name in ("mean", "variance") and op.is_training and known != (0,):
            return f"estimated_{name} must be empty for training{brackets(known)}"
    return None


def _batch_norm_grad(op: Any, dy: Any, x: Any, scale: Any, mean: Any, variance: Any, *_: Any) -> tuple[Any, ...]:
    unused = torch.zeros((), dtype=scale.dtype, device=x.device)
    if nothing(x.shape):
        return torch.zeros_like(x), torch.zeros_like(scale), torch.zeros_like(scale), unused, unused
    deviation = torch.rsqrt(variance + op.epsilon)
    dx, dscale, doffset = torch.ops.aten.native_batch_norm_backward(
        to_torch(op, dy, 4), to_torch(op, x, 4), scale, mean, variance, mean, deviation, op.is_training, op.epsilon,
        [True, True, True])
    return from_torch(op, dx, 4), dscale, doffset, unused, unused


def _batch_norm_gradient(version: str) -> Any:
    """The gradient of one version; only the output y has one."""

    def gradient(op: Any, dy: Tensor, *_: Any) -> list[Any]:
        function = getattr(raw, f"fused_batch_norm_grad{version}")
        reserve = op.op.outputs[5:]
        if op.is_training:
            result = function(dy, op.x, op.scale, op.op.outputs[3], op.op.outputs[4], *reserve, epsilon=op.epsilon,
                              data_format=op.data_format, is_training=True)
            return list(result)
        x = op.x
        first = op.data_format == "NCHW"
        transpose = api.transpose
        if first:
            x, dy = transpose(x, [0, 2, 3, 1]), transpose(dy, [0, 2, 3, 1])
        result = function(dy, x, op.scale, op.mean, op.variance, *reserve, epsilon=op.epsilon, data_format="NHWC",
                          is_training=False)
        dx = transpose(result[0], [0, 3, 1, 2]) if first else result[0]
        return [dx, result[1], result[2], None, None]

    return gradient


def _composed(op: Any, dy: Tensor, x: Tensor, scale: Tensor) -> list[Tensor]:
    """The outputs of FusedBatchNormGrad made of single nodes, in the order in which TensorFlow makes them."""
    first = op.data_format == "NCHW"
    axes = [0, 2, 3] if first else [0, 1, 2]
    vectors = [scale] if op.is_training else [op.reserve_space_1, op.reserve_space_2, scale]
    if first:
        dims = [1, shape_ops.size(vectors[0]), 1, 1]
        vectors = [raw.reshape(vector, dims) for vector in vectors]
    if not op.is_training:
        mean, variance, scale = vectors
        doffset = reduce_sum(dy, axis=axes)
        inverse = raw.rsqrt(variance + op.epsilon)
        dscale = reduce_sum(dy * (x - mean) * inverse, axis=axes)
        return [dy * scale * inverse, dscale, doffset]
    mean_dy, mean_x = (reduce_mean(value, axes, keepdims=first) for value in (dy, x))
    variance = reduce_mean(raw.squared_difference(x, raw.stop_gradient(mean_x)), axes, keepdims=first)
    centred_dy, centred = dy - mean_dy, x - mean_x
    slope = reduce_mean(dy * centred, axis=axes, keepdims=first)
    dx = vectors[0] * raw.rsqrt(variance + op.epsilon) * (
        centred_dy - raw.reciprocal(variance + op.epsilon) * slope * centred)
    dscale = raw.rsqrt(variance + op.epsilon) * reduce_sum(dy * centred, axis=axes, keepdims=first)
    if first:
        dscale = shape_ops.squeeze(dscale)
    return [dx, dscale, reduce_sum(dy, axis=axes)]


def _batch_norm_grad_gradient(op: Any, ddx: Tensor, ddscale: Tensor, ddoffset: Tensor, *_: Any) -> list[Any]:
    """The second derivative, by the same function made of single nodes."""
    dy, x, scale = op.y_backprop, op.x, op.scale
    with Tape([dy, x, scale]) as tape:
        wide, wide_dy = cast(x, scale.dtype), cast(dy, scale.dtype)
        parts = _composed(op, wide_dy, wide, scale)
        parts[0] = cast(parts[0], x.dtype)
    result = tape.gradients(parts, [ddx, ddscale, ddoffset])
    return [*result, *[None] * (len(op.op.inputs) - 3)]


for _version, _reserved in (("", 2), ("V2", 2), ("V3", 3)):
    register(f"FusedBatchNorm{_version}", _norm_shape(_reserved), _batch_norm(_reserved),
             _batch_norm_gradient(f"_{_version.lower()}" if _version else ""), check=_refused)
    register(f"FusedBatchNormGrad{_version}", _grad_shape, _batch_norm_grad, _batch_norm_grad_gradient,
             check=_refused)


def _global_shape(op: Any, t: Dims, *vectors: Dims) -> Dims:
    t = with_rank(t, 4)
    size = t[3]
    for vector in vectors:
        size = merge_dim(size, with_rank(vector, 1)[0])
    return (*t[:3], size)


def _global_grad_shape(op: Any, t: Dims, m: Dims, v: Dims, gamma: Dims, dy: Dims) -> tuple[Dims, ...]:
    t = with_rank(merge(_global_shape(op, t, m, v, gamma), dy), 4)
    return (t, *[t[3:]] * 4)


def _global(op: Any, t: Any, m: Any, v: Any, beta: Any, gamma: Any) -> Any:
    inverse = torch.rsqrt(v + op.variance_epsilon)
    if op.scale_after_normalization:
        inverse = inverse * gamma
    return (t - m) * inverse + beta


def _global_gradient(op: Any, dy: Tensor) -> Any:
    return raw.batch_norm_with_global_normalization_grad(op.t, op.m, op.v, op.gamma, dy, op.variance_epsilon,
                                                         op.scale_after_normalization)


def _global_grad(op: Any, t: Any, m: Any, v: Any, gamma: Any, dy: Any) -> tuple[Any, ...]:
    inverse = torch.rsqrt(v + op.variance_epsilon)
    centred = t - m
    scaled = torch.sum(dy * centred, (0, 1, 2))
    total = torch.sum(dy, (0, 1, 2))
    factor = gamma if op.scale_after_normalization else torch.ones_like(gamma)
    dgamma = scaled * inverse if op.scale_after_normalization else torch.zeros_like(gamma)
    return (dy * (inverse * factor), -total * inverse * factor, scaled * factor * -0.5 * inverse ** 3, total, dgamma)


register("BatchNormWithGlobalNormalization", _global_shape, _global, _global_gradient, check=_refused)
register("BatchNormWithGlobalNormalizationGrad", _global_grad_shape, _global_grad, check=_refused)


# --- local response normalisation ------------------------------------------------------------------------------


# Channels up to which sums over neighbours are products with a matrix of zeros and ones.
_BAND = 512


def _neighbours(op: Any, x: Any) -> Any:
    """The sum over each channel and those within `depth_radius` of it."""
    if nothing(x.shape):
        return x
    radius, depth = op.depth_radius, x.shape[-1]
    if depth <= _BAND:
        place = torch.arange(depth, device=x.device)
        near = (place.unsqueeze(0) - place.unsqueeze(1)).abs() <= radius
        return torch.matmul(x.reshape(-1, depth), near.to(x.dtype)).reshape(x.shape)
    return torch.nn.functional.pad(x, (radius, radius)).unfold(-1, 2 * radius + 1, 1).sum(-1)


def _lrn(op: Any, x: Any) -> Any:
    return x * (op.bias + op.alpha * _neighbours(op, x * x)) ** -op.beta


def _lrn_grad(op: Any, dy: Any, x: Any, y: Any) -> Any:
    norm = op.bias + op.alpha * _neighbours(op, x * x)
    return dy * norm ** -op.beta - 2 * op.alpha * op.beta * x * _neighbours(op, dy * y / norm)


def _lrn_gradient(op: Any, dy: Tensor) -> Tensor:
    return raw.lrn_grad(dy, op.input, op.output, op.depth_radius, op.bias, op.alpha, op.beta)


def _four(op: Any, x: Dims, *_: Dims) -> Dims:
    return with_rank(x, 4)


def _refused_lrn(op: Any, x: Any) -> str | None:
    if len(x) != 4:
        return "in must be 4-dimensional"
    return f"depth_radius = {op.depth_radius} larger than int max" if op.depth_radius < 0 else None


def _refused_lrn_grad(op: Any, dy: Any, x: Any, y: Any) -> str | None:
    if not len(dy) == len(x) == len(y) == 4:
        return "inputs must be 4-dimensional"
    return None if dy == x == y else "input_grads, input_image, and out_image should have the same shape"


register("LRN", _four, _lrn, _lrn_gradient, check=_refused_lrn)
register("LRNGrad", lambda op, *dims: merge(merge(with_rank(dims[0], 4), dims[1]), dims[2]),
         _lrn_grad, check=_refused_lrn_grad)
