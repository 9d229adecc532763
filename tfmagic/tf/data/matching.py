"""Names of files that match patterns, as tensors."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.ops.debug.checks import Assert


def names_of(file_pattern: Any) -> Tensor:
    """The names of the files that match; a run fails where there are none."""
    pattern = convert_to_tensor(file_pattern, dtypes.string, "file_pattern")
    names = raw.matching_files(pattern)
    found = api.greater(api.shape(names)[0], 0, name="match_not_empty")
    message = api.add("No files matched pattern: ", api.strings.reduce_join(pattern, separator=", "), name="message")
    with get_default_graph().control_dependencies([Assert(found, [message], summarize=1, name="assert_not_empty")]):
        return raw.identity(names)


def count_of(names: Tensor) -> Tensor:
    """How many names there are, at least 1."""
    return api.maximum(api.shape(names, out_type=dtypes.int64)[0], 1)
