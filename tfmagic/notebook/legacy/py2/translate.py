"""Python 2 source as a syntax tree of Python 3 whose positions are the user's own lines."""

from __future__ import annotations

import ast
import functools
import io
import os
import re
import tokenize
from typing import Any

from tfmagic.notebook.legacy.py2 import semantics

# What the library's fixers leave to others: the builtins of a program (`runtime.py`) have `execfile`, `reload` and
# `sorted`; `__future__` says how `/` divides; the rest changes style alone. `import` is for modules of packages.
_OTHERS = frozenset({"execfile", "reload", "sorted", "future", "idioms", "set_literal", "ws_comma", "paren", "import"})


def is_python2(text: str) -> bool:
    """Whether a text that Python 3 refuses is a program of Python 2."""
    try:
        translate(text, "<program>")
    except SyntaxError:
        return False
    return True


def decode(data: bytes) -> str:
    """The text of a source file.

    Raises:
      SyntaxError: it does not say in which encoding it is written.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return io.IncrementalNewlineDecoder(None, translate=True).decode(data.decode(encoding), final=True)


def translate(text: str, filename: str, print_function: bool = False, division: bool = False) -> ast.Module:
    """The tree of a program that does in Python 3 what the text does in Python 2.

    Args:
      text: the source.
      filename: its file: those beside it are found by `import` in a package.
      print_function, division: whether these `__future__` features hold already (an earlier cell asked for them).

    Raises:
      SyntaxError: it is no Python 2, at the user's own line.
    """
    tree = _parsed(text, filename, print_function)
    translated = str(tree)
    lines = _origins(tree)
    try:
        module = ast.parse(translated, filename)
    except SyntaxError as error:
        error.lineno = error.end_lineno = lines[min(error.lineno or 1, len(lines)) - 1]
        error.text = _line(text, error.lineno)
        raise
    module = semantics.python2(module, division, print_function)
    _move(module, translated.splitlines(), text.splitlines(), lines)
    return module


@functools.cache
def _tool(print_function: bool, in_package: bool) -> Any:
    from fissix import refactor

    names = [name for name in refactor.get_fixers_from_package("fissix.fixes")
             if name.rpartition(".fix_")[2] not in _OTHERS - ({"import"} if in_package else set())]
    return refactor.RefactoringTool(names, {"print_function": print_function}, explicit=True)


def _parsed(text: str, filename: str, print_function: bool) -> Any:
    """The library's own tree, translated."""
    from fissix.pgen2.parse import ParseError
    from fissix.pgen2.tokenize import TokenError

    in_package = os.path.exists(os.path.join(os.path.dirname(filename), "__init__.py"))
    source = _without_tabs(text if text.endswith("\n") else text + "\n")
    first: Exception | None = None
    # Where `print` is no statement the program calls it as Python 3's function.
    for is_function in (print_function, True):
        try:
            return _tool(is_function, in_package).refactor_string(source, filename)
        except (ParseError, TokenError, IndentationError) as error:
            first = first or error
    assert first is not None
    raise _syntax_error(first, text, filename) from None


def _syntax_error(error: Exception, text: str, filename: str) -> SyntaxError:
    context = getattr(error, "context", None)
    if context is not None:
        line, column = context[1]
    elif isinstance(error, SyntaxError):
        line, column = error.lineno or 1, 0
    else:
        line, column = error.args[1]
    message = "unindent does not match any outer indentation level" if isinstance(error, IndentationError) \
        else "invalid syntax"
    return SyntaxError(message, (filename, line, column + 1, _line(text, line)))


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _without_tabs(text: str) -> str:
    """The text with the tabs that begin a line as spaces to the next multiple of eight, as Python 2 reads them."""
    if "\t" not in text:
        return text
    from fissix.pgen2.tokenize import TokenError, generate_tokens

    lines = text.splitlines(keepends=True)
    begun = set()  # lines in which something begins: no others are touched, texts go over several
    try:
        for _, _, (row, column), _, _ in generate_tokens(iter([*lines, ""]).__next__):
            if row <= len(lines) and not lines[row - 1][:column].strip(" \t\f"):
                begun.add(row)
    except (TokenError, IndentationError):
        return text  # the parser says where
    for row in begun:
        line = lines[row - 1]
        blank = re.match(r"[ \t\f]*", line)
        assert blank is not None
        lines[row - 1] = blank.group().expandtabs(8) + line[blank.end():]
    return "".join(lines)


def _origins(tree: Any) -> list[int]:
    """For each line of the translated text the user's line: its first part that the user wrote says which."""
    found: dict[int, int] = {}
    row = 1
    for leaf in tree.leaves():
        row += leaf.prefix.count("\n")
        more = str(leaf.value).count("\n")
        if leaf.lineno and str(leaf.value).strip():
            for i in range(more + 1):
                found.setdefault(row + i, leaf.lineno + i)
        row += more
    origins: list[int] = []
    for number in range(1, row + 1):
        origins.append(found.get(number, origins[-1] if origins else 1))
    return origins


def _move(module: ast.Module, translated: list[str], text: list[str], origins: list[int]) -> None:
    """Move every node to the user's line; in one that is not as the user wrote it, nodes take the whole line.

    Python marks no part of a line in a traceback where the part is the whole.
    """
    def wrote(number: int) -> str | None:
        """The user's line, where the translated one differs."""
        line = text[origins[number - 1] - 1]
        return None if number <= len(translated) and translated[number - 1] == line else line

    for node in ast.walk(module):
        start = getattr(node, "lineno", None)
        if start is None:
            continue
        end = getattr(node, "end_lineno", None) or start
        first, last = wrote(start), wrote(end)
        if first is not None or last is not None:
            first, last = text[origins[start - 1] - 1], text[origins[end - 1] - 1]
            node.col_offset = len(first) - len(first.lstrip())  # type: ignore[attr-defined]
            node.end_col_offset = len(last.rstrip().encode())  # type: ignore[attr-defined]
        node.lineno, node.end_lineno = origins[start - 1], origins[end - 1]  # type: ignore[attr-defined]
