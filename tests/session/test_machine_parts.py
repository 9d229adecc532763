"""The machine tier on small values: products, sums, joins and views are machine code too, with the values of torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

from tests.session.plans_of_functions import both, plan_of
from tfmagic import tf
from tfmagic.ops.array.indices import alone, place, slice_at
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.tiers import machine
from tfmagic.session.tiers.machine import parts
from tfmagic.session.tiers.machine.kernel import WholePart
from tfmagic.session.tiers.machine.parts import Part
from tfmagic.session.tiers.machine.steps import Writer
from tfmagic.session.tiers.machine.views import broadcast, view_of, whole

pytest.importorskip("llvmlite")


def parts_of(plan: PlanGraph) -> list[list[str]]:
    return [[node.name for node in part.nodes] for part in machine.divided(plan) if isinstance(part, Part)]


@pytest.fixture
def every_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of one call are machine code too."""
    monkeypatch.setattr(Part, "pays", lambda self: bool(self.nodes))


def numbers(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape))).to(dtype)


A, B, C = (4, 5), (5, 7), (4, 7)
functional = torch.nn.functional
STEPS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    "product": (lambda a, b: torch.matmul(a, b), (A, B)),
    "product of a transposed": (lambda a, b: torch.matmul(a.t(), b), ((5, 4), B)),
    "product with a transposed": (lambda a, b: torch.matmul(a, b.t()), (A, (7, 5))),
    "product of two transposed": (lambda a, b: torch.mm(a.t(), b.t()), ((5, 4), (7, 5))),
    "column": (lambda a, b: torch.matmul(a, b), (A, (5, 1))),
    "row": (lambda a, b: torch.matmul(a, b.t()), ((1, 5), (1, 5))),
    "products": (lambda a, b: torch.matmul(a, b), ((3, 4, 5), (3, 5, 6))),
    "products with transposed": (lambda a, b: torch.bmm(a, b.mT), ((3, 4, 5), (3, 6, 5))),
    "product and row": (lambda a, b, c: torch.addmm(c, a, b), (A, B, (7,))),
    "product and matrix": (lambda a, b, c: torch.addmm(c, a, b), (A, B, C)),
    "product, transposed, and row": (lambda a, b, c: torch.addmm(c, a, b.t()), (A, (7, 5), (7,))),
    "product and number": (lambda a, b, c: torch.addmm(c, a, b), (A, B, (1,))),
    "sum of rows": (lambda x: torch.sum(x, [0]), (A,)),
    "sum of columns": (lambda x: torch.sum(x, [1], True), (A,)),
    "sum of a part": (lambda x: torch.sum(torch.narrow(x, 1, 1, 3), [-1]), (A,)),
    "sum of all": (lambda x: torch.sum(x, [0, 1]), (A,)),
    "sum of the middle": (lambda x: torch.sum(x, [1]), ((3, 4, 5),)),
    "sum of the outer": (lambda x: torch.sum(x, [0, 2], True), ((3, 4, 5),)),
    "sum of many": (lambda x: torch.sum(x, [0]), ((3000, 3),)),
    "sum of many at the end": (lambda x: torch.sum(x, [1]), ((3, 2999),)),
    "sum of very many": (lambda x: torch.sum(x, [0, 1, 2]), ((100, 100, 3),)),
    "sum of many, turned": (lambda x: torch.sum(torch.permute(x, (1, 0, 2)), [0, 2]), ((5, 300, 7),)),
    "mean of many": (lambda x: x.mean((0, 1), keepdim=True), ((60, 50, 3),)),
    "mean": (lambda x: torch.mean(x, [1], True), (A,)),
    "mean of all": (lambda x: torch.mean(x, [0, 1]), (A,)),
    "largest of rows": (lambda x: torch.amax(x, [0], True), (A,)),
    "smallest of columns": (lambda x: torch.amin(x, [1]), (A,)),
    "largest of all": (lambda x: torch.amax(x, [0, 1]), (A,)),
    "zeros around": (lambda x: functional.pad(x, [1, 2, 3, 0]), (A,)),
    "zeros before rows": (lambda x: functional.pad(x.t(), [0, 0, 2, 0], mode="constant", value=None) + 1.0, (A,)),
    "softmax": (lambda x: torch.softmax(x * 50.0, -1), ((3, 4, 5),)),
    "logarithms of softmax": (lambda x: torch.log_softmax(x * 50.0, -1), ((3, 4, 5),)),
    "logarithms of softmax of a transposed": (lambda x: torch.log_softmax(x.t(), 1), (A,)),
    "sum of the last axis": (lambda x: torch.sum(x, -1), (A,)),
    "softmax of a transposed": (lambda x: torch.softmax(x.t(), 1), (A,)),
    "join of rows": (lambda x, y: torch.cat([x, y], 0), (A, (2, 5))),
    "join of columns": (lambda x, y: torch.cat([x, y, x], 1), (A, (4, 2))),
    "join of views": (lambda x, y: torch.cat([x.t(), torch.narrow(y, 0, 1, 5)], 1), (A, (6, 4))),
    "stack": (lambda x, y: torch.stack([x, y, x], 0), (A, A)),
    "stack at the end": (lambda x, y: torch.stack([x + 1.0, y.t()], -1), (A, (5, 4))),
    "indexed": (lambda x: (x[..., 0] * 2.0, x[None, 1:, ::2] + 1.0, x[-1, :, None] - 1.0, x[:, 1] + 1.0), (A,)),
    "indexed and asked for": (lambda x: ((x + 1.0)[..., None, -1], x[0]), (A,)),
    "zeros": (lambda x: torch.zeros_like(x) + 1.0, (A,)),
    "transposed": (lambda x: x.t() * 2.0, (A,)),
    "permuted": (lambda x: torch.permute(x, (2, 0, 1)) + 1.0, ((3, 4, 5),)),
    "swapped": (lambda x: torch.transpose(x, 0, -1) + 1.0, ((3, 4, 5),)),
    "narrow": (lambda x: torch.narrow(x, 1, 1, 3) + 1.0, (A,)),
    "flipped": (lambda x: torch.flip(x, (1,)) + 1.0, (A,)),
    "flipped both ways": (lambda x: torch.flip(x, [-1, 0]) * 2.0, (A,)),
    "a flipped column": (lambda x: torch.flip(torch.narrow(x, 1, 1, 1), (0, 1)).reshape(4) * 2.0, (A,)),
    "product with a flipped": (lambda a, b: torch.matmul(torch.flip(a, (0,)), torch.flip(b, (1,))), (A, B)),
    "flipped as a result": (lambda x: (torch.flip(x * 2.0, (0,)), torch.flip(x, (1,))), (A,)),
    "selected": (lambda x: x.select(1, -2) + 1.0, (A,)),
    "split": (lambda x: [torch.functional.split(x, 2, dim=1)[index] * 2.0 for index in range(3)], (A,)),
    "a split of what is not stored yet": (
        lambda x: torch.functional.split(torch.tanh(x), 2, dim=1)[1], (A,)),
    "split in the plan": (lambda x: (torch.functional.split(x * 2.0, 2, 1)[2] + 1.0, x * 3.0), (A,)),
    "unbound": (lambda x: torch.unbind(x, 1)[3] + torch.unbind(x, 1)[0], (A,)),
    "tiled": (lambda x: torch.tile(x, (1, 3)) * 2.0, ((4, 1),)),
    "expanded": (lambda x: x.expand(3, 4, 5) + 1.0, (A,)),
    "reshaped": (lambda x: x.reshape(2, 10) + 1.0, (A,)),
    "reshaped where that is a copy": (lambda x: x.t().reshape(2, 10) + 1.0, (A,)),
    "views as results": (lambda x: (x.t(), x.reshape(20), torch.narrow(x + 1.0, 0, 1, 2)), (A,)),
    "a view of what is not stored yet": (lambda x: torch.tanh(x) + torch.tanh(x).t(), ((4, 4),)),
    "broadcasting any way": (lambda x, y, z: (x + y) * z - x, ((2, 3, 4), (3, 1), (2, 1, 4))),
    "conditions": (lambda x, y: torch.where(torch.logical_and(x > 0, (y > 0).t()), x, -x), ((4, 4), (4, 4))),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", STEPS)
