"""Name scopes as a tree, and which of them are open: few enough things in sight, like siblings treated alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from tfmagic.view.scene.runs import group_level, repetitions

AUTOMATIC_LIMIT = 40  # things in sight when nobody asks for a depth
HARD_LIMIT = 150  # layout and readers both give up soon after
WHOLE_LIMIT = 500  # things in sight when all are asked for: more would take seconds to lay out
INNER_LIMIT = 80  # things inside folded scopes that travel with a drawing, so that they can be opened without a kernel
NUMBER = re.compile(r"_?\d+")


@dataclass(eq=False)
class Scope:
    """A name scope (or a run of its children).

    Attributes:
      name: its name without a trailing "/".
      kind: "scope", "loop", "branch" or "run".
      parent: the scope around it, None for the root.
      children: names of what is drawn, and scopes, in graph order.
      is_open: whether it is drawn as a box with its children.
      is_loaded: of a folded scope, whether its children travel with the drawing.
      is_library: whether a library function opened it; such a scope is opened only when a depth is asked for.
      result: of such a scope, the one thing in it that is read outside ("" when there are several).
      turns: of a run, how often the same comes again in it.
      id: its name within the scene, the same whether it is open or folded.
      size: how many things and scopes lie in it, on all levels.
    """

    name: str
    kind: str = "scope"
    parent: Scope | None = None
    children: list[str | Scope] = field(default_factory=list)
    is_open: bool = False
    is_loaded: bool = False
    is_library: bool = False
    result: str = ""
    turns: int = 1
    id: str = ""
    size: int = 0

    def depth(self) -> int:
        """How many scopes lie around this one (runs and the top do not count)."""
        return sum(scope is not self and scope.parent is not None and scope.kind != "run" for scope in self.chain())

    def chain(self) -> Iterator[Scope]:
        """This scope and those around it, up to the root."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def elements(self) -> Iterator[str]:
        """The names of everything below, in order."""
        stack: list[str | Scope] = [self]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                yield item
            else:
                stack.extend(reversed(item.children))


def build_tree(names: Iterable[str], kinds: dict[str, str]) -> Scope:
    """The tree of the name scopes that hold `names`.

    Args:
      names: names of what is drawn; a name ending in "/" is a group standing for the scope of that name.
      kinds: scope name -> "loop" or "branch".
    """
    names = list(names)
    scopes: dict[str, Scope] = {"": Scope("", is_open=True)}
    inner: set[str] = set()
    for name in names:
        around = _around(name.rstrip("/"))
        while around and around not in inner:
            inner.add(around)
            around = _around(around)
    for name in names:
        path = name.rstrip("/")
        innermost = path if path in inner else _around(path)
        missing = []
        while innermost not in scopes:
            missing.append(innermost)
            innermost = _around(innermost)
        home = scopes[innermost]
        for scope_name in reversed(missing):
            scope = scopes[scope_name] = Scope(scope_name, kinds.get(scope_name, "scope"), home)
            home.children.append(scope)
            home = scope
        home.children.append(name)
    for scope in sorted(scopes.values(), key=lambda s: -s.name.count("/")):
        if scope.parent is not None and len(scope.children) == 1 and scope.kind == "scope":
            _dissolve(scope)
    return scopes[""]


def _around(name: str) -> str:
    """The scope around a name or scope, "" at the top; a slash in front of a name opens none."""
    return name[:max(0, name.rfind("/"))]


def _dissolve(scope: Scope) -> None:
    """Put a scope's only child in its place."""
    child = scope.children[0]
    assert scope.parent is not None
    place = scope.parent.children
    place[place.index(scope)] = child
    if isinstance(child, Scope):
        child.parent = scope.parent


def fold_levels(root: Scope, edges: Iterable[tuple[str, str]], types: Mapping[str, str], keep: Container[str],
                inputs: Container[str], limit: int) -> None:
    """Group runs of children wherever a scope has more than `limit` of them.

    Args:
      root: the tree.
      edges: (from, to) between things drawn.
      types: the op type of each thing drawn.
      keep: things that stay in sight.
      inputs: inputs and variables, which no run of other things takes along.
      limit: how many children are readable.
    """
    edges = list(edges)
    stack = [root]
    while stack:
        scope = stack.pop()
        stack.extend(child for child in scope.children if isinstance(child, Scope))
        if len(scope.children) <= limit:
            continue
        place = {name: i for i, child in enumerate(scope.children)
                 for name in ([child] if isinstance(child, str) else child.elements())}
        between = {(place[a], place[b]) for a, b in edges if a in place and b in place and place[a] != place[b]}
        kept = {i for i, child in enumerate(scope.children) if isinstance(child, str) and child in keep}
        apart = {i for i, child in enumerate(scope.children) if isinstance(child, str) and child in inputs}
        solid = {i for i, child in enumerate(scope.children) if isinstance(child, Scope)}
        signs = [_sign(child, types) for child in scope.children]
        children: list[str | Scope] = []
        for group in group_level(signs, between, kept, apart, solid, limit):
            members = [scope.children[i] for i in group]
            if len(members) == 1:
                children += members
                continue
            found = repetitions([signs[i] for i in group])
            turns = found[0][2] if len(found) == 1 and found[0][1] * found[0][2] == len(group) else 1
            run = Scope(scope.name, "run", scope, members, turns=turns)
            for member in members:
                if isinstance(member, Scope):
                    member.parent = run
            children.append(run)
        scope.children = children


