"""Pictures flipped, turned, cut, padded and resized."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value, constant_value_as_shape
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.grouping import with_dependencies
from tfmagic.tf.image.checks import as_batch, checked, checks_of, require, sizes_of


@export("image.ResizeMethod")
class ResizeMethodV1:
    """How a picture is resized."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


# By the names that TensorFlow 2 gives them.
_METHODS: dict[Any, int] = {"bilinear": ResizeMethodV1.BILINEAR, "nearest": ResizeMethodV1.NEAREST_NEIGHBOR,
                            "bicubic": ResizeMethodV1.BICUBIC, "area": ResizeMethodV1.AREA}


# --- flips and turns ------------------------------------------------------------------------------------------------


def _flip(image: Any, axis: int, scope_name: str) -> Tensor:
    with name_scope(None, scope_name, [image]):
        image = checked(convert_to_tensor(image, name="image"))
        rank = image.get_shape().ndims
        if rank in (3, None):
            flipped = api.reverse(image, [axis])
            if rank is None:
                flipped.set_shape([None] * 3)
            else:
                flipped.set_shape(image.get_shape())
            return flipped
        if rank == 4:
            return api.reverse(image, [axis + 1])
        raise ValueError("'image' must have either 3 or 4 dimensions.")


@export("image.flip_left_right")
def flip_left_right(image: Any) -> Tensor:
    """Pictures seen in a mirror: [height, width, channels] or a batch."""
    return _flip(image, 1, "flip_left_right")


@export("image.flip_up_down")
def flip_up_down(image: Any) -> Tensor:
    """Pictures upside down: [height, width, channels] or a batch."""
    return _flip(image, 0, "flip_up_down")


def _random_flip(image: Any, axis: int, seed: int | None, scope_name: str) -> Tensor:
    with name_scope(None, scope_name, [image]) as scope:
        image = checked(convert_to_tensor(image, name="image"))
        shape = image.get_shape()
        if shape.ndims in (3, None):
            chance = api.random_uniform([], 0, 1.0, seed=seed)
            result = api.cond(api.less(chance, 0.5), lambda: api.reverse(image, [axis]), lambda: image, name=scope)
            if shape.ndims is None:
                result.set_shape([None] * 3)
            else:
                result.set_shape(shape)
            return result
        if shape.ndims == 4:
            count = api.shape(image)[0]
            chances = api.random_uniform([count], 0, 1.0, seed=seed)
            flips = api.cast(api.round(api.reshape(chances, [count, 1, 1, 1])), image.dtype)
            flipped = api.reverse(image, [axis + 1])
            return flips * flipped + (1 - flips) * image
        raise ValueError("'image' must have either 3 or 4 dimensions.")


@export("image.random_flip_left_right")
def random_flip_left_right(image: Any, seed: int | None = None) -> Tensor:
    """Pictures seen in a mirror, each with a chance of one half."""
    return _random_flip(image, 1, seed, "random_flip_left_right")


@export("image.random_flip_up_down")
def random_flip_up_down(image: Any, seed: int | None = None) -> Tensor:
    """Pictures upside down, each with a chance of one half."""
    return _random_flip(image, 0, seed, "random_flip_up_down")


@export("image.transpose")
def transpose(image: Any, name: str | None = None) -> Tensor:
    """Pictures with rows for columns: [height, width, channels] or a batch."""
    with name_scope(name, "transpose", [image]):
        image = checked(convert_to_tensor(image, name="image"))
        rank = image.get_shape().ndims
        if rank in (3, None):
            return api.transpose(image, [1, 0, 2], name=name)
        if rank == 4:
            return api.transpose(image, [0, 2, 1, 3], name=name)
        raise ValueError("'image' must have either 3 or 4 dimensions.")


@export("image.rot90")
def rot90(image: Any, k: Any = 1, name: str | None = None) -> Tensor:
    """Pictures turned to the left by `k` quarters of a circle.

    Args:
      image: [height, width, channels] or a batch.
      k: an int or int32 scalar.
      name: of the scope.

    Raises:
      ValueError: pictures have neither 3 nor 4 dimensions.
    """
    with name_scope(name, "rot90", [image, k]) as scope:
        image = checked(convert_to_tensor(image, name="image"))
        k = convert_to_tensor(k, dtype=dtypes.int32, name="k")
        k.get_shape().assert_has_rank(0)
        k = api.math.mod(k, 4)
        rank = image.get_shape().ndims
        if rank not in (3, 4, None):
            raise ValueError("'image' must have either 3 or 4 dimensions.")
        first = 1 if rank == 4 else 0
        swapped = [0, 2, 1, 3] if rank == 4 else [1, 0, 2]

        def left() -> Tensor:
            return api.transpose(api.reverse(image, [first + 1]), swapped)

        def around() -> Tensor:
            return api.reverse(image, [first, first + 1])

        def right() -> Tensor:
            return api.reverse(api.transpose(image, swapped), [first + 1])

        turns = [(api.equal(k, 1), left), (api.equal(k, 2), around), (api.equal(k, 3), right)]
        result = api.case(turns, default=lambda: image, exclusive=True, name=scope)
        result.set_shape([None, None, image.get_shape()[2]] if rank != 4 else
                         [image.get_shape()[0], None, None, image.get_shape()[3]])
        return result


