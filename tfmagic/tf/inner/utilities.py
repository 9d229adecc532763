"""`tensorflow.python.util` beyond what is public: objects by identity, registries, locks of groups, checks of calls."""

from __future__ import annotations

import contextlib
import functools
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, MutableMapping, MutableSet
from typing import Any

from tfmagic.base import source
from tfmagic.graph import registry

# --- object_identity ---------------------------------------------------------------------------------------------


class ObjectIdentityWrapper:
    """Stands for an object where something hashable is needed; two are equal that stand for the same object."""

    __slots__ = ("_wrapped", "__weakref__")

    def __init__(self, wrapped: Any):
        self._wrapped = wrapped

    @property
    def unwrapped(self) -> Any:
        """What it stands for."""
        return self._wrapped

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ObjectIdentityWrapper):
            raise TypeError("Cannot compare wrapped object with unwrapped object")
        return self.unwrapped is other.unwrapped

    def __hash__(self) -> int:
        return id(self.unwrapped)

    def __repr__(self) -> str:
        return f"<_{type(self).__name__.lstrip('_')} wrapping {self.unwrapped!r}>"


class _Weak(ObjectIdentityWrapper):
    """The same, without keeping the object."""

    __slots__ = ("_hash",)

    def __init__(self, wrapped: Any):
        super().__init__(weakref.ref(wrapped))
        self._hash = id(wrapped)

    @property
    def unwrapped(self) -> Any:
        return self._wrapped()

    def __hash__(self) -> int:
        return self._hash


class ObjectIdentityDictionary(MutableMapping[Any, Any]):
    """A dict whose keys are told apart by identity, so that they need not be hashable."""

    _wrap: Any = ObjectIdentityWrapper

    def __init__(self) -> None:
        self._storage: dict[Any, Any] = {}

    def __getitem__(self, key: Any) -> Any:
        return self._storage[self._wrap(key)]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._storage[self._wrap(key)] = value

    def __delitem__(self, key: Any) -> None:
        del self._storage[self._wrap(key)]

    def __len__(self) -> int:
        return len(self._storage)

    def __iter__(self) -> Iterator[Any]:
        return (key.unwrapped for key in list(self._storage))


class _Forgetting:
    """What a collection does whose objects may be gone: it holds those that are still there."""

    _storage: Any

    def _forget(self, key: Any) -> None:
        raise NotImplementedError

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[Any]:
        for key in list(self._storage):
            thing = key.unwrapped
            if thing is None:
                self._forget(key)
            else:
                yield thing


class ObjectIdentityWeakKeyDictionary(_Forgetting, ObjectIdentityDictionary):
    """A dict by identity that forgets the entries of objects that are gone."""

    _wrap = _Weak

    def _forget(self, key: Any) -> None:
        self._storage.pop(key, None)


class ObjectIdentitySet(MutableSet[Any]):
    """A set of objects that are told apart by identity."""

    _wrap: Any = ObjectIdentityWrapper

    def __init__(self, *args: Iterable[Any]):
        self._storage: set[Any] = {self._wrap(item) for items in args for item in items}

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> ObjectIdentitySet:
        return cls(it)

    def __contains__(self, key: object) -> bool:
        return self._wrap(key) in self._storage

    def add(self, key: Any) -> None:
        self._storage.add(self._wrap(key))

    def discard(self, key: Any) -> None:
        self._storage.discard(self._wrap(key))

    def update(self, items: Iterable[Any]) -> None:
        """Add several objects."""
        self._storage.update([self._wrap(item) for item in items])

    def intersection(self, items: Iterable[Any]) -> set[Any]:
        """The wrapped objects that both have, as TensorFlow gives them."""
        return self._storage.intersection([self._wrap(item) for item in items])

    def difference(self, items: Iterable[Any]) -> set[Any]:
        """The wrapped objects that only this set has, as TensorFlow gives them."""
        return self._storage.difference([self._wrap(item) for item in items])

    def clear(self) -> None:
        self._storage.clear()

    def __len__(self) -> int:
        return len(self._storage)

    def __iter__(self) -> Iterator[Any]:
        return (key.unwrapped for key in list(self._storage))


class ObjectIdentityWeakSet(_Forgetting, ObjectIdentitySet):
    """A set by identity that forgets objects that are gone."""

    _wrap = _Weak

    def _forget(self, key: Any) -> None:
        self._storage.discard(key)


# --- registry ----------------------------------------------------------------------------------------------------


class Registry:
    """Objects by name.

    Args:
      name: what is registered, for messages.
    """

    def __init__(self, name: str):
        self._name = name
        self._registry: dict[Any, Any] = {}
        self._places: dict[Any, source.Frames] = {}

    def register(self, candidate: Any, name: str | None = None) -> None:
        """Add an object under a name, by default its own.

        Raises:
          KeyError: the name is taken.
        """
        name = name or candidate.__name__
        if name in self._registry:
            raise registry.registered_twice(self._name, name, self._places[name])
        self._registry[name] = candidate
        self._places[name] = source.capture()[:1]

    def list(self) -> list[Any]:
        """The names."""
        return list(self._registry)

    def lookup(self, name: Any) -> Any:
        """The object of a name.

        Raises:
          LookupError: there is none.
        """
        if name not in self._registry:
            raise LookupError(f"{self._name} registry has no entry for: {name}")
        return self._registry[name]


# --- lock_util ---------------------------------------------------------------------------------------------------


class GroupLock:
    """A lock that members of one group share, and no two groups.

    Args:
      num_groups: how many groups there are.
    """

    def __init__(self, num_groups: int = 2):
        if num_groups < 1:
            raise ValueError(f"num_groups must be a positive integer, got {num_groups}")
        self._ready = threading.Condition(threading.Lock())
        self._counts = [0] * num_groups

    def acquire(self, group_id: int) -> None:
        """Wait until no other group holds the lock, and hold it.

        Raises:
          ValueError: there is no such group.
        """
        self._check(group_id)
        with self._ready:
            while any(count for group, count in enumerate(self._counts) if group != group_id):
                self._ready.wait()
            self._counts[group_id] += 1

    def release(self, group_id: int) -> None:
        """Give up one hold of a group.

        Raises:
          ValueError: there is no such group.
        """
        self._check(group_id)
        with self._ready:
            self._counts[group_id] -= 1
            if self._counts[group_id] == 0:
                self._ready.notify_all()

    @contextlib.contextmanager
    def group(self, group_id: int) -> Iterator[None]:
        """Hold the lock for a group within a `with` block.

        Raises:
          ValueError: there is no such group.
        """
        self._check(group_id)
        self.acquire(group_id)
        try:
            yield
        finally:
            self.release(group_id)

    def _check(self, group_id: int) -> None:
        if not 0 <= group_id < len(self._counts):
            raise ValueError(f"group_id={group_id} should be between 0 and num_groups={len(self._counts)}")


# --- keyword_args ------------------------------------------------------------------------------------------------


def keyword_args_only(func: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes keyword arguments alone.

    Raises:
      ValueError: (of the function) it is called with others.
    """

    @functools.wraps(func)
    def by_keyword(*args: Any, **kwargs: Any) -> Any:
        if args:
            raise ValueError(f"Must use keyword args to call {func.__name__}.")
        return func(**kwargs)

    return by_keyword
