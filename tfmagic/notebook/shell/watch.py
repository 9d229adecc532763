"""`%%session --watch`: a live curve of what the cell's runs give; the last state stays in the notebook."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.display import display

from tfmagic.graph.operation import Tensor
from tfmagic.notebook.live.watching import Watch
from tfmagic.notebook.shell import evaluate, loops
from tfmagic.view.paint.curves import Curve, Progress, curves_bundle

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@contextlib.contextmanager
def watching(shell: InteractiveShell, session: Any, texts: list[str], code: str) -> Iterator[None]:
    """Show curves of the expressions while runs of the session go on within it.

    Args:
      shell: where the expressions are evaluated, once the first run is through.
      session: the session.
      texts: the expressions; one text may hold several, with commas.
      code: the cell, whose loop says how far it is.
    """
    handle: list[Any] = []
    lives = hasattr(shell, "kernel")  # a terminal cannot take back what it has shown

    def resolve() -> list[tuple[str, Tensor]]:
        named = []
        for text in texts:
            for name, value in evaluate.several(shell, text):
                tensor = evaluate.element(value)
                if not isinstance(tensor, Tensor):
                    raise UsageError(f"--watch {name}: a {type(value).__name__} has no value to watch; name a tensor.")
                named.append((name, tensor))
        return named

    finished = [False]
    share = loops.share_of(code, shell.user_ns)

    def done() -> float | None:
        now = share()
        return 1.0 if finished[0] and now is not None else now

    def show(curves: list[Curve], progress: Progress, last: bool) -> None:
        if not (lives or last):
            return
        bundle = curves_bundle(curves, progress)
        if handle:
            handle[0].update(bundle, raw=True)
        else:
            handle.append(display(bundle, raw=True, display_id=True))

    watch = Watch(session, resolve, done, show)
    watch.start()
    try:
        yield
        finished[0] = True
    finally:
        watch.stop()
