"""What the Inception networks share: layers of a module, heads, argument scopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.arguments import arg_scope
from tfmagic.tf.contrib.layers.convolutions import convolution2d
from tfmagic.tf.contrib.layers.dense import dropout, fully_connected
from tfmagic.tf.contrib.layers.normalizing import batch_norm
from tfmagic.tf.contrib.layers.penalties import l2_regularizer
from tfmagic.tf.contrib.layers.scaled import variance_scaling_initializer
from tfmagic.tf.variable.scope import variable_scope


class Reached(Exception):
    """The end point that was asked for is there."""


class EndPoints:
    """The end points of a network's base, made one after another until the last that is asked for.

    Args:
      net: the input.
      last: the name of the last end point.
    """

    def __init__(self, net: Tensor, last: str):
        self.net = net
        self.found: dict[str, Tensor] = {}
        self._last = last

    def add(self, name: str, net: Tensor) -> None:
        """Note an end point.

        Raises:
          Reached: it is the last.
        """
        self.net = self.found[name] = net
        if name == self._last:
            raise Reached

    def made_by(self, make: Callable[[EndPoints], None]) -> tuple[Tensor, dict[str, Tensor]]:
        """The last end point, and all.

        Raises:
          ValueError: there is no such end point.
        """
        try:
            make(self)
        except Reached:
            return self.net, self.found
        raise ValueError(f"Unknown final endpoint {self._last}")


def branch(number: int, net: Tensor, *layers: Callable[[Tensor], Tensor]) -> Tensor:
    """One way through a module: layers one after another, in a scope of their own."""
    with variable_scope(f"Branch_{number}"):
        for layer in layers:
            net = layer(net)
    return net


def module(name: str, net: Tensor, *branches: list[Callable[[Tensor], Tensor]]) -> Tensor:
    """Ways side by side, whose outputs are put together along the channels."""
    with variable_scope(name):
        return api.concat([branch(number, net, *layers) for number, layers in enumerate(branches)], 3)


def conv(size: int, kernel: Any, scope: str, **options: Any) -> Callable[[Tensor], Tensor]:
    """A layer of a module: a convolution."""
    return lambda net: convolution2d(net, size, kernel, scope=scope, **options)


def pool(kind: Callable[..., Tensor], scope: str, **options: Any) -> Callable[[Tensor], Tensor]:
    """A layer of a module: a pool of 3 x 3."""
    return lambda net: kind(net, [3, 3], scope=scope, **options)


def inception_arg_scope(weight_decay: float, normalizing: dict[str, Any] | None) -> Any:
    """The argument scope of an Inception network.

    Args:
      normalizing: the arguments of the batch normalization; None for none.
    """
    normalizer = {} if normalizing is None else {"normalizer_fn": batch_norm, "normalizer_params": normalizing}
    with arg_scope([convolution2d, fully_connected], weights_regularizer=l2_regularizer(weight_decay)), \
            arg_scope([convolution2d], weights_initializer=variance_scaling_initializer(), activation_fn=api.nn.relu,
                      **(normalizer or {"normalizer_fn": None, "normalizer_params": {}})) as scope:
        return scope


def normalizing(moving: str, decay: float = 0.9997, epsilon: float = 0.001,
                updates_collections: Any = GraphKeys.UPDATE_OPS, **more: Any) -> dict[str, Any]:
    """The arguments of the batch normalization.

    Args:
      moving: the collection of the moving means and variances.
    """
    return {"decay": decay, "epsilon": epsilon, "updates_collections": updates_collections, **more,
            "variables_collections": {"beta": None, "gamma": None, "moving_mean": [moving],
                                      "moving_variance": [moving]}}


def training(is_training: Any) -> Any:
    """The scope in which batch normalization and dropout know whether the network is trained."""
    return arg_scope([batch_norm, dropout], is_training=is_training)


def small_kernel(net: Tensor, kernel: list[int]) -> list[int]:
    """A kernel, not larger than the image."""
    height, width = net.get_shape().as_list()[1:3]
    return kernel if height is None or width is None else [min(height, kernel[0]), min(width, kernel[1])]


def check_depth(depth_multiplier: float) -> None:
    """Raise unless the multiplier is positive.

    Raises:
      ValueError: it is not.
    """
    if depth_multiplier <= 0:
        raise ValueError("depth_multiplier is not greater than zero.")
