"""Names of TensorFlow before 1.0."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from tfmagic import tf
from tfmagic.base import export
from tfmagic.tf import before_one


@pytest.mark.parametrize("old", sorted(before_one.ACCEPTED))
def test_an_accepted_name_is_none_of_1_15_and_stands_for_one(old: str) -> None:
    assert export.row(old) is None
    assert export.row(before_one.ACCEPTED[old]) is not None


def test_a_program_of_then_runs() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.pack([tf.mul(2.0, 3.0), tf.sub(5.0, 1.0), tf.neg(1.0)])
        chosen = tf.select([True, False, True], x, tf.inv(x))
        assert x.op.type == "Pack" and x.op.name == "stack"
        np.testing.assert_allclose(session.run(chosen), [6, 0.25, -1])
        assert [part.shape for part in session.run(tf.unpack(tf.ones([2, 3])))] == [(3,), (3,)]


def test_its_first_use_prints_tensorflows_warning() -> None:
    code = "from tfmagic import tf\nfor _ in range(2):\n    tf.mul(1, 2)\n"
    done = subprocess.run([sys.executable, "-"], input=code, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    done = subprocess.run([sys.executable, "-c", f"exec(compile({code!r}, 'program.py', 'exec'))"], capture_output=True,
                          text=True, timeout=120)
    assert done.stderr.count("The name tf.mul is deprecated. Please use tf.multiply instead.") == 1


@pytest.mark.parametrize(("name", "hint"), [("sum", "tf.reduce_sum"), ("models", "tf.nn.rnn_cell"),
                                            ("nn.seq2seq", "tf.contrib.legacy_seq2seq")])
def test_what_is_gone_is_told(name: str, hint: str) -> None:
    path, _, last = name.rpartition(".")
    module = getattr(tf, path) if path else tf
    words = f"module 'tensorflow{'._api.v1.' + path if path else ''}' has no attribute '{last}'"
    with pytest.raises(AttributeError, match=f"(?s)^{re.escape(words)}.*{re.escape(hint)}"):
        getattr(module, last)
