"""break, continue and return as flags: what follows them stands under an `if` that asks for the flag."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

Statements = list[ast.stmt]

LOOPS = (ast.While, ast.For)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
RETURNED, RESULT = "do_return", "retval_"


class Names:
    """Names that a function does not use yet, numbered as TensorFlow 1.15 numbers them."""

    def __init__(self, used: Iterable[str]):
        self._used = set(used)
        self._counts: dict[str, int] = {}

    def new(self, root: str) -> str:
        """`root`, or `root_1`, `root_2`, … where it is taken."""
        while True:
            count = self._counts.get(root, 0)
            self._counts[root] = count + 1
            name = f"{root}_{count}" if count else root
            if name not in self._used:
                self._used.add(name)
                return name


def number_loops(tree: ast.AST, names: Names) -> dict[ast.AST, tuple[str, str]]:
    """The names of the flags for break and continue of each loop, whether it needs them or not."""
    found: dict[ast.AST, tuple[str, str]] = {}

    def visit(node: ast.AST) -> None:
        if isinstance(node, LOOPS):
            found[node] = (names.new("break_"), names.new("continue_"))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return found


class Lowering:
    """Lowers the statements of one function.

    Attributes:
      tests: by loop that may end before its time, the flags of which none must be set for it to go on.

    Args:
      flags: the names of the flags of the loops.
      names: gives the flags of `return` their names.
    """

    def __init__(self, flags: dict[ast.AST, tuple[str, str]], names: Names):
        self._flags = flags
        self._names = names
        self.tests: dict[ast.AST, list[str]] = {}
        self.returned = self.result = ""

    def lower(self, body: Statements) -> Statements:
        """The statements of a function without break and continue; with no `return` but a last one."""
        body = self._loops(body)
        before = body[:-1] if isinstance(body[-1], ast.Return) else body
        if not _contains(before, ast.Return):
            return body
        self.returned, self.result = self._names.new(RETURNED), self._names.new(RESULT)
        body, _ = self._returns(_nested_returns(body))
        first = body[0]
        return [_set(self.returned, ast.Constant(False), first), _set(self.result, _undefined(), first), *body]

    # --- break and continue -----------------------------------------------------------------------------------

    def _loops(self, body: Statements) -> Statements:
        """The statements with every loop in them lowered."""
        lowered: Statements = []
        for statement in body:
            _each_block(statement, self._loops)
            if isinstance(statement, LOOPS):
                lowered += self._loop(statement)
            else:
                lowered.append(statement)
        return lowered

    def _loop(self, loop: ast.While | ast.For) -> Statements:
        stop, skip = self._flags[loop]
        stops = _contains(loop.body, ast.Break)
        if stops or _contains(loop.body, ast.Continue):
            body, _ = self._skips(loop.body, stop, skip)
            loop.body = [_set(skip, ast.Constant(False), loop.body[0]), *body]
        after: Statements = []
        if loop.orelse:
            after = [_unless(stop, loop.orelse)] if stops else loop.orelse
            loop.orelse = []
        if not stops:
            return [loop, *after]
        self.tests[loop] = [stop]
        return [_set(stop, ast.Constant(False), loop), loop, *after]

    def _skips(self, body: Statements, stop: str, skip: str) -> tuple[Statements, bool]:
        """The statements of a loop's body with flags set for its break and continue, and whether there are any."""
        lowered: Statements = []
        for place, statement in enumerate(body):
            if isinstance(statement, ast.Break | ast.Continue):
                stopped = [_set(stop, ast.Constant(True), statement)] if isinstance(statement, ast.Break) else []
                return [*lowered, *stopped, _set(skip, ast.Constant(True), statement)], True
            if _guard(statement, lambda block: self._skips(block, stop, skip), skip):
                rest, _ = self._skips(body[place + 1:], stop, skip)
                return [*lowered, statement, *([_unless(skip, rest)] if rest else [])], True
            lowered.append(statement)
        return lowered, False

    # --- return -----------------------------------------------------------------------------------------------

    def _returns(self, body: Statements) -> tuple[Statements, bool]:
        lowered: Statements = []
        for place, statement in enumerate(body):
            if isinstance(statement, ast.Return):
                value = statement.value or ast.copy_location(ast.Constant(None), statement)
                return [*lowered, _set(self.returned, ast.Constant(True), statement),
                        _set(self.result, value, statement)], True
            if _guard(statement, self._returns, self.returned, into_loops=True):
                if isinstance(statement, LOOPS):
                    self.tests.setdefault(statement, []).append(self.returned)
                rest, _ = self._returns(body[place + 1:])
                return [*lowered, statement, *([_unless(self.returned, rest)] if rest else [])], True
            lowered.append(statement)
        return lowered, False


