"""If, While and For of `tensorflow.python.ops.functional_ops`: nodes that call functions made by `Defun`."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.protos import Func
from tfmagic.ops import raw


def _called(function: Any) -> Func:
    """A function as nodes name it; it is put into the graph's library."""
    function.add_to_graph(get_default_graph())
    return Func(function.name)


def If(cond: Any, inputs: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """One of two functions of the same inputs.

    Args:
      cond: which: a scalar; other than bool it counts as Python's do.
      inputs: list of tensors.
      then_branch, else_branch: functions made by `Defun`, with results of the same types.
      name: the node's name.

    Returns:
      The list of its results.
    """
    types = [arg.dtype for arg in then_branch.function.op_def.outputs]
    return getattr(raw, "if")(cond, inputs, types, _called(then_branch), _called(else_branch), name=name)


def While(input_: Any, cond: Any, body: Any, name: str | None = None, hostmem: Any = None) -> Any:
    """The values after `body` was called on them for as long as `cond` gives a true one.

    Args:
      input_: list of tensors.
      cond, body: functions made by `Defun`.
      name: the node's name.
      hostmem: numbers of values that stay in the host's memory: a note on the node.

    Raises:
      ValueError: the condition captures tensors, which a loop does not pass on.
    """
    if cond.captured_inputs:
        raise ValueError("While op 'cond' argument must be a function without implicitly captured inputs.\nPass what "
                         "it takes from outside as further values of the loop.")
    made = getattr(raw, "while")(input_, _called(cond), _called(body), name=name)
    if hostmem:
        made[0].op._attrs.update(_input_hostmem=list(hostmem), _output_hostmem=list(hostmem))
    return made


def For(start: Any, limit: Any, delta: Any, inputs: Any, body: Any, name: str | None = None,
        hostmem: Any = None, rewrite_with_while: Any = None) -> Any:
    """The values after `body` was called on them for each number from `start` to before `limit`.

    Args:
      start, limit, delta: int32 scalars.
      inputs: list of tensors.
      body: a function made by `Defun`, of the number and the values.
      name: the node's name.
      hostmem: numbers of values that stay in the host's memory: a note on the node.
      rewrite_with_while: not here.

    Raises:
      NotImplementedError: `rewrite_with_while` is set.
    """
    if rewrite_with_while:
        raise NotImplementedError("For makes a For node, which runs as it is; it is not written as a While. Leave out "
                                  "rewrite_with_while, or use tf.while_loop.")
    made = getattr(raw, "for")(start, limit, delta, inputs, _called(body), name=name)
    if hostmem:
        made[0].op._attrs.update(_input_hostmem=[3 + place for place in hostmem], _output_hostmem=list(hostmem))
    return made
