"""The language of drawings: what TFMAGIC_LANG or the notebook's metadata say, else the machine's."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tfmagic.view.phrases import LANGUAGES

VARIABLE = "TFMAGIC_LANG"
_LOCALE = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def of_metadata(metadata: Any) -> str:
    """The language that a notebook's metadata names (`"tfmagic": {"lang": "pt"}`), "" for none."""
    own = metadata.get("tfmagic")
    named = own.get("lang") if isinstance(own, dict) else ""
    return named if isinstance(named, str) else ""


def of_surroundings(namespace: dict[str, Any] | None = None) -> str:
    """The language of the notebook that runs here, of the machine where it names none; English if it is not spoken.

    Args:
      namespace: the user's names, among which VS Code leaves the notebook's path.
    """
    asked = os.environ.get(VARIABLE) or _of_file(namespace or {}) or next(
        filter(None, map(os.environ.get, _LOCALE)), "")
    return asked[:2].lower() if asked[:2].lower() in LANGUAGES else "en"


def _of_file(namespace: dict[str, Any]) -> str:
    """What the notebook's file says; Jupyter names the file to its kernel."""
    name = str(namespace.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", ""))
    path = next((p for p in (Path(name), Path(Path(name).name)) if name.endswith(".ipynb") and p.is_file()), None)
    try:
        return "" if path is None else of_metadata(json.loads(path.read_bytes())["metadata"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return ""  # no notebook as this version of Jupyter writes it: then it names no language either
