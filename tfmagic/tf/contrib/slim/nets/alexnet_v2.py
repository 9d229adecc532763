"""AlexNet in its second form: five convolutions and three dense layers, those as convolutions."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.contrib.framework.arguments import arg_scope
from tfmagic.tf.contrib.layers.convolutions import convolution2d, max_pool2d
from tfmagic.tf.contrib.slim.nets.common import ZEROS, classified, collecting, penalized, truncated
from tfmagic.tf.initializers.kinds import Constant
from tfmagic.tf.variable.scope import variable_scope


@export("contrib.slim.nets.alexnet.trunc_normal")
def trunc_normal(stddev: float) -> Any:
    """A truncated normal initializer around 0."""
    return truncated(stddev)


@export("contrib.slim.nets.alexnet.alexnet_v2_arg_scope")
def alexnet_v2_arg_scope(weight_decay: float = 0.0005) -> Any:
    """The argument scope of `alexnet_v2`, to be opened with `arg_scope`."""
    with penalized(weight_decay, Constant(0.1)), arg_scope([convolution2d], padding="SAME"), \
            arg_scope([max_pool2d], padding="VALID") as scope:
        return scope


@export("contrib.slim.nets.alexnet.alexnet_v2")
def alexnet_v2(inputs: Any, num_classes: int = 1000, is_training: Any = True, dropout_keep_prob: float = 0.5,
               spatial_squeeze: bool = True, scope: Any = "alexnet_v2") -> tuple[Any, dict[str, Any]]:
    """AlexNet for images of 224 x 224 (larger ones give a map of logits).

    Args:
      spatial_squeeze: whether the axes of size 1 are taken from the logits.

    Returns:
      The logits and a dict of end points.
    """
    with variable_scope(scope, "alexnet_v2", [inputs]) as own:
        collection = own.original_name_scope + "_end_points"
        with collecting(collection):
            net = convolution2d(inputs, 64, [11, 11], 4, padding="VALID", scope="conv1")
            net = max_pool2d(net, [3, 3], 2, scope="pool1")
            net = convolution2d(net, 192, [5, 5], scope="conv2")
            net = max_pool2d(net, [3, 3], 2, scope="pool2")
            for number, size in ((3, 384), (4, 384), (5, 256)):
                net = convolution2d(net, size, [3, 3], scope=f"conv{number}")
            net = max_pool2d(net, [3, 3], 2, scope="pool5")
            with arg_scope([convolution2d], weights_initializer=truncated(0.005), biases_initializer=Constant(0.1)):
                return classified(net, num_classes, is_training, dropout_keep_prob, (4096, 4096), [5, 5],
                                  spatial_squeeze, own, collection, biases=ZEROS)


alexnet_v2.default_image_size = 224  # type: ignore[attr-defined]
