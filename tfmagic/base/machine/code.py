"""Code: the text of a function for LLVM, written instruction by instruction, and the loops around it."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence

# The integer type with the bits of a float, its explicit mantissa bits and its exponent's bias.
BITS = {"float": "i32", "double": "i64"}
MANTISSA = {"float": 23, "double": 52}
BIAS = {"float": 127, "double": 1023}


def number(value: float, kind: str) -> str:
    """A constant of a float type, exactly as that type holds it."""
    value = ctypes.c_float(value).value if kind == "float" else value
    return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"


class Code:
    """The body of a function, in which every value has one definition.

    Attributes:
      lines: the instructions so far.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names = 0

    def name(self) -> str:
        """A name that nothing else has."""
        self._names += 1
        return f"v{self._names}"

    def let(self, instruction: str) -> str:
        """The value of an instruction."""
        name = f"%{self.name()}"
        self.lines.append(f"{name} = {instruction}")
        return name

    def do(self, instruction: str) -> None:
        """An instruction without a value."""
        self.lines.append(instruction)

    def at(self, pointer: str, kind: str, index: str) -> str:
        """The address of an element."""
        return self.let(f"getelementptr inbounds {kind}, ptr {pointer}, i64 {index}")

    def load(self, pointer: str, kind: str, index: str) -> str:
        """An element of an array."""
        return self.let(f"load {kind}, ptr {self.at(pointer, kind, index)}")

    def store(self, value: str, pointer: str, kind: str, index: str) -> None:
        """Set an element of an array."""
        self.do(f"store {kind} {value}, ptr {self.at(pointer, kind, index)}")

    def room(self, kind: str) -> str:
        """The address of a place for a value, which LLVM keeps in a register."""
        name = f"%{self.name()}"
        self.lines.insert(0, f"{name} = alloca {kind}")
        return name

    def loop(self, start: str, stop: str, body: Callable[[str], None]) -> None:
        """Code for every number from `start`, below `stop`; `body` is given the number."""
        tag = self.name()
        index = f"%{tag}.i"
        before = f"{tag}.before"
        self.do(f"br label %{before}")
        self.do(f"{before}:")
        some = self.let(f"icmp slt i64 {start}, {stop}")
        self.do(f"br i1 {some}, label %{tag}.turn, label %{tag}.end")
        self.do(f"{tag}.turn:")
        self.do(f"{index} = phi i64 [ {start}, %{before} ], [ {index}.next, %{tag}.last ]")
        body(index)
        self.do(f"br label %{tag}.last")
        self.do(f"{tag}.last:")
        self.do(f"{index}.next = add nsw i64 {index}, 1")
        more = self.let(f"icmp slt i64 {index}.next, {stop}")
        self.do(f"br i1 {more}, label %{tag}.turn, label %{tag}.end")
        self.do(f"{tag}.end:")

    def when(self, condition: str, body: Callable[[], None]) -> None:
        """Code that is left out where a condition does not hold."""
        tag = self.name()
        self.do(f"br i1 {condition}, label %{tag}.then, label %{tag}.end")
        self.do(f"{tag}.then:")
        body()
        self.do(f"br label %{tag}.end")
        self.do(f"{tag}.end:")

    def search(self, start: str, turn: Callable[[str], tuple[str, str]]) -> str:
        """The last of some numbers, the first of which is `start`.

        Args:
          turn: writes what is done with one; gives whether another follows, and which.
        """
        tag = self.name()
        at = f"%{tag}.at"
        before, first, last = f"{tag}.before", f"{tag}.turn", f"{tag}.last"
        self.do(f"br label %{before}")
        self.do(f"{before}:")
        self.do(f"br label %{first}")
        self.do(f"{first}:")
        self.do(f"{at} = phi i64 [ {start}, %{before} ], [ {at}.next, %{last} ]")
        more, following = turn(at)
        self.do(f"br label %{last}")
        self.do(f"{last}:")
        self.do(f"{at}.next = add i64 {following}, 0")
        self.do(f"br i1 {more}, label %{first}, label %{tag}.end")
        self.do(f"{tag}.end:")
        return at

    def function(self, name: str, parameters: Sequence[str], attributes: str = "") -> str:
        """The text of the function.

        Args:
          name: under which the compiler finds it.
          parameters: its parameters, with their types.
          attributes: of the function, in LLVM's words.
        """
        body = "".join(line + "\n" if line.endswith(":") else f"  {line}\n" for line in self.lines)
        return f"define void @{name}({', '.join(parameters)}) nounwind {attributes} {{\nentry:\n{body}  ret void\n}}\n"

    def packed(self, name: str, parameters: Sequence[str]) -> str:
        """The text of the function with one parameter: the address where all that `parameters` names lie in a row.

        Args:
          name: under which the compiler finds it.
          parameters: those that the body knows, with their types, each of 8 bytes.
        """
        return self.function(f"{name}_inner", parameters, "alwaysinline") + unpacking(name, f"{name}_inner", parameters)


def unpacking(name: str, inner: str, parameters: Sequence[str], others: Sequence[str] = ()) -> str:
    """The text of the function `name(packed, others)` that calls `inner(parameters, others)`.

    Args:
      parameters: those whose values lie in a row at the address `packed`, with their types, each of 8 bytes.
      others: those that are handed on, with their types.
    """
    code, given = Code(), []
    for index, parameter in enumerate(parameters):
        kind = parameter.split()[0]
        given.append(f"{kind} {code.load('%packed', kind, str(index))}")
    code.do(f"call void @{inner}({', '.join([*given, *others])})")
    return code.function(name, ["ptr %packed", *others])
