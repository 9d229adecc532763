"""Sequences in segments: what a `SequenceQueueingStateSaver` gives out, batch for batch, and what it refuses."""

import numpy as np

from . import Case, program


def _batches(tf, batch, fetches, prefetch, feeds, count):
    seen = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for feed in feeds:
            sess.run(prefetch, feed)
        for _ in range(count):
            found = sess.run(fetches)
            seen.append([part.astype(str).tolist() if part.dtype == object else np.round(part, 4).tolist()
                         for part in map(np.asarray, found)])
    return seen


def _everything(batch):
    return [batch.key, batch.next_key, batch.sequence, batch.sequence_count, batch.length, batch.total_length,
            batch.batch_size, batch.sequences["x"], batch.context["c"], batch.state("sum")]


@program
def sequences_in_segments(tf):
    steps = tf.placeholder(tf.float32, [None, 1])
    key, length = tf.placeholder(tf.string, []), tf.placeholder(tf.int32, [])
    saver = tf.contrib.training.SequenceQueueingStateSaver(
        2, 2, length, key, {"x": steps}, {"c": tf.cast(length, tf.float32) * 10}, {"sum": tf.zeros([1])}, capacity=4)
    batch = saver.next_batch
    after = batch.state("sum") + tf.reduce_sum(batch.sequences["x"], 1)
    saved = batch.save_state("sum", after)
    with tf.control_dependencies([saved]):
        after = tf.identity(after)
    rows = {b"a": [1, 2, 3, 0], b"b": [10, 20], b"c": [5, 6, 7, 8], b"d": [9, 0]}
    lengths = {b"a": 3, b"b": 2, b"c": 4, b"d": 1}
    feeds = [{steps: np.reshape(row, (-1, 1)), key: name, length: lengths[name]}
             for name, row in sorted(rows.items())]
    seen = _batches(tf, batch, _everything(batch) + [after], saver.prefetch_op, feeds, 3)
    closed = [saver.close().name, saver.close(True, name="C").name]
    told = [saver.name, saver.barrier.name, saver.batch_size, saver.num_unroll]
    return Case(facts={"seen": seen, "closed": closed, "told": told})


@program
def sequences_of_which_little_is_known(tf):
    saver = tf.contrib.training.SequenceQueueingStateSaver(
        2, 3, tf.placeholder(tf.int32), tf.placeholder(tf.string), {"x": tf.placeholder(tf.float32, [None, 2, 3])},
        {"c": 1.5, "b": [1, 2]}, {"sum": 3}, allow_small_batch=True, name="S")
    batch = saver.next_batch
    batch.save_state("sum", tf.placeholder(tf.int32), name="Save")
    batch.save_state("sum", [1, 2])
    return Case(facts={"shapes": [str(batch.state("sum").shape), str(batch.sequences["x"].shape),
                                  str(batch.context["b"].shape), str(batch.batch_size.shape)]})


@program
def sequences_batched(tf):
    steps, key = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.string, [])
    batch = tf.contrib.training.batch_sequences_with_states(
        key, {"x": steps}, {"c": tf.constant([1, 2])}, None, {"sum": tf.zeros([3])}, num_unroll=2, batch_size=2,
        num_threads=2, capacity=9)
    cell = tf.nn.rnn_cell.BasicRNNCell(3)
    with tf.variable_scope("net", initializer=tf.constant_initializer(0.1)):
        outputs, state = tf.contrib.rnn.static_state_saving_rnn(
            cell, tf.unstack(batch.sequences["x"], 2, axis=1), batch, "sum", sequence_length=batch.length)
    runner = tf.get_collection("queue_runners")[0]
    feeds = [{steps: [[1, 2], [3, 4], [5, 6]], key: "a"}, {steps: [[1, 1], [2, 2], [3, 3]], key: "b"}]
    seen = _batches(tf, batch, _everything(batch) + [outputs[-1], state], runner.enqueue_ops[0], feeds, 2)
    told = [runner.name, [op.name for op in runner.enqueue_ops], runner.close_op.name, runner.cancel_op.name,
            [kind.__name__ for kind in runner.queue_closed_exception_types]]
    return Case(facts={"seen": seen, "told": told})


@program
def sequences_not_padded(tf):
    batch = tf.contrib.training.batch_sequences_with_states(
        tf.placeholder(tf.string, []), {"x": tf.placeholder(tf.float32, [None, 2])}, {}, tf.placeholder(tf.int32, []),
        {"sum": tf.zeros([3])}, 2, 2, pad=False, make_keys_unique=True, make_keys_unique_seed=3, name="N",
        allow_small_batch=False)
    return Case(facts={"shape": str(batch.sequences["x"].shape), "key": batch.key.name})


@program
def sequences_refused(tf):
    training = tf.contrib.training

    def arguments(**changed):
        made = {"batch_size": 2, "num_unroll": 2, "input_length": tf.constant(3), "input_key": tf.constant("k"),
                "input_sequences": {"s": tf.zeros([4, 3])}, "input_context": {"c": tf.zeros([2])},
                "initial_states": {"h": tf.zeros([4])}}
        made.update(changed)
        return made

    def wrong():
        return [
            {"num_unroll": 0}, {"num_unroll": "a"}, {"input_length": tf.zeros([2], tf.int32)},
            {"input_length": tf.constant(3.0)}, {"input_length": tf.constant(3, tf.int64)}, {"input_key": 1},
            {"input_key": tf.constant(["a"])}, {"input_sequences": {}}, {"input_sequences": [tf.zeros([4])]},
            {"input_sequences": {"s": tf.placeholder(tf.float32)}}, {"input_sequences": {1: tf.zeros([4])}},
            {"input_sequences": {"s": tf.placeholder(tf.float32, [None, None])}},
            {"input_context": {"c": tf.placeholder(tf.float32)}},
            {"input_context": {"c": tf.placeholder("int32", [None])}},
            {"input_context": {3: tf.zeros([])}}, {"initial_states": {}},
            {"initial_states": {"h": tf.placeholder(tf.float32)}}, {"capacity": 0}, {"capacity": "a"}]

    said = []
    for index in range(19):
        for make in (training.SequenceQueueingStateSaver, training.batch_sequences_with_states):
            with tf.Graph().as_default():  # how many nodes there are before an error is nobody's concern
                try:
                    said.append(type(make(**arguments(**wrong()[index]))).__name__)
                except (TypeError, ValueError, AttributeError) as error:
                    said.append([type(error).__name__, str(error).split("\n")[0]])
    batch = training.SequenceQueueingStateSaver(**arguments()).next_batch
    for action in (lambda: batch.state("z"), lambda: batch.save_state("z", 1.0),
                   lambda: batch.save_state("h", tf.zeros([4]))):
        try:
            action()
        except (KeyError, ValueError) as error:
            said.append([type(error).__name__, str(error)])
    return Case(facts={"said": said})
