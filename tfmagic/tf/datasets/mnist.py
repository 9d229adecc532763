"""`input_data.read_data_sets`: MNIST in batches, shuffled as TensorFlow 1.15 does it."""

from __future__ import annotations

import gzip
from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.formats.datasets import idx
from tfmagic.formats.datasets import mnist as files
from tfmagic.ops.random import seeds

MODULE = "tensorflow.contrib.learn.python.learn.datasets.mnist"
_PUBLIC = "contrib.learn.datasets"
DEFAULT_SOURCE_URL = export(f"{_PUBLIC}.mnist.DEFAULT_SOURCE_URL")(files.MNIST.url)
_OFFICIAL = "Please use alternatives such as official/mnist/dataset.py from tensorflow/models."

Dataset = namedtuple("Dataset", ["data", "target"])
Datasets = namedtuple("Datasets", ["train", "validation", "test"])
for _class in (Dataset, Datasets):
    export(f"{_PUBLIC}.base.{_class.__name__}")(_class)


@export(f"{_PUBLIC}.mnist.DataSet")
class DataSet:
    """Images with their labels, handed out in batches.

    Attributes:
      images: float32 in [0, 1] (or uint8 as they were), [n, pixels] or, with `reshape=False`, [n, height, width, 1].
      labels: uint8 [n], or float64 [n, classes] one-hot.
    """

    __module__ = MODULE

    @deprecated(None, _OFFICIAL, name="__init__", module=MODULE)
    def __init__(self, images: Any, labels: Any, fake_data: bool = False, one_hot: bool = False,
                 dtype: Any = dtypes.float32, reshape: bool = True, seed: int | None = None) -> None:
        """
        Args:
          images: an array [n, height, width, 1], uint8 or of values up to 255.
          labels: an array [n] or [n, classes].
          fake_data: hand out ones instead of reading anything.
          one_hot: whether fake labels are one-hot.
          dtype: uint8 or float32; float32 images are divided by 255.
          reshape: whether an image becomes one row.
          seed: of the shuffling; by default that of the graph, else a random one. NumPy's global stream is set to it.

        Raises:
          TypeError: another dtype.
        """
        graph_seed, op_seed = seeds.get_seed(seed)
        np.random.seed(graph_seed if seed is None else op_seed)
        dtype = dtypes.as_dtype(dtype).base_dtype
        if dtype not in (dtypes.uint8, dtypes.float32):
            raise TypeError(f"Invalid image dtype {dtype!r}, expected uint8 or float32")
        if fake_data:
            self._num_examples = 10000
            self.one_hot = one_hot
        else:
            assert images.shape[0] == labels.shape[0], f"images.shape: {images.shape} labels.shape: {labels.shape}"
            self._num_examples = images.shape[0]
            if reshape:
                assert images.shape[3] == 1
                images = images.reshape(images.shape[0], images.shape[1] * images.shape[2])
            if dtype == dtypes.float32:
                images = np.multiply(images.astype(np.float32), 1.0 / 255.0)
        self._images = images
        self._labels = labels
        self._epochs_completed = 0
        self._index_in_epoch = 0

    @property
    def images(self) -> Any:
        """All images, in their present order."""
        return self._images

    @property
    def labels(self) -> Any:
        """All labels, in the order of the images."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """How many there are."""
        return self._num_examples

    @property
    def epochs_completed(self) -> int:
        """How often all have been handed out."""
        return self._epochs_completed

    def next_batch(self, batch_size: int, fake_data: bool = False, shuffle: bool = True) -> tuple[Any, Any]:
        """The next images and their labels.

        Args:
          batch_size: how many; a batch across the end of an epoch takes the rest from the next.
          fake_data: hand out ones.
          shuffle: whether each epoch has a new order.
        """
        if fake_data:
            label: Any = [1] + [0] * 9 if self.one_hot else 0
            return [[1] * 784 for _ in range(batch_size)], [label for _ in range(batch_size)]
        start = self._index_in_epoch
        if self._epochs_completed == 0 and start == 0 and shuffle:
            self._shuffle()
        if start + batch_size <= self._num_examples:
            self._index_in_epoch += batch_size
            return self._images[start:self._index_in_epoch], self._labels[start:self._index_in_epoch]
        self._epochs_completed += 1
        left = self._num_examples - start
        images, labels = self._images[start:self._num_examples], self._labels[start:self._num_examples]
        if shuffle:
            self._shuffle()
        self._index_in_epoch = end = batch_size - left
        return (np.concatenate((images, self._images[:end]), axis=0),
                np.concatenate((labels, self._labels[:end]), axis=0))

    def _shuffle(self) -> None:
        order = np.arange(self._num_examples)
        np.random.shuffle(order)
        self._images = self.images[order]
        self._labels = self.labels[order]


@export(f"{_PUBLIC}.mnist.read_data_sets")
@deprecated(None, _OFFICIAL, module=MODULE)
def read_data_sets(train_dir: Any, fake_data: bool = False, one_hot: bool = False, dtype: Any = dtypes.float32,
                   reshape: bool = True, validation_size: int = 5000, seed: int | None = None,
                   source_url: str = DEFAULT_SOURCE_URL) -> Datasets:
    """Read MNIST, or another data set in its form, and split it.

    Args:
      train_dir: the folder that has the files; a download is put here. Where it has them not, the usual folders of
        torchvision, Keras and tfmagic are looked into first.
      fake_data: read nothing, hand out ones.
      one_hot: labels as float64 [n, 10] instead of uint8 [n].
      dtype: of the images: float32 in [0, 1], or uint8.
      reshape: [n, 784] instead of [n, 28, 28, 1].
      validation_size: how many of the training examples are set apart.
      seed: of the shuffling of batches.
      source_url: the folder of the web to fetch from.

    Returns:
      `train`, `validation` and `test`, each a `DataSet`.

    Raises:
      URLError: the files are nowhere and the web cannot be reached; it says what to do.
      DataLossError: a file is damaged.
      ValueError: there are fewer training examples than `validation_size`.
    """
    options = {"dtype": dtype, "reshape": reshape, "seed": seed}
    if fake_data:
        return Datasets(*(DataSet([], [], fake_data=True, one_hot=one_hot, dtype=dtype, seed=seed) for _ in range(3)))
    url = source_url or DEFAULT_SOURCE_URL  # an empty one says the same
    images, labels, test_images, test_labels = _arrays(train_dir, url, one_hot)
    if not 0 <= validation_size <= len(images):
        raise ValueError(f"Validation size should be between 0 and {len(images)}. Received: {validation_size}.")
    return Datasets(train=DataSet(images[validation_size:], labels[validation_size:], **options),
                    validation=DataSet(images[:validation_size], labels[:validation_size], **options),
                    test=DataSet(test_images, test_labels, **options))


def _arrays(folder: Any, url: str, one_hot: bool) -> tuple[np.ndarray, ...]:
    source = files.of_url(url)
    images, labels, test_images, test_labels = files.read(source, folder, None if source.name in files.SOURCES else url)
    if one_hot:
        labels, test_labels = _one_hot(labels, 10), _one_hot(test_labels, 10)
    return images[..., None], labels, test_images[..., None], test_labels


def _one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    table = np.zeros((labels.shape[0], classes))
    table.flat[np.arange(labels.shape[0]) * classes + labels.ravel()] = 1
    return table


@export(f"{_PUBLIC}.mnist.dense_to_one_hot")
@deprecated(None, "Please use tf.one_hot on tensors.", module=MODULE)
def dense_to_one_hot(labels_dense: np.ndarray, num_classes: int) -> np.ndarray:
    """Class numbers [n] as float64 rows [n, num_classes] with a one."""
    return _one_hot(labels_dense, num_classes)


@export(f"{_PUBLIC}.mnist.extract_images")
@deprecated(None, "Please use tf.data to implement this functionality.", module=MODULE)
def extract_images(f: Any) -> np.ndarray:
    """The images in an open packed file: uint8 [n, height, width, 1].

    Raises:
      ValueError: it holds something else.
    """
    return _extract(f, 3)[..., None]


@export(f"{_PUBLIC}.mnist.extract_labels")
@deprecated(None, "Please use tf.data to implement this functionality.", module=MODULE)
def extract_labels(f: Any, one_hot: bool = False, num_classes: int = 10) -> np.ndarray:
    """The labels in an open packed file: uint8 [n], or float64 [n, num_classes].

    Raises:
      ValueError: it holds something else.
    """
    labels = _extract(f, 1)
    return _one_hot(labels, num_classes) if one_hot else labels


def _extract(file: Any, rank: int) -> np.ndarray:
    print("Extracting", file.name)
    with gzip.open(file, "rb") as stream:
        return idx.parse(stream, rank, file.name)


@export(f"{_PUBLIC}.mnist.load_mnist")
@deprecated(None, _OFFICIAL, module=MODULE)
def load_mnist(train_dir: Any = "MNIST-data") -> Datasets:
    """MNIST from a folder, as `read_data_sets` reads it."""
    return read_data_sets(Path(train_dir))
