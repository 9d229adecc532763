"""tf.train.Saver: saves and restores variables; tf.train.export_meta_graph and import_meta_graph."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import errors, messages, tf_logging
from tfmagic.base.export import export
from tfmagic.formats import gfile
from tfmagic.graph.context import get_default_graph
from tfmagic.tf.saving import meta_graph, state
from tfmagic.tf.saving.builder import V2, BulkSaverBuilder
from tfmagic.tf.saving.reader import OBJECT_GRAPH, CheckpointReader
from tfmagic.tf.saving.saveables import all_saveables, by_name
from tfmagic.tf.variable.save_slices import prepend_scope, strip_scope

_FAILED = ("Restoring from checkpoint failed. This is most likely due to a {} Please ensure that you have not altered "
            "the graph expected based on the checkpoint. Original error:\n\n{}")
_MISSING_KEY = "Variable name or other graph key that is missing from the checkpoint."
_OTHER_GRAPH = "mismatch between the current graph and the graph from the checkpoint."


@export("train.Saver")
class Saver:
    """Saves variables to checkpoints and restores them.

    Args:
      var_list: the variables and saveable objects to save, or a dict of them by their names in the file; by default all
        global variables and what is in `GraphKeys.SAVEABLE_OBJECTS`.
      reshape: whether a variable may be restored from one of another shape.
      sharded: whether each device writes a file of its own.
      max_to_keep: how many checkpoints to keep; 0 or None keeps all.
      keep_checkpoint_every_n_hours: how often to keep one for ever.
      name: the name scope of the nodes, "save" by default.
      restore_sequentially: for builders that restore one after another; the usual one reads all at once.
      saver_def: the `SaverDef` of a saver whose nodes are there already.
      builder: what makes the nodes: an object like `BulkSaverBuilder`.
      defer_build: whether the nodes are made later, by `build`.
      allow_empty: whether there may be nothing to save.
      write_version: `tf.train.SaverDef.V1` or `V2`: the form of the checkpoints.
      pad_step_number: whether steps in names of files have eight digits.
      save_relative_paths: whether the file `checkpoint` holds relative paths, so that the folder can be moved.
      filename: the name of the file where a run of the nodes feeds none.

    Raises:
      TypeError: `var_list` is of the wrong type.
      ValueError: there is nothing to save, or two things of the same name.
    """

    def __init__(self, var_list: Any = None, reshape: bool = False, sharded: bool = False, max_to_keep: int | None = 5,
                 keep_checkpoint_every_n_hours: float = 10000.0, name: str | None = None,
                 restore_sequentially: bool = False, saver_def: Any = None, builder: Any = None,
                 defer_build: bool = False, allow_empty: bool = False, write_version: int = V2,
                 pad_step_number: bool = False, save_relative_paths: bool = False, filename: str | None = None):
        if defer_build and var_list:
            raise ValueError("If `var_list` is provided then build cannot be deferred. Either set defer_build=False or "
                             "var_list=None.")
        self._var_list = var_list
        self._reshape = reshape
        self._sharded = sharded
        self._max_to_keep = max_to_keep
        self._keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self._name = name
        self._restore_sequentially = restore_sequentially
        self.saver_def = saver_def
        self._builder = builder
        self._is_built = False
        self._allow_empty = allow_empty
        self._is_empty = False
        self._write_version = write_version
        self._pad_step_number = pad_step_number
        self._filename = filename
        self._last_checkpoints: list[tuple[str, float]] = []
        self._checkpoints_to_be_deleted: list[tuple[str, float]] = []
        self._next_checkpoint_time = 0.0
        self._save_relative_paths = save_relative_paths
        if not defer_build:
            self.build()
        if self.saver_def:
            self._check_saver_def()
            self._write_version = self.saver_def.version

    # --- building -------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make the nodes, where the constructor was told not to."""
        if self._is_built:
            return
        self._is_built = True
        if not self.saver_def or self._builder:
            if self._builder is None:
                self._builder = BulkSaverBuilder(self._write_version)
            if self._var_list is None:
                self._var_list = all_saveables()
            if not self._var_list:
                if not self._allow_empty:
                    raise ValueError("No variables to save")
                self._is_empty = True
                return
            self.saver_def = self._builder.build(
                self._var_list, reshape=self._reshape, sharded=self._sharded, max_to_keep=self._max_to_keep,
                keep_checkpoint_every_n_hours=self._keep_checkpoint_every_n_hours, name=self._name,
                restore_sequentially=self._restore_sequentially, filename=self._filename or "model")
        elif self._name:  # the nodes of the def are within a name scope here
            for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
                setattr(self.saver_def, field, prepend_scope(getattr(self.saver_def, field), self._name))
        self._check_saver_def()
        self._next_checkpoint_time = time.time() + self.saver_def.keep_checkpoint_every_n_hours * 3600

    def _check_saver_def(self) -> None:
        if type(self.saver_def).__name__ != "SaverDef":
            raise ValueError(f"saver_def must be a saver_pb2.SaverDef: {self.saver_def}")
        for field in ("save_tensor_name", "restore_op_name"):
            if not getattr(self.saver_def, field):
                raise ValueError(f"saver_def must specify the {field}: {self.saver_def}")

    @staticmethod
    def from_proto(saver_def: Any, import_scope: str | None = None) -> Saver:
        """The saver whose nodes a `SaverDef` names."""
        return Saver(saver_def=saver_def, name=import_scope)

    def as_saver_def(self) -> Any:
        """The names of the saver's nodes, as a `SaverDef` proto."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The names of the saver's nodes, as a `SaverDef` proto.

        Args:
          export_scope: only a saver within this name scope, which is taken off the names.

        Returns:
          The proto, or None where the saver is outside of the scope.
        """
        if export_scope is None:
            return self.saver_def
        if not (self.saver_def.filename_tensor_name.startswith(export_scope)
                and self.saver_def.save_tensor_name.startswith(export_scope)
                and self.saver_def.restore_op_name.startswith(export_scope)):
            return None
        proto = type(self.saver_def)()
        proto.CopyFrom(self.saver_def)
        for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            setattr(proto, field, strip_scope(getattr(proto, field), export_scope))
        return proto

    # --- which checkpoints there are ------------------------------------------------------------------------------

    @property
    def last_checkpoints(self) -> list[str]:
        """The checkpoints that this saver has written and not removed, the oldest first."""
        return [path for path, _ in self._last_checkpoints]

    def set_last_checkpoints(self, last_checkpoints: Sequence[str]) -> None:
        """Say which checkpoints there are, the oldest first; use `set_last_checkpoints_with_time`."""
        assert isinstance(last_checkpoints, list)
        self._last_checkpoints = [(path, np.inf) for path in last_checkpoints]

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: list[tuple[str, float]]) -> None:
        """Say which checkpoints there are, the oldest first.

        Args:
          last_checkpoints_with_time: a list of paths and times in seconds.
        """
        assert isinstance(last_checkpoints_with_time, list)
        self._last_checkpoints = last_checkpoints_with_time

    def recover_last_checkpoints(self, checkpoint_paths: Sequence[str]) -> None:
        """Take over checkpoints of an earlier process, so that they are removed in their turn.

        Args:
          checkpoint_paths: their names, the oldest first; those that are not there are left out.
        """
        there = [path for path in checkpoint_paths if state.checkpoint_is_there(path)]
        self.set_last_checkpoints_with_time(list(zip(there, state.times_of(there))))

    def _note(self, path: str) -> None:
        """Note a checkpoint as the last, and what is too old as to be removed."""
        if not self.saver_def.max_to_keep:
            return
        self._last_checkpoints = [known for known in self._last_checkpoints if known[0] != path]
        self._last_checkpoints.append((path, time.time()))
        if len(self._last_checkpoints) > self.saver_def.max_to_keep:
            self._checkpoints_to_be_deleted.append(self._last_checkpoints.pop(0))

    def _remove_old(self, meta_graph_suffix: str) -> None:
        if not self._checkpoints_to_be_deleted:
            return
        path, written = self._checkpoints_to_be_deleted.pop(0)
        if written > self._next_checkpoint_time:  # this one is kept for ever
            self._next_checkpoint_time += self.saver_def.keep_checkpoint_every_n_hours * 3600
            return
        try:
            state.remove_files(path, self.saver_def.version, meta_graph_suffix)
        except Exception as error:  # the new checkpoint is there all the same
            tf_logging.warning("Ignoring: %s", str(error))

    # --- saving and restoring -------------------------------------------------------------------------------------

    def save(self, sess: Any, save_path: Any, global_step: Any = None, latest_filename: str | None = None,
             meta_graph_suffix: str = "meta", write_meta_graph: bool = True, write_state: bool = True,
             strip_default_attrs: bool = False, save_debug_info: bool = False) -> str | None:
        """Save the variables of a session.

        Args:
          sess: the session.
          save_path: what the names of the files begin with.
          global_step: a number, tensor or variable to add to it.
          latest_filename: the name of the file that says which checkpoint is the last, "checkpoint" by default.
          meta_graph_suffix: how the name of the file with the graph ends.
          write_meta_graph: whether to write the graph too.
          write_state: whether to note the checkpoint as the last.
          strip_default_attrs: whether to leave out of the graph attrs that have their default value.
          save_debug_info: whether to write where each node was made.

        Returns:
          What `restore` takes, or None where the saver is empty.

        Raises:
          TypeError: `sess` is no session.
          ValueError: a name is wrong, or the folder is not there.
          RuntimeError: the saver is not built yet.
        """
        if not self._is_built:
            raise RuntimeError("`build()` should be called before save if defer_build==True")
        latest_filename = state.STATE_FILE if latest_filename is None else latest_filename
        save_path = os.fspath(save_path)
        if self._write_version != V2:
            tf_logging.warning("*******************************************************")
            tf_logging.warning("TensorFlow's V1 checkpoint format has been deprecated.")
            tf_logging.warning("Consider switching to the more efficient V2 format:")
            tf_logging.warning("   `tf.train.Saver(write_version=tf.train.SaverDef.V2)`")
            tf_logging.warning("now on by default.")
            tf_logging.warning("*******************************************************")
        if os.path.split(latest_filename)[0]:
            raise ValueError("'latest_filename' must not contain path components")
        if global_step is not None:
            step = global_step if isinstance(global_step, (int, np.integer)) else int(sess.run(global_step))
            prefix = f"{save_path}-{step:08d}" if self._pad_step_number else f"{save_path}-{step}"
        else:
            prefix = save_path
            if os.path.basename(save_path) == latest_filename and not self._sharded:
                raise ValueError(f"'latest_filename' collides with 'save_path': '{latest_filename}' and '{save_path}'")
        if not _is_session(sess):
            raise TypeError(f"'sess' must be a Session; {sess}")
        path: str | None = None
        if not self._is_empty:
            path = self._write(sess, prefix, save_path)
        if write_meta_graph:
            with sess.graph.as_default():
                self.export_meta_graph(state.meta_graph_filename(prefix, meta_graph_suffix),
                                       strip_default_attrs=strip_default_attrs, save_debug_info=save_debug_info)
        # When all of it is there it becomes the last one; only then old ones go.
        if path is not None and write_state:
            self._note(path)
            state.write_state(os.path.dirname(save_path), path, self.last_checkpoints, latest_filename,
                              self._save_relative_paths)
            self._remove_old(meta_graph_suffix)
        return path

    def _write(self, sess: Any, prefix: str, save_path: str) -> str:
        try:
            path = sess.run(self.saver_def.save_tensor_name, {self.saver_def.filename_tensor_name: prefix})
        except (errors.FailedPreconditionError, errors.NotFoundError) as error:
            if not gfile.is_directory(os.path.dirname(save_path)):  # nor is "" one: the error tells what it was
                raise ValueError(f"Parent directory of {save_path} doesn't exist, can't save.") from error
            raise
        return path.decode(errors="surrogateescape") if isinstance(path, bytes) else str(path)

    def export_meta_graph(self, filename: str | None = None, collection_list: Any = None, as_text: bool = False,
                          export_scope: str | None = None, clear_devices: bool = False,
                          clear_extraneous_savers: bool = False, strip_default_attrs: bool = False,
                          save_debug_info: bool = False) -> Any:
        """The default graph with its collections and this saver, as a `MetaGraphDef`; see `tf.train.export_meta_graph`.
        """
        return export_meta_graph(
            filename=filename, graph_def=get_default_graph().as_graph_def(add_shapes=True), saver_def=self.saver_def,
            collection_list=collection_list, as_text=as_text, export_scope=export_scope, clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers, strip_default_attrs=strip_default_attrs,
            save_debug_info=save_debug_info)

    def _by_objects(self, save_path: str) -> Saver | None:
        """A saver of the same variables for a checkpoint of `tf.train.Checkpoint`; None where it is none of that kind.
        """
        try:
            keys = object_graph_key_mapping(save_path)
        except errors.NotFoundError:
            return None
        if self._var_list is None:
            return None
        names = self._var_list if isinstance(self._var_list, dict) else by_name(self._var_list)
        if not set(names) <= set(keys):
            return None
        return saver_from_object_based_checkpoint(save_path, names, names_to_keys=keys)

    def restore(self, sess: Any, save_path: Any) -> None:
        """Give variables the values that a checkpoint holds; they need not be initialised.

        Args:
          sess: the session.
          save_path: what `save` or `tf.train.latest_checkpoint` gave.

        Raises:
          ValueError: there is no such checkpoint.
          NotFoundError: it lacks a variable.
          InvalidArgumentError: it holds one of another shape or type.
          DataLossError: it is damaged.
        """
        if self._is_empty:
            return
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        save_path = os.fspath(save_path)
        if not state.checkpoint_is_there(save_path):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {save_path}")
        tf_logging.info("Restoring parameters from %s", save_path)
        try:
            sess.run(self.saver_def.restore_op_name, {self.saver_def.filename_tensor_name: save_path})
        except errors.NotFoundError as error:
            other = self._by_objects(save_path)
            if other is None:
                raise _explained(error, _MISSING_KEY) from None
            tf_logging.warning("Restoring an object-based checkpoint using a name-based saver. This may be somewhat "
                               "fragile, and will re-build the Saver. Instead, consider loading object-based "
                               "checkpoints using tf.train.Checkpoint().")
            other.restore(sess, save_path)
        except errors.InvalidArgumentError as error:
            raise _explained(error, _OTHER_GRAPH) from None


