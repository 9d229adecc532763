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
