"""Sounds: WAV files read and written, spectrograms, and the coefficients of speech recognition (MFCCs)."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tfmagic.base import shapes
from tfmagic.base.errors import invalid
from tfmagic.base.lazy import torch
from tfmagic.formats import wav
from tfmagic.ops import shape_rules
from tfmagic.ops.array.rules import as_array, objects
from tfmagic.ops.declare import op
from tfmagic.ops.strings.rules import HOST_STRINGS

_QUIET = 1e-12  # the least sum of a band whose logarithm is taken


def _refused(name: str, rank: int, scalar: str | None = None) -> Any:
    """A check of the rank of the first input, and that the second is a scalar."""

    def check(op: Any, first: Any, second: Any = ()) -> str | None:
        if len(first) != rank:
            words = f" must be {rank}-dimensional" if rank else " must be scalar, got shape "
            return f"{name}{words}{shapes.brackets(first)}"
        if second != ():
            return f"Input {scalar} should be a scalar tensor, got {shapes.brackets(second)} instead."
        return None

    return check


@op("DecodeWav", check=_refused("contents", 0), **HOST_STRINGS)
class DecodeWav:
    """The sound of a WAV file from -1 to 1: [samples, channels], and its rate."""

    def shape(op, contents):
        shape_rules.with_rank(contents, 0)
        dims = []
        for name, given in (("samples", op.desired_samples), ("channels", op.desired_channels)):
            if given < -1:
                raise ValueError(f"{name} must be non-negative, got {given}")
            dims.append(None if given == -1 else given)
        return [tuple(dims), ()]

    def kernel(op, contents):
        try:
            sound, rate = wav.unpacked(contents.item())
        except ValueError as error:
            raise invalid(str(error)) from None
        frames = len(sound) if op.desired_samples == -1 else op.desired_samples
        channels = sound.shape[1] if op.desired_channels == -1 else op.desired_channels
        taken = sound[:frames, np.minimum(np.arange(channels), sound.shape[1] - 1)]
        missing = np.zeros((frames - len(taken), channels), np.float32)
        return torch.from_numpy(np.concatenate([taken, missing])), torch.tensor(rate, dtype=torch.int32)


@op("EncodeWav", check=_refused("audio", 2, "sample_rate"), **HOST_STRINGS)
class EncodeWav:
    """A sound [samples, channels] from -1 to 1 as a WAV file."""

    def shape(op, audio, rate):
        shape_rules.with_rank(audio, 2)
        shape_rules.with_rank(rate, 0)
        return ()

    def kernel(op, audio, rate):
        sound, rate = as_array(audio), int(rate)
        if rate <= 0:
            raise invalid(f"sample_rate must be in (0, 2^32), got: {rate % (1 << 64)}")
        if not sound.size:
            raise invalid("audio is null")
        return objects([wav.packed(sound, rate)], ())


# --- spectrograms -------------------------------------------------------------------------------------------------


def _frequencies(window: int) -> int:
    """How many frequencies the spectrum of a window has."""
    return 1 + (1 << max(window - 1, 0).bit_length()) // 2


def _frames(samples: int, op: Any) -> int:
    """How many windows fit."""
    return max(0, 1 + (samples - op.window_size) // op.stride)


@op("AudioSpectrogram", check=_refused("input", 2))
class AudioSpectrogram:
    """How loud each frequency is in each window of a sound: [samples, channels] -> [channels, windows, frequencies]."""

    def shape(op, sound):
        samples, channels = shape_rules.with_rank(sound, 2)
        if op.stride <= 0:  # where TensorFlow 1.15 ends the process
            raise ValueError(f"stride must be positive, got {op.stride}")
        return channels, None if samples is None else _frames(samples, op), _frequencies(op.window_size)

    def kernel(op, sound):
        if op.window_size < 2 or op.stride < 1:
            raise invalid(f"Spectrogram initialization failed for window size {op.window_size} and stride "
                          f"{op.stride}")
        samples, channels = sound.shape
        wanted, bins = _frames(samples, op), _frequencies(op.window_size)
        if not wanted or not channels:
            return sound.new_zeros((channels, wanted, bins))
        # TensorFlow hears one channel after the other as if they were one sound: what is left of one begins the next.
        for channel in range(1, channels):
            found = _frames((channel + 1) * samples, op) - _frames(channel * samples, op)
            if found != wanted:
                raise invalid(f"Spectrogram size calculation failed: Expected height {wanted} but got {found}")
        stream = sound.transpose(0, 1).reshape(-1).to(torch.float64)
        windows = stream.unfold(0, op.window_size, op.stride)[:channels * wanted]
        bell = torch.hann_window(op.window_size, periodic=True, dtype=torch.float64, device=sound.device)
        spectra = torch.fft.rfft(windows * bell, 2 * (bins - 1))
        loudness = spectra.real * spectra.real + spectra.imag * spectra.imag
        result = loudness if op.magnitude_squared else torch.sqrt(loudness)
        return result.to(torch.float32).reshape(channels, wanted, bins)


# --- MFCCs --------------------------------------------------------------------------------------------------------


def _mel(hertz: Any) -> Any:
    return 1127.0 * np.log1p(hertz / 700.0)


@functools.lru_cache(16)
def _bands(bins: int, rate: float, count: int, low: float, high: float) -> tuple[np.ndarray, int, int] | None:
    """The part of each frequency in each band [bins, bands], the first and last of these; None: there are none."""
    if count < 1 or rate <= 0 or bins < 2 or low < 0 or high <= low:
        return None
    bottom, top = _mel(low), _mel(high)
    centers = bottom + (top - bottom) / (count + 1) * np.arange(1, count + 2)
    step = 0.5 * rate / (bins - 1)
    first, last = int(1.5 + low / step), int(high / step)
    weights = np.zeros((bins, count + 1))
    for i in range(first, min(last, bins - 1) + 1):
        place = _mel(i * step)
        band = int(np.searchsorted(centers[:count], place)) - 1  # the one below; -1: none
        under = centers[band] if band >= 0 else bottom
        part = (centers[band + 1] - place) / (centers[band + 1] - under)
        if band >= 0:
            weights[i, band] += part
        weights[i, band + 1] += 1 - part
    return weights[first:last + 1, :count], first, last


@op("Mfcc", host="sample_rate", traced="shapes", check=_refused("spectrogram", 3, "sample_rate"))
class Mfcc:
    """Mel frequency cepstral coefficients of squared spectrograms: [channels, windows, frequencies] -> [..., n]."""

    def shape(op, spectrogram, rate):
        channels, windows, _ = shape_rules.with_rank(spectrogram, 3)
        shape_rules.with_rank(rate, 0)
        return channels, windows, op.dct_coefficient_count

    def kernel(op, spectrogram, rate):
        bins, count, wanted = spectrogram.shape[2], op.filterbank_channel_count, op.dct_coefficient_count
        found = _bands(bins, float(rate), count, op.lower_frequency_limit, op.upper_frequency_limit)
        if found is None or not 1 <= wanted <= count:
            raise invalid(f"Mfcc initialization failed for channel count {bins} and sample rate {rate}")
        weights, first, last = found
        if last >= bins:  # TensorFlow only complains, on stderr
            return spectrogram.new_zeros((*spectrogram.shape[:2], wanted))
        at = {"dtype": torch.float64, "device": spectrogram.device}
        bands = torch.sqrt(spectrogram[..., first:last + 1].to(torch.float64)) @ torch.as_tensor(weights, **at)
        angles = np.pi / count * np.arange(wanted) * (np.arange(count)[:, None] + 0.5)
        waves = torch.as_tensor(np.sqrt(2.0 / count) * np.cos(angles), **at)
        return (torch.log(torch.clamp(bands, min=_QUIET)) @ waves).to(torch.float32)
