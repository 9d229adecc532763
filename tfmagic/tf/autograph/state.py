"""The variables that a statement changes, while its parts are built one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.tf.autograph.undefined import NO_RESULT, Undefined

Values = tuple[Any, ...]


class State:
    """What the parts of a statement have in common.

    Attributes:
      names: the variables and attributes that come out of the statement.
      variables: how many of them are variables; attributes follow.

    Args:
      get: gives the values of all that the statement changes: first those that come out of it.
      put: sets them.
    """

    def __init__(self, get: Callable[[], Values], put: Callable[[Values], None], names: Sequence[str], variables: int):
        self._get = get
        self._put = put
        self.names = tuple(names)
        self.variables = variables
        self._begin = get()

    @property
    def begin(self) -> Values:
        """The values before the statement of what comes out of it."""
        return self._begin[:len(self.names)]

    def start(self, values: Values | None = None) -> None:
        """Begin a part: everything is as before the statement, but for the values given."""
        self._put(self._begin if values is None else (*values, *self._begin[len(self.names):]))

    def now(self) -> Values:
        """The values at this moment of what comes out of the statement."""
        return self._get()[:len(self.names)]

    def undefined(self, values: Values) -> tuple[str, ...]:
        """The names of the values that are none."""
        return tuple(name for name, value in zip(self.names, values) if isinstance(value, Undefined))

    def lacks_result(self, values: Values) -> bool:
        """Whether the function's result is among the values and has not been given."""
        return any(value is NO_RESULT for value in values)
