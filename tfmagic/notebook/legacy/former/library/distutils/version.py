"""`distutils.version`: numbers of releases, compared; notebooks begin with such a test of TensorFlow's version."""

from __future__ import annotations

import functools
import re
from typing import Any


@functools.total_ordering
class _Version:
    def __init__(self, vstring: str | None = None):
        if vstring:
            self.parse(vstring)

    def parse(self, vstring: str) -> None:
        """Take a version apart."""
        raise NotImplementedError

    def _key(self) -> Any:
        raise NotImplementedError

    def _other(self, other: Any) -> Any:
        return type(self)(other)._key() if isinstance(other, str) else other._key()

    def __eq__(self, other: object) -> bool:
        return bool(self._key() == self._other(other)) if isinstance(other, str | _Version) else NotImplemented

    def __lt__(self, other: Any) -> bool:
        return bool(self._key() < self._other(other)) if isinstance(other, str | _Version) else NotImplemented

    def __repr__(self) -> str:
        return f"{type(self).__name__} ('{self}')"


class LooseVersion(_Version):
    """Any version: its numbers and words, one after another."""

    def parse(self, vstring: str) -> None:
        self.vstring = vstring
        self.version = [int(part) if part.isdigit() else part
                        for part in re.split(r"(\d+|[a-z]+|\.)", vstring) if part and part != "."]

    def _key(self) -> list[int | str]:
        return self.version

    def __str__(self) -> str:
        return self.vstring


class StrictVersion(_Version):
    """Two or three numbers, and perhaps `a` or `b` with one more.

    Raises:
      ValueError: the version has another form.
    """

    _form = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", re.ASCII)

    def parse(self, vstring: str) -> None:
        match = self._form.fullmatch(vstring)
        if match is None:
            raise ValueError(f"invalid version number '{vstring}'")
        major, minor, patch, letter, number = match.groups()
        self.version = int(major), int(minor), int(patch or 0)
        self.prerelease = (letter, int(number)) if letter else None

    def _key(self) -> tuple[Any, ...]:
        return self.version, self.prerelease is None, self.prerelease or ()

    def __str__(self) -> str:
        numbers = self.version if self.version[2] else self.version[:2]
        return ".".join(map(str, numbers)) + ("{}{}".format(*self.prerelease) if self.prerelease else "")
