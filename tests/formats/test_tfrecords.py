"""TFRecord files: the bytes are TensorFlow's, and what is damaged ends in DataLossError."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmagic.base import errors
from tfmagic.formats.records import RecordReader, RecordWriter

# What TensorFlow 1.15 wrote for the records b"hello" and b"".
HELLO = (b"\x05\0\0\0\0\0\0\0\xea\xb2\x04>hello\xbb\x1f\x1c\x19"
         b"\0\0\0\0\0\0\0\0)\x03\x98\x07\xd8\xea\x82\xa2")


def write(path: Path, records: list[bytes], compression: str = "") -> bytes:
    with RecordWriter(path, compression) as writer:
        for record in records:
            writer.write(record)
    return path.read_bytes()


def read(path: Path, compression: str = "", offset: int = 0) -> list[bytes]:
    with RecordReader(path, compression, offset) as reader:
        return list(reader)


def test_the_bytes_are_those_of_tensorflow(tmp_path: Path) -> None:
    assert write(tmp_path / "a", [b"hello", b""]) == HELLO
    assert write(tmp_path / "b", [b"hello", b""], "GZIP")[:10] == b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
    assert gzip.decompress((tmp_path / "b").read_bytes()) == HELLO


@given(st.lists(st.binary(max_size=300)), st.sampled_from(["", "GZIP", "ZLIB"]))
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, records: list[bytes], how: str) -> None:
    path = tmp_path_factory.mktemp("records") / "r"
    write(path, records, how)
    assert read(path, how) == records


def test_records_larger_than_a_chunk(tmp_path: Path) -> None:
    records = [b"x" * 1_000_000, b"y", b"z" * 300_000]
    write(tmp_path / "r", records)
    assert read(tmp_path / "r") == records
    assert read(tmp_path / "r", offset=1_000_016) == records[1:]


@pytest.mark.parametrize("at", range(1, len(HELLO)))
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, at: int) -> None:
    (tmp_path / "r").write_bytes(HELLO[:at])
    if at == 21:
        assert read(tmp_path / "r") == [b"hello"]
    else:
        with pytest.raises(errors.DataLossError, match=f"truncated record at {0 if at < 21 else 21}"):
            read(tmp_path / "r")


@pytest.mark.parametrize("at", range(len(HELLO)))
def test_every_changed_byte_is_found(tmp_path: Path, at: int) -> None:
    damaged = bytearray(HELLO)
    damaged[at] ^= 0x10
    (tmp_path / "r").write_bytes(bytes(damaged))
    with pytest.raises(errors.DataLossError, match=r"corrupted record at (0|12|21|33)"):
        read(tmp_path / "r")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFoundError, match="No such file or directory"):
        RecordReader(tmp_path / "nothing")
    with pytest.raises(errors.FailedPreconditionError, match="Is a directory"):
        RecordReader(tmp_path)
    (tmp_path / "plain").write_bytes(HELLO)
    with pytest.raises(errors.DataLossError, match="inflate.. failed with error -3: incorrect header check"):
        read(tmp_path / "plain", "GZIP")
