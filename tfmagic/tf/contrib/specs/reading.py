"""Texts of networks and of parameters, read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FrameType
from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.contrib.specs import layers, numbers
from tfmagic.tf.contrib.specs.parts import check_keywords


def _bound(text: str, words: dict[str, Any], environment: dict[str, Any] | None) -> dict[str, Any]:
    check_keywords(text)
    bindings = dict(environment or {})
    exec(text, dict(words), bindings)
    return bindings


@export("contrib.specs.eval_params")
def eval_params(params: str, environment: dict[str, Any] | None = None) -> dict[str, Any]:
    """The names that a text of parameters binds, beside those of an environment.

    Raises:
      ValueError: it has a word that is not allowed.
    """
    return _bound(params, numbers.WORDS, environment)


@export("contrib.specs.eval_spec")
def eval_spec(spec: str, environment: dict[str, Any] | None = None) -> dict[str, Any]:
    """The names that a text of a network binds, beside those of an environment.

    Raises:
      ValueError: it has a word that is not allowed.
    """
    return _bound(spec, layers.WORDS, environment)


@export("contrib.specs.create_net_fun")
def create_net_fun(spec: str, environment: dict[str, Any] | None = None) -> Callable[[Any], Any]:
    """The function of a tensor that a text binds to `net`.

    Raises:
      ValueError: it binds none.
    """
    net = eval_spec(spec, environment).get("net")
    if net is None:
        raise ValueError(f"spec failed to create 'net': {spec}")
    return net.funcall


@export("contrib.specs.create_net")
def create_net(spec: str, inputs: Any, environment: dict[str, Any] | None = None) -> Any:
    """The network of a text, of some inputs."""
    return create_net_fun(spec, environment)(inputs)


@export("contrib.specs.LocalImport")
class LocalImport:
    """Within a `with` statement, names are global ones of the module that has it.

    Args:
      names: a dict, or a module or object for its attributes.
    """

    def __init__(self, names: Any):
        self.names = names if isinstance(names, dict) else vars(names)
        self._before: dict[str, Any] = {}

    @staticmethod
    def _globals(frame: FrameType | None) -> dict[str, Any]:
        assert frame is not None and frame.f_back is not None
        return frame.f_back.f_globals

    def __enter__(self) -> None:
        bindings = self._globals(inspect.currentframe())
        self._before = {name: bindings[name] for name in self.names if name in bindings}
        bindings.update(self.names)

    def __exit__(self, *raised: object) -> None:
        bindings = self._globals(inspect.currentframe())
        for name in self.names:
            bindings.pop(name, None)
        bindings.update(self._before)
