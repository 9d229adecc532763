"""Inception, version 3: factorized convolutions, and a second head while training."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.arguments import arg_scope
from tfmagic.tf.contrib.layers.convolutions import avg_pool2d, convolution2d, max_pool2d
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


@export("contrib.slim.nets.inception.inception_v3_base")
def inception_v3_base(inputs: Any, final_endpoint: str = "Mixed_7c", min_depth: int = 16,
                      depth_multiplier: float = 1.0, scope: Any = None) -> Any:
    """The network without its heads.

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
        with arg_scope([convolution2d, max_pool2d, avg_pool2d], stride=1, padding="VALID"):
            points.add("Conv2d_1a_3x3", convolution2d(points.net, depth(32), [3, 3], stride=2, scope="Conv2d_1a_3x3"))
            points.add("Conv2d_2a_3x3", convolution2d(points.net, depth(32), [3, 3], scope="Conv2d_2a_3x3"))
            points.add("Conv2d_2b_3x3", convolution2d(points.net, depth(64), [3, 3], padding="SAME",
                                                      scope="Conv2d_2b_3x3"))
            points.add("MaxPool_3a_3x3", max_pool2d(points.net, [3, 3], stride=2, scope="MaxPool_3a_3x3"))
            points.add("Conv2d_3b_1x1", convolution2d(points.net, depth(80), [1, 1], scope="Conv2d_3b_1x1"))
            points.add("Conv2d_4a_3x3", convolution2d(points.net, depth(192), [3, 3], scope="Conv2d_4a_3x3"))
            points.add("MaxPool_5a_3x3", max_pool2d(points.net, [3, 3], stride=2, scope="MaxPool_5a_3x3"))
        with arg_scope([convolution2d, max_pool2d, avg_pool2d], stride=1, padding="SAME"):
            for name, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
                points.add(name, _squares(name, points.net, depth, pooled))
            points.add("Mixed_6a", module(
                "Mixed_6a", points.net,
                [conv(depth(384), [3, 3], "Conv2d_1a_1x1", stride=2, padding="VALID")],
                [conv(depth(64), [1, 1], "Conv2d_0a_1x1"), conv(depth(96), [3, 3], "Conv2d_0b_3x3"),
                 conv(depth(96), [3, 3], "Conv2d_1a_1x1", stride=2, padding="VALID")],
                [pool(max_pool2d, "MaxPool_1a_3x3", stride=2, padding="VALID")]))
            for name, size in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
                points.add(name, _rows_and_columns(name, points.net, depth, size))
            points.add("Mixed_7a", module(
                "Mixed_7a", points.net,
                [conv(depth(192), [1, 1], "Conv2d_0a_1x1"),
                 conv(depth(320), [3, 3], "Conv2d_1a_3x3", stride=2, padding="VALID")],
                [conv(depth(192), [1, 1], "Conv2d_0a_1x1"), conv(depth(192), [1, 7], "Conv2d_0b_1x7"),
                 conv(depth(192), [7, 1], "Conv2d_0c_7x1"),
                 conv(depth(192), [3, 3], "Conv2d_1a_3x3", stride=2, padding="VALID")],
                [pool(max_pool2d, "MaxPool_1a_3x3", stride=2, padding="VALID")]))
            points.add("Mixed_7b", _wide("Mixed_7b", points.net, depth, "Conv2d_0b_3x1"))
            points.add("Mixed_7c", _wide("Mixed_7c", points.net, depth, "Conv2d_0c_3x1"))

    with variable_scope(scope, "InceptionV3", [inputs]):
        return EndPoints(inputs, final_endpoint).made_by(make)


def _squares(name: str, net: Any, depth: Any, pooled: int) -> Any:
    """A module of small squares."""
    odd = name == "Mixed_5c"  # whose layers have other names in the checkpoints
    return module(
        name, net,
        [conv(depth(64), [1, 1], "Conv2d_0a_1x1")],
        [conv(depth(48), [1, 1], "Conv2d_0b_1x1" if odd else "Conv2d_0a_1x1"),
         conv(depth(64), [5, 5], "Conv_1_0c_5x5" if odd else "Conv2d_0b_5x5")],
        [conv(depth(64), [1, 1], "Conv2d_0a_1x1"), conv(depth(96), [3, 3], "Conv2d_0b_3x3"),
         conv(depth(96), [3, 3], "Conv2d_0c_3x3")],
        [pool(avg_pool2d, "AvgPool_0a_3x3"), conv(depth(pooled), [1, 1], "Conv2d_0b_1x1")])


def _rows_and_columns(name: str, net: Any, depth: Any, size: int) -> Any:
    """A module of rows and columns of seven."""
    size = depth(size)
    return module(
        name, net,
        [conv(depth(192), [1, 1], "Conv2d_0a_1x1")],
        [conv(size, [1, 1], "Conv2d_0a_1x1"), conv(size, [1, 7], "Conv2d_0b_1x7"),
         conv(depth(192), [7, 1], "Conv2d_0c_7x1")],
        [conv(size, [1, 1], "Conv2d_0a_1x1"), conv(size, [7, 1], "Conv2d_0b_7x1"), conv(size, [1, 7], "Conv2d_0c_1x7"),
         conv(size, [7, 1], "Conv2d_0d_7x1"), conv(depth(192), [1, 7], "Conv2d_0e_1x7")],
        [pool(avg_pool2d, "AvgPool_0a_3x3"), conv(depth(192), [1, 1], "Conv2d_0b_1x1")])


