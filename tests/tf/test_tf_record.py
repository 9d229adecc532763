"""`tf.python_io`: the bytes that TensorFlow 1.15 wrote, and what it says of files that are cut off."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

import tfmagic.tf as tf


def write(path: Path, options: Any, flush: bool) -> bytes:
    with tf.io.TFRecordWriter(str(path), options) as writer:
        writer.write(b"a")
        if flush:
            writer.flush()
        writer.write(b"abc" * 1000)
        if flush:
            writer.flush()
    return path.read_bytes()


@pytest.mark.parametrize("compression, flush, digest", [  # the MD5 sums of TensorFlow 1.15's files
    ("", False, "aa36a3cb3fd89f2c7d5d4e8aa2ed4014"),
    ("", True, "aa36a3cb3fd89f2c7d5d4e8aa2ed4014"),
    ("GZIP", False, "3b52830c64c6e59cde736ad61e3d6b10"),
    ("GZIP", True, "92eb602695703ebe5624bfaa61eaeb48"),
    ("ZLIB", False, "eabf4956fc6aa7da13282fd3df7d6a25"),
    ("ZLIB", True, "eb19cc6c395f6854d2b745022f1d8bb3"),
])
def test_the_bytes_of_a_file(tmp_path: Path, compression: str, flush: bool, digest: str) -> None:
    path, options = tmp_path / "f", tf.io.TFRecordOptions(compression)
    assert hashlib.md5(write(path, options, flush)).hexdigest() == digest
    assert list(tf.io.tf_record_iterator(str(path), options)) == [b"a", b"abc" * 1000]


@pytest.mark.parametrize("options, size", [
    ({"window_bits": 9}, 44),
    ({"mem_level": 1, "compression_strategy": 2}, 1046),
])
def test_zlibs_own_options(tmp_path: Path, options: dict[str, int], size: int) -> None:
    path = tmp_path / "f"
    with tf.io.TFRecordWriter(str(path), tf.io.TFRecordOptions("ZLIB", **options)) as writer:
        writer.write(b"hello" * 500)
    assert path.stat().st_size == size


@pytest.mark.parametrize("length, records, error", [
    (1, [], None), (11, [], None), (12, [], "truncated record at 0"), (20, [], "truncated record at 0"),
    (21, [b"hello"], None), (30, [b"hello"], None), (33, [b"hello"], "truncated record at 21"),
    (42, [b"hello", b"world"], None),
])
def test_a_file_that_is_cut_off(tmp_path: Path, length: int, records: list[bytes], error: str | None) -> None:
    path = tmp_path / "f"
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(b"hello")
        writer.write("world")
    path.write_bytes(path.read_bytes()[:length])
    found = []
    reading = tf.io.tf_record_iterator(str(path))
    if error is None:
        found.extend(reading)
    else:
        with pytest.raises(tf.errors.DataLossError, match=error):
            found.extend(reading)
    assert found == records


def test_a_closed_writer_refuses(tmp_path: Path) -> None:
    writer = tf.io.TFRecordWriter(str(tmp_path / "f"))
    writer.close()
    writer.close()
    for use in (writer.flush, lambda: writer.write(b"x")):
        with pytest.raises(tf.errors.FailedPreconditionError, match="Writer not initialized or previously closed"):
            use()


def test_kinds_of_compression() -> None:
    text = tf.io.TFRecordOptions.get_compression_type_string
    assert [text(kind) for kind in (None, "", 0, 1, 2, "GZIP", tf.io.TFRecordOptions("ZLIB"))] == [
        "", "", "", "ZLIB", "GZIP", "GZIP", "ZLIB"]
    with pytest.raises(ValueError, match='^Not a valid compression_type: "7"$'):
        tf.io.TFRecordOptions(7)
