"""Functions on GraphDefs: the part that some nodes need, without training nodes, with variables as constants."""

from __future__ import annotations

import copy
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export

_VARIABLE_OPS = frozenset({"Assign", "AssignAdd", "AssignSub", "Queue", "ScatterAdd", "ScatterSub", "ScatterUpdate",
                           "TruncatedNormal", "Variable", "VariableV2", "VarHandleOp"})
_PIN_TO_CPU = "Use `tf.compat.v1.graph_util.must_run_on_cpu`"


@export("graph_util.must_run_on_cpu")
@deprecated(None, _PIN_TO_CPU)
def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Whether a node has no kernel on a GPU: strings, and variables when they are to be pinned.

    Args:
      node: an `Operation` or a `NodeDef`.
      pin_variables_on_cpu: whether variables and their updates count.
    """
    node_def = node if type(node).__name__ == "NodeDef" else node.node_def
    if pin_variables_on_cpu and _is_variable_op(node_def.op):
        return True
    string = 7  # DT_STRING
    if node_def.op == "Const":
        return node_def.attr["dtype"].type == string
    if node_def.op in ("DynamicStitch", "ParallelDynamicStitch"):
        return node_def.attr["T"].type == 3  # DT_INT32: its rows are indices, which live on the CPU
    if node_def.op == "Cast":
        return string in (node_def.attr["SrcT"].type, node_def.attr["DstT"].type)
    return False


def _is_variable_op(op: str) -> bool:
    return op in _VARIABLE_OPS


def _node_name(n: str) -> str:
    """The node of an input such as "^x" or "x:1"."""
    return n[1:] if n.startswith("^") else n.split(":")[0]


def _check_graph_def(graph_def: Any) -> None:
    if type(graph_def).__name__ != "GraphDef":
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")


@export("graph_util.extract_sub_graph")
@deprecated(None, "Use `tf.compat.v1.graph_util.extract_sub_graph`")
def extract_sub_graph(graph_def: Any, dest_nodes: Any) -> Any:
    """The part of a graph that some nodes need.

    Args:
      graph_def: a `GraphDef`.
      dest_nodes: a list with the names of the nodes.

    Returns:
      A `GraphDef` with the nodes in their old order.

    Raises:
      TypeError: `graph_def` is no GraphDef, or `dest_nodes` is a string.
      AssertionError: a node is not in the graph.
    """
    _check_graph_def(graph_def)
    if isinstance(dest_nodes, (str, bytes)):
        raise TypeError("dest_nodes must be a list.")
    return _sub_graph(graph_def, dest_nodes)


def _sub_graph(graph_def: Any, dest_nodes: Any) -> Any:
    inputs = {node.name: [_node_name(text) for text in node.input] for node in graph_def.node}
    for name in dest_nodes:
        if name not in inputs:
            raise AssertionError(f"{name} is not in graph")
    keep: set[str] = set()
    stack = list(dest_nodes)
    while stack:
        name = stack.pop()
        if name not in keep and name in inputs:
            keep.add(name)
            stack.extend(inputs[name])
    out = type(graph_def)()
    out.node.extend(node for node in graph_def.node if node.name in keep)
    out.library.CopyFrom(graph_def.library)
    out.versions.CopyFrom(graph_def.versions)
    return out


@export("graph_util.tensor_shape_from_node_def_name")
@deprecated(None, "Use `tf.compat.v1.graph_util.tensor_shape_from_node_def_name`")
def tensor_shape_from_node_def_name(graph: Any, input_name: str) -> Any:
    """The static shape of the tensor that an input of a NodeDef ("x" or "x:1") names."""
    return graph.get_tensor_by_name(input_name if ":" in input_name else input_name + ":0").get_shape()


@export("graph_util.remove_training_nodes")
@deprecated(None, "Use `tf.compat.v1.graph_util.remove_training_nodes`")
def remove_training_nodes(input_graph: Any, protected_nodes: Any = None) -> Any:
    """A graph without the nodes that matter only for training: checks, and identities on which no order hangs.

    Args:
      input_graph: a `GraphDef`.
      protected_nodes: names of nodes to keep.

    Returns:
      A new `GraphDef`. Who reads an identity that is gone reads its input; the input that was a check is gone with it.

    Raises:
      IndexError: an identity has no input, or had a check as its only one.
    """
    protected = set(protected_nodes or ())
    checks = {node.name for node in input_graph.node if node.op == "CheckNumerics" and node.name not in protected}
    without_checks = rewritten(input_graph)
    for node in input_graph.node:
        if node.name not in checks:
            _copied(without_checks, node, [text for text in node.input if _producer(text) not in checks])
    controls = {text[1:] for node in without_checks.node for text in node.input if text.startswith("^")}
    idle = {node.name: _first_input(node) for node in without_checks.node
            if node.op == "Identity" and node.name not in protected | controls
            and not any(text.startswith("^") for text in node.input)}
    out = rewritten(input_graph)
    for node in without_checks.node:
        if node.name not in idle:
            _copied(out, node, [_bypassing(text, idle) for text in node.input])
    return out


def _producer(text: str) -> str:
    """What an input names, a control edge or not: TensorFlow's rewriting takes `x:0` for another name than `x`."""
    return text[1:] if text.startswith("^") else text


