"""Initializers, activations and regularizers that are given to layers by their names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.tf.nn import activations as nn

_SPREAD = 0.05


def initializer(given: Any) -> Any:
    """An initializer; a name stands for one with its usual arguments.

    Raises:
      ValueError: there is none of that name.
    """
    if isinstance(given, dict):
        made = initializer(given["class_name"])
        return type(made)(**given["config"])
    if not isinstance(given, str):
        return given
    kinds = api.initializers
    plain = {"zeros": kinds.zeros, "ones": kinds.ones, "constant": kinds.constant, "identity": kinds.identity,
             "orthogonal": kinds.orthogonal, "glorot_uniform": kinds.glorot_uniform,
             "glorot_normal": kinds.glorot_normal, "he_normal": kinds.he_normal, "he_uniform": kinds.he_uniform,
             "lecun_normal": kinds.lecun_normal, "lecun_uniform": kinds.lecun_uniform,
             "Zeros": kinds.zeros, "Ones": kinds.ones, "Constant": kinds.constant, "Identity": kinds.identity,
             "Orthogonal": kinds.orthogonal, "GlorotUniform": kinds.glorot_uniform,
             "GlorotNormal": kinds.glorot_normal, "VarianceScaling": kinds.variance_scaling}
    spread: dict[str, Any] = {
        name: functools.partial(kind, 0.0, _SPREAD) for kind, names in (
            (kinds.random_normal, ("random_normal", "normal", "RandomNormal")),
            (kinds.truncated_normal, ("truncated_normal", "TruncatedNormal"))) for name in names}
    for name in ("random_uniform", "uniform", "RandomUniform"):
        spread[name] = functools.partial(kinds.random_uniform, -_SPREAD, _SPREAD)
    kind = plain.get(given) or spread.get(given)
    if kind is None:
        raise ValueError(f"Unknown initializer:{given}")
    return kind()


def _softmax(x: Tensor) -> Tensor:
    if x.shape.ndims == 2:
        return nn.softmax(x)
    powers = raw.exp(x - api.reduce_max(x, axis=-1, keepdims=True))
    return powers / api.reduce_sum(powers, axis=-1, keepdims=True)


def _selu(x: Tensor) -> Tensor:
    found = raw.elu(x)
    return 1.0507009873554805 * api.where(x > 0, found, 1.6732632423543772 * found)


def _hard_sigmoid(x: Tensor) -> Tensor:
    slope, middle = constant(0.2, x.dtype), constant(0.5, x.dtype)
    return api.clip_by_value(raw.add(raw.mul(x, slope), middle), 0.0, 1.0)


_ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "softmax": _softmax, "selu": _selu, "hard_sigmoid": _hard_sigmoid, "linear": lambda x: x, "exponential": raw.exp,
    "relu": raw.relu, "sigmoid": raw.sigmoid, "tanh": raw.tanh, "elu": raw.elu, "softplus": raw.softplus,
    "softsign": raw.softsign}


def activation(given: Any) -> Any:
    """An activation; a name stands for the function.

    Raises:
      TypeError: it is neither a name nor a function.
      ValueError: there is none of that name, or it is a configuration.
    """
    if given is None or callable(given):
        return given
    if isinstance(given, dict):
        raise ValueError(f"Improper config format: {given}")
    if not isinstance(given, str):
        raise TypeError(f"Could not interpret activation function identifier: {given!r}")
    if given not in _ACTIVATIONS:
        raise ValueError(f"Unknown activation function:{given}")
    found = _ACTIVATIONS[given]

    @functools.wraps(found)
    def named(x: Any) -> Any:
        return found(x)

    named.__name__ = given
    return named


def _penalty(absolute: float, square: float) -> Callable[[Any], Tensor]:
    def penalty(weights: Any) -> Tensor:
        total: Any = 0.0
        if absolute:
            total = total + absolute * api.reduce_sum(api.abs(weights))
        if square:
            total = total + square * api.reduce_sum(raw.square(weights))
        return total

    return penalty


_REGULARIZERS = {"l1": (0.01, 0.0), "l2": (0.0, 0.01), "l1_l2": (0.01, 0.01)}


def regularizer(given: Any) -> Any:
    """A regularizer; a name stands for one with its usual weights.

    Raises:
      ValueError: there is none of that name.
    """
    if not isinstance(given, str):
        return given
    if given not in _REGULARIZERS:
        raise ValueError(f"Unknown regularizer:{given}")
    return _penalty(*_REGULARIZERS[given])


def config(argument: str, given: Any) -> Any:
    """How `get_config` writes an argument: functions by their names, initializers with their own configurations."""
    if argument == "activation" and given is None:
        return "linear"
    if given is None or not argument.endswith(("activation", "initializer", "regularizer", "constraint")):
        return given
    if hasattr(given, "get_config"):
        return {"class_name": type(given).__name__, "config": given.get_config()}
    return getattr(given, "__name__", given)
