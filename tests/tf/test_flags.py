"""`tf.flags` and `tf.app.run`, each program in a process of its own; the lines expected are those of 1.15."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

START = """
import sys
from tfmagic import tf
flags = tf.app.flags
FLAGS = flags.FLAGS
def shown(function):
    try:
        print(function())
    except BaseException as error:
        print(type(error).__name__, error)
sys.argv = {argv!r}
"""


def lines_of(program: str, *argv: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", START.format(argv=list(argv)) + textwrap.dedent(program)],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_values_come_from_the_command_line_at_first_use() -> None:
    assert lines_of("""
        flags.DEFINE_integer("n", 1, "number")
        flags.DEFINE_boolean("z", False, "zed")
        flags.DEFINE_float("rate", 0.5, "rate")
        flags.DEFINE_string(flag_name="s", default_value="abc", docstring="text")
        print(FLAGS.is_parsed(), FLAGS.n, FLAGS.z, FLAGS.rate, FLAGS.s, FLAGS.is_parsed())
        FLAGS.n = 9
        print(FLAGS.n, FLAGS["n"].value, "n" in FLAGS, FLAGS.flag_values_dict()["s"])
        """, "prog", "--n=3", "--z", "rest") == ["False 3 True 0.5 abc True", "9 9 True abc"]


def test_unknown_flags_and_bad_values_are_refused() -> None:
    assert lines_of("""
        flags.DEFINE_integer("n", 1, "number")
        shown(lambda: FLAGS.n)
        shown(lambda: setattr(FLAGS, "nn", 9))
        shown(lambda: flags.DEFINE_integer("bad", "x", "bad"))
        shown(lambda: FLAGS(["prog", "--q"]))
        shown(lambda: FLAGS(["prog", "--q"], known_only=True))
        shown(lambda: FLAGS.undefined)
        """, "prog", "--unknown=4") == [
            "UnrecognizedFlagError Unknown command line flag 'unknown'",
            "UnrecognizedFlagError Unknown command line flag 'nn'",
            "IllegalFlagValueError flag --bad=x: invalid literal for int() with base 10: 'x'",
            "UnrecognizedFlagError Unknown command line flag 'q'", "['prog', '--q']", "AttributeError undefined"]


def test_app_run_hands_the_rest_to_main_and_ends_the_process() -> None:
    assert lines_of("""
        flags.DEFINE_integer("n", 1, "number")
        def main(argv):
            print("main", argv, FLAGS.n)
            return 7
        shown(lambda: tf.app.run())
        shown(lambda: tf.app.run(main, ["x", "--n", "5", "y"]))
        shown(lambda: tf.app.run(lambda _: None, ["x", "--n=q"]))
        """, "prog", "--n=3", "--unknown=4", "rest") == [
            "main ['prog', '--unknown=4', 'rest'] 3", "SystemExit 7", "main ['x', 'y'] 5", "SystemExit 7",
            "IllegalFlagValueError flag --n=q: invalid literal for int() with base 10: 'q'"]


def test_a_notebooks_flags_have_their_defaults() -> None:
    """TensorFlow 1.15 takes the kernel's own arguments for the program's and stops."""
    assert lines_of("""
        flags.DEFINE_integer("n", 1, "number")
        print(FLAGS.n)
        """, "/lib/ipykernel_launcher.py", "-f", "/run/kernel.json") == ["1"]


@pytest.mark.parametrize("name", ["flags", "app.flags", "compat.v1.flags"])
def test_all_names_are_one_module(name: str) -> None:
    assert lines_of(f"print(tf.{name} is flags, flags.DEFINE_enum.__name__, 'DEFINE_list' in dir(flags))") == [
        "True DEFINE_enum True"]
