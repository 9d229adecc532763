"""tf.xla.experimental: marks of what is to be compiled, by torch's compiler here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph

# How deep the scopes of each graph are open, and how many were opened outside of others.
_open: WeakKeyDictionary[Any, list[int]] = WeakKeyDictionary()


@export("xla.experimental.jit_scope")
@contextlib.contextmanager
def experimental_jit_scope(compile_ops: bool | Callable[[Any], bool] = True,
                           separate_compiled_gradients: bool = False) -> Iterator[None]:
    """A context whose operations sessions compile, where there is a C++ compiler; what they compute stays the same.

    Args:
      compile_ops: whether they are to be compiled, or a function that says so of a `NodeDef`.
      separate_compiled_gradients: whether their gradients are to be compiled on their own.
    """
    graph = get_default_graph()
    counts = _open.setdefault(graph, [0, 0])
    if counts[0] == 0:
        counts[1] += 1
    marks = {"_XlaCompile": (lambda node: bool(compile_ops(node))) if callable(compile_ops) else compile_ops,
             "_XlaSeparateCompiledGradients": separate_compiled_gradients,
             "_XlaScope": f"jit_scope_{counts[1] - 1}".encode()}
    counts[0] += 1
    try:
        with graph._marked(marks):
            yield
    finally:
        counts[0] -= 1
