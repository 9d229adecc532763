"""Passes over a PlanGraph: each a small pure function in its own file, with its rules numbered in its docstring.

A pass takes the plan, or the body of a loop or branch; changes its graph (and what belongs to it), and says whether it
changed anything.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from tfmagic.session.plan.plan_graph import PlanGraph


def pipeline() -> list[tuple[str, Callable[[PlanGraph], bool]]]:
    """The passes in their order, by name."""
    from tfmagic.session.passes import (
        cse,
        dead_code,
        first_places,
        fused_updates,
        handed_over,
        images,
        known,
        list_sums,
        lookups,
        open_rows,
        recurrent,
        repeats,
        row_updates,
        simplify,
        stacks,
        sums_over_turns,
        turned_before_loops,
    )

    return [("fused updates", fused_updates.run), ("sums of lists", list_sums.run), ("dead code", dead_code.run),
            ("known values", known.run), ("open rows", open_rows.run), ("simplify", simplify.run),
            ("common sub-expressions", cse.run),
            ("first places", first_places.run), ("stacks", stacks.run),
            ("lookups", lookups.run), ("images", images.run), ("repeats", repeats.run),
            ("recurrent nets", recurrent.run), ("sums over turns", sums_over_turns.run),
            ("turned before loops", turned_before_loops.run),
            ("row updates", row_updates.run), ("handed over", handed_over.run), ("no dead code", dead_code.run)]


def run_passes(plan: PlanGraph, keep_stages: bool = False) -> None:
    """Run every pass on `plan`; while tests run (TFMAGIC_CHECK=1) it is checked before the first and after each.

    Args:
      keep_stages: whether to note the code after each that changed it.
    """
    check_plan(plan)
    for name, run in pipeline():
        changed = run(plan)
        check_plan(plan)
        if changed and keep_stages:
            plan.stages[name] = plan.code()


class BrokenPlan(AssertionError):
    """Raised while tests run when a plan breaks a rule of `passes.checks`."""


def check_plan(plan: PlanGraph) -> None:
    """While tests run (TFMAGIC_CHECK=1): the plan is well formed.

    Raises:
      BrokenPlan: it is not.
    """
    if os.environ.get("TFMAGIC_CHECK"):
        from tfmagic.session.passes.checks import check

        try:
            check(plan)
        except AssertionError as broken:
            raise BrokenPlan(*broken.args) from None
