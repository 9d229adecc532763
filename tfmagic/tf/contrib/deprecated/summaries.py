"""tf.contrib.deprecated: the functions of summaries as they were before 1.0, with tags of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.keys import GraphKeys
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.summary import tags as tagging


def _moved(new: str, also: str = "") -> Callable[[Any], Any]:
    return deprecated("2016-11-30", f"Please switch to tf.summary.{new}." + (also and (
        f" Note that tf.summary.{new} uses the node name instead of the tag. This means that TensorFlow will "
        f"automatically de-duplicate summary names based on the scope they are created in.{also.rstrip()}")))


@export("contrib.deprecated.scalar_summary")
@_moved("scalar", " Also, passing a tensor or list of tags to a scalar summary op is no longer supported.")
def scalar_summary(tags: Any, values: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """A summary of numbers.

    Args:
      tags: their tags, of the shape of `values`.
      values: real.
      collections: keys of the collections it joins (default: `SUMMARIES`).
      name: of the node.
    """
    with name_scope(name, "ScalarSummary", [tags, values]) as scope:
        return tagging.collect(raw.scalar_summary(tags=tags, values=values, name=scope), collections)


@export("contrib.deprecated.histogram_summary")
@_moved("histogram", " ")
def histogram_summary(tag: Any, values: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """A summary of how often values of each size occur; see `scalar_summary`."""
    with name_scope(name, "HistogramSummary", [tag, values]) as scope:
        return tagging.collect(raw.histogram_summary(tag=tag, values=values, name=scope), collections)


@export("contrib.deprecated.image_summary")
@_moved("image", " Also, the max_images argument was renamed to max_outputs.")
def image_summary(tag: Any, tensor: Any, max_images: int = 3, collections: Any = None,
                  name: str | None = None) -> Tensor:
    """A summary of pictures, [n, height, width, 1 | 3 | 4], of which the first `max_images` are kept."""
    with name_scope(name, "ImageSummary", [tag, tensor]) as scope:
        made = raw.image_summary(tag=tag, tensor=tensor, max_images=max_images, name=scope)
        return tagging.collect(made, collections)


@export("contrib.deprecated.audio_summary")
@_moved("audio", " ")
def audio_summary(tag: Any, tensor: Any, sample_rate: Any, max_outputs: int = 3, collections: Any = None,
                  name: str | None = None) -> Tensor:
    """A summary of sounds, [n, frames] or [n, frames, channels], of which the first `max_outputs` are kept."""
    with name_scope(name, "AudioSummary", [tag, tensor]) as scope:
        rate = convert_to_tensor(sample_rate, dtypes.float32, name="sample_rate")
        return tagging.collect(raw.audio_summary_v2(tag=tag, tensor=tensor, sample_rate=rate, max_outputs=max_outputs,
                                                    name=scope), collections)


@export("contrib.deprecated.merge_summary")
@_moved("merge")
def merge_summary(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """Several summaries in one; it joins no collection of itself."""
    with name_scope(name, "MergeSummary", inputs):
        return tagging.collect(raw.merge_summary(inputs=inputs, name=name), collections, ())


@export("contrib.deprecated.merge_all_summaries")
@_moved("merge_all")
def merge_all_summaries(key: str = GraphKeys.SUMMARIES) -> Tensor | None:
    """All summaries of a collection in one, or None where there are none."""
    found = get_default_graph().get_collection(key)
    return merge_summary(found) if found else None
