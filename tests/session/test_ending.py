"""Programs that end while their threads still compute: they end as they mean to, and say nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

QUEUE = """
queue = tf.FIFOQueue(100, tf.float32, [[64, 64]])
x = tf.random_normal([64, 64])
tf.train.add_queue_runner(tf.train.QueueRunner(queue, [queue.enqueue(tf.matmul(x, x))] * 4))
value = queue.dequeue()
"""
PREFETCHED = """
data = tf.data.Dataset.from_tensor_slices(tf.ones([1000, 64, 64])).map(lambda x: tf.matmul(x, x), 4)
value = data.repeat().batch(10).prefetch(2).make_one_shot_iterator().get_next()
"""


@pytest.mark.parametrize("program", [QUEUE, PREFETCHED])
def test_threads_are_out_of_torch_before_python_ends(program: str) -> None:
    code = ("import sys\nfrom tfmagic import tf\ntf.logging.set_verbosity(tf.logging.ERROR)\n" + program
            + "sess = tf.Session()\ntf.train.start_queue_runners(sess, tf.train.Coordinator())\n"
              "for _ in range(100):\n    sess.run(value)\nprint('the last line')\nsys.exit(3)\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (3, "the last line\n", "")
