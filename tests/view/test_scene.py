"""What is drawn of a graph: roles, folding of auxiliary parts, scopes, runs, boundaries, annotations."""

from graphlib import TopologicalSorter

import numpy as np
import pytest
from fake_graph import Graph, branch, chain, counting_loop, deep, first_graph, relu_layer, trained
from hypothesis import given
from hypothesis import strategies as st

from tfmagic.view import Annotations, build_scene
from tfmagic.view.scene import model
from tfmagic.view.scene.build import scene_of
from tfmagic.view.scene.outline import Outline
from tfmagic.view.scene.runs import group_level, repetitions
from tfmagic.view.scene.scopes import AUTOMATIC_LIMIT, HARD_LIMIT, Scope, build_tree


def arrows(scene):
    titles = {node.id: node.title for node in scene.nodes}
    return [(titles[e.source], titles[e.target]) for e in scene.edges]


def texts(scene):
    return {(a, b): e.text for (a, b), e in zip(arrows(scene), scene.edges, strict=True)}


def titles(scene):
    return [node.title for node in scene.nodes]


def test_a_first_graph_is_five_nodes_with_their_python_names():
    labels = {"mul": "cost", "sub": "discount", "sub_1": "total"}
    scene = build_scene(first_graph(), annotations=Annotations(labels=labels))
    assert titles(scene) == ["price", "amount", "cost", "discount", "total"]
    assert arrows(scene) == [("price", "cost"), ("amount", "cost"), ("amount", "discount"), ("cost", "total"),
                             ("discount", "total")]


def test_a_constant_named_after_its_only_reader_is_written_into_it():
    scene = build_scene(first_graph())
    assert scene.node("sub").parameters == ("y = 1.0",)
    assert scene.node("sub_1").parameters == ()


def test_show_all_draws_such_a_constant_as_a_node_with_its_value():
    node = build_scene(first_graph(), show_all=True).node("sub/y")
    assert (node.role, node.value) == (model.CONSTANT, "1.0")


def test_a_constant_with_a_python_name_stays_a_node():
    scene = build_scene(first_graph(), annotations=Annotations(labels={"sub/y": "one"}))
    assert "one" in titles(scene)


def test_a_shared_constant_stays_a_node():
    g = Graph()
    with g.scope("a"):
        shared = g.constant(2.0, "x")
    g.op("Neg", shared, name="a")
    g.op("Abs", shared, name="b")
    assert "a/x" in {node.name for node in build_scene(g).nodes}


def test_a_big_constant_stays_a_node_that_says_what_it_is_like():
    g = Graph()
    with g.scope("mul"):
        table = g.constant(np.zeros((9, 9)), "y")
    g.op("Mul", table, table, name="mul")
    assert build_scene(g).node("mul/y").value == "all 0.0"


def test_roles_follow_the_op_types():
    scene = build_scene(relu_layer())
    assert {node.title: node.role for node in scene.nodes} == {
        "x": model.PLACEHOLDER, "W": model.VARIABLE, "b": model.VARIABLE, "MatMul": model.OPERATION,
        "Add": model.OPERATION, "Relu": model.OPERATION}


def test_a_variable_is_one_node_and_its_first_value_is_left_out():
    scene = build_scene(relu_layer())
    assert arrows(scene) == [("x", "MatMul"), ("W", "MatMul"), ("MatMul", "Add"), ("b", "Add"), ("Add", "Relu")]
    assert [(f.kind, f.count) for f in scene.folded] == [("initialisers", 4)]


def test_a_resource_variable_is_one_node_with_all_its_reads():
    g = Graph()
    handle = g.op("VarHandleOp", name="v", dtype="resource")
    with g.scope("v"):
        first = g.op("Fill", name="initial_value", dims=(2,))
        g.op("AssignVariableOp", handle, first, name="Assign", outputs=0)
        g.op("VarIsInitializedOp", handle, name="IsInitialized", dtype="bool")
        with g.scope("Read"):
            g.op("ReadVariableOp", handle, dims=(2,))
    with g.scope("Neg"):
        use = g.op("ReadVariableOp", handle, dims=(2,))
    g.op("Neg", use, name="Neg", dims=(2,))
    scene = build_scene(g)
    assert titles(scene) == ["v", "Neg"]
    assert texts(scene) == {("v", "Neg"): "(2,) float32"}


def test_what_also_feeds_the_model_is_drawn_though_it_is_a_first_value():
    g = Graph()
    start = g.constant(3.0, "start")
    variable = g.op("VariableV2", name="v", dtype="float32_ref")
    with g.scope("v"):
        g.op("Assign", variable, start, dtype="float32_ref")
    g.op("Neg", start)
    assert titles(build_scene(g)) == ["start", "v", "Neg"]


