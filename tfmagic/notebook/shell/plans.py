"""`%torch`: the PyTorch code of a plan, and which of its lines belong to which nodes."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.operation import Operation, Tensor

_MOST_LINES = 12


def made(session: Any, elements: list[Tensor | Operation], feeds: list[Tensor], passes: bool) -> Any:
    """The plan that a session runs for `elements`.

    Args:
      session: the session that would run them.
      elements: what is fetched.
      feeds: the tensors that are fed; placeholders that the run needs count as fed too.
      passes: whether to keep the code after every pass that changed it.
    """
    from tfmagic.session.peek import needed_feeds
    from tfmagic.session.planning import make_plan

    placeholders = [op.outputs[0] for op in needed_feeds(elements, dict.fromkeys(feeds))[1]]
    fetched = [e for e in elements if isinstance(e, Tensor)]
    targets = [e for e in elements if isinstance(e, Operation)]
    return make_plan(fetched, targets, [*feeds, *placeholders], session._torch_device, session.resources,
                     keep_stages=passes)


def stages(plan: Any) -> str:
    """The code after every pass that changed it."""
    parts, before = [], None
    for name, code in plan.stages.items():
        if code != before:
            parts.append(f"# --- {name} ---\n{code}")
        before = code
    return "\n".join(parts)


def notes(plan: Any) -> dict[str, Any]:
    """The plan beside its graph, as fields of `Annotations`."""
    told = [(line, _name_of(node)) for line, node in plan.lines()]
    standing = {name for _, name in told if name}
    for source in plan.parameters:
        standing.add(source.op.name if isinstance(source, Tensor) else source.name)
    for root in (*plan.written, *plan.in_place):
        standing.add(root.name)
    return {"plan": told, "not_in_plan": {op.name for op in plan.ops} - standing}


def _name_of(node: Any) -> str:
    op = None if node is None else node.meta.get("op")
    return op.name if op is not None else ""


def lines_of(session: Any, operation: Operation) -> list[str]:
    """The lines that compute a node, in the latest plan of a session that has it; none where no plan has."""
    for execution in reversed(list(session._plans.entries.values())):
        plan = getattr(execution, "plan", None)
        if plan is not None and operation in plan.ops:
            return [line.strip() for line, node in plan.lines()
                    if node is not None and node.meta.get("op") is operation][:_MOST_LINES]
    return []
