"""Residual networks, version 2: a unit normalizes and rectifies first, and ends with the sum of both ways."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.arguments import add_arg_scope, arg_scope
from tfmagic.tf.contrib.layers.common import collect_named_outputs, convert_collection_to_dict, last_dimension
from tfmagic.tf.contrib.layers.convolutions import convolution2d, max_pool2d
from tfmagic.tf.contrib.layers.dense import softmax
from tfmagic.tf.contrib.layers.normalizing import batch_norm
from tfmagic.tf.contrib.slim.nets.residual import (
    UNITS,
    Block,
    bottlenecks,
    conv2d_same,
    root_stride,
    stack_blocks_dense,
    subsample,
)
from tfmagic.tf.variable.scope import variable_scope


@export("contrib.slim.nets.resnet_v2.bottleneck")
@add_arg_scope
def bottleneck(inputs: Any, depth: int, depth_bottleneck: int, stride: int, rate: int = 1,
               outputs_collections: Any = None, scope: Any = None) -> Any:
    """A unit of three convolutions beside a way without any.

    Args:
      depth, depth_bottleneck: the channels of its output, and of the two convolutions within.
      stride, rate: of the second convolution.
    """
    with variable_scope(scope, "bottleneck_v2", [inputs]) as own:
        depth_in = last_dimension(inputs.get_shape(), min_rank=4)
        preact = batch_norm(inputs, activation_fn=api.nn.relu, scope="preact")
        if depth == depth_in:
            shortcut = subsample(inputs, stride, "shortcut")
        else:
            shortcut = convolution2d(preact, depth, [1, 1], stride=stride, normalizer_fn=None, activation_fn=None,
                                     scope="shortcut")
        residual = convolution2d(preact, depth_bottleneck, [1, 1], stride=1, scope="conv1")
        residual = conv2d_same(residual, depth_bottleneck, 3, stride, rate=rate, scope="conv2")
        residual = convolution2d(residual, depth, [1, 1], stride=1, normalizer_fn=None, activation_fn=None,
                                 scope="conv3")
        return collect_named_outputs(outputs_collections, own.name, shortcut + residual)


@export("contrib.slim.nets.resnet_v2.resnet_v2")
def resnet_v2(inputs: Any, blocks: Any, num_classes: int | None = None, is_training: Any = True,
              global_pool: bool = True, output_stride: int | None = None, include_root_block: bool = True,
              reuse: Any = None, scope: Any = None) -> tuple[Any, dict[str, Any]]:
    """A residual network of any blocks.

    Args:
      num_classes: the number of classes; None for the features alone.
      global_pool: whether features are averaged over the image.
      output_stride: how much smaller the features are than the image.
      include_root_block: whether a convolution and a pool come before the blocks.

    Returns:
      The logits or features and a dict of end points.

    Raises:
      ValueError: the output stride cannot be reached.
    """
    with variable_scope(scope, "resnet_v2", [inputs], reuse=reuse) as own:
        collection = own.original_name_scope + "_end_points"
        with arg_scope([convolution2d, bottleneck, stack_blocks_dense], outputs_collections=collection), \
                arg_scope([batch_norm], is_training=is_training):
            net = inputs
            if include_root_block:
                output_stride = root_stride(output_stride)
                with arg_scope([convolution2d], activation_fn=None, normalizer_fn=None):
                    net = conv2d_same(net, 64, 7, stride=2, scope="conv1")
                net = max_pool2d(net, [3, 3], stride=2, scope="pool1")
            net = stack_blocks_dense(net, blocks, output_stride)
            net = batch_norm(net, activation_fn=api.nn.relu, scope="postnorm")
            if global_pool:
                net = api.reduce_mean(net, [1, 2], name="pool5", keepdims=True)
            if num_classes is not None:
                net = convolution2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="logits")
            end_points = convert_collection_to_dict(collection)
            if num_classes is not None:
                end_points["predictions"] = softmax(net, scope="predictions")
            return net, end_points


resnet_v2.default_image_size = 224  # type: ignore[attr-defined]


@export("contrib.slim.nets.resnet_v2.resnet_v2_block")
def resnet_v2_block(scope: str, base_depth: int, num_units: int, stride: int) -> Block:
    """A block of bottlenecks, of which the last has the stride."""
    return bottlenecks(bottleneck, scope, base_depth, num_units, stride)


def _of_layers(layers: int) -> Any:
    """The network of so many layers."""
    name = f"resnet_v2_{layers}"

    def net(inputs: Any, num_classes: int | None = None, is_training: Any = True, global_pool: bool = True,
            output_stride: int | None = None, reuse: Any = None, scope: Any = name) -> tuple[Any, dict[str, Any]]:
        blocks = [resnet_v2_block(f"block{n + 1}", base_depth=64 * 2 ** n, num_units=units, stride=1 if n == 3 else 2)
                  for n, units in enumerate(UNITS[layers])]
        return resnet_v2(inputs, blocks, num_classes, is_training, global_pool, output_stride,
                         include_root_block=True, reuse=reuse, scope=scope)

    net.__name__ = net.__qualname__ = name
    net.__doc__ = f"The residual network of {layers} layers (see `resnet_v2`)."
    return export(f"contrib.slim.nets.resnet_v2.{name}")(net)


resnet_v2_50 = _of_layers(50)
resnet_v2_101 = _of_layers(101)
resnet_v2_152 = _of_layers(152)
resnet_v2_200 = _of_layers(200)
