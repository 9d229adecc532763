"""The compiled tier: what it compiles, that results stay what they are, and what happens where it cannot compile."""

from __future__ import annotations

import shutil
import warnings

import numpy as np
import pytest
import torch

from tfmagic import tf
from tfmagic.session.planning import make_plan
from tfmagic.session.tiers import inductor
from tfmagic.session.tiers.compilable import divided
from tfmagic.session.tiers.compiled import CompiledRegion, function, is_marked
from tfmagic.session.tiers.failures import explained
from tfmagic.session.tiers.regions import Region

pytestmark = pytest.mark.usefixtures("graph")
with_compiler = pytest.mark.skipif(shutil.which("g++") is None and shutil.which("clang++") is None,
                                   reason="no C++ compiler")
JIT = tf.ConfigProto(graph_options=tf.GraphOptions(
    optimizer_options=tf.OptimizerOptions(global_jit_level=tf.OptimizerOptions.ON_1)))


@pytest.fixture
def compiler(monkeypatch) -> inductor.Compiler:
    """A compiler of the test's own: what other tests were warned of does not count."""
    made = inductor.Compiler()
    monkeypatch.setattr("tfmagic.session.tiers.compiled.COMPILER", made)
    return made


@pytest.fixture
def compiled(compiler, monkeypatch) -> list[str]:
    """The code of the regions that were compiled."""
    codes: list[str] = []
    compile_graph = compiler.compiled

    def noted(graph, values):
        codes.append(graph.python_code("self").src)
        return compile_graph(graph, values)

    monkeypatch.setattr(compiler, "compiled", noted)
    return codes


def chain(x, turns: int = 5):
    for _ in range(turns):
        x = tf.tanh(x * 0.5) + 0.25
    return x


def regions_of(fetches, feeds=(), wanted=lambda node: True) -> list[Region]:
    with tf.Session() as sess:
        plan = make_plan(fetches, [], list(feeds), sess._torch_device, sess.resources)
    return [item for item in divided(plan, wanted) or () if isinstance(item, Region)]


def torch_names(region: Region) -> set[str]:
    return {getattr(node.target, "__name__", node.target) for node in region.nodes}


# --- what is compiled -------------------------------------------------------------------------------------------------

def test_many_small_calls_are_one_region_and_few_are_none() -> None:
    x = tf.placeholder(tf.float32, [4])
    region, = regions_of([chain(x)], [x])
    assert len(region.nodes) == 15 and len(region.inputs) == len(region.outputs) == 1
    assert regions_of([tf.exp(x) + 1.0], [x]) == []


def test_two_calls_over_many_values_are_worth_a_region() -> None:
    x = tf.placeholder(tf.float32, [1 << 15])
    assert len(regions_of([tf.exp(x) + 1.0], [x])) == 1


