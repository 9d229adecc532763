"""Bijectors of vectors: in order, permuted, of another shape, on the simplex."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, constant_value_as_shape
from tfmagic.ops import api
from tfmagic.tf.contrib.distributions.padding import pad
from tfmagic.tf.distributions.arguments import after
from tfmagic.tf.distributions.bijector import Bijector
from tfmagic.tf.distributions.moving import moved_bijector


class _OfVectors(Bijector):
    """A bijector of vectors that makes them longer by a number of elements."""

    _longer = 0

    def _event_shape(self, shape: TensorShape, more: int) -> TensorShape:
        if shape.ndims is None or shape[-1].value is None:
            return TensorShape(None) if shape.ndims is None else TensorShape([None])
        return TensorShape([shape[-1].value + more])

    def _forward_event_shape(self, input_shape: TensorShape) -> TensorShape:
        return self._event_shape(input_shape, self._longer)

    def _inverse_event_shape(self, output_shape: TensorShape) -> TensorShape:
        return self._event_shape(output_shape, -self._longer)


@export("contrib.distributions.bijectors.Ordered")
class Ordered(_OfVectors):
    """From an increasing vector to its first element and the logarithms of its steps."""

    @moved_bijector("ordered")
    def __init__(self, validate_args: bool = False, name: str = "ordered"):
        super().__init__(forward_min_event_ndims=1, validate_args=validate_args, name=name)

    def _forward_event_shape_tensor(self, input_shape: Tensor) -> Tensor:
        return input_shape[-1][..., None]

    def _inverse_event_shape_tensor(self, output_shape: Tensor) -> Tensor:
        return output_shape[-1][..., None]

    def _forward(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        first = x[..., 0, None]
        steps = api.log(x[..., 1:] - x[..., :-1])
        return api.concat([first, steps], axis=-1)

    def _inverse(self, y: Tensor) -> Tensor:
        first = y[..., 0, None]
        steps = api.exp(y[..., 1:])
        return api.cumsum(api.concat([first, steps], axis=-1), axis=-1)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return api.reduce_sum(y[..., 1:], axis=-1)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        x = self._checked(x)
        return -api.reduce_sum(api.log(x[..., 1:] - x[..., :-1]), axis=-1)

    def _checked(self, x: Tensor) -> Tensor:
        if not self.validate_args:
            return x
        return after([api.debugging.assert_positive(
            x[..., 1:] - x[..., :-1], message="Forward transformation input must be strictly increasing.")], x)


@export("contrib.distributions.bijectors.SoftmaxCentered")
class SoftmaxCentered(_OfVectors):
    """Softmax of a vector with a further 0 behind it."""

    _longer = 1

    @moved_bijector("softmax_centered")
    def __init__(self, validate_args: bool = False, name: str = "softmax_centered"):
        self._graph_parents, self._name = [], name
        super().__init__(forward_min_event_ndims=1, validate_args=validate_args, name=name)

    def _inverse_event_shape(self, output_shape: TensorShape) -> TensorShape:
        if output_shape.ndims is not None and output_shape[-1].value is not None and output_shape[-1].value <= 1:
            raise ValueError(f"output_shape[-1] = {output_shape[-1].value} <= 1")
        return super()._inverse_event_shape(output_shape)

    def _forward_event_shape_tensor(self, input_shape: Tensor) -> Tensor:
        return (input_shape[-1] + 1)[..., None]

    def _inverse_event_shape_tensor(self, output_shape: Tensor) -> Tensor:
        if self.validate_args:
            output_shape = after([api.debugging.assert_greater(
                output_shape[-1], 1, message="Need last dimension greater than 1.")], output_shape)
        return (output_shape[-1] - 1)[..., None]

    def _forward(self, x: Tensor) -> Tensor:
        y = pad(x, axis=-1, back=True)
        if x.get_shape().ndims is not None:
            y.set_shape(x.get_shape()[:-1].concatenate([None if x.get_shape()[-1].value is None
                                                        else x.get_shape()[-1].value + 1]))
        return api.nn.softmax(y)

    def _inverse(self, y: Tensor) -> Tensor:
        x = api.log(y)
        shift = (-x[..., -1])[..., None]
        x = x[..., :-1] + shift
        if y.get_shape().ndims is not None:
            x.set_shape(y.get_shape()[:-1].concatenate([None if y.get_shape()[-1].value is None
                                                        else y.get_shape()[-1].value - 1]))
        return x

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return -api.reduce_sum(api.log(y), axis=-1)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        total = api.nn.softplus(api.reduce_logsumexp(x, axis=-1, keep_dims=True))
        return api.squeeze(-total + api.reduce_sum(x - total, axis=-1, keep_dims=True), axis=-1)


@export("contrib.distributions.bijectors.Permute")
class Permute(Bijector):
    """The elements of vectors in another order.

    Args:
      permutation: an integer vector, in which each of 0, 1, ... stands once.
      validate_args: whether that is checked in each run where it is not known.
      name: of the scopes.

    Raises:
      TypeError: it is no integer vector.
      ValueError: it is no permutation.
    """

    @moved_bijector("permute")
    def __init__(self, permutation: Any, validate_args: bool = False, name: str | None = None):
        words = "Permutation over `d` must contain exactly one of each of `{0, 1, ..., d}`."
        with name_scope(name, "permute", values=[permutation]):
            permutation = convert_to_tensor(permutation, name="permutation")
            if not permutation.dtype.is_integer:
                raise TypeError(f"permutation.dtype ({permutation.dtype.name}) should be `int`-like.")
            known = constant_value(permutation)
            if known is not None:
                if set(known) != set(np.arange(known.size)):
                    raise ValueError(words)
            elif validate_args:
                inverted, _ = api.math.top_k(-permutation, k=api.shape(permutation)[-1], sorted=True)
                permutation = after([api.debugging.assert_equal(
                    -inverted, api.range(api.size(permutation)), message=words)], permutation)
            self._permutation = permutation
            super().__init__(forward_min_event_ndims=1, is_constant_jacobian=True, validate_args=validate_args,
                             name=name or "permute")

    @property
    def permutation(self) -> Tensor:
        """Which element comes to each place."""
        return self._permutation

    def _forward(self, x: Tensor) -> Tensor:
        return api.gather(x, self.permutation, axis=-1)

    def _inverse(self, y: Tensor) -> Tensor:
        return api.gather(y, api.math.invert_permutation(self.permutation), axis=-1)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        return api.constant(0.0, dtype=y.dtype.base_dtype)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        return api.constant(0.0, dtype=x.dtype.base_dtype)


@export("contrib.distributions.bijectors.Reshape")
class Reshape(Bijector):
    """The last dimensions in another shape.

    Args:
      event_shape_out: the shape of a value, an integer vector in which one may be -1.
      event_shape_in: the shape of an argument.
      validate_args: whether shapes are checked in each run.
      name: of the scopes.

    Raises:
      TypeError: a shape is not integer.
      ValueError: a shape is no vector.
    """

    @moved_bijector("reshape")
    def __init__(self, event_shape_out: Any, event_shape_in: Any = (-1,), validate_args: bool = False,
                 name: str | None = None):
        with name_scope(name, "reshape", values=[event_shape_out, event_shape_in]):
            event_shape_out = convert_to_tensor(event_shape_out, name="event_shape_out", preferred_dtype=dtypes.int32)
            event_shape_in = convert_to_tensor(event_shape_in, name="event_shape_in", preferred_dtype=dtypes.int32)
            checks = (self._checks_of_shape(event_shape_out, validate_args)
                      + self._checks_of_shape(event_shape_in, validate_args))
            self._checks, self._event_shape_in, self._event_shape_out = checks, event_shape_in, event_shape_out
            super().__init__(forward_min_event_ndims=0, is_constant_jacobian=True, validate_args=validate_args,
                             name=name or "reshape")

    @staticmethod
    def _checks_of_shape(shape: Tensor, validate_args: bool) -> list[Operation]:
        if not shape.dtype.is_integer:
            raise TypeError(f"{shape} dtype ({shape.dtype.name}) should be `int`-like.")
        checks = []
        rank = api.rank(shape)
        words = f"`{shape}` rank should be <= 1."
        known_rank = constant_value(rank)
        if known_rank is not None and known_rank > 1:
            raise ValueError(f"`{shape}` rank ({known_rank}) should be <= 1.")
        if validate_args:
            checks.append(api.debugging.assert_less_equal(rank, 1, message=words))
        known = constant_value_as_shape(shape).is_fully_defined()
        if not known and validate_args:
            unknown = api.reduce_sum(api.cast(api.equal(shape, -1), dtypes.int32))
            checks += [api.debugging.assert_less_equal(
                           unknown, 1, message=f"`{shape}` elements must have at most one `-1`."),
                       api.debugging.assert_greater_equal(
                           shape, -1, message=f"`{shape}` elements must be either positive integers or `-1`.")]
        return checks

    def _reshaped(self, x: Tensor, shape_in: Tensor, shape_out: Tensor) -> Tensor:
        event_ndims = api.shape(shape_in)[0]
        x = self._checked(x, shape_in, event_ndims)
        shape = api.shape(x)
        rank = x.get_shape().ndims
        outer = shape[:(api.rank(x) if rank is None else rank) - api.abs(event_ndims)]
        if outer.get_shape().as_list() == [0]:
            return api.reshape(x, shape_out)
        return api.reshape(x, api.concat([outer, shape_out], axis=0))

    def _checked(self, x: Tensor, event_shape: Tensor, event_ndims: Tensor) -> Tensor:
        rank = api.rank(x)
        known_rank, known_ndims = x.get_shape().ndims, event_shape.get_shape()[0].value
        known_shape, dims = constant_value(event_shape), x.get_shape()
        words = "Input `event_shape` does not match `event_shape_in`"
        if known_rank is not None and known_ndims is not None:
            own: Any = np.array([-1 if size is None else size
                                 for size in dims.as_list()[int(known_rank) - int(known_ndims):]], np.int32)
            if known_shape is not None and dims[int(known_rank) - int(known_ndims):].is_fully_defined():
                wanted = known_shape >= 0
                if own.shape != known_shape.shape or not np.array_equal(own[wanted], known_shape[wanted]):
                    raise ValueError(f"{words} ({own} vs {known_shape}).")
                return x
            if dims[int(known_rank) - int(known_ndims):].is_fully_defined():
                own_shape: Any = own
            else:
                own_shape = None
        else:
            own_shape = None
        if not self.validate_args:
            return x
        if own_shape is None:
            own_shape = api.shape(x)[rank - event_ndims:]
        wanted = api.reshape(event_shape >= 0, [-1])
        return after([api.debugging.assert_equal(
            api.boolean_mask(own_shape, wanted), api.boolean_mask(event_shape, wanted), message=words + ".")], x)

    def _forward(self, x: Tensor) -> Tensor:
        with get_default_graph().control_dependencies(self._checks):
            return self._reshaped(x, self._event_shape_in, self._event_shape_out)

    def _inverse(self, y: Tensor) -> Tensor:
        with get_default_graph().control_dependencies(self._checks):
            return self._reshaped(y, self._event_shape_out, self._event_shape_in)

    def _inverse_log_det_jacobian(self, y: Tensor) -> Tensor:
        with get_default_graph().control_dependencies(self._checks):
            return api.constant(0.0, dtype=y.dtype)

    def _forward_log_det_jacobian(self, x: Tensor) -> Tensor:
        with get_default_graph().control_dependencies(self._checks):
            return api.constant(0.0, dtype=x.dtype)

    def _forward_event_shape(self, input_shape: TensorShape) -> TensorShape:
        with get_default_graph().control_dependencies(self._checks):
            return self.forward(api.zeros(input_shape)).get_shape()

    def _inverse_event_shape(self, output_shape: TensorShape) -> TensorShape:
        with get_default_graph().control_dependencies(self._checks):
            return self.inverse(api.zeros(output_shape)).get_shape()

    def _forward_event_shape_tensor(self, input_shape: Tensor) -> Tensor:
        with get_default_graph().control_dependencies(self._checks):
            return api.shape(self.forward(api.zeros(input_shape)))

    def _inverse_event_shape_tensor(self, output_shape: Tensor) -> Tensor:
        with get_default_graph().control_dependencies(self._checks):
            return api.shape(self.inverse(api.zeros(output_shape)))
