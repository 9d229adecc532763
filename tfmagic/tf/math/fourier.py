"""tf.signal's transforms of real numbers, with the length taken from the input, and shifts of the zero frequency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value_as_shape, static_ints
from tfmagic.ops import api, raw
from tfmagic.ops.array import constants, shape_ops


def _length(x: Tensor, rank: int, inverse: bool) -> Tensor:
    """The transform's length: that of the input, or of the whole whose first half the input is."""
    dims = x._dims
    if dims is not None and None not in dims[-rank:]:
        sizes = list(dims[-rank:])
        if inverse and sizes[-1] > 0:  # type: ignore[operator]
            sizes[-1] = max(0, 2 * (sizes[-1] - 1))  # type: ignore[operator]
        return constant(sizes, dtypes.int32)
    found = shape_ops.shape(x)[-rank:]
    if not inverse:
        return found
    sizes = api.unstack(found)
    sizes[-1] = raw.maximum(0, 2 * (sizes[-1] - 1))
    return api.stack(sizes)


def _padded(x: Tensor, length: Tensor, rank: int, inverse: bool) -> Tensor:
    """The input with zeros after its end where the transform takes more numbers than there are."""
    sizes, inner = static_ints(length), None if x._dims is None else x._dims[-rank:]
    if inner is not None and inner[-1] == 0:
        return x
    known = [size for size in inner or () if size is not None]
    if sizes is not None and x._dims is not None and len(known) == rank:
        if inverse and sizes[-1]:
            sizes = [*sizes[:-1], sizes[-1] // 2 + 1]
        missing = [max(0, size - given) for size, given in zip(sizes, known)]
        outer = [[0, 0]] * (len(x._dims) - rank)
        return raw.pad(x, outer + [[0, count] for count in missing]) if any(missing) else x
    input_rank, given = shape_ops.rank(x), shape_ops.shape(x)[-rank:]
    none = constants.zeros([raw.maximum(0, input_rank - rank)], dtypes.int32)
    if inverse:
        length = api.concat([length[:-1], length[-1:] // 2 + 1], 0)
    ends = api.concat([none, raw.maximum(0, length - given)], 0)
    return raw.pad(x, api.stack([constants.zeros_like(ends), ends], axis=1))


def _real_transform(name: str, rank: int, inverse: bool) -> None:
    op: Callable[..., Tensor] = getattr(raw, name)
    kind = dtypes.complex64 if inverse else dtypes.float32

    def function(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
        with name_scope(name, op_name, [input_tensor, fft_length]) as scope:
            input_tensor = convert_to_tensor(input_tensor, kind)
            input_tensor.get_shape().with_rank_at_least(rank)
            if fft_length is None:
                length = _length(input_tensor, rank, inverse)
            else:
                length = convert_to_tensor(fft_length, dtypes.int32)
                constant_value_as_shape(length)  # which refuses what is no vector
            return op(_padded(input_tensor, length, rank, inverse), length, name=scope)

    op_name = name
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The {'inverse ' if inverse else ''}Fourier transform of real numbers, {rank}-dimensional.

    Args:
      input_tensor: a {kind.name} tensor with at least {rank} dimension(s).
      fft_length: int32 of shape [{rank}]: longer inputs are cut, shorter ones padded with zeros.

    Returns:
      A {'float32' if inverse else 'complex64'} tensor.
    """
    export(f"signal.{name}")(function)


for _suffix, _rank in (("", 1), ("2d", 2), ("3d", 3)):
    _real_transform(f"rfft{_suffix}", _rank, False)
    _real_transform(f"irfft{_suffix}", _rank, True)
