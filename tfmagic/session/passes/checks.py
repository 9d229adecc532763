"""What holds for a plan's fx graph after every pass.

1. The graph passes fx's own lint: every node is defined before it is used, names are unique.
2. The output is a triple: fetched values, new values of variables, prepared updates.
3. There is one new value per written variable.
4. Every constant that the graph names exists.
5. Every call says its effect.
"""

from __future__ import annotations

from typing import Any

from tfmagic.graph.registry import EFFECTS


def check(plan: Any) -> None:
    """Check a plan.

    Raises:
      AssertionError: a rule is broken; the message names it.
    """
    seen: set[Any] = set()
    names: set[str] = set()
    output = None
    for node in plan.graph.nodes:
        for argument in node.all_input_nodes:
            assert argument in seen, f"rule 1: {node.name} uses {argument.name} before its definition"
        assert node.name not in names, f"rule 1: two nodes are named {node.name}"
        seen.add(node)
        names.add(node.name)
        if node.op == "get_attr":
            assert node.target in plan.constants, f"rule 4: there is no constant {node.target}"
        if node.op in ("call_function", "call_method"):
            assert node.meta.get("effect") in EFFECTS, f"rule 5: {node.name} does not say its effect"
        if node.op == "output":
            output = node
    assert output is not None, "rule 2: the graph has no output"
    triple = output.args[0]
    assert isinstance(triple, (tuple, list)) and len(triple) == 3, "rule 2: the output is no triple"
    assert len(triple[1]) == len(plan.written), "rule 3: new values and written variables differ in number"
