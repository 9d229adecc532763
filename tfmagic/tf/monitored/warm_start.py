"""`tf.train.warm_start`: lets a model begin with what another one learned, vocabularies that changed among it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.ops.state.assign import assign
from tfmagic.tf.initializers.kinds import Zeros as zeros_initializer
from tfmagic.tf.saving.reader import checkpoint_of, init_from_checkpoint
from tfmagic.tf.saving.remapping import remapped
from tfmagic.tf.saving.saveables import by_name, is_variable
from tfmagic.tf.variable.partitioned import PartitionedVariable


class _VocabInfo(NamedTuple):
    new_vocab: Any
    new_vocab_size: int
    num_oov_buckets: int
    old_vocab: Any
    old_vocab_size: int = -1
    backup_initializer: Any = None
    axis: int = 0


@export("train.VocabInfo")
class VocabInfo(_VocabInfo):
    """A vocabulary that differs from that of the checkpoint.

    Args:
      new_vocab: the path of the file with the new words.
      new_vocab_size: how many of them count.
      num_oov_buckets: how many rows stand for other words.
      old_vocab: the path of the file with the old words.
      old_vocab_size: how many of them count; -1 for all.
      backup_initializer: initialises the rows of new words.
      axis: along which axis of the variable the words stand.

    Raises:
      ValueError: it is neither 0 nor 1.
    """

    __slots__ = ()

    def __new__(cls, new_vocab: Any, new_vocab_size: int, num_oov_buckets: int, old_vocab: Any,
                old_vocab_size: int = -1, backup_initializer: Any = None, axis: int = 0) -> VocabInfo:
        if axis not in (0, 1):
            raise ValueError(f"The only supported values for the axis argument are 0 and 1.  Provided axis: {axis}")
        return super().__new__(cls, new_vocab, new_vocab_size, num_oov_buckets, old_vocab, old_vocab_size,
                               backup_initializer, axis)


@export("train.warm_start")
def warm_start(ckpt_to_initialize_from: Any, vars_to_warm_start: Any = ".*",
               var_name_to_vocab_info: dict[str, Any] | None = None,
               var_name_to_prev_var_name: dict[str, str] | None = None) -> None:
    """Let variables be initialised with values of a checkpoint.

    Args:
      ckpt_to_initialize_from: the checkpoint's name, or a folder, of which the last one is taken.
      vars_to_warm_start: which variables: a regular expression for names of trainable variables, a list of such or of
        names for all variables, a list of variables; or None for those that the next argument names.
      var_name_to_vocab_info: `VocabInfo` of variables whose vocabulary has changed, by their names.
      var_name_to_prev_var_name: names in the checkpoint, by those of the variables where they differ.

    Raises:
      ValueError: a name has no variable, or is named for nothing.
    """
    vocabularies = var_name_to_vocab_info or {}
    former = var_name_to_prev_var_name or {}
    tf_logging.info("Warm-starting from: %s", ckpt_to_initialize_from)
    unused, unused_vocabularies = set(former), set(vocabularies)
    assignments: dict[str, Any] = {}
    warmed = 0
    chosen = _chosen(vars_to_warm_start)
    for name, variables in chosen.items():
        before = former.get(name)
        unused.discard(name)
        tf_logging.debug("Warm-starting variable: %s; prev_var_name: %s", name, before or "Unchanged")
        vocabulary = vocabularies.get(name)
        if vocabulary is not None:
            unused_vocabularies.discard(name)
            for variable in variables:
                _begin_with_words(variable, checkpoint_of(ckpt_to_initialize_from), before or name, vocabulary)
            warmed += 1
            continue
        assignments[before or name] = variables if len(variables) > 1 else variables[0]
    if assignments:
        init_from_checkpoint(ckpt_to_initialize_from, assignments)
    tf_logging.info("Warm-started %d variables.", len(assignments) + warmed)
    if unused:
        raise ValueError("You provided the following variables in var_name_to_prev_var_name that were not used: "
                         f"{unused}.  Perhaps you misspelled them?  Here is the list of viable variable names: "
                         f"{sorted(chosen)}")
    if unused_vocabularies:
        raise ValueError("You provided the following variables in var_name_to_vocab_info that were not used: "
                         f"{unused_vocabularies}.  Perhaps you misspelled them?  Here is the list of viable variable "
                         f"names: {sorted(chosen)}")


def _begin_with_words(variable: Any, path: str, source: str, words: VocabInfo) -> None:
    """Let a variable, or a part of one, begin with the rows, or columns, that old words have in a checkpoint."""
    info = variable._get_save_slice_info()
    rows, columns = variable.shape.as_list()
    first = info.var_offset[0] if info is not None else 0
    files = words.new_vocab, words.old_vocab, words.old_vocab_size
    initializer = words.backup_initializer or zeros_initializer()
    if words.axis == 0:
        known = min(rows, words.new_vocab_size - first)
        value = remapped(path, source, (known, columns), first, files, None, initializer, rows - known, 0)
    else:
        value = remapped(path, source, (rows, words.new_vocab_size), first, None, files, initializer, 0,
                         words.num_oov_buckets)
    variable._initializer_op = assign(variable, value)


def infer_var_name(var: Any) -> str:
    """The name of what variables are in a checkpoint.

    Args:
      var: a list of variables: the parts of one, or one alone.
    """
    return next(iter(by_name(var)))


def get_var_info(var: Any, prev_tensor_name: str | None = None) -> tuple[str, Any]:
    """The name of a variable in a checkpoint, and the variable, as a list where it is one of parts.

    Args:
      var: a variable, a list of the parts of one, or a `PartitionedVariable`.
      prev_tensor_name: the name, where it is not the variable's own.

    Raises:
      TypeError: it is none of these.
    """
    if is_variable(var):
        name = infer_var_name([var])
    elif isinstance(var, list) and all(is_variable(item) for item in var):
        name = infer_var_name(var)
    elif isinstance(var, PartitionedVariable):
        var = list(var)
        name = infer_var_name(var)
    else:
        raise TypeError("var MUST be one of the following: a Variable, list of Variable or PartitionedVariable, but is "
                        f"{type(var)}")
    return prev_tensor_name or name, var


def _grouped(variables: Any) -> dict[str, list[Any]]:
    """Variables by name; the parts of one stand together."""
    found: dict[str, list[Any]] = {}
    for item in variables:
        for variable in item if isinstance(item, (list, PartitionedVariable)) else [item]:
            found.setdefault(infer_var_name([variable]), []).append(variable)
    return found


def _chosen(wanted: Any) -> dict[str, list[Any]]:
    graph = get_default_graph()
    if isinstance(wanted, str) or wanted is None:
        tf_logging.info("Warm-starting variables only in TRAINABLE_VARIABLES.")
        return _grouped(graph.get_collection(GraphKeys.TRAINABLE_VARIABLES, scope=wanted)) if wanted else {}
    if not isinstance(wanted, list):
        raise ValueError(f"`vars_to_warm_start must be a `list` or `str`.  Given type is {type(wanted)}")
    items = wanted
    if items and all(isinstance(item, str) for item in items):
        matches: list[Callable[[str], Any]] = [re.compile(item).match for item in items]
        return _grouped(variable for variable in graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
                        if any(match(variable.name) for match in matches))
    if items and all(is_variable(item) or isinstance(item, (list, PartitionedVariable)) for item in items):
        return _grouped(items)
    raise ValueError("If `vars_to_warm_start` is a list, it must be all `Variable` or all `str`.  Given types are "
                     f"{[type(item) for item in items]}")
