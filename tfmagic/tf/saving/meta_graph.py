"""MetaGraphDefs: a graph with its collections and its saver, written to a file and read back."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from tfmagic.base import errors, messages, tf_logging
from tfmagic.formats import gfile
from tfmagic.formats.files import as_tensorflow, local_path, write_whole
from tfmagic.graph import opdefs
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.graph import Graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.protos import op_def_proto, plain_attr
from tfmagic.graphdef.importer import import_graph_def
from tfmagic.tf.saving import collection_protos
from tfmagic.tf.variable.save_slices import prepend_scope, strip_scope
from tfmagic.tf.variable.variables import Variable

TENSORFLOW_VERSION = "1.15.0"
TENSORFLOW_GIT_VERSION = "v1.15.0-rc3-22-g590d6ee"
UNBOUND_INPUT_PREFIX = "$unbound_inputs_"


# --- writing ----------------------------------------------------------------------------------------------------------


def ops_used_by_graph_def(graph_def: Any) -> list[str]:
    """The names of the ops in a graph and in the functions that its nodes are calls of (others do not count)."""
    bodies = {function.signature.name: function.node_def for function in graph_def.library.function}
    used: set[str] = set()
    waiting = [graph_def.node]
    while waiting:
        new = {node.op for node in waiting.pop()} - used
        used |= new
        waiting += [bodies[name] for name in new if name in bodies]
    return sorted(used - set(bodies))


def stripped_op_list_for_graph(graph_def: Any) -> Any:
    """An `OpList` proto with the definitions of the ops in a graph and its functions, by name."""
    ops = messages.module("op_def_pb2").OpList()
    for name in ops_used_by_graph_def(graph_def):
        definition = opdefs.get(name)
        if definition is None:
            raise ValueError(f"Op {name} is used by the graph, but is not registered")
        ops.op.append(op_def_proto(definition))
    return ops


def strip_graph_default_valued_attrs(meta_graph_def: Any) -> None:
    """Leave out of a graph the attrs that have their default value."""
    for nodes in (meta_graph_def.graph_def.node,
                  *(function.node_def for function in meta_graph_def.graph_def.library.function)):
        for node in nodes:
            definition = opdefs.get(node.op)
            known = {} if definition is None else definition.attrs
            for name in list(node.attr):
                attr = known.get(name)
                if attr is not None and attr.has_default and plain_attr(node.attr[name]) == attr.default:
                    del node.attr[name]
    meta_graph_def.meta_info_def.stripped_default_attrs = True


def add_collection_def(meta_graph_def: Any, key: str, graph: Any = None, export_scope: str | None = None,
                       exclude_nodes: Any = None, override_contents: list[Any] | None = None) -> None:
    """Add a collection of a graph to a `MetaGraphDef`.

    Args:
      meta_graph_def: the proto.
      key: the collection.
      graph: by default the default graph.
      export_scope: only what is within this name scope, which is taken off the names.
      exclude_nodes: names of nodes to leave out, or a function that tells them.
      override_contents: what to write instead of the collection's items.
    """
    if not isinstance(key, (str, bytes)):
        tf_logging.warning("Only collections with string type keys will be serialized. This key has %s", type(key))
        return
    items = (graph or get_default_graph()).get_collection(key) if override_contents is None else override_contents
    items = [item for item in items if _is_within(item, export_scope)]
    if not items:
        return
    definition = messages.module("meta_graph_pb2").CollectionDef()
    try:
        _fill_collection(definition, key, list(items), export_scope, exclude_nodes)
    except Exception as error:  # what cannot be written is left out: a collection may hold anything
        tf_logging.warning("Issue encountered when serializing %s.\nType is unsupported, or the types of the items "
                           "don't match field type in CollectionDef. Note this is a warning and probably safe to "
                           "ignore.\n%s", key, str(error))
        meta_graph_def.collection_def.pop(key, None)
        return
    meta_graph_def.collection_def[key].CopyFrom(definition)


def _is_within(item: Any, scope: str | None) -> bool:
    """Whether what a collection holds belongs to a name scope, or has no name to tell it by."""
    if not scope or not isinstance(item, (Tensor, Operation, Variable)):
        return True
    return item.name.startswith(scope)


def _fill_collection(definition: Any, key: str, items: list[Any], scope: str | None, exclude_nodes: Any) -> None:
    to_proto = collection_protos.to_proto_function(key)
    if to_proto is not None:
        definition.bytes_list.SetInParent()
        for item in items:
            proto = to_proto(item, export_scope=scope)
            if proto is not None:
                definition.bytes_list.value.append(proto.SerializeToString())
        return
    first = items[0]
    if isinstance(first, (Tensor, Operation)) or hasattr(first, "_as_graph_element"):
        definition.node_list.SetInParent()
        for item in items:
            if not scope or item.name.startswith(scope):
                definition.node_list.value.append(strip_scope(item.name, scope))
    elif isinstance(first, (str, bytes)):
        definition.bytes_list.value.extend(item.encode() if isinstance(item, str) else item for item in items)
    elif type(first).__name__ == "Any" and hasattr(first, "type_url"):
        definition.any_list.value.extend(items)
    elif not isinstance(first, (int, float)):
        definition.node_list.value.extend(strip_scope(item.name, scope) for item in items)
    elif isinstance(first, float):
        definition.float_list.value.extend(items)
    else:
        definition.int64_list.value.extend(int(item) if isinstance(item, bool) else item for item in items)


def create_meta_graph_def(meta_info_def: Any = None, graph_def: Any = None, saver_def: Any = None,
                          collection_list: Any = None, graph: Any = None, export_scope: str | None = None,
                          exclude_nodes: Any = None, clear_extraneous_savers: bool = False,
                          strip_default_attrs: bool = False) -> Any:
    """A `MetaGraphDef` proto.

    Args:
      meta_info_def: what is known of the graph: tags and the like.
      graph_def: the graph as a `GraphDef`; by default that of `graph`.
      saver_def: the saver, as a `SaverDef`.
      collection_list: the collections; by default all.
      graph: whose collections are written; by default the default graph.
      export_scope: only what is within this name scope, which is taken off the names.
      exclude_nodes: see `add_collection_def`.
      clear_extraneous_savers: whether to leave out what belongs to other savers.
      strip_default_attrs: whether to leave out attrs that have their default value.
    """
    if graph and not isinstance(graph, Graph):
        raise TypeError("graph must be of type Graph, not %s", type(graph))
    graph = graph or get_default_graph()
    result = messages.module("meta_graph_pb2").MetaGraphDef()
    for what, kind, value in (("meta_info_def", "MetaInfoDef", meta_info_def), ("graph_def", "GraphDef", graph_def),
                              ("saver_def", "SaverDef", saver_def)):
        if value and type(value).__name__ != kind:
            raise TypeError(f"{what} must be of type {kind}, not %s", type(value))
    info = meta_info_def or messages.module("meta_graph_pb2").MetaGraphDef.MetaInfoDef()
    info.tensorflow_version = TENSORFLOW_VERSION
    info.tensorflow_git_version = TENSORFLOW_GIT_VERSION
    result.meta_info_def.MergeFrom(info)
    result.graph_def.MergeFrom(graph_def or graph.as_graph_def(add_shapes=True))
    if not result.meta_info_def.HasField("stripped_op_list"):
        result.meta_info_def.stripped_op_list.MergeFrom(stripped_op_list_for_graph(result.graph_def))
    if strip_default_attrs:
        strip_graph_default_valued_attrs(result)
    if saver_def:
        result.saver_def.MergeFrom(saver_def)
    keys = graph.get_all_collection_keys() if collection_list is None else collection_list
    for key in keys:
        contents = None
        if clear_extraneous_savers and key == GraphKeys.SAVERS:
            contents = [saver for saver in graph.get_collection(key) if saver.saver_def == saver_def]
        add_collection_def(result, key, graph, export_scope, exclude_nodes, contents)
    return result


def export_scoped_meta_graph(filename: str | None = None, graph_def: Any = None, graph: Any = None,
                             export_scope: str | None = None, as_text: bool = False,
                             unbound_inputs_col_name: str = "unbound_inputs", clear_devices: bool = False,
                             saver_def: Any = None, clear_extraneous_savers: bool = False,
                             strip_default_attrs: bool = False, save_debug_info: bool = False,
                             **kwargs: Any) -> tuple[Any, dict[str, Any]]:
    """A `MetaGraphDef` of a graph or of what is within a name scope, and the variables in it by name.

    Args:
      filename: a file to write it to.
      graph_def: the graph as a `GraphDef`; by default that of `graph`.
      graph: by default the default graph.
      export_scope: only what is within this name scope, which is taken off the names.
      as_text: whether the file holds the proto's text form.
      unbound_inputs_col_name: the collection for the names of inputs from outside the scope.
      clear_devices: whether to leave out devices.
      saver_def: the saver, as a `SaverDef`.
      clear_extraneous_savers: whether to leave out nodes of other savers.
      strip_default_attrs: whether to leave out attrs that have their default value.
      save_debug_info: whether to write where each node was made, into a file beside.

    Raises:
      ValueError: `export_scope` and a `graph_def` are both given.
    """
    graph = graph or get_default_graph()
    exclude = None
    unbound: list[str] = []
    if export_scope or clear_extraneous_savers or clear_devices:
        if graph_def is None:
            graph_def = graph.as_graph_def(add_shapes=True)
        new = type(graph_def)(versions=graph_def.versions)
        new.library.CopyFrom(graph_def.library)
        exclude = _nodes_of_other_savers(graph, saver_def) if clear_extraneous_savers else ()
        for node in graph_def.node:
            if (not export_scope or node.name.startswith(export_scope)) and node.name not in exclude:
                new.node.append(_scoped(node, export_scope, clear_devices, unbound))
        graph_def = new
    variables = {}
    for variable in graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=export_scope):
        variables[strip_scope(variable.name, export_scope)] = variable
    if (export_scope or clear_extraneous_savers or clear_devices) and unbound_inputs_col_name is not None:
        graph.clear_collection(unbound_inputs_col_name)
        for name in unbound:
            graph.add_to_collection(unbound_inputs_col_name, name)
    result = create_meta_graph_def(graph_def=graph_def, graph=graph, export_scope=export_scope, exclude_nodes=exclude,
                                   saver_def=saver_def, clear_extraneous_savers=clear_extraneous_savers,
                                   strip_default_attrs=strip_default_attrs, **kwargs)
    if filename:
        write_proto(result, filename, as_text)
    if save_debug_info:
        if not filename:
            raise ValueError("save_debug_info needs a filename: the file with it stands beside it.")
        _write_debug_info(graph, filename)
    return result, variables


def write_proto(proto: Any, filename: str, as_text: bool) -> None:
    """Write a proto into a file, as text or binary; the file is there in full or not at all."""
    from google.protobuf import text_format

    path = local_path(filename)
    with as_tensorflow(path):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        write_whole(path, text_format.MessageToString(proto).encode() if as_text else proto.SerializeToString(
            deterministic=True))


def _write_debug_info(graph: Any, filename: str) -> None:
    info = messages.module("graph_debug_info_pb2").GraphDebugInfo()
    numbers: dict[str, int] = {}
    for op in graph.get_operations():
        trace = info.traces[f"{op.name}@"]
        for file, line, function, code in op.traceback or ():
            index = numbers.setdefault(file, len(numbers))
            trace.file_line_cols.add(file_index=index, line=line, func=function, code=code or "")
    info.files.extend(numbers)
    path = f"{os.path.splitext(filename)[0]}.debug"
    write_proto(info, path, as_text=False)


def _nodes_of_other_savers(graph: Any, saver_def: Any) -> set[str]:
    """The names of the nodes that savers in the graph's collection have made, but for one."""
    return {op.name for saver in graph.get_collection(GraphKeys.SAVERS)
            if saver_def is None or saver.saver_def != saver_def
            for scope in [saver.saver_def.filename_tensor_name.rpartition("/")[0]] if scope
            for op in graph.get_operations() if op.name.startswith(scope + "/")}


