"""Summaries that a test has written, read again."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from typing import Any

from tfmagic.base import messages
from tfmagic.base.export import export
from tfmagic.ops import api


@export("contrib.testing.assert_summary")
def assert_summary(expected_tags: Iterable[str], expected_simple_values: dict[str, float], summary_proto: Any) -> None:
    """Check the tags of a `Summary`, and some of its values.

    Raises:
      ValueError: it has other tags.
      AssertionError: a value is another.
    """
    wanted, found = set(expected_tags), {value.tag for value in summary_proto.value}
    if wanted != found:
        raise ValueError(f"Expected tags {wanted}, got {found}.")
    for value in summary_proto.value:
        if value.tag in expected_simple_values and expected_simple_values[value.tag] != value.simple_value:
            raise AssertionError


@export("contrib.testing.to_summary_proto")
def to_summary_proto(summary_str: bytes) -> Any:
    """The `Summary` that a summary op gave as bytes."""
    return messages.module("summary_pb2").Summary.FromString(summary_str)


@export("contrib.testing.latest_event_file")
def latest_event_file(base_dir: str) -> str | None:
    """The last file of events in a folder, by name; None where there is none."""
    files = sorted(glob.glob(os.path.join(base_dir, "events.*")))
    return files[-1] if files else None


@export("contrib.testing.latest_events")
def latest_events(base_dir: str) -> list[Any]:
    """The events of the last file in a folder."""
    file = latest_event_file(base_dir)
    return [] if file is None else list(api.train.summary_iterator(file))


@export("contrib.testing.latest_summaries")
def latest_summaries(base_dir: str) -> list[Any]:
    """Those of the events of the last file in a folder that hold summaries."""
    return [event for event in latest_events(base_dir) if event.HasField("summary")]


@export("contrib.testing.simple_values_from_events")
def simple_values_from_events(events: Iterable[Any], tags: Iterable[str]) -> dict[str, float]:
    """The last value of each of some tags, where there is one."""
    wanted = set(tags)
    return {value.tag: value.simple_value for event in events for value in event.summary.value
            if value.tag in wanted and value.HasField("simple_value")}
