"""Queues: their nodes, the order of elements, what waits for what, errors."""

import re
import threading
import time

import numpy as np

from . import Case, program
from .refused import refusals


def plain(value):
    """A value as plain data that looks the same everywhere."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return [[key, plain(value[key])] for key in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float):
        return round(value, 5)
    return value


def words(error):
    """The class and the first line of an error, without what differs from process to process."""
    first = str(getattr(error, "message", "") or error).split("\n")[0]
    return type(error).__name__ + ": " + re.sub(r"'_\d+_", "'_N_", first)


def attempted(tries):
    """What came of calls that build: "made", or the words of what refused them."""
    return Case(facts={"came": refusals(tries, "made", words)})


class Runs(object):
    """Runs in one session, and what came of them."""

    def __init__(self, tf):
        self.tf = tf
        self.session = tf.Session()
        self.came = []

    def outcome(self, fetches, feeds=None):
        try:
            return plain(self.session.run(fetches, feeds))
        except self.tf.errors.OpError as error:
            return words(error)

    def __call__(self, fetches, feeds=None):
        self.came.append(self.outcome(fetches, feeds))

    def behind(self, fetches, feeds=None):
        """Begin a run in a thread, which is to wait; returns a function that notes what came of it."""
        came = []
        thread = threading.Thread(target=lambda: came.append(self.outcome(fetches, feeds)))
        thread.daemon = True
        thread.start()
        time.sleep(0.3)

        def end():
            thread.join(20)
            self.came.append(came[0] if came else "it waits")

        return end

    def case(self, **facts):
        """The case of these runs."""
        self.session.close()
        return Case(facts=dict(facts, came=self.came))


def operations(tf, queue):
    """The operations of a queue of single numbers."""
    x, n = tf.placeholder(queue.dtypes[0], name="x"), tf.placeholder(tf.int32, [], name="n")
    return (x, n, queue.enqueue([x]), queue.enqueue_many([x]), queue.dequeue(), queue.dequeue_many(n),
            queue.dequeue_up_to(n), queue.size(), queue.close())


def life(tf, queue):
    """What a queue of three numbers does from its making to its end."""
    run = Runs(tf)
    x, n, add, add_many, take, take_many, take_up_to, size, close = operations(tf, queue)
    run(size)
    run(add, {x: 1})
    run(add_many, {x: [2, 3]})
    run(size)
    waiting = run.behind(add, {x: 4})
    run(take)
    waiting()
    run(take_many, {n: 0})
    run(take_many, {n: -1})
    run(take_up_to, {n: -2})
    waiting = run.behind(take_many, {n: 5})  # more than it can hold
    run(size)
    run(add_many, {x: [5, 6]})
    waiting()
    waiting = run.behind(add_many, {x: [7, 8, 9, 10, 11]})
    run(take_many, {n: 3})
    waiting()
    run(add, {x: [1, 2]})
    run(add_many, {x: [[1, 2]]})
    run(size)
    run(take)
    run(close)
    run(queue.is_closed())
    run(add, {x: 3})
    run(take_many, {n: 3})
    run(size)
    run(take_up_to, {n: 10})
    run(take_up_to, {n: 10})
    run(take)
    run(close)
    return run.case()


@program
def fifo_queue_life(tf):
    return life(tf, tf.FIFOQueue(3, tf.int32, shapes=[()], name="numbers"))


@program
def padding_queue_life(tf):
    return life(tf, tf.PaddingFIFOQueue(3, tf.int32, shapes=[()], name="numbers"))


@program
def shuffle_queue_life(tf):
    return life(tf, tf.RandomShuffleQueue(3, 0, tf.int32, shapes=[()], seed=4, name="numbers"))


@program
def queue_nodes(tf):
    queue = tf.FIFOQueue(3, [tf.int32, tf.float32], shapes=[(), (2,)], shared_name="shared")
    loose = tf.FIFOQueue(5, [tf.string, tf.int32], name="loose")
    with tf.name_scope("scope"):
        made = [queue.enqueue([1, [2.0, 3.0]]), queue.enqueue_many([[1, 2], np.ones([2, 2])]), queue.dequeue(),
                queue.dequeue_many(4), queue.dequeue_up_to(4), queue.size(), queue.is_closed(), queue.close(),
                queue.close(cancel_pending_enqueues=True), loose.dequeue(), loose.enqueue(("a", 1), name="given")]
    more = tf.PaddingFIFOQueue(9, tf.float32, [(None, 3)])
    made += [more.dequeue(), more.dequeue_many(tf.placeholder(tf.int32)), more.dequeue_many(2)]
    first = tf.PriorityQueue(9, [tf.string], [()])
    made += [first.dequeue(), first.dequeue_many(2)]
    tf.set_random_seed(5)
    tf.RandomShuffleQueue(8, 2, tf.int32, seed=3)
    tf.RandomShuffleQueue(8, 2, tf.int32)
    tf.RandomShuffleQueue(8, 2, tf.int32, shared_name="shuffled")
    return Case(show=made + [queue.queue_ref, queue.shapes, queue.dtypes, queue.name, loose.shapes])


@program
def queue_names(tf):
    queue = tf.FIFOQueue(5, [tf.int32, tf.string], shapes=[(), ()], names=["number", "text"])
    run = Runs(tf)
    run(queue.enqueue({"text": "one", "number": 1}))
    run(queue.enqueue_many({"number": [2, 3], "text": ["two", "three"]}))
    run(queue.dequeue())
    run(queue.dequeue_many(2))
    return run.case(names=queue.names)


@program
def queue_refusals(tf):
    queue = tf.FIFOQueue(3, [tf.int32, tf.float32], shapes=[(), (2,)], names=["a", "b"])
    bare = tf.FIFOQueue(3, tf.int32)
    tries = [
        lambda: tf.FIFOQueue(3, [tf.int32], shapes=[(), ()]), lambda: tf.FIFOQueue(3, [tf.int32], names=["a", "b"]),
        lambda: tf.FIFOQueue(3, tf.int32, shapes=[(None,)]), lambda: tf.PaddingFIFOQueue(3, tf.int32, None),
        lambda: tf.PaddingFIFOQueue(3, [tf.int32, tf.int32], [(None,)]), lambda: tf.PriorityQueue(3, tf.int32),
        lambda: queue.enqueue([1, [2.0, 3.0]]), lambda: queue.enqueue({"a": 1}),
        lambda: queue.enqueue({"a": 1, "c": 2}), lambda: queue.enqueue({"a": 1, "b": [2.0, 3.0, 4.0]}),
        lambda: queue.enqueue_many({"a": [1, 2], "b": [[2.0, 3.0]]}), lambda: bare.enqueue({"a": 1}),
        lambda: queue.enqueue({"a": 1.5, "b": [2.0, 3.0]}), lambda: tf.QueueBase.from_list(0, [queue, bare]),
        lambda: tf.QueueBase.from_list(0, []), lambda: tf.QueueBase.from_list(0, [1])]
    return attempted(tries)


@program
def queue_refusals_at_run_time(tf):
    run = Runs(tf)
    bare = tf.FIFOQueue(5, tf.int32, name="bare")
    run(bare.dequeue_many(2))
    run(tf.RandomShuffleQueue(5, 0, tf.int32, name="shuffled").dequeue_up_to(2))
    run(tf.raw_ops.QueueEnqueueV2(handle=bare.queue_ref, components=[1.5]))
    run(tf.raw_ops.QueueEnqueueV2(handle=bare.queue_ref, components=[1, 2]))
    run(tf.raw_ops.QueueDequeueV2(handle=bare.queue_ref, component_types=[tf.float32]))
    run(tf.RandomShuffleQueue(3, 5, tf.int32).size())
    run(tf.RandomShuffleQueue(3, -1, tf.int32).size())
    both = tf.FIFOQueue(5, [tf.int32, tf.int32], name="both")
    x, y = tf.placeholder(tf.int32), tf.placeholder(tf.int32)
    run(both.enqueue_many([x, y]), {x: [1, 2, 3], y: [1, 2]})
    run(both.size())
    return run.case()


@program
def queue_shared_names(tf):
    run = Runs(tf)
    one, other = (tf.FIFOQueue(3, tf.int32, shared_name="same") for _ in range(2))
    run(one.enqueue(4))
    run(other.dequeue())
    run(tf.FIFOQueue(3, tf.float32, shared_name="same").size())
    run(tf.FIFOQueue(4, tf.int32, shared_name="same").size())
    run(tf.FIFOQueue(3, tf.int32, shapes=[()], shared_name="same").size())
    run(tf.RandomShuffleQueue(3, 0, tf.int32, shared_name="same").size())
    run(tf.PaddingFIFOQueue(3, tf.int32, shapes=[()], shared_name="same").size())
    return run.case()


@program
def queue_cancelled(tf):
    run = Runs(tf)
    queue = tf.FIFOQueue(3, tf.int32, shapes=[()], name="numbers")
    x, n, add, add_many, take, take_many, take_up_to, size, close = operations(tf, queue)
    cancel = queue.close(cancel_pending_enqueues=True)
    run(add_many, {x: [1, 2]})
    one = run.behind(add_many, {x: [3, 4, 5]})
    other = run.behind(add, {x: 9})
    run(cancel)
    one()
    other()
    run(size)
    run(take_many, {n: 6})
    run(take_up_to, {n: 6})
    run(cancel)
    return run.case()


@program
def queue_closed_while_others_wait(tf):
    run = Runs(tf)
    queue = tf.FIFOQueue(3, tf.int32, shapes=[()], name="numbers")
    x, n, add, add_many, take, take_many, take_up_to, size, close = operations(tf, queue)
    run(add_many, {x: [1, 2]})
    waiting = [run.behind(take_many, {n: 3}), run.behind(take_up_to, {n: 3}), run.behind(take)]
    run(close)
    for end in waiting:
        end()
    full = tf.FIFOQueue(1, tf.int32, shapes=[()], name="full")
    run(full.enqueue(1))
    adding = run.behind(full.enqueue(2))
    closing = run.behind(full.close())  # behind what waits
    run(full.is_closed())
    run(full.dequeue_many(2))
    adding()
    closing()
    run(full.is_closed())
    return run.case()


@program
def queue_time_limit(tf):
    run = Runs(tf)
    queue = tf.FIFOQueue(3, tf.int32, shapes=[()])
    came = []
    for fetch in (queue.dequeue(), queue.dequeue_many(2)):
        try:
            run.session.run(fetch, options=tf.RunOptions(timeout_in_ms=150))
        except tf.errors.DeadlineExceededError as error:
            came.append(words(error))
    run(queue.enqueue(1))
    run(queue.dequeue())
    waiting = run.behind(queue.dequeue())
    run.session.close()
    waiting()
    return run.case(deadlines=came)


@program
def shuffle_queue_order(tf):
    run = Runs(tf)
    queue = tf.RandomShuffleQueue(100, 10, tf.int32, seed=7, shapes=(), name="shuffled")
    run(queue.enqueue_many([tf.range(40)]))
    run(queue.dequeue())
    run(queue.dequeue_many(10))
    run(queue.dequeue_many(19))
    run(queue.size())
    waiting = run.behind(queue.dequeue_many(15))
    run(queue.enqueue_many([tf.range(100, 115)]))
    waiting()
    run(queue.close())
    run(queue.dequeue_many(99))
    run(queue.dequeue_up_to(99))
    tf.set_random_seed(3)
    pairs = tf.RandomShuffleQueue(50, 0, [tf.int32, tf.string], seed=11, shapes=[(), ()])
    numbers = tf.range(20)
    run(pairs.enqueue_many([numbers, tf.as_string(numbers)]))
    for _ in range(4):
        run(pairs.dequeue())
    run(pairs.dequeue_many(16))
    return run.case()


@program
def padding_queue_batches(tf):
    run = Runs(tf)
    queue = tf.PaddingFIFOQueue(10, [tf.int32, tf.string], [(None, 2), (None,)])
    x, y = tf.placeholder(tf.int32), tf.placeholder(tf.string)
    add, add_many = queue.enqueue([x, y]), queue.enqueue_many([x, y])
    run(add, {x: [[1, 2]], y: ["a"]})
    run(add, {x: [[1, 2], [3, 4]], y: []})
    run(add, {x: [[1, 2, 3]], y: []})
    run(add, {x: [1, 2], y: []})
    run(add_many, {x: [[[5, 5]], [[6, 6]]], y: [["p", "q"], ["r", "s"]]})
    run(add_many, {x: [[[5, 5, 5]]], y: [["p", "q"]]})
    run(queue.dequeue_many(3))
    run(queue.dequeue())
    run(queue.dequeue_many(0))
    square = tf.PaddingFIFOQueue(10, tf.float32, [(None, None)])
    run(square.enqueue(tf.ones([2, 3])))
    run(square.enqueue(2 * tf.ones([3, 1])))
    run(square.dequeue_many(2))
    return run.case()


@program
def priority_queue_order(tf):
    run = Runs(tf)
    queue = tf.PriorityQueue(30, [tf.string], [()], name="first")
    number, text = tf.placeholder(tf.int64), tf.placeholder(tf.string)
    add_many = queue.enqueue_many([number, text])
    run(add_many, {number: [3, 1, 2, 1, 3, 1, 1, 1, 1], text: list("abcdefghi")})
    run(queue.dequeue_many(4))
    run(queue.enqueue([number, text]), {number: 0, text: "z"})
    run(queue.enqueue([number, text]), {number: [0], text: "z"})
    run(queue.dequeue())
    run(add_many, {number: [5, 4, 5, 4, 3, 5, 4], text: list("tuvwxyz")})
    run(queue.dequeue_many(8))
    run(queue.close())
    run(queue.dequeue_many(9))
    run(queue.dequeue())
    run(queue.dequeue_many(3))
    run(queue.dequeue())
    return run.case()


@program
def queue_of_a_list(tf):
    run = Runs(tf)
    index = tf.placeholder(tf.int32, [], name="index")
    queues = [tf.FIFOQueue(5, tf.int32, shapes=(), name="q%d" % i) for i in range(3)]
    chosen = tf.QueueBase.from_list(index, queues)
    for i, queue in enumerate(queues):
        run(queue.enqueue_many([[i, i * 10]]))
    take, size = chosen.dequeue(), chosen.size()
    for i in (1, 2, 2, 5):
        run(take, {index: i})
    run(chosen.enqueue(4), {index: 2})
    run(size, {index: 2})
    return run.case(shapes=str(tf.QueueBase.from_list(index, [
        tf.FIFOQueue(3, tf.int32, [(2,)]), tf.FIFOQueue(3, tf.int32, [(3,)])]).shapes))


@program
def queue_of_old_graphs(tf):
    run = Runs(tf)
    handle = tf.raw_ops.FIFOQueue(component_types=[tf.int32], shapes=[[]], name="old")
    run(tf.raw_ops.QueueEnqueue(handle=handle, components=[3]))
    run(tf.raw_ops.QueueEnqueueMany(handle=handle, components=[[4, 5, 6]]))
    run(tf.raw_ops.QueueSize(handle=handle))
    run(tf.raw_ops.QueueDequeue(handle=handle, component_types=[tf.int32]))
    run(tf.raw_ops.QueueDequeueMany(handle=handle, n=2, component_types=[tf.int32]))
    run(tf.raw_ops.QueueClose(handle=handle))
    run(tf.raw_ops.QueueIsClosed(handle=handle))
    run(tf.raw_ops.QueueDequeueUpTo(handle=handle, n=2, component_types=[tf.int32]))
    return run.case()


@program
def queue_in_a_loop_by_hand(tf):
    """A queue as a program's own buffer: what a step takes, changes variables."""
    queue = tf.FIFOQueue(10, tf.float32, shapes=[(2,)])
    total = tf.Variable(tf.zeros([2]))
    taken = queue.dequeue()
    step = tf.assign_add(total, taken)
    x = tf.placeholder(tf.float32, [None, 2])
    run = Runs(tf)
    run(tf.global_variables_initializer())
    run(queue.enqueue_many([x]), {x: np.arange(8.0).reshape(4, 2)})
    for _ in range(3):
        run(step)
    run(total)
    run([queue.size(), total])
    return run.case()


