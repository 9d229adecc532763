"""recompute_grad: values in between are computed again for the gradient instead of being kept from the forward pass."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfmagic.base import nest
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.gradients import gradients
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.arguments import arg_scope, current_arg_scope
from tfmagic.tf.control.custom_gradients import custom_gradient, handles_read
from tfmagic.tf.variable.scope import get_variable_scope, variable_scope


@export("contrib.slim.rev_block_lib.enable_with_args")
def enable_with_args(dec: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that may be written with keyword arguments or without: `@d` and `@d(a=1)`."""

    @functools.wraps(dec)
    def either(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and not kwargs and inspect.isroutine(args[0]):
            return dec(args[0])
        return lambda function: dec(function, *args, **kwargs)

    return either


def _first(x: Tensor) -> Tensor:
    rank = len(x.shape)
    return api.reshape(api.slice(x, api.constant([0] * rank), api.constant([1] * rank)), [])


def _behind(inputs: Sequence[Tensor], earlier: Sequence[Tensor]) -> list[Tensor]:
    """The `inputs`, made to depend on `earlier` by adding the smallest number there is times what they hold."""
    firsts = [_first(x) for x in earlier]
    total = firsts[0] if len(firsts) == 1 else api.add_n(firsts)
    nothing = api.stop_gradient(np.finfo(np.float32).tiny * total)
    return [api.identity(x) + nothing for x in inputs]


@export("contrib.layers.recompute_grad")
@enable_with_args
def recompute_grad(fn: Callable[..., Any], use_data_dep: Any = "auto", tupleize_grads: bool = False) -> Any:
    """Decorator: compute `fn` again for its gradient, which saves the memory of what is in between.

    It may be written `@recompute_grad` or `@recompute_grad(use_data_dep=True)`. What `fn` makes variables of must be a
    scope of resource variables. `fn` may have an argument `is_recomputing`, which tells it the second time.

    Args:
      fn: takes tensors, returns a nest of them.
      use_data_dep: whether the second time is made to wait by a number that depends on the gradients, not by a control
        input; "auto": no.
      tupleize_grads: whether all gradients are made before any is used.

    Raises:
      TypeError: `fn` uses reference variables.
    """
    told = "is_recomputing" in inspect.signature(fn).parameters
    by_data = use_data_dep is True

    @functools.wraps(fn)
    def wrapped(*args: Any) -> Any:
        kept_arguments: Any = None
        kept_scope: Any = None

        @custom_gradient
        def computed(*inputs: Tensor) -> Any:
            nonlocal kept_arguments, kept_scope
            kept_scope, kept_arguments = get_variable_scope(), current_arg_scope()
            with get_default_graph()._watch() as made:
                outputs = fn(*inputs, is_recomputing=False) if told else fn(*inputs)

            def grad_of(*output_grads: Any, variables: Any = None) -> Any:
                variables = list(variables or [])
                again = [api.identity(x) for x in inputs]
                with get_default_graph().control_dependencies(output_grads):
                    if by_data:
                        again = _behind(again, output_grads)
                    with arg_scope(kept_arguments), variable_scope(kept_scope, reuse=True):
                        repeated = nest.flatten(fn(*again, is_recomputing=True) if told else fn(*again))
                found = gradients(repeated, again + variables, list(output_grads))
                if tupleize_grads:
                    found = _behind(found, found) if by_data else api.tuple(found)
                own = found[:len(inputs)]
                return (own, found[len(inputs):]) if variables else own

            def grad_of_inputs(*output_grads: Any) -> Any:
                return grad_of(*output_grads)

            return outputs, grad_of if handles_read(made, inputs) else grad_of_inputs

        return computed(*args)

    return wrapped
