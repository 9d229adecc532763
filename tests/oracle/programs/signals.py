"""Signals: cosine transforms, shifts, windows, frames, spectra over time, mels and MFCCs."""

from __future__ import division

import numpy as np

from . import Case, program
from .functions import internal
from .testing import answers

WAVE = np.sin(np.arange(2 * 40) ** 1.1).reshape(2, 40).astype("float32")
ROWS = WAVE[:, :8]


@program
def signal_dct(tf):
    x = tf.placeholder(tf.float32, [2, 8], name="x")
    out = [tf.signal.dct(x, 1)] + [tf.signal.dct(x, kind, norm=norm) for kind in (2, 3) for norm in (None, "ortho")]
    out += [tf.signal.idct(x, kind) for kind in (1, 2, 3)]
    out.append(tf.signal.idct(tf.signal.dct(x, norm="ortho"), norm="ortho"))
    return Case(steps=[(out, {x: ROWS})])


@program
def signal_dct_of_length(tf):
    x = tf.placeholder(tf.float32, [2, 8], name="x")
    some = tf.placeholder(tf.float32, [None, None], name="some")
    out = [tf.signal.dct(x, n=5), tf.signal.dct(x, n=11, name="long"), tf.signal.idct(x, n=12, norm="ortho"),
           tf.signal.dct(some), tf.signal.dct(some, 3, norm="ortho"), tf.signal.dct(some, 1)]
    return Case(steps=[(out, {x: ROWS, some: ROWS})])


@program
def signal_dct_gradients(tf):
    x = tf.placeholder(tf.float32, [2, 8], name="x")
    return Case(steps=[(tf.gradients(tf.signal.dct(x, 2, norm="ortho") ** 2, [x]), {x: ROWS})])


@program
def signal_shifts(tf):
    x = tf.placeholder(tf.float32, [3, 5], name="x")
    out = [f(x, axes) for f in (tf.signal.fftshift, tf.signal.ifftshift) for axes in (None, 1, [0], (0, 1))]
    out.append(tf.signal.fftshift(tf.complex(x, 2 * x), name="middle"))
    return Case(steps=[(out, {x: np.arange(15).reshape(3, 5)})])


@program
def signal_windows(tf):
    length = tf.placeholder(tf.int32, [], name="length")
    out = [f(n, periodic=periodic) for f in (tf.signal.hann_window, tf.signal.hamming_window) for n in (1, 2, 7, 16)
           for periodic in (True, False)]
    out.append(tf.signal.hann_window(9, dtype=tf.float64, name="window"))
    more = [tf.signal.hann_window(length), tf.signal.hamming_window(length, periodic=False)]
    return Case(steps=[(out, None)] + [(more, {length: n}) for n in (1, 4, 5)])


@program
def signal_frames(tf):
    x = tf.placeholder(tf.float32, [2, 40], name="x")
    out = [tf.signal.frame(x, 6, 4), tf.signal.frame(x, 6, 4, pad_end=True), tf.signal.frame(x, 3, 5, name="gaps"),
           tf.signal.frame(x, 50, 5), tf.signal.frame(x, 2, 1, axis=0, pad_end=True, pad_value=-1),
           tf.signal.frame(tf.range(10), 4, 2)]
    return Case(steps=[(out, {x: WAVE})])


@program
def signal_frames_of_unknown_shape(tf):
    x = tf.placeholder(tf.float32, [None, None], name="x")
    any_rank = tf.placeholder(tf.float32, name="any_rank")
    length = tf.placeholder(tf.int32, [], name="length")
    out = [tf.signal.frame(x, 6, 4), tf.signal.frame(x, 6, 4, pad_end=True), tf.signal.frame(any_rank, 6, 4),
           tf.signal.frame(x, length, 4), tf.signal.frame(x, 6, length, pad_end=True)]
    return Case(steps=[(out, {x: WAVE, any_rank: WAVE, length: n}) for n in (6, 9)])


@program
def signal_overlap_and_add(tf):
    x = tf.placeholder(tf.float32, [2, 5, 8], name="x")
    some = tf.placeholder(tf.float32, [None, None, None], name="some")
    out = [tf.signal.overlap_and_add(x, step) for step in (8, 4, 3, 10)]
    out += [tf.signal.overlap_and_add(some, 4, name="sum"), tf.signal.overlap_and_add(x[0], tf.constant(2))]
    out += tf.gradients(out[1] ** 2, [x])
    return Case(steps=[(out, {x: WAVE.reshape(2, 5, 8), some: WAVE.reshape(2, 5, 8)})])