def saver_from_object_based_checkpoint(checkpoint_path: str, var_list: Any = None, builder: Any = None,
                                       names_to_keys: dict[str, str] | None = None,
                                       cached_saver: Saver | None = None) -> Saver:
    """A saver by names that restores what `tf.train.Checkpoint` has written.

    Args:
      checkpoint_path: the checkpoint.
      var_list: the variables, a list or a dict by names; by default all that a saver saves.
      builder: what makes the nodes.
      names_to_keys: the keys in the checkpoint by the names of variables; by default they are read from it.
      cached_saver: a saver made before for the same variables.

    Raises:
      ValueError: it is no checkpoint of objects, or lacks some of the variables.
    """
    if names_to_keys is None:
        try:
            names_to_keys = object_graph_key_mapping(checkpoint_path)
        except errors.NotFoundError:
            raise ValueError(f"Checkpoint in {checkpoint_path} not an object-based checkpoint.") from None
    things = all_saveables() if var_list is None else var_list
    by_names = things if isinstance(things, dict) else by_name(things)
    missing = sorted(set(by_names) - set(names_to_keys))
    if missing:
        raise ValueError("Attempting to load an object-based checkpoint using variable names, but could not find "
                         f"{len(missing)} variables in the checkpoint: {missing}")
    if cached_saver is not None:
        return cached_saver
    with get_default_graph().as_default():
        return Saver({names_to_keys[name]: thing for name, thing in by_names.items()}, builder=builder)


