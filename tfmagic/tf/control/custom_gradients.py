"""tf.custom_gradient, recompute_grad and hessians."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.base.slots import Slot
from tfmagic.graph import registry
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.gradients import gradients
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.tape import Tape
from tfmagic.ops import raw
from tfmagic.ops.array import join, shape_ops
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.ops.control_flow.while_loop import while_loop

_numbers = itertools.count()
_variable_scope: Any = Slot("the variable scope")


@export("custom_gradient")
def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: give a function of tensors a gradient of your own.

    Args:
      f: takes tensors, returns its result (a tensor or list of them) and a function that takes the gradients of the
        results and returns those of the arguments. When `f` uses resource variables, that function also takes
        `variables` and returns a pair: gradients of the arguments, gradients of the variables.

    Raises:
      TypeError: `f` uses variables, and its gradient function takes no `variables`; or they are reference variables.
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise ValueError("The custom_gradient decorator currently supports keywords arguments only when eager "
                             "execution is enabled.")
        name = f"CustomGradient-{next(_numbers)}"
        args = tuple(convert_to_tensor(x) for x in args)
        graph = get_default_graph()
        with graph._watch() as made:
            result, grad_fn = f(*args)
        flat = nest.flatten(result)
        for x in flat:
            raw.identity(x)  # TensorFlow makes these and uses the results themselves
        variables = [variable_of(handle) for handle in handles_read(made, args)]
        parameters = inspect.signature(grad_fn).parameters
        takes_variables = "variables" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        if variables and not takes_variables:
            raise TypeError("If using @custom_gradient with a function that uses variables, then grad_fn must accept a "
                            "keyword argument 'variables'.")
        if takes_variables and not variables and not _variable_scope().use_resource:
            raise TypeError("If using @custom_gradient with a function that uses variables, the enclosing variable "
                            "scope must have use_resource=True.")

        def gradient(op: Operation, *grads: Any) -> list[Any]:
            grads = grads[:len(flat)]
            if variables:
                input_grads, variable_grads = grad_fn(*grads, variables=variables)
                if len(variable_grads) != len(variables):
                    raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
            else:
                input_grads, variable_grads = grad_fn(*grads), []
            return [None] * len(flat) + nest.flatten(input_grads) + list(variable_grads)

        registry.register_gradient(name, gradient)
        with graph.gradient_override_map({"IdentityN": name}):
            outputs = raw.identity_n([*flat, *args, *variables])
        for variable in variables:
            convert_to_tensor(variable)
        return nest.pack_sequence_as(result, outputs[:len(flat)])

    return decorated


def handles_read(made: list[Operation], args: tuple[Tensor, ...]) -> list[Tensor]:
    """The handles of resource variables that the operations `made` by a function read."""
    found: dict[Tensor, None] = {}
    own = set(made)
    for op in made:
        for tensor in op._inputs:
            root = tensor
            while root.op.type in ("Enter", "Switch", "Identity") and root._dtype is dtypes.resource:
                root = root.op._inputs[0]
            if root.op.type == "VarHandleOp" and root not in args:
                found[root] = None
            elif root.op.type in ("VariableV2", "Variable") and root.op in own:
                raise TypeError("All variables used by a function wrapped with @custom_gradient must be "
                                "`ResourceVariable`s. Ensure that no `variable_scope` is created with "
                                "`use_resource=False`.")
    return list(found)


def variable_of(handle: Tensor) -> Any:
    """The variable of a handle."""
    for collection in ("variables", "local_variables"):
        for variable in handle.graph.get_collection(collection):
            if getattr(variable, "handle", None) is handle:
                return variable
    return handle


@export("recompute_grad")
def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes `f` again for its gradient instead of keeping the values in between."""

    @custom_gradient
    def inner(*args: Any) -> Any:
        result = f(*args)

        def grad(*dresult: Any, variables: Any = None) -> Any:
            variables = variables or []
            tape = Tape([*args, *(getattr(v, "handle", v) for v in variables)])
            # What is computed again waits for the gradient: else its values would be kept from the forward pass on.
            with tape, get_default_graph().control_dependencies(dresult):
                again = f(*args)
            grads = tape.gradients(nest.flatten(again), dresult)
            own = grads[:len(args)]
            return (own, grads[len(args):]) if variables else own

        return result, grad

    return inner


@export("grad_pass_through")
def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes `f`, and as its gradient hands on what comes in, as if `f` were the identity."""

    @custom_gradient
    def passing(*args: Any, **kwargs: Any) -> Any:

        def grad(*args: Any, variables: Any = None) -> Any:
            return args if variables is None else (args, [None] * len(variables))

        return f(*args, **kwargs), grad

    return functools.wraps(f)(passing)


@export("hessians")
def hessians(ys: Any, xs: Any, name: str = "hessians", colocate_gradients_with_ops: bool = False,
             gate_gradients: bool = False, aggregation_method: Any = None) -> list[Tensor]:
    """The second derivatives of sum(ys) with respect to each x.

    Args:
      ys: a tensor or list of tensors.
      xs: a tensor or list of tensors.
      name: kept for compatibility.
      colocate_gradients_with_ops, gate_gradients, aggregation_method: as in `tf.gradients`.

    Returns:
      For each x of shape s, a tensor of shape s + s.
    """
    xs = list(xs) if isinstance(xs, (list, tuple)) else [xs]
    options = {"colocate_gradients_with_ops": colocate_gradients_with_ops, "gate_gradients": gate_gradients,
               "aggregation_method": aggregation_method}
    results = []
    for gradient, x in zip(gradients(ys, xs, **options), xs):
        flat = shape_ops.reshape(gradient, [-1])
        n = shape_ops.size(x)

        def body(j: Any, rows: TensorArray, flat: Any = flat, x: Any = x) -> Any:
            return j + 1, rows.write(j, gradients(flat[j], x)[0])

        _, rows = while_loop(lambda j, _, n=n: j < n, body, [constant(0, dtypes.int32), TensorArray(x.dtype, n)])
        shape = shape_ops.shape(x)
        results.append(shape_ops.reshape(rows.stack(), join.concat((shape, shape), 0)))
    return results
