"""Summaries that go elsewhere than into a program's file: into a database, and those of datasets' statistics."""

import glob
import os
import re
import shutil
import sqlite3
import tempfile

from . import Case, program
from .queues import Runs

TABLES = {
    "users": "select user_name, email from Users",
    "experiments": "select e.experiment_name, u.user_name, e.is_watching, e.started_time = 2.0 from Experiments e "
                   "left join Users u on e.user_id = u.user_id order by e.rowid",
    "runs": "select r.run_name, e.experiment_name, r.started_time = 2.0, r.finished_time is not null from Runs r "
            "left join Experiments e on r.experiment_id = e.experiment_id order by r.rowid",
    "tags": "select t.tag_name, r.run_name, t.display_name, t.plugin_name, hex(t.plugin_data), d.description, "
            "t.inserted_time > 1e9 from Tags t join Descriptions d on d.id = t.tag_id left join Runs r "
            "on r.run_id = t.run_id order by t.rowid",
    "tensors": "select t.tag_name, x.step, x.dtype, x.shape, hex(x.data), x.computed_time = 2.0 from Tensors x "
               "join Tags t on x.series = t.tag_id where x.step is not null order by t.rowid, x.step",
    "strings": "select t.tag_name, x.step, s.idx, hex(s.data) from TensorStrings s join Tensors x on "
               "s.tensor_rowid = x.rowid join Tags t on x.series = t.tag_id order by t.rowid, x.step, s.idx",
    "nodes": "select n.node_id, n.node_name, n.op, n.device from Nodes n join Graphs g on g.graph_id = n.graph_id "
             "order by n.rowid",
    "inputs": "select i.node_id, i.idx, i.input_node_id, i.input_node_idx, i.is_control from NodeInputs i "
              "join Graphs g on g.graph_id = i.graph_id order by i.rowid",
}


def content(path):
    """What the tables of a database hold, without the numbers that it chose."""
    database = sqlite3.connect(path)
    try:
        found = {name: [[str(value) if isinstance(value, type(u"")) else value for value in row]
                        for row in database.execute(query)] for name, query in TABLES.items()}
        found["columns"] = [[str(row[1]), str(row[2])] for (table,) in list(database.execute(
            "select name from sqlite_master where type = 'table' order by name"))
            for row in database.execute("pragma table_info(%s)" % table)]
        return found
    finally:
        database.close()


def graph_written(tf):
    with tf.Graph().as_default() as graph:
        a = tf.constant(1, name="a")
        b = tf.add(a, a, name="b")
        with tf.control_dependencies([a]):
            tf.split(b, 1, 0, name="c") if b.shape.ndims else tf.identity(b, name="c")
        with tf.device("/cpu:0"):
            tf.no_op("d")
    return graph.as_graph_def().SerializeToString()


def all_kinds(tf):
    """A summary of each kind of value."""
    summary = tf.Summary()
    summary.value.add(tag="number", simple_value=3.0)
    summary.value.add(tag="histogram").histo.MergeFrom(tf.HistogramProto(
        min=1, max=2, num=1, sum=3, sum_squares=4, bucket_limit=[1.0, 2.0], bucket=[3.0, 4.0]))
    summary.value.add(tag="picture").image.MergeFrom(tf.Summary.Image(height=1, width=2, encoded_image_string=b"png"))
    summary.value.add(tag="sound").audio.MergeFrom(tf.Summary.Audio(
        sample_rate=1, encoded_audio_string=b"wav", content_type="audio/wav"))
    summary.value.add(tag="tensor").tensor.MergeFrom(tf.make_tensor_proto([1, 2]))
    return summary


