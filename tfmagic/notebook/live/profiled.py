"""Profiled: runs of a session that are traced, and what their nodes took."""

from __future__ import annotations

import contextlib
from typing import Any

from tfmagic.base import messages


class Profiled(contextlib.AbstractContextManager["Profiled"]):
    """Within it every `run` of a session is traced, node by node.

    Attributes:
      traces: a `RunMetadata` for each run; those of a user's own keep what they asked for.

    Args:
      session: the session.
    """

    def __init__(self, session: Any) -> None:
        self.session = session
        self.traces: list[Any] = []

    def __enter__(self) -> Profiled:
        self._run = self.session.run
        self.session.run = self._traced
        return self

    def __exit__(self, *error: Any) -> None:
        self.session.__dict__.pop("run", None)

    def _traced(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        if options is not None or run_metadata is not None:
            return self._run(fetches, feed_dict, options, run_metadata)
        config = messages.module("config_pb2")
        trace = config.RunMetadata()
        result = self._run(fetches, feed_dict, config.RunOptions(trace_level=config.RunOptions.FULL_TRACE), trace)
        self.traces.append(trace)
        return result
