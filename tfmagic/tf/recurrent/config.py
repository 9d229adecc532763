"""Activations and initializers of cells, given as functions, by name or as `get_config` writes them."""

from __future__ import annotations

import base64
import importlib
import marshal
import types
from typing import Any

from tfmagic.ops import api
from tfmagic.tf.initializers import kinds
from tfmagic.tf.layers import named


def activation_of(given: Any) -> Any:
    """An activation function, which may be given by its name; by default `tf.tanh`.

    Raises:
      TypeError, ValueError: as `named.activation` says.
    """
    return named.activation(given) if given else api.tanh


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


def config_of_function(key: str, module_key: str, function: Any) -> dict[str, Any]:
    """How `get_config` writes a function: by name and module, a lambda by its code; nothing for None.

    Args:
      key: the name of the entry; that of its kind is `key` + "_type".
      module_key: what the name of the module's entry begins with.
      function: the function.
    """
    if function is None:
        return {}
    if isinstance(function, types.LambdaType) and function.__name__ == "<lambda>":
        closure = function.__closure__
        written: Any = (base64.encodebytes(marshal.dumps(function.__code__)).decode(), function.__defaults__,
                        closure and tuple(cell.cell_contents for cell in closure))
        kind = "lambda"
    else:
        written, kind = function.__name__, "function"
    return {key: written, f"{key}_type": kind, f"{module_key}_module": function.__module__}


def with_function(config: dict[str, Any], key: str, module_key: str, argument: str,
                  custom_objects: Any = None) -> dict[str, Any]:
    """A configuration in which the function that `config_of_function` wrote stands under an argument's name.

    Raises:
      ValueError: the function's name is not known.
    """
    if key not in config:
        return config
    config = dict(config)
    written, kind = config.pop(key), config.pop(f"{key}_type")
    module = config.pop(f"{module_key}_module", None)
    if kind == "lambda":
        code, defaults, closure = written
        cells = closure and tuple(map(types.CellType, closure))
        there = vars(importlib.import_module(module)) if module else globals()
        config[argument] = types.FunctionType(marshal.loads(base64.decodebytes(code.encode())), there, "<lambda>",
                                              defaults and tuple(defaults), cells)
        return config
    found = (custom_objects or {}).get(written) or getattr(importlib.import_module(module), written, None)
    if found is None:
        raise ValueError(f"Unknown function in wrapper: {written}")
    config[argument] = found
    return config