def test_training_is_two_nodes_fed_by_the_loss():
    scene = build_scene(trained())
    gradients, adam = scene.node("gradients/"), scene.node("Adam/")
    assert (gradients.role, adam.role) == (model.GRADIENTS, model.TRAINING)
    assert ("Mean", "gradients") in arrows(scene)
    assert ("gradients", "Adam") in arrows(scene)
    assert [a for a, b in arrows(scene) if b == "gradients"] == ["Mean", "W"], "what is derived by what, no hairball"
    assert ("Adam", "W") in arrows(scene)
    assert ("updates", "layer/W") in adam.details


def test_slots_and_the_step_counter_fold_into_the_optimiser():
    assert {n.name for n in build_scene(trained()).nodes if n.role == model.VARIABLE} == {"layer/W"}


def test_savers_and_init_are_left_out_and_counted():
    scene = build_scene(trained())
    assert [f.kind for f in scene.folded] == ["save and restore", "initialisers"]
    assert not any(node.name.startswith(("save", "init")) for node in scene.nodes)


def test_show_all_leaves_nothing_out():
    scene = build_scene(trained(), show_all=True)
    assert scene.folded == ()
    assert {node.role for node in scene.nodes} <= {model.OPERATION, model.PLACEHOLDER, model.VARIABLE,
                                                   model.CONSTANT, model.SCOPE}


def test_a_scope_that_is_merely_called_gradients_is_an_ordinary_scope():
    g = Graph()
    x = g.placeholder("x")
    with g.scope("gradients"):
        g.op("Sin", g.op("Cos", x))
    assert {box.name for box in build_scene(g).boxes} == {"gradients"}


def test_edges_say_shape_and_dtype():
    said = texts(build_scene(relu_layer()))
    assert said["x", "MatMul"] == "(?, 12) float32"
    assert said["W", "MatMul"] == "(12, 40) float32"


@pytest.mark.parametrize(("dims", "text"),
                         [((), "() float32"), (None, "<unknown> float32"), ((2, None), "(2, ?) float32")])
def test_shapes_as_text(dims, text):
    g = Graph()
    g.op("Neg", g.placeholder("x", dims), dims=dims)
    assert build_scene(g).edges[0].text == text


def test_a_run_adds_its_shape_where_the_static_one_is_open():
    notes = Annotations(values={"x:0": np.zeros((64, 12), np.float32), "MatMul:0": np.zeros((64, 40))})
    assert texts(build_scene(relu_layer(), annotations=notes))["x", "MatMul"] == "(?, 12) ← (64, 12) float32"


def test_without_shapes_edges_are_silent():
    scene = build_scene(relu_layer(), show_shapes=False)
    assert {e.text for e in scene.edges} == {""}
    assert {n.output for n in scene.nodes} == {""}


def test_a_result_that_nothing_reads_says_its_own_shape():
    assert build_scene(relu_layer()).node("Relu").output == "(?, 40) float32"


def test_a_tensor_read_twice_is_one_edge_that_says_so():
    g = Graph()
    x = g.placeholder("x", (2,))
    g.op("Mul", x, x, dims=(2,))
    assert [e.text for e in build_scene(g).edges] == ["(2,) float32 ×2"]


def test_control_edges_are_marked():
    g = Graph()
    x = g.placeholder("x")
    g.op("Neg", x, after=[g.op("Print", x).op])
    assert [(e.control, e.text) for e in build_scene(g).edges if e.control] == [(True, "")]


def test_an_earlier_cell_is_a_boundary_and_variables_there_stay_variables():
    g = relu_layer()
    names = ["MatMul", "Add", "Relu"]
    scene = build_scene([g.ops[n] for n in names], annotations=Annotations(cells={"x": "In [3]"}))
    before = {node.title: (node.role, node.cell) for node in scene.nodes if node.boundary}
    assert before == {"x": (model.PLACEHOLDER, "In [3]"), "W": (model.VARIABLE, ""), "b": (model.VARIABLE, "")}
    assert scene.operations == 3


def test_boundary_takes_operations_out_of_a_whole_graph():
    g = relu_layer()
    scene = build_scene(g, boundary=[g.ops["x"]])
    assert [node.title for node in scene.nodes if node.boundary] == ["x"]


