"""Records how TensorFlow 1.15's tf.keras.datasets read small files into keras_data.json, which the tests compare with.

Run it with a Python that has TensorFlow 1.15:
    python tests/oracle/record_keras_data.py
What runs under it is written in the common subset of Python 2.7 and 3.
"""

from __future__ import print_function

import io
import os
import pickle
import shutil
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import record_mnist

BATCH = 10000  # what 1.15 takes for the size of CIFAR-10's files


def texts(random, count):
    """Lists of numbers, none of the same length as all others."""
    array = np.empty(count, object)
    array[:] = [[int(word) for word in random.randint(1, 20, length)] for length in random.randint(1, 12, count)]
    return array


def write_files(folder, batch=BATCH):
    """Small files in the form of each data set, of random numbers; those of CIFAR's training are `batch` zeros."""
    random = np.random.RandomState(0)
    digits = random.randint(0, 256, (7, 28, 28)).astype("u1")
    np.savez(os.path.join(folder, "mnist.npz"), x_train=digits[:5], y_train=np.arange(5, dtype="u1"),
             x_test=digits[5:], y_test=np.arange(2, dtype="u1"))
    np.savez(os.path.join(folder, "imdb.npz"), x_train=texts(random, 8), y_train=np.arange(8) % 2,
             x_test=texts(random, 5), y_test=np.arange(5) % 2)
    np.savez(os.path.join(folder, "reuters.npz"), x=texts(random, 11), y=np.arange(11))
    np.savez(os.path.join(folder, "boston_housing.npz"), x=random.rand(11, 3), y=np.arange(11.0))
    for name in ("imdb", "reuters"):
        with io.open(os.path.join(folder, name + "_word_index.json"), "w", encoding="utf-8") as file:
            file.write(u'{"the": 1, "na\\u00efve": 2}')
    os.mkdir(os.path.join(folder, "fashion-mnist"))
    record_mnist.write_files(os.path.join(folder, "fashion-mnist"), 6, 3)
    for place, members, labels in (
            ("cifar-10-batches-py", ["data_batch_%d" % n for n in range(1, 6)] + ["test_batch"], ["labels"]),
            ("cifar-100-python", ["train", "test"], ["fine_labels", "coarse_labels"])):
        os.mkdir(os.path.join(folder, place))
        for member in members:
            size = 3 if member.startswith("test") else batch
            rows = random.randint(0, 256, (3, 3072)).astype("u1") if size == 3 else np.zeros((size, 3072), "u1")
            content = {"data": rows}
            for key in labels:
                content[key] = [int(n) for n in random.randint(0, 10, 3)] if size == 3 else [0] * size
            with open(os.path.join(folder, place, member), "wb") as file:
                pickle.dump(content, file, 2)


def seen(array):
    """What is compared of an array."""
    return ["array", str(array.dtype), list(array.shape), array.tolist() if array.size < 200 else
            record_mnist.seen(array)]


def observe(datasets):
    """Loads every data set in every way, and returns what came of it, by call."""
    def pairs(function, *arguments, **options):
        np.random.seed(5)
        try:
            result = [[seen(array) for array in pair] for pair in function(*arguments, **options)]
        except (TypeError, ValueError, AssertionError) as error:
            result = [type(error).__name__, str(error) if "maxlen" not in options or "filter" in str(error) else ""]
        return [result, int(np.random.randint(1000))]

    ways = {"imdb": [{}, {"num_words": 10, "skip_top": 6, "maxlen": 8}, {"oov_char": None, "start_char": None,
                     "skip_top": 6}, {"index_from": None, "start_char": None, "num_words": 12}, {"maxlen": 1},
                     {"maxlen": 3}, {"nb_words": 7}, {"foo": 7}, {"start_char": 0, "maxlen": 6, "seed": 3}],
            "reuters": [{}, {"num_words": 10, "test_split": 0.5}, {"maxlen": 1}, {"nb_words": 9}, {"foo": 9},
                        {"maxlen": 4, "oov_char": None, "num_words": 15}, {"test_split": 0, "index_from": 0}],
            "boston_housing": [{}, {"test_split": 0}, {"test_split": 1}, {"seed": 3}], "mnist": [{}],
            "fashion_mnist": [{}]}
    found = {}
    for name in sorted(ways):
        for options in ways[name]:
            words = ", ".join("%s=%r" % item for item in sorted(options.items()))
            found["%s.load_data(%s)" % (name, words)] = pairs(getattr(datasets, name).load_data, **options)
    for name in ("imdb", "reuters"):
        found[name + ".get_word_index()"] = sorted(getattr(datasets, name).get_word_index().items())
    for name, modes in (("cifar10", [()]), ("cifar100", [(), ("coarse",)])):
        for arguments in modes:
            (x, y), test = getattr(datasets, name).load_data(*arguments)
            found[name + str(list(arguments))] = [str(x.dtype), str(y.dtype), y.ndim, [seen(array) for array in test]]
    found["cifar100.load_data(middle)"] = pairs(datasets.cifar100.load_data, "middle")
    return found


def main():
    import tensorflow as tf
    from tensorflow.python.keras.datasets import (
        boston_housing,
        cifar10,
        cifar100,
        fashion_mnist,
        imdb,
        mnist,
        reuters,
    )

    folder = tempfile.mkdtemp()
    try:
        write_files(folder)
        for module in (boston_housing, cifar10, cifar100, fashion_mnist, imdb, mnist, reuters):
            # It would fetch the real ones: these have other checksums.
            module.get_file = lambda name, cache_subdir="", **_: os.path.join(
                folder, cache_subdir.replace("datasets/", ""), name)
        record = observe(tf.keras.datasets)
    finally:
        shutil.rmtree(folder)
    record["made by"] = "TensorFlow " + tf.__version__
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "keras_data.json")
    with open(path, "w") as out:
        out.write(record_mnist.text_of(record))
    print("Wrote", path)


if __name__ == "__main__":
    main()
