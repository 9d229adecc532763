"""The Jupyter kernel `tfmagic`: its description, made on the fly for this interpreter, and its installation."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

NAME = "tfmagic"


def description() -> dict[str, Any]:
    """What `kernel.json` says, with the interpreter in use in place of "python"."""
    text = (files("tfmagic.notebook.command") / "kernelspec" / "kernel.json").read_text("utf-8")
    found = json.loads(text)
    found["argv"][0] = sys.executable
    return found


def manager() -> Any:
    """A kernel manager that starts this interpreter as `tfmagic`, whether or not the kernelspec is installed."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    kernel = AsyncKernelManager(kernel_name=NAME)
    found = description()
    # Warnings of the kernel itself would stand between the progress bar and the user.
    kernel._kernel_spec = KernelSpec(**{**found, "argv": [*found["argv"], "--log-level=ERROR"]})
    return kernel


def install(user: bool = False, prefix: str | None = None, name: str = NAME) -> Path:
    """Install the kernelspec, with the absolute path of this interpreter in it.

    Args:
      user: for the current user; otherwise into `prefix`.
      prefix: an environment's folder; by default the one of this interpreter.
      name: the kernel's name.

    Returns:
      The folder that was written.

    Raises:
      ValueError: the name has characters that a kernel's name cannot have.
      OSError: the folder cannot be written.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    found = description()
    if name != NAME:
        found["display_name"] = f"{found['display_name']} [{name}]"
    with tempfile.TemporaryDirectory() as folder, as_file(files("tfmagic.notebook.command") / "kernelspec") as source:
        target = Path(folder, "tfmagic")
        shutil.copytree(source, target)
        target.joinpath("kernel.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        where = KernelSpecManager().install_kernel_spec(
            str(target), name, user=user, prefix=None if user else (prefix or sys.prefix))
    return Path(where)


def installed() -> dict[str, str]:
    """The installed kernelspecs that start tfmagic: name -> folder."""
    from jupyter_client.kernelspec import KernelSpecManager

    found = {}
    for name, spec in KernelSpecManager().get_all_specs().items():
        if "tfmagic.notebook.command.kernel" in spec["spec"].get("argv", ()):
            found[name] = spec["resource_dir"]
    return found
