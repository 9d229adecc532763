"""tf.logging: TensorFlow's logger and its functions."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from tfmagic.base.export import export

if TYPE_CHECKING:
    import logging

DEBUG, INFO, WARN, ERROR, FATAL = 10, 20, 30, 40, 50
for _name, _level in (("DEBUG", DEBUG), ("INFO", INFO), ("WARN", WARN), ("ERROR", ERROR), ("FATAL", FATAL)):
    export("logging." + _name)(_level)

_counts: dict[Any, int] = {}


@functools.cache
def _logger() -> logging.Logger:
    import logging  # takes longer to import than all that stands below: for the first message

    class Stderr(logging.StreamHandler):
        """Writes to whatever `sys.stderr` is at the time (a notebook replaces it)."""

        def __init__(self) -> None:
            logging.Handler.__init__(self)

        @property
        def stream(self) -> Any:
            return sys.stderr

    logger = logging.getLogger("tensorflow")
    logger.setLevel(WARN)
    if not logging.getLogger().handlers:
        handler = Stderr()
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        logger.addHandler(handler)
        logger.propagate = False
    return logger


@export("logging.log")
def log(level: int, msg: str, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at `level`."""
    _logger().log(level, msg, *args, **kwargs)


@export("logging.debug")
def debug(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level DEBUG."""
    _logger().debug(msg, *args, **kwargs)


@export("logging.info")
def info(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level INFO."""
    _logger().info(msg, *args, **kwargs)


@export("logging.warn", "logging.warning")
def warning(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level WARN."""
    _logger().warning(msg, *args, **kwargs)


@export("logging.error")
def error(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level ERROR."""
    _logger().error(msg, *args, **kwargs)


@export("logging.fatal")
def fatal(msg: str, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at level FATAL."""
    _logger().fatal(msg, *args, **kwargs)


@export("logging.vlog")
def vlog(level: int, msg: str, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at a numeric level."""
    _logger().log(level, msg, *args, **kwargs)


@export("logging.log_if")
def log_if(level: int, msg: str, condition: bool, *args: Any) -> None:
    """Log when `condition` holds."""
    if condition:
        vlog(level, msg, *args)


def _count(msg: str) -> int:
    count = _counts.get(msg, -1) + 1
    _counts[msg] = count
    return count


@export("logging.log_every_n")
def log_every_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Log the first and then every n-th call with this message."""
    log_if(level, msg, _count(msg) % n == 0, *args)


@export("logging.log_first_n")
def log_first_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Log only the first `n` calls with this message."""
    log_if(level, msg, _count(msg) < n, *args)


@export("logging.get_verbosity")
def get_verbosity() -> int:
    """The lowest level that is logged."""
    return _logger().getEffectiveLevel()


@export("logging.set_verbosity")
def set_verbosity(v: int) -> None:
    """Log only messages of level `v` and above."""
    _logger().setLevel(v)


@export("logging.flush")
def flush() -> None:
    for handler in _logger().handlers:
        handler.flush()


@export("get_logger")
def get_logger() -> logging.Logger:
    """TensorFlow's logger."""
    return _logger()


@export("logging.TaskLevelStatusMessage")
def task_level_status_message(msg: str) -> None:
    """Log a task's status message as an error."""
    error(msg)
