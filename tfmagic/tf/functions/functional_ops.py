"""If, While, For and calls of `tensorflow.python.ops.functional_ops`: nodes that call functions made by `Defun`."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, messages
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.graph.protos import Func
from tfmagic.ops import raw
from tfmagic.ops.math.cast import cast
from tfmagic.tf.functions.defun import Defun, get_extra_args


def _called(function: Any, argument: str) -> Func:
    """A function as nodes name it; it is put into the graph's library.

    Raises:
      TypeError: it is no function made by `Defun`.
    """
    if not hasattr(function, "add_to_graph"):
        raise TypeError(f"Don't know how to convert {function} to a func for argument {argument}")
    function.add_to_graph(get_default_graph())
    return Func(function.name)


def _carrying(body: Any) -> Any:
    """A body that hands on what it captures, as loops do with all their values."""

    def wrapper(*args: Any) -> list[Any]:
        """A wrapper that handles loop-carried captured inputs."""
        results = body(*args)
        flat = results if isinstance(results, tuple) else (results,) if isinstance(results, Tensor) else ()
        return [*flat, *get_extra_args()]

    return Defun(*body.declared_input_types, func_name=f"{body.name}_Wrapper")(wrapper)


def _deaf(cond: Any, beside: list[Tensor]) -> Any:
    """A condition that takes the values that only the body reads, too."""
    count = len(cond.declared_input_types)

    def wrapper(*args: Any) -> Any:
        """A wrapper that handles loop-carried captured inputs."""
        return cond(*args[:count])

    types = [*cond.declared_input_types, *(tensor.dtype.base_dtype for tensor in beside)]
    return Defun(*types, func_name=f"{cond.name}_Wrapper")(wrapper)


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
    return getattr(raw, "if")(cond, inputs, types, _called(then_branch, "then_branch"),
                              _called(else_branch, "else_branch"), name=name)


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
    beside = list(body.captured_inputs)
    if beside:
        cond, body = _deaf(cond, beside), _carrying(body)
    made = getattr(raw, "while")([*input_, *beside] if beside else input_, _called(cond, "cond"),
                                 _called(body, "body"), name=name)
    if hostmem:
        made[0].op._attrs.update(_input_hostmem=list(hostmem), _output_hostmem=list(hostmem))
    return made[:len(made) - len(beside)]


def For(start: Any, limit: Any, delta: Any, inputs: Any, body: Any, name: str | None = None,
        hostmem: Any = None, rewrite_with_while: Any = None) -> Any:
    """The values after `body` was called on them for each number from `start` to before `limit`.

    Args:
      start, limit, delta: int32 scalars.
      inputs: list of tensors.
      body: a function made by `Defun`, of the number and the values.
      name: the node's name.
      hostmem: numbers of values that stay in the host's memory: a note on the node.
      rewrite_with_while: whether it becomes a While node, which counts from 0 to the number of its turns.
    """
    if rewrite_with_while:
        return _counting_while(start, limit, delta, list(inputs), body, name, hostmem)
    beside = list(body.captured_inputs)
    if beside:
        body = _carrying(body)
    made = getattr(raw, "for")(start, limit, delta, [*inputs, *beside] if beside else inputs, _called(body, "body"),
                              name=name)
    if hostmem:
        made[0].op._attrs.update(_input_hostmem=[3 + place for place in hostmem], _output_hostmem=list(hostmem))
    return made[:len(made) - len(beside)]


def _counting_while(start: Any, limit: Any, delta: Any, inputs: list[Any], body: Any, name: str | None,
                    hostmem: Any) -> list[Any]:
    """What `For` gives, by a While node whose first values are the turn, their number, start and delta."""
    step = raw.abs(delta)
    turns = cast(cast(raw.abs(limit - start) + step - 1, dtypes.float32) / cast(step, dtypes.float32), dtypes.int32)
    counts, types = [dtypes.int32] * 4, list(body.declared_input_types[1:])

    def goes_on(i: Any, n: Any, *args: Any) -> Any:
        return i < n

    def turn(i: Any, n: Any, start: Any, delta: Any, *args: Any) -> list[Any]:
        """A While wrapper for forbody that handles loop-carried captured inputs."""
        results = body(start + i * delta, *args)
        flat = results if isinstance(results, tuple) else (results,) if isinstance(results, Tensor) else ()
        return [i + 1, n, start, delta, *flat]

    made = While([0, turns, start, delta, *inputs], Defun(*counts, *types, func_name=f"{body.name}_Cond")(goes_on),
                 Defun(*counts, *types, func_name=f"{body.name}_Body")(turn), name=name,
                 hostmem=[0, 1, 2, 3, *(4 + place for place in hostmem or ())])
    return made[4:]


def partitioned_call(args: Any, f: Any, tout: Any = None, executing_eagerly: Any = None, config: Any = None,
                     executor_type: str | None = None) -> Any:
    """The results of a function, by a PartitionedCall node, a StatefulPartitionedCall where it has effects.

    Args:
      args: list of tensors.
      f: a function made by `Defun` or of the graph's library.
      tout: the types of its results; by default what the function says.
      executing_eagerly: not looked at: there is always a graph here.
      config: a serialised `ConfigProto`, a note on the node.
      executor_type: a name, a note on the node.

    Returns:
      The list of its results, the operation where it has none.
    """
    if tout is None:
        tout = [arg.dtype for arg in f.function.op_def.outputs]
    if config is None:
        config = _default_config()
    call = raw.stateful_partitioned_call if f.stateful_ops else raw.partitioned_call
    made = call(list(args), tout, _called(f, "f"), config_proto=config, executor_type=executor_type or "")
    if isinstance(made, list):
        inputs = made[0].op.inputs
        if [tensor.dtype.base_dtype for tensor in inputs] == [arg.dtype for arg in f.function.op_def.inputs]:
            for tensor, result in zip(made, f.function.fresh_body({}, [one.shape._dims for one in inputs]).outputs):
                tensor.set_shape(result.shape)
    return made


def _default_config() -> bytes:
    """The settings with which a call without any runs."""
    config = messages.module("config_pb2").ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config.SerializeToString()
