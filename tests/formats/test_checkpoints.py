"""Checkpoints: TensorFlow 1.15's bytes, damaged files, saves that die, a full disk."""

from __future__ import annotations

import base64
import errno
import glob
import json
import os
import random
import shutil
import signal
import struct
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfmagic.base import dtypes, errors
from tfmagic.formats import bundle, crc32c, files, old_checkpoint, sstable, tensor_slice
from tfmagic.formats.bundle import BundleReader, BundleWriter
from tfmagic.formats.checkpoint import open_checkpoint
from tfmagic.formats.tensor_slice import TensorSlice

RECORDS = json.loads((Path(__file__).parents[1] / "oracle" / "data" / "checkpoints.json").read_text("utf-8"))
RECORDS = {name: record for name, record in RECORDS.items() if name not in ("recorded_from", "models")}


def array_of(row):
    _, kind, shape, values, _ = row
    if kind == "string":
        array = np.empty(len(values), object)
        array[:] = [value.encode() for value in values]
        return array.reshape(shape)
    return np.array(values).astype(dtypes.as_dtype(kind).as_numpy_dtype).reshape(shape)


def put(record, folder):
    for name, content in record["files"].items():
        (folder / name).write_bytes(base64.b64decode(content))
    return str(folder / "m")


def part_of(row):
    shape, part = tensor_slice.parse(row[4]) if row[4] else (row[2], None)
    return shape, part


# --- TensorFlow 1.15's files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECORDS)
def test_files_of_tensorflow_are_read(name, tmp_path):
    with open_checkpoint(put(RECORDS[name], tmp_path)) as reader:
        for row in RECORDS[name]["rows"]:
            found = reader.read(row[0], part_of(row)[1])
            assert reader.type_of(row[0]).name == row[1]
            assert found.dtype == array_of(row).dtype and found.shape == tuple(row[2]), row[0]
            np.testing.assert_array_equal(found, array_of(row))


@pytest.mark.parametrize("name", RECORDS)
def test_files_are_written_byte_for_byte(name, tmp_path):
    path = str(tmp_path / "m")
    rows = RECORDS[name]["rows"]
    if name.startswith("old"):
        old_checkpoint.write(path, [(row[0], part_of(row)[0], part_of(row)[1] or TensorSlice.whole(len(row[2])),
                                     array_of(row), dtypes.as_dtype(row[1])) for row in rows])
    else:
        with BundleWriter(path) as writer:
            for row in rows:
                shape, part = part_of(row)
                kind = dtypes.as_dtype(row[1])
                if part is None:
                    writer.add(row[0], array_of(row), kind)
                else:
                    writer.add_slice(row[0], shape, part, array_of(row), kind)
            writer.finish()
    found = {name: base64.b64encode((tmp_path / name).read_bytes()).decode() for name in os.listdir(tmp_path)}
    assert found == RECORDS[name]["files"]


# --- the formats underneath ---------------------------------------------------------------------------------------


@given(st.dictionaries(st.binary(max_size=20), st.binary(max_size=60), max_size=60))
def test_what_is_in_a_table_comes_back(items):
    assert sstable.decode(sstable.encode(sorted(items.items()))) == sorted(items.items())


def test_a_table_of_many_blocks_comes_back():
    items = [(b"key %07d" % n, b"x" * (n % 300)) for n in range(5000)]
    assert sstable.decode(sstable.encode(items)) == items


@given(st.integers(0, 2**64 - 1))
def test_numbers_of_any_size_come_back(number):
    assert sstable.read_varint(sstable.varint(number), 0) == (number, len(sstable.varint(number)))


EXTENTS = st.lists(st.tuples(st.integers(0, 2**62), st.integers(1, 2**62)), max_size=4)


@given(st.text(max_size=8), EXTENTS, EXTENTS)
def test_keys_of_parts_are_in_the_order_of_their_places(name, first, second):
    one, other = (tensor_slice.key(name, TensorSlice(tuple(extents))) for extents in (first, second))
    assert (one < other) == ((len(first), first) < (len(second), second))


@given(st.integers(0, 2**32 - 1))
def test_a_masked_checksum_comes_back(crc):
    assert crc32c.unmasked(crc32c.masked(crc)) == crc


# --- damaged files ------------------------------------------------------------------------------------------------


