"""tf.linalg.LinearOperatorKronecker."""

from __future__ import division

import numpy as np

from . import Case, program
from .linear_operators import MATRIX, POSITIVE, case, facts, uses
from .refused import refusals

RIGHT = (np.arange(12).reshape(6, 2) - 5).astype("float32") / 2


@program
def linear_operator_kronecker(tf):
    x, matrix = tf.placeholder(tf.float32, [6, 2], name="x"), tf.placeholder(tf.float32, [3, 3], name="matrix")
    operator = tf.linalg.LinearOperatorKronecker([
        tf.linalg.LinearOperatorFullMatrix(matrix), tf.linalg.LinearOperatorDiag([2.0, 0.5], is_non_singular=True)])
    return case(tf, operator, x, tf.ones([6, 6]), {x: RIGHT, matrix: MATRIX})


@program
def linear_operator_kronecker_known(tf):
    x = tf.placeholder(tf.float32, [12, 2], name="x")
    operator = tf.linalg.LinearOperatorKronecker([
        tf.linalg.LinearOperatorDiag([1.0, 2.0], is_self_adjoint=True, is_positive_definite=True),
        tf.linalg.LinearOperatorFullMatrix(POSITIVE, is_self_adjoint=True, is_positive_definite=True),
        tf.linalg.LinearOperatorLowerTriangular([[1.0, 0.0], [0.5, 2.0]], is_positive_definite=True)], name="product")
    return case(tf, operator, x, tf.ones([12, 12]), {x: np.concatenate([RIGHT, RIGHT + 1])})


@program
def linear_operator_kronecker_of_unknown_shapes(tf):
    x = tf.placeholder(tf.float64, [None, None], name="x")
    matrix = tf.placeholder(tf.float64, [None, None], name="matrix")
    operator = tf.linalg.LinearOperatorKronecker([
        tf.linalg.LinearOperatorDiag(tf.constant([2.0, 4.0], tf.float64)), tf.linalg.LinearOperatorFullMatrix(
            matrix, is_square=True)])
    out, known = uses(tf, operator, x, tf.ones([4, 4], tf.float64))
    return Case(steps=[(out, {x: np.arange(8.0).reshape(4, 2), matrix: MATRIX[:2, :2]})], facts=known)


@program
def linear_operator_kronecker_of_complex(tf):
    factor = tf.constant([[1.0 + 1.0j, 2.0], [0.0, 1.0j]], tf.complex64)
    operator = tf.linalg.LinearOperatorKronecker([tf.linalg.LinearOperatorFullMatrix(factor),
                                                  tf.linalg.LinearOperatorFullMatrix(factor)])
    x = tf.constant(np.arange(8).reshape(4, 2) * (1 + 0.5j), tf.complex64)
    out = [operator.matmul(x), operator.matmul(x, adjoint=True), operator.to_dense(), operator.diag_part(),
           operator.trace(), operator.determinant(), operator.solve(x), operator.solve(x, adjoint=True)]
    return Case(steps=[(out, None)], facts={"is": facts(operator)})


@program
def linear_operator_kronecker_refuses(tf):
    linalg = tf.linalg
    full = linalg.LinearOperatorFullMatrix
    square, tall = full([[1.0, 0.0], [0.0, 1.0]]), full([[1.0], [2.0]])
    singular = full([[1.0, 0.0], [0.0, 1.0]], is_non_singular=True, is_self_adjoint=True, is_positive_definite=True)
    both = linalg.LinearOperatorKronecker
    calls = (lambda: both([]), lambda: both([square, full(np.eye(2))]), lambda: both([square, tall], is_square=True),
             lambda: both([singular, singular], is_non_singular=False),
             lambda: both([singular, singular], is_self_adjoint=False),
             lambda: both([singular, singular], is_positive_definite=False),
             lambda: both([tall, tall]).solve([[1.0]] * 4),
             lambda: both([square, square]).matmul([[1.0], [2.0]]))
    return Case(facts={"words": refusals(calls, "nothing")})
