"""Candidate samplers: random classes for sampled losses, how often each is expected, and hits of true classes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.base.machine.hits import hits
from tfmagic.base.shapes import Dims
from tfmagic.ops.declare import register
from tfmagic.ops.nn import log_uniform
from tfmagic.ops.random.ops import _stream_of as stream_of
from tfmagic.ops.random.philox import PhiloxState, Stream, words
from tfmagic.ops.shape_rules import with_rank
from tfmagic.ops.tensor_function import tensor_function

_WORDS_PER_SAMPLE = 2048  # what TensorFlow sets aside for each sample's rejections
_ALL = (1 << 64) - 1
_BLOCKS = 16
_NEAR = 1e-14
_LEAST = -3.4028234663852886e38
# So many comparisons tell hits sooner than a dictionary.
_COMPARISONS = 1 << 14
# Of so many classes is noted how likely they are.
_KNOWN = 1 << 17


def _blocks(stream: Stream, samples: int) -> Iterator[np.ndarray]:
    """The 32-bit words of the part of the stream that one call takes, some blocks of four at a time."""
    place = 0
    while True:
        # As many blocks as the samples take where few are rejected, then as many more.
        count = max(_BLOCKS, samples)
        yield words(stream, range(place, place + count)).numpy().view(np.uint32).reshape(-1)
        place += count


def _words(blocks: Iterator[np.ndarray]) -> Iterator[int]:
    for block in blocks:
        yield from block.tolist()


def _below(blocks: Iterator[np.ndarray], count: int) -> Iterator[list[int]]:
    """Numbers in [0, count), every one equally likely, from two words each; some at a time."""
    even = count & (count - 1) == 0
    for block in blocks:
        pairs = block[::2].astype(np.uint64) | block[1::2].astype(np.uint64) << np.uint64(32)
        if not even:
            pairs = pairs[pairs >= np.uint64(_ALL % count + 1)]
        yield (pairs % np.uint64(count)).tolist()


def _short_below(words: Iterator[int], count: int) -> int:
    """A number in [0, count) from single words."""
    if count & (count - 1) == 0:
        return next(words) & (count - 1)
    least = ((1 << 32) - 1) % count + 1
    value = next(words)
    while value < least:
        value = next(words)
    return value % count


def _units(block: np.ndarray, scale: float) -> np.ndarray:
    """Doubles in [0, scale), from two words each."""
    pairs = block.view(np.uint64)
    return ((pairs & np.uint64(0xFFFFF)) << np.uint64(32) | pairs >> np.uint64(32)) * (scale / (1 << 52))


class _Uniform:
    """Every class equally likely."""

    def __init__(self, op: Any, classes: int):
        self.classes = classes

    def draws(self, blocks: Iterator[np.ndarray]) -> Iterator[list[int]]:
        """Random classes, some at a time."""
        return _below(blocks, self.classes)

    def probabilities(self, values: np.ndarray) -> np.ndarray:
        """How likely classes are."""
        return np.full(len(values), 1.0 / self.classes)


class _LogUniform:
    """Class k with probability log((k + 2) / (k + 1)) / log(classes + 1): for classes sorted by frequency."""

    def __init__(self, op: Any, classes: int):
        self.classes = classes
        self.log = math.log1p(classes)
        self.likely: Any = self._computed(np.arange(classes)) if classes <= _KNOWN else None
        self.tables: Any = None
        if self.likely is not None:
            self.tables = torch.from_numpy(self.likely), torch.from_numpy(np.log1p(-self.likely))

    def draws(self, blocks: Iterator[np.ndarray]) -> Iterator[list[int]]:
        """Random classes, some at a time."""
        for block in blocks:
            powers = _units(block, self.log)
            values = np.exp(powers)
            numbers = values.astype(np.int64)
            # NumPy's may be another than C's in the last bit, which tells only beside a whole number.
            for at in np.flatnonzero(np.abs(values - np.rint(values)) < _NEAR * values).tolist():
                numbers[at] = int(math.exp(powers[at]))
            yield ((numbers - 1) % self.classes).tolist()

    def probabilities(self, values: np.ndarray) -> np.ndarray:
        """How likely classes are."""
        known = self.likely is not None and values.min() >= 0 and values.max() < self.classes
        return self.likely[values] if known else self._computed(values)

    def _computed(self, values: np.ndarray) -> np.ndarray:
        known = np.maximum(values, 0)
        return np.where(values >= 0, np.log((known + 2.0) / (known + 1.0)) / self.log, math.inf)


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

    def draws(self, blocks: Iterator[np.ndarray]) -> Iterator[list[int]]:
        """Random classes, some at a time."""
        words, ends = _words(blocks), np.cumsum(self.counts)
        while True:  # the class whose part of the sum a number lies in
            yield [int(np.searchsorted(ends, _short_below(words, int(ends[-1])), side="right"))]

    def probabilities(self, values: np.ndarray) -> np.ndarray:
        """How likely classes are."""
        return _looked_up(np.array(self.counts) / sum(self.counts), values)

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

    def draws(self, blocks: Iterator[np.ndarray]) -> Iterator[list[int]]:
        """Random classes, some at a time."""
        words = _words(blocks)
        while True:
            height = (next(words) & 0x7FFFFF) / (1 << 23)
            place = _short_below(words, self.classes)
            yield [place if height < self.filled[place] else self.other[place]]

    def probabilities(self, values: np.ndarray) -> np.ndarray:
        """How likely classes are."""
        return _looked_up(np.array(self.weights) / self.total, values)


def _looked_up(probabilities: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The probabilities of classes; 0 of those that there are not."""
    known = (values >= 0) & (values < len(probabilities))
    return np.where(known, probabilities[np.where(known, values, 0)], 0.0)


