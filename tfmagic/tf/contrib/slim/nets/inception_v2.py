"""Inception, version 2 (with batch normalization)."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.arguments import arg_scope
from tfmagic.tf.contrib.layers.convolutions import avg_pool2d, convolution2d, max_pool2d, separable_convolution2d
from tfmagic.tf.contrib.layers.dense import dropout, softmax
from tfmagic.tf.contrib.slim.nets.common import truncated
from tfmagic.tf.contrib.slim.nets.inception_parts import (
    EndPoints,
    check_depth,
    conv,
    inception_arg_scope,
    module,
    normalizing,
    pool,
    small_kernel,
    training,
)
from tfmagic.tf.variable.scope import variable_scope

# Of each module: the channels of the ways 1x1; 1x1 -> 3x3; 1x1 -> 3x3 -> 3x3; pool -> 1x1. Without the first and the
# last number the module halves the image.
_MODULES: dict[str, tuple[Any, ...]] = {
    "Mixed_3b": (64, (64, 64), (64, 96, 96), 32),
    "Mixed_3c": (64, (64, 96), (64, 96, 96), 64),
    "Mixed_4a": ((128, 160), (64, 96, 96)),
    "Mixed_4b": (224, (64, 96), (96, 128, 128), 128),
    "Mixed_4c": (192, (96, 128), (96, 128, 128), 128),
    "Mixed_4d": (160, (128, 160), (128, 160, 160), 96),
    "Mixed_4e": (96, (128, 192), (160, 192, 192), 96),
    "Mixed_5a": ((128, 192), (192, 256, 256)),
    "Mixed_5b": (352, (192, 320), (160, 224, 224), 128),
    "Mixed_5c": (352, (192, 320), (192, 224, 224), 128),
}


@export("contrib.slim.nets.inception.inception_v2_base")
def inception_v2_base(inputs: Any, final_endpoint: str = "Mixed_5c", min_depth: int = 16,
                      depth_multiplier: float = 1.0, scope: Any = None) -> Any:
    """The network without its head.

    Args:
      final_endpoint: the last end point.
      min_depth: the least number of channels.
      depth_multiplier: multiplies all numbers of channels.

    Returns:
      The last end point and a dict of all.

    Raises:
      ValueError: there is no such end point, or the multiplier is not positive.
    """
    check_depth(depth_multiplier)

    def depth(size: int) -> int:
        return max(int(size * depth_multiplier), min_depth)

    def make(points: EndPoints) -> None:
        points.add("Conv2d_1a_7x7", separable_convolution2d(
            points.net, depth(64), [7, 7], depth_multiplier=min(int(depth(64) / 3), 8), stride=2,
            weights_initializer=truncated(1.0), scope="Conv2d_1a_7x7"))
        points.add("MaxPool_2a_3x3", max_pool2d(points.net, [3, 3], scope="MaxPool_2a_3x3", stride=2))
        points.add("Conv2d_2b_1x1", convolution2d(points.net, depth(64), [1, 1], scope="Conv2d_2b_1x1",
                                                  weights_initializer=truncated(0.1)))
        points.add("Conv2d_2c_3x3", convolution2d(points.net, depth(192), [3, 3], scope="Conv2d_2c_3x3"))
        points.add("MaxPool_3a_3x3", max_pool2d(points.net, [3, 3], scope="MaxPool_3a_3x3", stride=2))
        for name, sizes in _MODULES.items():
            points.add(name, (_halved if len(sizes) == 2 else _mixed)(name, points.net, sizes, depth))

    with variable_scope(scope, "InceptionV2", [inputs]), \
            arg_scope([convolution2d, max_pool2d, avg_pool2d, separable_convolution2d], stride=1, padding="SAME"):
        return EndPoints(inputs, final_endpoint).made_by(make)


def _narrow(size: int) -> Any:
    return conv(size, [1, 1], "Conv2d_0a_1x1", weights_initializer=truncated(0.09))


def _mixed(name: str, net: Any, sizes: tuple[Any, ...], depth: Any) -> Any:
    first, second, third, fourth = sizes
    last = (max_pool2d, "MaxPool_0a_3x3") if name == "Mixed_5c" else (avg_pool2d, "AvgPool_0a_3x3")
    return module(
        name, net,
        [conv(depth(first), [1, 1], "Conv2d_0a_1x1")],
        [_narrow(depth(second[0])), conv(depth(second[1]), [3, 3], "Conv2d_0b_3x3")],
        [_narrow(depth(third[0])), conv(depth(third[1]), [3, 3], "Conv2d_0b_3x3"),
         conv(depth(third[2]), [3, 3], "Conv2d_0c_3x3")],
        [pool(*last), conv(depth(fourth), [1, 1], "Conv2d_0b_1x1", weights_initializer=truncated(0.1))])


def _halved(name: str, net: Any, sizes: tuple[Any, ...], depth: Any) -> Any:
    first, second = sizes
    return module(
        name, net,
        [_narrow(depth(first[0])), conv(depth(first[1]), [3, 3], "Conv2d_1a_3x3", stride=2)],
        [_narrow(depth(second[0])), conv(depth(second[1]), [3, 3], "Conv2d_0b_3x3"),
         conv(depth(second[2]), [3, 3], "Conv2d_1a_3x3", stride=2)],
        [pool(max_pool2d, "MaxPool_1a_3x3", stride=2)])


@export("contrib.slim.nets.inception.inception_v2")
def inception_v2(inputs: Any, num_classes: int = 1000, is_training: Any = True, dropout_keep_prob: float = 0.8,
                 min_depth: int = 16, depth_multiplier: float = 1.0, prediction_fn: Any = softmax,
                 spatial_squeeze: bool = True, reuse: Any = None,
                 scope: Any = "InceptionV2") -> tuple[Any, dict[str, Any]]:
    """Inception, version 2, for images of 224 x 224.

    Args:
      min_depth: the least number of channels.
      depth_multiplier: multiplies all numbers of channels.
      prediction_fn: makes predictions from the logits.
      spatial_squeeze: whether the axes of size 1 are taken from the logits.

    Returns:
      The logits and a dict of end points.

    Raises:
      ValueError: the multiplier is not positive.
    """
    check_depth(depth_multiplier)
    with variable_scope(scope, "InceptionV2", [inputs, num_classes], reuse=reuse) as own, training(is_training):
        net, end_points = inception_v2_base(inputs, scope=own, min_depth=min_depth, depth_multiplier=depth_multiplier)
        with variable_scope("Logits"):
            kernel = small_kernel(net, [7, 7])
            net = avg_pool2d(net, kernel, padding="VALID", scope="AvgPool_1a_{}x{}".format(*kernel))
            net = dropout(net, dropout_keep_prob, scope="Dropout_1b")
            logits = convolution2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None,
                                   scope="Conv2d_1c_1x1")
            if spatial_squeeze:
                logits = api.squeeze(logits, [1, 2], name="SpatialSqueeze")
        end_points["Logits"] = logits
        end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


inception_v2.default_image_size = 224  # type: ignore[attr-defined]


@export("contrib.slim.nets.inception.inception_v2_arg_scope")
def inception_v2_arg_scope(weight_decay: float = 0.00004, batch_norm_var_collection: str = "moving_vars") -> Any:
    """The argument scope of `inception_v2`, to be opened with `arg_scope`."""
    return inception_arg_scope(weight_decay, normalizing(batch_norm_var_collection))
