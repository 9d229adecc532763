"""Savers: the nodes they make, their SaverDefs, the files they write and read."""

from __future__ import division

import hashlib
import os
import shutil
import tempfile
import uuid

import numpy as np

from . import Case, program


class Folder(object):
    """A folder that is gone at the end of the `with` block."""

    def __enter__(self):
        self.path = tempfile.mkdtemp()
        return self

    def __exit__(self, *exc_info):
        shutil.rmtree(self.path)

    def __call__(self, name):
        return os.path.join(self.path, name)

    def plain(self, text):
        """A text without the folder."""
        return str(text).replace(self.path, "DIR")

    def files(self):
        """Every file but graphs and what states the last checkpoints: size and hash of its bytes."""
        found = {}
        for top, _, names in os.walk(self.path):
            for name in names:
                path = os.path.join(top, name)
                with open(path, "rb") as file:
                    data = file.read()
                if name.endswith((".meta", ".graph", ".pb", ".pbtxt")) or name in ("checkpoint", "newest"):
                    found[os.path.relpath(path, self.path)] = "there"
                else:
                    found[os.path.relpath(path, self.path)] = [len(data), hashlib.md5(data).hexdigest()]
        return found

    def text(self, name="checkpoint"):
        with open(self(name)) as file:
            return self.plain(file.read())


class Seeded(object):
    """Lets the names of temporary folders be the same each time."""

    def __enter__(self):
        self.real = uuid.uuid4
        uuid.uuid4 = lambda: uuid.UUID(int=7)

    def __exit__(self, *exc_info):
        uuid.uuid4 = self.real


def attempt(function, *args, **kwargs):
    """The result of a call, or its error."""
    try:
        return str(function(*args, **kwargs))
    except Exception as error:
        return [type(error).__name__, (str(error).splitlines() or [""])[0]]


def some_variables(tf):
    a = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="a")
    b = tf.get_variable("scope/b", initializer=np.arange(3, dtype=np.int64))
    c = tf.get_variable("c", initializer=True, use_resource=True)
    return a, b, c


def saved_def(saver):
    return str(saver.as_saver_def())


@program
def saver_of_all_variables(tf):
    some_variables(tf)
    saver = tf.train.Saver()
    return Case(facts={"def": saved_def(saver), "last": saver.last_checkpoints})


@program
def saver_with_a_name_and_limits(tf):
    some_variables(tf)
    saver = tf.train.Saver(name="keeper", max_to_keep=2, keep_checkpoint_every_n_hours=0.5, pad_step_number=True,
                           save_relative_paths=True, filename="other")  # fmt: skip
    again = tf.train.Saver(max_to_keep=None)
    return Case(facts={"def": saved_def(saver), "again": saved_def(again)})


@program
def saver_restores_in_order(tf):
    some_variables(tf)
    return Case(facts={"def": saved_def(tf.train.Saver(restore_sequentially=True))})


@program
def saver_of_a_list_or_dict(tf):
    a, b, c = some_variables(tf)
    first = tf.train.Saver([c, a])
    second = tf.train.Saver({"other": a, "b": b, "boolean": c})
    third = tf.train.Saver((b,))
    return Case(facts={"defs": [saved_def(s) for s in (first, second, third)]})


@program
def saver_reshapes(tf):
    some_variables(tf)
    tf.train.Saver(reshape=True)


@program
def saver_of_partitioned_variables(tf):
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(3)):
        v = tf.get_variable("v", [5, 2], initializer=tf.ones_initializer())
        tf.get_variable("w", [4], initializer=tf.ones_initializer(), use_resource=True)
    tf.Variable(1.0, name="x")
    tf.train.Saver()
    tf.train.Saver({"vv": v})
    tf.train.Saver(list(v))


@program
def saver_sharded(tf):
    with tf.device("/cpu:0"):
        tf.Variable([1.0, 2.0], name="a")
        tf.get_variable("r", initializer=[1, 2], use_resource=True)
    with tf.device("/cpu:1"):
        tf.Variable(3.0, name="b")
    tf.Variable(3.0, name="c")
    with Seeded():
        saver = tf.train.Saver(sharded=True)
    return Case(facts={"def": saved_def(saver)})


@program
def saver_of_the_first_version(tf):
    some_variables(tf)
    saver = tf.train.Saver(write_version=tf.train.SaverDef.V1)
    sharded = tf.train.Saver(write_version=tf.train.SaverDef.V1, sharded=True)
    return Case(facts={"def": saved_def(saver), "sharded": saved_def(sharded)})


