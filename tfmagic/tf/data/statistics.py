"""`tf.data.experimental.StatsAggregator`: what collects statistics of data sets."""

from __future__ import annotations

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw


@export("data.experimental.StatsAggregator")
class StatsAggregatorV1:
    """Collects statistics of the data sets whose options name it; a run of its summary tells them."""

    def __init__(self) -> None:
        self._resource = raw.stats_aggregator_handle()

    def get_summary(self) -> Tensor:
        """A string scalar: a serialized `tf.Summary` of what was collected so far."""
        return raw.stats_aggregator_summary(self._resource)