@pytest.mark.parametrize("between", [
    lambda y: tf.gather(y, tf.cast(y, tf.int32)),  # places that only the run knows
    lambda y: tf.cast(tf.cast(y, tf.int32) // tf.cast(y, tf.int32), tf.float32),  # a division by 0 kills machine code
    lambda y: tf.cast(tf.cast(y, tf.complex64) * 1j, tf.float32),
    lambda y: tf.reshape(tf.py_func(np.square, [y], tf.float32, name="py"), [4]),
    lambda y: tf.Print(y, [y])])
def test_what_compiled_code_must_not_do_stands_between_regions(between) -> None:
    x = tf.placeholder(tf.float32, [4])
    found = regions_of([chain(between(chain(x)))], [x])
    assert len(found) == 2 and all(torch_names(region) <= {"add", "mul", "tanh", "to", "reshape"} for region in found)


def test_random_numbers_are_drawn_outside_of_the_region_that_takes_them() -> None:
    region, = regions_of([chain(chain(tf.ones([4])) + tf.random_uniform([4], seed=1))])
    assert "random_uniform" in {node.name for node in region.inputs}
    assert torch_names(region) == {"add", "mul", "tanh"}


def test_calls_that_give_several_tensors_are_outside_and_so_is_what_takes_them_apart() -> None:
    x = tf.placeholder(tf.float32, [2, 3, 3, 2])
    y, mean, _ = tf.nn.fused_batch_norm(chain(x), [1.0, 1.0], [0.0, 0.0])
    for region in regions_of([chain(y + mean)], [x]):
        assert torch_names(region) <= {"add", "mul", "tanh", "permute", "contiguous"}


def test_numbers_of_python_in_loops_stay_what_they_are() -> None:
    def turn(i, s, y):
        for _ in range(9):
            i, s = i + 1, s * 2.0
        return i, s, y + 1.0

    i, s, _ = tf.while_loop(lambda i, s, _: tf.logical_and(tf.logical_and(i < 90, i >= 0), tf.logical_and(
        s < 1e30, tf.logical_and(s > 0.0, tf.logical_and(s > 0.5, s < 1e20)))), turn, [0, 1.0, tf.zeros([2])])
    with tf.Session(config=JIT) as sess:
        assert sess.run([i, s]) == [72, 2.0 ** 72]


def test_only_what_a_scope_marks_is_compiled_where_it_asks_for_it() -> None:
    x = tf.placeholder(tf.float32, [4])
    before = chain(x)
    with tf.xla.experimental.jit_scope():
        marked = chain(before)
    region, = regions_of([chain(marked)], [x], is_marked)
    assert len(region.nodes) == 15 and {node.meta["op"].name.partition("_")[0] for node in region.nodes} <= {
        "mul", "Tanh", "add"} and all(node.meta["op"]._attrs["_XlaCompile"] for node in region.nodes)


def test_a_plan_stays_as_it_is() -> None:
    x = tf.placeholder(tf.float32, [4])
    with tf.Session() as sess:
        plan = make_plan([chain(x)], [], [x], sess._torch_device, sess.resources)
    before = plan.code()
    function(plan)
    assert plan.code() == before and not any(isinstance(n.target, CompiledRegion) for n in plan.graph.nodes)


# --- results ----------------------------------------------------------------------------------------------------------

@with_compiler
def test_a_config_compiles_once_per_plan_with_the_same_results(compiled) -> None:
    x = tf.placeholder(tf.float32, [4])
    y = chain(x, 20) + x * 0.0
    value = np.array([1.0, -2.0, np.inf, np.nan], np.float32)
    with tf.Session() as plain, tf.Session(config=JIT) as sess:
        assert sess.jit and not plain.jit
        for factor in (1.0, 2.0):
            np.testing.assert_allclose(sess.run(y, {x: factor * value}), plain.run(y, {x: factor * value}), rtol=1e-5)
    assert len(compiled) == 1


@with_compiler
def test_tangents_of_compiled_code_are_those_of_torch_but_for_the_last_places(compiled) -> None:
    numbers = np.concatenate([np.linspace(-10, 10, 4001), np.logspace(-45, 38, 500), [np.inf, -np.inf]])
    x = tf.placeholder(tf.float32, [len(numbers)])
    ys = [tf.tanh(x * sign) for sign in (1.0, -1.0)] + [tf.tanh(x * np.nan), chain(x)]
    with tf.Session(config=JIT) as sess:
        up, down, nothing, _ = sess.run(ys, {x: numbers})
    assert compiled and "tanh" not in compiled[0]
    wanted = np.tanh(numbers)  # a run takes denormal numbers for 0
    np.testing.assert_allclose(up, np.where(np.abs(wanted) < np.finfo(np.float32).tiny, 0, wanted), rtol=7e-7)
    np.testing.assert_array_equal(up, -down)
    assert np.abs(up).max() == 1.0 and up[-2] == 1.0 and np.isnan(nothing).all()


@with_compiler
def test_a_scope_compiles_without_a_config(compiled) -> None:
    x = tf.placeholder(tf.float32, [4])
    with tf.xla.experimental.jit_scope():
        y = chain(x)
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(chain(y), {x: np.ones(4)}), sess.run(chain(chain(x)), {x: np.ones(4)}),
                                   rtol=1e-5)
        assert len(compiled) == 1 and compiled[0].count("torch.div(") == 5


@with_compiler
def test_training_with_seeded_numbers_goes_as_without_it(compiled) -> None:
    tf.set_random_seed(3)
    w = tf.Variable(tf.random_normal([6, 5], seed=1))
    x = tf.random_uniform([8, 6], seed=2)
    loss = tf.reduce_mean(tf.square(chain(tf.matmul(x, w))))
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    found = []
    for config in (None, JIT):
        with tf.Session(config=config) as sess:
            sess.run(tf.global_variables_initializer())
            found.append([sess.run([loss, train])[0] for _ in range(4)] + [sess.run(w)])
    assert compiled
    for plain, jit in zip(*found):
        np.testing.assert_allclose(jit, plain, rtol=1e-4, atol=1e-6)


@with_compiler
def test_bodies_of_loops_are_compiled_and_random_numbers_are_the_same(compiled) -> None:
    x = tf.placeholder(tf.float32, [4])

    def turn(i, y):
        return i + 1, chain(y + tf.random_normal([4], seed=4))

    y = tf.while_loop(lambda i, _: i < 3, turn, [0, x])[1]
    with tf.Session() as plain, tf.Session(config=JIT) as sess:
        np.testing.assert_allclose(sess.run(y, {x: np.ones(4)}), plain.run(y, {x: np.ones(4)}), rtol=1e-5)
    assert len(compiled) == 1


