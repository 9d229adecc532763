"""tf.data.experimental: transformations for `apply`, and other sources of datasets."""

from __future__ import division

import numpy as np

from . import Case, program
from .datasets import elements, rows


@program
def dataset_unbatched(tf):
    dataset = rows(tf).batch(4).apply(tf.data.experimental.unbatch())
    return Case(elements(tf, dataset, 6)[1], show=[dataset])


@program
def dataset_map_and_batch(tf):
    experimental = tf.data.experimental
    first = tf.data.Dataset.range(6).apply(experimental.map_and_batch(lambda x: (x * 2, "s"), 4))
    second = tf.data.Dataset.range(6).apply(experimental.map_and_batch(
        lambda x: x + 1, 4, num_parallel_calls=2, drop_remainder=True))
    return Case(elements(tf, first, 2)[1] + elements(tf, second, 1)[1], show=[first, second])


@program
def dataset_parallel_interleave(tf):
    dataset = tf.data.Dataset.range(1, 7).apply(tf.data.experimental.parallel_interleave(
        lambda x: tf.data.Dataset.range(x).map(lambda y: (x, y)), cycle_length=3, block_length=2))
    again = tf.data.Dataset.range(1, 6).apply(tf.data.experimental.parallel_interleave(
        lambda x: tf.data.Dataset.from_tensors(x).repeat(3), cycle_length=2, buffer_output_elements=1,
        prefetch_input_elements=1))
    return Case(elements(tf, dataset, 21)[1] + elements(tf, again, 15)[1])


@program
def dataset_shuffle_and_repeat(tf):
    dataset = tf.data.Dataset.range(6).apply(tf.data.experimental.shuffle_and_repeat(4, 2, seed=1))
    return Case(elements(tf, dataset, 12)[1])


@program
def dataset_group_by_window(tf):
    group = tf.data.experimental.group_by_window
    dataset = tf.data.Dataset.range(9).apply(group(lambda x: x % 2, lambda key, d: d.batch(3), window_size=3))
    sized = tf.data.Dataset.range(9).apply(group(
        lambda x: tf.cast(x % 3, tf.int64), lambda key, d: d.batch(4).map(lambda x: (key, x)),
        window_size_func=lambda key: key + 1))
    return Case(elements(tf, dataset, 4)[1] + elements(tf, sized, 6)[1], show=[dataset, sized])


@program
def dataset_buckets(tf):
    bucket = tf.data.experimental.bucket_by_sequence_length
    dataset = tf.data.Dataset.range(1, 9).map(lambda x: tf.fill([x], x))
    first = dataset.apply(bucket(lambda x: tf.size(x), [3, 6], [2, 2, 1]))
    second = dataset.take(5).apply(bucket(lambda x: tf.size(x), [3, 6], [2, 2, 1], pad_to_bucket_boundary=True))
    return Case(elements(tf, first, 5)[1] + elements(tf, second, 2)[1], show=[first, second])


@program
def dataset_scanned(tf):
    dataset = rows(tf).apply(tf.data.experimental.scan(
        (0.0, np.int64(1)), lambda s, e: ((s[0] + e[0], s[1] * 2), (s[1], e[1]))))
    return Case(elements(tf, dataset, 3)[1], show=[dataset])


@program
def dataset_taken_while_and_unique(tf):
    dataset = tf.data.Dataset.range(6).apply(tf.data.experimental.take_while(lambda x: x < 3))
    single = tf.data.Dataset.from_tensor_slices(["a", "b", "a", "c"]).apply(tf.data.experimental.unique())
    return Case(elements(tf, dataset, 3)[1] + elements(tf, single, 3)[1])


@program
def dataset_errors_ignored(tf):
    dataset = tf.data.Dataset.from_tensor_slices([1.0, 0.0, 4.0]).map(
        lambda x: tf.check_numerics(1.0 / x, "bad")).apply(tf.data.experimental.ignore_errors())
    return Case(elements(tf, dataset, 2)[1])


