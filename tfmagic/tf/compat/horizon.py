"""`tf.compat.forward_compatible`: whether what is new since a date may be used; TensorFlow 1.15 stands at its own."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator

from tfmagic.base.export import export

_OF_TENSORFLOW = datetime.date(2019, 8, 21)
_set: list[datetime.date] = []


def _horizon() -> datetime.date:
    if _set:
        return _set[-1]
    return _OF_TENSORFLOW + datetime.timedelta(days=int(os.environ.get("TF_FORWARD_COMPATIBILITY_DELTA_DAYS", 0)))


@export("compat.forward_compatible")
def forward_compatible(year: int, month: int, day: int) -> bool:
    """Whether the date lies before the horizon: 21 August 2019, or that of `forward_compatibility_horizon`.

    Raises:
      ValueError: there is no such date.
    """
    return _horizon() > datetime.date(year, month, day)


@export("compat.forward_compatibility_horizon")
@contextlib.contextmanager
def forward_compatibility_horizon(year: int, month: int, day: int) -> Iterator[None]:
    """Let the horizon be a date, within the block.

    Raises:
      ValueError: there is no such date.
    """
    _set.append(datetime.date(year, month, day))
    try:
        yield
    finally:
        _set.pop()
