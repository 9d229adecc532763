"""Bijectors made of others or of functions: their inverse, one after the other, from functions, under conditions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.distributions.arguments import static_or_tensor
from tfmagic.tf.distributions.bijector import Bijector
from tfmagic.tf.distributions.moving import moved_bijector


@export("contrib.distributions.bijectors.Invert")
class Invert(Bijector):
    """The inverse of a bijector.

    Args:
      bijector: the bijector.
      validate_args: whether arguments are checked in each run.
      name: of the scopes; "invert" and its name.
    """

    @moved_bijector("invert")
    def __init__(self, bijector: Any, validate_args: bool = False, name: str | None = None):
        if not bijector._is_injective:
            raise NotImplementedError("Invert is not implemented for non-injective bijectors.")
        self._bijector = bijector
        super().__init__(graph_parents=bijector.graph_parents,
                         forward_min_event_ndims=bijector.inverse_min_event_ndims,
                         inverse_min_event_ndims=bijector.forward_min_event_ndims,
                         is_constant_jacobian=bijector.is_constant_jacobian, validate_args=validate_args,
                         dtype=bijector.dtype, name=name or "_".join(["invert", bijector.name]))

    @property
    def bijector(self) -> Any:
        """The bijector whose inverse it is."""
        return self._bijector

    def _forward_event_shape(self, input_shape: TensorShape) -> TensorShape:
        return self.bijector._inverse_event_shape(input_shape)

    def _forward_event_shape_tensor(self, input_shape: Tensor) -> Tensor:
        return self.bijector._inverse_event_shape_tensor(input_shape)

    def _inverse_event_shape(self, output_shape: TensorShape) -> TensorShape:
        return self.bijector._forward_event_shape(output_shape)

    def _inverse_event_shape_tensor(self, output_shape: Tensor) -> Tensor:
        return self.bijector._forward_event_shape_tensor(output_shape)

    def _forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        return self.bijector._inverse(x, **kwargs)

    def _inverse(self, y: Tensor, **kwargs: Any) -> Tensor:
        return self.bijector._forward(y, **kwargs)

    def _inverse_log_det_jacobian(self, y: Tensor, **kwargs: Any) -> Tensor:
        return self.bijector._forward_log_det_jacobian(y, **kwargs)

    def _forward_log_det_jacobian(self, x: Tensor, **kwargs: Any) -> Tensor:
        return self.bijector._inverse_log_det_jacobian(x, **kwargs)


def _least_event_ndims(bijectors: list[Any], forward: bool) -> int:
    """How many dimensions an argument (or value) of a chain has at least."""
    least, change = 0, 0
    for bijector in reversed(bijectors) if forward else bijectors:
        given, made = bijector.forward_min_event_ndims, bijector.inverse_min_event_ndims
        if not forward:
            given, made = made, given
        # A part that needs more dimensions than the chain has there makes the chain need as many more.
        if given > least + change:
            least = given - change
        change += made - given
    return least


def _knows_event(x: Tensor, event_ndims: Any) -> bool:
    return x.get_shape().is_fully_defined() and isinstance(event_ndims, int)


def _event_of(x: Tensor, event_ndims: Any) -> Any:
    """The shape of the events in a tensor: static where it is known, else a tensor."""
    if _knows_event(x, event_ndims):
        return x.get_shape()[x.get_shape().ndims - event_ndims:]
    return api.shape(x)[api.rank(x) - event_ndims:]


def _next_event(x: Tensor, event: Any, event_ndims: Any, static: Callable[[Any], TensorShape],
                dynamic: Callable[[Any], Tensor]) -> tuple[Any, Any]:
    """What a part of a chain makes of the shape of events, and how many dimensions that has."""
    if _knows_event(x, event_ndims):
        event = static(event)
        return event, event.ndims
    event = dynamic(event)
    return event, static_or_tensor(api.size(event))


@export("contrib.distributions.bijectors.Chain")
class Chain(Bijector):
    """Several bijectors one after the other, the last one first.

    Args:
      bijectors: a list of bijectors; none: nothing is changed.
      validate_args: whether arguments are checked in each run.
      name: of the scopes; "chain_of_" and their names.

    Raises:
      NotImplementedError: one of them has several inverses.
    """

    @moved_bijector("chain")
    def __init__(self, bijectors: Any = None, validate_args: bool = False, name: str | None = None):
        bijectors = () if bijectors is None else bijectors
        self._bijectors = bijectors
        for bijector in bijectors:
            if not bijector._is_injective:
                raise NotImplementedError("Invert is not implemented for non-injective bijector "
                                          f"({bijector.name})")
        types = list({bijector.dtype for bijector in bijectors})
        if len(types) == 2 and None in types:
            types.remove(None)
        if len(types) > 1:
            raise ValueError(f"incompatible dtypes: {types}")
        dtype = types[0] if types else None
        if dtype is not None:
            dtype = dtype.base_dtype
        super().__init__(
            graph_parents=list(itertools.chain.from_iterable(bijector.graph_parents for bijector in bijectors)),
            forward_min_event_ndims=_least_event_ndims(bijectors, forward=True),
            inverse_min_event_ndims=_least_event_ndims(bijectors, forward=False),
            is_constant_jacobian=all(bijector.is_constant_jacobian for bijector in bijectors),
            validate_args=validate_args, dtype=dtype,
            name=name or ("_of_".join(["chain"] + [bijector.name for bijector in bijectors]) if bijectors
                          else "identity"))

    @property
    def bijectors(self) -> Any:
        """The bijectors."""
        return self._bijectors

    def _forward_event_shape(self, input_shape: TensorShape) -> TensorShape:
        for bijector in reversed(self.bijectors):
            input_shape = bijector.forward_event_shape(input_shape)
        return input_shape

    def _forward_event_shape_tensor(self, input_shape: Tensor) -> Tensor:
        for bijector in reversed(self.bijectors):
            input_shape = bijector.forward_event_shape_tensor(input_shape)
        return input_shape

    def _inverse_event_shape(self, output_shape: TensorShape) -> TensorShape:
        for bijector in self.bijectors:
            output_shape = bijector.inverse_event_shape(output_shape)
        return output_shape

    def _inverse_event_shape_tensor(self, output_shape: Tensor) -> Tensor:
        for bijector in self.bijectors:
            output_shape = bijector.inverse_event_shape_tensor(output_shape)
        return output_shape

    def _forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        for bijector in reversed(self.bijectors):
            x = bijector.forward(x, **kwargs.get(bijector.name, {}))
        return x

    def _inverse(self, y: Tensor, **kwargs: Any) -> Tensor:
        for bijector in self.bijectors:
            y = bijector.inverse(y, **kwargs.get(bijector.name, {}))
        return y

    def _inverse_log_det_jacobian(self, y: Tensor, **kwargs: Any) -> Tensor:
        total: Any = api.cast(0.0, dtype=y.dtype.base_dtype)
        if not self.bijectors:
            return total
        event_ndims: Any = self.inverse_min_event_ndims
        event = _event_of(y, event_ndims)
        for bijector in self.bijectors:
            total += bijector.inverse_log_det_jacobian(y, event_ndims=event_ndims, **kwargs.get(bijector.name, {}))
            event, event_ndims = _next_event(y, event, event_ndims, bijector.inverse_event_shape,
                                             bijector.inverse_event_shape_tensor)
            y = bijector.inverse(y, **kwargs.get(bijector.name, {}))
        return total

    def _forward_log_det_jacobian(self, x: Tensor, **kwargs: Any) -> Tensor:
        total: Any = api.cast(0.0, dtype=x.dtype.base_dtype)
        if not self.bijectors:
            return total
        event_ndims: Any = self.forward_min_event_ndims
        event = _event_of(x, event_ndims)
        for bijector in reversed(self.bijectors):
            total += bijector.forward_log_det_jacobian(x, event_ndims=event_ndims, **kwargs.get(bijector.name, {}))
            event, event_ndims = _next_event(x, event, event_ndims, bijector.forward_event_shape,
                                             bijector.forward_event_shape_tensor)
            x = bijector.forward(x, **kwargs.get(bijector.name, {}))
        return total


@export("contrib.distributions.bijectors.Inline")
class Inline(Bijector):
    """A bijector made of functions.

    Args:
      forward_fn: `forward_fn(x)` gives the value.
      inverse_fn: `inverse_fn(y)` gives the argument.
      inverse_log_det_jacobian_fn: of a value, how the inverse stretches there.
      forward_log_det_jacobian_fn: of an argument, how the function stretches there.
      forward_event_shape_fn: of the static shape of an argument that of a value; the same.
      forward_event_shape_tensor_fn: the same for shapes that are tensors.
      inverse_event_shape_fn: of the static shape of a value that of an argument; the same.
      inverse_event_shape_tensor_fn: the same for shapes that are tensors.
      is_constant_jacobian: whether it stretches everywhere the same.
      validate_args: whether arguments are checked in each run.
      forward_min_event_ndims: how many dimensions one argument has at least.
      inverse_min_event_ndims: how many dimensions one value has at least.
      name: of the scopes.
    """

    @moved_bijector("inline")
    def __init__(self, forward_fn: Callable[..., Tensor] | None = None,
                 inverse_fn: Callable[..., Tensor] | None = None,
                 inverse_log_det_jacobian_fn: Callable[..., Tensor] | None = None,
                 forward_log_det_jacobian_fn: Callable[..., Tensor] | None = None,
                 forward_event_shape_fn: Callable[..., Any] | None = None,
                 forward_event_shape_tensor_fn: Callable[..., Any] | None = None,
                 inverse_event_shape_fn: Callable[..., Any] | None = None,
                 inverse_event_shape_tensor_fn: Callable[..., Any] | None = None,
                 is_constant_jacobian: bool = False, validate_args: bool = False,
                 forward_min_event_ndims: int | None = None, inverse_min_event_ndims: int | None = None,
                 name: str = "inline"):
        super().__init__(forward_min_event_ndims=forward_min_event_ndims,
                         inverse_min_event_ndims=inverse_min_event_ndims, is_constant_jacobian=is_constant_jacobian,
                         validate_args=validate_args, name=name)
        self._functions = {"forward": forward_fn, "inverse": inverse_fn,
                           "inverse_log_det_jacobian": inverse_log_det_jacobian_fn,
                           "forward_log_det_jacobian": forward_log_det_jacobian_fn}
        self._shape_functions = {"forward_event_shape": forward_event_shape_fn,
                                 "forward_event_shape_tensor": forward_event_shape_tensor_fn,
                                 "inverse_event_shape": inverse_event_shape_fn,
                                 "inverse_event_shape_tensor": inverse_event_shape_tensor_fn}

    def _given(self, name: str) -> Callable[..., Tensor]:
        function = self._functions[name]
        if not callable(function):
            raise NotImplementedError(f"{name}_fn is not a callable function.")
        return function

    def _shape(self, name: str, shape: Any) -> Any:
        function = self._shape_functions[name]
        return shape if function is None else function(shape)

    def _forward_event_shape(self, input_shape: TensorShape) -> TensorShape:
        return self._shape("forward_event_shape", input_shape)

    def _forward_event_shape_tensor(self, input_shape: Tensor) -> Tensor:
        return self._shape("forward_event_shape_tensor", input_shape)

    def _inverse_event_shape(self, output_shape: TensorShape) -> TensorShape:
        return self._shape("inverse_event_shape", output_shape)

    def _inverse_event_shape_tensor(self, output_shape: Tensor) -> Tensor:
        return self._shape("inverse_event_shape_tensor", output_shape)

    def _forward(self, x: Tensor, **kwargs: Any) -> Tensor:
        return self._given("forward")(x, **kwargs)

    def _inverse(self, y: Tensor, **kwargs: Any) -> Tensor:
        return self._given("inverse")(y, **kwargs)

    def _inverse_log_det_jacobian(self, y: Tensor, **kwargs: Any) -> Tensor:
        return self._given("inverse_log_det_jacobian")(y, **kwargs)

    def _forward_log_det_jacobian(self, x: Tensor, **kwargs: Any) -> Tensor:
        return self._given("forward_log_det_jacobian")(x, **kwargs)


@export("contrib.distributions.bijectors.ConditionalBijector")
class ConditionalBijector(Bijector):
    """A bijector whose functions take further arguments, by name."""

    def forward(self, x: Any, name: str = "forward", **condition_kwargs: Any) -> Tensor:
        """Its value at `x`."""
        return self._call_forward(x, name, **condition_kwargs)

    def inverse(self, y: Any, name: str = "inverse", **condition_kwargs: Any) -> Tensor:
        """The argument at which its value is `y`."""
        return self._call_inverse(y, name, **condition_kwargs)

    def inverse_log_det_jacobian(self, y: Any, event_ndims: Any, name: str = "inverse_log_det_jacobian",
                                 **condition_kwargs: Any) -> Tensor:
        """The logarithm of how much the inverse stretches volumes at `y`."""
        return self._call_inverse_log_det_jacobian(y, event_ndims, name, **condition_kwargs)

    def forward_log_det_jacobian(self, x: Any, event_ndims: Any, name: str = "forward_log_det_jacobian",
                                 **condition_kwargs: Any) -> Tensor:
        """The logarithm of how much it stretches volumes at `x`."""
        return self._call_forward_log_det_jacobian(x, event_ndims, name, **condition_kwargs)
