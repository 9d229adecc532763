"""What graphs know of the summaries of TensorFlow 2, and what an old summary op says of itself."""

from __future__ import annotations

from typing import Any, NoReturn

from tfmagic.base import messages
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.ops.control_flow.context import SUMMARIES


@export("summary.all_v2_summary_ops")
def all_v2_summary_ops() -> list[Any]:
    """The summary ops of `tf.contrib.summary` in the default graph."""
    return get_default_graph().get_collection(SUMMARIES)


@export("summary.initialize")
def initialize(graph: Any = None, session: Any = None) -> NoReturn:
    """Refuse: there is no default writer of `tf.contrib.summary`; `tf.summary.FileWriter` needs no initializing.

    Raises:
      RuntimeError: always.
    """
    raise RuntimeError("No default tf.contrib.summary.SummaryWriter found\n"
                       "tf.summary.FileWriter writes the summaries that a run gives.")


@export("summary.get_summary_description")
def get_summary_description(node_def: Any) -> Any:
    """The `SummaryDescription` of a TensorSummary node.

    Args:
      node_def: a `NodeDef`.

    Raises:
      ValueError: it is another op's.
    """
    if node_def.op != "TensorSummary":
        raise ValueError(f"Can't get_summary_description on {node_def.op}")
    from google.protobuf import json_format

    text = node_def.attr["description"].s.decode("utf-8", "surrogateescape")
    return json_format.Parse(text, messages.module("summary_pb2").SummaryDescription())