def _scoped(node: Any, scope: str | None, clear_devices: bool, unbound: list[str]) -> Any:
    """A copy of a node with the scope taken off its names; inputs from outside of it are marked and noted."""
    new = type(node)()
    new.CopyFrom(node)
    if clear_devices:
        new.device = ""
    if not scope:
        return new
    new.name = strip_scope(node.name, scope)
    for index, text in enumerate(node.input):
        if text.lstrip("^").startswith(scope):  # as `node.name.startswith` takes nodes, whatever follows
            new.input[index] = strip_scope(text, scope)
        else:
            mark = "^" if text.startswith("^") else ""
            new.input[index] = f"{mark}{UNBOUND_INPUT_PREFIX}{text.lstrip('^')}"
            name = UNBOUND_INPUT_PREFIX + text.lstrip("^")
            if name not in unbound:
                unbound.append(name)
    if "_class" in new.attr:
        groups = [group for group in new.attr["_class"].list.s
                  if not group.startswith(b"loc:@") or group[5:].startswith(scope.encode())]
        del new.attr["_class"].list.s[:]
        new.attr["_class"].list.s.extend(
            b"loc:@" + strip_scope(group[5:].decode(), scope).encode() if group.startswith(b"loc:@") else group
            for group in groups)
    return new


# --- reading ----------------------------------------------------------------------------------------------------------


