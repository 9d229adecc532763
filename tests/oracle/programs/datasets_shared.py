"""What data sets share: caches, makers of seeds and iterators without names; data sets of one of several workers."""

from __future__ import division

from . import Case, program
from .functions import internal
from .queues import Runs


def whole(tf, variant):
    """All elements of a data set of numbers as one tensor."""
    dataset = tf.data.experimental.from_variant(variant, tf.TensorSpec([], tf.int64))
    return tf.data.experimental.get_single_element(dataset.batch(99))


def numbers(tf, count):
    return tf.data.experimental.to_variant(tf.data.Dataset.range(count))


def joined(tf, first, second):
    return tf.raw_ops.ConcatenateDataset(input_dataset=first, another_dataset=second, output_types=[tf.int64],
                                         output_shapes=[[]])


@program
def dataset_cache_without_name(tf):
    ops = tf.raw_ops
    memory = ops.AnonymousMemoryCache()
    caches = [ops.CacheDatasetV2(input_dataset=numbers(tf, count), filename="", cache=memory.handle, output_types=[
        tf.int64], output_shapes=[[]]) for count in (5, 3)]
    found = whole(tf, joined(tf, *caches))
    with tf.control_dependencies([found]):
        delete = ops.DeleteMemoryCache(handle=memory.handle, deleter=memory.deleter)
    return Case([([found, delete], None)] * 2)


@program
def dataset_seeds_without_name(tf):
    ops = tf.raw_ops
    seeds = ops.AnonymousRandomSeedGenerator(seed=3, seed2=4)
    shuffled = [ops.ShuffleDatasetV2(input_dataset=numbers(tf, count), buffer_size=4, seed_generator=seeds.handle,
                                     output_types=[tf.int64], output_shapes=[[]]) for count in (8, 5)]
    found = whole(tf, joined(tf, *shuffled))
    with tf.control_dependencies([found]):
        delete = ops.DeleteRandomSeedGenerator(handle=seeds.handle, deleter=seeds.deleter)
    return Case([([found, delete], None)] * 2)


@program
def dataset_iterator_without_name(tf):
    ops = tf.raw_ops
    kind = {"output_types": [tf.int64], "output_shapes": [[]]}
    iterator = ops.AnonymousIteratorV2(**kind)
    with tf.control_dependencies([ops.MakeIterator(dataset=numbers(tf, 4), iterator=iterator.handle)]):
        first = ops.IteratorGetNext(iterator=iterator.handle, **kind)[0]
    with tf.control_dependencies([first]):
        second = ops.IteratorGetNext(iterator=iterator.handle, **kind)[0]
    with tf.control_dependencies([second]):
        delete = ops.DeleteIterator(handle=iterator.handle, deleter=iterator.deleter)
    return Case([([first, second, delete], None)] * 2)


@program
def dataset_of_one_of_several_workers(tf):
    kind = {"output_types": [tf.int64], "output_shapes": [[]]}
    dataset = tf.data.experimental.to_variant(tf.data.Dataset.range(7).map(lambda x: x * 10).repeat(2))
    return Case([([whole(tf, tf.raw_ops.AutoShardDataset(input_dataset=dataset, num_workers=3, index=index, **kind))
                   for index in range(3)], None)])


@program
def elements_for_several_devices(tf):
    iterators = internal(tf, "tensorflow.python.data.ops.multi_device_iterator_ops")
    run = Runs(tf)
    for given in ({}, {"prefetch_buffer_size": 0}, {"max_buffer_size": 5, "prefetch_buffer_size": 2},
                  {"prefetch_buffer_size": 3}):
        dataset = tf.data.Dataset.range(5).map(lambda x: {"x": x, "y": tf.as_string(x)})
        iterator = iterators.MultiDeviceIterator(dataset, ["/cpu:0", "/cpu:0"], **given)
        both, first = iterator.get_next(), iterator.get_next("/cpu:0")
        run(both)
        for _ in range(2):
            run(iterator.initializer)
            run(both)
            run(first)
        run(both)
        run(both)
    return run.case(spec=str(sorted(iterator.element_spec.items())))


@program
def elements_on_another_device(tf):
    run = Runs(tf)
    for number in range(3):
        dataset = tf.data.Dataset.range(4).map(lambda x: (x, tf.SparseTensor([[x]], [tf.as_string(x)], [5])))
        if number:
            dataset = dataset.repeat(2).apply(tf.data.experimental.copy_to_device("/cpu:0")).batch(3)
        else:
            dataset = dataset.apply(tf.data.experimental.prefetch_to_device("/cpu:0", 2))
        iterator = tf.compat.v1.data.make_initializable_iterator(dataset)
        number, words = iterator.get_next()
        for _ in range(2):
            run(iterator.initializer)
            run([number, words.values])
        for _ in range(4):
            run([number, words.values])
    return run.case(spec=str(iterator.element_spec))
