"""What front ends ask the kernel about a drawing: values, shapes, and messages that make no sense."""

from __future__ import annotations

import base64
import re
import threading
from typing import Any

import numpy as np
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


TOWER = """%%graph
x = tf.placeholder(tf.float32, [2, 2], name='x')
for i in range(12):
    with tf.name_scope(f'block_{i}'):
        for j in range(5):
            with tf.name_scope(f'part_{j}'):
                x = tf.nn.relu(tf.square(x, name='square'), name='relu')"""


def labels_in_dot(page: Page, **question: Any) -> tuple[set[str], set[str]]:
    """The titles of the nodes and those of the boxes of a drawing saved as DOT."""
    lines = base64.b64decode(page.ask("export", format="dot", **question)["base64"]).decode().splitlines()
    found: tuple[list[str], list[str]] = ([], [])
    for line in lines:
        if match := re.search(r'^(n\d+ \[|subgraph).*?label="([^"\\]*)', line):
            found[match[1].startswith("subgraph")].append(match[2])
    return set(found[0]), set(found[1])


@pytest.fixture
def tower(shell: Shell) -> Page:
    return Page(shell, TOWER)


def id_of(page: Page, name: str) -> str:
    tops = [node["id"] for node in page.document["nodes"]]
    loaded = page.ask("load", asked=[node["id"] for node in page.ask("load", asked=tops)["nodes"]])
    return next(node["id"] for node in loaded["nodes"] if node["name"] == name)


def test_what_is_saved_has_the_scopes_open_that_the_reader_has_open(tower: Page) -> None:
    nodes, boxes = labels_in_dot(tower)
    assert "block_3" in nodes and not boxes
    block, part = id_of(tower, "block_3"), id_of(tower, "block_3/part_1")
    nodes, boxes = labels_in_dot(tower, open=[part, block])
    assert boxes == {"block_3", "part_1"}
    assert {"part_0", "square", "relu", "block_2"} <= nodes and "block_3" not in nodes
    assert labels_in_dot(tower, open=[part])[1] == set()  # it lies in a folded scope
    for form, holds in (("html", b"part_1"), ("svg", b"part_1"), ("pdf", b"%PDF")):
        assert holds in base64.b64decode(tower.ask("export", format=form, open=[block])["base64"])


def test_of_an_inside_only_what_is_new_is_told(shell: Shell) -> None:
    tower = Page(shell, TOWER.replace("range(12)", "range(60)"))
    document = tower.document
    for _ in range(3):
        homes = {node.get("in") for node in document["nodes"]}
        folded = [node["id"] for node in document["nodes"] if node.get("holds") and node["id"] not in homes]
        known = sorted(homes - {None})
        whole = tower.ask("load", asked=[*known, folded[0]])
        more = tower.ask("load", asked=[folded[0]], known=known)
        told, opened = {node["id"] for node in more["nodes"]}, {node.get("in") for node in more["nodes"]}
        document = {**document,
                    "nodes": [node for node in document["nodes"] if node["id"] not in told] + more["nodes"],
                    "edges": [edge for edge in document["edges"] if not opened & set(edge[:2])] + more["edges"]}
        assert len(more["nodes"]) < len(whole["nodes"])
        for part in ("nodes", "edges"):
            assert sorted(map(repr, document[part])) == sorted(map(repr, whole[part]))


def test_what_was_open_at_first_can_be_saved_folded(shell: Shell) -> None:
    page = Page(shell, "%%graph\nwith tf.name_scope('s'):\n    x = tf.constant(1.) + 2.\ny = tf.square(x)")
    assert labels_in_dot(page)[1] == {"s"}
    assert labels_in_dot(page, open=[]) == ({"s", "Square"}, set())


def test_a_group_of_repetitions_is_saved_open(shell: Shell) -> None:
    page = Page(shell, "%%graph\nx = tf.zeros([2])\nfor _ in range(300):\n    x = tf.nn.relu(x + 1.)")
    run = next(node for node in page.document["nodes"] if node["role"] == "run")
    nodes, boxes = labels_in_dot(page, open=[run["id"]])
    assert boxes == {run["lines"][0][1]} and len(nodes) > len(labels_in_dot(page)[0])


def test_a_drawing_of_the_whole_graph_stays_as_it_was_drawn(shell: Shell) -> None:
    shell.ok("with tf.name_scope('a'):\n    x = tf.constant(1., name='x') + 2.")
    page = Page(shell, "%graph")
    before = page.ask("load", asked=[])
    shell.ok("with tf.name_scope('a/'):\n    y = tf.square(x, name='later')")
    assert page.ask("load", asked=[]) == before
    assert "later" not in labels_in_dot(page, open=[id_of(page, "a")])[0]


