"""VGG's networks A, D (16 layers) and E (19 layers): blocks of small convolutions and three dense layers."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.contrib.framework.arguments import arg_scope
from tfmagic.tf.contrib.layers.convolutions import convolution2d, max_pool2d
from tfmagic.tf.contrib.layers.dense import repeat
from tfmagic.tf.contrib.slim.nets.common import ZEROS, classified, collecting, penalized
from tfmagic.tf.variable.scope import variable_scope


@export("contrib.slim.nets.vgg.vgg_arg_scope")
def vgg_arg_scope(weight_decay: float = 0.0005) -> Any:
    """The argument scope of these networks, to be opened with `arg_scope`."""
    with penalized(weight_decay, ZEROS), arg_scope([convolution2d], padding="SAME") as scope:
        return scope


def _vgg(repetitions: tuple[int, ...], default_scope: str, inputs: Any, num_classes: int, is_training: Any,
         keep: float, squeeze: bool, scope: Any) -> tuple[Any, dict[str, Any]]:
    with variable_scope(scope, default_scope, [inputs]) as own:
        collection = (own.name if default_scope == "vgg_19" else own.original_name_scope) + "_end_points"
        with collecting(collection):
            net = inputs
            for number, (times, size) in enumerate(zip(repetitions, (64, 128, 256, 512, 512), strict=True), 1):
                net = repeat(net, times, convolution2d, size, [3, 3], scope=f"conv{number}")
                net = max_pool2d(net, [2, 2], scope=f"pool{number}")
            return classified(net, num_classes, is_training, keep, (4096, 4096), [7, 7], squeeze, own, collection)


@export("contrib.slim.nets.vgg.vgg_a")
def vgg_a(inputs: Any, num_classes: int = 1000, is_training: Any = True, dropout_keep_prob: float = 0.5,
          spatial_squeeze: bool = True, scope: Any = "vgg_a") -> tuple[Any, dict[str, Any]]:
    """VGG with 11 layers, for images of 224 x 224. Returns the logits and a dict of end points."""
    return _vgg((1, 1, 2, 2, 2), "vgg_a", inputs, num_classes, is_training, dropout_keep_prob, spatial_squeeze, scope)


@export("contrib.slim.nets.vgg.vgg_16")
def vgg_16(inputs: Any, num_classes: int = 1000, is_training: Any = True, dropout_keep_prob: float = 0.5,
           spatial_squeeze: bool = True, scope: Any = "vgg_16") -> tuple[Any, dict[str, Any]]:
    """VGG with 16 layers, for images of 224 x 224. Returns the logits and a dict of end points."""
    return _vgg((2, 2, 3, 3, 3), "vgg_16", inputs, num_classes, is_training, dropout_keep_prob, spatial_squeeze, scope)


@export("contrib.slim.nets.vgg.vgg_19")
def vgg_19(inputs: Any, num_classes: int = 1000, is_training: Any = True, dropout_keep_prob: float = 0.5,
           spatial_squeeze: bool = True, scope: Any = "vgg_19") -> tuple[Any, dict[str, Any]]:
    """VGG with 19 layers, for images of 224 x 224. Returns the logits and a dict of end points."""
    return _vgg((2, 2, 4, 4, 4), "vgg_19", inputs, num_classes, is_training, dropout_keep_prob, spatial_squeeze, scope)


for _net in (vgg_a, vgg_16, vgg_19):
    _net.default_image_size = 224  # type: ignore[attr-defined]