@program
def saver_under_devices_and_scopes(tf):
    with tf.device("/gpu:0"):
        tf.get_variable("r", initializer=[1.0, 2.0], use_resource=True)
        tf.get_variable("q", initializer=[1.0, 2.0])
    with tf.device("/job:ps/task:1"):
        tf.get_variable("on_ps", initializer=[1.0, 2.0])
    with tf.name_scope("outer"):
        tf.train.Saver()
        with tf.device("/cpu:0"):
            tf.train.Saver()


@program
def saver_from_a_def(tf):
    a, b, c = some_variables(tf)
    saver = tf.train.Saver()
    again = tf.train.Saver(saver_def=saver.as_saver_def())
    third = tf.train.Saver.from_proto(saver.to_proto(), import_scope=None)
    late = tf.train.Saver(defer_build=True)
    d = tf.Variable(1.0, name="late")
    late.build()
    late.build()
    del a, b, c, d
    return Case(facts={"defs": [saved_def(s) for s in (again, third, late)]})


@program
def saver_writes_files(tf):
    a, b, c = some_variables(tf)
    step = tf.train.get_or_create_global_step()
    saver = tf.train.Saver(max_to_keep=2)
    with Folder() as folder, tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        paths = [folder.plain(saver.save(sess, folder("model"), global_step=n)) for n in (1, np.int64(5), 7)]
        sess.run(tf.assign(step, 12))
        paths.append(folder.plain(saver.save(sess, folder("model"), global_step=step)))
        state = tf.train.get_checkpoint_state(folder.path)
        facts = {"paths": paths, "files": folder.files(), "text": folder.text(),
                 "latest": folder.plain(tf.train.latest_checkpoint(folder.path)),
                 "last": [folder.plain(path) for path in saver.last_checkpoints],
                 "state": folder.plain(state.model_checkpoint_path),
                 "exists": [tf.train.checkpoint_exists(folder(name)) for name in ("model-12", "model-1", "x")],
                 "mtimes": len(tf.train.get_checkpoint_mtimes([folder("model-12"), folder("none")]))}
        sess.run([a.assign([[0.0, 0.0], [0.0, 0.0]]), b.assign([9, 9, 9]), c.assign(False)])
        saver.restore(sess, folder("model-7"))
        facts["values"] = [np.asarray(value).tolist() for value in sess.run([a, b, c, step])]
    return Case(facts=facts)


@program
def saver_writes_without_a_step(tf):
    some_variables(tf)
    saver = tf.train.Saver()
    with Folder() as folder, tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, folder("m.ckpt"))
        saver.save(sess, folder("m.ckpt"), write_meta_graph=False)
        saver.save(sess, folder("n.ckpt"), global_step=3, latest_filename="newest", meta_graph_suffix="graph",
                   write_state=True)  # fmt: skip
        saver.save(sess, folder("o"), write_state=False)
        files, texts = folder.files(), [folder.text(), folder.text("newest")]
        last = [folder.plain(path) for path in saver.last_checkpoints]
    return Case(facts={"files": files, "texts": texts, "last": last})


@program
def saver_writes_sharded_and_partitioned(tf):
    with tf.variable_scope("p", partitioner=tf.fixed_size_partitioner(3)):
        v = tf.get_variable("v", [5, 2], initializer=tf.ones_initializer())
    with tf.device("/cpu:0"):
        x = tf.Variable([b"one", b"two"], name="x")
    with Folder() as folder, tf.Session() as sess, Seeded():
        saver = tf.train.Saver(sharded=True)
        sess.run(tf.global_variables_initializer())
        paths = [folder.plain(saver.save(sess, folder("model"), global_step=n)) for n in (1, 2)]
        facts = {"paths": paths, "files": folder.files(), "text": folder.text()}
        sess.run([part.assign(part * 5.0) for part in v])
        saver.restore(sess, folder("model-2"))
        facts["values"] = [np.asarray(sess.run(tf.convert_to_tensor(value))).tolist() for value in (v,)]
        del x
    return Case(facts=facts)


