"""import_graph_def and its companions: names, mappings, loops, and definitions that are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from google.protobuf import text_format

from tfmagic import tf

A = 'node{name:"a" op:"Placeholder" attr{key:"dtype" value{type:DT_FLOAT}}}'
B = 'node{name:"b" op:"Identity" input:"a" attr{key:"T" value{type:DT_FLOAT}}}'


pytestmark = pytest.mark.usefixtures("graph")


def parse(text):
    return text_format.Parse(text, tf.GraphDef())


def names(graph):
    return [op.name for op in graph.get_operations()]


def test_names_get_the_prefix_and_stay_unique(graph) -> None:
    tf.import_graph_def(parse(B + A))
    tf.import_graph_def(parse(A))
    tf.import_graph_def(parse(A), name="")
    tf.import_graph_def(parse(A + B), name="")
    assert names(graph) == ["import/a", "import/b", "import_1/a", "a", "a_1", "b"]
    assert graph.get_operation_by_name("b").inputs[0].name == "a_1:0"


def test_inputs_are_replaced_and_elements_returned() -> None:
    c = tf.constant(1.0)
    b, tensor, mapped = tf.import_graph_def(parse(A + B), input_map={"a:0": c}, return_elements=["b", "b:0", "a:0"])
    assert b.type == "Identity" and b.inputs[0] is c and tensor is b.outputs[0] and mapped is c
    assert tf.import_graph_def(parse(B), input_map={"a": c}, return_elements=["b"])[0].inputs[0] is c
    (value,) = tf.import_graph_def(parse(A + B), input_map={"a:0": 2.0}, return_elements=["b:0"])
    with tf.Session() as sess:
        assert sess.run(value) == 2.0


def test_defaults_devices_and_colocation(graph) -> None:
    colocated = B.replace("attr", 'attr{key:"_class" value{list{s:"loc:@a"}}} attr', 1)
    text = (A.replace("op:", 'device:"/gpu:0" op:') + colocated
            + 'node{name:"m" op:"MatMul" input:"a" input:"b" attr{key:"T" value{type:DT_FLOAT}}}')
    with tf.device("/cpu:0"):
        tf.import_graph_def(parse(text))
    b = graph.get_operation_by_name("import/b")
    assert graph.get_operation_by_name("import/a").device == "/device:GPU:0"
    assert b.colocation_groups() == [b"loc:@import/a"] and b.device == "/device:GPU:0"
    m = graph.get_operation_by_name("import/m")
    assert m.get_attr("transpose_a") is False and m.device == "/device:CPU:0"


def test_control_dependencies_around_the_import_hold(graph) -> None:
    with tf.control_dependencies([tf.no_op("first")]):
        tf.import_graph_def(parse(A + B))
    assert [op.name for op in graph.get_operation_by_name("import/b").control_inputs] == ["first"]


def test_loops_come_back_and_run(graph) -> None:
    with tf.Graph().as_default() as other:
        n = tf.placeholder(tf.int32, [], name="n")
        tf.identity(tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s + i), [0, 0])[1], name="sum")
    (total,) = tf.import_graph_def(other.as_graph_def(), return_elements=["sum:0"], name="")
    with tf.Session() as sess:
        assert sess.run(total, {"n:0": 5}) == 10
    written, read = ({node.name: node for node in g.as_graph_def().node} for g in (other, graph))
    assert read == written


def test_output_shapes_are_taken_over(graph) -> None:
    shapes = ' attr{key:"_output_shapes" value{list{shape{dim{size:3}}}}}}'
    tf.import_graph_def(parse(A + B[:-1] + shapes))
    assert graph.get_tensor_by_name("import/b:0").shape == [3]
    assert "_output_shapes" not in graph.get_operation_by_name("import/b").node_def.attr


CYCLE = ('node{name:"b" op:"Identity" input:"c" attr{key:"T" value{type:DT_FLOAT}}}'
         'node{name:"c" op:"Identity" input:"b" attr{key:"T" value{type:DT_FLOAT}}}')
ENDLESS = ('node{name:"m" op:"Merge" input:"n" attr{key:"T" value{type:DT_FLOAT}} attr{key:"N" value{i:1}}}'
           'node{name:"n" op:"NextIteration" input:"m" attr{key:"T" value{type:DT_FLOAT}}}')
HUGE = ('node{name:"s" op:"Split" input:"i" input:"a" attr{key:"T" value{type:DT_FLOAT}} '
        'attr{key:"num_split" value{i:%s}}} node{name:"i" op:"Placeholder" attr{key:"dtype" value{type:DT_INT32}}}')


@pytest.mark.parametrize(("text", "error", "words"), [
    (B, ValueError, "Node 'b': Unknown input node 'a'"),
    (A + A, ValueError, "Node 'a' is not unique"),
    (A.replace("FLOAT", "INT32") + B, ValueError, "Input 0 of node import/b was passed int32 from import/a:0"),
    (A + 'node{name:"b" op:"Identity" input:"a"}', ValueError, "NodeDef missing attr 'T'"),
    ('node{name:"x" op:"Const"}', ValueError, "NodeDef missing attrs 'dtype', 'value'"),
    (A + B.replace("type:DT_FLOAT", "i:1"), ValueError, "AttrValue had value with type 'int' when 'type' expected"),
    (A.replace("FLOAT", "STRING") + B.replace("Identity", "Neg").replace("FLOAT", "STRING"), ValueError,
     "not in the list of allowed values"),
    (A + B.replace('"a"', '"a:3"'), ValueError, "invalid output 3 of source node a which has 1 outputs"),
    (CYCLE, ValueError, "2 nodes in a cycle"),
    (ENDLESS, ValueError, "all its inputs come from later turns"),
    (A + 'node{name:"n" op:"NoOp"}' + B.replace('input:"a"', 'input:"^n" input:"a"'), ValueError,
     "Control dependencies must come after"),
    ('node{name:"a b" op:"NoOp"}', ValueError, "invalid characters"),
    ('node{name:"a" op:"Zork"}', tf.errors.NotFoundError, "Op type not registered 'Zork'"),
    (A + 'versions{min_consumer:99999}', ValueError, "min consumer version 99999 above current version 134"),
    (A + 'versions{producer:-1}', ValueError, "producer version -1 below min producer 0 supported by TensorFlow"),
    (A + 'versions{bad_consumers:134}', ValueError, "GraphDef disallows consumer version 134.  Please upgrade"),
    ('node{name:"a" op:"NoOp" attr{key:"foo" value{i:3}}}', ValueError,
     "NodeDef mentions attr 'foo' not in Op<name=NoOp; signature= -> >; NodeDef: {{node import/a}}"),
    (A + HUGE % -5, ValueError, "must be at least minimum 1"),
    (A + HUGE % 10**12, ValueError, "more than a node can have outputs"),
    ('node{name:"c" op:"Const" attr{key:"dtype" value{type:DT_FLOAT}} attr{key:"value" value{tensor{dtype:DT_FLOAT '
     'tensor_shape{dim{size:3}} tensor_content:"abc"}}}}', ValueError, "needs 12 bytes, its content has 3"),
    ('node{name:"c" op:"Const" attr{key:"dtype" value{type:DT_FLOAT}} attr{key:"value" value{tensor{dtype:DT_FLOAT '
     'tensor_shape{dim{size:4611686018427387904} dim{size:9}} float_val:1}}}}', ValueError, "only one value fills"),
])
def test_wrong_definitions_are_refused_and_leave_nothing_behind(graph, text, error, words) -> None:
    before = tf.constant(1.0)
    with pytest.raises(error, match=words.replace("(", r"\(")):
        tf.import_graph_def(parse(text))
    assert names(graph) == [before.op.name] and before.consumers() == []
    tf.import_graph_def(parse(A), name="next")


@pytest.mark.parametrize(("kwargs", "error", "words"), [
    ({"return_elements": ["c"]}, ValueError, "Requested return node 'c' not found"),
    ({"return_elements": ["c:0"]}, ValueError, "Requested return tensor 'c:0' not found"),
    ({"return_elements": ["b:3"]}, ValueError, "Invalid return output 3 of node 'b', which has 1 output"),
    ({"return_elements": [3]}, TypeError, "list of strings"),
    ({"input_map": [1]}, TypeError, "must be a dictionary"),
    ({"input_map": {"a:0": 2.0}, "name": ""}, ValueError, "requires a non-empty `name`"),
])
def test_wrong_arguments_are_refused(kwargs, error, words) -> None:
    with pytest.raises(error, match=words):
        tf.import_graph_def(parse(A + B), **kwargs)
    with pytest.raises(TypeError, match="must be a GraphDef proto"):
        tf.import_graph_def("no graph")


def test_a_mapping_that_meets_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"not found in graph_def: \[zz:0\]"):
        tf.import_graph_def(parse(A), input_map={"zz:0": tf.constant(1.0)})


def test_one_value_that_fills_much_takes_no_memory(graph) -> None:
    text = ('node{name:"c" op:"Const" attr{key:"dtype" value{type:DT_FLOAT}} attr{key:"value" value{tensor{'
            'dtype:DT_FLOAT tensor_shape{dim{size:1000000} dim{size:1000000}} float_val:2}}}}')
    tf.import_graph_def(parse(text), name="")
    assert graph.get_tensor_by_name("c:0").shape == [1000000, 1000000]
    assert graph.as_graph_def().ByteSize() < 200


def test_attrs_of_a_newer_producer_are_dropped_where_they_are_defaults(graph) -> None:
    from tensorboard.compat.proto.op_def_pb2 import OpList

    ops = text_format.Parse('op{name:"Identity" attr{name:"new" type:"int" default_value{i:7}}}', OpList())
    definition = parse(A + B[:-1] + ' attr{key:"new" value{i:7}}}')
    tf.import_graph_def(definition, producer_op_list=ops)
    assert "new" not in graph.get_operation_by_name("import/b").node_def.attr


@pytest.mark.parametrize("as_text", [True, False])
def test_a_written_graph_is_read_back(graph, tmp_path, as_text) -> None:
    tf.multiply(tf.constant([1.0, 2.0]), 3.0, name="product")
    path = tf.train.write_graph(graph, str(tmp_path / "new" / "folder"), "graph.pb", as_text=as_text)
    definition = tf.GraphDef()
    with open(path, "rb") as file:
        content = file.read()
    if as_text:
        text_format.Parse(content.decode(), definition)
    else:
        definition.ParseFromString(content)
    assert definition == graph.as_graph_def()
    with tf.Graph().as_default(), tf.Session() as sess:
        (product,) = tf.import_graph_def(definition, return_elements=["product:0"])
        np.testing.assert_array_equal(sess.run(product), [3, 6])


def test_sub_graphs(graph) -> None:
    a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
    tf.add(a, b, name="sum")
    tf.negative(a, name="minus")
    part = tf.graph_util.extract_sub_graph(graph.as_graph_def(), ["minus"])
    assert [node.name for node in part.node] == ["a", "minus"]
    with pytest.raises(AssertionError, match="zz is not in graph"):
        tf.graph_util.extract_sub_graph(graph.as_graph_def(), ["zz"])
    with pytest.raises(TypeError):
        tf.graph_util.extract_sub_graph(graph.as_graph_def(), "minus")


def test_variables_are_frozen(graph) -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    tf.identity(v * 2.0, name="out")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ["out"])
    assert "VariableV2" not in {node.op for node in frozen.node}
    with tf.Graph().as_default(), tf.Session() as sess:
        (out,) = tf.import_graph_def(frozen, return_elements=["out:0"])
        assert sess.run(out).tolist() == [2, 4]


def test_training_nodes_are_removed(graph) -> None:
    x = tf.placeholder(tf.float32, name="x")
    checked = tf.check_numerics(x, "bad", name="check")
    with tf.control_dependencies([checked]):
        tf.negative(tf.identity(x, name="same"), name="out")
    tf.negative(tf.identity(x, name="another"), name="second")
    slim = tf.graph_util.remove_training_nodes(graph.as_graph_def())
    assert [(node.name, list(node.input)) for node in slim.node] == [("x", []), ("out", ["x"]), ("second", ["x"])]


def test_attrs_nested_without_end_are_refused_and_nothing_is_imported() -> None:
    graph_def = tf.GraphDef()
    graph_def.node.add(name="first", op="NoOp")
    attr = graph_def.node.add(name="x", op="NoOp").attr["_f"]
    for _ in range(3000):
        attr.func.name = "f"
        attr = attr.func.attr["a"]
    with tf.Graph().as_default() as graph, pytest.raises(ValueError, match="^Invalid GraphDef\n.*node 'import/x'"):
        tf.import_graph_def(graph_def)
    assert not graph.get_operations()


def test_the_oldest_writer_of_imported_graphs_counts(graph) -> None:
    tf.import_graph_def(parse(A + "versions{producer:8 min_consumer:3 bad_consumers:200}"), name="old")
    tf.import_graph_def(parse(A + "versions{producer:30 min_consumer:5 bad_consumers:199}"), name="newer")
    assert graph.graph_def_versions == graph.as_graph_def().versions
    assert str(graph.graph_def_versions).split("\n") == [
        "producer: 8", "min_consumer: 5", "bad_consumers: 199", "bad_consumers: 200", ""]


def test_ops_that_are_gone_are_made_in_graphs_of_their_time(graph) -> None:
    def norm():
        return tf.raw_ops.BatchNormWithGlobalNormalization(
            t=tf.ones([1, 1, 1, 1]), m=[0.0], v=[1.0], beta=[0.0], gamma=[1.0], variance_epsilon=0.0,
            scale_after_normalization=True)

    with pytest.raises(NotImplementedError, match="not available in GraphDef version 134. It has been removed in ver"):
        norm()
    tf.import_graph_def(parse(A + "versions{producer:8}"))
    assert norm().shape == (1, 1, 1, 1)


SKIPGRAM = 'node{name:"s" op:"Skipgram" attr{key:"filename" value{s:"t"}} attr{key:"batch_size" value{i:4}}}'
GONE = (r"^Op Skipgram is not available in GraphDef version 134\. It has been removed in version 19\. Moving word2vec "
        r"into tensorflow_models/tutorials and deprecating its ops here as a result\.$")


def test_ops_that_are_gone_are_imported_from_graphs_of_their_time_only(graph) -> None:
    tf.import_graph_def(parse(A + SKIPGRAM + "versions{producer:18}"), name="old")
    assert names(graph) == ["old/a", "old/s"]
    with pytest.raises(tf.errors.UnimplementedError, match=GONE):  # the written graph's version counts, not this one's
        tf.import_graph_def(parse(A + SKIPGRAM + "versions{producer:134}"), name="new")
    assert names(graph) == ["old/a", "old/s"]


def test_ops_that_are_gone_are_created_in_graphs_of_their_time_only(graph) -> None:
    def create():
        return graph.create_op("Skipgram", [], [tf.string, tf.int32, tf.int64, tf.int32, tf.int64, tf.int32, tf.int32],
                               attrs={"filename": b"t", "batch_size": 4})

    with pytest.raises(tf.errors.UnimplementedError, match=GONE):
        create()
    tf.import_graph_def(parse(A + "versions{producer:10}"), name="")
    assert create().type == "Skipgram"


def test_functions_of_old_graphs_may_hold_ops_that_are_gone() -> None:
    """Their bodies are of the time of the graph that they came with."""
    written = parse("""
        library{function{
          signature{name:"F" input_arg{name:"x" type:DT_FLOAT} output_arg{name:"y" type:DT_FLOAT}}
          node_def{name:"d" op:"BatchMatrixDiag" input:"x" attr{key:"T" value{type:DT_FLOAT}}}
          ret{key:"y" value:"d:output:0"}}}
        versions{producer:8}""" + A + 'node{name:"f" op:"F" input:"a"}')
    a, f = tf.import_graph_def(written, return_elements=["a:0", "f:0"], name="")
    with tf.Session() as session:
        assert session.run(f, {a: [1.0, 2.0]}).tolist() == [[1.0, 0.0], [0.0, 2.0]]
