"""Generators of random numbers whose state is a variable, and their ops."""

from . import Case, program
from .refused import outcome


@program
def generator_from_seed(tf):
    generator = tf.random.experimental.Generator.from_seed(1234)
    normal = generator.normal([3])
    return Case([(normal, None), (generator.state, None), (normal, None), (generator.state, None)], init=True,
                show=[generator.state, normal], facts={"algorithm": generator.algorithm})


@program
def generator_distributions(tf):
    generator = tf.random.experimental.Generator.from_seed([5, -6])
    drawn = [generator.uniform([5]), generator.uniform([5], minval=3, maxval=9, dtype=tf.int32),
             generator.uniform([2, 2], minval=-1, maxval=2.5), generator.uniform_full_int([3]),
             generator.uniform_full_int([3], dtype=tf.int32), generator.truncated_normal([6], 1.0, 2.0),
             generator.normal([4], mean=[0.0, 1.0, 2.0, 3.0], stddev=0.5, name="named"),
             generator.normal([3], dtype=tf.float64), generator.normal([]),
             generator.uniform([3], 0, 10**12, dtype=tf.int64), generator.uniform_full_int([3], dtype=tf.uint32)]
    steps = [step for tensor in drawn for step in ((tensor, None), (generator.state, None))]
    refused = outcome(lambda: generator.uniform([2], dtype=tf.int32))
    return Case(steps, init=True, facts={"shapes": [str(x.shape) for x in drawn], "no bound": refused})


@program
def generator_states(tf):
    Generator = tf.random.experimental.Generator
    generator = Generator.from_state([7, 8, 9], 1)
    copy = Generator(copy_from=generator)
    counted = Generator.from_key_counter(1, [2, 3], 1)
    key = generator.key
    generator.skip(3)
    skip = tf.get_default_graph().get_operations()[-1]
    generator.reset([1, 2, 3])
    reset = tf.get_default_graph().get_operation_by_name("AssignVariableOp")
    generator.reset_from_seed(5)
    generator.reset_from_key_counter(1, [2, 3])
    seeds = generator.make_seeds(2)
    first = [(x.initializer, None) for x in (generator.state, copy.state, counted.state)]
    steps = first + [((key, counted.state), None), (copy.state, None),
                     (skip, None), (generator.state, None), (seeds, None), (reset, None),
             (generator.state, None)]
    facts = {"word": outcome(lambda: Generator.from_state([1, 2, 3], "philox")),
             "unknown": outcome(lambda: tf.random.experimental.create_rng_state(5, 7)),
             "state": [int(x) for x in tf.random.experimental.create_rng_state([5, 6], 1)],
             "of a vector": [int(x) for x in tf.random.experimental.create_rng_state([5], 1)],
             "of a number": [int(x) for x in tf.random.experimental.create_rng_state(5, 1)],
             "large": [int(x) for x in tf.random.experimental.create_rng_state(2**63 + 1, 1)],
             "other": [int(x) for x in tf.random.experimental.create_rng_state(5, 2)],
             "nothing": outcome(Generator), "copied": copy.algorithm}
    return Case(steps, facts=facts)


@program
def generator_of_all(tf):
    experimental = tf.random.experimental
    generator = experimental.Generator.from_non_deterministic_state()
    experimental.set_global_generator(generator)
    same = experimental.get_global_generator() is generator
    drawn = generator.uniform([4])
    inside = tf.reduce_all(tf.logical_and(drawn >= 0.0, drawn < 1.0))
    return Case([(inside, None)], init=True, facts={"same": same, "binomial": str(
        generator.binomial([2], [1.0, 2.0], [0.5, 0.5]).shape)})


@program
def generator_in_training(tf):
    generator = tf.random.experimental.Generator.from_seed(3)
    w = tf.get_variable("w", initializer=[1.0, 2.0], use_resource=True)
    noise = generator.normal([2], stddev=0.1)
    loss = tf.reduce_sum(tf.square(w + noise))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, var_list=[w])
    return Case([(train, None), (train, None), (w, None), (generator.state, None)], init=True)


@program
def generator_wraps_around(tf):
    generator = tf.random.experimental.Generator.from_state([-1, -1, 5], 1)
    drawn = generator.uniform([2])
    return Case([(drawn, None), (generator.state, None), (drawn, None), (generator.state, None)], init=True)


@program
def generator_binomial(tf):
    # 1.15 moves the constant on that a state's first value came from, not the state: each draw has one of its own.
    keys = iter(range(100))

    def drawn(shape, counts, probs, dtype=tf.int32):
        generator = tf.random.experimental.Generator.from_state([1234, 0, next(keys)], 1)
        return generator.binomial(shape, counts, probs, dtype=dtype)

    rows = [[40.0, 1000.0, 20.0, 20.0, 50.0, 20.0], [0.3, 0.5, 0.1, 0.2, 0.4, 0.5]]
    all_drawn = [drawn([30], 20.0, 0.1), drawn([30], 40.0, 0.3), drawn([10], 40.0, 0.7), drawn([10], 5.0, 0.9),
                 drawn([6, 4], *rows), drawn([2, 2], [30.0], [0.3, 0.6]), drawn([6], 30.0, 0.3, tf.float16),
                 drawn([6, 2], [-1.0, 3.0, 3.0, 3.0, 0.0, 3.0], [0.3, -0.1, 1.1, 0.0, 0.5, 1.0], tf.float64),
                 drawn([2, 0], [30.0, 2.0], 0.3)]
    steps = [(tensor, None) for tensor in all_drawn]
    return Case(steps, init=True, show=all_drawn[:1], facts={
        "matrix": outcome(lambda: drawn([2], [[1.0, 2.0]], 0.5))})
