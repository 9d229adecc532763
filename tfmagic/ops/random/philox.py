"""Philox4x32-10: the counter-based generator behind every TensorFlow random op, vectorised on torch.

A stream is a 64-bit key and a 128-bit counter; each value of the counter gives one block of four 32-bit words.
On the CPU they come from machine code where that is there, else those one after the other from `randomgen`. Others,
and those made on CUDA, are computed by torch: all arithmetic is done in int64 with masks (products wrap modulo 2**64,
which keeps both halves right), so the words are the same everywhere.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.base.machine import philox as machine
from tfmagic.base.machine.philox import KEY_STEPS, MULTIPLIERS, ROUNDS, WORD

_KEY = (1 << 64) - 1
_COUNTER = (1 << 128) - 1
# The scrambling key of the stateless ops: their seed pair is encrypted with it, so that similar seeds give
# unrelated streams.
_STATELESS_KEY = 0x02461E293EC8F720

# Blocks computed at a time: what is made of them stays in the processor's second-level cache.
CHUNK = 1 << 13
# An accelerator has no such cache to fit, and every call costs the same.
_ACCELERATOR_CHUNK = 1 << 22
# Up to this many blocks, plain integers beat a call of the generator, and on CUDA some hundred torch calls.
_FEW, _FEW_ON_ACCELERATOR = 1, 24


class Stream(NamedTuple):
    """A position in a Philox sequence: everything a distribution needs to produce its numbers.

    Attributes:
      key: the sequence.
      counter: where it stands, a number; or the four words of that, the lowest first, an int64 tensor [4] of the device
        that makes the numbers.
    """

    key: int
    counter: Any

    def skip(self, blocks: int) -> Stream:
        """The stream that starts `blocks` blocks later."""
        return Stream(self.key, (self.counter + blocks) & _COUNTER)


class PhiloxState:
    """The stream of one random op in one session: every run takes its share and moves on.

    Args:
      seed: the op's `seed` attribute, an int64: the key.
      seed2: the op's `seed2` attribute, an int64: the upper half of the counter. When both are zero the
        stream starts at a random position.
    """

    __slots__ = ("_lock", "counter", "key")

    def __init__(self, seed: int = 0, seed2: int = 0) -> None:
        if seed == 0 and seed2 == 0:
            seed, seed2 = secrets.randbits(64), secrets.randbits(64)
        self.key = seed & _KEY
        self.counter = (seed2 & _KEY) << 64
        self._lock = threading.Lock()

    def reserve(self, blocks: int) -> Stream:
        """Takes `blocks` blocks of four words off the stream and returns where they start."""
        with self._lock:
            taken = Stream(self.key, self.counter)
            self.counter = (self.counter + blocks) & _COUNTER
        return taken

    def mark(self) -> int:
        """Where the stream stands."""
        return self.counter

    def rollback(self, before: int, after: int) -> None:
        """Give back what a failed run took, unless another run has taken its share since."""
        with self._lock:
            if self.counter == after:
                self.counter = before

    def reserve_words(self, words: int) -> Stream:
        """Takes at least `words` single words off the stream, in whole blocks."""
        return self.reserve((words + 3) // 4)

    def reserve_outputs(self, count: int) -> Stream:
        """Takes what an op with `count` outputs may need: TensorFlow sets aside 256 blocks for each."""
        return self.reserve(count * RESERVED_PER_OUTPUT)


RESERVED_PER_OUTPUT = 256


def stateless_stream(seed: Sequence[int]) -> Stream:
    """The stream of a stateless op for its pair of seeds."""
    first, second = (part & _KEY for part in seed)
    mixed = block(Stream(_STATELESS_KEY, first | second << 64))
    return Stream(mixed[0] | mixed[1] << 32, (mixed[2] | mixed[3] << 32) << 64)


def block(stream: Stream) -> tuple[int, int, int, int]:
    """The four words at the start of a stream, as Python integers."""
    return _encrypt(stream.key, _split(stream.counter))


def words(stream: Stream, offsets, device=None):
    """The blocks that lie `offsets` blocks into a stream.

    Args:
      stream: where to count from.
      offsets: int64 tensor [n] of non-negative block numbers, or a `range` of them.
      device: where to compute when `offsets` is a range.

    Returns:
      An int32 tensor [n, 4] of the words' bits; `unsigned` gives their values.
    """
    if isinstance(offsets, range) and not isinstance(stream.counter, int):
        offsets, carries = torch.arange(offsets.start, offsets[-1] + 1, offsets.step, device=device), True
    elif isinstance(offsets, range):
        on_cpu = device is None or torch.device(device).type == "cpu"
        if len(offsets) <= (_FEW if on_cpu else _FEW_ON_ACCELERATOR):
            blocks = [block(stream.skip(offset)) for offset in offsets]
            made = torch.tensor(blocks, dtype=torch.int64, device="cpu").reshape(len(offsets), 4).to(torch.int32)
            return made if device is None else made.to(device, non_blocking=True)
        # Counting from the first offset keeps the tensor small-valued, and so most counter words constant.
        stream, highest = stream.skip(offsets.start), offsets[-1] - offsets.start
        if on_cpu:
            made = machine.blocks(stream.key, stream.counter, range(0, highest + 1, offsets.step))
            if made is not None or offsets.step == 1:
                return _following(stream, len(offsets)) if made is None else made
        offsets = torch.arange(0, highest + 1, offsets.step, dtype=torch.int64, device=device)
        carries = (stream.counter & WORD) + highest > WORD
    else:
        made = None if offsets.is_cuda or not isinstance(stream.counter, int) else \
            machine.blocks(stream.key, stream.counter, offsets)
        if made is not None:
            return made
        carries = True
    return torch.stack(_encrypt(stream.key, _add(stream.counter, offsets, carries)), 1).to(torch.int32)


def unsigned(bits):
    """The values of words, int64 in [0, 2**32), from their bits."""
    return bits.to(torch.int64) & WORD


def _following(stream: Stream, count: int):
    """The first `count` blocks of a stream, on the CPU."""
    generator, state = _generator()
    state["state"]["key"] = np.frombuffer(stream.key.to_bytes(8, "little"), np.uint32)
    # It counts on before it makes a block.
    state["state"]["counter"] = np.frombuffer(((stream.counter - 1) & _COUNTER).to_bytes(16, "little"), np.uint32)
    generator.state = state
    return torch.from_numpy(generator.random_raw(4 * count).astype(np.uint32).view(np.int32).reshape(count, 4))


_own = threading.local()


def _generator() -> tuple[Any, Any]:
    """This thread's generator, whose state is set in a quarter of the time that a new one takes, and a state for it."""
    found: tuple[Any, Any] | None = getattr(_own, "generator", None)
    if found is None:
        from randomgen import Philox

        generator = Philox(key=0, counter=0, number=4, width=32)
        found = _own.generator = generator, generator.state  # no block is begun: the next one comes from the counter
    return found


