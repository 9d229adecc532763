"""Checked: runs of a session that are watched for NaN and infinities."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfmagic.session.finite import Origin, Seen


class Checked(contextlib.AbstractContextManager["Checked"]):
    """Within it every `run` of a session is watched, until one meets numbers that are not finite.

    Attributes:
      runs: how many were watched.
      origin: where the numbers came from that are not finite, if there were any: in the last run watched.
      values: tensor -> what it was like in that run.

    Args:
      session: the session.
    """

    def __init__(self, session: Any) -> None:
        self._session = session
        self._watch: Any = None
        self.origin: Origin | None = None
        self.values: dict[Any, Seen | None] = {}
        self.runs = 0

    def __enter__(self) -> Checked:
        self._session.run = self._run
        return self

    def __exit__(self, *error: Any) -> None:
        self._session.__dict__.pop("run", None)

    def _run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        if self.origin is not None or options is not None or run_metadata is not None:
            return type(self._session).run(self._session, fetches, feed_dict, options, run_metadata)
        if self._watch is None:
            from tfmagic.session.finite import Watch

            self._watch = Watch(self._session)
        self.runs += 1
        result, self.origin = self._watch.run(fetches, feed_dict)
        if self.origin is not None:
            self.values = dict(self._watch.values)
        return result
