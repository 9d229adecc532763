"""Checkpoints without a graph: what is in them, their values, waiting for the next, variables that begin with them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from tfmagic.base import errors, tf_logging
from tfmagic.base.export import export
from tfmagic.formats import gfile
from tfmagic.formats.bundle import BundleReader
from tfmagic.formats.checkpoint import open_checkpoint
from tfmagic.formats.files import local_path
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import raw
from tfmagic.tf.saving import state
from tfmagic.tf.saving.saveables import by_name, is_variable, saveable_objects_for_op
from tfmagic.tf.variable.partitioned import PartitionedVariable
from tfmagic.tf.variable.store import variable_store

# The tensor that tells which objects a checkpoint of `tf.train.Checkpoint` holds.
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


class CheckpointReader:
    """Reads a checkpoint.

    Args:
      filename: its name: what `Saver.save` gave.

    Raises:
      NotFoundError: there is none.
      DataLossError: it is damaged.
    """

    def __init__(self, filename: Any):
        self._reader = open_checkpoint(local_path(filename))

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shape of each tensor, by name."""
        return {name: self._reader.shape_of(name) for name in self._reader.names()}

    def get_variable_to_dtype_map(self) -> dict[str, Any]:
        """The type of each tensor, by name."""
        return {name: self._reader.type_of(name) for name in self._reader.names()}

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether there is a tensor of this name."""
        return self._reader.has(_text(tensor_str))

    def get_tensor(self, tensor_str: str) -> Any:
        """A tensor as a NumPy array; a scalar as a NumPy scalar (bytes for a string).

        Raises:
          NotFoundError: there is none of this name.
          DataLossError: it is damaged.
        """
        name = _text(tensor_str)
        if not self._reader.has(name):
            raise errors.NotFoundError(None, None, f"Key {name} not found in checkpoint" if isinstance(
                self._reader, BundleReader) else f"{name} not found in checkpoint file")
        array = self._reader.read(name)
        return array[()] if array.ndim == 0 else array

    def debug_string(self) -> bytes:
        """A line for each tensor in the file: name, type, shape."""
        reader = self._reader
        rows = []
        if isinstance(reader, BundleReader):
            for key in reader.entries():
                entry = reader.entry(key)
                if not entry.slices:
                    rows.append((key, entry.DESCRIPTOR.fields_by_name["dtype"].enum_type.values_by_number[
                        entry.dtype].name, [dim.size for dim in entry.shape.dim]))
        else:
            rows = [(name.encode(), f"DT_{reader.type_of(name).proto_name.upper()}", reader.shape_of(name))
                    for name in reader.names()]
        return b"".join(key + f" ({kind}) [{','.join(map(str, shape))}]\n".encode() for key, kind, shape in rows)


CheckpointReader.__module__ = "tensorflow.python.pywrap_tensorflow_internal"


def _text(name: Any) -> str:
    if isinstance(name, bytes):
        return name.decode()
    if not isinstance(name, str):
        raise TypeError(f"Expected binary or unicode string, got {name!r}")
    return name


@export("train.NewCheckpointReader")
def NewCheckpointReader(filepattern: Any) -> CheckpointReader:
    """A reader of a checkpoint.

    Args:
      filepattern: its name: what `Saver.save` gave.
    """
    return CheckpointReader(filepattern)


@export("train.load_checkpoint")
def load_checkpoint(ckpt_dir_or_file: Any) -> CheckpointReader:
    """A reader of a checkpoint.

    Args:
      ckpt_dir_or_file: its name, or a folder, of which the last checkpoint is taken.

    Raises:
      ValueError: there is none in the folder.
      NotFoundError: there is none of this name.
    """
    return NewCheckpointReader(checkpoint_of(ckpt_dir_or_file))


def checkpoint_of(place: Any) -> str:
    place = os.fspath(place)
    if not gfile.is_directory(place):
        return place
    latest = state.latest_checkpoint(place)
    if latest is None:
        raise ValueError(f"Couldn't find 'checkpoint' file or checkpoints in given directory {place}")
    return latest


@export("train.load_variable")
def load_variable(ckpt_dir_or_file: Any, name: str) -> Any:
    """The value of a variable in a checkpoint, as a NumPy array.

    Args:
      ckpt_dir_or_file: the checkpoint's name, or a folder, of which the last one is taken.
      name: the variable's name.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


