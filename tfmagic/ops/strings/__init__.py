"""Strings: joins, splits, patterns, numbers, hashes and encodings."""

from tfmagic.ops.strings import encodings, hashing, text  # noqa: F401  # modules that declare
