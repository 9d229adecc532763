"""Which module of tfmagic defines each public name and declares each op, found by importing them all."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from typing import Any

from tfmagic.base import messages

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tfmagic"
EXPORTS = PACKAGE / "base" / "exports.txt"
CONTRIB = PACKAGE / "base" / "contrib.txt"
OPDEFS = PACKAGE / "graph" / "opdefs.txt"
FLOORS = ("base", "formats", "graph", "ops", "graphdef", "session", "tf")
PROTOS = re.compile(r"tensorflow\.core\.(?:framework|protobuf|util|example|profiler)\.(\w+_pb2)")


class Noted(dict[str, Any]):
    """A register that notes, for each key, the module that is being executed when it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.homes: dict[str, str] = {}

    def __setitem__(self, key: str, value: Any) -> None:
        frame = sys._getframe(1)
        while frame.f_code.co_name != "<module>" or not frame.f_globals["__name__"].startswith("tfmagic."):
            frame = frame.f_back  # type: ignore[assignment]
        self.homes[key] = frame.f_globals["__name__"].removeprefix("tfmagic.")
        super().__setitem__(key, value)


def find() -> tuple[dict[str, str], dict[str, str]]:
    """The home of each exported name and of each declared op (in a fresh process only)."""
    from tfmagic.base import export

    export._exported = exported = Noted()
    from tfmagic.graph import registry

    registry._declarations = declared = Noted()
    for floor in FLOORS:
        for path in sorted((PACKAGE / floor).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return exported.homes, declared.homes


def with_homes(lines: list[str], homes: dict[str, str]) -> tuple[list[str], list[str]]:
    """The lines of a table of names with their last column, and what is wrong with the exports."""
    result, wrong, known = [], [], set()
    for line in lines:
        if line[0] == "#" or line.startswith("module "):
            result.append(line)
            continue
        names, origin, _ = line.split(" |")
        public = [word.partition(">")[0] for word in names.split()]
        found = {homes[name] for name in public if name in homes}
        known.update(public)
        if len(found) > 1:
            wrong.append(f"tf.{public[0]} is exported by {' and '.join(sorted(found))}")
        home = min(found) if found else "" if origin.startswith(" =") else elsewhere(origin.strip())
        result.append(f"{names} |{origin} | {home}".rstrip())
    wrong.extend(f"{homes[name]} exports tf.{name}, which TensorFlow 1.15 does not have"
                 for name in sorted(set(homes) - known))
    return result, wrong


def elsewhere(origin: str) -> str:
    """Where an object comes from that tfmagic does not define itself: an op's function, or a protocol buffer."""
    module = origin.partition(":")[0]
    if module.startswith((".ops.gen_", ".training.gen_")):
        return "ops.raw"
    proto = PROTOS.fullmatch(module)
    return f"{messages.HOME}.{proto[1]}" if proto and messages.is_module(proto[1]) else ""


def table_lines(path: Path) -> list[str]:
    """The lines of a table; where two branches changed one, the second form is left out."""
    seen: set[str] = set()
    lines = []
    for line in path.read_text("utf-8").splitlines():
        key = line if line[:1] in "#$" else line.partition(" | ")[0]
        if key not in seen and not line.startswith(("<<<<<<<", "=======", ">>>>>>>")):
            seen.add(key)
            lines.append(line)
    return lines


def tables() -> tuple[dict[Path, list[str]], list[str]]:
    """The tables as they should be, and what is wrong with the exports."""
    exported, declared = find()
    of_contrib = {name: home for name, home in exported.items() if name.startswith("contrib.")}
    exports, wrong = with_homes(table_lines(EXPORTS), {n: h for n, h in exported.items() if n not in of_contrib})
    contrib, wrong_in_contrib = with_homes(table_lines(CONTRIB), of_contrib)
    opdefs = []
    for line in table_lines(OPDEFS):
        name = line.partition(" | ")[0]
        opdefs.append(line if line[0] in "#$" else f"{line[:line.rindex('|')]}| {declared.get(name, '')}".rstrip())
    return {EXPORTS: exports, CONTRIB: contrib, OPDEFS: opdefs}, wrong + wrong_in_contrib
