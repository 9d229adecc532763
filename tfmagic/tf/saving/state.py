"""Which checkpoints there are: the file `checkpoint` of a folder, whether files exist, and removing them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from tfmagic.base import errors, messages, tf_logging
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.formats import gfile
from tfmagic.formats.checkpoint import is_bundle
from tfmagic.formats.files import as_tensorflow, local_path, write_whole

STATE_FILE = "checkpoint"
_MODULE = "tensorflow.python.training.checkpoint_management"


@export("train.generate_checkpoint_state_proto")
def generate_checkpoint_state_proto(save_dir: str, model_checkpoint_path: str,
                                    all_model_checkpoint_paths: Sequence[str] | None = None,
                                    all_model_checkpoint_timestamps: Sequence[float] | None = None,
                                    last_preserved_timestamp: float | None = None) -> Any:
    """A `CheckpointState` proto.

    Args:
      save_dir: the folder.
      model_checkpoint_path: the last checkpoint.
      all_model_checkpoint_paths: all that are kept, the oldest first; the last one is added where it is missing.
      all_model_checkpoint_timestamps: when they were written, in seconds.
      last_preserved_timestamp: when the last one that stays for ever was written.

    Raises:
      ValueError: there are not as many times as paths.
    """
    paths = [] if all_model_checkpoint_paths is None else list(all_model_checkpoint_paths)
    if not paths or paths[-1] != model_checkpoint_path:
        tf_logging.info("%s is not in all_model_checkpoint_paths. Manually adding it.", model_checkpoint_path)
        paths.append(model_checkpoint_path)
    times = all_model_checkpoint_timestamps
    if times and len(times) != len(paths):
        raise ValueError("Checkpoint timestamps, if provided, must match checkpoint paths (got paths "
                         f"{paths} and timestamps {times})")
    if not os.path.isabs(save_dir):  # relative paths are relative to the folder
        paths = [path if os.path.isabs(path) else os.path.relpath(path, save_dir) for path in paths]
        if not os.path.isabs(model_checkpoint_path):
            model_checkpoint_path = os.path.relpath(model_checkpoint_path, save_dir)
    state = messages.module("checkpoint_state_pb2").CheckpointState(
        model_checkpoint_path=model_checkpoint_path, all_model_checkpoint_paths=paths,
        all_model_checkpoint_timestamps=times or ())
    if last_preserved_timestamp is not None:
        state.last_preserved_timestamp = last_preserved_timestamp
    return state


@export("train.update_checkpoint_state")
@deprecated(None, "Use `tf.train.CheckpointManager` to manage checkpoints rather than manually editing the Checkpoint "
            "proto.", module=_MODULE)
def update_checkpoint_state(save_dir: str, model_checkpoint_path: str,
                            all_model_checkpoint_paths: Sequence[str] | None = None,
                            latest_filename: str | None = None,
                            all_model_checkpoint_timestamps: Sequence[float] | None = None,
                            last_preserved_timestamp: float | None = None) -> None:
    """Writes the file that says which checkpoint of a folder is the last.

    Args:
      save_dir: the folder.
      model_checkpoint_path: the last checkpoint.
      all_model_checkpoint_paths: all that are kept, the oldest first.
      latest_filename: the file's name, "checkpoint" by default.
      all_model_checkpoint_timestamps: when they were written, in seconds.
      last_preserved_timestamp: when the last one that stays for ever was written.

    Raises:
      RuntimeError: the file would have the name of the checkpoint.
    """
    write_state(save_dir, model_checkpoint_path, all_model_checkpoint_paths, latest_filename, False,
                all_model_checkpoint_timestamps, last_preserved_timestamp)


def write_state(save_dir: str, model_checkpoint_path: str, all_model_checkpoint_paths: Sequence[str] | None = None,
                latest_filename: str | None = None, save_relative_paths: bool = False,
                all_model_checkpoint_timestamps: Sequence[float] | None = None,
                last_preserved_timestamp: float | None = None) -> None:
    """`update_checkpoint_state`, without its warning, and if asked with paths relative to the folder."""
    from google.protobuf import text_format

    path = state_path(save_dir, latest_filename)
    if save_relative_paths:
        def relative(name: str) -> str:
            return os.path.relpath(name, save_dir) if os.path.isabs(name) else name

        model_checkpoint_path = relative(model_checkpoint_path)
        all_model_checkpoint_paths = [relative(name) for name in all_model_checkpoint_paths or ()]
    state = generate_checkpoint_state_proto(save_dir, model_checkpoint_path, all_model_checkpoint_paths,
                                            all_model_checkpoint_timestamps, last_preserved_timestamp)
    if path == state.model_checkpoint_path:
        raise RuntimeError(f"Save path '{model_checkpoint_path}' conflicts with path used for checkpoint state.  Please"
                           " use a different save path.")
    with as_tensorflow(path):
        write_whole(local_path(path), text_format.MessageToString(state).encode())


def state_path(folder: Any, latest_filename: str | None) -> str:
    """The file that says which checkpoint of a folder is the last."""
    return os.path.join(os.fspath(folder), latest_filename or STATE_FILE)


@export("train.get_checkpoint_state")
def get_checkpoint_state(checkpoint_dir: Any, latest_filename: str | None = None) -> Any:
    """What the file `checkpoint` of a folder says.

    Args:
      checkpoint_dir: the folder.
      latest_filename: the file's name, "checkpoint" by default.

    Returns:
      A `CheckpointState` proto with the paths that can be restored, or None where there is no such file.

    Raises:
      ValueError: it names no checkpoint.
    """
    from google.protobuf import text_format

    path = state_path(checkpoint_dir, latest_filename)
    try:
        if not gfile.exists(path):
            return None
        state = messages.module("checkpoint_state_pb2").CheckpointState()
        with gfile.GFile(path, "rb") as file:
            text_format.Merge(file.read().decode(), state)
    except (errors.OpError, text_format.ParseError, UnicodeDecodeError) as error:
        tf_logging.warning("%s: %s", type(error).__name__, error)
        tf_logging.warning("%s: Checkpoint ignored", path)
        return None
    folder = os.fspath(checkpoint_dir)
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {folder}")
    state.model_checkpoint_path = os.path.join(folder, state.model_checkpoint_path)
    for index, name in enumerate(state.all_model_checkpoint_paths):
        state.all_model_checkpoint_paths[index] = os.path.join(folder, name)
    return state


@export("train.latest_checkpoint")
def latest_checkpoint(checkpoint_dir: Any, latest_filename: str | None = None) -> str | None:
    """The last checkpoint of a folder.

    Args:
      checkpoint_dir: the folder.
      latest_filename: the name of the file that says it, "checkpoint" by default.

    Returns:
      What `Saver.restore` takes, or None where there is none.
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is not None:
        path = state.model_checkpoint_path
        if checkpoint_is_there(path):
            return path
        tf_logging.error("Couldn't match files for checkpoint %s", path)
    return None