@with_compiler
def test_what_is_fetched_and_what_is_assigned_are_memory_of_their_own(compiled) -> None:
    v = tf.Variable(np.arange(4, dtype=np.float32), use_resource=True)
    w = tf.Variable(np.zeros(4, np.float32), use_resource=True)
    same = v * 1.0 + 0.0  # which a compiler finds to be the value itself
    with tf.control_dependencies([w.assign(same * 1.0)]):
        out = [tf.identity(same + 0.0), chain(v)]
    with tf.Session(config=JIT) as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(2):
            fetched = sess.run(out)
            fetched[0][:] = 100.0
            sess.run(w.assign_add(np.ones(4)))
            np.testing.assert_array_equal(sess.run(v), np.arange(4))
            np.testing.assert_array_equal(sess.run(w), np.arange(4) + 1)
    assert compiled


@with_compiler
def test_arrays_laid_out_in_another_way_are_taken(compiled) -> None:
    x = tf.placeholder(tf.float32, [3, 4])
    y = chain(x)
    rows = np.arange(12, dtype=np.float32).reshape(3, 4) / 10
    with tf.Session(config=JIT) as sess, warnings.catch_warnings():
        warnings.simplefilter("error")
        straight = sess.run(y, {x: rows})
        np.testing.assert_array_equal(sess.run(y, {x: np.asfortranarray(rows)}), straight)
        np.testing.assert_array_equal(sess.run(y, {x: rows}), straight)
    assert len(compiled) == 1


# --- where it cannot --------------------------------------------------------------------------------------------------

def test_without_a_compiler_one_warning_says_what_to_install(compiler, monkeypatch) -> None:
    def none(*args: object) -> None:
        raise torch._inductor.exc.InvalidCxxCompiler

    import torch._inductor.exc

    monkeypatch.setattr("tfmagic.session.tiers.inductor._compiled", none)
    x = tf.placeholder(tf.float32, [4])
    with tf.Session(config=JIT) as sess, tf.Session() as plain:
        with pytest.warns(RuntimeWarning, match=r"there is no C\+\+ compiler. Install one .*apt install g\+\+") as told:
            for y in (chain(x), chain(x, 6)):
                np.testing.assert_array_equal(sess.run(y, {x: np.ones(4)}), plain.run(y, {x: np.ones(4)}))
        assert len(told) == 1


def test_where_compiled_code_fails_the_run_goes_on_and_a_warning_says_so(compiler, monkeypatch) -> None:
    def broken(*values: object) -> None:
        raise RuntimeError("no such thing")

    monkeypatch.setattr("tfmagic.session.tiers.inductor._compiled", lambda graph, values: broken)
    x = tf.placeholder(tf.float32, [4])
    with tf.Session(config=JIT) as sess, pytest.warns(RuntimeWarning, match="compiled code failed") as told:
        for _ in range(3):
            assert sess.run(chain(x), {x: np.zeros(4)}).shape == (4,)
    assert len(told) == 1


def test_what_fails_in_a_region_is_told_with_its_node(compiler, monkeypatch) -> None:
    def out_of_memory(*values: object) -> None:
        raise MemoryError

    monkeypatch.setattr("tfmagic.session.tiers.inductor._compiled", lambda graph, values: out_of_memory)
    x = tf.placeholder(tf.float32, [4])
    y = tf.exp(chain(x, 3), name="culprit")
    with tf.Session() as sess:
        plan = make_plan([y], [], [x], sess._torch_device, sess.resources)
    run = function(plan)
    monkeypatch.setattr(torch, "exp", out_of_memory)  # the code of the region looks it up when it runs
    with pytest.raises(MemoryError) as raised:
        run(torch.ones(4))
    error = explained(raised.value)
    assert isinstance(error, tf.errors.ResourceExhaustedError) and "node culprit (defined at" in str(error)


def test_an_interrupted_compilation_is_taken_up_by_the_next_run(compiler, monkeypatch) -> None:
    made = []

    def compile_graph(graph, values):
        made.append(graph)
        if len(made) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(compiler, "compiled", compile_graph)
    x = tf.placeholder(tf.float32, [4])
    y = chain(x)
    with tf.Session(config=JIT) as sess:
        with pytest.raises(KeyboardInterrupt):
            sess.run(y, {x: np.ones(4)})
        assert sess.run(y, {x: np.ones(4)}).shape == (4,) and len(made) == 2
