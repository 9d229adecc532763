"""Candidate samplers: random classes for sampled losses, how often each is expected, and hits of true classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.ops.declare import register
from tfmagic.ops.random.ops import _stream_of as stream_of
from tfmagic.ops.random.philox import PhiloxState, unsigned, words
from tfmagic.ops.shape_rules import with_rank

_WORDS_PER_SAMPLE = 2048  # what TensorFlow sets aside for each sample's rejections
_ALL = (1 << 64) - 1
_BLOCKS = 16


def _words(state: Any, samples: int) -> Iterator[int]:
    """The 32-bit words of the part of the stream that one call takes."""
    stream = state.reserve_words(_WORDS_PER_SAMPLE * samples)
    place = 0
    while True:
        # As many blocks as the samples take where few are rejected, then as many more.
        count = max(_BLOCKS, samples)
        yield from unsigned(words(stream, range(place, place + count))).reshape(-1).tolist()
        place += count


def _below(words: Iterator[int], count: int) -> int:
    """A number in [0, count), every one equally likely."""

    def draw() -> int:
        low = next(words)
        return low | next(words) << 32

    if count & (count - 1) == 0:
        return draw() & (count - 1)
    least = (_ALL % count) + 1
    value = draw()
    while value < least:
        value = draw()
    return value % count


def _short_below(words: Iterator[int], count: int) -> int:
    """A number in [0, count) from single words."""
    if count & (count - 1) == 0:
        return next(words) & (count - 1)
    least = ((1 << 32) - 1) % count + 1
    value = next(words)
    while value < least:
        value = next(words)
    return value % count


def _unit(words: Iterator[int]) -> float:
    """A double in [0, 1)."""
    high = next(words) & 0xFFFFF
    return ((high << 32) | next(words)) / (1 << 52)


class _Uniform:
    """Every class equally likely."""

    def __init__(self, op: Any, classes: int):
        self.classes = classes

    def draw(self, words: Iterator[int]) -> int:
        return _below(words, self.classes)

    def probability(self, value: int) -> float:
        return 1.0 / self.classes


class _LogUniform:
    """Class k with probability log((k + 2) / (k + 1)) / log(classes + 1): for classes sorted by frequency."""

    def __init__(self, op: Any, classes: int):
        self.classes = classes
        self.log = math.log1p(classes)

    def draw(self, words: Iterator[int]) -> int:
        return (int(math.exp(_unit(words) * self.log)) - 1) % self.classes

    def probability(self, value: int) -> float:
        return math.log((value + 2.0) / (value + 1.0)) / self.log if value >= 0 else math.inf


class _Learned:
    """Classes as often as they were true ones so far, and once more.

    It is the state of its node: the stream, and the counts.
    """

    def __init__(self, op: Any):
        self.stream, self.classes = stream_of(op), op.range_max
        self.counts = [1] * op.range_max

    def mark(self) -> Any:
        """Where it stands."""
        return self.stream.mark(), tuple(self.counts)

    def rollback(self, before: Any, after: Any) -> None:
        """Go back, unless another run has moved it on since."""
        if (self.stream.mark(), tuple(self.counts)) == after:
            self.counts = list(before[1])
        self.stream.rollback(before[0], after[0])

    def reserve_words(self, words: int) -> Any:
        """A part of the stream."""
        return self.stream.reserve_words(words)

    def draw(self, words: Iterator[int]) -> int:
        place = _short_below(words, sum(self.counts))
        for value, count in enumerate(self.counts):
            place -= count
            if place < 0:
                return value
        raise AssertionError("a number below the sum lies below one of the partial sums")

    def probability(self, value: int) -> float:
        return self.counts[value] / sum(self.counts) if 0 <= value < self.classes else 0.0

    def learn(self, values: list[int]) -> None:
        """Count true classes."""
        for value in values:
            if 0 <= value < self.classes:
                self.counts[value] += 1


class _Weighted:
    """Classes with given weights, distorted by a power."""

    def __init__(self, op: Any, classes: int):
        weights = list(op.unigrams)
        if not weights and not op.vocab_file:
            raise errors.InvalidArgumentError(None, op.op, "Must provide either vocab_file or unigrams.")
        if weights and op.vocab_file:
            raise errors.InvalidArgumentError(None, op.op, "Must only provide one of vocab_file and unigrams.")
        if op.vocab_file:
            with open(op.vocab_file, encoding="utf-8") as lines:
                weights = [float(line.rsplit(",", 1)[-1]) for line in lines if line.strip()]
        weights = [0.0] * op.num_reserved_ids + [w ** op.distortion for w in weights]
        if len(weights) != classes:
            raise errors.InvalidArgumentError(None, op.op, f"range_max is {classes} but weights number {len(weights)}")
        if op.num_shards > 1:
            weights = [w if i % op.num_shards == op.shard else 0.0 for i, w in enumerate(weights)]
        self.total = sum(weights)
        self.weights = weights
        self.classes = classes
        self._make_table()

    def _make_table(self) -> None:
        """Walker's table: each place holds a class, how much of the place it fills, and the class that has the rest."""
        rest = [w * self.classes / self.total for w in self.weights]
        low = [i for i, r in enumerate(rest) if r < 1]
        high = [i for i, r in enumerate(rest) if r >= 1]
        self.filled = [1.0] * self.classes
        self.other = list(range(self.classes))
        while low and high:
            short, tall = low.pop(), high.pop()
            self.filled[short], self.other[short] = rest[short], tall
            rest[tall] -= 1 - rest[short]
            (low if rest[tall] < 1 else high).append(tall)

    def draw(self, words: Iterator[int]) -> int:
        height = (next(words) & 0x7FFFFF) / (1 << 23)
        place = _short_below(words, self.classes)
        return place if height < self.filled[place] else self.other[place]

    def probability(self, value: int) -> float:
        return self.weights[value] / self.total if 0 <= value < len(self.weights) else 0.0


