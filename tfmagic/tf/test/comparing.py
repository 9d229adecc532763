"""What test cases compare: arrays, tensors, structures of them, protos, errors."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from absl.testing import absltest

from tfmagic.base import devices, dtypes, errors, tf_logging
from tfmagic.graph.indexed_slices import IndexedSlices
from tfmagic.graph.operation import Tensor
from tfmagic.graph.sparse_tensor import SparseTensor
from tfmagic.tf.platform.absl_logging import keep_stderr_open

keep_stderr_open()

# How many wrong elements a message lists.
_SHOWN = 10


def _is_namedtuple(thing: Any) -> bool:
    return isinstance(thing, tuple) and hasattr(thing, "_asdict")


class ComparingTestCase(absltest.TestCase):
    """A test case that compares arrays and tensors; `evaluate` says what a tensor's value is."""

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors."""
        raise NotImplementedError

    def _array(self, thing: Any) -> Any:
        if hasattr(thing, "_fetch_parts") or isinstance(thing, (Tensor, IndexedSlices, SparseTensor)) or hasattr(
                thing, "initializer"):
            thing = self.evaluate(thing)
        return thing if isinstance(thing, np.ndarray) else np.array(thing)

    # --- arrays ---------------------------------------------------------------------------------------------------

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Check that two arrays, tensors or structures of them are nearly equal.

        Args:
          a: what was found.
          b: what is expected.
          rtol: how far off an element of `b` may be, as part of it.
          atol: and how far besides.
          msg: stands in the message.

        Raises:
          ValueError: one has a dict, or another length, where the other has not.
        """
        self._close(a, b, rtol, atol, "", msg or "")

    def _close(self, a: Any, b: Any, rtol: float, atol: float, path: str, msg: str) -> None:
        a, b = (thing._asdict() if _is_namedtuple(thing) else thing for thing in (a, b))
        if isinstance(a, dict) != isinstance(b, dict):
            raise ValueError(f"Can't compare dict to non-dict, a{path} vs b{path}. {msg}")
        if isinstance(a, dict):
            self.assertCountEqual(a.keys(), b.keys(), msg=f"mismatched keys: a{path} has keys {list(a)}, but b{path} "
                                                          f"has keys {list(b)}. {msg}")
            for key in a:
                self._close(a[key], b[key], rtol, atol, f"{path}[{key}]", msg)
        elif isinstance(a, (list, tuple)) and not self._is_array_like(a, b):
            if len(a) != len(b):
                raise ValueError(f"Mismatched length: a{path} has {len(a)} items, but b{path} has {len(b)} items. "
                                 f"{msg}")
            for index, (left, right) in enumerate(zip(a, b)):
                self._close(left, right, rtol, atol, f"{path}[{index}]", msg)
        else:
            self._arrays_close(a, b, rtol, atol, f"Mismatched value: a{path} is different from b{path}. {msg}")

    def _is_array_like(self, a: Any, b: Any) -> bool:
        """Whether two things are arrays of numbers, so that they can be compared at once."""
        try:
            return all(self._array(thing).dtype != object for thing in (a, b))
        except (TypeError, ValueError):  # rows of different lengths, dicts
            return False

    def _arrays_close(self, a: Any, b: Any, rtol: float, atol: float, msg: str) -> None:
        a, b = self._array(a), self._array(b)
        self.assertEqual(a.shape, b.shape, f"Shape mismatch: expected {a.shape}, got {b.shape} with contents {b}.")
        if a.dtype.kind not in "fciub" or a.dtype.name == "bfloat16":
            a, b = a.astype(np.float32), b.astype(np.float32)
        if np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=True):
            return
        wrong = ~np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        words = [msg]
        if a.ndim:
            words.append(f"not close where = {np.where(wrong)}")
        left, right = (a[wrong], b[wrong]) if a.ndim else (a, b)
        with np.errstate(invalid="ignore"):
            far = np.abs(left - right)
        words += [f"not close lhs = {left}", f"not close rhs = {right}", f"not close dif = {far}",
                  f"not close tol = {atol + rtol * np.abs(right)}", f"dtype = {a.dtype}, shape = {a.shape}"]
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg="\n".join(words), equal_nan=True)

    def assertAllCloseAccordingToType(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6,
                                      float_rtol: float = 1e-6, float_atol: float = 1e-6, half_rtol: float = 1e-3,
                                      half_atol: float = 1e-3, bfloat16_rtol: float = 1e-2,
                                      bfloat16_atol: float = 1e-2, msg: str | None = None) -> None:
        """Check that two arrays are nearly equal, as near as the less exact of their dtypes is."""
        a, b = self._array(a), self._array(b)
        kinds = {a.dtype.name, b.dtype.name}
        for names, rel, absolute in (({"float32", "complex64"}, float_rtol, float_atol),
                                     ({"float16"}, half_rtol, half_atol),
                                     ({"bfloat16"}, bfloat16_rtol, bfloat16_atol)):
            if kinds & names:
                rtol, atol = max(rtol, rel), max(atol, absolute)
        self.assertAllClose(a, b, rtol=rtol, atol=atol, msg=msg)

    def assertNotAllClose(self, a: Any, b: Any, **kwargs: Any) -> None:
        """Check that two arrays are not nearly equal; see `assertAllClose`."""
        try:
            self.assertAllClose(a, b, **kwargs)
        except AssertionError:
            return
        raise AssertionError("The two values are close at all elements")

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Check that two arrays or tensors are equal; NaN equals NaN."""
        a, b = self._array(a), self._array(b)
        if b.ndim <= 3 or b.size < 500:
            self.assertEqual(a.shape, b.shape, f"Shape mismatch: expected {a.shape}, got {b.shape}. Contents: {b}. \n"
                                               f"{msg or ''}.")
        else:
            self.assertEqual(a.shape, b.shape, f"Shape mismatch: expected {a.shape}, got {b.shape}. {msg or ''}")
        same = np.asarray(a == b)
        if a.dtype.kind in "fc" and b.dtype.kind in "fc":
            same = np.logical_or(same, np.logical_and(np.isnan(a), np.isnan(b)))
        if np.all(same):
            return
        words = [msg or ""]
        if a.ndim:
            words.append(f"not equal where = {np.where(~same)}")
        left, right = (a[~same], b[~same]) if a.ndim else (a, b)
        words += [f"not equal lhs = {left}", f"not equal rhs = {right}"]
        np.testing.assert_array_equal(a, b, err_msg="\n".join(words))

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Check that two arrays differ somewhere."""
        try:
            self.assertAllEqual(a, b)
        except AssertionError:
            return
        raise AssertionError(f"The two values are equal at all elements{': ' + msg if msg else ''}")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Check that all elements are greater than a number."""
        self.assertGreater(np.min(self._array(a)), comparison_target)

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Check that all elements are less than a number."""
        self.assertLess(np.max(self._array(a)), comparison_target)

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """Check that all elements are at least a number."""
        self.assertGreaterEqual(np.min(self._array(a)), comparison_target)

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """Check that all elements are at most a number."""
        self.assertLessEqual(np.max(self._array(a)), comparison_target)

    def assertAllInRange(self, target: Any, lower_bound: Any, upper_bound: Any, open_lower_bound: bool = False,
                         open_upper_bound: bool = False) -> None:
        """Check that all elements are in a range.

        Args:
          target: an array or tensor.
          lower_bound: where the range begins.
          upper_bound: where it ends.
          open_lower_bound: whether its beginning is not in it.
          open_upper_bound: whether its end is not in it.
        """
        array = self._array(target)
        if array.dtype.kind not in "fiu":
            raise AssertionError(f"The value of {target} does not have an ordered numeric type, instead it has type: "
                                 f"{array.dtype}")
        nans = np.isnan(array)
        if np.any(nans):
            raise AssertionError(f"{np.sum(nans)} of the {array.size} element(s) are NaN. Subscripts(s) and value(s) "
                                 "of the NaN element(s):\n" + "\n".join(_elements(array, nans)))
        bounds = ("(" if open_lower_bound else "[") + f"{lower_bound}, {upper_bound}" + (
            ")" if open_upper_bound else "]")
        wrong = np.logical_or(np.less_equal(array, lower_bound) if open_lower_bound else np.less(array, lower_bound),
                              np.greater_equal(array, upper_bound) if open_upper_bound
                              else np.greater(array, upper_bound))
        if np.any(wrong):
            raise AssertionError(f"{np.sum(wrong)} of the {array.size} element(s) are outside the range {bounds}. "
                                 "Subscript(s) and value(s) of the offending elements:\n"
                                 + "\n".join(_elements(array, wrong)))

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Check that all elements are in a set."""
        values = np.unique(self._array(target))
        wrong = np.setdiff1d(values, list(expected_set))
        if np.size(wrong):
            raise AssertionError(f"{np.size(wrong)} unique element(s) are not in the set {expected_set}: {wrong}")

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: str | None = None) -> None:
        """Check that an array has a tensor's static shape.

        Raises:
          TypeError: they are no array and no tensor.
        """
        if not isinstance(np_array, (np.ndarray, np.generic)):
            raise TypeError("np_array must be a Numpy ndarray or Numpy scalar")
        if not isinstance(tf_tensor, Tensor):
            raise TypeError("tf_tensor must be a Tensor")
        self.assertAllEqual(np_array.shape, tf_tensor.get_shape().as_list(), msg=msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """Check an array's dtype."""
        self.assertEqual(self._array(target).dtype, dtypes.as_dtype(expected_dtype).as_numpy_dtype)

    # --- numbers --------------------------------------------------------------------------------------------------

    def assertNear(self, f1: Any, f2: Any, err: float, msg: str | None = None) -> None:
        """Check that two numbers differ by `err` at most."""
        self.assertTrue(f1 == f2 or abs(f1 - f2) <= err,
                        f"{f1:f} != {f2:f} +/- {err:f}{'' if msg is None else f' ({msg})'}")

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float, msg: str | None = None) -> None:
        """Check that the numbers of two lists differ by `err` at most."""
        self.assertEqual(len(farray1), len(farray2), msg=msg)
        for f1, f2 in zip(farray1, farray2):
            self.assertNear(float(f1), float(f2), err, msg=msg)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: str | None = None) -> None:
        """Check that the difference of two arrays has a norm of `err` at most."""
        self.assertTrue(np.linalg.norm(ndarray1 - ndarray2) < err, msg=msg)

    # --- protos, devices, texts -----------------------------------------------------------------------------------

    def assertProtoEquals(self, expected_message_maybe_ascii: Any, message: Any, msg: str | None = None) -> None:
        """Check that a proto is equal to another, or to one given as text."""
        from google.protobuf import text_format

        expected = expected_message_maybe_ascii
        if isinstance(expected, (str, bytes)):
            text = expected.decode() if isinstance(expected, bytes) else expected
            expected = text_format.Merge(text, type(message)())
        elif type(expected) is not type(message):
            raise AssertionError(f"Can't compare protos of type {type(expected)} and {type(message)}. {msg or ''}")
        self.assertMultiLineEqual(text_format.MessageToString(expected), text_format.MessageToString(message), msg=msg)

    def assertProtoEqualsVersion(self, expected: str, actual: Any, producer: int = 134, min_consumer: int = 0,
                                 msg: str | None = None) -> None:
        """Check a `GraphDef` that has these versions."""
        self.assertProtoEquals(f"versions {{ producer: {producer} min_consumer: {min_consumer} }};\n{expected}", actual,
                               msg=msg)

    def assertStartsWith(self, actual: str, expected_start: str, msg: str | None = None) -> None:
        """Check how a text begins."""
        if not actual.startswith(expected_start):
            self.fail(f"{actual!r} does not start with {expected_start!r}" + (f" : {msg!r}" if msg else ""))

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: str | None = None) -> None:
        """Check that two names mean the same device."""
        one, other = (
            devices.canonical(device.to_string() if isinstance(device, devices.DeviceSpecV2) else device or "")
            for device in (device1, device2))
        self.assertEqual(one, other, f"Devices {one} and {other} are not equal. {msg}")

    # --- errors ---------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type: Any,  # type: ignore[override]
                                       expected_err_re_or_predicate: Any) -> Iterator[None]:
        """A context that checks which exception is raised in it.

        Args:
          exception_type: its class.
          expected_err_re_or_predicate: a function of the exception, or a regular expression that is searched in its
            message and the names of its nodes.
        """
        fits: Callable[[BaseException], Any]
        if callable(expected_err_re_or_predicate):
            fits = expected_err_re_or_predicate
        else:
            def fits(error: BaseException) -> bool:
                text = error.message if isinstance(error, errors.OpError) else str(error)
                op = getattr(error, "op", None)
                while op is not None:
                    text += f"\nCaused by: {op.name}"
                    op = getattr(op, "_original_op", None)
                tf_logging.info("Searching within error strings: '%s' within '%s'", expected_err_re_or_predicate, text)
                return bool(re.search(expected_err_re_or_predicate, text))

        try:
            yield
            self.fail(exception_type.__name__ + " not raised")
        except Exception as error:
            if not isinstance(error, exception_type) or not fits(error):
                raise AssertionError(f"Exception of type {type(error)}: {error}") from error

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        """A context that checks the `OpError` raised in it; see `assertRaisesWithPredicateMatch`."""
        return self.assertRaisesWithPredicateMatch(errors.OpError, expected_err_re_or_predicate)


def _elements(array: Any, wrong: Any) -> list[str]:
    """The places and values of wrong elements, as far as a message lists them."""
    if not array.ndim:
        return [f"  {array}"]
    places = np.argwhere(wrong)
    lines = [f"  {place} : {array[tuple(place)]}" for place in places[:_SHOWN]]
    return lines + ["  ..."] if len(places) > _SHOWN else lines
