"""`tf.nondifferentiable_batch_function`: a function that is computed for several runs at once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph import conversion
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.type_spec import TensorSpec
from tfmagic.ops import raw
from tfmagic.tf.autograph.api import converted_for_graph
from tfmagic.tf.functions.traced import ConcreteFunction


@export("nondifferentiable_batch_function")
def batch_function(num_batch_threads: int, max_batch_size: int, batch_timeout_micros: int,
                   allowed_batch_sizes: Any = None, max_enqueued_batches: int = 10,
                   autograph: bool = True) -> Callable[[Callable[..., Any]], Callable[..., list[Tensor]]]:
    """Decorator of a function that is computed once for the rows of several runs of a session that come together.

    The function takes tensors [rows, ...] and gives tensors with as many rows. Calls take tensors only, and give the
    list of results for the rows of their own run. No gradient flows through them.

    Args:
      num_batch_threads: how many batches may be computed at the same time.
      max_batch_size: the most rows of a batch.
      batch_timeout_micros: how long a batch waits for further runs.
      allowed_batch_sizes: sizes in ascending order, the last of them `max_batch_size`; batches are filled up to one.
      max_enqueued_batches: how many batches may wait to be computed.
      autograph: whether `if` and loops on tensors become nodes.

    Raises (when the result is called):
      ValueError: an argument is no tensor.
    """

    def decorator(function: Callable[..., Any]) -> Callable[..., list[Tensor]]:

        def decorated(*args: Any) -> list[Tensor]:
            with name_scope("batch") as name:
                for arg in args:
                    if not isinstance(arg, Tensor) and hasattr(arg, "dtype"):
                        raise ValueError("All arguments to functions decorated with `batch_function`  are supposed "
                                         f"to be Tensors; found {arg!r}")
                specs = tuple(TensorSpec(dtype=arg.dtype, shape=arg.shape, name=str(place))
                              for place, arg in enumerate(args))
                traced = ConcreteFunction(_traceable(function, autograph), "computation", [], (specs, {}))
                traced.add_to_graph()
                made: list[Tensor] = raw.batch_function(
                    list(args), traced.captured_inputs, f=traced.function, num_batch_threads=num_batch_threads,
                    max_batch_size=max_batch_size, batch_timeout_micros=batch_timeout_micros,
                    Tout=[tensor.dtype for tensor in traced.outputs], max_enqueued_batches=max_enqueued_batches,
                    allowed_batch_sizes=allowed_batch_sizes or [], shared_name=name)
                return made

        return decorated

    return decorator


def _traceable(function: Callable[..., Any], autograph: bool) -> Callable[..., Any]:
    if autograph:
        return converted_for_graph(function)

    @functools.wraps(function)
    def made(*args: Any) -> Any:
        with conversion.converted(False):
            return function(*args)

    return made
