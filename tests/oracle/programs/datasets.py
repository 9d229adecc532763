"""tf.data: sources, transformations and iterators of datasets."""

import numpy as np

from . import Case, program


def elements(tf, dataset, count, name=None):
    """Steps that take so many elements of a dataset, and the tensors of an element."""
    element = dataset.make_one_shot_iterator().get_next(name)
    return element, [(element, None)] * count


def rows(tf):
    return tf.data.Dataset.from_tensor_slices((np.arange(6, dtype=np.float32), np.arange(12).reshape(6, 2)))


@program
def dataset_of_tensors(tf):
    dataset = tf.data.Dataset.from_tensors((1, [2.0, 3.0], {"b": "text", "a": np.int64(5)}))
    dataset = dataset.map(lambda a, b, c: (a, b, {"c": c}))
    element, steps = elements(tf, dataset, 1)
    return Case(steps, show=[dataset.output_types[0], element[:2]])


@program
def dataset_of_rows(tf):
    dataset = rows(tf)
    element, steps = elements(tf, dataset, 6)
    return Case(steps, show=[dataset, dataset.output_types, dataset.output_shapes, element])


@program
def dataset_of_strings(tf):
    dataset = tf.data.Dataset.from_tensor_slices((["a", "bc", "d"], [[b"x", b"y"]] * 3)).batch(2)
    element, steps = elements(tf, dataset, 2)
    return Case(steps, show=[dataset])


