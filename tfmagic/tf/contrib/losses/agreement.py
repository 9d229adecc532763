"""How much two clusterings have in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def _table(labels: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    """How many elements each pair of a label and a cluster has."""
    rows, columns = (np.unique(one, return_inverse=True)[1].reshape(-1) for one in (labels, clusters))
    table = np.zeros([rows.max(initial=-1) + 1, columns.max(initial=-1) + 1])
    np.add.at(table, (rows, columns), 1)
    return table


def _entropy(counts: np.ndarray) -> float:
    shares = counts[counts > 0] / counts.sum()
    return float(-np.sum(shares * np.log(shares)))


def _information(table: np.ndarray) -> float:
    """What one clustering tells of the other."""
    total = table.sum()
    shares = table[table > 0] / total
    apart = np.outer(table.sum(1), table.sum(0))[table > 0] / total ** 2
    return float(np.sum(shares * np.log(shares / apart)))


def mutual_information(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The mutual information, by the geometric mean of both entropies."""
    table = _table(labels, clusters)
    if table.shape in ((1, 1), (0, 0)):
        return 1.0
    information = _information(table)
    scale = np.sqrt(_entropy(table.sum(1)) * _entropy(table.sum(0)))
    return float(information / max(scale, 1e-10))


def v_measure(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The harmonic mean of how pure clusters are and how whole labels stay."""
    table = _table(labels, clusters)
    if not table.size:
        return 1.0
    information = _information(table)
    shares = [information / entropy if entropy else 1.0 for entropy in (_entropy(table.sum(1)), _entropy(table.sum(0)))]
    return 2 * shares[0] * shares[1] / sum(shares) if sum(shares) else 0.0


def rand_index(labels: np.ndarray, clusters: np.ndarray) -> float:
    """The share of pairs on which both agree, less what chance gives."""
    table = _table(labels, clusters)
    size = table.sum()
    kinds = table.shape
    if kinds in ((1, 1), (0, 0)) or kinds == (size, size):
        return 1.0
    both, of_labels, of_clusters = (np.sum(counts * (counts - 1)) / 2
                                    for counts in (table, table.sum(1), table.sum(0)))
    chance = of_labels * of_clusters / (size * (size - 1) / 2)
    return float((both - chance) / ((of_labels + of_clusters) / 2 - chance))


def agreement(kind: str) -> Callable[[np.ndarray, np.ndarray], float]:
    """A measure by its name: "nmi", "ari", "vmeasure", or "ami" where scikit-learn is there.

    Raises:
      ValueError: there is none of that name.
      ImportError: scikit-learn is not installed.
    """
    if kind == "ami":
        try:
            from sklearn.metrics import adjusted_mutual_info_score
        except ImportError:
            raise ImportError('Cluster loss depends on sklearn.\n'
                              'pip install scikit-learn, or take margin_type="nmi".') from None
        return lambda labels, clusters: float(adjusted_mutual_info_score(labels, clusters, average_method="max"))
    if kind not in _MEASURES:
        raise ValueError(f"Unrecognized margin_type: {kind}")
    return _MEASURES[kind]


_MEASURES = {"nmi": mutual_information, "ari": rand_index, "vmeasure": v_measure}
