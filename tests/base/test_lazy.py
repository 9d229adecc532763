"""Modules that are imported when they are needed: torch, without collections of garbage meanwhile."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc
import sys
from tfmagic import tf
{before}
names, most = [], [0]

def see(phase, info):
    most[0] = max(most[0], len(sys.modules))

total = tf.constant(1.0) + 2.0
session = tf.Session()
assert "torch" not in sys.modules
there = len(sys.modules)
gc.callbacks.append(see)
assert session.run(total) == 3.0
gc.callbacks.remove(see)
print("torch" in sys.modules, gc.isenabled(), gc.get_freeze_count())
print(most[0] > there + 100 and most[0] < len(sys.modules) - 100)
"""


def printed(before: str) -> list[str]:
    program = PROGRAM.format(before=before)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_torch_is_imported_without_collections_of_garbage() -> None:
    assert printed("") == ["True True 0", "False"]


def test_a_collector_that_was_stopped_stays_so_and_what_was_frozen_stays_frozen() -> None:
    state, _ = printed("gc.disable()")
    assert state == "True False 0"
    torch, enabled, frozen = printed("gc.collect(); gc.freeze()")[0].split()
    assert (torch, enabled) == ("True", "True") and int(frozen) > 0
