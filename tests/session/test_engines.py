"""Products and convolutions by the engine that is quickest on this machine: the same values, measured once."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import fx

from tests.session.plans_of_functions import plan_of
from tfmagic import tf
from tfmagic.base.machine import compiler, thin
from tfmagic.session.tiers import candidates, choices, engines, machine
from tfmagic.session.tiers.machine import parts


@pytest.fixture
def machine_without_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing has been measured; gives the file for what is."""
    monkeypatch.setattr(choices, "_file", lambda: tmp_path / "cache" / "choices.json")
    choices._known.cache_clear()
    yield tmp_path / "cache" / "choices.json"
    choices._known.cache_clear()


def product(*shapes: tuple[int, ...], turned: tuple[bool, bool] = (False, False), threads: int = 0,
            dtype: torch.dtype = torch.float32) -> tuple[engines.Engines, list[torch.Tensor]]:
    """The product of a plan, and values for it; those that are turned lie column by column."""
    def across(value: Any, shape: tuple[int, ...]) -> Any:
        return value.permute(*reversed(range(len(shape))))

    def function(a: Any, b: Any, c: Any = None) -> Any:
        a, b = (across(value, shape) if turn else value for value, shape, turn in zip((a, b), shapes, turned))
        return torch.matmul(a, b) if c is None else torch.addmm(c, a, b)

    laid = [shape[::-1] if turn else shape for shape, turn in zip(shapes, (*turned, False))]
    given = [torch.rand(shape, dtype=dtype) for shape in laid]
    plan = plan_of(lambda a, b, c: function(a, b, c), *given) if len(given) == 3 else \
        plan_of(lambda a, b: function(a, b), *given)
    (found,) = [item for item in engines.find(plan.graph.nodes, threads) if isinstance(item, engines.Engines)]
    values = [across(value, shape) if turn else value for value, shape, turn in zip(given, shapes, (*turned, False))]
    return found, [values[-1], *values[:2]] if len(values) == 3 else values


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("shapes", [((64, 100), (100, 10)), ((64, 100), (100, 10), (10,)), ((2, 300), (300, 500)),
                                    ((300, 100), (100, 1), (1,)), ((1, 300), (300, 300)),
                                    ((50, 70), (70, 90), (90,)), ((8, 100), (100, 128)),
                                    ((2, 5, 7, 64), (64, 96)), ((3, 2, 64), (64, 200))])
def test_every_engine_gives_the_product(shapes: Any, turned: Any, dtype: torch.dtype) -> None:
    found, given = product(*shapes, turned=turned, dtype=dtype)
    by_name = dict(found.engines)
    lines, columns = math.prod(shapes[0][:-1]), shapes[1][-1]
    assert list(by_name) == ["torch"] + ["across"] * (len(shapes[0]) == 2) + \
        ["onednn"] * (dtype == torch.float32 and torch.backends.mkldnn.is_available()) + \
        ["by blocks"] * (compiler.available() and lines >= 8 and columns >= 32)
    found.prepare()
    with torch.inference_mode():
        expected = by_name.pop("torch")(*given)
        for engine in by_name.values():
            value = engine(*given)
            assert value.is_contiguous() and value.dtype == dtype
            torch.testing.assert_close(value, expected)


BACK = torch.ops.aten.convolution_backward
SAME = [1, 1], [1, 1], [1, 1]  # stride, padding, dilation
CONVOLUTIONS: dict[str, Any] = {
    "forward": lambda x, w, b, dy: torch.conv2d(x, w, b, *SAME, 1),
    "by input": lambda x, w, b, dy: BACK(dy, x, w, None, *SAME, False, [0, 0], 1, [True, False, False]),
    "by filter": lambda x, w, b, dy: BACK(dy, x, b[:1].expand(w.shape), None, *SAME, False, [0, 0], 1,
                                          [False, True, False]),
}


