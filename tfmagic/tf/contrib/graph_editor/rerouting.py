"""tf.contrib.graph_editor: parts of a graph connected otherwise, in place."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.operation import Operation, Tensor
from tfmagic.ops.array.constants import placeholder
from tfmagic.tf.contrib.graph_editor import lists
from tfmagic.tf.contrib.graph_editor.lists import public
from tfmagic.tf.contrib.graph_editor.selection import check_cios
from tfmagic.tf.contrib.graph_editor.views import SubGraphView, make_view


def _check_compatible(first: Tensor, second: Tensor) -> None:
    lists.check_graphs(first, second)
    if not first.dtype.is_compatible_with(second.dtype):
        raise ValueError(f"Dtypes {first.dtype} and {second.dtype} are not compatible.")
    if not first.shape.is_compatible_with(second.shape):
        raise ValueError(f"Shapes {first.shape} and {second.shape} are not compatible.")


def _reroute(ts0: Any, ts1: Any, both: bool, can_modify: Any, cannot_modify: Any) -> int:
    """Let those that read a tensor of the second list read that of the first, and the other way round too."""
    first, second = lists.make_list_of_t(ts0), lists.make_list_of_t(ts1)
    if len(first) != len(second):
        raise ValueError(f"ts0 and ts1 have different sizes: {len(first)} != {len(second)}")
    can = None if can_modify is None else set(lists.make_list_of_op(can_modify))
    cannot = set() if cannot_modify is None else set(lists.make_list_of_op(cannot_modify))
    changes = 0
    for t0, t1 in zip(first, second):
        if t0 is t1:
            continue
        _check_compatible(t0, t1)
        readers = [(t0, dict.fromkeys(t1.consumers()), t1)]
        if both:
            readers.append((t1, dict.fromkeys(t0.consumers()), t0))
        places = [(new, op, index) for new, ops, old in readers for op in ops
                  if op not in cannot and (can is None or op in can)
                  for index, t in enumerate(op.inputs) if t is old]
        for new, op, index in places:
            op._update_input(index, new)
        changes += len(places)
    return changes


@public
def swap_ts(ts0: Any, ts1: Any, can_modify: Any = None, cannot_modify: Any = None) -> int:
    """Exchange who reads the tensors of two lists; `can_modify` and `cannot_modify` are operations.

    Returns:
      How many inputs were changed.
    """
    return _reroute(ts0, ts1, True, can_modify, cannot_modify)


@public
def reroute_ts(ts0: Any, ts1: Any, can_modify: Any = None, cannot_modify: Any = None) -> int:
    """Let those that read the tensors of the second list read those of the first.

    Returns:
      How many inputs were changed.
    """
    return _reroute(ts0, ts1, False, can_modify, cannot_modify)


def _inputs(sgv0: Any, sgv1: Any, both: bool) -> tuple[SubGraphView, SubGraphView]:
    first, second = make_view(sgv0), make_view(sgv1)
    lists.check_graphs(first, second)
    can = list(second.ops) + lists.get_consuming_ops(list(second.passthroughs))
    if both:
        can += list(first.ops) + lists.get_consuming_ops(list(first.passthroughs))
    _reroute(list(first.inputs), list(second.inputs), both, can, None)
    _exchange(first, second, "_input_ts", both)
    return first, second


def _outputs(sgv0: Any, sgv1: Any, both: bool) -> tuple[SubGraphView, SubGraphView]:
    first, second = make_view(sgv0), make_view(sgv1)
    lists.check_graphs(first, second)
    cannot = list(first.ops) + list(second.ops)
    _reroute(list(first.outputs), list(second.outputs), both, None, cannot)
    return first, second


def _exchange(first: SubGraphView, second: SubGraphView, name: str, both: bool) -> None:
    """The views' own lists follow the change."""
    of_first, of_second = getattr(first, name), getattr(second, name)
    setattr(second, name, list(of_first))
    if both:
        setattr(first, name, list(of_second))


