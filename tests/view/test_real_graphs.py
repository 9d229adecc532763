"""Graphs that tfmagic builds, as they are drawn: the shapes, names and parts that TensorFlow's functions make."""

import subprocess
import sys

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.view import Annotations, build_scene, mime_bundle
from tfmagic.view.paint.text import draw_text
from tfmagic.view.scene import model

pytestmark = pytest.mark.usefixtures("graph")


def test_a_layer(graph):
    day = tf.placeholder(tf.float32, [None, 6], name="day")
    weights = tf.Variable(tf.random_uniform([6, 4], -0.5, 0.5), name="weights")
    bias = tf.Variable(tf.constant([0.5, 1.0, 1.5, 2.0]), name="bias")
    forecast = tf.nn.relu(tf.matmul(day, weights) + bias)
    notes = Annotations(labels={forecast.op.name: "forecast"}, shapes={"day:0": (31, 6)})
    assert draw_text(build_scene(graph, title="Forecast", annotations=notes)) == """\
Forecast
├─ day       placeholder  → (?, 6) ← (31, 6) float32
├─ weights   variable  → (6, 4) float32
├─ bias      variable  → (4,) float32
├─ MatMul    ← day, weights  → (?, 4) float32
├─ add       ← MatMul, bias  → (?, 4) float32
└─ forecast  Relu  ← add  → (?, 4) float32
  not drawn: initialisers (8 operations)"""


@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
@pytest.mark.parametrize("optimiser", ["GradientDescent", "Momentum", "Adam"])
def test_training_folds_to_gradients_and_optimiser(graph, optimiser, resource):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.Variable(np.ones((3, 1), np.float32), use_resource=resource, name="w")
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w)), name="loss")
    make = {"GradientDescent": lambda: tf.train.GradientDescentOptimizer(0.1),
            "Momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9), "Adam": lambda: tf.train.AdamOptimizer()}
    make[optimiser]().minimize(loss)
    tf.global_variables_initializer()
    scene = build_scene(graph)
    assert [(node.title, node.role) for node in scene.nodes] == [
        ("x", model.PLACEHOLDER), ("w", model.VARIABLE), ("MatMul", model.OPERATION), ("Square", model.OPERATION),
        ("loss", model.OPERATION), ("gradients", model.GRADIENTS), (optimiser, model.TRAINING)]
    assert scene.node("loss").parameters == ("axis = [0, 1]",)


def test_a_loop(graph):
    n = tf.placeholder(tf.int32, [], name="n")
    tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s * 2.0), [tf.constant(0, name="i"), tf.constant(1.0)])
    assert draw_text(build_scene(graph)) == """\
Graph
├─ n              placeholder  → () int32
├─ i              constant  = 0  → () int32
├─ Const          constant  = 1.0  → () float32
└─ while/  loop
   ├─ i           loop variable  ← i, add  → () int32
   ├─ variable 2  loop variable  ← Const, mul  → () float32
   ├─ Less        loop condition  ← while/i, n  → () bool
   ├─ add         (y = 1)  ← while/i  → () int32
   └─ mul         (y = 2.0)  ← variable 2  → () float32"""


def test_a_branch(graph):
    x = tf.placeholder(tf.float32, [], name="x")
    tf.cond(x > 0, lambda: x * 2, lambda: tf.square(x) - 1)
    assert draw_text(build_scene(graph)) == """\
Graph
├─ x          placeholder  → () float32
├─ Greater    (y = 0.0)  ← x  → () bool
└─ cond/  branch
   ├─ Merge   ← Greater, sub, mul  → () float32
   ├─ mul     (y = 2.0)  ← x  → if true · () float32
   ├─ Square  ← x  → () float32
   └─ sub     (y = 1.0)  ← Square  → if false · () float32"""


def test_an_assignment_by_the_user_is_an_operation(graph):
    counter = tf.Variable(0, name="counter")
    with tf.control_dependencies([tf.assign(counter, counter + 1)]):
        tf.identity(counter, name="after")
    assert [node.title for node in build_scene(graph).nodes] == ["counter", "add", "Assign", "after"]


def test_variables_and_tensors_may_be_asked_for(graph):
    v = tf.Variable(1.0, name="v")
    assert [node.title for node in build_scene([v]).nodes] == ["v"]


def test_the_whole_of_a_graph_can_be_drawn(graph):
    v = tf.Variable(3.0, name="v")
    tf.train.GradientDescentOptimizer(0.25).minimize(tf.square(v - 1.0, name="cost"))
    scene = build_scene(graph, show_all=True, depth=9)
    assert len(scene.nodes) == len(graph.get_operations())
    assert mime_bundle(scene)["text/plain"].count("\n") > len(scene.nodes)


