"""The machine tier: runs of element-wise calls as machine code, with the values that torch gives."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from tests.session.plans_of_functions import both, plan_of
from tfmagic import tf
from tfmagic.base.machine import compiler
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers import machine, python
from tfmagic.session.tiers.machine import kernel, runs
from tfmagic.session.tiers.machine.runs import Run

pytest.importorskip("llvmlite")

aten = torch.ops.aten
FLOATS = [0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1.0, -1.0, 0.5, 2.5, -3.7, 1e-20, 80.0, -80.0]
INFINITY = float("inf")
INTEGERS = [0, 1, -1, 7, -12, 2**31 - 1, -2**31]


def runs_of(plan: PlanGraph) -> list[list[str]]:
    return [[node.name for node in part.nodes] for part in machine.divided(plan) if isinstance(part, Run)]


def pairs(numbers: list[Any], dtype: torch.dtype) -> list[torch.Tensor]:
    grid = list(itertools.product(numbers, numbers))
    return [torch.tensor([pair[place] for pair in grid]).to(dtype) for place in range(2)]


@pytest.fixture
def every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of one call are machine code too."""
    monkeypatch.setattr(Run, "pays", lambda self: True)


OF_FLOATS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y, "sub": lambda x, y: 1.5 - x, "mul": lambda x, y: torch.mul(x, y),
    "div": lambda x, y: torch.div(x, y), "truediv": lambda x, y: 2 / x, "neg": lambda x, y: torch.neg(x),
    "abs": lambda x, y: torch.abs(x), "square": lambda x, y: torch.square(x), "exp": lambda x, y: torch.exp(x),
    "maximum": lambda x, y: torch.maximum(x, y), "minimum": lambda x, y: torch.minimum(x, y),
    "fmax": lambda x, y: torch.fmax(x, y), "fmin": lambda x, y: torch.fmin(x, y),
    "where": lambda x, y: torch.where(x > y, x, y), "lt": lambda x, y: x < y, "le": lambda x, y: torch.le(x, y),
    "gt": lambda x, y: x > 0, "ge": lambda x, y: torch.ge(x, y), "eq": lambda x, y: torch.eq(x, y),
    "ne": lambda x, y: torch.ne(x, y), "log": lambda x, y: torch.log(x), "tanh": lambda x, y: torch.tanh(x),
    "sigmoid": lambda x, y: torch.sigmoid(x), "sqrt": lambda x, y: torch.sqrt(x), "rsqrt": lambda x, y: torch.rsqrt(x),
    "reciprocal": lambda x, y: torch.reciprocal(x), "floor": lambda x, y: torch.floor(x),
    "ceil": lambda x, y: torch.ceil(x), "round": lambda x, y: torch.round(x), "sign": lambda x, y: torch.sign(x),
    "pow": lambda x, y: (torch.pow(x, 1), torch.pow(x, 2), torch.pow(x, 3.0), torch.pow(x, -1)),
    "relu": lambda x, y: torch.relu(x), "clamp": lambda x, y: torch.clamp(x, -1, 2.5),
    "softsign": lambda x, y: torch.nn.functional.softsign(x), "elu": lambda x, y: torch.nn.functional.elu(x, 0.5),
    "selu": lambda x, y: torch.nn.functional.selu(x), "leaky_relu": lambda x, y: torch.nn.functional.leaky_relu(x, 0.2),
    "leaky_relu_backward": lambda x, y: aten.leaky_relu_backward(y, x, 0.2, False),
    "sigmoid_backward": lambda x, y: aten.sigmoid_backward(y, x),
    "tanh_backward": lambda x, y: aten.tanh_backward(y, x), "isfinite": lambda x, y: torch.isfinite(x),
    "isnan": lambda x, y: torch.isnan(x), "isinf": lambda x, y: torch.isinf(x), "expm1": lambda x, y: torch.expm1(x),
    "log1p": lambda x, y: torch.log1p(x), "softplus": lambda x, y: torch.nn.functional.softplus(x, 1.0, 40.0),
    "nan_to_num": lambda x, y: (torch.nan_to_num(x, 3.0, posinf=4.0, neginf=-INFINITY),
                                torch.nan_to_num(x, nan=-INFINITY, posinf=INFINITY, neginf=2)),
    "to": lambda x, y: (x.to(torch.float64), x.to(torch.float32), (x > y).to(torch.float32)),
    "trunc": lambda x, y: torch.trunc(x),
    "logical_and": lambda x, y: (torch.logical_and(x > 0, y > 0), (x > 0) & (y > 0), (x > 0) | (y > 0),
                                 (x > 0) ^ (y > 0)),
    "logical_or": lambda x, y: torch.logical_or(x > 0, y > 0),
    "logical_xor": lambda x, y: torch.logical_xor(x > 0, y > 0), "logical_not": lambda x, y: torch.logical_not(x > y),
}
OF_INTEGERS: dict[str, Callable[..., Any]] = {
    **{name: OF_FLOATS[name] for name in ("add", "mul", "neg", "abs", "square", "maximum", "minimum", "where", "lt",
                                          "le", "gt", "ge", "eq", "ne")},
    "sub": lambda x, y: (x - y, 3 - x), "to": lambda x, y: (x.to(torch.int64), x.to(torch.int32), x.to(torch.float32),
                                                     x.long(), x.int(), x.float(), x.double()),
    "remainder": lambda x, y: (torch.remainder(x, 7), torch.remainder(x, 1)),
}


