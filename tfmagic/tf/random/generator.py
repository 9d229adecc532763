"""tf.random.experimental: a generator of random numbers whose state is a variable."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.base.slots import Slot
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array.constants import zeros_like

_PHILOX, _THREEFRY = 1, 2
_STATE_SIZES = {_PHILOX: 3, _THREEFRY: 2}
_SEED_TYPE = np.int64

_variable: Any = Slot("variables of a kind")


def _checked(alg: Any) -> int:
    if alg not in _STATE_SIZES:
        raise ValueError(f"Unsupported algorithm id: {alg}")
    return alg


def _int64(number: int) -> int:
    """A Python number's lowest 64 bits."""
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >> 63 else number


@export("random.experimental.create_rng_state")
def create_rng_state(seed: Any, algorithm: int) -> Any:
    """The state with which a generator begins.

    Args:
      seed: an integer or a vector of them.
      algorithm: 1 for Philox.

    Returns:
      A NumPy array of int64.

    Raises:
      ValueError: there is no such algorithm.
    """
    return state_of(_STATE_SIZES[_checked(algorithm)], seed)


def state_of(size: int, seed: Any) -> np.ndarray:
    """A state of so many numbers from a seed: one number, which may have as many bits as they, or several."""
    if np.ndim(seed) == 0:
        parts = [_int64(int(seed) >> 64 * place) for place in range(size)]
    else:
        parts = [_int64(int(part)) for part in np.asarray(seed, dtype=object).ravel()][:size]
        parts = [0] * (size - len(parts)) + parts
    return np.array(parts, _SEED_TYPE)


