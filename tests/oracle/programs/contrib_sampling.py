"""tf.contrib.training: buckets, samples of streams, and strategies that place variables."""

import numpy as np

from . import Case, program


def example(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    n = tf.placeholder(tf.int32, [], name="n")
    return x, n


def runners(tf):
    return [str(runner.to_proto()) for runner in tf.get_collection("queue_runners")]


@program
def bucket_of_numbers(tf):
    x, n = example(tf)
    which, batch = tf.contrib.training.bucket([x, n], n % 3, 2, 3, bucket_capacities=[8, 9, 10])
    return Case(show=[which] + batch, facts={"runners": runners(tf)})


@program
def bucket_that_runs(tf):
    x, n = example(tf)
    which, batch = tf.contrib.training.bucket({"x": x, "n": n}, n % 2, 2, 2)
    into, out = [runner.enqueue_ops for runner in reversed(tf.get_collection("queue_runners"))]
    steps = [(into[0], {x: [i, -i], n: i}) for i in (1, 2, 4, 3)]
    return Case(steps=steps + [(out[0], None), ([which, batch["n"], batch["x"]], None), (out[1], None),
                               ([which, batch["n"], batch["x"]], None)])


@program
def bucket_with_options(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    some = tf.SparseTensor(tf.zeros([1, 1], tf.int64), tf.constant([1.0]), tf.constant([3], tf.int64))
    which, batch = tf.contrib.training.bucket(
        {"x": x, "some": some}, tf.constant(0), [2, 3], 2, num_threads=2, dynamic_pad=True,
        allow_smaller_final_batch=True, keep_input=tf.placeholder(tf.bool, []), shared_name="shared", name="mine")
    return Case(show=[which, batch["x"]], facts={"runners": runners(tf)})


@program
def bucket_by_length(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    lengths, batch = tf.contrib.training.bucket_by_sequence_length(tf.size(x), [x], 2, [2, 4], dynamic_pad=True)
    into, out = [runner.enqueue_ops for runner in reversed(tf.get_collection("queue_runners"))]
    steps = [(into[0], {x: [1.0] * i}) for i in (2, 5, 3, 4)]
    return Case(steps=steps + [(out[1], None), ([lengths] + batch, None), (out[2], None), ([lengths] + batch, None)],
                show=[lengths] + batch)


@program
def bucket_refusals(tf):
    training = tf.contrib.training
    x, zero = tf.constant([1.0, 2.0]), tf.constant(0)
    said = []
    for call in (lambda: training.bucket([], zero, 2, 2), lambda: training.bucket([x], zero, [2], 2),
                 lambda: training.bucket([x], zero, 2, 2, bucket_capacities=[3]),
                 lambda: training.bucket([x], tf.constant(0.0), 2, 2),
                 lambda: training.bucket([x], zero, 2, 2, keep_input=tf.constant([True])),
                 lambda: training.bucket_by_sequence_length(zero, [x], 2, []),
                 lambda: training.bucket_by_sequence_length(zero, [x], 2, 3),
                 lambda: training.bucket_by_sequence_length(zero, [x], 2, [5, 3]),
                 lambda: training.bucket_by_sequence_length(zero, [x], 2, [3.0, 5])):
        try:
            call()
        except (TypeError, ValueError) as error:
            said.append([type(error).__name__, str(error).split("\n")[0]])
    return Case(facts={"said": said})


@program
def rejection_sample(tf):
    tf.set_random_seed(3)
    x, n = example(tf)
    batch = tf.contrib.training.rejection_sample([x, n], lambda tensors: tensors[0][0], 2, runtime_checks=True)
    fill = tf.get_collection("queue_runners")[0].enqueue_ops[0]
    return Case(steps=[(fill, {x: [0.7, i], n: i}) for i in range(9)] + [(batch, None)], show=batch)


@program
def rejection_sample_of_many(tf):
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [5, 2], name="x")
    return Case(show=tf.contrib.training.rejection_sample(
        [x, 2.0 * x], lambda tensors: tf.constant(0.5), 2, queue_threads=2, enqueue_many=True, name="mine"))


@program
def stratified_sample(tf):
    tf.set_random_seed(3)
    x, n = example(tf)
    batch, labels = tf.contrib.training.stratified_sample([x], n, [0.2, 0.3, 0.5], 4)
    return Case(show=batch + [labels])


@program
def stratified_sample_that_runs(tf):
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [4, 2], name="x")
    labels = tf.placeholder(tf.int32, [4], name="labels")
    batch, found = tf.contrib.training.stratified_sample([x], labels, [0.25, 0.75], 2, init_probs=[0.5, 0.5],
                                                         enqueue_many=True, queue_capacity=20)
    apart, fill = [runner.enqueue_ops[0] for runner in tf.get_collection("queue_runners")]
    feeds = {x: np.arange(8.0).reshape(4, 2), labels: [0, 1, 0, 1]}
    return Case(init=True, steps=[(apart, feeds)] * 3 + [(fill, None)] * 12 + [(batch + [found], None)])


@program
def resample_at_rate(tf):
    tf.set_random_seed(3)
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    some = tf.contrib.training.resample_at_rate([x, tf.range(3)], tf.constant([0.5, 2.0, 1.3]), seed=5)
    other = tf.contrib.training.resample_at_rate([x], [0.5, 2.0, 1.3], scope="mine", back_prop=True)
    return Case(steps=[(some, None), (some, None), (other, None)], show=some + other)


@program
def weighted_resample(tf):
    tf.set_random_seed(3)
    x = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    some, rates = tf.contrib.training.weighted_resample([x], tf.constant([0.5, 2.0, 1.3]), 0.9, seed=5)
    start = tf.global_variables() + tf.local_variables()
    return Case(steps=[(tf.variables_initializer(start), None)] + [(some + [rates], None)] * 3, show=some + [rates])


@program
def placing_strategies(tf):
    training = tf.contrib.training
    greedy = training.GreedyLoadBalancingStrategy(3, training.byte_size_load_fn)
    with tf.device(tf.train.replica_device_setter(3, ps_strategy=greedy)):
        made = [tf.get_variable("v%d" % i, shape) for i, shape in enumerate([[100], [10], [200, 2], [], [5]])]
    chance = training.RandomStrategy(5, seed=7)
    said = []
    for op in (tf.placeholder(tf.float32, [None, 3]).op, tf.placeholder(tf.float32).op, tf.no_op()):
        try:
            training.byte_size_load_fn(op)
        except ValueError as error:
            said.append(str(error).split("\n")[0])
    return Case(facts={"devices": [v.device for v in made], "tasks": [int(chance(v.op)) for v in made],
                       "said": said})
