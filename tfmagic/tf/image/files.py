"""Pictures read from files of any kind, and made worse by a JPEG of low quality."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.image.colors import convert_image_dtype


@export("image.adjust_jpeg_quality")
def adjust_jpeg_quality(image: Any, jpeg_quality: Any, name: str | None = None) -> Tensor:
    """A picture as it is after it was a JPEG.

    Args:
      image: [height, width, 1 or 3].
      jpeg_quality: from 0 to 100.
      name: of the scope.
    """
    with name_scope(name, "adjust_jpeg_quality", [image]):
        image = convert_to_tensor(image, name="image")
        data = raw.encode_jpeg_variable_quality(convert_image_dtype(image, dtypes.uint8),
                                                convert_to_tensor(jpeg_quality, dtype=dtypes.int32))
        return convert_image_dtype(raw.decode_jpeg(data), image.dtype)


@export("image.random_jpeg_quality")
def random_jpeg_quality(image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: int | None = None) -> Tensor:
    """A picture as it is after it was a JPEG of a random quality.

    Raises:
      ValueError: the bounds are not between 0 and 100 or not in order.
    """
    if min_jpeg_quality < 0 or max_jpeg_quality < 0 or min_jpeg_quality > 100 or max_jpeg_quality > 100:
        raise ValueError("jpeg encoding range must be between 0 and 100.")
    if min_jpeg_quality >= max_jpeg_quality:
        raise ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`.")
    quality = api.random_uniform([], min_jpeg_quality, max_jpeg_quality, seed=seed, dtype=dtypes.int32)
    return adjust_jpeg_quality(image, quality)


@export("image.is_jpeg")
def is_jpeg(contents: Any, name: str | None = None) -> Tensor:
    """Whether a file is a JPEG, as far as its first three bytes say.

    Args:
      contents: a string scalar.
      name: of the scope.
    """
    with name_scope(name, "is_jpeg"):
        return api.equal(raw.substr(contents, 0, 3), b"\xff\xd8\xff", name=name)


def _is_png(contents: Any) -> Tensor:
    with name_scope(None, "is_png"):
        return api.equal(raw.substr(contents, 0, 3), b"\211PN")


@export("image.decode_image")
def decode_image(contents: Any, channels: int | None = None, dtype: Any = dtypes.uint8, name: str | None = None,
                 expand_animations: bool = True) -> Tensor:
    """The picture in a file, whatever its format: JPEG, PNG, GIF or BMP.

    Args:
      contents: a string scalar.
      channels: how many the result has; None or 0: as many as the file.
      dtype: the result's type; floats go from 0 to 1.
      name: of the scope.
      expand_animations: whether a GIF gives all its pictures [pictures, height, width, 3]; else the first one.

    Returns:
      [height, width, channels], of a static shape that only the run tells.

    Raises:
      ValueError: another number of channels.
    """
    with name_scope(name, "decode_image"):
        if channels not in (None, 0, 1, 3, 4):
            raise ValueError("channels must be in (None, 0, 1, 3, 4)")
        wanted = 0 if channels is None else channels
        start = raw.substr(contents, 0, 3)

        def refused(allowed: str, kind: str) -> str:
            return f"Channels must be in {allowed} when decoding {kind} images"

        def bmp() -> Tensor:
            is_bmp = api.equal(raw.substr(contents, 0, 2), b"BM", name="is_bmp")
            checks = [api.Assert(is_bmp, ["Unable to decode bytes as JPEG, PNG, GIF, or BMP"])]
            good = api.not_equal(wanted, 1, name="check_channels")
            checks.append(api.Assert(good, [refused("(None, 0, 3)", "BMP")]))
            with api.control_dependencies(checks):
                return convert_image_dtype(raw.decode_bmp(contents), dtype)

        def gif() -> Tensor:
            good = api.logical_and(api.not_equal(wanted, 1, name="check_gif_channels"),
                                   api.not_equal(wanted, 4, name="check_gif_channels"))
            with api.control_dependencies([api.Assert(good, [refused("(None, 0, 3)", "GIF")])]):
                pictures = convert_image_dtype(raw.decode_gif(contents), dtype)
                return pictures if expand_animations else api.gather(pictures, 0)

        def gif_or_bmp() -> Tensor:
            return api.cond(api.equal(start, b"GIF", name="is_gif"), gif, bmp, name="cond_gif")

        def png() -> Tensor:
            wide = dtypes.uint8 if dtype == dtypes.uint8 else dtypes.uint16
            return convert_image_dtype(raw.decode_png(contents, wanted, dtype=wide), dtype)

        def jpeg() -> Tensor:
            good = api.not_equal(wanted, 4, name="check_jpeg_channels")
            with api.control_dependencies([api.Assert(good, [refused("(None, 0, 1, 3)", "JPEG")])]):
                return convert_image_dtype(raw.decode_jpeg(contents, wanted), dtype)

        def others() -> Tensor:
            return api.cond(_is_png(contents), png, gif_or_bmp, name="cond_png")

        return api.cond(is_jpeg(contents), jpeg, others, name="cond_jpeg")
