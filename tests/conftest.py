"""What holds while any test runs, in the processes that tests start too."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

os.environ["TFMAGIC_CHECK"] = "1"  # every plan is checked after every pass
os.environ["TFMAGIC_LANG"] = "en"  # whatever the machine speaks

# A shell's background jobs ignore Ctrl-C, and tests that press it would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine makes no property false: examples may take their time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture
def graph() -> Iterator[Any]:
    """A graph of the test's own, which is the default one."""
    from tfmagic.graph.graph import Graph

    with Graph().as_default() as graph:
        yield graph
