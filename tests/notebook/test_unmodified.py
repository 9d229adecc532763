"""A TensorFlow 1 notebook as somebody brings it: it knows nothing of tfmagic, and runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from shells import notebook_of

from tfmagic.notebook.command import execute

CELLS = {
    "installs TensorFlow": "!pip install --quiet 'tensorflow>=1.14,<2'",
    "imports it": "import tensorflow as tf",
    "asks for the version": "tf.VERSION, tf.__version__",
    "a figure": "from IPython import display\ndisplay.Image('figures/plan.png')",
    "a text": "# Ein Gruß\ngruss = tf.constant('moin')",
    "its repr": "print(gruss)",
    "a session": "s = tf.Session()",
    "the session's repr": "print(s)",
    "the text's value": "print(s.run(gruss))",
    "a sum": "links, rechts = tf.constant(17), tf.constant(25)\nsumme = links + rechts\nprint(summe)",
    "the sum's value": "with tf.compat.v1.Session() as zweite:\n    print('\\nSumme: %f' % zweite.run(summe))",
    "unseeded": ("n = tf.random_normal([5], -4.0)\nu = tf.random_uniform([5], 8.0, 9.0)\n"
                 "d = tf.subtract(n, u)\nprint(d)"),
    "unseeded values": "with tf.Session() as s:\n    werte = s.run([n, u, d]), s.run([n, u, d])\nprint(werte)",
    "an old name": "# geteilt\nteil = tf.div(summe, 4)",
    "the old name again": "rest = tf.div(teil, 3)",
    "imports it again": "import tensorflow as tf",
    "a variable": ("v = tf.Variable(tf.zeros([3]))\n\nwith tf.Session() as s:\n \n"
                   "    s.run(tf.global_variables_initializer())\n    print('vorher:\\n', s.run(v))\n"
                   "    v = v.assign(v - tf.ones([3]))\n    print('nachher:\\n', s.run(v))"),
    "placeholders": ("p = tf.placeholder(tf.int64, shape=(2,2))\nq = tf.matmul(p, p)\n"
                     "with tf.Session() as s:\n    print(s.run(q, feed_dict={p: [[0, 1], [1, 1]]}))"),
}
PRINTED = {
    "its repr": 'Tensor("Const:0", shape=(), dtype=string)\n',
    "the text's value": "b'moin'\n",
    "a sum": 'Tensor("add:0", shape=(), dtype=int32)\n',
    "the sum's value": "\nSumme: 42.000000\n",
    "unseeded": 'Tensor("Sub:0", shape=(5,), dtype=float32)\n',
    "a variable": "vorher:\n [0. 0. 0.]\nnachher:\n [-1. -1. -1.]\n",
    "placeholders": "[[1 1]\n [1 2]]\n",
}
SILENT = ["imports it", "a text", "a session", "the old name again", "imports it again"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each cell as executed, by what it is."""
    folder: Path = tmp_path_factory.mktemp("brought")
    (folder / "figures").mkdir()
    Image.new("RGB", (8, 6), "teal").save(folder / "figures" / "plan.png")
    outcome = execute.run_notebook(notebook_of(*CELLS.values()), folder)
    assert not outcome.error, outcome.error
    return dict(zip(CELLS, outcome.notebook.cells, strict=True))


def stream(cell: Any, name: str) -> str:
    return "".join(output.text for output in cell.outputs if output.get("name") == name)


@pytest.mark.parametrize("what", PRINTED)
def test_a_cell_prints_what_tensorflow_prints(run: dict[str, Any], what: str) -> None:
    assert stream(run[what], "stdout") == PRINTED[what]
    assert stream(run[what], "stderr") == ""


@pytest.mark.parametrize("what", SILENT)
def test_a_cell_that_shows_nothing_stays_silent(run: dict[str, Any], what: str) -> None:
    assert run[what].outputs == []


def test_the_cells_are_counted_as_they_stand(run: dict[str, Any]) -> None:
    assert [cell.execution_count for cell in run.values()] == list(range(1, len(CELLS) + 1))


def test_the_install_line_installs_nothing_and_says_so_in_one_line(run: dict[str, Any]) -> None:
    (output,) = run["installs TensorFlow"].outputs
    assert output.name == "stderr" and output.text.count("\n") == 1 and "tensorflow>=1.14,<2" in output.text


def test_the_version_is_the_last_of_tensorflow_1(run: dict[str, Any]) -> None:
    (output,) = run["asks for the version"].outputs
    assert re.fullmatch(r"\('(1\.15\.\d)', '\1'\)", output.data["text/plain"])


def test_a_figure_beside_the_notebook_is_shown(run: dict[str, Any]) -> None:
    (output,) = run["a figure"].outputs
    assert output.output_type == "execute_result" and "image/png" in output.data


def test_a_session_has_tensorflows_repr(run: dict[str, Any]) -> None:
    assert re.fullmatch(r"<tensorflow\.python\.client\.session\.Session object at 0x[0-9a-f]+>\n",
                        stream(run["the session's repr"], "stdout"))


def test_unseeded_tensors_are_drawn_anew_in_each_run(run: dict[str, Any]) -> None:
    values = re.findall(r"-?\d+\.\d*(?:e-?\d+)?", stream(run["unseeded values"], "stdout"))
    first, second = np.array(values, float).reshape(2, 3, 5)
    assert not np.any(first == second)
    for normal, uniform, difference in (first, second):
        np.testing.assert_allclose(normal - uniform, difference, rtol=1e-5)
        assert np.all((uniform >= 8) & (uniform < 9)) and np.all(abs(normal + 4) < 10)


def test_a_deprecated_function_warns_once_with_the_cell_and_line(run: dict[str, Any]) -> None:
    number = list(CELLS).index("an old name") + 1
    assert re.fullmatch(rf"WARNING:tensorflow:From <ipython-input-{number}-[0-9a-f]{{12}}>:2: div \(from "
                        r"tensorflow\.python\.ops\.math_ops\) is deprecated and will be removed in a future version\.\n"
                        r"Instructions for updating:\nDeprecated in favor of operator or tf\.math\.divide\.\n",
                        stream(run["an old name"], "stderr"))
