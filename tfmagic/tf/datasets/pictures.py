"""`tf.keras.datasets` of pictures: MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tfmagic.base.export import export
from tfmagic.formats.datasets import fetch, keras, pickled
from tfmagic.formats.datasets import mnist as files

Pair = tuple[np.ndarray, np.ndarray]


@export("keras.datasets.mnist.load_data")
def load_mnist(path: str = "mnist.npz") -> tuple[Pair, Pair]:
    """Handwritten digits.

    Args:
      path: the file, relative to Keras' folder ~/.keras/datasets. Under its usual name it may also lie where
        `input_data.read_data_sets` finds it.

    Returns:
      `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 28, 28] and uint8 labels [n].

    Raises:
      URLError: it is nowhere and the web cannot be reached; it says what to do.
      DataLossError: a file is damaged.
    """
    npz = keras.find("mnist", keras.MNIST, path)
    arrays = None
    if npz is None and path == keras.MNIST.name:
        arrays = files.find(files.MNIST, fetch.of_keras(), _silent)
    return _pairs(arrays or pickled.read_npz(npz or keras.get("mnist", keras.MNIST, path),
                                             ("x_train", "y_train", "x_test", "y_test")))


@export("keras.datasets.fashion_mnist.load_data")
def load_fashion_mnist() -> tuple[Pair, Pair]:
    """Pictures of ten kinds of clothing, in the form of MNIST.

    Returns:
      `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 28, 28] and uint8 labels [n].

    Raises:
      URLError: it is nowhere and the web cannot be reached; it says what to do.
      DataLossError: a file is damaged.
    """
    return _pairs(files.read(files.FASHION, fetch.of_keras() / (files.FASHION.keras or ""), say=_silent))


@export("keras.datasets.cifar10.load_data")
def load_cifar10() -> tuple[Pair, Pair]:
    """Small colour pictures of ten kinds of things.

    Returns:
      `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 32, 32, 3] and uint8 labels [n, 1].

    Raises:
      URLError: it is nowhere and the web cannot be reached; it says what to do.
      DataLossError: a file is damaged.
    """
    folder = keras.get("cifar10", keras.CIFAR10)
    *train, test = [_batch(folder / member, "labels") for member in keras.CIFAR10.members]
    images, labels = (np.concatenate(parts) for parts in zip(*train, strict=True))
    return _pictures(images, labels.astype(np.uint8)), _pictures(test[0], test[1].astype(np.uint8))


@export("keras.datasets.cifar100.load_data")
def load_cifar100(label_mode: str = "fine") -> tuple[Pair, Pair]:
    """Small colour pictures of a hundred kinds of things.

    Args:
      label_mode: "fine" for the hundred kinds, "coarse" for the twenty groups of them.

    Returns:
      `(x_train, y_train), (x_test, y_test)`: uint8 images [n, 32, 32, 3] and int64 labels [n, 1].

    Raises:
      ValueError: another `label_mode`.
      URLError: it is nowhere and the web cannot be reached; it says what to do.
      DataLossError: a file is damaged.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError('`label_mode` must be one of `"fine"`, `"coarse"`.')
    folder = keras.get("cifar100", keras.CIFAR100)
    train, test = (_pictures(*_batch(folder / member, f"{label_mode}_labels")) for member in keras.CIFAR100.members)
    return train, test


def _batch(path: Path, labels: str) -> Pair:
    """The rows and labels of one of CIFAR's files."""
    content = pickled.read(path)
    return content["data"], np.array(content[labels], np.int64)


def _pictures(rows: np.ndarray, labels: np.ndarray) -> Pair:
    """Rows, colour by colour, as pictures whose pixels have three numbers each."""
    return rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels.reshape(-1, 1)


def _pairs(arrays: tuple[np.ndarray, ...]) -> tuple[Pair, Pair]:
    x_train, y_train, x_test, y_test = arrays
    return (x_train, y_train), (x_test, y_test)


def _silent(line: str) -> Any:
    """Keras does not say what it reads."""
