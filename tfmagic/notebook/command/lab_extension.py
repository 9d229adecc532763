"""The interactive drawings' part in JupyterLab and Notebook 7: whether it was built, and whether Jupyter finds it."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import tfmagic

NAME = "tfmagic"
ADVICE = ("install tfmagic again where npm's registry can be reached (Node itself comes with it); until then drawings "
          "are pictures")


def built() -> Path | None:
    """The extension's folder in this installation; None where it was not built."""
    folder = Path(tfmagic.__file__).parent / "labextension"
    return folder if (folder / "package.json").is_file() else None


def found() -> Path | None:
    """The folder in which Jupyter finds the extension."""
    from jupyter_core.paths import jupyter_path

    places = (Path(folder, NAME) for folder in jupyter_path("labextensions"))
    return next((place for place in places if (place / "package.json").is_file()), None)


def is_disabled() -> bool:
    """Whether the user has switched the extension off (`jupyter labextension disable tfmagic`)."""
    from jupyter_core.paths import jupyter_config_path

    for folder in jupyter_config_path():
        path = Path(folder, "labconfig", "page_config.json")
        if path.is_file():
            listed: Any = json.loads(path.read_text("utf-8")).get("disabledExtensions", {})
            named = listed.get(NAME, False) if isinstance(listed, dict) else NAME in listed
            if named:
                return True
    return False


def install() -> Path | None:
    """Put the extension where Jupyter finds it, unless it is there already.

    Returns:
      The folder in which Jupyter finds it; None where it was not built.
    """
    source, there = built(), found()
    if there is None and source is not None:
        there = Path(sys.prefix, "share", "jupyter", "labextensions", NAME)
        shutil.copytree(source, there, dirs_exist_ok=True)
    return there
