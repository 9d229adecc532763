"""Where the iterators of a training stand, in checkpoints."""

import os
import shutil
import tempfile

from . import Case, program
from .refused import refusals


class Estimator(object):
    """What the hook asks of an estimator."""

    def __init__(self, folder, **changed):
        self.model_dir = folder
        self._config = Config(folder, **changed)


class Config(object):
    def __init__(self, folder, steps=2, workers=1):
        self.model_dir, self.num_worker_replicas, self.task_type, self.task_id = folder, workers, "worker", 3
        self.save_checkpoints_secs, self.save_checkpoints_steps = None, steps


def elements_trained(tf, folder, steps):
    """The elements that a training takes, which goes on where the one before was over."""
    with tf.Graph().as_default():
        step = tf.train.get_or_create_global_step()
        iterator = tf.data.make_initializable_iterator(tf.data.Dataset.range(20))
        tf.add_to_collection(tf.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
        fetches = [iterator.get_next(), tf.assign_add(step, 1)]
        hook = tf.data.experimental.CheckpointInputPipelineHook(Estimator(folder))
        with tf.train.MonitoredTrainingSession(
                hooks=[hook], checkpoint_dir=folder, save_checkpoint_steps=2, save_summaries_steps=None,
                log_step_count_steps=None) as session:
            taken = [int(session.run(fetches)[0]) for _ in range(steps)]
    with open(os.path.join(folder, "checkpoint_input")) as file:
        newest = [line.split("/")[-1].strip() for line in file]
    return [taken, sorted(name for name in os.listdir(folder) if name.startswith("input")), newest]


@program
def iterators_saved_in_training(tf):
    folder = tempfile.mkdtemp()
    try:
        facts = {"trainings": [elements_trained(tf, folder, steps) for steps in (5, 3, 1)]}
        hook = tf.data.experimental.CheckpointInputPipelineHook
        assert tf.contrib.data.CheckpointInputPipelineHook
        facts["several"] = hook(Estimator(folder, workers=2))._checkpoint_saver_hook._save_path[len(folder):]
        facts["never"] = refusals([lambda: hook(Estimator(folder, steps=None))])
    finally:
        shutil.rmtree(folder)
    return Case(facts=facts)
