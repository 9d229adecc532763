"""Questions about control-flow nodes: is it the Switch of a cond or of a loop, in which context does it stand."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.operation import Operation, Tensor

_PASSES_ON = frozenset({"Switch", "RefSwitch", "Identity", "RefIdentity"})


def is_switch(op: Operation) -> bool:
    return op.type in ("Switch", "RefSwitch")


def is_merge(op: Operation) -> bool:
    return op.type in ("Merge", "RefMerge")


def is_loop_enter(op: Operation) -> bool:
    return op.type in ("Enter", "RefEnter")


def is_loop_exit(op: Operation) -> bool:
    return op.type in ("Exit", "RefExit")


def is_loop_constant_enter(op: Operation) -> bool:
    """Whether `op` brings a loop invariant into a loop."""
    return is_loop_enter(op) and op._attrs["is_constant"]


def is_cond_switch(op: Operation) -> bool:
    """Whether `op` is a Switch that feeds branches of conds only (it stands outside of their contexts itself)."""
    if not is_switch(op):
        return False
    for output in op._outputs:
        for consumer in output._consumers:
            ctx = consumer._control_flow_context
            if is_loop_enter(consumer) and ctx is not None:
                ctx = ctx.outer_context
            if ctx is None or not ctx.is_cond:
                return False
    return True


def is_loop_switch(op: Operation) -> bool:
    """Whether `op` decides if a loop goes on."""
    if not is_switch(op):
        return False
    ctx = op._control_flow_context
    return ctx is not None and ctx.is_while and not is_cond_switch(op)


def constant_enter(value: Tensor) -> Operation | None:
    """The Enter node through which a loop invariant came, or None when `value` is none."""
    op = value.op
    while op.type in _PASSES_ON:
        op = op._inputs[0].op
    return op if is_loop_constant_enter(op) else None


def while_context(op: Operation) -> Any:
    """The innermost loop in which `op` stands, or None."""
    ctx = op._control_flow_context
    return None if ctx is None else ctx.while_context()


def containing_while(ctxt: Any, stop_ctxt: Any = None) -> Any:
    """The innermost loop around or equal to a context and within `stop_ctxt`, or None."""
    while ctxt is not None and not ctxt.is_while:
        if ctxt is stop_ctxt:
            return None
        ctxt = ctxt.outer_context
    return ctxt


def containing_cond(ctxt: Any) -> Any:
    """The innermost branch around or equal to a context, or None."""
    while ctxt is not None and not ctxt.is_cond:
        ctxt = ctxt.outer_context
    return ctxt


def is_in_cond(op: Operation) -> bool:
    """Whether `op` stands in a branch."""
    return containing_cond(op._control_flow_context) is not None


def is_in_while_loop(op: Operation) -> bool:
    """Whether `op` stands in a loop."""
    return containing_while(op._control_flow_context) is not None


def is_loop_merge(op: Operation) -> bool:
    """Whether `op` joins the first turn of a loop with the next ones."""
    return is_merge(op) and any(is_loop_enter(t.op) for t in op._inputs)


def is_cond_merge(op: Operation) -> bool:
    """Whether `op` joins branches."""
    return is_merge(op) and not is_loop_merge(op)


def is_in_xla_context(op: Operation) -> bool:
    """Whether `op` is marked to be compiled by XLA, or stands in a context that marks what XLA compiles."""
    return (bool(op._attrs.get("_XlaCompile", False)) or "_XlaCluster" in op._attrs
            or containing_xla(op._control_flow_context) is not None)


def containing_xla(ctxt: Any) -> Any:
    """The innermost context around or equal to one that marks what XLA compiles, or None."""
    while ctxt is not None and not ctxt.IsXLAContext():
        ctxt = ctxt.outer_context
    return ctxt


def contains(outer: Any, inner: Any) -> bool:
    """Whether context `outer` is `inner` or lies around it (None lies around everything)."""
    if outer is None:
        return True
    while inner is not None:
        if inner is outer:
            return True
        inner = inner.outer_context
    return False


def op_in_context(op: Operation, ctx: Any) -> bool:
    """Whether `op` stands in `ctx` or a context inside it."""
    return op._control_flow_context is not None and contains(ctx, op._control_flow_context)


def runs_functions(op: Operation) -> bool:
    """Whether TensorFlow lets `op` wait for its branch or iteration in any case: it computes a function."""
    return op.type == "SymbolicGradient" or op.type in op.graph._functions
