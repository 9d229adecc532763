"""Made-up pictures and texts in the form of Keras' data sets, always alike: what they show can be learned."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from tfmagic.formats.datasets import digits

WHAT = {"cifar10": "digits in colour", "cifar100": "digits in colour", "imdb": "reviews", "reuters": "newswires"}
_WORDS = 5000  # in the made-up language
_SIZES = {"cifar10": (50_000, 10_000), "cifar100": (50_000, 10_000), "imdb": (25_000, 25_000), "reuters": (11_228, 0)}
_TOPICS = {"imdb": 2, "reuters": 46}


def write(name: str, folder: Path) -> None:
    """Write a data set's files into a folder.

    Args:
      name: "cifar10", "cifar100", "imdb" or "reuters": whose form; there are as many examples as in that.
      folder: where to.
    """
    writers = {"cifar10": _write_cifar10, "cifar100": _write_cifar100, "imdb": _write_imdb, "reuters": _write_reuters}
    writers[name](folder)


def _write_cifar10(folder: Path) -> None:
    train, test = _SIZES["cifar10"]
    for part in range(6):
        images, labels = digits.make(test if part == 5 else train // 5, part)
        rows = _coloured(images, np.random.default_rng(part).integers(0, 10, len(labels)))
        _pickle(folder / "cifar-10-batches-py" / ("test_batch" if part == 5 else f"data_batch_{part + 1}"),
                {"data": rows, "labels": labels.tolist()})


def _write_cifar100(folder: Path) -> None:
    for seed, (part, count) in enumerate(zip(("train", "test"), _SIZES["cifar100"], strict=True)):
        images, labels = digits.make(count, seed)
        colours = np.random.default_rng(seed).integers(0, 10, count)
        fine = labels.astype(int) * 10 + colours
        _pickle(folder / "cifar-100-python" / part, {"data": _coloured(images, colours), "fine_labels": fine.tolist(),
                                                     "coarse_labels": (fine // 5).tolist()})


def _coloured(images: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Grey pictures [n, 28, 28] in one of ten colours each, as rows [n, 3 * 32 * 32]."""
    angle = colours[:, None] * (2 * np.pi / 10) + np.array([0, 2, 4]) * (np.pi / 3)
    ink = (0.55 + 0.45 * np.cos(angle)).astype(np.float32)
    wide = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    return (wide[:, None] * ink[:, :, None, None]).astype(np.uint8).reshape(len(images), 3 * 32 * 32)


def _pickle(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        pickle.dump(value, file, 2)


def _write_imdb(folder: Path) -> None:
    arrays: dict[str, Any] = {}
    for seed, (part, count) in enumerate(zip(("train", "test"), _SIZES["imdb"], strict=True)):
        arrays[f"x_{part}"], arrays[f"y_{part}"] = _texts(count, _TOPICS["imdb"], 120, seed)
    np.savez_compressed(folder / "imdb.npz", **arrays)
    _write_words(folder / "imdb_word_index.json")


def _write_reuters(folder: Path) -> None:
    x, y = _texts(sum(_SIZES["reuters"]), _TOPICS["reuters"], 80, 0)
    np.savez_compressed(folder / "reuters.npz", x=x, y=y)
    _write_words(folder / "reuters_word_index.json")


def _texts(count: int, topics: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Texts as lists of words, frequent words with small numbers, and their topics.

    Every eighth word is one of the hundred that only texts on this topic have.
    """
    random = np.random.default_rng(seed)
    labels = random.integers(0, topics, count)
    lengths = np.maximum(random.poisson(length, count), 1)
    total = int(lengths.sum())
    words = np.minimum((np.exp(random.random(total) * np.log(_WORDS)) + 0.5).astype(np.int64), _WORDS)
    topical = 100 + np.repeat(labels, lengths) + topics * random.integers(0, 100, total)
    words = np.where(random.random(total) < 1 / 8, np.minimum(topical, _WORDS), words)
    texts = np.empty(count, object)
    texts[:] = [text.tolist() for text in np.split(words, np.cumsum(lengths)[:-1])]
    return texts, labels.astype(np.int64)


def _write_words(path: Path) -> None:
    path.write_text(json.dumps({_word(number): number for number in range(1, _WORDS + 1)}), "utf-8")


def _word(number: int) -> str:
    """A word of the made-up language: another one for each number."""
    syllables = []
    while number:
        number, rest = divmod(number, 60)
        syllables.append("bdfgklmnprst"[rest // 5] + "aeiou"[rest % 5])
    return "".join(syllables)
