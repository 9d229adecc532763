"""`tensorflow.python.eager.context` of a library that builds graphs: graph mode is the only one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tfmagic.tf import internal

GRAPH_MODE, EAGER_MODE = 0, 1


class Context:
    """The state of execution: graphs, on the devices of this machine; nothing that is asked for changes that."""

    def __init__(self, config: Any = None, device_policy: Any = None, execution_mode: Any = None,
                 server_def: Any = None):
        self.config = config

    def executing_eagerly(self) -> bool:
        """Whether ops run as they are called: no."""
        return False

    def num_gpus(self) -> int:
        """How many GPUs there are."""
        return num_gpus()

    @property
    def scope_name(self) -> str:
        """The scope of names that eager calls use: none."""
        return ""

    def ensure_initialized(self) -> None:
        """Nothing has to be set up."""


_context = Context()


def context() -> Context:
    """The state of execution."""
    return _context


def in_eager_mode() -> bool:
    """Whether ops run as they are called: no."""
    return False


def num_gpus() -> int:
    """How many GPUs there are."""
    return len(internal.public("config.experimental.list_physical_devices")("GPU"))


def executing_eagerly_outside_functions() -> bool:
    """False: graphs are built here."""
    return False


@contextlib.contextmanager
def graph_mode() -> Iterator[None]:
    """The mode in which graphs are built: the only one."""
    yield


@contextlib.contextmanager
def eager_mode() -> Iterator[None]:
    """Refused: graphs are built here.

    Raises:
      NotImplementedError: always.
    """
    raise NotImplementedError("tfmagic builds graphs and runs them in a tf.Session; for eager code use torch.")
    yield  # what makes it a context
