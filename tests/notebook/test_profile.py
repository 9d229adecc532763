"""`%%session --profile`: where time and memory went, as tables and as heat on the drawing."""

from __future__ import annotations

import re

import pytest
from bundles import drawn
from IPython.core.error import UsageError
from shells import Shell

from tfmagic import tf
from tfmagic.session.spent import spent
from tfmagic.view.paint.bundle import picture_of

NET = """x = tf.placeholder(tf.float32, [None, 64], name='x')
with tf.name_scope('net'):
    w = tf.get_variable('w', [64, 512], initializer=tf.ones_initializer())
    hidden = tf.nn.relu(tf.matmul(x, w, name='product'), name='hidden')
loss = tf.reduce_sum(hidden, name='loss')
import numpy as np"""
RUNS = """for _ in range(3):
    tf.get_default_session().run(loss, {x: np.ones([1000, 64])})"""


@pytest.fixture
def net(shell: Shell) -> Shell:
    shell.ok(NET)
    return shell


def test_tables_say_where_time_and_memory_went(net: Shell) -> None:
    nodes, lines, drawing = net.ok(f"%%session --profile --init\n{RUNS}").bundles
    rows = [re.split(r"\s{2,}", row) for row in nodes["text/plain"].splitlines()]
    assert rows[0] == ["node", "op", "time", "share", "executions", "memory", "made by"]
    found = {row[0]: row for row in rows[1:]}
    assert found["net/product"][4:] == ["3", "5.86 MiB", "In [3], line 4: hidden = tf.nn.relu("
                                        "tf.matmul(x… name='product'), name='hidden')"]
    assert 99 <= sum(float(row[3].rstrip(" %")) for row in rows[1:] if len(row) > 4) <= 101
    assert rows[-1][0].startswith("3 runs, ")
    by_line = [re.split(r"\s{2,}", row) for row in lines["text/plain"].splitlines()]
    assert by_line[0] == ["line", "time", "share", "memory", "nodes"]
    assert any(row[0].startswith("In [3], line 4: hidden") and row[4] == "2" for row in by_line[1:-1])
    assert "Time by node · 3 runs, " in nodes["text/html"] and "<th scope=\"col\">memory</th>" in nodes["text/html"]
    assert "Time of 3 runs: " in drawing["text/plain"] and "product" in drawn(drawing)
    assert re.search(r'class="n[^"]* heat4"', picture_of(drawing))


def test_it_speaks_portuguese(net: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFMAGIC_LANG", "pt")
    nodes, lines, drawing = net.ok(f"%%session --profile --init\n{RUNS}").bundles
    assert nodes["text/plain"].startswith("nó ") and "memória" in nodes["text/plain"]
    assert "feito por" in nodes["text/plain"] and "3 execuções, " in nodes["text/plain"]
    assert "Tempo por linha" in lines["text/html"] and "Tempo de 3 execuções: " in drawing["text/plain"]


def test_turns_of_a_loop_are_executions_and_the_loop_does_not_count_twice(shell: Shell) -> None:
    shell.ok("i = tf.while_loop(lambda i: tf.reduce_sum(i) < 70., lambda i: tf.exp(i * 0.) + i, [tf.zeros([7])])")
    nodes = shell.ok("%%session --profile\ntf.get_default_session().run(i)").bundles[0]["text/plain"]
    assert re.search(r"while/Exp +Exp +\S+ µs +\S+ % +10 ", nodes), nodes


def test_the_numbers_are_those_of_run_metadata(net: Shell) -> None:
    shown = net.ok(f"%%session sess --profile --init\nprofile = sess.run\n{RUNS}")
    traces = net.ip.user_ns["profile"].__wrapped__.__self__.traces
    assert len(traces) == 3
    whole = sum(stats.all_end_rel_nanos for trace in traces for device in trace.step_stats.dev_stats
                for stats in device.node_stats)
    assert sum(took.nanoseconds for took in spent(traces).values()) == whole
    assert spent(traces)["net/product"].requested == 3 * 1000 * 512 * 4
    assert len(shown.bundles) == 3


def test_a_run_with_options_of_its_own_is_left_alone_and_no_run_is_said(net: Shell) -> None:
    done = net.ok("%%session --profile --init\ntf.get_default_session().run(loss, {x: [[1.] * 64]}, "
                  "options=tf.RunOptions(timeout_in_ms=9999)); None")
    assert "Nothing to show: no run was traced." in done.stdout and not done.bundles


@pytest.mark.parametrize("options", ["--profile --jit", "--check --profile", "--check --jit"])
def test_two_ways_of_running_a_plan_are_refused(net: Shell, options: str) -> None:
    error = net.run(f"%%session {options}\nloss").error
    assert isinstance(error, UsageError) and "leave all but one out" in str(error)


def test_what_fails_is_no_reason_to_hide_what_ran_before(net: Shell) -> None:
    done = net.run(f"%%session --profile --init\n{RUNS}\ntf.get_default_session().run(loss, {{x: [[1.]]}})")
    assert isinstance(done.error, (ValueError, tf.errors.InvalidArgumentError))
    assert any("text/plain" in bundle and "net/product" in bundle["text/plain"] for bundle in done.bundles)


