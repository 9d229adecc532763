"""What a text of a network is made of: functions that are put together by `|`, `+`, `*` and `**`."""

from __future__ import annotations

import importlib
import operator
import re
from collections.abc import Callable as AnyFunction
from typing import Any

from tfmagic.base.export import export

KEYWORDS = export("contrib.specs.KEYWORDS")(re.compile(r"\b(import|while|def|exec)\b"))
QUOTED = export("contrib.specs.QUOTED")(re.compile(r""""([^"\\]|\\.)*"|'([^'\\]|\\.)*'"""))
_state = {"debug": False}
export("contrib.specs.debug_")(False)


@export("contrib.specs.debug")
def debug(mode: bool = True) -> None:
    """Print each call of a function of a network from now on, or no more."""
    _state["debug"] = mode


@export("contrib.specs.check_keywords")
def check_keywords(spec: str) -> None:
    """Refuse a text that imports, loops, defines or executes.

    Raises:
      ValueError: it has such a word outside of quotes.
    """
    found = KEYWORDS.search(QUOTED.sub("", spec))
    if found:
        raise ValueError(f"keyword '{found.group(1)}' found in spec")


@export("contrib.specs.get_positional")
def get_positional(args: Any, kw: dict[str, Any], kw_overrides: bool = False) -> tuple[list[Any], dict[str, Any]]:
    """Take arguments called "_0", "_1", ... for those of these places.

    Args:
      args: the arguments that have places.
      kw: those that have names.
      kw_overrides: whether "_0" takes the place of an argument that is there.

    Returns:
      Both without such names; None is at places that nothing is for.
    """
    places, rest = list(args), {}
    for name, value in kw.items():
        if not name.startswith("_"):
            rest[name] = value
            continue
        place = int(name[1:])
        missing = place + 1 - len(places)
        places += [None] * missing
        if missing > 0 or kw_overrides:
            places[place] = value
    return places, rest


@export("contrib.specs.Composable")
class Composable:
    """A function of a tensor: `f | g` is g(f(x)), `f ** 3` three times f, `f + g` and `f * g` join what both give."""

    def __or__(self, f: Any) -> Composition:
        return Composition(self, f)

    def __add__(self, g: Any) -> Operator:
        return Operator(operator.add, self, g)

    def __mul__(self, g: Any) -> Operator:
        return Operator(operator.mul, self, g)

    def __pow__(self, n: int) -> Composable:
        result = self
        for _ in range(n - 1):
            result = Composition(result, self)
        return result

    def funcall(self, x: Any) -> Any:
        """Call the function with a tensor."""
        raise NotImplementedError


@export("contrib.specs.Callable")
class Callable(Composable):
    """Any function of a tensor."""

    def __init__(self, f: AnyFunction[[Any], Any]):
        self.f = f

    def funcall(self, x: Any) -> Any:
        return self.f(x)


@export("contrib.specs.Operator")
class Operator(Composable):
    """An operator on what several functions give of the same tensor."""

    def __init__(self, op: AnyFunction[..., Any], *args: Any):
        self.op, self.args = op, args

    def funcall(self, x: Any) -> Any:
        return self.op(*[each.funcall(x) for each in self.args])


@export("contrib.specs.Fun")
class Function(Composable):
    """A function of a tensor and further arguments, which a call adds.

    Args:
      f: the function.
      *args, **kw: its arguments but the first.

    Raises:
      ValueError: `f` cannot be called.
    """

    def __init__(self, f: AnyFunction[..., Any], *args: Any, **kw: Any):
        if not callable(f):
            raise ValueError(f"{f}: is not callable")
        self.f, self.args, self.kw = f, list(args), kw

    def __call__(self, *args: Any, **kw: Any) -> Function:
        return Function(self.f, *args, *self.args, **{**self.kw, **kw})

    def funcall(self, x: Any) -> Any:
        args, kw = get_positional(self.args, self.kw)
        if _state["debug"]:
            print("DEBUG:", self.f, x, args, kw)
        return self.f(x, *args, **kw)


@export("contrib.specs.Composition")
class Composition(Composable):
    """A function of what another one gives."""

    def __init__(self, f: Composable, g: Composable):
        self.f, self.g = f, g

    def funcall(self, x: Any) -> Any:
        return self.g.funcall(self.f.funcall(x))


@export("contrib.specs.External")
def External(module_name: str, function_name: str) -> Function:
    """A function of any module."""
    return Function(getattr(importlib.import_module(module_name), function_name))


@export("contrib.specs.Import")
def Import(statements: str) -> Function:
    """What some Python statements define as `f`."""
    found: dict[str, Any] = {}
    exec(statements, found)
    return Function(found["f"])
