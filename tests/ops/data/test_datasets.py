"""Datasets while they run: threads, interrupts, positions, caches, files; rows by number and by value."""

from __future__ import annotations

import _thread
import contextlib
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfmagic import tf
from tfmagic.formats.records import RecordWriter
from tfmagic.ops.data import sources, states, workers
from tfmagic.ops.data.batching import Batch, PaddedBatch, Unbatch
from tfmagic.ops.data.counting import Repeat, Shard, Skip, Take
from tfmagic.ops.data.elementwise import Filter, FlatMap, Map
from tfmagic.ops.data.interleaving import Interleave
from tfmagic.ops.data.joining import Concatenate, Zip
from tfmagic.ops.data.parallel import ParallelMap
from tfmagic.ops.data.prefetching import Prefetch
from tfmagic.ops.data.serialized import from_bytes, to_bytes
from tfmagic.ops.data.shuffling import Shuffle
from tfmagic.ops.data.windows import Window

Dataset = tf.data.Dataset


def taken(dataset: Any, session: Any = None) -> list[Any]:
    """All elements."""
    with tf.Session() as sess:
        iterator = dataset.make_initializable_iterator()
        element = iterator.get_next()
        sess.run(iterator.initializer)
        found = []
        while True:
            try:
                found.append(sess.run(element))
            except tf.errors.OutOfRangeError:
                return found


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


def slowly(x: Any) -> Any:
    time.sleep(0.03)
    return x


def test_a_map_in_parallel_overlaps_what_waits_and_keeps_the_order() -> None:
    at_work: set[int] = set()
    most = [0]

    def note(x: Any) -> Any:
        at_work.add(int(x))
        most[0] = max(most[0], len(at_work))
        slowly(x)
        at_work.discard(int(x))
        return x

    dataset = Dataset.range(16).map(lambda x: tf.py_func(note, [x], tf.int64), num_parallel_calls=8)
    assert taken(dataset) == list(range(16))
    assert 3 <= most[0] <= 8


def test_prefetched_elements_are_made_in_another_thread() -> None:
    threads = []

    def note(x: Any) -> Any:
        threads.append(threading.current_thread())
        return slowly(x)

    assert taken(Dataset.range(6).map(lambda x: tf.py_func(note, [x], tf.int64)).prefetch(2)) == list(range(6))
    assert threading.main_thread() in threads and len(set(threads)) == 2


@pytest.mark.parametrize("calls", [None, 4])
def test_an_error_comes_at_its_place_and_the_rest_after_it(calls: int | None) -> None:
    def check(x: Any) -> Any:
        if slowly(x) == 3:
            raise ValueError("three")
        return x

    dataset = Dataset.range(6).map(lambda x: tf.py_func(check, [x], tf.int64), calls)
    element = dataset.make_one_shot_iterator().get_next()
    found: list[Any] = []
    with tf.Session() as sess:
        for _ in range(6):
            try:
                found.append(int(sess.run(element)))
            except tf.errors.InvalidArgumentError as error:
                found.append("three" in error.message)
    assert found == [0, 1, 2, True, 4, 5]


def interrupt_after(seconds: float) -> None:
    threading.Timer(seconds, _thread.interrupt_main).start()


@pytest.mark.parametrize("how", ["alone", "prefetched", "in parallel"])
def test_an_interrupt_ends_a_blocked_get_next_and_the_session_goes_on(how: str) -> None:
    gate = threading.Event()

    def wait(x: Any) -> Any:
        if x >= 2:
            while not gate.wait(0.02):
                pass
        return slowly(x)

    dataset = Dataset.range(5).map(lambda x: tf.py_func(wait, [x], tf.int64), 2 if how == "in parallel" else None)
    element = (dataset.prefetch(1) if how == "prefetched" else dataset).make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        assert [sess.run(element), sess.run(element)] == [0, 1]
        interrupt_after(0.2)
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            sess.run(element)
        assert time.monotonic() - start < 0.2 + 0.3
        gate.set()
        assert sess.run(element) in (2, 3)  # without a buffer, the element that was interrupted is lost