def _first_input(node: Any) -> str:
    if not node.input:
        raise IndexError("list index (0) out of range")
    return node.input[0]


def _bypassing(text: str, replaced: dict[str, str]) -> str:
    """What is read in place of an input, past the nodes that are gone."""
    seen: set[str] = set()
    while (name := _producer(text)) in replaced and name not in seen:
        seen.add(name)
        text = replaced[name]
    return text


def _copied(graph_def: Any, node: Any, inputs: list[str]) -> None:
    """Add a copy of a node with other inputs to a graph."""
    new = graph_def.node.add()
    new.CopyFrom(node)
    del new.input[:]
    new.input.extend(inputs)


def rewritten(graph_def: Any) -> Any:
    """An empty graph with the functions of another, whose versions TensorFlow's rewritings do not keep."""
    out = type(graph_def)()
    if graph_def.library.function:
        out.library.CopyFrom(graph_def.library)
    return out


@export("graph_util.convert_variables_to_constants")
@deprecated(None, "Use `tf.compat.v1.graph_util.convert_variables_to_constants`")
def convert_variables_to_constants(sess: Any, input_graph_def: Any, output_node_names: list[str],
                                   variable_names_whitelist: Any = None, variable_names_blacklist: Any = None) -> Any:
    """The part of a graph that some nodes need, with its variables replaced by constants of their values.

    Args:
      sess: the session that holds the variables.
      input_graph_def: the `GraphDef` of its graph.
      output_node_names: the names of the nodes.
      variable_names_whitelist: only these variables are replaced.
      variable_names_blacklist: these variables are not replaced.

    Returns:
      A new `GraphDef`.
    """
    from tfmagic.base.tensor_values import to_array
    from tfmagic.graph.protos import attr_value

    graph = _sub_graph(input_graph_def, output_node_names)
    by_name = {node.name: node for node in graph.node}
    reads: dict[str, str] = {}
    for node in graph.node:
        if node.op in ("Variable", "VariableV2", "VarHandleOp") \
                and (variable_names_whitelist is None or node.name in variable_names_whitelist) \
                and (variable_names_blacklist is None or node.name not in variable_names_blacklist):
            reads[node.name] = node.name + (":0" if node.op != "VarHandleOp" else "/Read/ReadVariableOp:0")
    values = dict(zip(reads, sess.run(list(reads.values())))) if reads else {}
    tf_logging.info("Froze %d variables.", len(values))
    out = type(graph)()
    out.library.CopyFrom(graph.library)
    for node in graph.node:
        new = out.node.add()
        source = _handle(node.input[0], by_name) if node.op == "ReadVariableOp" else None
        if node.name in values:
            new.name, new.op = node.name, "Const"
            new.attr["dtype"].type = node.attr["dtype"].type
            new.attr["value"].CopyFrom(attr_value(to_array(values[node.name])))
        elif source in values:
            new.name, new.op, new.device = node.name, "Identity", node.device
            new.input.extend(node.input)
            new.attr["T"].type = node.attr["dtype"].type
        else:
            new.CopyFrom(copy.deepcopy(node))
    tf_logging.info("Converted %d variables to const ops.", len(values))
    return out


def _handle(text: str, nodes: dict[str, Any]) -> str:
    """The variable that a handle comes from, through identities."""
    name, seen = _node_name(text), set()
    while name in nodes and nodes[name].op == "Identity" and nodes[name].input and name not in seen:
        seen.add(name)
        name = _node_name(nodes[name].input[0])
    return name
