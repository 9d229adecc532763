"""A function's tree with its control flow as calls of `operators`, at the lines where the user wrote it."""

from __future__ import annotations

import ast
import sys

from tfmagic.tf.autograph import liveness
from tfmagic.tf.autograph.lowering import LOOPS, Lowering, Names, number_loops
from tfmagic.tf.autograph.order import in_order

OPERATORS = "ag__"
_NOT_CONVERTED = (ast.Yield, ast.YieldFrom, ast.Await, ast.NamedExpr, ast.AsyncFunctionDef, ast.AsyncFor,
                  ast.AsyncWith, *((ast.Match,) if hasattr(ast, "Match") else ()))


class NotConvertibleError(Exception):
    """A function has something that cannot become part of a graph."""


def convert(node: ast.FunctionDef | ast.Lambda, class_name: str = "") -> ast.FunctionDef | ast.Lambda:
    """The tree of the function with its control flow as calls; the tree given is changed.

    Args:
      node: the function, without decorators.
      class_name: the class whose method it is: names with two underscores are that class's own.

    Raises:
      NotConvertibleError: it is a generator, or asynchronous.
    """
    for inner in ast.walk(node):
        if isinstance(inner, _NOT_CONVERTED):
            raise NotConvertibleError(f"{type(inner).__name__} in line {getattr(inner, 'lineno', '?')}")
    if class_name:
        _mangle(node, class_name)
    names = Names(name.id for name in ast.walk(node) if isinstance(name, ast.Name))
    converter = _Converter(names, number_loops(node, names))
    if isinstance(node, ast.Lambda):
        node.body = converter.visit(node.body)
        return node
    converter.function(node)
    return node


def _mangle(node: ast.AST, class_name: str) -> None:
    prefix = "_" + class_name.lstrip("_")
    for part in ast.walk(node):
        for field in ("id", "attr", "arg"):
            name = getattr(part, field, None)
            if isinstance(name, str) and name.startswith("__") and not name.endswith("__") and prefix != "_":
                setattr(part, field, prefix + name)


def _operator(name: str) -> ast.expr:
    return ast.Attribute(ast.Name(OPERATORS, ast.Load()), name, ast.Load())


def _call(name: str, arguments: list[ast.expr], like: ast.AST) -> ast.Call:
    call = ast.Call(_operator(name), arguments, [])
    ast.copy_location(call, like)
    return ast.fix_missing_locations(call)


def _arguments(*names: str) -> ast.arguments:
    return ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])


def _thunk(body: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Lambda(_arguments(), body), body)