def test_every_rule_is_compared_below() -> None:
    from tfmagic.session import element_rules as rules

    assert set(rules._RULES) == {*OF_FLOATS, "remainder"} - {"truediv"}
    assert rules._OF_INTEGERS | {"to"} == {*OF_INTEGERS}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", OF_FLOATS)
def test_floats_are_those_of_torch(name: str, dtype: torch.dtype, every_call: None) -> None:
    x, y = pairs(FLOATS, dtype)
    assert any(runs_of(plan_of(OF_FLOATS[name], x, y)))
    for mine, theirs in zip(*both(OF_FLOATS[name], x, y)):
        assert mine.dtype == theirs.dtype
        torch.testing.assert_close(mine, theirs, rtol=4e-7 if dtype == torch.float32 else 1e-15, atol=0, equal_nan=True)
        if name not in ("maximum", "minimum", "fmax", "fmin", "where", "relu"):  # which of two zeros these give is open
            zero = theirs == 0
            assert torch.equal(torch.signbit(mine[zero]), torch.signbit(theirs[zero]))


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64])
@pytest.mark.parametrize("name", OF_INTEGERS)
def test_integers_are_exactly_those_of_torch(name: str, dtype: torch.dtype, every_call: None) -> None:
    x, y = pairs(INTEGERS, dtype)
    for mine, theirs in zip(*both(OF_INTEGERS[name], x, y)):
        assert mine.dtype == theirs.dtype and torch.equal(mine, theirs)


def test_bytes_are_converted_and_chosen(every_call: None) -> None:
    x = torch.arange(256, dtype=torch.uint8).reshape(8, 32)

    def function(x: Any) -> Any:
        return x.float() / 255.0, x.to(torch.int32) - 300, x.long(), torch.where(x.int() > 100, x, x.flip(0))

    for mine, theirs in zip(*both(function, x)):
        assert mine.dtype == theirs.dtype and torch.equal(mine, theirs)


@pytest.mark.parametrize("function", [
    lambda x, y: torch.erf(x), lambda x, y: torch.pow(x, y), lambda x, y: torch.pow(x, 2.5),
    lambda x, y: x * y.double(), lambda x, y: torch.add(x, y, alpha=2), lambda x, y: x.bool(),
    lambda x, y: x.half() + 1, lambda x, y: x.long() // 2, lambda x, y: torch.remainder(x.long(), y.long()),
    lambda x, y: torch.remainder(x, 2.0), lambda x, y: x.byte() + 1])
