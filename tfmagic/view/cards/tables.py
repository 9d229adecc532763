"""Cards and tables in HTML: tensors, operations, variables, graphs and sessions as rows of name and value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.view import theme
from tfmagic.view.escape import shorten, visible, xml
from tfmagic.view.labels import device_text, dims_text, dtype_text, number_text, shape_text
from tfmagic.view.phrases import figures, plural, say

Dims = tuple[int | None, ...] | None
ROWS, COLUMNS = 8, 8  # cells shown of a value before it is cut in its middle
_TEXT_LIMIT = 200

_STYLE = """\
.tfm-card{display:inline-block;min-width:15em;max-width:100%%;margin:4px 8px 8px 0;vertical-align:top;overflow:auto;\
border:1px solid var(--box-line);border-radius:8px;background:var(--bg);color:var(--fg);font:13px/1.5 %(sans)s}
.tfm-card .tfm-head{padding:7px 14px;background:var(--box);border-bottom:1px solid var(--box-line);font-weight:600}
.tfm-card .tfm-kind{color:var(--muted);font-weight:400;margin-left:.3em}
.tfm-card table{border-collapse:collapse;margin:6px 14px 8px;font:inherit;color:inherit}
.tfm-card tbody tr{background:none}
.tfm-card th,.tfm-card td{text-align:left;padding:2px 14px 2px 0;vertical-align:top;background:none;color:var(--fg)}
.tfm-card th{color:var(--muted);font-weight:400}
.tfm-card code,.tfm-card .tfm-value td{font-family:%(mono)s;font-size:12px;background:none;color:inherit}
.tfm-card .tfm-value{margin:2px 0 6px}
.tfm-card .tfm-value td{text-align:right;padding:2px 7px;border:1px solid var(--box-line);color:var(--value)}
.tfm-card .tfm-value td.tfm-bad{color:var(--error);font-weight:600}
.tfm-card summary{cursor:pointer;padding:5px 14px;overflow-wrap:anywhere}
.tfm-card ul{list-style:none;margin:2px 0 4px;padding:0 0 0 14px}
.tfm-card .tfm-list td,.tfm-card .tfm-list th{padding:3px 18px 3px 0;border-bottom:1px solid var(--box-line)}
"""


def card_style() -> str:
    """The style sheet of cards, as a `<style>` element."""
    # A doubled class outranks JupyterLab's own rules for tables in outputs (stripes, right-aligned cells, no margin).
    rules = (_STYLE % {"sans": theme.SANS, "mono": theme.MONO}).replace("\n", "")
    rules = rules.replace(".tfm-card ", ".tfm-card.tfm-card ")
    return f"<style>{theme.themed('.tfm-card', rules)}{rules}</style>"


def card(kind: str, name: str, rows: Iterable[tuple[str, str]], value: Any = None, below: str = "",
         style: bool = True) -> str:
    """A card.

    Args:
      kind: what it shows ("tensor", "variable", ...).
      name: its heading, as plain text.
      rows: (key, text) pairs of plain text; rows without text are left out.
      value: an array to show as a small table, or None.
      below: further HTML (a drawing) under the rows.
      style: whether to bring the style sheet along (once an output is enough).
    """
    lines = [f"<tr><th>{xml(visible(say(key)))}</th><td><code>{xml(cut(text))}</code></td></tr>"
             for key, text in rows if text]
    if value is not None:
        lines.append(f"<tr><th>{say('value')}</th><td>{value_table(value)}</td></tr>")
    table = f"<table>{''.join(lines)}</table>" if lines else ""
    # The blank and the dot keep the words apart where a sanitiser takes the style away.
    return (f'{card_style() if style else ""}<div class="tfm-card"><div class="tfm-head">{xml(cut(name))} '
            f'<span class="tfm-kind">· {xml(visible(say(kind)))}</span></div>{table}{below}</div>')


Row = tuple[str, str]


def tensor_rows(tensor: Tensor, run_dims: tuple[int, ...] | None = None, device: str = "") -> list[Row]:
    """What a card says of a tensor; its device is the one asked for unless a run chose one."""
    return [("op", f"{tensor.op.name} ({tensor.op.type})"), ("shape", shape_text(tensor, run_dims)),
            ("dtype", dtype_text(tensor)), ("device", device_text(device or tensor.op.device))]


def tensor_card(tensor: Tensor, value: Any = None, device: str = "", below: str = "", style: bool = True) -> str:
    """A card for a graph tensor, with its value when a run gave one.

    Args:
      tensor: a graph tensor.
      value: the array a run gave, or None.
      device: the device a run chose; by default the one asked for.
      below: further HTML, such as a drawing.
      style: whether to bring the style sheet along.
    """
    rows = tensor_rows(tensor, None if value is None else np.shape(value), device)
    return card("tensor", tensor.name, rows, value, below, style)


def operation_rows(op: Operation) -> list[Row]:
    """What a card says of an operation: what it reads and makes."""
    return [("type", op.type),
            *((f"{say('input')} {i}", f"{t.name}  {shape_text(t)} {dtype_text(t)}") for i, t in enumerate(op.inputs)),
            *((f"{say('output')} {t.value_index}", f"{t.name}  {shape_text(t)} {dtype_text(t)}") for t in op.outputs),
            ("after", ", ".join(c.name for c in op.control_inputs)), ("device", device_text(op.device))]


def operation_card(op: Operation, below: str = "", style: bool = True) -> str:
    """A card for an operation."""
    return card("operation", op.name, operation_rows(op), None, below, style)


def variable_rows(dims: Dims, dtype: str, trainable: bool | None = None, device: str = "") -> list[Row]:
    """What a card says of a variable."""
    return [("shape", dims_text(dims)), ("dtype", dtype.removesuffix("_ref")),
            ("trainable", "" if trainable is None else say("yes" if trainable else "no")),
            ("device", device_text(device))]


def variable_card(name: str, dims: Dims, dtype: str, value: Any = None, trainable: bool | None = None,
                  device: str = "", below: str = "", style: bool = True) -> str:
    """A card for a variable, with the value it has in a session when there is one."""
    return card("variable", name, variable_rows(dims, dtype, trainable, device), value, below, style)


def graph_rows(graph: Graph) -> list[Row]:
    """What a card says of a graph: how many nodes of which kind."""
    types: dict[str, int] = {}
    operations = graph.get_operations()
    for op in operations:
        types[op.type] = types.get(op.type, 0) + 1
    common = sorted(types.items(), key=lambda item: (-item[1], item[0]))[:8]
    return [("nodes", plural(len(operations), "operation")),
            ("types", ", ".join(f"{kind} ×{n}" if n > 1 else kind for kind, n in common))]


def graph_card(graph: Graph, drawing: str = "", style: bool = True) -> str:
    """A card for a graph, and the drawing under it."""
    return card("graph", say("Graph"), graph_rows(graph), None, drawing, style)


def session_card(rows: Iterable[tuple[str, str]], style: bool = True) -> str:
    """A card for a session: (key, text) rows such as target, graph, devices and cached plans."""
    return card("session", say("Session"), rows, None, "", style)


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], style: bool = True) -> str:
    """A table of plain text, such as the tensors of a graph or the devices of a session.

    Args:
      title: what it lists.
      heads: the columns' heads.
      rows: the cells' texts.
      style: whether to bring the style sheet along.
    """
    head = "".join(f"<th scope=\"col\">{xml(visible(say(text)))}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td><code>{xml(cut(text))}</code></td>" for text in row) + "</tr>"
                   for row in rows)
    return (f'{card_style() if style else ""}<div class="tfm-card"><div class="tfm-head">{xml(visible(title))}</div>'
            f'<table class="tfm-list"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')


def tensors_table(tensors: Iterable[Any], title: str = "Tensors", style: bool = True) -> str:
    """The table of `%tensors`: name, op type, shape, dtype and device of each."""
    rows = [(t.name, t.op.type, shape_text(t), dtype_text(t), device_text(t.op.device)) for t in tensors]
    return table(f"{say(title)} · {figures(len(rows))}", ("tensor", "op", "shape", "dtype", "device"), rows, style)


def value_table(value: Any) -> str:
    """An array as a small HTML table: rank 0 to 2 in full, further ranks as their first matrix; long sides are cut."""
    array = np.asarray(value)
    if array.ndim == 0:
        return f'<span class="tfm-value"><code>{xml(number_text(array[()]))}</code></span>'
    note = ""
    if array.ndim > 2:
        note = f"<div>{say('first of {}', plural(int(np.prod(array.shape[:-2])), 'matrix'))}</div>"
        array = array.reshape(-1, *array.shape[-2:])[0] if array.size else array.reshape(0, 0)
    if array.size == 0:
        return f"<code>{say('empty')}</code>"
    matrix = array.reshape(1, -1) if array.ndim == 1 else array
    rows = []
    for i in _cut_range(matrix.shape[0], ROWS):
        if i is None:
            rows.append(f"<tr>{'<td>⋮</td>' * min(matrix.shape[1], COLUMNS)}</tr>")
            continue
        rows.append("<tr>" + "".join("<td>…</td>" if j is None else _cell(matrix[i, j])
                                     for j in _cut_range(matrix.shape[1], COLUMNS)) + "</tr>")
    return f'{note}<table class="tfm-value">{"".join(rows)}</table>'


def _cell(item: Any) -> str:
    bad = isinstance(item, (float, np.floating)) and not np.isfinite(item)
    return f"<td{' class=tfm-bad' if bad else ''}>{xml(number_text(item))}</td>"


def _cut_range(count: int, limit: int) -> list[int | None]:
    """Indices of a side, with None where its middle is left out."""
    if count <= limit:
        return list(range(count))
    head = limit // 2
    return [*range(head), None, *range(count - (limit - head - 1), count)]


def cut(text: Any) -> str:
    """A text of a card, invisible characters written out, cut where it is long."""
    return shorten(visible(text), _TEXT_LIMIT)