def damaged(data: bytes, random_: random.Random) -> bytes:
    """A copy of a file that is not the same."""
    while True:
        copy = bytearray(data)
        for _ in range(random_.choice((1, 1, 1, 3))):
            at = random_.randrange(len(copy) + 1)
            kind = random_.randrange(6)
            if kind == 0 and copy:
                copy[at % len(copy)] ^= 1 << random_.randrange(8)
            elif kind == 1:
                del copy[at:]
            elif kind == 2:
                copy[at:at] = random_.randbytes(random_.randrange(1, 9))
            elif kind == 3:
                del copy[at:at + random_.randrange(1, 9)]
            elif kind == 4:
                copy[at:at + 8] = bytes(8)
            else:
                other = random_.randrange(len(copy) + 1)
                copy[at:at + 16] = copy[other:other + 16]
        if bytes(copy) != data:
            return bytes(copy)


def resealed(data: bytes, random_: random.Random) -> bytes:
    """A table with a damaged block whose checksum is right: what somebody means to do harm with."""
    end = data.index(struct.pack("<I", crc32c.masked(crc32c.value(data[:data_end(data) + 1]))))
    block = bytearray(data[:end - 1])
    for _ in range(random_.choice((1, 2, 4))):
        block[random_.randrange(len(block))] = random_.choice((0, 1, 0x7F, 0x80, 0xFF, random_.randrange(256)))
    crc = crc32c.masked(crc32c.extend(crc32c.value(bytes(block)), b"\0"))
    return bytes(block) + b"\0" + struct.pack("<I", crc) + data[end + 4:]


def data_end(data: bytes) -> int:
    """Where the only block of a small table ends."""
    for at in range(len(data) - 5):
        if crc32c.masked(crc32c.value(data[:at + 1])) == struct.unpack_from("<I", data, at + 1)[0]:
            return at
    raise AssertionError("no block")


def read_all(path: str) -> dict[str, np.ndarray]:
    with open_checkpoint(path) as reader:
        return {name: reader.read(name) for name in reader.names() if "far" not in name and "w" not in name}


@pytest.mark.parametrize(("kind", "seal"), [("index", False), ("data", False), ("old", False), ("index", True),
                                           ("old", True)])
def test_a_thousand_damaged_files_give_errors_or_the_right_values(kind, seal, tmp_path):
    record = RECORDS["old" if kind == "old" else "types"]
    path = put(record, tmp_path)
    target = tmp_path / {"index": "m.index", "data": "m.data-00000-of-00001", "old": "m"}[kind]
    whole, right = target.read_bytes(), read_all(path)
    random_ = random.Random(f"{kind} {seal}")
    refused = 0
    for _ in range(1000):
        target.write_bytes(resealed(whole, random_) if seal else damaged(whole, random_))
        try:
            found = read_all(path)
        except errors.OpError:
            refused += 1
            continue
        if not seal:
            for name, value in found.items():
                np.testing.assert_array_equal(value, right[name])
    assert refused > (100 if seal else 300)


def test_sizes_that_a_file_cannot_hold_take_no_memory(tmp_path):
    path = put(RECORDS["one"], tmp_path)
    with BundleReader(path) as reader:
        entry = reader.entry(b"v")
    header = sstable.decode((tmp_path / "m.index").read_bytes())[0]
    tracemalloc.start()
    try:
        for shape, size in (([2**40], 2**42), ([2**62], 12), ([2**20, 2**20, 2**20], 12), ([], 2**50), ([3] * 200, 12)):
            del entry.shape.dim[:]
            for dim in shape:
                entry.shape.dim.add(size=dim)
            entry.size = size
            for kind in (1, 7, 20, 21, 99):
                entry.dtype = kind
                (tmp_path / "m.index").write_bytes(sstable.encode([header, (b"v", entry.SerializeToString())]))
                with pytest.raises(errors.DataLossError), BundleReader(path) as reader:
                    reader.read("v")
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_keys_that_name_each_other_again_and_again_take_no_memory():
    long = sstable.varint(0) + sstable.varint(1 << 20) + sstable.varint(0) + b"k" * (1 << 20)
    again = sstable.varint(1 << 20) + sstable.varint(0) + sstable.varint(0)
    block = long + again * (1 << 18) + struct.pack("<II", 0, 1)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="bad entry"):
            list(sstable._entries(block))
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


# --- saves that die -----------------------------------------------------------------------------------------------


def save_step(folder: str, step: int) -> None:
    """What a saver does: a checkpoint of its own and one that is written over, then the note which is the last."""
    from tfmagic.tf.saving import state

    for prefix in (f"{folder}/m-{step}", f"{folder}/same"):
        with BundleWriter(prefix) as writer:
            for part in range(3):
                writer.add(f"v{part}", np.full(2000, step, np.int64), dtypes.int64)
            writer.finish()
    state.write_state(folder, f"{folder}/m-{step}", [f"{folder}/m-{step}"])
    state.remove_files(f"{folder}/m-{step - 2}")


