"""tf.signal's transforms of real numbers, with the length taken from the input, and shifts of the zero frequency."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.array import shape_ops


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
    last = raw.maximum(0, 2 * (found[-1:] - 1))
    return last if rank == 1 else api.concat([found[:-1], last], 0)


def _real_transform(name: str, rank: int, inverse: bool) -> None:
    op: Callable[..., Tensor] = getattr(raw, name)
    kind = dtypes.complex64 if inverse else dtypes.float32

    def function(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
        with name_scope(name, op_name, [input_tensor, fft_length]) as scope:
            input_tensor = convert_to_tensor(input_tensor, kind)
            input_tensor.get_shape().with_rank_at_least(rank)
            length = _length(input_tensor, rank, inverse) if fft_length is None \
                else convert_to_tensor(fft_length, dtypes.int32)
            return op(input_tensor, length, name=scope)

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