@program
def saver_relative_paths_and_padded_steps(tf):
    some_variables(tf)
    saver = tf.train.Saver(save_relative_paths=True, pad_step_number=True)
    with Folder() as folder, tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, folder("m"), global_step=3)
        saver.save(sess, folder("m"), global_step=40)
        facts = {"files": folder.files(), "text": folder.text(),
                 "latest": folder.plain(tf.train.latest_checkpoint(folder.path)),
                 "state": [folder.plain(p) for p in
                           tf.train.get_checkpoint_state(folder.path).all_model_checkpoint_paths]}  # fmt: skip
        other = tf.train.Saver()
        other.recover_last_checkpoints([folder("m-00000003"), folder("gone"), folder("m-00000040")])
        facts["recovered"] = [folder.plain(path) for path in other.last_checkpoints]
        other.set_last_checkpoints([folder("one"), folder("two")])
        facts["set"] = [folder.plain(path) for path in other.last_checkpoints]
        facts["again"] = attempt(other.set_last_checkpoints_with_time, "x")
    return Case(facts=facts)


@program
def saver_of_old_files(tf):
    a, b, c = some_variables(tf)
    saver = tf.train.Saver(write_version=tf.train.SaverDef.V1, max_to_keep=1)
    with Folder() as folder, tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver.save(sess, folder("m"), global_step=1)
        saver.save(sess, folder("m"), global_step=2)
        facts = {"files": folder.files(), "text": folder.text(), "exists": tf.train.checkpoint_exists(folder("m-2"))}
        sess.run(a.assign(a * 2.0))
        saver.restore(sess, folder("m-2"))
        new = tf.train.Saver()
        facts["a"] = sess.run(a).tolist()
        sess.run(a.assign(a * 2.0))
        new.restore(sess, folder("m-2"))
        facts["b"] = sess.run(a).tolist()
        sharded = tf.train.Saver({"a": a, "b": b}, write_version=tf.train.SaverDef.V1, sharded=True)
        facts["sharded"] = folder.plain(sharded.save(sess, folder("s")))
        facts["more"] = folder.files()
        sharded.restore(sess, folder("s-?????-of-00001"))
    return Case(facts=facts)


@program
def saver_refusals(tf):
    a, b, c = some_variables(tf)
    saver = tf.train.Saver([a])
    facts = {"none": attempt(tf.train.Saver, []), "twice": attempt(tf.train.Saver, [a, a]),
             "kind": attempt(tf.train.Saver, [3]), "dict": attempt(tf.train.Saver, {"x": 3}),
             "names": attempt(tf.train.Saver, {"a": a, "b": [b]}),
             "both": attempt(tf.train.Saver, defer_build=True, var_list=[a]),
             "tensor": attempt(tf.train.Saver, [tf.constant(1.0)]),
             "string": attempt(tf.train.Saver, "abc")}  # fmt: skip
    late = tf.train.Saver(defer_build=True)
    empty = tf.train.Saver([], allow_empty=True)
    with Folder() as folder, tf.Session() as sess:
        def say(found):
            return [folder.plain(part) for part in found] if isinstance(found, list) else folder.plain(found)

        facts["late"] = attempt(late.save, sess, folder("m"))
        facts["late again"] = say(attempt(late.restore, sess, folder("m")))
        facts["uninitialized"] = attempt(saver.save, sess, folder("m"))[0]
        sess.run(tf.global_variables_initializer())
        facts["folder"] = say(attempt(saver.save, sess, folder("no/where/m")))
        facts["made"] = say(attempt(saver.save, sess, folder("made/m")))
        facts["no session"] = attempt(saver.save, "sess", folder("m"))
        facts["step"] = attempt(saver.save, sess, folder("m"), global_step="three")
        facts["state name"] = say(attempt(saver.save, sess, folder("checkpoint")))
        facts["slash"] = say(attempt(saver.save, sess, folder("m"), latest_filename="a/b"))
        facts["no path"] = attempt(saver.restore, sess, None)
        facts["no such"] = say(attempt(saver.restore, sess, folder("none")))
        facts["empty"] = attempt(empty.save, sess, folder("e"))
        facts["empty restore"] = attempt(empty.restore, sess, folder("e"))
        saver.save(sess, folder("m"))
        facts["missing"] = attempt(tf.train.Saver([b]).restore, sess, folder("m"))
        other = tf.Variable([1.0], name="other")
        facts["shape"] = attempt(tf.train.Saver({"a": other}).restore, sess, folder("m"))
        typed = tf.Variable([[1, 2], [3, 4]], name="typed")
        facts["type"] = attempt(tf.train.Saver({"a": typed}).restore, sess, folder("m"))
        resource = tf.get_variable("resource", [1], use_resource=True)
        facts["resource shape"] = attempt(tf.train.Saver({"a": resource}).restore, sess, folder("m"))
        facts["latest of none"] = str(tf.train.latest_checkpoint(folder("made"), "nothing"))
        facts["state of none"] = str(tf.train.get_checkpoint_state(folder("nothing")))
    return Case(facts=facts)


