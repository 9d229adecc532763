"""save: a scene in a file, in the format that the file's name asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tfmagic.view.paint.document import document
from tfmagic.view.paint.dot import to_dot
from tfmagic.view.paint.engine import run_engine
from tfmagic.view.paint.html import draw_html
from tfmagic.view.paint.layout import lay_out
from tfmagic.view.paint.pdf import make_pdf
from tfmagic.view.paint.svg import draw_svg
from tfmagic.view.paint.text import draw_text
from tfmagic.view.scene.model import Scene


def _json(scene: Scene) -> bytes:
    return (json.dumps(document(scene, lay_out(scene)), indent=1) + "\n").encode()


_WRITERS: dict[str, Callable[[Scene], bytes]] = {
    ".svg": lambda scene: draw_svg(scene).encode(),
    ".html": lambda scene: draw_html(scene).encode(),
    ".dot": lambda scene: to_dot(scene).encode(),
    ".png": lambda scene: run_engine(to_dot(scene, resolution=192), "png"),
    ".pdf": lambda scene: make_pdf(draw_svg(scene)),
    ".json": _json,
    ".txt": lambda scene: (draw_text(scene) + "\n").encode(),
}
FORMATS = tuple(ending.removeprefix(".") for ending in _WRITERS)


def save(scene: Scene, path: str | Path) -> Path:
    """Write a drawing.

    Args:
      scene: what to draw.
      path: where; its ending chooses the format (svg, html, dot, png, pdf, json or txt).

    Returns:
      The path written.

    Raises:
      ValueError: the ending is none of these.
      EngineError: the format needs a layout engine that is not there.
    """
    path = Path(path)
    if path.suffix.lower() not in _WRITERS:
        raise ValueError(f"a drawing cannot be saved as {path.name!r}: end the name in one of {', '.join(FORMATS)}")
    path.write_bytes(written(scene, path.suffix.lower().removeprefix(".")))
    return path


def written(scene: Scene, form: str) -> bytes:
    """A drawing as the content of a file.

    Args:
      scene: what to draw.
      form: one of FORMATS.

    Raises:
      ValueError: it is none of these.
      EngineError: the format needs a layout engine that is not there.
    """
    writer = _WRITERS.get(f".{form}")
    if writer is None:
        raise ValueError(f"a drawing cannot be saved as {form}: there is {', '.join(FORMATS)}")
    return writer(scene)
