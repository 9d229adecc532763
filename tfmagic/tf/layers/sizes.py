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
