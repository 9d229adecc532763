"""`%graph --diff`: what is new, gone and changed, by sign and in words."""

from __future__ import annotations

import pytest
from shells import Shell

from tfmagic.view.paint.bundle import picture_of
from tfmagic.view.paint.document import GRAPH_MIME

BEFORE = "x = tf.placeholder(tf.float32, [None, 3], name='x'); y = tf.exp(tf.negative(x, name='minus'), name='y')"
AFTER = "x = tf.placeholder(tf.float32, [None, 4], name='x'); y = tf.exp(tf.square(x, name='power'), name='y')"


def marks(bundle: dict) -> dict[str, str]:
    return {node["name"]: kind for node in bundle[GRAPH_MIME]["nodes"] for kind in node.get("classes", ())
            if kind in ("new", "gone", "changed")}


def test_two_graphs(shell: Shell) -> None:
    shell.ok(f"old = tf.Graph()\nwith old.as_default():\n    {BEFORE}\n")
    shell.ok(f"later = tf.Graph()\nwith later.as_default():\n    {AFTER}\n    z = tf.identity(x, name='same')\n")
    (bundle,) = shell.ok("%graph --diff old later").bundles
    assert marks(bundle) == {"x": "changed", "minus": "gone", "power": "new", "y": "changed", "same": "new"}
    text = bundle["text/plain"]
    assert "− minus" in text and "+ power" in text and "~ x" in text
    assert "shape" in text and "(?, 4)" in text
    assert "~ y" in picture_of(bundle)


def test_two_cells_match_by_what_the_user_called_the_nodes(shell: Shell) -> None:
    shell.ok("with tf.name_scope('net'):\n    a = tf.constant([1., 2.], name='a'); b = tf.exp(a, name='b')")
    first = shell.ip.execution_count - 1
    shell.ok("with tf.name_scope('net'):\n    a = tf.constant([1., 5.], name='a'); c = tf.exp(a, name='b') + 1.")
    (bundle,) = shell.ok(f"%graph --diff In[{first}] In[{first + 1}] --depth 2 --all").bundles
    found = marks(bundle)
    assert found["net_1/a"] == "changed" and found["net_1/add"] == "new" and "gone" not in found.values()
    assert "net_1/b" not in found
    assert "[1.0, 2.0] → [1.0, 5.0]" in bundle["text/plain"]


def test_two_expressions_that_agree_have_no_marks(shell: Shell) -> None:
    shell.ok(BEFORE)
    assert marks(shell.ok("%graph --diff y y").bundles[0]) == {}


def test_a_folded_scope_counts_what_differs_inside(shell: Shell) -> None:
    for name, extra in (("old", ""), ("later", "; tf.identity(b, name='c'); tf.identity(b, name='d')")):
        shell.ok(f"{name} = tf.Graph()\nwith {name}.as_default(), tf.name_scope('net'):\n"
                 f"    b = tf.exp(tf.placeholder(tf.float32, [2]), name='b'){extra}")
    (bundle,) = shell.ok("%graph --diff old later --depth 0").bundles
    assert "~ net" in bundle["text/plain"] and "+ 2" in bundle["text/plain"]


@pytest.mark.parametrize(("line", "message"), [
    ("%graph --diff y", "compares two things"),
    ("%graph --diff y 3", "no part of a graph"),
    ("%graph --diff y In[99]", "made no nodes"),
])
def test_what_cannot_be_compared_is_said(shell: Shell, line: str, message: str) -> None:
    shell.ok(BEFORE)
    done = shell.run(line)
    assert done.error is not None and message in str(done.error)
