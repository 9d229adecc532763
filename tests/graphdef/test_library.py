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


def test_a_call_that_cannot_run_yet_says_so_by_name():
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(text_format.Parse(SQUARE.replace("STATEFUL", ""), GraphDef()), name="")
        with tf.Session() as session, pytest.raises(tf.errors.UnimplementedError, match="Square2"):
            session.run(graph.get_tensor_by_name("r:0"), {"x:0": 3.0})
