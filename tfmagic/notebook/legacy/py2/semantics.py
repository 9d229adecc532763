"""What means something else in Python 2 though it is written the same: `/`, sorting by comparison, bound exceptions."""

from __future__ import annotations

import ast

# Modules of the standard library that `library/` has in the form of Python 2.
LIBRARY = "tfmagic.notebook.legacy.py2.library"
REPLACED = frozenset({"io", "pickle", "string"})

# The names, beside the builtins, that a translated program calls (`runtime.py`).
(DIVIDE, DIVIDE_INTO, REMAINDER, MESSAGE, DECODE, SORT, TEXT, PRINT_ON, SET_ENCODING, BYTES_OF, JOIN, ENCODE, NEXT,
 PRINTED) = (
    f"__py2_{name}__" for name in ("divide", "divide_into", "remainder", "message", "decode", "sort", "text",
                                   "print_on", "set_encoding", "bytes_of", "join", "encode", "next", "printed"))
_METHODS = {"decode": DECODE, "encode": ENCODE, "sort": SORT}
_CAUGHT, _OWNER, _INDEX = "__py2_caught__", "__py2_owner__", "__py2_index__"


def python2(module: ast.Module, division: bool = False, print_function: bool = False) -> ast.Module:
    """The tree with calls of `runtime` where Python 2 means something else.

    Args:
      division: whether `/` is Python 3's; the module itself may ask for that (`from __future__ import division`).
      print_function: whether `print` is a function.
    """
    features = future_features(module)
    rewriter = _Rewriter(division or "division" in features, print_function or "print_function" in features)
    return ast.fix_missing_locations(rewriter.visit(module))


def future_features(module: ast.Module) -> set[str]:
    """What a module asks for by `from __future__ import`."""
    return {alias.name for statement in module.body if isinstance(statement, ast.ImportFrom)
            and statement.module == "__future__" for alias in statement.names}


def _call(name: str, arguments: list[ast.expr], like: ast.AST, keywords: list[ast.keyword] | None = None) -> ast.Call:
    function = ast.copy_location(ast.Name(name, ast.Load()), like)
    return ast.copy_location(ast.Call(function, arguments, keywords or []), like)


