"""Products that are computed with what follows them, block for block: torch's values, whichever engine computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.session.plans_of_functions import plan_of
from tfmagic.base.machine import compiler, dense
from tfmagic.session.passes import work
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers import machine, python
from tfmagic.session.tiers.engines import Engines
from tfmagic.session.tiers.machine.finished import Finished
from tfmagic.session.tiers.machine.finishing import Finishing

pytest.importorskip("llvmlite")
BACK = torch.ops.aten
ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "elu": torch.nn.functional.elu,
    "swish": lambda x: x * torch.sigmoid(x), "clipped": lambda x: torch.clamp(x, 0.0, 6.0)}


@pytest.fixture(autouse=True)
def all_are_worth_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small products count as large here; there are two threads."""
    monkeypatch.setattr(work, "_LARGE", 0)
    monkeypatch.setattr("tfmagic.session.tiers.engines._LEAST", 0)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def plan_on_two(function: Callable[..., Any], *values: torch.Tensor) -> PlanGraph:
    plan = plan_of(function, *values)
    plan.threads = 2
    return plan


def finished_in(plan: PlanGraph) -> list[Finished]:
    return [item for item in machine.divided(plan) if isinstance(item, Finished)]


def engines_of(item: Finished) -> list[Callable[..., Any]]:
    """What computes a product and what follows it."""
    return list(Finishing(item).engines.values())


def together(function: Callable[..., Any], *values: torch.Tensor) -> list[list[str]]:
    """The names of the rules that follow products, for each; "sum" where columns are added up."""
    return [[*(name for name, _ in item.run.nodes.values()), *["sum"] * (item.total is not None)]
            for item in finished_in(plan_on_two(function, *values))]


def agree(function: Callable[..., Any], *values: torch.Tensor) -> None:
    """Every engine gives what torch does, up to the order in which a product's sums are added."""
    plan = plan_on_two(function, *values)
    expected = python.function(plan)(*values)[0]
    for made, wanted in zip(machine.changed(plan)(*values)[0], expected, strict=True):
        assert made.shape == wanted.shape and made.dtype == wanted.dtype and made.is_contiguous()
        torch.testing.assert_close(made, wanted, rtol=1e-4, atol=1e-4)


def layer(activation: Callable[..., Any]) -> Callable[..., Any]:
    return lambda bias, x, w: activation(torch.addmm(bias, x, w))


@settings(max_examples=60)
@given(activation=st.sampled_from(sorted(ACTIVATIONS)), m=st.integers(8, 150), k=st.integers(1, 40),
       n=st.integers(64, 150), dtype=st.sampled_from([torch.float32, torch.float64]), turned=st.booleans())
def test_an_activation_follows_a_layer(activation: str, m: int, k: int, n: int, dtype: Any, turned: bool) -> None:
    function = layer(ACTIVATIONS[activation])
    w = torch.randn(n, k, dtype=dtype).t() if turned else torch.randn(k, n, dtype=dtype)
    values = torch.randn(n, dtype=dtype), torch.randn(m, k, dtype=dtype), w
    (item,) = finished_in(plan_on_two(function, *values))
    assert [each.name for each in item.results()] == [item.nodes[-1].name]
    for engine in engines_of(item):
        torch.testing.assert_close(engine(*values), function(*values), rtol=1e-4, atol=1e-4)


@settings(max_examples=60)
@given(m=st.integers(8, 600), k=st.integers(1, 20), n=st.integers(64, 100), threads=st.integers(1, 3),
       dtype=st.sampled_from([torch.float32, torch.float64]))
def test_the_gradient_through_an_activation_and_that_of_a_bias(m: int, k: int, n: int, threads: int,
                                                               dtype: Any) -> None:
    """Lines and columns that two blocks have in common are added up once."""
    def function(dy: torch.Tensor, w: torch.Tensor, y: torch.Tensor) -> Any:
        dx = BACK.leaky_relu_backward(torch.matmul(dy, w), y, 0.0, False)
        return dx, torch.sum(dx, [0], dtype=dtype)

    values = [torch.randint(-3, 4, shape).to(dtype) for shape in ((m, k), (k, n), (m, n))]
    (item,) = finished_in(plan_on_two(function, *values))
    assert [node.name for node in item.results()] == ["leaky_relu_backward", "sum_1"]
    torch.set_num_threads(threads)
    for engine in engines_of(item):
        for made, expected in zip(engine(*values), function(*values), strict=True):
            assert torch.equal(made, expected)  # whole numbers: every order of a sum gives the same


def test_what_follows_is_torchs_to_the_last_bit() -> None:
    """Of the same product, NaN and infinities too."""
    x, w = torch.randn(64, 1), torch.randn(1, 96)
    x[3], x[5], w[0, 7] = float("nan"), float("inf"), 0.0

    def function(x: torch.Tensor, w: torch.Tensor, y: torch.Tensor) -> Any:
        product = torch.matmul(x, w)
        return product, torch.relu(product), BACK.leaky_relu_backward(product, y, 0.0, False)

    values = x, w, torch.randn(64, 96)
    (item,) = finished_in(plan_on_two(function, *values))
    for engine in engines_of(item):
        product, *others = engine(*values)
        expected = torch.relu(product), BACK.leaky_relu_backward(product, values[2], 0.0, False)
        torch.testing.assert_close(others, list(expected), rtol=0, atol=0, equal_nan=True)


