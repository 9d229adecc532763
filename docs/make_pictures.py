"""Makes the pictures of the README and the docs: cells are run as in a notebook, and what they show is painted.

    python docs/make_pictures.py [FOLDER]
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output

from tfmagic.view import theme
from tfmagic.view.escape import xml
from tfmagic.view.paint.bundle import picture_of
from tfmagic.view.paint.metrics import text_width

MARGIN, GAP = 16, 10
CODE, CODE_LINE, CODE_PAD = 12, 18, 12  # font size, line height and padding of code
HEADING = 42

_SIZE = re.compile(r'width="(\d+)" height="(\d+)" viewBox')
_ROOT = re.compile(r'^<svg xmlns="[^"]*"|style="max-width:100%;height:auto"')
_DARK = re.compile(r"@media\(prefers-color-scheme:dark\)\{([^{}]*\{[^{}]*\})\}")
_TOKENS = re.compile(r"(?P<magic>^%%?\w+|--[\w-]+)|(?P<string>\"[^\"]*\")|(?P<word>\b(?:None|with|as|import)\b)"
                     r"|(?P<number>(?<![\w.])(?:\d+\.?\d*|\.\d+))")
_RULES = {
    "page": "fill:var(--bg);stroke:none",
    "card": "fill:var(--box);stroke:var(--box-line)",
    "rule": "stroke:var(--box-line);stroke-opacity:.45",
    "head": "font-size:15px;font-weight:600;fill:var(--fg)",
    "say": "font-size:12px;fill:var(--muted)",
    "code": f"font-family:{theme.MONO};font-size:{CODE}px;fill:var(--fg);white-space:pre",
    "magic": "fill:var(--accent)",
    "string": "fill:var(--value)",
    "word": "fill:var(--scope-line)",
    "number": "fill:var(--ph-line)",
}


class Notebook:
    """A notebook without a front end: runs cells and keeps what they give."""

    def __init__(self) -> None:
        InteractiveShell.clear_instance()
        self.shell = InteractiveShell.instance()
        self.shell.run_line_magic("load_ext", "tfmagic")
        self.run("from tfmagic import tf\ntf.reset_default_graph()", counted=False)
        self.cells: list[tuple[str, str]] = []

    def capture(self, code: str) -> CapturedIO:
        """Run a cell; gives all that it shows."""
        with capture_output() as captured:
            self.done = self.shell.run_cell(code, store_history=False)
        self.done.raise_error()
        return captured

    def run(self, code: str, counted: bool = True) -> str:
        """Run a cell; gives its picture (SVG) where it draws one, else the repr of its last expression."""
        captured = self.capture(code)
        result = self.done.result
        shown = [svg for output in captured.outputs if (svg := picture_of(output.data))]
        result = shown[0] if shown else "" if result is None else repr(result)
        if counted:
            self.cells.append((code, "" if shown else result))
        return result


def placed(picture: str, x: int, y: int) -> str:
    """A picture as a part of another one, with its top left corner at (x, y)."""
    start = f'<svg x="{x}" y="{y}" overflow="visible"'
    return _ROOT.sub(lambda found: start if found[0].startswith("<svg") else "", picture)


def size(picture: str) -> tuple[int, int]:
    """The width and height of a picture."""
    found = _SIZE.search(picture)
    assert found
    return int(found[1]), int(found[2])


def coloured(line: str) -> str:
    """A line of code as markup, its tokens told apart."""
    parts, end = [], 0
    for found in _TOKENS.finditer(line):
        parts.append(f'{xml(line[end:found.start()])}<tspan class="{found.lastgroup}">{xml(found[0])}</tspan>')
        end = found.end()
    return "".join(parts) + xml(line[end:])


def code_card(label: str, text: str, x: int, y: int, width: int, frame: bool = True) -> tuple[str, int]:
    """A cell's code or output with its label above it; gives the markup and where it ends."""
    lines = text.split("\n")
    height = len(lines) * CODE_LINE + (2 * CODE_PAD - 4 if frame else 0)
    parts = [f'<text class="say" x="{x + 2}" y="{y + 12}">{label}</text>']
    top = y + 20
    if frame:
        parts.append(f'<rect class="card" x="{x}" y="{top}" width="{width}" height="{height}" rx="8"/>')
    first = top + (CODE_PAD if frame else 0) + 11
    parts += [f'<text class="code" xml:space="preserve" x="{x + CODE_PAD}" y="{first + i * CODE_LINE}">'
              f"{coloured(line) if frame else xml(line)}</text>" for i, line in enumerate(lines)]
    return "".join(parts), top + height


def page(title: str, description: str, body: str, width: int, height: int) -> str:
    """The whole picture with its style, light or dark as its reader is."""
    body = f'<rect class="page" width="{width}" height="{height}" rx="10"/>{body}'
    rules = "".join(f"#page .{name}{{{rule}}}" for name, rule in _RULES.items() if f'class="{name}"' in body)
    style = f"{theme.themed('#page', rules, notebook=False)}#page{{font-family:{theme.SANS}}}{rules}"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" id="page" role="img" aria-labelledby="page-t page-d" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
            f'<title id="page-t">{xml(title)}</title><desc id="page-d">{xml(description)}</desc><style>{style}</style>'
            f"{body}</svg>\n")


