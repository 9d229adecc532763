"""Samples for the ops of tfmagic/ops/audio."""

import struct

import numpy as np
from oracle.samples.values import f32, i32, row, text


def _wav(channels=1, rate=8000, bits=16, kind=1, data=b"\x01\x00\x7f\x7f\x00\x80\x10\x00", before=b"", size=16):
    per_frame = channels * bits // 8
    head = struct.pack("<HHIIHH", kind, channels, rate, rate * per_frame, per_frame, bits) + b"\0" * (size - 16)
    return text((b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", size) + head + before
                 + b"data" + struct.pack("<I", len(data)) + data))


_SOUND = f32(np.round(np.sin(np.arange(40) ** 1.2).reshape(40, 1), 3))
_SPECTRA = f32(np.round(np.abs(np.sin(np.arange(51) ** 1.5)).reshape(1, 3, 17), 3))

_WAVS = [_wav(), _wav(2), _wav(bits=8), _wav(kind=3), _wav(size=18), _wav(size=40), _wav(0), _wav(data=b""),
        _wav(before=b"LIST" + struct.pack("<I", 3) + b"abc"), _wav(data=b"\1\0\2")]

SAMPLES = {
    "DecodeWav": [row(contents=file) for file in _WAVS]
                 + [row(contents=_WAVS[number], **given) for number, given in (
                     (0, {"desired_channels": 2}), (1, {"desired_channels": 1, "desired_samples": 3}),
                     (1, {"desired_samples": 1}), (0, {"desired_samples": -2}))],
    "EncodeWav": [row(audio=f32([[0, 0.25], [0.5, -0.5], [1.5, -1.5], [0.00001, 1]]), sample_rate=i32(44100)),
                  row(audio=f32([[0.1]]), sample_rate=i32(0)), row(audio=f32(np.zeros((3, 0))), sample_rate=i32(8))],
    "AudioSpectrogram": [row(input=_SOUND, window_size=window, stride=stride, magnitude_squared=squared)
                         for window, stride, squared in ((8, 4, False), (6, 4, True), (7, 3, False), (2, 5, True),
                                                         (50, 2, False), (1, 2, False))]
                        + [row(input=f32(np.hstack([_SOUND, 1 - _SOUND])), window_size=window, stride=4)
                           for window in (8, 4)],
    "Mfcc": [row(spectrogram=_SPECTRA, sample_rate=i32(8000)),
             row(spectrogram=_SPECTRA, sample_rate=i32(8000), upper_frequency_limit=3000.0,
                 lower_frequency_limit=100.0, filterbank_channel_count=10, dct_coefficient_count=5),
             row(spectrogram=_SPECTRA, sample_rate=i32(16000), filterbank_channel_count=6, dct_coefficient_count=6),
             row(spectrogram=_SPECTRA, sample_rate=i32(8000), upper_frequency_limit=9000.0),
             row(spectrogram=_SPECTRA, sample_rate=i32(8000), dct_coefficient_count=41),
             row(spectrogram=_SPECTRA, sample_rate=i32(0)),
             row(spectrogram=_SPECTRA, sample_rate=i32(8000), lower_frequency_limit=5000.0)],
}
