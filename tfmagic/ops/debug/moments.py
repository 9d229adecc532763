"""The time, and a fact."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import objects
from tfmagic.ops.declare import op


@op("Timestamp", traced=False, because="tells the time of the run", effect="reads")
class Timestamp:
    """The seconds since 1970."""

    shape = shape_rules.scalar

    def kernel(op: Any) -> Any:
        return torch.tensor(time.time(), dtype=torch.float64)


@op("Fact", traced=False, because="a string")
class Fact:
    """A fact about factorials."""

    shape = shape_rules.unknown

    def kernel(op: Any) -> np.ndarray:
        return objects([b"0! == 1"], ())