# --- cuts and borders -----------------------------------------------------------------------------------------------


@export("image.crop_to_bounding_box")
def crop_to_bounding_box(image: Any, offset_height: Any, offset_width: Any, target_height: Any,
                         target_width: Any) -> Tensor:
    """A part of pictures.

    Args:
      image: [height, width, channels] or a batch.
      offset_height: how many rows lie above it.
      offset_width: how many columns lie left of it.
      target_height: how many rows it has.
      target_width: how many columns it has.

    Raises:
      ValueError: it reaches beyond the picture.
    """
    with name_scope(None, "crop_to_bounding_box", [image]):
        image, is_batch = as_batch(image, "image")
        checks = checks_of(image)
        _, height, width, depth = sizes_of(image, 4)
        checks += require(offset_width >= 0, "offset_width must be >= 0.")
        checks += require(offset_height >= 0, "offset_height must be >= 0.")
        checks += require(target_width > 0, "target_width must be > 0.")
        checks += require(target_height > 0, "target_height must be > 0.")
        checks += require(width >= (target_width + offset_width), "width must be >= target + offset.")
        checks += require(height >= (target_height + offset_height), "height must be >= target + offset.")
        image = with_dependencies(checks, image)
        part = api.slice(image, api.stack([0, offset_height, offset_width, 0]),
                         api.stack([-1, target_height, target_width, -1]))
        part.set_shape([None if isinstance(size, Tensor) else size
                        for size in (image.get_shape().as_list()[0], target_height, target_width, depth)])
        return part if is_batch else api.squeeze(part, [0])


@export("image.pad_to_bounding_box")
def pad_to_bounding_box(image: Any, offset_height: Any, offset_width: Any, target_height: Any,
                        target_width: Any) -> Tensor:
    """Pictures with zeros around them.

    Args:
      image: [height, width, channels] or a batch.
      offset_height: how many rows of zeros stand above.
      offset_width: how many columns of zeros stand left.
      target_height: how many rows there are in all.
      target_width: how many columns there are in all.

    Raises:
      ValueError: the picture does not fit.
    """
    with name_scope(None, "pad_to_bounding_box", [image]):
        image, is_batch = as_batch(image, "image")
        checks = checks_of(image)
        batch, height, width, depth = sizes_of(image, 4)
        right = target_width - offset_width - width
        below = target_height - offset_height - height
        checks += require(offset_height >= 0, "offset_height must be >= 0")
        checks += require(offset_width >= 0, "offset_width must be >= 0")
        checks += require(right >= 0, "width must be <= target - offset")
        checks += require(below >= 0, "height must be <= target - offset")
        image = with_dependencies(checks, image)
        paddings = api.reshape(api.stack([0, 0, offset_height, below, offset_width, right, 0, 0]), [4, 2])
        padded = api.pad(image, paddings)
        padded.set_shape([None if isinstance(size, Tensor) else size
                          for size in (batch, target_height, target_width, depth)])
        return padded if is_batch else api.squeeze(padded, [0])


