"""Transforms that change names, attrs, devices and the order of nodes, and that drop or merge nodes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tfmagic.base.hash64 import combined, hash64
from tfmagic.graph.protos import attr_value
from tfmagic.graphdef.node_attrs import definition_of
from tfmagic.tf.graph_transforms.context import Context, canonical, parts_of, refuse
from tfmagic.tf.graph_transforms.graphs import Match, by_execution, graph_of, renamed_inputs, replaced

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _each(graph: Any, change: Callable[[Any], None]) -> Any:
    """A graph whose nodes are copies that were changed."""
    made = graph_of(graph.node)
    for node in made.node:
        change(node)
    return made


def sort_by_execution_order(graph: Any, context: Context) -> Any:
    """Nodes after those that they read."""
    return by_execution(graph)


def remove_device(graph: Any, context: Context) -> Any:
    """No device for any node."""
    return _each(graph, lambda node: node.ClearField("device"))


def set_device(graph: Any, context: Context) -> Any:
    """Parameter device: for all nodes; with if_default for those that have none."""
    device, if_default = context.text("device", ""), context.flag("if_default", False)

    def change(node: Any) -> None:
        if not if_default or not node.device:
            node.device = device

    return _each(graph, change)


def remove_control_dependencies(graph: Any, context: Context) -> Any:
    """Inputs without those that only order."""
    def change(node: Any) -> None:
        node.input[:] = [text for text in node.input if not text.startswith("^")]

    return _each(graph, change)


def rename_op(graph: Any, context: Context) -> Any:
    """Parameters old_op_name and new_op_name."""
    if [len(context.params.get(name, ())) for name in ("old_op_name", "new_op_name")] != [1, 1]:
        refuse("rename_op expects exactly one 'old_op_name' and 'new_op_name' argument, e.g. "
               "rename_op(old_op_name=Mul, new_op_name=Multiply)")
    old, new = context.params["old_op_name"][0], context.params["new_op_name"][0]

    def change(node: Any) -> None:
        if node.op == old:
            node.op = new

    return _each(graph, change)


def rename_attribute(graph: Any, context: Context) -> Any:
    """Parameters old_attribute_name and new_attribute_name, op_name for the nodes of one op."""
    if [len(context.params.get(name, ())) for name in ("old_attribute_name", "new_attribute_name")] != [1, 1]:
        refuse("rename_attribute expects exactly one 'old_attribute_name' and one 'new_attribute_name' argument, e.g. "
               "rename_attribute(old_attribute_name=foo, new_attribute_name=bar)")
    old, new = context.params["old_attribute_name"][0], context.params["new_attribute_name"][0]
    op_name = context.text("op_name", "*")

    def change(node: Any) -> None:
        if op_name in ("*", node.op) and old in node.attr:
            node.attr[new].CopyFrom(node.attr[old])
            del node.attr[old]

    return _each(graph, change)


def remove_attribute(graph: Any, context: Context) -> Any:
    """Parameter attribute_name, "*" for all attrs, op_name for the nodes of one op."""
    if len(context.params.get("attribute_name", ())) != 1:
        refuse("remove_attribute expects exactly one 'attribute_name' argument, e.g. "
               "remove_attribute(op_name=Mul, attribute_name=foo)")
    given = context.params.get("op_name", ["*"])
    if len(given) != 1:
        refuse(f"remove_attribute expects a single op_name argument, but found {len(given)}")
    attribute, op_name = context.params["attribute_name"][0], given[0]

    def change(node: Any) -> None:
        if op_name in ("*", node.op):
            if attribute == "*":
                node.attr.clear()
            elif attribute in node.attr:
                del node.attr[attribute]

    return _each(graph, change)


def obfuscate_names(graph: Any, context: Context) -> Any:
    """Names of a letter or two for all nodes but inputs and outputs."""
    kept, names, count = context.ends(), {}, 0
    for node in graph.node:
        new = node.name
        while node.name not in kept:
            new, rest = _LETTERS[count % len(_LETTERS)], count // len(_LETTERS)
            while rest:
                new, rest = _LETTERS[rest % len(_LETTERS)] + new, rest // len(_LETTERS)
            count += 1
            if new not in kept:
                break
        names[node.name] = new

    def change(node: Any) -> None:
        node.name = names[node.name]
        node.input[:] = [prefix + names.get(name, name) + suffix for prefix, name, suffix in map(parts_of, node.input)]

    return _each(graph, change)


def insert_logging(graph: Any, context: Context) -> Any:
    """A Print after the nodes of an op (parameter op) or with a name that begins so (prefix), else after all."""
    ops, prefixes = context.params.get("op", []), tuple(context.params.get("prefix", ()))
    message, first_n = context.text("message", ""), context.number("first_n", -1)
    summarize = context.number("summarize", 1024)
    show_name, show_op = context.flag("show_name", False), context.flag("show_op", False)
    read: dict[str, set[int]] = {}
    for node in graph.node:
        for _, name, suffix in (parts_of(canonical(text)) for text in node.input):
            read.setdefault(name, set()).add(int(suffix[1:]))
    nodes, instead = [], {}
    for node in graph.node:
        nodes.append(node)
        if node.name not in read or (ops and node.op not in ops) or (prefixes and not node.name.startswith(prefixes)):
            continue
        types = _output_types(node)
        log = type(node)(op="Print", name=node.name + "__print__", input=[f"{node.name}:0"])
        words = (f";{node.op};" if show_op else "") + (f";{log.name};" if show_name else "") + message
        log.attr["message"].s = words.encode()
        log.attr["first_n"].i, log.attr["summarize"].i, log.attr["T"].type = first_n, summarize, types[0]
        for output in sorted(read[node.name]):
            log.input.append(f"{node.name}:{output}")
            log.attr["U"].list.type.append(types[output])
        nodes.append(log)
        instead[f"{node.name}:0"] = f"{log.name}:0"
    return renamed_inputs(graph_of(nodes), instead, {name.removesuffix(":0") for name in instead.values()})


def _output_types(node: Any) -> list[int]:
    """The types of a node's outputs, as numbers."""
    types: list[int] = []
    for arg in definition_of(node, {}).outputs:
        if arg.type_list_attr:
            types += node.attr[arg.type_list_attr].list.type
        else:
            kind = arg.dtype.as_datatype_enum if arg.dtype is not None else node.attr[arg.type_attr].type
            types += [kind] * (node.attr[arg.number_attr].i if arg.number_attr else 1)
    return types


