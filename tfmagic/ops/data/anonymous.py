"""What data sets share without a name (caches in memory, makers of seeds, iterators): it lives as its deleter does."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops.data.datasets import Dataset
from tfmagic.ops.data.iterators import IteratorResource
from tfmagic.ops.data.rules import handle
from tfmagic.ops.data.settings import Memory, cached
from tfmagic.ops.data.shuffling import Shuffle
from tfmagic.ops.declare import register
from tfmagic.ops.random.samples import Samples

_numbers = itertools.count()


class Deleter:
    """What keeps an object alive: once nobody holds it, or it was asked to delete, handles lead nowhere.

    Attributes:
      thing: the object.
    """

    def __init__(self, thing: Any):
        self.thing = thing


class Handle:
    """Leads to an object as long as its deleter is there.

    Args:
      kind: the name of the objects' class ("MemoryCache").
    """

    def __init__(self, kind: str, deleter: Deleter):
        self._kind, self._name = kind, f"{kind}{next(_numbers)}"
        self._deleter = weakref.ref(deleter)

    def thing(self, kind: str) -> Any:
        """The object.

        Args:
          kind: of which class it must be.

        Raises:
          InvalidArgumentError: it is of another.
          NotFoundError: it was deleted.
        """
        if kind != self._kind:
            raise errors.InvalidArgumentError(None, None, "Trying to access resource using the wrong type. Expected "
                                              f"{_type(self._kind)} got {_type(kind)}")
        deleter = self._deleter()
        if deleter is None or deleter.thing is None:
            raise errors.NotFoundError(None, None, f"Resource {self._kind}/{self._name}/{_type(self._kind)} does not "
                                       "exist.\nKeep the deleter of the same node for a later op of the same run.")
        return deleter.thing


def _type(kind: str) -> str:
    return f"N10tensorflow4data{len(kind)}{kind}E"


def _made(kind: str, thing: Any) -> tuple[Handle, Deleter]:
    deleter = Deleter(thing)
    return Handle(kind, deleter), deleter


def memory_cache() -> tuple[Handle, Deleter]:
    """A cache in memory and what keeps it alive."""
    return _made("MemoryCache", Memory())


def random_seed_generator(seed: Any, seed2: Any) -> tuple[Handle, Deleter]:
    """A maker of seeds and what keeps it alive.

    Raises:
      InvalidArgumentError: a seed is no single number.
    """
    for name, value in (("seed", seed), ("seed2", seed2)):
        if isinstance(value, torch.Tensor) and value.ndim:
            raise errors.InvalidArgumentError(None, None, f"{name} must be a scalar")
    return _made("RandomSeedGenerator", Samples(int(seed), int(seed2)))


def iterator(make: Callable[[], IteratorResource]) -> tuple[IteratorResource, Deleter]:
    """An iterator and what deletes it."""
    found = make()
    return found, Deleter(found)


def unnamed(named: Any, node: Any) -> IteratorResource:
    """An iterator that strings lead to until it is destroyed."""
    container, name = "AnonymousIterator", f"AnonymousIterator{next(_numbers)}"
    found = IteratorResource(node, named.look, container, name)
    named.keep(IteratorResource, container, name, found)
    return found


def delete(deleter: Any) -> None:
    """Delete what a deleter keeps alive."""
    if isinstance(deleter, Deleter):
        thing, deleter.thing = deleter.thing, None
        if isinstance(thing, IteratorResource):
            thing.close()


def cached_in(dataset: Dataset, filename: Any, memory: Handle) -> Dataset:
    """A data set whose elements are kept in a cache that others may share, or in a file where there is a name."""
    return cached(dataset, filename, lambda: memory.thing("MemoryCache"))


def shuffled_by(dataset: Dataset, buffer_size: int, seeds: Handle) -> Dataset:
    """A data set in random order, whose passes take their seeds from a maker that others may share."""
    return Shuffle(dataset, buffer_size, seeds.thing("RandomSeedGenerator"), True)


def _first_two(pair: Any) -> tuple[Any, Any]:
    return pair[0], pair[1]


register("AnonymousMemoryCache", lambda op: [(), ()], lambda op: _first_two(op.call(memory_cache)), objects=True,
         effect="writes")
register("AnonymousRandomSeedGenerator", lambda op, *dims: [(), ()], lambda op, seed, seed2: _first_two(op.call(
    random_seed_generator, seed, seed2)), objects=True, effect="writes")
register("AnonymousIteratorV2", lambda op: [(), ()], lambda op: _first_two(op.call(iterator, op.constant(
    lambda node=op.op, look=op.named.look: IteratorResource(node, look, "AnonymousIterator", node.name)))),
    objects=True, effect="writes")
register("AnonymousIterator", lambda op: (), lambda op: op.call(unnamed, op.constant(op.named), op.constant(op.op)),
         objects=True, effect="writes")
for _name in ("DeleteMemoryCache", "DeleteRandomSeedGenerator", "DeleteIterator"):
    register(_name, lambda op, *dims: (), lambda op, found, deleter: op.call(delete, deleter), objects=True,
             effect="writes")
register("CacheDatasetV2", handle("filename", "cache"), lambda op, source, filename, cache: op.call(
    cached_in, source, filename, cache), objects=True, effect="writes")
register("ShuffleDatasetV2", handle("buffer_size", "seed_generator"), lambda op, source, size, seeds: op.call(
    shuffled_by, source, size, seeds), host="buffer_size", objects=True, effect="writes")
