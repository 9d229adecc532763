"""Strings: joins, splits, patterns, numbers, hashes and encodings."""