def test_a_time_limit_ends_a_blocked_get_next() -> None:
    gate = threading.Event()

    def wait(x: Any) -> Any:
        slowly(x)
        return x if x < 1 or gate.wait(10) else x

    dataset = Dataset.range(3).map(lambda x: tf.py_func(wait, [x], tf.int64)).prefetch(1)
    element = dataset.make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        assert sess.run(element) == 0
        with pytest.raises(tf.errors.DeadlineExceededError):
            sess.run(element, options=tf.RunOptions(timeout_in_ms=100))
        gate.set()
        assert sess.run(element) == 1


def test_closing_a_session_ends_its_threads() -> None:
    before = threading.active_count()
    dataset = Dataset.range(1000).map(lambda x: tf.py_func(slowly, [x], tf.int64), 4).prefetch(4)
    element = dataset.make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        for _ in range(4):
            sess.run(element)
        assert threading.active_count() > before
    for _ in range(100):
        if threading.active_count() <= before:
            break
        time.sleep(0.02)
    assert threading.active_count() <= before


def test_a_failed_run_has_consumed_its_element() -> None:
    x = tf.placeholder(tf.float32, [])
    element = Dataset.range(5).make_one_shot_iterator().get_next()
    checked = tf.check_numerics(tf.cast(element, tf.float32) / x, "division")
    with tf.Session() as sess:
        assert sess.run(checked, {x: 1.0}) == 0
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(checked, {x: 0.0})
        assert sess.run(checked, {x: 1.0}) == 2


def test_two_sessions_have_iterators_of_their_own() -> None:
    element = Dataset.range(5).make_one_shot_iterator().get_next()
    with tf.Session() as one, tf.Session() as two:
        assert [one.run(element), one.run(element), two.run(element), one.run(element)] == [0, 1, 0, 2]


def test_functional_control_flow_in_a_map() -> None:
    dataset = Dataset.range(4).map(lambda x: tf.while_loop(lambda v: v < 10, lambda v: v + 3, [x]))
    assert taken(dataset) == [12, 10, 11, 12]


# --- positions ----------------------------------------------------------------------------------------------------


def increased(x: Any) -> tuple[Any]:
    return (x + 1,)


def numbers(n: int = 12) -> Any:
    return sources.Range(0, n, 1)


PIPELINES = {
    "rows": lambda: sources.Slices(torch_range(12)),
    "map": lambda: Map(numbers(), increased),
    "filter": lambda: Filter(numbers(), lambda x: ((x % 2 == 0),)),
    "flat_map": lambda: FlatMap(numbers(5), lambda x: (sources.Range(0, int(x), 1),)),
    "interleave": lambda: Interleave(numbers(5), lambda x: (sources.Range(0, int(x), 1),), 2, 2),
    "shuffle": lambda: Shuffle(numbers(), 4, (1, 2), False),
    "shuffle rows": lambda: Batch(Shuffle(sources.Slices(torch_range(12)), 4, (1, 2), False, 2), 5, False),
    "repeat": lambda: Repeat(numbers(3), 3),
    "take and skip": lambda: Take(Skip(numbers(), 2), 6),
    "shard": lambda: Shard(numbers(), 3, 1, False),
    "zip": lambda: Zip(numbers(), numbers(7)),
    "concatenate": lambda: Concatenate(numbers(3), numbers(4)),
    "batch": lambda: Batch(numbers(), 5, False),
    "unbatch": lambda: Unbatch(Batch(numbers(), 5, False)),
    "padded": lambda: PaddedBatch(Batch(numbers(), 5, False), 2, [(-1,)], [torch_range(1)[0]], False),
}


def torch_range(n: int) -> Any:
    import torch

    return torch.arange(n)


