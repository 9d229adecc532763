"""A script's run as a page: what it printed, and a drawing of the graph it left."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Any, TextIO

from tfmagic.notebook.command import execute


class _Tee(io.TextIOBase):
    """Writes to a stream and remembers what was written."""

    def __init__(self, stream: TextIO, kept: list[str]) -> None:
        self.stream = stream
        self.kept = kept

    def write(self, text: str) -> int:
        self.kept.append(text)
        return self.stream.write(text)

    def flush(self) -> None:
        self.stream.flush()

    def fileno(self) -> int:
        return self.stream.fileno()

    def isatty(self) -> bool:
        return self.stream.isatty()


def run(path: Path, arguments: list[str], device: str | None, html: Path, python2: bool = False) -> int:
    """Run a script and write the page, also when the script fails or exits.

    Args:
      path: the script.
      arguments: its arguments.
      device: "cpu" or "cuda" to send unplaced work there.
      html: the page to write.
      python2: whether it is a program of Python 2.

    Returns:
      The script's exit code.
    """
    kept: list[str] = []
    streams: tuple[Any, Any] = (_Tee(sys.stdout, kept), _Tee(sys.stderr, kept))
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        try:
            code = execute.run_script(path, arguments, device, python2)
        except SystemExit as leaving:
            code = _exit_code(leaving)
    _write(path, "".join(kept), html)
    print(f"Wrote {html.absolute()}")
    return code


def _exit_code(leaving: SystemExit) -> int:
    """What the process would have returned; a text is printed, as Python does."""
    if leaving.code is None or isinstance(leaving.code, int):
        return leaving.code or 0
    print(leaving.code, file=sys.stderr)
    return 1


def _write(path: Path, output: str, html: Path) -> None:
    from tfmagic import view
    from tfmagic.graph import context
    from tfmagic.notebook.shell import language
    from tfmagic.view import phrases
    from tfmagic.view.escape import xml
    from tfmagic.view.paint import interactive
    from tfmagic.view.paint.document import GRAPH_MIME
    from tfmagic.view.paint.html import page

    graph = context.get_default_graph()
    with phrases.speaking(language.of_surroundings()):
        drawing = ""
        if graph.get_operations():
            bundle = view.mime_bundle(view.build_scene(graph))
            drawing = interactive.figure(bundle[GRAPH_MIME], f"<figure>{bundle['text/html']}</figure>")
        body = f"<h1>{xml(path.name)}</h1><pre>{xml(output)}</pre>" + drawing
        text = page(path.name, body)
    html.parent.mkdir(parents=True, exist_ok=True)
    html.write_text(text, "utf-8")
