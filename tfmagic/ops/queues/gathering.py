"""Gatherings: where runs meet, so that what several of them bring is computed as one batch."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from typing import Any

from tfmagic.base import errors
from tfmagic.base.errors import invalid

Process = Callable[[list["Task"]], list[Any]]


class Task:
    """What a run brings.

    Attributes:
      values: tensors with the same number of rows.
      size: that number.
      done: whether it is over.
      result: what it gives.
      error: why it failed, or None.
    """

    __slots__ = ("values", "size", "done", "result", "error")

    def __init__(self, values: list[Any], size: int):
        self.values, self.size = values, size
        self.done = False
        self.result: Any = None
        self.error: Exception | None = None


class _Open:
    """Tasks that will be a batch.

    Attributes:
      since: when the first came.
      closed: whether no more may come.
    """

    def __init__(self) -> None:
        self.tasks: list[Task] = []
        self.since = 0.0
        self.closed = False

    def size(self) -> int:
        return sum(task.size for task in self.tasks)


class Gathering:
    """Batches of what runs bring, by the names of queues; whoever waits first when one is ready computes it for all.

    Args:
      attrs: `num_batch_threads`, `max_batch_size`, `batch_timeout_micros`, `max_enqueued_batches` of the node.
      pause: waits on a condition until it is notified, or for so many seconds; it raises where the run is to end.
    """

    def __init__(self, attrs: dict[str, Any], pause: Callable[[threading.Condition, float | None], None]):
        self._threads: int = attrs["num_batch_threads"]
        self._most: int = attrs["max_batch_size"]
        self._seconds: float = attrs["batch_timeout_micros"] / 1e6
        self._waiting: int = attrs["max_enqueued_batches"]
        for name, value in (("num_batch_threads", self._threads), ("max_batch_size", self._most)):
            if value <= 0:
                raise invalid(f"{name} must be positive; was {value}")
        if self._seconds < 0:
            raise invalid(f"batch_timeout_micros must be non-negative; was {attrs['batch_timeout_micros']}")
        self._pause = pause
        self._changed = threading.Condition()
        self._queues: dict[str, list[_Open]] = {}
        self._computing = 0
        self._ended = False

    def bring(self, queue: str, values: list[Any], process: Process) -> Any:
        """Wait for a batch with these values, and give what comes of them.

        Args:
          process: gives a result for each task of a batch.

        Raises:
          InvalidArgumentError: there are more rows than a batch may have.
          UnavailableError: too many batches wait.
          CancelledError: the session was closed, or the run was interrupted that computed the batch.
        """
        task = Task(values, values[0].shape[0])
        with self._changed:
            batch = self._enter(self._queues.setdefault(queue, [_Open()]), task)
            try:
                leads = self._wait(queue, batch, task)
            except BaseException:
                self._leave(queue, batch, task)
                raise
        if leads:
            self._compute(batch.tasks, task, process)
        if task.error is not None:
            raise task.error
        return task.result

    def _enter(self, batches: list[_Open], task: Task) -> _Open:
        if self._ended:
            raise _closed()
        if task.size > self._most:
            raise invalid(f"Task size {task.size} is larger than maximum batch size {self._most}")
        if batches[-1].size() + task.size > self._most:
            if len(batches) >= self._waiting:
                raise errors.UnavailableError(
                    None, None, "The batch scheduling queue to which this task was submitted is full")
            batches[-1].closed = True
            batches.append(_Open())
        batch = batches[-1]
        if not batch.tasks:
            batch.since = time.monotonic()
        batch.tasks.append(task)
        self._changed.notify_all()
        return batch

    def _wait(self, queue: str, batch: _Open, task: Task) -> bool:
        """Wait until a task is over, or its batch is to be computed, which is said."""
        while not task.done:
            batches = self._queues.get(queue, [])
            if self._ended and batch in batches:
                raise _closed()
            left: float | None = None
            if batch in batches:
                left = 0.0 if batch.closed or batch.size() >= self._most else (
                    batch.since + self._seconds - time.monotonic())
                if left <= 0 and self._computing < self._threads:
                    batches.remove(batch)
                    if not batches:
                        batches.append(_Open())
                    self._computing += 1
                    return True
                left = left if left > 0 else None
            self._pause(self._changed, left)
        return False

    def _leave(self, queue: str, batch: _Open, task: Task) -> None:
        """Take a task back whose run was interrupted."""
        if batch in self._queues.get(queue, []):
            batch.tasks.remove(task)
            if not batch.tasks and batch.closed:
                self._queues[queue].remove(batch)
            self._changed.notify_all()

    def _compute(self, tasks: list[Task], own: Task, process: Process) -> None:
        """Compute a batch; what fails in it fails in all of its runs, with the same traceback."""
        results: list[Any] = []
        failed: Callable[[], Exception] | None = None
        try:
            results = process(tasks)
        except Exception as error:
            known = error

            def failed() -> Exception:
                return copy.copy(known).with_traceback(known.__traceback__)

            own.error = error
        except BaseException:
            def failed() -> Exception:
                return errors.CancelledError(None, None, "The run that computed the batch was interrupted")

            raise
        finally:
            with self._changed:
                self._computing -= 1
                for place, task in enumerate(tasks):
                    task.done = True
                    if failed is None:
                        task.result = results[place]
                    elif task.error is None:
                        task.error = failed()
                self._changed.notify_all()

    def close(self) -> None:
        """End all waits: the session is closed."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def _closed() -> errors.OpError:
    return errors.CancelledError(None, None, "The session was closed that gathers batches")
