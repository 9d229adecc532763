"""The time."""

from __future__ import annotations

import time
from typing import Any

from tfmagic.base.lazy import torch
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import op


@op("Timestamp", traced=False, because="tells the time of the run", effect="reads")
class Timestamp:
    """The seconds since 1970."""

    shape = shape_rules.scalar

    def kernel(op: Any) -> Any:
        return torch.tensor(time.time(), dtype=torch.float64)
