"""The training loop of slim, which also updates masks."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.contrib.slim import training_loop


@export("contrib.model_pruning.train")
def train(train_op: Any, logdir: Any, mask_update_op: Any, train_step_fn: Any = training_loop.train_step,
          **kwargs: Any) -> Any:
    """Runs a train op and an update of masks after each other.

    Args:
      mask_update_op: as `Pruning.conditional_mask_update_op` gives it.
      train_op, logdir, train_step_fn, **kwargs: as in `tf.contrib.slim.learning.train`.

    Returns:
      The last loss.
    """

    def step(session: Any, *args: Any) -> Any:
        result = train_step_fn(session, *args)
        session.run(mask_update_op)
        return result

    return training_loop.train(train_op, logdir, train_step_fn=step, **kwargs)
