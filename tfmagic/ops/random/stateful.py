"""Random ops whose stream stands in a variable: a Philox counter of two numbers, and a key."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tfmagic.base import shapes
from tfmagic.base.errors import InvalidArgumentError
from tfmagic.base.lazy import torch
from tfmagic.base.shapes import Dims
from tfmagic.graph.static_value import static_dims
from tfmagic.ops import shape_rules
from tfmagic.ops.declare import register
from tfmagic.ops.random import distributions
from tfmagic.ops.random.binomial import binomial
from tfmagic.ops.random.philox import RESERVED_PER_OUTPUT, PhiloxState, Stream
from tfmagic.ops.torch_types import torch_dtype

PHILOX = 1
_WORD = (1 << 64) - 1
_AT_RUN_TIME: dict[str, Any] = {"traced": False, "because": "the numbers follow from the variable's value at the run"}


def _refuse(message: str) -> Exception:
    return InvalidArgumentError(None, None, message)


def _stream(state: Any, algorithm: int) -> Stream:
    """The stream that a variable's value describes."""
    if algorithm != PHILOX:
        raise _refuse(f"Unsupported algorithm id: {algorithm}")
    if state.dim() != 1 or state.shape[0] < 3:
        raise _refuse("For the Philox algorithm, the size of state must be at least 3; got "
                      f"{state.shape[0] if state.dim() else 0}")
    low, high, key = (part & _WORD for part in state[:3].tolist())
    return Stream(key, low | high << 64)


def _moved_on(state: Any, stream: Stream, blocks: int) -> Any:
    """The variable's value after `blocks` blocks."""
    counter = stream.skip(blocks).counter
    parts = [part - (1 << 64) if part >> 63 else part for part in (counter & _WORD, counter >> 64)]
    return torch.cat([torch.tensor(parts, dtype=torch.int64, device=state.device), state[2:]])


def _sizes(shape: Sequence[int]) -> tuple[int, ...]:
    for size in shape:
        if size < 0:
            raise _refuse(f"Dimension {size} must be >= 0")
    return tuple(shape)


def _drawn_shape(op: Any, *inputs: Dims) -> Dims:
    """The shape that the input `shape` holds."""
    for number in (inputs[1], *inputs[3:]):
        shape_rules.with_rank(number, 0)
    return static_dims(op.shape)


def _refused(op: Any, resource: Any, algorithm: Any, shape: Any, *bounds: Any) -> str | None:
    if algorithm:
        return f"algorithm must be of shape [], not {shapes.brackets(algorithm)}"
    for name, given in zip(("minval", "maxval"), bounds):
        if given:
            return f"{name} must be 0-D, got shape {shapes.brackets(given)}"
    return None


def _draws(name: str, distribution: Callable[..., Any]) -> None:
    """Declare the op of a distribution; bounds are the inputs after the shape."""

    def kernel(op: Any, state: Any, algorithm: int, shape: Any, *bounds: int) -> tuple[Any, Any]:
        sizes = _sizes(shape)
        if bounds and bounds[0] >= bounds[1]:
            raise _refuse(f"Need minval < maxval, got {bounds[0]} >= {bounds[1]}")
        stream = _stream(state, algorithm)
        drawn = distribution(stream, sizes, *bounds, torch_dtype(op.dtype), state.device)
        return _moved_on(state, stream, math.prod(sizes) * RESERVED_PER_OUTPUT), drawn

    bounds = ("minval", "maxval") if distribution is distributions.uniform_int else ()
    register(name, _drawn_shape, kernel, writes="resource", host=("algorithm", "shape", *bounds), sizes="shape",
             check=_refused, doc=distribution.__doc__, **_AT_RUN_TIME)


_draws("StatefulStandardNormalV2", distributions.normal)
_draws("StatefulTruncatedNormal", distributions.truncated_normal)
_draws("StatefulUniform", distributions.uniform)
_draws("StatefulUniformInt", distributions.uniform_int)
_draws("StatefulUniformFullInt", distributions.full_int)


