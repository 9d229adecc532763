"""Training told right: the loss and the variables feed the gradients, the optimiser changes the variables."""

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.view import build_scene, mime_bundle
from tfmagic.view.paint.document import GRAPH_MIME
from tfmagic.view.paint.svg import draw_svg
from tfmagic.view.paint.text import draw_text
from tfmagic.view.scene import model
from tfmagic.view.scene.annotations import Annotations
from tfmagic.view.scene.training import losses_of


@pytest.fixture
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def arrows(scene, kind):
    names = {node.id: node.name.rstrip("/") for node in scene.nodes}
    return {(names[e.source], names[e.target]) for e in scene.edges if e.kind == kind}


def net(resource=False):
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("w", [3, 1], use_resource=resource)
    b = tf.get_variable("b", [1], use_resource=resource)
    return tf.reduce_mean(tf.square(tf.matmul(x, w) + b), name="loss")


OPTIMISERS = {"gradient descent": lambda: tf.train.GradientDescentOptimizer(0.1),
              "momentum": lambda: tf.train.MomentumOptimizer(0.1, 0.9), "adam": lambda: tf.train.AdamOptimizer()}


@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_gradients_are_fed_by_loss_and_variables_and_the_optimiser_changes_these(graph, optimiser, resource):
    OPTIMISERS[optimiser]().minimize(net(resource), name="train")
    scene = build_scene(graph)
    assert {("loss", "gradients"), ("w", "gradients"), ("b", "gradients"), ("gradients", "train")} <= arrows(
        scene, model.DATA)
    assert arrows(scene, model.UPDATES) == {("train", "w"), ("train", "b")}


def test_clipped_gradients_change_the_variables_all_the_same(graph):
    loss, variables = net(), tf.trainable_variables()
    clipped, _ = tf.clip_by_global_norm(tf.gradients(loss, variables), 1.0)
    tf.train.AdamOptimizer().apply_gradients(zip(clipped, variables))
    scene = build_scene(graph)
    assert {("w", "gradients"), ("b", "gradients")} <= arrows(scene, model.DATA)
    assert arrows(scene, model.UPDATES) == {("Adam", "w"), ("Adam", "b")}


def test_of_two_optimisers_each_has_its_loss_and_its_variables(graph):
    a, b = tf.get_variable("a", []), tf.get_variable("b", [])
    first, second = tf.square(a * b, name="first"), tf.square(a + b, name="second")
    tf.train.GradientDescentOptimizer(0.1).minimize(first, var_list=[a], name="one")
    tf.train.GradientDescentOptimizer(0.1).minimize(second, var_list=[b], name="two")
    scene = build_scene(graph)
    assert arrows(scene, model.UPDATES) == {("one", "a"), ("two", "b")}
    assert {("first", "gradients"), ("a", "gradients"), ("second", "gradients_1"), ("b", "gradients_1")} <= arrows(
        scene, model.DATA)
    assert ("b", "gradients") not in arrows(scene, model.DATA)


def test_a_step_by_hand_changes_its_variable(graph):
    w = tf.get_variable("w", [2])
    gradient, = tf.gradients(tf.reduce_sum(w * w, name="loss"), [w])
    tf.assign_sub(w, 0.1 * gradient, name="step")
    scene = build_scene(graph)
    assert arrows(scene, model.UPDATES) == {("step", "w")}
    assert ("w", "step") not in arrows(scene, model.DATA)


def test_moving_averages_change_their_variables_and_training_waits_for_them(graph):
    x = tf.placeholder(tf.float32, [4, 3], name="x")
    loss = tf.reduce_mean(tf.layers.batch_normalization(x, training=True), name="loss")
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="train")
    scene = build_scene(graph)
    home = "batch_normalization/"
    assert (f"{home}AssignMovingAvg", f"{home}moving_mean") in arrows(scene, model.UPDATES)
    assert (f"{home}AssignMovingAvg", "train") in arrows(scene, model.CONTROL)


def test_the_first_assignment_is_no_change(graph):
    tf.get_variable("w", [2])
    tf.global_variables_initializer()
    assert arrows(build_scene(graph), model.UPDATES) == set()