def test_a_cell_that_only_minimises_shows_loss_gradients_and_optimiser():
    g = trained(saver=False)
    made = [op for name, op in g.ops.items() if name.startswith(("gradients", "Adam", "layer/W/Adam", "global"))]
    scene = build_scene(made)
    assert titles(scene) == ["layer/W", "loss/Mean", "gradients", "Adam"]
    assert arrows(scene) == [("loss/Mean", "gradients"), ("layer/W", "gradients"), ("Adam", "layer/W"),
                             ("gradients", "Adam")]


def test_tensors_may_stand_for_their_operations():
    g = first_graph()
    assert titles(build_scene([g.ops["mul"].outputs[0]])) == ["price", "amount", "mul"]


def test_scopes_are_boxes_and_nested():
    boxes = {box.name: box for box in build_scene(trained()).boxes}
    assert set(boxes) == {"layer", "loss"}
    g = Graph()
    x = g.placeholder("x")
    with g.scope("a"):
        y = g.op("Sin", x)
        with g.scope("b"):
            g.op("Cos", g.op("Tan", y))
    inner = {box.name: box for box in build_scene(g).boxes}
    assert inner["a/b"].parent == inner["a"].id
    assert inner["a/b"].title == "b"


def test_a_scope_with_one_thing_in_it_is_no_box():
    g = Graph()
    with g.scope("only"):
        g.placeholder("x")
    scene = build_scene(g)
    assert scene.boxes == []
    assert titles(scene) == ["only/x"]


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), unique=True))
def test_a_tree_holds_each_name_once_and_no_scope_for_one_thing(names):
    root = build_tree(names, {})
    assert sorted(root.elements()) == sorted(names)
    stack = [root]
    while stack:
        scope = stack.pop()
        inner = [child for child in scope.children if isinstance(child, Scope)]
        assert scope is root or len(scope.children) > 1
        assert all(child.parent is scope for child in inner)
        for child in scope.children:
            name = child.name if isinstance(child, Scope) else child
            assert scope is root or name == scope.name or name.startswith(scope.name + "/")
        stack += inner


def test_depth_opens_that_many_levels():
    g = deep(blocks=3, units=2, nodes=4)
    assert build_scene(g, depth=0).boxes == []
    assert {box.name.count("/") for box in build_scene(g, depth=1).boxes} == {0}
    assert {box.name.count("/") for box in build_scene(g, depth=2).boxes} == {0, 1}


def test_a_folded_scope_says_what_it_holds():
    node = build_scene(deep(blocks=3, units=2, nodes=4), depth=0).node("block_1")
    assert (node.role, node.type) == (model.SCOPE, "8 nodes")
    assert node.details == (("holds", "Tanh ×4, AddV2 ×4"),)


@pytest.mark.parametrize("graph", [deep(), chain(5000), deep(blocks=300, units=1, nodes=16)],
                         ids=["nested", "chain", "broad"])
def test_five_thousand_nodes_are_drawn_as_a_few_things(graph):
    scene = build_scene(graph)
    assert len(graph.ops) >= 4800
    assert 2 < len(scene.nodes) <= AUTOMATIC_LIMIT


@pytest.mark.parametrize("depth", [0, 1, 2, 9])
def test_no_depth_draws_more_than_can_be_laid_out(depth):
    assert len(build_scene(deep(), depth=depth).nodes) <= HARD_LIMIT


def test_a_long_chain_shows_its_ends():
    scene = build_scene(chain(5000))
    assert titles(scene)[0] == "x"
    (run,) = [node for node in scene.nodes if node.role == model.RUN]
    assert run.count > 4990
    assert scene.nodes[-1].name == "Relu_2499"


def test_named_results_stay_in_sight_in_a_long_chain():
    scene = build_scene(chain(300), annotations=Annotations(labels={"Tanh_70": "middle"}))
    assert "middle" in titles(scene)


def unrolled(turns, inputs_each=False):
    """h = tanh(x W + h U) unrolled, without scopes; gives the graph and the names of its inputs and variables."""
    g = Graph()
    x = g.placeholder("x", (None, 3))
    apart = ["x"]
    h = g.constant(np.zeros((9, 9)), "h0")
    for name in ("W", "U"):
        g.variable(name, (3, 3))
        apart.append(name)
    w, u = (g.ops[f"{name}/read"].outputs[0] for name in ("W", "U"))
    for turn in range(turns):
        if inputs_each:
            x = g.placeholder(f"x{turn}")
            _, w = g.variable(f"V{turn}", (3, 3))
            apart += [f"x{turn}", f"V{turn}"]
        h = g.op("Tanh", g.op("Add", g.op("MatMul", x, w), g.op("MatMul", h, u)))
    g.op("Mean", h, name="out")
    return g, apart