def _wide(name: str, net: Any, depth: Any, column: str) -> Any:
    """A module that ends with rows and columns side by side.

    Args:
      column: the name of the column in the second way.
    """

    def crossed(row: str, column: str) -> Any:
        return lambda net: api.concat([convolution2d(net, depth(384), [1, 3], scope=row),
                                       convolution2d(net, depth(384), [3, 1], scope=column)], 3)

    return module(
        name, net,
        [conv(depth(320), [1, 1], "Conv2d_0a_1x1")],
        [conv(depth(384), [1, 1], "Conv2d_0a_1x1"), crossed("Conv2d_0b_1x3", column)],
        [conv(depth(448), [1, 1], "Conv2d_0a_1x1"), conv(depth(384), [3, 3], "Conv2d_0b_3x3"),
         crossed("Conv2d_0c_1x3", "Conv2d_0d_3x1")],
        [pool(avg_pool2d, "AvgPool_0a_3x3"), conv(depth(192), [1, 1], "Conv2d_0b_1x1")])


@export("contrib.slim.nets.inception.inception_v3")
def inception_v3(inputs: Any, num_classes: int = 1000, is_training: Any = True, dropout_keep_prob: float = 0.8,
                 min_depth: int = 16, depth_multiplier: float = 1.0, prediction_fn: Any = softmax,
                 spatial_squeeze: bool = True, reuse: Any = None,
                 scope: Any = "InceptionV3") -> tuple[Any, dict[str, Any]]:
    """Inception, version 3, for images of 299 x 299.

    Args:
      min_depth: the least number of channels.
      depth_multiplier: multiplies all numbers of channels.
      prediction_fn: makes predictions from the logits.
      spatial_squeeze: whether the axes of size 1 are taken from the logits.

    Returns:
      The logits and a dict of end points, "AuxLogits" among them.

    Raises:
      ValueError: the multiplier is not positive.
    """
    check_depth(depth_multiplier)

    def depth(size: int) -> int:
        return max(int(size * depth_multiplier), min_depth)

    with variable_scope(scope, "InceptionV3", [inputs, num_classes], reuse=reuse) as own, training(is_training):
        net, end_points = inception_v3_base(inputs, scope=own, min_depth=min_depth, depth_multiplier=depth_multiplier)
        with arg_scope([convolution2d, max_pool2d, avg_pool2d], stride=1, padding="SAME"):
            end_points["AuxLogits"] = _second_head(end_points["Mixed_6e"], num_classes, depth, spatial_squeeze)
        with variable_scope("Logits"):
            kernel = small_kernel(net, [8, 8])
            net = avg_pool2d(net, kernel, padding="VALID", scope="AvgPool_1a_{}x{}".format(*kernel))
            net = dropout(net, dropout_keep_prob, scope="Dropout_1b")
            end_points["PreLogits"] = net
            logits = convolution2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None,
                                   scope="Conv2d_1c_1x1")
            if spatial_squeeze:
                logits = api.squeeze(logits, [1, 2], name="SpatialSqueeze")
        end_points["Logits"] = logits
        end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
    return logits, end_points


inception_v3.default_image_size = 299  # type: ignore[attr-defined]


def _second_head(net: Any, num_classes: int, depth: Any, squeeze: bool) -> Any:
    with variable_scope("AuxLogits"):
        net = avg_pool2d(net, [5, 5], stride=3, padding="VALID", scope="AvgPool_1a_5x5")
        net = convolution2d(net, depth(128), [1, 1], scope="Conv2d_1b_1x1")
        kernel = small_kernel(net, [5, 5])
        net = convolution2d(net, depth(768), kernel, weights_initializer=truncated(0.01), padding="VALID",
                            scope="Conv2d_2a_{}x{}".format(*kernel))
        net = convolution2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None,
                            weights_initializer=truncated(0.001), scope="Conv2d_2b_1x1")
        return api.squeeze(net, [1, 2], name="SpatialSqueeze") if squeeze else net


@export("contrib.slim.nets.inception.inception_v3_arg_scope")
def inception_v3_arg_scope(weight_decay: float = 0.00004, batch_norm_var_collection: str = "moving_vars",
                           batch_norm_decay: float = 0.9997, batch_norm_epsilon: float = 0.001,
                           updates_collections: Any = GraphKeys.UPDATE_OPS, use_fused_batchnorm: bool = True) -> Any:
    """The argument scope of `inception_v3`, to be opened with `arg_scope`."""
    return inception_arg_scope(weight_decay, normalizing(
        batch_norm_var_collection, batch_norm_decay, batch_norm_epsilon, updates_collections,
        fused=use_fused_batchnorm))
