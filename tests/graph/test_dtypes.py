"""DType: names, numbers, conversions."""

from __future__ import annotations

import numpy as np
import pytest

from tfmagic import tf


@pytest.mark.parametrize("given, name", [("float", "float32"), (float, "float32"), (np.float64, "float64"),
                                         (bool, "bool"), (str, "string"), (np.dtype("int16"), "int16"), (19, "float16"),
                                         ("half", "float16"), (np.str_, "string"), ("float32_ref", "float32_ref")])
def test_as_dtype_takes_what_users_write(given, name) -> None:
    assert tf.as_dtype(given).name == name


def test_what_is_no_type_is_refused() -> None:
    with pytest.raises(TypeError, match="Cannot convert value"):
        tf.as_dtype("floaty")


def test_references_are_types_of_their_own() -> None:
    reference = tf.as_dtype("float32_ref")
    assert reference.base_dtype is tf.float32 and reference != tf.float32
    assert tf.float32.is_compatible_with(reference) and not reference.is_compatible_with(tf.float32)
    assert reference.as_datatype_enum == 101 and not hasattr(tf, "float32_ref")


def test_reprs_and_comparison() -> None:
    assert str(tf.int32) == "<dtype: 'int32'>" and repr(tf.int32) == "tf.int32"
    assert tf.float32 == np.float32 and tf.float32 == "float32" and tf.float32 != None  # noqa: E711
    assert {tf.float32: 1}[tf.as_dtype("float32")] == 1


def test_limits() -> None:
    assert tf.uint8.max == 255 and tf.int32.min == -2**31 and tf.float16.max == 65504
    with pytest.raises(TypeError):
        tf.complex64.max  # noqa: B018


@pytest.mark.parametrize("value", [None, int])
def test_what_only_numpy_takes_for_a_type_is_refused(value):
    with pytest.raises(TypeError, match="Cannot convert value .* to a TensorFlow DType"):
        tf.as_dtype(value)


def test_a_type_by_its_number_equals_that_type():
    assert tf.DType(1) == tf.float32
    assert tf.DType(1).base_dtype is tf.float32
    assert tf.DType(103)._is_ref_dtype
    with pytest.raises(TypeError, match="type_enum is not a valid types_pb2.DataType: 999"):
        tf.DType(999)