@pytest.mark.parametrize("inputs_each", [False, True])
@pytest.mark.parametrize("turns", [12, 25])
def test_an_unrolled_loop_shows_its_inputs_and_its_first_and_last_turn(turns, inputs_each):
    g, apart = unrolled(turns, inputs_each)
    scene = build_scene(g)
    drawn = [node.name for node in scene.nodes]
    assert set(apart) <= set(drawn)
    last = f"_{2 * turns - 2}", f"_{2 * turns - 1}", f"_{turns - 1}", f"_{turns - 1}"
    ops = ("MatMul", "MatMul", "Add", "Tanh")
    assert [name for name in drawn if name not in apart] == [
        "h0", "MatMul", "MatMul_1", "Add", "Tanh", f"MatMul_2 … Tanh_{turns - 2}",
        *(op + number for op, number in zip(ops, last, strict=True)), "out"]
    (run,) = [node for node in scene.nodes if node.role == model.RUN]
    assert run.type == f"{turns - 2} repetitions · {4 * (turns - 2)} nodes"


def test_very_many_inputs_are_put_together_with_their_like_alone():
    g, apart = unrolled(100, inputs_each=True)
    runs = {node.title: node.details for node in build_scene(g).nodes if node.role == model.RUN}
    assert len(build_scene(g).nodes) < HARD_LIMIT
    assert runs["x … x99"] == (("holds", "Placeholder ×101"),) and runs["MatMul_2 … Tanh_98"]


def test_show_all_folds_no_loop():
    g, _ = unrolled(40)
    assert {node.role for node in build_scene(g, show_all=True).nodes} == {model.OPERATION, model.PLACEHOLDER,
                                                                          model.VARIABLE, model.CONSTANT}


@pytest.mark.parametrize(("sequence", "found"), [
    ("abcabcabcabc", [(0, 3, 4)]), ("xxabababab", [(2, 2, 4)]), ("aaaa", [(0, 1, 4)]), ("abab", []), ("", []),
    ("aaaaabcbcbcbcbc", [(0, 1, 5), (5, 2, 5)]), ("abcabcabcab", []), ("pabcdabcdabcdabcdq", [(1, 4, 4)])])
def test_repetitions(sequence, found):
    assert repetitions(sequence) == found


@given(st.text("abc", max_size=40))
def test_repetitions_repeat_and_do_not_overlap(sequence):
    end = 0
    for start, period, turns in repetitions(sequence):
        assert start >= end and turns >= 4
        end = start + period * turns
        assert sequence[start:end] == sequence[start:start + period] * turns


@given(st.data())
def test_groups_of_a_level_take_everything_once_and_make_no_cycle(data):
    count = data.draw(st.integers(2, 90))
    signs = data.draw(st.text("abcd", min_size=count, max_size=count))
    edges = data.draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=3 * count))
    some = st.sets(st.integers(0, count - 1), max_size=12)
    inputs, kept = data.draw(some), data.draw(some)
    edges = {(min(a, b), max(a, b)) for a, b in edges if a != b and max(a, b) not in inputs}
    groups = group_level(signs, edges, kept, inputs, set(), limit=data.draw(st.integers(5, 40)))
    assert sorted(i for group in groups for i in group) == list(range(count))
    assert all(len(group) == 1 for group in groups if inputs & set(group) or kept & set(group))
    place = {i: number for number, group in enumerate(groups) for i in group}
    order = TopologicalSorter({number: set() for number in range(len(groups))})
    for a, b in edges:
        if place[a] != place[b]:
            order.add(place[b], place[a])
    order.prepare()


def test_every_output_that_was_fetched_says_its_value():
    g = Graph()
    parts = g.op("Split", g.placeholder("x", (2,)), name="split", outputs=2).op.outputs
    notes = Annotations(values={parts[0].name: np.float32(1), parts[1].name: np.float32(2)})
    assert build_scene(g, annotations=notes).node("split").value == ":0 1.0, :1 2.0"
    notes = Annotations(values={parts[1].name: np.float32(2)})
    assert build_scene(g, annotations=notes).node("split").value == ":1 2.0"


def test_a_value_inside_a_folded_scope_stands_on_the_scope():
    notes = Annotations(values={"block_1/unit_0/Tanh:0": np.float32(2)})
    node = build_scene(deep(), annotations=notes).node("block_1")
    assert node.parameters == ("unit_0/Tanh = 2.0",)


