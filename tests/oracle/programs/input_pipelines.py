"""Input pipelines of queues: producers, batches, queue runners, as programs had them before tf.data."""

from __future__ import division

import os
import shutil
import tempfile
import time

import numpy as np

from . import Case, program
from .queues import Runs, attempted, plain, words


def epochs(tf, fetches, most=50, wait=None):
    """What a pipeline with one thread for each queue gives from its first batch to its end."""
    came = []
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        if wait:
            wait(session)
        try:
            while not coordinator.should_stop() and len(came) < most:
                came.append(plain(session.run(fetches)))
        except tf.errors.OutOfRangeError as error:
            came.append(words(error).partition(" (requested")[0])  # how many there were when it closed is chance
        finally:
            coordinator.request_stop()
        coordinator.join(threads)
    return Case(facts={"came": came, "threads": sorted(thread.name for thread in threads)})


@program
def producer_of_strings(tf):
    tf.set_random_seed(3)
    queue = tf.train.string_input_producer(["a", "b", "c", "d", "e"], num_epochs=3)
    return epochs(tf, queue.dequeue())


@program
def producer_of_strings_in_order(tf):
    queue = tf.train.string_input_producer(tf.constant(["a", "b"]), num_epochs=2, shuffle=False, capacity=5,
                                           shared_name="shared", name="names")
    return epochs(tf, queue.dequeue())


@program
def producer_of_numbers(tf):
    queue = tf.train.range_input_producer(5, num_epochs=2, seed=7)
    return epochs(tf, queue.dequeue_many(2))


@program
def producer_of_slices(tf):
    pair = tf.train.slice_input_producer([np.arange(8.0).reshape(4, 2), ["p", "q", "r", "s"]], num_epochs=2, seed=4)
    return epochs(tf, pair)


@program
def producer_of_rows(tf):
    queue = tf.train.input_producer(tf.reshape(tf.range(6), [3, 2]), num_epochs=2, seed=5, summary_name="full",
                                    name="rows")
    return epochs(tf, queue.dequeue())


@program
def producers_without_end(tf):
    tf.set_random_seed(8)
    queue = tf.train.range_input_producer(4)
    return epochs(tf, queue.dequeue(), most=12)


@program
def producer_refusals(tf):
    tries = [lambda: tf.train.string_input_producer([]), lambda: tf.train.string_input_producer(["a"], num_epochs=0),
             lambda: tf.train.string_input_producer([["a"], ["b"]]), lambda: tf.train.slice_input_producer([]),
             lambda: tf.train.input_producer(tf.placeholder(tf.float32)),
             lambda: tf.train.input_producer(tf.constant(4.0)), lambda: tf.train.batch([], 2),
             lambda: tf.train.batch([tf.placeholder(tf.int32, [None])], 2),
             lambda: tf.train.batch([tf.placeholder(tf.int32)], 2), lambda: tf.train.batch_join([], 2),
             lambda: tf.train.batch_join([[1], [1.0]], 2), lambda: tf.train.batch_join([{"a": 1}, {"b": 1}], 2),
             lambda: tf.train.shuffle_batch([1], 2, 5, 5),
             lambda: tf.train.maybe_batch([[1, 2]], [True, False], 2),
             lambda: tf.train.maybe_batch([1], tf.placeholder(tf.bool), 2),
             lambda: tf.train.QueueRunner(), lambda: tf.train.start_queue_runners()]
    return attempted(tries)


@program
def producer_of_nothing(tf):
    names = tf.placeholder_with_default(np.array([], object), [None])
    queue = tf.train.string_input_producer(tf.as_string(tf.zeros([0])), num_epochs=1)
    run = Runs(tf)
    run([tf.local_variables_initializer(), names])
    run(tf.get_collection("queue_runners")[0].enqueue_ops[0])
    return run.case(queue=queue.name)


