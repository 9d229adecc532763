"""Reading checkpoints without a saver, initialising variables from them, and graphs with their collections as files."""

from __future__ import division

import numpy as np

from . import Case, program
from .saving import Folder, attempt, some_variables


def written(tf, folder, name="m"):
    """A checkpoint, from a graph of its own."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="a")
        tf.get_variable("scope/b", initializer=np.arange(3, dtype=np.int64))
        tf.get_variable("scope/c", initializer=[b"text", b""])
        tf.get_variable("half", initializer=np.array([0.5], np.float16), use_resource=True)
        with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(3)):
            tf.get_variable("v", [5, 2], initializer=tf.constant_initializer(7.0))
        sess.run(tf.global_variables_initializer())
        return tf.train.Saver().save(sess, folder(name))


def plain(value):
    value = np.asarray(value)
    return [str(value.dtype).replace("|S4", "object"), value.astype(str).tolist() if value.dtype == object
            else value.tolist()]  # fmt: skip


@program
def reading_checkpoints(tf):
    with Folder() as folder:
        path = written(tf, folder)
        reader = tf.train.NewCheckpointReader(path)
        facts = {
            "debug": reader.debug_string().decode("latin-1"),
            "has": [reader.has_tensor(n) for n in ("a", "scope/b", "b", "p/v")],
            "shapes": reader.get_variable_to_shape_map(),
            "types": {key: value.name for key, value in reader.get_variable_to_dtype_map().items()},
            "a": plain(reader.get_tensor("a")), "b": plain(reader.get_tensor("scope/b")),
            "v": plain(reader.get_tensor("p/v")), "half": plain(reader.get_tensor("half")),
            "missing": attempt(reader.get_tensor, "none"), "number": attempt(reader.get_tensor, 3)[0],
            "list": [[name, shape] for name, shape in tf.train.list_variables(folder.path)],
            "load": plain(tf.train.load_variable(folder.path, "a:0")),
            "load missing": attempt(tf.train.load_variable, path, "zzz"),
            "load type": type(tf.train.load_checkpoint(path)).__name__,
            "no dir": attempt(tf.train.load_checkpoint, folder("none")),
        }  # fmt: skip
        with Folder() as empty:
            facts["empty"] = empty.plain(attempt(tf.train.load_checkpoint, empty.path))
        facts["no reader"] = folder.plain(attempt(tf.train.NewCheckpointReader, folder("none")))
        facts["no dir"] = folder.plain(facts["no dir"])
        with open(folder("m.index"), "wb") as file:
            file.write(b"x" * 100)
        facts["damaged"] = folder.plain(attempt(tf.train.NewCheckpointReader, path))
    return Case(facts=facts)


@program
def reading_old_checkpoints(tf):
    with Folder() as folder:
        with tf.Graph().as_default(), tf.Session() as sess:
            some_variables(tf)
            sess.run(tf.global_variables_initializer())
            path = tf.train.Saver(write_version=tf.train.SaverDef.V1).save(sess, folder("m"))
        reader = tf.train.NewCheckpointReader(path)
        facts = {"debug": sorted(reader.debug_string().decode("latin-1").splitlines()),
                 "shapes": reader.get_variable_to_shape_map(),
                 "a": plain(reader.get_tensor("a")),
                 "missing": attempt(reader.get_tensor, "none"), "has": reader.has_tensor("a")}  # fmt: skip
    return Case(facts=facts)


@program
def initial_values_from_a_checkpoint(tf):
    with Folder() as folder:
        path = written(tf, folder)
        with tf.variable_scope("new"):
            b = tf.get_variable("b", initializer=np.zeros(3, np.int64))
            tf.get_variable("other", [2])
        a = tf.get_variable("a", [2, 2])
        r = tf.get_variable("r", [1], tf.float16, use_resource=True)
        with tf.variable_scope("q", partitioner=tf.fixed_size_partitioner(2)):
            v = tf.get_variable("v", [5, 2])
        tf.train.init_from_checkpoint(path, {"scope/b": "new/b", "a": a, "half": r, "p/v": list(v)})
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            values = [plain(sess.run(x)) for x in (b, a, r, tf.convert_to_tensor(v))]
    graph = tf.get_default_graph()
    masked = [folder.plain(op.get_attr("value").string_val[0].decode()) for op in graph.get_operations()
              if op.name.endswith("/prefix")]  # fmt: skip
    facts = {"values": values, "nodes": [[op.name, op.type, [t.name for t in op.inputs], op.device]
                                         for op in graph.get_operations()], "prefixes": masked,
             "initial": [a.initializer.name, a.initial_value.name, r.initializer.name]}  # fmt: skip
    return facts_only(tf, facts)


def facts_only(tf, facts):
    """Facts of a graph that holds the name of a folder: its nodes are not recorded again."""
    graph = tf.get_default_graph()
    for op in graph.get_operations():
        if op.name.endswith("/prefix"):
            op._set_attr("value", tf.compat.v1.AttrValue(tensor=tf.make_tensor_proto("m")))
    return Case(facts=facts)


@program
def initial_values_by_scopes(tf):
    with Folder() as folder:
        path = written(tf, folder)
        with tf.variable_scope("scope"):
            b = tf.get_variable("b", initializer=np.zeros(3, np.int64))
        with tf.variable_scope("my"):
            with tf.variable_scope("own"):
                own = tf.get_variable("b", initializer=np.zeros(3, np.int64))
            a = tf.get_variable("a", [2, 2])
        lone = tf.get_variable("a", [2, 2])
        facts = {}
        tf.train.init_from_checkpoint(folder.path, {"scope/": "my/own/"})
        tf.train.init_from_checkpoint(path, {"scope/b": b})
        tf.train.init_from_checkpoint(path, {"a": "my/a"})
        facts["missing"] = attempt(tf.train.init_from_checkpoint, path, {"zzz": a})[1].partition("{")[0]
        facts["shape"] = attempt(tf.train.init_from_checkpoint, path, {"scope/b": a})
        facts["no variable"] = attempt(tf.train.init_from_checkpoint, path, {"a": "nothing"})
        facts["scope"] = attempt(tf.train.init_from_checkpoint, path, {"scope/": "nowhere/"})
        facts["slashes"] = attempt(tf.train.init_from_checkpoint, path, {"scope": "my/own/"})
        facts["kind"] = attempt(tf.train.init_from_checkpoint, path, {"a": 3})[0]
        facts["not there"] = attempt(tf.train.init_from_checkpoint, path, {"scope/": "my/"})
        facts = {key: folder.plain(value) for key, value in facts.items()}
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            facts["values"] = [plain(sess.run(x)) for x in (b, own, a)]
        del lone
    return facts_only(tf, facts)


@program
def checkpoints_one_after_another(tf):
    with Folder() as folder:
        path = written(tf, folder)
        found = [folder.plain(p) for p in tf.train.checkpoints_iterator(folder.path, timeout=0.2)]
        again = [folder.plain(p) for p in tf.train.checkpoints_iterator(folder.path, timeout=0.1,
                                                                        timeout_fn=lambda: True)]  # fmt: skip
        del path
    return Case(facts={"found": found, "again": again})