def written(tf, path):
    """What came of writing summaries of all kinds into a database."""
    run, raw = Runs(tf), tf.raw_ops

    def writer(name, *texts):
        handle = raw.SummaryWriter(shared_name=name, container="")
        return handle, raw.CreateSummaryDbWriter(writer=handle, db_uri=texts[0], experiment_name=texts[1],
                                                 run_name=texts[2], user_name=texts[3])

    def number(handle, step, value, tag="tag"):
        return raw.WriteScalarSummary(writer=handle, step=step, tag=tag, value=value)

    def tensor(step, value, tag, metadata=b""):
        return raw.WriteSummary(writer=handle, step=step, tensor=value, tag=tag, summary_metadata=metadata)

    handle, create = writer("w", path, "exp", "run", "user")
    metadata = tf.SummaryMetadata(display_name="DN", summary_description="DE", plugin_data={
        "plugin_name": "text", "content": b"xx"}).SerializeToString()
    event = tf.Event(step=11, wall_time=2.0, summary=all_kinds(tf))
    event.summary.value[0].tag = "earlier"
    for fetch in (
            create, create, number(handle, 3, 2.5), number(handle, 4, tf.constant(2.5, tf.float64)),
            number(handle, 4, tf.constant(7.5, tf.float64)), number(handle, 4, 7, "whole"),
            tensor(4, tf.constant([[1, 2]]), "t"), tensor(4, tf.constant(["ab", "c"]), "s", metadata),
            tensor(4, tf.constant("one"), "one"), tensor(4, tf.constant([1j]), "c"),
            tensor(4, tf.constant([True]), "b"),
            raw.WriteHistogramSummary(writer=handle, step=5, tag="h", values=[1.0, 2.0]),
            raw.WriteAudioSummary(writer=handle, step=6, tag="a", tensor=tf.zeros([1, 3, 1]), sample_rate=100.0),
            raw.WriteRawProtoSummary(writer=handle, step=7, tensor=all_kinds(tf).SerializeToString()),
            raw.WriteGraphSummary(writer=handle, step=8, tensor=graph_written(tf)),
            raw.WriteGraphSummary(writer=handle, step=9, tensor=graph_written(tf)),
            raw.ImportEvent(writer=handle, event=event.SerializeToString()),
            raw.ImportEvent(writer=handle, event=tf.Event(file_version="brain").SerializeToString()),
            raw.FlushSummaryWriter(writer=handle), raw.CloseSummaryWriter(writer=handle)):
        run(fetch)
    first = content(path)
    for place, texts in enumerate([(path, "exp", "run", "user"), (path, "", "", ""), (path, "e", "r", ""),
                                   (path, "", "r", ""), ("file:" + path, "exp", "other", "user"),
                                   (os.path.join(path, "no"), "a", "b", "c")]):
        other, create = writer("w%d" % place, *texts)
        run(create)
        run(number(other, 30, 1.5))
        run(number(other, 3, 2.5))
        run(raw.CloseSummaryWriter(writer=other))
    return {"came": [one.replace(path, "PATH") if isinstance(one, str) else one for one in run.came[:-3]],
            "first": first, "then": content(path)}


@program
def summaries_in_a_database(tf):
    folder = tempfile.mkdtemp()
    try:
        with tf.Graph().as_default():  # its nodes name a folder that is new each time
            return Case(facts=written(tf, os.path.join(folder, "x.db")))
    finally:
        shutil.rmtree(folder)


@program
def statistics_written(tf):
    folder = tempfile.mkdtemp()
    try:
        with tf.Graph().as_default():  # as above
            return Case(facts=statistics(tf, folder))
    finally:
        shutil.rmtree(folder)


def statistics(tf, folder):
    """What an aggregator of the second kind hands to a writer of summaries as elements come."""
    run, raw = Runs(tf), tf.raw_ops
    writer = raw.SummaryWriter(shared_name="w", container="")
    create = raw.CreateSummaryFileWriter(writer=writer, logdir=folder, max_queue=10, flush_millis=1000,
                                         filename_suffix="")
    aggregator = tf.data.experimental.StatsAggregator()
    aggregator._resource = raw.StatsAggregatorHandleV2(shared_name="a", container="")
    set_writer = raw.StatsAggregatorSetSummaryWriter(stats_aggregator=aggregator._resource, summary=writer)
    options = tf.data.Options()
    options.experimental_stats.aggregator = aggregator
    options.experimental_stats.prefix = "pre"
    options.experimental_stats.latency_all_edges = False
    dataset = tf.data.Dataset.range(7).apply(tf.data.experimental.bytes_produced_stats("bytes"))
    dataset = dataset.filter(lambda x: tf.equal(x % 3, 1)).with_options(options)
    iterator = tf.data.make_initializable_iterator(dataset)
    element = iterator.get_next()
    run(set_writer)
    for fetch in (create, set_writer, iterator.initializer, element, element, element,
                  raw.StatsAggregatorSummary(iterator=aggregator._resource), raw.FlushSummaryWriter(writer=writer),
                  raw.CloseSummaryWriter(writer=writer)):
        run(fetch)
    told = [(event.step, value) for path in glob.glob(os.path.join(folder, "*"))
            for event in tf.train.summary_iterator(path) for value in event.summary.value]
    return {"came": run.came, "written": [
        [int(step), re.sub("/_[0-9]+", "", value.tag), value.WhichOneof("value"), value.simple_value, value.histo.num,
         value.histo.sum, list(value.histo.bucket)] for step, value in told]}
