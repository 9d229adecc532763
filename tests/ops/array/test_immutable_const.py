"""ImmutableConst gives the numbers that a file holds, and refuses what TensorFlow 1.15 refuses, in its words."""

import numpy as np
import pytest

from tfmagic import tf


@pytest.fixture
def path(tmp_path):
    (tmp_path / "numbers").write_bytes(np.arange(6, dtype=np.float32).tobytes())
    return str(tmp_path / "numbers")


def value(path, shape, dtype=tf.float32):
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.raw_ops.ImmutableConst(dtype=dtype, shape=shape, memory_region_name=path))


@pytest.mark.parametrize("shape", [[2, 3], [6], [2]])
def test_the_numbers_of_a_file(path, shape):
    np.testing.assert_array_equal(value(path, shape), np.arange(np.prod(shape), dtype=np.float32).reshape(shape))


def test_a_file_that_is_too_short(path):
    with pytest.raises(tf.errors.InternalError, match=r"wrong length \(24\) when allocating 28"):
        value(path, [7])


def test_no_file(path):
    with pytest.raises(tf.errors.NotFoundError, match="; No such file or directory"):
        value(path + "s", [2])


def test_what_1_15_dies_of_is_refused(path):
    with pytest.raises(tf.errors.UnimplementedError, match="A file's bytes are numbers"):
        value(path, [2], tf.string)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not fully defined"):
        value(path, [None])
