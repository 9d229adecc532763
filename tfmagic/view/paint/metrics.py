"""How wide text is, without a font: sizes that fit the common sans-serif and monospace faces of browsers."""

from __future__ import annotations

import functools
import unicodedata

# Advance widths of printable ASCII (space to ~) in a Helvetica-like face, in thousandths of the font size.
_ASCII = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584)
_ROOM = 1.16  # system fonts are wider than Helvetica
_BOLD = 1.09
_MONOSPACE = 602


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: float, bold: bool = False, monospace: bool = False) -> float:
    """The width that `text` needs at a font size, a little generously."""
    if monospace:
        return sum(2 * _MONOSPACE if _is_wide(c) else _MONOSPACE for c in text) * size / 1000
    total = 0
    for character in text:
        code = ord(character)
        if 32 <= code < 127:
            total += _ASCII[code - 32]
        else:
            total += 1000 if _is_wide(character) else 0 if unicodedata.combining(character) else 640
    return total * size / 1000 * _ROOM * (_BOLD if bold else 1)


def _is_wide(character: str) -> bool:
    return ord(character) > 0x10FF and unicodedata.east_asian_width(character) in "WF"
