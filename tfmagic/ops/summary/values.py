"""Summaries of numbers, histograms, tensors and texts, and several summaries in one."""

from __future__ import annotations

import contextlib
import functools
import math
import struct
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, messages, shapes
from tfmagic.base.export import export
from tfmagic.base.lazy import torch
from tfmagic.formats import wire
from tfmagic.formats.tensor_proto import from_array, of_content
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import op
from tfmagic.ops.summary import tags
from tfmagic.ops.summary.tags import HOST_SUMMARY
from tfmagic.ops.torch_types import content_of

_LARGEST = float(np.finfo(np.float64).max)


# --- numbers ----------------------------------------------------------------------------------------------------



@op("ScalarSummary", **HOST_SUMMARY)
class ScalarSummary:
    """A number for each tag."""

    shape = shape_rules.scalar

    def kernel(op, names, values):
        if tuple(names.shape) != tuple(values.shape):
            only = f" (tag '{names.item().decode('utf-8', 'replace')}')" if names.size == 1 else ""
            raise errors.InvalidArgumentError(
                None, None, f"tags and values not the same shape: {shapes.brackets(tuple(names.shape))} != "
                f"{shapes.brackets(tuple(values.shape))}{only}")
        numbers = as_array(values.reshape(-1).to(torch.float32)).astype("<f4", copy=False).tobytes()
        return tags.packed((name, struct.pack("<B", 2 << 3 | wire.FIXED32) + numbers[4 * at:4 * at + 4])
                           for at, name in enumerate(names.ravel().tolist()))  # `simple_value`