@program
def dataset_of_placeholders(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    iterator = tf.data.Dataset.from_tensor_slices(x).make_initializable_iterator()
    element = iterator.get_next()
    feed = {x: [[1.0, 2.0], [3.0, 4.0]]}
    return Case([(iterator.initializer, feed), (element, None), (iterator.initializer, {x: [[5.0, 6.0]]}),
                 (element, None)], show=[iterator.output_shapes, iterator.output_types, iterator.output_classes])


@program
def dataset_ranges(tf):
    datasets = [tf.data.Dataset.range(3), tf.data.Dataset.range(2, 5), tf.data.Dataset.range(10, 0, -4)]
    iterators = [elements(tf, dataset, 3) for dataset in datasets]
    return Case([step for _, steps in iterators for step in steps], show=datasets)


@program
def dataset_zipped(tf):
    a, b = tf.data.Dataset.range(1, 4), tf.data.Dataset.range(4, 7)
    c = tf.data.Dataset.range(7, 13).batch(2)
    dataset = tf.data.Dataset.zip({"x": (a, b), "y": c})
    element, steps = elements(tf, dataset, 3)
    return Case(steps, show=[dataset.output_types["x"]])


@program
def dataset_concatenated(tf):
    a = tf.data.Dataset.range(2).batch(2, drop_remainder=True)
    dataset = a.concatenate(tf.data.Dataset.range(3).batch(3, drop_remainder=True))
    element, steps = elements(tf, dataset, 2)
    return Case(steps, show=[dataset])


@program
def dataset_mapped(tf):
    c = tf.constant(3.0, name="c")
    dataset = rows(tf).map(lambda x, y: {"sum": x + c, "pair": (y * 2, "text", 1.5, [1, 2])})
    dataset = dataset.map(lambda d: [d["sum"], d["pair"][0]])
    element, steps = elements(tf, dataset, 3)
    return Case(steps, show=[dataset])


@program
def dataset_mapped_in_parallel(tf):
    dataset = rows(tf).map(lambda x, y: (x * 2, tf.reduce_sum(y)), num_parallel_calls=3).prefetch(2)
    element, steps = elements(tf, dataset, 6)
    return Case(steps, show=[dataset])


@program
def dataset_map_of_variables(tf):
    ref = tf.Variable(2.0, name="ref")
    resource = tf.Variable(3.0, name="resource", use_resource=True)
    iterator = tf.data.Dataset.range(4).map(lambda x: tf.cast(x, tf.float32) * ref + resource) \
        .make_initializable_iterator()
    element = iterator.get_next()
    return Case([(iterator.initializer, None), (element, None), (element, None),
                 ([ref.assign(10.0).op, resource.assign(20.0).op], None), (element, None)], init=True)


@program
def dataset_map_with_effects(tf):
    counter = tf.Variable(0, name="counter", use_resource=True, dtype=tf.int64)

    def count(x):
        with tf.control_dependencies([counter.assign_add(x)]):
            return x + counter.read_value()

    iterator = tf.data.Dataset.range(1, 5).map(count).make_initializable_iterator()
    element = iterator.get_next()
    return Case([(iterator.initializer, None), (element, None), (element, None), (counter, None)], init=True)


@program
def dataset_filtered(tf):
    dataset = rows(tf).filter(lambda x, y: tf.equal(tf.reduce_sum(y) % 4, 1)).take(2)
    element, steps = elements(tf, dataset, 2)
    return Case(steps, show=[dataset])


@program
def dataset_flat_mapped(tf):
    dataset = tf.data.Dataset.range(1, 4).flat_map(lambda x: tf.data.Dataset.from_tensors(x * 10).repeat(x))
    element, steps = elements(tf, dataset, 6)
    return Case(steps, show=[dataset])


@program
def dataset_interleaved(tf):
    dataset = tf.data.Dataset.range(1, 6).interleave(lambda x: tf.data.Dataset.from_tensors(x).repeat(6),
                                                     cycle_length=2, block_length=4)
    element, steps = elements(tf, dataset, 30)
    return Case(steps)


@program
def dataset_interleaved_in_parallel(tf):
    dataset = tf.data.Dataset.range(1, 6).interleave(lambda x: tf.data.Dataset.range(x).map(lambda y: (x, y)),
                                                     cycle_length=3, block_length=2, num_parallel_calls=2)
    element, steps = elements(tf, dataset, 15)
    return Case(steps)


@program
def dataset_taken_skipped_sharded(tf):
    dataset = tf.data.Dataset.range(20).skip(3).take(11).shard(3, 1)
    element, steps = elements(tf, dataset, 4)
    whole = tf.data.Dataset.range(2).take(-1)
    return Case(steps + elements(tf, whole, 2)[1])


@program
def dataset_repeated(tf):
    dataset = tf.data.Dataset.range(2).repeat(2).repeat()
    element, steps = elements(tf, dataset, 9)
    return Case(steps)


@program
def dataset_shuffled(tf):
    dataset = tf.data.Dataset.range(10).shuffle(4, seed=3)
    element, steps = elements(tf, dataset, 10)
    again = tf.data.Dataset.range(300).shuffle(1000, seed=(1 << 40) + 1).batch(300)
    return Case(steps + elements(tf, again, 1)[1])


@program
def dataset_shuffled_then_repeated(tf):
    datasets = [tf.data.Dataset.range(7).shuffle(3, seed=5).repeat(3),
                tf.data.Dataset.range(7).shuffle(30, seed=5, reshuffle_each_iteration=False).repeat(2),
                tf.data.Dataset.range(7).shuffle(30, seed=5).map(lambda x: x + 1).repeat(2),
                tf.data.Dataset.range(7).repeat(3).shuffle(4, seed=5),
                tf.data.Dataset.range(7).shuffle(2, seed=0).repeat(0)]
    steps = [step for dataset in datasets[:4] for step in elements(tf, dataset.batch(30), 1)[1]]
    elements(tf, datasets[4], 0)
    return Case(steps)


@program
def dataset_of_rows_shuffled_in_batches(tf):
    def rows(count):
        return tf.data.Dataset.from_tensor_slices((np.arange(count), np.arange(count, dtype=np.float32).reshape(-1, 1)))

    datasets = [rows(10).shuffle(10, seed=5).repeat().batch(4).prefetch(1),
                rows(10).shuffle(4, seed=5).repeat(2).batch(3),
                rows(10).shuffle(7, seed=5).batch(4).repeat(2),
                rows(10).repeat(2).shuffle(30, seed=5).batch(6, drop_remainder=True),
                rows(10).shuffle(6, seed=5, reshuffle_each_iteration=False).repeat(3).batch(7)]
    return Case([step for dataset in datasets for step in elements(tf, dataset, 7 if dataset is datasets[0] else 3)[1]])


@program
def dataset_shuffled_by_the_graphs_seed(tf):
    tf.set_random_seed(11)
    first = tf.data.Dataset.range(9).shuffle(9)
    second = tf.data.Dataset.range(9).shuffle(9, seed=4)
    drawn = tf.data.Dataset.range(4).map(lambda x: tf.random_uniform([2])).repeat(2)
    iterator = drawn.make_initializable_iterator()
    element = iterator.get_next()
    return Case(elements(tf, first, 9)[1] + elements(tf, second, 9)[1] + elements(tf, drawn, 6)[1] + [
        (iterator.initializer, None), (element, None), (element, None), (iterator.initializer, None), (element, None)])


@program
def dataset_batched(tf):
    dataset = rows(tf).batch(4)
    dropped = rows(tf).batch(4, drop_remainder=True)
    element, steps = elements(tf, dataset, 2)
    return Case(steps + elements(tf, dropped, 1)[1], show=[dataset, dropped])


@program
def dataset_batched_by_a_tensor(tf):
    size = tf.placeholder_with_default(np.int64(2), [], name="size")
    iterator = rows(tf).batch(size).make_initializable_iterator()
    element = iterator.get_next()
    return Case([(iterator.initializer, None), (element, None), (iterator.initializer, {size: 5}), (element, None)])


@program
def dataset_padded(tf):
    dataset = tf.data.Dataset.range(1, 6).map(lambda x: (tf.fill([x], x), tf.fill([x, 2], "s"), x))
    first = dataset.padded_batch(2, padded_shapes=([None], [None, 3], []))
    second = dataset.padded_batch(3, padded_shapes=([7], [tf.Dimension(None), 2], []),
                                  padding_values=(np.int64(-1), "pad", np.int64(0)), drop_remainder=True)
    return Case(elements(tf, first, 3)[1] + elements(tf, second, 1)[1], show=[first, second])


@program
def dataset_windows(tf):
    dataset = tf.data.Dataset.range(7).window(3, shift=2, stride=1).flat_map(lambda d: d.batch(3))
    dropped = tf.data.Dataset.range(9).window(2, 3, 2, drop_remainder=True).flat_map(lambda d: d.batch(2))
    pairs = rows(tf).window(4).flat_map(lambda a, b: tf.data.Dataset.zip((a.batch(4), b.batch(4))))
    return Case(elements(tf, dataset, 4)[1] + elements(tf, dropped, 2)[1] + elements(tf, pairs, 2)[1],
                show=[rows(tf).window(2)])


@program
def dataset_reduced(tf):
    total = tf.data.Dataset.range(5).reduce(np.int64(0), lambda s, x: s + x)
    pair = rows(tf).reduce((0.0, 1), lambda s, e: (s[0] + e[0], s[1] * 2))
    grown = tf.data.Dataset.range(3).reduce(tf.zeros([1], tf.int64), lambda s, x: tf.concat([s, [x]], 0))
    return Case([([total, pair, grown], None)], show=[total, pair, grown])


@program
def dataset_cached(tf):
    dataset = tf.data.Dataset.range(4).map(lambda x: tf.random_uniform([], seed=1)).cache().repeat(2)
    return Case(elements(tf, dataset, 8)[1])


@program
def dataset_enumerated_and_applied(tf):
    dataset = rows(tf).enumerate(start=5).apply(lambda d: d.take(2))
    return Case(elements(tf, dataset, 2)[1], show=[dataset])


@program
def dataset_of_a_generator(tf):
    def count(n):
        for i in range(n):
            yield i, [i] * i, "s%d" % i

    dataset = tf.data.Dataset.from_generator(count, (tf.int64, tf.float32, tf.string), ([], [None], []), args=[4])
    plain = tf.data.Dataset.from_generator(lambda: iter([[1, 2], [3, 4]]), tf.int32).repeat(2)
    return Case(elements(tf, dataset, 4)[1] + elements(tf, plain, 4)[1], show=[dataset, plain])


@program
def dataset_of_sparse_tensors(tf):
    sparse = tf.SparseTensor([[0, 0], [1, 2], [1, 3]], [1.0, 2.0, 3.0], [3, 4])
    slices = tf.data.Dataset.from_tensor_slices({"s": sparse, "n": [1, 2, 3]})
    dense = slices.map(lambda d: tf.sparse.to_dense(d["s"]) * tf.cast(d["n"], tf.float32))
    batches = slices.map(lambda d: d["s"]).batch(2)
    whole = tf.data.Dataset.from_tensors(sparse).repeat(2)
    return Case(elements(tf, dense, 3)[1] + elements(tf, batches, 2)[1] + elements(tf, whole, 1)[1],
                show=[slices, dense, batches, whole, slices.output_classes])


@program
def dataset_of_sparse_slices(tf):
    sparse = tf.SparseTensor([[0, 0], [2, 2], [2, 3]], [1, 2, 3], [3, 4])
    dataset = tf.data.Dataset.from_sparse_tensor_slices(sparse)
    return Case(elements(tf, dataset, 3)[1], show=[dataset])


@program
def iterator_that_is_initialised_again(tf):
    iterator = tf.data.Iterator.from_structure(tf.int64, tf.TensorShape([]))
    element = iterator.get_next()
    first = iterator.make_initializer(tf.data.Dataset.range(3), name="first")
    second = iterator.make_initializer(tf.data.Dataset.range(10, 13).map(lambda x: x * 2))
    return Case([(first, None), (element, None), (element, None), (second, None), (element, None), (first, None),
                 (element, None)], show=[iterator.output_types, iterator.output_shapes])


@program
def iterator_of_unknown_shapes(tf):
    iterator = tf.data.Iterator.from_structure((tf.int64, {"a": tf.float32}))
    element = iterator.get_next("next")
    dataset = tf.data.Dataset.range(3).map(lambda x: (x, {"a": tf.fill([x], 1.0)}))
    start = iterator.make_initializer(dataset)
    return Case([(start, None), (element, None), (element, None)], show=[element])


@program
def iterator_that_is_fed(tf):
    handle = tf.placeholder(tf.string, [], name="handle")
    one = tf.data.Dataset.range(5).make_one_shot_iterator()
    two = tf.data.Dataset.range(100, 105).make_initializable_iterator("shared")
    iterator = tf.data.Iterator.from_string_handle(handle, one.output_types, one.output_shapes)
    element = iterator.get_next()
    with tf.Session() as session:
        session.run(two.initializer)
        handles = session.run([one.string_handle(), two.string_handle("named")])
        values = [int(session.run(element, {handle: handles[i]})) for i in (0, 1, 0, 0, 1)]
    return Case(facts={"values": values})


@program
def iterator_beside_variables(tf):
    v = tf.Variable(0.0, name="v")
    element = tf.data.Dataset.range(1, 10).map(lambda x: tf.cast(x, tf.float32)).make_one_shot_iterator().get_next()
    step = v.assign_add(element)
    return Case([(step, None), (step, None), ([v, element], None), ([element, step], None)], init=True)


@program
def dataset_options(tf):
    options = tf.data.Options()
    options.experimental_optimization.map_fusion = True
    options.experimental_threading.private_threadpool_size = 2
    options.experimental_threading.max_intra_op_parallelism = 1
    options.experimental_deterministic = False
    plain = tf.data.Options()
    plain.experimental_optimization.autotune = False
    plain.experimental_optimization.apply_default_optimizations = False
    shuffled = tf.data.Dataset.range(5).shuffle(5, seed=2).repeat(2).batch(10)
    return Case(elements(tf, shuffled.with_options(options), 1)[1] + elements(tf, shuffled.with_options(plain), 1)[1])


@program
def dataset_map_with_branches(tf):
    dataset = tf.data.Dataset.range(4).map(lambda x: tf.cond(x > 1, lambda: x * 2, lambda: x - 1))
    return Case(elements(tf, dataset, 4)[1])
