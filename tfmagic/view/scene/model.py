"""Scene: what is to be drawn, as plain data; every output (text, DOT, SVG, HTML, JSON) is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field

OPERATION = "operation"
PLACEHOLDER = "placeholder"
VARIABLE = "variable"
CONSTANT = "constant"
LOOP_VARIABLE = "loop-variable"
SCOPE = "scope"
RUN = "run"
GRADIENTS = "gradients"
TRAINING = "training"

DATA = "data"
CONTROL = "control"
UPDATES = "updates"

FAILED = "failed"
NOT_FINITE = "not-finite"


@dataclass(frozen=True)
class Port:
    """An input of a failed node: what stands there, and from where to where in that text it does not fit."""

    text: str
    wrong: tuple[tuple[int, int], ...] = ()

    @property
    def marked(self) -> str:
        """The text, with what does not fit between the marks of a text drawing."""
        parts, end = [], 0
        for start, stop in self.wrong:
            parts += [self.text[end:start], "»", self.text[start:stop], "«"]
            end = stop
        return "".join([*parts, self.text[end:]])


@dataclass
class Node:
    """One thing drawn: an operation, a variable with its parts, a folded scope, or a folded run of operations.

    Attributes:
      id: its name within the scene ("n0").
      name: the graph's name of the operation or scope.
      role: what it is, one of the constants of this module.
      title: the main line.
      type: the second line: the op type, or what is folded in.
      value: a constant's value, or the value a run gave.
      output: shape and dtype of a result that nothing drawn reads (else an edge says it).
      parameters: small constant arguments, such as "axis = 0".
      device: short device name, "" when any.
      box: id of the open scope it lies in, "" at the top.
      boundary: whether it was made before what is drawn (an earlier cell).
      cell: the cell that made it.
      places: numbers of the cells and lines that made it, or what is in it.
      count: how many graph operations it stands for.
      holds: of a folded scope, how many things it shows when it is opened (0: it cannot be opened).
      change: "", or what became of it against another graph: "new", "gone" or "changed".
      state: "", FAILED or NOT_FINITE.
      message: what went wrong.
      ports: of a failed node, what its inputs are.
      made: of a failed node, the cell and line that made it.
      unbuilt: whether it is only what would have been made: it is not in the graph.
      time: how long it ran.
      heat: its share of the time of the node that took the longest (0: nobody knows).
      updates: of a variable, how often runs changed it (-1: nobody knows).
      details: further (key, value) lines for a tooltip or side panel.
      gives: of a quiz, the tensors that `output` tells of.
      room: of a quiz, the longest text that may come to stand in place of `output`.
    """

    id: str
    name: str
    role: str
    title: str
    type: str = ""
    value: str = ""
    output: str = ""
    parameters: tuple[str, ...] = ()
    device: str = ""
    box: str = ""
    boundary: bool = False
    cell: str = ""
    places: tuple[tuple[int, int], ...] = ()
    count: int = 1
    holds: int = 0
    change: str = ""
    state: str = ""
    message: str = ""
    ports: tuple[Port, ...] = ()
    made: str = ""
    unbuilt: bool = False
    time: str = ""
    heat: float = 0.0
    updates: int = -1
    details: tuple[tuple[str, str], ...] = ()
    gives: tuple[str, ...] = ()
    room: str = ""


@dataclass
class Box:
    """An open name scope: `kind` is "scope", "loop" or "branch"; `parent` is another box's id or ""."""

    id: str
    name: str
    title: str
    kind: str = "scope"
    parent: str = ""


@dataclass
class Edge:
    """What flows from `source` to `target` (node ids).

    Attributes:
      text: shape and dtype, or how many tensors.
      tensors: the tensors' names.
      kind: DATA; CONTROL where it only orders two operations; UPDATES from what changes a variable to the variable.
      room: of a quiz, the longest text that may come to stand in place of `text`.
    """

    source: str
    target: str
    text: str = ""
    tensors: tuple[str, ...] = ()
    kind: str = DATA
    room: str = ""

    @property
    def control(self) -> bool:
        """Whether it only orders two operations."""
        return self.kind == CONTROL


