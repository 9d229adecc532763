"""Traced runs in `tf.profiler`, `timeline` and `RunMetadata`: the same numbers everywhere."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.session.spent import spent
from tfmagic.tf.profiler.timeline import Timeline

pytestmark = pytest.mark.usefixtures("graph")
BUILDER = tf.profiler.ProfileOptionBuilder


@pytest.fixture
def trace(graph):
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    with tf.name_scope("net"):
        hidden = tf.nn.relu(tf.matmul(x, tf.ones([64, 32]) * x[0, 0], name="product"), name="hidden")
    loss = tf.reduce_sum(hidden, name="loss")
    found = tf.RunMetadata()
    with tf.Session() as sess:
        sess.run(loss, {x: np.ones([100, 64])}, tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), found)
    return found


def children(proto) -> dict:
    found = {proto.name: proto}
    for child in proto.children:
        found.update(children(child))
    return found


def test_the_view_of_scopes_has_the_numbers_of_the_trace(trace, capsys) -> None:
    root = tf.profiler.profile(run_meta=trace, cmd="scope", options=BUILDER.time_and_memory(min_micros=0))
    took, nodes = spent([trace]), children(root)
    for name in ("net/product", "net/hidden", "loss"):
        assert (nodes[name].exec_micros, nodes[name].requested_bytes) == (took[name].cpu, took[name].requested)
        assert nodes[name].cpu_exec_micros == took[name].cpu and nodes[name].run_count == 1
    assert root.total_exec_micros == sum(nodes[name].exec_micros for name in nodes)
    assert root.total_requested_bytes == sum(nodes[name].requested_bytes for name in nodes)
    text = capsys.readouterr().out
    assert ("node name | requested bytes | total execution time | accelerator execution time | cpu execution time"
            in text)
    assert re.search(r"^    net/product \(12.80KB/12.80KB, (\S+)/\1, 0us/0us, \1/\1\)$", text, re.M), text


def test_the_view_of_types_has_them_too(trace, capsys) -> None:
    options = BUILDER(BUILDER.time_and_memory(0, 0)).select(["micros", "bytes", "occurrence"]).build()
    first = tf.profiler.profile(run_meta=trace, cmd="op", options=options).children[0]
    took = spent([trace])
    assert first.total_exec_micros == sum(each.cpu for each in took.values())
    text = capsys.readouterr().out
    assert "cpu execution time | op occurrence (run|defined)" in text
    assert re.search(r"^MatMul {19} +12.80KB \(\d+.\d\d%, \d+.\d\d%\), .*,        1\|1$", text, re.M), text


def test_a_timeline_lasts_as_long(trace) -> None:
    events = json.loads(Timeline(trace.step_stats).generate_chrome_trace_format())["traceEvents"]
    lasted = {event["args"]["name"]: event["dur"] for event in events if event.get("cat") == "Op"}
    assert lasted == {name: took.cpu for name, took in spent([trace]).items()}


def test_a_profiler_shows_a_step_the_last_before_it_or_the_mean_of_all(trace) -> None:
    profiler = tf.profiler.Profiler()
    for step in (1, 2, 2):
        profiler.add_step(step, trace)
    once = spent([trace])["net/product"].cpu

    def micros(step: int) -> int:
        options = BUILDER(BUILDER.time_and_memory()).with_step(step).with_empty_output().build()
        product = children(profiler.profile_name_scope(options)).get("net/product")
        return 0 if product is None else product.exec_micros

    assert [micros(step) for step in (0, 1, 2, 3, -1)] == [0, once, 2 * once, 2 * once, 3 * once // 2]


def test_what_took_less_than_is_asked_for_is_not_shown(trace) -> None:
    options = BUILDER.time_and_memory(min_bytes=12000)
    assert "loss" not in children(tf.profiler.profile(run_meta=trace, options=options))