def test_steps_give_the_values_of_torch(name: str, dtype: torch.dtype, every_part: None) -> None:
    function, shapes = STEPS[name]
    given = [numbers(*shape, dtype=dtype) for shape in shapes]
    assert parts_of(plan_of(function, *given))
    mine, theirs = both(function, *given)
    assert len(mine) == len(theirs)
    for one, other in zip(mine, theirs):
        assert one.dtype == other.dtype
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("number", [0, 2, -1])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_lies_at_a_place_that_a_run_tells_is_machine_code(axis: int, number: int, every_part: None) -> None:
    def function(x: Any, i: Any) -> Any:
        at = place(i, (3, 4, 5)[axis], axis)
        taken = slice_at(torch.permute(x * 2.0, (1, 0, 2)), axis, at)
        return taken, alone(torch.tanh(taken).t(), axis, at, (3, 4, 5)[axis]) + 1.0, alone(taken, 0, at, 5)

    given = numbers(4, 3, 5), torch.tensor(number)
    part, = parts_of(plan_of(function, *given))
    assert {"slice_at", "alone", "alone_1"} <= {*part}
    for mine, theirs in zip(*both(function, *given)):
        assert torch.equal(mine, theirs) if mine.dim() < 3 else torch.allclose(mine, theirs)


THIN, WIDE = (40, 5), (5, 7)
PRODUCTS: dict[str, tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]] = {
    **{name: step for name, step in STEPS.items() if name.startswith(("product", "column", "row"))},
    "few columns": (lambda a, b: torch.matmul(a, b), (THIN, WIDE)),
    "few columns and row": (lambda a, b, c: torch.addmm(c, a, b), (THIN, WIDE, (7,))),
    "few columns and matrix": (lambda a, b, c: torch.addmm(c, a, b), (THIN, WIDE, (40, 7))),
    "few columns of two transposed": (lambda a, b: torch.matmul(a.t(), b.t()), ((5, 40), (7, 5))),
    "products of few columns": (lambda a, b: torch.matmul(a, b), ((3, 40, 5), (3, 5, 4))),
    "one inner": (lambda a, b: torch.matmul(a, b), ((6, 1), (1, 9))),
    "a matrix with itself": (lambda a: torch.matmul(a.t(), a), (A,)),
    "repeated rows": (lambda a, b: torch.matmul(a.expand(6, 5), b), ((1, 5), B)),
    "repeated columns": (lambda a, b: torch.matmul(a, b.expand(5, 7)), (A, (5, 1))),
    "some columns": (lambda a, b: torch.matmul(torch.narrow(a, 1, 1, 3), torch.narrow(b, 0, 2, 3).t()), (A, (7, 3))),
    "every matrix of many": (lambda a, b: torch.matmul(a, torch.permute(b, (0, 2, 1))), ((3, 4, 5), (3, 6, 5))),
    "matrices across": (lambda a, b: torch.matmul(torch.permute(a, (1, 0, 2)), b), ((4, 3, 5), (3, 5, 6))),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", PRODUCTS)
def test_products_give_the_values_of_torch(name: str, dtype: torch.dtype, every_part: None) -> None:
    function, shapes = PRODUCTS[name]
    given = [numbers(*shape, dtype=dtype) for shape in shapes]
    for mine, theirs in zip(*both(function, *given)):
        assert mine.is_contiguous()
        torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("function", [torch.softmax, torch.log_softmax])
def test_softmax_knows_infinity_and_nan(every_part: None, function: Callable[..., Any]) -> None:
    inf, nan = float("inf"), float("nan")
    x = torch.tensor([[1.0, -inf, 2.0], [-inf, -inf, -inf], [1.0, nan, 2.0], [inf, 1.0, 2.0], [nan, 1.0, 2.0]])
    for mine, theirs in zip(*both(lambda x: function(x, -1), x)):
        torch.testing.assert_close(mine, theirs, equal_nan=True)


@pytest.mark.parametrize("function", [
    lambda x: torch.cumsum(x, 0), lambda x: torch.matmul(x, x.select(0, 0)), lambda x: torch.softmax(x, 0),
    lambda x: torch.sum(x), lambda x: torch.cat([x.double(), x.double()], 0).long(), lambda x: torch.tile(x, (2, 1)),
    lambda x: torch.sum(x > 0, [0])])
def test_what_has_no_rule_stays_torchs(function: Callable[..., Any], every_part: None) -> None:
    plan = plan_of(function, torch.ones(4, 4))
    last = list(plan.graph.nodes)[-2]
    assert last.name not in sum(parts_of(plan), [])


def test_what_asks_for_a_value_ends_a_part(every_part: None) -> None:
    def function(x: Any, w: Any) -> Any:
        hidden = torch.functional.split(torch.tanh(torch.matmul(x, w)), 2, dim=1)
        counted = torch.cumsum(hidden[1], 0)
        return torch.matmul(hidden[0], counted.t()) + 1.0

    x, w = numbers(4, 4), numbers(4, 4)
    assert parts_of(plan_of(function, x, w)) == [["matmul", "tanh", "split", "getitem"], ["t", "matmul_1", "add"]]
    for mine, theirs in zip(*both(function, x, w)):
        torch.testing.assert_close(mine, theirs)


def test_who_asks_for_a_look_at_what_lies_outside_ends_no_part(every_part: None) -> None:
    def function(x: Any, w: Any) -> Any:
        hidden = torch.tanh(torch.matmul(x, w))
        rows = w.t().reshape(-1)
        counted = torch.cumsum(rows, 0)
        return torch.matmul(hidden, w.t()) + counted[:4] + rows[:4]

    x, w = numbers(4, 4), numbers(4, 4)
    inside = parts_of(plan_of(function, x, w))
    assert len(inside) == 1 and {"matmul", "tanh", "matmul_1"} <= {*inside[0]} and "reshape" not in inside[0]
    for mine, theirs in zip(*both(function, x, w)):
        torch.testing.assert_close(mine, theirs)


def _net(x: Any, w: Any) -> Any:
    return torch.tanh(torch.matmul(torch.sigmoid(torch.matmul(x, w) * 2.0 + 1.0) * 3.0, w.t()) - x) * x + 1.0


def test_large_products_are_in_parts() -> None:
    assert len(parts_of(plan_of(_net, numbers(20, 100), numbers(100, 300)))) == 1


def test_what_takes_one_of_several_large_values_is_torchs() -> None:
    """Such as the largest of many numbers."""
    assert parts_of(plan_of(lambda x: torch.sort(x).values.sum(1) + 1.0, numbers(64, 5000))) == []
    x = numbers(64, 5000)
    for mine, theirs in zip(*both(lambda x: torch.topk(x, 3)[0] + torch.sort(x)[0][:, :3], x)):
        torch.testing.assert_close(mine, theirs)


def test_few_calls_and_products_worth_threads_are_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parts_of(plan_of(lambda x: torch.matmul(x, x) + 1.0, numbers(8, 8))) == []
    plan = plan_of(_net, numbers(16, 1000), numbers(1000, 1000))
    assert len(parts_of(plan)) == 1
    plan.threads = 2
    assert parts_of(plan) == []


def test_a_plan_is_made_without_loading_the_compiler() -> None:
    code = """
import sys, numpy as np
from tfmagic import tf
x = tf.placeholder(tf.float32, [30, 5, 90])
outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(90), x, dtype=tf.float32)
loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(state.h, state.c, transpose_a=True) * 2.0 + 1.0)))
train = tf.train.AdamOptimizer().minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run([train, loss], {x: np.ones([30, 5, 90])})
assert "llvmlite.binding" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_view_of_what_is_large_is_no_copy(every_part: None) -> None:
    def function(x: Any, y: Any) -> Any:
        return torch.matmul(x, y).t(), torch.matmul(x, y).t() * 2.0

    given = numbers(400, 5), numbers(5, 400)
    assert "t" not in sum(parts_of(plan_of(function, *given)), [])
    for mine, theirs in zip(*both(function, *given)):
        torch.testing.assert_close(mine, theirs)


def test_memory_that_nobody_asks_for_is_used_again(every_part: None) -> None:
    """What is looked at later, through a view too, stays as long."""
    from tfmagic.session.tiers.machine.steps import Writer

    def function(x: Any) -> Any:
        early = torch.matmul(x, x)
        turned, first = early.t(), torch.softmax(early, -1)
        for _ in range(50):
            x = torch.tanh(torch.matmul(x, x) - first) * 0.5
            x = torch.cat([torch.narrow(x, 0, 4, 4), torch.narrow(x, 0, 0, 4)], 0)
        return torch.matmul(x, turned) + first

    given = numbers(8, 8)
    (part,) = [item for item in machine.divided(plan_of(function, given)) if isinstance(item, Part)]
    writer = Writer(part, "title")
    writer.text()
    assert writer.scratch <= 8 * 8 * 4 * 7
    for mine, theirs in zip(*both(function, given)):
        torch.testing.assert_close(mine, theirs)


def test_what_only_other_parts_ask_for_lies_together(every_part: None) -> None:
    def function(x: Any, y: Any) -> Any:
        hidden = torch.tanh(torch.matmul(x, y))
        shifted, asked = hidden + 1.0, hidden * 2.0
        counted = torch.cumsum(asked, 0)
        return torch.matmul(hidden, shifted) - counted, torch.matmul(torch.cumsum(hidden, 1), shifted)

    given = numbers(4, 4), numbers(4, 4) * 2.0
    plan = machine.with_machine_code(plan_of(function, *given))
    first = next(node for node in plan.graph.nodes if isinstance(node.target, WholePart))
    assert len(first.users) == 3, "what is counted, twice, and the memory in which `shifted` lies"
    for mine, theirs in zip(*both(function, *given)):
        torch.testing.assert_close(mine, theirs)


def test_pictures_of_another_size_or_colour_are_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their rows and columns stand at known places."""
    pictures = np.random.RandomState(0).randint(0, 255, [6, 9, 7, 3]).astype(np.uint8)
    made: list[PlanGraph] = []
    with_kernels = machine.with_machine_code
    monkeypatch.setattr(machine, "with_machine_code", lambda plan: made.append(with_kernels(plan)) or made[-1])

    def changed(picture: Any) -> Any:
        picture = tf.image.resize_images(tf.image.central_crop(picture, 0.7), [12, 5]) / 255.0
        return tf.image.adjust_saturation(tf.image.adjust_hue(picture, 0.2), 1.5)

    def values() -> list[Any]:
        with tf.Graph().as_default(), tf.Session() as sess:
            element = tf.data.Dataset.from_tensor_slices(pictures).map(changed).make_one_shot_iterator().get_next()
            return [sess.run(element) for _ in pictures]

    monkeypatch.setattr(machine, "_calls_before", lambda plan: None)
    expected = values()
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 2)
    np.testing.assert_allclose(values(), expected, atol=1e-6)
    calls = [[node.target.__name__ for node in plan.graph.nodes if node.op == "call_function"] for plan in made]
    assert ["small_values"] in calls


