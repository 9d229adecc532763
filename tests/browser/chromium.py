"""Where the browser is, and how it is started."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MISSING = f"no browser: none of {', '.join(NAMES)} is on PATH, and TFMAGIC_CHROMIUM names none"


def executable() -> str | None:
    """The browser: TFMAGIC_CHROMIUM names its executable, else it is looked for on PATH."""
    return os.environ.get("TFMAGIC_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
