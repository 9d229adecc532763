"""tf.contrib.summary: summaries that ops write as they run, and the events in their files."""

import glob
import os
import tempfile

from . import Case, program


def graph_of(tf, condition):
    """Summaries of all kinds under a condition, and what a program shows of them."""
    summary = tf.contrib.summary
    step = tf.train.get_or_create_global_step()
    writer = summary.create_file_writer("/nowhere", name="writer")
    with writer.as_default(), condition(summary):
        made = [summary.scalar("loss", tf.constant(2.0)), summary.scalar("count", 7, family="numbers", step=step + 1),
                summary.histogram("h", tf.constant([1.0, 2.0]), step=3),
                summary.image("picture", tf.ones([2, 1, 1, 3]), max_images=2),
                summary.image("red", tf.ones([1, 1, 1, 1]), bad_color=[1, 2, 3, 4], family="f"),
                summary.audio("sound", tf.zeros([1, 4, 1]), 100.0, 1), summary.generic("g", [1, 2], metadata="m"),
                summary.generic("words", tf.constant(["a"]), step=tf.constant(5, tf.int64))]
        with tf.name_scope("within"):
            made.append(summary.scalar("again", 1.0, step=1))
        made += [summary.graph(tf.placeholder(tf.string, []), step=2), summary.import_event("e", name="imported"),
                 summary.should_record_summaries()]
    made += [summary.flush(writer), writer.init(), writer.flush(), writer.close()]
    made += summary.all_summary_ops() + summary.summary_writer_initializer_op()
    return Case(show=made, facts={"dir": [summary.eval_dir("m"), summary.eval_dir("m", "n")]})


@program
def summaries_written_always(tf):
    return graph_of(tf, lambda summary: summary.always_record_summaries())


@program
def summaries_written_never(tf):
    return graph_of(tf, lambda summary: summary.never_record_summaries())


@program
def summaries_written_sometimes(tf):
    return graph_of(tf, lambda summary: summary.record_summaries_every_n_global_steps(3))


@program
def summary_writers(tf):
    summary = tf.contrib.summary
    with tf.name_scope("w"):
        made = summary.create_file_writer("/nowhere", max_queue=3, flush_millis=1000, filename_suffix=".x")
    summary.create_file_writer("/nowhere", name="shared")
    summary.create_db_writer("sqlite:///x.db", "experiment", "run", "user")
    facts = {"none": summary.create_file_writer(None).init()}
    try:
        summary.graph(3)
    except TypeError as error:
        facts["graph"] = str(error).replace("class", "type")
    return Case(show=[made.init(), made.flush(), made.close()], facts=facts)


@program
def summaries_in_a_file(tf):
    with tf.Graph().as_default():  # its nodes name a folder that is new each time
        return Case(facts=facts_of_a_file(tf))


def facts_of_a_file(tf):
    """What is in a file of events, and what was refused."""
    folder = tempfile.mkdtemp()
    summary = tf.contrib.summary
    step = tf.train.get_or_create_global_step()
    writer = summary.create_file_writer(folder, max_queue=2)
    given = tf.placeholder(tf.string, [])
    with writer.as_default(), summary.record_summaries_every_n_global_steps(2):
        summary.scalar("loss", 1.5)
        ops = summary.all_summary_ops()
    with writer.as_default(), summary.always_record_summaries():
        others = [summary.histogram("h", [1.0, 2.0, 2.5]), summary.generic("g", [[1, 2]]),
                  summary.audio("s", tf.zeros([2, 3]), 100.0, 2), summary.generic("words", ["a"])]
        graph = summary.graph(given, step=5)
    event = tf.Event(step=77, wall_time=3.0, summary=tf.Summary(value=[tf.Summary.Value(tag="i", simple_value=4.0)]))
    imported = tf.raw_ops.ImportEvent(writer=writer._resource, event=event.SerializeToString())
    raw = tf.raw_ops.WriteRawProtoSummary(writer=writer._resource, step=6, tensor=[event.summary.SerializeToString()])
    bad = tf.raw_ops.WriteRawProtoSummary(writer=writer._resource, step=6, tensor=[b"\xff"])
    facts = {}

    def refused(name, op):
        try:
            session.run(op)
        except tf.errors.OpError as error:
            facts[name] = [type(error).__name__, str(error).split("\n")[0].replace(folder, "FOLDER")]

    with tf.Session() as session:
        session.run(step.initializer)
        refused("before", others[0])
        session.run(summary.summary_writer_initializer_op())
        for _ in range(4):
            session.run(ops)
            session.run(step.assign_add(1))
        for op in others + [imported, raw]:
            session.run(op)
        session.run(graph, {given: tf.GraphDef(node=[tf.NodeDef(name="a", op="NoOp")]).SerializeToString()})
        refused("bad", bad)
        session.run(writer.close())
        refused("closed", others[0])
    files = glob.glob(os.path.join(folder, "events.out.tfevents.*.v2"))
    facts["events"] = [[found.step, found.WhichOneof("what"), [
        [value.tag, value.WhichOneof("value"), value.simple_value, list(bytearray(value.tensor.tensor_content)),
         list(value.histo.bucket), list(value.histo.bucket_limit)] for value in found.summary.value]]
        for found in tf.train.summary_iterator(files[0])]
    return facts
