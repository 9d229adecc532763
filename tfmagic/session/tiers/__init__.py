"""Tiers: each turns a PlanGraph into a callable that takes its parameters and gives its triple of outputs.

`python` compiles the code that torch.fx prints; `machine` does so too, until a plan has run so often that machine code
for its element-wise calls pays, which LLVM makes without a C compiler; `compiled` has torch's compiler make machine
code of regions of it; `cuda_graphs` replays regions on a GPU, and is `machine` for the rest; `traced` goes node by node
and tells when each was computed. A tier never changes a plan, so that several callables of one plan can be used side by
side. `failures` tells, for every tier, which node an exception comes from.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def of(plan: Any, jit: bool, captures: Any = None) -> Callable[[Any], Callable[..., Any]]:
    """The tier on which a session runs a plan.

    Args:
      plan: the `PlanGraph`.
      jit: whether the session compiles; else what stands in a `jit_scope` is compiled.
      captures: the session's `Captures`, where it has a GPU.
    """
    if jit or any(op._attrs.get("_XlaCompile") for op in plan.ops):
        from tfmagic.session.tiers import compiled

        return functools.partial(compiled.function, marked_only=not jit)
    if captures is not None:
        from tfmagic.session.tiers import cuda_graphs

        if cuda_graphs.concern(plan):
            return functools.partial(cuda_graphs.function, captures=captures)
    from tfmagic.session.tiers import machine

    return machine.function
