"""Distributions drawn by rejection: gamma, Poisson, and the normal distribution between any two bounds.

Gamma and Poisson set a stretch of the stream aside for each output: machine code makes one after the other
(`one_by_one`), without it all outputs advance side by side, each with a position of its own. The bounded normal
distribution reads one row's numbers after another.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tfmagic.base import errors
from tfmagic.base.lazy import torch
from tfmagic.ops.random import one_by_one
from tfmagic.ops.random.distributions import group_width, normal, normal_pairs, uniform, uniform_pairs
from tfmagic.ops.random.philox import RESERVED_PER_OUTPUT, PhiloxState, Stream, words

_MOST_TRIES = 1000
# Rows of the bounded normal distribution with the same parameters are cut to this size by TensorFlow.
_ROW_OF_EQUALS = 100
# With the mean between bounds of which one is this many deviations away, most normal numbers can be kept.
_REACH_OF_NORMAL = 1.3


class _Draws:
    """A position in the stream for each output, with the numbers drawn there and not yet used."""

    def __init__(self, stream: Stream, count: int, device) -> None:
        self._stream = stream
        self._position = torch.arange(count, device=device) * RESERVED_PER_OUTPUT
        self._kept: dict[Callable, tuple] = {
            kind: (
                torch.zeros((count, 2), dtype=torch.float64, device=device),
                torch.zeros(count, dtype=torch.int64, device=device),
            )
            for kind in (uniform_pairs, normal_pairs)
        }

    def uniform(self, rows):
        """The next uniform float64 in [0, 1) of each of these outputs."""
        return self._next(uniform_pairs, rows)

    def normal(self, rows):
        """The next normal float64 of each of these outputs."""
        return self._next(normal_pairs, rows)

    def _next(self, kind: Callable, rows):
        pairs, left = self._kept[kind]
        empty = rows[left[rows] == 0]
        if len(empty):
            pairs[empty] = kind(words(self._stream, self._position[empty]))
            left[empty] = 2
            self._position[empty] += 1
        # The second number of a pair is used first.
        left[rows] -= 1
        return pairs[rows, left[rows]]


def gamma(state: PhiloxState, shape, alpha):
    """Numbers of the gamma distributions with the given shape parameters and rate 1.

    Marsaglia and Tsang's method: a cube of a normal number, accepted against a uniform one.

    Args:
      state: the op's stream.
      shape: the dimensions to draw for each alpha.
      alpha: a tensor of shape parameters, of a floating type.

    Returns:
      A tensor of dimensions shape + alpha.shape, of alpha's dtype.
    """
    per_alpha, alphas = math.prod(shape), alpha.numel()
    count = per_alpha * alphas
    if count == 0:
        return torch.empty((*shape, *alpha.shape), dtype=alpha.dtype, device=alpha.device)
    stream, flat = state.reserve_outputs(count), alpha.reshape(-1).to(torch.float64)
    found = one_by_one.drawn("gamma", stream, flat, per_alpha, alpha.dtype)
    if found is not None:
        return found.reshape((*shape, *alpha.shape))
    draws = _Draws(stream, count, alpha.device)
    # Outputs are numbered alpha by alpha; the result has the alphas last.
    concentration = flat.repeat_interleave(per_alpha)
    result = torch.empty_like(concentration)
    exponential = concentration == 1.0
    rows = exponential.nonzero().squeeze(1)
    result[rows] = -torch.log1p(-draws.uniform(rows))

    boosted = concentration < 1.0
    d = torch.where(boosted, concentration + 2.0 / 3.0, concentration - 1.0 / 3.0)
    c = 1.0 / 3.0 / torch.sqrt(d)
    rows = (~exponential).nonzero().squeeze(1)
    # Alphas that are not positive have no distribution; TensorFlow's loop may never end for them.
    valid = concentration[rows] > 0.0
    result[rows[~valid]] = math.nan
    rows = rows[valid]
    while len(rows):
        x = draws.normal(rows)
        v = 1.0 + c[rows] * x
        positive = v > 0.0
        # An output whose number was not positive tries again at once, without a uniform number.
        again, rows, x, v = rows[~positive], rows[positive], x[positive], v[positive] ** 3
        u = draws.uniform(rows)
        squared = x * x
        accepted = (u < 1.0 - 0.0331 * squared * squared) | (
            torch.log(u) < 0.5 * squared + d[rows] * (1.0 - v + torch.log(v))
        )
        taken = rows[accepted]
        result[taken] = d[taken] * v[accepted]
        small = taken[boosted[taken]]
        result[small] *= draws.uniform(small) ** (1.0 / concentration[small])
        rows = torch.cat((again, rows[~accepted]))
    table = result.to(alpha.dtype).reshape(alphas, per_alpha).T
    return table.reshape((*shape, *alpha.shape))


def poisson(state: PhiloxState, shape, rate, dtype):
    """Numbers of the Poisson distributions with the given rates.

    Args:
      state: the op's stream.
      shape: the dimensions to draw for each rate.
      rate: a tensor of rates, integers or of a floating type; infinity gives infinity.
      dtype: the output's torch dtype.

    Returns:
      A tensor of dimensions shape + rate.shape and `dtype`.

    Raises:
      ValueError: a rate is not a number (no draw could ever be accepted).
    """
    per_rate, rates = math.prod(shape), rate.numel()
    count = per_rate * rates
    if count == 0:
        return torch.empty((*shape, *rate.shape), dtype=dtype, device=rate.device)
    flat = rate.reshape(-1).to(torch.float64)
    if torch.isnan(flat).any():
        raise ValueError("a rate of the Poisson distribution is NaN")
    stream = state.reserve_outputs(count)
    highest = float((torch.finfo if dtype.is_floating_point else torch.iinfo)(dtype).max)
    # Of a rate that the type does not hold hardly a number is accepted: who waits for that can interrupt it.
    endless = bool(((flat > highest / 2) & (flat < math.inf)).any())
    found = None if endless else one_by_one.drawn("poisson", stream, flat, per_rate, dtype, highest)
    if found is not None:
        return found.reshape((*shape, *rate.shape))
    draws = _Draws(stream, count, rate.device)
    lam = flat.repeat_interleave(per_rate)
    result = torch.empty_like(lam)
    infinite = torch.isinf(lam) & (lam > 0)
    result[infinite] = math.inf
    _poisson_products(draws, (lam < 10.0).nonzero().squeeze(1), lam, highest, result)
    _poisson_transformed(draws, ((lam >= 10.0) & ~infinite).nonzero().squeeze(1), lam, highest, result)
    return result.to(dtype).reshape(rates, per_rate).T.reshape((*shape, *rate.shape))


def _poisson_products(draws: _Draws, rows, rate, highest: float, result) -> None:
    """Small rates (Knuth): how many uniform numbers it takes until their product falls to exp(-rate)."""
    bound = torch.exp(-rate[rows])
    product = torch.ones_like(bound)
    x = 0.0
    while len(rows):
        product = product * draws.uniform(rows)
        done = (product <= bound) & (x <= highest)
        result[rows[done]] = x
        rows, bound, product = rows[~done], bound[~done], product[~done]
        x += 1.0


def _poisson_transformed(draws: _Draws, rows, rate, highest: float, result) -> None:
    """Larger rates: Hörmann's transformed rejection."""
    b = 0.931 + 2.53 * torch.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    while len(rows):
        mean, wide, slope = rate[rows], b[rows], a[rows]
        u = draws.uniform(rows) - 0.5
        v = draws.uniform(rows)
        shifted = 0.5 - u.abs()
        k = torch.floor((2.0 * slope / shifted + wide) * u + mean + 0.43)
        inside = (shifted >= 0.07) & (v <= 0.9277 - 3.6224 / (wide - 2.0))
        outside = (k < 0.0) | ((shifted < 0.013) & (v > shifted))
        log_proposal = torch.log(v * inverse_alpha[rows] / (slope / (shifted * shifted) + wide))
        log_target = -mean + k * torch.log(mean) - torch.lgamma(k + 1.0)
        accepted = (k <= highest) & (inside | (~outside & (log_proposal <= log_target)))
        result[rows[accepted]] = k[accepted]
        rows = rows[~accepted]