def test_several_values_and_several_results() -> None:
    """Rows, columns, scalars, bools, and the product itself."""
    def function(x: torch.Tensor, w: torch.Tensor, row: torch.Tensor, column: torch.Tensor, scalar: torch.Tensor,
                 other: torch.Tensor) -> Any:
        product = torch.matmul(x, w)
        scaled = product * column
        moved = torch.add(scaled, scalar)
        mask = torch.gt(moved, other)
        return product, mask, torch.where(mask, moved, other), torch.sum(moved, [0])

    values = (torch.randn(50, 30), torch.randn(30, 80), torch.randn(80), torch.randn(50, 1), torch.tensor(2.0),
              torch.randn(50, 80))
    assert together(function, *values) == [["mul", "add", "gt", "where", "sum"]]
    agree(function, *values)


def test_several_matrices_below_each_other() -> None:
    def function(x: torch.Tensor, w: torch.Tensor, bias: torch.Tensor) -> Any:
        made = torch.tanh(torch.matmul(x, w) + bias)
        return made, torch.sum(made, [0, 1])

    values = torch.randn(3, 20, 30), torch.randn(30, 80), torch.randn(80)
    assert together(function, *values) == [["add", "tanh", "sum"]]
    agree(function, *values)
    agree(function, values[0].transpose(0, 1), *values[1:])


def test_a_step_of_a_net() -> None:
    """What else is computed of the gradient stays together: what is finished waits until it is asked for."""
    def function(x: torch.Tensor, w: torch.Tensor, v: torch.Tensor, y: torch.Tensor) -> Any:
        hidden = torch.relu(torch.matmul(x, w))
        error = torch.matmul(hidden, v) - y
        back = BACK.leaky_relu_backward(torch.matmul(error, v.t()), hidden, 0.0, False)
        return torch.matmul(hidden.t(), error), torch.matmul(x.t(), back), torch.sum(back, [0]), torch.sum(error)

    values = torch.randn(40, 70), torch.randn(70, 90), torch.randn(90, 70), torch.randn(40, 70)
    plan = plan_on_two(function, *values)
    assert [len(item.nodes) for item in finished_in(plan)] == [2, 2, 3]
    order = [item.node.name if isinstance(item, Engines) else getattr(item, "name", "") for item in
             machine.divided(plan)]
    assert order.index("matmul_3") < order.index("matmul_2")  # error's other product; the one that is finished
    agree(function, *values)


def test_what_waits_is_computed_before_a_tensor_changes() -> None:
    def function(x: torch.Tensor, w: torch.Tensor, y: torch.Tensor) -> Any:
        made = torch.matmul(x, w) * y
        other = y.add_(1.0)
        return made, other, torch.relu(made)

    values = torch.randn(40, 70), torch.randn(70, 90), torch.randn(40, 90)
    plan = plan_on_two(function, *values)
    assert together(function, *values) == [["mul"]]
    expected = values[0] @ values[1] * values[2]
    made, _, positive = machine.changed(plan)(*values[:2], values[2].clone())[0]
    torch.testing.assert_close(made, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(positive, torch.relu(made))


@pytest.mark.parametrize("function", [
    lambda x, w, y: torch.matmul(x, w) * torch.cumsum(torch.matmul(x, w), 0),  # it is only there later
    lambda x, w, y: torch.softmax(torch.matmul(x, w), 1),  # there is no rule for a number
    lambda x, w, y: torch.relu(torch.matmul(x, w).t()).contiguous(),  # it lies otherwise
    lambda x, w, y: torch.matmul(x, w).view(20, 2, 90) * y.view(1, 1, 90),
])
def test_what_stays_apart(function: Callable[..., Any]) -> None:
    values = torch.randn(40, 70), torch.randn(70, 90), torch.randn(90)
    assert together(function, *values) == []
    agree(function, *values)


@pytest.mark.parametrize("vectors", [(4, 16), (4, 32), (16, 32)], ids=str)
def test_vectors_of_another_processor(vectors: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks have other sizes there."""
    def function(x: torch.Tensor, w: torch.Tensor, y: torch.Tensor) -> Any:
        made = torch.matmul(x, w) * y
        return made, torch.sum(made, [0])

    monkeypatch.setattr(compiler, "vectors_of_floats", lambda: vectors)
    dense.prepare.cache_clear()
    values = [torch.randint(-3, 4, shape).float() for shape in ((61, 33), (33, 77), (61, 77))]
    (item,) = finished_in(plan_on_two(function, *values))
    for engine in engines_of(item):
        assert all(map(torch.equal, engine(*values), function(*values)))
    dense.prepare.cache_clear()


def test_one_thread_takes_parts_instead() -> None:
    values = torch.randn(90), torch.randn(40, 70), torch.randn(70, 90)
    assert finished_in(plan_of(layer(torch.relu), *values)) == []
