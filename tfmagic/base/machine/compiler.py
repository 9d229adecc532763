"""The compiler: LLVM, by `llvmlite`, from the text of functions to functions that Python calls.

It is loaded when something has been computed so often that machine code pays, and works in a thread of its own.
Where `llvmlite` is not installed, or knows no code for this machine, everything is computed by torch as before.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import importlib.util
import os
import queue
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.machine import objects, team

POINTER, INTEGER = ctypes.c_void_p, ctypes.c_int64
# Microseconds that the compiler takes for a small function, about; and how many processes are thought to use it, which
# is compiled once: so much sooner than one would pay for it they begin to.
_TAKES, _PROCESSES = 50_000, 5
# How much LLVM does. 3 takes nearly twice as long as 2, and none of the programs that were measured was quicker by it;
# 1 makes no vectors of loops.
_THOROUGH, _PLAIN = 2, 1
# Seconds that a run waits for the compiler's thread after each call that lets other threads of Python run.
_AT_MOST = 1e-4


@functools.cache
def available() -> bool:
    """Whether there is a compiler."""
    return importlib.util.find_spec("llvmlite") is not None


@functools.cache
def _llvm() -> tuple[Any, Callable[[], Any], str]:
    """The library, what makes a description of this machine, of which every engine takes one, and both in words."""
    import llvmlite
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target, processor = llvm.Target.from_default_triple(), llvm.get_host_cpu_name()
    features = llvm.get_host_cpu_features().flatten()
    return (llvm, functools.partial(target.create_target_machine, cpu=processor, features=features, opt=3),
            f"llvmlite {llvmlite.__version__} {target.triple} {processor} {features}")


def has_team() -> bool:
    """Whether functions can have torch's threads work with them (`team.shared`)."""
    return team.openmp() is not None and has_functions(*team.FUNCTIONS)


@functools.cache
def has_functions(*names: str) -> bool:
    """Whether the process has functions of C; code then calls them by their names."""
    process = ctypes.CDLL(None) if os.name == "posix" else None
    if not all(hasattr(process, name) for name in names):
        return False
    for name in names:
        _llvm()[0].add_symbol(name, ctypes.cast(getattr(process, name), ctypes.c_void_p).value)
    return True


@functools.cache
def vectors_of_floats() -> tuple[int, int]:
    """How many 32 bit floats a vector of this processor has, and how many such vectors it holds."""
    features = _llvm()[0].get_host_cpu_features()
    if features.get("avx512f"):
        return 16, 32
    return (8, 16) if features.get("avx") else (4, 32 if features.get("neon") else 16)


_lock = threading.Lock()
_engines: weakref.WeakSet[Any] = weakref.WeakSet()


def compiled(text: str, name: str, types: Sequence[Any], vectors: bool = True,
             releases: bool = True) -> Callable[..., None]:
    """The function of that name in a text for LLVM; its code is kept in a file (`objects`).

    Args:
      types: the ctypes of its parameters.
      vectors: whether to make vectors of loops; else it is quick.
      releases: whether other threads of Python run meanwhile; what takes a microsecond is quicker without.

    Raises:
      RuntimeError: LLVM does not understand the text.
    """
    with _lock:
        llvm, machine, words = _llvm()
        target = machine()
        level = _THOROUGH if vectors else _PLAIN
        key = f"{words} {level}\n{text}"
        code = objects.read(key)
        if code is None:
            code = _emitted(text, target, level)
            objects.write(key, code)
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
        _engines.add(engine)
        function = (ctypes.CFUNCTYPE if releases else ctypes.PYFUNCTYPE)(None, *types)(
            engine.get_function_address(name))
        function.engine = engine  # type: ignore[attr-defined]  # the code goes with the function
        return function


def addresses(function: Any, *names: str) -> list[int]:
    """Where functions stand that are in the same text as a compiled one, and go with it."""
    return [function.engine.get_function_address(name) for name in names]


def _emitted(text: str, target: Any, level: int) -> bytes:
    """The code of a text, as an object file."""
    llvm = _llvm()[0]
    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = options.slp_vectorization = level >= _THOROUGH
    builder = llvm.create_pass_builder(target, options)
    builder.getModulePassManager().run(module, builder)
    emitted: bytes = target.emit_object(module)
    return emitted


