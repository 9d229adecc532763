"""`training.tracking`: objects that hold others to be saved: by attributes, or in lists and mappings of their own."""

from __future__ import annotations

import abc
import collections
import contextlib
import functools
from collections.abc import Callable, Iterator, MutableMapping, MutableSequence
from typing import Any

from tfmagic.base import dtypes, messages
from tfmagic.base.export import export
from tfmagic.tf.saving import objects
from tfmagic.tf.saving.reader import OBJECT_GRAPH, CheckpointReader
from tfmagic.tf.variable.scope import get_variable
from tfmagic.tf.variable.variables import Variable

OBJECT_GRAPH_PROTO_KEY = OBJECT_GRAPH
VARIABLE_VALUE_KEY, OBJECT_CONFIG_JSON_KEY = "VARIABLE_VALUE", "OBJECT_CONFIG_JSON"

TrackableReference = collections.namedtuple("TrackableReference", ["name", "ref"])
TrackableReference.__doc__ = "An object that another holds, and its name in it."


# --- base ------------------------------------------------------------------------------------------------------------


class _Kind(abc.ABCMeta):
    """Whatever can be saved is a `Trackable`: variables, optimizers, layers, modules too."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or (
            cls.__dict__.get("_everything_saved", False) and objects._is_trackable(instance))


@export("contrib.checkpoint.CheckpointableBase")
class Trackable(metaclass=_Kind):
    """An object that says which others it holds; `tf.train.Checkpoint` saves them with it."""

    __module__ = "tensorflow.python.training.tracking.base"
    _everything_saved = True

    def _held(self) -> dict[str, Any]:
        return self.__dict__.setdefault("_self_held", {})

    def _tracked(self) -> list[tuple[str, Any]]:
        """What a `tf.train.Checkpoint` saves."""
        return list(self._held().items())

    @property
    def _checkpoint_dependencies(self) -> list[Any]:
        """What it holds, `TrackableReference`s."""
        return [TrackableReference(name, value) for name, value in self._tracked()]

    @property
    def _unconditional_checkpoint_dependencies(self) -> list[Any]:
        return self._checkpoint_dependencies

    def _lookup_dependency(self, name: str) -> Any:
        """What it holds under a name, or None."""
        return dict(self._tracked()).get(name)

    def _track_trackable(self, trackable: Any, name: str, overwrite: bool = False) -> Any:
        """Hold an object under a name.

        Raises:
          TypeError: the object cannot be saved.
          ValueError: the name is taken by another one.
        """
        if not isinstance(trackable, Trackable):
            raise TypeError(f"Trackable._track_trackable() passed type {type(trackable)}, not a Trackable.")
        held = self._held()
        if not overwrite and held.get(name, trackable) is not trackable:
            raise ValueError(f"Called Trackable._track_trackable() with name='{name}', but a Trackable with this name "
                             "is already declared as a dependency. Names must be unique (or overwrite=True).")
        held[name] = trackable
        return trackable

    def _add_variable_with_custom_getter(self, name: str, shape: Any = None, dtype: Any = None, initializer: Any = None,
                                         getter: Callable[..., Any] | None = None, overwrite: bool = False,
                                         **kwargs: Any) -> Any:
        """Make a variable, and hold it under its name."""
        make = get_variable if getter is None else getter
        given = {} if dtype is None else {"dtype": dtype}
        variable = make(name=name, shape=shape, initializer=initializer, **{"dtype": dtypes.float32, **given}, **kwargs)
        return self._track_trackable(variable, name, overwrite) if isinstance(variable, Trackable) else variable


def no_automatic_dependency_tracking(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: what a method assigns to attributes is not held."""

    @functools.wraps(method)
    def untracked(self: Any, *args: Any, **kwargs: Any) -> Any:
        with no_automatic_dependency_tracking_scope(self):
            return method(self, *args, **kwargs)

    return untracked


@contextlib.contextmanager
def no_automatic_dependency_tracking_scope(obj: Any) -> Iterator[None]:
    """A `with` block in which what is assigned to attributes of an object is not held."""
    old = obj.__dict__.get("_self_tracks", True)
    obj.__dict__["_self_tracks"] = False
    try:
        yield
    finally:
        obj.__dict__["_self_tracks"] = old


# --- tracking --------------------------------------------------------------------------------------------------------


class NotTrackable:
    """Objects that are never saved."""

    __module__ = "tensorflow.python.training.tracking.tracking"


@export("contrib.checkpoint.NoDependency")
class NoDependency:
    """Around a value that is assigned to an attribute: the value is kept, but not held.

    Args:
      value: the value.
    """

    __module__ = "tensorflow.python.training.tracking.data_structures"

    def __init__(self, value: Any):
        self.value = value


@export("contrib.checkpoint.Checkpointable")
class AutoTrackable(Trackable):
    """An object that holds what is assigned to its attributes, as far as it can be saved."""

    __module__ = "tensorflow.python.training.tracking.tracking"
    _everything_saved = False

    def __setattr__(self, name: str, value: Any) -> None:
        loose = self.__dict__.setdefault("_self_loose", set())
        if isinstance(value, NoDependency) or not self.__dict__.get("_self_tracks", True):
            loose.add(name)
        else:
            loose.discard(name)
        super().__setattr__(name, value.value if isinstance(value, NoDependency) else value)

    def _tracked(self) -> list[tuple[str, Any]]:
        loose = self.__dict__.get("_self_loose", ())
        found = {name: value for name, value in vars(self).items()
                 if name not in loose and not name.startswith("_self_") and not isinstance(value, NotTrackable)
                 and isinstance(value, (list, dict, Trackable))}
        return list({**found, **self._held()}.items())


