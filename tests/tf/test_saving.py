"""Saving and restoring: files of TensorFlow 1.15, objects of the user's own, damaged files, the command line."""

from __future__ import annotations

import base64
import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.notebook.command import cli
from tfmagic.tf.internal import module

MODELS = json.loads((Path(__file__).parents[1] / "oracle" / "data" / "checkpoints.json").read_text("utf-8"))["models"]


@pytest.fixture
def models(tmp_path, graph):
    """The folder with the files that TensorFlow 1.15 wrote, and the values in them."""
    for name, content in MODELS["files"].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(base64.b64decode(content))
    return tmp_path, dict(MODELS["rows"])


def test_a_graph_and_checkpoint_of_tensorflow_go_on_training(models):
    folder, values = models
    saver = tf.train.import_meta_graph(str(folder / "m.meta"))
    with tf.Session() as sess:
        saver.restore(sess, str(folder / "m"))
        assert sess.run("w:0").tolist() == values["w"] and sess.run("b:0").tolist() == values["b"]
        assert sess.run("y:0", {"x:0": [[1.0, 1.0]]}).tolist() == values["y"]
        sess.run("train", {"x:0": [[1.0, 1.0]]})
        assert sess.run("w:0").tolist() == (np.array(values["w"]) - 0.25).tolist()


def test_a_saved_model_of_tensorflow_is_loaded(models):
    folder, values = models
    with tf.Session() as sess:
        signature = tf.saved_model.load(sess, ["serve"], str(folder / "model")).signature_def["serving_default"]
        found = sess.run(signature.outputs["y"].name, {signature.inputs["x"].name: [[1.0, 1.0]]})
    assert found.tolist() == values["y"]


def test_a_path_may_be_a_path_object(tmp_path, graph):
    v = tf.Variable(3.0)
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(v.initializer)
        saver.save(sess, tmp_path / "m")
        sess.run(v.assign(0.0))
        saver.restore(sess, tmp_path / "m")
        assert sess.run(v) == 3.0
    assert tf.train.latest_checkpoint(tmp_path) == str(tmp_path / "m")


def test_an_object_of_the_users_own_is_saved(tmp_path, graph):
    saving = module("tensorflow.python.training.saving.saveable_object")
    v = tf.Variable([1.0, 2.0], name="v")

    class Doubled(saving.SaveableObject):
        def __init__(self, variable):
            super().__init__(variable, [saving.SaveSpec(variable * 2.0, "", "doubled")], "doubled")

        def restore(self, restored_tensors, restored_shapes):
            return tf.assign(self.op, restored_tensors[0] / 2.0)

    saver = tf.train.Saver([Doubled(v)])
    with tf.Session() as sess:
        sess.run(v.initializer)
        path = saver.save(sess, str(tmp_path / "m"))
        assert tf.train.load_variable(path, "doubled").tolist() == [2.0, 4.0]
        sess.run(v.assign([0.0, 0.0]))
        saver.restore(sess, path)
        assert sess.run(v).tolist() == [1.0, 2.0]


def test_a_damaged_checkpoint_is_an_error_of_the_restore_and_changes_nothing(tmp_path, graph):
    a, b = tf.Variable(np.zeros(100), name="a"), tf.Variable(np.zeros(100), name="b")
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "m"))
        data = tmp_path / "m.data-00000-of-00001"
        content = bytearray(data.read_bytes())
        content[-1] ^= 1
        data.write_bytes(content)
        sess.run([a.assign(np.ones(100)), b.assign(np.ones(100))])
        with pytest.raises(tf.errors.DataLossError, match="Checksum does not match"):
            saver.restore(sess, path)
        assert sess.run(a).sum() == sess.run(b).sum() == 100
        data.write_bytes(content[:-8])
        with pytest.raises(tf.errors.DataLossError, match="cut off"):
            saver.restore(sess, path)


def test_what_a_run_assigns_from_python_has_the_variables_shape(graph):
    """Only the run knows the shape, as with a tensor of a checkpoint."""
    v = tf.Variable([1.0, 2.0])
    assign = tf.assign(v, tf.py_func(lambda: np.zeros((3,), np.float32), [], tf.float32))
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(tf.errors.InvalidArgumentError, match="Assign requires shapes of both tensors to match"):
            sess.run(assign)
        assert sess.run(v).tolist() == [1.0, 2.0]


def test_checkpoints_are_printed_as_tensorflow_prints_them(tmp_path, graph, capsys):
    tf.Variable([[1.0, 2.0]], name="a")
    tf.Variable(np.arange(3000), name="b/c")
    tf.Variable(["x", "y"], name="s")
    tf.Variable(3, name="global_step")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, str(tmp_path / "m"))
    show = module("tensorflow.python.tools.inspect_checkpoint").print_tensors_in_checkpoint_file
    capsys.readouterr()
    show(path, "a", False)
    assert capsys.readouterr().out == "tensor_name:  a\n[[1. 2.]]\n# Total number of params: 3005\n"
    show(path, "", False)
    assert capsys.readouterr().out == ("a (DT_FLOAT) [1,2]\nb/c (DT_INT64) [3000]\nglobal_step (DT_INT32) []\n"
                                       "s (DT_STRING) [2]\n\n# Total number of params: 3005\n")
    show(path, "zzz", False)
    assert capsys.readouterr().out == "tensor_name:  zzz\nKey zzz not found in checkpoint\n"


def test_the_command_shows_what_is_in_files(models, capsys):
    folder, _ = models
    seen = {}
    for name in ("model", "model/saved_model.pb", "m.meta", "m", "m.index", "none"):
        code = cli.main(["show", str(folder / name)])
        out, err = capsys.readouterr()
        assert code == (1 if name == "none" else 0), err
        seen[name] = out or err
    assert seen["model"] == seen["model/saved_model.pb"] and "input x: float32 [?, 2], x:0" in seen["model"]
    assert "MatMul" in seen["m.meta"] and "saver: save/control_dependency:0" in seen["m.meta"]
    assert seen["m"] == seen["m.index"] == "b  float32  [1]\nw  float32  [2, 1]\n2 tensors, 3 elements\n"
    assert "no checkpoint" in seen["none"]


@pytest.mark.parametrize("name", ["core.protobuf.saver_pb2", "core.protobuf.saved_model_pb2",
                                  "core.example.example_pb2", "core.framework.tensor_slice_pb2",
                                  "python.training.checkpoint_state_pb2"])
def test_protocol_buffers_are_found_where_tensorflow_has_them(name):
    internal = importlib.import_module("tfmagic.tf.internal")
    assert internal.proto_module("tensorflow." + name) == name.rpartition(".")[2]
