"""Activations and initializers of cells, given as functions, by name or as `get_config` writes them."""

from __future__ import annotations

from typing import Any

from tfmagic.ops import api
from tfmagic.tf.initializers import kinds

_ACTIVATIONS = {"linear": None, "elu": "nn.elu", "selu": "nn.selu", "softmax": "nn.softmax", "relu": "nn.relu",
                "softplus": "nn.softplus", "softsign": "nn.softsign", "tanh": "nn.tanh", "sigmoid": "nn.sigmoid",
                "exponential": "exp", "hard_sigmoid": None}


def activation_of(given: Any) -> Any:
    """An activation function, which may be given by its name; by default `tf.tanh`.

    Raises:
      ValueError: no function has this name.
    """
    if not given:
        return api.tanh
    if callable(given):
        return given
    if given not in _ACTIVATIONS:
        raise ValueError(f"Unknown activation function:{given}")
    if given == "linear":
        return lambda x: x
    if given == "hard_sigmoid":
        return lambda x: api.clip_by_value(x * 0.2 + 0.5, 0.0, 1.0)
    found: Any = api
    for part in _ACTIVATIONS[given].split("."):  # type: ignore[union-attr]  # the others are named
        found = getattr(found, part)
    return found


def activation_name(function: Any) -> str:
    """How `get_config` writes an activation."""
    return getattr(function, "__name__", str(function))


_INITIALIZERS = {"zeros": kinds.Zeros, "ones": kinds.Ones, "constant": kinds.Constant,
                 "random_uniform": kinds.RandomUniform, "random_normal": kinds.RandomNormal,
                 "truncated_normal": kinds.TruncatedNormal, "variance_scaling": kinds.VarianceScaling,
                 "orthogonal": kinds.Orthogonal, "identity": kinds.Identity, "glorot_uniform": kinds.GlorotUniform,
                 "glorot_normal": kinds.GlorotNormal}


def initializer_of(given: Any) -> Any:
    """An initializer, which may be given by its name or configuration.

    Raises:
      ValueError: there is none of that name.
    """
    if given is None or callable(given):
        return given
    name, config = (given["class_name"], given["config"]) if isinstance(given, dict) else (given, {})
    for known, kind in _INITIALIZERS.items():
        if name in (known, kind.__name__):
            return kind(**config)
    raise ValueError(f"Unknown initializer: {name}")


def initializer_config(initializer: Any) -> Any:
    """How `get_config` writes an initializer."""
    if initializer is None or not hasattr(initializer, "get_config"):
        return initializer
    return {"class_name": type(initializer).__name__, "config": initializer.get_config()}