def plain(elements: list[Any]) -> list[Any]:
    return [[part.tolist() for part in element] for element in elements]


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("count", [0, 1, 4])
def test_an_iteration_goes_on_where_another_stood(name: str, count: int) -> None:
    with_states = states.States()
    states.current.states = with_states
    try:
        dataset = PIPELINES[name]()
        first = dataset.iterator()
        for _ in range(count):
            next(first, None)
        saved = from_bytes(to_bytes(first.state()))
        rest = plain(list(first))
        second = dataset.iterator()
        second.restore(saved)
        assert plain(list(second)) == rest
    finally:
        states.current.states = None


def test_a_checkpoint_holds_where_an_iterator_stands(tmp_path: Path) -> None:
    dataset = Dataset.range(30).shuffle(7, seed=1).map(lambda x: (x, tf.as_string(x))).batch(4).prefetch(1)
    iterator = dataset.make_initializable_iterator()
    element = iterator.get_next()
    saver = tf.train.Saver([tf.data.experimental.make_saveable_from_iterator(iterator)])
    with tf.Session() as sess:
        sess.run(iterator.initializer)
        sess.run(element)
        path = saver.save(sess, str(tmp_path / "position"), write_meta_graph=False)
        wanted = [sess.run(element) for _ in range(4)]
    with tf.Session() as sess:
        sess.run(iterator.initializer)
        saver.restore(sess, path)
        found = [sess.run(element) for _ in range(4)]
    for one, other in zip(found, wanted):
        assert one[0].tolist() == other[0].tolist() and one[1].tolist() == other[1].tolist()


# What TensorFlow 1.15 gives for these seeds: four passes of four numbers.
PASSES = [2, 0, 3, 1, 3, 0, 2, 1, 2, 1, 3, 0, 0, 1, 3, 2]


@pytest.mark.parametrize("before", range(17))
def test_later_passes_have_their_order_after_a_restore_too(tmp_path: Path, before: int) -> None:
    with tf.Graph().as_default():
        tf.set_random_seed(3)
        data = tf.data.Dataset.from_tensor_slices([0, 1, 2, 3]).shuffle(4, seed=7).map(lambda x: x + 0).repeat(4)
        iterator = tf.data.make_initializable_iterator(data)
        element = iterator.get_next()
        saver = tf.train.Saver([tf.data.experimental.make_saveable_from_iterator(iterator)])
        with tf.Session() as sess:
            sess.run(iterator.initializer)
            assert [int(sess.run(element)) for _ in range(before)] == PASSES[:before]
            path = saver.save(sess, str(tmp_path / "position"))
        with tf.Session() as sess:
            sess.run(iterator.initializer)
            saver.restore(sess, path)
            assert [int(sess.run(element)) for _ in range(16 - before)] == PASSES[before:]


@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 3), st.integers(1, 3), st.integers(1, 7),
       st.integers(0, 9))
@example(2, 2, 3, 1, 1, 3)
@settings(max_examples=100, deadline=None)
def test_rows_by_number_come_in_the_order_of_rows_by_value(rows: int, buffer: int, repeat: int, within: int, size: int,
                                                           before: int) -> None:
    def pipeline(source: Any) -> Any:
        shuffled = Shuffle(source, buffer, (3, 4), within == 1, within)
        return Batch(Repeat(shuffled, repeat), size, False)

    by_number = plain(list(pipeline(sources.Slices(torch_range(rows))).iterator()))
    by_value = plain(list(pipeline(Map(sources.Slices(torch_range(rows)), lambda x: (x,))).iterator()))
    assert by_number == by_value
    first, second = (pipeline(sources.Slices(torch_range(rows))).iterator() for _ in range(2))
    for _ in range(before):
        next(first, None)
    second.restore(first.state())
    assert plain(list(second)) == by_number[before:]


