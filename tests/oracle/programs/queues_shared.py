"""Queues, barriers and accumulators that two nodes share, and what is refused of them."""

from . import program
from .functions import internal
from .queues import Runs, attempted, words
from .refused import refusals


@program
def queues_shared_by_others(tf):
    run = Runs(tf)
    kinds = {"Fifo": (tf.FIFOQueue, {}), "Padding": (tf.PaddingFIFOQueue, {}), "Priority": (tf.PriorityQueue, {}),
             "Shuffle": (tf.RandomShuffleQueue, {"min_after_dequeue": 2})}

    def sizes(name, first, second, **other):
        for made, options in ((first, {}), (second, other)):
            kind, own = kinds[made]
            types = {"types" if made == "Priority" else "dtypes": options.get("types", [tf.float32])}
            given = dict(own, capacity=options.get("capacity", 10), shapes=options.get("shapes", [[]]), **types)
            given.update((key, options[key]) for key in ("min_after_dequeue", "seed") if key in options)
            run(kind(shared_name=name, **given).size())

    for kind in sorted(kinds):
        for number, other in enumerate((
                {"capacity": 5}, {"types": [tf.int32]}, {"shapes": [[2]]}, {"types": [tf.int32], "shapes": [[2]]},
                {"types": [tf.float32] * 2, "shapes": [[2]] * 2})):
            sizes(kind + str(number), kind, kind, **other)
        for another in sorted(kinds):
            if another != kind:
                sizes(kind + another, kind, another)
    for number, other in enumerate(({"min_after_dequeue": 3, "types": [tf.int32]}, {"seed": 3, "types": [tf.int32]},
                                    {"capacity": 5, "seed": 3}, {"min_after_dequeue": 3, "seed": 3})):
        sizes("Shuffled" + str(number), "Shuffle", "Shuffle", **other)
    barrier = internal(tf, "tensorflow.python.ops.data_flow_ops").Barrier
    two, scalars = (tf.float32, tf.float32), ((), ())
    for number, (types, shapes) in enumerate((((tf.int32,), ((),)), ((tf.float32, tf.int32), scalars),
                                              (two, ((1,), ())), (two, None))):
        for made in (barrier(two, scalars, shared_name="b" + str(number)),
                     barrier(types, shapes, shared_name="b" + str(number))):
            run(made.ready_size())
    return run.case()


@program
def queues_refused_by_number(tf):
    ops = internal(tf, "tensorflow.python.ops.gen_data_flow_ops")
    barrier = internal(tf, "tensorflow.python.ops.data_flow_ops").Barrier((tf.float32, tf.float32), ((), ()))
    queue = tf.FIFOQueue(3, [tf.float32], [[]])
    dense, sparse = tf.ConditionalAccumulator(tf.float32, [2]), tf.SparseConditionalAccumulator(tf.float32, [4])
    refused = refusals([
        lambda: queue.dequeue_many(-1), lambda: queue.dequeue_up_to(-1), lambda: queue.dequeue_many([1]),
        lambda: barrier.insert_many(0, ["a"], [1.0, 2.0]), lambda: barrier.insert_many(0, ["a"], 1.0),
        lambda: barrier.insert_many(0, "a", [1.0]), lambda: barrier.insert_many(0, [["a"]], [1.0]),
        lambda: dense.apply_grad([1.0, 2.0], local_step=[1]), lambda: dense.set_global_step([1]),
        lambda: dense.take_grad([1]), lambda: sparse.take_grad([1]), lambda: sparse.apply_grad([0], [1.0], [1])],
        words=words)
    run = Runs(tf)
    for maker in (ops.fifo_queue_v2, ops.padding_fifo_queue_v2):
        made = maker([tf.int32], shapes=[[]])
        run(ops.queue_size_v2(maker([tf.int32])))
        run(ops.queue_enqueue_v2(made, [1], timeout_ms=100))
        run(ops.queue_dequeue_v2(made, [tf.int32], timeout_ms=100))
        run(ops.queue_dequeue_many_v2(made, 1, [tf.int32], timeout_ms=100))
    run(ops.queue_size_v2(ops.priority_queue_v2([], component_types=[tf.int32])))
    run(sparse.apply_grad([0], 1.0))
    run(sparse.apply_grad([2], [[1.5]]))
    run(tuple(sparse.take_grad(1)))
    return run.case(refused=refused)


@program
def things_of_several_kinds_may_have_one_name(tf):
    flow = internal(tf, "tensorflow.python.ops.data_flow_ops")
    run = Runs(tf)
    queue = tf.FIFOQueue(3, tf.float32, [[]], shared_name="q")
    for size in (queue.size(), flow.Barrier(tf.float32, shared_name="q").ready_size(),
                 flow.StagingArea([tf.float32], shared_name="q").size(),
                 tf.ConditionalAccumulator(tf.float32, shared_name="q").num_accumulated(),
                 tf.TextLineReader(name="q").num_records_produced(), queue.size()):
        run(size)
    for number, (first, second) in enumerate((([None], [2]), ([2], [None]), ([2], [3]), ([2], [None, None]),
                                              ([2, None], [None, None]), ([None], []))):
        for shape in (first, second):
            run(tf.PaddingFIFOQueue(9, tf.int32, [shape], shared_name="p" + str(number)).size())
    return run.case()


@program
def batches_refused_and_taken(tf):
    sparse = tf.SparseTensor([[0]], [1.0], [2])
    one, two = tf.constant(1), tf.constant(2)
    return attempted([
        lambda: tf.train.maybe_batch([sparse], False, 2),
        lambda: tf.train.maybe_batch([sparse], False, 2, enqueue_many=True), lambda: tf.train.batch_join([[], []], 2),
        lambda: tf.train.shuffle_batch_join([[], []], 2, 10, 5), lambda: tf.train.maybe_batch_join([[]], [True], 2),
        lambda: tf.train.batch_join([[one], [two, tf.constant(3)]], 2), lambda: tf.train.slice_input_producer(None),
        lambda: tf.train.slice_input_producer({"a": [1, 2]})])
