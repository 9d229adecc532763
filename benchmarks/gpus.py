"""What is timed on a GPU, against eager PyTorch on the same one. Read by the peer's interpreter, like programs.py."""

import numpy as np

from benchmarks.programs import on_device, session, started

# program, what it is, how many times faster than eager PyTorch it must be
ROWS = (
    ("short_chain", "100 small operations in a chain", 3.0),
    ("mlp_step", "MLP 784-100-10, Adam, batch 64", 1.5),
    ("cnn_step", "CNN 28 x 28, batch 32", 1.0),
    ("lstm_step", "LSTM 28 x 28, 64 units, batch 32", 1.0),
    ("large_feed", "64 MB fed and summed", 1.0),
)
_TURNS = 25


def short_chain(tf, threads):
    """A chain of 100 operations of several kinds on 1,000 fed numbers: all time goes into starting them."""
    x = tf.placeholder(tf.float32, [1000])
    y = x
    for _ in range(_TURNS):
        y = tf.tanh(y * 0.5 + x) - x
    sess = session(tf, threads)
    feed = {x: np.ones(1000, np.float32)}
    return (lambda: sess.run(y, feed_dict=feed)), 1


def short_chain_torch(torch, threads):
    """The same in eager PyTorch."""
    started(torch, threads)
    array = np.ones(1000, np.float32)

    def step():
        x = y = on_device(torch, array)
        for _ in range(_TURNS):
            y = torch.tanh(y * 0.5 + x) - x
        return y.cpu().numpy()

    return step, 1


def large_feed(tf, threads):
    """A sum over 16 million fed numbers."""
    x = tf.placeholder(tf.float32, [4096, 4096])
    total = tf.reduce_sum(x)
    sess = session(tf, threads)
    feed = {x: np.ones([4096, 4096], np.float32)}
    return (lambda: sess.run(total, feed_dict=feed)), 1


def large_feed_torch(torch, threads):
    """The same in eager PyTorch."""
    started(torch, threads)
    array = np.ones([4096, 4096], np.float32)
    return (lambda: on_device(torch, array).sum().item()), 1


TENSORFLOW = {f.__name__: f for f in (short_chain, large_feed)}
PYTORCH = {"short_chain": short_chain_torch, "large_feed": large_feed_torch}
