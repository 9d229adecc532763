"""PlanGraph: a part of a graph lowered to torch code, as plain data: passes change it, a tier makes it callable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from torch import fx
from torch.fx.proxy import Proxy

from tfmagic.graph.operation import Operation, Tensor


@dataclass(frozen=True)
class Update:
    """A change of variables that was lowered: what passes need to do it in another way.

    Attributes:
      op: the operation.
      roots: the variables that it changes, by the name of the input.
      arguments: the values of all its inputs, by name (proxies, or constants).
      values: the new values, in the order of `roots`.
    """

    op: Operation
    roots: dict[str, Operation]
    arguments: dict[str, Any]
    values: tuple[Any, ...]


def replace(node: fx.Node, other: fx.Node) -> None:
    """Put `other` in the place of `node`, which holds the same value."""
    node.replace_all_uses_with(other)
    node.meta["replaced_by"] = other
    if "opens" in node.meta:
        other.meta["opens"] = (*other.meta.get("opens", ()), *node.meta["opens"])
    node.graph.erase_node(node)


@dataclass(eq=False)
class PlanGraph:
    """A plan, or the body of a loop, branch or function in one.

    Attributes:
      name: the title of its code; "" for a whole plan.
      graph: the fx graph. Every parameter has `meta["source"]`: the fed `Tensor`, or the `Operation` that is the
        variable; in a body also a proxy of the graph around it, or the loop variable. The output is a triple:
        results, new values of `written`, prepared in-place updates.
      constants: tensors and host objects by the names under which the graph finds them.
      written: the variables (their nodes) that get new values, in the order of those.
      in_place: the variables that the prepared updates change, in the order of their `changed` tensors.
      updates: the changes of variables, for passes that do them in another way.
      must_read: variables that must have a value when the plan runs, each with the operation that reads it.
      feeds: the fed tensors, in the order of a run's arguments (a body has none).
      fetches: the tensors that the results are values of (of a whole plan).
      ops: the operations that it was made from: while they stay as they are, so does the plan.
      values: what stands for each tensor (a proxy, or what is known already), where the plan was made to be stepped.
      threads: how many threads its large calls have, while the rest has one; 0: all have what torch has.
      stages: the code after lowering and after each pass, by name, where it was asked for.
    """

    name: str
    graph: fx.Graph
    constants: dict[str, Any]
    written: list[Operation] = field(default_factory=list)
    in_place: list[Operation] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    must_read: dict[Operation, Operation] = field(default_factory=dict)
    feeds: tuple[Tensor, ...] = ()
    fetches: tuple[Tensor, ...] = ()
    ops: frozenset[Operation] = frozenset()
    values: dict[Tensor, Any] = field(default_factory=dict)
    threads: int = 0
    stages: dict[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> list[Any]:
        """What each parameter stands for."""
        return [node.meta["source"] for node in self.graph.nodes if node.op == "placeholder"]

    @property
    def output_node(self) -> fx.Node:
        """The node that names the results."""
        return next(reversed(self.graph.nodes))

    @property
    def results(self) -> tuple[tuple[fx.Node, ...], tuple[fx.Node, ...], tuple[fx.Node, ...]]:
        """The nodes of the fetched values, of the variables' new values and of the prepared updates."""
        results: Any = self.output_node.args[0]
        return results

    def copy(self) -> PlanGraph:
        """A plan of its own that computes the same; nobody looks for its stages or how it could change variables."""
        graph = fx.Graph()
        twins: dict[fx.Node, fx.Node] = {}
        for node in self.graph.nodes:
            twins[node] = graph.node_copy(node, twins.__getitem__)
        return PlanGraph(self.name, graph, dict(self.constants), self.written, self.in_place,
                         must_read=self.must_read, feeds=self.feeds, fetches=self.fetches, ops=self.ops,
                         threads=self.threads)

    def constant_node(self, value: Any, before: fx.Node | None = None) -> fx.Node:
        """A node, before another or the results, that gives `value`."""
        name = f"c_pass_{len(self.constants)}"
        self.constants[name] = value
        with self.graph.inserting_before(before or self.output_node):
            return self.graph.create_node("get_attr", name, (), {})

    def constant_for(self, node: fx.Node, value: Any) -> fx.Node:
        """A node that gives the value of another one, to be put in its place."""
        made = self.constant_node(value, node)
        made.meta.update(node.meta, effect="none", inputs=[])
        return made

    def node_of(self, value: Any) -> fx.Node:
        """The node of a proxy, or of a constant."""
        return value.node if isinstance(value, Proxy) else self.constant_node(value)

    def code(self) -> str:
        """Readable PyTorch code, with the bodies that it calls."""
        return "".join(line + "\n" for line, _ in self.lines())

    def lines(self) -> list[tuple[str, fx.Node | None]]:
        """The lines of the readable code, each with the node that it computes."""
        found: list[tuple[str, fx.Node | None]] = []
        waiting, seen = [self], {id(self)}
        while waiting:
            plan = waiting.pop(0)
            if found:
                found.append(("", None))
            if plan.name:
                found.append((f"# {plan.name}", None))
            found += plan._own_lines()
            inner = [body for node in plan.graph.nodes for body in getattr(node.target, "bodies", ())]
            for body in reversed(inner):
                if id(body) not in seen:
                    seen.add(id(body))
                    waiting.insert(0, body)
        return found

    def _own_lines(self) -> list[tuple[str, fx.Node | None]]:
        code = self.graph.python_code("self")
        nodes, known = list(self.graph.nodes), getattr(code, "_lineno_map", None) or {}
        lines = code.src.split("\n")
        head = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def forward"))
        found: list[tuple[str, fx.Node | None]] = []
        for number, line in enumerate(lines):
            index = known.get(number - head)
            node = nodes[index] if index is not None and index < len(nodes) and number > head else None
            text = re.sub(r";\s+(\w+ = )+None", "", line).rstrip()
            if text or found:
                found.append((text, node if text else None))
        while found and not found[-1][0]:
            found.pop()
        return found
