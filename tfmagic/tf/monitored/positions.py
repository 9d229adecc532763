"""`tf.data.experimental.CheckpointInputPipelineHook`: where the iterators of a training stand, in checkpoints."""

from __future__ import annotations

import os
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.tf.data.experimental.saving import Position
from tfmagic.tf.data.iterator import GLOBAL_ITERATORS
from tfmagic.tf.monitored.hook import SessionRunArgs, SessionRunContext, SessionRunHook, SessionRunValues
from tfmagic.tf.monitored.writing import CheckpointSaverHook
from tfmagic.tf.saving.saver import Saver
from tfmagic.tf.saving.state import latest_checkpoint


class _PositionSaver(Saver):
    """A saver that has a file of its own for which checkpoint is the newest."""

    def __init__(self, saveables: list[Any], latest_filename: str):
        super().__init__(saveables)
        self._newest = latest_filename

    def save(self, sess: Any, save_path: Any, global_step: Any = None, latest_filename: Any = None,
             meta_graph_suffix: str = "meta", write_meta_graph: bool = True, write_state: bool = True,
             strip_default_attrs: bool = False, save_debug_info: bool = False) -> Any:
        return super().save(sess, save_path, global_step, latest_filename or self._newest, meta_graph_suffix,
                            write_meta_graph, write_state, strip_default_attrs, save_debug_info)


@export("data.experimental.CheckpointInputPipelineHook")
class CheckpointInputPipelineHook(SessionRunHook):
    """Saves where the iterators of the graph stand as often as the model, and goes on there with the next training.

    Args:
      estimator: whose training it is: `model_dir` says where checkpoints are, `config` how often they are saved.

    Raises:
      ValueError: the config says nothing of how often.
    """

    def __init__(self, estimator: Any):
        config = estimator._config
        suffix = f"_{config.task_type}_{config.task_id}" if config.num_worker_replicas > 1 else ""
        self._latest_filename = f"checkpoint_input{suffix}"
        self._checkpoint_saver_hook = CheckpointSaverHook(
            estimator.model_dir, save_secs=config.save_checkpoints_secs, save_steps=config.save_checkpoints_steps,
            checkpoint_basename=f"input{suffix}.ckpt")
        self._first_run = True

    def begin(self) -> None:
        hook = self._checkpoint_saver_hook
        if hook._saver is None and hook._scaffold is None:
            iterators = get_default_graph().get_collection(GLOBAL_ITERATORS)
            hook._saver = _PositionSaver([Position(iterator) for iterator in iterators], self._latest_filename)
        hook.begin()

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._first_run = True

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        if self._first_run:
            self._restore_or_save(run_context.session)
            self._first_run = False
        return self._checkpoint_saver_hook.before_run(run_context)

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        self._checkpoint_saver_hook.after_run(run_context, run_values)

    def end(self, session: Any) -> None:
        self._checkpoint_saver_hook.end(session)

    def _restore_or_save(self, session: Any) -> None:
        """Go on where the newest checkpoint says, or make the first."""
        hook = self._checkpoint_saver_hook
        newest = latest_checkpoint(os.path.dirname(hook._save_path), latest_filename=self._latest_filename)
        if newest is not None:
            hook._find_saver().restore(session, newest)
            return
        step = session.run(hook._step)
        hook._save(session, step)
        hook._timer.update_last_triggered_step(step)