class _Rewriter(ast.NodeTransformer):
    def __init__(self, division: bool, print_function: bool):
        self.true_division = division
        self.print_function = print_function

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and not self.true_division:
            return _call(DIVIDE, [node.left, node.right], node)
        if isinstance(node.op, ast.Mod):
            return _call(REMAINDER, [node.left, node.right], node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div) or self.true_division:
            return node
        before, after = _twice(node.target)
        return ast.copy_location(ast.Assign([after], _call(DIVIDE_INTO, [before, node.value], node)), node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        self.generic_visit(node)
        if node.name is not None:  # Python 3 forgets the exception at the end of the handler
            kept = ast.Assign([ast.Name(node.name, ast.Store())], ast.Name(_CAUGHT, ast.Load()))
            node.body.insert(0, ast.copy_location(kept, node))
            node.name = _CAUGHT
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr == "message" and isinstance(node.ctx, ast.Load):
            return _call(MESSAGE, [node.value], node)
        if node.attr == "setdefaultencoding" and isinstance(node.value, ast.Name) and node.value.id == "sys":
            return ast.copy_location(ast.Name(SET_ENCODING, ast.Load()), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _METHODS:
            return _call(_METHODS[function.attr], [function.value, *node.args], node,
                         node.keywords)
        name = getattr(function, "attr", getattr(function, "id", ""))
        if name == "join" and isinstance(function, ast.Attribute) and len(node.args) == 1 and not node.keywords:
            return _call(JOIN, [function.value, *node.args], node)
        if name == "next" and isinstance(function, ast.Attribute) and not node.args and not node.keywords:
            return _call(NEXT, [function.value], node)
        if name == "isinstance" and isinstance(function, ast.Name) and len(node.args) == 2:
            node.args[1] = _texts(node.args[1])
        if name == "BytesList":
            for keyword in node.keywords:
                if keyword.arg == "value":
                    keyword.value = _call(BYTES_OF, [keyword.value], keyword.value)
        if name in ("append", "extend") and len(node.args) == 1 and _is_bytes_list(function):
            node.args = [_call(BYTES_OF, node.args, node)]
        if name == "print" and isinstance(function, ast.Name) and not self.print_function:
            return self._printed(node)
        if isinstance(function, ast.Name) and function.id == "str":
            return _call(TEXT, node.args, node, node.keywords)
        return node

    def _printed(self, node: ast.Call) -> ast.AST:
        """A `print` statement: one item after the other, so that each may print something itself, or fail."""
        options = {keyword.arg: keyword for keyword in node.keywords}
        end = options.pop("end", None)
        stays = end is not None and isinstance(end.value, ast.Constant) and end.value.value == " "
        if options.keys() - {"file"} or end is not None and not stays or any(
                isinstance(item, ast.Starred) for item in node.args) or len(node.args) < 2 and not stays:
            return node
        items: list[ast.expr] = [_call(PRINT_ON, [item], node, list(options.values())) for item in node.args]
        if not stays:
            items.append(ast.copy_location(ast.Call(node.func, [], list(options.values())), node))
        return _call(PRINTED, items, node)

    def visit_Import(self, node: ast.Import) -> ast.AST:
        for alias in node.names:
            if alias.name in REPLACED:
                alias.asname = alias.asname or alias.name
                alias.name = f"{LIBRARY}.{alias.name}"
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if not node.level and node.module in REPLACED:
            node.module = f"{LIBRARY}.{node.module}"
        return node


def _texts(kinds: ast.expr) -> ast.expr:
    """The classes that `isinstance` is asked for: bytes are texts, and texts bytes."""
    if isinstance(kinds, ast.Tuple):
        return ast.copy_location(ast.Tuple([_texts(kind) for kind in kinds.elts], ast.Load()), kinds)
    if not isinstance(kinds, ast.Name) or kinds.id not in ("str", "bytes"):
        return kinds
    both: list[ast.expr] = [ast.copy_location(ast.Name(name, ast.Load()), kinds) for name in ("str", "bytes")]
    return ast.copy_location(ast.Tuple(both, ast.Load()), kinds)


def _is_bytes_list(method: ast.expr) -> bool:
    """Whether a method is one of `….bytes_list.value`."""
    owner = method.value if isinstance(method, ast.Attribute) else None
    return isinstance(owner, ast.Attribute) and owner.attr == "value" and (
        getattr(owner.value, "attr", getattr(owner.value, "id", "")) == "bytes_list")


def _twice(target: ast.expr) -> tuple[ast.expr, ast.expr]:
    """The target of an assignment that also reads it: as it is read, and as it is then assigned to.

    What the target belongs to and its index are computed once, when it is read.
    """
    if isinstance(target, ast.Attribute):
        owner: ast.expr = ast.NamedExpr(ast.Name(_OWNER, ast.Store()), target.value)
        return (ast.Attribute(owner, target.attr, ast.Load()),
                ast.Attribute(ast.Name(_OWNER, ast.Load()), target.attr, ast.Store()))
    if isinstance(target, ast.Subscript):
        owner = ast.NamedExpr(ast.Name(_OWNER, ast.Store()), target.value)
        index = ast.NamedExpr(ast.Name(_INDEX, ast.Store()), _plain_index(target.slice))
        return (ast.Subscript(owner, index, ast.Load()),
                ast.Subscript(ast.Name(_OWNER, ast.Load()), ast.Name(_INDEX, ast.Load()), ast.Store()))
    assert isinstance(target, ast.Name)
    return ast.Name(target.id, ast.Load()), target


def _plain_index(index: ast.expr) -> ast.expr:
    """An index as an expression: `a:b` is one only inside of brackets."""
    if isinstance(index, ast.Slice):
        parts: list[ast.expr] = [part or ast.Constant(None) for part in (index.lower, index.upper, index.step)]
        return ast.Call(ast.Name("slice", ast.Load()), parts, [])
    if isinstance(index, ast.Tuple):
        return ast.Tuple([_plain_index(part) for part in index.elts], ast.Load())
    return index