@program
def accumulated_gradients(tf):
    run = Runs(tf)
    x, step = tf.placeholder(tf.float32, name="x"), tf.placeholder(tf.int64, [], name="step")
    total = tf.ConditionalAccumulator(tf.float32, shape=[2], name="total")
    add, count, take = total.apply_grad(x, local_step=step), total.num_accumulated(), total.take_grad(2)
    for value, at in (([1, 2], 0), ([3, 5], 0), ([5, 5], 0)):
        run(add, {x: value, step: at})
    run(count)
    run(take)
    run(add, {x: [3, 5], step: 0})  # late
    run(count)
    run(add, {x: [3, 5, 6], step: 9})
    run(add, {x: 3, step: 9})
    run(total.set_global_step(5))
    run(add, {x: [3, 5], step: 4})
    run(add, {x: [3, 5], step: 5})
    run(total.take_grad(1))
    run(total.take_grad(0))
    waiting = run.behind(total.take_grad(2))
    run(add, {x: [1, 1], step: 100})
    run(add, {x: [3, 1], step: 100})
    waiting()
    summed = tf.ConditionalAccumulator(tf.float64, shape=(), reduction_type="SUM", shared_name="summed")
    run([summed.apply_grad(1)])
    run(summed.apply_grad(tf.constant(5.0, tf.float64)))
    run(summed.take_grad(2))
    return run.case(name=total.name, dtype=str(total.dtype))


