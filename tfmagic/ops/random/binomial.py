"""Binomial numbers from a Philox stream: sums of geometric ones where few trials succeed, else by rejection.

The rejection method is Hörmann's BTRS: "The generation of binomial random variates" (1993). Each number goes on in the
stream where the one before it ended, so they are drawn one after the other. (1.15 cuts some hundred numbers or more
into parts whose size its threads decide, and starts each part further on: those agree in the first part only.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from tfmagic.ops.random.distributions import uniform_pairs
from tfmagic.ops.random.philox import Stream, words

# From so many expected successes on, rejection is quicker.
_MANY = 10
_BLOCKS_AT_ONCE = 64


class _Pairs:
    """The uniform numbers of a stream in [0, 1), a block of two at a time; the second comes first."""

    def __init__(self, stream: Stream) -> None:
        self._made = self._make(stream)
        self._kept: float | None = None

    @staticmethod
    def _make(stream: Stream) -> Iterator[list[float]]:
        start = 0
        while True:
            yield from uniform_pairs(words(stream, range(start, start + _BLOCKS_AT_ONCE))).tolist()
            start += _BLOCKS_AT_ONCE

    def next(self) -> float:
        if self._kept is not None:
            second, self._kept = self._kept, None
            return second
        self._kept, first = next(self._made)
        return first

    def drop(self) -> None:
        """Leave the rest of the block: every number starts with one of its own."""
        self._kept = None


def binomial(stream: Stream, rows: int, per_row: int, counts: list[float], probs: list[float]) -> list[float]:
    """How many of so many trials succeed.

    Args:
      stream: where to take the words from.
      rows: how many rows of numbers to draw.
      per_row: how many numbers a row has.
      counts: how many trials each row's numbers have, or one for all rows.
      probs: how likely a trial succeeds, likewise; beyond 0 and 1 none or all succeed.

    Returns:
      `rows * per_row` numbers; 0 where a count or a probability is NaN, or the count is infinite.
    """
    pairs = _Pairs(stream)
    drawn: list[float] = []
    for row in range(rows):
        count, prob = (given[row if len(given) > 1 else 0] for given in (counts, probs))
        draw = _distribution(pairs, count, prob)
        for _ in range(per_row):
            drawn.append(draw())
            pairs.drop()
    return drawn


def _distribution(pairs: _Pairs, count: float, prob: float) -> Callable[[], float]:
    # 1.15 draws without end from a count that is not finite.
    if not math.isfinite(count) or math.isnan(prob) or count <= 0 or prob <= 0:
        return lambda: 0.0
    if prob >= 1:
        return lambda: count
    rare = min(prob, 1 - prob)
    draw = (_rejected if count * rare >= _MANY else _waited)(pairs, count, rare)
    return draw if prob <= 0.5 else lambda: count - draw()


def _waited(pairs: _Pairs, count: float, prob: float) -> Callable[[], float]:
    """From one success to the next it takes a geometric number of trials: how many of these fit?"""
    scale = math.log1p(-prob)

    def draw() -> float:
        trials, successes = 0, -1.0
        while trials <= count:
            word = pairs.next()
            if word == 0:
                return successes + 1
            trials += math.ceil(math.log(word) / scale)
            successes += 1
        return successes

    return draw


def _rejected(pairs: _Pairs, count: float, prob: float) -> Callable[[], float]:
    deviation = math.sqrt(count * prob * (1 - prob))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * prob
    centre = count * prob + 0.5
    sure = 0.92 - 4.2 / b
    odds = prob / (1 - prob)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = math.floor((count + 1) * prob)

    def log_bound(k: int) -> float:
        return ((mode + 0.5) * math.log((mode + 1) / (odds * (count - mode + 1)))
                + (count + 1) * math.log((count - mode + 1) / (count - k + 1))
                + (k + 0.5) * math.log(odds * (count - k + 1) / (k + 1))
                + _stirling_rest(mode) + _stirling_rest(count - mode) - _stirling_rest(k) - _stirling_rest(count - k))

    def draw() -> float:
        while True:
            u = pairs.next() - 0.5
            v = pairs.next()
            edge = 0.5 - abs(u)
            if edge == 0:
                continue
            k = math.floor((2 * a / edge + b) * u + centre)
            if edge >= 0.07 and v <= sure:
                return k
            if 0 <= k <= count and (v == 0 or math.log(v * alpha / (a / (edge * edge) + b)) <= log_bound(k)):
                return k

    return draw


def _stirling_rest(k: float) -> float:
    """What Stirling's formula for log(k!), taken at k + 1, leaves out."""
    if k <= 9:
        return math.lgamma(k + 1) - ((k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi))
    square = (k + 1) ** 2
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / (k + 1)
