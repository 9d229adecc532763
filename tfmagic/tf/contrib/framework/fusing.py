"""`tf.contrib.framework.fuse_op`: a part of a GraphDef as one node."""

from __future__ import annotations

import copy
from typing import Any

from tfmagic.base import dtypes, messages
from tfmagic.base.export import export


@export("contrib.framework.fuse_op")
def fuse_op(graph_def: Any, input_nodes: list[str], output_nodes: list[str], output_dtypes: list[Any],
            output_quantized: bool, op_name: str, op_type: str) -> Any:
    """A GraphDef in which what lies between some nodes is one node.

    Args:
      graph_def: the GraphDef; it stays as it is.
      input_nodes: names of the last nodes before the new one, which they and all before them feed.
      output_nodes: names of the first nodes behind it, each with one input: the output of the new node in its place.
      output_dtypes: the types of the outputs of the new node.
      output_quantized: whether they are quantized.
      op_name: the name of the new node.
      op_type: its type.

    Raises:
      TypeError: an argument is of a wrong type.
      AssertionError: a node is not in the graph, or an output node has not one input.
    """
    graph_pb2 = messages.module("graph_pb2")
    if not isinstance(graph_def, graph_pb2.GraphDef):
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")
    for what, value in (("input_nodes", input_nodes), ("output_nodes", output_nodes)):
        if isinstance(value, (str, bytes)):
            raise TypeError(f"{what} must be a list.")
    nodes = {node.name: node for node in graph_def.node}
    for name in (*input_nodes, *output_nodes):
        if name not in nodes:
            raise AssertionError(f"{name} is not in graph")
    before, within = _behind(nodes, input_nodes), _behind(nodes, output_nodes)
    made = graph_pb2.GraphDef()
    made.node.extend(node for node in graph_def.node if node.name in before)
    fused = made.node.add(name=op_name, op=op_type, input=input_nodes)
    fused.attr["_output_types"].list.type.extend(
        value.as_datatype_enum if isinstance(value, dtypes.DType) else value for value in output_dtypes)
    fused.attr["_output_quantized"].b = output_quantized
    for place, name in enumerate(output_nodes):
        node = copy.deepcopy(nodes[name])
        if len(node.input) != 1:
            raise AssertionError(f"{name} has {len(node.input)} inputs. Name an output node that has one.")
        node.input[0] = op_name if not place else f"{op_name}:{place}"
        made.node.extend([node])
    made.node.extend(node for node in graph_def.node if node.name not in before and node.name not in within)
    made.library.CopyFrom(graph_def.library)
    made.versions.CopyFrom(graph_def.versions)
    return made


def _behind(nodes: dict[str, Any], names: list[str]) -> set[str]:
    """The names of nodes and of all that they need."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [text.removeprefix("^").partition(":")[0] for text in nodes[name].input]
    return found