def object_graph_key_mapping(checkpoint_path: str) -> dict[str, str]:
    """The keys of variables in a checkpoint of objects, by the names that they had.

    Raises:
      NotFoundError: it is another kind of checkpoint.
    """
    reader = CheckpointReader(checkpoint_path)
    graph = messages.module("trackable_object_graph_pb2").TrackableObjectGraph.FromString(
        reader.get_tensor(OBJECT_GRAPH))
    return {attribute.full_name: attribute.checkpoint_key for node in graph.nodes for attribute in node.attributes}


def _is_session(thing: Any) -> bool:
    from tfmagic.session.session import BaseSession

    return isinstance(thing, BaseSession)


def _explained(error: errors.OpError, cause: str) -> errors.OpError:
    cls: Any = type(error)
    return cls(error.node_def, error.op, _FAILED.format(cause, error.message))


@export("train.import_meta_graph")
def import_meta_graph(meta_graph_or_file: Any, clear_devices: bool = False, import_scope: str | None = None,
                      **kwargs: Any) -> Saver | None:
    """Adds the graph of a `MetaGraphDef` to the default graph, with its collections.

    Args:
      meta_graph_or_file: the proto, or the name of a file with it.
      clear_devices: whether to leave out devices.
      import_scope: a name scope for the new nodes.
      **kwargs: `input_map`, `return_elements` and others of `import_scoped_meta_graph`.

    Returns:
      The saver that was written with it, or one for its variables; None where it has none.
    """
    return import_meta_graph_with_return_elements(meta_graph_or_file, clear_devices, import_scope, **kwargs)[0]


