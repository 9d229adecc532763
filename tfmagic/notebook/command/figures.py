"""The figures that the course notebook shows as `imagens/*.png`: tensors as blocks, and live graphs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfmagic import view
from tfmagic.graph import context
from tfmagic.graph.graph import Graph
from tfmagic.notebook.shell import free_names
from tfmagic.view.escape import visible, xml
from tfmagic.view.paint.engine import run_engine

_FONT = "Helvetica"
_CELL, _MARKED = "#e7f0fd", "#fdf0df"


def write_all(folder: Path) -> list[Path]:
    """Draw every figure.

    Args:
      folder: where the PNG files go; it is made where missing.

    Returns:
      The files written.

    Raises:
      EngineError: there is no layout engine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, draw in FIGURES.items():
        path = folder / f"{name}.png"
        path.write_bytes(draw())
        written.append(path)
    return written


# --- tensors ------------------------------------------------------------------------------------------------------

def _png(body: str) -> bytes:
    """A PNG of DOT statements."""
    return run_engine('digraph{graph[dpi=110,bgcolor="#ffffff",nodesep=0.5,ranksep=0.3,rankdir=LR,'
                      f'fontname="{_FONT}"];node[shape=plaintext,fontname="{_FONT}",fontsize=14];'
                      f'edge[style=invis];{body}}}', "png")


def _table(matrix: Any, caption: str, marked: Callable[[int, int], bool] = lambda row, column: False) -> str:
    """A matrix as an HTML-like Graphviz label with a caption under it."""
    rows = np.atleast_2d(np.asarray(matrix))
    body = "".join("<tr>" + "".join(f'<td bgcolor="{_MARKED if marked(i, j) else _CELL}">{xml(visible(item))}</td>'
                                    for j, item in enumerate(row)) + "</tr>" for i, row in enumerate(rows))
    return (f'<<table border="0" cellspacing="2"><tr><td><table border="0" cellborder="1" cellspacing="0" '
            f'cellpadding="8">{body}</table></td></tr><tr><td><font point-size="11">{xml(caption)}</font></td></tr>'
            '</table>>')


def _row(labels: list[str]) -> bytes:
    """Labels side by side."""
    nodes = "".join(f"n{i}[label={label}];" for i, label in enumerate(labels))
    return _png(nodes + "->".join(f"n{i}" for i in range(len(labels))) + ";")


def _ranks() -> bytes:
    return _row([_table(7, "escalar, forma ()"), _table([1, 2, 3], "vetor, forma (3,)"),
                 _table(np.arange(1, 10).reshape(3, 3), "matriz, forma (3, 3)")])


def _stack() -> bytes:
    cube = np.arange(27).reshape(3, 3, 3)
    return _row([_table(cube[i], f"x[{i}], forma (3, 3)") for i in range(3)]
                + ['<<font point-size="12">… x[999]<br/>x: forma (1000, 3, 3)</font>>'])


def _numpy_table() -> bytes:
    pairs = [("NumPy", "TensorFlow"), ("np.zeros((2, 2))", "tf.zeros((2, 2))"), ("np.ones((2, 2))", "tf.ones((2, 2))"),
             ("b.sum(axis=1)", "tf.reduce_sum(b, axis=[1])"), ("a.shape", "a.get_shape()"),
             ("a.reshape(1, 4)", "tf.reshape(a, (1, 4))"), ("b * 5 + 1", "b * 5 + 1"),
             ("np.dot(a, b)", "tf.matmul(a, b)"), ("a[0, 0], a[:, 0]", "a[0, 0], a[:, 0]")]
    return _row([_table(pairs, "o mesmo cálculo, nas duas bibliotecas", lambda row, column: row == 0)])


def _product() -> bytes:
    a, b = np.array([[2, 3], [9, 2], [4, 5]]), np.array([[6, 4, 5], [3, 7, 2]])
    return _row([_table(a, "A: (3, 2)", lambda row, column: row == 0), '<<font point-size="20">×</font>>',
                 _table(b, "B: (2, 3)", lambda row, column: column == 0), '<<font point-size="20">=</font>>',
                 _table(a @ b, "A × B: (3, 3)", lambda row, column: row == column == 0)])


# --- graphs -------------------------------------------------------------------------------------------------------

def _graph(build: Callable[[Any], dict[str, Any]], title: str) -> bytes:
    """Build a graph and draw it with the Python names of its parts.

    Args:
      build: makes the nodes with the namespace it is given, and returns them by Python name.
      title: the drawing's title.
    """
    from tfmagic import tf

    graph = Graph()
    with context.default_graph(graph):
        named = build(tf)
    labels = {operation.name: name for operation, name in free_names.names_of(named).items()}
    scene = view.build_scene(graph, title=title, annotations=view.Annotations(labels=labels))
    return run_engine(_dot(scene), "png")


def _dot(scene: view.Scene) -> str:
    from tfmagic.view.paint.dot import to_dot

    return to_dot(scene, resolution=110)


def _sums(tf: Any) -> dict[str, Any]:
    a, b = tf.placeholder(tf.float32, name="a"), tf.placeholder(tf.float32, name="b")
    c = a + b
    d = b + 1
    return {"a": a, "b": b, "c": c, "d": d, "e": c * d}


def _two_devices(tf: Any) -> dict[str, Any]:
    named = {}
    for number, names in enumerate(("abc", "def")):
        with tf.device(f"/gpu:{number}"):
            left = tf.placeholder(tf.float32, [2, 2], name=names[0])
            right = tf.placeholder(tf.float32, [2, 2], name=names[1])
            named.update({names[0]: left, names[1]: right, names[2]: tf.matmul(left, right, name=names[2])})
    with tf.device("/cpu:0"):
        named["g"] = tf.add(named["c"], named["f"], name="g")
    return named


def _layer(tf: Any) -> dict[str, Any]:
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    weights = tf.Variable(tf.random_uniform([784, 100], -1.0, 1.0), name="W")
    bias = tf.Variable(tf.zeros([100]), name="b")
    return {"x": x, "W": weights, "b": bias, "h": tf.nn.relu(tf.matmul(x, weights) + bias)}


def _network(tf: Any) -> dict[str, Any]:
    named = _layer(tf)
    labels = tf.placeholder(tf.float32, [None, 100], name="y")
    named["y"] = labels
    named["C"] = tf.reduce_mean(tf.square(named["h"] - labels), name="custo")
    return named


FIGURES: dict[str, Callable[[], bytes]] = {
    "tensor1": _ranks,
    "tensor2": _stack,
    "tf_numpy": _numpy_table,
    "grafo1": lambda: _graph(_sums, "e = (a + b) * (b + 1)"),
    "grafo2": lambda: _graph(_two_devices, "Dois produtos em dois dispositivos"),
    "grafo3": lambda: _graph(_network, "C = custo(ReLU(xW + b))"),
    "grafo4": lambda: _graph(_layer, "h = ReLU(xW + b)"),
    "matrizes": _product,
}
