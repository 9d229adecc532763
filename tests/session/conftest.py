"""What several tests of sessions are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tfmagic import tf
from tfmagic.session import assuming


@pytest.fixture(params=["Enter nodes", "While nodes"])
def nodes(request: Any) -> Iterator[str]:
    """What loops are made of."""
    if request.param == "While nodes":
        tf.enable_control_flow_v2()
    yield request.param
    tf.disable_control_flow_v2()


@pytest.fixture
def made(monkeypatch):
    """What assumes in the test, with a first plan of few runs."""
    found = []
    begin = assuming.Assuming.__init__

    def noted(self, *arguments):
        begin(self, *arguments)
        found.append(self)
        assume = self._assume

        def kept(shapes):
            self.second = assume(shapes)
            return self.second

        self._assume = kept

    monkeypatch.setattr(assuming.Assuming, "__init__", noted)
    monkeypatch.setattr(assuming, "_FEWEST", 4)
    monkeypatch.setattr(assuming, "_MOST", 4)
    monkeypatch.setattr(assuming, "_SHOWING", 2)
    monkeypatch.setattr(assuming, "_AGREEING", 2)
    return found