@program
def saver_reads_reshaped(tf):
    a = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="a")
    flat = tf.Variable([0.0, 0.0, 0.0, 0.0], name="flat")
    with Folder() as folder, tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        tf.train.Saver([a]).save(sess, folder("m"))
        tf.train.Saver({"a": flat}, reshape=True).restore(sess, folder("m"))
        value = sess.run(flat).tolist()
    return Case(facts={"value": value})


@program
def saver_keeps_one_every_few_hours(tf):
    some_variables(tf)
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=1e-9)
    with Folder() as folder, tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for step in range(3):
            saver.save(sess, folder("m"), global_step=step)
        files = sorted(name for name in os.listdir(folder.path) if name.endswith(".index"))
        last = [folder.plain(path) for path in saver.last_checkpoints]
    return Case(facts={"files": files, "last": last})


@program
def state_of_checkpoints(tf):
    with Folder() as folder:
        tf.train.update_checkpoint_state(folder.path, folder("m-2"), [folder("m-1"), folder("m-2")])
        texts = [folder.text()]
        tf.train.update_checkpoint_state(folder.path, folder("m-3"))
        texts.append(folder.text())
        tf.train.update_checkpoint_state(folder.path, "m-4", ["m-4"], latest_filename="other",
                                         all_model_checkpoint_timestamps=[1.5], last_preserved_timestamp=2.5)
        texts.append(folder.text("other"))
        state = tf.train.get_checkpoint_state(folder.path, latest_filename="other")
        facts = {"texts": texts, "state": folder.plain(state.model_checkpoint_path),
                 "refused": attempt(tf.train.update_checkpoint_state, folder.path, "m", ["m"],
                                    all_model_checkpoint_timestamps=[1.0, 2.0]),
                 "proto": str(tf.train.generate_checkpoint_state_proto("dir", "dir/m-1", ["dir/m-0"]))}  # fmt: skip
        with open(folder("checkpoint"), "w") as file:
            file.write("model_checkpoint_path: broken")
        facts["broken"] = attempt(tf.train.get_checkpoint_state, folder.path)
        with open(folder("checkpoint"), "w") as file:
            file.write("")
        facts["empty"] = attempt(tf.train.get_checkpoint_state, folder.path)
        facts["latest"] = attempt(tf.train.latest_checkpoint, folder.path)
        facts = {key: folder.plain(value) for key, value in facts.items()}
    return Case(facts=facts)


@program
def checkpoints_removed(tf):
    some_variables(tf)
    with Folder() as folder, tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        saver.save(sess, folder("m"))
        saver.save(sess, folder("n"))
        tf.train.remove_checkpoint(folder("m"))
        tf.train.remove_checkpoint(folder("none"))
        files = sorted(os.listdir(folder.path))
    return Case(facts={"files": files})


@program
def checkpoints_of_folders_that_are_not_there(tf):
    some_variables(tf)
    with Folder() as folder, tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        saver.save(sess, folder("m"))
        facts = {}
        for name in ("m", "none", "none/m", "m/m"):
            facts[name] = [attempt(function, folder(name)) for function in (
                tf.train.checkpoint_exists, lambda path: len(tf.train.get_checkpoint_mtimes([path])),
                lambda path: saver.restore(sess, path), tf.train.remove_checkpoint)]  # fmt: skip
        facts = {key: folder.plain(value) for key, value in facts.items()}
    return Case(facts=facts)


@program
def what_is_not_initialized_is_not_saved(tf):
    """Of a path without a folder TensorFlow says that the folder is missing."""
    some_variables(tf)
    saver = tf.train.Saver()
    with Folder() as folder, tf.Session() as sess:
        facts = {name: folder.plain(attempt(lambda path: saver.save(sess, path), path))
                 for name, path in (("bare", "m"), ("missing", folder("none/m")))}
        facts["there"] = attempt(lambda path: saver.save(sess, path), folder("m"))[0]
    return Case(facts=facts)