def _nested_returns(body: Statements) -> Statements:
    """The statements with what follows an `if` of which one side returns moved into the other side."""
    lowered: Statements = []
    for place, statement in enumerate(body):
        _each_block(statement, _nested_returns)
        lowered.append(statement)
        if isinstance(statement, ast.If):
            ends, else_ends = _surely_returns(statement.body), _surely_returns(statement.orelse)
            rest = body[place + 1:]
            if ends and else_ends:
                return lowered
            if rest and (ends or else_ends):
                (statement.orelse if ends else statement.body).extend(_nested_returns(rest))
                return lowered
    return lowered


def _surely_returns(body: Statements) -> bool:
    last = body[-1] if body else None
    return isinstance(last, ast.Return) or isinstance(last, ast.If) and _surely_returns(
        last.body) and _surely_returns(last.orelse)


# --- blocks -------------------------------------------------------------------------------------------------------

def _blocks(statement: ast.stmt) -> list[tuple[ast.AST, str]]:
    """The lists of statements in a statement: whose, and under which name."""
    if isinstance(statement, _SCOPES):
        return []
    owners: list[ast.AST] = [statement, *getattr(statement, "handlers", [])]
    return [(owner, name) for owner in owners for name in ("body", "orelse", "finalbody") if getattr(owner, name, None)]


def _each_block(statement: ast.stmt, change: Callable[[Statements], Statements]) -> None:
    for owner, name in _blocks(statement):
        setattr(owner, name, change(getattr(owner, name)))


def _guard(statement: ast.stmt, lower: Callable[[Statements], tuple[Statements, bool]], flag: str,
           into_loops: bool = False) -> bool:
    """Lower the blocks of a statement; whether one of them may set the flag."""
    if isinstance(statement, LOOPS) and not into_loops:
        return False
    may_set = False
    for owner, name in _blocks(statement):
        block, sets = lower(getattr(owner, name))
        if isinstance(owner, ast.Try) and name == "orelse" and may_set:
            block = [_unless(flag, block)]  # it runs only where the flag's statement did not leave
        setattr(owner, name, block)
        may_set = may_set or sets
    return may_set


def _contains(body: Statements, kind: type[ast.stmt]) -> bool:
    """Whether a statement stands in the body, for break and continue not in an inner loop."""
    for statement in body:
        if isinstance(statement, kind):
            return True
        blocks = _blocks(statement)
        if isinstance(statement, LOOPS) and kind is not ast.Return:
            blocks = [(owner, name) for owner, name in blocks if name == "orelse"]
        if any(_contains(getattr(owner, name), kind) for owner, name in blocks):
            return True
    return False


def _set(name: str, value: ast.expr, like: ast.AST) -> ast.stmt:
    """`name = value` at the place of another node."""
    statement = ast.Assign([ast.Name(name, ast.Store())], value)
    for node in ast.walk(statement):
        if not hasattr(node, "lineno"):
            ast.copy_location(node, like)
    return statement


def _unless(flag: str, body: Statements) -> ast.stmt:
    """`if not flag: body`, at the place of the body."""
    statement = ast.If(ast.UnaryOp(ast.Not(), ast.Name(flag, ast.Load())), body, [])
    for node in (statement, statement.test, *ast.walk(statement.test)):
        if not hasattr(node, "lineno"):
            ast.copy_location(node, body[0])
    return statement


def _undefined() -> ast.expr:
    return ast.Attribute(ast.Name("ag__", ast.Load()), "NO_RESULT", ast.Load())
