"""Iterators: what a session keeps of a data set while elements are taken from it, and the ops that work with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import errors, messages, shapes
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.formats.records import RecordWriter
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import single
from tfmagic.ops.control_flow.optionals import OptionalValue
from tfmagic.ops.data import states
from tfmagic.ops.data.datasets import Dataset, Element, Iteration, called, check_stateless, dims_of
from tfmagic.ops.data.rules import handle
from tfmagic.ops.data.serialized import from_bytes, to_bytes
from tfmagic.ops.data.states import States
from tfmagic.ops.declare import register
from tfmagic.ops.torch_types import torch_dtype

_UNSET = ("GetNext() failed because the iterator has not been initialized. Ensure that you have run the initializer "
          "operation for this iterator before getting the next element.")


class IteratorResource:
    """An iterator.

    Attributes:
      container, name: under which the session keeps it.

    Args:
      op: the node that makes it: its types and shapes are those of the elements.
      look: called by what waits; it raises where the run is to end.
    """

    def __init__(self, op: Any, look: Callable[[], None] | None, container: str, name: str):
        self.container, self.name = container, name
        self._types = [None if t.kind == "O" else torch_dtype(t) for t in op._attrs["output_types"]]
        self._names = [t.proto_name for t in op._attrs["output_types"]]
        self._dims = [shape._dims for shape in op._attrs["output_shapes"]]
        self._look = look
        self._iteration: Iteration | None = None
        self._dataset: Dataset | None = None
        self._states = States()
        self._checked = False
        self._lock = threading.RLock()

    def initialize(self, dataset: Dataset) -> None:
        """Begin with the elements of a data set."""
        if not isinstance(dataset, Dataset):
            raise errors.InvalidArgumentError(None, None, "The input of an iterator is no dataset.")
        fresh = States()
        with self._computing(fresh):
            iteration = dataset.iterator()
        old, self._states.closed = self._iteration, True
        self._dataset, self._iteration, self._states, self._checked = dataset, iteration, fresh, False
        if old is not None:
            old.close()

    def prepared(self, factory: Any) -> IteratorResource:
        """Itself; the first time it begins with the data set that a function makes."""
        if self._iteration is None:
            with self._lock:
                if self._iteration is None:
                    self.initialize(factory()[0])
        return self

    def get_next(self) -> Element:
        """The next element.

        Raises:
          OutOfRangeError: there is none.
          FailedPreconditionError: it was not initialised.
        """
        current = states.current
        outer = current.states, current.look
        lock = self._lock
        if not lock.acquire(False):
            self._wait()
        try:
            iteration = self._iteration
            if iteration is None:
                raise errors.FailedPreconditionError(None, None, _UNSET)
            current.states, current.look = self._states, self._look
            element = next(iteration)
        except StopIteration:
            raise errors.OutOfRangeError(None, None, "End of sequence") from None
        finally:
            current.states, current.look = outer
            lock.release()
        if not self._checked:
            self._check(element)
        return element

    def optional_next(self) -> OptionalValue:
        """The next element, or none at the end."""
        try:
            return OptionalValue(self.get_next())
        except errors.OutOfRangeError:
            return OptionalValue(None)

    def _wait(self) -> None:
        """Wait for another thread that takes an element."""
        while not self._lock.acquire(timeout=0.1):
            if self._look is not None:
                self._look()

    def _check(self, element: Element) -> None:
        """Check the first element against the types and shapes of the iterator.

        Raises:
          InvalidArgumentError: it has others.
        """
        if len(element) != len(self._types):
            raise errors.InvalidArgumentError(None, None, "Number of components does not match: expected "
                                              f"{len(self._types)} types but got {len(element)}.")
        for index, (value, wanted, dims) in enumerate(zip(element, self._types, self._dims)):
            if getattr(value, "dtype", None) != wanted if wanted is not None else isinstance(value, torch.Tensor):
                raise errors.InvalidArgumentError(
                    None, None, f"Data type mismatch at component {index}: expected {self._names[index]} but got "
                    f"{getattr(value, 'dtype', type(value).__name__)}.")
            if not shapes.compatible(dims, dims_of(value)):
                raise errors.InvalidArgumentError(
                    None, None, f"Incompatible shapes at component {index}: expected {shapes.brackets(dims)} but got "
                    f"{shapes.brackets(dims_of(value))}.")
        self._checked = True

    def check_types(self, types: Any) -> None:
        """Check the types of elements that somebody expects.

        Raises:
          InvalidArgumentError: they are others.
        """
        if len(types) != len(self._names):
            raise errors.InvalidArgumentError(None, None, "Number of components does not match: expected "
                                              f"{len(types)} types but got {len(self._names)}.")
        for index, (wanted, have) in enumerate(zip(types, self._names)):
            if wanted.proto_name != have:
                raise errors.InvalidArgumentError(None, None, f"Data type mismatch at component {index}: expected "
                                                  f"{wanted.proto_name} but got {have}.")

    class _Computing:
        def __init__(self, given: States):
            self._given = given

        def __enter__(self) -> None:
            self._outer, states.current.states = states.current.states, self._given

        def __exit__(self, *exc_info: Any) -> None:
            states.current.states = self._outer

    def _computing(self, given: States) -> Any:
        return IteratorResource._Computing(given)

    def state(self) -> Any:
        """Where it stands, as plain data."""
        with self._lock:
            if self._iteration is None:
                raise errors.FailedPreconditionError(None, None, "SerializeIterator() failed because the iterator has "
                                                     "not been initialized. Ensure that you have run the initializer "
                                                     "operation for this iterator before saving it.")
            assert self._dataset is not None
            check_stateless(self._dataset)
            return self._iteration.state()

    def restore(self, state: Any) -> None:
        """Go to where an iterator over the same data set stood."""
        with self._lock, self._computing(self._states):
            if self._iteration is None:
                raise errors.FailedPreconditionError(None, None, "Restore() failed because the iterator has not "
                                                     "been initialized. Ensure that you have run the initializer "
                                                     "operation for this iterator before restoring it.")
            self._iteration.restore(state)

    def saved(self) -> Any:
        """Where it stands, as bytes in a tensor."""
        return single(to_bytes(self.state()))

    def restore_saved(self, saved: Any) -> None:
        """Go to where an iterator stood when it was saved.

        Raises:
          DataLossError: the bytes are damaged, or of an iterator over another data set.
        """
        data = saved.item() if isinstance(saved, np.ndarray) else saved
        if not isinstance(data, bytes):
            raise errors.InvalidArgumentError(None, None, "What is to be restored is no position of an iterator.")
        try:
            self.restore(from_bytes(data))
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
            raise errors.DataLossError(None, None, "The saved position is not one of an iterator over this dataset: "
                                       f"{error}") from None

    def close(self) -> None:
        """End its threads; who waits for an element is told."""
        self._states.closed = True
        if self._iteration is not None:
            self._iteration.close()

    # --- handles as strings -----------------------------------------------------------------------------------

    def string_handle(self) -> Any:
        """The handle as a string tensor."""
        proto = messages.module("resource_handle_pb2").ResourceHandleProto(
            device="/job:localhost/replica:0/task:0/device:CPU:0", container=self.container, name=self.name,
            hash_code=_HASH, maybe_type_name=_TYPE)
        return single(proto.SerializeToString())

    @property
    def device(self) -> Any:
        """The name of the device, as a string tensor."""
        return single(b"/job:localhost/replica:0/task:0/device:CPU:0")


_HASH, _TYPE = 4245265473542939912, "N10tensorflow4data16IteratorResourceE"


class Handles:
    """Finds iterators of a session by the strings that stand for them.

    Args:
      named: what the session keeps by name.
      types: the types that their elements must have; none for any.
      kind: of which kind they are.
    """

    def __init__(self, named: Any, types: Any, kind: type | None = None):
        self._named, self._types, self._kind = named, types, kind or IteratorResource

    def find(self, text: Any) -> IteratorResource:
        """The iterator of a string.

        Raises:
          InvalidArgumentError: the string is no handle, or of another type.
          NotFoundError: the session has no such iterator.
        """
        proto = messages.module("resource_handle_pb2").ResourceHandleProto()
        try:
            given = text.item() if isinstance(text, np.ndarray) else text
            proto.ParseFromString(given)
        except Exception:
            proto = None
        if proto is None or not proto.name:
            raise errors.InvalidArgumentError(None, None, "Could not parse string_handle as a valid ResourceHandle"
                                              "\nFeed what sess.run(iterator.string_handle()) gave.")
        found = self._named.find(self._kind, proto.container, proto.name)
        if found is None:
            raise errors.NotFoundError(None, None, f"Resource {proto.container}/{proto.name}/{_TYPE} does not exist."
                                       "\nA string handle is good in the session that gave it.")
        if self._types:
            found.check_types(self._types)
        return found


def _resource(op: Any) -> Any:
    found = op.named.of(op.op, IteratorResource, lambda *names: IteratorResource(op.op, op.named.look, *names))
    found.check_types(op.output_types)  # another node of the name may have made it
    return op.constant(found)


def _one_shot(op: Any, factory: Any) -> IteratorResource:
    found = op.named.of(op.op, IteratorResource, lambda *names: IteratorResource(op.op, op.named.look, *names))
    return found.prepared(factory)


def _components(op: Any, *inputs: Any) -> list[Dims]:
    return [shape._dims for shape in op.output_shapes]


def single_element(dataset: Dataset) -> Element:
    """The only element of a data set.

    Raises:
      InvalidArgumentError: it has none, or several.
    """
    with IteratorResource._Computing(States()):
        iteration = dataset.iterator()
        element = next(iteration, None)
        if element is None:
            raise errors.InvalidArgumentError(None, None, "Dataset was empty.")
        if next(iteration, None) is not None:
            raise errors.InvalidArgumentError(None, None, "Dataset had more than one element.")
    return element


def reduced(dataset: Dataset, state: Element, function: Any) -> Element:
    """A function folded over the elements of a data set."""
    with IteratorResource._Computing(States()):
        for element in dataset.iterator():
            results = called(function, (*state, *element))
            if len(results) != len(state):
                raise errors.InvalidArgumentError(
                    None, None, "The number of components of the initial state and the reduce function output does "
                    f"not match. (initial_state={len(state)}, output={len(results)}).")
            state = results
    return state


def cardinality(dataset: Dataset) -> Any:
    """How many elements a data set has, as a tensor."""
    return torch.tensor(dataset.cardinality(), dtype=torch.int64)


def written(dataset: Dataset, filename: Any, compression: Any) -> None:
    """Write the elements of a data set to a TFRecord file."""
    name, kind = (text.item().decode() for text in (filename, compression))
    with IteratorResource._Computing(States()), RecordWriter(name, kind) as writer:
        for element in dataset.iterator():
            writer.write(element[0].item())


for _name in ("Iterator", "IteratorV2"):
    register(_name, shape_rules.scalar, _resource, objects=True)
register("OneShotIterator", shape_rules.scalar, _one_shot, functions={"": "dataset_factory"}, effect="writes")
register("MakeIterator", lambda op, dataset, iterator: (), lambda op, dataset, iterator: iterator.initialize(dataset),
         objects=True, effect="writes")
for _name in ("IteratorGetNext", "IteratorGetNextSync"):
    register(_name, shape_rules.components_shape, lambda op, iterator: iterator.get_next(), objects=True,
             effect="waits")
register("IteratorGetNextAsOptional", shape_rules.scalar, lambda op, iterator: iterator.optional_next(), objects=True,
         effect="waits")
register("IteratorToStringHandle", handle("resource_handle"), lambda op, iterator: iterator.string_handle(),
         objects=True, effect="reads")
for _name in ("IteratorFromStringHandle", "IteratorFromStringHandleV2"):
    register(_name, handle("string_handle"), lambda op, text: op.constant(
        Handles(op.named, op.output_types)).find(text), objects=True, effect="reads")
register("SerializeIterator", shape_rules.scalar, lambda op, iterator: iterator.saved(), objects=True, effect="reads")
register("DeserializeIterator", lambda op, *dims: (), lambda op, iterator, saved: iterator.restore_saved(saved),
         objects=True, effect="writes")
for _name in ("IteratorGetDevice", "ExperimentalIteratorGetDevice"):
    register(_name, shape_rules.scalar, lambda op, iterator: iterator.device, objects=True,
             effect="reads")
for _name in ("DatasetToSingleElement",):
    register(_name, _components, lambda op, dataset: op.call(single_element, dataset), objects=True, effect="waits")
for _name in ("DatasetCardinality", "ExperimentalDatasetCardinality"):
    register(_name, shape_rules.scalar, lambda op, dataset: op.call(cardinality, dataset), objects=True)
for _name in ("DatasetToTFRecord", "ExperimentalDatasetToTFRecord"):
    register(_name, lambda op, *dims: (), lambda op, dataset, filename, compression: op.call(
        written, dataset, filename, compression), objects=True, effect="waits")
register("ReduceDataset", _components, lambda op, dataset, state, f: reduced(dataset, tuple(state), f),
         functions={"other_arguments": "f"}, effect="waits")
