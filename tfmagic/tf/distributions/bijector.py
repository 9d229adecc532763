"""Bijectors: functions with an inverse, that know how they stretch volumes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, as_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.graph.tensor_like import is_tensor
from tfmagic.ops import api
from tfmagic.tf.distributions.moving import moved


class _Known:
    """What is known of one pair of values: `x`, `y`, and the logarithms of how the inverse stretches."""

    __slots__ = ("x", "y", "stretches")

    def __init__(self, x: Tensor | None = None, y: Tensor | None = None):
        self.x, self.y = x, y
        self.stretches: dict[Any, Tensor] = {}


@export("contrib.distributions.bijectors.Bijector")
class Bijector:
    """A function with an inverse.

    A class of one's own gives `_forward`, `_inverse` and one of `_forward_log_det_jacobian` and
    `_inverse_log_det_jacobian`. What it has made of a tensor it gives again for the same tensor.

    Args:
      graph_parents: the tensors that it is made of.
      is_constant_jacobian: whether it stretches everywhere the same.
      validate_args: whether arguments are checked in each run.
      dtype: the type of its values, if it has but one.
      forward_min_event_ndims: how many dimensions one argument has at least.
      inverse_min_event_ndims: how many dimensions one value has at least.
      name: of the scopes; the name of the class in small letters.

    Raises:
      ValueError: neither number of dimensions is given, one is negative, or one of `graph_parents` is no tensor.
    """

    def __init__(self, graph_parents: Any = None, is_constant_jacobian: bool = False, validate_args: bool = False,
                 dtype: Any = None, forward_min_event_ndims: int | None = None,
                 inverse_min_event_ndims: int | None = None, name: str | None = None):
        self._graph_parents = list(graph_parents or [])
        if forward_min_event_ndims is None and inverse_min_event_ndims is None:
            raise ValueError("Must specify at least one of `forward_min_event_ndims` and `inverse_min_event_ndims`.")
        if inverse_min_event_ndims is None:
            inverse_min_event_ndims = forward_min_event_ndims
        elif forward_min_event_ndims is None:
            forward_min_event_ndims = inverse_min_event_ndims
        for what, count in (("forward_min_event_ndims", forward_min_event_ndims),
                            ("inverse_min_event_ndims", inverse_min_event_ndims)):
            if not isinstance(count, int):
                raise TypeError(f"Expected {what} to be of type int, got {type(count).__name__}")
            if count < 0:
                raise ValueError(f"{what} must be a non-negative integer.")
        self._forward_min_event_ndims = forward_min_event_ndims
        self._inverse_min_event_ndims = inverse_min_event_ndims
        self._is_constant_jacobian = is_constant_jacobian
        self._validate_args = validate_args
        self._dtype = dtype
        self._known: list[_Known] = []
        self._constant_stretches: dict[Any, Tensor] = {}
        self._name = name or re.sub("([a-z0-9])([A-Z])", r"\1_\2", re.sub(
            "(.)([A-Z][a-z]+)", r"\1_\2", type(self).__name__.lstrip("_"))).lower()
        for place, parent in enumerate(self._graph_parents):
            if parent is None or not is_tensor(parent):
                raise ValueError(f"Graph parent item {place} is not a Tensor; {parent}.")

    @contextmanager
    def _name_scope(self, name: str | None = None, values: Any = None) -> Iterator[str]:
        with name_scope(self.name), name_scope(name, values=(values or []) + self.graph_parents) as scope:
            yield scope

    # --- what it is -------------------------------------------------------------------------------------------------

    @property
    def graph_parents(self) -> list[Tensor]:
        """The tensors that it is made of."""
        return self._graph_parents

    @property
    def forward_min_event_ndims(self) -> Any:
        """How many dimensions one argument has at least."""
        return self._forward_min_event_ndims

    @property
    def inverse_min_event_ndims(self) -> Any:
        """How many dimensions one value has at least."""
        return self._inverse_min_event_ndims

    @property
    def is_constant_jacobian(self) -> bool:
        """Whether it stretches everywhere the same."""
        return self._is_constant_jacobian

    @property
    def _is_injective(self) -> bool:
        return True

    @property
    def validate_args(self) -> bool:
        """Whether arguments are checked in each run."""
        return self._validate_args

    @property
    def dtype(self) -> Any:
        """The type of its values, if it has but one."""
        return self._dtype

    @property
    def name(self) -> str:
        """The name of its scopes."""
        return self._name

    # --- shapes -----------------------------------------------------------------------------------------------------

    def _forward_event_shape_tensor(self, input_shape: Tensor) -> Tensor:
        return input_shape

    def forward_event_shape_tensor(self, input_shape: Any, name: str = "forward_event_shape_tensor") -> Tensor:
        """The shape of a value from that of an argument, as an int32 vector."""
        with self._name_scope(name, [input_shape]):
            input_shape = convert_to_tensor(input_shape, dtype=dtypes.int32, name="input_shape")
            return self._forward_event_shape_tensor(input_shape)

    def _forward_event_shape(self, input_shape: TensorShape) -> TensorShape:
        return input_shape

    def forward_event_shape(self, input_shape: Any) -> TensorShape:
        """The static shape of a value from that of an argument."""
        return self._forward_event_shape(as_shape(input_shape))

    def _inverse_event_shape_tensor(self, output_shape: Tensor) -> Tensor:
        return output_shape

    def inverse_event_shape_tensor(self, output_shape: Any, name: str = "inverse_event_shape_tensor") -> Tensor:
        """The shape of an argument from that of a value, as an int32 vector."""
        with self._name_scope(name, [output_shape]):
            output_shape = convert_to_tensor(output_shape, dtype=dtypes.int32, name="output_shape")
            return self._inverse_event_shape_tensor(output_shape)

    def _inverse_event_shape(self, output_shape: TensorShape) -> TensorShape:
        return output_shape

    def inverse_event_shape(self, output_shape: Any) -> TensorShape:
        """The static shape of an argument from that of a value."""
        return self._inverse_event_shape(as_shape(output_shape))

    # --- values -----------------------------------------------------------------------------------------------------

    def _lacks(self, what: str) -> NoReturn:
        raise NotImplementedError(f"{what} not implemented.")

    def _check_dtype(self, x: Tensor) -> None:
        if self.dtype is not None and self.dtype.base_dtype != x.dtype.base_dtype:
            raise TypeError(f"Input had dtype {self.dtype} but expected {x.dtype}.")

    def _of_x(self, x: Tensor) -> _Known:
        for known in self._known:
            if known.x is x:
                return known
        self._known.append(_Known(x=x))
        return self._known[-1]

    def _of_y(self, y: Tensor) -> _Known:
        for known in self._known:
            if known.y is y:
                return known
        self._known.append(_Known(y=y))
        return self._known[-1]

    def _forward(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("forward")

    def _call_forward(self, x: Any, name: str, **kwargs: Any) -> Tensor:
        with self._name_scope(name, [x]):
            x = convert_to_tensor(x, name="x")
            self._check_dtype(x)
            if kwargs or not self._is_injective:
                return self._forward(x, **kwargs)
            known = self._of_x(x)
            if known.y is None:
                known.y = self._forward(x)
            return known.y

    def forward(self, x: Any, name: str = "forward") -> Tensor:
        """Its value at `x`."""
        return self._call_forward(x, name)

    def _inverse(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("inverse")

    def _call_inverse(self, y: Any, name: str, **kwargs: Any) -> Tensor:
        with self._name_scope(name, [y]):
            y = convert_to_tensor(y, name="y")
            self._check_dtype(y)
            if kwargs or not self._is_injective:
                return self._inverse(y, **kwargs)
            known = self._of_y(y)
            if known.x is None:
                known.x = self._inverse(y)
            return known.x

    def inverse(self, y: Any, name: str = "inverse") -> Tensor:
        """The argument at which its value is `y`."""
        return self._call_inverse(y, name)

    # --- how it stretches -------------------------------------------------------------------------------------------

    def _inverse_log_det_jacobian(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("inverse_log_det_jacobian")

    def _forward_log_det_jacobian(self, *args: Any, **kwargs: Any) -> Tensor:
        self._lacks("forward_log_det_jacobian")

    def _call_inverse_log_det_jacobian(self, y: Any, event_ndims: Any, name: str, **kwargs: Any) -> Any:
        key = _cache_key(event_ndims)
        if key in self._constant_stretches:
            with self._name_scope(name, [y]):
                return self._constant_stretches[key]
        with self._name_scope(name, [y]) as entered:
            y = convert_to_tensor(y, name="y")
            self._check_dtype(y)
            checks = self._check_event_ndims(self.inverse_min_event_ndims, event_ndims)
        with name_scope(entered), get_default_graph().control_dependencies(checks):
            if not self._is_injective:  # one for each of the arguments that have the value
                stretches = self._inverse_log_det_jacobian(y, **kwargs)
                return tuple(self._summed(y, one, self.inverse_min_event_ndims, event_ndims) for one in stretches)
            known = _Known(y=y) if kwargs else self._of_y(y)
            if key in known.stretches:
                return known.stretches[key]
            try:
                stretch = self._summed(y, self._inverse_log_det_jacobian(y, **kwargs), self.inverse_min_event_ndims,
                                       event_ndims)
            except NotImplementedError as error:
                try:
                    x = known.x if known.x is not None else self._inverse(y, **kwargs)
                    stretch = self._summed(x, -self._forward_log_det_jacobian(x, **kwargs),
                                           self.forward_min_event_ndims, event_ndims)
                    known.x = x
                except NotImplementedError:
                    raise error from None
            known.stretches[key] = stretch
            if self.is_constant_jacobian:
                self._constant_stretches[key] = stretch
            return stretch

    def inverse_log_det_jacobian(self, y: Any, event_ndims: Any, name: str = "inverse_log_det_jacobian") -> Tensor:
        """The logarithm of how much the inverse stretches volumes at `y`.

        Args:
          y: values.
          event_ndims: how many dimensions one of them has.
          name: of the scope.
        """
        return self._call_inverse_log_det_jacobian(y, event_ndims, name)

    def _call_forward_log_det_jacobian(self, x: Any, event_ndims: Any, name: str, **kwargs: Any) -> Tensor:
        if not self._is_injective:
            raise NotImplementedError("forward_log_det_jacobian cannot be implemented for non-injective transforms.")
        key = _cache_key(event_ndims)
        with self._name_scope(name, [x]), get_default_graph().control_dependencies(
                self._check_event_ndims(self.forward_min_event_ndims, event_ndims)):
            if key in self._constant_stretches:
                return -1.0 * self._constant_stretches[key]
            x = convert_to_tensor(x, name="x")
            self._check_dtype(x)
            known = _Known(x=x) if kwargs else self._of_x(x)
            if key in known.stretches:
                return -known.stretches[key]
            try:
                stretch = self._summed(x, -self._forward_log_det_jacobian(x, **kwargs), self.forward_min_event_ndims,
                                       event_ndims)
            except NotImplementedError as error:
                try:
                    y = known.y if known.y is not None else self._forward(x, **kwargs)
                    stretch = self._summed(y, self._inverse_log_det_jacobian(y, **kwargs),
                                           self.inverse_min_event_ndims, event_ndims)
                    known.y = y
                except NotImplementedError:
                    raise error from None
            known.stretches[key] = stretch
            if self.is_constant_jacobian:
                self._constant_stretches[key] = stretch
            return -stretch

    def forward_log_det_jacobian(self, x: Any, event_ndims: Any, name: str = "forward_log_det_jacobian") -> Tensor:
        """The logarithm of how much it stretches volumes at `x`.

        Args:
          x: arguments.
          event_ndims: how many dimensions one of them has.
          name: of the scope.
        """
        return self._call_forward_log_det_jacobian(x, event_ndims, name)

    def _summed(self, y: Tensor, stretch: Tensor, least: int, event_ndims: Any) -> Tensor:
        """The sum over the dimensions of an event that are more than needed."""
        # One number may stand for all of the event: it counts as often as the event has parts.
        rank = api.rank(y)
        ones = api.ones(api.shape(y)[rank - event_ndims:rank - least], stretch.dtype)
        total = api.reduce_sum(ones * stretch, axis=_summed_axes(least, event_ndims))
        known, dims = _key(event_ndims), y.get_shape()
        if known is not None and dims.ndims is not None and stretch.get_shape().ndims is not None:
            shape = api.broadcast_static_shape(dims[dims.ndims - known:dims.ndims - least], stretch.get_shape())
            total.set_shape(shape[:shape.ndims - (known - least)])
        return total

    def _check_event_ndims(self, least: int, event_ndims: Any) -> list[Operation]:
        tensor = convert_to_tensor(event_ndims, name="event_ndims")
        known = constant_value(tensor)
        if not tensor.dtype.is_integer:
            raise ValueError(f"Expected integer dtype, got dtype {tensor.dtype}")
        if known is not None:
            if known.ndim != 0:
                raise ValueError(f"Expected scalar event_ndims, got shape {known.shape}")
            if least > known:
                raise ValueError(f"event_ndims ({known}) must be larger than min_event_ndims ({least})")
            return []
        if not self.validate_args:
            return []
        return [api.debugging.assert_greater_equal(tensor, least)]


def _cache_key(event_ndims: Any) -> Any:
    """What a stretch is found by again: a tensor is itself, whatever is known of its value."""
    return event_ndims if isinstance(event_ndims, Tensor) else _key(event_ndims)


def _key(event_ndims: Any) -> int | None:
    if isinstance(event_ndims, Tensor):
        known = constant_value(event_ndims)
        return None if known is None else int(known)
    return int(np.asarray(event_ndims))


def _summed_axes(least: int, event_ndims: Any) -> Any:
    known = _key(event_ndims)
    if known is not None:
        return [-place for place in range(1, known - least + 1)]
    return api.range(-(event_ndims - least), 0)


@export("contrib.distributions.bijectors.Identity")
class Identity(Bijector):
    """What changes nothing."""

    @moved("identity_bijector")
    def __init__(self, validate_args: bool = False, name: str = "identity"):
        super().__init__(forward_min_event_ndims=0, is_constant_jacobian=True, validate_args=validate_args, name=name)

    def _forward(self, x: Tensor) -> Tensor:
        return x

    def _inverse(self, y: Tensor) -> Tensor:
        return y

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return api.constant(0.0, dtype=y.dtype)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return api.constant(0.0, dtype=x.dtype)