def _expected(probabilities: np.ndarray, count: int, tries: int) -> Any:
    """How often classes are expected among the samples, as a float32 tensor."""
    expected = probabilities * count
    if tries != count:
        finite = np.isfinite(probabilities)
        expected[finite] = -np.expm1(tries * np.log1p(-probabilities[finite]))
    return torch.from_numpy(expected.astype(np.float32))


def _kernel(make: Callable[[Any, int], Any]) -> Any:
    def kernel(op: Any, state: Any, true_classes: Any) -> tuple[Any, Any, Any]:
        if op.prepared is None and not isinstance(state, _Learned):
            op.prepared = make(op, op.range_max)
        sampler: Any = op.prepared or state
        count = op.num_sampled
        if op.unique and count > sampler.classes:
            raise errors.InvalidArgumentError(None, op.op, "Sampler's range is too small.")
        stream = state.reserve_words(_WORDS_PER_SAMPLE * count)
        if op.unique and isinstance(sampler, _LogUniform) and sampler.tables and not true_classes.is_cuda:
            likely, unlikely = sampler.tables
            made = log_uniform.drawn(stream, count, sampler.log, likely, unlikely, true_classes)
            if made is not None:
                return made
        draws = sampler.draws(_blocks(stream, count))
        drawn: list[int] = []
        if op.unique:
            found: dict[int, None] = {}
            while len(found) < count:
                some = next(draws)
                found.update(dict.fromkeys(some))
                drawn += some
            different = list(itertools.islice(found, count))
            samples, tries = np.array(different, np.int64), drawn.index(different[-1]) + 1
        else:
            while len(drawn) < count:
                drawn += next(draws)
            samples, tries = np.array(drawn[:count], np.int64), count
        flat = true_classes.reshape(-1).cpu().numpy()
        expected = _expected(sampler.probabilities(np.concatenate([samples, flat])), count, tries)
        of_samples, of_true = expected[:count], expected[count:].reshape(true_classes.shape)
        if isinstance(sampler, _Learned):
            sampler.learn(flat.tolist())
        device = true_classes.device
        return torch.from_numpy(samples).to(device), of_true.to(device), of_samples.to(device)

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
    found = _hits(true_classes, sampled)
    return found[0], found[1], found[2]


@tensor_function(meta=lambda true_classes, sampled: None)  # as many as there are
def _hits(true_classes: Any, sampled: Any) -> tuple[Any, Any, Any]:
    """Rows of a matrix in which a sampled number is, at which place it was sampled last, and the least float for each.

    Args:
      true_classes: [n, k] numbers.
      sampled: [m] numbers.

    Returns:
      Vectors: int32, int64 and float32.
    """
    device, columns = sampled.device, true_classes.shape[1]
    made = hits(true_classes, sampled) if device.type == "cpu" and true_classes.dtype == torch.int64 else None
    if made is not None:
        return *made, torch.full((len(made[0]),), _LEAST)
    true, ours = true_classes.reshape(-1).cpu().numpy(), sampled.cpu().numpy()
    if len(true) * len(ours) <= _COMPARISONS:
        found, numbers = np.divmod(np.flatnonzero(true[:, None] == ours), max(len(ours), 1))
        if len(found) > 1:
            last = np.append(found[1:] != found[:-1], True)
            found, numbers = found[last], numbers[last]
    else:
        places = dict(zip(ours.tolist(), itertools.count()))
        numbers = np.array([places.get(number, -1) for number in true.tolist()], np.int64)
        found = np.flatnonzero(numbers >= 0)
        numbers = numbers[found]
    rows, least = (found // columns).astype(np.int32), np.full(len(found), _LEAST, np.float32)
    return tuple(torch.from_numpy(part).to(device) for part in (rows, numbers, least))


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
