"""`framework.test_ops` and `op_def_library`: the ops that tests in TensorFlow's manner build graphs of."""

from __future__ import annotations

import pytest

from tfmagic import tf
from tfmagic.graph import opdefs
from tfmagic.tf import internal

test_ops = internal.module("tensorflow.python.framework.test_ops")
library = test_ops._op_def_lib


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as made:
        yield made


def test_functions_build_nodes_of_ops_that_the_library_does_not_count(graph):
    number, fraction = test_ops.int_output_float_output()
    assert (number.dtype, fraction.dtype) == (tf.int32, tf.float32)
    assert test_ops.two_float_inputs(fraction, 2.0).type == "TwoFloatInputs"
    assert graph.create_op("FloatOutput", [], [tf.float32], name="own").name == "own"
    assert not opdefs.is_op("FloatOutput")
    assert "FloatOutput" not in opdefs.names()


def test_such_a_graph_is_exported_and_imported(graph):
    test_ops.int_input_int_output(3, name="x")
    (copy,) = tf.import_graph_def(graph.as_graph_def(), return_elements=["x"])
    assert (copy.name, copy.type, copy.inputs[0].name) == ("import/x", "IntInputIntOutput", "import/x/a:0")


def test_one_without_a_kernel_says_so():
    with pytest.raises(tf.errors.UnimplementedError, match="tests of building graphs"), tf.Session() as session:
        session.run(test_ops.int_output())


@pytest.mark.parametrize("op, arguments, error, words", [
    ("Simple", {"a": "Bad string"}, TypeError,
     "Expected int32 passed to parameter 'a' of op 'Simple', got 'Bad string' of type 'str' instead."),
    ("Simple", {"a": 6, "extra": "bogus"}, TypeError, "apply_op() got unexpected keyword arguments: extra"),
    ("Simple", {"wrong": 7}, TypeError, "No argument for input a"),
    ("Attr", {"a": "bad"}, TypeError, "Expected int for argument 'a' not 'bad'."),
    ("Attr", {"a": None}, TypeError, "Expected int for argument 'a' not None."),
    ("AttrDefault", {}, TypeError, "No argument for attr a"),
    ("AttrMin", {"a": 2}, ValueError, "Attr 'a' of 'AttrMin' Op passed 2 less than minimum 5."),
    ("AttrBoolList", {"a": 3}, TypeError, "Expected list for attr a"),
    ("AttrEnum", {"a": "invalid"}, ValueError, "Attr 'a' of 'AttrEnum' Op passed string 'invalid' not in: \"apples\", "
                                               "\"oranges\"."),
    ("PolymorphicOut", {"T": None}, TypeError, "Expected DataType for argument 'T' not None."),
    ("TypeListTwice", {"a": ["foo", True], "b": ["bar", 6]}, TypeError,
     "Input 'b' of 'TypeListTwice' Op has type list of string, int32 that does not match type list string, bool of "
     "argument 'a'."),
    ("NInTwice", {"a": [1, 2, 3], "b": ["x"]}, ValueError,
     "List argument 'b' to 'NInTwice' Op with length 1 must match length 3 of argument 'a'."),
    ("NInPolymorphicTwice", {"a": [1, 2], "b": ["x", "y"]}, TypeError,
     "Tensors in list passed to 'b' of 'NInPolymorphicTwice' Op have types [string, string] that do not match type "
     "int32 inferred from earlier arguments."),
    ("FuncAttr", {"f": 3}, TypeError, "Don't know how to convert 3 to a func for argument f"),
    ("NoSuchOp", {}, RuntimeError, "Unrecognized Op name NoSuchOp"),
])
def test_apply_op_refuses_as_tensorflow_does(op, arguments, error, words):  # words: as 1.15 prints them
    with pytest.raises(error) as caught:
        library.apply_op(op, **arguments)
    assert str(caught.value).split(" Error: ")[0].split("\n")[0] == words


def test_a_library_has_what_was_added_to_it():
    own = internal.module("tensorflow.python.framework.op_def_library").OpDefLibrary()
    with pytest.raises(RuntimeError, match="Unrecognized Op name Identity"):
        own.apply_op("Identity", input=3)
    own.add_op(tf.identity(1.0).op.op_def)
    assert own.apply_op("Identity", input=3, name="kept").name == "kept:0"
