"""Objects that tell a Checkpoint what they hold: modules, generators, loss scales."""

from pathlib import Path

import pytest

from tfmagic import tf


@pytest.fixture(autouse=True)
def _graph():
    with tf.Graph().as_default():
        yield


def test_a_checkpoint_brings_back_what_a_module_holds(tmp_path: Path) -> None:
    class Net(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = tf.get_variable("w", initializer=[1.0, 2.0], use_resource=True)
            self.parts = [tf.get_variable("p", initializer=3.0)]

    net = Net()
    checkpoint = tf.train.Checkpoint(net=net)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = checkpoint.save(str(tmp_path / "model"), session=session)
        session.run([net.w.assign([8.0, 9.0]), net.parts[0].assign(7.0)])
        checkpoint.restore(path).assert_consumed().run_restore_ops(session)
        assert session.run(net.w).tolist() == [1, 2]
        assert session.run(net.parts[0]) == 3
    assert "net/w/.ATTRIBUTES/VARIABLE_VALUE" in dict(tf.train.list_variables(path))


def test_a_checkpoint_brings_back_a_generator_and_a_loss_scale(tmp_path: Path) -> None:
    generator = tf.random.experimental.Generator.from_seed(5)
    scale = tf.train.experimental.DynamicLossScale(4.0)
    drawn = generator.uniform([2])
    checkpoint = tf.train.Checkpoint(generator=generator, scale=scale)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = checkpoint.save(str(tmp_path / "model"), session=session)
        first = session.run(drawn).tolist()
        assert session.run(drawn).tolist() != first
        checkpoint.restore(path).run_restore_ops(session)
        assert session.run(drawn).tolist() == first
    keys = [key for key, _ in tf.train.list_variables(path)]
    assert "scale/current_loss_scale/.ATTRIBUTES/VARIABLE_VALUE" in keys
    assert "generator/_state_var/.ATTRIBUTES/VARIABLE_VALUE" in keys


class Counted(tf.train.experimental.PythonState):
    def __init__(self) -> None:
        self.count = 0

    def serialize(self) -> str:
        return str(self.count)

    def deserialize(self, string_value: str) -> None:
        self.count = int(string_value)


def test_a_checkpoint_brings_back_a_state_of_python_as_soon_as_it_is_restored(tmp_path: Path) -> None:
    counted = Counted()
    checkpoint = tf.train.Checkpoint(counted=counted)
    with tf.Session() as session:
        paths = []
        for counted.count in (7, 8):
            paths.append(checkpoint.save(str(tmp_path / "model"), session=session))
        counted.count = 0
        checkpoint.restore(paths[0]).run_restore_ops(session)
        assert counted.count == 7
        checkpoint.restore(paths[1])
        assert counted.count == 8
    assert tf.train.load_variable(paths[0], "counted/.ATTRIBUTES/py_state") == b"7"


def test_a_state_of_python_says_how_it_is_saved() -> None:
    with pytest.raises(TypeError, match="PythonState|abstract"):
        tf.train.experimental.PythonState()
