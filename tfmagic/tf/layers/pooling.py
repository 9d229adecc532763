"""Pooling layers in one to three dimensions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.ops import api, raw
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.layers.sizes import format_name, output_size, padding_name, per_axis, tensor_format
from tfmagic.tf.nn import pooling as nn_pooling


class _Pooling(Layer):
    """What all pools have in common.

    Args:
      pool_size: the window, an integer or one per axis.
      strides: how far it moves, likewise.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first".
    """

    _rank: int
    _function: Callable[..., Any]

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid", data_format: str = "channels_last",
                 name: Any = None, **kwargs: Any):
        if strides is None:
            raise ValueError("Argument `strides` must not be None.")
        super().__init__(name=name, **kwargs)
        self.pool_size = per_axis(pool_size, self._rank, "pool_size")
        self.strides = per_axis(strides, self._rank, "strides")
        self.padding = padding_name(padding)
        self.data_format = format_name(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _over_channels(self, values: tuple[int, ...]) -> list[int]:
        return [1, 1, *values] if self.data_format == "channels_first" else [1, *values, 1]

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        return type(self)._function(inputs, ksize=self._over_channels(self.pool_size),
                                    strides=self._over_channels(self.strides), padding=self.padding.upper(),
                                    data_format=tensor_format(self.data_format, self._rank))

    def _with_channels_last(self, inputs: Any, pool_size: tuple[int, ...], strides: tuple[int, ...]) -> Any:
        """A pool that TensorFlow computes with the channels last, whatever the format."""
        first, axes = self.data_format == "channels_first", len(pool_size)
        if first:
            inputs = api.transpose(inputs, (0, *range(2, axes + 2), 1))
        pooled = type(self)._function(inputs, ksize=[1, *pool_size, 1], strides=[1, *strides, 1],
                                      padding=self.padding.upper())
        return api.transpose(pooled, (0, axes + 1, *range(1, axes + 1))) if first else pooled

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        dims = as_shape(input_shape).as_list()
        first = 2 if self.data_format == "channels_first" else 1
        for axis, (window, stride) in enumerate(zip(self.pool_size, self.strides)):
            dims[first + axis] = output_size(dims[first + axis], window, self.padding, stride)
        return TensorShape(dims)


class _Pooling1D(_Pooling):
    """A pool over a sequence: a pool over an image of one column."""

    _rank = 1

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        axis = 3 if self.data_format == "channels_first" else 2
        image = raw.expand_dims(inputs, axis)
        return raw.squeeze(self._with_channels_last(image, (*self.pool_size, 1), (*self.strides, 1)), [axis])


@export("layers.MaxPooling1D")
class MaxPooling1D(_Pooling1D):
    """The largest value in each window over a sequence."""

    _function = staticmethod(nn_pooling.max_pool)


@export("layers.AveragePooling1D")
class AveragePooling1D(_Pooling1D):
    """The mean of each window over a sequence."""

    _function = staticmethod(nn_pooling.avg_pool)


@export("layers.MaxPooling2D")
class MaxPooling2D(_Pooling):
    """The largest value in each window over an image."""

    _rank = 2
    _function = staticmethod(nn_pooling.max_pool)


@export("layers.AveragePooling2D")
class AveragePooling2D(_Pooling):
    """The mean of each window over an image."""

    _rank = 2
    _function = staticmethod(nn_pooling.avg_pool)


class _Pooling3D(_Pooling):
    """A pool over a volume."""

    _rank = 3

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        return self._with_channels_last(inputs, self.pool_size, self.strides)


@export("layers.MaxPooling3D")
class MaxPooling3D(_Pooling3D):
    """The largest value in each window over a volume."""

    _function = staticmethod(nn_pooling.max_pool3d)


@export("layers.AveragePooling3D")
class AveragePooling3D(_Pooling3D):
    """The mean of each window over a volume."""

    _function = staticmethod(nn_pooling.avg_pool3d)


@export("layers.max_pooling1d")
@deprecated(None, "Use keras.layers.MaxPooling1D instead.")
def max_pooling1d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                  data_format: str = "channels_last", name: str | None = None) -> Any:
    """The largest value in each window over a sequence: [batch, length, channels]."""
    return MaxPooling1D(pool_size, strides, padding, data_format, name)(inputs)


@export("layers.average_pooling1d")
@deprecated(None, "Use keras.layers.AveragePooling1D instead.")
def average_pooling1d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                      data_format: str = "channels_last", name: str | None = None) -> Any:
    """The mean of each window over a sequence: [batch, length, channels]."""
    return AveragePooling1D(pool_size, strides, padding, data_format, name)(inputs)


@export("layers.max_pooling2d")
@deprecated(None, "Use keras.layers.MaxPooling2D instead.")
def max_pooling2d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                  data_format: str = "channels_last", name: str | None = None) -> Any:
    """The largest value in each window over an image: [batch, height, width, channels]."""
    return MaxPooling2D(pool_size, strides, padding, data_format, name)(inputs)


@export("layers.average_pooling2d")
@deprecated(None, "Use keras.layers.AveragePooling2D instead.")
def average_pooling2d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                      data_format: str = "channels_last", name: str | None = None) -> Any:
    """The mean of each window over an image: [batch, height, width, channels]."""
    return AveragePooling2D(pool_size, strides, padding, data_format, name)(inputs)


@export("layers.max_pooling3d")
@deprecated(None, "Use keras.layers.MaxPooling3D instead.")
def max_pooling3d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                  data_format: str = "channels_last", name: str | None = None) -> Any:
    """The largest value in each window over a volume: [batch, depth, height, width, channels]."""
    return MaxPooling3D(pool_size, strides, padding, data_format, name)(inputs)


@export("layers.average_pooling3d")
@deprecated(None, "Use keras.layers.AveragePooling3D instead.")
def average_pooling3d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                      data_format: str = "channels_last", name: str | None = None) -> Any:
    """The mean of each window over a volume: [batch, depth, height, width, channels]."""
    return AveragePooling3D(pool_size, strides, padding, data_format, name)(inputs)
