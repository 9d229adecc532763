"""tf.contrib.learn.preprocessing: vocabularies, and what turns documents and categories into ids."""

from __future__ import annotations

import io
import math
import pickle
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.formats import gfile
from tfmagic.tf import pickling

_OLD = "Please use tensorflow/transform or tf.data."
TOKENIZER_RE = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z][a-z]+(?=[A-Z])|['\w\-]+", re.UNICODE)


@export("contrib.learn.preprocessing.CategoricalVocabulary")
class CategoricalVocabulary:
    """Ids of categories, given in the order in which they are first seen; 0 is the unknown one.

    Args:
      unknown_token: the category of the id 0.
      support_reverse: whether ids can be turned into categories again.
    """

    @deprecated(None, _OLD)
    def __init__(self, unknown_token: Any = "<UNK>", support_reverse: bool = True):
        self._unknown_token = unknown_token
        self._mapping: dict[Any, int] = {unknown_token: 0}
        self._support_reverse = support_reverse
        if support_reverse:
            self._reverse_mapping = [unknown_token]
        self._freq: dict[Any, int] = defaultdict(int)
        self._freeze = False

    def __len__(self) -> int:
        return len(self._mapping)

    def freeze(self, freeze: bool = True) -> None:
        """Whether new categories get no id of their own from now on."""
        self._freeze = freeze

    def get(self, category: Any) -> int:
        """The id of a category, a new one unless the vocabulary is frozen."""
        if category not in self._mapping:
            if self._freeze:
                return 0
            self._mapping[category] = len(self._mapping)
            if self._support_reverse:
                self._reverse_mapping.append(category)
        return self._mapping[category]

    def add(self, category: Any, count: int = 1) -> None:
        """Count a category, unless it is the unknown one."""
        if self.get(category) > 0:
            self._freq[category] += count

    def trim(self, min_frequency: int, max_frequency: int = -1) -> None:
        """Forget rare categories; those that stay are numbered again, the most frequent first.

        Args:
          min_frequency: categories counted no more often than this are forgotten.
          max_frequency: where it is positive, categories counted as often are forgotten too.
        """
        by_name = sorted(self._freq.items(), key=lambda item: (isinstance(item[0], str), item[0]))
        by_count = sorted(by_name, key=lambda item: item[1], reverse=True)
        kept = [category for category, count in by_count
                if count > min_frequency and (max_frequency <= 0 or count < max_frequency)]
        self._mapping = {category: index for index, category in enumerate([self._unknown_token, *kept])}
        if self._support_reverse:
            self._reverse_mapping = list(self._mapping)
        self._freq = defaultdict(int, by_count[:len(kept)])

    def reverse(self, class_id: int) -> Any:
        """The category of an id.

        Raises:
          ValueError: the vocabulary keeps none.
        """
        if not self._support_reverse:
            raise ValueError("This vocabulary wasn't initialized with support_reverse to support reverse() function.")
        return self._reverse_mapping[class_id]


@export("contrib.learn.preprocessing.tokenizer")
@deprecated(None, _OLD)
def tokenizer(iterator: Iterable[str]) -> Iterator[list[str]]:
    """The words of each document."""
    return (TOKENIZER_RE.findall(document) for document in iterator)


@export("contrib.learn.preprocessing.ByteProcessor")
class ByteProcessor:
    """Documents as arrays of bytes of one length, filled up with zeros."""

    @deprecated(None, _OLD, name="ByteProcessor")
    def __init__(self, max_document_length: int):
        self.max_document_length = max_document_length

    def fit(self, x: Any) -> None:
        """Nothing has to be learnt."""

    def fit_transform(self, x: Any) -> Iterator[np.ndarray]:
        """The bytes of each document."""
        return self.transform(x)

    def reverse(self, x: Iterable[Any]) -> Iterator[str]:
        """The documents of arrays of bytes; nothing for those that are no UTF-8."""
        for row in x:
            try:
                yield row.astype(np.uint8).tobytes().decode("utf-8").rstrip("\0")
            except UnicodeDecodeError:
                yield ""

    def transform(self, x: Iterable[Any]) -> Iterator[np.ndarray]:
        """The bytes of each document."""
        for document in x:
            data = document.encode("utf-8") if isinstance(document, str) else document
            row = np.frombuffer(data, np.uint8)[:self.max_document_length]
            yield np.pad(row, (0, self.max_document_length - len(row)), "constant")


class _Vocabularies(pickle.Unpickler):
    """Reads what `VocabularyProcessor.save` writes here and in TensorFlow, and makes nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """A class that a vocabulary is made of.

        Raises:
          UnpicklingError: any other object.
        """
        allowed = {"VocabularyProcessor": VocabularyProcessor, "CategoricalVocabulary": CategoricalVocabulary,
                   "tokenizer": tokenizer, "defaultdict": defaultdict, "int": int, "long": int, "object": object,
                   "_reconstructor": _reconstructed}
        if name in allowed and (module.startswith("tensorflow.contrib.learn.") or module in (
                "collections", "copy_reg", "copyreg", "__builtin__", "builtins")):
            return allowed[name]
        raise pickle.UnpicklingError(
            f"the vocabulary's file names {module}.{name}, which is not read from a file: a vocabulary with a "
            "tokenizer of its own is made anew, VocabularyProcessor(..., tokenizer_fn=...), and fitted")


def _reconstructed(cls: Any, base: Any, state: Any) -> Any:
    if cls not in (VocabularyProcessor, CategoricalVocabulary):
        raise pickle.UnpicklingError(f"the vocabulary's file asks for a {cls!r}")
    return object.__new__(cls)


@export("contrib.learn.preprocessing.VocabularyProcessor")
class VocabularyProcessor:
    """Documents as arrays of the ids of their words, all of one length.

    Args:
      max_document_length: how many words count; shorter documents are filled up with zeros.
      min_frequency: words that are counted no more often get no id.
      vocabulary: a `CategoricalVocabulary` to begin with.
      tokenizer_fn: gives the words of each of many documents.
    """

    @deprecated(None, _OLD)
    def __init__(self, max_document_length: int, min_frequency: int = 0,
                 vocabulary: CategoricalVocabulary | None = None,
                 tokenizer_fn: Callable[[Iterable[str]], Iterable[Iterable[str]]] | None = None):
        self.max_document_length, self.min_frequency = max_document_length, min_frequency
        self.vocabulary_ = vocabulary or CategoricalVocabulary()
        self._tokenizer = tokenizer_fn or tokenizer

    def fit(self, raw_documents: Iterable[str], unused_y: Any = None) -> VocabularyProcessor:
        """Learn the words, and none later."""
        for words in self._tokenizer(raw_documents):
            for word in words:
                self.vocabulary_.add(word)
        if self.min_frequency > 0:
            self.vocabulary_.trim(self.min_frequency)
        self.vocabulary_.freeze()
        return self

    def fit_transform(self, raw_documents: Iterable[str], unused_y: Any = None) -> Iterator[np.ndarray]:
        """Learn the words, and give the documents' ids."""
        self.fit(raw_documents)
        return self.transform(raw_documents)

    def transform(self, raw_documents: Iterable[str]) -> Iterator[np.ndarray]:
        """The ids of each document's words."""
        for words in self._tokenizer(raw_documents):
            ids = np.zeros(self.max_document_length, np.int64)
            for index, word in enumerate(words):
                if index >= self.max_document_length:
                    break
                ids[index] = self.vocabulary_.get(word)
            yield ids

    def reverse(self, documents: Iterable[Iterable[int]]) -> Iterator[str]:
        """The documents of ids, words joined by spaces."""
        for ids in documents:
            yield " ".join(self.vocabulary_.reverse(index) for index in ids)

    def save(self, filename: str) -> None:
        """Write the processor into a file that TensorFlow 1.15 reads too."""
        pickling.install()
        with gfile.GFile(filename, "wb") as file:
            file.write(pickle.dumps(self, protocol=2))

    @classmethod
    def restore(cls, filename: str) -> VocabularyProcessor:
        """Read a processor from a file; nothing in it is executed.

        Raises:
          UnpicklingError: the file holds something else.
        """
        with gfile.GFile(filename, "rb") as file:
            return _Vocabularies(io.BytesIO(file.read()), encoding="utf-8").load()


@export("contrib.learn.preprocessing.CategoricalProcessor")
class CategoricalProcessor:
    """Rows of categories as rows of ids.

    Args:
      min_frequency: categories counted no more often get no id.
      share: whether all columns have one vocabulary.
      vocabularies: those of the columns.
    """

    @deprecated(None, "Please use tensorflow/transform or tf.data for sequence processing.")
    def __init__(self, min_frequency: int = 0, share: bool = False,
                 vocabularies: list[CategoricalVocabulary] | None = None):
        self.min_frequency, self.share, self.vocabularies_ = min_frequency, share, vocabularies

    def freeze(self, freeze: bool = True) -> None:
        """Whether new categories get no id from now on."""
        for vocabulary in self.vocabularies_ or ():
            vocabulary.freeze(freeze)

    def fit(self, x: Iterable[Any], unused_y: Any = None) -> CategoricalProcessor:
        """Learn the categories of each column."""
        for row in _rows(x):
            if self.vocabularies_ is None:
                count = len(row)
                self.vocabularies_ = ([CategoricalVocabulary()] * count if self.share else
                                      [CategoricalVocabulary() for _ in range(count)])
            for index, value in enumerate(row):
                if not _missing(value):
                    self.vocabularies_[index].add(value)
        if self.min_frequency > 0:
            for vocabulary in self.vocabularies_ or ():
                vocabulary.trim(self.min_frequency)
        self.freeze()
        return self

    def fit_transform(self, x: Iterable[Any], unused_y: Any = None) -> Iterator[np.ndarray]:
        """Learn the categories, and give the ids of the rows."""
        self.fit(x)
        return self.transform(x)

    def transform(self, x: Iterable[Any]) -> Iterator[np.ndarray]:
        """The ids of each row's categories."""
        self.freeze()
        for row in _rows(x):
            ids = np.zeros(len(row), np.int64)
            for index, value in enumerate(row):
                if not _missing(value):
                    ids[index] = self.vocabularies_[index].get(value)  # type: ignore[index]
            yield ids


def _missing(value: Any) -> bool:
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _rows(x: Any) -> Iterable[Any]:
    return x.values if hasattr(x, "iterrows") else x  # a frame of pandas
