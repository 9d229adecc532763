"""`tf.keras.datasets` of texts (IMDB, Reuters), whose words are numbers, and the house prices of Boston."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.formats.datasets import keras, pickled, tables

Pair = tuple[np.ndarray, np.ndarray]


@export("keras.datasets.imdb.load_data")
def load_imdb(path: str = "imdb.npz", num_words: int | None = None, skip_top: int = 0, maxlen: int | None = None,
              seed: int = 113, start_char: int | None = 1, oov_char: int | None = 2, index_from: int | None = 3,
              **kwargs: Any) -> tuple[Pair, Pair]:
    """Reviews of films, good ones and bad ones.

    Args:
      path: the file, relative to Keras' folder ~/.keras/datasets.
      num_words: words from this number on are taken for unknown (default: from the largest that occurs).
      skip_top: so many of the most frequent words are taken for unknown.
      maxlen: texts that are not shorter are left out.
      seed: of the shuffling; NumPy's global stream is set to it.
      start_char: the number with which each text starts, or None.
      oov_char: the number of unknown words; with None they are left out.
      index_from: what is added to the number of each word.
      **kwargs: `nb_words`, the old name of `num_words`.

    Returns:
      `(x_train, y_train), (x_test, y_test)`: arrays [n] of lists of numbers, and int64 labels [n], 0 or 1.

    Raises:
      TypeError: another argument.
      ValueError: no text is shorter than `maxlen`.
      URLError: it is nowhere and the web cannot be reached; it says what to do.
      DataLossError: the file is damaged.
    """
    num_words = _renamed(num_words, kwargs)
    x_train, y_train, x_test, y_test = pickled.read_npz(keras.get("imdb", keras.IMDB, path),
                                                        ("x_train", "y_train", "x_test", "y_test"))
    np.random.seed(seed)
    x_train, y_train = _shuffled(x_train, y_train)
    x_test, y_test = _shuffled(x_test, y_test)
    texts, labels = _short([*x_train, *x_test], np.concatenate([y_train, y_test]), start_char, index_from, maxlen)
    if not texts:
        raise ValueError(f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was kept. "
                         "Increase maxlen.")
    texts = _known(texts, num_words, skip_top, oov_char)
    end = len(x_train)
    return (_array(texts[:end]), np.array(labels[:end])), (_array(texts[end:]), np.array(labels[end:]))


@export("keras.datasets.reuters.load_data")
def load_reuters(path: str = "reuters.npz", num_words: int | None = None, skip_top: int = 0, maxlen: int | None = None,
                 test_split: float = 0.2, seed: int = 113, start_char: int | None = 1, oov_char: int | None = 2,
                 index_from: int | None = 3, **kwargs: Any) -> tuple[Pair, Pair]:
    """Newswires on 46 topics.

    Args:
      path: the file, relative to Keras' folder ~/.keras/datasets.
      num_words: words from this number on are taken for unknown (default: from the largest that occurs).
      skip_top: so many of the most frequent words are taken for unknown.
      maxlen: texts that are not shorter are left out.
      test_split: the part of the texts that is set apart.
      seed: of the shuffling; NumPy's global stream is set to it.
      start_char: the number with which each text starts, or None.
      oov_char: the number of unknown words; with None they are left out.
      index_from: what is added to the number of each word.
      **kwargs: `nb_words`, the old name of `num_words`.

    Returns:
      `(x_train, y_train), (x_test, y_test)`: arrays [n] of lists of numbers, and int64 labels [n], 0 to 45.

    Raises:
      TypeError: another argument.
      ValueError: no text is shorter than `maxlen`.
      URLError: it is nowhere and the web cannot be reached; it says what to do.
      DataLossError: the file is damaged.
    """
    num_words = _renamed(num_words, kwargs)
    x, y = pickled.read_npz(keras.get("reuters", keras.REUTERS, path), ("x", "y"))
    np.random.seed(seed)
    texts, labels = _short(*_shuffled(x, y), start_char, index_from, maxlen)
    texts = _known(texts, num_words, skip_top, oov_char)
    end = int(len(texts) * (1 - test_split))
    return (_array(texts[:end]), np.array(labels[:end])), (_array(texts[end:]), np.array(labels[end:]))


@export("keras.datasets.imdb.get_word_index")
def imdb_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The number of each word of the reviews; `load_data` adds `index_from` to it.

    Args:
      path: the file, relative to Keras' folder ~/.keras/datasets.

    Raises:
      URLError: it is nowhere and the web cannot be reached; it says what to do.
    """
    return _words(keras.get("imdb", keras.IMDB_WORDS, path))


