"""Cards as data for the interactive renderer (`labextension/src/cards/`), and as HTML that opens without a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfmagic.view import phrases
from tfmagic.view.cards.tables import Row, card_style, cut, value_table
from tfmagic.view.escape import visible, xml
from tfmagic.view.phrases import say

CARDS_MIME = "application/vnd.tfmagic.cards+json"


@dataclass(frozen=True)
class Item:
    """One thing that is shown: a card that opens, a container with further ones, or a plain text.

    Attributes:
      kind: "tensor", "variable", "list", …; "" for a plain text.
      name: its heading.
      label: what it is called in its container, such as `[0]`.
      rows: what is known of it.
      question: the fields of the question that gives its value.
      report: its value, where it is known already; `value` is the same for a table in HTML.
      items: what a container holds; `more` is how much of it is left out.
      is_open: whether it is open at first; None: where it is the outermost, and nobody has to be asked for its value.
    """

    kind: str
    name: str
    label: str = ""
    rows: list[Row] = field(default_factory=list)
    question: Mapping[str, Any] | None = None
    report: Mapping[str, Any] | None = None
    value: Any = None
    items: list[Item] | None = None
    more: int = 0
    is_open: bool | None = None

    @property
    def short(self) -> str:
        """Kind, shape and dtype in a line."""
        told = dict(self.rows)
        kept = [say(self.kind), *(told[key] for key in ("shape", "dtype") if told.get(key))]
        return cut(" · ".join(filter(None, kept)))


def cards_document(item: Item, graph: Mapping[str, Any] | None = None, picture: str = "",
                   words: str = "") -> dict[str, Any]:
    """The JSON document of a card.

    Args:
      item: what it shows.
      graph: the document of a drawing to stand below.
      picture: an SVG to stand above; `words` describe it.
    """
    data: dict[str, Any] = {"card": _record(item)}
    keys = [found.question["key"] for found in _all(item) if found.question]
    if keys or graph:
        data["key"] = keys[0] if keys else graph["key"] if graph else ""
    if graph:
        data["graph"] = graph
    if picture:
        data["picture"] = [picture, words]
    if phrases.language() != "en":
        data["lang"] = phrases.language()
    return data


def _all(item: Item) -> Iterable[Item]:
    yield item
    for inner in item.items or ():
        yield from _all(inner)


def _record(item: Item) -> dict[str, Any]:
    record: dict[str, Any] = {"name": cut(item.name), "short": item.short}
    optional: dict[str, Any] = {
        "label": cut(item.label), "rows": [[visible(say(key)), cut(text)] for key, text in item.rows if text],
        "question": item.question, "report": item.report, "more": _more(item)}
    if item.is_open is not None:
        record["open"] = item.is_open
    if item.items is not None:
        record["items"] = [_record(inner) for inner in item.items]
    return record | {key: value for key, value in optional.items() if value}


def _more(item: Item) -> str:
    return say("and {} more", phrases.figures(item.more)) if item.more else ""


def cards_html(item: Item) -> str:
    """A container as HTML: each thing in it opens by the reader's own means, without a script."""
    return f'{card_style()}<div class="tfm-card">{_html(item, True)}</div>'


def _html(item: Item, opened: bool = False) -> str:
    label = f"<code>{xml(cut(item.label))}</code> " if item.label else ""
    if not item.kind:
        return f"<div>{label}<code>{xml(cut(item.name))}</code></div>"
    summary = f'{label}{xml(cut(item.name))} <span class="tfm-kind">· {xml(item.short)}</span>'
    if item.items is not None:
        inside = "".join(f"<li>{_html(inner)}</li>" for inner in item.items)
        more = f"<li>{xml(_more(item))}</li>" if item.more else ""
        body = f"<ul>{inside}{more}</ul>"
    else:
        rows = "".join(f"<tr><th>{xml(visible(say(key)))}</th><td><code>{xml(cut(text))}</code></td></tr>"
                       for key, text in item.rows if text)
        value = "" if item.value is None else f"<tr><th>{say('value')}</th><td>{value_table(item.value)}</td></tr>"
        body = f"<table>{rows}{value}</table>"
    return f"<details{' open' if opened else ''}><summary>{summary}</summary>{body}</details>"
