"""Interactive drawings on a page: each one's document beside its picture, and the renderer's script once.

Without JavaScript, on paper, and where the script was not built, the pictures are what is seen.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[1] / "static" / "page.js"
STYLE = (".tfm-live{margin:0 0 1rem;text-align:start}.tfm-live [hidden]{display:none}"
         ".unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
         "@media print{.tfm-host{display:none}.tfm-live>[hidden]{display:block}}")


@functools.cache
def script() -> str:
    """The renderer's script, "" where it was not built."""
    return SCRIPT.read_text("utf-8") if SCRIPT.is_file() else ""


def figure(document: Mapping[str, Any], picture: str) -> str:
    """A drawing's place on a page: its picture (one HTML element), which the script makes interactive."""
    if not script():
        return picture
    # A "<" inside a string may be written so, and then nothing in it looks like the end of the element.
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<div class="tfm-live">{picture}<script type="application/json">{data}</script></div>'


def closing() -> str:
    """What stands at the end of the body of a page with figures."""
    return f"<script>{script()}</script>" if script() else ""


def policy(only_ours: bool = True) -> str:
    """The element in a page's head that forbids every address outside the page.

    Args:
      only_ours: whether it forbids every script but the renderer's too.
    """
    digest = base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()
    scripts = "'unsafe-inline' 'unsafe-eval'" if not only_ours else f"'sha256-{digest}'" if script() else "'none'"
    return (f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src {scripts}; '
            "style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; font-src data:; "
            "base-uri 'none'; form-action 'none'\">")