def delete_tracking(obj: Any, name: str) -> None:
    """Hold what an attribute is no more; the attribute stays."""
    obj._held().pop(name, None)
    obj.__dict__.setdefault("_self_loose", set()).add(name)


# --- data_structures -------------------------------------------------------------------------------------------------


class _UntrackableError(ValueError):
    """A list or mapping was given what cannot be saved."""

    def __init__(self, value: Any):
        self._value = value
        super().__init__("Only trackable objects (such as Layers or Optimizers) may be stored in a List object. Got "
                         f"{value}, which does not inherit from Trackable.")


class TrackableDataStructure(Trackable):
    """A container that is saved with what is in it."""

    __module__ = "tensorflow.python.training.tracking.data_structures"
    _everything_saved = False

    def _values(self) -> list[Any]:
        return [value for _, value in self._tracked()]

    def _take(self, value: Any, name: str) -> Any:
        if not isinstance(value, Trackable):
            raise _UntrackableError(value)
        return self._track_trackable(value, name)

    @property
    def weights(self) -> list[Any]:
        """The variables in it, and those of layers in it: the trainable ones first."""
        return self.trainable_weights + self.non_trainable_weights

    variables = weights

    @property
    def trainable_weights(self) -> list[Any]:
        return self._variables(True)

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Any]:
        return self._variables(False)

    non_trainable_variables = non_trainable_weights

    def _variables(self, trainable: bool) -> list[Any]:
        found: list[Any] = []
        for value in self._values():
            if isinstance(value, Variable):
                found += [value] if value.trainable is trainable else []
            else:
                found += getattr(value, "trainable_weights" if trainable else "non_trainable_weights", [])
        return found


@export("contrib.checkpoint.List")
class List(TrackableDataStructure, MutableSequence):
    """A list to which objects that can be saved are added.

    Args:
      args: an iterable of the first ones.
    """

    __module__ = "tensorflow.python.training.tracking.data_structures"

    def __init__(self, *args: Any, **kwargs: Any):
        if kwargs:
            raise TypeError(f"a List takes no arguments by name, and got {sorted(kwargs)}")
        self._storage: list[Any] = []
        for value in args[0] if args else ():
            self.append(value)

    def append(self, value: Any) -> None:
        self._storage.append(self._take(value, str(len(self._storage))))

    def __len__(self) -> int:
        return len(self._storage)

    def __getitem__(self, key: Any) -> Any:
        return self._storage[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        raise ValueError("elements of a List stay: make another list")

    def __delitem__(self, key: Any) -> None:
        raise ValueError("elements of a List stay: make another list")

    def insert(self, index: int, value: Any) -> None:
        raise ValueError("a List is added to at its end: use append")

    def __eq__(self, other: object) -> bool:
        return self._storage == (other._storage if isinstance(other, List) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"List({self._storage!r})"


@export("contrib.checkpoint.Mapping")
class Mapping(TrackableDataStructure, MutableMapping):
    """A mapping of texts to objects that can be saved; what is in it stays.

    Args:
      args, kwargs: as `dict` takes them.
    """

    __module__ = "tensorflow.python.training.tracking.data_structures"

    def __init__(self, *args: Any, **kwargs: Any):
        self._storage: dict[str, Any] = {}
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"Mapping accepts only string keys, but got a key {key!r}.")
        if self._storage.get(key, value) is not value:
            raise ValueError("Mappings are an append-only data structure. Tried to overwrite the key "
                             f"'{key}' with value {value}, but it already contains {self._storage[key]}")
        self._storage[key] = self._take(value, key)

    def __getitem__(self, key: str) -> Any:
        return self._storage[key]

    def __delitem__(self, key: str) -> None:
        raise ValueError("what is in a Mapping stays: make another mapping")

    def __len__(self) -> int:
        return len(self._storage)

    def __iter__(self) -> Iterator[str]:
        return iter(self._storage)

    def __repr__(self) -> str:
        return f"Mapping({self._storage!r})"


# --- util ------------------------------------------------------------------------------------------------------------


@export("contrib.checkpoint.list_objects")
def list_objects(root_trackable: Any) -> list[Any]:
    """All objects that one holds, directly or through others, itself the first."""
    return objects._Objects(root_trackable).nodes


def gather_initializers(root_trackable: Any) -> list[Any]:
    """The initializers of all variables that an object holds, directly or through others."""
    return [thing.initializer for thing in list_objects(root_trackable) if isinstance(thing, Variable)]


@export("contrib.checkpoint.object_metadata")
def object_metadata(save_path: str) -> Any:
    """What a checkpoint says of its objects, a `TrackableObjectGraph`.

    Raises:
      ValueError: it was not written of objects.
    """
    reader = CheckpointReader(save_path)
    if not reader.has_tensor(OBJECT_GRAPH):
        raise ValueError(f'The specified checkpoint "{save_path}" does not appear to be object-based (saved with '
                         f'TF2) since it is missing the key "{OBJECT_GRAPH}". Likely it was created with the TF1 '
                         "name-based saver and does not contain an object dependency graph.")
    return messages.module("trackable_object_graph_pb2").TrackableObjectGraph.FromString(
        reader.get_tensor(OBJECT_GRAPH))


def add_variable(trackable: Any, name: str, shape: Any = None, dtype: Any = dtypes.float32, initializer: Any = None,
                 trainable: bool = True) -> Any:
    """Make a resource variable, and let an object hold it under its name."""
    return trackable._add_variable_with_custom_getter(name, shape, dtype, initializer, trainable=trainable,
                                                      use_resource=True)
