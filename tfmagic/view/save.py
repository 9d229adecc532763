"""save: a scene in a file, in the format that the file's name asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tfmagic.view.bundle import scene_json
from tfmagic.view.dot import to_dot
from tfmagic.view.engine import make_pdf, run_engine
from tfmagic.view.html import draw_html
from tfmagic.view.layout import lay_out
from tfmagic.view.model import Scene
from tfmagic.view.svg import draw_svg
from tfmagic.view.text import draw_text


def _json(scene: Scene) -> bytes:
    return (json.dumps(scene_json(scene, lay_out(scene)), indent=1) + "\n").encode()


_WRITERS: dict[str, Callable[[Scene], bytes]] = {
    ".svg": lambda scene: draw_svg(scene).encode(),
    ".html": lambda scene: draw_html(scene).encode(),
    ".dot": lambda scene: to_dot(scene).encode(),
    ".png": lambda scene: run_engine(to_dot(scene, resolution=192), "png"),
    ".pdf": lambda scene: make_pdf(to_dot(scene)),
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
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ValueError(f"a drawing cannot be saved as {path.name!r}: end the name in one of {', '.join(FORMATS)}")
    path.write_bytes(writer(scene))
    return path
