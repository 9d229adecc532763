"""The call of a library function that failed before any node came of it: drawn as a node that was not built."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, TracebackType
from typing import Any

import tfmagic
from tfmagic.base import source
from tfmagic.graph.graph import Graph
from tfmagic.graph.opdefs import ArgDef, OpDef
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops import refusals

_PACKAGE = os.path.dirname(os.path.abspath(tfmagic.__file__)) + os.sep
# What stands between a user's call and the function that he means, and what builds no graph.
_WRAPPERS = (_PACKAGE + "base" + os.sep,)
_BUILDS = tuple(_PACKAGE + part + os.sep for part in ("tf", "ops", "graph", "graphdef"))
_LISTED = 8  # tensors of a list that is an argument
_NAMES_FIRST_USE = "first_use"  # of an operator of tensors


def refused_call(error: BaseException, is_cell: Callable[[CodeType], bool], graph: Graph | None) -> Operation | None:
    """The call that an error came out of, with the tensors that it was given, or None where the error is the user's.

    Args:
      error: what building raised.
      is_cell: whether code is that of a cell.
      graph: the graph that it would have been part of, where none of its arguments says it.
    """
    trace = list(_entries(error.__traceback__))
    if not trace or is_cell(trace[-1][0].f_code) or isinstance(error, NameError):
        return None
    inner = next((i for i in range(len(trace) - 1, -1, -1) if is_cell(trace[i][0].f_code)), None)
    if inner is None:
        return None
    frame = next((f for f, _ in trace[inner + 1:] if not f.f_code.co_filename.startswith(_WRAPPERS)
                  and f.f_code.co_name != _NAMES_FIRST_USE), None)
    if frame is None or not frame.f_code.co_filename.startswith(_BUILDS) or frame.f_code.co_name == "__getattr__":
        return None
    named = [(name, tensor) for name, tensor in _tensors(frame) if graph is None or tensor.graph is graph]
    if named:
        graph = named[0][1].graph  # type: ignore[assignment]
    if graph is None:
        return None
    label = _label(frame)
    inputs = tuple(ArgDef(name, name, None, None, None, None, False) for name, _ in named)
    frames = tuple((f.f_code, at) for f, at in reversed(trace[:inner + 1]) if not source.is_own(f.f_code))
    return refusals.unmade(graph, OpDef(label, inputs, (), {}, frozenset()),
                           graph.unique_name(label, mark_as_used=False),
                           tuple(tensor for _, tensor in named), {}, frames)


def _entries(trace: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    while trace is not None:
        yield trace.tb_frame, trace.tb_lasti
        trace = trace.tb_next


def _label(frame: FrameType) -> str:
    """What was called: a function by its name, an object by its class."""
    name, owner = frame.f_code.co_name, frame.f_locals.get("self")
    if name.startswith("__") and owner is not None and not isinstance(owner, Tensor):
        return type(owner).__name__
    return name.strip("_<>") or "call"


def _tensors(frame: FrameType) -> Iterator[tuple[str, Tensor]]:
    """The tensors among the arguments of a call, and in lists that are arguments, by name."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    for name in code.co_varnames[:count]:
        value = frame.f_locals.get(name)
        if isinstance(value, dict):
            items = [(str(key), item) for key, item in list(value.items())[:_LISTED]]
        elif isinstance(value, list | tuple):
            items = [(f"{name}[{i}]", item) for i, item in enumerate(value[:_LISTED])]
        else:
            items = [(name, value)]
        for called, item in items:
            tensor = _tensor(item)
            if tensor is not None:
                yield called, tensor


def _tensor(value: Any) -> Tensor | None:
    found = value._as_graph_element() if hasattr(type(value), "_as_graph_element") else value
    return found if isinstance(found, Tensor) else None