def chunks(stream: Stream, count: int, device, stride: int = 1) -> Iterator[tuple[slice, Any]]:
    """Yields the words of `count` blocks that lie `stride` blocks apart, a cache-sized chunk at a time."""
    size = CHUNK if device.type == "cpu" else _ACCELERATOR_CHUNK
    for start in range(0, count, size):
        stop = min(start + size, count)
        offsets = range(start * stride, (stop - 1) * stride + 1, stride)
        yield slice(start, stop), words(stream, offsets, device)


def counter_words(stream: Stream) -> Any:
    """The counter of a stream as its words, int64 [4]."""
    return torch.tensor(_split(stream.counter), dtype=torch.int64, device="cpu")


def _split(counter: Any) -> Any:
    if not isinstance(counter, int):
        return counter.unbind()
    return counter & WORD, counter >> 32 & WORD, counter >> 64 & WORD, counter >> 96 & WORD


def _add(counter: Any, offsets, carries: bool):
    """The words of counter + offsets; those that are the same for all offsets stay Python integers."""
    c0, c1, c2, c3 = _split(counter)
    low = offsets + c0
    if not carries:
        return low, c1, c2, c3
    # An offset may itself exceed 32 bits: the second word takes its upper half and the carry together.
    second = (low >> 32) + c1
    third = (second >> 32) + c2
    fourth = (third >> 32) + c3
    return low & WORD, second & WORD, third & WORD, fourth & WORD


def _encrypt(key: int, counter):
    """Ten rounds of Philox on counter words that are Python integers or int64 tensors."""
    (m0, m1), (step0, step1) = MULTIPLIERS, KEY_STEPS
    k0, k1 = key & WORD, key >> 32
    c0, c1, c2, c3 = counter
    for _ in range(ROUNDS):
        p0, p1 = c0 * m0, c2 * m1
        c0, c1 = (p1 >> 32 & WORD) ^ c1 ^ k0, p1 & WORD
        c2, c3 = (p0 >> 32 & WORD) ^ c3 ^ k1, p0 & WORD
        k0, k1 = (k0 + step0) & WORD, (k1 + step1) & WORD
    return c0, c1, c2, c3