# --- planes of a value ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "axes", "at", "expected"), [
    ((3,), None, [], (0, slice(None))),
    ((4, 5), None, [], (slice(None), slice(None))),
    ((3, 4, 5), [0], [2], (2, slice(None), slice(None))),
    ((2, 4, 5, 3), [0, 3], [1, 2], (1, slice(None), slice(None), 2)),
    ((2, 2, 3, 4, 5), [0, 1, 2], [1, 0, 2], (1, 0, 2, slice(None), slice(None))),
])
def test_each_plane_of_a_value_can_be_asked_for(shell: Shell, shape: tuple[int, ...], axes: list[int] | None,
                                                at: list[int], expected: Any) -> None:
    value = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    shell.ip.user_ns["value"] = value
    page = Page(shell, "%%graph\nv = tf.identity(tf.constant(value), name='v')")
    report = page.ask("value", name="v", plane=at)
    np.testing.assert_array_equal(report["plane"], np.atleast_2d(value)[expected] if len(shape) > 1 else value[None])
    assert (report.get("axes"), report.get("at")) == (axes, at or None)
    assert report["statistics"] == page.ask("value", name="v")["statistics"]
    assert report["histogram"]["counts"] == page.ask("value", name="v")["histogram"]["counts"]


def test_a_plane_beyond_the_end_is_the_last(shell: Shell) -> None:
    page = Page(shell, "%%graph\nv = tf.identity(tf.reshape(tf.range(12.), [3, 2, 2]), name='v')")
    assert page.ask("value", name="v", plane=[99])["at"] == [2]
    assert page.ask("value", name="v", plane=[-5])["at"] == [0]


@pytest.mark.parametrize("resource", [False, True])
def test_of_filters_one_sees_height_and_width(shell: Shell, resource: bool) -> None:
    page = Page(shell, f"""%%graph
w = tf.get_variable('w', [5, 3, 2, 4], use_resource={resource})
y = tf.nn.conv2d(tf.ones([1, 8, 8, 2]), w, 1, 'SAME', name='y')""")
    shell.ok("%%session --init\nNone")
    report = page.ask("value", name="w", plane=[1, 3])
    assert (report["axes"], report["at"], np.shape(report["plane"])) == ([2, 3], [1, 3], (5, 3))
    assert page.ask("value", name="y")["axes"] == [0, 3]


# --- messages that make no sense --------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", [
    {"kind": None}, {"kind": 7}, {"kind": {"a": 1}}, {"kind": "__init__"}, {"kind": "x" * 100_000},
    {"kind": "node", "name": 7}, {"kind": "node", "name": "x" * 100_000}, {"kind": "node", "name": None},
    {"kind": "value", "name": "x:0:0"}, {"kind": "value", "name": "y", "plane": "a"},
    {"kind": "value", "name": "w", "plane": 1},    {"kind": "value", "name": "w", "plane": [[0]]},
    {"kind": "export", "format": "dot", "open": "n1"}, {"kind": "load", "asked": {"a": 1}},
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


# --- searching --------------------------------------------------------------------------------------------------------

BLOCKS = """%%graph
h = tf.placeholder(tf.float32, [None, 6], name='x')
for block in range(8):
    with tf.name_scope(f'block_{block}'):
        for unit in range(12):
            with tf.name_scope(f'unit_{unit}'):
                h = tf.tanh(tf.matmul(h, tf.ones([6, 6])), name='t')"""


def test_a_search_finds_what_lies_in_folded_scopes(shell: Shell) -> None:
    page = Page(shell, BLOCKS)
    known = {node["id"]: node["name"] for node in page.document["nodes"]}
    found = page.ask("find", query="block_6/unit_11 TANH")
    assert found["count"] == 1
    [[own, *around]] = found["hits"]
    assert own not in known and known[around[-1]] == "block_6"
    told = page.ask("load", asked=around, known=sorted({node["in"] for node in page.document["nodes"] if "in" in node}))
    assert {node["id"]: node["name"] for node in told["nodes"]}[own] == "block_6/unit_11/t"


def test_a_search_finds_shapes_and_tells_the_first_of_many(shell: Shell) -> None:
    page = Page(shell, BLOCKS)
    found = page.ask("find", query="(?, 6) float32")
    assert found["count"] == 1 + 2 * 8 * 12 and len(found["hits"]) == found["count"]
    assert page.ask("find", query="  ") == page.ask("find", query="no such thing") == {"hits": [], "count": 0}


def test_an_answer_tells_no_neighbours(shell: Shell) -> None:
    page = Page(shell, BLOCKS)
    known = sorted({node["in"] for node in page.document["nodes"] if "in" in node})
    block = next(n["id"] for n in page.document["nodes"] if n["name"].startswith("block_") and n["id"] not in known)
    told = page.ask("load", asked=[block], known=known)
    assert {node.get("in", block) for node in told["nodes"]} == {block}


def test_a_search_in_a_quiz_does_not_tell_shapes(shell: Shell) -> None:
    page = Page(shell, BLOCKS.replace("%%graph", "%%graph --quiz"))
    assert page.ask("find", query="(?, 6) float32")["count"] == 0
    assert page.ask("find", query="block_6/unit_11/t")["count"] == 1
