"""What op functions take for attrs: ints are Python's int() of anything but strings, bools and floats are strict."""

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


@pytest.mark.parametrize(("given", "expected"), [(2.5, 2), (np.float32(3.7), 3), (np.array([3]), 3), (True, 1)])
def test_an_int_is_cut_off(given, expected):
    assert tf.string_to_hash_bucket_fast(["a"], given).op.get_attr("num_buckets") == expected


def test_an_int_is_checked_after_it_is_cut_off():
    with pytest.raises(ValueError, match="Attr 'num_buckets' of 'StringToHashBucketFast' Op passed -1 less than "
                                         "minimum 1"):
        tf.string_to_hash_bucket_fast(["a"], -1.5)


@pytest.mark.parametrize("given", ["2", "a", [3], None])
def test_what_is_no_int_is_refused(given):
    with pytest.raises(TypeError):
        tf.string_to_hash_bucket_fast(["a"], given)


@pytest.mark.parametrize("given", ["2", np.array(3), [1.0]])
def test_a_float_is_a_number(given):
    with pytest.raises(TypeError, match="Expected float for argument 'bias' not"):
        tf.nn.lrn(np.zeros((1, 1, 1, 1), np.float32), bias=given)


@pytest.mark.parametrize("given", [1, "a", np.bool_(True), 1.0, np.array(True)])
def test_a_bool_is_pythons(given):
    with pytest.raises(TypeError, match="Expected bool for argument 'transpose_a' not"):
        tf.matmul([[1.0]], [[1.0]], transpose_a=given)
