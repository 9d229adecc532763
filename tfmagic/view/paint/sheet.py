"""Sheet: what every picture shares: its style rules, escaped text, title and description, light and dark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from tfmagic.view import theme
from tfmagic.view.escape import xml

# class of a rule's subject -> its declarations; a drawing carries only the rules it needs.
_RULES = {
    "n": "fill:var(--op);stroke:var(--op-line);stroke-width:1.2",
    "placeholder": "fill:var(--ph);stroke:var(--ph-line)",
    "variable": "fill:var(--var);stroke:var(--var-line)",
    "constant": "fill:var(--const)",
    "loop-variable": "fill:var(--var);stroke:var(--var-line)",
    "scope": "fill:var(--scope);stroke:var(--scope-line)",
    "run": "fill:var(--scope);stroke:var(--scope-line)",
    "gradients": "fill:var(--const)",
    "training": "fill:var(--const)",
    **{f"d{i}": f"fill:var(--d{i});stroke:var(--d{i}-line)" for i in range(len(theme.DEVICES))},
    **{f"heat{i}": f"fill:var(--heat{i})" for i in range(len(theme.HEAT))},
    "boundary": "stroke-dasharray:4 3",
    "not-finite": "stroke:var(--error);stroke-width:2",
    "failed": "fill:var(--error-fill);stroke:var(--error);stroke-width:2.4",
    "new": "stroke:var(--value);stroke-width:2.4",
    "gone": "stroke:var(--error);stroke-width:1.6;stroke-dasharray:2 3",
    "changed": "stroke:var(--accent);stroke-width:2.4",
    "box": "fill:var(--box);stroke:var(--box-line)",
    "frame": "stroke-dasharray:7 3",
    "e": "fill:none;stroke:var(--line);stroke-width:1.3",
    "c": "stroke-dasharray:4 3",
    "u": "stroke-dasharray:1 3;stroke-linecap:round",
    "a": "fill:var(--line)",
    "h": "font-size:15px;font-weight:600;text-anchor:start",
    "t": "font-size:13px;font-weight:600",
    "m": "fill:var(--muted)",
    "v": f"font-family:{theme.MONO};fill:var(--value)",
    "x": "fill:var(--error);font-weight:600",
    "p": f"font-family:{theme.MONO};white-space:pre",
    "w": "fill:var(--error);font-weight:700;text-decoration:underline",
    "o": "font-size:11px",
    "unbuilt": "fill:none;stroke-dasharray:6 4",
    "s": "text-anchor:start;fill:var(--muted)",
    "b": "font-size:11.5px;font-weight:600;text-anchor:start;fill:var(--muted)",
    "l": "font-size:10.5px;fill:var(--muted);stroke:var(--bg);stroke-width:3px;stroke-linejoin:round;"
         "paint-order:stroke",
    "bar": "fill:var(--ph-line)",
    "grid": "stroke:var(--box-line)",
    **{f"k{i}": f"stroke:var(--{colour})" for i, colour in enumerate(("ph-line", "accent", "value", "scope-line"))},
    "cell": "fill:var(--ph);stroke:var(--ph-line)",
    "back": "fill:var(--op);stroke:var(--ph-line)",
    "row": "fill:var(--var);stroke:var(--var-line);stroke-width:2",
    "column": "fill:var(--d0);stroke:var(--d0-line);stroke-width:2",
    "both": "fill:var(--scope);stroke:var(--scope-line);stroke-width:2.4",
    "num": f"font-family:{theme.MONO};font-size:12px",
    "sign": "font-size:22px",
    "q": "fill:none;stroke:var(--line)",
}


def rules_of(names: Iterable[str]) -> list[str]:
    """The declarations for an element of these classes, in the order in which they count."""
    wanted = set(names)
    declared = {"bg": "fill:var(--bg);stroke:none", **_RULES}
    return [rule for name, rule in declared.items() if name in wanted]


class Sheet:
    """Collects the classes that a picture uses and puts the picture together."""

    def __init__(self) -> None:
        self._used: dict[str, None] = {}

    def classes(self, *names: str) -> str:
        """A `class` attribute; its rules become part of the picture."""
        self._used.update(dict.fromkeys(names))
        return f'class="{" ".join(names)}"'

    def text(self, kind: str, x: float, y: float, text: str, extra: str = "",
             marks: Iterable[tuple[int, int]] = ()) -> str:
        """A `<text>` element; `text` is escaped here, `extra` is markup; `marks` are the parts of it that are wrong."""
        words, end = [], 0
        for start, stop in marks:
            words.append(f"{xml(text[end:start])}<tspan {self.classes('w')}>{xml(text[start:stop])}</tspan>")
            end = stop
        words.append(xml(text[end:]))
        return f'<text {self.classes(kind)}{extra} x="{number(x)}" y="{number(y)}">{"".join(words)}</text>'

    def document(self, title: str, description: str, body: str, width: int, height: int, inline: bool) -> str:
        """The whole `<svg>`.

        Args:
          title, description: plain text for those who cannot see the picture.
          body: its markup.
          width, height: its size in pixels.
          inline: whether it also follows the theme of the notebook it stands in.
        """
        title, description = xml(title), xml(description)
        key = "tfm-" + hashlib.sha256((title + description + body).encode()).hexdigest()[:8]
        return (f'<svg xmlns="http://www.w3.org/2000/svg" class="tfm" id="{key}" role="img" '
                f'aria-labelledby="{key}-t {key}-d" width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}" font-family="Helvetica,Arial,sans-serif" font-size="11" '
                'style="max-width:100%;height:auto">'
                f'<title id="{key}-t">{title}</title><desc id="{key}-d">{description}</desc>'
                f"<style>{self._style('#' + key, inline)}</style>"
                f'<rect class="bg" width="100%" height="100%" fill="#ffffff"/>{body}</svg>')

    def _style(self, me: str, inline: bool) -> str:
        """The rules in use; the picture's own id keeps them from reaching any other picture of the page."""
        rules = "".join(f"{me} .{name}{{{rule}}}" for name, rule in _RULES.items() if name in self._used)
        base = (f"{me}{{font-family:{theme.SANS};font-size:11px;background:var(--bg);border-radius:6px}}"
                f"{me} text{{fill:var(--fg);stroke:none;text-anchor:middle}}{me} .bg{{fill:var(--bg);stroke:none}}")
        return theme.themed(me, base + rules, notebook=inline) + base + rules


def number(value: float) -> str:
    """A coordinate, with one decimal where it has one."""
    return str(value) if isinstance(value, int) else f"{value:.1f}".removesuffix(".0")


def rectangle(x: float, y: float, width: float, height: float) -> str:
    """The attributes of a rectangle."""
    return f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
