"""Failures drawn: below the one traceback, the node where it happened, with what does not fit at its inputs."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from bundles import GRAPH, drawn
from IPython.utils.capture import capture_output
from shells import Shell

from tfmagic import tf
from tfmagic.graph.graph import Graph
from tfmagic.notebook.live.drawn import Drawings
from tfmagic.notebook.shell import extension, failures
from tfmagic.notebook.shell.drawing import Studio
from tfmagic.notebook.shell.names import CellNames
from tfmagic.notebook.shell.questions import Questions
from tfmagic.notebook.shell.sessions import KeptSessions
from tfmagic.notebook.shell.widgets import Widgets
from tfmagic.view.paint.bundle import picture_of

MISFIT = """%%graph
x = tf.placeholder(tf.float32, [None, 4], name='x')
w = tf.Variable(tf.ones([5, 3]), name='w')
y = tf.nn.relu(tf.matmul(x, w))"""
SUM = """a = tf.placeholder(tf.float32, [None, 3], name='a')
b = tf.placeholder(tf.float32, [None, 3], name='b')
s = tf.add(tf.sqrt(a), b * 2., name='s')"""
FEEDS = "--feed a=[[1.]*3]*2 --feed b=[[1.]*3]*4"


def failed(bundle: dict[str, Any]) -> dict[str, Any]:
    """The one failed node of a drawing."""
    (node,) = [node for node in drawn(bundle).values() if "failed" in node.get("classes", ())]
    return node


def marked(node: dict[str, Any]) -> list[str]:
    """What is marked at the ports of a node."""
    return [text[start:end] for style, text, *ends in node["lines"] if style == "port"
            for start, end in zip(ends[::2], ends[1::2])]


def test_a_node_that_cannot_be_built_is_drawn_as_what_it_would_have_been(shell: Shell) -> None:
    done = shell.run(MISFIT)
    assert done.stdout.count("Traceback (most recent call last)") == 1 and isinstance(done.error, ValueError)
    (bundle,) = done.bundles
    nodes = drawn(bundle)
    assert {"x", "w", "MatMul"} == set(nodes)
    node = failed(bundle)
    assert (node["name"], node["type"]) == ("MatMul", "not built") and "unbuilt" in node["classes"]
    assert marked(node) == ["4", "5"]
    assert node["message"] == str(done.error).split("\n")[0]
    assert ["note", "In [3], line 4: y = tf.nn.relu(tf.matmul(x, w))"] in node["lines"]
    assert not any(op.type == "MatMul" for op in shell.ip.user_ns["x"].graph.get_operations())


def test_all_forms_of_the_drawing_tell_of_it(shell: Shell) -> None:
    (bundle,) = shell.run(MISFIT).bundles
    for text in (bundle["text/plain"], bundle[GRAPH]["description"]):
        assert "a: (?, »4«) float32" in text and "b: (»5«, 3) float32" in text
        assert "Dimensions must be equal, but are 4 and 5" in text and "In [3], line 4" in text
    assert "MatMul could not be built" in bundle["text/html"]
    svg = picture_of(bundle)
    assert ">4</tspan>" in svg and ">5</tspan>" in svg and "not built" in svg


@pytest.mark.parametrize("cell", [
    f"%%graph --fetch s {FEEDS}\nt = tf.identity(s)",
    f"%graph s --fetch s {FEEDS}",
    f"%fetch s {FEEDS}",
    f"%%session {FEEDS}\ns",
    "%%session\ntf.get_default_session().run(s, {a: [[1.] * 3] * 2, b: [[1.] * 3] * 4})",
    "%%graph\ntf.Session().run(s, {a: [[1.] * 3] * 2, b: [[1.] * 3] * 4})",
], ids=lambda cell: cell.split(" ")[0].split("\n")[0])
def test_a_node_that_fails_in_a_run_is_drawn_with_the_shapes_of_the_run(shell: Shell, cell: str) -> None:
    shell.ok(SUM)
    done = shell.run(cell)
    assert type(done.error).__name__ == "InvalidArgumentError"
    assert done.stdout.count("Traceback (most recent call last)") <= 1
    assert done.stdout.count("Incompatible shapes: [2,3] vs. [4,3]") == 1
    (bundle,) = done.bundles
    node = failed(bundle)
    assert node["name"] == "s" and marked(node) == ["2", "4"]
    assert "unbuilt" not in node["classes"]
    assert "(?, 3) ← (2, 3) float32" in bundle["text/plain"]
    assert {"a", "b", "Sqrt", "mul"} <= set(drawn(bundle))


def test_a_cell_without_header_draws_nothing(shell: Shell) -> None:
    shell.ok(SUM)
    assert not shell.run("tf.Session().run(s, {a: [[1.] * 3] * 2, b: [[1.] * 3] * 4})").bundles
    assert not shell.run("tf.matmul(a, b)").bundles


def test_a_refused_type_is_marked(shell: Shell) -> None:
    done = shell.run("%%graph\nx = tf.placeholder(tf.float32, [2])\nz = x + tf.constant([1, 2])")
    node = failed(done.bundles[0])
    assert node["name"] == "add" and marked(node) == ["float32", "int32"]


def test_a_node_deep_in_scopes_is_in_sight(shell: Shell) -> None:
    done = shell.run("%%graph --depth 0\nwith tf.name_scope('layer'), tf.name_scope('deep'):\n"
                     "    r = tf.reshape(tf.ones([4, 3]), [5, 2])")
    node = failed(done.bundles[0])
    assert node["name"] == "layer/deep/Reshape"
    assert any("= [5, 2]" in text for _, text, *_ in node["lines"])


def test_of_a_big_graph_the_neighbourhood_is_drawn(shell: Shell) -> None:
    done = shell.run("%%graph\nh = tf.placeholder(tf.float32, [2, 3])\nfor _ in range(200):\n    h = tf.sin(h)\n"
                     "tf.matmul(h, h)")
    assert "in" not in failed(done.bundles[0])
    assert done.bundles[0][GRAPH]["operations"] <= 30


def test_a_node_that_drawings_leave_out_is_drawn_when_it_fails(shell: Shell) -> None:
    shell.ok("v = tf.Variable(tf.matmul(tf.placeholder_with_default([[1.]], [None, None]), [[1.], [1.]]), "
             "validate_shape=False)")
    done = shell.run("%fetch v.initializer")
    assert failed(done.bundles[0])["name"].endswith("MatMul")


def test_in_a_loop_the_node_of_the_body_is_drawn(shell: Shell) -> None:
    done = shell.run("%%graph --fetch q\nm = tf.placeholder_with_default([[1., 2.]], [None, None])\n"
                     "q = tf.while_loop(lambda m: tf.size(m) < 9, lambda m: tf.matmul(m, m), [m], "
                     "shape_invariants=[tf.TensorShape([None, None])])")
    node = failed(done.bundles[0])
    assert node["name"] == "while/MatMul" and marked(node) == ["2", "1"]


def test_hostile_words_stay_words(shell: Shell) -> None:
    done = shell.run("%%graph\ntf.placeholder(tf.float32, [2, 3]) + tf.placeholder(tf.float32, [4, 3])  "
                     "# <script>alert(1)</script>")
    (bundle,) = done.bundles
    assert "<script" not in bundle["text/html"] and "<script" not in picture_of(bundle)


@pytest.fixture
def studio(shell: Shell) -> Studio:
    return Studio(shell.ip, CellNames(), KeptSessions(shell.ip), Drawings(), Widgets(shell.ip))


def draw_misfit(studio: Studio) -> tuple[str, weakref.ref[Graph]]:
    """Draw a node that could not be built; the key of the drawing, and its graph."""
    graph = tf.Graph()
    with graph.as_default(), pytest.raises(ValueError) as caught:
        tf.matmul(tf.ones([2, 4], name="x"), tf.ones([5, 3]))
    with capture_output() as captured:
        assert failures.draw(caught.value, studio)
    return captured.outputs[0].data[GRAPH]["key"], weakref.ref(graph)


def test_front_ends_can_ask_about_what_was_not_built(studio: Studio) -> None:
    with tf.Graph().as_default(), pytest.raises(ValueError) as caught:
        tf.matmul(tf.ones([2, 4], name="x"), tf.ones([5, 3]))
    with capture_output() as captured:
        assert failures.draw(caught.value, studio)
    asked = {"id": 1, "key": captured.outputs[0].data[GRAPH]["key"], "name": "MatMul"}
    facts = Questions(studio).answer({**asked, "kind": "node"})["answer"]
    assert facts["op"] == "MatMul" and ("x:0", "(2, 4) float32") in facts["inputs"]
    assert "could not be built" in Questions(studio).answer({**asked, "kind": "value"})["error"]
    assert Questions(studio).answer({**asked, "kind": "load", "asked": []})["answer"]["nodes"]


def test_a_drawing_of_a_failure_keeps_its_graph_alive_until_the_next_cell_runs(studio: Studio) -> None:
    key, graph = draw_misfit(studio)
    studio.drawings.forget()
    gc.collect()
    assert graph() is None
    with pytest.raises(LookupError, match="its graph is gone"):
        studio.drawings.find(key)


# --- calls of library functions that fail before a node comes of them -------------------------------------------------

BUILT = "%%graph\nx = tf.placeholder(tf.float32, [None, 4], name='x')\nh = tf.square(x, name='h')\n"


@pytest.mark.parametrize(("call", "name", "ports", "message"), [
    ("tf.layers.conv2d(h, 3, 3)", "conv2d", ["inputs: (?, 4) float32"], "expected ndim=4, found ndim=2"),
    ("tf.layers.dense(3, 10)", "dense", [], "expected min_ndim=2, found ndim=0"),
    ("tf.nn.softmax_cross_entropy_with_logits(h, x)", "softmax_cross_entropy_with_logits",
     ["_sentinel: (?, 4) float32", "labels: (?, 4) float32"], "with named arguments"),
    ("if h: pass", "bool", ["self: (?, 4) float32"], "as a Python `bool` is not"),
    ("for row in h: pass", "iter", ["self: (?, 4) float32"], "iterating over `tf.Tensor`"),
    ("tf.cond(h, 1, 2)", "cond", ["pred: (?, 4) float32"], "true_fn must be callable"),
    ("tf.layers.Dense(3)(tf.zeros([2], name='z'))", "Dense", ["inputs: (2,) float32"], "found ndim=1"),
    ("tf.train.AdamOptimizer().minimize(h)", "minimize", ["loss: (?, 4) float32"], "No variables to optimize"),
    ("tf.stack([h, 3., x], axis=9)", "stack", ["values[0]: (?, 4) float32", "values[2]: (?, 4) float32"], "axis = 9"),
])
def test_a_call_that_fails_before_a_node_comes_of_it_is_drawn(shell: Shell, call: str, name: str, ports: list[str],
                                                              message: str) -> None:
    done = shell.run(BUILT + call)
    (bundle,) = done.bundles
    node = failed(bundle)
    assert node["name"].startswith(name) and "unbuilt" in node["classes"]
    assert [text for style, text, *_ in node["lines"] if style == "port"] == ports
    assert message in node["message"] and any("line 4" in text for style, text, *_ in node["lines"] if style == "note")
    assert {"x", "h"} <= {n["name"] for n in bundle[GRAPH]["nodes"]}
    if ports:
        edges = {(source, target) for source, target, *_ in bundle[GRAPH]["edges"]}
        assert any(target == node["id"] for _, target in edges)
    facts = extension.questions_of(shell.ip).answer(
        {"id": 1, "key": bundle[GRAPH]["key"], "name": node["name"], "kind": "node"})["answer"]
    assert (facts["line"], facts["code"]) == (4, call)


def test_a_call_of_the_users_own_function_is_told_by_what_it_calls(shell: Shell) -> None:
    shell.ok("def layer(t):\n    return tf.layers.conv2d(t, 3, 3)")
    node = failed(shell.run(BUILT + "layer(h)").bundles[0])
    assert node["name"].startswith("conv2d") and any("In [3], line 2" in line[1] for line in node["lines"])


def test_a_type_refused_before_all_inputs_are_there_is_drawn(shell: Shell) -> None:
    done = shell.run(BUILT + "tf.one_hot(h, 3)")
    node = failed(done.bundles[0])
    assert node["name"] == "one_hot" and marked(node) == ["float32"] and "Traceback" not in done.stderr


@pytest.mark.parametrize("call", [
    "undefined", "h.foo", "[1][3]", "tf.reshape(h)", "tf.nosuch(h)", "tf.map_fn(lambda v: v + undefined, h)",
    "tf.while_loop(lambda i: 1 / 0, lambda i: i, [h])", "raise ValueError('mine')", "int('a')",
    "import numpy as np\nnp.reshape(np.zeros(3), [2])", "tf.Session().run(h, {x: [1.]})"])
def test_an_error_of_the_users_own_code_is_not_drawn(shell: Shell, call: str) -> None:
    done = shell.run(BUILT + call)
    assert done.error is not None and not done.bundles


def test_around_a_call_without_tensors_stand_the_latest_nodes_of_a_long_cell(shell: Shell) -> None:
    done = shell.run("%%graph\nh = tf.zeros([2, 3])\nfor _ in range(200):\n    h = tf.sin(h)\ntf.layers.dense(3, 10)")
    operations = done.bundles[0][GRAPH]["operations"]
    assert failed(done.bundles[0])["name"].startswith("dense") and 30 < operations < 60


def test_a_call_with_nothing_around_it_is_not_drawn(shell: Shell) -> None:
    assert not shell.run("%%graph\ntf.get_variable(3)").bundles
    assert not shell.run("tf.layers.conv2d(tf.zeros([2, 2]), 3, 3)").bundles  # no header
