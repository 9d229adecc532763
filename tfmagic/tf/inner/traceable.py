"""`framework.traceable_stack`: objects that know at which line of a program they were noted, and stacks of them."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any


class TraceableObject:
    """An object, and the file and the line that it comes from.

    Args:
      obj: the object.
      filename, lineno: the place, or None as long as it is not known.
    """

    __module__ = "tensorflow.python.framework.traceable_stack"

    # How well a place is known: it is the one asked for, the outermost there is, or none.
    SUCCESS, HEURISTIC_USED, FAILURE = range(3)

    def __init__(self, obj: Any, filename: str | None = None, lineno: int | None = None):
        self.obj = obj
        self.filename = filename
        self.lineno = lineno

    def set_filename_and_line_from_caller(self, offset: int = 0) -> int:
        """Note the place of the caller.

        Args:
          offset: how many calls further out the place is; 0 is the line with the call of this method.

        Returns:
          `SUCCESS`, or `HEURISTIC_USED` where so many calls are not open: then it is the outermost one's place.
        """
        frame = inspect.currentframe()
        result = self.SUCCESS
        for _ in range(offset + 1):
            if frame is None or frame.f_back is None:
                result = self.HEURISTIC_USED
                break
            frame = frame.f_back
        if frame is None:
            return self.FAILURE
        self.filename, self.lineno = frame.f_code.co_filename, frame.f_lineno
        return result

    def copy_metadata(self) -> TraceableObject:
        """The place alone, without the object."""
        return TraceableObject(None, self.filename, self.lineno)


class TraceableStack:
    """A stack of objects with the places at which they were put on it.

    Args:
      existing_stack: `TraceableObject`s to begin with, the lowest first.
    """

    __module__ = "tensorflow.python.framework.traceable_stack"

    def __init__(self, existing_stack: Iterable[TraceableObject] | None = None):
        self._stack: list[TraceableObject] = list(existing_stack or ())

    def push_obj(self, obj: Any, offset: int = 0) -> int:
        """Put an object on the stack, with the line of the call `offset` calls further out.

        Returns:
          How well the place is known; see `TraceableObject`.
        """
        noted = TraceableObject(obj)
        self._stack.append(noted)
        return noted.set_filename_and_line_from_caller(offset + 1)

    def pop_obj(self) -> Any:
        """Take the uppermost object off and give it.

        Raises:
          IndexError: there is none.
        """
        return self._stack.pop().obj

    def peek_top_obj(self) -> Any:
        """The uppermost object.

        Raises:
          IndexError: there is none.
        """
        return self._stack[-1].obj

    def peek_objs(self) -> Iterator[Any]:
        """All objects, the uppermost first."""
        return (noted.obj for noted in reversed(self._stack))

    def peek_traceable_objs(self) -> Iterator[TraceableObject]:
        """All objects with their places, the uppermost first."""
        return reversed(self._stack)

    def copy(self) -> TraceableStack:
        """A stack of its own with the same objects."""
        return TraceableStack(self._stack)

    def __len__(self) -> int:
        return len(self._stack)
