"""Colours and fonts of drawings and cards: one palette, light and dark, that follows the notebook's theme.

Text keeps a contrast of 4.5:1 and lines 3:1 against what they stand on (tests/view/test_theme.py measures both).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SANS = "var(--jp-ui-font-family,system-ui),-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif"
MONO = "var(--jp-code-font-family,ui-monospace),Menlo,Consolas,monospace"

_COLOUR = re.compile(r"var\(--((?!jp-)[\w-]+)\)")
_LIGHT_MARKS = ('[data-jp-theme-light="true"]', ".vscode-light", '[data-theme="light"]')
_DARK_MARKS = ('[data-jp-theme-light="false"]', ".vscode-dark", '[data-theme="dark"]')

# name -> (light, dark). Fills come as pairs with the line around them; text is `fg` or `muted` on every fill.
PALETTE = {
    "bg": ("#ffffff", "#111111"),
    "fg": ("#1f2933", "#e8ebef"),
    "muted": ("#56616e", "#a5afbb"),
    "line": ("#77828f", "#8792a0"),
    "op": ("#ffffff", "#1d2229"),
    "op-line": ("#7d8896", "#808b99"),
    "ph": ("#e7f0fd", "#142a48"),
    "ph-line": ("#2f6fd0", "#6aa3f5"),
    "var": ("#fdf0df", "#38260f"),
    "var-line": ("#b8600b", "#e59a45"),
    "const": ("#f1f3f5", "#23282f"),
    "scope": ("#f1effa", "#262138"),
    "scope-line": ("#7460bd", "#a293e0"),
    "box": ("#f7f8fa", "#171b20"),
    "box-line": ("#868f9c", "#6f7986"),
    "value": ("#17693a", "#6fd29a"),
    "error": ("#c02626", "#ff8f85"),
    "error-fill": ("#fdecea", "#3d1a1a"),
    "accent": ("#c2410c", "#f79a5b"),
}
# One fill and line for each device, in order of appearance; the device is also written on the node.
DEVICES = (
    (("#e0f2e6", "#12301e"), ("#2c7d4a", "#5cc084")),
    (("#e6effd", "#142a48"), ("#2f6fd0", "#6aa3f5")),
    (("#fdeedd", "#38260f"), ("#b8600b", "#e59a45")),
    (("#f3e8fb", "#2f1d3d"), ("#8a45b5", "#c58be8")),
    (("#fce7ee", "#3c1926"), ("#b83564", "#f08bae")),
    (("#def2f5", "#0f2f35"), ("#1b7686", "#5cbccb")),
)


def colours(theme: int, names: Iterable[str]) -> str:
    """The named colours as CSS custom properties; `theme` is 0 for light, 1 for dark and 2 for what the page is."""
    every = dict(PALETTE)
    for i, (fill, line) in enumerate(DEVICES):
        every[f"d{i}"], every[f"d{i}-line"] = fill, line
    chosen = {name: f"light-dark({','.join(every[name])})" if theme == 2 else every[name][theme] for name in names}
    if "bg" in chosen:
        chosen["bg"] = f"var(--jp-layout-color0,{chosen['bg']})"
    return ";".join(f"--{name}:{colour}" for name, colour in chosen.items())


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
