"""Pictures as files: JPEG, PNG, GIF and BMP read, JPEG and PNG written, by Pillow."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

from tfmagic.base import dtypes, errors, shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import static_ints
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.debug.text import escaped
from tfmagic.ops.declare import op

_FILES: dict[str, Any] = {"traced": False, "because": "files are host objects"}
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def _decoded_shape(op: Any, contents: Dims, *others: Dims) -> Dims:
    shape_rules.with_rank(contents, 0)
    if op.channels < 0:
        raise ValueError(f"channels must be non-negative, got {op.channels}")
    return None, None, op.channels or None


def _contents(contents: Any) -> bytes:
    if contents.ndim:
        raise invalid(f"contents must be scalar, got shape {shapes.brackets(contents.shape)}")
    return contents.item()


def _kind(data: bytes) -> str:
    """Which format a file has.

    Raises:
      InvalidArgumentError: none of the three.
    """
    for start, kind in ((b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF8", "GIF")):
        if data.startswith(start):
            return kind
    found = f"unknown format starting with '{escaped(data[:16])}'" if data else "empty file"
    raise invalid(f"Expected image (JPEG, PNG, or GIF), got {found}")


def _damaged(data: bytes, kind: str) -> str:
    """What TensorFlow says of a file of this format that cannot be read."""
    if kind == "GIF":
        return f"Invalid GIF data (size {len(data)}), failed to open gif file"
    if kind == "JPEG":
        return f"Invalid JPEG data or crop window, data size {len(data)}"
    return f"Invalid PNG data, size {len(data)}" if b"IDAT" in data else f"Invalid PNG header, data size {len(data)}"


def _opened(data: bytes, kind: str, ratio: int = 1) -> Any:
    """A picture, read by Pillow.

    Raises:
      InvalidArgumentError: the file is damaged.
    """
    from PIL import Image, JpegImagePlugin

    try:
        if kind == "JPEG":  # Image.open would look for what else a file holds
            picture: Any = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        else:
            picture = Image.open(io.BytesIO(data), formats=(kind,))
        if ratio > 1:  # a JPEG can be read smaller
            width, height = picture.size
            picture.draft(None, (-(-width // ratio), -(-height // ratio)))
        picture.load()
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error):
        raise invalid(_damaged(data, kind)) from None
    return picture


def _pixels(picture: Any, channels: int) -> np.ndarray:
    """The pixels as bytes [height, width, channels]."""
    array = np.asarray(picture if picture.mode == _MODES[channels] else picture.convert(_MODES[channels]))
    return array.reshape(array.shape[0], array.shape[1], channels)


def _check_channels(channels: int) -> None:
    if channels not in (0, 1, 3, 4):
        raise invalid(f"channels must be 0, 1, 3, or 4, got {channels}")


# --- reading ------------------------------------------------------------------------------------------------------


def _jpeg(data: bytes, channels: int, ratio: int = 1) -> np.ndarray:
    if channels == 4:
        raise invalid(f"channels must be 0, 1, or 3 for JPEG, got {channels}")
    picture = _opened(data, "JPEG", ratio)
    return _pixels(picture, channels or (1 if picture.mode == "L" else 3))


def _png(data: bytes, channels: int, wide: bool) -> np.ndarray:
    picture = _opened(data, "PNG")
    if picture.mode.startswith("I"):  # sixteen bits of grey
        grey = np.asarray(picture).astype(np.uint16)[:, :, None]
        pixels = np.repeat(grey, channels or 1, 2)
        if channels == 4:
            pixels[:, :, 3] = 65535
        return pixels if wide else (pixels >> 8).astype(np.uint8)
    if not channels:
        channels = (4 if "transparency" in picture.info else 3) if picture.mode == "P" else len(picture.getbands())
    if channels == 1 and picture.mode not in ("1", "L", "LA"):
        pixels = _grey(np.asarray(picture.convert("RGB")))
    else:
        pixels = np.asarray(picture) if channels == 2 else _pixels(picture, channels)
    return pixels.astype(np.uint16) * 257 if wide else pixels


def _grey(colours: np.ndarray) -> np.ndarray:
    """Colours [height, width, 3] in grey, with libpng's weights; what is left over is cut off."""
    red, green, blue = (colours[:, :, i].astype(np.int64) for i in range(3))
    return (9798 * red + 19235 * green + 3735 * blue >> 15).astype(np.uint8)[:, :, None]


def _gif(data: bytes) -> np.ndarray:
    from PIL import ImageSequence

    picture = _opened(data, "GIF")
    try:
        return np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(picture)])
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error):
        raise invalid(_damaged(data, "GIF")) from None


