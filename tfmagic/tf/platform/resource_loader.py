"""tf.resource_loader: files that lie beside the code that asks for them."""

from __future__ import annotations

import inspect
import os
import sys

from tfmagic.base.export import export

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))


@export("resource_loader.load_resource")
def load_resource(path: str) -> bytes:
    """What a file holds.

    Args:
      path: relative to the package's folder.

    Raises:
      OSError: it cannot be read.
    """
    with open(os.path.join(_PACKAGE, path), "rb") as file:
        return file.read()


def _folder_of_caller(depth: int) -> str:
    return os.path.dirname(inspect.getfile(sys._getframe(depth)))


@export("resource_loader.get_data_files_path")
def get_data_files_path() -> str:
    """The folder of the file whose code calls this."""
    return _folder_of_caller(2)


@export("resource_loader.get_root_dir_with_all_resources")
def get_root_dir_with_all_resources() -> str:
    """The folder above all files of a program: that of this module, unless a build tool made a tree of them."""
    folder = os.path.dirname(__file__)
    runfiles = folder.split(".runfiles", 1)
    if len(runfiles) == 2:
        return runfiles[0] + ".runfiles" + os.sep + runfiles[1].lstrip(os.sep).partition(os.sep)[0]
    return folder


@export("resource_loader.get_path_to_datafile")
def get_path_to_datafile(path: str) -> str:
    """The path of a file that lies beside the code that calls this.

    Args:
      path: relative to that code's folder.
    """
    return os.path.join(_folder_of_caller(2), path)


@export("resource_loader.readahead_file_path")
def readahead_file_path(path: str, readahead: str = "128M") -> str:
    """The path as it is: reading ahead is the system's business.

    Args:
      path: a file.
      readahead: kept for compatibility.
    """
    return path
