"""Data sets whose elements, functions or numbers are wrong: what the next elements are after an error."""

from . import Case, program
from .refused import outcome


def given(tf, dataset, count):
    """The next elements, or the words of their errors."""
    iterator = tf.compat.v1.data.make_initializable_iterator(dataset)
    element = iterator.get_next()
    found = []
    with tf.compat.v1.Session() as session:
        session.run(iterator.initializer)
        for _ in range(count):
            try:
                found.append(session.run(element).tolist())
            except tf.errors.OpError as error:
                found.append(str(error.message.split("\n")[0].rpartition("}}")[2].strip()))
    return found


@program
def datasets_after_errors(tf):
    data, more = tf.data.Dataset, tf.data.experimental

    def inverse(x):
        return tf.debugging.check_numerics(tf.truediv(1.0, tf.cast(x, tf.float32)), "inverse")

    some = data.from_tensor_slices([1, 1, 1, 0, 1, 1, 0, 0, 1]).map(inverse)
    by_parity = more.group_by_window(lambda x: x % 2, lambda key, window: window.batch(key), 2)
    return Case(facts={
        "windows": given(tf, some.window(2).flat_map(lambda x: x), 8),
        "windows that overlap": given(tf, some.window(3, 1).flat_map(lambda x: x.batch(3)), 10),
        "windows with gaps": given(tf, some.window(2, 4, 2, True).flat_map(lambda x: x.batch(2)), 4),
        "interleaved": given(tf, data.range(3).interleave(lambda x: data.range(3).map(inverse), 2, 2), 10),
        "interleaved in parallel": given(
            tf, data.range(3).interleave(lambda x: data.range(3).map(inverse), 2, 2, 2), 10),
        "interleaved by a function that fails": given(
            tf, data.range(3).interleave(lambda x: data.from_tensors(inverse(x)), 2, 2), 5),
        "interleaved in parallel by one": given(
            tf, data.range(3).interleave(lambda x: data.from_tensors(inverse(x)).repeat(2), 2, 2, 2), 7),
        "interleaved beside": given(
            tf, data.range(4).apply(more.parallel_interleave(lambda x: data.range(3).map(inverse), 2, 2)), 13),
        "groups": given(tf, data.range(8).apply(by_parity), 8),
        "a sparse batch of scalars":
            given(tf, data.range(3).apply(more.dense_to_sparse_batch(2, [])).map(lambda x: x.values), 3),
    })


@program
def datasets_refused(tf):
    data, more = tf.data.Dataset, tf.data.experimental
    three = data.range(3)

    def first(transformation, dataset=three):
        return outcome(lambda: given(tf, dataset.apply(transformation), 1))

    def once(x):
        return data.from_tensors(x)

    scalars = tf.SparseTensor([[0]], [1], [3])
    return Case(facts={
        "reduce": outcome(lambda: three.reduce(0, lambda s, x: "a")),
        "zip": outcome(lambda: data.zip(())),
        "slices of nothing": outcome(lambda: data.from_tensor_slices(())),
        "several answers": outcome(lambda: three.filter(lambda x: (x > 0,))),
        "take_while": first(more.take_while(lambda x: x)),
        "key": first(more.group_by_window(lambda x: [x], lambda key, window: window, 2)),
        "key of another type": first(more.group_by_reducer(
            lambda x: tf.cast(x, tf.int32), more.Reducer(lambda k: k, lambda s, x: s, lambda s: s))),
        "window size": first(more.group_by_window(lambda x: x, lambda key, window: window, [2])),
        "state of two parts": first(more.scan(0, lambda s, x: ((s, s), s))),
        "interleaved beside": first(more.parallel_interleave(lambda x: x, 1)),
        "buffer of none": first(more.parallel_interleave(once, 1, buffer_output_elements=0)),
        "fewer than none ahead": first(more.parallel_interleave(once, 1, prefetch_input_elements=-1)),
        "never repeated": first(more.shuffle_and_repeat(3, 0, 5)),
        "batches of none": first(more.map_and_batch(lambda x: x, 0)),
        "several parts": first(more.dense_to_sparse_batch(2, [4]), data.zip((three, three))),
        "rows of another rank": first(more.dense_to_sparse_batch(2, [None])),
        "sparse elements once": first(more.unique(), data.from_tensors(scalars).map(lambda x: x)),
        "optional of no iterator": outcome(lambda: more.get_next_as_optional(3)),
        "classes": outcome(lambda: more.choose_from_datasets([data.range(2), data.from_tensors(
            tf.SparseTensor([[0]], tf.constant([1], tf.int64), [3]))], data.range(2))),
    })


@program
def datasets_of_kinds_of_tensors(tf):
    data, more = tf.data.Dataset, tf.data.experimental
    sparse = tf.SparseTensor([[0, 1], [2, 0]], [1, 2], [3, 3])
    datasets = [data.from_tensor_slices(sparse), data.from_tensors(sparse)]
    again = tf.SparseTensor([[0]], [1], [3])
    ragged = tf.compat.v1.ragged.constant_value([[1], [2, 3]])
    datasets.append(data.from_tensors({"a": ragged, "b": 1}))
    datasets.append(data.range(5).apply(more.rejection_resample(
        lambda x: tf.cast(x % 2, tf.int32), [0.5, 0.5], [0.3, 0.7], 3)))
    return Case(show=datasets, facts={
        "name": again.indices.name, "patterns": outcome(lambda: data.list_files([["a"]]))})