def test_the_loss_belongs_to_what_training_needs(graph):
    loss = net()
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, name="train")
    from tfmagic.notebook.shell.drawing import needed_for

    part = needed_for([train])
    assert loss.op in part and graph.get_operation_by_name("x") in part
    assert losses_of(part) == []
    assert ("Square", "loss") in arrows(build_scene(part), model.DATA)


def test_every_form_of_the_drawing_tells_what_is_changed(graph):
    tf.train.GradientDescentOptimizer(0.1).minimize(net(), name="train")
    scene = build_scene(graph)
    assert "⇢ changes w, b" in draw_text(scene)
    svg = draw_svg(scene)
    assert svg.count('stroke-dasharray="1 3"') == 1
    bundle = mime_bundle(scene)
    ids = {node["name"]: node["id"] for node in bundle[GRAPH_MIME]["nodes"]}
    assert [ids["train/"], ids["w"], 1] in bundle[GRAPH_MIME]["edges"]
    tip = next(route[3:5] for route in bundle[GRAPH_MIME]["layout"]["edges"]
               if route[:2] == [ids["train/"], ids["w"]])
    x, y = bundle[GRAPH_MIME]["layout"]["nodes"][ids["w"]]
    width, height = next(node["size"] for node in bundle[GRAPH_MIME]["nodes"] if node["name"] == "w")
    assert x - 2 <= tip[0] <= x + width + 2 and y - 2 <= tip[1] <= y + height + 2, "the arrow points at the variable"


def test_a_variable_shows_value_and_number_of_updates(graph):
    net()
    notes = Annotations(values={"w:0": np.float32([[1], [2], [3]])}, updates={"w": 3})
    node = build_scene(graph, annotations=notes).node("w")
    assert (node.value, node.updates) == ("[[1.0], [2.0], [3.0]]", 3)
    assert "3 updates" in draw_text(build_scene(graph, annotations=notes))


@pytest.mark.parametrize("resource", [False, True], ids=["reference", "resource"])
def test_a_variable_that_nothing_reads_tells_its_shape(graph, resource):
    tf.get_variable("w", [2, 3], use_resource=resource)
    assert build_scene(graph).node("w").output == "(2, 3) float32"


def test_branches_say_which_is_taken_when(graph):
    x = tf.placeholder(tf.float32, [], name="x")
    tf.cond(x > 0., lambda: x * 2., lambda: -x, name="choose")
    scene = build_scene(graph)
    names = {node.id: node.title for node in scene.nodes}
    said = {names[e.source]: e.text for e in scene.edges if names[e.target] == "Merge"}
    assert said == {"mul": "if true · () float32", "Neg": "if false · () float32", "Greater": "() bool"}


def test_a_branch_that_hands_a_value_on_says_so_too(graph):
    x = tf.placeholder(tf.float32, [], name="x")
    tf.cond(x > 0., lambda: x * 2., lambda: x, name="choose")
    scene = build_scene(graph)
    names = {node.id: node.title for node in scene.nodes}
    assert {names[e.source]: e.text for e in scene.edges if names[e.target] == "Merge"}["x"].startswith("if false")


def test_what_a_loop_gives_leaves_it_as_its_result(graph):
    i, total = tf.while_loop(lambda i, t: i < 3, lambda i, t: (i + 1, t + i), [0, 0], name="sum")
    tf.negative(total, name="out")
    scene = build_scene(graph)
    out = scene.node("out").id
    assert [e.text for e in scene.edges if e.target == out] == ["result · () int32"]


def test_training_of_many_variables_counts_them_instead_of_drawing_arrows(graph):
    h = tf.placeholder(tf.float32, [None, 3], name="x")
    for i in range(5):
        h = tf.matmul(h, tf.get_variable(f"w{i}", [3, 3]))
    tf.train.AdamOptimizer().minimize(tf.reduce_mean(h, name="loss"))
    scene = build_scene(graph)
    assert not arrows(scene, model.UPDATES)
    assert scene.node("Adam/").parameters == ("updates 5 variables",)