def bounded_normal(state: PhiloxState, shape, means, deviations, minima, maxima, dtype):
    """Normal numbers with a mean, a deviation and bounds for each row (each slice along the first dimension).

    Args:
      state: the op's stream.
      shape: the output's dimensions.
      means: a tensor, scalar or [shape[0]], of a floating type.
      deviations: the standard deviations before cutting off, likewise; positive.
      minima: the lower bounds, likewise.
      maxima: the upper bounds, likewise; greater than the lower ones, and not both infinite.
      dtype: the output's torch dtype.

    Returns:
      A tensor of `shape` and `dtype`.

    Raises:
      ValueError: the parameters of a row describe no distribution.
      InternalError: no number could be accepted within a thousand tries.
    """
    count = math.prod(shape)
    device = means.device
    output = torch.empty(count, dtype=dtype, device=device)
    if count == 0:
        return output.reshape(tuple(shape))
    parameters = [tensor.reshape(-1).to(dtype) for tensor in (means, deviations, minima, maxima)]
    rows, per_row = shape[0], count // shape[0]
    if all(len(values) == 1 for values in parameters):
        rows, per_row = -(-count // _ROW_OF_EQUALS), _ROW_OF_EQUALS
    stream = state.reserve(rows * 2 * _MOST_TRIES * (per_row + 3) // 4)
    reader = _GroupReader(stream, dtype, device)
    for row in range(rows):
        start, stop = row * per_row, min((row + 1) * per_row, count)
        mean, deviation, low, high = (values[0 if len(values) == 1 else row] for values in parameters)
        if not (deviation > 0 and low < high and (torch.isfinite(low) or torch.isfinite(high))):
            raise ValueError(
                f"Invalid parameters\nA normal distribution with mean {mean.item()}, standard deviation "
                f"{deviation.item()} and bounds [{low.item()}, {high.item()}]"
            )
        output[start:stop] = _bounded_row(reader, stop - start, mean, deviation, low, high)
    return output.reshape(tuple(shape))


class _GroupReader:
    """Draws as many numbers as a row needs from a stream, in whole groups, and moves on by those it used."""

    def __init__(self, stream: Stream, dtype, device) -> None:
        self._stream, self._dtype, self._device = stream, dtype, device
        self._width = group_width(dtype)

    def take(self, count: int, candidates: Callable, groups_at_once: int = 1):
        """The first `count` accepted numbers.

        Args:
          count: how many numbers are needed.
          candidates: given draw, where draw(distribution, i) is the i-th group of each of the next sets, a
            tensor [sets, width]; returns values and which of them are accepted, both [sets, any].
          groups_at_once: how many groups one set of candidates is made of.
        """
        parts: list = []
        tries = 0
        while count:
            sets = count // self._width + 16
            values, accepted = candidates(self._draw(sets, groups_at_once))
            found = accepted.reshape(-1).nonzero().squeeze(1)[:count]
            parts.append(values.reshape(-1)[found])
            count -= len(found)
            used = sets if count else int(found[-1]) // values.shape[1] + 1
            self._stream = self._stream.skip(used * groups_at_once)
            tries = 0 if len(found) else tries + sets
            if tries > _MOST_TRIES:
                raise errors.InternalError(None, None, "TruncatedNormal exponential distribution rejection sampler "
                                                       "failed to accept a sample.")
        return torch.cat(parts)

    def _draw(self, sets: int, groups: int) -> Callable:
        def draw(distribution: Callable, group: int = 0):
            drawn = distribution(self._stream, (sets * groups, self._width), self._dtype, self._device)
            return drawn[group::groups]

        return draw


def _bounded_row(reader: _GroupReader, count: int, mean, deviation, low, high):
    """`count` numbers of one row; parameters are scalar tensors, so that all arithmetic is in their type."""
    if (torch.isinf(low) and low < 0) or high < mean:
        # Mirrored: a single bound becomes the lower one, and two bounds below the mean lie above it.
        low, high, deviation = high, low, -deviation
    lowest, highest = (low - mean) / deviation, (high - mean) / deviation
    root = torch.sqrt(lowest * lowest + 4)
    cutoff = 2 * torch.exp(0.5 + lowest * (lowest - root) / 4) / (lowest + root)
    reach = highest - lowest
    if (lowest < -_REACH_OF_NORMAL and highest >= 0) or (highest > _REACH_OF_NORMAL and lowest <= 0):
        numbers = _from_normal(reader, count, lowest, highest)
    elif reach < cutoff:
        numbers = _from_uniform(reader, count, lowest, reach)
    else:
        numbers = _from_exponential(reader, count, lowest, highest, (lowest + root) / 2)
    return numbers * deviation + mean


def _from_normal(reader: _GroupReader, count: int, lowest, highest):
    """Bounds around the middle: normal numbers, those outside dropped."""

    def candidates(draw):
        z = draw(normal)
        return z, (z >= lowest) & (z <= highest)

    return reader.take(count, candidates)


def _from_uniform(reader: _GroupReader, count: int, lowest, reach):
    """Bounds close together: uniform numbers between them, accepted by the density there."""
    offset = torch.zeros_like(lowest) if lowest < 0 else lowest * lowest

    def candidates(draw):
        z = draw(uniform, 0) * reach + lowest
        return z, draw(uniform, 1) <= torch.exp((offset - z * z) / 2)

    return reader.take(count, candidates, groups_at_once=2)


def _from_exponential(reader: _GroupReader, count: int, lowest, highest, alpha):
    """A tail: exponential numbers from the lower bound on (Robert's method), accepted by the density."""

    def candidates(draw):
        pairs = draw(uniform)
        z = -torch.log(pairs[:, 0::2]) / alpha + lowest
        x = alpha - z if lowest < alpha else lowest - alpha
        return z, (pairs[:, 1::2] <= torch.exp(-x * x / 2)) & (z < highest)

    return reader.take(count, candidates)
