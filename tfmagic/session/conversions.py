"""Classes of a program's own that stand for tensors in fetches and feeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class _Conversion(NamedTuple):
    fetch: Callable[[Any], tuple[list[Any], Callable[[list[Any]], Any]]]
    feed: Callable[[Any, Any], list[tuple[Any, Any]]] | None
    partial_feeds: Callable[[Any], list[Any]] | None


_registered: dict[type, _Conversion] = {}


def of(thing: Any) -> _Conversion | None:
    """How an object is fetched and fed, or None where its class is not registered."""
    if not _registered:
        return None
    return next((found for kind, found in _registered.items() if isinstance(thing, kind)), None)


def register_session_run_conversion_functions(tensor_type: type, fetch_function: Any, feed_function: Any = None,
                                              feed_function_for_partial_run: Any = None) -> None:
    """Let sessions fetch and feed objects of a class.

    Args:
      tensor_type: the class.
      fetch_function: from an object to the tensors that it needs, a list, and the function of their values that gives
        its own.
      feed_function: from an object and its value to a list of pairs: a tensor and the tensor's value.
      feed_function_for_partial_run: from an object to the tensors that it feeds.

    Raises:
      ValueError: the class is registered already.
    """
    for kind in _registered:
        if issubclass(tensor_type, kind):
            raise ValueError(f"{tensor_type} has already been registered so ignore it.")
    _registered[tensor_type] = _Conversion(fetch_function, feed_function, feed_function_for_partial_run)
