"""tf.quantization: floats as small integers, and as they are after they were such."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import raw


@export("quantize_v2")
@deprecated("2017-10-25", "`tf.quantize_v2` is deprecated, please use `tf.quantization.quantize` instead.")
def quantize_v2(input: Any, min_range: Any, max_range: Any, T: Any, mode: str = "MIN_COMBINED", name: str | None = None,
                round_mode: str = "HALF_AWAY_FROM_ZERO") -> Any:
    """Floats as the integers of a quantized type (see `tf.quantization.quantize`)."""
    return raw.quantize_v2(input, min_range, max_range, T=dtypes.as_dtype(T), mode=mode, name=name,
                           round_mode=round_mode)


@export("quantization.quantize")
def quantize(input: Any, min_range: Any, max_range: Any, T: Any, mode: str = "MIN_COMBINED",
             round_mode: str = "HALF_AWAY_FROM_ZERO", name: str | None = None) -> Any:
    """Floats as the integers of a quantized type.

    Args:
      input: float32.
      min_range: the least float that an integer stands for.
      max_range: the greatest.
      T: the quantized type, such as `tf.quint8`.
      mode: "MIN_COMBINED", "MIN_FIRST" (zero is exact) or "SCALED" (zero is 0).
      round_mode: "HALF_AWAY_FROM_ZERO" or "HALF_TO_EVEN".
      name: of the node.

    Returns:
      A named tuple: the integers, and the limits that they stand for.
    """
    return raw.quantize_v2(input, min_range, max_range, T=dtypes.as_dtype(T), mode=mode, name=name,
                           round_mode=round_mode)


@export("quantization.quantize_and_dequantize")
def quantize_and_dequantize(input: Any, input_min: Any, input_max: Any, signed_input: bool = True, num_bits: int = 8,
                            range_given: bool = False, round_mode: str = "HALF_TO_EVEN", name: str | None = None,
                            narrow_range: bool = False) -> Tensor:
    """Floats as they are after they were integers of some bits; gradients pass unchanged.

    Args:
      input: of a floating type.
      input_min: the least number, where `range_given` is true.
      input_max: the greatest number.
      signed_input: whether the integers have a sign.
      num_bits: how many bits they have.
      range_given: whether the limits are given; else they are those of the input.
      round_mode: "HALF_TO_EVEN" or "HALF_UP".
      name: of the node.
      narrow_range: whether the least integer is left out.
    """
    return raw.quantize_and_dequantize_v2(input, input_min=input_min, input_max=input_max, signed_input=signed_input,
                                          num_bits=num_bits, range_given=range_given, round_mode=round_mode,
                                          narrow_range=narrow_range, name=name)
