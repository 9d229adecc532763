"""Where the recorded graphs of TensorFlow 2.21 differ from TensorFlow 1.15's, on purpose: 1.15 is what tfmagic makes.

Each row says why, where, and how a recorded node becomes the one that 1.15 makes.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from tfmagic.graph import opdefs


@dataclass(frozen=True)
class Difference:
    """One meant difference.

    Args:
        reason: what 1.15 does and 2.21 does not.
        edit: takes the recorded nodes and returns the nodes expected of tfmagic.
        programs: the programs it is about; none named means all.
    """

    reason: str
    edit: Callable[[list[dict]], list[dict]]
    programs: tuple[str, ...] = ()


def only_known_attrs(nodes):
    """Drops attrs that the op does not have in 1.15."""
    for node in nodes:
        known = opdefs.get(node["op"])
        attrs = node.get("attrs", {})
        if known is not None:
            node["attrs"] = {k: v for k, v in attrs.items() if k in known.attrs or k.startswith("_")}
        node.get("attrs", {}).pop("_has_manual_control_dependencies", None)
        if not node.get("attrs", True):
            del node["attrs"]
    return nodes


def retyped(pattern, op):
    """An edit that gives the nodes whose whole name matches `pattern` another op type."""

    def edit(nodes):
        for node in nodes:
            if re.fullmatch(pattern, node["name"]):
                node["op"] = op
        return nodes

    return edit


def replaced(pattern, lines):
    """An edit that puts nodes, written as JSON lines, in the place of those whose whole name matches `pattern`."""

    def edit(nodes):
        hits = [i for i, node in enumerate(nodes) if re.fullmatch(pattern, node["name"])]
        kept = [node for i, node in enumerate(nodes) if i not in set(hits)]
        new = [json.loads(line) for line in lines.strip().splitlines()]
        return kept[: hits[0]] + new + kept[hits[0] :]

    return edit


def add_of_tensors(nodes):
    """`tf.add` and the sums inside random ops are made by AddV2 since 2.x."""
    for node in nodes:
        last = node["name"].rsplit("/", 1)[-1]
        if node["op"] == "AddV2" and re.fullmatch(r"Add(_\d+)?", last):
            node["op"] = "Add"
    return nodes


def random_sums(nodes):
    """The last node of random_normal, truncated_normal and random_uniform is `Add` in 1.15."""
    makers = {n["name"].rsplit("/", 1)[0] for n in nodes
              if n["op"] in ("RandomStandardNormal", "TruncatedNormal", "RandomUniform") and "/" in n["name"]}
    for node in nodes:
        if node["op"] == "AddV2" and node["name"] in makers:
            node["op"] = "Add"
    return nodes


def scaled_uniforms(nodes):
    """random_uniform scales what it draws also when the bounds are 0 and 1: 2.21 leaves those nodes out."""
    names = {node["name"] for node in nodes}
    renamed: dict[str, str] = {}
    result = []
    for node in nodes:
        scope, _, last = node["name"].rpartition("/")
        if last != "RandomUniform" or scope in names:
            result.append({**node, "inputs": [renamed.get(i, i) for i in node["inputs"]]} if "inputs" in node else node)
            continue
        dtype = node["attrs"]["dtype"]
        low, high = ({"name": f"{scope}/{name}", "op": "Const",
                      "attrs": {"dtype": dtype, "value": {"dtype": dtype, "shape": [], "values": [value]}}}
                     for name, value in (("min", 0.0), ("max", 1.0)))
        sums = [{"name": name, "op": op, "inputs": inputs, "attrs": {"T": dtype}} for name, op, inputs in (
            (f"{scope}/sub", "Sub", [high["name"], low["name"]]),
            (f"{scope}/mul", "Mul", [node["name"], f"{scope}/sub"]),
            (scope, "Add", [f"{scope}/mul", low["name"]]))]
        result += [low, high, node, *sums]
        renamed[node["name"]] = scope
    return result


GRAPHS = [
    Difference("these attrs came after 1.15", only_known_attrs),
    Difference("tf.add makes Add in 1.15; only the operator + makes AddV2", add_of_tensors),
    Difference("random ops add their mean with Add in 1.15", random_sums),
    Difference("random_uniform scales by its bounds also when they are 0 and 1", scaled_uniforms),
    Difference("tf.add with a name of its own", retyped("plus_one", "Add"), ("add_function",)),
    Difference("tf.add with a name of its own", retyped("[cd]", "Add"), ("course_first_graph",)),
]

# Values, reprs and facts: program -> kind -> reason. The kind is left out of the comparison.
OTHER: dict[str, dict[str, str]] = {
    "random_streams": {"shown": "the result of random_uniform is the sum in 1.15, the node that draws in 2.21"},
}

# Wrong input: case -> what 1.15 does (keys as in errors.json), and why.
ERRORS: dict[str, dict[str, str]] = {}

# Ops: op -> part ("static" or "gradients") that is not compared, and why.
OPS: dict[str, dict[str, str]] = {}


def expected_nodes(program, nodes):
    """The recorded nodes of a program as TensorFlow 1.15 would have made them."""
    nodes = json.loads(json.dumps(nodes))
    for difference in GRAPHS:
        if not difference.programs or program in difference.programs:
            nodes = difference.edit(nodes)
    return nodes
