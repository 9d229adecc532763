"""Entries of LMDB data bases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from tfmagic.base import errors
from tfmagic.formats.files import local_path


def entries(filename: str) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a data base, in the order of the keys.

    Raises:
      NotFoundError: there is none of this name.
    """
    import lmdb

    path = local_path(filename)
    try:
        environment = lmdb.open(path, readonly=True, lock=False, subdir=os.path.isdir(path))
    except lmdb.Error as error:
        raise errors.NotFoundError(None, None, f"{filename}; {error}") from None
    return _read(environment)


def _read(environment: Any) -> Iterator[tuple[bytes, bytes]]:
    try:
        with environment.begin() as transaction:
            yield from ((bytes(key), bytes(value)) for key, value in transaction.cursor())
    finally:
        environment.close()
