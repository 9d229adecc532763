"""Plans as data, and the tiers that make them callable."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session import passes
from tfmagic.session.plan.plan_graph import PlanGraph
from tfmagic.session.plan.run_time import PlanCall
from tfmagic.session.planning import make_plan
from tfmagic.session.tiers import python, traced

pytestmark = pytest.mark.usefixtures("graph")


@pytest.fixture
def sess(graph):
    with tf.Session() as s:
        yield s


def plan_of(sess, fetches, feeds=(), **options) -> PlanGraph:
    return make_plan(fetches, [], list(feeds), sess._torch_device, sess.resources, **options)


def calls(plan: PlanGraph) -> list[PlanCall]:
    return [node.target for node in plan.graph.nodes if isinstance(node.target, PlanCall)]


def test_a_plan_says_what_its_parameters_and_results_are(sess) -> None:
    x, v = tf.placeholder(tf.float32, [2]), tf.Variable([1.0, 2.0])
    plan = plan_of(sess, [v.assign_add(x)], [x])
    assert set(plan.parameters) == {x, v.op}
    assert plan.written == [v.op] and plan.must_read == {v.op: plan.updates[0].op}
    assert plan.feeds == (x,) and {op.type for op in plan.ops} == {"VariableV2", "AssignAdd"}


def test_bodies_of_loops_and_branches_are_plans_too_and_go_through_the_same_passes(sess) -> None:
    x = tf.placeholder(tf.float32, [])
    branch = tf.cond(x > 0.0, lambda: tf.exp(x) + tf.exp(x), lambda: x)
    loop = tf.while_loop(lambda i: i < 3.0, lambda i: i + 1.0, [branch])
    cond, while_loop = calls(plan_of(sess, [loop], [x]))
    assert all(isinstance(body, PlanGraph) for body in (*cond.bodies, *while_loop.bodies))
    assert cond.bodies[1].code().count("torch.exp") == 1
    assert "while_loop" in plan_of(sess, [loop], [x]).code() and "# iteration of" in plan_of(sess, [loop], [x]).code()


def test_a_plan_is_checked_after_every_pass_whenever_tests_run(sess, monkeypatch) -> None:
    def lose_a_result(plan: PlanGraph) -> bool:
        """Rules:

        1. Breaks the plan."""
        plan.output_node.args = (((), (), ()),)
        return False

    monkeypatch.setattr(passes, "pipeline", lambda: [("lose a result", lose_a_result)])
    with pytest.raises(passes.BrokenPlan, match="rule 7: results and fetches differ"):
        sess.run(tf.constant(1.0))


def test_every_tier_gives_the_same_from_the_same_plan(sess) -> None:
    x = tf.placeholder(tf.float32, [3])
    total = tf.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, tf.cond(i > 1, lambda: s + x, lambda: s * 2.0)),
                          [0, tf.zeros([3]) + x])[1]
    plan = plan_of(sess, [total], [x])
    import torch

    given, seen = torch.tensor([1.0, 2.0, 3.0]), []
    for function in (python.function(plan), traced.function(plan, lambda node, *rest: seen.append(node))):
        assert function(given)[0][0].tolist() == [6.0, 12.0, 18.0]
    assert seen[-1] is plan.output_node and len({node.graph for node in seen}) == 5


def test_an_error_within_a_loop_and_a_branch_names_the_node_with_the_shapes_of_the_run(sess, graph) -> None:
    x = tf.placeholder(tf.float32, [None, None])

    def product(i, y):
        return i + 1, tf.cond(i > 0, lambda: tf.matmul(y, y, name="square"), lambda: y)

    _, y = tf.while_loop(lambda i, y: i < 2, product, [0, x], shape_invariants=[tf.TensorShape([]), x.shape])
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    for extra in ({}, {"options": options, "run_metadata": tf.RunMetadata()}):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"square") as caught:
            sess.run(y, {x: np.ones((2, 3))}, **extra)
        assert caught.value.op.name == "while/cond/square"
        assert "Inputs of while/cond/square (MatMul)" in str(caught.value) and "[2,3]" in str(caught.value)


def test_traced_and_plain_runs_of_one_plan_go_on_side_by_side(sess) -> None:
    x = tf.placeholder(tf.float32, [4, 4])
    y = tf.reduce_sum(tf.matmul(x, x) + 1.0)
    sess.run(y, {x: np.ones((4, 4))})
    options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    failed: list[BaseException] = []

    def work(trace: bool) -> None:
        try:
            for _ in range(60):
                given = {"options": options, "run_metadata": tf.RunMetadata()} if trace else {}
                assert sess.run(y, {x: np.ones((4, 4))}, **given) == 80.0
        except BaseException as exception:
            failed.append(exception)

    threads = [threading.Thread(target=work, args=(i % 2 == 0,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