def number(root: Scope) -> dict[str, tuple[str, Scope]]:
    """Give every scope its size, and its id: its place, depth first, among all things and scopes.

    Returns:
      The id of each thing, made in the same way, and the scope that it lies in.
    """
    places: dict[str, tuple[str, Scope]] = {}
    count = 0
    stack: list[tuple[str | Scope | None, Scope]] = [(child, root) for child in reversed(root.children)]
    around: list[tuple[Scope, int]] = []
    while stack:
        item, home = stack.pop()
        if item is None:
            scope, first = around.pop()
            scope.size = count - first - 1
            continue
        if isinstance(item, Scope):
            item.id = f"n{count}"
            around.append((item, count))
            stack.append((None, item))
            stack.extend((child, item) for child in reversed(item.children))
        else:
            places[item] = f"n{count}", home
        count += 1
    return places


def shared(one: Scope, other: Scope) -> Scope:
    """The innermost scope that both of two are or lie in."""
    around = set(one.chain())
    return next(scope for scope in other.chain() if scope in around)


def _sign(child: str | Scope, types: Mapping[str, str]) -> tuple[str, ...]:
    """What a thing looks like, whichever turn of a loop made it: its name without number, its type or its content."""
    if isinstance(child, str):
        return NUMBER.sub("", child), types[child]
    return NUMBER.sub("", child.name), *(types[name] for name in child.elements())


def close(root: Scope) -> None:
    """Fold every scope, and forget which travel with the drawing."""
    stack = [root]
    while stack:
        scope = stack.pop()
        scope.is_open, scope.is_loaded = scope is root, False
        stack += [child for child in scope.children if isinstance(child, Scope)]


def open_scopes(root: Scope, depth: int | None, limit: int) -> None:
    """Open scopes: down to `depth`, or as many of the user's as stay readable, outer ones first and like siblings
    together.

    Args:
      root: the tree.
      depth: how many levels to open, None for as many as `limit` lets.
      limit: how many things may be in sight.
    """
    count = len(root.children)
    level = [root]
    reached = 0
    while level and (depth is None or reached < depth):
        opened: list[Scope] = []
        families: dict[tuple[int, str], list[Scope]] = {}
        for scope in level:
            for child in scope.children:
                if isinstance(child, Scope) and child.kind != "run" and (depth is not None or not child.is_library):
                    families.setdefault((id(scope), NUMBER.sub("", child.name)), []).append(child)
        for family in sorted(families.values(), key=lambda f: sum(len(s.children) for s in f)):
            more = sum(len(scope.children) - 1 for scope in family)
            if count + more <= limit:
                count += more
                for scope in family:
                    scope.is_open = True
                opened += family
        level = opened
        reached += 1


def open_these(root: Scope, ids: Container[str]) -> None:
    """Open the scopes with these ids, as far as the scopes around them are open too."""
    level = [root]
    while level:
        level = [child for scope in level for child in scope.children if isinstance(child, Scope) and child.id in ids]
        for scope in level:
            scope.is_open = True


def reveal(root: Scope, names: Container[str]) -> None:
    """Open the scopes around things that must be seen.

    Args:
      root: the tree, with its open scopes chosen.
      names: these things.
    """
    stack = [root]
    while stack:
        scope = stack.pop()
        stack += [child for child in scope.children if isinstance(child, Scope)]
        if any(child in names for child in scope.children if isinstance(child, str)):
            for around in scope.chain():
                around.is_open = True


class Holders:
    """What shows each thing while some scopes are open: itself, or the outermost scope around it that hides it.

    Args:
      places: the id of each thing, and its scope (what `number` gives).
      shows: whether what lies in a scope has nodes of its own.
    """

    def __init__(self, places: Mapping[str, tuple[str, Scope]], shows: Callable[[Scope], bool]) -> None:
        self._places, self._shows = places, shows
        self._hiding: dict[Scope, str] = {}  # scope -> id of what hides its children, "" for nothing

    def get(self, name: str) -> str | None:
        """The id of what shows a thing, None where it is not drawn at all."""
        place = self._places.get(name)
        if place is None:
            return None
        own, home = place
        hiding = self._hiding.get(home)
        if hiding is None:
            hidden = [scope.id for scope in home.chain() if scope.parent is not None and not self._shows(scope)]
            hiding = self._hiding[home] = hidden[-1] if hidden else ""
        return hiding or own


def load_scopes(root: Scope, asked: Container[str], limit: int = INNER_LIMIT) -> None:
    """Choose the folded scopes whose children travel with the drawing: small outer ones first, and those asked for.

    Args:
      root: the tree, with its open scopes chosen.
      asked: ids of scopes (`Scope.id`) that are wanted whatever their size.
      limit: how many children may travel along.
    """
    count = 0
    level = [root]
    while level:
        inner: list[Scope] = []
        for scope in level:
            inner += [child for child in scope.children if isinstance(child, Scope)]
        for scope in sorted((s for s in inner if not s.is_open), key=lambda s: len(s.children)):
            assert scope.parent is not None
            if not (scope.parent.is_open or scope.parent.is_loaded):
                continue
            if scope.id in asked:
                scope.is_loaded = True
            elif count + len(scope.children) <= limit:
                count += len(scope.children)
                scope.is_loaded = True
        level = [scope for scope in inner if scope.is_open or scope.is_loaded]
