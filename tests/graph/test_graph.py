"""Graph: names, scopes, devices, control dependencies, collections, finding things."""

from __future__ import annotations

import threading

import pytest

from tfmagic import tf
from tfmagic.graph import opdefs
from tfmagic.graph.convert import constant
from tfmagic.graph.graph import Graph
from tfmagic.ops import raw

pytestmark = pytest.mark.usefixtures("graph")


def test_names_are_made_unique_without_regard_to_case(graph) -> None:
    names = [constant(1).op.name, constant(1).op.name, constant(1, name="const").op.name]
    assert names == ["Const", "Const_1", "const_2"]


def test_a_number_that_is_taken_is_passed_over(graph) -> None:
    constant(1, name="x_1")
    assert [constant(1, name="x").op.name, constant(1, name="x").op.name] == ["x", "x_2"]


def test_name_scopes_nest_and_are_made_unique(graph) -> None:
    with graph.name_scope("outer") as outer:
        with graph.name_scope("inner") as inner:
            assert (outer, inner, constant(1).name) == ("outer/", "outer/inner/", "outer/inner/Const:0")
        with graph.name_scope("inner") as again:
            assert again == "outer/inner_1/"
    with graph.name_scope(outer):
        assert constant(1).name == "outer/Const:0"
        with graph.name_scope(None) as root:
            assert root == "" and constant(1).name == "Const:0"


@pytest.mark.parametrize("name", ["a b", "_x", "x:0", "é", "-x", "a$"])
def test_malformed_names_are_refused(graph, name) -> None:
    with pytest.raises(ValueError, match="not a valid"), graph.name_scope(name):
        pass
    with pytest.raises(ValueError, match="not a valid"):
        constant(1, name=name)


def test_a_constant_operand_is_named_after_the_argument(graph) -> None:
    y = raw.add(constant([1.0]), 2.0, name="sum")
    assert [t.op.name for t in y.op.inputs] == ["Const", "sum/y"]


def test_reprs_are_tensorflows(graph) -> None:
    text = constant("bread")
    assert str(text) == 'Tensor("Const:0", shape=(), dtype=string)'
    assert repr(raw.add(constant([1, 2]), constant([3, 4]), name="add")) == "<tf.Tensor 'add:0' shape=(2,) dtype=int32>"
    assert repr(text.op) == "<tf.Operation 'Const' type=Const>"


def test_tensors_hash_and_compare_by_identity(graph) -> None:
    a, b = constant(1), constant(1)
    assert a == a and a != b and len({a, b, a}) == 2


@pytest.mark.parametrize("use", [bool, list, len, lambda t: t.__setitem__(0, 1)])
def test_a_symbolic_tensor_refuses_to_be_a_value(graph, use) -> None:
    with pytest.raises(TypeError, match="Const"):
        use(constant([1, 2]))


def test_control_inputs_leave_out_what_the_data_inputs_imply(graph) -> None:
    a, b = constant(1), constant(2)
    with graph.control_dependencies([a.op, b]):
        c = raw.add(a, a)
        d = constant(3)
        e = raw.add(d, d)
    assert [op.name for op in c.op.control_inputs] == ["Const_1"]
    assert [op.name for op in d.op.control_inputs] == ["Const", "Const_1"]
    assert e.op.control_inputs == []


def test_control_dependencies_can_be_cleared(graph) -> None:
    a = constant(1)
    with graph.control_dependencies([a]), graph.control_dependencies(None):
        assert constant(2).op.control_inputs == []


def test_the_inner_device_scope_wins_field_by_field(graph) -> None:
    with graph.device("/job:worker/gpu:0"):
        with graph.device("/cpu:1"):
            assert constant(1).device == "/job:worker/device:CPU:1"
        with graph.device(None):
            assert constant(1).device == ""
        with graph.device(lambda op: "/device:GPU:3" if op.type == "Const" else ""):
            assert constant(1).device == "/job:worker/device:GPU:3"


def test_a_malformed_device_says_how_to_write_one(graph) -> None:
    with pytest.raises(ValueError, match="/gpu:0"), graph.device("gpu!"):
        pass


def test_colocation_is_an_attr_and_takes_over_the_device(graph) -> None:
    with graph.device("/gpu:1"):
        a = constant(1, name="a")
    with graph.colocate_with(a):
        b = constant(2)
    assert b.op.get_attr("_class") == [b"loc:@a"] and b.device == "/device:GPU:1"


