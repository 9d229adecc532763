"""What the documents say is so: their code runs, the places, tests and commands that they name are there."""

from __future__ import annotations

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
from conformance import test_ops
from oracle.meant_differences import meant_parts

from tfmagic.graph import opdefs, registry

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = {name: (ROOT / name).read_text("utf-8") for name in
             ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")}
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a document that are in one language, without their indentation."""
    found = []
    for match in BLOCK.finditer(DOCUMENTS[name]):
        if match[1] == language:
            indent = len(match[0]) - len(match[0].lstrip(" "))
            found.append("".join(line[indent:] for line in match[2].splitlines(keepends=True)))
    return found


def quoted(name: str) -> list[str]:
    """What stands in backquotes in a document's text."""
    return re.findall(r"`([^`\n]+)`", BLOCK.sub("", DOCUMENTS[name]))


# --- code -------------------------------------------------------------------------------------------------------------

DECLARED = [(name, block) for name in ("ARCHITECTURE.md", "CONTRIBUTING.md") for block in blocks(name, "python")]


@pytest.mark.parametrize("name, block", DECLARED, ids=[block.split("\n")[0][:24] for _, block in DECLARED])
def test_an_op_declared_as_a_document_shows_does_what_tensorflow_does(
        name: str, block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tfmagic.base.lazy import torch
    from tfmagic.ops import declare, raw, shape_rules

    (op_type,) = re.findall(r'^(?:@op|\w+)\("(\w+)"', block, re.MULTILINE)
    declared = registry.declarations()[op_type]
    monkeypatch.delitem(registry._declarations, op_type)
    exec(block, {**vars(declare), "raw": raw, "torch": torch, "shape_rules": shape_rules})
    shown = registry._declarations[op_type]
    monkeypatch.setitem(registry._looked_up, op_type, shown)
    assert shown is not declared
    rows, meant = test_ops.rows(op_type), meant_parts("op", op_type)
    assert rows and not [line for row in rows for line in test_ops.differences(op_type, row, meant)]


# --- places -----------------------------------------------------------------------------------------------------------

PLACE = re.compile(r"[\w.*-]*(?:/[\w.*-]*)+|[\w-]+\.(?:py|md|txt|toml|ipynb)")


def is_there(place: str) -> bool:
    """Whether a path, or a pattern, is one of the repository, from its root or from any folder of the package."""
    found = place.strip("/")
    return any(next(start.glob(found), None) is not None for start in
               (ROOT, *(path for path in (ROOT / "tfmagic").rglob("*") if path.is_dir()), ROOT / "tfmagic",
                ROOT / "tests" / "oracle", ROOT / "labextension" / "src"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_places_that_a_document_names_are_there(name: str) -> None:
    places = [text for text in quoted(name) if PLACE.fullmatch(text) and "FILE" not in text]
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", DOCUMENTS[name]) if "://" not in link]
    assert [place for place in places + links if not is_there(place)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_tests_that_a_document_names_are_there(name: str) -> None:
    written = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = [text for text in quoted(name) if re.fullmatch(r"test_\w+", text)]
    assert [test for test in named if f"def {test}(" not in written] == []


def test_the_number_of_op_definitions_is_that_of_the_table() -> None:
    (count,) = re.findall(r"all ([\d,]+) ops of TensorFlow 1.15", DOCUMENTS["ARCHITECTURE.md"])
    assert int(count.replace(",", "")) == len(list(opdefs.names()))


# --- commands ---------------------------------------------------------------------------------------------------------


def scripts(command: str) -> list[str]:
    """The Python files and modules that a command runs."""
    words = shlex.split(command)
    return [words[i + 2] if words[i + 1] == "-m" else words[i + 1]
            for i, word in enumerate(words[:-1]) if word == "python" and (words[i + 1] != "-m" or i + 2 < len(words))]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_scripts_that_a_document_runs_are_there(name: str) -> None:
    named = [script for text in [*quoted(name), *blocks(name, "sh")] if "python " in text for script in scripts(text)]
    assert [script for script in named if not ((ROOT / script).is_file() if script.endswith(".py") else
                                               importlib.util.find_spec(script))] == []
