"""`framework.ops._gradient_registry`: the gradient functions by name, those of ops and those that users registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from tfmagic.graph import opdefs
from tfmagic.graph import registry as _registered
from tfmagic.graph.gradients import gradient_named
from tfmagic.tf.inner.utilities import Registry


class _Entries(MutableMapping[str, dict[str, Any]]):
    """Each name with what stands for it: the function is its "type". Users' functions can be taken away again."""

    def __getitem__(self, name: str) -> dict[str, Any]:
        try:
            return {"type": gradient_named(name)}
        except LookupError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, entry: dict[str, Any]) -> None:
        if name in _registered.users_gradients():
            _registered.forget_gradient(name)
        _registered.register_gradient(name, entry["type"])

    def __delitem__(self, name: str) -> None:
        _registered.forget_gradient(name)

    def __iter__(self) -> Iterator[str]:
        known = (definition for op in opdefs.names() if (definition := opdefs.get(op)) is not None)
        yield from (op.name for op in known if op.has_gradient or op.stops_gradients)
        yield from _registered.users_gradients()

    def __len__(self) -> int:
        return sum(1 for _ in self)


class GradientRegistry(Registry):
    """The registry of gradient functions `(operation, *output gradients)`; None stands for gradients that stop."""

    def __init__(self) -> None:
        super().__init__("gradient")
        self._registry = _Entries()  # type: ignore[assignment]

    def register(self, candidate: Callable[..., Any] | None, name: str | None = None) -> None:
        """Register a function under a name, by default its own.

        Raises:
          KeyError: the name is taken.
        """
        _registered.register_gradient(name or candidate.__name__, candidate)  # type: ignore[union-attr]

    def lookup(self, name: Any) -> Any:
        """The function of a name.

        Raises:
          LookupError: there is none.
        """
        return gradient_named(name)


gradients = GradientRegistry()
