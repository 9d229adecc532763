"""tf.contrib.image: projective transforms of pictures, what hangs together in them, pairs of what is nearest."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import raw
from tfmagic.ops.array.constants import ones, zeros
from tfmagic.ops.array.gather import gather
from tfmagic.ops.array.join import concat
from tfmagic.ops.array.select import where
from tfmagic.ops.array.sequences import range_
from tfmagic.ops.array.shape_ops import shape as shape_of
from tfmagic.ops.control_flow.cond import cond
from tfmagic.ops.image.projective import flat_transforms_to_matrices, matrices_to_flat_transforms
from tfmagic.ops.math.cast import cast
from tfmagic.ops.math.operators import equal

_DTYPES = {dtypes.uint8, dtypes.int32, dtypes.int64, dtypes.float16, dtypes.float32, dtypes.float64}

BipartiteMatch = namedtuple("BipartiteMatch", ["row_to_col_match_indices", "col_to_row_match_indices"])


@export("contrib.image.rotate")
def rotate(images: Any, angles: Any, interpolation: str = "NEAREST", name: str | None = None) -> Tensor:
    """Pictures turned about their middles.

    Args:
      images: pictures [n, height, width, channels], or one without n, or without channels.
      angles: in radians, against the clock: one, or one for each picture.
      interpolation: "NEAREST" or "BILINEAR".
      name: the scope of the nodes.

    Raises:
      TypeError: pictures of another type or rank.
    """
    with name_scope(name, "rotate"):
        images = convert_to_tensor(images, name="images")
        _check(images)
        many = _as_four(images)
        height = cast(shape_of(many)[1], dtypes.float32)[None]
        width = cast(shape_of(many)[2], dtypes.float32)[None]
        turned = transform(many, angles_to_projective_transforms(angles, height, width), interpolation=interpolation)
        return _as_before(turned, images)


def _check(images: Tensor) -> None:
    if images.dtype.base_dtype not in _DTYPES:
        raise TypeError(f"Invalid dtype {images.dtype}.")


def _as_four(images: Tensor) -> Tensor:
    rank = images.shape.ndims
    if rank is None:
        raise TypeError("image_or_images rank must be statically known")
    if rank == 2:
        return images[None, :, :, None]
    if rank == 3:
        return images[None, :, :, :]
    if rank == 4:
        return images
    raise TypeError("Images should have rank between 2 and 4.")


def _as_before(many: Tensor, images: Tensor) -> Tensor:
    rank = images.shape.ndims
    if rank == 2:
        return many[0, :, :, 0]
    return many[0, :, :, :] if rank == 3 else many


@export("contrib.image.translate")
def translate(images: Any, translations: Any, interpolation: str = "NEAREST", name: str | None = None) -> Tensor:
    """Pictures shifted.

    Args:
      images: pictures [n, height, width, channels], or one without n, or without channels.
      translations: by how many pixels [dx, dy], or [n, 2].
      interpolation: "NEAREST" or "BILINEAR".
      name: the scope of the nodes.
    """
    with name_scope(name, "translate"):
        return transform(images, translations_to_projective_transforms(translations), interpolation=interpolation)


@export("contrib.image.angles_to_projective_transforms")
def angles_to_projective_transforms(angles: Any, image_height: Any, image_width: Any,
                                    name: str | None = None) -> Tensor:
    """The transforms [n, 8] that turn pictures.

    Args:
      angles: in radians: a number, or [n].
      image_height: the pictures' height.
      image_width: their width.
      name: the scope of the nodes.

    Raises:
      TypeError: angles of another rank.
    """
    with name_scope(name, "angles_to_projective_transforms"):
        given = convert_to_tensor(angles, name="angles", dtype=dtypes.float32)
        rank = len(given.shape)
        if rank > 1:
            raise TypeError("Angles should have rank 0 or 1.")
        turns = given[None] if rank == 0 else given
        wide = image_width - 1
        x = (wide - (raw.cos(turns) * (image_width - 1) - raw.sin(turns) * (image_height - 1))) / 2.0
        y = ((image_height - 1) - (raw.sin(turns) * (image_width - 1) + raw.cos(turns) * (image_height - 1))) / 2.0
        count = shape_of(turns)[0]
        return concat([raw.cos(turns)[:, None], -raw.sin(turns)[:, None], x[:, None], raw.sin(turns)[:, None],
                       raw.cos(turns)[:, None], y[:, None], zeros((count, 2), dtypes.float32)], 1)


@export("contrib.image.translations_to_projective_transforms")
def translations_to_projective_transforms(translations: Any, name: str | None = None) -> Tensor:
    """The transforms [n, 8] that shift pictures by [dx, dy], or [n, 2].

    Raises:
      TypeError: shifts of another rank.
    """
    with name_scope(name, "translations_to_projective_transforms"):
        given = convert_to_tensor(translations, name="translations", dtype=dtypes.float32)
        rank = given.shape.ndims
        if rank is None:
            raise TypeError("translation_or_translations rank must be statically known")
        if rank not in (1, 2):
            raise TypeError("Translations should have rank 1 or 2.")
        shifts = given[None] if rank == 1 else given
        count = shape_of(shifts)[0]

        def column(make: Any, width: int = 1) -> Tensor:
            return make((count, width), dtypes.float32)

        return concat([column(ones), column(zeros), -shifts[:, 0, None], column(zeros), column(ones),
                       -shifts[:, 1, None], column(zeros, 2)], 1)


@export("contrib.image.transform")
def transform(images: Any, transforms: Any, interpolation: str = "NEAREST", output_shape: Any = None,
              name: str | None = None) -> Tensor:
    """Pictures seen through projective transforms.

    Args:
      images: pictures [n, height, width, channels], or one without n, or without channels.
      transforms: [n, 8] or [8]: `[a0, a1, a2, b0, b1, b2, c0, c1]` says that the pixel (x, y) is the given one
        `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)`, where `k = c0 x + c1 y + 1`.
      interpolation: "NEAREST" or "BILINEAR".
      output_shape: height and width; by default those of the pictures.
      name: the scope of the nodes.

    Raises:
      TypeError: pictures of another type or rank, transforms of another rank.
      ValueError: an output shape that is no pair.
    """
    with name_scope(name, "transform"):
        images = convert_to_tensor(images, name="images")
        given = convert_to_tensor(transforms, name="transforms", dtype=dtypes.float32)
        _check(images)
        many = _as_four(images)
        if output_shape is None:
            size = shape_of(many)[1:3]
        else:
            size = convert_to_tensor(output_shape, dtypes.int32, name="output_shape")
            if not size.shape.is_compatible_with([2]):
                raise ValueError("output_shape must be a 1-D Tensor of 2 elements: new_height, new_width")
        rank = len(given.shape)
        if rank not in (1, 2):
            raise TypeError("Transforms should have rank 1 or 2.")
        seen = raw.image_projective_transform_v2(many, given[None] if rank == 1 else given, output_shape=size,
                                                 interpolation=interpolation.upper())
        return _as_before(seen, images)


@export("contrib.image.compose_transforms")
def compose_transforms(*transforms: Any) -> Tensor:
    """One transform [n, 8] that does what several do, the last of them first."""
    assert transforms, "transforms cannot be empty"
    with name_scope("compose_transforms"):
        product = flat_transforms_to_matrices(transforms[0])
        for other in transforms[1:]:
            product = raw.batch_mat_mul_v2(product, flat_transforms_to_matrices(other), name="MatMul")
        return matrices_to_flat_transforms(product)


@export("contrib.image.bipartite_match")
def bipartite_match(distance_mat: Any, num_valid_rows: Any, top_k: int = -1, name: str = "bipartite_match") -> Any:
    """Rows and columns of a table of distances in pairs, the nearest first.

    Args:
      distance_mat: [rows, columns].
      num_valid_rows: how many rows count; all where it is negative.
      top_k: how many pairs are made; all where it is negative.
      name: the name of the node.

    Returns:
      `(row_to_col_match_indices, col_to_row_match_indices)`: -1 for what has no partner.
    """
    return BipartiteMatch(*raw.bipartite_match(distance_mat, num_valid_rows, top_k=top_k, name=name))


@export("contrib.image.connected_components")
def connected_components(images: Any) -> Tensor:
    """The parts of pictures in which equal pixels hang together, numbered from 1; 0 is the ground.

    Args:
      images: [n, height, width] or [height, width]; zero, False or "" is the ground.

    Raises:
      TypeError: pictures of another rank.
    """
    with name_scope("connected_components"):
        given = convert_to_tensor(images, name="images")
        rank = len(given.shape)
        if rank not in (2, 3):
            raise TypeError(f"images should have rank 2 (HW) or 3 (NHW). Static shape is {given.shape}")
        many = given[None, :, :] if rank == 2 else given
        parts = raw.image_connected_components(many)
        flat = raw.reshape(parts, [-1])
        ids, places = raw.unique(flat)
        ground = where(equal(ids, 0))[:, 0]
        numbers = range_(0, shape_of(ids)[0] - shape_of(ground)[0]) + 1

        def with_ground() -> Tensor:
            place = cast(ground[0], dtypes.int32)
            return concat([numbers[:place], [0], numbers[place:]], 0)

        numbers = cond(equal(shape_of(ground)[0], 0), lambda: numbers, with_ground)
        result = raw.reshape(gather(numbers, places), shape_of(parts))
        return result[0, :, :] if rank == 2 else result
