"""The two views of a profile, by name scopes and by types of operations: sums, order and text as TensorFlow's."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation
from tfmagic.tf.profiler import runs
from tfmagic.tf.profiler.flops import IncompleteShape, flops

ROOT = "_TFProfRoot"
_SCOPE = "_kTFScopeParent"
TRAINABLE = "_trainable_variables"
MEASURES = ("params", "float_ops", "occurrence", *runs.MEASURED)


class Node:
    """A node of the graph, a name scope, or a type of operations, with what it costs itself and in all.

    Attributes:
      own: by measure, what it costs itself.
      total: the same with what is shown below it.
      counted: whether it is of the types that the options ask for.
    """

    def __init__(self, name: str, types: Iterable[str] = (), own: dict[str, int] | None = None,
                 op: Operation | None = None):
        self.name, self.op = name, op
        self.types = set(types)
        self.own = {**dict.fromkeys(MEASURES, 0), "occurrence": 1, **(own or {})}
        self.device = ""  # where it ran
        self.total = dict.fromkeys(MEASURES, 0)
        self.children: list[Node] = []
        self.members: list[Node] = []
        self.counted = False
        self.lines: list[str] = []

    @property
    def kind(self) -> str:
        """The type of the operation; a scope has a name of its own for that."""
        return _SCOPE if self.op is None else self.op.type

    def reset(self, to_own: bool) -> None:
        self.total = dict(self.own) if to_own else dict.fromkeys(MEASURES, 0)

    def add(self, other: Node) -> None:
        for measure in MEASURES:
            self.total[measure] += other.total[measure]


def nodes_of(graph: Graph, more: Any = None, traced: runs.Runs | None = None,
             step: int = -1) -> tuple[list[Node], int]:
    """The nodes of a graph, and how many have operations that cannot be counted for want of shapes.

    Args:
      graph: the graph.
      more: an `OpLogProto` with further types and counts by name.
      traced: runs, with what the nodes took in them.
      step: which of these.
    """
    took = traced.of(step) if traced is not None else {}
    devices = traced.devices() if traced is not None else {}
    trainable = {variable.op.name for variable in graph.get_collection("trainable_variables")}
    logged = {entry.name: entry for entry in more.log_entries} if more is not None else {}
    found, incomplete = [], 0
    for op in graph.get_operations():
        try:
            count = flops(op)
        except IncompleteShape:
            count, incomplete = 0, incomplete + 1
        types = {op.type} | ({TRAINABLE} if op.name in trainable else set())
        entry = logged.get(op.name)
        if entry is not None:
            types.update(entry.types)
            count = entry.float_ops or count
        node = Node(op.name, types, {"params": _parameters(op), "float_ops": count, **took.get(op.name, {})}, op)
        if op.name in devices:
            node.device = devices[op.name]
            node.types.add(node.device)
        found.append(node)
    return found, incomplete


def _shape(op: Operation | None) -> list[int]:
    """The attr `shape` of a node (a scalar's is [1], an unknown size -1); none where it is not known at all."""
    dims = None if op is None or "shape" not in op._op_def.attrs else op._attrs.get("shape")
    return _written(getattr(dims, "_dims", dims))


def _written(dims: Any) -> list[int]:
    return [] if dims is None else [-1 if size is None else size for size in dims] or [1]


def _input_shapes(op: Operation | None) -> list[list[int] | None]:
    """The shapes of what a node takes; a control input counts as its first result, None where it has none."""
    if op is None:
        return []
    controls = sorted(op.control_inputs, key=lambda before: before.name)
    taken = [*op._inputs, *(before._outputs[0] if before._outputs else None for before in controls)]
    return [None if tensor is None or tensor._dims is None else _written(tensor._dims) for tensor in taken]


def _parameters(op: Operation) -> int:
    sizes = _shape(op)
    return math.prod(sizes) if sizes and -1 not in sizes else 0


def _matches(patterns: Sequence[str], text: str) -> bool:
    return any(re.fullmatch(pattern, text) for pattern in patterns)


def _is_counted(node: Node, options: Any) -> bool:
    patterns = options["account_type_regexes"]
    return list(patterns) == [".*"] or any(_matches(patterns, kind) for kind in node.types)


def _is_shown(node: Node, costs: dict[str, int], options: Any, depth: int) -> bool:
    if node.name == ROOT:
        return True
    if any(node.total[measure] < options.get(f"min_{measure}", 0) for measure in (*runs.MEMORY, *runs.TIMES)):
        return False
    if (costs["params"] < options["min_params"] or costs["float_ops"] < options["min_float_ops"]
            or costs["occurrence"] < options["min_occurrence"] or depth > options["max_depth"]):
        return False
    return _matches(options["show_name_regexes"], node.name) and not _matches(options["hide_name_regexes"], node.name)


# --- by scopes ---------------------------------------------------------------------------------------------------


def by_scope(nodes: list[Node], options: Any) -> Node:
    """The root of the name scopes, with what is shown below it."""
    by_name = {node.name: node for node in nodes}
    for node in nodes:
        parts = node.name.split("/")
        for end in range(1, len(parts)):
            by_name.setdefault("/".join(parts[:end]), Node("/".join(parts[:end]), {_SCOPE}))
    root = Node(ROOT, {_SCOPE})
    for name in sorted(by_name):
        parent = name.rpartition("/")[0]
        (by_name[parent] if parent else root).children.append(by_name[name])
    used = _used(root.children, options)
    starts = options["start_name_regexes"]
    for node in used:
        root.add(node)
    root.children = used if list(starts) == [".*"] else _starts(used, starts)
    (shown,) = _shown([root], options, 1, 0)
    return shown


def _used(nodes: list[Node], options: Any) -> list[Node]:
    """The nodes that count, or have some below them that do; sums them up."""
    found = []
    for node in nodes:
        below = _used(node.children, options)
        node.counted = _is_counted(node, options)
        node.reset(node.counted)
        if node.counted or below:
            node.children = below
            for child in below:
                node.add(child)
            found.append(node)
    return found


def _starts(nodes: list[Node], patterns: Sequence[str]) -> list[Node]:
    found = []
    for node in nodes:
        found += [node] if _matches(patterns, node.name) else _starts(node.children, patterns)
    return found


def _shown(nodes: list[Node], options: Any, depth: int, indent: int) -> list[Node]:
    found = []
    for node in nodes:
        show = _is_shown(node, node.own, options, depth)
        if show and options["account_displayed_op_only"]:
            node.reset(True)
        below: list[Node] = []
        if not _matches(options["trim_name_regexes"], node.name) and depth <= options["max_depth"]:
            below = _shown(node.children, options, depth + 1, indent + 2 if show else indent)
        if not show:
            found += below
            continue
        if options["account_displayed_op_only"]:
            for child in below:
                node.add(child)
        node.children = in_order(below, options["order_by"])
        node.lines = [f"{' ' * indent}{node.name} ({_described(node, options['select'])})"]
        node.lines += itertools.chain.from_iterable(child.lines for child in node.children)
        found.append(node)
    return found


def _described(node: Node, select: Sequence[str]) -> str:
    def pair(measure: str, unit: str = "") -> str:
        total = number(node.total[measure]) + unit
        return f"{number(node.own[measure])}/{total}" if node.counted else f"--/{total}"

    def run(measure: str) -> str:
        total = runs.text(measure, node.total[measure])
        return f"{runs.text(measure, node.own[measure])}/{total}" if node.counted else f"--/{total}"

    found = []
    if "params" in select:
        found += ["x".join(map(str, _shape(node.op)))] if _shape(node.op) else []
        found.append(pair("params", " params"))
    if "float_ops" in select:
        found.append(pair("float_ops", " flops"))
    found += map(run, runs.columns(select))
    if "device" in select and node.op is not None and (node.device or node.op.device):
        found.append(node.device or node.op.device)
    if "op_types" in select:
        found.append("|".join(sorted(node.types)))
    if "occurrence" in select:
        found.append(f"{pair('runs')}|{pair('occurrence')}")
    if "input_shapes" in select:
        found.append("|".join(f"{i}:{'unknown' if sizes is None else 'x'.join(map(str, sizes))}"
                              for i, sizes in enumerate(_input_shapes(node.op))))
    return ", ".join(found)


def scope_proto(node: Node, proto: Any) -> Any:
    """Write a node, and what is shown below it, into a `GraphNodeProto`."""
    _write_graph_node(node, proto)
    for child in node.children:
        scope_proto(child, proto.children.add())
    return proto


def _write_graph_node(node: Node, proto: Any) -> None:
    proto.name = node.name
    proto.parameters, proto.float_ops = node.own["params"], node.own["float_ops"]
    proto.total_parameters, proto.total_float_ops = node.total["params"], node.total["float_ops"]
    proto.total_definition_count = node.total["occurrence"]
    _write_runs(node, proto)
    if node.device:
        proto.devices.append(node.device)
    for index, sizes in enumerate(_input_shapes(node.op)):
        shape = proto.input_shapes[index]
        shape.unknown_rank = sizes is None
        for size in sizes or ():
            shape.dim.add().size = size


def _write_runs(node: Node, proto: Any) -> None:
    """Write what runs tell of a node: time, memory, how often."""
    for field, measure in (("exec_micros", "micros"), ("accelerator_exec_micros", "accelerator_micros"),
                           ("cpu_exec_micros", "cpu_micros"), ("requested_bytes", "bytes"),
                           ("peak_bytes", "peak_bytes"), ("residual_bytes", "residual_bytes"),
                           ("output_bytes", "output_bytes"), ("run_count", "runs")):
        if hasattr(proto, field):
            setattr(proto, field, node.own[measure])
        if hasattr(proto, f"total_{field}"):
            setattr(proto, f"total_{field}", node.total[measure])


# --- by types ----------------------------------------------------------------------------------------------------


def by_type(nodes: list[Node], options: Any) -> tuple[Node, list[Node]]:
    """The sum of all, and the types of operations that are shown; each total holds those of the types below."""
    types: dict[str, Node] = {}
    for node in sorted(nodes, key=lambda node: node.name):
        if node.op is None or not _is_counted(node, options):
            continue
        kind = types.setdefault(node.op.type, Node(node.op.type, own={"occurrence": 0}))
        node.reset(True)
        kind.members.append(node)
        kind.types |= node.types
        for measure in MEASURES:
            kind.own[measure] += node.own[measure]
    for kind in types.values():
        kind.reset(True)
    ordered = in_order([types[name] for name in sorted(types)], options["order_by"])
    root = _accumulated(ordered)
    starts = options["start_name_regexes"]
    first = next((i for i, node in enumerate(ordered) if _matches(starts, node.name)), len(ordered))
    shown = []
    for depth, node in enumerate(ordered[first:]):
        if _matches(options["trim_name_regexes"], node.name) or depth > options["max_depth"]:
            break
        if _is_shown(node, node.total, options, depth):
            shown.append(node)
    return (_accumulated(shown) if options["account_displayed_op_only"] else root), shown


def _accumulated(nodes: list[Node]) -> Node:
    """The sum of the nodes; each of them holds its own and those of the nodes after it."""
    root = Node(ROOT, own={"occurrence": 0})
    for node in reversed(nodes):
        root.total = {measure: root.total[measure] + node.own[measure] for measure in MEASURES}
        node.total = dict(root.total)
    return root


def type_lines(root: Node, nodes: list[Node], select: Sequence[str]) -> list[str]:
    """A line for each type: what it costs, its share with the types below it, and its own."""
    found = []
    for node in nodes:
        parts = [f"{_share(node, root, measure, runs.text(measure, node.own[measure])):>30}"
                 for measure in runs.columns(select)]
        parts += [f"{_share(node, root, measure, f'{number(node.own[measure])} {measure}'):>30}"
                  for measure in ("params", "float_ops") if measure in select]
        if "device" in select:
            parts.append("|".join(sorted({member.device for member in node.members})))
        parts += ["|".join(sorted(node.types))] if "op_types" in select else []
        counts = f"{node.own['runs']}|{node.own['occurrence']}"
        parts += [f"{counts:>10}" if node.own["runs"] else counts] if "occurrence" in select else []
        found.append(f"{node.name:<25}{', '.join(parts)}")
    return found


def _share(node: Node, root: Node, measure: str, own: str) -> str:
    whole = root.total[measure]
    shares = [100 * part / whole if whole else 0.0 for part in (node.total[measure], node.own[measure])]
    return f"{own} ({shares[0]:.2f}%, {shares[1]:.2f}%)"


def type_proto(root: Node, nodes: list[Node], proto: Any) -> Any:
    """Write the sum, and each type below the one before it, into a `MultiGraphNodeProto`."""
    place = proto
    for node in [root, *nodes]:
        place = place if node is root else place.children.add()
        place.name = node.name
        if node is not root:
            place.parameters, place.float_ops = node.own["params"], node.own["float_ops"]
        place.total_parameters, place.total_float_ops = node.total["params"], node.total["float_ops"]
        if node is root:
            node.own.update(dict.fromkeys(runs.MEASURED, 0))
        _write_runs(node, place)
        for member in node.members:
            _write_graph_node(member, place.graph_nodes.add())
    return proto


# --- order and numbers -------------------------------------------------------------------------------------------


def number(value: int) -> str:
    """A number as a profile writes it: `512`, `1.02k`, `25.56m`, `4.12b`."""
    for limit, unit in ((10**9, "b"), (10**6, "m"), (10**3, "k")):
        if value >= limit:
            return f"{value / limit:.2f}{unit}"
    return str(value)


def in_order(nodes: list[Node], order_by: str) -> list[Node]:
    """The nodes by name, or the most expensive first; equal ones as the library that TensorFlow uses leaves them."""
    if order_by == "name":
        return sorted(nodes, key=lambda node: node.name)
    if order_by not in MEASURES:
        return list(nodes)
    return _sorted(nodes, lambda a, b: a.total[order_by] > b.total[order_by])


def _sorted(items: list[Any], before: Callable[[Any, Any], bool]) -> list[Any]:
    """The order of `std::sort`, which moves equal items: quicksort down to 16 items, then insertion."""
    found = list(items)
    _split(found, 0, len(found), 2 * (len(found).bit_length() - 1), before)
    for i in range(1, len(found)):
        item, place = found[i], i
        if i < 16 and before(item, found[0]):
            found[1:i + 1] = found[:i]
            found[0] = item
            continue
        while before(item, found[place - 1]):
            found[place] = found[place - 1]
            place -= 1
        found[place] = item
    return found


def _split(a: list[Any], first: int, last: int, depth: int, before: Callable[[Any, Any], bool]) -> None:
    while last - first > 16:
        if depth == 0:
            key = functools.cmp_to_key(lambda x, y: -1 if before(x, y) else 1 if before(y, x) else 0)
            a[first:last] = sorted(a[first:last], key=key)
            return
        depth -= 1
        x, y, z = first + 1, first + (last - first) // 2, last - 1
        if before(a[x], a[y]):
            median = y if before(a[y], a[z]) else z if before(a[x], a[z]) else x
        else:
            median = x if before(a[x], a[z]) else z if before(a[y], a[z]) else y
        a[first], a[median] = a[median], a[first]
        low, high = first + 1, last
        while True:
            while before(a[low], a[first]):
                low += 1
            high -= 1
            while before(a[first], a[high]):
                high -= 1
            if low >= high:
                break
            a[low], a[high] = a[high], a[low]
            low += 1
        _split(a, low, last, depth, before)
        last = low
