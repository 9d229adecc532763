"""Widgets: drawings that answer where JupyterLab's extension is not: in VS Code, in Colab, or where asked for.

anywidget is imported with the first one.
"""

from __future__ import annotations

import collections
import functools
import os
import sys
from collections.abc import Callable, Mapping
from importlib import resources
from typing import TYPE_CHECKING, Any

from tfmagic.view.phrases import language

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

VIEW_MIME = "application/vnd.jupyter.widget-view+json"
_KEPT = 200
_OTHER_HOSTS = ("VSCODE_PID", "VSCODE_CWD")  # set where VS Code starts a kernel


def are_wanted() -> bool:
    """Whether drawings need a widget here; the environment variable TFMAGIC_WIDGET=1 or =0 decides where it is set."""
    asked = os.environ.get("TFMAGIC_WIDGET", "")
    if asked:
        return asked != "0"
    return "google.colab" in sys.modules or any(name in os.environ for name in _OTHER_HOSTS)


class Widgets:
    """The widgets of one shell.

    Attributes:
      answer: replies to a question of a front end.

    Args:
      shell: the shell; without a kernel it has none.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.answer: Callable[[Any], dict[str, Any]] | None = None
        self._made: collections.deque[Any] = collections.deque()

    def view_of(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The MIME entry of a widget that shows a document; empty where none is needed or can be."""
        if self.answer is None or getattr(self.shell, "kernel", None) is None or not are_wanted():
            return {}
        try:
            kind = _kind()
        except (ImportError, FileNotFoundError):  # without anywidget, or the renderer's module, the picture is shown
            return {}
        widget = kind(document=dict(document), language=language())
        widget.on_msg(functools.partial(self._asked, key=document.get("key")))
        self._made.append(widget)
        while len(self._made) > _KEPT:
            self._made.popleft().close()
        bundle = widget._repr_mimebundle_()
        entries = bundle[0] if isinstance(bundle, tuple) else bundle
        return {VIEW_MIME: entries[VIEW_MIME]} if entries else {}

    def close(self) -> None:
        """Close all of them."""
        while self._made:
            self._made.pop().close()

    def _asked(self, widget: Any, content: Any, buffers: Any, key: Any) -> None:
        assert self.answer is not None
        widget.send(self.answer({"key": key, **content} if isinstance(content, dict) else content))


@functools.cache
def _kind() -> Any:
    """The widget's class.

    Raises:
      ImportError: anywidget is not installed.
      FileNotFoundError: the renderer was not built.
    """
    import anywidget
    import traitlets

    module = resources.files("tfmagic.view").joinpath("static/graph.js").read_text("utf-8")

    class GraphWidget(anywidget.AnyWidget):
        """One drawing."""

        _esm = module
        document = traitlets.Dict().tag(sync=True)
        language = traitlets.Unicode("en").tag(sync=True)

    return GraphWidget