def test_a_thread_that_pays_no_more_goes_and_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = [False]
    monkeypatch.setattr(workers.Clock, "pays", lambda self, start: slow[0])
    monkeypatch.setattr(workers.Clock, "rests", lambda self, start: not slow[0])
    threads = []

    def note(x: Any) -> Any:
        threads.append(threading.current_thread())
        slow[0] = int(x) % 10 in (2, 3, 4)
        return (x,)

    assert plain(list(Prefetch(Map(numbers(20), note), 2).iterator())) == [[n] for n in range(20)]
    beside = [thread is not threading.main_thread() for thread in threads]
    assert beside == [n % 10 in (3, 4, 5) for n in range(20)]


def test_threads_of_a_parallel_map_go_when_they_pay_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A first element that took long, since its plan was made, does not leave all others to threads."""
    slow = [True]
    monkeypatch.setattr(workers.Clock, "pays", lambda self, start: slow[0])
    monkeypatch.setattr(workers.Clock, "rests", lambda self, start: not slow[0])
    beside = {}

    def note(x: Any) -> Any:
        beside[int(x)] = threading.current_thread() is not threading.main_thread()
        slow[0] = int(x) in (0, 1, 2, 15)
        return (x,)

    assert plain(list(ParallelMap(numbers(30), note, 2).iterator())) == [[n] for n in range(30)]
    assert [beside[n] for n in (0, 1, 2)] == [False, True, True]
    assert not any(beside[n] for n in range(9, 16)) and beside[16] and not any(beside[n] for n in range(20, 30))


def test_a_thread_pays_after_slow_elements_and_no_more_after_many_quick_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, took = workers.Clock(), [0.0]
    monkeypatch.setattr(workers.time, "perf_counter", lambda: took[0])
    took[0] = 0.001
    assert [clock.pays(0) for _ in range(4)] == [False, False, False, True]
    found = []
    for number in range(40):
        took[0] = 0.001 if number == 20 else 0.00005
        found.append(clock.rests(0))
    assert found.index(True) == 34


@given(st.integers(0, 30), st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.booleans())
@settings(max_examples=60, deadline=None)
def test_windows_are_what_slices_say(n: int, size: int, shift: int, stride: int, drop: bool) -> None:
    found = [plain(list(window.iterator())) for (window,) in Window(numbers(n), size, shift, stride, drop).iterator()]
    spanned = (size - 1) * stride + 1
    wanted = [[[i] for i in range(start, min(n, start + spanned), stride)] for start in range(0, n, shift)
              if not drop or start + spanned <= n]
    assert found == wanted
    assert Window(numbers(n), size, shift, stride, drop).cardinality() == len(wanted)


# --- caches and files ---------------------------------------------------------------------------------------------


def test_a_cache_in_a_file_is_read_by_another_session(tmp_path: Path) -> None:
    calls: list[int] = []

    def note(x: Any) -> Any:
        calls.append(int(x))
        return x

    def dataset() -> Any:
        return Dataset.range(4).map(lambda x: (tf.py_func(note, [x], tf.int64), tf.fill([x], "s"))).cache(
            str(tmp_path / "cache"))

    first = taken(dataset())
    second = taken(dataset())
    assert calls == [0, 1, 2, 3]
    assert [(int(a), list(b)) for a, b in first] == [(int(a), list(b)) for a, b in second]
    assert [list(b) for _, b in second][2] == [b"s", b"s"]


def test_a_cache_is_kept_only_of_a_whole_pass(tmp_path: Path) -> None:
    dataset = Dataset.range(4).cache(str(tmp_path / "cache"))
    element = dataset.make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        sess.run(element)
    assert not list(tmp_path.iterdir())


def test_lines_and_records_of_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\ntwo\r\n\nlast")
    (tmp_path / "b.txt").write_bytes(b"")
    lines = Dataset.list_files(str(tmp_path / "*.txt"), shuffle=False).flat_map(tf.data.TextLineDataset)
    assert taken(lines) == [b"one", b"two", b"", b"last"]
    with RecordWriter(tmp_path / "r.gz", "GZIP") as writer:
        writer.write(b"x" * 5)
        writer.write(b"y")
    assert taken(tf.data.TFRecordDataset([str(tmp_path / "r.gz")] * 2, "GZIP")) == [b"xxxxx", b"y"] * 2
    (tmp_path / "f").write_bytes(b"HEaabbccF")
    assert taken(tf.data.FixedLengthRecordDataset(str(tmp_path / "f"), 2, 2, 1)) == [b"aa", b"bb", b"cc"]


def test_a_record_file_that_is_cut_off_is_told(tmp_path: Path) -> None:
    with RecordWriter(tmp_path / "r") as writer:
        writer.write(b"x" * 5)
    whole = (tmp_path / "r").read_bytes()
    element = tf.data.TFRecordDataset(str(tmp_path / "r")).make_initializable_iterator()
    value = element.get_next()
    with tf.Session() as sess:
        for rest, error, words in ((whole[:3], tf.errors.OutOfRangeError, "End of sequence"),  # within the header
                                   (whole[:13], tf.errors.DataLossError, "truncated record at 21")):
            (tmp_path / "r").write_bytes(whole + rest)
            sess.run(element.initializer)
            assert sess.run(value) == b"xxxxx"
            with pytest.raises(error, match=words):
                sess.run(value)


def test_lines_of_a_file_that_cannot_be_read_fail_again_and_again(tmp_path: Path) -> None:
    value = tf.data.TextLineDataset(str(tmp_path / "none")).make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        for _ in range(3):
            with pytest.raises(tf.errors.NotFoundError, match="No such file or directory"):
                sess.run(value)


def test_a_window_is_part_of_a_saved_position(tmp_path: Path) -> None:
    dataset = Dataset.range(6).window(2).flat_map(lambda window: window)
    iterator = dataset.make_initializable_iterator()
    value = iterator.get_next()
    tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, tf.data.experimental.make_saveable_from_iterator(iterator))
    saver = tf.train.Saver(allow_empty=True)
    with tf.Session() as sess:
        sess.run(iterator.initializer)
        assert [sess.run(value) for _ in range(3)] == [0, 1, 2]
        saver.save(sess, str(tmp_path / "position"))
        assert [sess.run(value) for _ in range(3)] == [3, 4, 5]
        saver.restore(sess, str(tmp_path / "position"))
        assert [sess.run(value) for _ in range(3)] == [3, 4, 5]


def test_a_dataset_is_written_to_records(tmp_path: Path) -> None:
    path = str(tmp_path / "out")
    write = tf.data.experimental.TFRecordWriter(path).write(Dataset.from_tensor_slices(["a", "bc"]))
    with tf.Session() as sess:
        sess.run(write)
    assert taken(tf.data.TFRecordDataset(path)) == [b"a", b"bc"]


@given(st.recursive(st.none() | st.integers(-2**40, 2**40) | st.binary(max_size=9) | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple), max_leaves=8))
def test_what_is_written_as_bytes_is_read_again(value: Any) -> None:
    assert from_bytes(to_bytes(value)) == value


@given(st.binary(max_size=60))
def test_damaged_bytes_end_in_a_data_loss_error(data: bytes) -> None:
    damaged = bytearray(to_bytes([torch_range(3), b"text", ("a", 1)]))
    for index, byte in enumerate(data):
        damaged[index % len(damaged)] ^= byte
    with contextlib.suppress(tf.errors.DataLossError):
        from_bytes(bytes(damaged))


def test_strings_and_small_types_survive_a_batch() -> None:
    dataset = Dataset.from_tensor_slices((np.array([[b"a"], [b"bc"]], object), np.array([1, 2], np.uint16))).batch(2)
    (texts, small), = taken(dataset)
    assert texts.tolist() == [[b"a"], [b"bc"]] and small.dtype == np.uint16 and small.tolist() == [1, 2]
