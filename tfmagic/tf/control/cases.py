"""tf.case and switch_case: the first of several branches whose condition holds."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array import join
from tfmagic.ops.control_flow import branch_functions
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.debug.checks import Assert
from tfmagic.ops.math import cast, reduce


@export("case")
def case(pred_fn_pairs: Any, default: Callable[[], Any] | None = None, exclusive: bool = False, strict: bool = False,
         name: str = "case") -> Any:
    """Compute the first branch whose condition holds.

    Args:
      pred_fn_pairs: pairs of a bool scalar tensor and a function, as a list or dict.
      default: the function of the branch for when none holds.
      exclusive: whether more than one condition that holds is an error.
      strict: whether lists of one tensor stay lists.
      name: the name scope of the nodes.

    Returns:
      What the functions return.

    Raises:
      TypeError: `pred_fn_pairs` is neither list nor dict, or an item no such pair.
    """
    return first_of(functools.partial(cond, strict=strict), pred_fn_pairs, default, exclusive, name)


def first_of(choose: Callable[..., Any], pred_fn_pairs: Any, default: Callable[[], Any] | None, exclusive: bool,
             name: str, python_preds: bool = False) -> Any:
    """What `case` gives, by nested calls of `choose(pred, true_fn=..., false_fn=...)`.

    Args:
      python_preds: whether a condition may be a Python bool.
    """
    predicates, actions = _checked_pairs(pred_fn_pairs, exclusive, name, python_preds)
    with name_scope(name, "case", [predicates]):
        if default is None:
            default, predicates, actions = _last_as_default(predicates, actions)
        function = default
        for predicate, action in reversed(list(zip(predicates, actions))):
            function = functools.partial(choose, predicate, true_fn=action, false_fn=function)
        if not exclusive:
            return function()
        at_most_one = _assert_at_most(predicates, 1, "Input error: exclusive=True")
        with get_default_graph().control_dependencies([at_most_one]):
            return function()


def _checked_pairs(pairs: Any, exclusive: bool, name: str, python_preds: bool) -> tuple[list[Any], list[Any]]:
    if not isinstance(pairs, (list, tuple, dict)):
        raise TypeError("fns must be a list, tuple, or dict")
    if isinstance(pairs, dict):
        if type(pairs) is dict:
            pairs = sorted(pairs.items(), key=lambda item: item[0].name)
            if not exclusive:
                tf_logging.warning("%s: An unordered dictionary of predicate/fn pairs was provided, but "
                                   "exclusive=False. The order of conditional tests is deterministic but not "
                                   "guaranteed.", name)
        else:
            pairs = list(pairs.items())
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        pred, function = pair
        if not isinstance(pred, Tensor):
            if not python_preds:
                raise TypeError(f"pred must be a Tensor, got: {pred}")
            if not isinstance(pred, bool):
                raise TypeError(f"pred must be a Tensor or bool, got: {pred}")
        elif pred.dtype is not dtypes.bool_:
            raise TypeError(f"pred must be Tensor of type bool: {pred.name}")
        if not callable(function):
            raise TypeError(f"fn for pred {pred.name} must be callable.")
    predicates, actions = zip(*pairs)
    return list(predicates), list(actions)


def _last_as_default(predicates: list[Any], actions: list[Any]) -> tuple[Any, list[Any], list[Any]]:
    """The last branch, which checks that its own condition alone holds."""
    last = len(predicates) - 1
    predicate, action = predicates[last], actions[last]
    others = predicates[:last]

    def default_action() -> Any:
        text = (f"Implementation error: selected default action #{last} was called, but some of other predicates are "
                "True: ")
        shown = ("Input error: None of conditions evaluated as True:", join.stack(predicates, name="preds_c"))
        with get_default_graph().control_dependencies([_assert_at_most(others, 0, text), Assert(predicate, shown)]):
            return action()

    return default_action, others, actions[:last]


def _assert_at_most(predicates: Sequence[Any], n: int, text: str) -> Operation:
    stacked = join.stack(predicates, name="preds_c")
    count = reduce.reduce_sum(cast.cast(stacked, dtypes.int32), name="num_true_conds")
    condition = raw.less_equal(count, constant(n, name="n_true_conds"))
    names = ", ".join(getattr(p, "name", "?") for p in predicates)
    return Assert(condition, [f"{text}: more than {n} conditions ({names}) evaluated as True:", stacked],
                  summarize=len(predicates))


@export("switch_case")
def switch_case(branch_index: Any, branch_fns: Any, default: Callable[[], Any] | None = None,
                name: str = "switch_case") -> Any:
    """Compute the branch with a given number.

    The branches become functions of the graph, which one `Case` node calls.

    Args:
      branch_index: int32 scalar tensor.
      branch_fns: functions, or pairs of a number and a function, or a dict from numbers to functions.
      default: the function for any other number; by default the branch with the largest number.
      name: the name scope of the nodes.

    Returns:
      What the functions return.

    Raises:
      TypeError: `branch_index` is no int tensor, or a branch no function.
      ValueError: the numbers of the branches are not 0, 1, 2, ...
    """
    if not isinstance(branch_index, Tensor):
        raise TypeError(f"branch_index must a Tensor, got {type(branch_index)}")
    if not branch_index.dtype.is_integer:
        raise TypeError(f"branch_index must an integer Tensor, got {branch_index.dtype}")
    branches = _checked_branches(branch_fns)
    with name_scope(name, "case", [branch_index]):
        return branch_functions.case(branch_index, branches if default is None else [*branches, default])


def _checked_branches(branches: Any) -> list[Any]:
    if not branches:
        raise ValueError("Must provide at least one item in branch_fns")
    if not isinstance(branches, (list, tuple, dict)):
        raise TypeError(f"branch_fns must be a list, tuple, or dict, got {type(branches)}")
    pairs = sorted(branches.items()) if isinstance(branches, dict) else list(branches)
    if all(callable(item) for item in pairs):
        pairs = list(enumerate(pairs))
    for item in pairs:
        if not isinstance(item, tuple) or len(item) != 2:
            raise TypeError("Each entry in branch_fns must be a 2-tuple")
        if not isinstance(item[0], int):
            raise TypeError(f"key must be a Python `int`, got {type(item[0])}")
        if not callable(item[1]):
            raise TypeError(f"fn for key {item[0]} must be callable.")
    numbers = sorted(number for number, _ in pairs)
    if numbers != list(range(len(pairs))):
        raise ValueError(f"branch indices (keys) must form contiguous range of [0 to {len(pairs)}) but found "
                         f"{{{','.join(map(str, numbers))}}}")
    return [function for _, function in sorted(pairs, key=lambda pair: pair[0])]


def evaluate(graph: Any, tensors: list[Tensor]) -> list[Any]:
    """The values of tensors of a graph, computed in a session of their own."""
    from tfmagic.session.session import Session

    with Session(graph=graph) as session:
        return session.run(tensors)
