"""`tf.train.SecondOrStepTimer`: whether it is time again, after so many seconds or steps."""

from __future__ import annotations

import time
from typing import Any

from tfmagic.base.export import export


class Timer:
    """What timers of hooks share."""

    def reset(self) -> None:
        """Forget when it was time last."""
        raise NotImplementedError

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether it is time at a step."""
        raise NotImplementedError

    def update_last_triggered_step(self, step: int) -> tuple[Any, Any]:
        """Note that it was time at a step."""
        raise NotImplementedError

    def last_triggered_step(self) -> int | None:
        """The step at which it was time last."""
        raise NotImplementedError


class Never(Timer):
    """It is never time: for a hook that works at the end only."""

    def reset(self) -> None:
        """There is nothing to begin again."""

    def should_trigger_for_step(self, step: int) -> bool:
        return False

    def update_last_triggered_step(self, step: int) -> tuple[Any, Any]:
        return None, None

    def last_triggered_step(self) -> int | None:
        return None


@export("train.SecondOrStepTimer")
class SecondOrStepTimer(Timer):
    """It is time at the first step, and again after so many seconds or steps.

    Args:
      every_secs: how many seconds.
      every_steps: or how many steps.

    Raises:
      ValueError: both or neither are given.
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None):
        if every_secs is None and every_steps is None:
            raise ValueError("Either every_secs or every_steps should be provided.")
        if every_secs is not None and every_steps is not None:
            raise ValueError("Can not provide both every_secs and every_steps.")
        self._every_secs = every_secs
        self._every_steps = every_steps
        self.reset()

    def reset(self) -> None:
        """Begin anew: it is time at the next step."""
        self._last_step: int | None = None
        self._last_time: float | None = None

    def should_trigger_for_step(self, step: int) -> bool:
        """Whether it is time at a step."""
        if self._last_step is None or self._last_time is None:
            return True
        if self._last_step == step:
            return False
        if self._every_secs is not None:
            return time.time() >= self._last_time + self._every_secs
        return self._every_steps is not None and step >= self._last_step + self._every_steps

    def update_last_triggered_step(self, step: int) -> tuple[float | None, int | None]:
        """Note that it was time at a step.

        Returns:
          The seconds and steps since the time before; None and None at the first time.
        """
        now = time.time()
        seconds = steps = None
        if self._last_time is not None and self._last_step is not None:
            seconds, steps = now - self._last_time, step - self._last_step
        self._last_time, self._last_step = now, step
        return seconds, steps

    def last_triggered_step(self) -> int | None:
        """The step at which it was time last."""
        return self._last_step
