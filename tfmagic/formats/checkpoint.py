"""Checkpoints of either form: finding out which one a name stands for."""

from __future__ import annotations

import glob
import os

from tfmagic.base import errors
from tfmagic.formats.bundle import BundleReader, index_path
from tfmagic.formats.files import TEMPORARY
from tfmagic.formats.old_checkpoint import OldReader


def is_bundle(prefix: str) -> bool:
    """Whether `prefix` is a checkpoint of the second form."""
    path = index_path(prefix)
    return os.path.exists(path) or bool(glob.glob(glob.escape(path) + TEMPORARY + "*"))


def open_checkpoint(prefix: str) -> BundleReader | OldReader:
    """A reader of the checkpoint `prefix`.

    Raises:
      NotFoundError: there is none.
      DataLossError: it is damaged.
    """
    if is_bundle(prefix):
        return BundleReader(prefix)
    folder = os.path.dirname(prefix)
    if folder and not os.path.isdir(folder):
        raise errors.InvalidArgumentError(
            None, None, f"Unsuccessful TensorSliceReader constructor: Failed to get matching files on {prefix}: Not "
            f"found: {folder}; No such file or directory")
    return OldReader(prefix)
