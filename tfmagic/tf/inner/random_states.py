"""`stateful_random_ops` and `stateless_random_ops`: the numbers and helpers behind generators."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw
from tfmagic.tf.random import generator

RNG_ALG_PHILOX, RNG_ALG_THREEFRY = generator._PHILOX, generator._THREEFRY
DEFAULT_ALGORITHM = RNG_ALG_PHILOX
PHILOX_STATE_SIZE, THREEFRY_STATE_SIZE = (generator._STATE_SIZES[alg] for alg in (RNG_ALG_PHILOX, RNG_ALG_THREEFRY))
ALGORITHM_TYPE = SEED_TYPE = STATE_TYPE = "int64"
SEED_TYPE_BITS = dtypes.int64.size * 8
SEED_MIN, SEED_MAX = MIN_INT64, MAX_INT64 = dtypes.int64.min, dtypes.int64.max
SEED_UINT_SPAN = UINT64_SPAN = 2**SEED_TYPE_BITS
SEED_BIT_MASK = SEED_UINT_SPAN - 1
SEED_SIZE = 16


def non_deterministic_ints(shape: Any, dtype: Any = dtypes.int64) -> Tensor:
    """Whole numbers that differ from run to run, whatever the seeds: int32, int64, uint32 or uint64."""
    return raw.non_deterministic_ints(shape=shape, dtype=dtype)


def shape_tensor(shape: Any) -> Tensor:
    """A shape as a vector; int64 where it is an empty tuple."""
    dtype = dtypes.int64 if isinstance(shape, (tuple, list)) and not shape else None
    return convert_to_tensor(shape, dtype=dtype, name="shape")


def uint_to_int(n: int) -> int:
    """The int64 that has the bits of a number from 0 to 2**64 - 1."""
    return generator._int64(n)


def get_state_size(alg: int) -> int:
    """How many numbers the state of an algorithm has.

    Raises:
      ValueError: there is no such algorithm.
    """
    return generator._STATE_SIZES[generator._checked(alg)]


def make_1d_state(state_size: int, seed: Any) -> Any:
    """A state of so many int64 numbers from a seed: a number, which may be as long as the state, or several."""
    return generator.state_of(state_size, seed)


def make_state_from_seed(seed: Any, alg: int) -> Any:
    """The state with which an algorithm begins."""
    return generator.create_rng_state(seed, alg)


def convert_to_state_tensor(t: Any) -> Tensor:
    """Numbers as a tensor of a state."""
    return convert_to_tensor(t, dtype=STATE_TYPE)


def stateless_multinomial_categorical_impl(logits: Any, num_samples: Any, dtype: Any, seed: Any) -> Tensor:
    """`tf.random.stateless_categorical` without a scope."""
    logits = convert_to_tensor(logits, name="logits")
    return raw.stateless_multinomial(logits, num_samples, seed, output_dtype=dtype)
