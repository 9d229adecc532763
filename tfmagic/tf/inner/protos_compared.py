"""`tensorflow.python.util.protobuf.compare`: protocol buffers in assertions."""

from __future__ import annotations

from typing import Any

from google.protobuf import text_format


def proto_eq(a: Any, b: Any) -> bool:
    """Whether two values of fields, or two messages, are equal."""
    return bool(a == b)


def assert_proto_equal(self: Any, a: Any, b: Any, check_initialized: bool = True, normalize_numbers: bool = False,
                       msg: str | None = None) -> None:
    """Fail a test case, with the lines that differ, unless two messages are equal.

    Args:
      self: the test case.
      a: a message, or its text.
      b: a message.
      check_initialized: whether a message that lacks a required field fails too.
      normalize_numbers: taken for TensorFlow's sake; numbers of equal fields are written alike anyway.
      msg: what to say when they differ.
    """
    if isinstance(a, str):
        a = text_format.Merge(a, type(b)())
    for message in (a, b):
        if check_initialized:
            lacking = message.FindInitializationErrors()
            if lacking:
                self.fail(f"Initialization errors: {lacking}\n{message}")
    written, wanted = text_format.MessageToString(a), text_format.MessageToString(b)
    if len(written) < 2**16 and len(wanted) < 2**16:
        self.assertMultiLineEqual(written, wanted, msg=msg)
    else:
        self.assertEqual(written, wanted, msg)


class ProtoAssertions:
    """The assertion as a method, for test cases."""

    def assertProtoEqual(self, *args: Any, **kwargs: Any) -> None:
        """See `assert_proto_equal`."""
        assert_proto_equal(self, *args, **kwargs)
