"""tf.Module: an object that holds variables and other modules, and finds them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import nest
from tfmagic.base.export import export
from tfmagic.graph.scopes import name_scope
from tfmagic.tf.variable.variables import Variable

_NAME = re.compile(r"[A-Za-z_]\w*\Z")


def _snake_case(name: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1",
                                                          name)).replace("__", "_").lower()


@export("Module")
class Module:
    """Base of objects that hold variables, and other modules that do.

    Args:
      name: a Python identifier; by default the class's name, written small.

    Raises:
      ValueError: the name is none.
    """

    def __init__(self, name: str | None = None):
        if name is None:
            name = _snake_case(type(self).__name__)
        if not _NAME.match(name):
            raise ValueError(f"{name!r} is not a valid module name. Module names must be valid Python identifiers "
                             "(e.g. a valid class name).")
        self._name = name
        with name_scope(name) as scope_name:
            self._scope_name = scope_name

    @property
    def name(self) -> str:
        """The name of this module."""
        return self._name

    @property
    def name_scope(self) -> Any:
        """The name scope of this module, to be opened."""
        return name_scope(self._scope_name)

    @property
    def variables(self) -> tuple[Any, ...]:
        """The variables of this module and of those in it."""
        return tuple(self._flatten(predicate=lambda thing: isinstance(thing, Variable)))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """Those of the variables that are trainable."""
        return tuple(self._flatten(predicate=lambda thing: isinstance(thing, Variable) and thing.trainable))

    @property
    def submodules(self) -> tuple[Any, ...]:
        """The modules in this one, and those in them."""
        return tuple(self._flatten(predicate=lambda thing: isinstance(thing, Module)))

    def _flatten(self, recursive: bool = True, predicate: Callable[[Any], bool] = lambda thing: True) -> Iterator[Any]:
        """What this module holds that fits: of itself first, by the names of its attributes, then of those in it."""
        return _found(self, recursive, predicate, {id(self)})

    def _tracked(self) -> list[tuple[str, Any]]:
        """What a `tf.train.Checkpoint` saves."""
        return list(vars(self).items())

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator of methods: they run in the module's name scope."""

        @functools.wraps(method)
        def scoped(self: Any, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return scoped


def _found(module: Module, recursive: bool, predicate: Callable[[Any], bool], seen: set[int]) -> Iterator[Any]:
    within = []
    for _, value in sorted(vars(module).items()):
        for leaf in nest.flatten(value):
            if id(leaf) in seen:
                continue
            seen.add(id(leaf))
            if predicate(leaf):
                yield leaf
            if recursive and isinstance(leaf, Module):
                within.append(leaf)
    for each in within:
        yield from _found(each, recursive, predicate, seen)