def _old_normal(op: Any, state: Any, shape: Any) -> tuple[Any, Any]:
    """Normal numbers; the algorithm stands in front of the variable's state."""
    sizes = _sizes(shape)
    stream = _stream(state[1:], int(state[0]))
    drawn = distributions.normal(stream, sizes, torch_dtype(op.dtype), state.device)
    return torch.cat([state[:1], _moved_on(state[1:], stream, math.prod(sizes) * RESERVED_PER_OUTPUT)]), drawn


register("StatefulStandardNormal", lambda op, *inputs: static_dims(op.shape), _old_normal, writes="resource",
         host="shape", **_AT_RUN_TIME)


def _skip(op: Any, state: Any, algorithm: int, delta: int) -> Any:
    return _moved_on(state, _stream(state, algorithm), delta * RESERVED_PER_OUTPUT)


def _skip_shape(op: Any, resource: Dims, *numbers: Dims) -> None:
    for number in numbers:
        shape_rules.with_rank(number, 0)


register("RngSkip", _skip_shape, _skip, writes="resource", host=("algorithm", "delta"), **_AT_RUN_TIME)


def _any_integers(op: Any, state: PhiloxState, shape: Any) -> Any:
    sizes = _sizes(shape)
    return distributions.full_int(state.reserve_outputs(math.prod(sizes)), sizes, torch_dtype(op.dtype))


register("NonDeterministicInts", lambda op, shape: static_dims(op.shape), _any_integers, host="shape", sizes="shape",
         state=lambda op: PhiloxState())


# As many numbers of one distribution are a row, for the count of the blocks that are set aside.
_ROW_OF_EQUALS = 100


def _binomial_shape(op: Any, resource: Dims, algorithm: Dims, shape: Dims, *given: Dims) -> Dims:
    """The shape that the input `shape` holds; counts and probabilities are one, or one for each row."""
    for dims in given:
        shape_rules.with_rank_at_most(dims, 1)
    return static_dims(op.shape)


def _binomial_refused(op: Any, resource: Any, algorithm: Any, *given: Any) -> str | None:
    return f"algorithm must be of shape [], not {shapes.brackets(algorithm)}" if algorithm else None


def _binomials(op: Any, state: Any, algorithm: int, shape: Any, counts: Any, probs: Any) -> tuple[Any, Any]:
    """How many of so many trials succeed: for each row of the output another number of trials, or probability."""
    sizes = _sizes(shape)
    total = math.prod(sizes)
    given = [part.double().reshape(-1).tolist() for part in (counts, probs)]
    for name, part, values in zip(("counts", "probs"), (counts, probs), given):
        if len(values) != 1 and len(values) != (sizes[0] if sizes else 1):
            raise _refuse(f"Input {name} should have length 1 or shape[0], got shape: {shapes.brackets(part.shape)}")
    stream = _stream(state, algorithm)
    if not total:
        return state, torch.zeros(sizes, dtype=torch_dtype(op.dtype), device=state.device)
    equal = len(given[0]) == len(given[1]) == 1
    rows, per_row = (-(-total // _ROW_OF_EQUALS), _ROW_OF_EQUALS) if equal else (sizes[0], total // sizes[0])
    drawn = binomial(stream, 1 if equal else rows, total if equal else per_row, *given)
    numbers = torch.tensor(drawn, dtype=torch.float64, device=state.device).to(torch_dtype(op.dtype)).reshape(sizes)
    blocks = rows * 200 * (per_row + 3) // 4
    return _moved_on(state, stream, blocks * RESERVED_PER_OUTPUT), numbers


register("StatefulRandomBinomial", _binomial_shape, _binomials, writes="resource", host=("algorithm", "shape"),
         sizes="shape", check=_binomial_refused, doc=binomial.__doc__, **_AT_RUN_TIME)
