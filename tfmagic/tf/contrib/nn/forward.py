"""Derivatives in forward direction, as derivatives of derivatives."""

from __future__ import annotations

from collections.abc import Sequence

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.gradients import gradients
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw


def fwd_gradients(ys: Sequence[Tensor], xs: Sequence[Tensor], grad_xs: Sequence[Tensor] | None = None,
                  assert_unused: bool = False) -> list[Tensor | None]:
    """How `ys` change where `xs` change by `grad_xs`: the products of the Jacobian with a vector.

    The gradients of `ys` are linear in what comes in: their gradient by that is what is wanted, and what comes in is
    never used (it is NaN).

    Args:
      ys: tensors.
      xs: the tensors that they are computed of.
      grad_xs: a tensor for each of `xs`, of its shape; by default ones.
      assert_unused: whether a run fails that uses what comes in all the same.

    Returns:
      A tensor for each of `ys`, None where it does not depend on `xs`.
    """
    incoming = [api.zeros_like(y) + float("nan") for y in ys]
    backward = gradients(ys, xs, grad_ys=incoming)
    backward = [api.zeros_like(x) if found is None else found for x, found in zip(xs, backward)]
    if assert_unused:
        with get_default_graph().control_dependencies(backward):
            unused = api.Assert(False, [1], name="fwd_gradients")
        with get_default_graph().control_dependencies([unused]):
            backward = raw.identity_n(backward)
    return gradients(backward, incoming, grad_ys=grad_xs)
