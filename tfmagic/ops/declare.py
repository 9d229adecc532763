"""How ops are declared: behaviour in one place, signature from the op definitions.

A declaration may say:

- `shape(op, *dims)`: the static shape(s) of the output(s). `dims` is a tuple of int and None, or None for an unknown
  rank; a list input comes as a list of dims. Raise ValueError with TensorFlow's first words ("Dimensions must be equal,
  but are 3 and 2"): the graph adds the node's name and the shapes. `op` is a `registry.Node`: attrs, tensors by name.
- `kernel(op, *values)`: the output(s) on torch. Where it can, it is traced once per plan with `torch.fx` proxies, so
  that the plan is readable PyTorch; a kernel that branches on values, dims or ranks of its inputs is called at run
  time instead (the session finds that out by itself, or `opaque=True` says so). Attrs are plain Python values.
  String tensors are NumPy object arrays of bytes.
- `gradient(op, *output_gradients)`: gradients of the inputs as graph tensors, one per input (None: none flows).
- `static(op, *arrays)`: the output as a NumPy array from NumPy inputs, for shape inference while the graph is built.

and these options:

- `host=("axis", ...)`: inputs that the kernel takes as Python ints or (nested) lists, not as tensors.
- `writes="ref"` or `writes=("var", "m")`: inputs that name variables to be changed. The kernel gets the variable's
  present value and returns its new one (a tuple for several); kernels are functional, the session stores the result.
  Outputs that are references are those new values; ops with other outputs return them after the new values.
- `reads="resource"`: a resource input whose variable's present value the kernel takes.
- `state=lambda op: ...`: makes an object that one session keeps for this node between runs (a random counter); the
  kernel takes it as its first argument after `op` and runs at run time.
- `sizes="shape"`: the input whose value is the shape of the output (of a kernel called at run time).
- `explain=lambda op, *values: ...`: TensorFlow's words for a run that fails with these values (they have `.shape`), or
  None. Without it the message comes from the shape rule, applied to the run's shapes, or from torch.
- `differentiable=False`: no gradient on purpose (comparisons, shapes): `tf.gradients` stops there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import shapes
from tfmagic.base.lazy import torch
from tfmagic.graph import registry
from tfmagic.graph.registry import OpDeclaration
from tfmagic.ops import shape_rules

Kernel = Callable[..., Any] | str | None


def op(*names: str, **options: Any) -> Callable[[type], type]:
    """Class decorator: declare the op `names` by the functions `shape`, `kernel`, `gradient`, `static` of the class."""

    def decorate(cls: type) -> type:
        given = vars(cls)
        for name in names:
            register(name, shape=given.get("shape"), kernel=given.get("kernel"), gradient=given.get("gradient"),
                     static=given.get("static"), doc=cls.__doc__, **options)
        return cls

    return decorate


def register(name: str, shape: Any = None, kernel: Kernel = None, gradient: Any = None, static: Any = None,
             doc: str | None = None, differentiable: bool = True, **options: Any) -> None:
    """Declare one op; the options are those of the module's description."""
    for key in ("host", "writes", "reads"):
        if isinstance(options.get(key), str):
            options[key] = (options[key],)
    if shape is shape_rules.broadcast:
        options.setdefault("explain", _incompatible)
    registry.declare(OpDeclaration(name, shape, _with_op(kernel) if isinstance(kernel, str) else kernel, gradient,
                                   differentiable, static, doc, options))


def _with_op(kernel: Any) -> Any:
    """A kernel that ignores the op: a torch function by name, or any function of the values alone."""
    if isinstance(kernel, str):
        path = kernel.split(".")

        def by_name(op: Any, *values: Any) -> Any:
            function: Any = torch
            for part in path:
                function = getattr(function, part)
            return function(*values)

        return by_name
    return None if kernel is None else lambda op, *values: kernel(*values)


def unary(name: str, kernel: Kernel = None, gradient: Any = None, shape: Any = shape_rules.same,
          static: Any = None, **options: Any) -> None:
    """Declare an element-wise op of one input.

    Args:
      kernel: a function of the value, or the name of a torch function.
      gradient: `(op, dy) -> dx`.
      static: a NumPy function of the value.
    """
    register(name, shape, _with_op(kernel), gradient, _with_op(static), **options)


def _incompatible(op: Any, x: Any, y: Any) -> str | None:
    """TensorFlow's words for two values that do not broadcast."""
    try:
        shape_rules.broadcast_dims(tuple(x.shape), tuple(y.shape))
    except ValueError:
        return f"Incompatible shapes: {shapes.brackets(tuple(x.shape))} vs. {shapes.brackets(tuple(y.shape))}"
    return None


def binary(name: str, kernel: Kernel = None, gradient: Any = None, shape: Any = shape_rules.broadcast,
           static: Any = None, **options: Any) -> None:
    """Declare an element-wise op of two inputs that broadcast.

    Args:
      kernel: a function of the two values, or the name of a torch function.
      gradient: `(op, dz) -> (dx, dy)`.
      static: a NumPy function of the two values.
    """
    register(name, shape, _with_op(kernel), gradient, _with_op(static), **options)
