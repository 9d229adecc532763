"""Summaries of TensorFlow 2 in graphs, writers that write by a session's ops, and what plugins keep beside a graph."""

import os

from . import Case, program
from .functions import internal
from .inner_names import values
from .saving import Folder


def events_of(tf, folder):
    """What the files of events of a folder hold, apart from the times."""
    found = []
    for name in sorted(os.listdir(folder)):
        for event in tf.train.summary_iterator(os.path.join(folder, name)):
            found.append((event.WhichOneof("what"), int(event.step), [value.tag for value in event.summary.value]))
    return sorted(found, key=str)


def nodes_of(tf, graph):
    """Nodes with types, inputs and devices; a writer's unique name differs with every run."""
    return [(op.name, op.type, [tensor.name for tensor in op.inputs], [one.name for one in op.control_inputs],
             op.device) for op in graph.get_operations()]


@program
def summaries_of_the_second_kind(tf):
    """`summary_ops_v2`: `write`, `write_raw_pb`, `record_if`, steps, scopes and writers."""
    summary = internal(tf, "tensorflow.python.ops.summary_ops_v2")
    with Folder() as folder:
        with tf.Graph().as_default() as graph:
            due = tf.placeholder_with_default(True, [])
            writer = summary.create_file_writer_v2(folder.path, max_queue=3, name="w")

            def recorded(condition, **options):
                with writer.as_default(), summary.record_if(condition):
                    return summary.write("t", 1.0, **options).name

            def raw():
                with writer.as_default():
                    return summary.write_raw_pb(tf.Summary(value=[tf.Summary.Value(
                        tag="raw", simple_value=2.0)]).SerializeToString(), 4).name

            def at_a_step():
                summary.set_step(7)
                try:
                    return recorded(True), summary.get_step()
                finally:
                    summary.set_step(None)

            def scopes():
                with summary.summary_scope("a/b c", "none", values=[due]) as first, summary.summary_scope("") as second:
                    return first, second

            found = values(tf, [
                lambda: recorded(True, step=3), lambda: recorded(False, step=3), lambda: recorded(due, step=5),
                lambda: recorded(lambda: due, step=6, name="named"), lambda: recorded(True),
                lambda: recorded(True, step="x"), raw, at_a_step, scopes,
                lambda: summary.write("t", 1.0).name, lambda: summary.create_file_writer_v2(None),
                lambda: summary.create_noop_writer().init(), lambda: summary.trace_on(),
                lambda: summary.trace_export("n"), lambda: summary.trace_off(),
                lambda: summary.run_metadata("rm", tf.RunMetadata(), 1).name,
                lambda: summary.run_metadata_graphs("rm", tf.RunMetadata(), 1).name,
                lambda: summary.keras_model("k", None),
                lambda: summary.create_db_writer("a.db", user_name="0bad"),
                lambda: summary.create_db_writer("a.db", "a\x01b", user_name="u")])
            with writer.as_default(), tf.Session() as session:
                summary.initialize(graph=graph, session=session)
                session.run(tf.summary.all_v2_summary_ops())
                session.run(tf.summary.all_v2_summary_ops(), {due: False})
                session.run(writer.close())
        return Case(facts={"found": found, "nodes": repr(nodes_of(tf, graph)).replace("u'", "'"),
                           "events": repr(events_of(tf, folder.path)).replace("u'", "'")})


@program
def writers_of_sessions(tf):
    """`FileWriter(session=...)`, and the writers of events alone."""
    files = internal(tf, "tensorflow.python.summary.writer.event_file_writer")
    with Folder() as folder:
        with tf.Graph().as_default() as graph, tf.Session() as session:
            writer = tf.summary.FileWriter(folder("a"), session=session, filename_suffix=".s")
            writer.add_event(tf.Event(step=3))
            writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="t", simple_value=1.0)]), 4)
            writer.flush()
            written = len(events_of(tf, folder("a")))
            writer.close()
            writer.add_event(tf.Event(step=5))
            alone = files.EventFileWriter(folder("b"), 2, 1, ".x")
            alone.add_event(tf.Event(step=6))
            alone.close()
            alone.add_event(tf.Event(step=7))
        facts = {"written": written, "session": events_of(tf, folder("a")), "alone": events_of(tf, folder("b")),
                 "nodes": nodes_of(tf, graph), "folder": folder.plain(alone.get_logdir()),
                 "kinds": [type(writer.event_writer).__name__, type(alone).__name__]}
        return Case(facts={key: repr(value).replace("u'", "'") for key, value in facts.items()})


@program
def files_of_plugins(tf):
    """`PluginAsset`: what is made once for a graph, and written beside its events."""
    assets = internal(tf, "tensorflow.python.summary.plugin_asset")

    class Mine(assets.PluginAsset):
        plugin_name = "mine"

        def assets(self):
            return {"a.txt": "hello", "b.txt": ""}

    class Nameless(assets.PluginAsset):
        def assets(self):
            return {}

    class Other(Mine):
        pass

    with Folder() as folder, tf.Graph().as_default() as graph:
        found = values(tf, [
            lambda: assets.get_all_plugin_assets(),
            lambda: assets.get_plugin_asset(Mine) is assets.get_plugin_asset(Mine),
            lambda: len(assets.get_all_plugin_assets(graph)),
            lambda: assets.get_plugin_asset(Nameless), lambda: assets.get_plugin_asset(Other),
            lambda: assets.get_all_plugin_assets(tf.Graph())])
        tf.summary.FileWriter(folder.path, graph).close()
        with open(folder("plugins/mine/a.txt")) as file:
            text = file.read()
        return Case(facts={"found": found, "text": text, "files": sorted(os.listdir(folder("plugins/mine")))})
