"""SeededStream: the numbers of one pair of seeds, on whose methods plans call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfmagic.base import errors, shapes
from tfmagic.base.shapes import Dims
from tfmagic.ops.random import distributions, sampling
from tfmagic.ops.random.philox import Stream, stateless_stream


class SeededStream:
    """The random numbers that belong to a pair of seeds. Every method gives the same whenever it is called.

    Methods take the shape of the result, its torch dtype and its device (None: the present one).
    """

    __slots__ = ("_stream",)

    def __init__(self, stream: Stream):
        self._stream = stream

    def uniform(self, sizes: Sequence[int], dtype: Any, device: Any = None) -> Any:
        """Uniform numbers in [0, 1)."""
        return distributions.uniform(self._stream, sizes, dtype, device)

    def normal(self, sizes: Sequence[int], dtype: Any, device: Any = None) -> Any:
        """Numbers of the standard normal distribution."""
        return distributions.normal(self._stream, sizes, dtype, device)

    def truncated_normal(self, sizes: Sequence[int], dtype: Any, device: Any = None) -> Any:
        """Numbers of the standard normal distribution within two standard deviations of the mean."""
        return distributions.truncated_normal(self._stream, sizes, dtype, device)

    def uniform_int(self, sizes: Sequence[int], low: int, high: int, dtype: Any, device: Any = None) -> Any:
        """Uniform integers in [low, high)."""
        return distributions.uniform_int(self._stream, sizes, low, high, dtype, device)

    def categories(self, logits: Any, count: int, dtype: Any) -> Any:
        """Class numbers drawn by unnormalised log-probabilities: logits [batch, classes] -> [batch, count]."""
        check_classes(tuple(logits.shape), count)
        return sampling.categories(self._stream, logits, count, dtype)


def seeded(seed: Any) -> SeededStream:
    """The stream of a pair of seeds, an integer tensor [2]."""
    if tuple(seed.shape) != (2,):
        raise errors.InvalidArgumentError(None, None, no_pair(tuple(seed.shape)))
    return SeededStream(stateless_stream(seed.tolist()))


def no_pair(dims: Dims) -> str:
    """TensorFlow's words for seeds that are no pair."""
    return f"seed must have shape [2], not {shapes.brackets(dims)}"


def no_matrix(dims: Dims) -> str:
    """TensorFlow's words for logits that are no matrix."""
    return f"logits should be a matrix, got shape {shapes.brackets(dims)}"


def check_classes(dims: tuple[int, ...], count: int) -> None:
    """Refuse to draw `count` classes by logits of this shape.

    Raises:
      InvalidArgumentError: in TensorFlow's words.
    """
    refused = no_matrix(dims) if len(dims) != 2 else \
        f"num_samples should be nonnegative, got {count}" if count < 0 else \
        "num_classes should be positive, got 0" if dims[1] == 0 else None
    if refused is not None:
        raise errors.InvalidArgumentError(None, None, refused)
