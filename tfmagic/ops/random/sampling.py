"""Discrete draws from a Philox stream: permutations, categories, bounded integers one by one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.base.machine import orders
from tfmagic.ops.random import choices
from tfmagic.ops.random.distributions import uniform
from tfmagic.ops.random.philox import WORD, PhiloxState, Stream, block, unsigned, words


def permutation(state: PhiloxState, size: int) -> Any:
    """A random order of `size` things: the Fisher-Yates shuffle from the front that RandomShuffle makes.

    Args:
      state: the op's stream; nothing is taken when there is nothing to shuffle.
      size: how many things there are.

    Returns:
      For each place of the result, the index of the thing that goes there, int64 [size].
    """
    if size <= 1:
        return torch.arange(size, device="cpu")
    drawn = words(state.reserve_words(size - 1), range((size + 2) // 4), "cpu")
    found = torch.arange(size, device="cpu")
    if orders.shuffle(found, drawn):
        return found
    order, steps = list(range(size)), unsigned(drawn).reshape(-1).tolist()
    for place in range(size - 1):
        other = place + steps[place] % (size - place)
        order[place], order[other] = order[other], order[place]
    return torch.tensor(order, dtype=torch.int64, device="cpu")


def shuffle(state: PhiloxState, value):
    """The rows of a tensor (its slices along the first dimension) in random order.

    Args:
      state: the op's stream.
      value: a tensor [n, ...], or an array of strings.

    Returns:
      What `value` is, of the same shape and dtype.
    """
    if value.ndim == 0 or value.shape[0] <= 1 or 0 in value.shape:
        return value
    order = permutation(state, value.shape[0])
    if isinstance(value, np.ndarray):
        return value[order.numpy()]
    return torch.index_select(value, 0, order.to(value.device, non_blocking=True))


def multinomial(state: PhiloxState, logits, count: int, dtype):
    """Draws categories from unnormalised log-probabilities.

    TensorFlow's CPU kernel splits a large batch over its threads and lets each start at a place of its own in
    the stream, so its draws depend on the machine; these are the ones that a single thread makes.

    Args:
      state: the op's stream.
      logits: a tensor [batch, classes] of a floating type; entries that are not finite are never drawn.
      count: how many draws to make for each row.
      dtype: torch.int32 or torch.int64.

    Returns:
      A tensor [batch, count] of `dtype`, with class numbers.
    """
    batch, classes = logits.shape
    if batch * count == 0:
        return torch.empty((batch, count), dtype=dtype, device=logits.device)
    # A draw takes two words; each row's are rounded up to whole blocks when the kernel sets its share aside.
    stream = state.reserve_outputs(batch * -(-count // 4) * 8)
    return categories(stream, logits, count, dtype)


def categories(stream: Stream, logits, count: int, dtype):
    """Draws categories as `multinomial` does, from a stream that was set aside for it."""
    drawn = choices.drawn(stream, logits, count, dtype)
    if drawn is not None:
        return drawn
    logits = logits.to(torch.float64)
    if not logits.is_cuda and math.isfinite(torch.sum(logits).item()):
        weights = torch.exp(logits - logits.amax(1, keepdim=True))
    else:
        finite = torch.isfinite(logits)
        highest = torch.where(finite, logits, -math.inf).amax(1, keepdim=True)
        weights = torch.where(finite, torch.exp(logits - highest), 0.0)
    cumulative = weights.cumsum(1)
    targets = uniform(stream, (len(logits), count), torch.float64, logits.device) * cumulative[:, -1:]
    return torch.searchsorted(cumulative, targets, right=True).to(dtype)


class WordReader:
    """Reads a stream word by word on the host, for kernels that decide from each number what to draw next."""

    def __init__(self, stream: Stream) -> None:
        self._words = _one_by_one(stream)

    def word(self) -> int:
        """The next word, in [0, 2**32)."""
        return next(self._words)

    def below(self, bound: int) -> int:
        """An unbiased integer in [0, bound), for a bound of at most 2**32 - 1."""
        if bound & (bound - 1) == 0:
            return self.word() & (bound - 1)
        # Words below 2**32 modulo bound are drawn again: the rest divides evenly.
        uneven = WORD % bound + 1
        while True:
            word = self.word()
            if word >= uneven:
                return word % bound

    def unit_float(self) -> float:
        """A number in [0, 1) with the 23 bits of a float32."""
        return (self.word() & 0x7FFFFF) * 2.0**-23

    def unit_double(self) -> float:
        """A number in [0, 1) with the 52 bits of a float64, from two words."""
        high = self.word() & 0xFFFFF
        return (high << 32 | self.word()) * 2.0**-52


def _one_by_one(stream: Stream) -> Iterator[int]:
    while True:
        yield from block(stream)
        stream = stream.skip(1)