def test_drawing_needs_neither_torch_nor_protobuf():
    code = ("import sys; from tfmagic import tf, view; tf.Variable(tf.zeros([2]), name='v') + tf.constant(1.0); "
            "view.mime_bundle(view.build_scene(tf.get_default_graph())); "
            "print([m for m in ('torch', 'google.protobuf', 'tensorboard') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def network():
    """Two layers, a scope of the user's, a loss and its training; gives the loss."""
    x, y = tf.placeholder(tf.float32, [None, 8], name="x"), tf.placeholder(tf.float32, [None, 3], name="y")
    w1, b1 = tf.Variable(tf.random_normal([8, 4]), name="W1"), tf.Variable(tf.zeros([4]), name="b1")
    w2, b2 = tf.Variable(tf.random_normal([4, 3]), name="W2"), tf.Variable(tf.zeros([3]), name="b2")
    h = tf.nn.relu(tf.matmul(x, w1) + b1)
    with tf.name_scope("out"):
        logits = tf.matmul(h, w2) + b2
    each = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)
    loss = tf.reduce_mean(each, name="loss")
    tf.train.AdamOptimizer().minimize(loss)
    return each, loss


def test_what_a_library_function_made_is_one_thing(graph):
    network()
    scene = build_scene(graph)
    assert [box.name for box in scene.boxes] == ["out"], "the user's own scope is open"
    assert [node.title for node in scene.nodes] == [
        "x", "y", "W1", "b1", "W2", "b2", "MatMul", "add", "Relu", "MatMul", "add",
        "softmax_cross_entropy_with_logits", "loss", "gradients", "Adam"]
    folded = scene.node("softmax_cross_entropy_with_logits")
    made = [op for op in graph.get_operations() if op.name.startswith("softmax_cross_entropy_with_logits")]
    assert (folded.role, folded.count, folded.type) == (model.SCOPE, len(made), f"{len(made)} operations")
    assert [edge.text for edge in scene.edges if edge.target == folded.id] == ["(?, 3) float32"] * 2


@pytest.mark.parametrize("asked", [{"depth": 2}, {"show_all": True}])
def test_it_opens_when_that_is_asked_for(graph, asked):
    tf.nn.moments(tf.nn.dropout(tf.placeholder(tf.float32, [2, 3], name="x"), rate=0.5), [0])
    assert [node.title for node in build_scene(graph).nodes] == ["x", "dropout", "moments"]
    assert {"dropout", "moments"} <= {box.name for box in build_scene(graph, **asked).boxes}


def test_a_cell_of_one_library_call_shows_what_is_in_it(graph):
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    before = graph.get_operations()
    tf.nn.dropout(x, rate=0.5)
    scene = build_scene([op for op in graph.get_operations() if op not in before])
    assert [box.name for box in scene.boxes] == ["dropout"]


def test_a_layer_with_variables_is_open_and_its_plumbing_folded(graph):
    x = tf.placeholder(tf.float32, [None, 5, 8], name="x")
    tf.layers.dense(x, 4, name="dense")
    scene = build_scene(graph)
    assert [node.name for node in scene.nodes] == ["x", "dense/kernel", "dense/bias", "dense/Tensordot",
                                                   "dense/BiasAdd"]


def test_a_loop_of_the_user_in_a_scope_stays_open(graph):
    h = tf.placeholder(tf.float32, [3], name="x")
    with tf.name_scope("tower"):
        for _ in range(3):
            h = tf.nn.relu(h)
    with tf.name_scope("drops"):
        for _ in range(2):
            h = tf.nn.dropout(h, rate=0.5)
    assert [node.name for node in build_scene(graph).nodes] == [
        "x", "tower/Relu", "tower/Relu_1", "tower/Relu_2", "drops/dropout", "drops/dropout_1"]


def test_scopes_of_an_imported_graph_stay_as_they_are(graph):
    network()
    with tf.Graph().as_default() as imported:
        tf.import_graph_def(graph.as_graph_def(), name="")
    assert "out" in {box.name for box in build_scene(imported, depth=None).boxes}


def test_a_python_name_and_a_value_go_to_the_folded_scope_that_gives_them(graph):
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.nn.dropout(x, rate=0.5)
    z = y + 1.0
    notes = Annotations(labels={y.op.name: "y", z.op.name: "z"}, values={y.name: np.array([0.0, 2.0])},
                        sources={y.op.name: "In [3], line 2"})
    node = build_scene(graph, annotations=notes).nodes[1]
    assert (node.title, node.value) == ("y", "[0.0, 2.0]")
    assert node.type.startswith("dropout · ")
    notes = Annotations(labels={"dropout/sub": "mine", z.op.name: "z"})
    assert "dropout" in {box.name for box in build_scene(graph, annotations=notes).boxes}


def test_a_value_inside_a_folded_scope_that_is_not_finite_marks_it(graph):
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.nn.dropout(x, rate=0.5) + 1.0
    notes = Annotations(values={"dropout/truediv:0": np.float32("inf")}, times={"dropout/mul": 1e-3,
                                                                               "dropout/truediv": 2e-3})
    node = build_scene(graph, annotations=notes).node("dropout")
    assert (node.state, node.time) == (model.NOT_FINITE, "3 ms")