def read_meta_graph_file(filename: Any) -> Any:
    """The `MetaGraphDef` in a file, of either form.

    Raises:
      OSError: there is no such file.
      DataLossError: it holds none.
    """
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError

    path = os.fspath(filename)
    if not gfile.exists(path):
        raise OSError(f"File {path} does not exist.")
    with gfile.GFile(path, "rb") as file:
        content = file.read()
    proto = messages.module("meta_graph_pb2").MetaGraphDef()
    try:
        proto.ParseFromString(content)
        return proto
    except DecodeError:
        pass
    try:
        text_format.Merge(content.decode(), proto)
    except (text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise OSError(f"Cannot parse file {path}: {error}.") from None
    return proto


def import_scoped_meta_graph(meta_graph_or_file: Any, clear_devices: bool = False, graph: Any = None,
                             import_scope: str | None = None, input_map: Any = None,
                             unbound_inputs_col_name: str = "unbound_inputs",
                             restore_collections_predicate: Callable[[str], bool] = lambda key: True) -> dict[str, Any]:
    """Add a `MetaGraphDef` to a graph; gives the variables in it by the names that they have there."""
    return import_scoped_meta_graph_with_return_elements(
        meta_graph_or_file, clear_devices, graph, import_scope, input_map, unbound_inputs_col_name,
        restore_collections_predicate)[0]


def import_scoped_meta_graph_with_return_elements(
        meta_graph_or_file: Any, clear_devices: bool = False, graph: Any = None, import_scope: str | None = None,
        input_map: Any = None, unbound_inputs_col_name: str = "unbound_inputs",
        restore_collections_predicate: Callable[[str], bool] = lambda key: True,
        return_elements: Any = None) -> tuple[dict[str, Any], Any]:
    """Add a `MetaGraphDef`, or one in a file, to a graph.

    Args:
      meta_graph_or_file: the proto, or the file's name.
      clear_devices: whether to leave out devices.
      graph: by default the default graph.
      import_scope: a name scope for the new nodes.
      input_map: tensors by the names of those in the proto that they replace.
      unbound_inputs_col_name: the collection with the names of inputs from outside.
      restore_collections_predicate: tells of a collection's name whether it is restored.
      return_elements: names of operations and tensors to return.

    Returns:
      The variables by the names that they have in the proto, and what `return_elements` names.

    Raises:
      ValueError: inputs from outside are not given.
    """
    MetaGraphDef = messages.module("meta_graph_pb2").MetaGraphDef
    meta = meta_graph_or_file if isinstance(meta_graph_or_file, MetaGraphDef) else read_meta_graph_file(
        meta_graph_or_file)
    if unbound_inputs_col_name and unbound_inputs_col_name in meta.collection_def:
        _check_unbound(meta.collection_def[unbound_inputs_col_name], input_map)
    graph = graph or get_default_graph()
    graph_def = meta.graph_def
    if clear_devices:
        graph_def = type(graph_def).FromString(graph_def.SerializeToString())
        for node in graph_def.node:
            node.device = ""
    with graph.as_default():
        scope = graph.unique_name(import_scope, mark_as_used=False) if import_scope else ""
        ops = meta.meta_info_def.stripped_op_list if meta.meta_info_def.HasField("stripped_op_list") else None
        elements = import_graph_def(graph_def, name=import_scope or scope, input_map=input_map, producer_op_list=ops,
                                    return_elements=return_elements)
        _restore_collections(graph, meta, scope, unbound_inputs_col_name, restore_collections_predicate)
        variables = {}
        for variable in graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=scope or None):
            variables[strip_scope(variable.name, scope)] = variable
    return variables, elements


