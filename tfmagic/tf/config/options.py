"""Placement, threads and options of the optimizer, for sessions without a `ConfigProto` of their own."""

from __future__ import annotations

from typing import Any

from tfmagic.base import errors
from tfmagic.base.export import export
from tfmagic.session.devices.process import PROCESS


@export("config.get_soft_device_placement")
def get_soft_device_placement() -> bool:
    """Whether an operation may run elsewhere when the device that it asks for does not exist."""
    return PROCESS.soft_placement


@export("config.set_soft_device_placement")
def set_soft_device_placement(enabled: bool) -> None:
    """Say whether an operation may run elsewhere when the device that it asks for does not exist."""
    PROCESS.set_soft_placement(enabled)


@export("debugging.get_log_device_placement")
def get_log_device_placement() -> bool:
    """Whether sessions print where their operations run."""
    return PROCESS.log_placement


@export("debugging.set_log_device_placement")
def set_log_device_placement(enabled: bool) -> None:
    """Say whether sessions print where their operations run.

    Raises:
      RuntimeError: the devices have been listed already.
    """
    PROCESS.set_log_placement(enabled)


@export("config.threading.get_inter_op_parallelism_threads")
def get_inter_op_parallelism_threads() -> int:
    """The threads for independent operations that were asked for; 0: none were."""
    return PROCESS.threads("inter")


@export("config.threading.set_inter_op_parallelism_threads")
def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Ask for threads for independent operations; a plan of tfmagic runs one operation at a time all the same.

    Raises:
      RuntimeError: the devices have been listed already.
    """
    PROCESS.set_threads("inter", num_threads)


@export("config.threading.get_intra_op_parallelism_threads")
def get_intra_op_parallelism_threads() -> int:
    """The threads within an operation that were asked for; 0: none were."""
    return PROCESS.threads("intra")


@export("config.threading.set_intra_op_parallelism_threads")
def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Ask for threads within an operation: sessions made from now on set torch's threads.

    Raises:
      RuntimeError: the devices have been listed already.
    """
    PROCESS.set_threads("intra", num_threads)


@export("config.optimizer.get_jit")
def get_optimizer_jit() -> bool:
    """Whether just-in-time compilation was asked for."""
    return PROCESS.jit()


@export("config.optimizer.set_jit")
def set_optimizer_jit(enabled: bool) -> None:
    """Ask for just-in-time compilation: a wish in the sessions' `ConfigProto`; plans are lowered to torch anyhow."""
    PROCESS.set_jit(enabled)


@export("config.optimizer.get_experimental_options")
def get_optimizer_experimental_options() -> dict[str, Any]:
    """The options of the graph optimizer that were set, by name."""
    return PROCESS.options()


@export("config.optimizer.set_experimental_options")
def set_optimizer_experimental_options(options: dict[str, Any]) -> None:
    """Set options of the graph optimizer: wishes in the sessions' `ConfigProto`; passes over plans keep all values.

    Args:
      options: values by name; unknown names are left out.
    """
    PROCESS.set_options(options)


@export("config.experimental_run_functions_eagerly")
def run_functions_eagerly(run_eagerly: bool) -> None:
    """Nothing changes when it is False.

    Args:
      run_eagerly: whether functions are to run as Python code.

    Raises:
      UnimplementedError: it is True: tfmagic builds graphs.
    """
    if run_eagerly:
        raise errors.UnimplementedError(None, None, "tfmagic builds graphs: functions are always traced. tf.py_func "
                                                    "runs Python code within a graph.")
