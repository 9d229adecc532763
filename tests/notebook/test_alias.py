"""The import name `tensorflow`: where it leads, what it says about what is missing, and how it goes away."""

from __future__ import annotations

import importlib
import sys
import types

import pytest

from tfmagic import tf as ours
from tfmagic.notebook.legacy import alias
from tfmagic.tf import internal


@pytest.mark.usefixtures("tensorflow_alias")
class TestInstalled:
    def test_tensorflow_is_the_public_namespace_itself(self) -> None:
        import tensorflow as tf
        import tensorflow.compat.v1 as v1

        assert tf is ours and v1.Session is ours.Session and sys.modules["tensorflow"] is ours
        assert tf.__version__ == "1.15.2"

    def test_internal_modules_give_the_public_objects(self) -> None:
        from tensorflow.python.framework import ops
        from tensorflow.python.framework.ops import reset_default_graph

        assert ops.Graph is ours.Graph and reset_default_graph is ours.reset_default_graph

    def test_internal_classes_that_were_never_public_are_found(self) -> None:
        from tensorflow.python.framework import errors_impl
        from tensorflow.python.ops import resource_variable_ops, variables

        with ours.Graph().as_default():
            assert type(ours.Variable(1.0)) is variables.RefVariable
            assert type(ours.Variable(1.0, use_resource=True)) is resource_variable_ops.ResourceVariable
            with pytest.raises(errors_impl.OperatorNotAllowedInGraphError):
                bool(ours.constant(1))

    def test_device_lib_lists_the_devices(self) -> None:
        from tensorflow.python.client import device_lib

        first = device_lib.list_local_devices()[0]
        assert (first.name, first.device_type) == ("/device:CPU:0", "CPU") and 'device_type: "CPU"' in str(first)

    def test_protocol_buffers_are_found_under_their_old_names(self) -> None:
        from tensorflow.core.framework import graph_pb2

        assert graph_pb2.GraphDef().SerializeToString() == b""

    def test_generated_modules_give_op_functions(self) -> None:
        from tensorflow.python.ops import gen_math_ops

        assert gen_math_ops.mat_mul.__name__ == "mat_mul"

    @pytest.mark.parametrize("name", ["contrib.tensorboard.plugins.projector", "contrib.slim.nets", "contrib.rnn",
                                      "contrib.seq2seq", "contrib.layers", "contrib.framework", "contrib.learn"])
    def test_public_modules_of_contrib_are_themselves(self, name: str) -> None:
        package, _, last = f"tensorflow.{name}".rpartition(".")
        assert importlib.import_module(f"tensorflow.{name}") is getattr(importlib.import_module(package), last)
        assert importlib.import_module(f"tensorflow.{name}") is internal.public(name)

    def test_public_submodules_can_be_imported(self) -> None:
        nn = importlib.import_module("tensorflow.nn")
        assert nn is ours.nn

    @pytest.mark.parametrize(("name", "hint"), [
        ("tensorflow.contrib.rpc", "tf.py_func"),
        ("tensorflow.contrib.nonsense", "tf.layers"),
        ("tensorflow.examples.nothing", "input_data"),
        ("tensorflow.python.framework.nothing", "public"),
        ("tensorflow.nonsense", "no module"),
    ])
    def test_what_is_missing_is_said_with_an_alternative(self, name: str, hint: str) -> None:
        with pytest.raises(ModuleNotFoundError, match=hint):
            importlib.import_module(name)

    def test_a_missing_name_of_an_internal_module_is_said(self) -> None:
        with pytest.raises(ImportError, match="not part of TensorFlow's public interface"):
            exec("from tensorflow.python.framework.ops import nothing_of_the_kind")
        ops = importlib.import_module("tensorflow.python.framework.ops")
        assert not hasattr(ops, "nothing_of_the_kind")

    def test_a_missing_part_of_contrib_is_explained(self) -> None:
        with pytest.raises(ImportError, match="tf.py_func"):
            exec("from tensorflow.contrib import rpc")
        assert not hasattr(ours.contrib, "rpc")

    @pytest.mark.parametrize("statement", [
        "import tensorflow.nn", "from tensorflow.nn import relu", "import tensorflow.train as t",
        "from tensorflow.train import AdamOptimizer", "import tensorflow.compat.v1 as t",
        "from tensorflow.compat import v1", "import tensorflow.python.framework.ops", "import tensorflow.math as m",
        "from tensorflow.python.ops import math_ops", "from tensorflow import math", "import tensorflow.layers",
        "import tensorflow.image", "import tensorflow.logging", "import tensorflow.gfile", "import tensorflow.errors",
        "from tensorflow.python.framework.errors import OpError", "import tensorflow.raw_ops",
        "import tensorflow.python", "import tensorflow.core.framework.graph_pb2", "import tensorflow.version",
        "from tensorflow.python.platform import gfile", "from tensorflow.python.framework.ops import Tensor",
        "from tensorflow.python.ops.gen_nn_ops import relu", "from tensorflow.python.ops.gen_math_ops import _sum",
        "from tensorflow.python import ops; ops.reset_default_graph; ops.math_ops.add; ops.Graph",
        "from tensorflow.python import layers; layers.dense; layers.core.Dense",
        "from tensorflow.python import graph_util; graph_util.extract_sub_graph",
        "from tensorflow.python.training.adam import AdamOptimizer", "from tensorflow import Session"])
    def test_dotted_imports_of_what_there_is(self, statement: str) -> None:
        exec(statement, {})

    @pytest.mark.parametrize(("statement", "words"), [
        ("from tensorflow import foo", "foo"), ("from tensorflow.nn import foo", "foo"),
        ("import tensorflow.foo", "no module tensorflow.foo"), ("import tensorflow.python.nothing", "nothing"),
        ("from tensorflow.python.framework.ops import nothing", "nothing"),
        ("from tensorflow.keras import layers", "pip install keras"),
        ("import tensorflow.keras.layers", "pip install keras"),
        ("from tensorflow.keras.layers import Dense", "pip install keras"),
        ("from tensorflow.compat.v1.keras.layers import Dense", "pip install keras"),
        ("from tensorflow.compat.v1 import estimator", "tf.Session"),
        ("from tensorflow import estimator", "tf.Session"),
        ("from tensorflow.estimator import Estimator", "tf.Session"),
        ("from tensorflow.models import rnn", "model garden")])
    def test_what_cannot_be_imported_is_an_import_error_that_names_it(self, statement: str, words: str) -> None:
        with pytest.raises(ImportError, match=words):
            exec(statement, {})


def test_uninstalling_leaves_no_trace() -> None:
    before = set(sys.modules)
    alias.install(force=True)
    importlib.import_module("tensorflow.python.framework.ops")
    alias.uninstall()
    assert not [m for m in sys.modules if m.split(".")[0] == "tensorflow" and m not in before]
    assert not alias.is_installed()


def test_a_real_tensorflow_is_left_alone_unless_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    real = types.ModuleType("tensorflow")
    real.__version__ = "2.99"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorflow", real)
    assert alias.install() is False and sys.modules["tensorflow"] is real
    assert alias.install(force=True) is True
    try:
        assert importlib.import_module("tensorflow") is ours
    finally:
        alias.uninstall()
    assert sys.modules["tensorflow"] is real


def test_every_row_of_the_table_of_internal_modules_can_be_read() -> None:
    for module in internal.modules():
        assert all(target for target in internal.attributes(module).values()), module