@program
def dataset_sampled(tf):
    sample = tf.data.experimental.sample_from_datasets
    sources = [tf.data.Dataset.range(0, 5), tf.data.Dataset.range(10, 15), tf.data.Dataset.range(20, 25)]
    dataset = sample(sources, [0.5, 0.3, 0.2], seed=3)
    alike = sample(sources, seed=7)
    weights = tf.data.Dataset.from_tensor_slices([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).repeat()
    varying = sample(sources, weights, seed=1)
    return Case(elements(tf, dataset, 12)[1] + elements(tf, alike, 12)[1] + elements(tf, varying, 8)[1])


@program
def dataset_chosen(tf):
    sources = [tf.data.Dataset.range(3), tf.data.Dataset.range(10, 12)]
    choice = tf.data.Dataset.range(2).repeat(4)
    dataset = tf.data.experimental.choose_from_datasets(sources, choice)
    return Case(elements(tf, dataset, 5)[1], show=[dataset])


@program
def dataset_counters(tf):
    dataset = tf.data.experimental.Counter(2, 3)
    small = tf.data.experimental.Counter(dtype=tf.int32)
    enumerated = rows(tf).apply(tf.data.experimental.enumerate_dataset(3))
    return Case(elements(tf, dataset, 3)[1] + elements(tf, small, 2)[1] + elements(tf, enumerated, 2)[1],
                show=[dataset, small])


@program
def dataset_of_random_numbers(tf):
    dataset = tf.data.experimental.RandomDataset(3).map(lambda x: x).take(5)
    return Case(elements(tf, dataset, 5)[1])


@program
def dataset_cardinalities(tf):
    cardinality = tf.data.experimental.cardinality
    ten = tf.data.Dataset.range(10)
    datasets = [ten, ten.repeat(), ten.filter(lambda x: x > 3), ten.batch(3), ten.batch(3, True), ten.skip(4).take(3),
                ten.repeat(2), ten.shard(3, 0), ten.concatenate(ten), tf.data.Dataset.zip((ten, ten.take(2))),
                ten.window(3), ten.window(3, 2, 2, True), ten.shuffle(3), ten.shuffle(3).repeat(2), ten.prefetch(1),
                ten.cache(), ten.map(lambda x: x), ten.flat_map(lambda x: tf.data.Dataset.range(x)), ten.take(-1),
                ten.repeat(0), tf.data.Dataset.range(0, 10, 3), rows(tf), tf.data.Dataset.range(5, 0)]
    return Case([([cardinality(dataset) for dataset in datasets], None)],
                facts={"infinite": int(tf.data.experimental.INFINITE_CARDINALITY)})


@program
def dataset_single_elements(tf):
    single = tf.data.experimental.get_single_element
    pair = single(tf.data.Dataset.from_tensors((1, {"a": [1.0, 2.0]})))
    total = single(tf.data.Dataset.range(5).batch(5))
    return Case([([pair, total], None)], show=[total])


@program
def dataset_dense_to_sparse(tf):
    dataset = tf.data.Dataset.range(1, 6).map(lambda x: tf.fill([x], x)).apply(
        tf.data.experimental.dense_to_sparse_batch(2, [6]))
    return Case(elements(tf, dataset, 3)[1], show=[dataset])


@program
def dataset_group_by_reducer(tf):
    reducer = tf.data.experimental.Reducer(lambda key: np.int64(0), lambda s, x: s + x, lambda s: s * 10)
    dataset = tf.data.Dataset.range(7).apply(tf.data.experimental.group_by_reducer(lambda x: x % 2, reducer))
    return Case(elements(tf, dataset, 2)[1], show=[dataset])


@program
def iterator_with_optional_elements(tf):
    iterator = tf.data.Dataset.range(2).make_initializable_iterator()
    optional = tf.data.experimental.get_next_as_optional(iterator)
    there, value = optional.has_value(), optional.get_value()
    made = tf.data.experimental.Optional.from_value((1, "a"))
    none = tf.data.experimental.Optional.none_from_structure(made.value_structure)
    return Case([(iterator.initializer, None), ([there, value], None), ([there, value], None), (there, None),
                 ([made.get_value(), made.has_value(), none.has_value()], None)],
                show=[optional.value_structure, made.value_structure])


@program
def iterator_in_a_checkpoint(tf):
    iterator = tf.data.Dataset.range(5).make_initializable_iterator()
    saveable = tf.data.experimental.make_saveable_from_iterator(iterator)
    tf.train.Saver([saveable])
    return Case(show=[saveable.name, saveable.specs[0].name, saveable.specs[0].dtype],
                facts={"slice": saveable.specs[0].slice_spec})


@program
def dataset_of_csv_files(tf):
    first = tf.data.experimental.CsvDataset("x.csv", [tf.constant([7], tf.int32), tf.float32, "none"], header=True)
    second = tf.data.experimental.CsvDataset(["x.csv", "y.csv"], [tf.string], select_cols=[1], buffer_size=100,
                                             field_delim=";", na_value="NA", compression_type="GZIP")
    third = tf.data.experimental.SqlDataset("sqlite", "x.db", "select a, b from t", (tf.string, tf.int32))
    return Case(show=[first, second, third])


@program
def rejection_resample(tf):
    """Classes in other proportions: known ones, estimated ones, and where nothing has to be left out."""
    found = []
    for options in ({"initial_dist": [.5, .5]}, {"initial_dist": [.8, .2]}, {}):
        with tf.Graph().as_default():
            tf.set_random_seed(5)
            data = tf.data.Dataset.from_tensor_slices(np.arange(60)).apply(tf.data.experimental.rejection_resample(
                lambda x: tf.cast(tf.equal(x % 3, 0), tf.int32), [.5, .5] if options else [.4, .6], seed=3, **options))
            following = data.make_one_shot_iterator().get_next()
            with tf.Session() as session:
                for _ in range(40):
                    found.append([int(value) for value in session.run(following)])
    return Case(facts={"values": found})


@program
def filtered_elements_counted(tf):
    experimental = tf.data.experimental
    numbers = tf.data.Dataset.range(10)
    chains = [lambda: numbers.filter(lambda x: tf.equal(x % 3, 0)),
              lambda: numbers.map(lambda x: x + 1).filter(lambda x: tf.equal(x % 3, 0)).map(lambda x: x),
              lambda: numbers.filter(lambda x: x > 4).filter(lambda x: x < 9)]
    came = []
    with tf.Session() as session:
        for chain in chains:
            for rewritten in (True, False):
                options = tf.data.Options()
                options.experimental_stats.aggregator = aggregator = experimental.StatsAggregator()
                options.experimental_optimization.apply_default_optimizations = rewritten
                iterator = tf.compat.v1.data.make_initializable_iterator(chain().with_options(options))
                element, summary = iterator.get_next(), aggregator.get_summary()
                session.run(iterator.initializer)
                for _ in range(3):
                    session.run(element)
                    told = tf.Summary.FromString(session.run(summary)).value
                    came.append(sorted([value.tag.split("_dataset")[0], value.simple_value] for value in told))
    return Case(facts={"came": came})
