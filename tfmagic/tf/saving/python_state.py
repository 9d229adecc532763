"""tf.train.experimental.PythonState: what a Checkpoint saves of a Python object beside variables."""

from __future__ import annotations

import abc

from tfmagic.base.export import export


@export("train.experimental.PythonState")
class PythonState(abc.ABC):
    """Base of objects that say themselves what a `tf.train.Checkpoint` saves of them: a string."""

    @abc.abstractmethod
    def serialize(self) -> str | bytes:
        """What is saved."""

    @abc.abstractmethod
    def deserialize(self, string_value: str) -> None:
        """Take back what was saved; called as soon as a checkpoint is restored.

        Args:
          string_value: what `serialize` gave.
        """

    def _tracked(self) -> list[tuple[str, object]]:
        return []