def import_meta_graph_with_return_elements(meta_graph_or_file: Any, clear_devices: bool = False,
                                           import_scope: str | None = None, return_elements: Any = None,
                                           **kwargs: Any) -> tuple[Saver | None, Any]:
    """`import_meta_graph`, which gives also what `return_elements` names."""
    MetaGraphDef = messages.module("meta_graph_pb2").MetaGraphDef
    meta = meta_graph_or_file if isinstance(meta_graph_or_file, MetaGraphDef) else meta_graph.read_meta_graph_file(
        meta_graph_or_file)
    variables, elements = meta_graph.import_scoped_meta_graph_with_return_elements(
        meta, clear_devices=clear_devices, import_scope=import_scope, return_elements=return_elements, **kwargs)
    if meta.HasField("saver_def"):
        scope = import_scope
        for name, variable in variables.items():  # a scope that was taken has got a number
            scope = variable.name[:-len(name)].rstrip("/") or None
            break
        saver_def = type(meta.saver_def)()
        saver_def.CopyFrom(meta.saver_def)
        return Saver(saver_def=saver_def, name=scope), elements
    if all_saveables(scope=import_scope):
        return Saver(), elements
    tf_logging.info("Saver not created because there are no variables in the graph to restore")
    return None, elements


@export("train.export_meta_graph")
def export_meta_graph(filename: str | None = None, meta_info_def: Any = None, graph_def: Any = None,
                      saver_def: Any = None, collection_list: Any = None, as_text: bool = False, graph: Any = None,
                      export_scope: str | None = None, clear_devices: bool = False,
                      clear_extraneous_savers: bool = False, strip_default_attrs: bool = False,
                      save_debug_info: bool = False, **kwargs: Any) -> Any:
    """A graph with its collections as a `MetaGraphDef` proto.

    Args:
      filename: a file to write it to.
      meta_info_def: what is known of the graph: tags and the like.
      graph_def: the graph as a `GraphDef`; by default that of `graph`.
      saver_def: the saver, as a `SaverDef`.
      collection_list: the collections; by default all.
      as_text: whether the file holds the proto's text form.
      graph: by default the default graph.
      export_scope: only what is within this name scope, which is taken off the names.
      clear_devices: whether to leave out devices.
      clear_extraneous_savers: whether to leave out the nodes of other savers.
      strip_default_attrs: whether to leave out attrs that have their default value.
      save_debug_info: whether to write where each node was made.

    Returns:
      The proto.
    """
    return meta_graph.export_scoped_meta_graph(
        filename=filename, meta_info_def=meta_info_def, graph_def=graph_def, saver_def=saver_def,
        collection_list=collection_list, as_text=as_text, graph=graph, export_scope=export_scope,
        clear_devices=clear_devices, clear_extraneous_savers=clear_extraneous_savers,
        strip_default_attrs=strip_default_attrs, save_debug_info=save_debug_info, **kwargs)[0]
