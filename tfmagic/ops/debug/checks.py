"""Assert, CheckNumerics, Abort and EnsureFinite-style checks."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.call import caller
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.ops.debug.text import summarized
from tfmagic.ops.declare import op, register


def _require(condition: Any) -> None:
    """Stop the run, on whatever device, where a bool scalar does not hold."""
    torch._assert_async(condition.cpu() if condition.is_cuda else condition)


def _no_condition(op: Any, condition: Any, data: list[Dims]) -> str | None:
    return f"In[0] should be a scalar: {shapes.brackets(condition)}" if condition else None


@op("Assert", traced=False, because="its message holds the values of its data", effect="writes",
    repeats=True, check=_no_condition)
class AssertOp:
    """Fails the run unless a condition holds."""

    def kernel(op: Any, condition: Any, data: list[Any]) -> None:
        if not bool(condition):
            shown = " ".join(f"[{summarized(value, op.summarize)}]" for value in data)
            raise errors.InvalidArgumentError(None, op.op, f"assertion failed: {shown}")


def _explain_numerics(op: Any, tensor: Any) -> str | None:
    nan, infinite = bool(torch.isnan(tensor).any()), bool(torch.isinf(tensor).any())
    found = " and ".join(text for text, there in (("Inf", infinite), ("NaN", nan)) if there)
    return f"{op.message} : Tensor had {found} values" if found else None


@op("CheckNumerics", explain=_explain_numerics, effect="writes", repeats=True)
class CheckNumerics:
    """Passes a tensor on; fails the run when it holds NaN or infinity."""

    shape = shape_rules.same

    def kernel(op: Any, tensor: Any) -> Any:
        _require(torch.isfinite(tensor).all())
        return tensor

    def gradient(op: Any, grad: Tensor) -> Tensor:
        return raw.check_numerics(grad, "Not a number (NaN) or infinity (Inf) values detected in gradient. "
                                        f"{op.message}")


def _abort(op: Any) -> None:
    if not op.exit_without_error:
        raise errors.AbortedError(None, None, op.error_msg or "The graph asked to abort.")


register("Abort", kernel=_abort, traced=False, because="stops the run", effect="writes")


@export("debugging.Assert")
def Assert(condition: Any, data: Any, summarize: int | None = None, name: str | None = None) -> Any:
    """Fail the run with `data` in the message unless `condition` holds.

    Args:
      condition: bool scalar.
      data: tensors or values to print.
      summarize: how many elements of each to print (3).
      name: the name scope of the nodes.

    Returns:
      The operation that checks; it runs only when something depends on it.
    """
    with name_scope(name, "Assert", [condition, data]):
        types = [to_tensor(value)._dtype.base_dtype for value in data]  # TensorFlow makes these constants too
        if all(dtype in (dtypes.string, dtypes.int32) for dtype in types):
            return caller("Assert")((condition, data), (summarize,), "Assert")
        condition = to_tensor(condition, None, "Condition")
        guarded = cond(condition, raw.no_op, lambda: caller("Assert")((condition, data), (summarize,), "Assert"),
                       name="AssertGuard")
        return guarded.op


@export("verify_tensor_all_finite")
def verify_tensor_all_finite(t: Any = None, msg: Any = None, name: str | None = None, x: Any = None,
                             message: Any = None) -> Tensor:
    """A copy of a tensor; fails the run when it holds NaN or infinity.

    Args:
      t: float tensor (also called `x`).
      msg: text for the error message (also called `message`).
      name: the name scope of the nodes.
    """
    t = x if x is not None else t
    msg = message if message is not None else msg
    with name_scope(name, "VerifyFinite", [t]):
        t = to_tensor(t, None, "x")
        with get_default_graph().colocate_with(t):
            check = raw.check_numerics(t, msg)
            return with_dependencies([check], t)


@export("add_check_numerics_ops")
def add_check_numerics_ops() -> Operation:
    """Check every float tensor of the default graph, references aside, for NaN and infinity.

    Returns:
      One operation that does all the checks.

    Raises:
      ValueError: the graph has conds or loops.
    """
    graph = get_default_graph()
    checks: list[Operation] = []
    for node in graph.get_operations():
        for tensor in node._outputs:
            if tensor._dtype in (dtypes.float16, dtypes.float32, dtypes.float64):
                if node._control_flow_context is not None:
                    raise ValueError("`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow "
                                     "operations such as `tf.cond()` or `tf.while_loop()`.")
                with graph.control_dependencies(checks):
                    checks = [raw.check_numerics(tensor, tensor.name).op]
    from tfmagic.ops.control_flow.grouping import group

    return group(*checks)
