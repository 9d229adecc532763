"""The table of options: what a magic's line means, what is wrong with it, and the help text."""

from __future__ import annotations

import pytest

from tfmagic.notebook.shell.options import MAGICS, OptionError, parse, words


@pytest.mark.parametrize(("line", "expected"), [
    ("a b", ["a", "b"]),
    ("x=[1, 2] y", ["x=[1, 2]", "y"]),
    ("--title 'a b' c", ["--title", "'a b'", "c"]),
    ("f(a, 'x)') + b", ["f(a, 'x)')", "+", "b"]),
    ("", []),
])
def test_words_are_split_at_blanks_outside_quotes_and_brackets(line: str, expected: list[str]) -> None:
    assert words(line) == expected


def test_options_come_as_values_by_their_names() -> None:
    line = "--all --depth 2 --direction lr --title 'a b' --fetch c --fetch d --feed x=[1, 2]"
    parsed = parse(MAGICS["%%graph"], line)
    assert parsed.all and parsed.depth == 2 and parsed.direction == "LR" and parsed.title == "a b"
    assert parsed.fetch == ["c", "d"] and parsed.feed == [("x", "[1, 2]")]
    assert not parsed.new and parsed.save is None


def test_a_value_may_follow_an_equals_sign() -> None:
    assert parse(MAGICS["%%graph"], "--depth=3").depth == 3


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_around_a_value_are_no_part_of_it(quote: str) -> None:
    line = " ".join(f"{flag} {quote}{value}{quote}" for flag, value in [
        ("--fetch", "a + b"), ("--feed", "x=[1, 2]"), ("--depth", "2"), ("--direction", "lr"), ("--save", "a b.svg")])
    parsed = parse(MAGICS["%%graph"], line + " --feed word='text'")
    assert parsed.fetch == ["a + b"] and parsed.feed == [("x", "[1, 2]"), ("word", "'text'")]
    assert (parsed.depth, parsed.direction, parsed.save) == (2, "LR", "a b.svg")


def test_what_is_no_option_is_the_argument() -> None:
    assert parse(MAGICS["%graph"], "a + b --depth 1").argument == "a + b"


@pytest.mark.parametrize(("name", "line", "message"), [
    ("%%graph", "--fech c", "did you mean --fetch"),
    ("%%graph", "--depth", "--depth needs a value"),
    ("%%graph", "--depth -1", "0 or more"),
    ("%%graph", "--depth two", "--depth two"),
    ("%%graph", "--direction up", "one of TB, LR"),
    ("%%graph", "--feed x", "NAME=EXPR"),
    ("%%graph", "--save a.gif", ".svg"),
    ("%%graph", "--all=1", "takes no value"),
    ("%%graph", "--title 'a", "left open"),
    ("%%graph", "something", "takes no argument"),
    ("%tf_reset", "now", "takes no argument"),
])
def test_a_wrong_line_says_what_is_wrong(name: str, line: str, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        parse(MAGICS[name], line)


@pytest.mark.parametrize("name", MAGICS)
def test_help_names_the_magic_and_every_option(name: str) -> None:
    text = MAGICS[name].help()
    assert name in text
    for option in MAGICS[name].options:
        assert option.flag in text and option.help in text