@program
def batches(tf):
    index = tf.train.range_input_producer(7, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.batch([index, tf.cast(index, tf.float32) * [1.0, 10.0]], 3)
    return epochs(tf, batch)


@program
def batches_with_a_smaller_last_one(tf):
    index = tf.train.range_input_producer(7, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.batch({"index": index, "text": tf.as_string(index)}, 3, capacity=7,
                           allow_smaller_final_batch=True, name="groups")
    return epochs(tf, batch)


@program
def batches_of_many(tf):
    rows = tf.train.input_producer(tf.reshape(tf.range(24), [4, 3, 2]), num_epochs=1, shuffle=False).dequeue()
    return epochs(tf, tf.train.batch([rows], 4, enqueue_many=True, allow_smaller_final_batch=True))


@program
def batches_padded(tf):
    index = tf.train.range_input_producer(6, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.batch([tf.range(index), tf.fill([2, index], index)], 2, dynamic_pad=True)
    return epochs(tf, batch)


@program
def batches_of_sparse_tensors(tf):
    index = tf.train.range_input_producer(5, num_epochs=1, shuffle=False).dequeue()
    wide = tf.cast(index, tf.int64)
    sparse = tf.SparseTensor(tf.stack([[0, 0], tf.stack([wide, wide + 1])]), tf.cast([index, index * 2], tf.float32),
                             tf.stack([wide + 1, wide + 2]))
    return epochs(tf, tf.train.batch([sparse, index], 2, allow_smaller_final_batch=True))


@program
def batches_of_chosen_examples(tf):
    index = tf.train.range_input_producer(10, num_epochs=1, shuffle=False).dequeue()
    return epochs(tf, tf.train.maybe_batch([index], tf.equal(index % 3, 0), 2))


@program
def batches_of_chosen_rows(tf):
    rows = tf.train.input_producer(tf.reshape(tf.range(12), [3, 4]), num_epochs=1, shuffle=False).dequeue()
    return epochs(tf, tf.train.maybe_batch([rows], tf.greater(rows % 4, 1), 2, enqueue_many=True))


@program
def batch_nodes(tf):
    """Every function that makes batches, in every form."""
    keep = tf.placeholder(tf.bool, [])

    def sparse():
        return tf.SparseTensor([[0, 1]], [1.0], [2, 3])

    def pair():
        return [tf.constant(1), tf.constant([2.0, 3.0])]

    tf.set_random_seed(3)
    made = [
        tf.train.batch(pair(), 2, num_threads=3), tf.train.batch([1, [1.0, 2.0]], 2, shared_name="shared"),
        tf.train.batch([tf.placeholder(tf.int32)], 2, shapes=[[3]]), tf.train.batch(pair(), tf.placeholder(tf.int32)),
        tf.train.batch([tf.sparse_placeholder(tf.float32, [None, 4])], 2, dynamic_pad=True),
        tf.train.maybe_batch(pair(), True, 2), tf.train.maybe_batch(pair(), False, 2),
        tf.train.maybe_batch(pair(), keep, 2), tf.train.maybe_batch([sparse(), tf.constant(1)], keep, 2),
        tf.train.batch_join([pair(), pair()], 2), tf.train.batch_join([[sparse(), 1], [sparse(), 2]], 2),
        tf.train.batch_join([[tf.placeholder(tf.int32, [2, None])], [tf.placeholder(tf.int32, [None, 3])]], 2,
                            dynamic_pad=True),
        tf.train.maybe_batch_join([pair(), pair()], keep, 2),
        tf.train.shuffle_batch(pair(), 2, 10, 5), tf.train.shuffle_batch(pair(), 2, 10, 5, num_threads=2, seed=7,
                                                                         allow_smaller_final_batch=True, name="own"),
        tf.train.shuffle_batch([pair()[1]], 2, 10, 5, enqueue_many=True, shapes=[[]]),
        tf.train.shuffle_batch_join([{"b": 1, "a": 2.0}, {"b": 3, "a": 4.0}], 2, 9, 3, seed=4),
        tf.train.maybe_shuffle_batch(pair(), 2, 10, 5, keep),
        tf.train.maybe_shuffle_batch_join([pair(), pair()], 2, 10, 5, keep)]
    return Case(show=[item for item in made if not isinstance(item, dict)],
                facts={"runners": [str(runner.to_proto()) for runner in tf.get_collection("queue_runners")]})


@program
def shuffled_batches(tf):
    """The order is settled once the queue is full before the first batch is taken."""
    index = tf.train.range_input_producer(30, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.shuffle_batch([index, tf.as_string(index)], 5, capacity=60, min_after_dequeue=4, seed=6)
    return epochs(tf, batch, wait=closed(tf, "shuffle_batch/random_shuffle_queue"))


def closed(tf, name):
    """Waits until the queue of this name is closed."""
    is_closed = tf.raw_ops.QueueIsClosedV2(handle=tf.get_default_graph().get_tensor_by_name(name + ":0"))

    def wait(session):
        end = time.time() + 20
        while not session.run(is_closed) and time.time() < end:
            time.sleep(0.01)

    return wait


@program
def shuffled_batches_of_many(tf):
    tf.set_random_seed(9)
    numbers = tf.train.limit_epochs(tf.range(16), 2)
    batch = tf.train.shuffle_batch([numbers], 6, capacity=50, min_after_dequeue=3, enqueue_many=True, seed=2,
                                   allow_smaller_final_batch=True)
    return epochs(tf, batch, wait=closed(tf, "shuffle_batch/random_shuffle_queue"))


@program
def joined_batches(tf):
    """Several sources: which comes first is chance, so their sums are compared."""
    index = tf.train.range_input_producer(12, num_epochs=1, shuffle=False).dequeue()
    batch = tf.train.batch_join([[index, index * 2], [index, index * 2]], 4)
    case = epochs(tf, batch)
    rows = case.facts["came"][:-1]
    case.facts["came"] = [sorted(sum((row[part] for row in rows), [])) for part in (0, 1)]
    return case


@program
def queue_runners_in_a_meta_graph(tf):
    index = tf.train.range_input_producer(5, num_epochs=1, shuffle=False).dequeue()
    tf.identity(tf.train.batch([index], 2, allow_smaller_final_batch=True), name="batch_out")
    meta = tf.train.export_meta_graph()
    with tf.Graph().as_default() as graph:
        tf.train.import_meta_graph(meta)
        case = epochs(tf, graph.get_tensor_by_name("batch_out:0"))
        case.facts["runners"] = [str(runner.to_proto()) for runner in tf.get_collection("queue_runners")]
    return case


@program
def queue_runner_by_hand(tf):
    source = tf.FIFOQueue(9, tf.int32, shapes=())
    target = tf.FIFOQueue(9, tf.float32, shapes=())
    add = target.enqueue(6.0 / tf.cast(10 // source.dequeue(), tf.float32))
    runner = tf.train.QueueRunner(target, [add], queue_closed_exception_types=(
        tf.errors.OutOfRangeError, tf.errors.CancelledError))
    tf.train.add_queue_runner(runner)
    tf.train.add_queue_runner(runner, "others")
    again = tf.train.QueueRunner.from_proto(runner.to_proto())
    came = []
    with tf.Session() as session:
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)  # they wait: there is nothing yet
        came.append([len(threads), len(tf.train.start_queue_runners(session, coordinator))])
        session.run(source.enqueue_many([[1, 2, 5]]))
        session.run(source.close())
        came.append(plain([session.run(target.dequeue()) for _ in range(3)]))
        try:
            session.run(target.dequeue())
        except tf.errors.OutOfRangeError as error:
            came.append(words(error))
        coordinator.request_stop()
        coordinator.join(threads)
        came.append(len(runner.exceptions_raised))
    return Case(facts={"came": came, "proto": str(runner.to_proto()), "again": str(again.to_proto()),
                       "inside": str(runner.to_proto("elsewhere"))})


@program
def queue_runner_with_an_error(tf):
    source = tf.FIFOQueue(9, tf.int32, shapes=())
    target = tf.FIFOQueue(9, tf.int32, shapes=())
    tf.train.add_queue_runner(tf.train.QueueRunner(target, [target.enqueue(10 // source.dequeue())]))
    came = []
    with tf.Session() as session:
        session.run(source.enqueue_many([[1, 0, 5]]))
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        came.append(plain(session.run(target.dequeue())))
        coordinator.wait_for_stop(20)
        try:
            coordinator.join(threads)
        except tf.errors.InvalidArgumentError as error:
            came.append(words(error))
        try:
            session.run(target.dequeue())
        except tf.errors.OutOfRangeError as error:
            came.append(words(error))
    return Case(facts={"came": came})


class Files(object):
    """A folder with the files that programs read, gone at the end of the `with` block."""

    def __enter__(self):
        self.path = tempfile.mkdtemp()
        return self

    def __exit__(self, *exc_info):
        shutil.rmtree(self.path)

    def write(self, name, data):
        with open(os.path.join(self.path, name), "wb") as file:
            file.write(data)
        return os.path.join(self.path, name)

    def plain(self, came):
        """What came, without the folder."""
        if isinstance(came, list):
            return [self.plain(item) for item in came]
        return came.replace(self.path, "DIR") if isinstance(came, (type(u""), str)) else came
