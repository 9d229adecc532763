"""The introduction, in both languages: its cells print what TensorFlow 1.15 prints (introduction.json)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from record_introduction import plain

from tfmagic.notebook.command import places

RECORD = json.loads(Path(__file__).with_name("introduction.json").read_text("utf-8"))
LANGUAGES = sorted(places.INTRODUCTIONS)

# Addresses, and the hash that IPython gives to a cell.
OF_THE_RUN = re.compile(r"(?<=0x)[0-9a-f]+|(?<=<ipython-input-\d\d)-[0-9a-f]+")


def code_cells(language: str) -> list[Any]:
    """The code cells of a chapter as they stand in the file; test_notebooks.py runs them and compares."""
    found = nbformat.read(places.introduction(language), as_version=4)
    return [cell for cell in found.cells if cell.cell_type == "code"]


def printed(cell: Any) -> dict[str, str]:
    return {output.name: OF_THE_RUN.sub("", output.text) for output in cell.outputs if output.output_type == "stream"}


def test_every_chapter_is_recorded_from_tensorflow_1_15() -> None:
    assert sorted(RECORD) == sorted(places.INTRODUCTIONS.values())
    assert all(chapter["recorded_from"].startswith("TensorFlow 1.15.") for chapter in RECORD.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cell_prints_what_tensorflow_prints(language: str) -> None:
    ran = {cell.id: printed(cell) for cell in code_cells(language)
           if plain(cell.source) and not re.match("%[^%]", cell.source)}  # what a line magic says is tfmagic's own
    recorded = RECORD[places.INTRODUCTIONS[language]]["cells"]
    assert {name: streams for name, streams in ran.items() if streams} == recorded


def test_the_chapters_have_the_same_cells_in_another_language() -> None:
    def form(cell: Any) -> tuple[str, list[str], list[str]]:
        calls = re.findall(r"\btf\.[\w.]+|^%+\w+| --\w+", cell.source, re.MULTILINE)
        return cell.id[2:], calls, [kind for output in cell.outputs for kind in sorted(output.get("data", ["text"]))]

    english, portuguese = ([form(cell) for cell in code_cells(language)] for language in ("en", "pt"))
    assert english == portuguese
