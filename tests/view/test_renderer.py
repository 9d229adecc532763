"""The model behind the interactive drawing, tested where Node.js is (`labextension/tests/`, by vitest)."""

import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "labextension"


def test_the_renderers_model_does_what_its_tests_say() -> None:
    node = shutil.which("node")
    vitest = FOLDER / "node_modules/vitest/vitest.mjs"
    if node is None or not vitest.exists():
        pytest.skip("Node.js or labextension/node_modules is not there: run `jlpm install` in labextension/")
    done = subprocess.run([node, str(vitest), "run"], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
