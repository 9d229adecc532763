"""Inductor: a graph of torch calls as machine code, made by torch's compiler and a C++ one, kept on disk by torch."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import fx

_INSTALL = ("Install one (Debian, Ubuntu: apt install g++; conda: conda install gxx; macOS: xcode-select --install), "
            "or name one in the environment variable CXX.")


class Compiler:
    """torch's compiler, used by one thread at a time; what it cannot do is said once.

    Attributes:
      missing: whether it turned out that there is no C++ compiler, so that nobody asks again.
    """

    def __init__(self) -> None:
        self.missing = False
        self._lock = threading.RLock()
        self._said: set[str] = set()

    def compiled(self, graph: fx.Graph, values: Sequence[torch.Tensor]) -> Callable[..., Any] | None:
        """A function that does what a graph does, for values laid out in memory like these; None: that cannot be made.

        Args:
          graph: calls of torch without effects; its output is a tuple.
          values: for each of its parameters a tensor of the shape, dtype and device that it will always have.
        """
        with self._lock:
            if self.missing:
                return None
            try:
                return _compiled(graph, values)
            except Exception as failure:  # whatever it is: plans run without a compiler too
                self._refused(failure)
                return None

    def _refused(self, failure: Exception) -> None:
        text = str(failure)
        inner = getattr(failure, "inner_exception", failure.__cause__)
        if "InvalidCxxCompiler" in (type(failure).__name__, type(inner).__name__):
            self.missing = True
            self.say("there is no C++ compiler. " + _INSTALL)
        elif "Python.h" in text:
            self.missing = True
            self.say("the C++ compiler does not find Python.h. Install Python's headers (Debian, Ubuntu: apt install "
                     "python3-dev).")
        else:
            first = next((line for line in text.splitlines() if line.strip()), "")
            self.say(f"torch's compiler failed: {type(failure).__name__}: {first[:300]}. Leave --jit, global_jit_level "
                     "or jit_scope away to do without it.")

    def say(self, why: str) -> None:
        """Warn that plans run uncompiled, once per reason."""
        if why not in self._said:
            self._said.add(why)
            warnings.warn(f"tfmagic runs this without compiling it, with the same results: {why}", RuntimeWarning,
                          stacklevel=2)


COMPILER = Compiler()


def _compiled(graph: fx.Graph, values: Sequence[torch.Tensor]) -> Callable[..., Any]:
    from torch._guards import TracingContext, tracing
    from torch._inductor import compile_fx, config
    from torch._subclasses import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    with torch._C._InferenceMode(False), torch.no_grad():
        fake = FakeTensorMode(shape_env=ShapeEnv())  # torch keeps on disk only what has one
        with fake:
            examples = [torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=value.device)
                        for value in values]
        threads = torch.get_num_threads()
        # Loops say how many threads they have, and torch's key for what it keeps does not. Workers outlive the run.
        # What is constant in a plan is folded already, and torch would take NaN * 0 for 0.
        options = {"cpp.threads": threads, "compile_threads": 1, "size_asserts": True, "max_fusion_size": 4096,
                   "joint_graph_constant_folding": False}
        with config.patch(options), tracing(TracingContext(fake)):
            made: Any = compile_fx.compile_fx(fx.GraphModule({}, graph), examples)
            return made
