"""Clipping: tf.clip_by_value, tf.clip_by_norm, tf.clip_by_global_norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array.constants import ones_like
from tfmagic.ops.array.join import stack
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.reduce import reduce_sum


def _values(item: Any, name: str) -> Tensor:
    return convert_to_tensor(item.values if isinstance(item, IndexedSlices) else item, name=name)


def _like(item: Any, values: Tensor) -> Any:
    return IndexedSlices(values, item.indices, item.dense_shape) if isinstance(item, IndexedSlices) else values


@export("clip_by_value")
def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """Values below the minimum become the minimum, above the maximum the maximum.

    Args:
      t: a tensor or `IndexedSlices`.
      clip_value_min, clip_value_max: scalars, or tensors that broadcast to the shape of `t`.

    Returns:
      What `t` is, clipped.

    Raises:
      ValueError: the limits would broadcast `t`.
    """
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        values = _values(t, "t")
        low = raw.minimum(values, clip_value_max)
        values.shape.merge_with(low.shape)
        clipped = raw.maximum(low, clip_value_min, name=scope)
        values.shape.merge_with(clipped.shape)
        return _like(t, clipped)


@export("clip_by_norm")
def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """Scales a tensor so that its L2 norm is at most `clip_norm`.

    Args:
      t: a tensor or `IndexedSlices`.
      clip_norm: a positive scalar.
      axes: the axes over which norms are taken, by default all.

    Returns:
      What `t` is, clipped.
    """
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values: Any = _values(t, "t")
        squares = reduce_sum(values * values, axes, keepdims=True)
        positive = squares > 0
        # The square root has no gradient at zero: it is taken of ones there, and its result not used.
        norm = raw.select(positive, raw.sqrt(raw.select(positive, squares, ones_like(squares))), squares)
        scaled = values * clip_norm
        values.shape.assert_is_compatible_with(scaled.shape)
        return _like(t, raw.identity(scaled / raw.maximum(norm, clip_norm), name=scope))


@export("linalg.global_norm")
def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The L2 norm of several tensors taken together.

    Args:
      t_list: tensors, `IndexedSlices` and None.

    Returns:
      A scalar tensor.

    Raises:
      TypeError: `t_list` is no sequence.
    """
    if not isinstance(t_list, Sequence) or isinstance(t_list, str):
        raise TypeError("t_list should be a sequence")
    t_list = list(t_list)
    with name_scope(name, "global_norm", t_list):
        values = [None if t is None else _values(t, f"t_{i}") for i, t in enumerate(t_list)]
        halves = []
        for value in values:
            if value is not None:
                with value.graph.colocate_with(value.op):
                    halves.append(raw.l2_loss(value))
        half = reduce_sum(stack(halves))
        return raw.sqrt(half * constant(2.0, dtype=half.dtype), name="global_norm")


@export("clip_by_global_norm")
def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None,
                        name: str | None = None) -> tuple[list[Any], Tensor]:
    """Scales several tensors by one factor so that their common norm is at most `clip_norm`.

    Args:
      t_list: tensors, `IndexedSlices` and None.
      clip_norm: a positive scalar.
      use_norm: the norm, when it is known already.

    Returns:
      The clipped tensors, and the norm; all become NaN when the norm is not finite.

    Raises:
      TypeError: `t_list` is no sequence.
    """
    if not isinstance(t_list, Sequence) or isinstance(t_list, str):
        raise TypeError("t_list should be a sequence")
    t_list = list(t_list)
    if use_norm is None:
        use_norm = global_norm(t_list, name)
    with name_scope(name, "clip_by_global_norm", [*t_list, clip_norm]) as scope:
        scale = clip_norm * raw.minimum(1.0 / use_norm, constant(1.0, dtype=use_norm.dtype) / clip_norm)
        scale = api.where(raw.is_finite(use_norm), scale, constant(float("nan"), dtype=use_norm.dtype))
        values = [None if t is None else _values(t, f"t_{i}") for i, t in enumerate(t_list)]
        clipped: list[Any] = []
        for index, (item, value) in enumerate(zip(t_list, values)):
            if value is None:
                clipped.append(None)
                continue
            with value.graph.colocate_with(value.op):
                clipped.append(_like(item, raw.identity(value * scale, name=f"{scope}_{index}")))
        return clipped, use_norm


@export("clip_by_average_norm")
@deprecated(None, "clip_by_average_norm is deprecated in TensorFlow 2.0. Please use clip_by_norm(t, clip_norm * "
            "tf.cast(tf.size(t), tf.float32), name) instead.")
def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """Scales a tensor so that its L2 norm divided by its number of elements is at most `clip_norm`.

    Args:
      t: a tensor.
      clip_norm: a positive scalar.
    """
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        t = convert_to_tensor(t, name="t")
        count = cast(api.size(t), dtypes.float32)
        inverse = raw.rsqrt(reduce_sum(t * t, api.range(api.rank(t))))
        scaled = t * clip_norm
        return raw.identity(scaled * raw.minimum(inverse * count, constant(1.0) / clip_norm), name=scope)
