"""A drawing as one self-contained HTML page: interactive, with its text twin and what each node is."""

from __future__ import annotations

from tfmagic.view import theme
from tfmagic.view.escape import xml
from tfmagic.view.paint import interactive
from tfmagic.view.paint.document import document
from tfmagic.view.paint.engine import EngineError
from tfmagic.view.paint.layout import lay_out
from tfmagic.view.paint.svg import draw_svg
from tfmagic.view.paint.text import draw_text
from tfmagic.view.phrases import language, plural, say
from tfmagic.view.scene.model import Scene

_STYLE = """\
*{box-sizing:border-box}
html{color-scheme:light dark}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.6 %(sans)s}
main{max-width:72rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1{font-size:1.5rem;margin:0 0 .2rem;font-weight:650}
p.sum{margin:0 0 1.6rem;color:var(--muted)}
figure{margin:0 0 2rem;padding:1rem;border:1px solid var(--box-line);border-radius:12px;overflow:auto;text-align:center}
summary{cursor:pointer;font-weight:600;padding:.3rem 0}
pre{overflow:auto;font:12.5px/1.5 %(mono)s;padding:1rem;border-radius:8px;background:var(--box)}
table{border-collapse:collapse;font-size:13.5px}
th,td{text-align:left;padding:.3rem 1.4rem .3rem 0;border-bottom:1px solid var(--box-line);vertical-align:top}
th{color:var(--muted);font-weight:500}
td code{font:12.5px %(mono)s}
"""


def draw_html(scene: Scene) -> str:
    """A page with the drawing, its text twin and a table of its nodes."""
    title = scene.title or say("Dataflow graph")
    try:
        layout = lay_out(scene)
        picture = f"<figure>{draw_svg(scene, layout, inline=True)}</figure>"
        figure = interactive.figure(document(scene, layout), picture)
        twin = f"<details><summary>{say('as text')}</summary><pre>{xml(draw_text(scene))}</pre></details>"
    except EngineError as error:
        figure = f"<p>{xml(str(error))}</p>"
        twin = f"<pre>{xml(draw_text(scene))}</pre>"
    shown = xml(title)
    hidden = ' class="unseen"' if scene.title and "<figure>" in figure else ""  # the drawing shows its title itself
    heading = f'<h1{hidden}>{shown}</h1><p class="sum">{xml(scene.description())}</p>'
    return page(title, heading + figure + twin + _nodes(scene))


def page(title: str, body: str) -> str:
    """A self-contained HTML page around `body` (HTML), in the drawings' colours, light or dark as the reader has it.

    Where there are interactive figures in `body`, their script is the only one that may run.
    """
    rules = (_STYLE % {"sans": theme.SANS, "mono": theme.MONO}).replace("\n", "")
    return (f'<!DOCTYPE html>\n<html lang="{language()}"><head><meta charset="utf-8">{interactive.policy()}'
            '<meta name="viewport" content="width=device-width,initial-scale=1"><title>'
            f"{xml(title)}</title><style data-tfmagic>{theme.themed('body', rules)}{rules}{interactive.STYLE}</style>"
            f"</head><body><main>{body}</main>{interactive.closing()}</body></html>\n")


def _nodes(scene: Scene) -> str:
    rows = []
    for node in scene.nodes:
        cells = [node.title, node.name, node.type or node.role, node.device, node.value,
                 "; ".join(f"{key}: {text}" for key, text in node.details)]
        rows.append("<tr>" + "".join(f"<td><code>{xml(cell)}</code></td>" for cell in cells) + "</tr>")
    columns = map(say, ("node", "name", "type", "device", "value", "details"))
    heads = "".join(f'<th scope="col">{column}</th>' for column in columns)
    return (f"<details><summary>{plural(len(scene.nodes), 'node')}</summary><table><thead><tr>{heads}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table></details>")
