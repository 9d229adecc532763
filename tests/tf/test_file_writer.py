"""`tf.summary.FileWriter`: files that TensorBoard and TensorFlow 1.15 read, and theirs read here."""

from __future__ import annotations

import base64
import gc
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tfmagic import tf

# What TensorFlow 1.15 wrote for: FileWriter(folder); add_summary(Summary(value=[Value(tag="a", simple_value=2)]), 3).
FROM_1_15 = base64.b64decode(
    "GAAAAAAAAACjf0siCQAAwFmywtpBGg1icmFpbi5FdmVudDoy0mVYqhcAAAAAAAAA5874Hgk4ocJZssLaQRADKgoKCAoBYRUAAABA"
    "PWHL4A==")


def events(folder: Path) -> list:
    return [event for path in sorted(folder.glob("events.out.tfevents.*")) for event in
            tf.train.summary_iterator(str(path))]


def kinds(folder: Path) -> list:
    return [(event.step, event.WhichOneof("what")) for event in events(folder)]


@pytest.mark.usefixtures("graph")
class TestWhatIsWritten:
    def test_a_training_as_tensorboard_reads_it(self, tmp_path: Path) -> None:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        x = tf.placeholder(tf.float32, [])
        tf.summary.scalar("loss", x)
        tf.summary.histogram("weights", tf.stack([x, 2 * x]))
        tf.summary.image("picture", tf.zeros([1, 4, 3, 3]), max_outputs=1)
        tf.summary.audio("sound", tf.zeros([1, 10]), 8000, max_outputs=1)
        tf.summary.text("note", tf.constant("hello"))
        merged = tf.summary.merge_all()
        with tf.Session() as session, tf.summary.FileWriter(tmp_path, session.graph) as writer:
            for step in range(3):
                writer.add_summary(session.run(merged, {x: step / 2}), step)
        board = EventAccumulator(str(tmp_path)).Reload()
        assert [(event.step, event.value) for event in board.Scalars("loss")] == [(0, 0.0), (1, 0.5), (2, 1.0)]
        assert board.Histograms("weights")[0].histogram_value.num == 2
        assert (board.Images("picture/image")[0].width, board.Images("picture/image")[0].height) == (3, 4)
        assert board.Audio("sound/audio")[0].sample_rate == 8000.0
        assert board.Tensors("note")[0].tensor_proto.string_val == [b"hello"]
        assert [node.name for node in board.Graph().node][:2] == ["Placeholder", "loss/tags"]

    def test_the_metadata_of_a_tag_is_written_once(self, tmp_path: Path) -> None:
        note = tf.summary.text("note", tf.constant("hello"))
        with tf.Session() as session, tf.summary.FileWriter(str(tmp_path)) as writer:
            for step in (None, np.int64(4)):
                writer.add_summary(session.run(note), step)
        first, second = [event.summary.value[0] for event in events(tmp_path)[1:]]
        assert first.metadata.plugin_data.plugin_name == "text" and not second.HasField("metadata")

    def test_session_logs_run_metadata_and_graphs(self, tmp_path: Path) -> None:
        with tf.summary.FileWriter(str(tmp_path), filename_suffix=".mine") as writer:
            writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 3)
            writer.add_run_metadata(tf.RunMetadata(), "first", 5)
            with pytest.raises(ValueError, match="The provided tag was already used for this event type"):
                writer.add_run_metadata(tf.RunMetadata(), "first", 5)
            writer.add_graph(tf.get_default_graph(), 2)
            with pytest.raises(TypeError, match="The passed graph must be an instance of `Graph`"):
                writer.add_graph(3)
            with pytest.raises(ValueError, match="not both"):
                writer.add_graph(tf.Graph(), graph_def=tf.GraphDef())
            writer.add_meta_graph(tf.MetaGraphDef(), 7)
            with pytest.raises(TypeError, match="meta_graph_def must be type MetaGraphDef"):
                writer.add_meta_graph(3)
        assert kinds(tmp_path) == [(0, "file_version"), (3, "session_log"), (5, "tagged_run_metadata"),
                                   (2, "graph_def"), (7, "meta_graph_def")]
        assert next(tmp_path.iterdir()).suffix == ".mine"


class TestWhenItIsWritten:
    def test_at_flush(self, tmp_path: Path) -> None:
        writer = tf.summary.FileWriter(str(tmp_path))
        writer.add_summary(_summary(1), 1)
        writer.flush()
        assert len(events(tmp_path)) == 2
        writer.close()

    def test_when_many_wait(self, tmp_path: Path) -> None:
        writer = tf.summary.FileWriter(str(tmp_path), max_queue=3)
        for step in range(4):
            writer.add_summary(_summary(step), step)
        assert len(events(tmp_path)) == 4
        writer.close()

    def test_when_they_wait_for_long(self, tmp_path: Path) -> None:
        writer = tf.summary.FileWriter(str(tmp_path), flush_secs=0)
        writer.add_summary(_summary(1), 1)
        assert len(events(tmp_path)) == 2
        writer.close()

    def test_when_nobody_has_the_writer_any_more(self, tmp_path: Path) -> None:
        writer = tf.summary.FileWriter(str(tmp_path))
        writer.add_summary(_summary(1), 1)
        del writer
        gc.collect()
        assert len(events(tmp_path)) == 2

    def test_at_the_end_of_the_process(self, tmp_path: Path) -> None:
        code = ("from tfmagic import tf\nimport sys\n"
                "writer = tf.summary.FileWriter(sys.argv[1])\n"
                "writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag='a', simple_value=1)]), 1)\n")
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=120)
        assert len(events(tmp_path)) == 2


class TestClosed:
    def test_a_closed_writer_warns_and_goes_on_after_reopen_in_a_new_file(self, tmp_path: Path) -> None:
        writer = tf.summary.FileWriter(str(tmp_path))
        writer.close()
        with pytest.warns(UserWarning, match="Attempting to use a closed FileWriter"):
            writer.add_summary(_summary(1), 1)
        writer.reopen()
        writer.add_summary(_summary(2), 2)
        writer.close()
        assert kinds(tmp_path) == [(0, "file_version"), (0, "file_version"), (2, "summary")]

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(tf.errors.OpError):
            tf.summary.FileWriter(str(tmp_path / "file" / "logs"))


def test_the_cache_has_one_writer_for_a_folder(tmp_path: Path) -> None:
    writer = tf.summary.FileWriterCache.get(str(tmp_path))
    assert writer is tf.summary.FileWriterCache.get(str(tmp_path))
    tf.summary.FileWriterCache.clear()
    assert writer is not tf.summary.FileWriterCache.get(str(tmp_path))
    tf.summary.FileWriterCache.clear()


def test_a_file_of_1_15_is_read_and_written_alike(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "events.out.tfevents.1.host").write_bytes(FROM_1_15)
    with tf.summary.FileWriter(str(tmp_path / "ours")) as writer:
        writer.add_summary(_summary(2), 3)
    theirs, ours = events(tmp_path / "theirs"), events(tmp_path / "ours")
    for event in [*theirs, *ours]:
        assert event.wall_time > 0
        event.wall_time = 0
    assert theirs == ours


def test_damaged_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(FROM_1_15[:-3])
    with pytest.raises(tf.errors.DataLossError):
        list(tf.train.summary_iterator(str(path)))
    with pytest.raises(tf.errors.NotFoundError):
        list(tf.train.summary_iterator(str(tmp_path / "none")))


def _summary(value: float) -> object:
    return tf.Summary(value=[tf.Summary.Value(tag="a", simple_value=value)])
