"""Times to the first drawing and of drawings by size, each measured in a fresh process."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from typing import Any

from benchmarks.peers import as_for_a_user

FIRST_DRAWING = """
import json, sys, time
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
with capture_output():
    start, processor = time.perf_counter(), time.process_time()
    shell.run_line_magic("load_ext", "tfmagic")
    result = shell.run_cell('''%%graph
import tensorflow as tf
price = tf.placeholder(tf.float32, name="price")
amount = tf.placeholder(tf.float32, name="amount")
cost = price * amount
discount = amount - 1
total = cost - discount''')
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
result.raise_error()
print(json.dumps({"seconds": seconds, "cpu_seconds": processor, "torch": "torch" in sys.modules}))
"""

DRAWING = """
import json, sys, time
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "tfmagic")
shell.run_cell("import tensorflow as tf").raise_error()
cell = '''%%graph
x = tf.placeholder(tf.float32, [None, 8], name="x")
for layer in range({layers}):
    with tf.name_scope("layer"):
        for _ in range({each}):
            x = tf.tanh(x)
'''
times = []
for repeat in range({repeats}):
    shell.run_cell("tf.reset_default_graph()").raise_error()
    building = cell.replace("%%graph\\n", "")
    start = time.perf_counter()
    shell.run_cell(building).raise_error()
    built = time.perf_counter() - start
    shell.run_cell("tf.reset_default_graph()").raise_error()
    with capture_output() as shown:
        start = time.perf_counter()
        result = shell.run_cell(cell)
        times.append(time.perf_counter() - start - built)
    result.raise_error()
bundle = max((output.data for output in shown.outputs), key=lambda data: len(json.dumps(data, default=str)))
sizes = {{kind: len(data if isinstance(data, str) else json.dumps(data, default=str)) for kind,
          data in bundle.items()}}
print(json.dumps({{"seconds": sorted(times)[len(times) // 2], "first": times[0],
                   "bytes": sum(sizes.values()), "sizes": sizes}}))
"""

SIZE = """
import json
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "tfmagic")
shell.run_cell("import tensorflow as tf").raise_error()
with capture_output() as shown:
    result = shell.run_cell({cell!r})
result.raise_error()
bundles = [output.data for output in shown.outputs if any("graph+json" in kind for kind in output.data)]
print(json.dumps(max(len(json.dumps(bundle, ensure_ascii=False).encode()) for bundle in bundles)))
"""


def size(cell: str) -> int:
    """Bytes of the output of a cell that draws, as a notebook holds it."""
    return run(SIZE.format(cell=cell))


def first_drawing(repeats: int) -> dict:
    """Median seconds of `%load_ext tfmagic` and the first `%%graph` cell, and whether torch got imported."""
    results = [run(FIRST_DRAWING) for _ in range(repeats)]
    return {"seconds": statistics.median(r["seconds"] for r in results),
            "cpu_seconds": statistics.median(r["cpu_seconds"] for r in results),
            "torch": any(r["torch"] for r in results)}


def drawing(nodes: int, repeats: int) -> dict:
    """Seconds and bytes of drawing a cell that makes about this many nodes, without the time to build them."""
    each = 29 if nodes <= 30 else 50
    return run(DRAWING.format(layers=max(1, nodes // each), each=each, repeats=repeats))


def run(code: str) -> Any:
    """The JSON that a fresh interpreter prints last."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=as_for_a_user())
    if done.returncode:
        raise RuntimeError(f"The drawing process failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])
