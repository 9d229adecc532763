"""`%%graph --quiz` and `%graph --quiz`: shapes are hidden, also from what a front end asks for later."""

from __future__ import annotations

import pytest
from shells import Shell

from tfmagic.view.paint.document import GRAPH_MIME

CELL = "x = tf.placeholder(tf.float32, [None, 61], name='x'); y = tf.reduce_sum(x, 1, name='y')"


def test_a_cell_is_drawn_as_a_quiz(shell: Shell) -> None:
    (bundle,) = shell.ok(f"%%graph --quiz\n{CELL}").bundles
    assert bundle[GRAPH_MIME]["quiz"] == [["y:0", "n1", "(?,)", "float32"]]
    assert "(?, 61) float32" in bundle["text/plain"] and "(?,) float32" not in bundle["text/plain"]


def test_an_expression_is_drawn_as_a_quiz(shell: Shell) -> None:
    shell.ok(CELL)
    (bundle,) = shell.ok("%graph y --quiz --lang pt").bundles
    assert [question[0] for question in bundle[GRAPH_MIME]["quiz"]] == ["y:0"]
    assert "escondidos" in bundle["text/plain"]


def test_no_other_drawing_has_questions(shell: Shell) -> None:
    shell.ok(CELL)
    assert "quiz" not in shell.ok("%graph y").bundles[0][GRAPH_MIME]
    assert "quiz" not in shell.ok("%step y --feed x=[[1.]*61]").bundles[0][GRAPH_MIME]


@pytest.mark.parametrize("options", ["--fetch y --feed x=[[1.]*61]", "--no-shapes", "--diff", "--save graph.pbtxt"])
def test_what_would_tell_the_answers_is_refused(shell: Shell, options: str) -> None:
    shell.ok(CELL)
    argument = "y y" if options == "--diff" else "y"
    error = shell.run(f"%graph {argument} --quiz {options}").error
    assert error is not None and options.split()[-1 if "--save" in options else 0] in str(error)
    assert "leave one of them out" in str(error)
