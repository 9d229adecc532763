"""WAV files of 16 bits: read and written."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np


def packed(sound: np.ndarray, rate: int) -> bytes:
    """A sound [frames] or [frames, channels], from -1 to 1, as a file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(sound.shape[1] if sound.ndim == 2 else 1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        steps = np.clip(np.rint(np.nan_to_num(sound) * np.float32(32768)), -32768, 32767)
        writer.writeframes(steps.astype("<i2").tobytes())
    return file.getvalue()


class _Reader:
    """Takes the parts of a file one after the other."""

    def __init__(self, data: bytes):
        self.data, self.place = data, 0

    def take(self, count: int) -> bytes:
        part = self.data[self.place:self.place + count]
        if len(part) < count:
            raise ValueError("Data too short when trying to read string")
        self.place += count
        return part

    def expect(self, word: bytes) -> None:
        found = self.take(len(word))
        if found != word:
            raise ValueError(f"Header mismatch: Expected {word.decode()} but found {found.decode('latin-1')}")

    def numbers(self, layout: str) -> tuple[int, ...]:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))


def unpacked(data: bytes) -> tuple[np.ndarray, int]:
    """The sound of a file as float32 [frames, channels] from -1 to 1, and its rate.

    Raises:
      ValueError: in TensorFlow's words: it is no WAV of 16 bits.
    """
    reader = _Reader(data)
    reader.expect(b"RIFF")
    reader.numbers("I")
    reader.expect(b"WAVE")
    reader.expect(b"fmt ")
    (size,) = reader.numbers("I")
    if size not in (16, 18):
        raise ValueError(f"Bad file size for WAV: Expected 16 or 18, but got{size}")
    kind, channels, rate, per_second, per_frame, bits = reader.numbers("HHIIHH")
    _check(kind, channels, rate, per_second, per_frame, bits)
    if size == 18:
        reader.take(2)
    sound = None
    while reader.place < len(data):
        chunk, (count,) = reader.take(4), reader.numbers("I")
        if chunk == b"data" and sound is None:
            count -= count % per_frame
            numbers = np.frombuffer(reader.take(count), "<i2").astype(np.float32) / np.float32(32768)
            sound = numbers.reshape(-1, channels)
        else:
            reader.take(count)
    if sound is None:
        raise ValueError("No data chunk found in WAV")
    return sound, rate


def _check(kind: int, channels: int, rate: int, per_second: int, per_frame: int, bits: int) -> None:
    if kind != 1:
        raise ValueError(f"Bad audio format for WAV: Expected 1 (PCM), but got{kind}")
    if bits != 16:
        raise ValueError(f"Can only read 16-bit WAV files, but received {bits}")
    if channels < 1:
        raise ValueError(f"Bad number of channels for WAV: Expected at least 1, but got {channels}")
    wanted = bits * channels // 8
    if per_second != wanted * rate:
        raise ValueError(f"Bad bytes per second in WAV header: Expected {wanted * rate} but got {per_second} "
                         f"(sample_rate={rate}, bytes_per_sample={wanted})")
    if per_frame != wanted:
        raise ValueError(f"Bad bytes per sample in WAV header: Expected {wanted} but got {per_frame}")
