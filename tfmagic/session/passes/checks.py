"""What holds for a PlanGraph after every pass.

1. The graph passes fx's own lint: every node is defined before it is used, names are unique.
2. The output is a triple: results, new values of variables, prepared updates.
3. There is one new value per written variable.
4. Every constant that the graph names exists.
5. Every call says its effect.
6. Every parameter says what it stands for; each feed of a run and each variable is one parameter at most.
7. A whole plan gives one result per fetch.
"""

from __future__ import annotations

from typing import Any

from tfmagic.graph.registry import EFFECTS
from tfmagic.session.plan.plan_graph import PlanGraph


def check(plan: PlanGraph) -> None:
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
        if node.op == "placeholder":
            assert "source" in node.meta, f"rule 6: nothing says what {node.name} stands for"
        if node.op in ("call_function", "call_method"):
            assert node.meta.get("effect") in EFFECTS, f"rule 5: {node.name} does not say its effect"
        if node.op == "output":
            output = node
    assert output is not None, "rule 2: the graph has no output"
    triple = output.args[0]
    assert isinstance(triple, (tuple, list)) and len(triple) == 3, "rule 2: the output is no triple"
    results, states, _ = triple
    assert len(states) == len(plan.written), "rule 3: new values and written variables differ in number"
    sources = [id(source) for source in plan.parameters]
    assert len(sources) == len(set(sources)), "rule 6: two parameters stand for the same"
    if not plan.name:
        assert len(results) == len(plan.fetches), "rule 7: results and fetches differ in number"