def convolution(name: str, given: list[Any]) -> tuple[engines.Engines, list[Any]]:
    """A call of `CONVOLUTIONS`, and its arguments."""
    function = CONVOLUTIONS[name]
    plan = plan_of(lambda x, w, b, dy: function(x, w, b, dy), *given)
    (found,) = [item for item in engines.find(plan.graph.nodes, 0) if isinstance(item, engines.Engines)]
    values = dict(zip((node for node in plan.graph.nodes if node.op == "placeholder"), given))
    return found, [values[arg] if isinstance(arg, fx.Node) and arg in values else engines.like(arg)
                   for arg in found.node.args]


def images(dtype: torch.dtype = torch.float32, taken: int = 6, made: int = 8, turned: bool = True) -> list[Any]:
    """Images, with their channels last or first; filters as TensorFlow has them; a bias; gradients of outputs."""
    x, dy = (torch.rand(2, 9, 7, depth, dtype=dtype).permute(0, 3, 1, 2) for depth in (taken, made))
    x, dy = (x, dy) if turned else (x.contiguous(), dy.contiguous())
    return [x, torch.rand(3, 3, taken, made, dtype=dtype).permute(3, 2, 0, 1), torch.rand(made, dtype=dtype), dy]


@pytest.mark.parametrize(("dtype", "depths"), [(torch.float32, (6, 8)), (torch.float64, (16, 32)),
                                               (torch.float32, (16, 32))])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_every_engine_gives_the_convolution(name: str, dtype: torch.dtype, depths: tuple[int, int]) -> None:
    found, arguments = convolution(name, images(dtype, *depths))
    by_name = dict(found.engines)
    tiles = dtype is torch.float32 and depths[0] == 16 and name != "by input" and compiler.available()
    few = depths[0] == 6 and name != "by input" and thin.fits(dtype, *depths, (3, 3), 7)
    assert list(by_name) == ["torch", "by channels"] + ["by tiles"] * tiles + ["by few"] * few + \
        ["by windows"] * (name != "by input")
    found.prepare()
    with torch.inference_mode():
        results = [engine(*arguments) for engine in by_name.values()]
    plain, *others = [[result] if isinstance(result, torch.Tensor) else list(result) for result in results]
    for result in others:
        for mine, theirs in zip(plain, result, strict=True):
            if mine is None or theirs is None:
                assert mine is theirs
            else:
                torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-4)
    if name == "forward":
        assert all(each.is_contiguous(memory_format=torch.channels_last) for each in results)


@pytest.mark.parametrize("name", ["forward", "by filter"])
@pytest.mark.parametrize(("sizes", "stride", "padding"), [((1, 5), (1, 1), (0, 2)), ((4, 1), (3, 1), (2, 0)),
                                                          ((2, 3), (2, 1), (0, 0)), ((3, 3), (1, 2), (2, 1))])
def test_windows_of_any_size_and_step_give_the_convolution(name: str, sizes: Any, stride: Any, padding: Any) -> None:
    x, w = torch.rand(2, 9, 7, 6).permute(0, 3, 1, 2), torch.rand(*sizes, 6, 8).permute(3, 2, 0, 1)
    dy = torch.rand_like(torch.conv2d(x, w, None, stride, padding))
    plan = plan_of(lambda x, w, dy: torch.conv2d(x, w, None, stride, padding, [1, 1], 1) if name == "forward" else
                   BACK(dy, x, w, None, stride, padding, [1, 1], False, [0, 0], 1, [False, True, False])[1], x, w, dy)
    (call,) = [node for node in plan.graph.nodes if candidates._has_few_windows(node)] if name == "forward" else \
        [node for node in plan.graph.nodes if node.target is BACK and candidates._has_few_windows(node)]
    engine = candidates.candidates(call)["by windows"]
    given = (x, w, None) if name == "forward" else (dy, x, w, None)
    with torch.inference_mode():
        expected, value = call.target(*given, *call.args[len(given):]), engine(*given, *call.args[len(given):])
    expected, value = (expected, value) if name == "forward" else (expected[1], value[1])
    torch.testing.assert_close(value, expected)


