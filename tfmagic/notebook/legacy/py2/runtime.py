"""The builtins of Python 2, and what a translated program calls where Python 2 means something else."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import math
import operator
import sys
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import IO, Any

import numpy as np

from tfmagic.notebook.legacy.py2 import semantics, translate
from tfmagic.tf.autograph import source as trees

_TEXT = {"encoding": "utf-8", "errors": "surrogateescape"}  # texts of Python 2 are bytes, whatever they stand for


# --- operators ----------------------------------------------------------------------------------------------------

def divide(x: Any, y: Any) -> Any:
    """`x / y`: whole numbers round down, other classes say by `__div__`."""
    if isinstance(x, int) and isinstance(y, int):
        return x // y
    if type(x) is float and isinstance(y, int | float):
        return x / y
    for method, a, b in (("__div__", x, y), ("__rdiv__", y, x)):
        function = getattr(type(a), method, None)
        if function is not None:
            result = function(a, b)
            if result is not NotImplemented:
                return result
    if _is_whole(x) and _is_whole(y):
        return np.floor_divide(x, y)
    return x / y


def divide_into(x: Any, y: Any) -> Any:
    """What `x /= y` makes of x."""
    method = getattr(type(x), "__idiv__", None)
    if method is not None:
        return method(x, y)
    if isinstance(x, np.ndarray):
        return operator.ifloordiv(x, y) if _is_whole(x) and _is_whole(y) else operator.itruediv(x, y)
    return divide(x, y)


def _is_whole(x: Any) -> bool:
    """Whether x is a whole number of NumPy's or Python's, or an array or list of them."""
    if isinstance(x, list | tuple):
        x = np.asarray(x)
    return isinstance(x, int) or isinstance(x, np.ndarray | np.generic) and x.dtype.kind in "iub"


class _Float(float):
    """A number that shows as many digits as Python 2 does."""

    def __str__(self) -> str:
        text = f"{float(self):.12g}"
        return text if "." in text or "e" in text or not math.isfinite(self) else text + ".0"


def _shown(value: Any) -> Any:
    """A value as `print` and `%s` show it: bytes are text."""
    if type(value) is float:
        return _Float(value)
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value


def remainder(x: Any, y: Any) -> Any:
    """`x % y`, of a text with what stands in its places."""
    if not isinstance(x, str):
        return x % y
    if type(y) is tuple:
        return x % tuple(map(_shown, y))
    return x % ({key: _shown(value) for key, value in y.items()} if type(y) is dict else _shown(y))


# --- attributes ---------------------------------------------------------------------------------------------------

def message(x: Any) -> Any:
    """`x.message`, which every exception had."""
    try:
        return x.message
    except AttributeError:
        if not isinstance(x, BaseException):
            raise
        return x.args[0] if len(x.args) == 1 else ""


def decode(x: Any, *args: Any, **kwargs: Any) -> Any:
    """`x.decode(…)`: text is text already."""
    return x if isinstance(x, str) else x.decode(*args, **kwargs)


def encode(x: Any, *args: Any, **kwargs: Any) -> Any:
    """`x.encode(…)`: bytes are encoded already."""
    return x if isinstance(x, bytes) else x.encode(*args, **kwargs)


def following(x: Any) -> Any:
    """`x.next()`."""
    return next(x) if hasattr(x, "__next__") else x.next()


def bytes_of(x: Any) -> Any:
    """What a `BytesList` takes: texts of Python 2, one or several, are bytes."""
    if isinstance(x, str):
        return x.encode(**_TEXT)
    return [bytes_of(item) for item in x] if isinstance(x, list | tuple) else x


def join(x: Any, items: Any) -> Any:
    """`x.join(items)`: a text joins bytes as well."""
    return x.join(map(_shown, items) if isinstance(x, str) else items)


def sort(x: Any, *args: Any, **kwargs: Any) -> Any:
    """`x.sort(…)`: a list's takes a function that compares."""
    return x.sort(**_by_key(args, kwargs)) if isinstance(x, list) else x.sort(*args, **kwargs)


def _sorted(items: Any, *args: Any, **kwargs: Any) -> list[Any]:
    return sorted(items, **_by_key(args, kwargs))


