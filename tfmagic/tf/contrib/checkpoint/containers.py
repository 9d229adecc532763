"""UniqueNameTracker: a container that gives each object that it holds a name of its own."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.inner.tracking import Trackable, TrackableDataStructure


@export("contrib.checkpoint.UniqueNameTracker")
class UniqueNameTracker(TrackableDataStructure):
    """Holds objects under names like those of nodes: x, x_1, x_2."""

    def __init__(self) -> None:
        self._name_counts: dict[str, int] = {}

    def track(self, trackable: Any, base_name: str) -> Any:
        """Hold an object.

        Args:
          trackable: a variable, layer, optimizer, ...
          base_name: its name, which gets a number if another object has it.

        Returns:
          The object.

        Raises:
          ValueError: it cannot be saved.
        """
        if not isinstance(trackable, Trackable):
            raise ValueError(f"Expected a trackable value, got {trackable} which does not inherit from "
                             "tf.track.Trackable.")
        number = self._name_counts.get(base_name, 0)
        held = self._held()
        name = f"{base_name}_{number}" if number else base_name
        while name in held:
            number += 1
            name = f"{base_name}_{number}"
        self._name_counts[base_name] = number + 1
        return self._track_trackable(trackable, name)