def test_collections_are_filtered_by_scope(graph) -> None:
    with graph.name_scope("in"):
        inner = constant(1)
    outer = constant(1)
    for item in (inner, outer):
        graph.add_to_collection("things", item)
    assert graph.get_collection("things", scope="in") == [inner]
    graph.get_collection_ref("things").clear()
    assert graph.get_collection("things") == []


def test_a_finalized_graph_refuses_new_nodes(graph) -> None:
    graph.finalize()
    with pytest.raises(RuntimeError, match="finalized"):
        constant(1)


def test_a_shape_error_names_node_op_and_shapes_and_adds_nothing(graph) -> None:
    a, b = constant([1, 2]), constant([1, 2, 3])
    with pytest.raises(ValueError, match=r"must be equal, but are 2 and 3 for 'Add' \(op: 'Add'\) with input shapes: "
                                         r"\[2\], \[3\]"):
        raw.add(a, b)
    assert len(graph.get_operations()) == 2


def test_inputs_of_another_graph_are_refused(graph) -> None:
    a = constant(1)
    with Graph().as_default():
        b = constant(1)
    with pytest.raises(ValueError, match="same graph"):
        raw.add(a, b)


@pytest.mark.parametrize("name, error", [("nowhere:0", KeyError), ("Const:1", KeyError), ("Const", ValueError),
                                         ("Const:x", ValueError), (3, TypeError)])
def test_looking_up_a_tensor_by_a_wrong_name(graph, name, error) -> None:
    constant(1)
    with pytest.raises(error):
        graph.get_tensor_by_name(name)


def test_an_operation_knows_the_line_that_made_it(graph) -> None:
    op = constant(1).op
    assert op.source is not None
    assert op.source.filename == __file__ and "constant(1).op" in op.source.text
    assert op.traceback[-1][2] == "test_an_operation_knows_the_line_that_made_it"


def test_every_op_of_tensorflow_can_be_built_and_is_known_by_name(graph) -> None:
    assert len(opdefs.names()) == 1222 + 19  # and those that tf.contrib brings
    assert len(dir(tf.raw_ops)) == 1201  # TensorFlow makes no function for the others
    op = tf.raw_ops.TensorListReserve(element_shape=[2], num_elements=3, element_dtype=tf.float32)
    assert op.op.type == "TensorListReserve" and op.dtype.name == "variant"


def test_scopes_are_kept_per_thread(graph) -> None:
    names = []

    def build() -> None:
        with graph.as_default(), graph.name_scope("thread"):
            names.append(constant(1).op.name)

    with graph.name_scope("main"):
        thread = threading.Thread(target=build)
        thread.start()
        thread.join()
        names.append(constant(1).op.name)
    assert names == ["thread/Const", "main/Const"]


def test_threads_building_at_once_get_unique_names(graph) -> None:
    def build() -> None:
        with graph.as_default():
            for _ in range(200):
                constant(1)

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({op.name for op in graph.get_operations()}) == 800


def test_the_default_graph_cannot_be_reset_while_another_is_in_use(graph) -> None:
    with pytest.raises(AssertionError, match="nested"):
        tf.reset_default_graph()


def test_an_override_renames_the_gradient_attr(graph) -> None:
    with graph.gradient_override_map({"Add": "MyAdd"}):
        y = raw.add(constant(1.0), constant(1.0))
    assert y.op.get_attr("_gradient_op_type") == b"MyAdd"


def test_node_def_round_trips_through_create_op(graph) -> None:
    a = constant([[1.5, 2.5]], name="a")
    node = a.op.node_def
    copy = graph.create_op(node.op, [], [tf.float32], name="b", attrs=dict(node.attr))
    assert tf.make_ndarray(copy.get_attr("value")).tolist() == [[1.5, 2.5]]
    assert copy.outputs[0].dtype == tf.float32


def test_variables_of_two_graphs_are_shown_as_their_tensors() -> None:
    with tf.Graph().as_default():
        x = tf.Variable(3, name="x")
    said = r'^Tensor\("y:0", shape=\(\), dtype=int32_ref\) must be from the same graph as Tensor\("x:0", '
    with tf.Graph().as_default(), pytest.raises(ValueError, match=said):
        tf.add(x, tf.Variable(2, name="y"))
