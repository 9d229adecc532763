"""The steps of a run, brought to the nodes that draw them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tfmagic.view import labels
from tfmagic.view.escape import shorten, visible
from tfmagic.view.phrases import say
from tfmagic.view.scene.annotations import Annotations
from tfmagic.view.scene.model import Scene, Step
from tfmagic.view.scene.records import parent

_NAME_LIMIT = 80


def placed(notes: Annotations, node_of: Callable[[str], str | None],
           scopes: Mapping[str, str]) -> tuple[list[Step], tuple[int, int]]:
    """The steps by the ids of their nodes; parts of one thing that give the same value are one step.

    Args:
      notes: the run.
      node_of: the id of the node that shows what an operation gives, or None.
      scopes: the ids of the scopes that are drawn, open or folded.
    """
    found: list[Step] = []
    after, left_out = notes.left_out
    cut = after
    waiting = 0.0  # the time of helpers goes to the node that they help
    for index, step in enumerate(notes.steps):
        if left_out and index == after:
            cut = len(found)
        node = node_of(step.operation)
        if node is None:
            waiting += step.seconds
            continue
        inside = tuple((scopes.get(parent(name), ""), mark) for name, mark in step.inside)
        last = found[-1] if found else None
        if last is not None and (last.node, last.value) == (node, step.value) and \
                last.inside[:len(inside)] == inside:
            last.seconds += step.seconds + waiting
        else:
            found.append(Step(node, shorten(visible(step.operation), _NAME_LIMIT), step.value, step.shape,
                              step.statistics, inside, step.seconds + waiting))
        waiting = 0.0
    return found, (cut, left_out)


def heat(scene: Scene) -> None:
    """Give each node in sight its share of the slowest one's time, and the scene that time."""
    in_sight = {node.id: node for node in scene.nodes}
    around = {node.id: node.box for node in scene.inner}
    seconds: dict[str, float] = {}
    for step in scene.steps:
        holder = step.node
        while holder not in in_sight and holder in around:
            holder = around[holder]
        if step.seconds:
            seconds[holder] = seconds.get(holder, 0.0) + step.seconds
    scene.slowest = max(seconds.values(), default=0.0)
    for holder, spent in seconds.items():
        if holder in in_sight:
            in_sight[holder].heat = spent / scene.slowest


def lines(scene: Scene) -> list[str]:
    """The steps as lines of text."""
    if not scene.steps:
        return []
    width = min(max(len(step.name) for step in scene.steps), 36)
    numbers = len(str(len(scene.steps) + scene.left_out[1]))
    written = [f"{say('Steps')} ({len(scene.steps) + scene.left_out[1]})"]
    skipped = 0
    for index, step in enumerate(scene.steps):
        if scene.left_out[1] and index == scene.left_out[0]:
            skipped = scene.left_out[1]
            written.append("  " + say("{} steps left out", str(skipped)))
        words = [f"= {step.value}" if step.value else "", step.shape, *map(mark_text, (m for _, m in step.inside)),
                 labels.time_text(step.seconds) if step.seconds else ""]
        written.append(f"  {index + 1 + skipped:>{numbers}}  {step.name:<{width}}  {'  '.join(filter(None, words))}"
                       .rstrip())
    return written


def mark_text(mark: int | bool) -> str:
    """The turn of a loop or the way taken at a branch, in words."""
    if isinstance(mark, bool):
        return f"{say('branch')} {'true' if mark else 'false'}"
    return f"{say('turn')} {mark}"
