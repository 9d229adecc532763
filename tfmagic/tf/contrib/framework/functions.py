"""smart_case, py_func with keywords, init_from_checkpoint, and the decorators of what is deprecated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import deprecation, nest
from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.ops.control_flow.cond import smart_cond
from tfmagic.tf.control.cases import first_of


@export("contrib.framework.smart_case")
def smart_case(pred_fn_pairs: Any, default: Callable[[], Any] | None = None, exclusive: bool = False,
               name: str = "smart_case") -> Any:
    """`tf.case`, or the one branch where the conditions before it are known.

    Args:
      pred_fn_pairs: pairs of a condition (a bool, or a bool scalar tensor) and a function, as a list or dict.
      default: the function of the branch for when none holds.
      exclusive: whether more than one condition that holds is an error.
      name: the name scope of the nodes.

    Returns:
      What the function returns.

    Raises:
      TypeError: `pred_fn_pairs` is neither list nor dict, or an item no such pair.
    """
    return first_of(smart_cond, pred_fn_pairs, default, exclusive, name, python_preds=True)


@export("contrib.framework.py_func")
def py_func(func: Callable[..., Any], args: Any = (), kwargs: Any = None, output_types: Any = None,
            output_shapes: Any = None, stateful: bool = True, name: str | None = None) -> Any:
    """`tf.py_func` of nested arguments and keywords, with nested results.

    Args:
      func: a function of NumPy arrays.
      args, kwargs: its arguments: nests of tensors.
      output_types: a nest of the types of its results.
      output_shapes: their shapes, in the same nest; None: unknown.
      stateful: whether it may give other results another time.
      name: the name of the node.

    Raises:
      ValueError: it is no function.
    """
    if not callable(func):
        raise ValueError(f"Expected func to be callable. Received func={func} of type {type(func)}.")
    given = (args, kwargs or {})

    def flat(*values: Any) -> Any:
        own, keywords = nest.pack_sequence_as(given, list(values))
        found = func(*own, **keywords)
        return nest.flatten(found) if nest.is_nested(output_types) else found

    types = nest.flatten(output_types) if nest.is_nested(output_types) else output_types
    made = api.py_func(flat, nest.flatten(given), types, stateful=stateful, name=name)
    if not nest.is_nested(output_types):
        if output_shapes is not None:
            made.set_shape(output_shapes)
        return made
    results = nest.pack_sequence_as(output_types, list(made))
    if output_shapes is not None:
        _set_shapes(results, output_shapes)
    return results


def _set_shapes(results: Any, shapes: Any) -> None:
    """Give tensors shapes, both in the same nest; a shape may be a list."""
    if not nest.is_nested(results):
        results.set_shape(shapes)
        return
    for key in sorted(results) if isinstance(results, dict) else range(len(results)):
        _set_shapes(results[key], shapes[key])


@export("contrib.framework.init_from_checkpoint")
def init_from_checkpoint(checkpoint_dir: Any, assignment_map: dict[str, Any]) -> None:
    """See `tf.train.init_from_checkpoint`."""
    api.train.init_from_checkpoint(checkpoint_dir, assignment_map)


@export("contrib.framework.deprecated")
def deprecated(date: str | None, instructions: str, warn_once: bool = True) -> Callable[..., Any]:
    """Decorator: the first call of a function prints that it is deprecated."""
    return deprecation.deprecated(date, instructions)


@export("contrib.framework.deprecated_args")
def deprecated_args(date: str | None, instructions: str, *deprecated_arg_names_or_tuples: Any,
                    **kwargs: Any) -> Callable[..., Any]:
    """Decorator: the first call of a function with some arguments prints that they are deprecated."""
    names = [each[0] if isinstance(each, tuple) else each for each in deprecated_arg_names_or_tuples]
    return deprecation.deprecated_args(date, instructions, *names)


@export("contrib.framework.deprecated_arg_values")
def deprecated_arg_values(date: str | None, instructions: str, warn_once: bool = True,
                          **deprecated_kwargs: Any) -> Callable[..., Any]:
    """Decorator: the first call of a function with some values of arguments prints that they are deprecated."""
    return deprecation.deprecated_arg_values(date, instructions, **deprecated_kwargs)
