"""How ops are declared: behaviour in one place, signature from the op definitions.

`register`, `unary`, `binary` and the class decorator `op` take the same keywords in the same order. First, what the op
does:

- `shape(op, *dims)`: the static shape(s) of the output(s). `dims` is a tuple of int and None, or None for an unknown
  rank; a list input comes as a list of dims. Raise ValueError with TensorFlow's first words ("Dimensions must be equal,
  but are 3 and 2"): the graph adds the node's name and the shapes. `op` is a `registry.Node`: attrs, tensors by name.
- `kernel(op, *values)`: the output(s) on torch, or the name of a torch function of the values alone ("special.i0e").
  Attrs are plain Python values. String tensors are NumPy object arrays of bytes.
- `gradient(op, *output_gradients)`: gradients of the inputs as graph tensors, one per input (None: none flows). Which
  ops have none on purpose (comparisons, shapes) is said by the op definitions.
- `static(op, *arrays)`: the output as a NumPy array from NumPy inputs, for shape inference while the graph is built; or
  the name of a NumPy function of the arrays alone.

Then its contract, which is all that lowering and passes ask (an unknown keyword is a TypeError):

- `traced=True`: the kernel is called once per plan with `torch.fx` proxies, so that the plan is readable PyTorch: it
  may not branch on values. `traced="shapes"`: it is where the shapes of its inputs are known (they are plain Python
  then), else it is called at run time. `traced=False, because="..."`: it is always called at run time. Where it depends
  on what the graph knows, `traced` is a function `op -> True or "shapes"`.
- `host=("axis", ...)`: inputs that the kernel takes as Python ints or (nested) lists, not as tensors. Where they are
  known only at run time, so is the kernel called.
- `open_numbers=lambda op, *values: ...`: whether the kernel also traces where single numbers of host inputs are known
  at run time alone: it takes lists then in which values of the plan stand for these.
- `reads="resource"`: a resource input whose variable's present value the kernel takes.
- `writes="ref"` or `writes=("var", "m")`: inputs that name variables to be changed. The kernel gets the variable's
  present value and returns its new one (a tuple for several); kernels are functional, the session stores the result.
  Outputs that are references are those new values; ops with other outputs return them after the new values.
- `state=lambda op: ...`: makes an object that one session keeps for this node between runs (a random counter); the
  kernel takes it as its first argument after `op` and runs at run time. It has `mark()` and `rollback(before, after)`
  (see `session.running.Undoable`), with which a failed run goes back.
- `effect`: what a call does beside giving its outputs. "none": it may be dropped, merged with an equal call, or done
  while the plan is made; "reads": it depends on what others write, so it may be dropped, but not merged; "writes": it
  changes something, or is there to stop the run, so it stays; "waits": besides, it may wait for something outside the
  run. It follows from `reads`, `writes` and `state`; other ops say it when it is not "none".
- `repeats=True`: of an op that "writes": a run that begins anew may do it again, because what it changes is the run's
  own, or because it is there to stop the run.
- `objects=True`: the kernel works with an object that lives as long as a run (a TensorArray, a stack): it takes proxies
  of handles, on which it calls methods (`array.write(index, value)`), makes objects by `op.call(function, *args)`, or
  has one that lasts longer by `op.constant(value)`. These calls stand in the plan and have the op's effect. Other
  kernels are called at run time for strings and handles. `op.named` holds what the session keeps by container and
  name (`op.constant(op.named.of(op.op, make))`).
- `functions={"other_arguments": "f"}`: the kernel calls functions of the graph. In place of such a list input, which
  the function of the attr captures, it takes a `CapturedFunction`: called with the function's other arguments, it gives
  the tuple of results. The name "" says that nothing is captured: the function then comes after all inputs.
- `sizes="shape"`: the input whose value is the shape of the output (of a kernel called at run time).
- `from_shapes=True`: the shapes of the inputs settle the output's value.
- `settles=lambda op, *known: ...`: of a kernel called at run time: the outputs (None for the others) whose values
  follow from what is known of the inputs while the plan is made: constants, meta tensors, for strings arrays that have
  their shape alone, or None.
- `memory`: of a kernel called at run time: whose memory its outputs have. "any": that of an input, perhaps; "own": that
  of nobody else, be it a part of a larger piece; "cut": besides, it is cut from pieces made beforehand, so that a call
  asks torch for little.
- `work=lambda op, *dims: ...`: of a kernel called at run time that does more than to look at each value: how many
  operations, of which one thread does some forty a nanosecond; it is asked where the shapes are known.
- `check=lambda op, *dims: ...`: TensorFlow's words for a run whose inputs have shapes that its kernel refuses (or an
  error of `base.errors`), or None; `dims` as for `shape`. It is asked once per plan where the shapes are known, else
  at run time; then the shape rule is asked,
  unless it says "". So a kernel need not look at shapes for the sake of errors.
- `explain=lambda op, *values: ...`: TensorFlow's words for a run that fails with these values (they have `.shape`), or
  None. Without it the message comes from the shape rule, applied to the run's shapes, or from torch.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.lazy import torch
from tfmagic.graph import registry
from tfmagic.graph.registry import OpDeclaration
from tfmagic.ops import shape_rules

Kernel = Callable[..., Any] | str | None


def op(*names: str, **contract: Any) -> Callable[[type], type]:
    """Class decorator: declare the op `names` by the functions `shape`, `kernel`, `gradient`, `static` of the class."""

    def decorate(cls: type) -> type:
        given = {part: vars(cls).get(part) for part in ("shape", "kernel", "gradient", "static")}
        for name in names:
            register(name, **given, doc=cls.__doc__, **contract)
        return cls

    return decorate


def register(name: str, shape: Any = None, kernel: Kernel = None, gradient: Any = None, static: Kernel = None,
             **contract: Any) -> None:
    """Declare one op.

    Raises:
      TypeError: the contract has a keyword that the module's description has not.
      ValueError: the contract contradicts itself, or the op is unknown or declared already.
    """
    if shape is shape_rules.broadcast:
        contract.setdefault("explain", incompatible)
    registry.declare(OpDeclaration(name, shape, _named("torch", kernel), gradient, _named("numpy", static), **contract))


def unary(name: str, shape: Any = shape_rules.same, kernel: Kernel = None, gradient: Any = None, static: Kernel = None,
          **contract: Any) -> None:
    """Declare an element-wise op of one input."""
    register(name, shape, kernel, gradient, static, **contract)


def binary(name: str, shape: Any = shape_rules.broadcast, kernel: Kernel = None, gradient: Any = None,
           static: Kernel = None, **contract: Any) -> None:
    """Declare an element-wise op of two inputs that broadcast."""
    register(name, shape, kernel, gradient, static, **contract)


def old_names(**names: str) -> None:
    """Declare names that only graphs of old hold, each with the kernel of the op that took its place.

    TensorFlow 1.15 has neither shape rules nor gradients for them.
    """
    for name, successor in names.items():
        found = registry.lookup(successor)
        assert found is not None
        registry.declare(dataclasses.replace(found, name=name, shape=None, gradient=None, static=None))


def _named(library: str, function: Kernel) -> Callable[..., Any] | None:
    """A kernel or static rule: `function` itself, or the function of the values alone that it names."""
    if not isinstance(function, str):
        return function
    path = function.split(".")

    def by_name(op: Any, *values: Any) -> Any:
        found: Any = torch if library == "torch" else np
        for part in path:
            found = getattr(found, part)
        return found(*values)

    return by_name


def incompatible(op: Any, x: Any, y: Any) -> str | None:
    """TensorFlow's words for two values that do not broadcast."""
    try:
        shape_rules.broadcast_dims(tuple(x.shape), tuple(y.shape))
    except ValueError:
        return f"Incompatible shapes: {shapes.brackets(tuple(x.shape))} vs. {shapes.brackets(tuple(y.shape))}"
    return None
