"""What holds while any test runs, in the processes that tests start too."""

import atexit
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

os.environ["TFMAGIC_CHECK"] = "1"  # every plan is checked after every pass
os.environ["TFMAGIC_LANG"] = "en"  # whatever the machine speaks
# What is measured on this machine is measured anew.
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="tfmagic-cache-")
atexit.register(shutil.rmtree, os.environ["XDG_CACHE_HOME"], ignore_errors=True)

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
