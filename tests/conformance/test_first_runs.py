"""The first run of an op imports no compiler, which takes longer than torch itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_no_op_imports_a_compiler() -> None:
    done = subprocess.run([sys.executable, str(Path(__file__).with_name("compiler_imports.py"))], capture_output=True,
                          text=True, check=True)
    assert done.stdout.splitlines() == ["all ops ran"]
