"""What the side panel asks: pages of scopes, tensors, variables, sessions, devices."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
from shells import Shell

from tfmagic.notebook.shell import extension

NET = "x = tf.placeholder(tf.float32, [None, 3], name='x')\nwith tf.name_scope('enc'):\n" \
      "    w = tf.Variable(tf.ones([3, 2]), name='w')\n    y = tf.matmul(x, w, name='y')"


class Panel:
    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    def ask(self, kind: str, **question: Any) -> Any:
        reply = extension.questions_of(self.shell.ip).answer({"id": 1, "kind": kind, **question})
        assert "error" not in reply, reply["error"]
        return reply["answer"]


@pytest.fixture
def panel(shell: Shell) -> Panel:
    shell.ok(NET)
    return Panel(shell)


def test_scopes_open_level_by_level(panel: Panel) -> None:
    top = panel.ask("scopes")
    assert top["rows"][0] == ["x", "x", 0, "Placeholder (?, 3) float32"] and top["total"] == 2
    inside = {name: kind for name, _, _, kind in panel.ask("scopes", name="enc")["rows"]}
    assert inside["enc/y"] == "MatMul (?, 2) float32"
    assert [count for name, _, count, _ in panel.ask("scopes", name="enc")["rows"] if name == "enc/w"] == [2]


def test_tensors_are_filtered_by_every_word(panel: Panel) -> None:
    assert panel.ask("tensors", filter="matmul float32")["rows"] == [["enc/y:0", "MatMul", "(?, 2)", "float32", ""]]
    assert panel.ask("tensors", filter="matmul int32")["total"] == 0


def test_variables_tell_their_state(panel: Panel) -> None:
    assert [row[4:] for row in panel.ask("variables")["rows"]] == [["no value yet", ""]]
    panel.shell.ok("sess = tf.Session(); sess.run(w.initializer)")
    assert panel.ask("variables")["rows"][0][4:] == ["initialised", "[[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]"]


def test_a_tensor_is_looked_at_on_request(panel: Panel) -> None:
    panel.shell.ok("sess = tf.Session(); sess.run(w.initializer)")
    report = panel.ask("look", name="enc/w:0")
    assert report["value"]["statistics"]["mean"] == 1 and report["line"] == 3
    assert panel.ask("look", name="enc/y:0")["why"].startswith("The value depends on what is fed to x")


def test_sessions_and_devices_are_listed(panel: Panel) -> None:
    panel.shell.ok("sess = tf.Session(); sess.run(w.initializer)\nold = tf.Session(); old.close()")
    rows = {row[0]: row[2:] for row in panel.ask("sessions")}
    assert rows == {"sess": ["open, in use", "1 variable", "24 B"], "old": ["closed", "0 variables", "0 B"]}
    assert panel.ask("devices")["rows"][0][0] == "CPU:0"


def test_other_graphs_can_be_chosen(panel: Panel) -> None:
    panel.shell.ok("other = tf.Graph()\nwith other.as_default():\n    c = tf.constant(1, name='c')")
    graphs = panel.ask("graphs")
    assert [entry["name"] for entry in graphs] == ["default graph", "other"]
    assert panel.ask("scopes", graph=graphs[1]["graph"])["rows"][0][0] == "c"


@pytest.mark.parametrize("question", [{"from": -1}, {"from": "a"}, {"from": 10**9}, {"graph": "a"}, {"graph": []}])
def test_odd_pages_are_the_first(panel: Panel, question: dict[str, Any]) -> None:
    assert panel.ask("tensors", **question)["from"] == 0


def test_large_graphs_come_in_pages(shell: Shell) -> None:
    shell.ok("for i in range(5000): tf.constant(0, name=f'c{i}')")
    panel = Panel(shell)
    start = time.perf_counter()
    page = panel.ask("tensors", filter="const", **{"from": 4950})
    assert time.perf_counter() - start < 0.5
    assert (len(page["rows"]), page["total"], page["from"]) == (50, 5000, 4950)
    assert len(panel.ask("scopes")["rows"]) == 100


def test_the_panel_does_not_import_torch() -> None:
    program = ("from IPython.core.interactiveshell import InteractiveShell as S\nimport sys\ns = S.instance()\n"
               "s.run_line_magic('load_ext', 'tfmagic')\ns.run_cell('from tfmagic import tf; tf.Variable(1.)')\n"
               "from tfmagic.notebook.shell.extension import questions_of\nq = questions_of(s)\n"
               "for kind in ('graphs', 'scopes', 'tensors', 'variables', 'sessions', 'devices'):\n"
               "    assert 'answer' in q.answer({'kind': kind}), kind\n"
               "assert 'torch' not in sys.modules and 'anywidget' not in sys.modules\n")
    subprocess.run([sys.executable, "-c", program], check=True)
