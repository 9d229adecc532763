"""Libraries of C++ code, which tfmagic cannot load: clear refusals in the place of TensorFlow's loaders and flags."""

from __future__ import annotations

import errno
import os
from typing import Any, NoReturn

from tfmagic.base import errors
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export

_INSTEAD = ("tfmagic runs on torch and cannot load code compiled for TensorFlow. tf.py_func runs Python code within a "
            "graph, torch operators of your own too.")


def _refuse_library(file: str) -> NoReturn:
    if not os.path.exists(file):
        raise errors.NotFoundError(None, None, f"{file}: cannot open shared object file: No such file or directory")
    raise errors.UnimplementedError(None, None, f"{file}: {_INSTEAD}")


@export("load_op_library")
def load_op_library(library_filename: str) -> NoReturn:
    """Refuse to load operations compiled for TensorFlow.

    Raises:
      NotFoundError: there is no such file.
      UnimplementedError: there is.
    """
    _refuse_library(library_filename)


@export("load_file_system_library")
@deprecated(None, "Use `tf.load_library` instead.")
def load_file_system_library(library_filename: str) -> NoReturn:
    """Refuse to load a file system compiled for TensorFlow.

    Raises:
      NotFoundError: there is no such file.
      UnimplementedError: there is.
    """
    _refuse_library(library_filename)


@export("load_library")
def load_library(library_location: str) -> None:
    """Refuse to load libraries compiled for TensorFlow; a folder without any is as good as loaded.

    Args:
      library_location: a file, or a folder whose `*.so` files are meant.

    Raises:
      OSError: there is no such file or folder.
      UnimplementedError: there is a library.
    """
    if not os.path.exists(library_location):
        raise OSError(errno.ENOENT, "The file or folder to load kernel libraries from does not exist.",
                      library_location)
    if os.path.isdir(library_location):
        found = sorted(name for name in os.listdir(library_location) if name.endswith(".so"))
        if not found:
            return
        library_location = os.path.join(library_location, found[0])
    _refuse_library(library_location)


def _no_headers(what: str) -> NoReturn:
    raise errors.UnimplementedError(None, None, f"There are no {what}: {_INSTEAD}")


@export("sysconfig.get_include")
def get_include() -> Any:
    """Refuse: there are no C++ headers.

    Raises:
      UnimplementedError: always.
    """
    _no_headers("C++ headers to compile against")


@export("sysconfig.get_lib")
def get_lib() -> Any:
    """Refuse: there is no library of TensorFlow's framework.

    Raises:
      UnimplementedError: always.
    """
    _no_headers("libraries to link against")


@export("sysconfig.get_compile_flags")
def get_compile_flags() -> Any:
    """Refuse: there are no C++ headers.

    Raises:
      UnimplementedError: always.
    """
    _no_headers("C++ headers to compile against")


@export("sysconfig.get_link_flags")
def get_link_flags() -> Any:
    """Refuse: there is no library of TensorFlow's framework.

    Raises:
      UnimplementedError: always.
    """
    _no_headers("libraries to link against")
