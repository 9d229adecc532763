"""Curves of a training -> SVG and text: one panel for each number that was watched, over the same steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tfmagic.view.escape import shorten, visible
from tfmagic.view.labels import number_text
from tfmagic.view.paint.bundle import picture_html
from tfmagic.view.paint.sheet import Sheet, number
from tfmagic.view.phrases import figures, plural, say

WIDTH, _PANEL, _LEFT, _RIGHT, _HEAD = 640, 132, 74, 18, 22
_LOG_FROM = 30.0  # how many times the smallest value the largest one is before a scale of powers helps
_SPARKS = "▁▂▃▄▅▆▇█"


@dataclass
class Curve:
    """What was seen of one number: `steps` and `values` go together; `note` says why there is none."""

    name: str
    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    note: str = ""


@dataclass
class Progress:
    """How far a training is: `share` of its loop (None where nobody knows), steps a second, and whether it goes on."""

    step: int = 0
    rate: float = 0.0
    share: float | None = None
    running: bool = False

    def text(self) -> str:
        """`300 steps · 1,200 steps/s · 40 % · 3 s left`."""
        rate = figures(self.rate) if self.rate >= 10 else f"{self.rate:.2g}"
        parts = [plural(self.step, "step"), f"{rate} {say('steps/s')}"]
        if self.share is not None:
            parts.append(f"{math.floor(100 * self.share)} %")
            if self.running and self.rate and self.share:
                parts.append(say("{} s left", figures(self.step / self.rate * (1 / self.share - 1))))
        return " · ".join(parts)


def curves_bundle(curves: Sequence[Curve], progress: Progress) -> dict[str, Any]:
    """The MIME bundle of curves: the picture for a notebook, text for a terminal and for those who cannot see it."""
    text = curves_text(curves, progress)
    return {"text/html": picture_html(text.replace("\n", ". "), draw_curves(curves, progress)), "text/plain": text}


def curves_text(curves: Sequence[Curve], progress: Progress) -> str:
    """The curves as lines of text, each with its last value, where it came from and a row of blocks."""
    lines = [progress.text()]
    for curve in curves:
        finite = [value for value in curve.values if math.isfinite(value)]
        if not curve.values:
            lines.append(f"{visible(curve.name)}: {curve.note or say('no value')}")
            continue
        words = f"{visible(curve.name)} = {number_text(curve.values[-1])}"
        if len(finite) > 1:
            words += f" ({say('first')} {number_text(finite[0])}, {say('lowest')} {number_text(min(finite))}, " \
                     f"{say('highest')} {number_text(max(finite))})  {_sparks(curve.values)}"
        if len(finite) < len(curve.values):
            words += f"  ! {say('not finite')}"
        lines.append(words)
    return "\n".join(lines)


def _sparks(values: Sequence[float], count: int = 24) -> str:
    places = [round(i * (len(values) - 1) / (count - 1)) for i in range(count)]
    chosen = [values[i] for i in places] if len(values) > count else values
    finite = [value for value in chosen if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    return "".join(_SPARKS[round(7 * (value - low) / (high - low))] if math.isfinite(value) and high > low else
                   _SPARKS[0] if math.isfinite(value) else "!" for value in chosen)


def draw_curves(curves: Sequence[Curve], progress: Progress) -> str:
    """The curves as SVG, one panel above the other, with the progress above them."""
    sheet = Sheet()
    parts = [sheet.text("s", 14, 22, progress.text())]
    top = 34
    if progress.share is not None:
        parts.append(_bar(sheet, top, progress.share))
        top += 18
    last = max((curve.steps[-1] for curve in curves if curve.steps), default=1)
    first = min((curve.steps[0] for curve in curves if curve.steps), default=0)
    for i, curve in enumerate(curves):
        parts.append(_panel(sheet, curve, i, top, first, max(last, first + 1)))
        top += _HEAD + _PANEL + 10
    for x, text, anchor in ((_LEFT, figures(first), "start"), (WIDTH - _RIGHT, figures(last), "end")):
        parts.append(sheet.text("m", x, top + 8, text, f' style="text-anchor:{anchor}"'))
    parts.append(sheet.text("m", (_LEFT + WIDTH - _RIGHT) / 2, top + 8, say("step")))
    return sheet.document(say("Training"), curves_text(curves, progress).replace("\n", ". "), "".join(parts), WIDTH,
                          top + 20, False)


def _bar(sheet: Sheet, top: int, share: float) -> str:
    width = WIDTH - 28
    return (f'<rect {sheet.classes("box")} fill="#f7f8fa" stroke="#868f9c" x="14" y="{top}" width="{width}" height="8" '
            f'rx="4"/><rect {sheet.classes("bar")} fill="#2f6fd0" x="14" y="{top}" '
            f'width="{number(width * min(1.0, share))}" height="8" rx="4"/>')


def _panel(sheet: Sheet, curve: Curve, place: int, top: int, first: int, last: int) -> str:
    finite = [value for value in curve.values if math.isfinite(value)]
    logarithmic = bool(finite) and min(finite) > 0 and max(finite) / min(finite) > _LOG_FROM
    said = curve.note if not curve.values else "= " + number_text(curve.values[-1])
    heading = " · ".join(filter(None, (f"{shorten(visible(curve.name), 40)} {said}",
                                       say("scale of powers of ten") if logarithmic else "")))
    parts = [sheet.text("b", _LEFT, top + 14, heading)]
    top += _HEAD
    width = WIDTH - _LEFT - _RIGHT
    parts.append(f'<rect {sheet.classes("box")} fill="#f7f8fa" stroke="#868f9c" x="{_LEFT}" y="{top}" width="{width}" '
                 f'height="{_PANEL}"/>')
    if not finite:
        return "".join(parts)
    scale = math.log10 if logarithmic else float
    ticks = _log_ticks(min(finite), max(finite)) if logarithmic else _ticks(min(finite), max(finite))
    low, high = min(scale(min(finite)), scale(ticks[0])), max(scale(max(finite)), scale(ticks[-1]))
    high = high if high > low else low + 1

    def y(value: float) -> float:
        return top + _PANEL - 6 - (_PANEL - 12) * (scale(value) - low) / (high - low)

    for tick in ticks:
        parts.append(f'<path {sheet.classes("grid")} fill="none" stroke="#868f9c" stroke-opacity=".35" '
                     f'd="M{_LEFT} {number(y(tick))}H{_LEFT + width}"/>')
        parts.append(sheet.text("m", _LEFT - 8, y(tick) + 4, f"{tick:.6g}", ' style="text-anchor:end"'))
    data, pen = [], "M"
    for step, value in zip(curve.steps, curve.values):
        if not math.isfinite(value):
            pen = "M"
            continue
        data.append(f"{pen}{number(_LEFT + width * (step - first) / (last - first))} {number(y(value))}")
        pen = "L"
    name = f"k{place % 4}"
    parts.append(f'<path {sheet.classes(name)} fill="none" stroke="#2f6fd0" stroke-width="1.8" '
                 f'stroke-linejoin="round" d="{"".join(data)}"/>')
    if math.isfinite(curve.values[-1]):
        x = _LEFT + width * (curve.steps[-1] - first) / (last - first)
        parts.append(f'<circle {sheet.classes(name)} fill="none" stroke="#2f6fd0" stroke-width="1.8" '
                     f'cx="{number(x)}" cy="{number(y(curve.values[-1]))}" r="3"/>')
    else:
        parts.append(sheet.text("x", WIDTH - _RIGHT - 8, top + 18, say("not finite"), ' style="text-anchor:end"'))
    return "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers around what lies between the two."""
    if low == high:
        return [low]
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(size for size in (1, 2, 5, 10) if size * power >= rough)
    return [round(i * step, 12) for i in range(math.floor(low / step), math.ceil(high / step) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    step = max(1, -(-(last - first) // 5))
    return [10.0 ** power for power in range(first, last + 1, step)]
