"""What the stacks and TensorArrays of a plan hold, as far as it is known while the plan is made.

Whoever takes a value out of one then knows its shape, and of a stack even the value where only one is ever put there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.graph.function_graph import FunctionGraph
from tfmagic.graph.operation import Operation, Tensor

# What hands a handle on, and what may be done with it besides.
_HANDS_ON = frozenset({"Enter", "RefEnter", "Switch", "RefSwitch", "Identity", "RefIdentity"})
_TAKES = ("StackPop", "StackClose", "TensorArrayRead", "TensorArrayGather", "TensorArrayConcat", "TensorArrayPack",
          "TensorArraySize",
          "TensorArrayClose")
_PUTS = ("StackPush", "TensorArrayWrite", "TensorArrayScatter", "TensorArraySplit", "TensorArrayUnpack")


class Log:
    """What was learnt while a plan is made, in order, so that it can be unlearnt."""

    def __init__(self) -> None:
        self._entries: list[tuple[dict[Operation, Any], Operation]] = []

    def note(self, learnt: dict[Operation, Any], op: Operation, value: Any) -> None:
        """Learn what `op` puts."""
        if op not in learnt:
            self._entries.append((learnt, op))
        learnt[op] = value

    def mark(self) -> int:
        """Where it stands."""
        return len(self._entries)

    def forget(self, mark: int) -> None:
        """Unlearn what was learnt since `mark`."""
        for learnt, op in self._entries[mark:]:
            learnt.pop(op, None)
        del self._entries[mark:]


class Held:
    """What is known of one stack or TensorArray.

    Attributes:
      size: how many elements an array has, where that does not change.

    Args:
      handle: the tensor that names it, where it was made.
      source: of an array of gradients: which `tf.gradients` call it is for.
    """

    def __init__(self, log: Log, handle: Tensor, size: int | None = None, source: str | None = None):
        self.size = size
        self._log, self._handle = log, handle
        self._learnt: dict[Operation, Any] = {}
        self._gradients: dict[str, Held] = {}
        self._forward: Held | None = None
        self._writers, self._closes = _writers(handle, source)

    def gradient(self, source: str) -> Held:
        """What is known of the array of gradients for one `tf.gradients` call."""
        found = self._gradients.get(source)
        if found is None:
            found = self._gradients[source] = Held(self._log, self._handle, self.size, source)
            found._forward = self
        return found

    def put(self, op: Operation, value: Any) -> None:
        """Learn what an operation puts there: a value known now, a meta tensor, or None."""
        self._log.note(self._learnt, op, value)

    @property
    def value(self) -> Any:
        """The one value that is ever there: a torch tensor or array; None where there may be others."""
        if self._writers is None or len(self._writers) != 1:
            return None
        value: Any = self._learnt.get(next(iter(self._writers)))
        return value if isinstance(value, np.ndarray) or _is_tensor(value) and value.device.type != "meta" else None

    @property
    def element(self) -> Any:
        """A meta tensor that stands for every value there, or None."""
        if not self._writers:
            return None
        metas: list[Any] = [self._learnt.get(op) for op in self._writers]
        if self._forward is not None:  # what was not written is as large as the element there
            metas.append(self._forward.element)
        first = metas[0]
        if not all(_is_tensor(m) and m.shape == first.shape and m.dtype == first.dtype for m in metas):
            return None
        return first.to("meta")

    @property
    def settled_size(self) -> int | None:
        """The size of an array that nobody closes."""
        return None if self._closes or self._writers is None else self.size


def _is_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


def _writers(handle: Tensor, source: str | None) -> tuple[set[Operation] | None, bool]:
    """What puts values there (None: it cannot be told), and whether anything closes it."""
    found: set[Operation] = set()
    closes = False
    if isinstance(handle.op.graph, FunctionGraph):
        return None, True
    # With each tensor, whether it names the array of gradients.
    stack, seen = [(handle, False)], {handle}
    while stack:
        tensor, is_gradient = stack.pop()
        for op in tensor._consumers:
            if op.type in _HANDS_ON or op.type in ("TensorArrayGrad", "TensorArrayGradV2", "TensorArrayGradV3"):
                inner = is_gradient
                if op.type not in _HANDS_ON:
                    if is_gradient:
                        return None, True  # gradients of gradients
                    if op._attrs["source"] != source:
                        continue
                    inner = True
                for output in op._outputs if op.type in _HANDS_ON else op._outputs[:1]:
                    if output not in seen:
                        seen.add(output)
                        stack.append((output, inner))
            elif op.type.startswith(_PUTS):
                if is_gradient == (source is not None):
                    found.add(op)
            elif not op.type.startswith(_TAKES):
                return None, True  # handed on to where it cannot be followed
            closes = closes or op.type.startswith(("StackClose", "TensorArrayClose"))
    return found, closes


def rows(value: Any) -> Any:
    """What stands for a row of `value` (a meta tensor or a tensor), or None."""
    return value.new_empty(value.shape[1:], device="meta") if _is_tensor(value) and value.dim() else None