@export("random.experimental.Generator")
class Generator:
    """Random numbers from a stream of their own, whose state is a variable: saved, restored and read like any other.

    Args:
      copy_from: a generator whose state is copied.
      state: without `copy_from`, a vector of int64: two numbers of a counter and a key.
      alg: without `copy_from`, the algorithm; 1 for Philox.
    """

    def __init__(self, copy_from: Generator | None = None, state: Any = None, alg: Any = None):
        if copy_from is not None:
            assert (alg or state) is None
            self._state_var = self._make(copy_from.state)
            self._alg = copy_from.algorithm
            return
        assert alg is not None and state is not None
        state = convert_to_tensor(state, dtype=dtypes.int64)
        self._alg = _checked(alg)
        self._state_var = self._make(state)

    @staticmethod
    def _make(state: Any) -> Any:
        return _variable(use_resource=True, initial_value=state, dtype=dtypes.int64, trainable=False)

    @classmethod
    def from_state(cls, state: Any, alg: int) -> Generator:
        """A generator with a given state."""
        return cls(state=state, alg=alg)

    @classmethod
    def from_seed(cls, seed: Any, alg: int | None = None) -> Generator:
        """A generator that begins where a seed says."""
        alg = _PHILOX if alg is None else alg
        return cls(state=create_rng_state(seed, alg), alg=alg)

    @classmethod
    def from_non_deterministic_state(cls, alg: int | None = None) -> Generator:
        """A generator that begins anywhere."""
        alg = _PHILOX if alg is None else alg
        return cls(state=raw.non_deterministic_ints(
            convert_to_tensor([_STATE_SIZES[_checked(alg)]], dtype=dtypes.int64, name="NonDeterministicInts/shape"),
            dtype=dtypes.int64), alg=alg)

    @classmethod
    def from_key_counter(cls, key: Any, counter: Any, alg: int) -> Generator:
        """A generator whose counter and key are given."""
        counter = convert_to_tensor(counter, dtype=dtypes.int64)
        key = convert_to_tensor(key, dtype=dtypes.int64)
        _checked(alg)
        return cls(state=cls._joined(counter, key), alg=alg)

    @staticmethod
    def _joined(counter: Tensor, key: Tensor) -> Tensor:
        return api.concat([counter, api.reshape(key, [1])], 0)

    def _tracked(self) -> list[tuple[str, Any]]:
        """What a `tf.train.Checkpoint` saves."""
        return [("_state_var", self._state_var)]

    # --- the state --------------------------------------------------------------------------------------------

    @property
    def state(self) -> Any:
        """The variable that holds the state."""
        return self._state_var

    @property
    def algorithm(self) -> int:
        """The algorithm's number."""
        return self._alg

    @property
    def key(self) -> Tensor:
        """The key within the state."""
        return self._state_var[-1]

    def reset(self, state: Any) -> None:
        """Add an operation that sets the state."""
        self._state_var.assign(convert_to_tensor(state, dtype=dtypes.int64))

    def reset_from_seed(self, seed: Any) -> None:
        """Add an operation that sets the state to where a seed says."""
        self.reset(create_rng_state(seed, self._alg))

    def reset_from_key_counter(self, key: Any, counter: Any) -> None:
        """Add an operation that sets counter and key."""
        counter = convert_to_tensor(counter, dtype=dtypes.int64)
        key = convert_to_tensor(key, dtype=dtypes.int64)
        self.reset(self._joined(counter, key))

    def skip(self, delta: Any) -> None:
        """Add an operation that moves the counter on by `delta`."""
        raw.rng_skip(self._state_var.handle, self._alg, delta)

    # --- numbers ----------------------------------------------------------------------------------------------

    @staticmethod
    def _shape(shape: Any) -> Tensor:
        empty = isinstance(shape, (list, tuple)) and not shape
        return convert_to_tensor(shape, dtype=dtypes.int64 if empty else None, name="shape")

    def normal(self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32,
               name: str | None = None) -> Tensor:
        """Normally distributed numbers.

        Args:
          shape: the shape.
          mean, stddev: of the distribution; they broadcast.
          dtype: the type of the numbers.
        """
        with name_scope(name, "stateful_normal", [shape, mean, stddev]) as scope:
            shape = self._shape(shape)
            mean = convert_to_tensor(mean, dtype=dtype, name="mean")
            stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
            drawn = raw.stateful_standard_normal_v2(self._state_var.handle, self._alg, shape, dtype=dtype)
            return raw.add(drawn * stddev, mean, name=scope)

    def truncated_normal(self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32,
                         name: str | None = None) -> Tensor:
        """Normally distributed numbers within two standard deviations of the mean.

        Args:
          shape: the shape.
          mean, stddev: of the distribution; they broadcast.
          dtype: the type of the numbers.
        """
        with name_scope(name, "truncated_normal", [shape, mean, stddev]) as scope:
            shape = self._shape(shape)
            mean = convert_to_tensor(mean, dtype=dtype, name="mean")
            stddev = convert_to_tensor(stddev, dtype=dtype, name="stddev")
            drawn = raw.stateful_truncated_normal(self._state_var.handle, self._alg, shape, dtype=dtype)
            return raw.add(drawn * stddev, mean, name=scope)

    def uniform(self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = dtypes.float32,
                name: str | None = None) -> Tensor:
        """Equally likely numbers in [minval, maxval).

        Args:
          shape: the shape.
          minval, maxval: the bounds; of floating-point numbers the upper one is 1 by default.
          dtype: the type of the numbers.

        Raises:
          ValueError: integers have no upper bound.
        """
        dtype = dtypes.as_dtype(dtype)
        if maxval is None:
            if dtype.is_integer:
                raise ValueError(f"Must specify maxval for integer dtype {dtype!r}")
            maxval = 1
        with name_scope(name, "stateful_uniform", [shape, minval, maxval]) as scope:
            shape = self._shape(shape)
            minval = convert_to_tensor(minval, dtype=dtype, name="min")
            maxval = convert_to_tensor(maxval, dtype=dtype, name="max")
            if dtype.is_integer:
                return raw.stateful_uniform_int(self._state_var.handle, self._alg, shape, minval, maxval, name=scope)
            drawn = raw.stateful_uniform(self._state_var.handle, self._alg, shape, dtype=dtype)
            return raw.add(drawn * (maxval - minval), minval, name=scope)

    def uniform_full_int(self, shape: Any, dtype: Any = dtypes.uint64, name: str | None = None) -> Tensor:
        """Equally likely integers of a type's whole range.

        Args:
          shape: the shape.
          dtype: int32, int64, uint32 or uint64.
        """
        with name_scope(name, "stateful_uniform_full_int", [shape]) as scope:
            return raw.stateful_uniform_full_int(self._state_var.handle, self._alg, self._shape(shape), dtype=dtype,
                                                 name=scope)

    def binomial(self, shape: Any, counts: Any, probs: Any, dtype: Any = dtypes.int32,
                 name: str | None = None) -> Tensor:
        """How many of `counts` trials succeed.

        Args:
          shape: the shape.
          counts: how many trials.
          probs: how likely each succeeds.
          dtype: the type of the numbers.
        """
        with name_scope(name, "binomial", [shape, counts, probs]) as scope:
            counts = convert_to_tensor(counts, name="counts")
            probs = convert_to_tensor(probs, name="probs")
            shape = self._shape(shape)
            return raw.stateful_random_binomial(self._state_var.handle, self._alg, shape, counts, probs, dtype=dtype,
                                                name=scope)

    def make_seeds(self, count: int = 1) -> Tensor:
        """Seeds for stateless ops: two rows, `count` columns."""
        keys = self.uniform_full_int([count], dtype=dtypes.int64)
        return api.stack([keys, zeros_like(keys)])

    def split(self, count: int = 1) -> list[Generator]:
        """Generators for code that runs at the same time: only eager code has them, as their keys must be known.

        Raises:
          AttributeError: always, as in TensorFlow: a graph's tensors have no values yet.
        """
        keys: Any = self.uniform_full_int([count], dtype=dtypes.int64)
        return [type(self)(state=create_rng_state(key, self._alg), alg=self._alg) for key in keys.numpy()]


_global: Generator | None = None


@export("random.experimental.get_global_generator")
def get_global_generator() -> Generator:
    """The generator that all share; the first call makes one that begins anywhere."""
    global _global
    if _global is None:
        _global = Generator.from_non_deterministic_state()
    return _global


@export("random.experimental.set_global_generator")
def set_global_generator(generator: Generator) -> None:
    """Replace the generator that all share."""
    global _global
    _global = generator
