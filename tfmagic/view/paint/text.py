"""Scene -> text: an indented tree in graph order, for terminals, diffs and screen readers."""

from __future__ import annotations

from tfmagic.view.paint.shapes import notice
from tfmagic.view.phrases import plural, say
from tfmagic.view.scene import model, steps
from tfmagic.view.scene.model import Box, Node, Scene

_COLUMN = 36  # a longer name pushes its own line only
_FOLDED = (model.SCOPE, model.RUN)


def draw_text(scene: Scene) -> str:
    """The drawing as text: one line a node with what it reads, inside the tree of its scopes."""
    inputs: dict[str, list[str]] = {}
    outputs: dict[str, dict[str, None]] = {}
    changes: dict[str, list[str]] = {}
    titles = _unmistakable(scene)
    for edge in scene.edges:
        source = titles[edge.source]
        if edge.kind == model.UPDATES:
            changes.setdefault(edge.source, []).append(titles[edge.target])
            continue
        inputs.setdefault(edge.target, []).append(f"{say('after')} {source}" if edge.control else source)
        if edge.text:
            outputs.setdefault(edge.source, {}).setdefault(edge.text)
    lines = [scene.title or say("Graph"), *_tree(scene, inputs, outputs, changes)]
    lines += [f"  {say('device of each node in angle brackets')}: {', '.join(scene.devices)}"] if scene.devices else []
    note = notice(scene)
    lines += [f"  {note}"] if note else []
    return "\n".join([*lines, *steps.lines(scene)])


def _unmistakable(scene: Scene) -> dict[str, str]:
    """What each node is called where others read it: its title, with its box or by its whole name where two are
    alike."""
    boxes = {box.id: f"{box.name}/" for box in scene.boxes}
    named = {node.id: (node.title, boxes.get(node.box, "") + node.title, node.name.rstrip("/"))
             for node in scene.nodes}
    count: dict[str, int] = {}
    for title, inside, _ in named.values():
        for word in {title, inside}:
            count[word] = count.get(word, 0) + 1
    return {node: next((word for word in words[:2] if count[word] == 1), words[2]) for node, words in named.items()}


def _tree(scene: Scene, inputs: dict[str, list[str]], outputs: dict[str, dict[str, None]],
          changes: dict[str, list[str]]) -> list[str]:
    boxes = {box.id: box for box in scene.boxes}
    children: dict[str, list[Node | Box]] = {}
    placed: set[str] = set()
    for node in scene.nodes:
        item: Node | Box = node
        home = node.box
        while True:
            children.setdefault(home, []).append(item)
            if not home or home in placed:
                break
            placed.add(home)
            item = boxes[home]
            home = item.parent
    lines: list[tuple[str, str]] = []  # what stands in the tree, what is said of it
    stack: list[tuple[Node | Box, str, bool]] = []

    def push(home: str, indent: str) -> None:
        items = children.get(home, [])
        for i, item in reversed(list(enumerate(items))):
            stack.append((item, indent, i == len(items) - 1))

    push("", "")
    while stack:
        item, indent, last = stack.pop()
        branch = indent + ("└─ " if last else "├─ ")
        if isinstance(item, Box):
            kind = "" if item.kind == "scope" else f"  {say(item.kind)}"
            lines.append((f"{branch}{item.title}/{kind}", ""))
            push(item.id, indent + ("   " if last else "│  "))
        else:
            lines.append((branch + item.title, _line(item, scene, inputs, outputs, changes)))
    column = min(max((len(left) for left, right in lines if right), default=0), _COLUMN)
    return [f"{left.ljust(column)}  {right}" if right else left for left, right in lines]


def _line(node: Node, scene: Scene, inputs: dict[str, list[str]], outputs: dict[str, dict[str, None]],
          changes: dict[str, list[str]]) -> str:
    words = []
    kind = say("folded") if node.role in _FOLDED else ""
    what = " ".join(word for word in (kind, node.type, say("not built") if node.unbuilt else "") if word)
    words += [what] if what else []
    words += [f"({', '.join(node.parameters)})"] if node.parameters else []
    if node.boundary:
        words.append(f"{say('from')} {node.cell}" if node.cell else say("from before"))
    if node.value:
        words.append(f"= {node.value}")
    if inputs.get(node.id):
        words.append("← " + ", ".join(inputs[node.id]))
    if outputs.get(node.id):
        words.append("→ " + " | ".join(outputs[node.id]))
    elif node.output:
        words.append(f"→ {node.output}")
    if changes.get(node.id):
        words.append(f"⇢ {say('changes')} {', '.join(changes[node.id])}")
    words += [plural(node.updates, "update")] if node.updates >= 0 else []
    if scene.devices and node.device:
        words.append(f"<{node.device}>")
    words += [node.time] if node.time else []
    words += [f"! {node.message}"] if node.message else []
    words += [f"[{', '.join(port.marked for port in node.ports)}]"] if node.ports else []
    words += [node.made] if node.made else []
    return "  ".join(words)
