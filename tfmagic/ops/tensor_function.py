"""Functions of tensors that torch lacks: where a kernel that is traced calls one, the plan calls it by its name.

They are as pure as torch's own: they know no op and no session, and change nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base.lazy import torch


@functools.cache
def _plain() -> frozenset[type]:
    """Types of arguments that are no values of a plan which is being made, and hold none."""
    return frozenset((torch.Tensor, np.ndarray, int, float, bool, str, bytes, type(None), torch.dtype))


def tensor_function(meta: Callable[..., Any], of_number: bool = False,
                    of_matrices: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator of such a function.

    Args:
      meta: given meta tensors for the arguments, the meta tensor (or tuple of them) for the result.
      of_number: whether it makes a number of Python of its first argument, a scalar tensor or a number already.
      of_matrices: whether it is linear algebra, whose work grows with products of its matrices.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not kwargs and _plain().issuperset(map(type, args)):  # a run's, which has no time to look into them
                return function(*args)
            proxies: list[Any] = []
            torch.fx.node.map_aggregate((args, kwargs), lambda a: proxies.append(a) if isinstance(a, torch.fx.Proxy)
                                        else None)
            if proxies:
                return proxies[0].tracer.create_proxy("call_function", call, args, kwargs)
            return function(*args, **kwargs)

        call.meta = meta  # type: ignore[attr-defined]
        call.of_number = of_number  # type: ignore[attr-defined]
        call.of_matrices = of_matrices  # type: ignore[attr-defined]
        call.on_values = function  # type: ignore[attr-defined]  # what a plan need not ask once more
        return call

    return decorate
