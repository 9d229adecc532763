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

# The renderer in the browser takes them from the same file.
_FILE = json.loads(Path(__file__).with_name("palette.json").read_text("utf-8"))
# name -> (light, dark). Fills come as pairs with the line around them; text is `fg` or `muted` on every fill.
PALETTE: dict[str, tuple[str, str]] = {name: (light, dark) for name, (light, dark) in _FILE["colours"].items()}
# One fill and line for each device, in order of appearance; the device is also written on the node.
DEVICES: tuple[tuple[tuple[str, str], tuple[str, str]], ...] = tuple(
    (tuple(fill), tuple(line)) for fill, line in _FILE["devices"])
# From the least time to the most; the text on them is `fg`.
HEAT: tuple[tuple[str, str], ...] = tuple((light, dark) for light, dark in _FILE["heat"])


def heat(share: float) -> str:
    """The name of the colour of what took this share (0 to 1) of the longest time."""
    return f"heat{min(len(HEAT) - 1, int(len(HEAT) * share))}"


def colours(theme: int, names: Iterable[str]) -> str:
    """The named colours as CSS custom properties; `theme` is 0 for light, 1 for dark and 2 for what the page is."""
    every = dict(PALETTE)
    for i, (fill, line) in enumerate(DEVICES):
        every[f"d{i}"], every[f"d{i}-line"] = fill, line
    every.update((f"heat{i}", pair) for i, pair in enumerate(HEAT))
    chosen = {name: f"light-dark({','.join(every[name])})" if theme == 2 else every[name][theme] for name in names}
    if "bg" in chosen:
        chosen["bg"] = f"var(--jp-layout-color0,{chosen['bg']})"
    return ";".join(f"--{name}:{colour}" for name, colour in chosen.items())


def light(name: str) -> str:
    """A colour by its name ("fg", "d0-line"), as it is on paper."""
    if name in PALETTE:
        return PALETTE[name][0]
    if name.startswith("heat"):
        return HEAT[int(name[4:])][0]
    fill, line = DEVICES[int(name[1:].removesuffix("-line"))]
    return (line if name.endswith("-line") else fill)[0]


def themed(selector: str, rules: str, notebook: bool = True) -> str:
    """What gives `selector` the colours that `rules` use, light or dark.

    Args:
      selector: the element that is coloured.
      rules: the style sheet that names the colours.
      notebook: whether it stands within a page, which says whether it is light or dark; a file of its own asks the
        reader's setting.
    """
    names = list(dict.fromkeys(_COLOUR.findall(rules)))
    light, dark = colours(0, names), colours(1, names)
    if not notebook:
        return f"{selector}{{{light}}}@media(prefers-color-scheme:dark){{{selector}{{{dark}}}}}"
    both = colours(2, names)
    return f"{selector}{{{light}}}@supports(color:light-dark(red,red)){{{selector}{{{both}}}}}" + of_notebook(selector)


def of_notebook(selector: str) -> str:
    """Lets `selector` be light or dark as a notebook says that it is."""
    marks = (("light", _LIGHT_MARKS), ("dark", _DARK_MARKS))
    return "".join(",".join(f"{mark} {selector}" for mark in group) + f"{{color-scheme:{scheme}}}"
                   for scheme, group in marks)


def picture_style() -> str:
    """The style sheet of pictures, which by themselves would be as the reader's system is: they follow their page.

    A page that says nothing is light, whatever the system. What a page is shows in what `light-dark` gives there.
    """
    return ('@property --tfm-page{syntax:"<color>";inherits:true;initial-value:#fff}'
            ".tfm-figure{--tfm-page:light-dark(#fff,#000)}.tfm-picture{color-scheme:light}"
            f"@container style(--tfm-page:#000){{.tfm-picture{{color-scheme:dark}}}}{of_notebook('.tfm-picture')}")
