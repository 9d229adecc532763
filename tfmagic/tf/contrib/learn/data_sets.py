"""tf.contrib.learn.datasets: small tables, files of numbers, DBpedia, and downloads."""

from __future__ import annotations

import csv
import functools
import os
import random
import shutil
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.formats import gfile
from tfmagic.formats.datasets import fetch, tables
from tfmagic.tf.contrib.learn import synthetic
from tfmagic.tf.datasets.mnist import Dataset, Datasets, load_mnist

_PUBLIC = "contrib.learn.datasets"
_PLAIN = "Use tf.data instead."
DBPEDIA_URL = export(f"{_PUBLIC}.text_datasets.DBPEDIA_URL")(
    "https://github.com/le-scientifique/torchDatasets/raw/master/dbpedia_csv.tar.gz")
_SECONDS = 20  # without an answer, then a server counts as out of reach


@export(f"{_PUBLIC}.base.load_csv_with_header")
@deprecated(None, _PLAIN)
def load_csv_with_header(filename: Any, target_dtype: Any, features_dtype: Any, target_column: int = -1) -> Dataset:
    """A table of numbers whose first line says how many rows and features it has."""
    with gfile.GFile(filename) as file:
        rows = csv.reader(file)
        count, width = (int(word) for word in next(rows)[:2])
        data, target = np.zeros((count, width), features_dtype), np.zeros((count,), target_dtype)
        for index, row in enumerate(rows):
            target[index] = np.asarray(row.pop(target_column), target_dtype)
            data[index] = np.asarray(row, features_dtype)
    return Dataset(data=data, target=target)


@export(f"{_PUBLIC}.base.load_csv_without_header")
@deprecated(None, _PLAIN)
def load_csv_without_header(filename: Any, target_dtype: Any, features_dtype: Any,
                            target_column: int = -1) -> Dataset:
    """A table of numbers."""
    data, target = [], []
    with gfile.GFile(filename) as file:
        for row in csv.reader(file):
            target.append(row.pop(target_column))
            data.append(np.asarray(row, features_dtype))
    return Dataset(data=np.array(data), target=np.array(target, target_dtype))


@export(f"{_PUBLIC}.base.shrink_csv")
@deprecated(None, _PLAIN)
def shrink_csv(filename: str, ratio: int) -> None:
    """Write every `ratio`th line of a file beside it, as `…_small.csv`."""
    with gfile.GFile(filename.replace(".", "_small."), "w") as small, gfile.GFile(filename) as whole:
        for index, line in enumerate(whole):
            if index % ratio == 0:
                small.write(line)


def _table(made: tuple[np.ndarray, np.ndarray]) -> Dataset:
    return Dataset(data=made[0], target=made[1])


@export(f"{_PUBLIC}.load_iris")
@deprecated(None, "Use scikits.learn.datasets.")
def load_iris(data_path: str | None = None) -> Dataset:
    """Fisher's irises, or a file like theirs: `data` float64 [150, 4], `target` int64 [150]."""
    return load_csv_with_header(data_path, int, float) if data_path else _table(tables.iris())


@export(f"{_PUBLIC}.load_boston")
@deprecated(None, "Use scikits.learn.datasets.")
def load_boston(data_path: str | None = None) -> Dataset:
    """Houses of Boston, or a file like theirs: `data` float64 [506, 13], `target` float64 [506]."""
    return load_csv_with_header(data_path, float, float) if data_path else _table(tables.boston())


@export(f"{_PUBLIC}.base.retry")
@deprecated(None, "Use the retry module or similar alternatives.")
def retry(initial_delay: float, max_delay: float, factor: float = 2.0, jitter: float = 0.25,
          is_retriable: Callable[[Exception], bool] | None = None) -> Callable[..., Any]:
    """A decorator: a failed call is made again, after ever longer waits.

    Args:
      initial_delay: the first wait in seconds.
      max_delay: the longest; a call that fails after it has failed.
      factor: by how much each wait is longer than the last.
      jitter: by which part of itself a wait is changed by chance.
      is_retriable: says of an error whether another call may help; by default of each.

    Raises:
      ValueError: a factor below 1, a jitter of 1 or more.
    """
    if factor < 1:
        raise ValueError(f"factor must be >= 1; was {factor:f}")
    if jitter >= 1:
        raise ValueError(f"jitter must be < 1; was {jitter:f}")

    def waits() -> Iterator[float]:
        delay = initial_delay
        while delay <= max_delay:
            yield delay * random.uniform(1 - jitter, 1 + jitter)
            delay *= factor

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped_fn(*args: Any, **kwargs: Any) -> Any:
            for wait in waits():
                try:
                    return function(*args, **kwargs)
                except Exception as error:
                    if is_retriable is not None and not is_retriable(error):
                        raise
                    time.sleep(wait)
            return function(*args, **kwargs)

        return wrapped_fn

    return decorate


