"""Producers: queues that are filled with the rows of a tensor, again and again (`tf.train.string_input_producer`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor, convert_to_tensor_or_indexed_slices
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.tf.queues.queue import FIFOQueue
from tfmagic.tf.queues.runner import QueueRunner, add_queue_runner

INSTEAD = "Queue-based input pipelines have been replaced by `tf.data`. Use `tf.data.Dataset."
_FROM_ROWS = (INSTEAD + "from_tensor_slices({}).shuffle(tf.shape(input_tensor, out_type=tf.int64)[0])."
              "repeat(num_epochs)`. If `shuffle=False`, omit the `.shuffle(...)`.")


@export("io.match_filenames_once")
def match_filenames_once(pattern: Any, name: str | None = None) -> Any:
    """A local variable with the names of the files that match when it is initialised.

    Args:
      pattern: a pattern, or several.
      name: the name of the variable.
    """
    with name_scope(name, "matching_filenames", [pattern]) as scope:
        return api.Variable(name=scope, initial_value=api.io.matching_files(pattern), trainable=False,
                            validate_shape=False, collections=[GraphKeys.LOCAL_VARIABLES])


@export("train.limit_epochs")
@deprecated(None, f"{INSTEAD[:-len('Dataset.')]}Dataset.from_tensors(tensor).repeat(num_epochs)`.")
def limit_epochs(tensor: Any, num_epochs: int | None = None, name: str | None = None) -> Tensor:
    """A tensor that can be taken so many times; then it raises `OutOfRangeError`.

    It counts in a local variable, `epochs`: run `tf.local_variables_initializer()` first.

    Raises:
      ValueError: `num_epochs` is no positive number.
    """
    if num_epochs is None:
        return tensor
    if num_epochs <= 0:
        raise ValueError(f"num_epochs must be > 0 not {num_epochs}.")
    with name_scope(name, "limit_epochs", [tensor]) as scope:
        epochs = api.Variable(constant(0, dtypes.int64), name="epochs", trainable=False,
                              collections=[GraphKeys.LOCAL_VARIABLES])
        counter = epochs.count_up_to(num_epochs)
        with get_default_graph().control_dependencies([counter]):
            return api.identity(tensor, name=scope)


@export("train.input_producer")
@deprecated(None, _FROM_ROWS.format("input_tensor"))
def input_producer(input_tensor: Any, element_shape: Any = None, num_epochs: int | None = None, shuffle: bool = True,
                   seed: int | None = None, capacity: int = 32, shared_name: str | None = None,
                   summary_name: str | None = None, name: str | None = None, cancel_op: Any = None) -> FIFOQueue:
    """A queue of the rows of a tensor, which a queue runner of the graph fills.

    Args:
      input_tensor: the rows.
      element_shape: the shape of a row.
      num_epochs: how often each row comes; None: without end.
      shuffle: whether each pass has a random order.
      seed: makes the order the same each time.
      capacity: how many rows the queue holds.
      shared_name: a name under which several nodes mean one queue.
      summary_name: the name of a summary that tells how full it is; None: there is none.
      name: the name of the nodes.
      cancel_op: closes the queue when the coordinator stops, in place of the usual operation.

    Raises:
      ValueError: the shape of a row is not known.
    """
    with name_scope(name, "input_producer", [input_tensor]):
        input_tensor = convert_to_tensor(input_tensor, name="input_tensor")
        shape = input_tensor.shape[1:].merge_with(element_shape)
        if not shape.is_fully_defined():
            raise ValueError("Either `input_tensor` must have a fully defined shape or `element_shape` must be "
                             "specified")
        if shuffle:
            input_tensor = api.random_shuffle(input_tensor, seed=seed)
        input_tensor = limit_epochs(input_tensor, num_epochs)
        queue = FIFOQueue(capacity, dtypes=[input_tensor.dtype.base_dtype], shapes=[shape], shared_name=shared_name,
                          name=name)  # type: ignore[arg-type]  # None is the name of the op
        add_queue_runner(QueueRunner(queue, [queue.enqueue_many([input_tensor])], cancel_op=cancel_op))
        if summary_name is not None:
            api.summary.scalar(summary_name, api.cast(queue.size(), dtypes.float32) * (1.0 / capacity))
        return queue


@export("train.string_input_producer")
@deprecated(None, _FROM_ROWS.format("string_tensor"))
def string_input_producer(string_tensor: Any, num_epochs: int | None = None, shuffle: bool = True,
                          seed: int | None = None, capacity: int = 32, shared_name: str | None = None,
                          name: str | None = None, cancel_op: Any = None) -> FIFOQueue:
    """A queue of strings, as names of files are; see `input_producer`.

    Raises:
      ValueError: there are none. One that has none when it runs raises `InvalidArgumentError`.
    """
    missing = "string_input_producer requires a non-null input tensor"
    if not isinstance(string_tensor, Tensor) and not _has_items(string_tensor):
        raise ValueError(missing)
    with name_scope(name, "input_producer", [string_tensor]) as scope:
        tensor = convert_to_tensor(string_tensor, dtypes.string)
        with get_default_graph().control_dependencies([api.Assert(api.greater(api.size(tensor), 0), [missing])]):
            tensor = api.identity(tensor)
        return input_producer(tensor, [], num_epochs, shuffle, seed, capacity, shared_name,
                              f"fraction_of_{capacity}_full", scope, cancel_op)


def _has_items(given: Any) -> bool:
    try:
        return len(given) > 0
    except TypeError:  # a variable has no length
        return given is not None


@export("train.range_input_producer")
@deprecated(None, INSTEAD + "range(limit).shuffle(limit).repeat(num_epochs)`. If `shuffle=False`, omit the "
            "`.shuffle(...)`.")
def range_input_producer(limit: Any, num_epochs: int | None = None, shuffle: bool = True, seed: int | None = None,
                         capacity: int = 32, shared_name: str | None = None, name: str | None = None) -> FIFOQueue:
    """A queue of the numbers from 0 to `limit` - 1; see `input_producer`."""
    with name_scope(name, "input_producer", [limit]) as scope:
        return input_producer(api.range(limit), [], num_epochs, shuffle, seed, capacity, shared_name,
                              f"fraction_of_{capacity}_full", scope)


@export("train.slice_input_producer")
@deprecated(None, _FROM_ROWS.format("tuple(tensor_list)"))
def slice_input_producer(tensor_list: Any, num_epochs: int | None = None, shuffle: bool = True,
                         seed: int | None = None, capacity: int = 32, shared_name: str | None = None,
                         name: str | None = None) -> list[Tensor]:
    """A row of each of some tensors, the same in all; see `input_producer`.

    Raises:
      ValueError: there are no tensors.
      TypeError: `tensor_list` is no sequence.
    """
    with name_scope(name, "input_producer", tensor_list if isinstance(tensor_list, Sequence) else []):
        if not isinstance(tensor_list, Sequence):
            raise TypeError("values must be a sequence.")
        tensors = [convert_to_tensor_or_indexed_slices(tensor) for tensor in tensor_list]
        if not tensors:
            raise ValueError("Expected at least one tensor in slice_input_producer().")
        queue = range_input_producer(api.shape(tensors[0])[0], num_epochs, shuffle, seed, capacity, shared_name)
        index = queue.dequeue()
        return [api.gather(tensor, index) for tensor in tensors]