class _Converter(ast.NodeTransformer):
    """Converts what stands in one function; functions in it have converters of their own."""

    def __init__(self, names: Names, flags: dict[ast.AST, tuple[str, str]]):
        self._names = names
        self._flags = flags
        self._globals: set[str] = set()
        self._first = ""  # the function's first argument

    # --- functions --------------------------------------------------------------------------------------------

    def function(self, node: ast.FunctionDef) -> None:
        """Convert the body of a function that is this converter's own."""
        arguments = [*node.args.posonlyargs, *node.args.args]
        self._first = arguments[0].arg if arguments else ""
        declared = [part for part in _own_nodes(node) if isinstance(part, ast.Global | ast.Nonlocal)]
        self._globals = {name for part in declared if isinstance(part, ast.Global) for name in part.names}
        elsewhere = {name for part in declared for name in part.names}
        docstring = node.body[:1] if ast.get_docstring(node, clean=False) is not None else []
        lowering = Lowering(self._flags, self._names)
        body = lowering.lower(node.body[len(docstring):] or [ast.copy_location(ast.Pass(), node)])
        result: list[ast.stmt] = []
        if lowering.result:
            last = _call("result", [ast.Name(lowering.result, ast.Load())], node)
            result = [ast.copy_location(ast.Return(last), node)]
            asked = ast.copy_location(ast.Expr(ast.Name(lowering.returned, ast.Load())), node)
            body = [*body, ast.fix_missing_locations(asked)]
        self._tests = lowering.tests
        self._live = liveness.Liveness([*body, *result], lowering.tests)
        local = [name for name in liveness.changed(body) if "." not in name and name not in elsewhere]
        # Inner functions assign to these names: they have to be the function's own.
        binding = [ast.If(ast.Constant(False), [ast.Assign([ast.Name(name, ast.Store()) for name in local],
                                                           ast.Constant(None))], [])] if local else []
        for statement in binding:
            ast.copy_location(statement, node)
        node.body = [*docstring, *binding, *self._block(body), *result]
        ast.fix_missing_locations(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = [self.visit(decorator) for decorator in node.decorator_list]
        self._defaults(node.args)
        inner = _Converter(self._names, self._flags)
        inner.function(node)
        mark = ast.copy_location(_operator("converted"), node)
        node.decorator_list.append(ast.fix_missing_locations(mark))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._defaults(node.args)
        node.body = self.visit(node.body)
        return _call("converted", [node], node)

    def _defaults(self, arguments: ast.arguments) -> None:
        arguments.defaults = [self.visit(default) for default in arguments.defaults]
        arguments.kw_defaults = [default and self.visit(default) for default in arguments.kw_defaults]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node

    # --- expressions ------------------------------------------------------------------------------------------

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        name = "and_" if isinstance(node.op, ast.And) else "or_"
        *before, result = node.values
        for value in reversed(before):
            result = _call(name, [_thunk(value), _thunk(result)], node)
        return result

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return _call("not_", [node.operand], node) if isinstance(node.op, ast.Not) else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return _call("if_exp", [node.test, _thunk(node.body), _thunk(node.orelse)], node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        function = node.func
        if isinstance(function, ast.Name) and function.id == "super":
            if not node.args and self._first:
                node.args = [ast.copy_location(ast.Name(name, ast.Load()), node) for name in ("__class__", self._first)]
            return node
        self.generic_visit(node)
        if not (isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
                and function.value.id == OPERATORS):
            node.func = _call("call", [node.func], node.func)
        return node

    # --- statements -------------------------------------------------------------------------------------------

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        result: list[ast.stmt] = []
        for statement in statements:
            if isinstance(statement, ast.If):
                result += self._if(statement)
            elif isinstance(statement, LOOPS):
                result += self._loop(statement)
            else:
                result.append(self.visit(statement))
        return result

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                setattr(node, field, self._block(value))
            elif isinstance(value, list):
                setattr(node, field, [self.visit(item) if isinstance(item, ast.AST) else item for item in value])
            elif isinstance(value, ast.AST):
                setattr(node, field, self.visit(value))
        return node

    def _if(self, node: ast.If) -> list[ast.stmt]:
        changed = liveness.changed([*node.body, *node.orelse])
        state, access = self._state(node, changed, self._live.after[node])
        return [*access,
                self._part("body", node.body, changed, node),
                self._part("orelse", node.orelse, changed, node),
                self._run("if_stmt", [self.visit(node.test), _name("body"), _name("orelse")], state, node)]

    def _loop(self, node: ast.While | ast.For) -> list[ast.stmt]:
        tests: list[ast.expr] = [ast.UnaryOp(ast.Not(), ast.Name(flag, ast.Load())) for flag in
                                 self._tests.get(node, ())]
        changed = liveness.changed([*node.body])
        live = self._live.after[node] | self._live.begin[node]
        if isinstance(node, ast.While):
            condition = self._all([node.test, *tests], node)
            head: list[ast.stmt] = [self._part("test", [ast.Return(condition)], [], node)]
            state, access = self._state(node, changed, live)
            body = self._part("body", node.body, changed, node)
            return [*access, *head, body, self._run("while_stmt", [_name("test"), _name("body")], state, node)]
        taken = ast.copy_location(ast.Assign([node.target], _name("item")), node)
        changed = liveness.changed([taken, *node.body])
        state, access = self._state(node, changed, live)
        extra: ast.expr = ast.Constant(None)
        head = []
        if tests:
            head = [self._part("test", [ast.Return(self._all(tests, node))], [], node)]
            extra = _name("test")
        body = self._part("body", [taken, *node.body], changed, node, "item")
        return [*access, *head, body,
                self._run("for_stmt", [self.visit(node.iter), extra, _name("body")], state, node)]

    def _all(self, tests: list[ast.expr], like: ast.AST) -> ast.expr:
        """The conjunction of tests, not converted yet."""
        result = tests[-1]
        for test in reversed(tests[:-1]):
            result = ast.BoolOp(ast.And(), [test, result])
        return ast.fix_missing_locations(ast.copy_location(result, like))

    def _state(self, node: ast.stmt, changed: list[str], live: set[str]) -> tuple[list[ast.expr], list[ast.stmt]]:
        """The arguments that say what a statement changes, and the functions that get and set it.

        The first are the variables that are read later, then attributes, then the rest: each part of the graph begins
        with what was before, but no more comes out of it.
        """
        plain = [name for name in changed if "." not in name]
        results = in_order(name for name in plain if name in live and name not in self._globals)
        attributes = in_order(name for name in changed if "." in name and name.partition(".")[0] not in plain)
        rest = [name for name in plain if name not in results and name not in self._globals]
        names = [*results, *attributes, *rest]
        getters: list[ast.expr] = [_call("read", [_thunk(_load(name)), ast.Constant(name)], node) for name in names]
        get = self._part("get", [ast.Return(ast.Tuple(getters, ast.Load()))], [], node, converted=False)
        setting: list[ast.stmt] = []
        for place, name in enumerate(names):
            value = ast.Subscript(_name("values"), ast.Constant(place), ast.Load())
            if "." in name:
                owner, _, attribute = name.rpartition(".")
                setting.append(ast.Expr(_call("write", [_load(owner), ast.Constant(attribute), value], node)))
            else:
                setting.append(ast.Assign([ast.Name(name, ast.Store())], value))
                setting.append(ast.If(_call("is_undefined", [ast.Name(name, ast.Load())], node),
                                      [ast.Delete([ast.Name(name, ast.Del())])], []))
        put = self._part("set", setting or [ast.Pass()], plain, node, "values", converted=False)
        described: list[ast.expr] = [
            _name("get"), _name("set"),
            ast.Tuple([ast.Constant(name) for name in [*results, *attributes]], ast.Load()),
            ast.Constant(len(results))]
        return described, [get, put]

    def _part(self, name: str, body: list[ast.stmt], changed: list[str], like: ast.stmt, *arguments: str,
              converted: bool = True) -> ast.stmt:
        """A part of a statement as a function without results that assigns to the variables around it."""
        body = self._block(body) if converted else body
        shared = [name for name in changed if "." not in name]
        outer = [name for name in shared if name not in self._globals]
        declared: list[ast.stmt] = [ast.Nonlocal(outer)] if outer else []
        if len(outer) < len(shared):
            declared.append(ast.Global([name for name in shared if name in self._globals]))
        made = ast.FunctionDef(f"{OPERATORS}{name}", _arguments(*(f"{OPERATORS}{a}" for a in arguments)),
                               [*declared, *(body or [ast.Pass()])], [], None)
        if sys.version_info >= (3, 12):
            made.type_params = []
        ast.copy_location(made, like)
        return ast.fix_missing_locations(made)

    def _run(self, operator: str, arguments: list[ast.expr], state: list[ast.expr], like: ast.stmt) -> ast.stmt:
        return ast.copy_location(ast.Expr(_call(operator, [*arguments, *state], like)), like)


def _own_nodes(function: ast.FunctionDef) -> list[ast.AST]:
    """The nodes of a function without those of the functions in it."""
    found: list[ast.AST] = []
    stack: list[ast.AST] = list(function.body)
    while stack:
        node = stack.pop()
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            stack.extend(ast.iter_child_nodes(node))
    return found


def _name(name: str) -> ast.expr:
    return ast.Name(f"{OPERATORS}{name}", ast.Load())


def _load(dotted: str) -> ast.expr:
    first, *attributes = dotted.split(".")
    node: ast.expr = ast.Name(first, ast.Load())
    for attribute in attributes:
        node = ast.Attribute(node, attribute, ast.Load())
    return node
