"""First centers of clusters: chosen as points come in, until there are enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.ops import api, raw
from tfmagic.ops.state.assign import assign

RANDOM_INIT = export("contrib.factorization.RANDOM_INIT")("random")
KMEANS_PLUS_PLUS_INIT = export("contrib.factorization.KMEANS_PLUS_PLUS_INIT")("kmeans_plus_plus")
KMC2_INIT = "kmc2"


def first_clusters(inputs: list[Any], count: Any, initial: Any, unit: bool, seed: int, retries: int, chain: int,
                   clusters: Any, updated: Any, ready: Any) -> Any:
    """The operation that chooses first centers; it is to be run again until it gives True.

    Args:
      inputs: points, a list of matrices.
      count: how many centers there are to be, a scalar.
      initial: how: a word, a tensor of centers, or a function of inputs and number.
      unit: whether centers have length 1.
      seed, retries, chain: of the random choices.
      clusters, updated, ready: the variables of the centers (twice, where batches change a copy), and of the answer.
    """
    size = api.shape(clusters)[0]
    missing = count - size
    present = api.add_n([api.shape(each)[0] for each in inputs])

    def put(values: Any) -> Any:
        changed = assign(clusters, values, validate_shape=False)
        return changed if updated is clusters else assign(updated, changed, validate_shape=False)

    def choose() -> Any:
        with get_default_graph().control_dependencies([api.assert_positive(missing)]):
            if isinstance(initial, str) and initial == KMC2_INIT:
                left = _by_chains(inputs[0], count, size, missing, seed, chain, clusters, put)
            else:
                chosen = _chosen(inputs, initial, missing, present, seed, retries)
                if unit:
                    chosen = api.nn.l2_normalize(chosen, axis=1)
                left = count - api.shape(put(api.cond(api.equal(size, 0), lambda: chosen,
                                                      lambda: api.concat([clusters, chosen], 0))))[0]
            return api.cond(api.equal(left, 0), lambda: assign(ready, True), api.no_op)

    return api.cond(api.equal(missing, 0), lambda: api.assert_equal(ready, True), choose)


def _chosen(inputs: list[Any], initial: Any, missing: Any, present: Any, seed: int, retries: int) -> Any:
    """Centers among the points that are there, at most as many as are missing."""
    if callable(initial):
        return initial(inputs, missing)
    if not isinstance(initial, str):
        with get_default_graph().control_dependencies([api.assert_equal(missing, api.shape(initial)[0])]):
            return initial
    if initial == RANDOM_INIT:
        def some() -> Any:
            rows = api.random_uniform(api.reshape(missing, [-1]), minval=0, maxval=api.cast(present, dtypes.int64),
                                      seed=seed, dtype=dtypes.int64)
            return api.nn.embedding_lookup(inputs, rows, partition_strategy="div")

        return api.cond(api.less_equal(present, missing), lambda: api.concat(inputs, 0), some)
    with get_default_graph().control_dependencies([api.assert_greater_equal(present, missing)]):
        return raw.kmeans_plus_plus_initialization(inputs[0], api.cast(missing, dtypes.int64), seed, retries)


def _by_chains(points: Any, count: Any, size: Any, missing: Any, seed: int, chain: int, clusters: Any,
               put: Callable[[Any], Any]) -> Any:
    """Centers that are the ends of Markov chains, each over `chain` points; gives how many are missing then."""
    chains = api.cast(api.shape(points)[0] / chain, dtypes.int32)
    wanted = api.maximum(api.minimum(missing, chains), 1)

    def next_center(i: Any) -> Any:
        start = i * chain
        some = points[start:start + chain]
        _, distances = raw.nearest_neighbors(some, clusters, 1)
        end = raw.kmc2_chain_initialization(api.squeeze(distances), seed)
        return api.concat([clusters, api.reshape(some[end], [1, -1])], 0)

    def step(i: Any, _: Any) -> tuple[Any, Any]:
        changed = put(api.cond(api.equal(size, 0), lambda: api.reshape(points[0], [1, -1]), lambda: next_center(i)))
        return i + 1, count - api.shape(changed)[0]

    return api.while_loop(lambda i, _: api.less(i, wanted), step, [0, 0])[1]