def _one_picture(data: bytes, channels: int, ratio: int = 1, wide: bool = False) -> Any:
    """The one picture of a file in any of the three formats."""
    _check_channels(channels)
    kind = _kind(data)
    if kind == "GIF":
        if channels not in (0, 3):
            raise invalid(f"channels must be 0 or 3 for GIF, got {channels}")
        frames = _gif(data)
        if len(frames) > 1:
            raise invalid(f"Got {len(frames)} frames, but animated gifs can only be decoded by tf.image.decode_gif or "
                           "tf.image.decode_image")
        pixels = frames[0]
    else:
        pixels = _jpeg(data, channels, ratio) if kind == "JPEG" else _png(data, channels, wide)
    return _tensor(pixels)


def _tensor(array: np.ndarray) -> Any:
    return torch.from_numpy(np.array(array))


def _check_jpeg(op: Any) -> None:
    if op.ratio not in (1, 2, 4, 8):
        raise invalid(f"ratio must be 1, 2, 4, or 8, got {op.ratio}")
    if op.dct_method not in ("", "INTEGER_FAST", "INTEGER_ACCURATE"):
        raise invalid("dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}")


@op("DecodeJpeg", **_FILES)
class DecodeJpeg:
    """A picture file as bytes [height, width, channels].

    Pillow decodes a JPEG accurately, as TensorFlow does with `dct_method="INTEGER_ACCURATE"`; TensorFlow's default is a
    faster transform, whose pixels differ by up to some three levels.
    """

    shape = _decoded_shape

    def kernel(op, contents):
        _check_jpeg(op)
        return _one_picture(_contents(contents), op.channels, op.ratio)


def _refused_window(op: Any, contents: Any, window: Any) -> str | None:
    if len(window) != 1:
        return f"crop_window must be 1-D, got shape {shapes.brackets(window)}"
    return None if window == (4,) else f"crop_size must have four elements {shapes.brackets(window)}"


@op("DecodeAndCropJpeg", host="crop_window", check=_refused_window, **_FILES)
class DecodeAndCropJpeg:
    """A part of a JPEG: from y and x on, height and width of it."""

    def shape(op, contents, window):
        shape_rules.with_rank(contents, 0)
        shape_rules.with_rank(window, 1)
        if window is not None and window[0] not in (None, 4):
            raise ValueError(f"Dimension must be 4 but is {window[0]}")
        given = static_ints(op.crop_window)
        height, width = (None, None) if given is None else given[2:]
        return height, width, op.channels or None

    def kernel(op, contents, window):
        _check_jpeg(op)
        data = _contents(contents)
        if _kind(data) != "JPEG":  # TensorFlow cuts nothing out of others
            return _one_picture(data, op.channels)
        pixels = _jpeg(data, op.channels, op.ratio)
        y, x, height, width = window
        if y < 0 or x < 0 or height <= 0 or width <= 0 or y + height > pixels.shape[0] or x + width > pixels.shape[1]:
            raise invalid(_damaged(data, "JPEG"))
        return _tensor(pixels[y:y + height, x:x + width])


@op("DecodePng", **_FILES)
class DecodePng:
    """A picture file as bytes, or a PNG as uint16, [height, width, channels]."""

    shape = _decoded_shape

    def kernel(op, contents):
        return _one_picture(_contents(contents), op.channels, wide=op.dtype == dtypes.uint16)


@op("DecodeGif", **_FILES)
class DecodeGif:
    """The pictures of a file as bytes [pictures, height, width, 3]."""

    def shape(op, contents):
        shape_rules.with_rank(contents, 0)
        return None, None, None, 3

    def kernel(op, contents):
        data = _contents(contents)
        kind = _kind(data)
        return _tensor(_gif(data) if kind == "GIF" else _one_picture(data, 3).numpy()[None])


def _refused_contents(op: Any, contents: Any) -> str | None:
    """TensorFlow's words for a run with a value of this shape."""
    return f"contents must be scalar, got shape {shapes.brackets(contents)}" if contents else None


