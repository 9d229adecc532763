"""Refused by tf.data, while datasets are built and while they run."""

from __future__ import division

import numpy as np

from . import refused


def take_all(sess, element, count=1):
    for _ in range(count):
        sess.run(element)


@refused("End of sequence")
def dataset_ends(tf, sess):
    take_all(sess, tf.data.Dataset.range(2).make_one_shot_iterator().get_next(), 3)


@refused("GetNext() failed because the iterator has not been initialized")
def iterator_not_initialised(tf, sess):
    take_all(sess, tf.data.Dataset.range(2).make_initializable_iterator().get_next())


@refused("does not have an initializer")
def iterator_without_initialiser(tf, sess):
    tf.data.Dataset.range(2).make_one_shot_iterator().initializer.run()


@refused("Cannot batch tensors with different shapes in component 0")
def dataset_batch_of_different_shapes(tf, sess):
    dataset = tf.data.Dataset.range(1, 4).map(lambda x: tf.fill([x], x)).take(3).batch(2)
    take_all(sess, dataset.make_one_shot_iterator().get_next())


@refused("Cannot add tensor to the batch")
def dataset_map_and_batch_of_different_shapes(tf, sess):
    dataset = tf.data.Dataset.range(1, 4).map(lambda x: tf.fill([x], x)).batch(2)
    take_all(sess, dataset.make_one_shot_iterator().get_next())


@refused("Attempted to pad to a smaller size")
def dataset_padded_too_short(tf, sess):
    dataset = tf.data.Dataset.range(1, 4).map(lambda x: tf.fill([x], x)).padded_batch(3, [2])
    take_all(sess, dataset.make_one_shot_iterator().get_next())


@refused("Batch size must be greater than zero")
def dataset_batch_of_nothing(tf, sess):
    take_all(sess, tf.data.Dataset.range(2).batch(0).make_one_shot_iterator().get_next())


@refused("buffer_size must be greater than zero")
def dataset_shuffle_of_nothing(tf, sess):
    take_all(sess, tf.data.Dataset.range(2).shuffle(0).make_one_shot_iterator().get_next())


@refused("step must be a non-zero integer")
def dataset_range_without_step(tf, sess):
    take_all(sess, tf.data.Dataset.range(0, 4, 0).make_one_shot_iterator().get_next())


@refused("Index must be between 0 and 2")
def dataset_shard_beyond(tf, sess):
    take_all(sess, tf.data.Dataset.range(9).shard(3, 3).make_one_shot_iterator().get_next())


@refused("Window size must be greater than zero")
def dataset_window_of_nothing(tf, sess):
    take_all(sess, tf.data.Dataset.range(2).window(0).flat_map(lambda d: d).make_one_shot_iterator().get_next())


@refused("cycle_length must be greater than zero")
def dataset_interleave_of_nothing(tf, sess):
    dataset = tf.data.Dataset.range(2).interleave(lambda x: tf.data.Dataset.range(x), cycle_length=0)
    take_all(sess, dataset.make_one_shot_iterator().get_next())


@refused("Unsupported return value from function passed to Dataset.map()")
def dataset_map_to_nothing(tf, sess):
    tf.data.Dataset.range(2).map(lambda x: None)


@refused("must be convertible to a scalar boolean tensor")
def dataset_filter_by_numbers(tf, sess):
    tf.data.Dataset.range(2).filter(lambda x: x)


@refused("must return a `Dataset` object")
def dataset_flat_map_to_a_tensor(tf, sess):
    tf.data.Dataset.range(2).flat_map(lambda x: x)


@refused("nested structure of `Dataset` objects")
def dataset_zip_of_numbers(tf, sess):
    tf.data.Dataset.zip((tf.data.Dataset.range(2), 3))


@refused("do not support Python lists")
def dataset_zip_of_a_list(tf, sess):
    tf.data.Dataset.zip([tf.data.Dataset.range(2)])


@refused("have different types")
def dataset_concatenated_with_another_type(tf, sess):
    tf.data.Dataset.range(2).concatenate(tf.data.Dataset.from_tensors(1.0))


