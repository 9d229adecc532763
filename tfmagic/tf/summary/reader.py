"""`tf.train.summary_iterator`: the events in a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfmagic.base import messages
from tfmagic.base.export import export
from tfmagic.formats.records import RecordReader


@export("train.summary_iterator")
def summary_iterator(path: str) -> Iterator[Any]:
    """The events in a file.

    Args:
      path: the file.

    Yields:
      An `Event` after the other.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: it is damaged.
    """
    Event = messages.module("event_pb2").Event
    with RecordReader(path) as records:
        for record in records:
            yield Event.FromString(record)