@public
def swap_inputs(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Exchange what two views read."""
    return _inputs(sgv0, sgv1, True)


@public
def reroute_inputs(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Let the second view read what the first reads."""
    return _inputs(sgv0, sgv1, False)


@public
def swap_outputs(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Exchange who reads two views."""
    return _outputs(sgv0, sgv1, True)


@public
def reroute_outputs(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Let those that read the second view read the first."""
    return _outputs(sgv0, sgv1, False)


@public
def swap_ios(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Exchange what two views read, and who reads them."""
    _inputs(sgv0, sgv1, True)
    return _outputs(sgv0, sgv1, True)


@public
def reroute_ios(sgv0: Any, sgv1: Any) -> tuple[SubGraphView, SubGraphView]:
    """Put the first view in the place of the second."""
    _inputs(sgv0, sgv1, False)
    return _outputs(sgv0, sgv1, False)


@public
def remove_control_inputs(op: Operation, cops: Any) -> None:
    """Let an operation wait no longer for others.

    Raises:
      ValueError: it does not wait for one of them.
    """
    _check_op(op)
    cops = lists.make_list_of_op(cops, allow_graph=False)
    for before in cops:
        if before not in op.control_inputs:
            raise ValueError(f"{op.name} is not a control_input of {before.name}")
    left = [before for before in op.control_inputs if before not in cops]
    op._remove_all_control_inputs()
    op._add_control_inputs(left)


@public
def add_control_inputs(op: Operation, cops: Any) -> None:
    """Let an operation wait for others.

    Raises:
      ValueError: it waits for one of them already.
    """
    _check_op(op)
    cops = lists.make_list_of_op(cops, allow_graph=False)
    for before in cops:
        if before in op.control_inputs:
            raise ValueError(f"{before.name} is already a control_input of {op.name}")
    op._add_control_inputs(cops)


def _check_op(op: Any) -> None:
    if not isinstance(op, Operation):
        raise TypeError(f"Expected a tf.Operation, got: {type(op)}")


# --- edit ---------------------------------------------------------------------------------------------------------


@public
def detach_control_inputs(sgv: Any) -> None:
    """Let nothing in a view wait for operations outside of it."""
    sgv = make_view(sgv)
    for op in sgv.ops:
        outside = [before for before in op.control_inputs if before not in sgv._ops]
        remove_control_inputs(op, outside)


@public
def detach_control_outputs(sgv: Any, control_outputs: Any) -> None:
    """Let nothing outside of a view wait for its operations.

    Args:
      sgv: the view.
      control_outputs: a `ControlOutputs` of the graph.

    Raises:
      TypeError: it is none.
    """
    if not isinstance(control_outputs, lists.ControlOutputs):
        raise TypeError(f"Expected a util.ControlOutputs, got: {type(control_outputs)}")
    control_outputs.update()
    sgv = make_view(sgv)
    for op in sgv.ops:
        for other in list(control_outputs.get(op)):
            if other not in sgv._ops:
                remove_control_inputs(other, op)


@public
def detach_inputs(sgv: Any, control_inputs: bool = False) -> tuple[SubGraphView, list[Tensor]]:
    """Put placeholders in the place of what a view reads.

    Returns:
      The view, and the placeholders.
    """
    sgv = make_view(sgv)
    with sgv.graph.as_default():
        made = [placeholder(t.dtype, name=lists.placeholder_name(t)) for t in sgv.inputs]
    _inputs_from(made, sgv)
    if control_inputs:
        detach_control_inputs(sgv)
    return sgv, made


def _inputs_from(ts: list[Tensor], sgv: SubGraphView) -> None:
    can = list(sgv.ops) + lists.get_consuming_ops(list(sgv.passthroughs))
    _reroute(ts, list(sgv.inputs), False, can, None)
    sgv._input_ts = list(ts)


@public
def detach_outputs(sgv: Any, control_outputs: Any = None) -> tuple[SubGraphView, list[Tensor]]:
    """Put placeholders in the place of what others read of a view.

    Returns:
      The view, and the placeholders.
    """
    sgv = make_view(sgv)
    read = [t for t in sgv.outputs if t.consumers()]
    with sgv.graph.as_default():
        made = [lists.make_placeholder_from_tensor(t) for t in read]
    _reroute(made, read, False, None, list(sgv.ops))
    if control_outputs is not None:
        detach_control_outputs(sgv, control_outputs)
    return sgv, made


@public
def detach(sgv: Any, control_inputs: bool = False, control_outputs: Any = None,
           control_ios: Any = None) -> tuple[SubGraphView, list[Tensor], list[Tensor]]:
    """Put placeholders in the place of what a view reads and of what is read of it.

    Returns:
      The view, and the placeholders of inputs and outputs.
    """
    control_inputs, control_outputs = check_cios(control_inputs, control_outputs, control_ios)
    _, inputs = detach_inputs(sgv, control_inputs)
    view, outputs = detach_outputs(sgv, control_outputs)
    return view, inputs, outputs


@public
def connect(sgv0: Any, sgv1: Any, disconnect_first: bool = False) -> tuple[SubGraphView, SubGraphView]:
    """Let what reads the inputs of the second view read the outputs of the first.

    Args:
      sgv0: the view that gives.
      sgv1: the view that reads.
      disconnect_first: whether placeholders first take the place of the first view's outputs.
    """
    first, second = make_view(sgv0), make_view(sgv1)
    lists.check_graphs(first, second)
    if disconnect_first:
        detach_outputs(first)
        _inputs_from(list(first.outputs), second)
    else:
        _reroute(list(first.outputs), list(second.inputs), False, None, None)
    return first, second


@public
def bypass(sgv: Any) -> tuple[SubGraphView, list[Tensor]]:
    """Let those that read a view read its inputs instead.

    Returns:
      The view, and the placeholders that it now reads.
    """
    sgv = make_view(sgv)
    given = list(sgv.inputs)
    sgv, made = detach_inputs(sgv)
    _reroute(given, list(sgv.outputs), False, None, None)
    return sgv, made