def test_what_has_no_rule_stays_torchs(function: Callable[..., Any], every_call: None) -> None:
    x, y = pairs([1.0, 2.0], torch.float32)
    assert not any(set(run) - {"double", "to"} for run in runs_of(plan_of(function, x, y)))


@pytest.mark.parametrize("shapes", [
    ((3, 4), (4,)), ((3, 4), (3, 1)), ((2, 3, 4), (3, 4)), ((2, 3, 4), (2, 1, 1)), ((3, 4), ()), ((), ()), ((1,), ()),
    ((5, 100), (100,)), ((100, 5), (100, 1)), ((1, 1), (1,)), ((17,), (1,)), ((2, 1, 3), (2, 1, 3))])
def test_values_broadcast(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    random = torch.Generator().manual_seed(0)
    x, y = (torch.randn(shape, generator=random) for shape in shapes)

    def function(x: Any, y: Any) -> Any:
        moved = y * 2.0 + 1.0
        return torch.tanh(x * moved) - x / y, moved

    for mine, theirs in zip(*both(function, x, y)):
        assert mine.shape == theirs.shape
        torch.testing.assert_close(mine, theirs)


def test_values_that_part_the_axes_otherwise_stay_torchs() -> None:
    x, row, column = torch.ones(3, 4), torch.ones(4), torch.ones(3, 1)
    plan = plan_of(lambda x, row, column: torch.tanh((x + row) * 2.0 - 1.0) / column + 3.0, x, row, column)
    assert runs_of(plan) == [["add", "mul", "sub", "tanh", "truediv", "add_1"]]  # both have four columns
    y = torch.ones(2, 3, 4)
    plan = plan_of(lambda y, row, column: ((y + row) * 2.0 - 1.0) * (torch.neg(column) + 1.0), y, row, column)
    assert runs_of(plan) == [["add", "mul", "sub"]]


def test_short_rows_of_many_numbers_stay_torchs() -> None:
    x, y = torch.ones(10_000, 5), torch.ones(5)
    plan = plan_of(lambda x, y: torch.tanh((x + y) * 2.0 - 1.0), x, y)
    assert runs_of(plan) == [["mul", "sub", "tanh"]]


def test_what_asks_for_a_value_closes_the_run() -> None:
    x = torch.ones(4, 4)

    def function(x: Any) -> Any:
        first = torch.tanh(x * 2.0 + 1.0)
        second = first + 1.0
        product = torch.cumsum(first, 0)
        return (second * product - first) / 2.0

    assert runs_of(plan_of(function, x)) == [["mul", "add", "tanh", "add_1"], ["mul_1", "sub", "truediv"]]
    for mine, theirs in zip(*both(function, x)):
        torch.testing.assert_close(mine, theirs)


def test_few_calls_are_not_worth_one_of_ours() -> None:
    assert runs_of(plan_of(lambda x: torch.tanh(x) * 2.0, torch.ones(10))) == []
    assert runs_of(plan_of(lambda x: torch.tanh(x) * 2.0, torch.ones(100_000))) == [["tanh", "mul"]]


def test_what_explains_a_failure_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 2)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [4])
        y = tf.check_numerics(tf.sqrt(x * 2.0 + 1.0) - 1.0, "bad", name="checked")
        z = tf.tanh(y + 1.0) * y
        for _ in range(4):
            sess.run(z, {x: [1, 2, 3, 4]})
        with pytest.raises(tf.errors.InvalidArgumentError, match="bad : Tensor had NaN values"):
            sess.run(z, {x: [1, 2, -5, 4]})


def test_arguments_need_not_lie_row_by_row() -> None:
    x = torch.randn(6, 5)
    for mine, theirs in zip(*both(lambda x: torch.tanh(x.t() * 2.0) + x.t(), x)):
        torch.testing.assert_close(mine, theirs)


def test_threads_share_many_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_LEAST", 4096)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    x, y = torch.randn(300, 100), torch.randn(100)
    for mine, theirs in zip(*both(lambda x, y: (torch.tanh(x * 2.0 + y), x * 2.0 > 1.0), x, y)):
        torch.testing.assert_close(mine, theirs)