@export("keras.datasets.reuters.get_word_index")
def reuters_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The number of each word of the newswires; `load_data` adds `index_from` to it.

    Args:
      path: the file, relative to Keras' folder ~/.keras/datasets.

    Raises:
      URLError: it is nowhere and the web cannot be reached; it says what to do.
    """
    return _words(keras.get("reuters", keras.REUTERS_WORDS, path))


@export("keras.datasets.boston_housing.load_data")
def load_boston(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> tuple[Pair, Pair]:
    """The prices of houses in districts of Boston. They come with tfmagic where the file is not on this machine.

    Args:
      path: the file, relative to Keras' folder ~/.keras/datasets.
      test_split: the part that is set apart, 0 <= test_split < 1.
      seed: of the shuffling; NumPy's global stream is set to it.

    Returns:
      `(x_train, y_train), (x_test, y_test)`: float64 figures [n, 13] and prices [n].

    Raises:
      AssertionError: `test_split` is out of range.
      DataLossError: the file is damaged.
    """
    assert 0 <= test_split < 1
    found = keras.find("boston_housing", keras.BOSTON, path)
    if found is None and path != keras.BOSTON.name:
        found = keras.get("boston_housing", keras.BOSTON, path)
    x, y = tables.boston() if found is None else pickled.read_npz(found, ("x", "y"))
    np.random.seed(seed)
    x, y = _shuffled(x, y)
    end = int(len(x) * (1 - test_split))
    return (x[:end], y[:end]), (x[end:], y[end:])


def _renamed(num_words: int | None, arguments: dict[str, Any]) -> int | None:
    """`num_words`, which went by another name once."""
    if "nb_words" in arguments:
        tf_logging.warning("The `nb_words` argument in `load_data` has been renamed `num_words`.")
        num_words = arguments.pop("nb_words")
    if arguments:
        raise TypeError(f"Unrecognized keyword arguments: {arguments}")
    return num_words


def _shuffled(x: np.ndarray, y: np.ndarray) -> Pair:
    order = np.arange(len(x))
    np.random.shuffle(order)
    return x[order], y[order]


def _short(texts: Any, labels: np.ndarray, start: int | None, shift: int | None,
           limit: int | None) -> tuple[list[list[int]], Any]:
    """Texts with their start and their words' final numbers, and their labels: those that are short enough."""
    head = [] if start is None else [start]
    if start is not None or shift:
        texts = [[*head, *(word + (shift or 0) for word in text)] for text in texts]
    if not limit:
        return list(map(list, texts)), labels
    kept = [(list(text), label) for text, label in zip(texts, labels, strict=True) if len(text) < limit]
    return [text for text, _ in kept], [label for _, label in kept]


def _known(texts: list[list[int]], limit: int | None, skip: int, unknown: int | None) -> list[list[int]]:
    """Texts in which words that are too rare or too frequent have the number of unknown ones, or are left out."""
    limit = limit or max(max(text) for text in texts)
    if unknown is None:
        return [[word for word in text if skip <= word < limit] for text in texts]
    return [[word if skip <= word < limit else unknown for word in text] for text in texts]


def _array(texts: list[list[int]]) -> np.ndarray:
    """An array of lists; of numbers where all are of one length, as NumPy always took it."""
    if len({len(text) for text in texts}) < 2:
        return np.array(texts)
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def _words(path: Any) -> dict[str, int]:
    with open(path, encoding="utf-8") as file:
        index: dict[str, int] = json.load(file)
    return index