def step_of(prefix: str) -> int:
    """The step of a checkpoint, all of whose values are of that step."""
    with open_checkpoint(prefix) as reader:
        values = [reader.read(name) for name in ("v0", "v1", "v2")]
    assert len({value for array in values for value in array.tolist()}) == 1
    return int(values[0][0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_hundred_killed_saves_lose_nothing(tmp_path):
    from tfmagic.base import messages
    from tfmagic.tf.saving import state

    messages.module("checkpoint_state_pb2")
    folder, random_, last = str(tmp_path), random.Random(1), 0
    save_step(folder, last)
    for _ in range(200):
        child = os.fork()
        if child == 0:
            try:
                step = last
                while True:
                    step += 1
                    save_step(folder, step)
            finally:
                os._exit(1)
        time.sleep(random_.uniform(0.0, 0.02))
        os.kill(child, signal.SIGKILL)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1]), "the child ended by itself"
        latest = state.latest_checkpoint(folder)
        assert latest is not None
        step = step_of(latest)
        assert latest == f"{folder}/m-{step}" and step >= last
        assert step_of(f"{folder}/same") in (step, step + 1)
        last = step
    last += 1
    save_step(folder, last)
    assert not glob.glob(f"{folder}/*{files.TEMPORARY}*"), "what dead saves left is removed by the next"
    assert step_of(f"{folder}/same") == last


def test_a_save_that_died_among_its_renames_counts_and_is_finished_by_the_next(tmp_path, monkeypatch):
    folder = str(tmp_path)
    save_step(folder, 1)
    real = os.replace

    def dies(source, target):
        if target.endswith("same.index"):
            raise SystemExit
        real(source, target)

    monkeypatch.setattr(bundle, "complete", lambda prefix, number: None)
    monkeypatch.setattr(files.Replacement, "__exit__", lambda self, *exc_info: self._file.close())
    monkeypatch.setattr(os, "replace", dies)
    with pytest.raises(SystemExit):
        save_step(folder, 2)
    monkeypatch.undo()
    assert step_of(f"{folder}/same") == 2
    save_step(folder, 3)
    assert not glob.glob(f"{folder}/*{files.TEMPORARY}*")
    assert step_of(f"{folder}/same") == 3


def test_ctrl_c_among_the_renames_leaves_a_whole_checkpoint(tmp_path, monkeypatch):
    folder = str(tmp_path)
    save_step(folder, 1)
    real, hits = os.replace, []

    def interrupted(source, target):
        if target.endswith("same.index") and not hits:
            hits.append(target)
            raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_step(folder, 2)
    assert step_of(f"{folder}/same") == 2
    assert not glob.glob(f"{folder}/*{files.TEMPORARY}*")


@pytest.mark.parametrize("left", [0, 100, 30_000, 47_900, 48_050])
def test_a_full_disk_is_an_error_and_leaves_what_was_there(left, tmp_path, monkeypatch):
    folder = str(tmp_path)
    save_step(folder, 1)
    before = {name: (tmp_path / name).read_bytes() for name in os.listdir(folder)}
    real = files.Replacement.write
    room = [left]

    def write(self, data):
        room[0] -= len(memoryview(data).cast("B"))
        if room[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(self, data)

    monkeypatch.setattr(files.Replacement, "write", write)
    with pytest.raises(errors.ResourceExhaustedError, match="No space left"), BundleWriter(f"{folder}/same") as writer:
        for part in range(3):
            writer.add(f"v{part}", np.full(2000, 2, np.int64), dtypes.int64)
        writer.finish()
    assert {name: (tmp_path / name).read_bytes() for name in os.listdir(folder)} == before


def test_temporary_files_of_a_living_process_stay(tmp_path):
    with BundleWriter(str(tmp_path / "slow")) as slow:
        slow.add("v", np.zeros(3), dtypes.float64)
        with BundleWriter(str(tmp_path / "fast")) as fast:
            fast.add("v", np.ones(3), dtypes.float64)
            fast.finish()
        slow.finish()
    assert {name: BundleReader(str(tmp_path / name)).read("v")[0] for name in ("slow", "fast")} == {
        "slow": 0.0, "fast": 1.0}
    shutil.rmtree(tmp_path)
