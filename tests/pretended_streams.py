"""Streams and CUDA graphs of GPUs that are only pretended: what waits is counted, and a replay writes where it wrote.

A capture computes nothing: it notes each call with its very tensors, refuses what CUDA refuses (whatever waits for the
GPU, or copies memory of the host that is not pinned), and takes numbers of the host as they are. A replay does the
calls again and writes into the same memory. What shares the memory of a graph's pool is garbage after each replay, and
a replay that would read memory that nobody holds any more is an error: so values that were not copied in or out in
time are found.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils._pytree import tree_flatten, tree_unflatten

# Calls that wait for the GPU, as their results' shapes or the host need its values.
_WAITING = frozenset({"aten::_local_scalar_dense", "aten::item", "aten::is_nonzero", "aten::nonzero",
                      "aten::unique_dim",
                      "aten::masked_select", "aten::_unique2", "aten::unique_consecutive", "aten::equal",
                      "aten::bincount", "aten::repeat_interleave", "aten::linalg_cholesky_ex", "aten::_linalg_svd",
                      "aten::linalg_lu_factor_ex", "aten::linalg_inv_ex", "aten::_linalg_solve_ex", "aten::linalg_qr",
                      "aten::_linalg_eigh", "aten::_linalg_det"})
_COPIES = frozenset({"aten::copy_", "aten::_to_copy", "aten::_foreach_copy_"})

# What the present test has seen.
counted = SimpleNamespace(waits=0, captures=0, replays=0, failures=0)
_pinned: set[int] = set()  # of the storages of the host
_arriving: list[tuple[torch.Tensor, torch.Tensor]] = []
_arrival = threading.Lock()  # who waits does so for what another waiting thread lets arrive, too


class _Now(threading.local):
    """What this thread is at."""

    graph: Graph | None = None
    stream: Stream | None = None


_now = _Now()


class Stream:
    """One queue of work; here everything is done at once, but for copies to pinned memory, which come with a wait."""

    def __init__(self, device: Any = None):
        self.device = device

    def wait_stream(self, other: Stream) -> None:
        """Nothing: the order of the calls is kept."""

    def synchronize(self) -> None:
        synchronize()


_usual: dict[str, Stream] = {}


def current_stream(device: Any = None) -> Stream:
    return _now.stream or _usual.setdefault(str(device), Stream(device))


@contextlib.contextmanager
def stream(on: Stream):
    before, _now.stream = _now.stream, on
    try:
        yield
    finally:
        _now.stream = before


def synchronize(device: Any = None) -> None:
    if _now.graph is not None:
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing (synchronize)")
    counted.waits += 1
    with _arrival:
        while _arriving:
            place, value = _arriving.pop(0)
            place.copy_(value)


def graph_pool_handle() -> object:
    return SimpleNamespace(graphs=weakref.WeakSet())


class Graph:
    """A CUDA graph: the calls of a capture."""

    def __init__(self) -> None:
        self._calls: list[tuple[Any, list[Any], Any, Any]] = []
        self._owned: list[torch.Tensor] = []  # memory of the pool
        self._known: set[int] = set()
        self._made: set[int] = set()

    def capture_begin(self, pool: Any = None, capture_error_mode: str = "global") -> None:
        assert _now.graph is None and _now.stream is not None, "a capture is on a stream of its own"
        assert capture_error_mode == "thread_local", "other threads would fail"
        self._pool = pool
        pool.graphs.add(self)
        _now.graph = self

    def capture_end(self) -> None:
        assert _now.graph is self
        _now.graph = None
        counted.captures += 1
        self._spoil()

    def note(self, func: Any, args: Any, kwargs: Any, result: Any, kind: type) -> None:
        """Keep a call."""
        flat, form = tree_flatten((args, kwargs))
        kept: list[Any] = []
        for each in flat:
            if isinstance(each, kind):
                if id(each) not in self._made:
                    self._known.add(_place(each))
                kept.append(each if id(each) in self._made else weakref.ref(each))
            else:  # a number of the host is part of the call
                kept.append(each.clone() if isinstance(each, torch.Tensor) else each)
        for each in tree_flatten(result)[0]:
            if isinstance(each, kind):
                if id(each) not in {id(given) for given in flat}:
                    self._made.add(id(each))
                if _place(each) not in self._known:
                    self._known.add(_place(each))
                    self._owned.append(each.held)
        self._calls.append((func, kept, form, result))

    def replay(self) -> None:
        assert _now.graph is None
        counted.replays += 1
        for graph in list(self._pool.graphs):
            graph._spoil()
        for func, kept, form, result in self._calls:
            given = [_held(each() if isinstance(each, weakref.ref) else each, isinstance(each, weakref.ref))
                     for each in kept]
            args, kwargs = tree_unflatten(given, form)
            kwargs.pop("pin_memory", None)
            for old, new in zip(tree_flatten(result)[0], tree_flatten(func(*args, **kwargs))[0]):
                if hasattr(old, "held") and old.held.data_ptr() != new.data_ptr():
                    old.held.copy_(new)

    def _spoil(self) -> None:
        for memory in self._owned:
            memory.untyped_storage().fill_(0xAB)


def _place(tensor: Any) -> int:
    return tensor.held.untyped_storage().data_ptr()


def _held(value: Any, must_live: bool) -> Any:
    if value is None and must_live:
        raise RuntimeError("a graph reads memory that nobody holds any more")
    if isinstance(value, torch.device):
        return torch.device("cpu")
    return value.held if hasattr(value, "held") else value


def pin(tensor: torch.Tensor) -> torch.Tensor:
    """Note that a tensor of the host is in pinned memory."""
    _pinned.add(tensor.untyped_storage().data_ptr())
    weakref.finalize(tensor, _pinned.discard, tensor.untyped_storage().data_ptr())
    return tensor


def before(name: str, func: Any, args: Any, kwargs: Any, kind: type) -> None:
    """Look at a call on a GPU before it is done: whether it waits.

    Raises:
      RuntimeError: a capture cannot have it.
    """
    waits = name in _WAITING or name.startswith("aten::index") and any(
        isinstance(each, torch.Tensor) and each.dtype is torch.bool for each in tree_flatten(args[1])[0])
    flat = tree_flatten((args, kwargs))[0]
    if name in _COPIES:
        hosts = [each for each in flat if isinstance(each, torch.Tensor) and not isinstance(each, kind)]
        asynchronous = kwargs.get("non_blocking") or (name == "aten::copy_" and len(args) > 2 and args[2])
        to_host = name == "aten::_to_copy" and not hosts and str(kwargs.get("device", "")).startswith("cpu") \
            or name == "aten::copy_" and not isinstance(args[0], kind)
        waits = bool(hosts or to_host) and not asynchronous
        if _now.graph is not None and (to_host or any(
                each.untyped_storage().data_ptr() not in _pinned for each in hosts)):
            waits = True
    if not waits:
        return
    if _now.graph is not None:
        raise RuntimeError(f"CUDA error: operation not permitted when stream is capturing ({name})")
    counted.waits += 1


def after(name: str, func: Any, args: Any, kwargs: Any, result: Any, kind: type) -> Any:
    """What a call gives: a copy to pinned memory arrives with the next wait."""
    if _now.graph is not None:
        _now.graph.note(func, args, kwargs, result, kind)
    elif name == "aten::_to_copy" and kwargs.get("non_blocking") and isinstance(args[0], kind) \
            and not isinstance(result, kind):
        value = result.clone()
        result.untyped_storage().fill_(0xAB)
        _arriving.append((result, value))
    return result


def patches():
    """What of torch is pretended: for `mock.patch.object`."""
    return ((torch.cuda, "synchronize", synchronize), (torch.cuda, "CUDAGraph", Graph), (torch.cuda, "Stream", Stream),
            (torch.cuda, "current_stream", current_stream), (torch.cuda, "stream", stream),
            (torch.cuda, "graph_pool_handle", graph_pool_handle))
