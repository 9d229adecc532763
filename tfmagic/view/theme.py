"""Colours and fonts of drawings and cards: one palette, light and dark, that follows the notebook's theme.

Text keeps a contrast of 4.5:1 and lines 3:1 against what they stand on (tests/view/test_theme.py measures both).
"""

from __future__ import annotations

SANS = ('var(--jp-ui-font-family,system-ui),-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans",'
        "sans-serif")
MONO = "var(--jp-code-font-family,ui-monospace),SFMono-Regular,Menlo,Consolas,monospace"

# name -> (light, dark). Fills come as pairs with the line around them; text is `fg` or `muted` on every fill.
PALETTE = {
    "bg": ("#ffffff", "#111418"),
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


def colours(theme: int) -> str:
    """The palette as CSS custom properties; `theme` is 0 for light and 1 for dark."""
    own = {name: pair[theme] for name, pair in PALETTE.items()}
    for i, (fill, line) in enumerate(DEVICES):
        own[f"d{i}"], own[f"d{i}-line"] = fill[theme], line[theme]
    own["bg"] = f"var(--jp-layout-color0,{own['bg']})"
    return ";".join(f"--{name}:{value}" for name, value in own.items())


def themed(selector: str) -> str:
    """Rules that give `selector` the palette: the notebook's theme where it says so, else the reader's setting."""
    dark = ",".join(f"{mark} {selector}" for mark in
                    ('[data-jp-theme-light="false"]', ".vscode-dark", '[data-theme="dark"]'))
    light = ",".join(f"{mark} {selector}" for mark in
                     ('[data-jp-theme-light="true"]', ".vscode-light", '[data-theme="light"]'))
    return (f"{selector}{{{colours(0)}}}@media(prefers-color-scheme:dark){{{selector}{{{colours(1)}}}}}"
            f"{light}{{{colours(0)}}}{dark}{{{colours(1)}}}")