def test_a_long_chain_is_some_runs() -> None:
    def function(x: Any) -> Any:
        for _ in range(500):
            x = torch.tanh(x + 1.0)
        return x

    assert [len(run) for run in runs_of(plan_of(function, torch.ones(3)))] == [400, 400, 200]


@pytest.mark.parametrize(("function", "alone"), [(torch.tanh, True), (torch.isnan, True), (torch.relu, False),
                                                 (torch.neg, False)])
def test_one_call_on_many_numbers_pays_where_torch_makes_no_vectors_of_it(function: Any, alone: bool) -> None:
    assert [len(run) for run in runs_of(plan_of(lambda x: function(x), torch.rand(runs.MANY)))] == [1] * alone


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("columns", [False, True])
def test_threads_share_a_run(threads: int, columns: bool) -> None:
    x, y = torch.randn(3001, 200), torch.randn(200)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for mine, theirs in zip(*both(lambda x, y: (torch.tanh(x + y if columns else x) * 2.0, torch.sqrt(x)), x, y)):
            torch.testing.assert_close(mine, theirs, rtol=4e-7, atol=0, equal_nan=True)
    finally:
        torch.set_num_threads(before)


def test_a_plan_changes_after_its_part_of_the_calls_that_pay_for_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 10 * compiler._PROCESSES)
    plan = plan_of(lambda x: torch.tanh(x * 2.0 + 1.0) - x, torch.ones(10))
    call = machine.function(plan)
    made = []
    other = plan_of(lambda x: torch.tanh(x), x := torch.ones(10))
    monkeypatch.setattr(machine, "with_machine_code", lambda plan: made.append(plan) or other)
    for turn in range(1, 13):
        assert torch.equal(call(x)[0][0], torch.tanh(x)) == (turn >= 10)
        compiler.wait()
        assert made == ([] if turn < 5 else [plan])


def test_a_run_that_has_little_time_does_not_wait_for_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 3)
    made = []
    change = machine.with_machine_code
    monkeypatch.setattr(machine, "with_machine_code", lambda plan: made.append(plan) or change(plan))
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [10])
        y = tf.tanh(x * 2.0 + 1.0) - x
        for _ in range(10):
            sess.run(y, {x: np.ones(10)}, options=tf.RunOptions(timeout_in_ms=60_000))
        compiler.wait()
        assert not made
        for _ in range(3):
            sess.run(y, {x: np.ones(10)})
        assert made


def test_where_the_compiler_fails_torch_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(plan: PlanGraph) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(machine, "_calls_before", lambda plan: 1)
    monkeypatch.setattr(machine, "with_machine_code", fails)
    x = torch.ones(10)
    plan = plan_of(lambda x: torch.tanh(x * 2.0 + 1.0) - x, x)
    call = machine.function(plan)
    assert all(torch.equal(call(x)[0][0], python.function(plan)(x)[0][0]) for _ in range(5))


def test_training_goes_on_through_the_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 3)
    made = []
    change = machine.with_machine_code
    monkeypatch.setattr(machine, "with_machine_code", lambda plan: made.append(plan) or change(plan))
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [8, 4])
        w = tf.Variable(tf.ones([4, 4]) * 0.1)
        h = tf.matmul(x, w)
        loss = tf.reduce_mean(tf.square(tf.tanh(h * 2.0 + 1.0) * tf.sigmoid(h) - 0.3))
        train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
        sess.run(tf.global_variables_initializer())
        given = np.random.RandomState(0).rand(8, 4)
        losses = [sess.run([loss, train], {x: given})[0] for _ in range(20)]
    assert made
    assert all(after < before for before, after in zip(losses, losses[1:]))


def test_an_error_beside_a_run_names_its_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 1)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.int32, [4])
        y = (x * x + 3 - x) * 2
        z = tf.floordiv(y, x, name="divided") * y + y - x
        for _ in range(4):
            sess.run(z, {x: [1, 2, 3, 4]})
        with pytest.raises(tf.errors.InvalidArgumentError, match="divided"):
            sess.run(z, {x: [1, 2, 0, 4]})