@op("DecodeBmp", check=_refused_contents, **_FILES)
class DecodeBmp:
    """A BMP without compression as bytes [height, width, channels]."""

    shape = _decoded_shape

    def kernel(op, contents):
        data = _contents(contents)
        if op.channels not in (0, 1, 3, 4):
            raise invalid(f"channels must be 0, 1, 3 or 4, got {op.channels}")
        if len(data) < 32:
            raise invalid("Incomplete bmp content, requires at least 32 bytes to find the header size, width, height, "
                           f"and bpp, got {len(data)} bytes")
        start, width, height, bits = (struct.unpack_from("<i", data, place)[0] for place in (10, 18, 22, 28))
        channels = op.channels or bits // 8
        if channels != bits // 8:
            raise invalid(f"channels attribute {op.channels} does not match bits per pixel from file {bits // 8}")
        if channels not in (1, 3, 4):
            raise invalid(f"Number of channels must be 1, 3 or 4, was {channels}")
        if width <= 0 or start < 0:
            raise invalid("Width must be positive" if width <= 0 else "header size must not be negative")
        row = -(-width * channels // 4) * 4
        needed = start + row * (abs(height) - 1) + width * channels
        if len(data) < needed:
            raise invalid(f"Incomplete bmp content, requires at least {needed} bytes, got {len(data)} bytes")
        rows = np.frombuffer(data[start:].ljust(row * abs(height), b"\0"), np.uint8)[:row * abs(height)]
        pixels = rows.reshape(abs(height), row)[:, :width * channels].reshape(abs(height), width, channels)
        if height > 0:  # the last row comes first
            pixels = pixels[::-1]
        return _tensor(pixels if channels == 1 else pixels[:, :, [2, 1, 0, 3][:channels]])


@op("ExtractJpegShape", check=_refused_contents, **_FILES)
class ExtractJpegShape:
    """Height, width and channels of a JPEG, without reading its pixels."""

    def shape(op, contents):
        shape_rules.with_rank(contents, 0)
        return (3,)

    def kernel(op, contents):
        data = _contents(contents)
        try:
            picture = _opened(data, "JPEG")
        except errors.InvalidArgumentError:
            raise invalid(f"Invalid JPEG data, size {len(data)}") from None
        width, height = picture.size
        return torch.tensor([height, width, len(picture.getbands())],
                            dtype=torch.int64 if op.output_type.name == "int64" else torch.int32)


# --- writing ------------------------------------------------------------------------------------------------------


def _written_shape(op: Any, image: Dims, *others: Dims) -> Dims:
    shape_rules.with_rank(image, 3)
    return ()


def _refused_picture(op: Any, image: Any, *others: Any) -> str | None:
    return None if len(image) == 3 else f"image must be 3-dimensional{shapes.brackets(image)}"


def _saved(array: np.ndarray, kind: str, **options: Any) -> np.ndarray:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array).save(file, kind, **options)
    return objects([file.getvalue()], ())


def _jpeg_saved(array: np.ndarray, quality: int, **options: Any) -> np.ndarray:
    """A picture as a JPEG; a quality beyond 1 to 100 counts as the nearest of them.

    Raises:
      InvalidArgumentError: it has neither one nor three channels.
      InternalError: it has no pixels.
    """
    if array.shape[2] not in (1, 3):
        raise invalid(f"image must have 1 or 3 channels, got {shapes.brackets(array.shape)}")
    if not array.size:
        raise errors.InternalError(None, None, "JPEG encoding failed")
    return _saved(array, "JPEG", quality=min(max(quality, 1), 100), **options)


@op("EncodeJpeg", check=_refused_picture, **_FILES)
class EncodeJpeg:
    """A picture of bytes [height, width, 1 or 3] as a JPEG."""

    shape = _written_shape

    def kernel(op, image):
        array = as_array(image)
        channels = {"grayscale": 1, "rgb": 3}.get(op.format)
        if channels and array.shape[2] != channels:
            raise invalid(f"format {op.format} expects {channels} channels, got {shapes.brackets(array.shape)}")
        if not 0 <= op.quality <= 100:
            raise invalid(f"quality must be in [0,100], got {op.quality}")
        return _jpeg_saved(array, op.quality, progressive=op.progressive, optimize=op.optimize_size,
                           subsampling=2 if op.chroma_downsampling else 0, dpi=(op.x_density, op.y_density))


@op("EncodeJpegVariableQuality", check=_refused_picture, **_FILES)
class EncodeJpegVariableQuality:
    """A picture of bytes as a JPEG of a quality that is an input."""

    shape = _written_shape

    def kernel(op, image, quality):
        return _jpeg_saved(as_array(image), int(quality))


@op("EncodePng", check=_refused_picture, **_FILES)
class EncodePng:
    """A picture of bytes or uint16 [height, width, channels] as a PNG."""

    shape = _written_shape

    def kernel(op, image):
        array = as_array(image).astype(op.op._attrs["T"].as_numpy_dtype)  # uint16 comes as int32
        if array.shape[2] not in (1, 2, 3, 4):
            raise invalid(f"image must have 1, 2, 3, or 4 channels, got {array.shape[2]}")
        if not array.size:
            raise invalid("image must not be empty")
        if array.dtype == np.uint16 and array.shape[2] != 1:
            raise errors.UnimplementedError(
                None, None, "Pillow writes 16 bits of grey alone: give one channel, or bytes")
        if not -1 <= op.compression <= 9:
            raise invalid(f"compression should be in [-1,9], got {op.compression}")
        level = {} if op.compression < 0 else {"compress_level": op.compression}
        return _saved(array, "PNG", **level)
