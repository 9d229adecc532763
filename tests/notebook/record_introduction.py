"""Records what TensorFlow 1.15 prints for the cells of the introduction, in both languages, as introduction.json.

    python tests/notebook/record_introduction.py

is run by a Python that has TensorFlow 1.15 (2.7 will do). Magics are left out; the rest of a cell runs as it stands.
"""

from __future__ import division, print_function, unicode_literals

import io
import json
import os
import re
import subprocess
import sys
import warnings
from collections import OrderedDict

HERE = os.path.dirname(os.path.abspath(__file__))
NOTEBOOKS = os.path.join(os.path.dirname(os.path.dirname(HERE)), "notebooks")
CHAPTERS = ("en/introduction.ipynb", "pt/introducao.ipynb")


class Streams(object):
    """What a cell prints and what is logged meanwhile."""

    def __init__(self):
        self.stdout = self.stderr = ""

    def print(self, *things, **options):
        """Python 3's `print`, where a session's bytes carry a `b` under Python 2 too."""
        texts = ["b" + repr(thing).lstrip("b") if isinstance(thing, bytes) else "{}".format(thing) for thing in things]
        self.stdout += options.get("sep", " ").join(texts) + "\n"

    def write(self, text):
        """A part of a log line."""
        self.stderr += text

    def flush(self):
        """Nothing is held back."""

    def close(self):
        """The log closes its stream when the process ends."""


def plain(source):
    """A cell's Python code without its magics, or "" for a cell that is not TensorFlow's."""
    first = source.split("\n")[0]
    if first.startswith(("!", "import sys")) or " --free" in first:
        return ""
    lines = [line if not line.startswith("%") else "#" + line for line in source.split("\n")]
    if first.startswith("%%graph --new") or first == "%tf_reset":
        lines[0] = "tf.reset_default_graph()"
    return "\n".join(lines)


def run(notebook, streams):
    """What each cell of a notebook prints, by the cell's id; cells that print nothing are left out."""
    flags = division.compiler_flag | print_function.compiler_flag | unicode_literals.compiler_flag
    printed = OrderedDict()
    names = {"print": streams.print}
    for number, cell in enumerate((c for c in notebook["cells"] if c["cell_type"] == "code"), 1):
        streams.stdout = streams.stderr = ""
        exec(compile(plain("".join(cell["source"])), "<ipython-input-{}>".format(number), "exec", flags), names)
        found = [(name, re.sub("0x[0-9a-f]+", "0x", getattr(streams, name))) for name in ("stderr", "stdout")]
        if any(text for _, text in found):
            printed[cell["id"]] = OrderedDict((name, text) for name, text in found if text)
    return printed


def chapter_record(chapter):
    """What one chapter prints, and what printed it. TensorFlow warns once in a process, so each chapter has its own."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    warnings.simplefilter("ignore")
    streams = sys.stderr = Streams()  # before TensorFlow's logger takes hold of it
    import tensorflow as tf

    if not tf.__version__.startswith("1.15."):
        raise SystemExit("the oracle is TensorFlow 1.15, this is " + tf.__version__)
    with io.open(os.path.join(NOTEBOOKS, chapter), encoding="utf-8") as file:
        printed = run(json.load(file), streams)
    return OrderedDict([("recorded_from", "TensorFlow {}, Python {}".format(tf.__version__, sys.version.split()[0])),
                        ("cells", printed)])


def main():
    if sys.argv[1:]:
        print(json.dumps(chapter_record(sys.argv[1])))
        return
    record = OrderedDict()
    for chapter in CHAPTERS:
        printed = subprocess.check_output([sys.executable, os.path.abspath(__file__), chapter])
        record[chapter] = json.loads(printed.decode("ascii"), object_pairs_hook=OrderedDict)
    with io.open(os.path.join(HERE, "introduction.json"), "w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(record, indent=1, ensure_ascii=False, separators=(",", ": ")) + "\n")


if __name__ == "__main__":
    main()
