"""The profiler as it was called before tf.profiler."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.tf.profiler import profiling
from tfmagic.tf.profiler.options import ProfileOptionBuilder

_LATER = ("min_occurrence", "step", "min_accelerator_micros", "min_cpu_micros", "min_peak_bytes",
          "min_residual_bytes", "min_output_bytes")


def _before(options: dict[str, Any]) -> dict[str, Any]:
    """Options without those that came with tf.profiler; all went into an empty file name then."""
    return {key: value for key, value in options.items() if key not in _LATER} | {"dump_to_file": ""}


TRAINABLE_VARS_PARAMS_STAT_OPTIONS = export("contrib.tfprof.model_analyzer.TRAINABLE_VARS_PARAMS_STAT_OPTIONS")(
    _before(ProfileOptionBuilder.trainable_variables_parameter()))
FLOAT_OPS_OPTIONS = export("contrib.tfprof.model_analyzer.FLOAT_OPS_OPTIONS")(
    _before(ProfileOptionBuilder.float_operation()))
PRINT_ALL_TIMING_MEMORY = export("contrib.tfprof.model_analyzer.PRINT_ALL_TIMING_MEMORY")(
    _before(ProfileOptionBuilder.time_and_memory()) | {"order_by": "name"})
ALL_ADVICE: dict[str, dict[str, Any]] = export("contrib.tfprof.model_analyzer.ALL_ADVICE")(
    {name: {} for name in ("ExpensiveOperationChecker", "AcceleratorUtilizationChecker", "JobChecker",
                           "OperationChecker")})
_DATE = "2018-01-01"


@export("contrib.tfprof.model_analyzer.print_model_analysis")
@deprecated(_DATE, "Use `tf.profiler.profile(graph, run_meta, op_log, cmd, options)`. Build `options` with "
                   "`tf.profiler.ProfileOptionBuilder`. See README.md for details")
def print_model_analysis(graph: Any, run_meta: Any = None, op_log: Any = None, tfprof_cmd: str = "scope",
                         tfprof_options: Any = TRAINABLE_VARS_PARAMS_STAT_OPTIONS) -> Any:
    """See `tf.profiler.profile`."""
    return profiling.profile(graph, run_meta, op_log, tfprof_cmd, tfprof_options)


@export("contrib.tfprof.model_analyzer.advise")
@deprecated(_DATE, "Use `tf.profiler.advise(graph, run_meta, options)`. See README.md")
def advise(graph: Any, run_meta: Any = None, tfprof_options: Any = ALL_ADVICE) -> Any:
    """See `tf.profiler.advise`."""
    return profiling.advise(graph, run_meta, tfprof_options)


@export("contrib.tfprof.tfprof_logger.write_op_log")
@deprecated(_DATE, "Use `tf.profiler.write_op_log. go/tfprof`")
def write_op_log(graph: Any, log_dir: str, op_log: Any = None, run_meta: Any = None, add_trace: bool = True) -> None:
    """See `tf.profiler.write_op_log`."""
    profiling.write_op_log(graph, log_dir, op_log, run_meta, add_trace)
