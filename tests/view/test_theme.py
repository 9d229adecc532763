"""Colours: text can be read (4.5:1) and lines can be seen (3:1), in light and in dark."""

import re

import pytest
from fake_graph import first_graph

from tfmagic.view import build_scene, mime_bundle
from tfmagic.view.cards.tables import card_style
from tfmagic.view.paint.bundle import picture_of
from tfmagic.view.paint.html import draw_html
from tfmagic.view.paint.sheet import _RULES
from tfmagic.view.theme import DEVICES, HEAT, PALETTE, picture_style, themed

FILLS = ["bg", "op", "ph", "var", "const", "scope", "box"]


def luminance(colour):
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["fg", "muted", "value"])
def test_text_can_be_read_on_every_fill(text, theme):
    fills = {name: PALETTE[name][theme] for name in [*FILLS, "error-fill"]}
    fills.update({f"device {i}": fill[theme] for i, (fill, _) in enumerate(DEVICES)})
    for name, fill in fills.items():
        assert contrast(PALETTE[text][theme], fill) >= 4.5, f"{text} on {name}"


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_on_the_colours_of_times(theme):
    for i, fill in enumerate(HEAT):
        assert contrast(PALETTE["fg"][theme], fill[theme]) >= 4.5, i


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_errors_can_be_read(theme):
    for fill in ("error-fill", "op", "bg"):
        assert contrast(PALETTE["error"][theme], PALETTE[fill][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_lines_can_be_seen(theme):
    pairs = [("line", "bg"), ("line", "box"), ("op-line", "op"), ("op-line", "bg"), ("op-line", "box"),
             ("op-line", "const"), ("ph-line", "ph"), ("var-line", "var"), ("scope-line", "scope"), ("box-line", "bg"),
             ("box-line", "box"), ("error", "error-fill"), ("ph-line", "bg"), ("var-line", "bg"), ("scope-line", "bg")]
    for line, fill in pairs:
        assert contrast(PALETTE[line][theme], PALETTE[fill][theme]) >= 3, f"{line} on {fill}"
    for i, (fill, line) in enumerate(DEVICES):
        for ground in (fill[theme], PALETTE["bg"][theme]):
            assert contrast(line[theme], ground) >= 3, f"device {i}"


def test_what_stands_in_a_page_asks_the_page_and_not_the_system():
    """A page of nbconvert is white whatever the system is; without a word from the page a picture is light."""
    saved = re.sub(r"<script>.*?</script>", "", draw_html(build_scene(first_graph())), flags=re.S)  # it asks both
    inside = [card_style(), picture_style(), saved]
    assert not [text for text in inside if "prefers-color-scheme" in text]
    assert ".tfm-picture{color-scheme:light}" in picture_style()
    assert '[data-jp-theme-light="false"] .tfm-picture' in picture_style()
    bundle = mime_bundle(build_scene(first_graph()))
    assert picture_style() in bundle["text/html"] and "prefers-color-scheme" in picture_of(bundle)


def test_rules_name_only_colours_of_the_palette():
    text = themed("x", "".join(_RULES.values()))
    assert "--fg" not in text, "only what the rules use"
    assert text.count("--op:") == 2, "light, and as the page is"
