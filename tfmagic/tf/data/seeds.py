"""Seeds of data sets as tensors."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api
from tfmagic.ops.random import seeds


def get_seed(seed: Any) -> tuple[Tensor, Tensor]:
    """The two seeds that a graph's seed and one of a data set give; two zeros stand for none.

    Args:
      seed: a number, an int64 tensor, or None.
    """
    first, second = seeds.get_seed(seed)
    one = constant(0, dtypes.int64, name="seed") if first is None else convert_to_tensor(first, dtypes.int64, "seed")
    if second is None:
        return one, constant(0, dtypes.int64, name="seed2")
    with name_scope("seed2") as scope:
        two = convert_to_tensor(second, dtypes.int64)
        both = api.logical_and(api.equal(one, 0), api.equal(two, 0))
        return one, api.where(both, constant(2**31 - 1, dtypes.int64), two, name=scope)