# --- in the background -----------------------------------------------------------------------------------------------

_waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
_worker: list[threading.Thread] = []
_broken = _closing = False


def _after_fork() -> None:
    """Begin anew in a child: the thread, and what it held, stay with the parent."""
    global _lock
    _lock = threading.Lock()
    _worker.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def in_background(work: Callable[[], None]) -> None:
    """Have the compiler's thread do something, soon; the first failure is told as a warning."""
    with _lock:
        if not _worker:
            _worker.append(threading.Thread(target=_work, name="tfmagic compiler", daemon=True))
            _worker[0].start()
            atexit.register(_close)
    _waiting.put(work)


def wait() -> None:
    """Wait until everything is done that was asked for."""
    if not _closing:
        done = threading.Event()
        in_background(done.set)
        done.wait()


class Later:
    """Machine code that comes in the place of something that was called often.

    After how many calls follows from what is to be computed alone, so that the same program changes at the same call
    whenever it runs: the compiler is asked after half as many, and waited for.

    Attributes:
      made: what was made, once enough calls were counted; None before, and where nothing could be.
      waits: whether calls are still to be counted.

    Args:
      make: makes it.
      calls: how many would save what the compiler takes.
    """

    __slots__ = ("made", "waits", "_make", "_calls", "_asked", "_due", "_ready")

    def __init__(self, make: Callable[[], Any], calls: int):
        self.made: Any = None
        self.waits = True
        self._make, self._calls = make, 0
        self._due = max(2, calls // _PROCESSES)
        self._asked = self._due // 2
        self._ready: list[Any] = []

    def count(self) -> None:
        """Count a call."""
        self._calls += 1
        if self._calls == self._asked:
            in_background(lambda: self._ready.append(self._make()))
        elif self._calls >= self._due:
            self.waits = False
            wait()
            self.made = self._ready[0] if self._ready else None

    def asked(self) -> Any:
        """Count a call; what was made, or None."""
        if self.waits:
            self.count()
        return self.made


class Soon:
    """Machine code that comes in the place of something that gives the same, as soon as it is there.

    Args:
      make: makes it.
      alike: whether it gives the same to the last bit. Else it is waited for once it is asked for, so that the same
        program changes at the same call whenever it runs.
    """

    __slots__ = ("_made", "_make", "_alike", "_lost", "_is_asked")

    def __init__(self, make: Callable[[], Any], alike: bool = True):
        self._made: Any = None
        self._make, self._alike = make, alike
        self._lost = 0.0
        self._is_asked = False

    def asked(self, lost: float) -> Any:
        """What was made, or None.

        Args:
          lost: about how many microseconds this call takes longer without it. Once that of all calls is as much as the
            compiler takes for each process, it is asked; where that of one call is as much as it takes, it is waited
            for.
        """
        if self._made is None:
            self._lost += lost
            if self._lost >= _TAKES / _PROCESSES and not self._is_asked:
                self._is_asked = True
                in_background(self._work)
                if not self._alike:
                    wait()
            if lost >= _TAKES:
                wait()
        return self._made

    def _work(self) -> None:
        self._made = self._make()


# How LLVM calls torch's types of floats.
FLOATS = {"torch.float32": "float", "torch.float64": "double"}


def soon_of_floats(dtype: Any, make: Callable[[str], Any]) -> Soon | None:
    """Machine code on numbers of a type, whose last bits are its own; None: there is no compiler, or no such type.

    Args:
      make: makes it, given how LLVM calls the type.
    """
    kind = FLOATS.get(str(dtype))
    return Soon(lambda: make(kind), alike=False) if kind is not None and available() else None


def _work() -> None:
    global _broken
    while not _closing:
        work = _waiting.get()
        interval = sys.getswitchinterval()
        sys.setswitchinterval(_AT_MOST)
        try:
            work()
        except Exception as error:
            if not _broken:
                _broken = True
                tf_logging.warning("No machine code could be made, torch goes on computing: %s", error)
        finally:
            sys.setswitchinterval(interval)


def _close() -> None:
    """Let the compiler end what it is at: it must not work on while the process is taken down."""
    global _closing
    _closing = True
    _waiting.put(lambda: None)
    for thread in _worker:
        thread.join()
    for engine in list(_engines):  # else they are freed when their library may be gone
        engine.detach()
