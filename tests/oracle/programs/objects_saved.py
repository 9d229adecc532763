"""tf.train.Checkpoint and its manager: files, keys, the nodes of a save, and what comes back."""

from __future__ import division

import numpy as np

from . import Case, program
from .saving import Folder, Seeded, attempt


def holder(tf):
    a = tf.Variable(1.0, name="a")
    b = tf.get_variable("b", initializer=[1, 2], use_resource=True)
    checkpoint = tf.train.Checkpoint(a=a, inner=tf.train.Checkpoint(b=b))
    checkpoint.items = [a, b]
    checkpoint.optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
    train = checkpoint.optimizer.minimize(a * a, var_list=[a])
    return checkpoint, a, b, train


@program
def objects_saved(tf):
    with Folder() as folder, Seeded(), tf.Session() as sess:
        checkpoint, a, b, train = holder(tf)
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        paths = [folder.plain(checkpoint.save(folder("m"), session=sess)) for _ in range(2)]
        facts = {"paths": paths, "files": folder.files(), "text": folder.text(),
                 "names": [name for name, _ in tf.train.list_variables(folder.path)],
                 "counter": int(sess.run(checkpoint.save_counter)),
                 "written": folder.plain(checkpoint.write(folder("w"), session=sess)),
                 "refused": attempt(tf.train.Checkpoint, a=3)}  # fmt: skip
    return Case(facts=facts)


@program
def objects_restored(tf):
    with Folder() as folder, Seeded():
        with tf.Graph().as_default(), tf.Session() as sess:
            checkpoint, a, b, train = holder(tf)
            sess.run(tf.global_variables_initializer())
            sess.run([train, b.assign([5, 6])])
            path = checkpoint.save(folder("m"), session=sess)
        facts = {}
        with tf.Graph().as_default(), tf.Session() as sess:
            checkpoint, a, b, train = holder(tf)
            status = checkpoint.restore(tf.train.latest_checkpoint(folder.path))
            status.assert_consumed().assert_existing_objects_matched().run_restore_ops(sess)
            slot = checkpoint.optimizer.get_slot(a, "momentum")
            facts["values"] = [np.asarray(value).tolist() for value in sess.run([a, b, slot, checkpoint.save_counter])]
            facts["next"] = folder.plain(checkpoint.save(folder("m"), session=sess))
        with tf.Graph().as_default(), tf.Session() as sess:
            part = tf.train.Checkpoint(inner=tf.train.Checkpoint(b=tf.get_variable("other", initializer=[0, 0]),
                                                                 new=tf.Variable(7.0)))  # fmt: skip
            status = part.restore(path)
            facts["consumed"] = attempt(status.assert_consumed)[0]
            facts["matched"] = attempt(status.assert_existing_objects_matched)[0]
            status.initialize_or_restore(sess)
            facts["part"] = [np.asarray(value).tolist() for value in sess.run([part.inner.b, part.inner.new])]
            nothing = part.restore(None)
            nothing.initialize_or_restore(sess)
            facts["initial"] = sess.run(part.inner.b).tolist()
            facts["none"] = folder.plain(attempt(part.restore, folder("none"))[0])
        with tf.Graph().as_default(), tf.Session() as sess:
            a = tf.Variable(0.0, name="a")
            b = tf.get_variable("b", initializer=[0, 0], use_resource=True)
            tf.train.Saver([a, b]).restore(sess, path)
            facts["by saver"] = [np.asarray(value).tolist() for value in sess.run([a, b])]
    return Case(facts=facts)


@program
def checkpoints_managed(tf):
    with Folder() as folder, Seeded(), tf.Graph().as_default(), tf.Session() as sess:
        checkpoint, a, b, train = holder(tf)
        sess.run(tf.global_variables_initializer())
        manager = tf.train.CheckpointManager(checkpoint, folder("c"), max_to_keep=2)
        facts = {"first": [manager.latest_checkpoint, manager.checkpoints]}
        with sess.as_default():
            facts["saved"] = [folder.plain(manager.save()) for _ in range(3)]
            facts["numbered"] = folder.plain(manager.save(checkpoint_number=9))
        facts["kept"] = [folder.plain(path) for path in manager.checkpoints]
        facts["latest"] = folder.plain(manager.latest_checkpoint)
        facts["files"] = sorted(name for name in folder.files() if name.endswith(".index"))
        again = tf.train.CheckpointManager(checkpoint, folder("c"), max_to_keep=2)
        facts["again"] = [folder.plain(path) for path in again.checkpoints]
        facts["lines"] = [line.partition(":")[0] for line in folder.text("c/checkpoint").splitlines()]
        facts["refused"] = attempt(tf.train.CheckpointManager, checkpoint, folder("c"), max_to_keep=0)
    return Case(facts=facts)
