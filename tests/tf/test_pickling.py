"""Public objects and values can be pickled as in TensorFlow, with the `tensorflow` alias and without it."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import pytest

from tfmagic import tf
from tfmagic.notebook.legacy import alias

VALUES = {
    "a type": lambda: tf.float32,
    "a reference type": lambda: tf.as_dtype("float32_ref"),
    "a shape": lambda: tf.TensorShape([1, 2]),
    "an unknown shape": lambda: tf.TensorShape(None),
    "a dimension": lambda: tf.Dimension(3),
    "a device": lambda: tf.DeviceSpec(job="worker", task=1),
    "a sparse value": lambda: tf.SparseTensorValue([[0]], [1], [2]),
    "an enum member": lambda: tf.VariableAggregation.SUM,
    "the way to reuse": lambda: tf.AUTO_REUSE,
    "a message": lambda: tf.ConfigProto(allow_soft_placement=True),
    "quantized types": lambda: tf.QUANTIZED_DTYPES,
}
OBJECTS = ["TensorShape", "GraphKeys", "DType", "AggregationMethod", "errors.InvalidArgumentError", "Variable",
           "train.AdamOptimizer", "losses.Reduction", "layers.Dense", "reduce_sum", "nn.relu", "raw_ops.Relu",
           "train.exponential_decay", "to_float", "nn.conv2d", "contrib.training.HParams",
           "contrib.learn.preprocessing.VocabularyProcessor", "contrib.layers.l2_regularizer"]


@pytest.fixture(params=["without the alias", "with the alias"])
def tensorflow(request: pytest.FixtureRequest) -> Any:
    if request.param == "with the alias":
        alias.install(force=True)
        yield
        alias.uninstall()
    else:
        yield
        assert "tensorflow" not in sys.modules


def look_up(name: str) -> Any:
    thing: Any = tf
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing


@pytest.mark.parametrize("pickler", [pickle.dumps, pickle._dumps])  # type: ignore[attr-defined]  # C and Python
@pytest.mark.parametrize("name", VALUES)
@pytest.mark.usefixtures("tensorflow")
def test_a_value_comes_back_equal(name: str, pickler: Any) -> None:
    value = VALUES[name]()
    back = pickle.loads(pickler(value))
    assert type(back) is type(value) and str(back) == str(value)
    assert back == value or name == "an unknown shape" and back.rank is None


@pytest.mark.parametrize("name", OBJECTS)
@pytest.mark.usefixtures("tensorflow")
def test_a_public_class_or_function_comes_back_as_itself(name: str) -> None:
    thing = look_up(name)
    assert pickle.loads(pickle.dumps(thing)) is thing and copy.deepcopy(thing) is thing
    assert pickle._loads(pickle._dumps(thing)) is thing  # type: ignore[attr-defined]


@pytest.mark.usefixtures("tensorflow")
def test_objects_with_settings_come_back_with_them() -> None:
    optimizer = pickle.loads(pickle.dumps(tf.train.AdamOptimizer(0.5)))
    assert type(optimizer) is tf.train.AdamOptimizer and optimizer._lr == 0.5
    layer = pickle.loads(pickle.dumps(tf.layers.Dense(3)))
    assert type(layer) is tf.layers.Dense and layer.units == 3
    initializer = pickle.loads(pickle.dumps(tf.constant_initializer(3.0)))
    assert initializer.get_config() == tf.constant_initializer(3.0).get_config()


@pytest.mark.usefixtures("tensorflow")
def test_an_error_comes_back_with_its_message_and_the_name_of_its_operation() -> None:
    op = tf.Graph().create_op("NoOp", [], [], name="place")
    for error in (tf.errors.InvalidArgumentError(None, None, "no such row"),
                  tf.errors.InvalidArgumentError(op.node_def, op, "no such row")):
        back = pickle.loads(pickle.dumps(error))
        assert type(back) is tf.errors.InvalidArgumentError
        assert (back.message, back.error_code) == ("no such row", tf.errors.INVALID_ARGUMENT)
        assert getattr(back.op, "name", None) == getattr(error.op, "name", None)
        assert repr(back.op) == repr(error.op)


def test_another_process_reads_what_one_wrote() -> None:
    text = pickle.dumps([tf.TensorShape([2, None]), tf.float32, tf.GraphKeys, tf.reduce_sum]).hex()
    code = (f"import pickle, sys\nfrom tfmagic import tf\nback = pickle.loads(bytes.fromhex({text!r}))\n"
            "assert back[0].as_list() == [2, None] and back[1:] == [tf.float32, tf.GraphKeys, tf.reduce_sum]\n"
            "assert 'tensorflow' not in sys.modules\n")
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_name_tensorflow_stays_unknown_to_everybody_else() -> None:
    pickle.loads(pickle.dumps(tf.TensorShape([1])))
    for statement in ("import tensorflow", "import tensorflow.python.framework.tensor_shape",
                      "__import__('tensorflow')", "import importlib; importlib.import_module('tensorflow')"):
        with pytest.raises(ModuleNotFoundError):
            exec(statement, {})
    assert sys.modules.get("tensorflow") is None


def test_parts_of_a_graph_say_why_they_cannot_be_pickled() -> None:
    with tf.Graph().as_default() as graph:
        tensor = tf.constant(1.0, name="c")
        variable = tf.Variable(1.0, name="v")
    for thing, words in ((tensor, "Tensor 'c:0'"), (tensor.op, "Operation 'c'"), (variable, "'v:0'"),
                         (graph, "A Graph"), (tf.Session(graph=graph), "A Session")):
        with pytest.raises(TypeError, match=words):
            pickle.dumps(thing)