@program
def accumulated_rows(tf):
    run = Runs(tf)
    rows, values = tf.placeholder(tf.int64), tf.placeholder(tf.float32)
    step = tf.placeholder(tf.int64, [])
    total = tf.SparseConditionalAccumulator(tf.float32, shape=[None, 2], name="total")
    add, take = total.apply_grad(rows, values, local_step=step), total.take_grad(2)
    for places, given in (([0, 2], [[1, 1], [2, 2]]), ([2, 3], [[4, 4], [6, 6]])):
        run(add, {rows: places, values: given, step: 0})
    run(total.num_accumulated())
    run(list(take))
    run(add, {rows: [[2, 2]], values: [[1, 1], [2, 2]], step: 1})
    run(add, {rows: [2], values: [[1, 1], [2, 2]], step: 1})
    run(add, {rows: [2], values: [[1, 1, 1]], step: 1})
    summed = tf.SparseConditionalAccumulator(tf.float32, shape=[4, 2], reduction_type="SUM")
    slices = tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([1], tf.int64), tf.constant([4, 2], tf.int64))
    run(summed.apply_indexed_slices_grad(slices))
    run(summed.apply_grad([1, 3], [[1.0, 1.0], [2.0, 2.0]], [4, 2]))
    taken = summed.take_indexed_slices_grad(2)
    run([taken.indices, taken.values, taken.dense_shape])
    run(summed.apply_grad([1], [[1.0, 1.0]], [5, 2], local_step=7))
    run(summed.apply_grad([9], [[1.0, 1.0]], [4, 2], local_step=7))
    run(summed.set_global_step(9))
    run(summed.apply_grad([1], [[1.0, 1.0]], local_step=7))
    run(summed.num_accumulated())
    return run.case()


@program
def staged_tensors(tf):
    StagingArea = tf.contrib.staging.StagingArea
    run = Runs(tf)
    x = tf.placeholder(tf.float32, name="x")
    area = StagingArea([tf.float32, tf.string], shapes=[[2], []])
    put, get, peek = area.put([x, tf.constant("text")]), area.get(), area.peek(1)
    run(put, {x: [1, 2]})
    run(put, {x: [3, 4]})
    run(peek)
    run([put, get], {x: [5, 6]})
    run(area.size())
    run(get)
    run(area.clear())
    run(area.size())
    waiting = run.behind(get)
    run(put, {x: [7, 8]})
    waiting()
    named = StagingArea([tf.float32, tf.int32], names=["p", "q"], shared_name="named")
    run(named.put({"p": tf.constant(1.0), "q": tf.constant(2)}))
    run(named.get())
    small = StagingArea([tf.float32], capacity=1)
    fill, empty = small.put(x), small.get()
    run(fill, {x: 1})
    waiting = run.behind(fill, {x: 2})
    run(empty)
    waiting()
    run(empty)
    light = StagingArea([tf.float32], memory_limit=8)
    run(light.put(x), {x: [1, 2, 3]})
    return run.case(shapes=str(area.shapes), name=area.name)
