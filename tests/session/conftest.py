"""What several tests of sessions are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tfmagic import tf


@pytest.fixture(params=["Enter nodes", "While nodes"])
def nodes(request: Any) -> Iterator[str]:
    """What loops are made of."""
    if request.param == "While nodes":
        tf.enable_control_flow_v2()
    yield request.param
    tf.disable_control_flow_v2()
