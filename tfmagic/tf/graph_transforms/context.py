"""What a transform is told: inputs, outputs and its parameters; how the text of transforms is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from tfmagic.base import errors


def refuse(message: str) -> NoReturn:
    """An `InvalidArgumentError` that belongs to no node."""
    raise errors.InvalidArgumentError(None, None, message)


@dataclass
class Context:
    """Inputs and outputs of a graph as the user names them, and a transform's parameters: each a list of texts."""

    inputs: list[str]
    outputs: list[str]
    params: dict[str, list[str]]

    def ends(self) -> set[str]:
        """The names of the nodes that are inputs or outputs."""
        return {node_name(text) for text in (*self.inputs, *self.outputs)}

    def text(self, name: str, default: str) -> str:
        """A parameter that may be given once."""
        values = self.params.get(name, [])
        if len(values) > 1:
            refuse(f"Expected only one '{name}' argument, but got {len(values)}.")
        return values[0] if values else default

    def number(self, name: str, default: int) -> int:
        """A parameter that is a whole number."""
        text = self.text(name, "")
        if not self.params.get(name):
            return default
        if not re.fullmatch(r"\s*[-+]?\d+\s*", text):
            refuse(f"Couldn't interpret the {name} argument as a number:{text}")
        return int(text)

    def flag(self, name: str, default: bool) -> bool:
        """A parameter that is true or false."""
        if not self.params.get(name):
            return default
        text = self.text(name, "")
        if text not in ("true", "1", "false", "0"):
            refuse(f"Couldn't interpret the {name} argument as a boolean:{text} (expected true, false, 0 or 1)")
        return text in ("true", "1")


def node_name(text: str) -> str:
    """The node that an input ("^x", "x:1") means."""
    return text.lstrip("^").partition(":")[0]


def parts_of(text: str) -> tuple[str, str, str]:
    """An input as its prefix ("^" or nothing), its node, and its suffix (":1" or nothing)."""
    prefix = "^" if text.startswith("^") else ""
    name, colon, number = text[len(prefix):].partition(":")
    return prefix, name, colon + number


def canonical(text: str) -> str:
    """An input with an output's number."""
    prefix, name, suffix = parts_of(text)
    return prefix + name + (suffix or ":0")


def parsed(text: str) -> list[tuple[str, dict[str, list[str]]]]:
    """The transforms of a text `name(parameter=value, ...) name ...`, each with its parameters.

    Raises:
      InvalidArgumentError: the text is none.
    """
    found: list[tuple[str, dict[str, list[str]]]] = []
    rest = text.lstrip(_SPACE)
    while rest:
        name, rest = _word(rest, r"\w+", "transform name")
        params: dict[str, list[str]] = {}
        closed = not rest.startswith("(")
        rest = rest if closed else rest[1:]
        while rest and not closed:
            if rest.startswith(")"):
                rest, closed = rest[1:], True
                continue
            key, rest = _word(rest.removeprefix(",").lstrip(_SPACE), r"\w+", "parameter name")
            if not rest.startswith("="):
                refuse(f"Looking for =, but found {rest}")
            if not rest[1:]:
                rest = ""
                break
            value, rest = _value(rest[1:])
            params.setdefault(key, []).append(value)
        if closed:
            found.append((name, params))
        rest = rest.lstrip(_SPACE)
    return found


_SPACE = " \t\n\v\f\r"


def _word(text: str, pattern: str, what: str) -> tuple[str, str]:
    found = re.match(pattern, text, re.ASCII)
    if not found:
        refuse(f"Looking for {what}, but found {text}")
    return found[0], text[found.end():]


def _value(text: str) -> tuple[str, str]:
    if text.startswith('"'):
        quoted = re.match(r'((?:\\.|[^"\\])*)"', text[1:], re.DOTALL)
        if not quoted:
            refuse(f"Looking for parameter name, but found {text[1:]}")
        return quoted[1], text[1 + quoted.end():].removeprefix('"').removeprefix("'")
    value, rest = _word(text, r"[\w\-./]+", "parameter name")
    return value, rest.removeprefix('"').removeprefix("'")
