"""SavedModels: folders with graphs by their tags, with the values of their variables and the files they need."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterable
from typing import Any

from tfmagic.base import dtypes, messages, tf_logging
from tfmagic.base.deprecation import deprecated, deprecated_args
from tfmagic.base.export import export
from tfmagic.formats import gfile
from tfmagic.formats.files import as_tensorflow
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.static_value import constant_value
from tfmagic.ops.control_flow.grouping import group
from tfmagic.tf.saved_model import constants
from tfmagic.tf.saved_model.signatures import load_op_from_signature_def, predict_signature_def
from tfmagic.tf.saving import meta_graph, saver, state
from tfmagic.tf.saving.saveables import all_saveables
from tfmagic.tf.variable.initialization import global_variables_initializer, local_variables_initializer
from tfmagic.tf.variable.save_slices import prepend_scope

_BINARY, _TEXT = constants.SAVED_MODEL_FILENAME_PB, constants.SAVED_MODEL_FILENAME_PBTXT
_LEGACY = "Pass your op to the equivalent parameter main_op instead."


def _tags(tags: Any) -> list[str]:
    return [tags] if isinstance(tags, str) else list(tags)


def get_variables_dir(export_dir: str) -> str:
    """The folder with the values of the variables of a SavedModel."""
    return os.path.join(export_dir, constants.VARIABLES_DIRECTORY)


def get_variables_path(export_dir: str) -> str:
    """What `Saver.restore` takes for the variables of a SavedModel."""
    return os.path.join(get_variables_dir(export_dir), constants.VARIABLES_FILENAME)


def get_assets_dir(export_dir: str) -> str:
    """The folder with the files that the graphs of a SavedModel need."""
    return os.path.join(export_dir, constants.ASSETS_DIRECTORY)


def get_or_create_variables_dir(export_dir: str) -> str:
    """`get_variables_dir`, made where it is not there."""
    return _made(get_variables_dir(export_dir))


def get_or_create_assets_dir(export_dir: str) -> str:
    """`get_assets_dir`, made where it is not there."""
    return _made(get_assets_dir(export_dir))


def _made(folder: str) -> str:
    gfile.make_dirs(folder)
    return folder


# --- writing ----------------------------------------------------------------------------------------------------------


@export("saved_model.Builder")
class SavedModelBuilder:
    """Writes a SavedModel: graphs by their tags, and the values of variables once.

    Args:
      export_dir: the folder, which must not be there yet.

    Raises:
      AssertionError: the folder is there and is not empty.
    """

    def __init__(self, export_dir: Any):
        self._export_dir = os.fspath(export_dir)
        self._saved_model = messages.module("saved_model_pb2").SavedModel(
            saved_model_schema_version=constants.SAVED_MODEL_SCHEMA_VERSION)
        self._has_saved_variables = False
        if gfile.exists(self._export_dir):
            if gfile.list_directory(self._export_dir):
                raise AssertionError("Export directory already exists, and isn't empty. Please choose a different "
                                     "export directory, or delete all the contents of the specified directory: "
                                     f"{self._export_dir}")
        else:
            gfile.make_dirs(self._export_dir)

    @deprecated_args(None, _LEGACY, "legacy_init_op", module="tensorflow.python.saved_model.builder_impl")
    def add_meta_graph_and_variables(self, sess: Any, tags: Any, signature_def_map: dict[str, Any] | None = None,
                                     assets_collection: Any = None, legacy_init_op: Any = None,
                                     clear_devices: bool = False, main_op: Any = None,
                                     strip_default_attrs: bool = False, saver: Any = None) -> None:
        """Adds the default graph, and saves the values of its variables; must be called first, and once.

        Args:
          sess: the session with the values.
          tags: the tags by which the graph is found.
          signature_def_map: `SignatureDef` protos by name.
          assets_collection: tensors with the names of files that the graph needs.
          legacy_init_op: the former name of `main_op`.
          clear_devices: whether to leave out devices.
          main_op: an operation to run when the model is loaded.
          strip_default_attrs: whether to leave out attrs that have their default value.
          saver: the saver for the variables; by default a sharded one for all.

        Raises:
          AssertionError: variables were saved already.
        """
        if self._has_saved_variables:
            raise AssertionError("Graph state including variables and assets has already been saved. Please invoke "
                                 "`add_meta_graph()` instead.")
        self._validate(signature_def_map)
        self._add_assets(assets_collection)
        signatures = self._with_main_op(main_op or legacy_init_op, dict(signature_def_map or {}))
        get_or_create_variables_dir(self._export_dir)
        used = self._saver(saver)
        used.save(sess, get_variables_path(self._export_dir), write_meta_graph=False, write_state=False)
        self._add(used, tags, signatures, clear_devices, strip_default_attrs, sess.graph)
        self._has_saved_variables = True

    @deprecated_args(None, _LEGACY, "legacy_init_op", module="tensorflow.python.saved_model.builder_impl")
    def add_meta_graph(self, tags: Any, signature_def_map: dict[str, Any] | None = None, assets_collection: Any = None,
                       legacy_init_op: Any = None, clear_devices: bool = False, main_op: Any = None,
                       strip_default_attrs: bool = False, saver: Any = None) -> None:
        """Adds the default graph, whose variables have the values saved before; see `add_meta_graph_and_variables`.

        Raises:
          AssertionError: no variables were saved yet.
        """
        if not self._has_saved_variables:
            raise AssertionError("Graph state including variables and assets has not been saved yet. Please invoke "
                                 "`add_meta_graph_and_variables()` first.")
        self._validate(signature_def_map)
        self._add_assets(assets_collection)
        signatures = self._with_main_op(main_op or legacy_init_op, dict(signature_def_map or {}))
        self._add(self._saver(saver), tags, signatures, clear_devices, strip_default_attrs, get_default_graph())

    @staticmethod
    def _saver(given: Any) -> Any:
        return given or saver.Saver(all_saveables(), sharded=True, write_version=2, allow_empty=True)

    def _with_main_op(self, main_op: Any, signatures: dict[str, Any]) -> dict[str, Any]:
        if main_op is None:
            return signatures
        if not isinstance(main_op, Operation):
            raise TypeError(f"main_op needs to be an Operation: {main_op!r}")
        graph = get_default_graph()
        for key in (constants.MAIN_OP_KEY, constants.LEGACY_INIT_OP_KEY):
            if graph.get_collection(key):
                raise ValueError(f"Graph already contains one or more main ops under the collection {key}.")
        graph.add_to_collection(constants.MAIN_OP_KEY, main_op)
        return signatures

    def _add(self, used: Any, tags: Any, signatures: dict[str, Any], clear_devices: bool, strip_default_attrs: bool,
             graph: Any) -> None:
        with graph.as_default():
            meta = used.export_meta_graph(clear_devices=clear_devices, strip_default_attrs=strip_default_attrs)
        meta.meta_info_def.tags.extend(_tags(tags))
        for name, signature in signatures.items():
            meta.signature_def[name].CopyFrom(signature)
        self._saved_model.meta_graphs.add().CopyFrom(meta)

    def _add_assets(self, assets: Any) -> None:
        """Copy the files that the graph needs, and note them in its collection."""
        named: dict[str, str] = {}
        copied: dict[str, str] = {}
        graph = get_default_graph()
        for tensor in assets or ():
            path = _path_of(tensor)
            if path not in named:
                name, number = os.path.basename(path), 0
                with as_tensorflow(path):
                    same = name in copied and filecmp.cmp(path, copied[name], shallow=False)
                while name in copied and not same:
                    number += 1
                    name = f"{os.path.basename(path)}_{number}"
                copied.setdefault(name, path)
                named[path] = name
            note = messages.module("meta_graph_pb2").AssetFileDef(filename=named[path])
            note.tensor_info.name = tensor.name
            graph.add_to_collection(constants.ASSETS_KEY, _any_of(note))
        tf_logging.info("Assets added to graph.")
        if not named:
            tf_logging.info("No assets to write.")
            return
        folder = get_or_create_assets_dir(self._export_dir)
        for name, path in copied.items():
            with as_tensorflow(path):
                shutil.copyfile(path, os.path.join(folder, name))
        tf_logging.info("Assets written to: %s", folder)

    def _validate(self, signatures: dict[str, Any] | None) -> None:
        for name, signature in (signatures or {}).items():
            if name in (constants.INIT_OP_SIGNATURE_KEY, constants.TRAIN_OP_SIGNATURE_KEY):
                raise KeyError(f"SignatureDef map key \"{name}\" is reserved for initialization. Please use a different"
                               " key.")
            for info in (*signature.inputs.values(), *signature.outputs.values()):
                if info.WhichOneof("encoding") is None:
                    raise AssertionError("All TensorInfo protos used in the SignatureDefs must have one of the "
                                         f"'encoding' fields (e.g., name or coo_sparse) set: {info}")
                if info.WhichOneof("encoding") == "coo_sparse" and not all(
                        (info.coo_sparse.values_tensor_name, info.coo_sparse.indices_tensor_name,
                         info.coo_sparse.dense_shape_tensor_name)):
                    raise AssertionError(f"Incomplete sparse TensorInfo: {info}")
                if info.dtype == 0:
                    raise AssertionError("All TensorInfo protos used in the SignatureDefs must have the dtype field set"
                                         f": {info}")

    def save(self, as_text: bool = False) -> bytes:
        """Writes the model's file.

        Args:
          as_text: whether it holds the proto's text form.

        Returns:
          The path of the file.
        """
        path = os.path.join(self._export_dir, _TEXT if as_text else _BINARY)
        meta_graph.write_proto(self._saved_model, path, as_text)
        tf_logging.info("SavedModel written to: %s", path)
        return path.encode()


def _path_of(tensor: Any) -> str:
    """The name of a file that a graph holds as a constant."""
    if not isinstance(tensor, Tensor):
        raise TypeError("Asset path tensor must be a Tensor.")
    if tensor.dtype is not dtypes.string:
        raise TypeError("Asset path tensor must be of dtype string.")
    value = constant_value(tensor)
    if value is None:
        raise ValueError(f"Invalid asset filepath tensor {tensor}: a constant with the name of a file is expected")
    return os.fsdecode(value.ravel()[0])


def _any_of(note: Any) -> Any:
    """An `AssetFileDef` in an `Any`, under the name by which TensorFlow finds its class."""
    from google.protobuf.any_pb2 import Any as AnyProto

    return AnyProto(type_url="type.googleapis.com/tensorflow.AssetFileDef", value=note.SerializeToString())


@export("saved_model.simple_save")
@deprecated(None, "This function will only be available through the v1 compatibility library as "
            "tf.compat.v1.saved_model.simple_save.")
def simple_save(session: Any, export_dir: Any, inputs: dict[str, Any], outputs: dict[str, Any],
                legacy_init_op: Any = None) -> None:
    """Writes a SavedModel with one graph, for predictions.

    Args:
      session: the session with the values of variables.
      export_dir: the folder, which must not be there yet.
      inputs: the input tensors by name.
      outputs: the output tensors by name.
      legacy_init_op: an operation to run when the model is loaded.
    """
    builder = SavedModelBuilder(export_dir)
    builder.add_meta_graph_and_variables(
        session, tags=[constants.SERVING],
        signature_def_map={constants.DEFAULT_SERVING_SIGNATURE_DEF_KEY: predict_signature_def(inputs, outputs)},
        assets_collection=get_default_graph().get_collection(GraphKeys.ASSET_FILEPATHS), main_op=legacy_init_op,
        clear_devices=True)
    builder.save()


# --- reading ----------------------------------------------------------------------------------------------------------


@export("saved_model.contains_saved_model")
def contains_saved_model(export_dir: Any) -> bool:
    """Whether a folder holds a SavedModel."""
    return any(gfile.exists(os.path.join(export_dir, name)) for name in (_TEXT, _BINARY))


def parse_saved_model(export_dir: Any) -> Any:
    """The `SavedModel` proto of a folder.

    Raises:
      OSError: there is none, or it cannot be read.
    """
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError

    folder = os.fspath(export_dir)
    binary, text = (os.path.join(folder, name) for name in (_BINARY, _TEXT))
    model = messages.module("saved_model_pb2").SavedModel()
    try:
        if gfile.exists(binary):
            with gfile.GFile(binary, "rb") as file:
                model.ParseFromString(file.read())
            return model
        if gfile.exists(text):
            with gfile.GFile(text, "rb") as file:
                text_format.Merge(file.read().decode(), model)
            return model
    except (DecodeError, text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise OSError(f"Cannot parse file {binary if gfile.exists(binary) else text}: {error}.") from None
    raise OSError(f"SavedModel file does not exist at: {folder}/{{{_TEXT}|{_BINARY}}}")


class SavedModelLoader:
    """Loads a SavedModel in parts: its graph, the values of its variables, what it runs at its begin.

    Args:
      export_dir: the folder.
    """

    def __init__(self, export_dir: Any):
        self._export_dir = os.fspath(export_dir)
        self._saved_model = parse_saved_model(export_dir)

    @property
    def export_dir(self) -> str:
        return self._export_dir

    @property
    def variables_path(self) -> str:
        """The name of the checkpoint with the values."""
        return get_variables_path(self._export_dir)

    @property
    def saved_model(self) -> Any:
        """The `SavedModel` proto."""
        return self._saved_model

    def get_meta_graph_def_from_tags(self, tags: Any) -> Any:
        """The graph that has exactly these tags.

        Raises:
          RuntimeError: there is none.
        """
        wanted = set(_tags(tags))
        for meta in self._saved_model.meta_graphs:
            if set(meta.meta_info_def.tags) == wanted:
                return meta
        raise RuntimeError(f"MetaGraphDef associated with tags {str(tags).strip('[]')} could not be found in "
                           "SavedModel. To inspect available tag-sets in the SavedModel, please use the SavedModel CLI:"
                           " `saved_model_cli`\nThe SavedModel has graphs with the tags "
                           f"{[list(meta.meta_info_def.tags) for meta in self._saved_model.meta_graphs]}; "
                           f"`tfmagic show {self._export_dir}` lists them.")

    def load_graph(self, graph: Any, tags: Any, import_scope: str | None = None,
                   **saver_kwargs: Any) -> tuple[Any, Any]:
        """Adds the graph with these tags to `graph`; gives its saver, and the tensors that `return_elements` names."""
        meta = self.get_meta_graph_def_from_tags(tags)
        with graph.as_default():
            return saver.import_meta_graph_with_return_elements(meta, import_scope=import_scope, **saver_kwargs)

    def restore_variables(self, sess: Any, saver: Any, import_scope: str | None = None) -> None:
        """Gives the variables in a session the values of the model."""
        with sess.graph.as_default():
            if saver is None and not all_saveables(scope=import_scope):
                tf_logging.info("The specified SavedModel has no variables; no checkpoints were restored.")
            elif hasattr(saver, "restore"):
                saver.restore(sess, self.variables_path)
            else:
                raise ValueError("No tf.train.Saver object was passed to the function SavedModelLoader."
                                 "restore_variables. Since there are variables in the graph, a saver is required.")

    def run_init_ops(self, sess: Any, tags: Any, import_scope: str | None = None) -> None:
        """Runs what the model runs at its begin."""
        meta = self.get_meta_graph_def_from_tags(tags)
        with sess.graph.as_default():
            feeds = get_asset_tensors(self._export_dir, meta, import_scope)
            op = get_init_op(meta, import_scope)
            if op is not None:
                sess.run(fetches=[op], feed_dict=feeds)

    def load(self, sess: Any, tags: Any, import_scope: str | None = None, **saver_kwargs: Any) -> Any:
        """Loads the graph with these tags into a session; gives its `MetaGraphDef`."""
        with sess.graph.as_default():
            found, _ = self.load_graph(sess.graph, tags, import_scope, **saver_kwargs)
            self.restore_variables(sess, found, import_scope)
            self.run_init_ops(sess, tags, import_scope)
        return self.get_meta_graph_def_from_tags(tags)


SavedModelLoader.__module__ = "tensorflow.python.saved_model.loader_impl"


def get_asset_tensors(export_dir: str, meta_graph_def_to_load: Any, import_scope: str | None = None) -> dict[str, str]:
    """The names of the files that a graph needs, where they are now, by the tensors that hold them.

    Args:
      export_dir: the folder of the SavedModel.
      meta_graph_def_to_load: the `MetaGraphDef`.
      import_scope: a name scope in front of its names.
    """
    meta = meta_graph_def_to_load
    notes = list(meta.asset_file_def)
    if not notes and constants.ASSETS_KEY in meta.collection_def:
        AssetFileDef = messages.module("meta_graph_pb2").AssetFileDef
        notes = [AssetFileDef.FromString(item.value)
                 for item in meta.collection_def[constants.ASSETS_KEY].any_list.value]
    folder = get_assets_dir(export_dir)
    return {prepend_scope(note.tensor_info.name, import_scope): os.path.join(folder, note.filename) for note in notes}


def get_init_op(meta_graph_def: Any, import_scope: str | None = None) -> Any:
    """The operation that a model runs at its begin, in the default graph, or None."""
    op = _op_of_signature(meta_graph_def, constants.INIT_OP_SIGNATURE_KEY, import_scope)
    for key in (constants.MAIN_OP_KEY, constants.LEGACY_INIT_OP_KEY):
        op = op or _op_of_collection(meta_graph_def, key, import_scope)
    return op


def get_train_op(meta_graph_def: Any, import_scope: str | None = None) -> Any:
    """The operation that trains a model, in the default graph, or None."""
    return (_op_of_signature(meta_graph_def, constants.TRAIN_OP_SIGNATURE_KEY, import_scope)
            or _op_of_collection(meta_graph_def, constants.TRAIN_OP_KEY, import_scope))


def _op_of_signature(meta: Any, key: str, scope: str | None) -> Any:
    return load_op_from_signature_def(meta.signature_def[key], key, scope) if key in meta.signature_def else None


def _op_of_collection(meta: Any, key: str, scope: str | None) -> Any:
    names = meta.collection_def[key].node_list.value if key in meta.collection_def else ()
    if len(names) > 1:
        raise RuntimeError(f"Expected exactly one SavedModel init op. Found: {key}")
    return get_default_graph().as_graph_element(prepend_scope(names[0], scope)) if names else None


@export("saved_model.load")
@deprecated(None, "This function will only be available through the v1 compatibility library as "
            "tf.compat.v1.saved_model.loader.load or tf.compat.v1.saved_model.load. There will be a new function for "
            "importing SavedModels in Tensorflow 2.0.", module="tensorflow.python.saved_model.loader_impl")
def load(sess: Any, tags: Any, export_dir: Any, import_scope: str | None = None, **saver_kwargs: Any) -> Any:
    """Loads a graph of a SavedModel, with the values of its variables, into a session.

    Args:
      sess: the session; the graph is added to its graph.
      tags: the tags of the graph: all that it was saved with.
      export_dir: the folder of the model.
      import_scope: a name scope for the new nodes.
      **saver_kwargs: for `import_meta_graph`.

    Returns:
      The `MetaGraphDef` of the graph; its `signature_def` tells inputs and outputs.

    Raises:
      RuntimeError: no graph has these tags.
      OSError: there is no SavedModel.
    """
    return SavedModelLoader(export_dir).load(sess, tags, import_scope, **saver_kwargs)


@export("saved_model.main_op.main_op")
@deprecated(None, "This function will only be available through the v1 compatibility library as "
            "tf.compat.v1.saved_model.main_op.main_op.", module="tensorflow.python.saved_model.main_op_impl")
def main_op() -> Any:
    """An operation that initialises variables and tables: what a model may run at its begin."""
    tables = get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS)
    return group(global_variables_initializer(), local_variables_initializer(), group(*tables, name="init_all_tables"))


@export("saved_model.main_op_with_restore")
@deprecated(None, "This function will only be available through the v1 compatibility library as "
            "tf.compat.v1.saved_model.main_op_with_restore or tf.compat.v1.saved_model.main_op.main_op_with_restore.",
            module="tensorflow.python.saved_model.main_op_impl")
def main_op_with_restore(restore_op_name: str) -> Any:
    """`main_op` after which an operation restores variables.

    Args:
      restore_op_name: its name.
    """
    with get_default_graph().control_dependencies([main_op()]):
        restore = get_default_graph().get_operation_by_name(restore_op_name)
        return group(restore)


def show(folder: Any) -> Iterable[str]:
    """What a SavedModel holds, line by line."""
    model = parse_saved_model(folder)
    for meta in model.meta_graphs:
        yield f"graph with the tags {', '.join(meta.meta_info_def.tags) or '(none)'}: {len(meta.graph_def.node)} nodes"
        for name, signature in sorted(meta.signature_def.items()):
            yield f"  signature {name} ({signature.method_name})"
            for what, infos in (("input", signature.inputs), ("output", signature.outputs)):
                for key, info in sorted(infos.items()):
                    shape = "?" if info.tensor_shape.unknown_rank else "[" + ", ".join(
                        "?" if dim.size < 0 else str(dim.size) for dim in info.tensor_shape.dim) + "]"
                    yield f"    {what} {key}: {dtypes.as_dtype(info.dtype).name} {shape}, {info.name}"
    if state.checkpoint_is_there(get_variables_path(os.fspath(folder))):
        yield f"variables: tfmagic show {get_variables_path(os.fspath(folder))}"

