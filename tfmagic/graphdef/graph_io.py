"""Graphs as files: `tf.train.write_graph`, as text or binary."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.graph import Graph


@export("io.write_graph")
def write_graph(graph_or_graph_def: Any, logdir: Any, name: str, as_text: bool = True) -> str:
    """Write a graph to a file.

    Args:
      graph_or_graph_def: a `Graph` or a `GraphDef`.
      logdir: the folder, which is made if it is not there.
      name: the file's name.
      as_text: whether to write the text form of the proto.

    Returns:
      The path of the file.
    """
    graph_def = graph_or_graph_def.as_graph_def() if isinstance(graph_or_graph_def, Graph) else graph_or_graph_def
    folder = os.fspath(logdir)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    if as_text:
        from google.protobuf import text_format

        content = text_format.MessageToString(graph_def).encode()
    else:
        content = graph_def.SerializeToString()
    write_whole(path, content)
    return path


def write_whole(path: str, content: bytes) -> None:
    """Write a file so that whoever opens it sees all of it or the one before."""
    folder = os.path.dirname(path) or "."
    handle, temporary = tempfile.mkstemp(prefix=os.path.basename(path) + ".", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
