"""The enum of AutoGraph's optional features, loop options and messages."""

from __future__ import annotations

import enum
import os
import sys
from typing import Any

from tfmagic.base.export import export


@export("autograph.experimental.Feature")
class Feature(enum.Enum):
    """What a conversion may do besides; none of it is done by default."""

    ALL = "ALL"
    AUTO_CONTROL_DEPS = "AUTO_CONTROL_DEPS"
    ASSERT_STATEMENTS = "ASSERT_STATEMENTS"
    BUILTIN_FUNCTIONS = "BUILTIN_FUNCTIONS"
    EQUALITY_OPERATORS = "EQUALITY_OPERATORS"
    LISTS = "LISTS"
    NAME_SCOPES = "NAME_SCOPES"

    @classmethod
    def all(cls) -> tuple[Feature, ...]:
        """All features."""
        return tuple(cls)

    @classmethod
    def all_but(cls, exclude: Any) -> tuple[Feature, ...]:
        """All features but some."""
        left_out = set(exclude) if isinstance(exclude, list | tuple | set) else {exclude}
        return tuple(set(cls) - left_out - {cls.ALL})


_UNSAID = object()


def check_features(features: Any) -> None:
    """Refuse optional features, none of which tfmagic has.

    Raises:
      NotImplementedError: one is asked for.
    """
    for feature in features if isinstance(features, list | tuple | set) else () if features is None else (features,):
        raise NotImplementedError(f"AutoGraph's optional feature {feature} is not supported. Write tf.Assert, "
                                  "tf.print, tf.equal, tf.TensorArray and tf.name_scope in the function itself.")


@export("autograph.experimental.set_loop_options")
def set_loop_options(parallel_iterations: Any = _UNSAID, back_prop: Any = _UNSAID, swap_memory: Any = _UNSAID,
                     maximum_iterations: Any = _UNSAID) -> None:
    """In a loop that is converted: notes on the loop. As in TensorFlow 1.15 the nodes do not depend on them.

    Args:
      parallel_iterations, back_prop, swap_memory, maximum_iterations: as in `tf.while_loop`.
    """


_verbosity: list[int] = []
_also_to_stdout = [False]


@export("autograph.set_verbosity")
def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """How much conversions log.

    Args:
      level: 0 for nothing, up to 10.
      alsologtostdout: whether to print it as well.
    """
    _verbosity[:] = [level]
    _also_to_stdout[0] = alsologtostdout


def verbosity() -> int:
    """How much conversions log: what was set, else what the environment says."""
    return _verbosity[0] if _verbosity else int(os.environ.get("AUTOGRAPH_VERBOSITY", "0") or 0)


@export("autograph.trace")
def trace(*args: Any) -> None:
    """Print values while a graph is built.

    Args:
      args: what to print.
    """
    print(*args, file=sys.stdout)
