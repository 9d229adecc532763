"""The words in which samples are written: small arrays of any dtype, calls, scenes of several nodes."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Values:
    """An array to be filled in the dtype of a sample.

    Args:
        shape: its shape.
        low: least value.
        high: greatest value.
        distinct: whether all values differ (for maxima, sorting).
        definite: whether to make each matrix of the last two axes symmetric and positive definite.
    """

    shape: tuple = ()
    low: float = -2.0
    high: float = 2.0
    distinct: bool = False
    definite: bool = False

    def array(self, dtype, seed):
        """The array in `dtype`, the same for the same seed."""
        random = np.random.RandomState(seed % 2**32)
        size = int(np.prod(self.shape))
        if dtype == "string":
            words = np.array([b"a", b"bc", b"", b"d e"], object)
            return words[random.randint(0, 4, size)].reshape(self.shape)
        if dtype == "bool":
            return random.randint(0, 2, self.shape).astype(bool)
        low, high = self.low, self.high
        if dtype.startswith("uint"):
            low, high = max(low, 1), max(high, 9)
        if "int" in dtype:
            spread = np.arange(size) if self.distinct else random.randint(0, max(int(2 * (high - low)), 2), size)
            values = random.permutation(spread) + int(np.ceil(low))
        else:
            values = np.round(random.uniform(low, high, size), 2)
            if self.distinct:
                values = random.permutation(np.round(np.linspace(low, high, size), 2))
        array = values.reshape(self.shape)
        if dtype.startswith("complex"):
            array = array + 1j * np.round(random.uniform(low, high, self.shape), 2)
        if self.definite:
            array = array @ np.swapaxes(array, -1, -2).conj() + 2 * np.eye(self.shape[-1])
        return np.asarray(array).astype(dtype)


def N(*shape):
    """Values between -2 and 2."""
    return Values(shape)


def P(*shape):
    """Positive values."""
    return Values(shape, 0.1, 3.0)


def D(*shape):
    """Distinct values."""
    return Values(shape, distinct=True)


def S(*shape):
    """Symmetric positive definite matrices."""
    return Values(shape, definite=True)


def f32(values):
    return np.array(values, np.float32)


def i32(values):
    return np.array(values, np.int32)


def i64(values):
    return np.array(values, np.int64)


def boolean(values):
    return np.array(values, bool)


def text(values):
    return np.array(values, object)


def f64(values):
    return np.array(values, np.float64)


def f16(values):
    return np.array(values, np.float16)


def c64(values):
    return np.array(values, np.complex64)


def row(**arguments):
    """The arguments of one call."""
    return arguments


def rows(*values, name="x"):
    """One row for each value of the one input."""
    return [{name: value} for value in values]


def renamed(rows, **names):
    """The same rows with other argument names."""
    return [{names.get(key, key): value for key, value in row.items()} for row in rows]


@dataclass(frozen=True)
class Scene:
    """A call that other nodes surround.

    Args:
        arguments: of the op; inputs may be "@name" or "@name:1" for outputs of the nodes before.
        before: nodes made before, each (name, op, arguments).
        after: nodes made after the op, which run after it; the op is "@op".
        more: `fetch`, `feeds`, `runs`, `control`, `name` of the sample (see run_op.py).
    """

    arguments: dict
    before: tuple = ()
    after: tuple = ()
    more: dict = field(default_factory=dict)


def scene(before=(), after=(), fetch=None, feeds=None, runs=None, control=None, name=None, **arguments):
    """A `Scene`, with what is not given left out."""
    more = {"fetch": fetch, "feeds": feeds, "runs": runs, "control": control, "name": name}
    return Scene(arguments, tuple(before), tuple(after),
                 {key: value for key, value in more.items() if value is not None})