def test_what_is_much_under_filters_is_not_copied() -> None:
    found, _ = convolution("forward", [torch.rand(20, 16, 40, 40), torch.rand(16, 16, 3, 3), torch.rand(16),
                                       torch.rand(20, 16, 40, 40)])
    assert "by windows" not in found.engines


@pytest.mark.skipif(not compiler.available(), reason="llvmlite is not installed")
@pytest.mark.parametrize("name", ["forward", "by filter"])
def test_tiles_that_are_not_finite_are_torchs(name: str) -> None:
    given = images(taken=16, made=32)
    given[0][0, 0, 4, 4], given[3][0, 0, 4, 4] = float("inf"), float("nan")
    found, arguments = convolution(name, given)
    with torch.inference_mode():
        expected, value = (found.engines[engine](*arguments) for engine in ("torch", "by tiles"))
    expected, value = (expected, value) if name == "forward" else (expected[1], value[1])
    assert 0 < int(torch.isfinite(expected).sum()) < expected.numel()
    torch.testing.assert_close(value, expected, equal_nan=True)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_the_engine_of_a_convolution_is_measured_when_images_come(
        name: str, machine_without_choices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[Any] = []
    monkeypatch.setattr(engines, "_quickest", lambda engines, given: measured.append(given) or ("by channels", True))
    found, arguments = convolution(name, images())
    called: list[str] = []
    found.engines = {engine: lambda *given, engine=engine: called.append(engine) for engine in found.engines}
    call = found.bind()
    assert not measured
    call(*arguments)
    call(*arguments)
    assert len(measured) == 1 and called == ["by channels"] * 2
    first, _ = convolution(name, images(turned=False))
    first.engines = found.engines
    first.bind()(*(value.contiguous() if isinstance(value, torch.Tensor) else value for value in arguments))
    assert len(measured) == 1 and called[2:] == ["torch"]  # images with their channels first are left to torch


@pytest.mark.parametrize("name", ["forward", "by filter"])
def test_images_of_one_channel_lie_as_their_strides_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []
    monkeypatch.setattr(engines, "choice", lambda *given: measured.append(name) or "torch")
    x, *others = images(taken=1, made=32)
    channels_first = x.as_strided(x.shape, (63, 63, 7, 1))
    for images_of_one, count in ((x, 1), (channels_first, 1), (x, 2)):
        found, arguments = convolution(name, [images_of_one, *others])
        found.bind()(*arguments)
        assert len(measured) == count


def test_convolutions_of_volumes_are_left_to_torch() -> None:
    given = torch.rand(2, 8, 6, 6, 6), torch.rand(2, 8, 6, 6, 6), torch.rand(8, 8, 3, 3, 3)
    plan = plan_of(lambda dy, x, w: BACK(dy, x, w, None, [1] * 3, [1] * 3, [1] * 3, False, [0] * 3, 1,
                                         [False, True, False]), *given)
    assert list(engines.find(plan.graph.nodes, 0)) == list(plan.graph.nodes)


@pytest.mark.parametrize("function", [
    lambda a: torch.matmul(a, a.select(0, 0)), lambda a: torch.addmm(a, a, a),
    lambda a: torch.matmul(a.long(), a.long()), lambda a: torch.matmul(a.expand(2, 90, 90), a.expand(2, 90, 90)),
    lambda a: torch.matmul(torch.narrow(a, 0, 0, 2), torch.narrow(a, 1, 0, 2))])
def test_what_is_no_product_of_matrices_of_floats_or_takes_no_time_stays_torchs(function: Any) -> None:
    plan = plan_of(function, torch.rand(90, 90))
    assert list(engines.find(plan.graph.nodes, 0)) == list(plan.graph.nodes)


@pytest.mark.parametrize(("times", "expected"), [((1.0, 0.5, 0.8), "across"), ((1.0, 0.99, 0.95), "torch"),
                                                 ((0.3, 0.5, 0.8), "torch"), ((1.0, 0.9, 0.4), "onednn"),
                                                 ((1.0, 0.9, 0.5, 0.51), "by blocks"),
                                                 ((1.0, 0.9, 0.5, 0.6), "onednn"), ((1.0, 1.2, 1.2, 1.1), "torch"),
                                                 ((1.0, 1.2, 1.2, 1.02), "by blocks")])
def test_the_quickest_is_chosen_torch_where_none_is_clearly_quicker_ours_where_it_is_as_quick(
        times: tuple[float, ...], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    by_name = dict(zip(("torch", "across", "onednn", "by blocks"), times))
    given: dict[str, Any] = {name: (lambda *given, name=name: name) for name in by_name}
    monkeypatch.setattr(engines, "_timed", lambda engine, given, calls: by_name[engine()])
    assert engines._quickest(given, [[]]) == (expected, True)


def test_large_values_are_measured_as_a_large_plan_leaves_them_in_the_caches() -> None:
    large, small = torch.rand(512, 600)[:, :512], torch.rand(3, 4)
    row = torch.rand(1, 512).expand(512, 512)
    for around, copies in ((0, 0), (1 << 20, 0), (4 << 20, 2), (1 << 40, 8)):
        by_turns = engines._by_turns([large.t(), row, "same"], around)
        assert len(by_turns) == 1 + copies
        assert len({given[0].data_ptr() for given in by_turns}) == 1 + copies
        for given in by_turns:
            assert torch.equal(given[0], large.t()) and torch.equal(given[1], row) and given[2] == "same"
            assert [value.stride() for value in given[:2]] == [(1, 600), (0, 1)]
    assert len(engines._by_turns([small], 1 << 40)) == 1


def test_a_plan_tells_how_much_it_is_given() -> None:
    found, _ = product((64, 100), (100, 10))
    assert found.around == 4 * (64 * 100 + 100 * 10)


def test_a_shape_is_measured_once_for_each_number_of_threads(machine_without_choices: Path,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[int] = []
    monkeypatch.setattr(engines, "_quickest",
                        lambda *given: measured.append(torch.get_num_threads()) or ("across", True))
    before = torch.get_num_threads()
    for threads in (1, 2, 1, 2):
        found, given = product((64, 100), (100, 10))
        found.threads = threads
        assert found.bind() is candidates.across
    assert measured == [1, 2] and torch.get_num_threads() == before
    product((65, 100), (100, 10))[0].bind()
    product((64, 100), (100, 10), turned=(True, False))[0].bind()
    assert len(measured) == 4


def test_what_was_measured_is_kept_for_other_processes(machine_without_choices: Path) -> None:
    assert choices.choice("a", lambda: ("one", True)) == "one"
    other = json.loads(machine_without_choices.read_text())
    machine_without_choices.write_text(json.dumps({**other, "of another process": "two"}))
    assert choices.choice("b", lambda: ("three", True)) == "three"
    assert json.loads(machine_without_choices.read_text()) == {"a": "one", "b": "three", "of another process": "two"}
    choices._known.cache_clear()
    assert choices.choice("of another process", lambda: ("", True)) == "two"


def as_another_process(key: str, name: str, sure: bool) -> tuple[str, bool]:
    """What another process chooses, and whether it had to measure."""
    measured: list[str] = []
    choices._known.cache_clear()
    found = {choices.choice(key, lambda: measured.append(name) or (name, sure)) for _ in range(3)}
    assert len(found) == 1 and len(measured) <= 1  # it keeps to what it chose
    return found.pop(), bool(measured)


def test_what_was_measured_on_a_busy_machine_is_measured_again_and_holds_until_then(
        machine_without_choices: Path) -> None:
    assert as_another_process("a", "one", sure=False) == ("one", True)
    assert json.loads(machine_without_choices.read_text()) == {"a": ["one", 1]}
    assert as_another_process("a", "two", sure=False) == ("one", True)
    assert json.loads(machine_without_choices.read_text()) == {"a": ["one", 2]}
    assert as_another_process("a", "three", sure=True) == ("three", True)
    assert json.loads(machine_without_choices.read_text()) == {"a": "three"}
    assert as_another_process("a", "four", sure=True) == ("three", False)


def test_on_a_machine_that_is_always_busy_the_first_choice_stays_after_some_doubts(
        machine_without_choices: Path) -> None:
    found = [as_another_process("a", f"number {index}", sure=False) for index in range(8)]
    assert found == [("number 0", True)] * 5 + [("number 0", False)] * 3


def test_a_choice_is_sure_where_most_rounds_were_as_quick_as_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    engines_given: dict[str, Any] = {name: (lambda *given, name=name: name) for name in ("torch", "across", "onednn")}
    for slow, sure in ((1, True), (3, True), (4, False)):  # the first one is not counted
        rounds = {"torch": [1.0] * 6, "onednn": [9.0, 4.0, 7.0, 3.0, 8.0, 5.0],
                  "across": [0.5] * (6 - slow) + [0.8] * slow}
        monkeypatch.setattr(engines, "_timed", lambda engine, given, calls, rounds=rounds: rounds[engine()].pop())
        assert engines._quickest(engines_given, [[]]) == ("across", sure)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 3}', '{"a": ["b"]}', '{"a": [1, 2]}', "\0" * 8])
def test_a_damaged_file_is_measured_again(machine_without_choices: Path, text: str) -> None:
    machine_without_choices.parent.mkdir()
    machine_without_choices.write_text(text)
    assert choices.choice("a", lambda: ("one", True)) == "one"
    assert json.loads(machine_without_choices.read_text()) == {"a": "one"}


def test_where_no_file_can_be_written_a_process_measures_for_itself(tmp_path: Path,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("")
    monkeypatch.setattr(choices, "_file", lambda: tmp_path / "taken" / "choices.json")
    choices._known.cache_clear()
    assert choices.choice("a", lambda: ("one", True)) == choices.choice("a", lambda: ("two", True)) == "one"
    choices._known.cache_clear()


def test_a_program_trains_as_before_whatever_is_chosen(machine_without_choices: Path,
                                                       monkeypatch: pytest.MonkeyPatch) -> None:
    given = np.random.RandomState(0).rand(40, 200).astype(np.float32)

    def losses() -> list[float]:
        with tf.Graph().as_default(), tf.Session() as sess:
            x = tf.placeholder(tf.float32, [40, 200])
            w = tf.get_variable("w", initializer=tf.random_normal([200, 150], stddev=0.1, seed=1))
            b = tf.get_variable("b", [150], initializer=tf.zeros_initializer())
            loss = tf.reduce_mean(tf.square(tf.nn.xw_plus_b(x, w, b) - 0.5))
            train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
            sess.run(tf.global_variables_initializer())
            return [float(sess.run([loss, train], {x: given})[0]) for _ in range(12)]

    monkeypatch.setattr(machine, "_calls_before", lambda plan: None)
    expected = losses()
    if not compiler.available():
        return
    monkeypatch.setattr(machine, "_calls_before", lambda plan: 6)
    monkeypatch.setattr(parts, "_FEWEST", 1000)  # else the machine code has them
    for name in ("across", "onednn", "torch"):
        monkeypatch.setattr(engines, "_quickest", lambda *given, name=name: (name, True))
        choices._known.cache_clear()
        machine_without_choices.unlink(missing_ok=True)
        np.testing.assert_allclose(losses(), expected, rtol=1e-5)
        assert set(json.loads(machine_without_choices.read_text()).values()) == {name}


def test_nothing_is_loaded_for_choices_before_one_is_made() -> None:
    code = ("import sys; from tfmagic import tf; tf.Session().run(tf.constant(1) + 1)\n"
            "assert 'platformdirs' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)
