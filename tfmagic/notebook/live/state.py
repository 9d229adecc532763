"""The state of a session as a drawing shows it: the values of variables, and how often runs changed them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tfmagic.graph.operation import Operation

_LARGEST = 1 << 20  # elements: what is larger would take a moment to look through


def variables(session: Any, operations: Iterable[Operation]) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Values by tensor name, and numbers of updates by operation name, of the variables that have them.

    Args:
      session: the session, or None.
      operations: those drawn; what is no variable among them is passed over.
    """
    values: dict[str, np.ndarray] = {}
    updates: dict[str, int] = {}
    if session is None or session._resources is None:
        return values, updates
    from tfmagic.session.resources.keys import key_of

    state = session._resources.variables
    with state.lock:  # a run may change them in place
        for operation in operations:
            if operation.type not in ("VariableV2", "Variable", "VarHandleOp"):
                continue
            key = key_of(operation)
            value = state.values.get(key)
            if value is None:
                continue
            updates[operation.name] = state.updates(key)
            if isinstance(value, np.ndarray):
                values[operation.outputs[0].name] = value.copy()
            elif value.numel() <= _LARGEST:
                shown = value.detach().cpu()
                values[operation.outputs[0].name] = (shown.float() if str(shown.dtype) == "torch.bfloat16" else
                                                     shown.clone()).numpy()
    return values, updates