def _expected(probability: float, count: int, tries: int) -> float:
    """How often a class is expected among the samples."""
    if tries == count or math.isinf(probability):
        return probability * count
    return -math.expm1(tries * math.log1p(-probability))


def _kernel(make: Callable[[Any, int], Any]) -> Any:
    def kernel(op: Any, state: Any, true_classes: Any) -> tuple[Any, Any, Any]:
        sampler = state if isinstance(state, _Learned) else make(op, op.range_max)
        count = op.num_sampled
        if op.unique and count > sampler.classes:
            raise errors.InvalidArgumentError(None, op.op, "Sampler's range is too small.")
        words = _words(state, count)
        samples: list[int] = []
        seen: set[int] = set()
        tries = 0
        while len(samples) < count:
            tries += 1
            value = sampler.draw(words)
            if op.unique:
                if value in seen:
                    continue
                seen.add(value)
            samples.append(value)
        drawn = [_expected(sampler.probability(v), count, tries) for v in samples]
        flat = true_classes.reshape(-1).tolist()
        true = [_expected(sampler.probability(v), count, tries) for v in flat]
        if isinstance(sampler, _Learned):
            sampler.learn(flat)
        device = true_classes.device
        return (torch.tensor(samples, dtype=torch.int64, device=device),
                torch.tensor(true, dtype=torch.float32, device=device).reshape(true_classes.shape),
                torch.tensor(drawn, dtype=torch.float32, device=device))

    return kernel


def _all_kernel(op: Any, state: PhiloxState, true_classes: Any) -> tuple[Any, Any, Any]:
    ones = torch.ones(true_classes.shape, dtype=torch.float32, device=true_classes.device)
    samples = torch.arange(op.num_sampled, dtype=torch.int64, device=true_classes.device)
    return samples, ones, torch.ones(op.num_sampled, dtype=torch.float32, device=true_classes.device)


def _shape(op: Any, true_classes: Dims) -> tuple[Dims, Dims, Dims]:
    rows, _ = with_rank(true_classes, 2)
    return (op.num_sampled,), (rows, op.num_true), (op.num_sampled,)


def _refused(op: Any, true_classes: Any) -> str | None:
    """TensorFlow's words for classes that are no matrix of `num_true` columns."""
    if len(true_classes) != 2:
        return "true_classes must be a matrix"
    if true_classes[1] != op.num_true:
        return f"true_classes must have num_true columns, expected: {true_classes[1]} was: {op.num_true}"
    return None


_RANDOM: dict[str, Any] = {"state": stream_of, "check": _refused}
register("UniformCandidateSampler", _shape, _kernel(_Uniform), **_RANDOM)
register("LogUniformCandidateSampler", _shape, _kernel(_LogUniform), **_RANDOM)
register("FixedUnigramCandidateSampler", _shape, _kernel(_Weighted), **_RANDOM)
for _name in ("LearnedUnigramCandidateSampler", "ThreadUnsafeUnigramCandidateSampler"):
    register(_name, _shape, _kernel(_Uniform), state=_Learned, check=_refused)
register("AllCandidateSampler", _shape, _all_kernel, **_RANDOM)


def _accidental_hits(op: Any, true_classes: Any, sampled: Any) -> tuple[Any, Any, Any]:
    """Where a sampled class is one of the row's true ones; of a class sampled twice, the last place."""
    later = torch.triu(sampled.unsqueeze(1) == sampled, 1).any(1)
    hits = ((true_classes.unsqueeze(2) == sampled) & ~later).nonzero()
    weights = torch.full((hits.shape[0],), -3.4028234663852886e38, dtype=torch.float32, device=sampled.device)
    return hits[:, 0].to(torch.int32), hits[:, 2], weights


def _hits_shape(op: Any, true_classes: Dims, sampled: Dims) -> tuple[Dims, Dims, Dims]:
    columns = with_rank(true_classes, 2)[1]
    if columns is not None and columns != op.num_true:
        raise ValueError(f"Dimension must be {op.num_true} but is {columns}")
    with_rank(sampled, 1)
    return (None,), (None,), (None,)


def _refused_hits(op: Any, true_classes: Any, sampled: Any) -> str | None:
    if len(true_classes) != 2 or true_classes[1] != op.num_true:
        return "true_candidates must be a batch_size * num_true matrix"
    if len(sampled) != 1:
        return "sampled_candidates must be a vector, which is typically an output from CandidateSampler"
    return None


register("ComputeAccidentalHits", _hits_shape, _accidental_hits, check=_refused_hits)
