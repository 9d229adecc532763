"""`tf.flags`, `tf.app.flags`: the flags of the library absl, read from the command line when one is first asked for."""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from absl import flags as absl_flags

from tfmagic.base.export import export

# The names that TensorFlow gave the arguments before it took absl's functions.
_OLD_ARGUMENTS = {"flag_name": "name", "default_value": "default", "docstring": "help"}


class FlagValues:
    """The values of all flags: `FLAGS.rate`.

    The command line is read when a flag is first asked for. A notebook's command line is the kernel's own: no flag is
    taken from it.
    """

    __module__ = "tensorflow.python.platform.flags"

    def __getattr__(self, name: str) -> Any:
        flags = absl_flags.FLAGS
        if not hasattr(type(flags), name) and name not in vars(flags) and not flags.is_parsed():
            flags(command_line())
        return getattr(flags, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(absl_flags.FLAGS, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(absl_flags.FLAGS, name)

    def __dir__(self) -> list[str]:
        return dir(absl_flags.FLAGS)

    def __getitem__(self, name: str) -> Any:
        return absl_flags.FLAGS[name]

    def __setitem__(self, name: str, flag: Any) -> None:
        absl_flags.FLAGS[name] = flag

    def __contains__(self, name: str) -> bool:
        return name in absl_flags.FLAGS

    def __iter__(self) -> Iterator[str]:
        return iter(absl_flags.FLAGS)

    def __len__(self) -> int:
        return len(absl_flags.FLAGS)

    def __call__(self, argv: Any, known_only: bool = False) -> list[str]:
        return absl_flags.FLAGS(argv, known_only=known_only)


def command_line() -> list[str]:
    """The program's command line: in a notebook its name alone, for what stands behind that is the kernel's."""
    is_kernel = os.path.basename(sys.argv[0]) == "ipykernel_launcher.py"
    return sys.argv[:1] if is_kernel else sys.argv


def _with_old_arguments(define: Callable[..., Any]) -> Callable[..., Any]:
    """One of absl's functions, which also takes TensorFlow's old names of the arguments."""

    @functools.wraps(define)
    def function(*args: Any, **kwargs: Any) -> Any:
        old = [name for name in _OLD_ARGUMENTS if name in kwargs]
        if old:
            logging.warning("Use of the keyword argument names (flag_name, default_value, docstring) is deprecated, "
                            "please use (name, default, help) instead.")
        return define(*args, **{_OLD_ARGUMENTS.get(name, name): value for name, value in kwargs.items()})

    return function


FLAGS = FlagValues()
DEFINE_string = _with_old_arguments(absl_flags.DEFINE_string)
DEFINE_bool = DEFINE_boolean = _with_old_arguments(absl_flags.DEFINE_boolean)
DEFINE_float = _with_old_arguments(absl_flags.DEFINE_float)
DEFINE_integer = _with_old_arguments(absl_flags.DEFINE_integer)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(absl_flags, name)


def __dir__() -> list[str]:
    return sorted({*dir(absl_flags), *globals()})


absl_flags.disclaim_key_flags()  # a flag belongs to the program that defines it through this module
export("app.flags")(sys.modules[__name__])