def test_like_siblings_open_together():
    scene = build_scene(deep(blocks=8, units=1, nodes=8))
    assert {node.role for node in scene.nodes} == {model.PLACEHOLDER, model.SCOPE}


def test_folding_makes_no_edge_from_a_node_to_itself():
    assert all(e.source != e.target for e in build_scene(chain(500)).edges)


def test_a_loop_is_a_box_with_its_variables_and_body():
    scene = build_scene(counting_loop())
    (box,) = scene.boxes
    assert (box.name, box.kind) == ("while", "loop")
    variable = scene.node("while/Merge")
    assert (variable.role, variable.title) == (model.LOOP_VARIABLE, "i")
    assert set(arrows(scene)) == {("i", "i"), ("i", "Less"), ("i", "AddV2"), ("AddV2", "i")}
    assert scene.node("while/Less").parameters == ("y = 10",)


def test_show_all_draws_a_loop_as_it_is_in_the_graph():
    assert ("NextIteration", "Merge") in arrows(build_scene(counting_loop(), show_all=True))


def test_a_branch_is_a_box_where_the_predicate_chooses_at_the_merge():
    scene = build_scene(branch())
    assert [(b.name, b.kind) for b in scene.boxes] == [("cond", "branch")]
    assert set(arrows(scene)) == {("p", "Merge"), ("x", "Neg"), ("Neg", "Merge"), ("x", "Merge")}


def test_helpers_in_the_scope_of_one_operation_are_part_of_it():
    g = Graph()
    x = g.placeholder("x", (None,))
    with g.scope("Loss"):
        g.op("Shape", x, dims=(1,), dtype="int32")
    g.op("Loss", x, name="Loss", dims=(None,))
    scene = build_scene(g)
    assert titles(scene) == ["x", "Loss"]
    assert [e.text for e in scene.edges] == ["(?,) float32"]


def test_devices_are_listed_when_there_are_two():
    g = Graph()
    a = g.placeholder("a")
    with g.device("/job:localhost/replica:0/task:0/device:GPU:0"):
        b = g.op("Neg", a)
    assert build_scene(g).devices == ()
    with g.device("/cpu:0"):
        g.op("Abs", b)
    assert build_scene(g).devices == ("GPU:0", "CPU:0")


def test_a_run_adds_values_times_and_devices():
    notes = Annotations(values={"mul:0": np.float32(3)}, times={"mul": 0.00125}, devices={"mul": "/device:GPU:1"})
    node = build_scene(first_graph(), annotations=notes).node("mul")
    assert (node.value, node.time, node.device) == ("3.0", "1.25 ms", "GPU:1")


def test_a_value_that_is_not_finite_is_marked():
    notes = Annotations(values={"mul:0": np.array([1.0, np.nan])})
    assert build_scene(first_graph(), annotations=notes).node("mul").state == model.NOT_FINITE


def test_a_failure_is_in_sight_whatever_is_folded_and_marks_the_scopes_around_it():
    name = "block_1/unit_0/Tanh"
    notes = Annotations(failed={name: "shapes differ"}, sources={name: "line 1"},
                        ports={name: (model.Port("x: (2, 3)", ((4, 5),)),)})
    scene = build_scene(deep(), depth=0, annotations=notes)
    node = scene.node(name)
    assert (node.state, node.message, node.made, node.ports[0].marked) == (
        model.FAILED, "shapes differ", "line 1", "x: (»2«, 3)")
    face = next(face for face in scene.faces if face.name == "block_1")
    assert (face.state, face.message) == (model.FAILED, f"{name}: shapes differ")
    assert f"Failed: {name}: shapes differ; x: (»2«, 3); line 1." in scene.description()
    assert "block_2" in {other.name for other in scene.nodes}  # what did not fail stays folded


def test_an_empty_graph_is_an_empty_scene():
    scene = build_scene(Graph())
    assert (scene.nodes, scene.edges, scene.operations) == ([], [], 0)


def test_the_same_graph_gives_the_same_scene():
    assert build_scene(trained()) == build_scene(trained())


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="'TB'"):
        build_scene(Graph(), direction="up")
    with pytest.raises(ValueError, match="depth"):
        build_scene(Graph(), depth=-1)


def test_an_outline_gives_the_scene_that_the_graph_gives_whatever_was_opened_before() -> None:
    graph = trained()
    outline = Outline(graph)
    whole = scene_of(outline)
    opened = scene_of(outline, opened=frozenset(face.id for face in [*whole.faces, *whole.nodes]))
    assert opened.boxes and scene_of(outline, opened=()).boxes == []
    assert scene_of(outline) == whole == build_scene(graph)
