"""k-means: clusters of points, with all of them at once or with a batch after the other."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import group
from tfmagic.ops.state.assign import assign, assign_sub
from tfmagic.ops.state.scatter import scatter_add
from tfmagic.tf.contrib.factorization.first_clusters import (
    KMC2_INIT,
    KMEANS_PLUS_PLUS_INIT,
    RANDOM_INIT,
    first_clusters,
)

SQUARED_EUCLIDEAN_DISTANCE = export("contrib.factorization.SQUARED_EUCLIDEAN_DISTANCE")("squared_euclidean")
COSINE_DISTANCE = export("contrib.factorization.COSINE_DISTANCE")("cosine")


@export("contrib.factorization.KMeans")
class KMeans:
    """The graph of k-means.

    Args:
      inputs: the points, float32 of shape [number, dimensions], or a list of such.
      num_clusters: how many clusters there are.
      initial_clusters: "random", "kmeans_plus_plus" or "kmc2"; a tensor of first centers; or a function of the inputs
        and of the number that gives some.
      distance_metric: "squared_euclidean" or "cosine".
      use_mini_batch: whether inputs are only some of all points.
      mini_batch_steps_per_iteration: after how many batches the centers are changed.
      random_seed: of the first centers.
      kmeans_plus_plus_num_retries: how often each center is drawn again.
      kmc2_chain_length: how many points are looked at for each center.

    Raises:
      ValueError: another distance, or, by `training_graph`, another way to begin.
    """

    def __init__(self, inputs: Any, num_clusters: Any, initial_clusters: Any = RANDOM_INIT,
                 distance_metric: str = SQUARED_EUCLIDEAN_DISTANCE, use_mini_batch: bool = False,
                 mini_batch_steps_per_iteration: int = 1, random_seed: int = 0,
                 kmeans_plus_plus_num_retries: int = 2, kmc2_chain_length: int = 200):
        if isinstance(initial_clusters, str) and initial_clusters not in (RANDOM_INIT, KMEANS_PLUS_PLUS_INIT,
                                                                          KMC2_INIT):
            raise ValueError(f"Unsupported initialization algorithm '{initial_clusters}'")
        if distance_metric not in (SQUARED_EUCLIDEAN_DISTANCE, COSINE_DISTANCE):
            raise ValueError(f"Unsupported distance metric '{distance_metric}'")
        self._inputs = inputs if isinstance(inputs, list) else [inputs]
        self._num_clusters = num_clusters
        self._initial_clusters = initial_clusters
        self._distance_metric = distance_metric
        self._use_mini_batch = use_mini_batch
        self._mini_batch_steps_per_iteration = int(mini_batch_steps_per_iteration)
        self._random_seed = random_seed
        self._kmeans_plus_plus_num_retries = kmeans_plus_plus_num_retries
        self._kmc2_chain_length = kmc2_chain_length

    def _unit_clusters(self) -> bool:
        """Whether the variable itself has centers of length 1."""
        return self._distance_metric == COSINE_DISTANCE and (
            not self._use_mini_batch or self._mini_batch_steps_per_iteration > 1)

    def _unit_rows(self, tensors: list[Any]) -> list[Any]:
        made = []
        for tensor in tensors:
            with get_default_graph().colocate_with(tensor.op, ignore_existing=True):
                made.append(api.nn.l2_normalize(tensor, axis=1))
        return made

    def _all_distances(self, inputs: list[Any], clusters: Any) -> list[Any]:
        """The distance of each point from each center."""
        made = []
        for points in inputs:
            with get_default_graph().colocate_with(points.op):
                if self._distance_metric == COSINE_DISTANCE:
                    made.append(1 - api.matmul(points, clusters, transpose_b=True))
                    continue
                squares = api.reduce_sum(api.square(points), 1, keepdims=True)
                nearer = squares - 2 * api.matmul(points, clusters, transpose_b=True)
                made.append(nearer + api.transpose(api.reduce_sum(api.square(clusters), 1, keepdims=True)))
        return made

    def _nearest(self, inputs: list[Any], clusters: Any) -> list[tuple[Any, Any, Any]]:
        """For each input: all distances, the number of the nearest center, and its distance."""
        to_unit = self._distance_metric == COSINE_DISTANCE and not self._unit_clusters()
        if to_unit:
            clusters = api.nn.l2_normalize(clusters, axis=1)
        everything = self._all_distances(inputs, clusters)
        if to_unit:  # TensorFlow does so twice
            clusters, = self._unit_rows([clusters])
        made = []
        for points, distances in zip(inputs, everything):
            with get_default_graph().colocate_with(points.op):
                numbers, nearest = raw.nearest_neighbors(points, clusters, 1)
                if self._distance_metric == COSINE_DISTANCE:
                    nearest = nearest * 0.5
                nearest, numbers = api.squeeze(nearest, [-1]), api.squeeze(numbers, [-1])
                made.append((distances, numbers, nearest))
        return made

    def training_graph(self) -> tuple[Any, ...]:
        """Builds the graph.

        Returns:
          Distances of all points from all centers, numbers of the nearest centers, their distances (a tensor for each
          input); the variable that tells whether there are first centers; the operations that choose them, and that
          change the centers.
        """
        graph = get_default_graph()
        if isinstance(self._initial_clusters, str) or callable(self._initial_clusters):
            initial = self._initial_clusters
            count = api.convert_to_tensor(self._num_clusters)
        else:
            initial = api.convert_to_tensor(self._initial_clusters)
            count = api.shape(initial)[0]
        empty = api.constant([], dtype=dtypes.float32)
        clusters = api.Variable(empty, name="clusters", validate_shape=False)
        ready = api.Variable(False, name="initialized", dtype=dtypes.bool_)
        updated, steps_left, counts = clusters, None, None
        if self._use_mini_batch and self._mini_batch_steps_per_iteration > 1:
            updated = api.Variable(empty, name="clusters_updated", validate_shape=False)
            steps_left = api.Variable(self._mini_batch_steps_per_iteration, dtype=dtypes.int64,
                                      name="update_in_steps")
            counts = api.Variable(api.zeros([count], dtype=dtypes.int64))
        elif self._use_mini_batch:
            counts = api.Variable(api.ones([count], dtype=dtypes.int64))
        init = first_clusters(self._inputs, count, initial, self._distance_metric == COSINE_DISTANCE,
                              self._random_seed, self._kmeans_plus_plus_num_retries, self._kmc2_chain_length,
                              clusters, updated, ready)
        inputs = self._inputs
        if self._distance_metric == COSINE_DISTANCE:
            inputs = self._unit_rows(inputs)
        found = self._nearest(inputs, clusters)
        numbers = [each[1] for each in found]
        if self._use_mini_batch:
            sync = self._synchronized(steps_left, counts, clusters, updated)
            with graph.control_dependencies([sync]):
                update: Any = self._batch_update(inputs, numbers, updated, counts)
        else:
            update = self._full_update(inputs, count, numbers, clusters)
        return (*(tuple(column) for column in zip(*found)), ready, init, update)

    def _full_update(self, inputs: list[Any], count: Any, numbers: list[Any], clusters: Any) -> Any:
        """Each center as the mean of the points that are nearest to it."""
        little = api.constant(1e-6, dtype=inputs[0].dtype)
        sums, sizes = [], []
        for points, nearest in zip(inputs, numbers):
            with get_default_graph().colocate_with(points.op):
                sums.append(api.unsorted_segment_sum(points, nearest, count))
                ones = api.ones(api.reshape(api.shape(points)[0], [-1]))
                sizes.append(api.unsorted_segment_sum(api.reshape(ones, [-1, 1]), nearest, count))
        with get_default_graph().colocate_with(clusters.op):
            means = api.add_n(sums) / (api.add_n(sizes) + little)
            if self._unit_clusters():
                means = api.nn.l2_normalize(means, axis=1)
            return assign(clusters, means)

    def _synchronized(self, steps_left: Any, counts: Any, clusters: Any, updated: Any) -> Any:
        """Every so many batches the centers become those that batches have changed."""
        if steps_left is None:
            return api.no_op()
        graph = get_default_graph()

        def take_over() -> Any:
            with graph.control_dependencies([assign(steps_left, self._mini_batch_steps_per_iteration - 1)]):
                with graph.colocate_with(clusters.op, ignore_existing=True):
                    new = self._unit_rows([updated])[0] if self._unit_clusters() else updated
                    changed = assign(clusters, new)
                with graph.control_dependencies([changed]), graph.colocate_with(None, ignore_existing=True):
                    emptied = assign(counts, api.zeros_like(counts))
                    with graph.control_dependencies([emptied]):
                        return api.identity(steps_left)

        with graph.colocate_with(steps_left.op):
            return api.cond(steps_left <= 0, take_over, lambda: assign_sub(steps_left, 1))

    def _batch_update(self, inputs: list[Any], numbers: list[Any], updated: Any, counts: Any) -> Any:
        """Centers moved towards the points of a batch, the less the more points they have had."""
        graph = get_default_graph()
        updates = []
        for points, nearest in zip(inputs, numbers):
            with graph.colocate_with(points.op):
                seen, places = api.unique(api.reshape(nearest, [-1]))
                size = api.size(seen)
                with graph.colocate_with(counts.op, ignore_existing=True):
                    before = api.gather(counts, seen)
                with graph.colocate_with(updated.op, ignore_existing=True):
                    centers = api.gather(updated, seen)
                added = api.unsorted_segment_sum(api.ones_like(places, dtype=counts.dtype), places, size)
                step = api.unsorted_segment_sum(points, places, size)
                spread = api.concat([api.reshape(size, [1]),
                                     api.ones(api.reshape(api.rank(points) - 1, [1]), dtype=dtypes.int32)], 0)
                step -= api.cast(api.reshape(added, spread), points.dtype) * centers
                rate = api.reciprocal(api.cast(before + added, points.dtype))
                step *= api.reshape(rate, spread)
            updates += [scatter_add(counts, seen, added), scatter_add(updated, seen, step)]
        return group(*updates)
