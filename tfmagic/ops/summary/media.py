"""Summaries of pictures and sounds."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.export import export
from tfmagic.formats import wav
from tfmagic.formats.tensor_proto import make_ndarray
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw, shape_rules
from tfmagic.ops.array.rules import as_array
from tfmagic.ops.declare import op
from tfmagic.ops.summary import tags
from tfmagic.ops.summary.tags import HOST_SUMMARY

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def _numbered(tag: bytes, kind: bytes, limit: int, i: int) -> bytes:
    """The tag of one of several pictures or sounds."""
    return b"%s/%s/%d" % (tag, kind, i) if limit > 1 else b"%s/%s" % (tag, kind)


@op("ImageSummary", **HOST_SUMMARY)
class ImageSummary:
    """The first pictures of a batch [n, height, width, 1, 3 or 4] as PNG."""

    shape = shape_rules.scalar

    def kernel(op, tag, pictures):
        name = tags.one_tag(tag, "Tags must be a scalar")
        bad = op.bad_color if isinstance(op.bad_color, np.ndarray) else make_ndarray(op.bad_color)
        return pictures_summary(name, pictures, bad, op.max_images)


def pictures_summary(tag: bytes, pictures: Any, bad_color: np.ndarray, limit: int) -> np.ndarray:
    """The summary of the first pictures of a batch.

    Raises:
      InvalidArgumentError: they are no pictures, or the colour for what is no number does not fit them.
    """
    if pictures.ndim != 4 or pictures.shape[3] not in _MODES:
        raise errors.InvalidArgumentError(None, None, "Tensor must be 4-D with last dim 1, 3, or 4, not "
                                                      f"{shapes.brackets(tuple(pictures.shape))}")
    count, height, width, channels = pictures.shape
    bad = np.ravel(bad_color)
    if len(bad) < channels:
        raise errors.InvalidArgumentError(None, None, "expected depth <= bad_color.size, got depth = "
                                                      f"{channels}, bad_color.size = {len(bad)}")
    values = []
    for i in range(min(count, limit)):
        picture = as_array(pictures[i])
        pixels = picture if picture.dtype == np.uint8 else _pixels(picture, bad[:channels])
        image = {"height": height, "width": width, "colorspace": channels, "encoded_image_string": _png(pixels)}
        values.append((_numbered(tag, b"image", limit, i), tags.value(image=image)))
    return tags.packed(values)


def _pixels(picture: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Floats [height, width, channels] as bytes: 0 is black, or grey where there are numbers below it.

    Pixels with a NaN or infinity get the colour `bad`.
    """
    finite = np.isfinite(picture).all(axis=2)
    values = picture[finite]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    if low < 0:
        largest = max(abs(low), abs(high))
        scale, offset = 0 if largest < 1e-6 else 127.0 / largest, 128
    else:
        scale, offset = 0 if high < 1e-6 else 255.0 / high, 0
    pixels = np.empty(picture.shape, np.uint8)
    kind = picture.dtype.type  # TensorFlow computes with halves where it is given halves
    pixels[finite] = (values * kind(scale) + kind(offset)).astype(np.uint8)
    pixels[~finite] = bad
    return pixels


def _png(pixels: np.ndarray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    channels = pixels.shape[2]
    Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, _MODES[channels]).save(file, "PNG")
    return file.getvalue()


@export("summary.image")
def image(name: str, tensor: Any, max_outputs: int = 3, collections: Any = None, family: str | None = None) -> Tensor:
    """A summary of pictures.

    Args:
      name: its tag, within the scopes around it; each picture has `/image` or `/image/0` behind it.
      tensor: uint8 or float, [n, height, width, channels] with 1 (grey), 3 (RGB) or 4 (RGBA) channels. Floats are
        stretched to what a byte holds, picture by picture.
      max_outputs: how many pictures are kept at most.
      collections: keys of the collections it joins (default: `SUMMARIES`).
      family: what TensorBoard groups it under.

    Returns:
      A string scalar: a `Summary`.
    """
    with tags.scope(name, family, values=[tensor]) as (tag, scope):
        return tags.collect(raw.image_summary(tag=tag, tensor=tensor, max_images=max_outputs, name=scope), collections)


def sounds_summary(tag: Any, sounds: Any, rate: float, limit: int) -> np.ndarray:
    """The first sounds of a batch [n, frames] or [n, frames, channels], from -1 to 1, as WAV of 16 bits.

    Raises:
      InvalidArgumentError: they are no sounds, or the rate is none.
    """
    name = tags.one_tag(tag, "Tag must be a scalar")
    if sounds.ndim not in (2, 3):
        raise errors.InvalidArgumentError(
            None, None, f"Tensor must be 3-D or 2-D, got: {shapes.brackets(tuple(sounds.shape))}")
    if not rate > 0:
        raise errors.InvalidArgumentError(None, None, "sample_rate must be > 0")
    batch = as_array(sounds)
    frames, channels = batch.shape[1], batch.shape[2] if batch.ndim == 3 else 1
    values = []
    for i in range(min(len(batch), limit)):
        if not batch[i].size:
            raise errors.InvalidArgumentError(None, None, "audio is null")
        audio = {"sample_rate": rate, "num_channels": channels, "length_frames": frames,
                 "encoded_audio_string": wav.packed(batch[i], int(rate)), "content_type": "audio/wav"}
        values.append((_numbered(name, b"audio", limit, i), tags.value(audio=audio)))
    return tags.packed(values)


@op("AudioSummaryV2", **HOST_SUMMARY)
class AudioSummaryV2:
    """Sounds, at a rate that is an input."""

    shape = shape_rules.scalar

    def kernel(op, tag, sounds, rate):
        return sounds_summary(tag, sounds, float(rate), op.max_outputs)


@op("AudioSummary", **HOST_SUMMARY)
class AudioSummary:
    """Sounds, at a rate that is an attr."""

    shape = shape_rules.scalar

    def kernel(op, tag, sounds):
        return sounds_summary(tag, sounds, op.sample_rate, op.max_outputs)


@export("summary.audio")
def audio(name: str, tensor: Any, sample_rate: Any, max_outputs: int = 3, collections: Any = None,
          family: str | None = None) -> Tensor:
    """A summary of sounds.

    Args:
      name: its tag, within the scopes around it; each sound has `/audio` or `/audio/0` behind it.
      tensor: float32 from -1 to 1, [n, frames] or [n, frames, channels].
      sample_rate: in hertz, a float scalar.
      max_outputs: how many sounds are kept at most.
      collections: keys of the collections it joins (default: `SUMMARIES`).
      family: what TensorBoard groups it under.

    Returns:
      A string scalar: a `Summary`.
    """
    with tags.scope(name, family, values=[tensor]) as (tag, scope):
        rate = convert_to_tensor(sample_rate, dtype=dtypes.float32, name="sample_rate")
        return tags.collect(raw.audio_summary_v2(tag=tag, tensor=tensor, max_outputs=max_outputs, sample_rate=rate,
                                                 name=scope), collections)
