"""What scripts print that change the whole process or print by themselves: the same as under TensorFlow 1.15."""

import subprocess
import sys
from pathlib import Path

import pytest

ORACLE = Path(__file__).parents[1] / "oracle"
SCRIPTS = sorted(path.stem for path in (ORACLE / "transcripts").glob("*.py"))
PLAY = ("import sys; sys.path[:0] = [{tests!r}, {oracle!r}]\n"
        "from record_transcripts import play\n"
        "from tfmagic.notebook.legacy import alias\n"
        "alias.install(force=True)\n"
        "from tfmagic import tf\n"
        "play(tf, {name!r})")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_prints_what_it_prints_under_tensorflow(name):
    code = PLAY.format(tests=str(ORACLE.parent), oracle=str(ORACLE), name=name)
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    wanted = (ORACLE / "data" / "transcripts" / f"{name}.txt").read_text("utf-8").splitlines()
    assert done.stdout.splitlines() == wanted[1:]
