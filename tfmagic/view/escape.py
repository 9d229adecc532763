"""User text on its way into a drawing: made visible once, then escaped for XML, HTML or DOT where it is written."""

from __future__ import annotations

import re
from typing import Any

# Control characters, lone surrogates, non-characters, and the marks that reorder or hide text on the screen.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
                        "\ufff0-\ufffb\ufffe\uffff\ud800-\udfff]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
_DOT = str.maketrans({"\\": "\\\\", '"': '\\"', "&": "&amp;", "<": "&lt;", ">": "&gt;"})


def _written_out(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    return _SHORT.get(character) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def visible(text: Any) -> str:
    """`text` with every character that cannot be seen written out (`\\n`, `\\x1b`, `\\u202e`)."""
    text = str(text)
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub(_written_out, text)


def visible_lines(text: str) -> str:
    """`visible` for text of several lines, whose line breaks are meant."""
    return "\n".join(visible(line) for line in text.split("\n"))


def xml(text: str) -> str:
    """`text` as XML or HTML character data, also inside a quoted attribute."""
    return text.translate(_XML)


def dot(text: str) -> str:
    """`text` as a quoted DOT string whose label shows exactly `text` (Graphviz decodes entities inside labels)."""
    return '"' + text.translate(_DOT) + '"'


def shorten(text: str, limit: int) -> str:
    """`text` cut in its middle to at most `limit` characters."""
    if len(text) <= limit:
        return text
    head = (limit - 1) * 3 // 5
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head):]}"
