"""`tf.test.StubOutForTesting`: other things in the place of attributes, until they are put back."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export

_ABSENT = object()


@export("test.StubOutForTesting")
class StubOutForTesting:
    """Puts other things in the place of attributes; `UnsetAll` and `SmartUnsetAll` put back what was there.

    As a context manager, and when it goes, it puts everything back.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[Any, str, Any]] = []
        self._kept_smart: list[tuple[Any, str, Any]] = []

    def __del__(self) -> None:
        self.CleanUp()

    def __enter__(self) -> StubOutForTesting:
        return self

    def __exit__(self, *exc_info: Any) -> None:
        self.CleanUp()

    def CleanUp(self) -> None:
        """Put everything back."""
        self.SmartUnsetAll()
        self.UnsetAll()

    def SmartSet(self, obj: Any, attr_name: str, new_attr: Any) -> None:
        """Replace an attribute where it is defined: of a class perhaps in a base.

        Raises:
          AttributeError: there is none.
        """
        holder = obj
        if isinstance(obj, type):
            holder = next((base for base in obj.__mro__ if attr_name in base.__dict__), None)
        elif attr_name not in getattr(obj, "__dict__", {}):
            raise AttributeError(f"{obj!r} has no attribute {attr_name!r} of its own")
        if holder is None:
            raise AttributeError(f"{obj!r} has no attribute {attr_name!r}")
        self._kept_smart.append((holder, attr_name, holder.__dict__[attr_name]))
        setattr(holder, attr_name, _as_before(holder.__dict__[attr_name], new_attr))

    def SmartUnsetAll(self) -> None:
        """Put back what `SmartSet` replaced."""
        _restore(self._kept_smart)

    def Set(self, parent: Any, child_name: str, new_child: Any) -> None:
        """Replace an attribute.

        Raises:
          AttributeError: there is none.
        """
        old = getattr(parent, "__dict__", {}).get(child_name, _ABSENT)
        if old is _ABSENT:
            old = getattr(parent, child_name)
        self._kept.append((parent, child_name, old))
        setattr(parent, child_name, _as_before(old, new_child))

    def UnsetAll(self) -> None:
        """Put back what `Set` replaced."""
        _restore(self._kept)


def _as_before(old: Any, new: Any) -> Any:
    """The new attribute of a class as the old one was: a static method stays one."""
    return staticmethod(new) if isinstance(old, staticmethod) and not isinstance(new, staticmethod) else new


def _restore(kept: list[tuple[Any, str, Any]]) -> None:
    while kept:
        parent, name, old = kept.pop()
        setattr(parent, name, old)
