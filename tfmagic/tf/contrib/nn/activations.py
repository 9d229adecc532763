"""alpha_dropout, scaled_softplus, nth_element, and cross-entropies with the logits first."""

from __future__ import annotations

import numbers
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api, raw
from tfmagic.tf.functions.defun import Defun


@export("contrib.nn.alpha_dropout")
def alpha_dropout(x: Any, keep_prob: Any, noise_shape: Any = None, seed: int | None = None,
                  name: str | None = None) -> Tensor:
    """Dropout that keeps mean and variance of self-normalizing nets: what is dropped becomes selu's lowest value.

    Args:
      x: a tensor.
      keep_prob: the probability that a value is kept.
      noise_shape: the shape of the random choice; by default that of `x`.
      seed: of the choice.

    Raises:
      ValueError: the probability is not in (0, 1].
    """
    with name_scope(name, "alpha_dropout", [x]):
        x = convert_to_tensor(x, name="x")
        if isinstance(keep_prob, numbers.Real) and not 0 < keep_prob <= 1.0:  # type: ignore[operator]
            raise ValueError("keep_prob must be a scalar tensor or a float in the range (0, 1], got "
                             f"{keep_prob:g}")
        keep_prob = convert_to_tensor(keep_prob, dtype=x.dtype, name="keep_prob")
        keep_prob.get_shape().assert_has_rank(0)
        if constant_value(keep_prob) == 1:
            return x
        lowest = -1.7580993408473766
        if noise_shape is None:
            noise_shape = api.shape(x)
        drawn = api.random_uniform(noise_shape, seed=seed, dtype=x.dtype)
        kept = api.cast(drawn >= 1 - keep_prob, x.dtype)
        mixed = x * kept + lowest * (1 - kept)
        scale = (keep_prob + keep_prob * (1 - keep_prob) * lowest ** 2) ** -0.5
        shift = -scale * lowest * (1 - keep_prob)
        result = scale * mixed + shift
        result.set_shape(x.get_shape())
        return result


def _reduced(grad: Tensor, like: Tensor) -> Tensor:
    """A gradient summed to the shape of what was broadcast."""
    own, full = api.shape(like), api.shape(grad)
    axes, _ = raw.broadcast_gradient_args(own, full)
    return raw.reshape(raw.sum(grad, axes), own)


def _parts(y: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """The derivatives by x and by alpha, from the value alone."""
    scaled = y / alpha
    rest = raw.exp(-scaled)
    by_x = 1 - rest
    by_alpha = scaled * rest - by_x * raw.log(by_x + 1e-8)
    return by_x, by_alpha


def _softplus_gradient(op: Operation, grad: Tensor) -> list[Any]:
    y, x, alpha = op.inputs
    with get_default_graph().control_dependencies([grad.op]):
        y = raw.identity(y)
    by_x, by_alpha = _parts(y, alpha)
    return [None, _reduced(grad * by_x, x), _reduced(grad * by_alpha, alpha)]


def _clipped_gradient(op: Operation, grad: Tensor) -> list[Any]:
    y, x, alpha, clip = op.inputs
    with get_default_graph().control_dependencies([grad.op]):
        y = raw.identity(y)
    below = api.cast(y < clip, grad.dtype)
    by_clip = _reduced(grad * (1 - below), clip)
    passed = grad * below
    by_x, by_alpha = _parts(y, alpha)
    return [None, _reduced(passed * by_x, x), _reduced(passed * by_alpha, alpha), by_clip]


def _helper(dtype: Any, clipped: bool) -> Any:
    """The function that hands on the value, so that the gradient is computed from the value."""
    name = f"ScaledSoftplusHelper{'_clip' if clipped else ''}_{dtype.name}"

    def shapes(op: Operation) -> list[Any]:
        return [op.inputs[0].get_shape()]

    options: dict[str, Any] = {"func_name": name, "shape_func": shapes,
                               "python_grad_func": _clipped_gradient if clipped else _softplus_gradient}
    if clipped:
        @Defun(dtype, dtype, dtype, dtype, **options)
        def with_clip(y: Any, x: Any, alpha: Any, clip: Any) -> Any:
            del x, alpha, clip
            return y
        return with_clip

    @Defun(dtype, dtype, dtype, **options)
    def without(y: Any, x: Any, alpha: Any) -> Any:
        del x, alpha
        return y
    return without


@export("contrib.nn.scaled_softplus")
def scaled_softplus(x: Any, alpha: Any, clip: Any = None, name: str | None = None) -> Tensor:
    """alpha * softplus(x / alpha): the larger alpha, the rounder the knee; above `clip`, `clip`.

    Args:
      x, alpha, clip: tensors, or what converts to them.

    Raises:
      ValueError: x is not of a floating type.
    """
    with name_scope(name, "scaled_softplus", [x, alpha] + ([] if clip is None else [clip])):
        x = convert_to_tensor(x, name="x")
        dtype = x.dtype.base_dtype
        alpha = convert_to_tensor(alpha, dtype=dtype, name="alpha")
        y = alpha * raw.softplus(x / alpha)
        if clip is None:
            result = _helper(dtype, False)(y, x, alpha)
        else:
            clip = convert_to_tensor(clip, dtype=dtype, name="clip")
            y = raw.minimum(y, clip)
            result = _helper(dtype, True)(y, x, alpha, clip)
        result.set_shape(y.get_shape())
        return result


@export("contrib.nn.deprecated_flipped_softmax_cross_entropy_with_logits")
def deprecated_flipped_softmax_cross_entropy_with_logits(logits: Any, labels: Any, dim: int = -1,
                                                         name: str | None = None) -> Tensor:
    """`tf.nn.softmax_cross_entropy_with_logits` with the logits first."""
    return api.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits, dim=dim, name=name)


@export("contrib.nn.deprecated_flipped_sparse_softmax_cross_entropy_with_logits")
def deprecated_flipped_sparse_softmax_cross_entropy_with_logits(logits: Any, labels: Any,
                                                                name: str | None = None) -> Tensor:
    """`tf.nn.sparse_softmax_cross_entropy_with_logits` with the logits first."""
    return api.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name=name)


@export("contrib.nn.deprecated_flipped_sigmoid_cross_entropy_with_logits")
def deprecated_flipped_sigmoid_cross_entropy_with_logits(logits: Any, targets: Any,
                                                         name: str | None = None) -> Tensor:
    """`tf.nn.sigmoid_cross_entropy_with_logits` with the logits first."""
    return api.nn.sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name=name)


@export("contrib.nn.nth_element")
def nth_element(input: Any, n: Any, reverse: bool = False, name: str | None = None) -> Tensor:
    """The n-th smallest value of each row (the n-th largest, if reverse).

    Args:
      input: [..., rows].
      n: int32 scalar, counted from 0.
    """
    return raw.nth_element(input, n, reverse=reverse, name=name)
