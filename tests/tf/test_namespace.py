"""The public namespace: which names there are, what is said of those there are not, and which are old."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tfmagic import tf
from tfmagic.base import export
from tfmagic.tf import missing, namespace


def resolve(name):
    thing = tf
    for part in name.split(".")[1:]:
        thing = getattr(thing, part)
    return thing


def run(program, tmp_path):
    """What a program prints on the standard error, as a file of its own."""
    path = tmp_path / "program.py"
    path.write_text("from tfmagic import tf\n" + program)
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr.replace(str(path), "program.py")


def test_every_name_that_the_table_has_a_home_for_is_there():
    for name in export.table().lines:
        # An alias within a package that tfmagic does not have (tf.keras.initializers.zeros) is not there either.
        if export.is_supported(name) and not namespace._is_foreign(name):
            resolve("tf." + name)


def test_listed_names_are_those_that_can_be_used():
    assert {"relu", "softmax", "conv2d"} <= set(dir(tf.nn))
    assert {"nn", "train", "float32", "Session", "compat", "contrib"} <= set(dir(tf))
    assert "estimator" not in dir(tf)
    for path in ("tf", "tf.nn", "tf.train", "tf.math", "tf.layers", "tf.compat.v1", "tf.dtypes"):
        for name in dir(resolve(path)):
            getattr(resolve(path), name)


def test_the_modules_that_hold_the_code_are_no_public_names():
    resolve("tf.nn.relu6"), resolve("tf.train.AdamOptimizer"), resolve("tf.losses.log_loss")
    for owner, name in ((tf, "variable"), (tf, "namespace"), (tf.nn, "activations"), (tf.train, "adam"),
                        (tf.losses, "weighted"), (tf.losses, "Any")):
        assert not hasattr(owner, name), f"{owner} has {name}"


@pytest.mark.parametrize(("name", "message"), [
    ("tf.foo", "module 'tensorflow' has no attribute 'foo'"),
    ("tf.nn.foo", "module 'tensorflow._api.v1.nn' has no attribute 'foo'"),
    ("tf.compat.v1.foo", "module 'tensorflow._api.v1.compat.v1' has no attribute 'foo'"),
    ("tf.contrib.foo", "module 'tensorflow.contrib' has no attribute 'foo'"),
    ("tf.compat.v1.contrib", "module 'tensorflow._api.v1.compat.v1' has no attribute 'contrib'"),
    ("tf.raw_ops.Foo", "module 'tensorflow._api.v1.raw_ops' has no attribute 'Foo'"),
])
def test_what_never_existed_is_said_in_tensorflows_words(name, message):
    with pytest.raises(AttributeError, match=f"^{re.escape(message)}"):
        resolve(name)


def test_what_is_missing_says_so_and_names_something_that_exists():
    with pytest.raises(AttributeError, match=r"tf\.keras\.layers .*TensorFlow 1\.15.*tf\.layers|tf\.keras "):
        resolve("tf.keras.layers")
    absent = [name for name in export.table().lines if not export.is_supported(name)]
    for name in [*missing.names(), *absent]:
        for named in re.findall(r"\btf\.\w+(?:\.\w+)*", missing.alternative(name)):
            resolve(named)


def test_contrib_is_loaded_on_first_use_with_tensorflows_warning(tmp_path):
    text = run("import sys\ndir(tf)\nassert 'tfmagic.tf.contrib' not in sys.modules\n" + 2 * "tf.contrib\n", tmp_path)
    assert text.startswith("WARNING:tensorflow:\nThe TensorFlow contrib module will not be included in TensorFlow 2.0.")
    assert text.count("WARNING") == 1


def test_a_part_of_contrib_that_is_not_there_says_so():
    with pytest.raises(AttributeError, match=r"tf\.contrib\.rpc is part of TensorFlow 1\.15"):
        tf.contrib.rpc  # noqa: B018


def test_nothing_that_is_there_is_called_missing():
    assert not [name for name in missing.names() if export.is_supported(name)]


def test_compat_v1_has_the_same_objects():
    assert tf.compat.v1.Session is tf.Session and tf.compat.v1.nn.relu is tf.nn.relu
    assert set(dir(tf.compat.v1)) - {"__path__"} == set(dir(tf)) - {"__path__", "contrib"}


def test_an_old_name_is_warned_of_once(tmp_path):
    text = run("tf.log\ntf.log\ntf.get_variable\ntf.nn.relu\ntf.compat.v1.placeholder\n", tmp_path)
    assert text == ("WARNING:tensorflow:From program.py:2: The name tf.log is deprecated. Please use tf.math.log "
                    "instead.\n\nWARNING:tensorflow:From program.py:4: The name tf.get_variable is deprecated. Please "
                    "use tf.compat.v1.get_variable instead.\n\n")


def test_a_from_import_of_an_old_name_is_warned_of_too(tmp_path):
    text = run("from tfmagic.tf.train import AdamOptimizer\n", tmp_path)
    assert text == ("WARNING:tensorflow:From program.py:2: The name tf.train.AdamOptimizer is deprecated. Please use "
                    "tf.compat.v1.train.AdamOptimizer instead.\n\n")


def test_the_house_itself_is_not_warned(tmp_path):
    text = run("import tfmagic\nexec(compile('tf.log', tfmagic.__file__, 'exec'))\ntf.log\n", tmp_path)
    assert text.count("WARNING") == 1 and "program.py:4:" in text


def test_cells_and_typed_lines_are_not_warned(tmp_path):
    assert run("exec(compile('tf.log', '<ipython-input-1-ab>', 'exec'))\ntf.log\n", tmp_path) == ""


def test_classes_and_functions_carry_tensorflows_names():
    assert repr(tf.Tensor) == "<class 'tensorflow.python.framework.ops.Tensor'>"
    assert repr(tf.Variable) == "<class 'tensorflow.python.ops.variables.VariableV1'>"
    assert (tf.reduce_sum.__module__, tf.reduce_sum.__name__) == ("tensorflow.python.ops.math_ops", "reduce_sum_v1")
    assert (tf.nn.relu.__module__, tf.nn.relu.__name__) == ("tensorflow.python.ops.gen_nn_ops", "relu")