@program
def signal_stft(tf):
    x = tf.placeholder(tf.float32, [2, 40], name="x")
    out = [tf.signal.stft(x, 8, 4), tf.signal.stft(x, 6, 4, fft_length=16, window_fn=tf.signal.hamming_window),
           tf.signal.stft(x, frame_length=7, frame_step=3, window_fn=None, pad_end=True, name="spectra")]
    return Case(steps=[(out + [tf.abs(out[0])], {x: WAVE})])


@program
def signal_stft_of_unknown_length(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    length = tf.placeholder(tf.int32, [], name="length")
    out = [tf.signal.stft(x, 8, 4), tf.signal.stft(x, length, 4, window_fn=None)]
    return Case(steps=[(out, {x: WAVE[0], length: 6})])


@program
def signal_inverse_stft(tf):
    x = tf.placeholder(tf.float32, [2, 40], name="x")
    spectra = tf.signal.stft(x, 8, 4)
    out = [tf.signal.inverse_stft(spectra, 8, 4, window_fn=tf.signal.inverse_stft_window_fn(4)),
           tf.signal.inverse_stft(spectra, 8, 4), tf.signal.inverse_stft(spectra, 6, 4, fft_length=8, name="shorter"),
           tf.signal.inverse_stft(spectra, 10, 4, fft_length=8, window_fn=None)]
    return Case(steps=[(out, {x: WAVE})])


@program
def signal_inverse_stft_of_unknown_length(tf):
    x = tf.placeholder(tf.complex64, [None, None], name="x")
    length = tf.placeholder(tf.int32, [], name="length")
    out = [tf.signal.inverse_stft(x, 8, 4), tf.signal.inverse_stft(x, length, 4, fft_length=8, window_fn=None)]
    return Case(steps=[(out, {x: WAVE.reshape(16, 5) * (1 + 0.5j), length: n}) for n in (6, 8, 11)])


@program
def signal_mels(tf):
    bins = tf.placeholder(tf.int32, [], name="bins")
    mel = tf.signal.linear_to_mel_weight_matrix
    out = [mel(), mel(4, 9, 8000, 100.0, 3000.0), mel(5, 33, 16000, 80.0, 7600.0, dtype=tf.float64, name="mels"),
           mel(4, bins, sample_rate=tf.constant(16000))]
    return Case(steps=[(out, {bins: 17})])


@program
def signal_mfccs_of_a_sound(tf):
    x = tf.placeholder(tf.float32, [None, None], name="x")
    spectra = tf.abs(tf.signal.stft(x, frame_length=16, frame_step=8, fft_length=16))
    weights = tf.signal.linear_to_mel_weight_matrix(6, spectra.shape[-1].value, 8000, 80.0, 3800.0)
    mels = tf.tensordot(spectra, weights, 1)
    mels.set_shape(spectra.shape[:-1].concatenate(weights.shape[-1:]))
    mfccs = tf.signal.mfccs_from_log_mel_spectrograms(tf.log(mels + 1e-6))[..., :4]
    return Case(steps=[([mels, mfccs], {x: WAVE})])


@program
def signal_files_and_spectrograms(tf):
    sound = tf.placeholder(tf.float32, [None, 1], name="sound")
    data = tf.audio.encode_wav(sound, 8000)
    read = tf.audio.decode_wav(data, desired_channels=1, desired_samples=32)
    spectra = tf.raw_ops.AudioSpectrogram(input=read.audio, window_size=16, stride=8, magnitude_squared=True)
    mfccs = tf.raw_ops.Mfcc(spectrogram=spectra, sample_rate=read.sample_rate, dct_coefficient_count=5)
    return Case(steps=[([data, tuple(read), spectra, mfccs], {sound: WAVE[0][:, None]})])


@program
def signals_of_nothing_and_refused(tf):
    """What the functions make of no samples, of lengths that are no vectors, and of arguments that they do not take."""
    signal = tf.signal
    gcd = internal(tf, "tensorflow.python.ops.signal.util_ops").gcd
    made = [signal.dct(np.zeros([2, 0], "float32")), gcd(12, 18), gcd(7, 7),
            signal.mfccs_from_log_mel_spectrograms(np.ones([2, 4]))]
    samples = np.ones([9], "float32")
    checks = [lambda: signal.rfft(samples, 4), lambda: signal.rfft(samples, [[4]]), lambda: gcd(5.0, 2),
              lambda: gcd([5], 2), lambda: signal.irfft(tf.placeholder(tf.complex64)),
              lambda: signal.hann_window(4, dtype=tf.int32), lambda: signal.overlap_and_add(np.ones([2, 2]), 1.5),
              lambda: signal.linear_to_mel_weight_matrix(sample_rate=tf.placeholder(tf.float32, [])),
              lambda: signal.linear_to_mel_weight_matrix(dtype=tf.int32)]
    return Case(steps=[(made, None)], facts={"refused": answers(tf, checks)})
