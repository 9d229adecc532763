"""changes: how often values of variables were changed where they are.

Who keeps something that follows from a variable's value asks: a value that was replaced is another object, one that was
changed in place is not.
"""

from __future__ import annotations


class _Changes:
    """Changes in place in this process.

    Attributes:
      in_place: how many runs made some; raised before the first, under the lock of the variables.
    """

    __slots__ = ("in_place",)

    def __init__(self) -> None:
        self.in_place = 0


changes = _Changes()
