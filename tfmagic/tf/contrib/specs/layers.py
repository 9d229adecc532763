"""The words of a text of a network: layers, activations, and what joins them."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.contrib.layers import convolutions, dense, normalizing
from tfmagic.tf.contrib.specs.parts import Callable, Composable, External, Function, Import
from tfmagic.tf.variable.scope import get_variable, variable_scope


@export("contrib.specs.Idx")
class Idx(Composable):
    """The tensor itself."""

    def funcall(self, x: Any) -> Any:
        return x


@export("contrib.specs.Conc")
class Conc(Composable):
    """What several functions give of a tensor, side by side.

    Args:
      dim: along which axis.
      *args: the functions.
    """

    def __init__(self, dim: int, *args: Any):
        self.dim, self.args = dim, args

    def funcall(self, x: Any) -> Any:
        return api.concat([each.funcall(x) for each in self.args], self.dim)


@export("contrib.specs.Shared")
class Shared(Composable):
    """A function whose calls share their variables.

    Args:
      subnet: the function.
      name: of the variable scope; by default "Shared_" and a number.
      scope: a scope that has the variables already.
    """

    shared_number = 1

    def __init__(self, subnet: Composable, name: str | None = None, scope: Any = None):
        self.subnet, self.scope = subnet, scope
        self.name = name or f"Shared_{Shared.shared_number}"
        Shared.shared_number += name is None

    def funcall(self, x: Any) -> Any:
        if self.scope is not None:
            with variable_scope(self.scope, values=[x], reuse=True):
                return self.subnet.funcall(x)
        with variable_scope(self.name, values=[x]) as self.scope:
            return self.subnet.funcall(x)


@export("contrib.specs.Var")
def Var(name: str, *args: Any, **kw: Any) -> Callable:
    """A variable, whatever the tensor is; the arguments are those of `tf.get_variable`."""
    return Callable(lambda _: get_variable(name, *args, **kw))


def _activated(layer: Any) -> dict[str, Any]:
    """Functions of a layer with each activation, by letter; "x" has the layer's own, "l" none."""
    activations = {"s": api.nn.sigmoid, "t": api.nn.tanh, "r": api.nn.relu, "m": api.nn.softmax, "l": None}
    return {"x": Function(layer), **{letter: Function(layer, activation_fn=function)
                                     for letter, function in activations.items()}}


_OPS: dict[str, Any] = {
    **{"C" + letter: function for letter, function in _activated(convolutions.convolution2d).items()},
    **{"F" + letter: function for letter, function in _activated(dense.fully_connected).items()},
    "Ap": Function(convolutions.avg_pool2d), "Mp": Function(convolutions.max_pool2d),
    "Bn": Function(normalizing.batch_norm), "Do": Function(dense.dropout), "Flat": Function(dense.flatten),
    "Unit": Function(dense.unit_norm), "Lrn": Function(api.nn.local_response_normalization),
    "Relu": Function(api.nn.relu), "Sig": Function(api.nn.sigmoid), "Tanh": Function(api.nn.tanh),
    "Smax": Function(api.nn.softmax), "Id": Function(api.identity), "Print": Function(api.Print),
    "Reshape": Function(api.reshape), "Transpose": Function(api.transpose), "Expand": Function(api.expand_dims),
    "Squeeze": Function(api.squeeze)}
for _name, _function in _OPS.items():
    export(f"contrib.specs.{_name}")(_function)


@export("contrib.specs.Dws")
def Dws(n: int) -> Function:
    """A fully connected layer of the channels of each point of an image, with sigmoid."""
    return _OPS["Cs"](n, [1, 1])


@export("contrib.specs.Dwm")
def Dwm(n: int) -> Function:
    """A fully connected layer of the channels of each point of an image, with softmax."""
    return _OPS["Cm"](n, [1, 1])


pi = export("contrib.specs.pi")(math.pi)
e = export("contrib.specs.e")(math.e)
WORDS: dict[str, Any] = {**_OPS, "Idx": Idx, "Conc": Conc, "Shared": Shared, "Var": Var, "Dws": Dws, "Dwm": Dwm,
                         "External": External, "Import": Import, "Fun": Function, "pi": pi, "e": e}
