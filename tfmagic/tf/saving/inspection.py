"""`print_tensors_in_checkpoint_file`, and what `tfmagic show` says of a checkpoint."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmagic.base import errors
from tfmagic.tf.saving.reader import CheckpointReader


def print_tensors_in_checkpoint_file(file_name: Any, tensor_name: str | None, all_tensors: bool,
                                     all_tensor_names: bool = False, count_exclude_pattern: str = "") -> None:
    """Print what is in a checkpoint.

    Args:
      file_name: its name.
      tensor_name: the tensor whose values are printed; with neither this nor the next, names, types and shapes are.
      all_tensors: whether the values of all tensors are printed.
      all_tensor_names: whether the names of all tensors are printed.
      count_exclude_pattern: a regular expression: tensors whose names match are not counted.
    """
    try:
        reader = CheckpointReader(file_name)
        if all_tensors or all_tensor_names:
            for name in sorted(reader.get_variable_to_shape_map()):
                print("tensor_name: ", name)
                if all_tensors:
                    print(reader.get_tensor(name))
        elif not tensor_name:
            print(reader.debug_string().decode("utf-8", errors="ignore"))
        else:
            print("tensor_name: ", tensor_name)
            print(reader.get_tensor(tensor_name))
        excluded = re.compile(count_exclude_pattern) if count_exclude_pattern else None
        count = sum(int(np.prod(shape, dtype=object)) if shape else 1
                    for name, shape in reader.get_variable_to_shape_map().items()
                    if excluded is None or not excluded.search(name))
        print("# Total number of params: %d" % count)  # noqa: UP031  # as TensorFlow prints it
    except errors.OpError as error:
        print(error.message)


def show(prefix: Any) -> Iterator[str]:
    """What is in a checkpoint, line by line."""
    reader = CheckpointReader(prefix)
    shapes, types = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    width = max(map(len, shapes), default=0)
    total = 0
    for name in sorted(shapes):
        count = 1
        for dim in shapes[name]:
            count *= dim
        total += count
        yield f"{name:{width}}  {types[name].name:8} {shapes[name]}"
    yield f"{len(shapes)} tensors, {total:,} elements"
