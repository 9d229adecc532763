"""slim's data: a description of a data set, readers in parallel, queues that fetch ahead, providers of items."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api


@export("contrib.slim.dataset.Dataset")
class Dataset:
    """What a data set is; the arguments are its attributes.

    Args:
      data_sources: the names of its files.
      reader: the class of its reader.
      decoder: a `DataDecoder`.
      num_samples: how many samples it has.
      items_to_descriptions: what its items are, by name.
      **kwargs: more attributes.
    """

    def __init__(self, data_sources: Any, reader: Any, decoder: Any, num_samples: Any, items_to_descriptions: Any,
                 **kwargs: Any):
        kwargs["data_sources"] = data_sources
        kwargs["reader"] = reader
        kwargs["decoder"] = decoder
        kwargs["num_samples"] = num_samples
        kwargs["items_to_descriptions"] = items_to_descriptions
        self.__dict__.update(kwargs)


@export("contrib.slim.parallel_reader.get_data_files")
def get_data_files(data_sources: Any) -> list[str]:
    """The files of a name, of a pattern, or of several of them.

    Raises:
      ValueError: there are none.
    """
    if isinstance(data_sources, (list, tuple)):
        files = [file for source in data_sources for file in get_data_files(source)]
    elif any(sign in data_sources for sign in "*?["):
        files = api.gfile.Glob(data_sources)
    else:
        files = [data_sources]
    if not files:
        raise ValueError(f"No data files found in {data_sources}")
    return files


def _summarize_fullness(queue: Any, capacity: int) -> None:
    api.summary.scalar(f"fraction_of_{capacity}_full", api.cast(queue.size(), dtypes.float32) * (1.0 / capacity))


@export("contrib.slim.parallel_reader.ParallelReader")
class ParallelReader:
    """Readers that put what they read into one queue, each in its thread.

    Args:
      reader_class: the class of the readers.
      common_queue: the queue.
      num_readers: how many there are.
      reader_kwargs: their arguments.
    """

    def __init__(self, reader_class: Callable[..., Any], common_queue: Any, num_readers: int = 4,
                 reader_kwargs: dict[str, Any] | None = None):
        self._readers = [reader_class(**(reader_kwargs or {})) for _ in range(num_readers)]
        self._common_queue = common_queue

    @property
    def num_readers(self) -> int:
        """How many readers there are."""
        return len(self._readers)

    @property
    def common_queue(self) -> Any:
        """The queue that they fill."""
        return self._common_queue

    def read(self, queue: Any, name: str | None = None) -> Any:
        """The next record of the common queue: key and value.

        Args:
          queue: the queue of the files' names.
          name: unused.
        """
        enqueues = [self._common_queue.enqueue(reader.read(queue)) for reader in self._readers]
        api.train.add_queue_runner(api.train.QueueRunner(self._common_queue, enqueues))
        return self._common_queue.dequeue()

    def read_up_to(self, queue: Any, num_records: int, name: str | None = None) -> Any:
        """Some records of the common queue: keys and values (see `read`)."""
        enqueues = []
        for reader in self._readers:
            keys, values = reader.read_up_to(queue, num_records)
            enqueues.append(self._common_queue.enqueue_many((keys, values)))
        api.train.add_queue_runner(api.train.QueueRunner(self._common_queue, enqueues))
        return self._common_queue.dequeue_up_to(num_records)


@export("contrib.slim.parallel_reader.parallel_read")
def parallel_read(data_sources: Any, reader_class: Callable[..., Any], num_epochs: int | None = None,
                  num_readers: int = 4, reader_kwargs: dict[str, Any] | None = None, shuffle: bool = True,
                  dtypes: Any = None, capacity: int = 256, min_after_dequeue: int = 128, seed: int | None = None,
                  scope: Any = None) -> Any:
    """Key and value of the next record of some files, which several threads read.

    Args:
      data_sources: names or patterns of the files.
      reader_class: the class of the readers.
      num_epochs: how often the files are read; None: without an end.
      num_readers: how many threads there are.
      reader_kwargs: the arguments of the readers.
      shuffle: whether files and records are shuffled.
      dtypes: the types of a record; by default two strings.
      capacity: how many records the queue holds.
      min_after_dequeue: how many stay in it, so that it shuffles.
      seed: of the shuffling.
      scope: the name of the scope.
    """
    files = get_data_files(data_sources)
    with name_scope(scope, "parallel_read"):
        names = api.train.string_input_producer(files, num_epochs=num_epochs, shuffle=shuffle, seed=seed,
                                                name="filenames")
        kinds = dtypes or [api.string, api.string]
        if shuffle:
            common: Any = api.RandomShuffleQueue(capacity=capacity, min_after_dequeue=min_after_dequeue, dtypes=kinds,
                                                 seed=seed, name="common_queue")
        else:
            common = api.FIFOQueue(capacity=capacity, dtypes=kinds, name="common_queue")
        _summarize_fullness(common, capacity)
        return ParallelReader(reader_class, common, num_readers=num_readers, reader_kwargs=reader_kwargs).read(names)


@export("contrib.slim.parallel_reader.single_pass_read")
def single_pass_read(data_sources: Any, reader_class: Callable[..., Any],
                     reader_kwargs: dict[str, Any] | None = None, scope: Any = None) -> Any:
    """Key and value of the next record of some files, which are read once, in their order."""
    files = get_data_files(data_sources)
    with name_scope(scope, "single_pass_read"):
        names = api.train.string_input_producer(files, num_epochs=1, shuffle=False, capacity=1, name="filenames")
        return reader_class(**(reader_kwargs or {})).read(names)


@export("contrib.slim.prefetch_queue.prefetch_queue")
def prefetch_queue(tensors: Any, capacity: int = 8, num_threads: int = 1, dynamic_pad: bool = False,
                   shared_name: str | None = None, name: str | None = None) -> Any:
    """A queue that a thread fills with tensors (a list, or a dict) ahead of their use.

    Args:
      capacity: how many it holds.
      num_threads: how many threads fill it.
      dynamic_pad: whether shapes may have unknown sizes.
      shared_name: its name in other sessions.
    """
    names = sorted(tensors) if isinstance(tensors, dict) else None
    parts = list(tensors) if names is None else [tensors[each] for each in names]
    with name_scope(name, "prefetch_queue", parts):
        kind = api.PaddingFIFOQueue if dynamic_pad else api.FIFOQueue
        queue: Any = kind(capacity=capacity, dtypes=[part.dtype for part in parts],
                          shapes=[part.get_shape() for part in parts], names=names, shared_name=shared_name)
        enqueue = queue.enqueue(tensors)
        api.train.add_queue_runner(api.train.QueueRunner(queue, [enqueue] * num_threads))
        _summarize_fullness(queue, capacity)
        return queue


@export("contrib.slim.data_provider.DataProvider")
class DataProvider:
    """Gives the tensors of items by name.

    Args:
      items_to_tensors: the tensors by name.
      num_samples: how many samples there are.
    """

    def __init__(self, items_to_tensors: dict[str, Any], num_samples: Any):
        self._items_to_tensors = items_to_tensors
        self._num_samples = num_samples

    def get(self, items: Any) -> list[Any]:
        """The tensors of these items.

        Raises:
          ValueError: there is no such item.
        """
        self._validate_items(items)
        return [self._items_to_tensors[item] for item in items]

    def list_items(self) -> list[str]:
        """The names of all items."""
        return list(self._items_to_tensors)

    def num_samples(self) -> Any:
        """How many samples there are."""
        return self._num_samples

    def _validate_items(self, items: Any) -> None:
        if not isinstance(items, (list, tuple)):
            raise ValueError("items must be a list or tuple")
        valid = self.list_items()
        for item in items:
            if item not in valid:
                raise ValueError(f"Item [{item}] is invalid. Valid entries include: {valid}")


@export("contrib.slim.dataset_data_provider.DatasetDataProvider")
class DatasetDataProvider(DataProvider):
    """Gives the items of the next record of a data set, which several threads read.

    Args:
      dataset: a `Dataset`.
      num_readers: how many threads there are.
      reader_kwargs: the arguments of the readers.
      shuffle: whether files and records are shuffled.
      num_epochs: how often the files are read; None: without an end.
      common_queue_capacity: how many records the queue holds.
      common_queue_min: how many stay in it, so that it shuffles.
      record_key: the name of the item with the record's key.
      seed: of the shuffling.
      scope: the name of the scope.

    Raises:
      ValueError: an item has the name of the key.
    """

    def __init__(self, dataset: Any, num_readers: int = 1, reader_kwargs: dict[str, Any] | None = None,
                 shuffle: bool = True, num_epochs: int | None = None, common_queue_capacity: int = 256,
                 common_queue_min: int = 128, record_key: str = "record_key", seed: int | None = None,
                 scope: Any = None):
        key, data = parallel_read(
            dataset.data_sources, reader_class=dataset.reader, num_epochs=num_epochs, num_readers=num_readers,
            reader_kwargs=reader_kwargs, shuffle=shuffle, capacity=common_queue_capacity,
            min_after_dequeue=common_queue_min, seed=seed, scope=scope)
        items = dataset.decoder.list_items()
        found = dict(zip(items, dataset.decoder.decode(data, items)))
        if record_key in found:
            raise ValueError("The item name used for `record_key` cannot also be used for a dataset item: %s",
                             record_key)
        found[record_key] = key
        super().__init__(items_to_tensors=found, num_samples=dataset.num_samples)
