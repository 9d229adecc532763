"""Passes over a plan's fx graph: each a small pure function in its own file, with its rules numbered in its docstring.

A pass takes the plan, changes `plan.graph` (and what belongs to it) and says whether it changed anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any


def pipeline() -> list[tuple[str, Callable[[Any], bool]]]:
    """The passes in their order, by name."""
    from tfmagic.session.passes import cse, dead_code, fused_updates, simplify

    return [("fused updates", fused_updates.run), ("dead code", dead_code.run), ("simplify", simplify.run),
            ("common sub-expressions", cse.run), ("no dead code", dead_code.run)]


def body_passes() -> list[Callable[[Any], bool]]:
    """The passes that the bodies of branches and loops go through too: those that look at the graph alone."""
    return [run for name, run in pipeline() if name != "fused updates"]


def check_plan(plan: Any) -> None:
    """While tests run (TFMAGIC_CHECK=1): the plan's graph is well formed."""
    if os.environ.get("TFMAGIC_CHECK"):
        from tfmagic.session.passes.checks import check

        check(plan)
