"""The layout engine: where Graphviz' `dot` is found, and how it is called (with a time limit, without a shell)."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

TIME_LIMIT = 20.0  # seconds
HINT = ("No Graphviz engine was found, so this is the text drawing. `pip install graphviz-pure` brings one; "
        "TFMAGIC_DOT can name a `dot` program.")


class EngineError(RuntimeError):
    """No layout engine was found, or it failed or took too long."""


@functools.lru_cache(maxsize=8)
def _find(given: str | None, path: str | None) -> str | None:
    if given:
        found = shutil.which(given)
        if found is None:
            raise EngineError(f"TFMAGIC_DOT names {given!r}, which is no program that can be run. "
                              "Set it to the path of Graphviz' `dot`, or unset it to use graphviz-pure.")
        return found
    name = "graphviz-pure" + (".exe" if sys.platform == "win32" else "")
    schemes = [sysconfig.get_path("scripts"), str(Path(sys.executable).parent)]
    if hasattr(sysconfig, "get_preferred_scheme"):
        schemes.append(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    for folder in schemes:
        if folder and (Path(folder) / name).is_file():
            return str(Path(folder) / name)
    return shutil.which("graphviz-pure", path=path) or shutil.which("dot", path=path)


def find_engine() -> str | None:
    """The layout program: TFMAGIC_DOT, else graphviz-pure, else a system `dot`; None when there is none.

    Raises:
      EngineError: TFMAGIC_DOT names something that is no program.
    """
    return _find(os.environ.get("TFMAGIC_DOT"), os.environ.get("PATH"))


def run_engine(dot: str, output: str, program: str | None = None) -> bytes:
    """Lay out a DOT text.

    Args:
      dot: the graph in DOT.
      output: Graphviz' name of the output format ("json0", "png").
      program: the program to use; by default what `find_engine` finds.

    Raises:
      EngineError: there is no engine, it failed, or it took longer than the time limit.
    """
    program = program or find_engine()
    if program is None:
        raise EngineError(HINT)
    try:
        done = subprocess.run([program, f"-T{output}"], input=dot.encode(), capture_output=True,
                              timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise EngineError(f"The layout took longer than {TIME_LIMIT:.0f} s. Draw less of the graph: a smaller depth, "
                          "or one expression's part of it.") from None
    except OSError as error:
        raise EngineError(f"{program} could not be started: {error}") from error
    if done.returncode != 0 or not done.stdout:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise EngineError(f"{Path(program).name} failed: {reason[0] if reason else f'exit {done.returncode}'}")
    return done.stdout
