"""Sizes of windows: arguments of convolutions and pools brought into one form, and the sizes of their outputs."""

from __future__ import annotations

from typing import Any


def per_axis(value: Any, n: int, name: str) -> tuple[int, ...]:
    """One integer per spatial axis.

    Raises:
      ValueError: there are others than `n` of them, or they are no integers.
    """
    if isinstance(value, int):
        return (value,) * n
    try:
        items = tuple(value)
    except TypeError:
        raise ValueError(f"The `{name}` argument must be a tuple of {n} integers. Received: {value}") from None
    if len(items) != n:
        raise ValueError(f"The `{name}` argument must be a tuple of {n} integers. Received: {value}")
    for item in items:
        try:
            int(item)
        except (ValueError, TypeError):
            raise ValueError(f"The `{name}` argument must be a tuple of {n} integers. Received: {value} including "
                             f"element {item} of type {type(item)}") from None
    return items


def padding_name(value: Any, causal: bool = False) -> str:
    """"valid" or "same", or "causal" where that may be.

    Raises:
      ValueError: it is neither.
    """
    padding = str(value).lower()
    if padding not in {"valid", "same"} and not (causal and padding == "causal"):
        raise ValueError(f'The `padding` argument must be a list/tuple or one of "valid", "same" (or "causal", only '
                         f"for `Conv1D). Received: {padding}")
    return padding


def format_name(value: str | None) -> str:
    """"channels_first" or "channels_last".

    Raises:
      ValueError: it is neither.
    """
    data_format = "channels_last" if value is None else value.lower()
    if data_format not in {"channels_first", "channels_last"}:
        raise ValueError('The `data_format` argument must be one of "channels_first", "channels_last". Received: '
                         f"{value}")
    return data_format


def tensor_format(data_format: str, rank: int) -> str:
    """TensorFlow's spelling: "NHWC", "NCW", ..."""
    axes = {1: "W", 2: "HW", 3: "DHW"}[rank]
    return f"NC{axes}" if data_format == "channels_first" else f"N{axes}C"


def format_of_rank(data_format: str, ndim: int) -> str:
    """An op's name of a data format for inputs of a rank: `convert_data_format` of TensorFlow's layers.

    Raises:
      ValueError: there is none.
    """
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError("Invalid data_format:", data_format)
    if ndim not in (3, 4, 5):
        raise ValueError("Input rank not supported:", ndim)
    return tensor_format(data_format, ndim - 2)


def output_size(size: Any, window: int, padding: str, stride: int, dilation: int = 1) -> int | None:
    """The size of an axis after a window has slid over it."""
    if size is None:
        return None
    spread = window + (window - 1) * (dilation - 1)
    return -(-size // stride) if padding in ("same", "causal") else -(-(size - spread + 1) // stride)


def transposed_size(size: Any, window: int, padding: str, stride: int) -> Any:
    """The size of an axis after a transposed convolution; `size` may be a tensor."""
    if size is None:
        return None
    size = size * stride
    return size if padding == "same" else size + max(window - stride, 0)


def normalize_padding(value: str) -> str:
    """"valid" or "same", in small letters.

    Raises:
      ValueError: it is neither.
    """
    padding = value.lower()
    if padding not in {"valid", "same"}:
        raise ValueError(f'The `padding` argument must be one of "valid", "same". Received: {padding}')
    return padding


def conv_output_length(input_length: int | None, filter_size: int, padding: str, stride: int,
                       dilation: int = 1) -> int | None:
    """How long the output of a convolution is along an axis; None where that of the input is not known.

    Args:
      input_length, filter_size, stride, dilation: the sizes along the axis.
      padding: "same", "valid" or "full".
    """
    assert padding in {"same", "valid", "full"}
    if input_length is None:
        return None
    reach = filter_size + (filter_size - 1) * (dilation - 1)
    length = input_length + {"same": 0, "valid": 1 - reach, "full": reach - 1}[padding]
    return (length + stride - 1) // stride


def conv_input_length(output_length: int | None, filter_size: int, padding: str, stride: int) -> int | None:
    """How long the input of a convolution is along an axis (see `conv_output_length`)."""
    assert padding in {"same", "valid", "full"}
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_output_length(input_length: int | None, filter_size: int, padding: str, stride: int) -> int | None:
    """How long the output of a transposed convolution is along an axis (see `conv_output_length`)."""
    if input_length is None:
        return None
    return input_length * stride + {"valid": max(filter_size - stride, 0), "full": -(stride + filter_size - 2)}.get(
        padding, 0)
