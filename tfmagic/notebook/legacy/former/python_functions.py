"""Arguments that functions of Python's library took up to 3.8 or 3.10, and do not take today."""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Set
from typing import Any

_sample, _shuffle, _loads, _load = random.sample, random.shuffle, json.loads, json.load


@functools.wraps(_sample)
def _sample_of_sets(population: Any, k: int, **kwargs: Any) -> list[Any]:
    return _sample(tuple(population) if isinstance(population, Set) else population, k, **kwargs)


@functools.wraps(_shuffle)
def _shuffle_by(x: Any, random: Callable[[], float] | None = None) -> None:
    if random is None:
        return _shuffle(x)
    for last in range(len(x) - 1, 0, -1):
        other = int(random() * (last + 1))
        x[last], x[other] = x[other], x[last]
    return None


@functools.wraps(_loads)
def _loads_with_encoding(s: Any, *, encoding: Any = None, **kwargs: Any) -> Any:
    return _loads(s, **kwargs)  # what was given never counted


@functools.wraps(_load)
def _load_with_encoding(fp: Any, *, encoding: Any = None, **kwargs: Any) -> Any:
    return _load(fp, **kwargs)


_NOW: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
    (random, "sample", _sample_of_sets),
    (random, "shuffle", _shuffle_by),
    (json, "loads", _loads_with_encoding),
    (json, "load", _load_with_encoding),
)


def take_former_arguments() -> Callable[[], None]:
    """Let `random.sample` take sets, `random.shuffle` its own source of numbers, and `json.load` an encoding.

    Returns:
      A function that takes it back.
    """
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in _NOW]
    for owner, name, function in _NOW:
        setattr(owner, name, function)

    def undo() -> None:
        for owner, name, function in before:
            setattr(owner, name, function)

    return undo
