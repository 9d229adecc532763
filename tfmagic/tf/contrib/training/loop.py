"""contrib.training.train: runs an operation that trains until a hook ends it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.monitored.sessions import MonitoredTrainingSession


@export("contrib.training.train")
def train(train_op: Any, logdir: Any, master: str = "", is_chief: bool = True, scaffold: Any = None,
          hooks: Sequence[Any] | None = None, chief_only_hooks: Sequence[Any] | None = None,
          save_checkpoint_secs: float | None = 600, save_summaries_steps: int | None = 100, config: Any = None,
          max_wait_secs: float = 7200, run_metadata: Any = None) -> Any:
    """Run an operation again and again until a hook ends the training.

    Args:
      train_op: what `create_train_op` gives.
      logdir: the folder of checkpoints and summaries.
      master: "" (this machine).
      is_chief: whether this process initialises and saves.
      scaffold: a `Scaffold`.
      hooks: `SessionRunHook` objects.
      chief_only_hooks: those of the chief alone.
      save_checkpoint_secs: after how many seconds it saves, or None.
      save_summaries_steps: at every how many steps it writes summaries, or None.
      config: a `ConfigProto`.
      max_wait_secs: how long one that is not the chief waits.
      run_metadata: a `RunMetadata` proto to fill.

    Returns:
      The last value of `train_op`.

    Raises:
      ValueError: there is no folder for what is to be written.
    """
    if logdir is None and is_chief:
        if save_summaries_steps:
            raise ValueError("logdir cannot be None when save_summaries_steps is not None")
        if save_checkpoint_secs:
            raise ValueError("logdir cannot be None when save_checkpoint_secs is not None")
    value = None
    with MonitoredTrainingSession(master=master, is_chief=is_chief, checkpoint_dir=logdir, scaffold=scaffold,
                                  hooks=hooks, chief_only_hooks=chief_only_hooks,
                                  save_checkpoint_secs=save_checkpoint_secs,
                                  save_summaries_steps=save_summaries_steps, config=config,
                                  max_wait_secs=max_wait_secs) as session:
        while not session.should_stop():
            value = session.run(train_op, run_metadata=run_metadata)
    return value
