"""Gradients of ops that broadcast: both shapes known, one of them, neither."""

import numpy as np

from . import Case, program

MATRIX = np.array([[0.5, 1.5, 2.5], [3.0, 2.0, 1.25]], np.float32)
ROW = np.array([1.5, 0.75, 2.0], np.float32)
COLUMN = np.array([[0.75], [1.25]], np.float32)
FUNCTIONS = {
    "add": lambda tf, x, y: x + y,
    "subtract": lambda tf, x, y: x - y,
    "multiply": lambda tf, x, y: x * y,
    "divide": lambda tf, x, y: tf.divide(x, y),
    "power": lambda tf, x, y: x ** y,
    "maximum": lambda tf, x, y: tf.maximum(x, y),
    "minimum": lambda tf, x, y: tf.minimum(x, y),
    "squared_difference": lambda tf, x, y: tf.squared_difference(x, y),
    "modulo": lambda tf, x, y: x % y,
    "division_without_nan": lambda tf, x, y: tf.div_no_nan(x, y),
    "x_log_y": lambda tf, x, y: tf.math.xlogy(x, y),
}


def of_known_shapes(function):
    def build(tf):
        matrix, row = tf.Variable(MATRIX, name="matrix"), tf.Variable(ROW, name="row")
        column, scalar = tf.constant(COLUMN, name="column"), tf.constant(1.5, name="scalar")
        pairs = [(matrix, row), (row, matrix), (matrix, scalar), (column, row), (matrix, matrix + 0.5)]
        found = [tf.gradients(function(tf, x, y), [x, y]) for x, y in pairs]
        return Case(init=True, steps=[(found, None)])

    return build


def of_one_known_shape(function):
    def build(tf):
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        row, scalar = tf.Variable(ROW, name="row"), tf.constant(1.5, name="scalar")
        pairs = [(x, row), (row, x), (x, scalar), (scalar, x)]
        found = [tf.gradients(function(tf, a, b), [a, b]) for a, b in pairs]
        return Case(init=True, steps=[(found, {x: MATRIX})])

    return build


def of_unknown_shapes(function):
    def build(tf):
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        y = tf.placeholder(tf.float32, name="y")
        found = [tf.gradients(function(tf, a, b), [a, b]) for a, b in ((x, y), (y, x), (x, x))]
        return Case(steps=[(found, {x: MATRIX, y: ROW}), (found, {x: MATRIX, y: 1.5}), (found, {x: MATRIX, y: COLUMN})])

    return build


for _kind in (of_known_shapes, of_one_known_shape, of_unknown_shapes):
    for _name in sorted(FUNCTIONS):
        _build = _kind(FUNCTIONS[_name])
        _build.__name__ = "gradient_of_{}_{}".format(_name, _kind.__name__)
        program(_build)
