"""Spectra of a signal over time, the signal of such spectra, and what is heard of them: mels and MFCCs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.graph.static_value import constant_value
from tfmagic.ops import api
from tfmagic.tf.signal.cosine import dct
from tfmagic.tf.signal.frames import frame, hann_window, overlap_and_add

WindowFunction = Callable[..., Tensor]


def _power_of_two(length: Tensor) -> Tensor:
    """The least power of two that is not below a length."""
    known = constant_value(length)
    if known is not None:
        return api.constant(int(2.0 ** math.ceil(math.log(known) / math.log(2.0))), length.dtype)
    exponent = api.ceil(api.log(api.cast(length, dtypes.float32)) / api.log(2.0))
    return api.cast(api.pow(2.0, exponent), length.dtype)


def _lengths(frame_length: Any, frame_step: Any, fft_length: Any) -> tuple[Tensor, Tensor, Tensor]:
    frame_length = convert_to_tensor(frame_length, name="frame_length")
    frame_length.get_shape().assert_has_rank(0)
    frame_step = convert_to_tensor(frame_step, name="frame_step")
    frame_step.get_shape().assert_has_rank(0)
    if fft_length is None:
        return frame_length, frame_step, _power_of_two(frame_length)
    return frame_length, frame_step, convert_to_tensor(fft_length, name="fft_length")


@export("signal.stft")
def stft(signals: Any, frame_length: Any, frame_step: Any, fft_length: Any = None,
         window_fn: WindowFunction | None = hann_window, pad_end: bool = False, name: str | None = None) -> Tensor:
    """The short-time Fourier transform: the spectrum of each frame of a signal.

    Args:
      signals: float32 [..., samples].
      frame_length: how many samples a frame has.
      frame_step: how many samples lie from one frame's begin to the next.
      fft_length: the length of the transform; None: the least power of two that holds a frame.
      window_fn: makes a window of a length and a dtype; None: none.
      pad_end: whether frames that reach beyond the end are filled with zeros.
      name: of the scope.

    Returns:
      complex64 [..., frames, fft_length / 2 + 1].

    Raises:
      ValueError: a length is no scalar.
    """
    with name_scope(name, "stft", [signals, frame_length, frame_step]):
        signals = convert_to_tensor(signals, name="signals")
        signals.get_shape().with_rank_at_least(1)
        frame_length, frame_step, fft_length = _lengths(frame_length, frame_step, fft_length)
        framed = frame(signals, frame_length, frame_step, pad_end=pad_end)
        if window_fn is not None:
            framed *= window_fn(frame_length, dtype=framed.dtype)
        return api.signal.rfft(framed, [fft_length])


@export("signal.inverse_stft_window_fn")
def inverse_stft_window_fn(frame_step: Any, forward_window_fn: WindowFunction = hann_window,
                           name: str | None = None) -> WindowFunction:
    """The window with which `inverse_stft` gives back what `stft` took with another one.

    Args:
      frame_step: the step of both.
      forward_window_fn: the window of `stft`.
      name: of the scope.

    Returns:
      A function of a length and a dtype.
    """
    with name_scope(name, "inverse_stft_window_fn", [forward_window_fn]):
        frame_step = convert_to_tensor(frame_step, name="frame_step")
        frame_step.get_shape().assert_has_rank(0)

    def window(frame_length: Any, dtype: Any) -> Tensor:
        with name_scope(name, "inverse_stft_window_fn", [forward_window_fn]):
            frame_length = convert_to_tensor(frame_length, name="frame_length")
            frame_length.get_shape().assert_has_rank(0)
            forward = forward_window_fn(frame_length, dtype=dtype)
            squares = api.square(forward)
            overlaps = -(-frame_length // frame_step)
            squares = api.pad(squares, [(0, overlaps * frame_step - frame_length)])
            squares = api.reshape(squares, [overlaps, frame_step])
            squares = api.reduce_sum(squares, 0, keepdims=True)
            squares = api.tile(squares, [overlaps, 1])
            squares = api.reshape(squares, [overlaps * frame_step])
            return forward / squares[:frame_length]

    return window


@export("signal.inverse_stft")
def inverse_stft(stfts: Any, frame_length: Any, frame_step: Any, fft_length: Any = None,
                 window_fn: WindowFunction | None = hann_window, name: str | None = None) -> Tensor:
    """The signal of spectra over time.

    Args:
      stfts: complex64 [..., frames, fft_length / 2 + 1].
      frame_length: how many samples a frame has.
      frame_step: how many samples lie from one frame's begin to the next.
      fft_length: the length of the transform; None: the least power of two that holds a frame.
      window_fn: makes a window of a length and a dtype (see `inverse_stft_window_fn`); None: none.
      name: of the scope.

    Returns:
      float32 [..., samples].

    Raises:
      ValueError: a length is no scalar.
    """
    with name_scope(name, "inverse_stft", [stfts]):
        stfts = convert_to_tensor(stfts, name="stfts")
        stfts.get_shape().with_rank_at_least(2)
        frame_length, frame_step, fft_length = _lengths(frame_length, frame_step, fft_length)
        frames = _of_length(api.signal.irfft(stfts, [fft_length]), frame_length)
        if window_fn is not None:
            frames *= window_fn(frame_length, dtype=stfts.dtype.real_dtype)
        return overlap_and_add(frames, frame_step)


def _of_length(frames: Tensor, length: Tensor) -> Tensor:
    """Frames cut or filled with zeros to a length."""
    wanted = constant_value(length)
    dims = frames.get_shape()
    given = None if dims.ndims is None else dims.as_list()[-1]
    if wanted is None or given is None:
        frames = frames[..., :length]
        rank, shape = api.rank(frames), api.shape(frames)
        before = api.zeros([rank - 1, 2], dtype=length.dtype)
        missing = api.maximum(0, length - shape[-1])
        return api.pad(frames, api.concat([before, [[0, missing]]], 0))
    if given > wanted:
        return frames[..., :wanted]
    if given < wanted:
        return api.pad(frames, [[0, 0]] * (len(dims) - 1) + [[0, int(wanted) - given]])
    return frames


# --- hearing --------------------------------------------------------------------------------------------------------


def _mels(hertz: Any) -> Tensor:
    """Frequencies on the scale of what sounds equally far apart."""
    with name_scope(None, "hertz_to_mel", [hertz]):
        return 1127.0 * api.log(1.0 + convert_to_tensor(hertz) / 700.0)


def _check_mels(bins: int, rate: Any, low: float, high: float, dtype: Any) -> None:
    if bins <= 0:
        raise ValueError(f"num_mel_bins must be positive. Got: {bins}")
    if low < 0.0:
        raise ValueError(f"lower_edge_hertz must be non-negative. Got: {low}")
    if low >= high:
        raise ValueError(f"lower_edge_hertz {low:.1f} >= upper_edge_hertz {high:.1f}")
    if rate <= 0.0:
        raise ValueError(f"sample_rate must be positive. Got: {rate}")
    if high > rate / 2:
        raise ValueError("upper_edge_hertz must not be larger than the Nyquist frequency (sample_rate / 2). Got: "
                         f"{high} for sample_rate: {rate}")
    if not dtype.is_floating:
        raise ValueError(f"dtype must be a floating point type. Got: {dtype}")


@export("signal.linear_to_mel_weight_matrix")
def linear_to_mel_weight_matrix(num_mel_bins: int = 20, num_spectrogram_bins: Any = 129, sample_rate: Any = 8000,
                                lower_edge_hertz: float = 125.0, upper_edge_hertz: float = 3800.0,
                                dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """The matrix that turns spectra into sums over bands that sound equally wide.

    Args:
      num_mel_bins: how many bands.
      num_spectrogram_bins: how many frequencies a spectrum has.
      sample_rate: samples per second.
      lower_edge_hertz: where the lowest band begins.
      upper_edge_hertz: where the highest band ends.
      dtype: a floating type.
      name: of the scope.

    Returns:
      [num_spectrogram_bins, num_mel_bins].

    Raises:
      ValueError: the frequencies are not in order, or there is no band.
    """
    with name_scope(name, "linear_to_mel_weight_matrix") as scope:
        if isinstance(sample_rate, Tensor):
            known = constant_value(sample_rate)
            if known is None:
                raise ValueError("`sample_rate` was a non-constant Tensor. Must be a Python float or a constant "
                                 "Tensor.")
            sample_rate = known
        _check_mels(num_mel_bins, sample_rate, lower_edge_hertz, upper_edge_hertz, dtypes.as_dtype(dtype))
        sample_rate = convert_to_tensor(sample_rate, dtype, name="sample_rate")
        low = convert_to_tensor(lower_edge_hertz, dtype, name="lower_edge_hertz")
        high = convert_to_tensor(upper_edge_hertz, dtype, name="upper_edge_hertz")
        zero = api.constant(0.0, dtype)
        # The lowest frequency, which is none, is in no band.
        frequencies = api.linspace(zero, sample_rate / 2.0, num_spectrogram_bins)[1:]
        heights = api.expand_dims(_mels(frequencies), 1)
        edges = frame(api.linspace(_mels(low), _mels(high), num_mel_bins + 2), frame_length=3, frame_step=1)
        first, middle, last = (api.reshape(part, [1, num_mel_bins]) for part in api.split(edges, 3, axis=1))
        rising = (heights - first) / (middle - first)
        falling = (last - heights) / (last - middle)
        weights = api.maximum(zero, api.minimum(rising, falling))
        return api.pad(weights, [[1, 0], [0, 0]], name=scope)


@export("signal.mfccs_from_log_mel_spectrograms")
def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: str | None = None) -> Tensor:
    """The MFCCs of logarithms of mel spectra: what tells one sound of speech from another.

    Args:
      log_mel_spectrograms: float32 [..., bands].
      name: of the scope.

    Returns:
      float32 of the same shape.

    Raises:
      ValueError: there is no band.
    """
    with name_scope(name, "mfccs_from_log_mel_spectrograms", [log_mel_spectrograms]):
        spectra = convert_to_tensor(log_mel_spectrograms, dtypes.float32)
        dims = spectra.get_shape()
        known = dims[-1].value if dims.ndims else None
        if known == 0:
            raise ValueError(f"num_mel_bins must be positive. Got: {spectra}")
        bands = known if known is not None else api.shape(spectra)[-1]
        return dct(spectra) * api.rsqrt(api.cast(bands, dtypes.float32) * 2.0)
