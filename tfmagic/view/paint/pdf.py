"""Our SVG -> PDF, element by element, in the light colours; the fonts are those that every reader of PDF has.

What the standard fonts do not have is written in a font of matplotlib's where that is installed, else as its code.
"""

from __future__ import annotations

import datetime
import importlib.util
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfmagic.view import theme
from tfmagic.view.paint.sheet import rules_of

_SVG = "{http://www.w3.org/2000/svg}"
_COLOUR = re.compile(r"var\(--([\w-]+)\)")
_MOVE = re.compile(r"translate\(([-\d.]+)[ ,]+([-\d.]+)\)")
# Greek letters, arrows and signs, at the places that they have in the standard font Symbol; marks in ZapfDingbats.
_SYMBOLS = dict(zip("ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", map(chr, range(0x41, 0x5b)), strict=True))
_SYMBOLS |= dict(zip("αβχδεφγηιϕκλμνοπθρστυϖωξψζ", map(chr, range(0x61, 0x7b)), strict=True))
_SYMBOLS |= {"→": "\xae", "←": "\xac", "↑": "\xad", "↓": "\xaf", "∞": "\xa5", "≤": "\xa3", "≥": "\xb3", "≠": "\xb9",
             "…": "\xbc", "−": "-", "∂": "\xb6", "∇": "\xd1", "∑": "\xe5", "∏": "\xd5", "√": "\xd6", "≈": "\xbb"}
_DINGBATS = {"✕": "5", "✓": "3"}
_PLAIN = {"⚠": "!", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"'}


def make_pdf(svg: str) -> bytes:
    """A PDF of one page, as large as the picture.

    Args:
      svg: a picture that this package painted.
    """
    from fpdf import FPDF

    root = ET.fromstring(svg)
    pdf = FPDF(unit="pt", format=(float(root.get("width", 0)) * 0.75, float(root.get("height", 0)) * 0.75))
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    title = root.find(f"{_SVG}title")
    if title is not None and title.text:
        pdf.set_title(title.text)
    pdf.set_creation_date(datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc))  # the same bytes every time
    pdf.add_page()
    _Painter(pdf).children(root, {"font-size": "11px", "text-anchor": "middle"}, 0.0, 0.0)
    return bytes(pdf.output())


