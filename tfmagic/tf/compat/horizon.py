"""tf.compat's forward compatibility: which graphs the programs of a date may be asked to read."""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator

from tfmagic.base.export import export

# TensorFlow 1.15.0 writes graphs for programs of this date on; a variable of the environment puts days on top.
_OF_THE_RELEASE = datetime.date(2019, 8, 21)
_DAYS = "TF_FORWARD_COMPATIBILITY_DELTA_DAYS"


class _Horizon:
    """The date that programs compare with."""

    def __init__(self) -> None:
        self.date = _OF_THE_RELEASE + datetime.timedelta(days=int(os.environ.get(_DAYS) or 0))


_horizon = _Horizon()


@export("compat.forward_compatible")
def forward_compatible(year: int, month: int, day: int) -> bool:
    """Whether programs as old as this date need not read the graph.

    Args:
      year, month, day: the day on which something new was added; the graph may have it if that is before the horizon,
        21 August 2019 in TensorFlow 1.15.

    Returns:
      A bool.
    """
    return _horizon.date > datetime.date(year, month, day)


@export("compat.forward_compatibility_horizon")
@contextlib.contextmanager
def forward_compatibility_horizon(year: int, month: int, day: int) -> Iterator[None]:
    """Moves the horizon of `forward_compatible` to a date, for a test of both sides of it."""
    before, _horizon.date = _horizon.date, datetime.date(year, month, day)
    try:
        yield
    finally:
        _horizon.date = before
