"""Colours and fonts of drawings and cards: one palette, light and dark, that follows the notebook's theme.

Text keeps a contrast of 4.5:1 and lines 3:1 against what they stand on (tests/view/test_theme.py measures both).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

SANS = "var(--jp-ui-font-family,system-ui),-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif"
MONO = "var(--jp-code-font-family,ui-monospace),Menlo,Consolas,monospace"

_COLOUR = re.compile(r"var\(--((?!jp-)[\w-]+)\)")
_LIGHT_MARKS = ('[data-jp-theme-light="true"]', ".vscode-light", '[data-theme="light"]')
_DARK_MARKS = ('[data-jp-theme-light="false"]', ".vscode-dark", '[data-theme="dark"]')

_FILE = json.loads(Path(__file__).with_name("palette.json").read_text("utf-8"))  # the renderer in the browser has it too
# name -> (light, dark). Fills come as pairs with the line around them; text is `fg` or `muted` on every fill.
PALETTE: dict[str, tuple[str, str]] = {name: (light, dark) for name, (light, dark) in _FILE["colours"].items()}
# One fill and line for each device, in order of appearance; the device is also written on the node.
DEVICES: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = tuple(
    (tuple(fill), tuple(line)) for fill, line in _FILE["devices"])


def colours(theme: int, names: Iterable[str]) -> str:
    """The named colours as CSS custom properties; `theme` is 0 for light and 1 for dark."""
    every = {name: pair[theme] for name, pair in PALETTE.items()}
    for i, (fill, line) in enumerate(DEVICES):
        every[f"d{i}"], every[f"d{i}-line"] = fill[theme], line[theme]
    every["bg"] = f"var(--jp-layout-color0,{every['bg']})"
    return ";".join(f"--{name}:{every[name]}" for name in names)


def themed(selector: str, rules: str, notebook: bool = True) -> str:
    """What gives `selector` the colours that `rules` use, light or dark.

    Args:
      selector: the element that is coloured.
      rules: the style sheet that names the colours.
      notebook: whether to follow a notebook's theme where there is one, and not only the reader's setting.
    """
    names = list(dict.fromkeys(_COLOUR.findall(rules)))
    light, dark = colours(0, names), colours(1, names)
    text = f"{selector}{{{light}}}@media(prefers-color-scheme:dark){{{selector}{{{dark}}}}}"
    if notebook:
        for marks, values in ((_LIGHT_MARKS, light), (_DARK_MARKS, dark)):
            text += ",".join(f"{mark} {selector}" for mark in marks) + f"{{{values}}}"
    return text
