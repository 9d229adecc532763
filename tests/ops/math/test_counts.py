"""How many values fall into which bin of a histogram."""

import numpy as np

from tfmagic import tf


def test_values_outside_count_in_the_outermost_bins() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None])
        counts = tf.histogram_fixed_width(x, [0.0, 1.0], 4)
        assert sess.run(counts, {x: [-5, 0, 0.2, 0.25, 0.9, 1, 7]}).tolist() == [3, 1, 0, 3]
        assert sess.run(counts, {x: []}).tolist() == [0, 0, 0, 0]
        many = np.random.RandomState(0).rand(5000).astype(np.float32)
        assert sess.run(counts, {x: many}).tolist() == np.bincount((many * 4).astype(int)).tolist()
