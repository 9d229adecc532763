"""Graphs that tfmagic builds, as they are drawn: the shapes, names and parts that TensorFlow's functions make."""

import subprocess
import sys

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.view import Annotations, build_scene, mime_bundle, model
from tfmagic.view.text import draw_text


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def test_the_layer_of_the_course(graph):
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    w = tf.Variable(tf.random_uniform([784, 100], -1, 1), name="W")
    b = tf.Variable(tf.zeros([100]), name="b")
    h = tf.nn.relu(tf.matmul(x, w) + b)
    notes = Annotations(labels={h.op.name: "h"}, shapes={"x:0": (128, 784)})
    assert draw_text(build_scene(graph, title="h = ReLU(Wx + b)", annotations=notes)) == """\
h = ReLU(Wx + b)
├─ x       placeholder  → [?, 784] ← [128, 784] float32
├─ W       variable  → [784, 100] float32
├─ b       variable  → [100] float32
├─ MatMul  ← x, W  → [?, 100] float32
├─ add     ← MatMul, b  → [?, 100] float32
└─ h       Relu  ← add  → [?, 100] float32
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
├─ n              placeholder  → scalar int32
├─ i              constant  = 0  → scalar int32
├─ Const          constant  = 1.0  → scalar float32
└─ while/  loop
   ├─ i           loop variable  ← i, add  → scalar int32
   ├─ variable 2  loop variable  ← Const, mul  → scalar float32
   ├─ Less        loop condition  ← while/i, n  → scalar bool
   ├─ add         (y = 1)  ← while/i  → scalar int32
   └─ mul         (y = 2.0)  ← variable 2  → scalar float32"""


def test_a_branch(graph):
    x = tf.placeholder(tf.float32, [], name="x")
    tf.cond(x > 0, lambda: x * 2, lambda: tf.square(x) - 1)
    assert draw_text(build_scene(graph)) == """\
Graph
├─ x          placeholder  → scalar float32
├─ Greater    (y = 0.0)  ← x  → scalar bool
└─ cond/  branch
   ├─ Merge   ← Greater, sub, mul  → scalar float32
   ├─ mul     (y = 2.0)  ← x  → scalar float32
   ├─ Square  ← x  → scalar float32
   └─ sub     (y = 1.0)  ← Square  → scalar float32"""


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
