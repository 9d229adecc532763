"""tf.train.Checkpoint: variables saved by the objects that hold them, and tf.train.CheckpointManager."""

from __future__ import annotations

import collections
import os
import time
import uuid
from collections.abc import Iterator
from typing import Any

from tfmagic.base import dtypes, messages
from tfmagic.base.export import export
from tfmagic.formats import gfile
from tfmagic.graph import context
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.ops import raw
from tfmagic.tf.saving import state
from tfmagic.tf.saving.builder import BaseSaverBuilder
from tfmagic.tf.saving.python_state import PythonState
from tfmagic.tf.saving.reader import OBJECT_GRAPH, CheckpointReader
from tfmagic.tf.saving.saveables import SaveableObject, SaveSpec, saveable_objects_for_op
from tfmagic.tf.saving.saver import Saver
from tfmagic.tf.variable.variables import Variable

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_STATE = "/.ATTRIBUTES/py_state"


# --- which objects there are ------------------------------------------------------------------------------------------


def _is_trackable(thing: Any) -> bool:
    return (isinstance(thing, (Variable, Checkpoint)) or hasattr(thing, "_tracked") or hasattr(thing, "get_slot_names")
            or _is_layer(thing))


def _is_layer(thing: Any) -> bool:
    return any(kind.__name__ == "Layer" and kind.__module__.startswith("tensorflow.python.")
               for kind in type(thing).__mro__)


def _children(thing: Any) -> Iterator[tuple[str, Any]]:
    """The objects that an object holds, with their names in it."""
    if isinstance(thing, Variable):
        return
    if isinstance(thing, dict):
        items: Any = [(str(key), value) for key, value in thing.items()]
    elif isinstance(thing, (list, tuple)):
        items = [(str(index), value) for index, value in enumerate(thing)]
    elif hasattr(thing, "_tracked"):  # it says so itself
        items = thing._tracked()
    elif hasattr(thing, "get_slot_names"):  # an optimizer: the variables of its own, Adam's powers
        items = sorted((name, variable) for (name, graph), variable in getattr(thing, "_non_slot_dict", {}).items()
                       if graph in (None, get_default_graph()))
    else:
        items = [(name, value) for name, value in vars(thing).items() if name[:1] != "_"]
        if isinstance(thing, Checkpoint) and thing._save_counter is not None:
            items.append(("save_counter", thing._save_counter))
    for name, value in items:
        if _is_trackable(value) or isinstance(value, (list, tuple, dict)):
            yield name, value


class _Objects:
    """All objects that one holds, directly or through others, each once, the nearest first.

    Attributes:
      nodes: them, the root first; then the variables that optimizers keep for variables among them.
      paths: for each the names that lead to it.
      proto: a `TrackableObjectGraph` that describes them.
      saved: the variables by their keys in the checkpoint.
      states: the objects with a `PythonState` by theirs.
    """

    def __init__(self, root: Any):
        self.nodes: list[Any] = [root]
        self.paths: list[str] = [""]
        self.proto = messages.module("trackable_object_graph_pb2").TrackableObjectGraph()
        self.saved: dict[str, Any] = {}
        self.states: dict[str, PythonState] = {}
        numbers = {id(root): 0}
        self.proto.nodes.add()
        queue = collections.deque([0])
        while queue:
            number = queue.popleft()
            for name, child in _children(self.nodes[number]):
                if id(child) not in numbers:
                    numbers[id(child)] = len(self.nodes)
                    queue.append(len(self.nodes))
                    prefix = self.paths[number] + "/" if self.paths[number] else ""
                    self.nodes.append(child)
                    self.paths.append(prefix + _escaped(name))
                    self.proto.nodes.add()
                self.proto.nodes[number].children.add(node_id=numbers[id(child)], local_name=name)
        self._add_slots()
        for number, thing in enumerate(self.nodes):
            if isinstance(thing, Variable):
                key = self.paths[number] + _VALUE
                self.proto.nodes[number].attributes.add(name="VARIABLE_VALUE", full_name=thing._shared_name,
                                                        checkpoint_key=key)
                self.saved[key] = thing
            elif isinstance(thing, PythonState):
                key = self.paths[number] + _STATE
                self.proto.nodes[number].attributes.add(name="py_state", checkpoint_key=key)
                self.states[key] = thing

    def _add_slots(self) -> None:
        found = list(self.nodes)
        for number, optimizer in enumerate(found):
            for slot in optimizer.get_slot_names() if hasattr(optimizer, "get_slot_names") else ():
                for original, variable in enumerate(found):
                    kept = optimizer.get_slot(variable, slot) if isinstance(variable, Variable) else None
                    if kept is None:
                        continue
                    self.proto.nodes[number].slot_variables.add(
                        original_variable_node_id=original, slot_name=slot, slot_variable_node_id=len(self.nodes))
                    self.nodes.append(kept)
                    self.paths.append(f"{self.paths[original]}/.OPTIMIZER_SLOT/{self.paths[number]}/{_escaped(slot)}")
                    self.proto.nodes.add()


