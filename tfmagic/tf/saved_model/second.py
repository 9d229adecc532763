"""SavedModels of TensorFlow 2's objects: refused, with what writes and reads the SavedModels of graphs."""

from __future__ import annotations

from typing import Any, NoReturn

from tfmagic.base import errors
from tfmagic.base.export import export


@export("saved_model.save")
def save(obj: Any, export_dir: str, signatures: Any = None) -> NoReturn:
    """Refuse to save an object with its functions.

    Args:
      obj: the object.
      export_dir: the folder.
      signatures: functions of it.

    Raises:
      UnimplementedError: always.
    """
    raise errors.UnimplementedError(None, None, "tf.saved_model.save writes objects with functions of TensorFlow 2. "
                                                "tf.saved_model.simple_save writes a session's graph and variables.")


@export("saved_model.load_v2")
def load(export_dir: str, tags: Any = None) -> NoReturn:
    """Refuse to load a SavedModel as an object.

    Args:
      export_dir: the folder.
      tags: of the graph.

    Raises:
      UnimplementedError: always.
    """
    raise errors.UnimplementedError(None, None, "tf.saved_model.load_v2 makes objects of TensorFlow 2. "
                                                "tf.saved_model.loader.load puts the graph and variables of a "
                                                "SavedModel into a session.")
