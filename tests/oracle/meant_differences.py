"""What stays different from TensorFlow 1.15 on purpose because 1.15 crashes or is plainly wrong: a short list."""

from __future__ import annotations

# "program NAME", "error NAME" or "op NAME", then ": " and the part that is not compared -> what 1.15 does, and why not.
MEANT: dict[str, str] = {}


def meant_parts(kind: str, name: str) -> set[str]:
    """The parts of a program, error case or op row that are not compared.

    Args:
        kind: "program", "error" or "op".
        name: its name.
    """
    return {part for where, _, part in (key.partition(": ") for key in MEANT) if where == f"{kind} {name}"}