def _escaped(name: str) -> str:
    return name.replace(".", "..").replace("/", ".S")


# --- saving -----------------------------------------------------------------------------------------------------------


def _session(session: Any) -> Any:
    session = session or context.get_default_session()
    if session is None:
        raise RuntimeError("A Checkpoint is saved and restored in a session: give it as an argument, or make it the "
                           "default one (with tf.Session() as session).")
    return session


@export("train.Checkpoint")
class Checkpoint:
    """Saves the variables of the objects that it holds, and of those that they hold.

    A variable is found again by the names that lead to it, not by its own. What is assigned to an attribute later is
    saved too: variables, other `Checkpoint`s, optimizers, layers, and lists and dicts of them.

    Args:
      **kwargs: the objects by name.

    Raises:
      ValueError: one is none that can be saved.
    """

    def __init__(self, **kwargs: Any):
        self._save_counter: Any = None
        self._written: dict[bytes, Any] = {}
        self._count: Any = None
        for name, value in sorted(kwargs.items()):
            if not _is_trackable(value):
                raise ValueError("`Checkpoint` was expecting a trackable object (an object derived from "
                                 f"`TrackableBase`), got {value}. If you believe this object should be trackable (i.e. "
                                 "it is part of the TensorFlow Python API and manages state), please open an issue.")
            setattr(self, name, value)

    @property
    def save_counter(self) -> Any:
        """An integer variable: how often `save` was called."""
        if self._save_counter is None:
            graph = get_default_graph()
            with graph.device("/cpu:0"):
                self._save_counter = Variable(0, dtype=dtypes.int64, name="save_counter", trainable=False,
                                              use_resource=True)
        return self._save_counter

    def write(self, file_prefix: Any, session: Any = None) -> str:
        """Writes a checkpoint, without counting it or noting it as the last.

        Args:
          file_prefix: its name.
          session: the session with the values; by default the default session.

        Returns:
          Its name.
        """
        session = _session(session)
        with session.graph.as_default():
            objects = _Objects(self)
            content = objects.proto.SerializeToString()
            known = self._written.get(content)
            if known is None or known[0].graph is not session.graph:
                known = self._written[content] = _save_nodes(objects)
        prefix, graph_text, texts, written = known
        gfile.make_dirs(os.path.dirname(os.fspath(file_prefix)) or ".")
        states = {texts[key]: thing.serialize() for key, thing in objects.states.items()}
        path = session.run(written, {prefix: os.fspath(file_prefix), graph_text: content, **states})
        return path.decode(errors="surrogateescape")

    def save(self, file_prefix: Any, session: Any = None) -> str:
        """Writes a checkpoint with a number, and notes it as the last.

        Args:
          file_prefix: its name without the number.
          session: the session with the values; by default the default session.

        Returns:
          Its name.
        """
        session = _session(session)
        graph = session.graph
        with graph.as_default():
            if self._save_counter is None:  # after a restore it has its value from there
                session.run(self.save_counter.initializer)
            if self._count is None or self._count.graph is not graph:
                with graph.colocate_with(self.save_counter.op):
                    self._count = self.save_counter.assign_add(1)
        number = int(session.run(self._count))
        path = self.write(f"{os.fspath(file_prefix)}-{number}", session)
        state.write_state(os.path.dirname(path), path, [path], save_relative_paths=True)
        return path

    def restore(self, save_path: Any) -> LoadStatus:
        """Finds the variables of a checkpoint among the objects; the result's `run_restore_ops` sets them.

        Args:
          save_path: the checkpoint's name, or None: then `initialize_or_restore` initialises the variables.

        Raises:
          NotFoundError: there is no such checkpoint.
        """
        if save_path is not None and self._save_counter is None:
            self.save_counter  # noqa: B018  # a checkpoint holds it: it is made here, so that it is restored
        return _status(self, None if save_path is None else os.fspath(save_path))