@export("image.resize_with_crop_or_pad")
def resize_image_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Tensor:
    """Pictures cut in the middle, or put in the middle of zeros, to a size.

    Args:
      image: [height, width, channels] or a batch.
      target_height: how many rows.
      target_width: how many columns.

    Raises:
      ValueError: a size is not above 0.
    """
    with name_scope(None, "resize_image_with_crop_or_pad", [image]):
        image, is_batch = as_batch(image, "image")
        checks = checks_of(image)
        checks += require(target_width > 0, "target_width must be > 0.")
        checks += require(target_height > 0, "target_height must be > 0.")
        image = with_dependencies(checks, image)
        # What the checks have in their hands comes behind them.
        target_height = with_dependencies(checks, target_height) if isinstance(target_height, Tensor) else target_height
        target_width = with_dependencies(checks, target_width) if isinstance(target_width, Tensor) else target_width

        def largest(x: Any, y: Any) -> Any:
            return api.maximum(x, y) if isinstance(x, Tensor) or isinstance(y, Tensor) else max(x, y)

        def smallest(x: Any, y: Any) -> Any:
            return api.minimum(x, y) if isinstance(x, Tensor) or isinstance(y, Tensor) else min(x, y)

        _, height, width, _ = sizes_of(image, 4)
        more_width = target_width - width
        crop_left, pad_left = largest(-more_width // 2, 0), largest(more_width // 2, 0)
        more_height = target_height - height
        crop_above, pad_above = largest(-more_height // 2, 0), largest(more_height // 2, 0)
        cropped = crop_to_bounding_box(image, crop_above, crop_left, smallest(target_height, height),
                                       smallest(target_width, width))
        resized = pad_to_bounding_box(cropped, pad_above, pad_left, target_height, target_width)
        if resized.get_shape().ndims is None:
            raise ValueError("resized contains no shape.")
        _, found_height, found_width, _ = sizes_of(resized, 4)
        more = require(found_height == target_height if not isinstance(found_height, Tensor)
                       else api.equal(found_height, target_height), "resized height is not correct.")
        more += require(found_width == target_width if not isinstance(found_width, Tensor)
                        else api.equal(found_width, target_width), "resized width is not correct.")
        resized = with_dependencies(more, resized)
        return resized if is_batch else api.squeeze(resized, [0])


@export("image.resize_image_with_pad")
def resize_image_with_pad(image: Any, target_height: Any, target_width: Any, method: int = ResizeMethodV1.BILINEAR,
                          align_corners: bool = False) -> Tensor:
    """Pictures resized so that they fit into a size, with zeros around them.

    Args:
      image: [height, width, channels] or a batch.
      target_height: how many rows.
      target_width: how many columns.
      method: one of `ResizeMethod`, or its name in TensorFlow 2.
      align_corners: whether the outer pixels keep their centres.

    Raises:
      ValueError: a size is not above 0, or pictures have neither 3 nor 4 dimensions.
    """
    return fitted(image, target_height, target_width,
                  lambda images, size: resize_images(images, size, method, align_corners))


def fitted(image: Any, target_height: Any, target_width: Any, resize: Callable[[Tensor, Any], Tensor]) -> Tensor:
    """Pictures resized by `resize(images, size)` so that they fit into a size, with zeros around them."""
    with name_scope(None, "resize_image_with_pad", [image]):
        image, is_batch = as_batch(image, "image")
        checks = checks_of(image)
        checks += require(target_width > 0, "target_width must be > 0.")
        checks += require(target_height > 0, "target_height must be > 0.")
        image = with_dependencies(checks, image)
        _, height, width, _ = sizes_of(image, 4)
        given = [api.cast(size, dtypes.float64) for size in (height, width)]
        wanted = [api.cast(size, dtypes.float64) for size in (target_height, target_width)]
        by_width = given[1] / wanted[1]
        ratio = api.maximum(by_width, given[0] / wanted[0])
        scaled = [size / ratio for size in given]
        size = [api.cast(api.floor(number), dtypes.int32) for number in scaled]
        borders = [(all_of - part) / 2 for all_of, part in zip(wanted, scaled, strict=True)]
        before = [api.floor(border) for border in borders]
        above, left = (api.maximum(0, api.cast(number, dtypes.int32)) for number in before)
        resized = resize(image, size)
        padded = pad_to_bounding_box(resized, above, left, target_height, target_width)
        if padded.get_shape().ndims is None:
            raise ValueError("padded contains no shape.")
        sizes_of(padded, 4)
        return padded if is_batch else api.squeeze(padded, [0])


@export("image.central_crop")
def central_crop(image: Any, central_fraction: float) -> Tensor:
    """The middle of pictures.

    Args:
      image: [height, width, channels] or a batch.
      central_fraction: which part of height and width stays, above 0 and at most 1.

    Raises:
      ValueError: another part, or another rank.
    """
    with name_scope(None, "central_crop", [image]):
        image = convert_to_tensor(image, name="image")
        if central_fraction <= 0.0 or central_fraction > 1.0:
            raise ValueError("central_fraction must be within (0, 1]")
        if central_fraction == 1.0:
            return image
        checked(image)
        rank = image.get_shape().ndims
        if rank not in (3, 4):
            raise ValueError("`image` should either be a Tensor with rank = 3 or rank = 4. "
                             f"Had rank = {rank}.")
        at = rank - 3
        sizes = [image.get_shape().as_list()[at + i] for i in range(2)]
        height, width = (size if size is not None else api.shape(image)[at + i] for i, size in enumerate(sizes))
        starts = []
        for size in (height, width):
            if isinstance(size, Tensor):
                whole = api.cast(size, dtypes.float64)
                starts.append(api.cast((whole - whole * central_fraction) / 2, dtypes.int32))
            else:
                starts.append(int((size - size * central_fraction) / 2))
        spans = [size - start * 2 for size, start in zip((height, width), starts, strict=True)]
        begin, size = [*starts, 0], [*spans, -1]
        if rank == 4:
            begin, size = [0, *begin], [-1, *size]
        part = api.slice(image, api.stack(begin), api.stack(size))
        shape = image.get_shape().as_list()
        shape[at:at + 2] = [None if isinstance(span, Tensor) else span for span in spans]
        part.set_shape(shape)
        return part


# --- other sizes ----------------------------------------------------------------------------------------------------


@export("image.resize_images")
def resize_images(images: Any, size: Any, method: int | str = ResizeMethodV1.BILINEAR, align_corners: bool = False,
                  preserve_aspect_ratio: bool = False, name: str | None = None) -> Tensor:
    """Pictures resized.

    Args:
      images: [height, width, channels] or a batch.
      size: the new height and width.
      method: one of `ResizeMethod`.
      align_corners: whether the outer pixels keep their centres.
      preserve_aspect_ratio: whether the size is only what they fit into.
      name: of the scope.

    Returns:
      float32, but of the pictures' type where it is to the nearest pixel or nothing changes.

    Raises:
      ValueError: the rank, the size or the method is another.
    """
    kernels: dict[Any, Any] = {
        ResizeMethodV1.BILINEAR: lambda *a: raw.resize_bilinear(*a, align_corners=align_corners),
        ResizeMethodV1.NEAREST_NEIGHBOR: lambda *a: raw.resize_nearest_neighbor(*a, align_corners=align_corners),
        ResizeMethodV1.BICUBIC: lambda *a: raw.resize_bicubic(*a, align_corners=align_corners),
        ResizeMethodV1.AREA: lambda *a: raw.resize_area(*a, align_corners=align_corners),
    }
    return resized(images, size, kernels.get(_METHODS.get(method, method)), preserve_aspect_ratio, name,
                   skip_if_same=True)


def resized(images: Any, size: Any, kernel: Callable[[Tensor, Tensor], Tensor] | None, preserve_aspect_ratio: bool,
            name: str | None, skip_if_same: bool) -> Tensor:
    """Pictures resized by a kernel (see `resize_images`).

    Args:
      kernel: makes pictures of another size of a batch of them; None where the method is none.
      skip_if_same: whether pictures that have the size already stay what they are.
    """
    with name_scope(name, "resize", [images, size]):
        images = convert_to_tensor(images, name="images")
        rank = images.get_shape().ndims
        if rank is None:
            raise ValueError("'images' contains no shape.")
        if rank not in (3, 4):
            raise ValueError("'images' must have either 3 or 4 dimensions.")
        if rank == 3:
            images = api.expand_dims(images, 0)
        _, height, width, _ = images.get_shape().as_list()
        try:
            size = convert_to_tensor(size, dtypes.int32, name="size")
        except (TypeError, ValueError):
            raise ValueError("'size' must be a 1-D int32 Tensor") from None
        if not size.get_shape().is_compatible_with([2]):
            raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
        if preserve_aspect_ratio:
            size = _fitting(images, size, (height, width))
        new_height, new_width = constant_value_as_shape(size)._dims or (None, None)
        if skip_if_same and None not in (height, width) and (height, width) == (new_height, new_width):
            return images if rank == 4 else api.squeeze(images, axis=[0])
        if kernel is None:
            raise ValueError("Resize method is not implemented.")
        images = kernel(images, size)
        images.set_shape([None, new_height, new_width, None])
        return images if rank == 4 else api.squeeze(images, axis=[0])


def _fitting(images: Tensor, size: Tensor, known: tuple[int | None, int | None]) -> Tensor:
    """The largest size within another that has the pictures' proportions."""
    height, width = known
    if height is None or width is None:
        _, height, width, _ = sizes_of(images, 4)
    wanted = constant_value(size)
    tall, wide = (size[0], size[1]) if wanted is None else (int(number) for number in wanted)
    scale = api.minimum(api.cast(tall, dtypes.float32) / api.cast(height, dtypes.float32),
                        api.cast(wide, dtypes.float32) / api.cast(width, dtypes.float32))
    new_height = api.cast(api.round(scale * api.cast(height, dtypes.float32)), dtypes.int32)
    new_width = api.cast(api.round(scale * api.cast(width, dtypes.float32)), dtypes.int32)
    return convert_to_tensor([new_height, new_width], dtypes.int32, name="size")



def _of_kernel(kernel: Any) -> Any:
    def resize(images: Any, size: Any, align_corners: bool = False, name: str | None = None,
               half_pixel_centers: bool = False) -> Tensor:
        return kernel(images=images, size=size, align_corners=align_corners, half_pixel_centers=half_pixel_centers,
                      name=name)

    resize.__doc__ = "Pictures [batch, height, width, channels] resized to a height and width."
    return resize


for _name in ("resize_bilinear", "resize_bicubic", "resize_nearest_neighbor"):
    export(f"image.{_name}")(_of_kernel(getattr(raw, _name)))
