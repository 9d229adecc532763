"""Runs notebooks in the tfmagic kernel with a progress bar, and scripts as Python itself would."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfmagic.notebook.shell import language
from tfmagic.notebook.shell import python2 as cells_of_python2

CELL_TIMEOUT = None  # seconds; training cells may take as long as they like


@dataclass(frozen=True)
class Outcome:
    """How a notebook's run ended.

    Attributes:
      notebook: the notebook with its outputs, up to the failing cell.
      error: the failing cell's traceback as text, "" when all cells came through.
    """

    notebook: Any
    error: str


def run_notebook(notebook: Any, folder: Path, device: str | None = None, title: str = "",
                 python2: bool = False) -> Outcome:
    """Execute every code cell of a notebook in a fresh tfmagic kernel.

    Args:
      notebook: the notebook (nbformat 4); its outputs are replaced.
      folder: the kernel's working folder.
      device: "cpu" or "cuda" to send unplaced work there.
      title: what the progress bar says.
      python2: whether the cells are Python 2.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError
    from tqdm import tqdm

    from tfmagic.notebook.command import kernelspec

    count = sum(cell.cell_type == "code" for cell in notebook.cells)
    environment = {**os.environ, **({"TFMAGIC_DEVICE": device} if device else {}),
                   **({cells_of_python2.VARIABLE: "1"} if python2 else {}),
                   **({language.VARIABLE: spoken} if (spoken := language.of_metadata(notebook.metadata)) else {})}
    with tqdm(total=count, desc=title, unit="cell", file=sys.stderr, dynamic_ncols=True) as bar:
        client = NotebookClient(notebook, km=kernelspec.manager(), timeout=CELL_TIMEOUT,
                                resources={"metadata": {"path": str(folder)}},
                                on_cell_executed=lambda **_: bar.update())
        try:
            client.execute(env=environment)
        except CellExecutionError as error:
            return Outcome(notebook, str(error))
    return Outcome(notebook, "")


def _siblings(path: Path, python2: bool) -> contextlib.AbstractContextManager[None]:
    """What lets a program import the modules beside it."""
    if not python2:
        return contextlib.nullcontext()
    from tfmagic.notebook.legacy.py2 import imports

    return imports.translated(path.parent)


def _advise(error: BaseException, path: Path) -> None:
    """Name the way to run a program of Python 2 where an error says that it is one."""
    from tfmagic.notebook.legacy.py2 import signs

    if signs.of_python2(error):
        print(f"tfmagic: this is a program of Python 2: tfmagic run --py2 {path} runs it.", file=sys.stderr)


def run_script(path: Path, arguments: list[str], device: str | None = None, python2: bool = False) -> int:
    """Run a TF1 script as `python path arguments` would, with `import tensorflow` leading to tfmagic.

    Args:
      path: the script.
      arguments: what `sys.argv` holds after the script's name.
      device: "cpu" or "cuda" to send unplaced work there.
      python2: whether it is a program of Python 2, and the modules beside it are.

    Returns:
      The exit code of a script that came to its end or raised an exception.

    Raises:
      SystemExit: the script left by `sys.exit`.
    """
    from tfmagic.notebook.legacy import alias, former, printing

    if device:
        os.environ["TFMAGIC_DEVICE"] = device
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=str(path), __builtins__=__builtins__)
    try:
        if python2:
            from tfmagic.notebook.legacy.py2 import runtime

            code = runtime.compiled(path.read_bytes(), str(path))
            main.__dict__["__builtins__"] = runtime.names()
        else:
            code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        traceback.print_exc(limit=0)
        _advise(error, path)
        return 1
    main_before, argv_before, path_before = sys.modules["__main__"], sys.argv, list(sys.path)
    was_installed = alias.is_installed()
    alias.install(force=True)
    numpy_as_before = printing.plain_scalars()
    former_names = former.bring_back()
    sys.modules["__main__"] = main
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        with _siblings(path, python2):
            exec(code, main.__dict__)  # the user's own program: running it is what was asked for
    except Exception as error:
        # The first frame is this function's; Python's own traceback starts with the script.
        shown = error.__traceback__.tb_next if error.__traceback__ is not None else None
        sys.stdout.flush()
        traceback.print_exception(type(error), error, shown)
        if not python2:
            _advise(error, path)
        return 1
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = main_before, argv_before, path_before
        former_names.close()
        numpy_as_before()
        if not was_installed:
            alias.uninstall()
    return 0