@export("summary.scalar")
def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of one number.

    Args:
      name: its tag, within the scopes around it.
      tensor: a real scalar.
      collections: keys of the collections it joins (default: `SUMMARIES`).
      family: what TensorBoard groups it under.

    Returns:
      A string scalar: a `Summary`.
    """
    with tags.scope(name, family, values=[tensor]) as (tag, scope):
        return tags.collect(raw.scalar_summary(tags=tag, values=tensor, name=scope), collections)


# --- histograms -------------------------------------------------------------------------------------------------


@functools.cache
def _limits() -> np.ndarray:
    """The upper limits of all buckets: each 1.1 times as far from 0 as the one before, from 1e-12 to 1e20."""
    positive = []
    limit = 1e-12
    while limit < 1e20:
        positive.append(limit)
        limit *= 1.1
    positive.append(_LARGEST)
    return np.array([-limit for limit in reversed(positive)] + [0.0] + positive)


@functools.cache
def _limits_and_more() -> np.ndarray:
    return np.append(_limits(), np.inf)


@functools.cache
def _first_buckets() -> np.ndarray:
    """The bucket of the least float64 with each upper half-word: no two limits share one, they lie 10% apart."""
    words = np.arange(1 << 16, dtype=np.uint64) << np.uint64(48)
    words[1 << 15:] |= np.uint64((1 << 48) - 1)
    return np.searchsorted(_limits(), words.view(np.float64), side="right").astype(np.int16)


def _buckets(values: np.ndarray) -> np.ndarray:
    """The number of limits up to each value: a look in a table, and one comparison, in place of a search."""
    if len(values) < 500:
        return np.searchsorted(_limits(), values, side="right")  # the table pays for many
    first = _first_buckets()[np.ascontiguousarray(values).view(np.uint64) >> np.uint64(48)]
    return first + (values >= _limits_and_more()[first])


class Histogram:
    """How often float64 values of each size came."""

    def __init__(self) -> None:
        self._least, self._most, self._count = _LARGEST, -_LARGEST, 0
        self._sum, self._squares = 0.0, 0.0
        self._counts = np.zeros(len(_limits()), np.int64)

    def add(self, values: np.ndarray) -> None:
        """Count values."""
        if not len(values):
            return
        # Added one after the other, as TensorFlow does: another order ends in other last digits.
        self._least = min(self._least, np.minimum.reduce(values))
        self._most = max(self._most, np.maximum.reduce(values))
        self._sum = _last_sum(self._sum, values, self._count)
        self._squares = _last_sum(self._squares, values * values, self._count)
        self._count += len(values)
        if len(values) == 1:
            self._counts[_buckets(values)[0]] += 1
        else:
            self._counts += np.bincount(_buckets(values), minlength=len(self._counts))

    def proto(self) -> Any:
        """It as a `HistogramProto`."""
        return messages.module("summary_pb2").HistogramProto.FromString(self.content())

    def content(self) -> bytes:
        """The bytes of a `HistogramProto`; of neighbouring empty buckets one stands for all.

        What a summary of each step has is written here: numbers one by one through Python's protocol buffers take
        longer than to count them.
        """
        numbers = self._least, self._most, float(self._count), self._sum, self._squares
        shown = self._counts != 0
        shown[:-1] |= shown[1:]
        shown[-1] = True
        places = np.flatnonzero(shown)
        return b"".join([*(struct.pack("<Bd", number << 3 | wire.FIXED64, value)
                           for number, value in enumerate(numbers, 1) if value),
                         tags.field(6, _limits()[places].tobytes()),
                         tags.field(7, self._counts[places].astype(np.float64).tobytes())])


def _last_sum(start: float, values: np.ndarray, follows: int) -> float:
    return np.add.accumulate(np.append(start, values) if follows else values)[-1]


def histogram_summary(tag: bytes, name: str, values: Any) -> np.ndarray:
    """The summary of how often values occur.

    Raises:
      InvalidArgumentError: one is no number; `name` says whose.
    """
    numbers = as_array(values.reshape(-1).to(torch.float64))
    if not math.isfinite(np.dot(numbers, numbers)) and not np.isfinite(numbers).all():
        kind = "Nan" if np.isnan(numbers[~np.isfinite(numbers)][0]) else "Infinity"
        raise errors.InvalidArgumentError(None, None, f"{kind} in summary histogram for: {name}")
    found = Histogram()
    found.add(numbers)
    return tags.packed([(tag, tags.field(5, found.content()))])  # `histo`


@op("HistogramSummary", **HOST_SUMMARY)
class HistogramSummary:
    """How often values of each size occur."""

    shape = shape_rules.scalar

    def kernel(op, tag, values):
        return histogram_summary(tags.one_tag(tag, "tags must be scalar"), op.op.name, values)


@export("summary.histogram")
def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of how often values of each size occur in a tensor.

    Args:
      name: its tag, within the scopes around it.
      values: real, any shape.
      collections: keys of the collections it joins (default: `SUMMARIES`).
      family: what TensorBoard groups it under.

    Returns:
      A string scalar: a `Summary`.
    """
    with tags.scope(name, family, "HistogramSummary", [values]) as (tag, scope):
        return tags.collect(raw.histogram_summary(tag=tag, values=values, name=scope), collections)


# --- tensors and texts --------------------------------------------------------------------------------------------


def tensor_proto(dtype: dtypes.DType, value: Any) -> Any:
    """A value as a protocol buffer: numbers as their bytes."""
    if dtypes.string == dtype:
        result = from_array(as_array(value), dtype)
    else:
        return of_content(content_of(value), dtype, value.shape)
    result.tensor_shape.SetInParent()
    return result


@op("TensorSummary", **HOST_SUMMARY)
class TensorSummary:
    """A tensor of any type. Its description and labels are for whoever reads the graph; the summary has neither."""

    shape = shape_rules.scalar

    def kernel(op, value):
        return tags.packed([(b"", tags.value(node_name=op.op.name, tensor=tensor_proto(op.T, value)))])


@op("TensorSummaryV2", **HOST_SUMMARY)
class TensorSummaryV2:
    """A tensor of any type, with metadata for a plugin of TensorBoard."""

    shape = shape_rules.scalar

    def kernel(op, tag, value, metadata):
        name = tags.one_tag(tag, "tag must be scalar")
        entry = tags.value(tensor=tensor_proto(op.T, value))
        from google.protobuf.message import DecodeError

        with contextlib.suppress(DecodeError):  # TensorFlow takes no metadata for what is none
            entry.metadata.ParseFromString(metadata.item())
        return tags.packed([(name, entry)])


