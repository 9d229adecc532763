"""What `%%session --watch` costs a training step of a small network: both in one process, in turns.

    python -m benchmarks.watching
"""

from __future__ import annotations

import json
import statistics
import time

PROGRAM = """
import numpy as np
from tfmagic import tf
numbers = np.random.RandomState(0)
X, Y = numbers.rand(64, 784).astype("f"), numbers.randint(0, 10, 64)
x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.int64, [None])
logits = tf.layers.dense(tf.layers.dense(x, 128, tf.nn.relu), 10)
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), y), tf.float32))
train = tf.train.AdamOptimizer().minimize(loss)
"""
LOOP = "for step in range({steps}):\n    sess.run([train, loss], {{x: X, y: Y}})"


def measure(steps: int = 4000, rounds: int = 5) -> dict[str, float]:
    """Processor seconds of a step without and with `--watch loss,accuracy`, and the median of their ratios."""
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    shell.kernel = None  # type: ignore[attr-defined]  # as in a notebook, where the picture is drawn anew
    loop = LOOP.format(steps=steps)
    plain, watched = [], []
    with capture_output():
        shell.run_line_magic("load_ext", "tfmagic")
        shell.run_cell(PROGRAM).raise_error()
        shell.run_cell("%%session sess --init\n" + LOOP.format(steps=200)).raise_error()
        for _ in range(rounds):
            for header, times in (("%%session sess\n", plain), ("%%session sess --watch loss,accuracy\n", watched)):
                start = time.process_time()
                shell.run_cell(header + loop).raise_error()
                times.append((time.process_time() - start) / steps)
    return {"step": statistics.median(plain), "watched": statistics.median(watched),
            "ratio": statistics.median(b / a for a, b in zip(plain, watched))}


if __name__ == "__main__":
    print(json.dumps(measure()))
