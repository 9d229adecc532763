"""Programs with branches, loops and TensorArrays give TensorFlow's values, by both ways to run them."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session.lower import control_flow
from tfmagic.session.lower.dataflow import DataflowStep

sys.path.insert(0, str(Path(__file__).parent))
from programs import PROGRAMS, random_program, run

RECORDED = json.loads(Path(__file__).with_name("programs.json").read_text())


@pytest.fixture(params=["structured", "dataflow"])
def way(request, monkeypatch):
    """Run by recovered branches and loops, or node by node as a graph without such a structure."""
    if request.param == "dataflow":
        monkeypatch.setattr(control_flow, "recover",
                            lambda ops, fed, needed=(): [DataflowStep(ops, fed, list(needed))])
    return request.param


def check(expected, actual):
    assert len(expected) == len(actual)
    for wanted, got in zip(expected, actual):
        for a, b in zip(wanted, got, strict=True):
            np.testing.assert_allclose(b, a, rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_gives_tensorflows_values(name, way):
    check(RECORDED["programs"][name], run(tf, PROGRAMS[name]))


@pytest.mark.parametrize("seed", RECORDED["random"])
def test_random_program_gives_tensorflows_values(seed, way):
    check(RECORDED["random"][seed], run(tf, lambda tf: random_program(tf, int(seed))))


def test_gradients_that_come_together_leave_a_loop_a_loop(graph):
    """An optimizer has the gradients of one node wait for each other, in a loop between its Switch and its Exit too."""
    start = tf.Variable([1.0, 2.0])
    _, end = tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * x), [0, start])
    step = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(end))
    assert any(op.name.endswith("tuple/control_dependency") and op.outputs[0].consumers()[0].type == "Exit"
               for op in graph.get_operations() if op.outputs and op.outputs[0].consumers())
    assert not any(isinstance(part, DataflowStep) for part in control_flow.recover(graph.get_operations(), set()))
    with tf.Session() as session:
        session.run(start.initializer)
        session.run(step)
        np.testing.assert_allclose(session.run(start), [1 - 0.8, 2 - 0.8 * 2 ** 7])
