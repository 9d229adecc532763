"""Uniform, normal and truncated normal numbers from a Philox stream, as TensorFlow's CPU kernels map them.

Every function takes the stream that its run reserved, a shape, a torch dtype and a device, and returns a new
tensor. Outputs are made in groups: one block of four words gives four numbers of at most 32 bits, or two of
64 bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from tfmagic.base.lazy import torch
from tfmagic.ops.random import compiled
from tfmagic.ops.random.compiled import SMALLEST_UNIFORM, TRUNCATE_AT
from tfmagic.ops.random.philox import RESERVED_PER_OUTPUT, Stream, chunks, unsigned, words
from tfmagic.ops.threads import on_one_thread

_TWO_PI = 2.0 * math.pi


def uniform(stream: Stream, shape: Sequence[int], dtype, device=None):
    """Uniform numbers in [0, 1).

    Args:
      stream: where to take the words from.
      shape: the output's dimensions.
      dtype: torch.float16, bfloat16, float32 or float64.
      device: where to make the output.

    Returns:
      A tensor of `shape` and `dtype`.
    """
    if dtype == torch.float64:
        return _fill(stream, shape, dtype, device, uniform_pairs, "unit_doubles")
    if dtype == torch.float32:
        return _fill(stream, shape, dtype, device, _unit_floats, "unit_floats")
    bits = _MANTISSA_BITS[_name(dtype)]
    mask, scale = (1 << bits) - 1, 2.0**-bits
    return _fill(stream, shape, dtype, device, lambda w: (w & mask).to(torch.float32) * scale)


def uniform_int(stream: Stream, shape: Sequence[int], low: int, high: int, dtype, device=None):
    """Uniform integers in [low, high): words modulo high - low, so slightly biased, as TensorFlow's are.

    Args:
      stream: where to take the words from.
      shape: the output's dimensions.
      low: the smallest value.
      high: the bound above, greater than `low`.
      dtype: torch.int32 or torch.int64.
      device: where to make the output.

    Returns:
      A tensor of `shape` and `dtype`.
    """
    span = high - low
    compiled_as, remainder = ("small_numbers", _remainder) if dtype == torch.int32 else \
        ("large_numbers", lambda w, span: _long_remainder(_long_words(w), span))
    return _fill(stream, shape, dtype, device, lambda w: remainder(w, span) + low, compiled_as, least=low, span=span)


def full_int(stream: Stream, shape: Sequence[int], dtype, device=None):
    """Uniform integers over the whole range of int32, int64, uint32 or uint64: the words themselves."""
    if dtype in (torch.int32, torch.uint32):
        return _fill(stream, shape, dtype, device, lambda w: w.view(dtype))
    return _fill(stream, shape, dtype, device, _long_words)


def normal(stream: Stream, shape: Sequence[int], dtype, device=None):
    """Numbers of the standard normal distribution, by the Box-Muller transform.

    Args:
      stream: where to take the words from.
      shape: the output's dimensions.
      dtype: torch.float16, bfloat16, float32 or float64.
      device: where to make the output.

    Returns:
      A tensor of `shape` and `dtype`.
    """
    return _fill(stream, shape, dtype, device, _normals(dtype), "normals" if dtype == torch.float32 else None)


def truncated_normal(stream: Stream, shape: Sequence[int], dtype, device=None):
    """Numbers of the standard normal distribution within two standard deviations of the mean.

    Numbers outside are drawn again, from blocks set aside for each group of outputs, so that no group's
    numbers depend on how often another one had to draw.

    Args:
      stream: where to take the words from.
      shape: the output's dimensions.
      dtype: torch.float16, bfloat16, float32 or float64.
      device: where to make the output.

    Returns:
      A tensor of `shape` and `dtype`.
    """
    count = math.prod(shape)
    width = group_width(dtype)
    stride = width * RESERVED_PER_OUTPUT // 4
    output = torch.empty((-(-count // width), width), dtype=dtype, device=device)
    if dtype != torch.float32 or not compiled.fill("truncated_normals", stream, output, stride):
        left = _first_candidates(stream, output, stride)
        if len(left):
            output[left] = _first_inside(stream, left * stride, width, _normals(dtype)).to(dtype)
    return _shaped(output, count, shape)


@on_one_thread
def _first_candidates(stream: Stream, output, stride: int):
    """Fill rows with the first normal numbers; say in which of them some are outside."""
    found, candidates = [output.new_empty(0, dtype=torch.int64)], _normals(output.dtype)
    for rows, w in chunks(stream, len(output), output.device, stride):
        first = candidates(w)
        output[rows] = first
        found.append((first.abs() >= TRUNCATE_AT).any(1).nonzero().squeeze(1) + rows.start)
    return torch.cat(found)


@on_one_thread
def _first_inside(stream: Stream, starts, width: int, candidates: Callable):
    """For each row of blocks from `starts` on, the first `width` candidates that are not cut off."""
    tries = 2
    while True:
        offsets = (starts[:, None] + torch.arange(tries, device=starts.device)).reshape(-1)
        drawn = candidates(words(stream, offsets)).reshape(len(starts), -1)
        rejected = drawn.abs() >= TRUNCATE_AT
        chosen = rejected.to(torch.int8).argsort(dim=1, stable=True)[:, :width]
        if not rejected.gather(1, chosen).any():
            return drawn.gather(1, chosen)
        tries *= 2


def group_width(dtype) -> int:
    """How many numbers of a type one block of four words gives."""
    return 2 if dtype in (torch.float64, torch.int64, torch.uint64) else 4


def _unit_floats(bits):
    """Float32 numbers in [0, 1), multiples of 2**-23, from words: these are the last bits of numbers in [1, 2)."""
    return ((bits & 0x7FFFFF) | 0x3F800000).view(torch.float32).sub_(1.0)


def uniform_pairs(w):
    """Float64 numbers in [0, 1) from the words of blocks: [n, 2]; 20 bits of one word and all of the next."""
    return _unit_doubles(unsigned(_firsts(w)), unsigned(_seconds(w)))


def normal_pairs(w):
    """Float64 normal numbers from the words of blocks: [n, 2]."""
    first, second, third, fourth = unsigned(w).unbind(1)
    radius = torch.sqrt(-2.0 * torch.log(_unit_doubles(first, second).clamp_(min=SMALLEST_UNIFORM)))
    angle = _TWO_PI * _unit_doubles(third, fourth)
    return torch.stack((torch.sin(angle) * radius, torch.cos(angle) * radius), 1)


def _normals(dtype) -> Callable:
    """The function from the words of blocks to their groups of normal numbers."""
    return normal_pairs if dtype == torch.float64 else _float_normals


def _float_normals(w):
    """Float32 normal numbers from the words of blocks: [n, 4].

    Each function is taken in float64 and rounded: that is what a C library's float functions return but for
    about one number in a hundred (then off by one unit in the last place), and it makes CPU and CUDA agree.
    """
    uniforms = _unit_floats(_firsts(w)).clamp_(min=SMALLEST_UNIFORM)
    radius = torch.sqrt(-2.0 * torch.log(uniforms.double()).float().double()).float()
    # The angle itself is a float32 in TensorFlow, rounded from a product in float64.
    angle = (_unit_floats(_seconds(w)).double() * _TWO_PI).float().double()
    numbers = torch.stack((torch.sin(angle).float() * radius, torch.cos(angle).float() * radius), 2)
    return numbers.reshape(len(numbers), 4)


def _firsts(w):
    return w[:, ::2]


def _seconds(w):
    return w[:, 1::2]


def _long_words(w):
    """The words of blocks as 64-bit numbers: [n, 2]."""
    return unsigned(_firsts(w)) | unsigned(_seconds(w)) << 32


def _unit_doubles(high, low):
    return ((high & 0xFFFFF) << 32 | low).to(torch.float64) * 2.0**-52


def _fill(stream: Stream, shape: Sequence[int], dtype, device, convert: Callable, compiled_as: str | None = None,
          **given: int):
    """A tensor filled with what `convert` makes of the words of one block after another: a group for each.

    Args:
      compiled_as: the name under which `compiled` makes the same numbers, of what else is given.
    """
    count, width = math.prod(shape), group_width(dtype)
    whole = count % width == 0
    output = torch.empty(tuple(shape) if whole else (-(-count // width), width), dtype=dtype, device=device)
    if compiled_as is None or not compiled.fill(compiled_as, stream, output, **given):
        _convert(stream, output.view(-1, width), convert)
    return output if whole else _shaped(output, count, shape)


def _shaped(output, count: int, shape: Sequence[int]):
    """The first numbers of groups, as a tensor of a shape."""
    return output.view(-1)[:count].view(tuple(shape))


@on_one_thread
def _convert(stream: Stream, output, convert: Callable) -> None:
    for rows, w in chunks(stream, len(output), output.device):
        output[rows] = convert(w)


def _remainder(w, span: int):
    """Words modulo `span`, as numbers of 32 bits without a sign; NumPy divides those quickest."""
    if w.is_cuda:
        return unsigned(w) % span
    bits = w.numpy().view(np.uint32)
    return torch.from_numpy((bits - bits // np.uint32(span) * np.uint32(span)).view(np.int32))


def _long_remainder(bits, span: int):
    """`bits` modulo `span`, both taken as unsigned 64-bit numbers held in int64."""
    if span >= 1 << 63:
        wrapped = span - (1 << 64)
        # `span` has its top bit set: only negative numbers can be as large.
        return torch.where((bits < 0) & (bits >= wrapped), bits - wrapped, bits)
    quotient = torch.div(bits >> 1 & 0x7FFFFFFFFFFFFFFF, span, rounding_mode="floor") << 1
    rest = bits - quotient * span
    return torch.where((rest < 0) | (rest >= span), rest - span, rest)


def _name(dtype) -> str:
    return str(dtype).rpartition(".")[2]


_MANTISSA_BITS = {"float16": 10, "bfloat16": 7, "float32": 23}
