"""`tf.data.experimental.rejection_resample`: classes of examples in other proportions, by leaving some out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.data.dataset import DatasetV2
from tfmagic.tf.data.dataset_v1 import DatasetV1
from tfmagic.tf.data.experimental.grouping import scan
from tfmagic.tf.data.experimental.interleaving import sample_from_datasets

# Examples that tell the proportions at a time, and how many of each class are taken to have been seen before.
_AT_A_TIME, _SEEN_BEFORE = 32, 10
_AHEAD = 3


@export("data.experimental.rejection_resample")
def rejection_resample(class_func: Callable[..., Any], target_dist: Any, initial_dist: Any = None,
                       seed: Any = None) -> Callable[[DatasetV2], DatasetV2]:
    """Examples with their classes, in proportions that are wanted.

    Args:
      class_func: takes an element, returns its class: an int32 scalar from 0 on.
      target_dist: the proportions of the classes that are wanted: floats [classes].
      initial_dist: those that the dataset has; by default they are estimated from the elements as they come.
      seed: of the choice.

    Returns:
      A transformation, for `Dataset.apply`, whose elements are pairs of a class and an element.
    """

    def transform(dataset: DatasetV2) -> DatasetV2:
        target = convert_to_tensor(target_dist, name="target_dist")
        classes = dataset.map(class_func)
        if initial_dist is not None:
            initial = convert_to_tensor(initial_dist, name="initial_dist")
            accepted, original = _chances(initial, target)
            initials = DatasetV1.from_tensors(initial).repeat()
            chances = DatasetV1.from_tensors(accepted).repeat()
            originals = DatasetV1.from_tensors(original).repeat()
            known = _least(constant_value(initial), constant_value(target))
        else:
            initials, known = _estimated(target, classes), None
            both = initials.map(lambda initial: _chances(initial, target))
            chances = both.map(lambda accepted, original: accepted)
            originals = both.map(lambda accepted, original: original)
        kept = _kept(dataset, chances, initials, classes, seed).prefetch(_AHEAD)
        if known == 0:
            return kept
        all_of_them = DatasetV1.zip((classes, dataset))
        if known == 1:
            return all_of_them
        weights = originals.map(lambda original: ((original, 1 - original),))
        return sample_from_datasets([all_of_them, kept], weights=weights, seed=seed)

    return transform


def _least(initial: Any, target: Any) -> Any:
    """How often an example is taken without asking, where that is known."""
    return None if initial is None or target is None else np.min(target / initial)


def _chances(initial: Any, target: Any) -> tuple[Any, Any]:
    """How likely an example of each class is accepted, and how often one is taken without asking."""
    smallest = np.finfo(initial.dtype.as_numpy_dtype).tiny
    ratio = target / (initial + smallest)
    most, least = api.reduce_max(ratio), api.reduce_min(ratio)
    return (ratio - least) / (most - least), least


def _estimated(target: Any, classes: DatasetV2) -> DatasetV2:
    """The proportions of classes, of each element as far as they were known then."""
    count = target.shape.dims[0].value or api.shape(target)[0]

    def update_estimate_and_tile(seen: Any, some: Any) -> Any:
        seen = api.add(seen, api.reduce_sum(api.one_hot(some, count, dtype=dtypes.int64), 0))
        part = api.cast(api.truediv(seen, api.reduce_sum(seen)), target.dtype)
        return seen, api.tile(api.expand_dims(part, 0), [_AT_A_TIME, 1])

    seen = api.fill([count], np.int64(_SEEN_BEFORE))
    return classes.batch(_AT_A_TIME).apply(scan(seen, update_estimate_and_tile)).unbatch()


def _kept(dataset: DatasetV2, chances: DatasetV2, initials: DatasetV2, classes: DatasetV2, seed: Any) -> DatasetV2:
    """The examples that are accepted, with their classes."""

    def maybe_warn_on_large_rejection(accepted: Any, initial: Any) -> Any:
        rejected = api.reduce_sum((1 - accepted) * initial)
        return api.cond(api.less(rejected, 0.5), lambda: accepted, lambda: api.Print(
            accepted, [rejected, initial, accepted], message="Proportion of examples rejected by sampler is high: ",
            summarize=100, first_n=10))

    def _gather_and_copy(kind: Any, accepted: Any, data: Any) -> Any:
        return kind, api.gather(accepted, kind), data

    chances = DatasetV1.zip((chances, initials)).map(maybe_warn_on_large_rejection)
    together = DatasetV1.zip((classes, chances, dataset)).map(_gather_and_copy)
    return together.filter(lambda kind, chance, data: api.random_uniform([], seed=seed) < chance).map(
        lambda kind, chance, data: (kind, data))
