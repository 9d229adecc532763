"""How pictures differ (PSNR, SSIM), how rough they are, and their edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Operation, Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.image.colors import convert_image_dtype

_POWERS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


# --- comparisons ----------------------------------------------------------------------------------------------------


def _comparable(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, list[Operation]]:
    """The shapes of two batches of pictures, and the checks that the pictures are of one size.

    Raises:
      ValueError: they surely are not.
    """
    shape, other = first.get_shape().with_rank_at_least(3), second.get_shape().with_rank_at_least(3)
    shape[-3:].assert_is_compatible_with(other[-3:])
    if shape.dims is not None and other.dims is not None:
        for dim, its in zip(reversed(shape.dims[:-3]), reversed(other.dims[:-3])):
            if not (dim == 1 or its == 1 or dim.is_compatible_with(its)):
                raise ValueError(f"Two images are not compatible: {shape} and {other}")
    sizes = raw.shape_n([first, second])
    checks = [api.Assert(api.greater_equal(api.size(sizes[0]), 3), list(sizes), summarize=10),
              api.Assert(api.reduce_all(api.equal(sizes[0][-3:], sizes[1][-3:])), list(sizes), summarize=10)]
    return sizes[0], sizes[1], checks


@export("image.psnr")
def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Tensor:
    """The peak signal-to-noise ratio of two batches of pictures, in decibels.

    Args:
      a: [..., height, width, channels].
      b: pictures of the same size.
      max_val: the difference between the greatest and the least value that pixels can have.
      name: of the scope.

    Returns:
      float32 [...].
    """
    with name_scope(name, "PSNR", [a, b]):
        peak = convert_image_dtype(api.cast(max_val, a.dtype), dtypes.float32)
        a, b = (convert_image_dtype(image, dtypes.float32) for image in (a, b))
        error = api.reduce_mean(api.squared_difference(a, b), [-3, -2, -1])
        ratio = api.subtract(20 * api.log(peak) / api.log(10.0), np.float32(10 / np.log(10)) * api.log(error),
                             name="psnr")
        _, _, checks = _comparable(a, b)
        with api.control_dependencies(checks):
            return api.identity(ratio)


def _bell(size: Tensor, sigma: Tensor) -> Tensor:
    """A window of weights like a bell: [size, size, 1, 1], in all 1."""
    size = convert_to_tensor(size, dtypes.int32)
    sigma = convert_to_tensor(sigma)
    places = api.cast(api.range(size), sigma.dtype)
    places -= api.cast(size - 1, sigma.dtype) / 2.0
    heights = api.square(places)
    heights *= -0.5 / api.square(sigma)
    heights = api.reshape(heights, [1, -1]) + api.reshape(heights, [-1, 1])
    heights = api.nn.softmax(api.reshape(heights, [1, -1]))
    return api.reshape(heights, [size, size, 1, 1])


def _likeness(first: Tensor, second: Tensor, max_val: Tensor, size: Any, sigma: Any, k1: float,
              k2: float) -> tuple[Tensor, Tensor]:
    """The structural likeness of pictures, and the part of it that is contrast and structure, channel by channel."""
    size = api.constant(size, dtype=dtypes.int32)
    sigma = api.constant(sigma, dtype=first.dtype)
    shape, other = raw.shape_n([first, second])
    checks = [api.Assert(api.reduce_all(api.greater_equal(shape[-3:-1], size)), [shape, size], summarize=8),
              api.Assert(api.reduce_all(api.greater_equal(other[-3:-1], size)), [other, size], summarize=8)]
    with api.control_dependencies(checks):
        first = api.identity(first)
    kernel = api.tile(_bell(size, sigma), multiples=[1, 1, shape[-1], 1])

    def mean(x: Tensor) -> Tensor:
        shape = api.shape(x)
        x = api.reshape(x, api.concat([[-1], shape[-3:]], 0))
        y = api.nn.depthwise_conv2d(x, kernel, strides=[1, 1, 1, 1], padding="VALID")
        return api.reshape(y, api.concat([shape[:-3], api.shape(y)[1:]], 0))

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean0, mean1 = mean(first), mean(second)
    twice, squares = mean0 * mean1 * 2.0, api.square(mean0) + api.square(mean1)
    luminance = (twice + c1) / (squares + c1)
    twice_of_product = mean(first * second) * 2.0
    mean_of_squares = mean(api.square(first) + api.square(second))
    c2 *= 1.0
    structure = (twice_of_product - twice + c2) / (mean_of_squares - squares + c2)
    axes = api.constant([-3, -2], dtype=dtypes.int32)
    return api.reduce_mean(luminance * structure, axes), api.reduce_mean(structure, axes)


@export("image.ssim")
def ssim(img1: Any, img2: Any, max_val: Any, filter_size: int = 11, filter_sigma: float = 1.5, k1: float = 0.01,
         k2: float = 0.03) -> Tensor:
    """The structural similarity of two batches of pictures: 1 where they are equal.

    Args:
      img1: [..., height, width, channels].
      img2: pictures of the same size.
      max_val: the difference between the greatest and the least value that pixels can have.
      filter_size: how many pixels wide the window is.
      filter_sigma: how wide its bell is.
      k1: keeps the luminance's quotient stable.
      k2: keeps the contrast's quotient stable.

    Returns:
      float32 [...].
    """
    _, _, checks = _comparable(img1, img2)
    with api.control_dependencies(checks):
        img1 = api.identity(img1)
    peak = convert_image_dtype(api.cast(max_val, img1.dtype), dtypes.float32)
    img1, img2 = (convert_image_dtype(image, dtypes.float32) for image in (img1, img2))
    likeness, _ = _likeness(img1, img2, peak, filter_size, filter_sigma, k1, k2)
    return api.reduce_mean(likeness, [-1])


@export("image.ssim_multiscale")
def ssim_multiscale(img1: Any, img2: Any, max_val: Any, power_factors: Sequence[float] = _POWERS,
                    filter_size: int = 11, filter_sigma: float = 1.5, k1: float = 0.01, k2: float = 0.03) -> Tensor:
    """The structural similarity of pictures in several sizes, each half of the last.

    Args:
      img1: [..., height, width, channels].
      img2: pictures of the same size.
      max_val: the difference between the greatest and the least value that pixels can have.
      power_factors: the weight of each size, the largest first.
      filter_size: how many pixels wide the window is.
      filter_sigma: how wide its bell is.
      k1: keeps the luminance's quotient stable.
      k2: keeps the contrast's quotient stable.

    Returns:
      float32 [...].
    """
    with name_scope(None, "MS-SSIM", [img1, img2]):
        img1, img2 = convert_to_tensor(img1, name="img1"), convert_to_tensor(img2, name="img2")
        shape, other, checks = _comparable(img1, img2)
        with api.control_dependencies(checks):
            img1 = api.identity(img1)
        peak = convert_image_dtype(api.cast(max_val, img1.dtype), dtypes.float32)
        images = [convert_image_dtype(image, dtypes.float32) for image in (img1, img2)]
        heads = [sizes[:-3] for sizes in (shape, other)]
        tails = [sizes[-3:] for sizes in (shape, other)]
        steps = [1, 2, 2, 1]
        halves = api.constant(steps[1:], dtype=dtypes.int32)
        contrasts: list[Tensor] = []
        likeness = structure = None
        for number in range(len(power_factors)):
            with name_scope(None, f"Scale{number}", images):
                if number > 0:
                    images, tails = _halved(images, heads, tails, halves, steps)
                likeness, structure = _likeness(images[0], images[1], peak, filter_size, filter_sigma, k1, k2)
                contrasts.append(api.nn.relu(structure))
        contrasts.pop()
        factors = api.stack([*contrasts, api.nn.relu(likeness)], axis=-1)
        product = api.reduce_prod(api.pow(factors, power_factors), [-1])
        return api.reduce_mean(product, [-1])


def _halved(images: list[Tensor], heads: list[Tensor], tails: list[Tensor], halves: Tensor,
            steps: list[int]) -> tuple[list[Tensor], list[Tensor]]:
    """Pictures of half the size, and that; those of an odd one are padded by their last row or column."""
    flat = [api.reshape(image, api.concat([[-1], tail], 0)) for image, tail in zip(images, tails, strict=True)]
    rest = tails[0] % halves
    odd = api.reduce_any(api.not_equal(rest, 0))

    def padded() -> list[Tensor]:
        borders = api.pad(api.expand_dims(rest, -1), [[1, 0], [1, 0]])
        return [api.pad(image, borders, mode="SYMMETRIC") for image in flat]

    flat = api.cond(odd, padded, lambda: flat)
    smaller = [api.nn.avg_pool(image, steps, strides=steps, padding="VALID") for image in flat]
    tails = [size[1:] for size in raw.shape_n(smaller)]
    return [api.reshape(image, api.concat([head, tail], 0))
            for image, head, tail in zip(smaller, heads, tails, strict=True)], tails


# --- roughness and edges --------------------------------------------------------------------------------------------


@export("image.total_variation")
def total_variation(images: Any, name: str | None = None) -> Tensor:
    """How rough pictures are: the sum of the differences between neighbours.

    Args:
      images: [height, width, channels] or a batch.
      name: of the scope.

    Returns:
      A scalar, or [batch].

    Raises:
      ValueError: pictures have neither 3 nor 4 dimensions.
    """
    with name_scope(name, "total_variation"):
        rank = images.get_shape().ndims
        if rank == 3:
            down, across = images[1:, :, :] - images[:-1, :, :], images[:, 1:, :] - images[:, :-1, :]
            axes = None
        elif rank == 4:
            down = images[:, 1:, :, :] - images[:, :-1, :, :]
            across = images[:, :, 1:, :] - images[:, :, :-1, :]
            axes = [1, 2, 3]
        else:
            raise ValueError("'images' must be either 3 or 4-dimensional.")
        return api.reduce_sum(api.abs(down), axis=axes) + api.reduce_sum(api.abs(across), axis=axes)


@export("image.image_gradients")
def image_gradients(image: Any) -> tuple[Tensor, Tensor]:
    """How pictures change from row to row and from column to column; the last row and column are 0.

    Args:
      image: [batch, height, width, channels].

    Returns:
      The changes down and to the right, both of the pictures' shape.

    Raises:
      ValueError: pictures have not 4 dimensions.
    """
    if image.get_shape().ndims != 4:
        raise ValueError("image_gradients expects a 4D tensor [batch_size, h, w, d], not %s.", image.get_shape())
    shape = api.shape(image)
    batch, height, width, depth = api.unstack(shape)
    down = image[:, 1:, :, :] - image[:, :-1, :, :]
    across = image[:, :, 1:, :] - image[:, :, :-1, :]
    zeros = api.zeros(api.stack([batch, 1, width, depth]), image.dtype)
    down = api.reshape(api.concat([down, zeros], 1), shape)
    zeros = api.zeros(api.stack([batch, height, 1, depth]), image.dtype)
    return down, api.reshape(api.concat([across, zeros], 2), shape)


@export("image.sobel_edges")
def sobel_edges(image: Any) -> Tensor:
    """The edges of pictures by Sobel's filters.

    Args:
      image: [batch, height, width, channels].

    Returns:
      [batch, height, width, channels, 2]: edges in y and in x.
    """
    static = image.get_shape()
    shape = api.shape(image)
    filters = [[[-1, -2, -1], [0, 0, 0], [1, 2, 1]], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]]
    kernels = api.constant(np.expand_dims(np.transpose(np.asarray(filters), (1, 2, 0)), -2), dtype=image.dtype)
    kernels = api.tile(kernels, [1, 1, shape[-1], 1], name="sobel_filters")
    padded = api.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    edges = api.nn.depthwise_conv2d(padded, kernels, [1, 1, 1, 1], "VALID")
    edges = api.reshape(edges, api.concat([shape, [len(filters)]], 0))
    edges.set_shape(static.concatenate([len(filters)]))
    return edges
