"""The loop of `tensorflow.python.ops.ctc_ops._scan`: a scan by one While node, whose rows are written in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.tf.functions.defun import Defun
from tfmagic.tf.functions.functional_ops import While
from tfmagic.tf.inner.inplace import alias_inplace_add, alias_inplace_update


def scan(fn: Callable[[Any, Any], Any], elems: Any, initial: Any, reverse: bool = False, inclusive: bool = False,
         final_only: bool = False) -> Any:
    """What `fn` makes of a state and each element, one after the other.

    Args:
      fn: `(state, element) -> state`.
      elems: [n, ...], or a nest of such tensors, whose rows are the elements.
      initial: the first state, a tensor or a nest of them.
      reverse: whether it goes from the last element to the first.
      inclusive: whether the first state stands beside those that follow: n + 1 rows, at the end if `reverse`.
      final_only: whether only the last state counts.

    Returns:
      The states, [n, ...] or [n + 1, ...], the last one alone if `final_only`; a nest like `initial`.
    """
    flat_elems, flat_initial = nest.flatten(elems), nest.flatten(initial)
    count = len(flat_initial)
    length = _rows(flat_elems[0])
    start = _rows(flat_elems[0]) - 1 if reverse else constant(0, dtypes.int32)
    states = list(flat_initial)
    kept: list[Tensor] = []
    if not final_only:
        rows = _rows(flat_elems[0]) + int(inclusive)
        for state in flat_initial:
            kept.append(raw.empty(api.concat([[rows], api.shape(state)], 0), dtype=state.dtype, init=True))
            if inclusive:
                kept[-1] = alias_inplace_add(kept[-1], start + int(reverse), state)
    loop = [start, length, *kept, *states]

    def cond(i: Tensor, num_elems: Tensor, *_: Tensor) -> Tensor:
        return i >= 0 if reverse else i < num_elems

    def body(i: Tensor, num_elems: Tensor, *args: Tensor) -> list[Tensor]:
        """Loop body."""
        i.set_shape([])
        element = nest.pack_sequence_as(elems, [api.gather(elem, i) for elem in flat_elems])
        kept, states = args[:len(args) - count], args[len(args) - count:]
        new = nest.flatten(fn(nest.pack_sequence_as(initial, list(states)), element))
        if kept:
            place = i + 1 if inclusive and not reverse else i
            kept = tuple(alias_inplace_update(rows, place, state) for rows, state in zip(kept, new))
        return [i - 1 if reverse else i + 1, num_elems, *kept, *new]

    types = [tensor.dtype for tensor in loop]
    results = While(loop, Defun(*types)(cond), Defun(*types)(body), hostmem=[0, 1])
    return nest.pack_sequence_as(initial, list(results[2:2 + count]))


def _rows(elems: Tensor) -> Tensor:
    """The number of rows."""
    found: Tensor = api.shape(elems)[0]
    return found