def checkpoint_is_there(prefix: Any) -> bool:
    """Whether there is a checkpoint of this name, of either form.

    Raises:
      NotFoundError: its folder is not there.
    """
    return is_bundle(local_path(prefix)) or _main_file(prefix) is not None


def prefix_to_checkpoint_path(prefix: str, format_version: int) -> str:
    """The file of a checkpoint that is there when the checkpoint is.

    Args:
      prefix: what `Saver.restore` takes.
      format_version: `SaverDef.V1` or `SaverDef.V2`.
    """
    return prefix + ".index" if format_version == 2 else prefix


@export("train.checkpoint_exists")
@deprecated(None, "Use standard file APIs to check for files with this prefix.", module=_MODULE)
def checkpoint_exists(checkpoint_prefix: Any) -> bool:
    """Whether there is a checkpoint of this name.

    Args:
      checkpoint_prefix: the name, or a pattern that its files match.

    Raises:
      NotFoundError: its folder is not there.
    """
    return checkpoint_is_there(checkpoint_prefix)


def _main_file(prefix: Any) -> str | None:
    """The file of a checkpoint that tells its age."""
    path = local_path(prefix)
    found = gfile.glob(path + ".index") or gfile.glob(path)
    return found[0] if found else None


def times_of(prefixes: Sequence[str]) -> list[float]:
    """When checkpoints were written, in seconds; those that are not there are left out."""
    found = (_main_file(prefix) for prefix in prefixes)
    return [gfile.stat(path).mtime_nsec / 1e9 for path in found if path is not None]


@export("train.get_checkpoint_mtimes")
@deprecated(None, "Use standard file utilities to get mtimes.", module=_MODULE)
def get_checkpoint_mtimes(checkpoint_prefixes: Sequence[str]) -> list[float]:
    """When checkpoints were written.

    Args:
      checkpoint_prefixes: their names.

    Returns:
      A time in seconds for each that is there.

    Raises:
      NotFoundError: the folder of one is not there.
    """
    return times_of(checkpoint_prefixes)


@export("train.remove_checkpoint")
@deprecated(None, "Use standard file APIs to delete files with this prefix.", module=_MODULE)
def remove_checkpoint(checkpoint_prefix: str, checkpoint_format_version: int = 2,
                      meta_graph_suffix: str = "meta") -> None:
    """Removes the files of a checkpoint.

    Args:
      checkpoint_prefix: its name.
      checkpoint_format_version: `SaverDef.V1` or `SaverDef.V2`.
      meta_graph_suffix: how the name of the file with its graph ends.
    """
    remove_files(checkpoint_prefix, checkpoint_format_version, meta_graph_suffix)


def remove_files(prefix: str, version: int = 2, meta_graph_suffix: str = "meta") -> None:
    """`remove_checkpoint`, without its warning."""
    _remove_matching(meta_graph_filename(prefix, meta_graph_suffix))
    if version == 2:
        # The index first: what is left of a checkpoint without one is none.
        _remove_matching(prefix + ".index")
        _remove_matching(prefix + ".data-?????-of-?????")
    else:
        _remove_matching(prefix)


def _remove_matching(pattern: str) -> None:
    for path in gfile.glob(pattern):
        gfile.remove(path)


def meta_graph_filename(checkpoint_filename: str, meta_graph_suffix: str = "meta") -> str:
    """The name of the file with the graph of a checkpoint."""
    return f"{re.sub(r'-[0-9?]+-of-[0-9]+$', '', checkpoint_filename)}.{meta_graph_suffix}"
