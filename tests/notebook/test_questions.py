"""What front ends ask the kernel about a drawing: values, shapes, and messages that make no sense."""

from __future__ import annotations

import base64
import threading
from typing import Any

import pytest
from shells import Shell

from tfmagic.notebook.shell import extension
from tfmagic.view.paint.document import GRAPH_MIME

LAYER = "%%graph\nx = tf.placeholder(tf.float32, [None, 3], name='x')\nw = tf.Variable(tf.ones([3, 2]), name='w')\n" \
        "y = tf.matmul(x, w, name='y')"


class Page:
    """A front end: it asks in another thread, as JupyterLab does in a subshell of the kernel."""

    def __init__(self, shell: Shell, cell: str) -> None:
        self.shell = shell
        self.document = shell.ok(cell).bundles[0][GRAPH_MIME]

    def reply(self, kind: Any, **question: Any) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        message = {"id": 1, "key": self.document["key"], "kind": kind, **question}
        questions = extension.questions_of(self.shell.ip)
        thread = threading.Thread(target=lambda: found.append(questions.answer(message)))
        thread.start()
        thread.join()
        return found[0]

    def ask(self, kind: str, **question: Any) -> Any:
        reply = self.reply(kind, **question)
        assert "error" not in reply, reply["error"]
        return reply["answer"]

    def refused(self, kind: Any, **question: Any) -> str:
        return self.reply(kind, **question)["error"]


@pytest.fixture
def page(shell: Shell) -> Page:
    return Page(shell, LAYER)


# --- the session that is looked at ------------------------------------------------------------------------------------


def test_a_session_in_a_variable_is_found(page: Page) -> None:
    page.shell.ok("sess = tf.Session(); sess.run(w.initializer); sess.run(tf.assign(w, 2 * w)); None")
    assert page.ask("value", name="w")["statistics"]["mean"] == 2


def test_the_cells_default_session_comes_first(page: Page) -> None:
    page.shell.ok("other = tf.Session(); other.run(w.initializer)")
    page.shell.ok("inter = tf.InteractiveSession(); tf.assign(w, 3 * tf.ones([3, 2])).eval(); other.run(w); None")
    assert page.ask("value", name="w")["statistics"]["mean"] == 3
    page.shell.ok("inter.close()")
    assert page.ask("value", name="w")["statistics"]["mean"] == 1


def test_the_session_of_session_cells_is_found(page: Page) -> None:
    page.shell.ok("%%session --init\nNone")
    assert page.ask("value", name="w")["statistics"]["mean"] == 1


def test_without_a_session_the_variable_is_named_and_what_to_run(page: Page) -> None:
    words = page.refused("value", name="w")
    assert words.startswith("w has no value, for no session of this graph is open") and "%%session --init" in words


def test_a_session_without_values_is_told_of(page: Page) -> None:
    page.shell.ok("sess = tf.Session()")
    assert page.refused("value", name="w").startswith("w has no value yet: run sess.run(")


def test_a_closed_session_and_one_of_another_graph_do_not_count(page: Page) -> None:
    page.shell.ok("a = tf.Session(); a.run(w.initializer); a.close()\nb = tf.Session(graph=tf.Graph())")
    assert "no session of this graph is open" in page.refused("value", name="w")


# --- values -----------------------------------------------------------------------------------------------------------


def test_what_was_fed_last_is_fed_again(page: Page) -> None:
    page.shell.ok("sess = tf.Session(); sess.run(w.initializer)")
    assert page.refused("value", name="y").startswith("The value depends on what is fed to x")
    page.shell.ok("sess.run(y, {x: [[1., 2., 3.], [4., 5., 6.]]}); None")
    report = page.ask("value", name="y")
    assert report["shape"] == [2, 2] and report["plane"] == [[6, 6], [15, 15]]


def test_a_look_changes_no_variable_and_no_random_stream(shell: Shell) -> None:
    page = Page(shell, "%%graph\ntf.set_random_seed(1)\nn = tf.Variable(0., name='n')\n"
                       "r = tf.random.uniform([2], name='r')\nup = tf.assign_add(n, tf.reduce_sum(r), name='up')")
    shell.ok("sess = tf.Session(); sess.run(n.initializer); first = sess.run(r)")
    shown = page.ask("value", name="r/RandomUniform")["plane"][0]
    assert page.ask("value", name="r/RandomUniform")["plane"][0] == shown
    page.ask("value", name="up")
    assert page.ask("value", name="n")["text"] == "0.0"
    shell.ok("second = sess.run(r)\nagain = tf.Session(); again.run(r); expected = again.run(r)")
    assert (shell.ip.user_ns["second"] == shell.ip.user_ns["expected"]).all()
    assert shown == pytest.approx(shell.ip.user_ns["second"], abs=1e-4)


