"""Samples: single 32-bit words off a Philox stream, one after another, as data sets draw them."""

from __future__ import annotations

import secrets

from tfmagic.ops.random.philox import Stream, unsigned, words

_WORD64 = (1 << 64) - 1
# So many blocks of four words are computed at a time: few at first.
_FEWEST, _MOST = 16, 1024


class Samples:
    """A stream of words.

    Attributes:
      taken: how many were drawn.
      words: those that come next, the next one at the end; who takes one counts it.

    Args:
      seed, seed2: the seeds; two zeros stand for a stream that nobody can foretell.
    """

    __slots__ = ("seeds", "taken", "words", "_blocks")

    def __init__(self, seed: int, seed2: int):
        if seed == 0 and seed2 == 0:
            seed, seed2 = secrets.randbits(63), secrets.randbits(63)
        self.seeds = seed, seed2
        self.taken = 0
        self.words: list[int] = []
        self._blocks = _FEWEST

    def next(self) -> int:
        """The next word."""
        words = self.words or self.more()
        self.taken += 1
        return words.pop()

    def several(self, count: int) -> list[int]:
        """The next words."""
        found: list[int] = []
        while len(found) < count:
            words = self.words or self.more()
            part = words[len(found) - count:]
            del words[-len(part):]
            part.reverse()
            found += part
            self.taken += len(part)
        return found

    def skip_to(self, taken: int) -> None:
        """Go to where `taken` words were drawn."""
        self.taken, self.words = taken, []

    def more(self) -> list[int]:
        """The next words when there are no more; the next one is the last."""
        block, within = divmod(self.taken, 4)
        seed, seed2 = self.seeds
        stream = Stream(seed & _WORD64, (seed2 & _WORD64) << 64).skip(block)
        found = unsigned(words(stream, range(self._blocks))).reshape(-1)[within:].tolist()
        found.reverse()
        self.words = found
        self._blocks = min(self._blocks * 4, _MOST)
        return found