class _Painter:
    """Paints elements; lengths are pixels of the SVG, three quarters of a point each."""

    def __init__(self, pdf: Any) -> None:
        self.pdf = pdf
        self.fallback: str | None = None

    def children(self, parent: ET.Element, style: dict[str, str], x: float, y: float) -> None:
        for element in parent:
            name = element.tag.removeprefix(_SVG)
            own = _style(element, style)
            if name in ("g", "svg"):
                move = _MOVE.search(element.get("transform", ""))
                dx, dy = (float(move[1]), float(move[2])) if move else (0.0, 0.0)
                self.children(element, own, x + dx + float(element.get("x", 0)), y + dy + float(element.get("y", 0)))
            elif name in ("rect", "path", "line", "ellipse", "circle"):
                self.shape(element, own, x, y)
            elif name == "text":
                left, top = x + float(element.get("x", 0)), y + float(element.get("y", 0))
                self.text("".join(element.itertext()), own, left, top)

    def shape(self, element: ET.Element, style: dict[str, str], x: float, y: float) -> None:
        from fpdf.drawing import PaintedPath, Transform
        from fpdf.svg import svg_path_converter

        fill, line = _colour(style.get("fill")), _colour(style.get("stroke"))
        if not fill and not line:
            return
        path = PaintedPath()
        if element.get("d"):
            svg_path_converter(path, element.get("d", ""))
        else:
            width, height = (_length(element.get(side), self.pdf, side) for side in ("width", "height"))
            left, top = float(element.get("x", 0)), float(element.get("y", 0))
            radius = min(float(element.get("rx", 0)), width / 2, height / 2)
            path.rectangle(left, top, width, height, radius, radius)
        path.transform = Transform.translation(x, y) @ Transform.scaling(0.75)
        path.style.fill_color, path.style.stroke_color = fill or None, line or None
        path.style.paint_rule = "stroke_fill_nonzero" if fill and line else "fill_nonzero" if fill else "stroke"
        path.style.stroke_width = float(style.get("stroke-width", "1").removesuffix("px"))
        path.style.stroke_join_style, path.style.auto_close = "round", False
        if style.get("stroke-dasharray"):
            path.style.stroke_dash_pattern = [float(n) for n in re.split("[ ,]+", style["stroke-dasharray"])]
        with self.pdf.drawing_context() as context:
            context.add_item(path)

    def text(self, text: str, style: dict[str, str], x: float, y: float) -> None:
        size = float(style["font-size"].removesuffix("px")) * 0.75
        family = "courier" if "monospace" in style.get("font-family", "") else "helvetica"
        bold = "B" if style.get("font-weight") in ("600", "700", "bold") else ""
        runs = []
        for font, part in self.runs(text, family):
            self.pdf.set_font(font, bold if font == family else "", size)
            runs.append((font, part, self.pdf.get_string_width(part)))
        width = sum(run[2] for run in runs)
        start = {"start": 0.0, "end": width}.get(style.get("text-anchor", "start"), width / 2)
        left = x * 0.75 - start
        self.pdf.set_text_color(*_rgb(_colour(style.get("fill")) or "#000000"))
        for font, part, advance in runs:
            self.pdf.set_font(font, bold if font == family else "", size)
            self.pdf.text(left, y * 0.75, part)
            left += advance

    def runs(self, text: str, family: str) -> Iterator[tuple[str, str]]:
        """The text cut into pieces, each with the font that has its characters."""
        last, kept = family, ""
        for character in text:
            font, shown = self.glyph(character, family)
            if font != last and kept:
                yield last, kept
                kept = ""
            last, kept = font, kept + shown
        if kept:
            yield last, kept

    def glyph(self, character: str, family: str) -> tuple[str, str]:
        if character in _PLAIN:
            return family, _PLAIN[character]
        if ord(character) < 256:
            return family, character
        if character in _SYMBOLS:
            return ("symbol", _SYMBOLS[character]) if character != "−" else (family, "-")
        if character in _DINGBATS:
            return "zapfdingbats", _DINGBATS[character]
        if self.fallback is None:
            found = _other_font()
            self.fallback = "other" if found else ""
            if found:
                self.pdf.add_font("other", "", found)
        if self.fallback and ord(character) in self.pdf.fonts["other"].cmap:
            return "other", character
        return family, f"\\u{ord(character):04x}"


def _style(element: ET.Element, inherited: dict[str, str]) -> dict[str, str]:
    """What counts for an element: what it inherits, its attributes, the rules of its classes, its own style."""
    found = {key: value for key, value in inherited.items() if key != "stroke-width"}
    found |= {key: value for key, value in element.attrib.items() if key in _PROPERTIES}
    if element.tag == f"{_SVG}text":
        found |= {"stroke": "none", "fill": "var(--fg)", "text-anchor": "middle"}
    declared = [*rules_of(element.get("class", "").split()), element.get("style", "")]
    for declaration in ";".join(declared).split(";"):
        name, _, value = declaration.partition(":")
        if name in _PROPERTIES:
            found[name] = value
    return found


_PROPERTIES = {"fill", "stroke", "stroke-width", "stroke-dasharray", "font-size", "font-weight", "font-family",
               "text-anchor"}


def _colour(text: str | None) -> str:
    """A colour of the light palette as #rrggbb, "" for none."""
    if not text or text in ("none", "transparent"):
        return ""
    named = _COLOUR.search(text)
    return theme.light(named[1]) if named else text


def _rgb(colour: str) -> tuple[int, ...]:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    return tuple(int(digits[i:i + 2], 16) for i in (0, 2, 4))


def _length(text: str | None, pdf: Any, side: str) -> float:
    if text == "100%":
        return float(pdf.w if side == "width" else pdf.h) / 0.75
    return float(text or 0)


def _other_font() -> Path | None:
    """A font with letters of many languages: the one that matplotlib brings."""
    found = importlib.util.find_spec("matplotlib")
    if found is None or not found.origin:
        return None
    font = Path(found.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"
    return font if font.is_file() else None
