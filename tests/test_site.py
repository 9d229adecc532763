"""The documentation site is built without a warning, whole in itself, its drawings interactive."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tfmagic.notebook.shell.options import MAGICS
from tfmagic.view.paint import interactive

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    for package in ("furo", "myst_nb", "sphinx"):
        pytest.importorskip(package, reason="the site is built with the extra [docs]")
    done = subprocess.run([sys.executable, "docs/build_site.py", str(tmp_path)], cwd=ROOT, capture_output=True,
                          text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.relative_to(tmp_path).as_posix(): path.read_text("utf-8") for path in tmp_path.rglob("*.html")}
    assert {"index.html", "magics.html", "docs/coverage.html", "ARCHITECTURE.html", "notebooks/en/gallery.html",
            "notebooks/pt/introducao.html"} <= set(pages)
    assert [name for name in MAGICS if f"<span class=\"pre\">{name}</span>" not in pages["magics.html"]] == []
    drawings = sum(page.count('class="tfm-live"') for page in pages.values())
    assert drawings > 20 if interactive.script() else drawings == 0
    loaded = re.compile(r'<(?:script|img|link)[^>]*(?:src|href)="(\w+:[^"]*)')
    assert [url for page in pages.values() for url in loaded.findall(page) if not url.startswith("data:")] == []
