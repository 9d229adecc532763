"""Where the notebooks that come with tfmagic lie: in the installed package, or beside it in a checkout."""

from __future__ import annotations

import sys
from pathlib import Path

import tfmagic

INTRODUCTIONS = {"en": "en/introduction.ipynb", "pt": "pt/introducao.ipynb"}


# What the `lab` extra brings: none of it is needed to draw and to run.
LAB = ("jupyterlab", "matplotlib", "notebook")


def lab_advice() -> str:
    """The command that installs what `tfmagic lab` needs into this environment."""
    return f"{sys.executable} -m pip install {' '.join(LAB)}"


def notebooks() -> Path:
    """The folder of notebooks.

    Raises:
      FileNotFoundError: this installation has none.
    """
    package = Path(tfmagic.__file__).parent
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError("This installation of tfmagic came without its notebooks; install it again with pip.")


def introduction(language: str) -> Path:
    """The introduction in a language.

    Args:
      language: a key of `INTRODUCTIONS`.
    """
    return notebooks() / INTRODUCTIONS[language]
