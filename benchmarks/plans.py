"""Plan making: how long a session takes from a training graph to code that runs, by the number of nodes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

SIZES = (300, 1000, 3000, 10000, 30000, 100000)
# Seconds that a graph of 3,000 nodes may take, and how much longer a node of the largest may take than one of those.
MOST, FACTOR = 0.5, 2.0
_WIDTH, _PER_LAYER, _REST = 16, 45, 42


def training_graph(tf, nodes):
    """A chain of dense layers with Adam: so many nodes, more or less.

    Returns:
      What is fetched, and the feeds.
    """
    import numpy as np

    x = tf.placeholder(tf.float32, [None, _WIDTH])
    hidden = x
    for layer in range(max(-(-(nodes - _REST) // _PER_LAYER), 1)):
        hidden = tf.layers.dense(hidden, _WIDTH, tf.nn.relu, name=f"dense{layer}")
    loss = tf.reduce_mean(tf.square(hidden))
    return [tf.train.AdamOptimizer().minimize(loss), loss], {x: np.zeros([4, _WIDTH], np.float32)}


def seconds_of(tf, nodes):
    """How many nodes there are, and the processor's seconds that the plan of a training step takes."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        fetches, feeds = training_graph(tf, nodes)
        call, given = session._prepare(fetches, feeds)
        values = [convert(value) for convert, value in zip(call.converters, given.values())]
        start = time.process_time()
        call.runner(values)
        return len(graph.get_operations()), time.process_time() - start


def measure(repeats):
    """One row for each size: nodes and seconds, each the median of some new processes."""
    rows = []
    for size in SIZES:
        turns = [_in_a_process(size) for _ in range(repeats if size <= 10000 else 1)]
        rows.append({"nodes": turns[0][0], "seconds": statistics.median(seconds for _, seconds in turns)})
        yield rows[-1]


def verdicts(rows):
    """What must hold, and whether it does."""
    by_size = dict(zip(SIZES, rows))
    middle, largest = by_size[3000], by_size[100000]
    factor = largest["seconds"] / largest["nodes"] / (middle["seconds"] / middle["nodes"])
    return [(f"{middle['nodes']:,} nodes within {MOST} s", middle["seconds"] <= MOST),
            (f"a node of {largest['nodes']:,} at most {FACTOR:g} times one of {middle['nodes']:,}: {factor:.2f}",
             factor <= FACTOR)]


def _in_a_process(size):
    """A process of its own: what other graphs left behind in memory does not count."""
    done = subprocess.run([sys.executable, "-m", "benchmarks.plans", str(size)], capture_output=True, text=True,
                          check=True, cwd=Path(__file__).parents[1])
    nodes, seconds = done.stdout.split()
    return int(nodes), float(seconds)


def main():
    from tfmagic import tf

    tf.logging.set_verbosity(tf.logging.ERROR)
    seconds_of(tf, 300)  # imports torch
    print(*seconds_of(tf, int(sys.argv[1])))


if __name__ == "__main__":
    main()