@export(f"{_PUBLIC}.base.urlretrieve_with_retry")
@deprecated(None, "Please use urllib or similar directly.")
def wrapped_fn(url: str, filename: str | None = None) -> tuple[str, Any]:
    """Fetch a file of the web: where it is now, and the answer's headers."""
    if filename is None:
        handle, filename = tempfile.mkstemp()
        os.close(handle)
    with urllib.request.urlopen(url, timeout=_SECONDS) as answer, open(filename, "wb") as file:
        shutil.copyfileobj(answer, file)
        return filename, answer.headers


@export(f"{_PUBLIC}.base.maybe_download")
@deprecated(None, "Please write your own downloading logic.")
def maybe_download(filename: str, work_directory: str, source_url: str) -> str:
    """The path of a file in a folder; where it is not yet it is fetched."""
    gfile.make_dirs(work_directory)
    path = os.path.join(work_directory, filename)
    if not gfile.exists(path):
        with tempfile.TemporaryDirectory() as folder:
            fetched = os.path.join(folder, "fetched")
            wrapped_fn(source_url, fetched)
            gfile.copy(fetched, path)
        print("Successfully downloaded", filename, gfile.GFile(path, "rb").size(), "bytes.")
    return path


@export(f"{_PUBLIC}.text_datasets.maybe_download_dbpedia")
@deprecated(None, "See contrib/learn/README.md")
def maybe_download_dbpedia(data_dir: str) -> None:
    """Fetch DBpedia's articles into a folder, unless they are there."""
    folder = Path(data_dir)
    if (folder / "dbpedia_csv" / "train.csv").exists() and (folder / "dbpedia_csv" / "test.csv").exists():
        return
    archive = fetch.file(fetch.address("dbpedia", DBPEDIA_URL.rpartition("/")[0], "dbpedia_csv.tar.gz"),
                         folder / "dbpedia_csv.tar.gz", "md5", None,
                         f"Put train.csv and test.csv of {DBPEDIA_URL} into {folder / 'dbpedia_csv'}.")
    with tarfile.open(archive) as packed:
        fetch.unpack(packed, folder)


@export(f"{_PUBLIC}.text_datasets.load_dbpedia")
@deprecated(None, "See contrib/learn/README.md")
def load_dbpedia(size: str = "small", test_with_fake_data: bool = False) -> Datasets:
    """DBpedia's articles: title and text of each, and its class.

    Args:
      size: "small" takes every hundredth article.
      test_with_fake_data: hand out a few made-up articles instead.
    """
    if test_with_fake_data:
        return Datasets(train=_articles([("1", "Acme", "Acme makes anvils."), ("2", "Ada", "Ada writes programs.")]),
                        validation=None, test=_articles([("2", "Bo", "Bo tests them.")]))
    folder = os.path.join(os.getenv("TF_EXP_BASE_DIR", ""), "dbpedia_data")
    maybe_download_dbpedia(folder)
    parts = []
    for name in ("train", "test"):
        path = os.path.join(folder, "dbpedia_csv", f"{name}.csv")
        if size == "small":
            shrink_csv(path, 100)
            path = path.replace(".csv", "_small.csv")
        with gfile.GFile(path) as file:
            parts.append(_articles(csv.reader(file)))
    return Datasets(train=parts[0], validation=None, test=parts[1])


def _articles(rows: Any) -> Dataset:
    target, data = [], []
    for kind, *text in rows:
        target.append(kind)
        data.append(text)
    return Dataset(data=np.array(data), target=np.array(target, np.int32))


DATASETS: dict[str, Callable[..., Any]] = export(f"{_PUBLIC}.DATASETS")(
    {"iris": load_iris, "boston": load_boston, "mnist": load_mnist, "dbpedia": load_dbpedia})
SYNTHETIC: dict[str, Callable[..., Any]] = export(f"{_PUBLIC}.SYNTHETIC")(
    {"circles": synthetic.circles, "spirals": synthetic.spirals})


@export(f"{_PUBLIC}.load_dataset")
@deprecated(None, "Please use tf.data.")
def load_dataset(name: str, size: str = "small", test_with_fake_data: bool = False) -> Any:
    """One of `DATASETS`.

    Args:
      name: its name.
      size: how much of DBpedia is read.
      test_with_fake_data: whether DBpedia's articles are made up.

    Raises:
      ValueError: there is none of this name.
    """
    if name not in DATASETS:
        raise ValueError(f"Name of dataset is not found: {name}")
    return DATASETS[name](size, test_with_fake_data) if name == "dbpedia" else DATASETS[name]()


@export(f"{_PUBLIC}.make_dataset")
@deprecated(None, "Please use tf.data.")
def make_dataset(name: str, n_samples: int = 100, noise: float | None = None, seed: int | None = 42, *args: Any,
                 **kwargs: Any) -> Dataset:
    """One of `SYNTHETIC`.

    Raises:
      ValueError: there is none of this name.
    """
    if name not in SYNTHETIC:
        raise ValueError(f"Synthetic dataset not found or not implemeted: {name}")
    return SYNTHETIC[name](n_samples, noise, seed, *args, **kwargs)
