"""Samples of a stream of examples: some rejected, classes in given proportions, rows repeated by their weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.tf.train.moving_averages import assign_moving_average


def _single(tensors: Any, threads: int, capacity: int) -> list[Any]:
    """One example of many, through a queue."""
    batched = api.train.batch(tensors, batch_size=1, num_threads=threads, capacity=capacity, enqueue_many=True)
    return [api.squeeze(each, [0]) for each in batched]


@export("contrib.training.rejection_sample")
def rejection_sample(tensors: Any, accept_prob_fn: Callable[[Any], Any], batch_size: Any, queue_threads: int = 1,
                     enqueue_many: bool = False, prebatch_capacity: int = 16, prebatch_threads: int = 1,
                     runtime_checks: bool = False, name: str | None = None) -> Any:
    """Batches of the examples that a random number lets pass.

    Args:
      tensors: a list of tensors, an example.
      accept_prob_fn: a function of such a list that gives the probability with which it is taken, a scalar.
      batch_size: how many examples a batch has.
      queue_threads: how many threads fill the queue.
      enqueue_many: whether `tensors` are many examples, a row for each.
      prebatch_capacity, prebatch_threads: the queue and the threads that take many apart.
      runtime_checks: whether it is checked that probabilities lie in [0, 1].

    Returns:
      A list of tensors, with the batch in front.
    """
    with name_scope(name, "rejection_sample", [*tensors]):
        example = [api.convert_to_tensor(tensor) for tensor in tensors]
        if enqueue_many:
            example = _single(example, prebatch_threads, prebatch_capacity)
        probability = accept_prob_fn(example)
        if runtime_checks:
            checked = with_dependencies([api.assert_less_equal(0.0, probability),
                                         api.assert_less_equal(probability, 1.0)], probability)
            probability = api.identity(checked, name="prob_with_checks")
        taken = api.random_uniform([]) < probability
        return _taken(example, taken, batch_size, queue_threads)


def _taken(example: list[Any], keep: Any, size: Any, threads: int) -> list[Any]:
    batch = api.train.maybe_batch(example, keep_input=keep, batch_size=size, num_threads=threads)
    return batch if isinstance(batch, list) else [batch]


@export("contrib.training.stratified_sample")
def stratified_sample(tensors: Any, labels: Any, target_probs: Any, batch_size: Any, init_probs: Any = None,
                      enqueue_many: bool = False, queue_capacity: int = 16, threads_per_queue: int = 1,
                      name: str | None = None) -> tuple[list[Any], Any]:
    """Batches in which classes have given proportions, by rejecting examples of those that are too frequent.

    Args:
      tensors: a list of tensors, an example.
      labels: the class of the example, an integer.
      target_probs: the proportions wanted, a vector whose sum is 1.
      batch_size: how many examples a batch has.
      init_probs: the proportions in the stream; by default they are estimated.
      enqueue_many: whether `tensors` and `labels` are many examples, a row for each.
      queue_capacity, threads_per_queue: the queue and the threads that take many apart and fill batches.

    Returns:
      A list of tensors and the labels, with the batch in front.

    Raises:
      ValueError: the vectors of proportions do not have the same length.
      tf.errors.InvalidArgumentError: when run: proportions do not add up to 1, a label is out of range, or a class is
        wanted that the stream does not have.
    """
    with name_scope(name, "stratified_sample", [*tensors, labels]):
        example = [api.convert_to_tensor(tensor) for tensor in tensors]
        labels = api.convert_to_tensor(labels)
        target_probs = api.convert_to_tensor(target_probs, dtype=dtypes.float32)
        if not enqueue_many:
            example = [api.expand_dims(tensor, 0) for tensor in example]
            labels = api.expand_dims(labels, 0)
        if init_probs is None:
            init_probs = _estimated_proportions(labels, target_probs.get_shape().num_elements())
        else:
            init_probs = api.convert_to_tensor(init_probs, dtype=dtypes.float32)
        example, labels, (init_probs, target_probs) = _checked(example, labels, [init_probs, target_probs])
        accepted = _acceptance(init_probs, target_probs)
        *example, label = _single([*example, labels], threads_per_queue, queue_capacity)
        probability = api.gather(accepted, label)
        taken = api.random_uniform([]) < probability
        *batch, batch_labels = _taken([*example, label], taken, batch_size, threads_per_queue)
        return batch, batch_labels


def _estimated_proportions(labels: Any, classes: int, smoothing: int = 10) -> Any:
    """How frequent each class was so far, with a start of `smoothing` examples for each."""
    counts = api.Variable([smoothing] * classes, trainable=False, name="class_count", dtype=dtypes.int64)
    seen = counts.assign_add(api.reduce_sum(api.one_hot(labels, classes, dtype=dtypes.int64), axis=0)) + 0
    return api.cast(api.truediv(seen, api.reduce_sum(seen)), dtypes.float32)


def _checked(example: list[Any], labels: Any, every_probs: list[Any]) -> tuple[list[Any], Any, list[Any]]:
    """The inputs, behind nodes that check them."""
    for probs in every_probs:
        probs.get_shape().assert_has_rank(1)
        if not probs.get_shape().is_compatible_with(every_probs[0].get_shape()):
            raise ValueError("Probability parameters must have the same length.")

    def summing_to_one(probs: Any) -> Any:
        total = api.reduce_sum(probs)
        return with_dependencies([api.assert_non_negative(probs), api.assert_less(total, 1.0 + 1e-6),
                                  api.assert_less(1.0 - 1e-6, total)], probs)

    every_probs = [summing_to_one(probs) for probs in every_probs]
    classes = every_probs[0].get_shape().num_elements()
    count = api.shape(labels)[0]
    positive = api.assert_positive(count)
    labels = with_dependencies([positive], labels)
    example = [with_dependencies([positive, api.assert_equal(api.shape(tensor)[0], count)], tensor)
               for tensor in example]
    labels = with_dependencies([api.assert_integer(labels), api.assert_non_negative(labels),
                                api.assert_less(labels, api.cast(classes, labels.dtype))], labels)
    return example, labels, every_probs


def _acceptance(init_probs: Any, target_probs: Any) -> Any:
    """The probability with which an example of each class is taken: as high as they can be together."""
    possible = api.Assert(
        api.reduce_all(api.logical_or(api.not_equal(init_probs, 0), api.equal(target_probs, 0))),
        ["All classes with zero initial probability must also have zero target probability: ", init_probs,
         target_probs])
    init_probs = with_dependencies([possible], init_probs)
    ratios = target_probs / init_probs
    ratios = api.where_v2(api.is_nan(ratios), api.zeros_like(ratios), ratios)
    accepted = ratios / api.reduce_max(ratios)
    rejected = api.reduce_sum((1 - accepted) * init_probs)
    return api.cond(api.less(rejected, 0.5), lambda: accepted, lambda: api.Print(
        accepted, [accepted], message="Proportion of examples rejected by sampler is high.", first_n=10))


def _repeated_range(counts: Any, name: str | None = None, back_prop: bool = False) -> Any:
    """Each number i of a range `counts[i]` times: [n] int32 -> [sum] int32."""
    with name_scope(name, "repeat_range", [counts]) as scope:
        size = api.shape(counts)[0]
        start = api.TensorArray(dtype=dtypes.int32, size=size, infer_shape=False)

        def write(written: Any, i: Any) -> tuple[Any, Any]:
            return written.write(i, api.fill(counts[i:i + 1], i)), i + 1

        written, count = api.while_loop(lambda _, i: i < size, write, [start, 0], back_prop=back_prop)
        return api.cond(api.greater(count, 0), written.concat, lambda: api.zeros([0], dtype=dtypes.int32), name=scope)


def _resampled(inputs: list[Any], rates: Any, seed: int | None, back_prop: bool = False) -> list[Any]:
    """The rows of tensors, each as often as a Poisson distribution of its rate says."""
    times = api.cast(api.random_poisson(rates, (), rates.dtype, seed=seed), dtypes.int32)
    rows = _repeated_range(times, back_prop=back_prop)
    if not back_prop:
        rows = api.stop_gradient(rows)
    return [api.gather(each, rows) for each in inputs]


@export("contrib.training.resample_at_rate")
def resample_at_rate(inputs: Any, rates: Any, scope: str | None = None, seed: int | None = None,
                     back_prop: bool = False) -> list[Any]:
    """Rows of tensors, repeated or left out at random.

    Args:
      inputs: a list of tensors with the same number of rows.
      rates: how often each row is to be there on average, a vector.
      scope: of the nodes.
      seed: of the random numbers.
      back_prop: whether the loop that repeats rows can be differentiated.

    Returns:
      A list of tensors with the rows chosen.
    """
    with name_scope(scope, "resample_at_rate", [*list(inputs), rates]):
        rates = api.convert_to_tensor(rates, name="rates")
        return _resampled(list(inputs), rates, seed, back_prop)


def _estimated_mean(values: Any, decay: Any) -> Any:
    """The mean of all values so far, a moving average."""
    with api.variable_scope(None, default_name="estimate_mean", values=[values]):
        start = api.cast(0, values.dtype)
        mean = api.get_variable("estimated_mean", initializer=start, trainable=False,
                                collections=[api.GraphKeys.LOCAL_VARIABLES])
        return assign_moving_average(mean, api.reduce_mean(values), decay)


@export("contrib.training.weighted_resample")
def weighted_resample(inputs: Any, weights: Any, overall_rate: Any, scope: str | None = None,
                      mean_decay: float = 0.999, seed: int | None = None) -> tuple[list[Any], Any]:
    """Rows of tensors, repeated or left out at random in proportion to their weights.

    Args:
      inputs: a list of tensors with the same number of rows.
      weights: a vector.
      overall_rate: how many rows come out for each that goes in, on average.
      scope: of the nodes.
      mean_decay: the decay of the running mean of weights.
      seed: of the random numbers.

    Returns:
      A list of tensors with the rows chosen, and the rates at which these were chosen.
    """
    with name_scope(scope, "weighted_resample", [*list(inputs), weights]):
        mean = _estimated_mean(weights, mean_decay)
        rates = weights * overall_rate / mean
        chosen_rates, *chosen = _resampled([rates, *inputs], rates, seed)
        return chosen, chosen_rates