def test_equal_steps_are_one_function() -> None:
    from tfmagic.session.tiers.machine.steps import Writer

    def function(x: Any) -> Any:
        for _ in range(10):
            x = torch.tanh(torch.matmul(x, x))
        return x

    (part,) = [item for item in machine.divided(plan_of(function, numbers(8, 8))) if isinstance(item, Part)]
    text = Writer(part, "title").text()
    assert text.count("define void @title_step") == 2  # the product and tanh
    assert text.count("call void @title_step") == 20


def test_views_say_where_numbers_lie() -> None:
    view = whole("%p", (2, 3, 4))
    assert view.strides == (12, 4, 1) and view.dense
    assert broadcast(whole("%p", (3, 1)), (2, 3, 4)).strides == (0, 1, 0)
    plan = plan_of(lambda x: torch.narrow(torch.permute(x, (2, 0, 1)), 0, 1, 2).select(1, 1), torch.ones(2, 3, 4))
    for node in plan.graph.nodes:
        if node.op.startswith("call"):
            view = view_of(node, view)
    assert view == ("%p", 1 + 12, (2, 3), (1, 4)) and not view.dense


def test_a_net_trains_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unrolled net of small cells: forward, backward and its results outside, before and after the change."""
    given = np.random.RandomState(0).rand(4, 6, 3)

    def losses() -> list[float]:
        with tf.Graph().as_default(), tf.Session() as sess:
            x = tf.placeholder(tf.float32, [4, 6, 3])
            outputs, state = tf.nn.static_rnn(tf.nn.rnn_cell.BasicLSTMCell(5), tf.unstack(x, axis=1), dtype=tf.float32)
            weights = tf.nn.softmax(tf.matmul(state.h, outputs[0], transpose_b=True))
            loss = tf.reduce_mean(tf.square(tf.matmul(weights, outputs[-1]) - 0.5))
            train = tf.train.AdamOptimizer(0.05).minimize(loss)
            for index, variable in enumerate(tf.trainable_variables()):
                sess.run(variable.initializer)
                sess.run(tf.assign(variable, 0.3 * np.random.RandomState(index).randn(*variable.shape.as_list())))
            sess.run(tf.variables_initializer([v for v in tf.global_variables() if v not in tf.trainable_variables()]))
            return [float(sess.run([loss, train], {x: given})[0]) for _ in range(20)]

    monkeypatch.setattr(machine, "_calls_before", lambda plan: None)
    expected = losses()
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 6)
    made = []
    with_kernels = machine.with_machine_code
    monkeypatch.setattr(machine, "with_machine_code", lambda plan: made.append(parts_of(plan)) or with_kernels(plan))
    np.testing.assert_allclose(losses(), expected, rtol=1e-4)
    assert any(sum(map(len, parts)) > 100 for parts in made)


def test_what_stacks_are_handed_parts_no_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that keeps values for its gradient is one part a turn; the values stay."""
    x = np.random.RandomState(0).randn(7, 5)
    x[2, 3] = -np.inf

    def values() -> list[Any]:
        with tf.Graph().as_default(), tf.Session() as sess:
            rows = tf.placeholder(tf.float32, [7, 5])
            sums = tf.scan(lambda before, row: tf.reduce_logsumexp(row * 0.5 + before) + row, rows)
            return [sess.run([sums, tf.gradients(sums, rows)[0]], {rows: x})[0] for _ in range(5)]

    expected = values()
    made: list[list[str]] = []
    with_kernels = machine.with_machine_code

    def noting(plan: PlanGraph) -> PlanGraph:
        made.append([type(item).__name__ if isinstance(item, Part) else str(item.target)
                     for item in machine.divided(plan)])
        return with_kernels(plan)

    monkeypatch.setattr(machine, "_calls_before", lambda plan: 6)
    monkeypatch.setattr(machine, "with_machine_code", noting)
    for mine, theirs in zip(values(), expected):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5)
    turn = next(items for items in made if items.count("push") > 1)
    assert turn.count("Part") == 1 and "push" not in turn[:turn.index("Part")]


