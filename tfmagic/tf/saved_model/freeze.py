"""`freeze_graph`: a graph and a checkpoint become one file, whose variables are constants."""

from __future__ import annotations

import os
from typing import Any

from tfmagic.base import messages
from tfmagic.formats import gfile
from tfmagic.formats.files import as_tensorflow, local_path, write_whole
from tfmagic.graphdef.graph_util import convert_variables_to_constants
from tfmagic.graphdef.importer import import_graph_def
from tfmagic.session.session import Session
from tfmagic.tf.saved_model.models import SavedModelLoader
from tfmagic.tf.saving import saver, state
from tfmagic.tf.saving.reader import NewCheckpointReader


def freeze_graph(input_graph: str | None, input_saver: str | None, input_binary: bool, input_checkpoint: str | None,
                 output_node_names: str, restore_op_name: str | None, filename_tensor_name: str | None,
                 output_graph: str | None, clear_devices: bool, initializer_nodes: str | None,
                 variable_names_whitelist: str = "", variable_names_blacklist: str = "",
                 input_meta_graph: str | None = None, input_saved_model_dir: str | None = None,
                 saved_model_tags: str = "serve", checkpoint_version: int = 2) -> Any:
    """Replaces the variables of a graph in a file by constants.

    Args:
      input_graph: a file with a `GraphDef`; or see `input_meta_graph` and `input_saved_model_dir`.
      input_saver: a file with the `SaverDef` of a saver in the graph, or "".
      input_binary: whether files hold protos in binary form, else as text.
      input_checkpoint: the checkpoint with the values.
      output_node_names: the names of the nodes that are asked for, with commas between them.
      restore_op_name, filename_tensor_name: not used.
      output_graph: the file to write the result to, or "".
      clear_devices: whether to leave out devices.
      initializer_nodes: names of operations to run first, with commas between them.
      variable_names_whitelist: only these variables are replaced.
      variable_names_blacklist: these variables are not replaced.
      input_meta_graph: a file with a `MetaGraphDef`.
      input_saved_model_dir: the folder of a SavedModel.
      saved_model_tags: the tags of its graph, with commas between them.
      checkpoint_version: `SaverDef.V1` or `V2`.

    Returns:
      The new `GraphDef`.

    Raises:
      OSError: a file is missing or cannot be read.
      ValueError: the checkpoint is missing, or no node is asked for.
    """
    graph_def = meta = saver_def = None
    if input_saved_model_dir:
        meta = SavedModelLoader(input_saved_model_dir).get_meta_graph_def_from_tags(saved_model_tags.split(","))
        graph_def = meta.graph_def
    elif input_graph:
        graph_def = _read(input_graph, messages.module("graph_pb2").GraphDef, input_binary, "graph")
    if input_meta_graph:
        meta = _read(input_meta_graph, messages.module("meta_graph_pb2").MetaGraphDef, input_binary, "meta graph")
    if input_saver:
        saver_def = _read(input_saver, messages.module("saver_pb2").SaverDef, input_binary, "saver")
    return freeze_graph_with_def_protos(
        graph_def, saver_def, input_checkpoint, output_node_names, restore_op_name, filename_tensor_name, output_graph,
        clear_devices, initializer_nodes, variable_names_whitelist.replace(" ", ""),
        variable_names_blacklist.replace(" ", ""), meta, input_saved_model_dir,
        [tag for tag in saved_model_tags.replace(" ", "").split(",") if tag], checkpoint_version)


def freeze_graph_with_def_protos(
        input_graph_def: Any, input_saver_def: Any, input_checkpoint: str | None, output_node_names: str,
        restore_op_name: str | None, filename_tensor_name: str | None, output_graph: str | None, clear_devices: bool,
        initializer_nodes: str | None, variable_names_whitelist: str = "", variable_names_blacklist: str = "",
        input_meta_graph_def: Any = None, input_saved_model_dir: str | None = None, saved_model_tags: Any = None,
        checkpoint_version: int = 2) -> Any:
    """`freeze_graph` with protos in place of files."""
    del restore_op_name, filename_tensor_name
    if not input_saved_model_dir and not (input_checkpoint and state.checkpoint_is_there(input_checkpoint)):
        raise ValueError(f"Input checkpoint '{input_checkpoint}' doesn't exist!")
    if not output_node_names:
        raise ValueError("You need to supply the name of a node to --output_node_names.")
    graph_def = input_graph_def
    if clear_devices:
        graph_def = None if graph_def is None else _without_devices(graph_def)
        if input_meta_graph_def is not None:
            input_meta_graph_def = type(input_meta_graph_def).FromString(input_meta_graph_def.SerializeToString())
            input_meta_graph_def.graph_def.CopyFrom(_without_devices(input_meta_graph_def.graph_def))
    with Session() as session:  # in the default graph, which keeps what is read into it
        if input_saved_model_dir:
            SavedModelLoader(input_saved_model_dir).load(session, saved_model_tags)
        elif input_meta_graph_def is not None:
            restorer = saver.import_meta_graph(input_meta_graph_def, clear_devices=True)
            if restorer is not None:
                restorer.restore(session, input_checkpoint)
        else:
            import_graph_def(graph_def, name="")
            _restore(session, input_saver_def, str(input_checkpoint), checkpoint_version)
        if initializer_nodes:
            session.run(initializer_nodes.replace(" ", "").split(","))
        source = input_meta_graph_def.graph_def if input_meta_graph_def is not None else graph_def
        result = convert_variables_to_constants(
            session, source, output_node_names.replace(" ", "").split(","), _names(variable_names_whitelist),
            _names(variable_names_blacklist))
    if output_graph:
        path = local_path(output_graph)
        with as_tensorflow(path):
            write_whole(path, result.SerializeToString())
    return result


def _restore(session: Any, saver_def: Any, checkpoint: str, version: int) -> None:
    if saver_def is not None:
        saver.Saver(saver_def=saver_def, write_version=version).restore(session, checkpoint)
        return
    variables: dict[str, Any] = {}
    graph = session.graph
    for name in NewCheckpointReader(checkpoint).get_variable_to_shape_map():
        op = graph._get_operation_by_name_unsafe(name)
        if op is None or not op.outputs:
            continue
        # A handle is saved through the node that reads it.
        read = graph._get_operation_by_name_unsafe(f"{name}/Read/ReadVariableOp")
        variables[name] = read.outputs[0] if op.type == "VarHandleOp" and read is not None else op.outputs[0]
    if variables:
        saver.Saver(var_list=variables, write_version=version).restore(session, checkpoint)


def _read(path: str, kind: Any, binary: bool, what: str) -> Any:
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError

    if not gfile.exists(path):
        raise OSError(f"Input {what} file '{os.fspath(path)}' does not exist!")
    with gfile.GFile(path, "rb") as file:
        content = file.read()
    try:
        return kind.FromString(content) if binary else text_format.Parse(content.decode(), kind())
    except (DecodeError, text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {path}: {error}. input_binary says whether it is binary or text.") from None


def _without_devices(graph_def: Any) -> Any:
    copy = type(graph_def).FromString(graph_def.SerializeToString())
    for node in copy.node:
        node.device = ""
    return copy


def _names(text: str) -> list[str] | None:
    return text.split(",") if text else None