@export("summary.tensor_summary")
def tensor_summary(name: str, tensor: Any, summary_description: str | None = None, collections: Any = None,
                   summary_metadata: Any = None, family: str | None = None, display_name: str | None = None) -> Tensor:
    """A summary of a whole tensor.

    Args:
      name: its tag, within the scopes around it; and how TensorBoard shows it where there is no `display_name`.
      tensor: any type and shape.
      summary_description: a longer text about it.
      collections: keys of the collections it joins (default: `SUMMARIES`).
      summary_metadata: a `SummaryMetadata`: for which plugin of TensorBoard it is.
      family: what TensorBoard groups it under.
      display_name: a name for people.

    Returns:
      A string scalar: a `Summary`.
    """
    metadata = messages.module("summary_pb2").SummaryMetadata()
    if summary_metadata is not None:
        metadata.CopyFrom(summary_metadata)
    if summary_description is not None:
        metadata.summary_description = summary_description
    if display_name is not None:
        metadata.display_name = display_name
    with tags.scope(name, family, values=[tensor]) as (tag, scope):
        summary = raw.tensor_summary_v2(tensor=tensor, tag=tag, name=scope,
                                        serialized_summary_metadata=metadata.SerializeToString())
    return tags.collect(summary, collections)


@export("summary.text")
def text(name: str, tensor: Tensor, collections: Any = None) -> Tensor:
    """A summary of strings, which TensorBoard shows as text.

    Args:
      name: its tag, within the scopes around it.
      tensor: a tensor of strings: a scalar, a list or a table.
      collections: keys of the collections it joins (default: `SUMMARIES`).

    Returns:
      A string scalar: a `Summary`.

    Raises:
      ValueError: the tensor holds no strings.
    """
    if tensor.dtype != dtypes.string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    pb2 = messages.module("summary_pb2")
    metadata = pb2.SummaryMetadata(plugin_data=pb2.SummaryMetadata.PluginData(plugin_name="text"))
    return tensor_summary(name, tensor, collections=collections, summary_metadata=metadata)


# --- several in one -----------------------------------------------------------------------------------------------


@op("MergeSummary", **HOST_SUMMARY)
class MergeSummary:
    """The values of several summaries in one."""

    shape = shape_rules.scalar

    def kernel(op, inputs):
        from google.protobuf.message import DecodeError

        merged, seen = messages.module("summary_pb2").Summary(), set()
        for packed in (item for strings in inputs for item in strings.ravel().tolist()):
            try:
                summary = type(merged).FromString(packed)
            except DecodeError:
                raise errors.InvalidArgumentError(
                    None, None, "Could not parse one of the summary inputs") from None
            for value in summary.value:
                if value.tag in seen:
                    raise errors.InvalidArgumentError(None, None, f"Duplicate tag {value.tag} found in summary inputs")
                if value.tag:
                    seen.add(value.tag)
            merged.MergeFrom(summary)
        return objects([merged.SerializeToString()], ())


@export("summary.merge")
def merge(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """Several summaries in one.

    Args:
      inputs: string tensors that hold a `Summary` each.
      collections: keys of the collections it joins (default: none).
      name: of the scope around the node.

    Returns:
      A string scalar: a `Summary` with the values of all.

    Raises:
      InvalidArgumentError: when run, a tag occurs twice.
    """
    name = tags.clean(name)
    with name_scope(name, "Merge", inputs):
        return tags.collect(raw.merge_summary(inputs=inputs, name=name), collections, ())


@export("summary.merge_all")
def merge_all(key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None) -> Tensor | None:
    """All summaries of a collection in one.

    Args:
      key: the collection's.
      scope: a regex: only of names that match it.
      name: of the scope around the node.

    Returns:
      A string scalar, or None where there are no summaries.
    """
    summaries = get_default_graph().get_collection(key, scope=scope)
    return merge(summaries, name=name) if summaries else None