def _any_function(random: Random, n: int) -> Callable[..., Any]:
    """A function of three matrices [n, n] in some dozen calls, drawn by chance; one in ten stays torch's."""
    calls: list[Callable[[Any, Any], Any]] = [
        lambda x, y: torch.matmul(x, y) * 0.3, lambda x, y: torch.matmul(x.t(), y) * 0.3, lambda x, y: torch.tanh(x),
        lambda x, y: torch.addmm(torch.sum(y, [1]), x, y) * 0.2, lambda x, y: x + y, lambda x, y: x.t(),
        lambda x, y: torch.softmax(x, -1), lambda x, y: torch.cat([x.narrow(0, 1, n - 1), y.narrow(0, 0, 1)], 0),
        lambda x, y: x * torch.sum(y, [0]) * 0.1, lambda x, y: torch.cumsum(x, 0) * 0.2,
        lambda x, y: torch.functional.split(torch.cat([x, y], 1), n, 1)[1], lambda x, y: torch.where(x > y, x, y),
        lambda x, y: x.reshape(n * n).reshape(n, n), lambda x, y: x.select(0, 0).expand(n, n) + y,
        lambda x, y: torch.matmul(x, y.narrow(1, 0, 1)).expand(n, n) * 0.5,
        lambda x, y: torch.cat([x, y], 1).reshape(2 * n, n).narrow(0, 1, n), lambda x, y: torch.mean(x, [0], True) - y,
        lambda x, y: torch.amax(x, [1], True) - y, lambda x, y: functional.pad(x.narrow(1, 0, n - 1), [1, 0]) + y]
    chosen = [(random.choice(calls), random.random(), random.random()) for _ in range(random.randint(5, 40))]
    asked = [random.random() < 0.2 for _ in chosen]

    def function(a: Any, b: Any, c: Any) -> Any:
        values = [a, b, c]
        for call, first, second in chosen:
            recent = [*values[:3], *values[-6:]]
            values.append(call(recent[int(first * len(recent))], values[int(second * len(values))]))
        return [values[-1], *(value for value, wanted in zip(values[3:], asked) if wanted)]

    return function