def copy_scoped_meta_graph(from_scope: str, to_scope: str, from_graph: Any = None,
                           to_graph: Any = None) -> dict[str, Any]:
    """Copy what is within a name scope to another scope, or another graph.

    Args:
      from_scope: the scope.
      to_scope: the scope of the copy.
      from_graph: the graph; by default the default graph.
      to_graph: the graph of the copy; by default the default graph.

    Returns:
      The variables of the copy by their names within the scope.

    Raises:
      ValueError: both scopes and both graphs are the same, or what is copied has inputs from outside.
    """
    from_graph, to_graph = from_graph or get_default_graph(), to_graph or get_default_graph()
    if from_graph == to_graph and from_scope == to_scope:
        raise ValueError("'from_scope' and 'to_scope' need to be different when performing copy in the same graph.")
    meta, _ = export_scoped_meta_graph(export_scope=from_scope, graph=from_graph)
    return import_scoped_meta_graph(meta, graph=to_graph, import_scope=to_scope)


def _check_unbound(collection: Any, input_map: Any) -> None:
    names = [value.decode() for value in collection.bytes_list.value]
    if not names:
        return
    missing = [name for name in names if name not in (input_map or ())]
    if missing:
        raise ValueError(f"Graph contains unbound inputs: {','.join(missing)}. Must provide these inputs through "
                         "input_map.")