@refused("Invalid arguments to RangeDataset")
def dataset_range_of_nothing(tf, sess):
    tf.data.Dataset.range()


@refused("Dimensions 2 and 3 are not compatible")
def dataset_rows_of_different_number(tf, sess):
    tf.data.Dataset.from_tensor_slices(([1, 2], [1, 2, 3]))


@refused("insufficient rank for batching")
def dataset_rows_of_a_scalar(tf, sess):
    tf.data.Dataset.from_tensor_slices(3)


@refused("is not compatible with the corresponding input component shape")
def dataset_padded_to_another_rank(tf, sess):
    tf.data.Dataset.range(2).padded_batch(2, [3])


@refused("does not match output type")
def dataset_padded_with_another_type(tf, sess):
    tf.data.Dataset.range(2).padded_batch(2, [], padding_values=1.0)


@refused("`generator` must be callable")
def dataset_of_no_generator(tf, sess):
    tf.data.Dataset.from_generator([1, 2], tf.int32)


@refused("is only supported inside of tf.function")
def dataset_in_a_for_loop(tf, sess):
    for _ in tf.data.Dataset.range(2):
        pass


@refused("must return a Dataset")
def dataset_applied_to_a_number(tf, sess):
    tf.data.Dataset.range(2).apply(lambda d: 3)


@refused("Failed to create a one-shot iterator")
def dataset_of_a_variable_in_one_shot(tf, sess):
    v = tf.Variable(1.0, use_resource=True)
    tf.data.Dataset.range(2).map(lambda x: tf.cast(x, tf.float32) * v).make_one_shot_iterator()


@refused("don't have the same nested structure")
def iterator_made_from_another_structure(tf, sess):
    tf.data.Iterator.from_structure((tf.int64, tf.int64)).make_initializer(tf.data.Dataset.range(2))


@refused("Expected output types")
def iterator_made_from_another_type(tf, sess):
    tf.data.Iterator.from_structure(tf.float32).make_initializer(tf.data.Dataset.range(2))


@refused("Cannot set the property")
def dataset_unknown_option(tf, sess):
    tf.data.Options().nothing = 3


@refused("must be of type", python_words=True)
def dataset_option_of_another_type(tf, sess):
    tf.data.Options().experimental_deterministic = 3


@refused("Must pass either window_size or window_size_func")
def dataset_group_without_size(tf, sess):
    tf.data.experimental.group_by_window(lambda x: x, lambda key, d: d)


@refused("len(bucket_batch_sizes) must equal")
def dataset_buckets_that_do_not_fit(tf, sess):
    tf.data.experimental.bucket_by_sequence_length(lambda x: x, [1, 2], [1])


@refused("Dataset had more than one element")
def dataset_of_two_single_elements(tf, sess):
    sess.run(tf.data.experimental.get_single_element(tf.data.Dataset.range(2)))


@refused("Dataset was empty")
def dataset_of_no_single_element(tf, sess):
    sess.run(tf.data.experimental.get_single_element(tf.data.Dataset.range(0)))


@refused("bad : Tensor had Inf")
def dataset_map_that_fails(tf, sess):
    dataset = tf.data.Dataset.from_tensor_slices([1.0, 0.0]).map(lambda x: tf.check_numerics(1.0 / x, "bad"))
    take_all(sess, dataset.make_one_shot_iterator().get_next(), 2)


@refused("No such file or directory")
def dataset_of_a_file_that_is_not_there(tf, sess):
    take_all(sess, tf.data.TextLineDataset("no_such_file.txt").make_one_shot_iterator().get_next())


@refused("No files matched pattern")
def dataset_of_files_that_are_not_there(tf, sess):
    iterator = tf.data.Dataset.list_files("*.no_such_ending").make_initializable_iterator()
    sess.run(iterator.initializer)


@refused("yielded an element of shape")
def dataset_generator_of_another_shape(tf, sess):
    dataset = tf.data.Dataset.from_generator(lambda: iter([np.zeros(3)]), tf.float64, [2])
    take_all(sess, dataset.make_one_shot_iterator().get_next())