def _save_nodes(objects: _Objects) -> tuple[Any, Any, dict[str, Any], Any]:
    """Nodes that write a checkpoint: what its name, its objects and their states are fed to, and what to fetch."""
    graph = get_default_graph()
    saveables: list[SaveableObject] = []
    for key, variable in objects.saved.items():
        saveables.extend(saveable_objects_for_op(variable, key))
    builder = BaseSaverBuilder()
    with graph.device("/cpu:0"):
        text = constant("", dtype=dtypes.string)
        saveables.append(SaveableObject(text, [SaveSpec(text, "", OBJECT_GRAPH)], OBJECT_GRAPH))
        texts = {key: constant("", dtype=dtypes.string) for key in objects.states}
        saveables += [SaveableObject(given, [SaveSpec(given, "", key)], key) for key, given in texts.items()]
        prefix = constant("", dtype=dtypes.string)
        temporary = raw.string_join([prefix, f"_temp_{uuid.uuid4().hex}/part"])
    per_device = builder._by_device(saveables)
    count = constant(len(per_device), name="num_shards")
    parts, written = [], []
    with graph.device("/cpu:0"):
        for shard, (_, group) in enumerate(per_device):
            parts.append(raw.sharded_filename(temporary, shard, count))
            written.append(builder.save_op(parts[-1], group))
        with graph.control_dependencies(written):
            merged = raw.merge_v2_checkpoints(parts, prefix, delete_old_dirs=True)
        with graph.control_dependencies([merged]):
            return prefix, text, texts, raw.identity(prefix)


# --- restoring --------------------------------------------------------------------------------------------------------