def _restore_collections(graph: Any, meta: Any, scope: str, unbound: str, wanted: Callable[[str], bool]) -> None:
    known: dict[bytes, Any] = {}  # a variable is one object, in however many collections it is
    for key, collection in sorted(meta.collection_def.items()):
        if key == unbound or not wanted(key):
            continue
        kind = collection.WhichOneof("kind")
        if kind is None:
            tf_logging.error("Cannot identify data type for collection %s. Skipping.", key)
            continue
        proto_class = collection_protos.proto_type(key)
        from_proto = collection_protos.from_proto_function(key)
        if proto_class is not None and from_proto is not None and kind == "bytes_list":
            for data in collection.bytes_list.value:
                item = known.get(data) if key in collection_protos.VARIABLES else None
                if item is None:
                    item = from_proto(_parsed(proto_class, data, key), import_scope=scope)
                    known[data] = item
                graph.add_to_collection(key, item)
            continue
        values = getattr(collection, kind).value
        if kind == "node_list":
            for name in values:
                graph.add_to_collection(key, graph.as_graph_element(prepend_scope(name, scope)))
        elif kind == "any_list":
            for value in values:
                graph.add_to_collection(key, value)
        else:
            for value in values:
                graph.add_to_collection(key, prepend_scope(_as_text(value), scope) if kind == "bytes_list" else value)


def _as_text(value: bytes) -> Any:
    return value.decode(errors="surrogateescape")


def _parsed(proto_class: Any, data: bytes, key: str) -> Any:
    from google.protobuf.message import DecodeError

    try:
        return proto_class.FromString(data)
    except DecodeError:
        raise errors.DataLossError(None, None, f"The collection '{key}' of the MetaGraphDef is damaged.") from None


