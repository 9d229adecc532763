"""tf.contrib.checkpoint: containers that are saved with what they hold."""

import os
import tempfile

from . import Case, program
from .refused import refusals


@program
def contrib_checkpoint_containers(tf):
    with tf.Graph().as_default():  # saving makes nodes with names that no two runs have
        return Case(facts=saved_containers(tf))


def saved_containers(tf):
    kinds = tf.contrib.checkpoint
    v, w, x, y = [tf.get_variable(name, [2]) for name in "vwxy"]
    names = kinds.UniqueNameTracker()
    kept = [names.track(*pair) is pair[0] for pair in ((v, "a"), (w, "a"), (x, "a_1"), (y, "a"), (v, "b"))]
    row, table = kinds.List([v, w]), kinds.Mapping(first=x)
    root = tf.train.Checkpoint(names=names, row=row, table=table)
    words = refusals((lambda: names.track(3, "c"), lambda: row.append(3), lambda: table.__setitem__("x", 3)), "nothing")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        path = root.save(os.path.join(tempfile.mkdtemp(), "saved"), session=session)
    saved = kinds.object_metadata(path)
    learn = tf.contrib.learn.preprocessing
    return {
        "kept": kept, "names": [one.name for one in names._checkpoint_dependencies],
        "variables": [one.name for one in names.variables], "words": words,
        "objects": sorted(type(one).__name__.replace("RefVariable", "Variable") for one in kinds.list_objects(root)
                          if "Variable" not in type(one).__name__ and "Capture" not in type(one).__name__),
        "kinds": [isinstance(names, kinds.CheckpointableBase), issubclass(kinds.Checkpointable,
                                                                         kinds.CheckpointableBase)],
        "saved": sorted(child.local_name for node in saved.nodes for child in node.children),
        "fed": learn.setup_processor_data_feeder([1, 2])}