class LoadStatus:
    """What became of a restore: what was found, and the step that gives variables their values.

    Objects that are made after the restore are found when it runs.
    """

    def __init__(self, root: Checkpoint, path: str | None):
        self._root = root
        self._path = path
        self._graph: Any = None
        self._ran: dict[tuple[str, ...], Any] = {}
        if path is not None:
            reader = CheckpointReader(path)
            if reader.has_tensor(OBJECT_GRAPH):
                self._graph = messages.module("trackable_object_graph_pb2").TrackableObjectGraph.FromString(
                    reader.get_tensor(OBJECT_GRAPH))
            for key, thing in _Objects(root).states.items():
                if reader.has_tensor(key):
                    thing.deserialize(reader.get_tensor(key).decode(errors="surrogateescape"))

    def _matched(self) -> tuple[dict[str, Any], set[int], _Objects]:
        """The variables by their keys in the checkpoint, the numbers of its objects that were found, all objects."""
        objects = _Objects(self._root)
        found: dict[str, Any] = {}
        seen: dict[int, Any] = {0: self._root}
        queue = collections.deque([0])
        nodes = self._graph.nodes
        while queue:
            number = queue.popleft()
            thing = seen[number]
            here = dict(_children(thing))
            for child in nodes[number].children:
                if child.local_name in here and child.node_id not in seen and child.node_id < len(nodes):
                    seen[child.node_id] = here[child.local_name]
                    queue.append(child.node_id)
        for number in list(seen):
            for slot in nodes[number].slot_variables:
                original = seen.get(slot.original_variable_node_id)
                if isinstance(original, Variable) and hasattr(seen[number], "get_slot"):
                    kept = seen[number].get_slot(original, slot.slot_name)
                    if kept is not None:
                        seen[slot.slot_variable_node_id] = kept
        for number, thing in seen.items():
            for attribute in nodes[number].attributes:
                if isinstance(thing, Variable) and attribute.name == "VARIABLE_VALUE":
                    found[attribute.checkpoint_key] = thing
        return found, set(seen), objects

    def assert_consumed(self) -> LoadStatus:
        """Raises AssertionError unless all of the checkpoint was found, and all variables were in it."""
        if self._graph is None:
            raise AssertionError("No checkpoint specified (save_path=None); nothing is being restored."
                                 if self._path is None else "Restoring a name-based checkpoint. No load status is "
                                 "available.")
        _, seen, _ = self._matched()
        for number, node in enumerate(self._graph.nodes):
            if number not in seen and node.attributes:
                raise AssertionError("Unresolved object in checkpoint: "
                                     f"{node.attributes[0].checkpoint_key}")
        return self.assert_existing_objects_matched()

    def assert_existing_objects_matched(self) -> LoadStatus:
        """Raises AssertionError unless all variables were in the checkpoint."""
        if self._graph is None:
            return self
        found, _, objects = self._matched()
        there = {id(variable) for variable in found.values()}
        for variable in objects.saved.values():
            if id(variable) not in there:
                raise AssertionError(f"Object not assigned a value from checkpoint: {variable}")
        return self

    def assert_nontrivial_match(self) -> LoadStatus:
        """Raises AssertionError unless some variable but the counter was found."""
        if self._graph is not None and not {key for key in self._matched()[0] if not key.startswith("save_counter/")}:
            raise AssertionError("Nothing except the root object matched a checkpointed value.")
        return self

    def expect_partial(self) -> LoadStatus:
        """Nothing is said of what was not found, here as elsewhere."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Give the variables that were found the values of the checkpoint.

        Args:
          session: by default the default session.
        """
        session = _session(session)
        if self._path is None:
            raise AssertionError("No checkpoint specified, so no restore ops are available (save_path=None to "
                                 "Saver.restore).")
        with session.graph.as_default():
            if self._graph is None:
                variables: Any = list(_Objects(self._root).saved.values())
                counter = self._root._save_counter
                variables = [variable for variable in variables if variable is not counter]
            else:
                variables = self._matched()[0]
            key = tuple(sorted(variables)) if isinstance(variables, dict) else ("by name",)
            if key not in self._ran:
                self._ran[key] = Saver(variables, name="restore", allow_empty=True)
            self._ran[key].restore(session, self._path)

    def initialize_or_restore(self, session: Any = None) -> None:
        """Give variables the values of the checkpoint, and those that are not in it their initial values.

        Args:
          session: by default the default session.
        """
        session = _session(session)
        with session.graph.as_default():
            variables = list(_Objects(self._root).saved.values())
            found = {} if self._path is None else self._matched()[0] if self._graph is not None else dict(
                enumerate(variables))
            there = {id(variable) for variable in found.values()}
            session.run([variable.initializer for variable in variables if id(variable) not in there])
            if found:
                self.run_restore_ops(session)


class CheckpointLoadStatus(LoadStatus):
    """Of a checkpoint of objects."""

    __module__ = "tensorflow.python.training.tracking.util"


