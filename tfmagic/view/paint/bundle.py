"""Scene -> the MIME bundle of a notebook output: one display for every reader, and the JSON that reopens it.

Which reader takes what: the lab extension the JSON; JupyterLab without it, VS Code, GitHub and nbconvert the HTML,
whose picture is an <img> (raw SVG is hidden in an untrusted notebook and stripped of its style by sanitisers, an image
is neither; it is stored once); a terminal, a screen reader and a diff the text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import numpy as np

from tfmagic.view import theme
from tfmagic.view.escape import visible_lines, xml
from tfmagic.view.paint import blocks
from tfmagic.view.paint.document import GRAPH_MIME, document, keyed
from tfmagic.view.paint.engine import HINT, EngineError
from tfmagic.view.paint.layout import lay_out
from tfmagic.view.paint.svg import draw_svg
from tfmagic.view.paint.text import draw_text
from tfmagic.view.scene.model import Scene

_PICTURE = re.compile('class="tfm-picture"[^>]* src="data:image/svg\\+xml,([^"]*)"')


def mime_bundle(scene: Scene) -> dict[str, Any]:
    """All forms of a drawing, by MIME type; without a layout engine the text form, with a hint.

    The same scene gives the same bytes.
    """
    code = "\n".join(line for line, _ in scene.plan)
    text = code or draw_text(scene)
    try:
        layout = lay_out(scene)
    except EngineError as error:
        hint = f"{text}\n\n{error if str(error) else HINT}"
        return {GRAPH_MIME: keyed(document(scene, None)), "text/html": f"<pre>{xml(hint)}</pre>", "text/plain": hint}
    svg = draw_svg(scene, layout)
    words = f"{scene.title}. {scene.description()}" if scene.title else scene.description()
    page = picture_html(words, svg)
    if code:
        page = (f'<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start">{page}'
                f'<pre style="overflow:auto;max-width:100%">{xml(code)}</pre></div>')
    return {GRAPH_MIME: keyed(document(scene, layout)), "text/html": page, "text/plain": text}


def tensor_bundle(value: Any, title: str = "", factors: Sequence[Any] = (), dtype: str = "") -> dict[str, Any]:
    """A tensor drawn as blocks, as a MIME bundle.

    Args:
      value: an array of rank 0 to 4.
      title: a title, such as the expression that was drawn.
      factors: two matrices whose product `value` is; when they are small the product is drawn.
      dtype: the dtype's name to show; by default the array's.

    Raises:
      ValueError: the rank is above 4.
    """
    array = np.asarray(value)
    svg = ""
    if len(factors) == 2 and blocks.draws_product(*factors):
        left, right = factors
        product = np.asarray(left) @ np.asarray(right)
        if product.shape == array.shape and np.allclose(product, array, rtol=1e-3, equal_nan=True):
            svg = blocks.draw_product(left, right, title=title)
    svg = svg or blocks.draw_tensor(array, title=title, dtype=dtype)
    words = blocks.describe(array.shape, dtype or blocks.dtype_name(array))
    with np.printoptions(threshold=200, edgeitems=3):
        text = f"{title}{': ' if title else ''}{words}\n{array}"
    return {"text/html": picture_html(f"{title}. {words}" if title else words, svg),
            "text/plain": visible_lines(text)}


def picture_html(words: str, svg: str) -> str:
    """The SVG as an image that sanitisers leave alone; `words` describe it to those who cannot see it."""
    return (f'<style>{theme.picture_style()}</style><div class="tfm-figure">'
            f'<img class="tfm-picture" alt="{xml(words)}" src="{_data_uri(svg)}"></div>')


def _data_uri(svg: str) -> str:
    """An SVG of ours as the text of a `src` attribute: a third shorter than base64."""
    assert "'" not in svg  # our attributes stand between double quotes, and text has its quotes written out
    text = svg.replace('"', "'").replace("%", "%25").replace("#", "%23").replace("&", "&amp;")
    return f"data:image/svg+xml,{text}"


def picture_of(bundle: Mapping[str, Any]) -> str:
    """The SVG in a bundle's HTML, for those who want a picture alone; "" where there is none."""
    found = _PICTURE.search(bundle.get("text/html", ""))
    return unquote(html.unescape(found[1])).replace("'", '"') if found else ""
