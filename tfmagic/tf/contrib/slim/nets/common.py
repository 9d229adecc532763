"""What the networks of tf.contrib.slim.nets share: the layers they are made of, and the ends that are all alike."""

from __future__ import annotations

from typing import Any

from tfmagic.ops import api
from tfmagic.tf.contrib.framework.arguments import arg_scope
from tfmagic.tf.contrib.layers.common import convert_collection_to_dict
from tfmagic.tf.contrib.layers.convolutions import convolution2d, max_pool2d
from tfmagic.tf.contrib.layers.dense import dropout, fully_connected
from tfmagic.tf.contrib.layers.penalties import l2_regularizer
from tfmagic.tf.initializers.kinds import TruncatedNormal, Zeros


def truncated(stddev: float) -> TruncatedNormal:
    """The initializer of most of these networks' weights."""
    return TruncatedNormal(0.0, stddev)


def penalized(weight_decay: float, biases_initializer: Any) -> Any:
    """The scope of networks without batch normalization: rectified layers whose weights are penalized."""
    return arg_scope([convolution2d, fully_connected], activation_fn=api.nn.relu, biases_initializer=biases_initializer,
                     weights_regularizer=l2_regularizer(weight_decay))


def collecting(collection: str) -> Any:
    """The argument scope in which the layers' outputs go to the collection of end points."""
    return arg_scope([convolution2d, fully_connected, max_pool2d], outputs_collections=[collection])


def classified(net: Any, num_classes: int, is_training: Any, keep: float, sizes: tuple[int, int], kernel: list[int],
               squeeze: bool, scope: Any, collection: str, biases: Any = None) -> tuple[Any, dict[str, Any]]:
    """Two dense layers as convolutions, and one of the classes.

    Args:
      sizes: of the two layers.
      kernel: of the first: all that is left of the image.
      biases: the initializer of the last biases, where it is not the scope's.

    Returns:
      The logits and the end points.
    """
    net = convolution2d(net, sizes[0], kernel, padding="VALID", scope="fc6")
    net = dropout(net, keep, is_training=is_training, scope="dropout6")
    net = convolution2d(net, sizes[1], [1, 1], scope="fc7")
    net = dropout(net, keep, is_training=is_training, scope="dropout7")
    own = {} if biases is None else {"biases_initializer": biases}
    net = convolution2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="fc8", **own)
    end_points = convert_collection_to_dict(collection)
    if squeeze:
        net = api.squeeze(net, [1, 2], name="fc8/squeezed")
        end_points[scope.name + "/fc8"] = net
    return net, end_points


ZEROS = Zeros()
