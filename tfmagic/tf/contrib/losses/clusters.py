"""A loss that asks of a clustering: the true one shall be better, by a margin, than the best false one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.summary.values import scalar
from tfmagic.tf.contrib.losses.agreement import agreement
from tfmagic.tf.contrib.losses.metric import distances_of

_REFINEMENTS = 5


@export("contrib.losses.metric_learning.cluster_loss")
def cluster_loss(labels: Any, embeddings: Any, margin_multiplier: float, enable_pam_finetuning: bool = True,
                 margin_type: str = "nmi", print_losses: bool = False) -> Tensor:
    """How much better than the true clusters, by the distances to their middles, the best others are that agree less.

    Args:
      labels: int32 [batch].
      embeddings: float32 [batch, n].
      margin_multiplier: how much disagreement with the labels counts.
      enable_pam_finetuning: whether the middles found are exchanged for better ones, five times.
      margin_type: how agreement is measured: "nmi", "ami" (with scikit-learn), "ari", "vmeasure"; or "const": 1 where
        all numbers are the same, which takes labels of int64.
      print_losses: whether each run prints the parts.

    Returns:
      A scalar.

    Raises:
      ValueError: there is no such measure.
      ImportError: "ami", and scikit-learn is not installed.
    """
    search = _Search(distances_of(embeddings), api.squeeze(labels), margin_multiplier, margin_type)
    everything = api.range(api.shape(embeddings)[0])
    chosen = search.greedy(everything)
    score = search.closeness(chosen)
    if enable_pam_finetuning:
        for _ in range(_REFINEMENTS):
            chosen = search.refined(chosen, search.assigned(chosen))
        score = search.closeness(chosen)
    agreement = search.agreement(search.assigned(chosen))
    truth = search.of_labels()
    loss = api.maximum(score + margin_multiplier * (1.0 - agreement) - truth, 0.0, name="clustering_loss")
    loss.set_shape([])
    if print_losses:
        loss = api.Print(loss, ["clustering_loss: ", loss, api.shape(loss)])
    # By TensorBoard's names: what shall grow, and what it is compared with.
    scalar("losses/score_pred", score)
    scalar("losses/" + margin_type, agreement)
    scalar("losses/score_gt", truth)
    return loss


def _exchanged(vector: Tensor, place: Any, value: Tensor) -> Tensor:
    """A vector with another value at one place."""
    before = api.slice(vector, begin=[0], size=[place])
    after = api.slice(vector, begin=[place + 1], size=[-1])
    return api.concat([before, [value], after], 0)


class _Search:
    """The nodes that look for middles of clusters among rows: those whose clusters are tight and not the labels'.

    Args:
      distances: [batch, batch].
      labels: [batch].
      margin: how much disagreement with the labels counts.
      measure: of agreement.
    """

    def __init__(self, distances: Tensor, labels: Tensor, margin: float, measure: str):
        self.distances, self.labels, self.margin, self.measure = distances, labels, margin, measure

    def _count(self) -> Tensor:
        return api.size(api.unique(self.labels)[0])

    def closeness(self, middles: Tensor) -> Tensor:
        """The negative sum of the rows' distances to the nearest middle."""
        return -1.0 * api.reduce_sum(api.reduce_min(api.gather(self.distances, middles), axis=0))

    def assigned(self, middles: Tensor) -> Tensor:
        """The cluster of each row: of the nearest middle, its own for a middle."""
        nearest = api.argmin(api.gather(self.distances, middles), axis=0)
        size = api.shape(self.distances)[0]
        is_middle = api.reduce_any(api.one_hot(middles, size, True, False, axis=-1), axis=0)
        own = api.one_hot(middles, size, api.constant(1, dtypes.int64), api.constant(0, dtypes.int64), axis=0)
        clusters = api.cast(api.range(api.shape(middles)[0]), dtypes.int64)
        own = api.reduce_sum(api.transpose(api.multiply(own, clusters)), axis=0)
        return api.where(is_middle, own, nearest)

    def agreement(self, clusters: Tensor) -> Tensor:
        """How much clusters have in common with the labels, from 0 to 1."""
        if self.measure == "const":
            alike = api.cast(api.equal(self.labels, clusters), dtypes.int32)
            score: Any = api.equal(api.reduce_sum(alike), api.shape(self.labels)[0])
        else:
            score = api.py_func(agreement(self.measure), [self.labels, clusters], [dtypes.float64], name=self.measure)
        score = api.cast(score, dtypes.float32)
        if self.measure in ("ami", "ari", "vmeasure"):  # less than chance gives counts as that
            score = api.maximum(0.0, score)
        return api.squeeze(score)

    def _disagreements(self, first: Tensor, scores: Tensor, count: Tensor,
                       middles_with: Callable[[Tensor], Tensor]) -> Tensor:
        """1 less the agreement, for each of some candidates.

        Args:
          first: 0.
          scores: zeros, one for each.
          count: how many there are.
          middles_with: the middles with a candidate among them, by its number.
        """
        def step(number: Tensor, found: Tensor) -> tuple[Tensor, Tensor]:
            score = self.agreement(self.assigned(middles_with(number)))
            before = api.zeros([number])
            after = api.zeros([count - 1 - number])
            return number + 1, found + api.concat([before, [1.0 - score], after], 0)

        return api.while_loop(lambda number, _: number < count, step, [first, scores])[1]

    def _best(self, closeness: Tensor, first: Tensor, scores: Tensor, count: Tensor,
              middles_with: Callable[[Tensor], Tensor]) -> Tensor:
        """The number of the best candidate."""
        apart = self._disagreements(first, scores, count, middles_with)
        return api.cast(api.argmax(raw.add(closeness, self.margin * apart), axis=0), dtypes.int32)

    def greedy(self, everything: Tensor) -> Tensor:
        """As many middles as there are labels, each the best one beside those before."""
        count = self._count()
        nothing = api.constant(np.zeros([0], np.int32))

        def step(number: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
            candidates = api.setdiff1d(everything, chosen)[0]
            more = api.concat([chosen, [self._next(chosen, candidates)]], 0)
            return number + 1, more

        return api.while_loop(lambda number, _: number < count, step, [api.constant(0), nothing],
                              shape_invariants=[api.TensorShape([]), api.TensorShape([None])])[1]

    def _next(self, chosen: Tensor, candidates: Tensor) -> Tensor:
        count = api.shape(candidates)[0]
        of_chosen, of_candidates = (api.gather(self.distances, some) for some in (chosen, candidates))
        tiled = api.tile(of_chosen, [1, count])
        nearest = api.reduce_min(api.concat([tiled, api.reshape(of_candidates, [1, -1])], 0), axis=0, keepdims=True)
        closeness = -1.0 * api.reduce_sum(api.reshape(nearest, [count, -1]), axis=1)
        zeros = api.zeros([count])
        best = self._best(closeness, api.constant(0), zeros, count,
                          lambda number: api.concat([chosen, [candidates[number]]], 0))
        return candidates[best]

    def refined(self, chosen: Tensor, clusters: Tensor) -> Tensor:
        """For each cluster, the best of its rows as its middle."""
        count = self._count()

        def step(number: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
            chosen = self._with_better(chosen, number, api.where(api.equal(clusters, api.cast(number, dtypes.int64))))
            return number + 1, chosen

        return api.while_loop(lambda number, _: number < count, step, [api.constant(0), chosen])[1]

    def _within(self, rows: Tensor) -> Tensor:
        """The distances of some rows [m, 1] among themselves, [m, 1, 1, m]."""
        return api.transpose(api.gather(api.transpose(api.gather(self.distances, rows)), rows))

    def _with_better(self, chosen: Tensor, number: Tensor, rows: Tensor) -> Tensor:
        closeness = -1.0 * api.reduce_sum(api.squeeze(self._within(rows), [1, 2]), axis=0)

        def as_row(place: Tensor) -> Tensor:
            return api.squeeze(api.cast(rows[place], dtypes.int32))

        first, count = api.constant(0), api.size(rows)
        best = self._best(closeness, first, api.zeros([count]), count,
                          lambda place: _exchanged(chosen, number, as_row(place)))
        return _exchanged(chosen, number, as_row(best))

    def of_labels(self) -> Tensor:
        """The closeness of the labels' own clusters, each with its best middle."""
        values = api.unique(self.labels)[0]
        count = api.size(values)

        def step(number: Tensor, score: Tensor) -> tuple[Tensor, Tensor]:
            rows = api.where(api.equal(self.labels, values[number]))
            closeness = -1.0 * api.reduce_min(api.reduce_sum(self._within(rows), axis=0))
            return number + 1, score + closeness

        return api.while_loop(lambda number, _: number < count, step, [api.constant(0), api.constant(0.0)])[1]