@export("train.list_variables")
def list_variables(ckpt_dir_or_file: Any) -> list[tuple[str, list[int]]]:
    """The names and shapes of the variables in a checkpoint, sorted by name.

    Args:
      ckpt_dir_or_file: the checkpoint's name, or a folder, of which the last one is taken.
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def wait_for_new_checkpoint(checkpoint_dir: Any, last_checkpoint: str | None = None, seconds_to_sleep: float = 1,
                            timeout: float | None = None) -> str | None:
    """Wait until a folder has another last checkpoint; gives it, or None where the time is over."""
    tf_logging.info("Waiting for new checkpoint at %s", checkpoint_dir)
    end = None if timeout is None else time.time() + timeout
    while True:
        found = state.latest_checkpoint(checkpoint_dir)
        if found is not None and found != last_checkpoint:
            tf_logging.info("Found new checkpoint at %s", found)
            return found
        if end is not None and time.time() + seconds_to_sleep > end:
            return None
        time.sleep(seconds_to_sleep)


@export("train.checkpoints_iterator")
def checkpoints_iterator(checkpoint_dir: Any, min_interval_secs: float = 0, timeout: float | None = None,
                         timeout_fn: Callable[[], bool] | None = None) -> Iterator[str]:
    """Each new last checkpoint of a folder, as they come.

    Args:
      checkpoint_dir: the folder.
      min_interval_secs: how many seconds there are at least between two.
      timeout: how many seconds to wait for the next; None waits for ever.
      timeout_fn: called when that time is over: True ends the iteration, which nothing else does where it is given.
    """
    checkpoint = None
    while True:
        new = wait_for_new_checkpoint(checkpoint_dir, checkpoint, timeout=timeout)
        if new is None:
            if not timeout_fn:
                tf_logging.info("Timed-out waiting for a checkpoint.")
                return
            if timeout_fn():
                return
            continue
        start = time.time()
        checkpoint = new
        yield checkpoint
        left = start + min_interval_secs - time.time()
        if left > 0:
            time.sleep(left)


# --- variables that begin with the values of a checkpoint -------------------------------------------------------------


@export("train.init_from_checkpoint")
def init_from_checkpoint(ckpt_dir_or_file: Any, assignment_map: dict[str, Any]) -> None:
    """Lets variables be initialised with values of a checkpoint.

    Args:
      ckpt_dir_or_file: the checkpoint's name, or a folder, of which the last one is taken.
      assignment_map: by what is in the checkpoint what gets it: a tensor's name ("scope/weights") for a variable, its
        name or the list of its parts; a scope ("scope/", or "/" for all) for a scope.

    Raises:
      ValueError: a tensor is not in the checkpoint, or has another shape; or a variable is not there.
    """
    path = checkpoint_of(ckpt_dir_or_file)
    shapes = load_checkpoint(path).get_variable_to_shape_map()
    store = variable_store()
    for source, target in sorted(assignment_map.items(), key=lambda item: item[0]):
        found = target if is_variable(target) or _is_list_of_variables(target) else _stored(store, target)
        if found is not None:
            _check(source, found, shapes, path)
            _set_initializer(found, path, source)
            continue
        scope = target[:target.rindex("/")] if "/" in target else ""
        if not source.endswith("/"):
            raise ValueError(f"Assignment map with scope only name {scope} should map to scope only {source}. Should be"
                             " 'scope/': 'other_scope/'.")
        names = {name.partition("/part_")[0] for name in store._vars if not scope or name.startswith(scope + "/")}
        for name in sorted(names):
            rest = name[len(scope):]
            full = rest if target == "/" else rest[1:]
            full = (full if source == "/" else source + full).rstrip("/")
            if full not in shapes:
                raise ValueError(f"Tensor {full} ({name[len(scope) + 1:]} in {source}) is not found in {path} "
                                 "checkpoint")
            _set_initializer(_stored(store, name), path, full)


def _is_list_of_variables(thing: Any) -> bool:
    return isinstance(thing, (list, tuple, PartitionedVariable)) and all(is_variable(item) for item in thing)


def _stored(store: Any, name: str) -> Any:
    """The variable of a name that `tf.get_variable` made, or the list of its parts; None where there is none."""
    if name in store._vars:
        return store._vars[name]
    parts: list[Any] = []
    while f"{name}/part_{len(parts)}" in store._vars:
        parts.append(store._vars[f"{name}/part_{len(parts)}"])
    return parts or None


def _check(source: str, found: Any, shapes: dict[str, list[int]], path: str) -> None:
    if source not in shapes:
        raise ValueError(f"Tensor {source} is not found in {path} checkpoint {shapes}")
    if is_variable(found) and not found.get_shape().is_compatible_with(shapes[source]):
        raise ValueError(f"Shape of variable {found.name} ({found.get_shape()}) doesn't match with shape of tensor "
                         f"{source} ({shapes[source]}) from checkpoint reader.")


def _set_initializer(found: Any, path: str, source: str) -> None:
    """Let a variable, or the parts of one, begin with a tensor of a checkpoint."""
    if not is_variable(found):
        for part in found:
            _set_one(part, path, source, part._get_save_slice_info().spec)
        return
    info = found._get_save_slice_info()
    _set_one(found, path, source, info.spec if info is not None else "")


def _set_one(variable: Any, path: str, source: str, spec: str) -> None:
    graph = get_default_graph()
    dtype = variable.dtype.base_dtype
    with graph.device(variable.device), graph.device("/cpu:0"):
        value = raw.restore_v2(path, [source], [spec], [dtype], name="checkpoint_initializer")[0]
    name, thing = next(iter(by_name([variable]).items()))
    saveable = next(iter(saveable_objects_for_op(thing, name)))
    init = saveable.restore([value], None)
    value.set_shape(variable.shape)
    tf_logging.debug("Initialize variable %s from checkpoint %s with %s", variable.name, path, source)
    variable._initializer_op = init
    variable._initial_value = value