def _by_key(args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    options = {**dict(zip(("cmp", "key", "reverse"), args)), **kwargs}
    compare, key = options.pop("cmp", None), options.get("key")
    if compare is None:
        return options
    order = functools.cmp_to_key(compare)
    return {**options, "key": order if key is None else lambda item: order(key(item))}


def set_encoding(encoding: str) -> None:
    """`sys.setdefaultencoding`: text needs none any more."""


# --- builtins -----------------------------------------------------------------------------------------------------

def _cmp(x: Any, y: Any) -> int:
    return (x > y) - (x < y)


# The files on whose present line a `print …,` wants a space before what the next one prints.
_wants_space: weakref.WeakSet[Any] = weakref.WeakSet()


def _print(*values: Any, file: Any = None, **options: Any) -> None:
    _begin(file, bool(values))
    print(*map(_shown, values), file=file, **options)


def print_on(*values: Any, file: Any = None) -> None:
    """`print …,`, which stays on its line."""
    _begin(file, bool(values))
    texts = [str(_shown(value)) for value in values]
    print(*texts, file=file, end="")
    if not texts[-1][-1:].isspace() or texts[-1].endswith(" "):
        _wants_space.add(sys.stdout if file is None else file)


def printed(*items: Any) -> None:
    """What a statement is whose items have been printed one after the other: nothing."""


def _begin(file: Any, has_values: bool) -> None:
    file = sys.stdout if file is None else file
    if file in _wants_space:
        _wants_space.discard(file)
        if has_values:
            print(end=" ", file=file)


def _ord(character: Any) -> int:
    """`ord(c)`, of one of bytes too: it is a number already."""
    return character if isinstance(character, int) else ord(character)


def _round(number: Any, ndigits: int = 0) -> Any:
    """Halves go away from zero, and the result is a float."""
    if not isinstance(number, int | float):
        return round(number, ndigits)
    shifted = abs(number) * 10.0 ** ndigits
    rounded = math.floor(shifted)
    nearest = rounded + (shifted - rounded >= 0.5)
    return math.copysign(nearest / 10.0 ** ndigits, number) if math.isfinite(number) else float(number)


def _open(name: Any, mode: str = "r", buffering: int = -1) -> IO[Any]:
    mode = mode.replace("U", "") or "r"
    return open(name, mode, buffering) if "b" in mode else open(name, mode, buffering, **_TEXT)  # type: ignore[call-overload]


def _reload(module: ModuleType) -> ModuleType:
    return module if module is sys else importlib.reload(module)


def text(x: Any = "", *args: Any, **kwargs: Any) -> str:
    """`str(x)` and `unicode(x, encoding)`."""
    return x if isinstance(x, str) else str(x, *args, **kwargs) if args or kwargs else str(_shown(x))


def compiled(program: str | bytes, filename: str) -> Any:
    """The code of a program of Python 2.

    Raises:
      SyntaxError: it is none.
    """
    source = translate.decode(program) if isinstance(program, bytes) else program
    tree = translate.translate(source, filename)
    trees.remember(filename, tree)
    return compile(tree, filename, "exec", dont_inherit=True)


def _exec(code: Any, globals: Any = None, locals: Any = None) -> None:
    frame = sys._getframe(1)
    if globals is None:
        globals, locals = frame.f_globals, frame.f_locals
    if isinstance(code, str | bytes):
        code = compiled(code, "<string>")
    globals.setdefault("__builtins__", names())
    exec(code, globals, locals)  # the user's own program asks for it


def _eval(code: Any, globals: Any = None, locals: Any = None) -> Any:
    frame = sys._getframe(1)
    if globals is None:
        globals, locals = frame.f_globals, frame.f_locals
    if isinstance(code, str):
        statement = translate.translate(code.strip(), "<string>").body
        if len(statement) != 1 or not isinstance(statement[0], ast.Expr):
            raise SyntaxError("invalid syntax", ("<string>", 1, 1, code))
        code = compile(ast.Expression(statement[0].value), "<string>", "eval", dont_inherit=True)
    globals.setdefault("__builtins__", names())
    return eval(code, globals, locals)  # the user's own program asks for it


def _execfile(filename: str, globals: Any = None, locals: Any = None) -> None:
    frame = sys._getframe(1)
    if globals is None:
        globals, locals = frame.f_globals, frame.f_locals
    exec(compiled(Path(filename).read_bytes(), filename), globals, locals)


_HELPERS: Mapping[str, Callable[..., Any]] = {
    semantics.DIVIDE: divide, semantics.DIVIDE_INTO: divide_into, semantics.REMAINDER: remainder,
    semantics.MESSAGE: message, semantics.DECODE: decode, semantics.SORT: sort, semantics.TEXT: text,
    semantics.PRINT_ON: print_on, semantics.SET_ENCODING: set_encoding, semantics.BYTES_OF: bytes_of,
    semantics.JOIN: join, semantics.ENCODE: encode, semantics.NEXT: following,
    semantics.PRINTED: printed}
BUILTINS: Mapping[str, Any] = {
    "cmp": _cmp, "print": _print, "round": _round, "open": _open, "file": _open, "reload": _reload,
    "sorted": _sorted, "exec": _exec, "eval": _eval, "execfile": _execfile, "coerce": lambda x, y: (x, y), "ord": _ord,
    **_HELPERS}


@functools.cache
def names() -> dict[str, Any]:
    """What `__builtins__` is in a translated program."""
    return {**vars(builtins), **BUILTINS}