def test_a_look_calls_no_python_and_prints_nothing(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    page = Page(shell, "%%graph\ncalled = []\np = tf.py_func(lambda: called.append(1) or 1, [], tf.int64, name='p')\n"
                       "with tf.control_dependencies([tf.print('said')]):\n    d = tf.constant(1, name='d') + 1")
    shell.ok("sess = tf.Session()")
    assert "only a run of your own" in page.refused("value", name="p")
    assert "only a run of your own" in page.refused("value", name="add")
    assert shell.ip.user_ns["called"] == []
    assert "said" not in "".join(capsys.readouterr())


# --- shapes of the last run -------------------------------------------------------------------------------------------


def test_shapes_of_the_last_run_are_known_without_running(page: Page) -> None:
    page.shell.ok("sess = tf.Session(); sess.run(w.initializer)")
    assert page.ask("shapes", names=["x:0", "y:0"]) == {}
    page.shell.ok("sess.run(y, {x: [[1., 2., 3.]] * 5}); None")
    assert page.ask("shapes", names=["x:0", "y:0", "no:0", "w"]) == {"x:0": [5, 3], "y:0": [5, 2]}


def test_what_needs_other_feeds_has_no_shape(shell: Shell) -> None:
    page = Page(shell, "%%graph\na = tf.placeholder(tf.float32, [None], name='a')\n"
                       "b = tf.placeholder(tf.float32, [None], name='b')\nc = tf.square(a, name='c')\n"
                       "d = tf.add(c, b, name='d')")
    shell.ok("sess = tf.Session(); sess.run(c, {a: [1.]}); None")
    assert page.ask("shapes", names=["c:0", "d:0"]) == {"c:0": [1]}


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "start", "holds"), [
    ("pdf", b"%PDF", b"/Font"), ("html", b"<!DOCTYPE html>", b"Content-Security-Policy"),
    ("dot", b"digraph", b"MatMul"), ("pbtxt", b"node {", b'op: "MatMul"'), ("svg", b"<svg", b"MatMul"),
    ("png", b"\x89PNG", b"IEND")])
def test_a_drawing_is_saved_in_each_form_without_a_system_graphviz(page: Page, form: str, start: bytes, holds: bytes,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    data = base64.b64decode(page.ask("export", format=form)["base64"])
    assert data.startswith(start) and holds in data


# --- messages that make no sense --------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", [
    {"kind": None}, {"kind": 7}, {"kind": {"a": 1}}, {"kind": "__init__"}, {"kind": "x" * 100_000},
    {"kind": "node", "name": 7}, {"kind": "node", "name": "x" * 100_000}, {"kind": "node", "name": None},
    {"kind": "value", "name": "x:0:0"}, {"kind": "value", "name": "y", "plane": "a"},
    {"kind": "load", "asked": {"a": 1}},
    {"kind": "load", "asked": [[]]}, {"kind": "export", "format": "exe"}, {"kind": "shapes", "names": [None]},
    {"kind": "shapes", "names": ["x:0"] * 10_001}, {"kind": "node", "key": "nobody"}, {"kind": "node", "key": []},
])
def test_a_message_that_makes_no_sense_is_answered_in_words(page: Page, question: dict[str, Any]) -> None:
    words = page.refused(**question)
    assert words and len(words) < 400 and "Traceback" not in words


@pytest.mark.parametrize("message", [None, 7, "kind", [], {}, {"id": {"a": 1}, "kind": "node"}])
def test_what_is_no_question_is_refused(page: Page, message: Any) -> None:
    reply = extension.questions_of(page.shell.ip).answer(message)
    assert reply["id"] is None and reply["error"]


# --- cells and lines --------------------------------------------------------------------------------------------------


def test_nodes_know_the_cells_and_lines_that_made_them(shell: Shell) -> None:
    shell.ok("def layer(x):\n    return tf.square(x, name='s')")
    page = Page(shell, "%%graph\nx = tf.placeholder(tf.float32, [2], name='x')\ny = layer(x)")
    made = {node["name"]: node.get("made") for node in page.document["nodes"]}
    assert made == {"x": [4, 2], "s": [3, 2, 4, 3]}
    report = page.ask("node", name="s")
    assert (report["cell"], report["line"], report["code"]) == (3, 2, "return tf.square(x, name='s')")
