"""Small data sets that come with tfmagic as tables of numbers: Fisher's irises, the houses of Boston."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def iris() -> tuple[np.ndarray, np.ndarray]:
    """150 flowers: four measures of each, and its kind (0 to 2)."""
    table = _read("iris.csv")
    return table[:, :-1], table[:, -1].astype(np.int64)


def boston() -> tuple[np.ndarray, np.ndarray]:
    """506 districts: thirteen figures of each, and the price of a house there in 1,000 dollars."""
    table = _read("boston.csv")
    return table[:, :-1], table[:, -1].copy()


def _read(name: str) -> np.ndarray:
    return np.loadtxt(Path(__file__).with_name(name), delimiter=",")
