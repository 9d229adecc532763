"""What helpers draw: class numbers by logits, and yes or no by a probability."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw


def categorical(logits: Any, seed: int | None) -> Tensor:
    """One class number for each row of logits.

    Args:
      logits: float [..., classes].
      seed: of the draws.

    Returns:
      int32 [...].
    """
    logits = convert_to_tensor(logits, name="logits")
    classes = api.shape(logits)[-1]
    batch = api.shape(logits)[:-1]

    def draw(count: Tensor) -> Tensor:
        rows = logits if logits.get_shape().ndims == 2 else raw.reshape(logits, [-1, classes])
        kind = dtypes.int64 if logits.dtype.size > 4 else dtypes.int32
        drawn = api.multinomial(rows, count, seed=seed, output_dtype=kind)
        drawn = raw.reshape(api.transpose(drawn), api.concat([[count], batch], 0))
        return api.cast(drawn, dtypes.int32)

    return _drawn((), draw)


def bernoulli(probability: Tensor, dtype: Any, sample_shape: Any, seed: int | None) -> Tensor:
    """Numbers that are 1 (or True) with a probability, [*sample_shape, *shape of the probability]."""
    batch = api.shape(probability)

    def draw(count: Tensor) -> Tensor:
        numbers = api.random.uniform(api.concat([[count], batch], 0), seed=seed, dtype=probability.dtype)
        return api.cast(api.less(numbers, probability), dtype)

    return _drawn(sample_shape, draw)


def _drawn(sample_shape: Any, draw: Callable[[Tensor], Tensor]) -> Tensor:
    """`draw(count)` with its first axis split into a sample shape, which may be a scalar."""
    with name_scope(None, "call_sampler", [part for part in [sample_shape] if isinstance(part, Tensor)]):
        sample_shape = convert_to_tensor(sample_shape, dtype=dtypes.int32, name="sample_shape")
        is_scalar = api.cast(api.equal(api.rank(sample_shape), 0), dtypes.int32)
        vector = api.pad(api.shape(sample_shape), paddings=[[is_scalar, 0]], constant_values=1)
        sample_shape = raw.reshape(sample_shape, vector)
        drawn = draw(api.reduce_prod(sample_shape))
        return raw.reshape(drawn, api.concat([sample_shape, api.shape(drawn)[1:]], 0))