@dataclass
class Step:
    """A step of a run.

    Attributes:
      node: the id of the node that draws it.
      name: the operation that was computed.
      value, shape, statistics: what it gave.
      inside: the loops and branches around it, the outermost first: the id of the scope that draws each ("" when none
        does), and the turn of the loop or the way taken.
      seconds: how long it took; 0 when that was not asked for.
    """

    node: str
    name: str
    value: str = ""
    shape: str = ""
    statistics: str = ""
    inside: tuple[tuple[str, int | bool], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Question:
    """A tensor whose shape and dtype a quiz asks for: its name, the id of the node that draws where it comes from, and
    the answers."""

    tensor: str
    node: str
    shape: str
    dtype: str


@dataclass
class Folded:
    """Auxiliary operations that are not drawn: `kind` says which ("initialisers", "save and restore")."""

    kind: str
    count: int


@dataclass
class Scene:
    """A drawing before layout.

    Attributes:
      title: the drawing's title, "" for none.
      direction: "TB" (top to bottom) or "LR" (left to right).
      nodes, boxes, edges: what is drawn, in the graph's order; a box comes after its parent.
      faces: how each open box looks when it is folded: a node of the same id.
      inner: what stands inside folded nodes, for a view that opens them; `box` is the folded node's id.
      flows: the edges between the nodes and inner nodes that are not folded themselves, as far as they are known.
      devices: the devices in use, in order of appearance, when there are two or more.
      folded: what was left out.
      operations: how many operations the drawn part of the graph has.
      steps: the steps of a run, in its order.
      left_out: after how many of these steps how many were left out.
      slowest: the seconds of the node that took the longest, 0 when times were not asked for.
      plan: the lines of PyTorch code that run for the graph, each with the id of the node that it belongs to, or "".
      not_in_plan: the ids of the nodes that have no line.
      quiz: the questions of a quiz, or None: it is none.
    """

    title: str = ""
    direction: str = "TB"
    nodes: list[Node] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    faces: list[Node] = field(default_factory=list)
    inner: list[Node] = field(default_factory=list)
    flows: list[Edge] = field(default_factory=list)
    devices: tuple[str, ...] = ()
    folded: tuple[Folded, ...] = ()
    operations: int = 0
    steps: list[Step] = field(default_factory=list)
    left_out: tuple[int, int] = (0, 0)
    slowest: float = 0.0
    plan: list[tuple[str, str]] = field(default_factory=list)
    not_in_plan: list[str] = field(default_factory=list)
    quiz: list[Question] | None = None

    def node(self, name: str) -> Node:
        """The node with a graph name.

        Raises:
          KeyError: nothing of that name is drawn by itself.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)

    def description(self) -> str:
        """One sentence for those who cannot see the drawing."""
        from tfmagic.view.phrases import plural, say

        by_role: dict[str, int] = {}
        for node in self.nodes:
            by_role[node.role] = by_role.get(node.role, 0) + 1
        names = {LOOP_VARIABLE: "loop variable",
                 SCOPE: "folded scope", RUN: "folded group", GRADIENTS: "folded gradient part",
                 TRAINING: "folded training part"}
        parts = [plural(count, names.get(role, role)) for role, count in by_role.items()]
        what = ", ".join(parts) if parts else say("nothing")
        sentences = [say("Dataflow graph of {}, drawn as {}.", plural(self.operations, "operation"), what)]
        sentences += [_failure(node) for node in self.nodes if node.state == FAILED]
        sentences += [] if self.quiz is None else [say("Quiz: shapes and dtypes of what is computed are hidden.")]
        return " ".join(sentences)


def _failure(node: Node) -> str:
    """What went wrong at a node, for those who cannot see the drawing."""
    from tfmagic.view.phrases import say

    said = "{} could not be built: {}" if node.unbuilt else "Failed: {}: {}"
    parts = [say(said, node.name, node.message), *(port.marked for port in node.ports), node.made]
    return "; ".join(part.rstrip(".") for part in parts if part) + "."
