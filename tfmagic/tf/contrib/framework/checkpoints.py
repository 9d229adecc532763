"""Variables from checkpoints: assigned by an operation or by a function of a session, listed and loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.contrib.framework.model_variables import get_variable_full_name
from tfmagic.tf.saving import reader
from tfmagic.tf.saving.builder import V1
from tfmagic.tf.saving.saver import Saver


def _grouped(var_list: Any) -> dict[str, list[Any]]:
    """Name in the checkpoint -> the variable, or the variables, that it is for."""
    if isinstance(var_list, (tuple, list)):
        return {get_variable_full_name(var): [var] for var in var_list}
    return {name: list(var) if isinstance(var, (tuple, list)) else [var] for name, var in var_list.items()}


@export("contrib.framework.assign_from_checkpoint")
def assign_from_checkpoint(model_path: Any, var_list: Any, ignore_missing_vars: bool = False) -> tuple[Any, Any]:
    """An operation that assigns a checkpoint's values to variables, and what to feed it.

    Args:
      model_path: the checkpoint.
      var_list: variables, or a dict from names in the checkpoint to a variable or several.
      ignore_missing_vars: whether a name that the checkpoint does not have is left out, with a warning.

    Raises:
      ValueError: the checkpoint lacks a variable, or has it in another shape.
    """
    found = reader.load_checkpoint(model_path)
    feeds: dict[Any, Any] = {}
    assigns = []
    for name, variables in _grouped(var_list).items():
        if not found.has_tensor(name):
            message = f"Checkpoint is missing variable [{name}]"
            if not ignore_missing_vars:
                raise ValueError(message)
            tf_logging.warning(message)
            continue
        value = found.get_tensor(name)
        for var in variables:
            shape = var.get_shape()
            placeholder = api.placeholder(dtype=var.dtype.base_dtype, shape=shape, name="placeholder/" + var.op.name)
            assigns.append(var.assign(placeholder))
            if not shape.is_compatible_with(value.shape):  # a value of as many numbers in another shape, too
                raise ValueError(f"Total size of new array must be unchanged for {name} lh_shape: [{value.shape}], "
                                 f"rh_shape: [{tuple(shape.as_list())}]")
            feeds[placeholder] = value
    return api.group(*assigns), feeds


@export("contrib.framework.assign_from_checkpoint_fn")
def assign_from_checkpoint_fn(model_path: Any, var_list: Any, ignore_missing_vars: bool = False,
                              reshape_variables: bool = False) -> Callable[[Any], None] | None:
    """A function of a session that assigns a checkpoint's values to variables.

    Args:
      model_path: the checkpoint.
      var_list: variables, or a dict from names in the checkpoint to variables.
      ignore_missing_vars: whether a name that the checkpoint does not have is left out, with a warning.
      reshape_variables: whether a value of another shape is reshaped.

    Returns:
      The function; None where the checkpoint has none of the variables.

    Raises:
      ValueError: there are no variables.
    """
    if not var_list:
        raise ValueError("var_list cannot be empty")
    if ignore_missing_vars:
        found = reader.load_checkpoint(model_path)
        wanted = var_list if isinstance(var_list, dict) else {var.op.name: var for var in var_list}
        var_list = {}
        for name, var in wanted.items():
            if found.has_tensor(name):
                var_list[name] = var
            else:
                tf_logging.warning("Variable %s missing in checkpoint %s", name, model_path)
    if not var_list:
        tf_logging.warning("No Variables to restore")
        return None
    saver = Saver(var_list, reshape=reshape_variables, write_version=V1)

    def callback(session: Any) -> None:
        saver.restore(session, model_path)

    return callback


@export("contrib.framework.load_checkpoint")
def load_checkpoint(filepattern: Any) -> Any:
    """A reader of a checkpoint, or of the latest one in a folder (see `tf.train.load_checkpoint`)."""
    return reader.load_checkpoint(filepattern)


@export("contrib.framework.load_variable")
def load_variable(checkpoint_dir: Any, name: str) -> Any:
    """The value that a checkpoint has for a name."""
    return reader.load_variable(checkpoint_dir, name)


@export("contrib.framework.list_variables")
def list_variables(checkpoint_dir: Any) -> list[tuple[str, list[int]]]:
    """The names in a checkpoint and their shapes."""
    return reader.list_variables(checkpoint_dir)