def remove_nodes(graph: Any, context: Context) -> Any:
    """Readers of the nodes of an op (parameter op, as often as wanted) read their first input instead."""
    if not context.params.get("op"):
        refuse("remove_nodes expects at least one 'op'argument, e.g. remove_nodes(op=Identity)")
    most, kept = context.number("max_inputs", 1), context.ends()
    for op in context.params["op"]:
        for inputs in range(1, most + 1):
            instead: dict[str, str] = {"": ""}
            while instead:
                graph, instead = _without(graph, (op, *[("*",)] * inputs), kept)
    return graph


def _without(graph: Any, pattern: tuple[Any, ...], kept: set[str]) -> tuple[Any, dict[str, str]]:
    instead: dict[str, str] = {}

    def make(match: Match, needed: set[str]) -> list[Any]:
        if match.node.name in kept:
            return match.nodes()
        source = match.inputs[0].node
        text = next((text for text in match.node.input if text == source.name or text.startswith(source.name + ":")),
                    source.name)
        instead[match.node.name], instead["^" + match.node.name] = text, "^" + source.name
        return [source]

    made = replaced(graph, pattern, make, may_lose=True)
    return renamed_inputs(made, instead), instead


def merge_duplicate_nodes(graph: Any, context: Context) -> Any:
    """One node of those that compute the same of the same, unless an op has an effect; in the order of their hashes."""
    named, merged = {*context.inputs, *context.outputs}, True
    while merged:
        by_hash: dict[int, list[Any]] = {}
        for node in graph.node:
            by_hash.setdefault(_hash(node, node.name if node.name in named else ""), []).append(node)
        nodes, instead = [], {}
        for _, same in sorted(by_hash.items()):
            for place, node in enumerate(same):
                if place and not definition_of(node, {}).is_stateful:
                    instead[node.name + ":*"] = same[0].name
                else:
                    nodes.append(node)
        graph, merged = renamed_inputs(graph_of(nodes), instead), bool(instead)
    return graph


def _hash(node: Any, name: str) -> int:
    found = combined(hash64(node.op.encode()), hash64(name.encode()))
    for text in node.input:
        found = combined(found, hash64(canonical(text).encode()))
    found = combined(found, hash64(node.device.encode()))
    for attribute in sorted(node.attr):
        found = combined(found, hash64(node.attr[attribute].SerializeToString(deterministic=True)))
    return found


def add_default_attributes(graph: Any, context: Context) -> Any:
    """Each node with the attrs that have a default and that it does not say."""
    made = copy.deepcopy(graph)
    for node in made.node:
        for attribute in definition_of(node, {}).attrs.values():
            if attribute.has_default and attribute.name not in node.attr:
                node.attr[attribute.name].CopyFrom(attr_value(attribute.default, attribute.type))
    return made

