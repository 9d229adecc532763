"""Shuffle: elements in random order out of a buffer, in TensorFlow's order for the same seeds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.ops.data.datasets import INFINITE, UNKNOWN, Dataset, Derived, Element, Following, Iteration, Tokens
from tfmagic.ops.data.rules import handle
from tfmagic.ops.declare import register
from tfmagic.ops.random.samples import Samples


class Shuffle(Dataset):
    """The elements in random order.

    Args:
      source: the elements.
      buffer_size: among so many one is chosen.
      seeds: two numbers; two zeros stand for an order that nobody can foretell. Or where passes draw theirs.
      reshuffle: whether each pass has an order of its own.
      count: how often the elements are repeated, with the buffer going over from one pass to the next; -1: no end.
    """

    def __init__(self, source: Dataset, buffer_size: int, seeds: tuple[int, int] | Samples, reshuffle: bool,
                 count: int = 1):
        if buffer_size <= 0:
            raise errors.InvalidArgumentError(None, None, "buffer_size must be greater than zero.")
        self.inputs = (source,)
        self.buffer_size, self.reshuffle, self.count = buffer_size, reshuffle, count
        self.drawing = isinstance(seeds, Samples)
        # With an order for each pass these seeds give the seeds of the passes.
        self._seeds = seeds if isinstance(seeds, Samples) else Samples(*seeds)
        self.own_seeds = self._seeds.seeds

    def iterator(self) -> Iteration:
        draw = self._seeds
        return _Shuffling(self, Samples(draw.next(), draw.next()) if self.reshuffle else Samples(*draw.seeds))

    def drawn(self) -> Any:
        """Where the seeds of the next passes come from, and how many were drawn."""
        return (self._seeds.seeds, self._seeds.taken) if self.reshuffle else None

    def draw_on(self, drawn: Any) -> None:
        """Go to where `drawn` was."""
        if drawn is not None:
            self._seeds.seeds, taken = drawn
            self._seeds.skip_to(taken)

    def cardinality(self) -> int:
        have = self.inputs[0].cardinality()
        if self.count == 0 or have == 0:
            return 0
        return INFINITE if self.count < 0 or have == INFINITE else UNKNOWN if have == UNKNOWN else have * self.count


class _Shuffling(Iteration):
    """Elements go into a ring in the order of their passes; one of the oldest pass comes out.

    Attributes:
      slices: per pass that has elements in the ring, where these begin and end, counted from the first element of all.
    """

    def __init__(self, dataset: Shuffle, samples: Samples):
        self._dataset, self._samples = dataset, samples
        self._source: Iteration | None = None
        self._pass = 0
        self._ring: list[Element] = []
        self._slices: deque[list[int]] = deque([[0, 0]])
        self._held = 0
        self._by_number = False
        self._next: Callable[[], Any] = _ended
        self._some: Callable[[int], list[Any]] | None = None
        self._first: Iteration | None = None  # it was asked for tokens already
        self._given: Tokens | None = None

    def tokens(self) -> Tokens | None:
        self._first = self._dataset.inputs[0].iterator()
        self._given = given = self._first.tokens()
        if given is None:
            return None
        self._by_number = True
        return Tokens(self.__next__, given.together, given.strings, self._several)

    def _several(self, count: int) -> list[Any]:
        """The next tokens, all of one pass: as many go in as come out, or none go in any more."""
        ring, size = self._ring, self._dataset.buffer_size
        if self._source is None:
            return self._oldest_of(count) if self._held else [self.__next__()]
        if self._held != size - 1 or len(ring) != size:
            return [self.__next__()]
        oldest, newest = self._oldest(), self._slices[-1]
        place = newest[1] % size
        if oldest is not newest:
            count = min(count, oldest[1] - oldest[0], size - place)
        try:
            coming = [self._next()] if self._some is None else self._some(count)
        except StopIteration:
            self._go_on()
            return [self.__next__()]
        count = len(coming)
        if oldest is newest:
            return self._through(coming)
        chosen = self._oldest_of(count)  # which has nothing to do with what goes in
        ring[place:place + count] = coming
        self._held += count
        newest[1] += count
        return chosen

    def _through(self, coming: list[Any]) -> list[Any]:
        """As many tokens as go into a full ring that is all of one pass: after each that goes in one is chosen."""
        ring, only = self._ring, self._slices[0]
        size, chosen = len(ring), []
        first = only[0] % size
        for token, word in zip(coming, self._samples.several(len(coming))):
            ring[first - 1] = token
            at = first + word % size - size  # counted from the end of the ring where it is negative
            chosen.append(ring[at])
            ring[at] = ring[first]
            first = first + 1 if first + 1 < size else 0
        ring[first - 1] = ()
        only[0] += len(coming)
        only[1] += len(coming)
        return chosen

    def _oldest_of(self, count: int) -> list[Any]:
        """Up to so many tokens of the oldest pass, of which none go in: with each there is one less to choose from."""
        ring, oldest = self._ring, self._oldest()
        size, chosen = len(ring), []
        start, end = oldest
        first, left = start % size, end - start
        count = min(count, left, size - first)
        for place, word in zip(range(first, first + count), self._samples.several(count)):
            at = place + word % left - size  # as above
            left -= 1
            chosen.append(ring[at])
            ring[at] = ring[place]
        ring[first:first + count] = [()] * count
        oldest[0] += count
        self._held -= count
        return chosen

    def _oldest(self) -> list[int]:
        """Where the elements of the oldest pass begin and end."""
        slices = self._slices
        while len(slices) > 1 and slices[0][0] == slices[0][1]:
            slices.popleft()
        return slices[0]

    def _open(self) -> None:
        """Begin with the elements of another pass."""
        source, given = self._first, self._given
        if source is None:
            source = self._dataset.inputs[0].iterator()
            given = source.tokens() if self._by_number else None
        self._source, self._first, self._given = source, None, None
        self._next = source.__next__ if given is None else given.next
        self._some = None if given is None else given.some

    def __next__(self) -> Element:
        size, ring = self._dataset.buffer_size, self._ring
        if self._source is None and self._pass == 0:
            self._open()
            if not self._fill_first():
                self._source = None
                raise StopIteration
        if self._source is not None and self._held < size:
            self._fill()
        if not self._held:
            raise StopIteration
        oldest = self._oldest()
        start, end = oldest
        index = (start + self._samples.next() % (end - start)) % size
        first = start % size
        chosen = ring[index]
        ring[index] = ring[first]
        ring[first] = ()
        oldest[0] = start + 1
        self._held -= 1
        return chosen

    def _fill(self) -> None:
        """Take in as many elements as there is room for."""
        size, ring = self._dataset.buffer_size, self._ring
        while self._held < size and self._source is not None:
            newest = self._slices[-1]
            place = newest[1] % size
            try:
                # As far as the end of the ring, if they come together.
                coming = (self._next(),) if self._some is None else self._some(min(size - self._held, size - place))
            except StopIteration:
                if not self._go_on():
                    break
                continue
            ring[place:place + len(coming)] = coming
            self._held += len(coming)
            newest[1] += len(coming)

    def _fill_first(self) -> bool:
        """Whether the first pass may have elements: one that repeats without end must have some."""
        return self._dataset.count != 0

    def _go_on(self) -> bool:
        """Begin with the next pass, if there is one."""
        dataset = self._dataset
        self._pass += 1
        end = self._slices[-1][1]
        if dataset.count < 0 and end == 0 and self._pass == 1 or 0 <= dataset.count <= self._pass:
            self._source = None
            return False
        self._slices.append([end, end])
        self._open()
        return True

    def state(self) -> Any:
        source = None if self._source is None else self._source.state()
        return (self._samples.seeds, self._samples.taken, self._pass, list(self._ring),
                [tuple(part) for part in self._slices], self._held, source, self._dataset.drawn())

    def restore(self, state: Any) -> None:
        seeds, taken, self._pass, ring, slices, self._held, source, drawn = state
        self._dataset.draw_on(drawn)
        self._samples = Samples(*seeds)
        self._samples.skip_to(taken)
        self._ring, self._slices = list(ring), deque(list(part) for part in slices)
        self._source = None
        if source is not None:
            self._open()
            self._source.restore(source)  # type: ignore[attr-defined]

    def close(self) -> None:
        if self._source is not None:
            self._source.close()


def _repeated(source: Dataset, buffer_size: int, seeds: tuple[int, int], count: int) -> Shuffle:
    made = Shuffle(source, buffer_size, seeds, False, count)
    if count < -1 or count == 0:
        raise errors.InvalidArgumentError(None, None, "count must be greater than zero or equal to -1.")
    return made


def _ended() -> Any:
    raise StopIteration


class Sampling(Derived):
    """Each element with a certain probability."""

    def __init__(self, source: Dataset, rate: float, seed: int, seed2: int):
        super().__init__(source)
        self.rate, self.seeds = rate, Samples(seed, seed2).seeds

    def cardinality(self) -> int:
        return UNKNOWN

    class Pass(Following):
        def __init__(self, dataset: Sampling, source: Iteration):
            super().__init__(dataset, source)
            self._rate, self._samples = dataset.rate, Samples(*dataset.seeds)

        def __next__(self) -> Element:
            while True:
                element = next(self.source)
                if (self._samples.next() & 0x7fffff) / 0x800000 < self._rate:
                    return element

        def state(self) -> Any:
            return self._samples.taken, self.source.state()

        def restore(self, state: Any) -> None:
            self._samples.skip_to(state[0])
            self.source.restore(state[1])


register("ShuffleDataset", handle("buffer_size", "seed", "seed2"), lambda op, source, size, seed, seed2: op.call(
    Shuffle, source, size, (seed, seed2), op.reshuffle_each_iteration), host=("buffer_size", "seed", "seed2"),
    objects=True, effect="reads")
register("ShuffleAndRepeatDataset", handle("buffer_size", "seed", "seed2", "count"),
         lambda op, source, size, seed, seed2, count: op.call(_repeated, source, size, (seed, seed2), count),
         host=("buffer_size", "seed", "seed2", "count"), objects=True, effect="reads")
register("SamplingDataset", handle("rate", "seed", "seed2"), lambda op, source, rate, seed, seed2: op.call(
    Sampling, source, rate, seed, seed2), host=("rate", "seed", "seed2"), objects=True, effect="reads")
