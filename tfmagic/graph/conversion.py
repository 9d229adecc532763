"""Whether the code that runs now was made fit for tensors by AutoGraph: errors of `if tensor:` say so."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_state: ContextVar[bool | None] = ContextVar("AutoGraph", default=None)

_ADVICE: dict[bool | None, str] = {
    None: "in Graph execution. Use Eager execution or decorate this function with @tf.function.",
           True: "AutoGraph did not convert this function. Try decorating it directly with @tf.function.",
           False: "AutoGraph is disabled in this function. Try decorating it directly with @tf.function."}


@contextlib.contextmanager
def converted(on: bool) -> Iterator[None]:
    """Run code that AutoGraph converted, or that it was told to leave as it is."""
    token = _state.set(on)
    try:
        yield
    finally:
        _state.reset(token)


def is_off() -> bool:
    """Whether AutoGraph was told to leave the code that runs now as it is."""
    return _state.get() is False


def not_allowed(task: str) -> str:
    """TensorFlow's words for a use of tensors that only converted code can have."""
    state = _state.get()
    return f"{task} is not allowed{' ' if state is None else ': '}{_ADVICE[state]}"
