"""Fields of messages, as they stand in bytes."""

import pytest

from tfmagic.formats.wire import BYTES, END, START, VARINT, Malformed, fields, tag_bytes, varint_bytes

NUMBER = tag_bytes(1, VARINT) + varint_bytes(300)


def group(number: int, content: bytes) -> bytes:
    return tag_bytes(number, START) + content + tag_bytes(number, END)


def test_fields_come_in_their_order_and_groups_are_left_out():
    text = tag_bytes(2, BYTES) + varint_bytes(3) + b"abc"
    assert list(fields(text + group(3, NUMBER) + NUMBER)) == [(2, BYTES, b"abc"), (1, VARINT, 300)]


def test_groups_may_be_nested_as_deep_as_they_like():
    depth = 20_000
    nested = tag_bytes(3, START) * depth + NUMBER + tag_bytes(3, END) * depth
    assert list(fields(nested + NUMBER)) == [(1, VARINT, 300)]


@pytest.mark.parametrize("content", [
    tag_bytes(3, START) * 20_000, group(3, tag_bytes(4, END)), tag_bytes(3, END), tag_bytes(2, BYTES) + b"\5ab",
    NUMBER[:-1], tag_bytes(0, VARINT) + b"\0", tag_bytes(1, 7),
], ids=["open groups", "another's end", "an end alone", "cut off", "no end of a number", "no number", "no such type"])
def test_what_is_no_field_is_refused(content):
    with pytest.raises(Malformed):
        list(fields(content))
