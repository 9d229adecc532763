"""Inception, version 1 (GoogLeNet)."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.arguments import arg_scope
from tfmagic.tf.contrib.layers.convolutions import avg_pool2d, convolution2d, max_pool2d
from tfmagic.tf.contrib.layers.dense import dropout, fully_connected, softmax
from tfmagic.tf.contrib.slim.nets.common import truncated
from tfmagic.tf.contrib.slim.nets.inception_parts import (
    EndPoints,
    conv,
    inception_arg_scope,
    module,
    normalizing,
    pool,
    training,
)
from tfmagic.tf.variable.scope import variable_scope

# Of each module: the channels of the ways 1x1; 1x1 -> 3x3; 1x1 -> 3x3; pool -> 1x1.
_MODULES = {
    "Mixed_3b": (64, (96, 128), (16, 32), 32),
    "Mixed_3c": (128, (128, 192), (32, 96), 64),
    "Mixed_4b": (192, (96, 208), (16, 48), 64),
    "Mixed_4c": (160, (112, 224), (24, 64), 64),
    "Mixed_4d": (128, (128, 256), (24, 64), 64),
    "Mixed_4e": (112, (144, 288), (32, 64), 64),
    "Mixed_4f": (256, (160, 320), (32, 128), 128),
    "Mixed_5b": (256, (160, 320), (32, 128), 128),
    "Mixed_5c": (384, (192, 384), (48, 128), 128),
}
_POOLED_BEFORE = {"Mixed_4b": ("MaxPool_4a_3x3", [3, 3]), "Mixed_5b": ("MaxPool_5a_2x2", [2, 2])}


@export("contrib.slim.nets.inception.inception_v1_base")
def inception_v1_base(inputs: Any, final_endpoint: str = "Mixed_5c", scope: Any = "InceptionV1") -> Any:
    """The network without its head.

    Args:
      final_endpoint: the last end point.

    Returns:
      The last end point and a dict of all.

    Raises:
      ValueError: there is no such end point.
    """
    with variable_scope(scope, "InceptionV1", [inputs]), \
            arg_scope([convolution2d, fully_connected], weights_initializer=truncated(0.01)), \
            arg_scope([convolution2d, max_pool2d], stride=1, padding="SAME"):
        return EndPoints(inputs, final_endpoint).made_by(_make)


def _make(points: EndPoints) -> None:
    points.add("Conv2d_1a_7x7", convolution2d(points.net, 64, [7, 7], stride=2, scope="Conv2d_1a_7x7"))
    points.add("MaxPool_2a_3x3", max_pool2d(points.net, [3, 3], stride=2, scope="MaxPool_2a_3x3"))
    points.add("Conv2d_2b_1x1", convolution2d(points.net, 64, [1, 1], scope="Conv2d_2b_1x1"))
    points.add("Conv2d_2c_3x3", convolution2d(points.net, 192, [3, 3], scope="Conv2d_2c_3x3"))
    points.add("MaxPool_3a_3x3", max_pool2d(points.net, [3, 3], stride=2, scope="MaxPool_3a_3x3"))
    for name, (first, second, third, fourth) in _MODULES.items():
        if name in _POOLED_BEFORE:
            pooled, kernel = _POOLED_BEFORE[name]
            points.add(pooled, max_pool2d(points.net, kernel, stride=2, scope=pooled))
        points.add(name, module(
            name, points.net,
            [conv(first, [1, 1], "Conv2d_0a_1x1")],
            [conv(second[0], [1, 1], "Conv2d_0a_1x1"), conv(second[1], [3, 3], "Conv2d_0b_3x3")],
            [conv(third[0], [1, 1], "Conv2d_0a_1x1"),
             conv(third[1], [3, 3], "Conv2d_0a_3x3" if name == "Mixed_5b" else "Conv2d_0b_3x3")],
            [pool(max_pool2d, "MaxPool_0a_3x3"), conv(fourth, [1, 1], "Conv2d_0b_1x1")]))


@export("contrib.slim.nets.inception.inception_v1")
def inception_v1(inputs: Any, num_classes: int = 1000, is_training: Any = True, dropout_keep_prob: float = 0.8,
                 prediction_fn: Any = softmax, spatial_squeeze: bool = True, reuse: Any = None,
                 scope: Any = "InceptionV1") -> tuple[Any, dict[str, Any]]:
    """Inception, version 1, for images of 224 x 224.

    Args:
      prediction_fn: makes predictions from the logits.
      spatial_squeeze: whether the axes of size 1 are taken from the logits.

    Returns:
      The logits and a dict of end points.
    """
    with variable_scope(scope, "InceptionV1", [inputs, num_classes], reuse=reuse) as own, training(is_training):
        net, end_points = inception_v1_base(inputs, scope=own)
        with variable_scope("Logits"):
            net = avg_pool2d(net, [7, 7], stride=1, scope="MaxPool_0a_7x7")
            net = dropout(net, dropout_keep_prob, scope="Dropout_0b")
            logits = convolution2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None,
                                   scope="Conv2d_0c_1x1")
            if spatial_squeeze:
                logits = api.squeeze(logits, [1, 2], name="SpatialSqueeze")
            end_points["Logits"] = logits
            end_points["Predictions"] = prediction_fn(logits, scope="Predictions")
        return logits, end_points


inception_v1.default_image_size = 224  # type: ignore[attr-defined]


@export("contrib.slim.nets.inception.inception_v1_arg_scope")
def inception_v1_arg_scope(weight_decay: float = 0.00004, use_batch_norm: bool = True,
                           batch_norm_var_collection: str = "moving_vars") -> Any:
    """The argument scope of `inception_v1`, to be opened with `arg_scope`."""
    return inception_arg_scope(weight_decay, normalizing(
        batch_norm_var_collection, updates_collections=GraphKeys.UPDATE_OPS) if use_batch_norm else None)
