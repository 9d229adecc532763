"""Initializers of kernels of convolutions that keep the norm of what they are applied to."""

from __future__ import annotations

import itertools
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api, raw
from tfmagic.tf.initializers.kinds import Orthogonal

Blocks = dict[tuple[int, ...], Any]


class _OrthogonalKernel(Orthogonal):
    """What these initializers share. A block is the matrix of one position in the kernel."""

    _axes = 0
    _number = ""

    def _matrix(self, size: int, dtype: Any) -> Any:
        """An orthogonal matrix, every one equally likely."""
        numbers = api.random_normal([size, size], dtype=dtype, seed=self._seed())
        q, r = raw.qr(numbers, full_matrices=False)
        return q * raw.sign(raw.diag_part(r))

    def _seed(self) -> int | None:
        """The seed of the next random numbers: each after the one before."""
        seed = self.seed
        if seed is not None:
            self.seed = seed + 1
        return seed

    def _projection(self, size: int, dtype: Any) -> Any:
        """The projection on a random space."""
        q = self._matrix(size, dtype)
        chosen = api.cast(api.random_normal([size], dtype=dtype, seed=self._seed()) > 0, dtype)
        some = api.multiply(q, chosen)
        return api.matmul(some, api.matrix_transpose(some))

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        dtype = self._type(dtype)
        if not self._axes:
            raise NotImplementedError("an initializer of kernels is one of ConvolutionOrthogonal1D, 2D and 3D")
        if len(shape) != self._axes + 2:
            raise ValueError(f"The tensor to initialize must be {self._number}-dimensional")
        if shape[-2] > shape[-1]:
            raise ValueError("In_filters cannot be greater than out_filters.")
        if any(size != shape[0] for size in shape[:self._axes]):
            raise ValueError("Kernel sizes must be equal.")
        kernel = self._kernel(shape[0], shape[-2], shape[-1], self.dtype)
        kernel *= api.cast(self.gain, dtype=dtype)
        return kernel

    def _kernel(self, size: int, filters_in: int, filters_out: int, dtype: Any) -> Any:
        rows = self._matrix(filters_out, dtype)[0:filters_in, :]
        if size == 1:
            for _ in range(self._axes):
                rows = api.expand_dims(rows, 0)
            return rows
        blocks = self._two_wide(filters_out, dtype)
        for _ in range(size - 2):
            blocks = _convolved(blocks, self._two_wide(filters_out, dtype), self._axes, filters_out, dtype)
        blocks = {place: api.matmul(rows, block) for place, block in blocks.items()}
        return _stacked(blocks, size, self._axes)

    def _two_wide(self, size: int, dtype: Any) -> Blocks:
        """An orthogonal kernel of width 2: products of projections and of what these leave."""
        projections = [self._projection(size, dtype) for _ in range(self._axes)]
        identity = api.eye(size, dtype=dtype)
        return {place: _product([self._side(side, projection, identity)
                                 for side, projection in zip(place, projections)])
                for place in itertools.product((0, 1), repeat=self._axes)}

    def _side(self, side: int, projection: Any, identity: Any) -> Any:
        return identity - projection if side else projection


def _product(matrices: list[Any]) -> Any:
    product = matrices[0]
    for matrix in matrices[1:]:
        product = api.matmul(product, matrix)
    return product


def _convolved(a: Blocks, b: Blocks, axes: int, size: int, dtype: Any) -> Blocks:
    """The kernel of one convolution after the other."""
    width = max(place[0] for place in a) + 1
    other = max(place[0] for place in b) + 1
    result: Blocks = {}
    for place in itertools.product(range(width + other - 1), repeat=axes):
        result[place] = api.zeros([size, size], dtype)
        for first in itertools.product(*(range(min(width, i + 1)) for i in place)):
            second = tuple(i - j for i, j in zip(place, first))
            if all(i < other for i in second):
                result[place] += api.matmul(a[first], b[second])
    return result


def _stacked(blocks: Blocks, size: int, axes: int, place: tuple[int, ...] = ()) -> Any:
    if len(place) == axes:
        return blocks[place]
    return api.stack([_stacked(blocks, size, axes, (*place, i)) for i in range(size)])


@export("contrib.framework.convolutional_orthogonal_1d")
class ConvolutionOrthogonal1D(_OrthogonalKernel):
    """A kernel of shape [width, in, out] whose convolution keeps norms; in is at most out.

    Raises:
      ValueError: another rank, or more channels in than out.
    """

    _axes = 1
    _number = "three"


@export("contrib.framework.convolutional_orthogonal_2d")
class ConvolutionOrthogonal2D(_OrthogonalKernel):
    """A kernel of shape [width, width, in, out] whose convolution keeps norms; in is at most out.

    Raises:
      ValueError: another rank, sides that differ, or more channels in than out.
    """

    _axes = 2
    _number = "four"


@export("contrib.framework.convolutional_orthogonal_3d")
class ConvolutionOrthogonal3D(_OrthogonalKernel):
    """A kernel of shape [width, width, width, in, out] whose convolution keeps norms; in is at most out.

    Raises:
      ValueError: another rank, sides that differ, or more channels in than out.
    """

    _axes = 3
    _number = "five"

    def _side(self, side: int, projection: Any, identity: Any) -> Any:
        return side * projection + (1 - side) * (identity - projection)


@export("contrib.framework.convolutional_delta_orthogonal")
class ConvolutionDeltaOrthogonal(Orthogonal):
    """A kernel that is an orthogonal matrix in its middle and zero around; in is at most out.

    Raises:
      ValueError: the shape has not three to five axes, or more channels in than out.
    """

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        dtype = self._type(dtype)
        if not 3 <= len(shape) <= 5:
            raise ValueError("The tensor to initialize must be at least three-dimensional and at most "
                             "five-dimensional")
        if shape[-2] > shape[-1]:
            raise ValueError("In_filters cannot be greater than out_filters.")
        numbers = api.random_normal([shape[-1], shape[-1]], dtype=dtype, seed=self.seed)
        q, r = raw.qr(numbers, full_matrices=False)
        q = q * raw.sign(raw.diag_part(r))
        q = q[:shape[-2], :]
        q *= api.cast(self.gain, dtype=dtype)
        return api.scatter_nd([[(size - 1) // 2 for size in shape[:-2]]], api.expand_dims(q, 0), shape)
