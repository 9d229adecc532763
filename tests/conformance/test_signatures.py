"""Argument names and defaults of every public function and method that tfmagic has are TensorFlow 1.15's."""

import inspect
import re
from pathlib import Path

import pytest

from tfmagic import tf
from tfmagic.base.dtypes import DType

SIGNATURES = Path(__file__).resolve().parents[1] / "oracle" / "data" / "signatures.txt"
# No user calls the first three; the others are the built-in methods of tuples.
MADE_BY_THE_GRAPH = {"DType.__init__", "Operation.__init__", "Tensor.__init__", "SparseTensorValue.count",
                     "SparseTensorValue.index"}
VARIADIC = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def sections():
    """Module or class name -> {function: argument list as text}."""
    result = {}
    for line in SIGNATURES.read_text().splitlines():
        if line.startswith("["):
            section = result.setdefault(line[1:-1], {})
        elif not line.startswith("#"):
            name, _, arguments = line.partition("(")
            section[name] = arguments[:-1]
    return result


def split_arguments(text):
    """`a, b=(1, 2), *c` as [("a", None), ("b", "(1, 2)"), ("*c", None)]."""
    parts, depth, current = [], 0, ""
    for char in text:
        if char == "," and depth == 0:
            parts.append(current.strip())
            current = ""
            continue
        depth += (char in "([{") - (char in ")]}")
        current += char
    if current.strip():
        parts.append(current.strip())
    return [(name, default if equals else None) for name, equals,
            default in (part.partition("=") for part in parts)]


def own_arguments(function):
    """The same form for a function of tfmagic; a class method keeps its first argument."""
    result = []
    function = function.__func__ if inspect.ismethod(function) else function
    for parameter in inspect.signature(function).parameters.values():
        default = None if parameter.default is parameter.empty else text_of(parameter.default)
        result.append((VARIADIC.get(parameter.kind, "") + parameter.name, default))
    return result


def text_of(default):
    """A default as the facts write it."""
    if isinstance(default, DType):
        return default.name
    return str(list(default) if isinstance(default, tuple) else default)


def same_default(expected, actual):
    """Whether two written defaults are equal; a tuple may stand for a list, any object for one without a repr."""
    expected = re.sub(r"^\((.*?),?\)$", r"[\1]", expected) if expected else expected
    if expected == actual or (expected or "").endswith(" instance>"):
        return expected is None or actual is not None
    try:
        return float(expected) == float(actual)
    except (TypeError, ValueError):
        return False


def look_up(path):
    """The object `tf.<path>`, or None where tfmagic has none."""
    value = tf
    for part in path.split(".") if path != "tf" else ():
        try:
            value = getattr(value, part)
        except AttributeError:
            return None
    return value


def differences(owner, path, expected):
    lines = []
    for name, text in expected.items():
        if f"{path}.{name}" in MADE_BY_THE_GRAPH:
            continue
        try:
            function = getattr(owner, name)
        except AttributeError:
            if inspect.isclass(owner):
                lines.append(f"{path}.{name} is missing")
            continue
        if name == "__init__":
            if not text:
                continue
            found = [("self", None), *own_arguments(owner)]
        else:
            found = own_arguments(function)
        wanted = split_arguments(text)
        names_equal = [n for n, _ in wanted] == [n for n, _ in found]
        if not names_equal or not all(same_default(a, b) for (_, a), (_, b) in zip(wanted, found)):
            lines.append(f"{path}.{name}({written(found)})\n  TensorFlow: {path}.{name}({written(wanted)})")
    return lines


def written(arguments):
    return ", ".join(name if default is None else f"{name}={default}" for name, default in arguments)


@pytest.mark.parametrize("path", sections())
def test_signatures_are_tensorflows(path):
    owner = look_up(path)
    lines = [] if owner is None else differences(owner, path, sections()[path])
    assert not lines, f"{len(lines)} signatures differ:\n" + "\n".join(lines)
