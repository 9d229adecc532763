"""Parts of tensors as checkpoints name them: "4 2 0,2:-" is the first half of a 4 x 2 tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfmagic.base import messages


class OutOfBounds(ValueError):
    """A part is not within its tensor; the message is TensorFlow's."""


@dataclass(frozen=True)
class TensorSlice:
    """A part of a tensor: where it begins on each axis and how long it is, None for a whole axis."""

    extents: tuple[tuple[int, int | None], ...]

    @classmethod
    def parse(cls, text: str) -> TensorSlice:
        """The part that "0,2:-" names.

        Raises:
          ValueError: it names none; the message is TensorFlow's.
        """
        extents: list[tuple[int, int | None]] = []
        for item in text.split(":") if text else ():
            if item == "-":
                extents.append((0, None))
                continue
            parts = item.split(",")
            try:
                if len(parts) != 2:
                    raise ValueError
                start, length = int(parts[0]), int(parts[1])
            except ValueError:
                raise ValueError(f"Expected a pair of numbers or '-' but got '{item}': string = {text}") from None
            if start < 0 or length <= 0:
                raise ValueError(f"Expected non-negative start and positive length but got start = {start}, "
                                 f"length = {length}: string = {text}")
            extents.append((start, length))
        return cls(tuple(extents))

    @classmethod
    def from_proto(cls, proto: Any) -> TensorSlice:
        return cls(tuple((extent.start, extent.length if extent.HasField("length") else None)
                         for extent in proto.extent))

    @classmethod
    def whole(cls, rank: int) -> TensorSlice:
        return cls(((0, None),) * rank)

    def proto(self) -> Any:
        """A `TensorSliceProto`."""
        proto = messages.module("tensor_slice_pb2").TensorSliceProto()
        for start, length in self.extents:
            extent = proto.extent.add()
            if length is not None:
                extent.start, extent.length = start, length
        return proto

    def __str__(self) -> str:
        return ":".join("-" if length is None else f"{start},{length}" for start, length in self.extents)

    def within(self, shape: Sequence[int]) -> tuple[slice, ...]:
        """The indices of a tensor of this shape.

        Raises:
          OutOfBounds: the part is not within it.
        """
        if len(shape) != len(self.extents):
            raise OutOfBounds(f"Mismatching ranks: shape = {_brackets(shape)}, slice = {self}")
        result = []
        for axis, ((start, length), size) in enumerate(zip(self.extents, shape)):
            if length is not None and start + length > size:
                raise OutOfBounds(f"Extent in dimension {axis} out of bounds: shape = {_brackets(shape)}, "
                                  f"slice = {self}")
            result.append(slice(0, size) if length is None else slice(start, start + length))
        return tuple(result)

    def is_whole(self, shape: Sequence[int]) -> bool:
        """Whether this is all of a tensor of this shape."""
        return all(length is None or (start == 0 and length == size)
                   for (start, length), size in zip(self.extents, shape))


def parse(text: str) -> tuple[list[int], TensorSlice]:
    """The shape and the part that "4 2 0,2:-" names.

    Raises:
      ValueError: it names none; the message is TensorFlow's.
    """
    words = text.split(" ")
    if len(words) < 2:
        raise ValueError(f"Need least two elements in shape_and_slice specification: {text}")
    shape = []
    for word in words[:-1]:
        if not word.isdecimal():
            raise ValueError(f"Non numerical dimension in shape_and_slice: {text}")
        shape.append(int(word))
    part = TensorSlice.parse(words[-1])
    part.within(shape)
    return shape, part


def key(name: str, part: TensorSlice) -> bytes:
    """The key under which a file keeps a part of a tensor: keys are in the order of names, then of places."""
    # UTF-8 has no byte 255, which would need an escape too.
    out = _number(0) + name.encode().replace(b"\0", b"\0\xff") + b"\0\1" + _number(len(part.extents))
    for start, length in part.extents:
        out += _signed(start) + _signed(-1 if length is None else length)
    return out


def _number(value: int) -> bytes:
    digits = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([len(digits)]) + digits


def _signed(value: int) -> bytes:
    """A number whose bytes are in its order: the first ones tell how many there are."""
    if -64 <= value < 64:
        return bytes([value & 0xFF ^ 0x80])
    magnitude = ~value if value < 0 else value
    length = magnitude.bit_length() // 7 + 1
    number = int.from_bytes(value.to_bytes(10, "big", signed=True)[-length:], "big")
    marks = ((1 << length) - 1) << (8 * length - length)  # as many ones as there are bytes
    return (number ^ marks).to_bytes(length, "big")


def _brackets(shape: Sequence[int]) -> str:
    return f"[{','.join(map(str, shape))}]"
