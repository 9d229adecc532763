"""Parts of residual networks: blocks, convolutions that pad by themselves, stacks with an output stride."""

from __future__ import annotations

import collections
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.arguments import add_arg_scope, arg_scope
from tfmagic.tf.contrib.layers.common import collect_named_outputs
from tfmagic.tf.contrib.layers.convolutions import convolution2d, max_pool2d
from tfmagic.tf.contrib.layers.normalizing import batch_norm
from tfmagic.tf.contrib.layers.penalties import l2_regularizer
from tfmagic.tf.contrib.layers.scaled import variance_scaling_initializer
from tfmagic.tf.variable.scope import variable_scope


@export("contrib.slim.nets.resnet_utils.Block")
class Block(collections.namedtuple("Block", ["scope", "unit_fn", "args"])):
    """A block of a residual network.

    Args:
      scope: its name.
      unit_fn: the function of a unit: of the net, and of `depth`, `depth_bottleneck`, `stride` and `rate`.
      args: a dict of these for each unit.
    """


@export("contrib.slim.nets.resnet_utils.subsample")
def subsample(inputs: Any, factor: int, scope: Any = None) -> Any:
    """Every `factor`-th pixel of each axis."""
    return inputs if factor == 1 else max_pool2d(inputs, [1, 1], stride=factor, scope=scope)


@export("contrib.slim.nets.resnet_utils.conv2d_same")
def conv2d_same(inputs: Any, num_outputs: int, kernel_size: int, stride: int, rate: int = 1, scope: Any = None) -> Any:
    """A convolution with padding "SAME" whose strides begin at the first pixel, whatever the image's size."""
    if stride == 1:
        return convolution2d(inputs, num_outputs, kernel_size, stride=1, rate=rate, padding="SAME", scope=scope)
    padding = kernel_size + (kernel_size - 1) * (rate - 1) - 1
    before = padding // 2
    around = [before, padding - before]
    inputs = api.pad(inputs, [[0, 0], around, around, [0, 0]])
    return convolution2d(inputs, num_outputs, kernel_size, stride=stride, rate=rate, padding="VALID", scope=scope)


@export("contrib.slim.nets.resnet_utils.stack_blocks_dense")
@add_arg_scope
def stack_blocks_dense(net: Any, blocks: Any, output_stride: int | None = None, outputs_collections: Any = None) -> Any:
    """Blocks one after another.

    Args:
      net: [batch, height, width, channels].
      blocks: a list of `Block`s.
      output_stride: how much smaller the output is; strides beyond that become rates of dilation.
      outputs_collections: collections for the output of each block.

    Raises:
      ValueError: the strides do not multiply to the one that is asked for.
    """
    current, rate = 1, 1
    for block in blocks:
        with variable_scope(block.scope, "block", [net]) as own:
            for number, unit in enumerate(block.args, 1):
                if output_stride is not None and current > output_stride:
                    raise ValueError("The target output_stride cannot be reached.")
                with variable_scope(f"unit_{number}", values=[net]):
                    if output_stride is not None and current == output_stride:
                        net = block.unit_fn(net, rate=rate, **{**unit, "stride": 1})
                        rate *= unit.get("stride", 1)
                    else:
                        net = block.unit_fn(net, rate=1, **unit)
                        current *= unit.get("stride", 1)
            net = collect_named_outputs(outputs_collections, own.name, net)
    if output_stride is not None and current != output_stride:
        raise ValueError("The target output_stride cannot be reached.")
    return net


@export("contrib.slim.nets.resnet_utils.resnet_arg_scope")
def resnet_arg_scope(weight_decay: float = 0.0001, batch_norm_decay: float = 0.997, batch_norm_epsilon: float = 1e-5,
                     batch_norm_scale: bool = True) -> Any:
    """The argument scope of residual networks, to be opened with `arg_scope`."""
    normalizing = {"decay": batch_norm_decay, "epsilon": batch_norm_epsilon, "scale": batch_norm_scale,
                   "updates_collections": GraphKeys.UPDATE_OPS}
    with arg_scope([convolution2d], weights_regularizer=l2_regularizer(weight_decay),
                   weights_initializer=variance_scaling_initializer(), activation_fn=api.nn.relu,
                   normalizer_fn=batch_norm, normalizer_params=normalizing), \
            arg_scope([batch_norm], **normalizing), arg_scope([max_pool2d], padding="SAME") as scope:
        return scope


# The units of each block, by the number of layers.
UNITS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}


def bottlenecks(unit: Any, scope: str, base_depth: int, num_units: int, stride: int) -> Block:
    """A block of bottlenecks, of which the last has the stride."""
    each = {"depth": base_depth * 4, "depth_bottleneck": base_depth}
    return Block(scope, unit, [{**each, "stride": 1}] * (num_units - 1) + [{**each, "stride": stride}])


def root_stride(output_stride: int | None) -> int | None:
    """The output stride that is left after the first convolution and pool.

    Raises:
      ValueError: it is no multiple of 4.
    """
    if output_stride is None:
        return None
    if output_stride % 4 != 0:
        raise ValueError("The output_stride needs to be a multiple of 4.")
    return output_stride // 4
