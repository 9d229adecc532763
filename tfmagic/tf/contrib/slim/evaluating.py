"""slim.evaluation: evaluations of one checkpoint, or of each that comes, with summaries at their end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.contrib.training import evaluation
from tfmagic.tf.monitored.scaffold import Scaffold

_USE_DEFAULT = 0


def _hooks(num_evals: int, logdir: Any, summary_op: Any, feed_dict: Any, others: Sequence[Any] | None) -> list[Any]:
    if summary_op == _USE_DEFAULT:
        summary_op = api.summary.merge_all()
    found: list[Any] = [evaluation.StopAfterNEvalsHook(num_evals)]
    if summary_op is not None:
        found.append(evaluation.SummaryAtEndHook(log_dir=logdir, summary_op=summary_op, feed_dict=feed_dict))
    return [*found, *(others or [])]


def _saver(variables: Any) -> Any:
    return None if variables is None else api.train.Saver(variables)


@export("contrib.slim.evaluation.evaluate_once")
def evaluate_once(master: str, checkpoint_path: str, logdir: Any, num_evals: int = 1, initial_op: Any = None,
                  initial_op_feed_dict: Any = None, eval_op: Any = None, eval_op_feed_dict: Any = None,
                  final_op: Any = None, final_op_feed_dict: Any = None, summary_op: Any = _USE_DEFAULT,
                  summary_op_feed_dict: Any = None, variables_to_restore: Any = None, session_config: Any = None,
                  hooks: Sequence[Any] | None = None) -> Any:
    """Evaluate a checkpoint.

    Args:
      master: "" (this machine).
      checkpoint_path: the checkpoint.
      logdir: the folder of the summaries.
      num_evals: how often `eval_op` runs.
      initial_op, initial_op_feed_dict: what to run first.
      eval_op, eval_op_feed_dict: what to run again and again.
      final_op, final_op_feed_dict: what to run at the end.
      summary_op, summary_op_feed_dict: the summaries; by default all.
      variables_to_restore: by default all.
      session_config: a `ConfigProto`.
      hooks: more `SessionRunHook` objects.

    Returns:
      The value of `final_op`.
    """
    every = _hooks(num_evals, logdir, summary_op, summary_op_feed_dict, hooks)
    scaffold = Scaffold(init_op=initial_op, init_feed_dict=initial_op_feed_dict, saver=_saver(variables_to_restore))
    return evaluation.evaluate_once(
        checkpoint_path, master=master, scaffold=scaffold, eval_ops=eval_op, feed_dict=eval_op_feed_dict,
        final_ops=final_op, final_ops_feed_dict=final_op_feed_dict, hooks=every, config=session_config)


@export("contrib.slim.evaluation.evaluation_loop")
def evaluation_loop(master: str, checkpoint_dir: str, logdir: Any, num_evals: int = 1, initial_op: Any = None,
                    initial_op_feed_dict: Any = None, init_fn: Any = None, eval_op: Any = None,
                    eval_op_feed_dict: Any = None, final_op: Any = None, final_op_feed_dict: Any = None,
                    summary_op: Any = _USE_DEFAULT, summary_op_feed_dict: Any = None,
                    variables_to_restore: Any = None, eval_interval_secs: float = 60,
                    max_number_of_evaluations: int | None = None, session_config: Any = None,
                    timeout: float | None = None, timeout_fn: Callable[[], bool] | None = None,
                    hooks: Sequence[Any] | None = None) -> Any:
    """Evaluate each new last checkpoint of a folder.

    Args:
      checkpoint_dir: the folder.
      init_fn: called with the scaffold and the session after `initial_op`.
      eval_interval_secs: how many seconds there are at least between two evaluations.
      max_number_of_evaluations: after how many it ends.
      timeout: how many seconds to wait for a checkpoint.
      timeout_fn: called when that time is over: True ends it.
      master, logdir, num_evals, initial_op, initial_op_feed_dict, eval_op, eval_op_feed_dict, final_op,
        final_op_feed_dict, summary_op, summary_op_feed_dict, variables_to_restore, session_config, hooks: as for
        `evaluate_once`.

    Returns:
      The value of `final_op` at the last checkpoint, or None.
    """
    every = _hooks(num_evals, logdir, summary_op, summary_op_feed_dict, hooks)
    scaffold = Scaffold(init_op=initial_op, init_feed_dict=initial_op_feed_dict, init_fn=init_fn,
                        saver=_saver(variables_to_restore))
    return evaluation.evaluate_repeatedly(
        checkpoint_dir, master=master, scaffold=scaffold, eval_ops=eval_op, feed_dict=eval_op_feed_dict,
        final_ops=final_op, final_ops_feed_dict=final_op_feed_dict, eval_interval_secs=eval_interval_secs,
        hooks=every, config=session_config, max_number_of_evaluations=max_number_of_evaluations, timeout=timeout,
        timeout_fn=timeout_fn)
