"""Records how TensorFlow 1.15's MNIST reader reads, splits and shuffles into mnist.json, which the tests compare with.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record_mnist.py
What runs under it is written in the common subset of Python 2.7 and 3.
"""

from __future__ import print_function

import gzip
import json
import os
import shutil
import struct
import tempfile
import zlib

import numpy as np


def write_files(folder, train=60, test=10):
    """Small files in MNIST's form, of random bytes."""
    random = np.random.RandomState(0)
    for part, count in (("train", train), ("t10k", test)):
        images = random.randint(0, 256, (count, 28, 28)).astype("u1")
        labels = random.randint(0, 10, count).astype("u1")
        pack(os.path.join(folder, part + "-images-idx3-ubyte.gz"), struct.pack(">4i", 2051, count, 28, 28), images)
        pack(os.path.join(folder, part + "-labels-idx1-ubyte.gz"), struct.pack(">2i", 2049, count), labels)


def pack(path, header, array):
    """Writes an IDX file."""
    with gzip.open(path, "wb") as file:
        file.write(header + array.tobytes())


def seen(array):
    """What is compared of an array."""
    array = np.ascontiguousarray(array)
    return [str(array.dtype), list(array.shape), zlib.crc32(array.tobytes()) & 0xffffffff]


def refused(function, folder):
    """The class and the text of an error."""
    try:
        function()
    except (ValueError, TypeError, AssertionError) as error:
        return [type(error).__name__, str(error).replace(folder + os.sep, "")]


def on_file(function, path):
    """Calls a function with an open file."""
    with open(path, "rb") as file:
        return function(file)


def text_of(record):
    """The record as it is stored."""
    return json.dumps(record, indent=1, sort_keys=True, separators=(",", ": ")) + "\n"


def observe(tf, input_data, reader, folder):
    """Calls the reader in every way and returns what came of it, by name.

    Args:
      tf: TensorFlow, or what stands for it.
      input_data: its module of the tutorials.
      reader: its module of `contrib.learn`.
      folder: that of `write_files`.
    """
    def read(**options):
        return input_data.read_data_sets(folder, validation_size=options.pop("validation_size", 10), **options)

    def batches(data, sizes, **options):
        out = []
        for size in sizes:
            images, labels = data.next_batch(size, **options)
            out.append([seen(images), seen(labels), int(data.epochs_completed)])
        return out

    record = {}
    data = read(one_hot=True)
    record["fields"] = list(data._fields)
    record["split"] = [[part.num_examples, seen(part.images), seen(part.labels)] for part in data]
    data = read(seed=5)
    record["seeded"] = batches(data.train, [20, 20, 20, 50, 7])
    record["in order"] = batches(data.train, [30, 30, 30], shuffle=False)
    record["in order from the start"] = batches(read(seed=5).test, [4, 4, 4], shuffle=False)
    record["larger than an epoch"] = batches(read(seed=6).train, [120, 50, 3])
    tf.reset_default_graph()
    tf.set_random_seed(9)
    record["the graph's seed"] = batches(read(reshape=False).train, [20, 20, 20])
    record["numpy's stream afterwards"] = float(np.random.rand())
    record["uint8"] = seen(read(dtype=tf.uint8).train.images)
    fake = input_data.read_data_sets(folder, fake_data=True, one_hot=True)
    images, labels = fake.train.next_batch(2, fake_data=True)
    record["fake"] = [np.array(images).tolist() == np.ones([2, 784]).tolist(), labels, fake.test.num_examples]
    record["one hot"] = seen(reader.dense_to_one_hot(np.array([1, 2]), 3))
    with open(os.path.join(folder, "train-images-idx3-ubyte.gz"), "rb") as file:
        record["images"] = seen(reader.extract_images(file))
    with open(os.path.join(folder, "t10k-labels-idx1-ubyte.gz"), "rb") as file:
        record["labels"] = seen(reader.extract_labels(file, one_hot=True))
    record["errors"] = [
        refused(lambda: read(validation_size=100), folder),
        refused(lambda: read(dtype=tf.int32), folder),
        refused(lambda: on_file(reader.extract_images, os.path.join(folder, "t10k-labels-idx1-ubyte.gz")), folder),
        refused(lambda: on_file(reader.extract_labels, os.path.join(folder, "t10k-images-idx3-ubyte.gz")), folder),
        refused(lambda: reader.DataSet(np.zeros([3, 4, 4, 1]), np.zeros(4)), folder),
    ]
    return record


if __name__ == "__main__":
    from record import HERE, header, oracle, write

    tf = oracle()
    from tensorflow.contrib.learn.python.learn.datasets import mnist
    from tensorflow.examples.tutorials.mnist import input_data

    folder = tempfile.mkdtemp()
    try:
        write_files(folder)
        record = observe(tf, input_data, mnist, folder)
    finally:
        shutil.rmtree(folder)
    record["made by"] = header(tf)
    write(os.path.join(HERE, "data", "mnist.json"), text_of(record))
