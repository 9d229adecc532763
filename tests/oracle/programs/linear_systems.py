"""Systems of equations with three diagonals."""

from __future__ import division

import numpy as np

from . import Case, program

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
