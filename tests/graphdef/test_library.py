"""Functions of a GraphDef's library: imported, kept, exported; their calls are nodes like any other."""

import pytest
from google.protobuf import text_format
from tensorboard.compat.proto.graph_pb2 import GraphDef

from tfmagic import tf

SQUARE = """
node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } }
       attr { key: "shape" value { shape { } } } }
node { name: "r" op: "Square2" input: "x" }
library { function {
  signature { name: "Square2" input_arg { name: "x" type: DT_FLOAT } output_arg { name: "o" type: DT_FLOAT } STATEFUL }
  node_def { name: "m" op: "Mul" input: "x" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
  ret { key: "o" value: "m:z:0" }
} }
"""


@pytest.mark.parametrize("stateful", [False, True])
def test_a_library_comes_back_from_the_graph_as_it_was(stateful):
    given = text_format.Parse(SQUARE.replace("STATEFUL", "is_stateful: true" if stateful else ""), GraphDef())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(given, name="")
        exported = graph.as_graph_def()
    assert list(exported.library.function) == list(given.library.function)
    assert [(node.name, node.op, list(node.input)) for node in exported.node] == [("x", "Placeholder", []),
                                                                                  ("r", "Square2", ["x"])]


def test_a_call_has_the_type_of_its_function_and_an_unknown_shape():
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(text_format.Parse(SQUARE.replace("STATEFUL", ""), GraphDef()), name="")
        result = graph.get_tensor_by_name("r:0")
    assert (result.dtype, str(result.shape)) == (tf.float32, "<unknown>")


def test_a_library_takes_a_function_once_and_its_gradient_with_it():
    with tf.Graph().as_default() as graph:
        given = text_format.Parse(SQUARE.replace("STATEFUL", ""), GraphDef())
        given.library.gradient.add(function_name="Square2", gradient_func="Square2")
        tf.import_graph_def(given, name="a")
        tf.import_graph_def(given, name="b")
        assert graph.as_graph_def().library == given.library
        with pytest.raises(ValueError, match="Cannot add function 'Square2' because a different function with the same "
                                             "name already exists."):
            tf.import_graph_def(text_format.Parse(SQUARE.replace("STATEFUL", "").replace('"Mul"', '"Add"'), GraphDef()))


@pytest.mark.parametrize("change, message", [
    (('"Square2"', '"Neg"'), "Cannot add function 'Neg' because an op with the same name already exists."),
    (('input: "x" input: "x"', 'input: "x" input: "q"'), "input q is not found: {{node m}}"),
    (('value: "m:z:0"', 'value: "n:z:0"'), "Return o -> n:z:0 is not found.")])
def test_a_malformed_function_is_refused_in_tensorflows_words(change, message):
    text = SQUARE.replace("STATEFUL", "").replace(*change)
    with tf.Graph().as_default() as graph, pytest.raises(ValueError) as caught:
        tf.import_graph_def(text_format.Parse(text, GraphDef()), name="")
    assert str(caught.value).splitlines()[0] == message
    assert not graph.get_operations()


def test_an_unknown_op_in_a_function_is_not_found():
    text = SQUARE.replace("STATEFUL", "").replace('"Mul"', '"NoSuchOp"')
    with tf.Graph().as_default(), pytest.raises(tf.errors.NotFoundError, match="Op type not registered 'NoSuchOp'"):
        tf.import_graph_def(text_format.Parse(text, GraphDef()), name="")