@pytest.mark.parametrize("seed", range(30))
def test_whatever_a_plan_is_its_values_are_those_of_torch(seed: int, every_part: None,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    n = random.choice([2, 3, 5, 8, 17])
    monkeypatch.setattr(parts, "_SMALL", random.choice([1 << 17, n * n + 1]))
    given = [torch.randn(n, n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) for _ in range(3)]
    function = _any_function(random, n)
    for mine, theirs in zip(*both(lambda a, b, c: function(a, b, c), *given)):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


def test_one_hot_of_any_integers_is_in_the_part_with_what_asks_for_it() -> None:
    graph = tf.Graph()
    with graph.as_default():
        x, at = tf.placeholder(tf.float32, [6, 3]), tf.placeholder(tf.int32, [6])
        loss = tf.reduce_sum(tf.square(tf.matmul(x, x, transpose_b=True)[:, :3] * tf.one_hot(at, 3)))
        with tf.Session() as sess:
            plan = sess.execution([loss], [], [x, at]).plan
    assert not [node for node in plan.graph.nodes if node.op.startswith("call") and parts.kind_in(node, plan) is None]


def test_a_matrix_that_lies_by_columns_is_turned_once_for_all_products(every_part: None) -> None:
    def shared(x: Any, y: Any, w: Any, v: Any) -> Any:
        return torch.matmul(torch.matmul(x, w.t()) + torch.matmul(y, w.t()), w.t() * 1.0 + v.t())

    def apart(x: Any, y: Any, w: Any, v: Any) -> Any:
        return torch.matmul(torch.matmul(x, w.t()) + torch.matmul(y, v.t()), w.t() * 1.0 + v.t())

    given = [numbers(*shape) for shape in ((40, 6), (40, 6), (6, 6), (6, 6))]
    needed = []
    for function in (shared, apart):
        mine, theirs = both(function, *given)
        torch.testing.assert_close(mine[0], theirs[0])
        part, = (item for item in machine.divided(plan_of(function, *given)) if isinstance(item, Part))
        writer = Writer(part, "part")
        writer.text()
        needed.append(writer.scratch)
    assert needed[1] - needed[0] == 192  # the memory of one matrix, from one multiple of 64 bytes to another
