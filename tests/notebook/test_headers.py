"""Header lines: read with their options, turned into comments, left alone where they are not ours."""

from __future__ import annotations

import pytest

from tfmagic.notebook.shell.headers import comment_out, read


def test_a_header_becomes_a_comment_on_the_same_line() -> None:
    assert comment_out(["%%graph --all\n", "a = 1\n"]) == ["# %%graph --all\n", "a = 1\n"]


def test_two_headers_may_stand_above_each_other() -> None:
    assert comment_out(["%%graph\n", "%%session --init\n", "x\n"])[:2] == ["# %%graph\n", "# %%session --init\n"]
    assert set(read("%%graph\n%%session s --init\nx")) == {"%%graph", "%%session"}


@pytest.mark.parametrize("line", ["%%graph?\n", "%%graphs\n", "%graph a\n", "x = '%%graph'\n", "%%time\n"])
def test_other_first_lines_stay(line: str) -> None:
    assert comment_out([line, "%%graph\n"]) == [line, "%%graph\n"]


def test_a_header_that_cannot_be_read_stays_for_the_magic_to_complain() -> None:
    assert comment_out(["%%graph --nonsense\n", "a\n"]) == ["%%graph --nonsense\n", "a\n"]
    assert read("%%graph --nonsense\na") == {}


def test_a_header_below_time_counts() -> None:
    assert "%%graph" in read("%%time\n%%graph --all\na = 1")
    assert read("%%capture\n%%graph\na = 1") == {}


def test_completeness_checks_skip_the_transformer() -> None:
    assert comment_out.has_side_effects  # type: ignore[attr-defined]
