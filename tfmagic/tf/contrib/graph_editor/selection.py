"""tf.contrib.graph_editor.select: operations and tensors by name, by where they lie, by what leads to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.graph.graph import Graph
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.tf.contrib.graph_editor import lists
from tfmagic.tf.contrib.graph_editor.lists import public


@public
def can_be_regex(obj: Any) -> bool:
    """Whether a thing is a text or a compiled regular expression."""
    return isinstance(obj, (str, re.Pattern))


@public
def make_regex(obj: Any) -> re.Pattern[str]:
    """The regular expression that a text, or itself, is.

    Raises:
      ValueError: it is neither.
    """
    if not can_be_regex(obj):
        raise ValueError(f"Expected a string or a regex, got: {type(obj)}")
    return re.compile(obj) if isinstance(obj, str) else obj


def _filter(given: Any) -> Callable[[Any], bool]:
    if given is True:
        return lambda thing: True
    if callable(given):
        return given
    expression = make_regex(given)
    return lambda thing: expression.search(thing.name) is not None


@public
def filter_ts(ops: Any, positive_filter: Any) -> list[Tensor]:
    """The tensors that operations read or make and that pass a filter (True: all)."""
    ops, passes = lists.make_list_of_op(ops), _filter(positive_filter)
    found: list[Tensor] = []
    for op in ops:
        lists.concatenate_unique(found, [t for t in op.inputs if passes(t)])
    for op in ops:
        lists.concatenate_unique(found, [t for t in op.outputs if passes(t)])
    return found


@public
def filter_ts_from_regex(ops: Any, regex: Any) -> list[Tensor]:
    """The tensors that operations read or make, of a name."""
    return filter_ts(ops, positive_filter=make_regex(regex))


@public
def filter_ops(ops: Any, positive_filter: Any) -> list[Operation]:
    """The operations that pass a filter (True: all)."""
    passes = _filter(positive_filter)
    return [op for op in lists.make_list_of_op(ops) if passes(op)]


@public
def filter_ops_from_regex(ops: Any, regex: Any) -> list[Operation]:
    """The operations of a name."""
    return filter_ops(ops, make_regex(regex))


@public
def get_name_scope_ops(ops: Any, scope: str) -> list[Operation]:
    """The operations in a scope."""
    return filter_ops_from_regex(ops, f"^{re.escape(lists.scope_finalize(scope))}.*$" if scope else "")


@public
def check_cios(control_inputs: bool = False, control_outputs: Any = None, control_ios: Any = None) -> tuple[Any, Any]:
    """Whether edges of control count: a flag for those into an operation, a `ControlOutputs` for those out of it.

    Raises:
      TypeError: something else than a `ControlOutputs`.
      ValueError: `control_ios` beside the others.
    """
    if control_ios is not None:
        if not isinstance(control_ios, lists.ControlOutputs):
            raise TypeError(f"Expected a util.ControlOutputs, got: {type(control_ios)}")
        if control_outputs is not None:
            raise ValueError("control_outputs should be None when using control_ios.")
        control_inputs, control_outputs = True, control_ios
    elif control_outputs is not None and not isinstance(control_outputs, lists.ControlOutputs):
        raise TypeError(f"Expected a util.ControlOutputs, got: {type(control_outputs)}")
    if control_outputs is not None:
        control_outputs.update()
    return control_inputs, control_outputs


@public
def get_ops_ios(ops: Any, control_inputs: bool = False, control_outputs: Any = None,
                control_ios: Any = None) -> list[Operation]:
    """The operations next to some: those that they read, and those that read them."""
    control_inputs, control_outputs = check_cios(control_inputs, control_outputs, control_ios)
    found: list[Operation] = []
    for op in lists.make_list_of_op(ops):
        lists.concatenate_unique(found, [t.op for t in op.inputs])
        for t in op.outputs:
            lists.concatenate_unique(found, t.consumers())
        if control_outputs is not None:
            lists.concatenate_unique(found, control_outputs.get(op))
        if control_inputs:
            lists.concatenate_unique(found, op.control_inputs)
    return found


@public
def compute_boundary_ts(ops: Any) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """The tensors that operations read from outside, that outside reads of them or nobody, and that stay within."""
    ops = lists.make_list_of_op(ops)
    read = [t for op in ops for t in op.inputs]
    inputs: dict[Tensor, None] = {}
    outputs: dict[Tensor, None] = {}
    within: dict[Tensor, None] = {}
    held = set(ops)
    made = {t for op in ops for t in op.outputs}
    for op in ops:
        for t in op.outputs:
            consumers = set(t.consumers())
            if not consumers or consumers - held:
                outputs[t] = None
    for t in read:
        (within if t in made else inputs)[t] = None
    return list(inputs), list(outputs), list(within)





@public
def get_within_boundary_ops(ops: Any, seed_ops: Any, boundary_ops: Any = (), inclusive: bool = True,
                            control_inputs: bool = False, control_outputs: Any = None,
                            control_ios: Any = None) -> list[Operation]:
    """The operations that can be reached from some without crossing a boundary.

    Raises:
      ValueError: the boundary is reached from nowhere, or holds a seed.
    """
    control_inputs, control_outputs = check_cios(control_inputs, control_outputs, control_ios)
    ops = lists.make_list_of_op(ops)
    seeds = lists.make_list_of_op(seed_ops, allow_graph=False)
    boundary = set(lists.make_list_of_op(boundary_ops))
    found = set(seeds)
    if boundary & found:
        raise ValueError("Boundary is intersecting with the seeds.")
    wave = set(seeds)
    while wave:
        new = set()
        for op in get_ops_ios(wave, control_inputs=control_inputs, control_outputs=control_outputs):
            if op in boundary:
                if inclusive:
                    found.add(op)
            elif op not in found and (op in ops):
                new.add(op)
        found |= new
        wave = new
    return [op for op in ops if op in found]


def _within(within_ops: Any, within_ops_fn: Any) -> Callable[[Operation], bool]:
    held = set(lists.make_list_of_op(within_ops, allow_graph=False)) if within_ops else None

    def is_within(op: Operation) -> bool:
        return (held is None or op in held) and (within_ops_fn is None or within_ops_fn(op))

    return is_within


def _walk(seeds: list[Operation], next_of: Callable[[Operation], list[Operation]],
          is_within: Callable[[Operation], bool], inclusive: bool) -> list[Operation]:
    found = dict.fromkeys(op for op in seeds if is_within(op))
    wave = list(found)
    while wave:
        new: dict[Operation, None] = {}
        for op in wave:
            for other in next_of(op):
                if other not in found and is_within(other):
                    new[other] = None
        found.update(new)
        wave = list(new)
    return [op for op in found if inclusive or op not in seeds]


@public
def get_forward_walk_ops(seed_ops: Any, inclusive: bool = True, within_ops: Any = None, within_ops_fn: Any = None,
                         stop_at_ts: Any = (), control_outputs: Any = None) -> list[Operation]:
    """The operations that depend on some.

    Args:
      seed_ops: operations, or tensors: then what reads them.
      inclusive: whether the first ones are among the result.
      within_ops: only these are walked through.
      within_ops_fn: says of an operation whether it is walked through.
      stop_at_ts: tensors that are not followed.
      control_outputs: a `ControlOutputs`, where edges of control count too.
    """
    _, control_outputs = check_cios(False, control_outputs)
    seeds = _seeds(seed_ops, lists.get_consuming_ops)
    stop = frozenset(lists.make_list_of_t(stop_at_ts))

    def next_of(op: Operation) -> list[Operation]:
        found = [reader for t in op.outputs if t not in stop for reader in t.consumers()]
        return found + list(control_outputs.get(op)) if control_outputs is not None else found

    return _walk(seeds, next_of, _within(within_ops, within_ops_fn), inclusive)


def _seeds(given: Any, of_tensors: Callable[[Any], list[Operation]]) -> list[Operation]:
    if not lists.is_iterable(given) or isinstance(given, Tensor):
        given = [given]
    given = list(given)
    if given and isinstance(given[0], Tensor):
        return of_tensors(lists.make_list_of_t(given, allow_graph=False))
    return lists.make_list_of_op(given, allow_graph=False)


@public
@deprecated("2019-06-06", "Please use tensorflow.python.ops.op_selector.get_backward_walk_ops.")
def get_backward_walk_ops(seed_ops: Any, inclusive: bool = True, within_ops: Any = None, within_ops_fn: Any = None,
                          stop_at_ts: Any = (), control_inputs: bool = False) -> list[Operation]:
    """The operations on which some depend.

    Args:
      seed_ops: operations, or tensors: then what makes them.
      inclusive: whether the first ones are among the result.
      within_ops: only these are walked through.
      within_ops_fn: says of an operation whether it is walked through.
      stop_at_ts: tensors that are not followed.
      control_inputs: whether edges of control count too.
    """
    control_inputs, _ = check_cios(control_inputs, None)
    seeds = _seeds(seed_ops, lists.get_generating_ops)
    stop = frozenset(lists.make_list_of_t(stop_at_ts))

    def next_of(op: Operation) -> list[Operation]:
        found = [t.op for t in op.inputs if t not in stop]
        return found + op.control_inputs if control_inputs else found

    return _walk(seeds, next_of, _within(within_ops, within_ops_fn), inclusive)


def _both_walks(forward_seed_ops: Any, backward_seed_ops: Any, forward_inclusive: bool, backward_inclusive: bool,
                within_ops: Any, within_ops_fn: Any, control_inputs: bool, control_outputs: Any,
                control_ios: Any) -> tuple[list[Operation], list[Operation]]:
    control_inputs, control_outputs = check_cios(control_inputs, control_outputs, control_ios)
    return (get_forward_walk_ops(forward_seed_ops, forward_inclusive, within_ops, within_ops_fn,
                                 control_outputs=control_outputs),
            get_backward_walk_ops(backward_seed_ops, backward_inclusive, within_ops, within_ops_fn,
                                  control_inputs=control_inputs))


@public
def get_walks_intersection_ops(forward_seed_ops: Any, backward_seed_ops: Any, forward_inclusive: bool = True,
                               backward_inclusive: bool = True, within_ops: Any = None, within_ops_fn: Any = None,
                               control_inputs: bool = False, control_outputs: Any = None,
                               control_ios: Any = None) -> list[Operation]:
    """The operations that depend on some, and on which others depend."""
    forward, backward = _both_walks(forward_seed_ops, backward_seed_ops, forward_inclusive, backward_inclusive,
                                    within_ops, within_ops_fn, control_inputs, control_outputs, control_ios)
    held = set(backward)
    return [op for op in forward if op in held]


@public
def get_walks_union_ops(forward_seed_ops: Any, backward_seed_ops: Any, forward_inclusive: bool = True,
                        backward_inclusive: bool = True, within_ops: Any = None, within_ops_fn: Any = None,
                        control_inputs: bool = False, control_outputs: Any = None,
                        control_ios: Any = None) -> list[Operation]:
    """The operations that depend on some, and those on which others depend."""
    return lists.concatenate_unique(*_both_walks(
        forward_seed_ops, backward_seed_ops, forward_inclusive, backward_inclusive, within_ops, within_ops_fn,
        control_inputs, control_outputs, control_ios))


def _options(kwargs: dict[str, Any], restrict: str) -> tuple[Graph | None, Any, bool]:
    graph, passes, only = kwargs.pop("graph", None), kwargs.pop("positive_filter", None), kwargs.pop(restrict, False)
    if kwargs:
        raise ValueError(f"Wrong keywords argument: {', '.join(kwargs)}.")
    if graph is not None and not isinstance(graph, Graph):
        raise TypeError(f"Expected a tf.Graph, got: {type(graph)}")
    return graph, passes, only


def _selected(args: tuple[Any, ...], kwargs: dict[str, Any], kind: str, of_regex: Any,
              of_list: Any) -> list[Any]:
    other = "ts" if kind == "ops" else "ops"
    graph, passes, only = _options(kwargs, f"restrict_{kind}_regex")
    found: list[Any] = []
    for arg in args:
        if can_be_regex(arg):
            if graph is None:
                raise ValueError("Use the keyword argument 'graph' to use regex.")
            regex = make_regex(arg)
            if regex.pattern.startswith(f"(?#{other})") or only and not regex.pattern.startswith(f"(?#{kind})"):
                continue
            matching = of_regex(graph, regex)
            lists.concatenate_unique(found, matching if passes is None else [x for x in matching if passes(x)])
        else:
            given = of_list(arg)
            lists.concatenate_unique(found, given if passes is None else [x for x in given if passes(x)])
    return found


@public
def select_ops(*args: Any, **kwargs: Any) -> list[Operation]:
    """Operations by name or as they are.

    Args:
      *args: texts or regular expressions of names, operations, lists of these; tensors are passed over.
      **kwargs: `graph` for names; `positive_filter`, a function; `restrict_ops_regex`: only those that begin with
        `(?#ops)` count.

    Raises:
      ValueError: a name without a graph, another keyword.
      TypeError: something else.
    """
    return _selected(args, kwargs, "ops", filter_ops_from_regex,
                     lambda arg: lists.make_list_of_op(arg, ignore_ts=True))


@public
def select_ts(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Tensors by name or as they are; see `select_ops`."""
    return _selected(args, kwargs, "ts", filter_ts_from_regex,
                     lambda arg: lists.make_list_of_t(arg, ignore_ops=True))


@public
def select_ops_and_ts(*args: Any, **kwargs: Any) -> tuple[list[Operation], list[Tensor]]:
    """Operations, and tensors whose names are asked for with `(?#ts)` or that stand among the arguments."""
    return (select_ops(*args, restrict_ops_regex=False, **kwargs),
            select_ts(*args, restrict_ts_regex=True, **kwargs))
