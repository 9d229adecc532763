"""The arguments of a tf.function: bound to its parameters, told apart by what a trace depends on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tfmagic.base import nest
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.type_spec import TensorSpec

Bound = tuple[tuple[Any, ...], dict[str, Any]]


class Signature:
    """The parameters of a Python function.

    Attributes:
      specs: what the caller said of the tensors that it takes, or None.

    Args:
      function: the function.
      input_signature: a nested list of `tf.TensorSpec`, one for each argument.

    Raises:
      TypeError: it is no function, or the signature no list of `TensorSpec`.
    """

    def __init__(self, function: Callable[..., Any], input_signature: Any = None):
        self._parameters = inspect.signature(function).parameters
        self.specs: tuple[Any, ...] | None = None
        if input_signature is not None:
            if not isinstance(input_signature, tuple | list):
                raise _invalid(input_signature)
            if any(not isinstance(spec, TensorSpec) for spec in nest.flatten(input_signature)):
                raise _invalid(input_signature)
            self.specs = tuple(input_signature)

    @property
    def names(self) -> list[str]:
        """The names of the positional parameters."""
        return [name for name, parameter in self._parameters.items()
                if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)]

    def bind(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Bound:
        """The arguments with defaults filled in, arrays as tensors.

        Raises:
          TypeError: they do not fit the parameters.
          ValueError: they do not fit the signature that was given.
        """
        try:
            bound = inspect.Signature(list(self._parameters.values())).bind(*args, **kwargs)
        except TypeError:
            if self.specs is None:
                raise
            raise ValueError("Structure of Python function inputs does not match input_signature:\n"
                             f"  inputs: {_written(args)}\n  input_signature: {_written(self.specs)}") from None
        if self.specs is None:
            bound.apply_defaults()
        given, more = tuple(bound.args), dict(bound.kwargs)
        if self.specs is not None:
            given = self._fitted(given, more)
            return given, {}
        return (nest.map_structure(_tensor_of_array, given, expand_composites=False),
                nest.map_structure(_tensor_of_array, more, expand_composites=False))

    def _fitted(self, given: tuple[Any, ...], more: dict[str, Any]) -> tuple[Any, ...]:
        assert self.specs is not None
        shown = f"  inputs: {_written(given)}\n  input_signature: {_written(self.specs)}"
        if more or not _nests_as(self.specs, given):
            raise ValueError(f"Structure of Python function inputs does not match input_signature:\n{shown}")
        pairs = list(_beside(self.specs, given))
        try:
            tensors = [value if isinstance(value, Tensor) else convert_to_tensor(value, dtype=spec.dtype)
                       for spec, value in pairs]
        except (ValueError, TypeError):
            raise ValueError("When input_signature is provided, all inputs to the Python function must be convertible "
                             f"to tensors:\n{shown}") from None
        if any(not spec.is_compatible_with(tensor) for (spec, _), tensor in zip(pairs, tensors)):
            raise ValueError(f"Python inputs incompatible with input_signature:\n{shown}")
        return tuple(nest.pack_sequence_as(self.specs, tensors))


def _invalid(signature: Any) -> TypeError:
    return TypeError(f"Invalid input_signature {signature}; input_signature must be a possibly nested sequence of "
                     "TensorSpec objects.")


def _nests_as(spec: Any, value: Any) -> bool:
    """Whether a value has at least the structure of a spec."""
    if isinstance(spec, TensorSpec):
        return True
    if isinstance(spec, dict):
        return isinstance(value, dict) and set(spec) == set(value) and all(_nests_as(spec[k], value[k]) for k in spec)
    return isinstance(value, list | tuple) and len(spec) == len(value) and all(map(_nests_as, spec, value))


def _beside(spec: Any, value: Any) -> Iterator[tuple[TensorSpec, Any]]:
    """Each spec with the value in its place, in the order of nests."""
    if isinstance(spec, TensorSpec):
        yield spec, value
    else:
        for key in sorted(spec) if isinstance(spec, dict) else range(len(spec)):
            yield from _beside(spec[key], value[key])


def _written(values: Any) -> str:
    return "(\n    " + ",\n    ".join(str(value) for value in values) + ")"


def _tensor_of_array(value: Any) -> Any:
    return convert_to_tensor(value) if isinstance(value, np.ndarray) else value


def key_of(value: Any) -> Any:
    """What a trace depends on in a nested argument: types and shapes of tensors, values of everything else."""
    if isinstance(value, Tensor):
        return "tensor", value.dtype.base_dtype, value._dims
    if isinstance(value, TensorSpec):
        return "tensor", value.dtype.base_dtype, value.shape._dims
    if isinstance(value, list | tuple):
        return type(value), tuple(key_of(item) for item in value)
    if isinstance(value, dict):
        return dict, tuple((name, key_of(value[name])) for name in sorted(value))
    if nest.is_composite(value):
        return type(value), tuple(key_of(part) for part in nest.flatten(value, expand_composites=True))
    try:
        hash(value)
    except TypeError:
        return type(value), id(value)
    return type(value), value