def column(number: int, title: str, words: str, x: int) -> str:
    """A column's heading."""
    return (f'<text class="head" x="{x}" y="{MARGIN + 14}">{number} {xml(title)}</text>'
            f'<text class="say" x="{x + 17}" y="{MARGIN + 32}">{xml(words)}</text>')


def first_graph() -> str:
    """Three cells of a layer, the graph that they build, and the values of its run."""
    notebook = Notebook()
    graph = notebook.run("%%graph --free\n"
                         "x = tf.placeholder(tf.float32, [None, 2])\n"
                         "W = tf.Variable([[1., -1.], [0., 2.]])\n"
                         "b = tf.Variable([.5, -4.])\n"
                         "z = tf.matmul(x, W) + b\n"
                         "h = tf.nn.relu(z)")
    notebook.run("sess = tf.InteractiveSession()\n"
                 "tf.global_variables_initializer().run()\n"
                 "h.eval({x: [[1., 2.]]})")
    values = notebook.run("%graph h --fetch z,h --feed x=[[1,2]]")
    code_width = round(max(text_width(line, CODE, monospace=True) for code, _ in notebook.cells
                           for line in code.split("\n"))) + 2 * CODE_PAD
    left, top = MARGIN, MARGIN + HEADING + 6
    parts = [column(1, "Write TensorFlow 1", "in any Jupyter notebook", left)]
    y = top
    for number, (code, result) in enumerate(notebook.cells, 1):
        markup, y = code_card(f"In [{number}]", code, left, y, code_width)
        parts.append(markup)
        if result:
            markup, y = code_card(f"Out [{number}]", result, left, y + 8, code_width, frame=False)
            parts.append(markup)
        y += 14
    bottom, x = y, left + code_width + GAP
    for number, picture, title, words in ((2, graph, "See the graph", "cell 1 draws it"),
                                          (3, values, "Run it on PyTorch", "cell 3 draws the run")):
        width, height = size(picture)
        parts.append(f'<path class="rule" d="M{x} {MARGIN}V@"/>{column(number, title, words, x + 14)}'
                     f"{placed(picture, x + 1, top)}")
        bottom, x = max(bottom, top + height), x + width
    body = "".join(parts).replace("V@", f"V{bottom}")
    return page("A cell, the graph that it built, and the values of a run",
                "Left: three notebook cells define h = ReLU(xW + b), run it in a session and get [[1.5, 0]]. Middle: "
                "the dataflow graph of the first cell with shapes and types on its edges. Right: the same graph with "
                "the values of the run.", body, x + 2, bottom + MARGIN - 4)


def network() -> str:
    """A network with its loss and training, drawn as a dark notebook shows it."""
    notebook = Notebook()
    drawn = notebook.run("%%graph --free --title 'A network, its loss and its training'\n"
                         "x = tf.placeholder(tf.float32, [None, 784])\n"
                         "y = tf.placeholder(tf.float32, [None, 10])\n"
                         "W1 = tf.Variable(tf.random_normal([784, 100], stddev=.1))\n"
                         "b1 = tf.Variable(tf.zeros([100]))\n"
                         "h = tf.nn.relu(tf.matmul(x, W1) + b1)\n"
                         "W2 = tf.Variable(tf.random_normal([100, 10], stddev=.1))\n"
                         "b2 = tf.Variable(tf.zeros([10]))\n"
                         "with tf.name_scope('out'):\n"
                         "    logits = tf.matmul(h, W2) + b2\n"
                         "each = tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits)\n"
                         "loss = tf.reduce_mean(each)\n"
                         "train = tf.train.AdamOptimizer().minimize(loss)")
    return _DARK.sub(r"\1", drawn) + "\n"


def tensor_blocks() -> str:
    """Tensors of rank 0 to 4 and a product of two matrices, each as `%tensor` draws it."""
    notebook = Notebook()
    notebook.run("import numpy as np\nA, B = [[4, 1, 2], [0, 3, 5]], [[2, 3], [7, 6], [5, 5]]")
    rows = [[notebook.run(f"%tensor {value}") for value in values] for values in (
        ("7", "[1, 2, 3]", "np.eye(3)", "np.arange(24).reshape(2, 3, 4)"),
        ("tf.matmul(A, B)", "np.arange(24).reshape(2, 3, 2, 2)"))]
    parts, y, widest = [], MARGIN, 0
    for row in rows:
        sizes = [size(picture) for picture in row]
        tallest, x = max(height for _, height in sizes), MARGIN
        for picture, (width, height) in zip(row, sizes, strict=True):
            parts.append(placed(picture, x, y + tallest - height))
            x += width + GAP
        widest, y = max(widest, x), y + tallest + GAP
    return page("Tensors as blocks", "A scalar, a vector, a matrix, tensors of rank 3 and 4, and a product of two "
                "matrices with the row and the column that make its first element marked.", "".join(parts), widest, y)


PICTURES: dict[str, Callable[[], str]] = {
    "first-graph.svg": first_graph,
    "network-dark.svg": network,
    "tensor-blocks.svg": tensor_blocks,
}


def main() -> None:
    """Write every picture into a folder (this file's own by default)."""
    os.environ["TFMAGIC_LANG"] = "en"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for name, make in PICTURES.items():
        picture = make()
        (folder / name).write_text(picture, "utf-8")
        print(f"{folder / name}: {len(picture.encode()) / 1024:.1f} KB")


if __name__ == "__main__":
    main()