class InitializationOnlyStatus(LoadStatus):
    """Of no checkpoint: `initialize_or_restore` initialises the variables."""

    __module__ = "tensorflow.python.training.tracking.util"


class NameBasedSaverStatus(LoadStatus):
    """Of a checkpoint that a `tf.train.Saver` wrote: variables are found by their own names."""

    __module__ = "tensorflow.python.training.tracking.util"


def _status(root: Checkpoint, path: str | None) -> LoadStatus:
    if path is None:
        return InitializationOnlyStatus(root, None)
    of_objects = CheckpointReader(path).has_tensor(OBJECT_GRAPH)
    return (CheckpointLoadStatus if of_objects else NameBasedSaverStatus)(root, path)


# --- managing ---------------------------------------------------------------------------------------------------------


@export("train.CheckpointManager")
class CheckpointManager:
    """Keeps the last checkpoints of a `Checkpoint` in a folder, and removes older ones.

    Args:
      checkpoint: the `Checkpoint`.
      directory: the folder.
      max_to_keep: how many to keep; None keeps all.
      keep_checkpoint_every_n_hours: how often to keep one for ever.
      checkpoint_name: what the names of the files begin with.

    Raises:
      ValueError: `max_to_keep` is not positive.
    """

    def __init__(self, checkpoint: Checkpoint, directory: Any, max_to_keep: int | None,
                 keep_checkpoint_every_n_hours: float | None = None, checkpoint_name: str = "ckpt"):
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError(f"Expected a positive integer or `None` for `max_to_max_to_keep`, got {max_to_keep}.")
        self._checkpoint = checkpoint
        self._directory = os.fspath(directory)
        self._prefix = os.path.join(self._directory, checkpoint_name)
        self._max_to_keep = max_to_keep
        self._every = keep_checkpoint_every_n_hours
        self._count: Any = None
        self._latest: str | None = None
        self._kept: dict[str, float] = {}
        now = time.time()
        found = state.get_checkpoint_state(self._directory)
        self._preserved = now
        if found is not None:
            self._latest = found.model_checkpoint_path
            times = list(found.all_model_checkpoint_timestamps) or [now] * len(found.all_model_checkpoint_paths)
            self._kept = dict(zip(found.all_model_checkpoint_paths, times))
            self._preserved = found.last_preserved_timestamp or now

    @property
    def latest_checkpoint(self) -> str | None:
        """The last checkpoint, or None."""
        return self._latest

    @property
    def checkpoints(self) -> list[str]:
        """The checkpoints that are kept, the oldest first."""
        return list(self._kept)

    def save(self, checkpoint_number: int | None = None) -> str:
        """Writes a checkpoint of the default session, and removes those that are too old.

        Args:
          checkpoint_number: its number; by default that of `Checkpoint.save_counter`.

        Returns:
          Its name.
        """
        session = _session(None)
        with session.graph.as_default():
            if self._checkpoint._save_counter is None:
                session.run(self._checkpoint.save_counter.initializer)
            counter = self._checkpoint.save_counter
            if self._count is None or self._count.graph is not session.graph:
                self._count = counter.assign_add(1, read_value=False)
            session.run(self._count)
            number = int(session.run(counter)) if checkpoint_number is None else checkpoint_number
        path = self._checkpoint.write(f"{self._prefix}-{number}", session)
        self._kept.pop(path, None)
        self._kept[path] = time.time()
        self._latest = path
        removed = self._too_old()
        state.write_state(self._directory, path, self.checkpoints, None, True, list(self._kept.values()),
                          self._preserved)
        for old in removed:
            state.remove_files(old)
        return path

    def _too_old(self) -> list[str]:
        removed = []
        while self._max_to_keep is not None and len(self._kept) > self._max_to_keep:
            path, written = next(iter(self._kept.items()))
            del self._kept[path]
            if self._every is not None and written - self._every * 3600 >= self._preserved:
                self._preserved = written
            else:
                removed.append(path)
        return removed
