"""Tracebacks: the user's lines and the message, whole ones on request."""

from __future__ import annotations

from shells import Shell


def test_an_error_of_tfmagic_shows_the_users_line_and_the_message(shell: Shell) -> None:
    text = shell.run("x = tf.placeholder(tf.float32, name='x')\ntf.Session().run(x + 1.)").stdout
    assert "----> 2" in text and "You must feed a value for placeholder tensor 'x'" in text
    assert "session.py" not in text and text.count("Traceback (most recent call last)") == 1


def test_an_error_of_the_user_is_shown_as_ever(shell: Shell) -> None:
    shell.ok("def outer():\n    return int('x')")
    text = shell.run("outer()").stdout
    assert "in outer()" in text and text.rstrip().endswith("invalid literal for int() with base 10: 'x'")


def test_the_users_functions_inside_a_graph_function_stay(shell: Shell) -> None:
    shell.ok("def body(i):\n    return undefined_name.attribute + i if False else i.nothing")
    text = shell.run("tf.while_loop(lambda i: i < 3, body, [tf.constant(0)])").stdout
    assert "in body(i)" in text and "while_loop.py" not in text


def test_verbose_mode_shows_all(shell: Shell) -> None:
    shell.ok("%xmode Verbose")
    assert "session.py" in shell.run("tf.Session().run(tf.placeholder(tf.float32))").stdout


def test_usage_and_syntax_errors_keep_their_form(shell: Shell) -> None:
    assert "UsageError: %fetch needs an expression" in shell.run("%fetch").stderr
    assert "SyntaxError" in shell.run("a b").stdout
