"""`tf.train.Coordinator` and `tf.train.LooperThread`: threads that end together, and hand on the first error."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tfmagic.base import errors, tf_logging
from tfmagic.base.export import export

# How long `join` waits at a time before it looks again at the threads.
_TURN = 1.0


@export("train.Coordinator")
class Coordinator:
    """Ends a group of threads together.

    A thread asks `should_stop` in its loop; any of them asks for the end with `request_stop`, and `join` raises in the
    main thread what one of them gave as the reason.

    Args:
      clean_stop_exception_types: exceptions that end the work without being an error; by default `OutOfRangeError`.
    """

    def __init__(self, clean_stop_exception_types: Sequence[type[BaseException]] | None = None):
        self._clean = (errors.OutOfRangeError,) if clean_stop_exception_types is None else \
            tuple(clean_stop_exception_types)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._joined = False
        self._threads: set[threading.Thread] = set()

    def request_stop(self, ex: Any = None) -> None:
        """Ask the threads to end; after this `should_stop` is True.

        Args:
          ex: the reason, for `join` to raise: an exception, or what `sys.exc_info()` gives. Only the first one counts.

        Raises:
          TypeError: `ex` is neither.
          BaseException: `ex` itself, where the threads were joined already and nobody else would raise it.
        """
        given = ex[1] if isinstance(ex, tuple) and len(ex) == 3 else ex
        if given is not None and not isinstance(given, BaseException):
            raise TypeError(f"request_stop takes an exception or what sys.exc_info() gives, not {ex!r}.")
        if isinstance(given, self._clean):
            given = None
        with self._lock:
            if self._joined:
                if given is not None:
                    raise given
                return
            if self._stop.is_set():
                return
            if given is not None:
                self._error = given
                if isinstance(ex, tuple):
                    tf_logging.info("Error reported to Coordinator: %s", given,
                                    exc_info=(type(given), given, given.__traceback__))
                else:
                    tf_logging.info("Error reported to Coordinator: %s, %s", type(given), given)
            self._stop.set()

    def clear_stop(self) -> None:
        """Forget that a stop was asked for, and why."""
        with self._lock:
            self._joined = False
            self._error = None
            self._stop.clear()

    def should_stop(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop.is_set()

    @contextlib.contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """A context that hands every exception within to `request_stop`."""
        try:
            yield
        except BaseException:  # the reason reaches the main thread through `join`
            self.request_stop(sys.exc_info())

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until a stop is asked for, `timeout` seconds at most; whether it was."""
        return self._stop.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Have `join` wait for a thread too."""
        with self._lock:
            self._threads.add(thread)

    def join(self, threads: Sequence[threading.Thread] | None = None, stop_grace_period_secs: float = 120,
             ignore_live_threads: bool = False) -> None:
        """Wait until the threads have ended, and raise what one of them reported.

        Args:
          threads: threads to wait for, besides those that were registered.
          stop_grace_period_secs: how long threads may go on after a stop was asked for.
          ignore_live_threads: whether threads that still run after that are no error.

        Raises:
          RuntimeError: threads still run after that time.
        """
        with self._lock:
            waited = list(self._threads.union(threads or ()))
        while any(thread.is_alive() for thread in waited) and not self.wait_for_stop(_TURN):
            pass
        end = time.monotonic() + stop_grace_period_secs
        for thread in waited:
            if thread.is_alive():
                thread.join(max(0.0, end - time.monotonic()))
        alive = [thread.name for thread in waited if thread.is_alive()]
        with self._lock:
            self._joined = True
            self._threads = set()
            error = self._error
        if error is not None:
            raise error
        if not alive:
            return
        message = f"Coordinator stopped with threads still running: {' '.join(alive)}"
        if not ignore_live_threads:
            raise RuntimeError(message)
        tf_logging.info(message)

    @property
    def joined(self) -> bool:
        """Whether `join` has ended."""
        return self._joined

    def raise_requested_exception(self) -> None:
        """Raise the reason that was given to `request_stop`, if there is one."""
        with self._lock:
            error = self._error
        if error is not None:
            raise error


@export("train.LooperThread")
class LooperThread(threading.Thread):
    """A thread that runs something again and again until its coordinator stops.

    Args:
      coord: the `Coordinator`.
      timer_interval_secs: how many seconds lie between the beginnings of two turns; None for no pause.
      target: what to run; or a subclass has `run_loop`.
      args: its arguments.
      kwargs: its arguments with names.

    Raises:
      ValueError: `coord` is no `Coordinator`.
    """

    def __init__(self, coord: Coordinator, timer_interval_secs: float | None, target: Callable[..., Any] | None = None,
                 args: Sequence[Any] | None = None, kwargs: dict[str, Any] | None = None):
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        if target is None and (args or kwargs):
            raise ValueError("'args' and 'kwargs' argument require that you also pass 'target'")
        super().__init__(daemon=True)
        self._coord = coord
        self._interval = timer_interval_secs
        self._work = target
        self._work_args = tuple(args or ())
        self._work_kwargs = dict(kwargs or {})
        coord.register_thread(self)

    @staticmethod
    def loop(coord: Coordinator, timer_interval_secs: float | None, target: Callable[..., Any],
             args: Sequence[Any] | None = None, kwargs: dict[str, Any] | None = None) -> LooperThread:
        """Start a thread that calls `target`; see the class for the arguments."""
        thread = LooperThread(coord, timer_interval_secs, target=target, args=args, kwargs=kwargs)
        thread.start()
        return thread

    def run(self) -> None:
        """What the thread does."""
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._interval is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                following = time.time()
                while not self._coord.wait_for_stop(max(0.0, following - time.time())):
                    following += self._interval
                    self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """For a subclass: what comes before the first turn."""

    def stop_loop(self) -> None:
        """For a subclass: what comes after the last turn."""

    def run_loop(self) -> None:
        """One turn."""
        if self._work is not None:
            self._work(*self._work_args, **self._work_kwargs)
