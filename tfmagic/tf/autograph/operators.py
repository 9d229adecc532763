"""What converted functions call: `if`, loops, `and`, `or`, `not`: nodes where a tensor decides, else Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tfmagic.base import export, nest
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.function_graph import FunctionGraph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.static_value import constant_value
from tfmagic.graph.tensor_like import is_tensor
from tfmagic.ops import raw
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.ops.control_flow.while_loop import while_loop
from tfmagic.tf.autograph import builtins
from tfmagic.tf.autograph.state import State, Values

Part = Callable[[], Any]


# --- conditions ---------------------------------------------------------------------------------------------------

def if_stmt(test: Any, body: Part, orelse: Part, get: Callable[[], Values], put: Callable[[Values], None],
            names: tuple[str, ...], variables: int) -> None:
    """`if test: body; else: orelse`.

    Args:
      body, orelse: functions that change the variables around them.
      get, put: read and set these variables.
      names: those whose values after the statement count.
      variables: how many of them are variables, not attributes.
    """
    if not is_tensor(test):
        (body if test else orelse)()
        return
    state = State(get, put, names, variables)
    taken: list[Values] = []

    def branch(part: Part, which: str) -> Any:
        state.start()
        part()
        values = state.now()
        undefined = state.undefined(values)
        if undefined:
            raise ValueError(f"The following symbols must also be initialized in the {which} branch: "
                             f"{_tuple_text(undefined)}. Alternatively, you may initialize them before the if "
                             "statement.")
        if state.lacks_result(values):
            raise ValueError(f"A value must also be returned from the {which} branch. If a value is returned from one "
                             "branch of a conditional a value must be returned from all branches.")
        taken.append(values)
        if len(taken) == 2:
            for name, first, second in list(zip(names, *taken))[:variables]:
                _check_branches(name, first, second)
        if any(value is None for value in values):
            raise ValueError("None values not supported.")
        values = values if variables else (1, *values)
        return values[0] if len(values) == 1 else values

    try:
        results = cond(test, lambda: branch(body, "if"), lambda: branch(orelse, "else"))
    except BaseException:
        state.start()
        raise
    results = (results,) if len(names) + (not variables) == 1 else tuple(results)
    state.start(results if variables else results[1:])


def _tuple_text(names: Iterable[str]) -> str:
    return str(tuple(names))


def _check_branches(name: str, first: Any, second: Any) -> None:
    """Refuse a variable that the branches give different types."""
    _check_structure(first, second, lambda error: TypeError(
        f"\"{name}\" does not have the same nested structure in the TRUE and FALSE branches.\n\n{error}"))
    for x, y in zip(nest.flatten(first), nest.flatten(second)):
        x, y = _as_tensor(x), _as_tensor(y)
        if not (isinstance(x, Tensor) and isinstance(y, Tensor)):
            continue
        if x.dtype.base_dtype is not y.dtype.base_dtype:
            raise TypeError(f"\"{name}\" has dtype {x.dtype.base_dtype.name} in the TRUE branch, but dtype="
                            f"{y.dtype.base_dtype.name} in the FALSE branch. TensorFlow control flow requires that "
                            "they are the same.")


def _check_structure(first: Any, second: Any, message: Callable[[Exception], Exception]) -> None:
    try:
        nest.assert_same_structure(first, second, expand_composites=True)
    except (ValueError, TypeError) as error:
        raise message(error) from None


def _as_tensor(value: Any) -> Any:
    """Numbers and texts as constants, to know their types."""
    return constant(value) if isinstance(value, bool | int | float | str) else value


def if_exp(test: Any, body: Part, orelse: Part) -> Any:
    """`body if test else orelse`."""
    return cond(test, body, orelse) if is_tensor(test) else body() if test else orelse()


def and_(first: Part, second: Part) -> Any:
    """`first and second`."""
    value = first()
    return cond(value, second, lambda: value) if is_tensor(value) else value and second()


def or_(first: Part, second: Part) -> Any:
    """`first or second`."""
    value = first()
    return cond(value, lambda: value, second) if is_tensor(value) else value or second()


def not_(value: Any) -> Any:
    """`not value`."""
    return raw.logical_not(convert_to_tensor(value)) if is_tensor(value) else not value


# --- loops --------------------------------------------------------------------------------------------------------

class _Scratch(FunctionGraph):
    """Where a test is built that only says whether a tensor decides."""

    def _share_collections(self) -> None:
        """It knows the variables, and has nothing else of the graph around it."""
        for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES):
            self._collections[key] = self.outer_graph.get_collection_ref(key)


def while_stmt(test: Part, body: Part, get: Callable[[], Values], put: Callable[[Values], None],
               names: tuple[str, ...], variables: int) -> None:
    """`while test: body`."""
    with _Scratch(get_default_graph()).as_default():  # what a graph's loop tests, its nodes say
        first = test()
    if not is_tensor(first):
        while first:
            body()
            first = test()
        return
    state = _begin(get, put, names, variables)

    def condition(*values: Any) -> Any:
        state.start(values)
        return test()

    def iteration(*values: Any) -> Any:
        state.start(values)
        body()
        return _next(state, values)

    _run_loop(state, condition, iteration, ())


def _begin(get: Callable[[], Values], put: Callable[[Values], None], names: tuple[str, ...], variables: int) -> State:
    """The variables of a loop.

    Raises:
      ValueError: one has no value before the loop, or the loop would return from the function.
    """
    state = State(get, put, names, variables)
    if state.lacks_result(state.begin):
        raise ValueError("return statements are not supported within a TensorFlow loop.")
    undefined = state.undefined(state.begin)
    if undefined:
        raise ValueError("TensorFlow requires that the following symbols must be defined before the loop: "
                         f"{_tuple_text(undefined)}")
    return state


def _run_loop(state: State, condition: Callable[..., Any], iteration: Callable[..., Any], counters: Values) -> None:
    """A loop over counters and the variables of a statement, which are set to its results."""
    try:
        results = while_loop(condition, iteration, [*counters, *state.begin], return_same_structure=True)
    except BaseException:
        state.start()
        raise
    state.start(tuple(results)[len(counters):])


def _next(state: State, before: Values) -> Values:
    """The values after an iteration; refused where types or shapes are no longer those with which it began."""
    after = state.now()
    for name, old, new in list(zip(state.names, before, after)):
        _check_iteration(name, old, new)
    return after


def _check_iteration(name: str, before: Any, after: Any) -> None:
    _check_structure(before, after, lambda error: TypeError(
        f"\"{name}\" does not have the same nested structure before and after one iteration.\n\n{error}"))
    for x, y in zip(nest.flatten(before), nest.flatten(after)):
        y = _as_tensor(y)
        if not (isinstance(x, Tensor) and isinstance(y, Tensor)):
            continue
        if x.dtype.base_dtype is not y.dtype.base_dtype:
            raise TypeError(f"\"{name}\" has dtype {x.dtype.base_dtype.name} before the loop, but dtype "
                            f"{y.dtype.base_dtype.name} after one iteration. TensorFlow control flow requires it stays "
                            "the same.")
        if not y.shape.is_subtype_of(x.shape):
            raise ValueError(f"\"{name}\" has shape {x.shape} before the loop, but shape {y.shape} after one "
                             "iteration. TensorFlow control flow requires it stays the same or be more specific.")


def for_stmt(items: Any, extra_test: Part | None, body: Callable[[Any], Any], get: Callable[[], Values],
             put: Callable[[Values], None], names: tuple[str, ...], variables: int) -> None:
    """`for item in items: body`, as long as `extra_test` holds.

    Args:
      extra_test: what `break` and `return` leave to be asked before each item.
      body: function of an item.
    """
    if isinstance(items, Tensor) and items.op.type == "Range":
        _for_range(items, extra_test, body, _begin(get, put, names, variables))
    elif isinstance(items, Tensor):
        _for_rows(items, extra_test, body, _begin(get, put, names, variables))
    elif builtins.is_dataset(items):
        _for_elements(items, extra_test, body, _begin(get, put, names, variables))
    else:
        for item in items:
            if extra_test is not None and not extra_test():
                break
            body(item)


def _for_range(items: Tensor, extra_test: Part | None, body: Callable[[Any], Any], state: State) -> None:
    start, limit, delta = items.op._inputs
    step = constant_value(delta)

    def within(i: Tensor) -> Any:
        if step is not None:
            return i < limit if step >= 0 else i > limit
        return raw.logical_or(raw.logical_and(delta >= 0, i < limit), raw.logical_and(delta < 0, i > limit))

    def iteration(i: Tensor, *values: Any) -> Any:
        state.start(values)
        body(i)
        after = _next(state, values)
        return (i + delta, *after)

    _run_loop(state, _condition(within, extra_test, state), iteration, (start,))


def _for_rows(items: Tensor, extra_test: Part | None, body: Callable[[Any], Any], state: State) -> None:
    static = items.shape[0].value if items.shape.ndims else None
    n = builtins.length_of_tensor(items) if static is None else static
    rows = TensorArray(items.dtype, size=n).unstack(items)

    def iteration(i: Tensor, *values: Any) -> Any:
        state.start(values)
        body(rows.read(i))
        after = _next(state, values)
        return (i + 1, *after)

    _run_loop(state, _condition(lambda i: i < n, extra_test, state), iteration, (0,))


def _condition(within: Callable[[Tensor], Any], extra_test: Part | None, state: State) -> Callable[..., Any]:
    def condition(i: Tensor, *values: Any) -> Any:
        state.start(values)
        return within(i) if extra_test is None else cond(within(i), extra_test, lambda: False)

    return condition


def _for_elements(items: Any, extra_test: Part | None, body: Callable[[Any], Any], state: State) -> None:
    """A loop over a data set: a reduction of it."""
    if extra_test is not None:
        _for_elements_while(items, extra_test, body, state)
        return
    begin = state.begin or (constant(0),)
    constant(0)  # TensorFlow makes it and does not use it

    def step(*values_and_item: Any) -> Any:
        *values, item = values_and_item if state.names else (*values_and_item[1:],)
        state.start(tuple(values))
        body(item)
        return _next(state, tuple(values)) if state.names else values_and_item[0]

    def reduce_body(so_far: Any, item: Any) -> Any:
        values = so_far if len(begin) > 1 else (so_far,)
        result = step(*values, item)
        return result[0] if isinstance(result, tuple) and len(result) == 1 else result

    results = items.reduce(begin if len(begin) > 1 else begin[0], reduce_body)
    if state.names:
        state.start(tuple(results) if len(begin) > 1 else (results,))


def _for_elements_while(items: Any, extra_test: Part, body: Callable[[Any], Any], state: State) -> None:
    """A loop over a data set that may end before it: the states after each element, as long as there is one to do."""

    def scan_body(values: Values, item: Any) -> Any:
        state.start(values)
        going_on = extra_test()

        def iteration() -> Values:
            state.start(values)
            body(item)
            return _next(state, values)

        after = cond(going_on, iteration, lambda: values)
        return after, (after, going_on)

    def take_while_predicate(after: Any, going_on: Any) -> Any:
        return going_on

    def reduce_body(before: Any, element: Any) -> Any:
        return element[0]

    scan, take_while = (export.find(f"data.experimental.{name}") for name in ("scan", "take_while"))
    states = items.apply(scan(state.begin, scan_body)).apply(take_while(take_while_predicate))
    state.start(states.reduce(state.begin, reduce_body))
