"""Reversible residual blocks: what goes in is computed from what comes out, so that nothing in between is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.gradients import gradients
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.control.custom_gradients import custom_gradient, handles_read, variable_of
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.variable.scope import variable_scope

_Function = Callable[..., Any]


class _Side:
    """One of the two functions of a layer: what it is called with, in which scope, and the variables that it reads."""

    def __init__(self, function: _Function, scope: str, side_input: Any):
        self.function = function
        self.scope = scope
        self.side_input = side_input
        self.variables: list[Any] = []

    def __call__(self, x: Tensor, side_input: Any = None) -> Tensor:
        side_input = self.side_input if side_input is None else side_input
        with variable_scope(self.scope, use_resource=True), get_default_graph()._watch() as made:
            result = self.function(x, side_input) if side_input else self.function(x)
        self.variables = [variable_of(handle) for handle in handles_read(made, ())]
        return result


@export("contrib.layers.RevBlock")
class RevBlock(Layer):
    """Layers of y1 = x1 + f(x2), y2 = x2 + g(y1), whose gradients compute x1 and x2 from y1 and y2.

    Args:
      f, g: functions of a tensor, and of their side input if there is one, which keep the shape; or a list of one
        for each layer. They make resource variables with `tf.get_variable`.
      num_layers: how many layers.
      f_side_input, g_side_input: lists of tensors that f and g take too.
      use_efficient_backprop: whether the gradients compute the inputs again.
      name: the name of the variable scope.
      **kwargs: as for any layer.

    Raises:
      AssertionError: the lists of functions are not as long as there are layers.
    """

    def __init__(self, f: Any, g: Any, num_layers: int = 1, f_side_input: Any = None, g_side_input: Any = None,
                 use_efficient_backprop: bool = True, name: str = "revblock", **kwargs: Any):
        super().__init__(name=name, **kwargs)
        f = f if isinstance(f, list) else [f] * num_layers
        g = g if isinstance(g, list) else [g] * num_layers
        assert len(f) == num_layers
        assert len(g) == num_layers
        self.f, self.g = f, g
        self.num_layers = num_layers
        self.f_side_input = f_side_input or []
        self.g_side_input = g_side_input or []
        self._use_efficient_backprop = use_efficient_backprop

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        """The pair (y1, y2) for a pair (x1, x2)."""
        before = set(get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES))
        outputs = self._forward(*inputs)
        self._trainable_weights += [v for v in get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES)
                                    if v not in before]
        return outputs

    def forward(self, x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
        """The pair (y1, y2)."""
        return self.apply([x1, x2])

    def backward(self, y1: Any, y2: Any) -> tuple[Tensor, Tensor]:
        """The pair (x1, x2) that gives (y1, y2)."""
        with variable_scope(self.scope_name, use_resource=True, reuse=True, auxiliary_name_scope=False), \
                name_scope(self.scope_name + "/"):
            for f, g in reversed(self._sides(self.f_side_input, self.g_side_input)):
                x2 = y2 - g(y1)
                y1, y2 = y1 - f(x2), x2
        return y1, y2

    def _sides(self, f_side_input: Any, g_side_input: Any) -> list[tuple[_Side, _Side]]:
        return [(_Side(f, f"revlayer_{i}/f", f_side_input), _Side(g, f"revlayer_{i}/g", g_side_input))
                for i, (f, g) in enumerate(zip(self.f, self.g))]

    def _forward(self, x1: Any, x2: Any) -> tuple[Any, Any]:
        if not self._use_efficient_backprop:
            sides = self._sides(self.f_side_input, self.g_side_input)
            return _through(x1, x2, sides, tied=False)
        count = len(self.f_side_input)

        @custom_gradient
        def through(x1: Tensor, x2: Tensor, *side_inputs: Tensor) -> Any:
            sides = self._sides(list(side_inputs[:count]), list(side_inputs[count:]))
            y1, y2 = _through(x1, x2, sides, tied=True)
            scope = self.scope_name

            def gradient(grad_y1: Tensor, grad_y2: Tensor, variables: Sequence[Any] = ()) -> Any:
                with variable_scope(scope, reuse=True):
                    inputs, found = _backward_gradients(y1, y2, grad_y1, grad_y2, sides)
                inputs, of_variables = _totals(inputs, found)
                return (inputs, [of_variables.get(id(v)) for v in variables]) if variables else inputs

            return (y1, y2), gradient

        return through(x1, x2, *self.f_side_input, *self.g_side_input)


def _through(x1: Any, x2: Any, sides: list[tuple[_Side, _Side]], tied: bool) -> tuple[Any, Any]:
    """Forward; `tied`: both results of a layer are there before the next one begins."""
    for f, g in sides:
        y1 = x1 + f(x2)
        x1, x2 = y1, x2 + g(y1)
        if tied:
            x1, x2 = api.tuple([x1, x2])
    return x1, x2


def _backward_gradients(y1: Tensor, y2: Tensor, grad_y1: Tensor, grad_y2: Tensor,
                        sides: list[tuple[_Side, _Side]]) -> tuple[list[Any], list[Any]]:
    """The gradients of both inputs, and for each layer and function, last first, those of what it reads."""
    found = []
    for f, g in reversed(sides):
        y1, y2, grad_y1, grad_y2, of_f, of_g = _one_backward(y1, y2, grad_y1, grad_y2, f, g)
        found.append(((f, of_f), (g, of_g)))
    return [grad_y1, grad_y2], found


def _totals(inputs: list[Any], found: list[Any]) -> tuple[list[Any], dict[int, Any]]:
    """The gradients of inputs and side inputs, and those of variables by id, summed over layers."""
    of_variables: dict[int, Any] = {}
    of_sides: list[list[Any]] = [[], []]
    for layer in found:
        for which, (side, grads) in enumerate(layer):
            for variable, grad in zip(side.variables, grads):
                of_variables[id(variable)] = _sum(of_variables.get(id(variable)), grad)
            beside = grads[len(side.variables):]
            known = of_sides[which] or [None] * len(beside)
            of_sides[which] = [_sum(x, y) for x, y in zip(known, beside)]
    return [*inputs, *of_sides[0], *of_sides[1]], of_variables


def _sum(x: Any, y: Any) -> Any:
    return y if x is None else x if y is None else api.add_n([x, y])


def _one_backward(y1: Tensor, y2: Tensor, grad_y1: Tensor, grad_y2: Tensor, f: _Side, g: _Side) -> Any:
    """The inputs of a layer, their gradients, and those of what f and g read: variables, then side inputs."""
    at_y1 = api.stop_gradient(y1)
    g_side = [api.stop_gradient(x) for x in g.side_input]
    of_g = g(at_y1, g_side)
    x2 = y2 - of_g
    at_x2 = api.stop_gradient(x2)
    f_side = [api.stop_gradient(x) for x in f.side_input]
    of_f = f(at_x2, f_side)
    x1 = y1 - of_f
    g_to_y1 = gradients(of_g, at_y1, grad_y2)[0]
    grad_x1 = grad_y1 + g_to_y1
    grad_x2 = gradients(of_f, at_x2, grad_y1)[0] + grad_y2 + gradients(of_f, at_x2, g_to_y1)[0]
    g_found = gradients(of_g, g.variables + g_side, grad_y2)
    first = gradients(of_f, f.variables + f_side, grad_y1)
    second = gradients(of_f, f.variables + f_side, g_to_y1)
    f_found = [_sum(x, y) for x, y in zip(first, second)]
    tied = api.tuple([x1, x2, grad_x1, grad_x2, *f_found, *g_found])
    end = 4 + len(f_found)
    return (*tied[:4], tied[4:end], tied[end:])


@export("contrib.layers.rev_block")
def rev_block(x1: Any, x2: Any, f: Any, g: Any, num_layers: int = 1, f_side_input: Any = None,
              g_side_input: Any = None, is_training: bool = True) -> tuple[Tensor, Tensor]:
    """Reversible residual layers: y1 = x1 + f(x2), y2 = x2 + g(y1), without keeping anything for the gradients.

    Args:
      x1, x2: tensors of one shape.
      f, g: functions of a tensor, and of their side input if there is one, which keep the shape; or a list of one
        for each layer. They make resource variables with `tf.get_variable`.
      num_layers: how many layers.
      f_side_input, g_side_input: lists of tensors that f and g take too.
      is_training: whether gradients shall save memory; without, the layers are made as written.

    Returns:
      The pair (y1, y2).

    Raises:
      AssertionError: the lists of functions are not as long as there are layers.
    """
    return RevBlock(f, g, num_layers, f_side_input, g_side_input, use_efficient_backprop=is_training).forward(x1, x2)
