"""A stream of seeds that follow from one."""

from __future__ import annotations

import hashlib

from tfmagic.base.export import export


@export("contrib.distributions.SeedStream")
class SeedStream:
    """Seeds for several draws: each call gives another one.

    Args:
      seed: an int, another stream, or None: then each seed is None.
      salt: a word, by which streams of one seed differ.
    """

    def __init__(self, seed: int | SeedStream | None, salt: str):
        self._seed = seed.original_seed if isinstance(seed, SeedStream) else seed
        self._salt = salt
        self._counter = 0

    def __call__(self) -> int | None:
        """The next seed."""
        self._counter += 1
        if self._seed is None:
            return None
        return int(hashlib.sha512(str((self._seed, self._counter, self._salt)).encode()).hexdigest(), 16)

    @property
    def original_seed(self) -> int | None:
        """The seed that it was made of."""
        return self._seed

    @property
    def salt(self) -> str:
        """Its word."""
        return self._salt
