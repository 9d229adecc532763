"""`tfmagic show`: what is in a SavedModel, a graph's file or a checkpoint, in plain lines. Nothing is run."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfmagic.base import messages
from tfmagic.tf.saved_model import models
from tfmagic.tf.saving import inspection, state

# The ends of the names of a checkpoint's files.
_ENDS = (".index", ".data-")
_GRAPHS = (".pb", ".pbtxt", ".meta", ".graphdef")
_MANY = 20


def lines(path: Path) -> Iterator[str]:
    """What is there, line by line.

    Raises:
      OSError, ValueError: there is nothing that can be read.
      OpError: a checkpoint is damaged.
    """
    if path.is_dir():
        yield from _folder(path)
    elif path.is_file() and path.suffix in _GRAPHS:
        yield from _graph_file(path)
    else:
        prefix = str(path)
        for end in _ENDS:
            if end in path.name and path.is_file():
                prefix = prefix[:prefix.rindex(end)]
        if not state.checkpoint_is_there(prefix):
            raise ValueError(f"{path} is no SavedModel, no graph ({', '.join(_GRAPHS)}) and no checkpoint")
        yield from inspection.show(prefix)


def _folder(path: Path) -> Iterator[str]:
    if models.contains_saved_model(path):
        yield f"SavedModel {path}"
        yield from models.show(path)
        return
    found = state.get_checkpoint_state(path)
    if found is None:
        raise ValueError(f"{path} holds no SavedModel, and no file 'checkpoint' that says which checkpoint is the last")
    for name in found.all_model_checkpoint_paths:
        there = "" if state.checkpoint_is_there(name) else " (its files are missing)"
        yield f"{'*' if name == found.model_checkpoint_path else ' '} {name}{there}"
    latest = state.latest_checkpoint(path)
    if latest is not None:
        yield from inspection.show(latest)


def _graph_file(path: Path) -> Iterator[str]:
    proto = _parsed(path)
    kind = type(proto).__name__
    if kind == "SavedModel":
        yield f"SavedModel {path.parent}"
        yield from models.show(path.parent)
        return
    graph = proto.graph_def if kind == "MetaGraphDef" else proto
    yield f"{kind} of {len(graph.node)} nodes, producer {graph.versions.producer}"
    counts = collections.Counter(node.op for node in graph.node)
    for op, count in counts.most_common(_MANY):
        yield f"  {count:6} {op}"
    if len(counts) > _MANY:
        yield f"         and {len(counts) - _MANY} other ops"
    read = {text.lstrip("^").partition(":")[0] for node in graph.node for text in node.input}
    yield from _named("inputs", [node.name for node in graph.node if node.op.startswith("Placeholder")])
    yield from _named("read by no other node", [node.name for node in graph.node if node.name not in read])
    if len(graph.library.function):
        yield from _named("functions", [function.signature.name for function in graph.library.function])
    if kind == "MetaGraphDef":
        yield from _named("collections", sorted(proto.collection_def))
        yield from _named("signatures", sorted(proto.signature_def))
        if proto.HasField("saver_def"):
            yield f"saver: {proto.saver_def.save_tensor_name}, {proto.saver_def.restore_op_name}"


def _named(what: str, names: list[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
        yield f"{what}: {', '.join(names[:_MANY])}{more}"


def _parsed(path: Path) -> Any:
    """The graph, MetaGraphDef or SavedModel in a file: of those that it can be read as, the first with nodes."""
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError

    content = path.read_bytes()
    graph, meta, saved = (messages.module(module) for module in ("graph_pb2", "meta_graph_pb2", "saved_model_pb2"))
    for kind in (saved.SavedModel, meta.MetaGraphDef, graph.GraphDef):
        try:
            proto = kind.FromString(content) if path.suffix != ".pbtxt" else text_format.Parse(content.decode(), kind())
        except (DecodeError, text_format.ParseError, UnicodeDecodeError):
            continue
        if _has_nodes(proto):
            return proto
    raise ValueError(f"{path} holds no graph: it is empty, damaged, or of another kind")


def _has_nodes(proto: Any) -> bool:
    kind = type(proto).__name__
    if kind == "SavedModel":
        return any(_has_nodes(meta) for meta in proto.meta_graphs)
    nodes = proto.graph_def.node if kind == "MetaGraphDef" else proto.node
    return len(nodes) > 0 and all(node.name and node.op for node in nodes)
