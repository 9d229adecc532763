"""Transforms that cut out what is asked for, and compute what is known."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors
from tfmagic.formats import tensor_proto
from tfmagic.graph.graph import Graph
from tfmagic.graph.static_value import constant_value
from tfmagic.graphdef.importer import import_into
from tfmagic.graphdef.node_attrs import definition_of
from tfmagic.tf.graph_transforms.context import Context, canonical, node_name, refuse
from tfmagic.tf.graph_transforms.graphs import by_execution, graph_of, renamed_inputs

_LARGEST = 10 * 1024 * 1024
_folded = itertools.count()  # as TensorFlow's counter, which goes on from call to call


def strip_unused_nodes(graph: Any, context: Context) -> Any:
    """The nodes that lead from inputs to outputs; inputs become placeholders, of the types and shapes given.

    Parameters type and shape are those of all; name, type_for_name and shape_for_name those of one each.
    """
    inputs = {node_name(text) for text in context.inputs}
    nodes = {node.name: node for node in graph.node}
    needed, wanted = context.ends(), [node_name(text) for text in context.outputs]
    while wanted:
        name = wanted.pop()
        needed.add(name)
        if name in inputs:
            continue
        if name not in nodes:
            refuse(f"Input node {name} not found in graph")
        wanted += [one for one in map(node_name, nodes[name].input) if one not in needed]
    made = []
    for node in graph.node:
        if node.name in needed:
            made.append(_placeholder(node, context) if node.name in inputs and node.op != "Placeholder" else node)
    return graph_of(made)


def _placeholder(node: Any, context: Context) -> Any:
    made = type(node)(name=node.name, op="Placeholder")
    made.attr["dtype"].type = _type_of(node.name, context).as_datatype_enum
    made.attr["shape"].shape.SetInParent()
    for size in _shape_of(node.name, context):
        made.attr["shape"].shape.dim.add().size = size
    return made


def _by_name(node: str, context: Context, what: str, example: str) -> str | None:
    """What parameters say of one node, else of all; None where they say nothing."""
    params = context.params
    if f"{what}_for_name" in params:
        names, values = params.get("name", []), params[f"{what}_for_name"]
        if len(names) != len(values):
            refuse(f"You must pass a '{what}_for_name' arg for every 'name', e.g. strip_unused_nodes({example}")
        for name, value in zip(names, values):
            if name == node:
                return value
    if len(params.get(what, ())) > 1:
        refuse(f"You must pass no more than one default '{what}' to strip_unused_nodes")
    return params[what][0] if what in params else None


def _type_of(node: str, context: Context) -> dtypes.DType:
    text = _by_name(node, context, "type", "name=foo, type_for_name=float, name=bar, type_for_name=quint8")
    if text is None:
        return dtypes.float32
    try:
        return dtypes.as_dtype({"float": "float32", "double": "float64", "half": "float16"}.get(text, text))
    except TypeError:
        refuse(f"Couldn't understand type argument '{text}'")


def _shape_of(node: str, context: Context) -> list[int]:
    text = _by_name(node, context, "shape", 'name=foo, shape_for_name="2,2,1", name=bar, shape_for_name="1"')
    if text is None:
        return []
    if not text:
        refuse("Specificed shape is empty.")
    if not re.fullmatch(r"\s*-?\d+\s*(,\s*-?\d+\s*)*", text):
        refuse(f"Couldn't parse as shape: {text}")
    return [int(size) for size in text.split(",")]


def fold_constants(graph: Any, context: Context) -> Any:
    """What depends on constants alone becomes a constant, and what no output needs goes.

    Parameters: clear_output_shapes (by default true) drops attrs _output_shapes; max_constant_size_in_bytes.

    Raises:
      NotFoundError: an input or output is not there.
      InvalidArgumentError: an input is no placeholder, or a placeholder is not among the inputs.
    """
    largest = context.number("max_constant_size_in_bytes", _LARGEST)
    cleared = graph_of(graph.node)
    if context.flag("clear_output_shapes", True):
        for node in cleared.node:
            node.attr.pop("_output_shapes", None)
    by_execution(cleared)  # refuses what is no graph
    nodes = {node.name: node for node in cleared.node}
    _check_ends(context, nodes)
    inputs = {node_name(text) for text in context.inputs}
    needed = _needed(nodes, [node_name(text) for text in context.outputs], inputs)
    built = Graph()
    import_into(built, graph_of(node for node in cleared.node if node.name in needed | inputs), [])
    _fold_shapes(cleared, needed - inputs, built)
    known = _known(cleared, needed, inputs)
    names, made = _fold(cleared, needed, known, set(map(node_name, context.outputs)), built, largest)
    renamed = renamed_inputs(graph_of(node for node in cleared.node if node.name in needed), names)
    # An input is what is fed: an output of that number.
    fed = {node_name(text): f"{node_name(text)}:0" for text in context.inputs}
    for node in renamed.node:
        node.input[:] = [fed.get(text, text) for text in node.input]
    found = {node.name: node for node in (*renamed.node, *made)}
    left = _needed(found, [node_name(text) for text in context.outputs], inputs)
    ends = [nodes[name] for name in dict.fromkeys(map(node_name, context.inputs))]
    return graph_of([node for node in found.values() if node.name in left and node.name not in inputs] + ends)


def _check_ends(context: Context, nodes: dict[str, Any]) -> None:
    both = set(map(canonical, context.inputs)) & set(map(canonical, context.outputs))
    if both:
        refuse(f"{next(text for text in context.inputs if canonical(text) in both)} is both fed and fetched.")
    for text in context.inputs:
        if node_name(text) not in nodes:
            raise errors.NotFoundError(None, None, f"FeedInputs: unable to find feed output {text}")
    for text in context.outputs:
        if node_name(text) not in nodes:
            raise errors.NotFoundError(None, None, f"FetchOutputs node {text}: not found")
    for text in context.inputs:
        if nodes[node_name(text)].op not in ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault"):
            refuse(f"Input '{text}' was expected to be a Placeholder or PlaceholderWithDefault op, but was "
                   f"{nodes[node_name(text)].op}")


def _needed(nodes: dict[str, Any], outputs: list[str], inputs: set[str]) -> set[str]:
    found: set[str] = set()
    wanted = list(outputs)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found.add(name)
            if name not in inputs:
                wanted += map(node_name, nodes[name].input)
    return found


def _fold_shapes(graph: Any, needed: set[str], built: Graph) -> None:
    """Shapes and ranks that are known become constants of the same names."""
    for node in graph.node:
        if node.name in needed and node.op in ("Shape", "Rank", "Size"):
            tensor = built.get_operation_by_name(node.name).outputs[0]
            value = constant_value(tensor)
            if value is not None:
                node.CopyFrom(_constant(type(node), node.name, value, tensor.dtype))


def _constant(kind: Any, name: str, value: Any, dtype: Any) -> Any:
    node = kind(name=name, op="Const")
    node.attr["dtype"].type = dtype.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tensor_proto.from_array(np.asarray(value), dtype))
    return node


def _known(graph: Any, needed: set[str], inputs: set[str]) -> set[str]:
    """The nodes that follow from constants alone."""
    known: set[str] = set()
    for node in by_execution(graph).node:
        if node.name not in needed or node.name in inputs or definition_of(node, {}).is_stateful:
            continue
        if node.op in ("Placeholder", "PlaceholderV2"):
            dims = [str(dim.size) if dim.size >= 0 else "?" for dim in node.attr["shape"].shape.dim]
            kind = dtypes.as_dtype(node.attr["dtype"].type).name
            kind = {"float32": "float", "float64": "double"}.get(kind, kind)
            refuse(f"You must feed a value for placeholder tensor '{node.name}' with dtype {kind} and shape "
                   f"[{','.join(dims)}]")
        if node.op in _NEVER or any(text.startswith("^") for text in node.input):
            continue
        if all(node_name(text) in known for text in node.input):
            known.add(node.name)
    return known


_NEVER = frozenset({"Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "RefExit",
                    "NextIteration", "RefNextIteration", "LoopCond", "PlaceholderWithDefault"})


def _fold(graph: Any, needed: set[str], known: set[str], outputs: set[str], built: Graph,
          largest: int) -> tuple[dict[str, str], list[Any]]:
    """What is read instead of known tensors where the unknown reads them, and the constants that this takes."""
    from tfmagic.session.session import Session

    nodes = {node.name: node for node in graph.node}
    texts = dict.fromkeys(
        canonical(text) for node in graph.node if node.name in needed - known for text in node.input
        if not text.startswith("^") and node_name(text) in known and nodes[node_name(text)].op != "Const"
        and node_name(text) not in outputs)
    if not texts:
        return {}, []
    with Session(graph=built) as session:
        values = session.run(list(texts))
    names, made = {}, []
    for place, (text, value) in enumerate(zip(texts, values)):
        tensor = built.get_tensor_by_name(text)
        if np.asarray(value).nbytes <= largest:
            made.append(_constant(type(graph.node[0]), f"{node_name(text)}/_{place}__cf__{next(_folded)}", value,
                                  tensor.dtype))
            names[text] = made[-1].name
    return names, made


