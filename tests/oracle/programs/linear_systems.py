"""Systems of equations with three diagonals."""

from __future__ import division

import numpy as np

from . import Case, program
from .testing import answers

THREE = np.array([[1, 2, 3, 0], [9, 8, 7, 6], [0, 2, 1, 3]], "float32")
RIGHT = (np.arange(8).reshape(4, 2) - 3).astype("float32")
WHOLE = np.array([[9, 1, 0, 0], [2, 8, 2, 0], [0, 1, 7, 3], [0, 0, 3, 6]], "float32")


@program
def linalg_tridiagonal_solve(tf):
    three, right = tf.placeholder(tf.float32, [3, 4], name="three"), tf.placeholder(tf.float32, [4, 2], name="right")
    whole = tf.placeholder(tf.float32, [4, 4], name="whole")
    solve = tf.linalg.tridiagonal_solve
    parts = (three[0, :-1], three[1], three[2, 1:])
    out = [solve(three, right), solve(three, right[:, 0]), solve(parts, right, diagonals_format="sequence"),
           solve((three[0], three[1], three[2]), right, "sequence", name="x"),
           solve(whole, right, diagonals_format="matrix"), solve(three, tf.transpose(right), transpose_rhs=True),
           solve(tf.complex(three, three / 2), tf.complex(right, right), conjugate_rhs=True),
           solve(tf.stack([whole, whole + 1]), tf.stack([right, -right]), diagonals_format="matrix")]
    return Case(steps=[(out, {three: THREE, right: RIGHT, whole: WHOLE})])


@program
def linalg_tridiagonal_matmul(tf):
    three, right = tf.placeholder(tf.float32, [3, 4], name="three"), tf.placeholder(tf.float32, [4, 2], name="right")
    whole = tf.placeholder(tf.float32, [4, 4], name="whole")
    product = tf.linalg.tridiagonal_matmul
    out = [product(three, right), product((three[0], three[1], three[2]), right, diagonals_format="sequence"),
           product(whole, right, diagonals_format="matrix", name="y")]
    out += tf.gradients(out[0] ** 2, [three, right])
    return Case(steps=[(out, {three: THREE, right: RIGHT, whole: WHOLE})])


@program
def linalg_tridiagonal_pivots(tf):
    """Pivots that are zero: lines are exchanged, or the system is refused."""
    three, right = tf.placeholder(tf.float64, name="three"), tf.placeholder(tf.float64, name="right")
    ways = [tf.raw_ops.TridiagonalSolve(diagonals=three, rhs=right, partial_pivoting=exchanges)
            for exchanges in (True, False)]
    wide = np.array([[[1, 2, 3, 4, np.nan], [9, 8, 7, 6, 5], [np.inf, 2, 1, 3, 1]]] * 2)
    zero_first, zero_later, no_last, small_first = (wide.copy() for _ in range(4))
    zero_first[1, 1, 0], zero_later[0, 1, 1], small_first[:, 1] = 0, 2 / 9., [0.5, 1, 1, 0.25, 2]
    no_last[1, 1:, 4] = 0
    sides = np.arange(30.0).reshape(2, 5, 3) - 7
    feeds = [{three: given, right: sides} for given in (wide, small_first, zero_first, zero_later, no_last)]
    feeds += [{three: [[1.0], [0], [1]], right: [[2.0]]}, {three: wide[:, :2], right: sides}]
    with tf.Session() as sess:
        said = answers(tf, [lambda way=way, feed=feed: sess.run(way, feed) for feed in feeds for way in ways])
    return Case(steps=[(ways, feeds[0]), (ways, feeds[1]), (ways[0], feeds[2])], facts={"said": said})
