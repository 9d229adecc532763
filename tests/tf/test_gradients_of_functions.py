"""tf.function: the gradients of its calls; their nodes are compared in the programs `function_*`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def _product(x: Any, y: Any) -> Any:
    return x * y


def _branches(x: Any, y: Any) -> Any:
    return tf.cond(tf.reduce_sum(x) > 0, lambda: x * y, lambda: x - y)


def _loop(x: Any, y: Any) -> Any:
    return tf.while_loop(lambda i, z: i < 3, lambda i, z: (i + 1, z + x * y - y), [0, tf.zeros_like(x)])[1]


def _loop_with_branches(x: Any, y: Any) -> Any:
    def step(i: Any, z: Any) -> Any:
        return i + 1, tf.cond(tf.reduce_sum(x) > 0, lambda: z + x * y, lambda: z - y)

    return tf.while_loop(lambda i, z: i < 3, step, [0, tf.zeros_like(x)])[1]


@pytest.mark.parametrize("function, times, less", [(_product, 1, 0), (_branches, 1, 0), (_loop, 3, 3),
                                                   (_loop_with_branches, 3, 0)])
def test_a_call_with_a_variable_is_differentiated_more_than_once(function: Any, times: int, less: int) -> None:
    x, w = tf.placeholder(tf.float32, [4]), tf.Variable([1.0, 2.0, 3.0, 4.0], use_resource=True)
    y = tf.function(function)(x, w)
    found = [tf.gradients(target, [x, w]) for target in (y, y * y + w, y * y)]
    xs, ws = np.array([1, 1, 1, 2]), np.array([1, 2, 3, 4])
    value = times * xs * ws - less * ws
    dx, dw = times * ws, times * xs - less
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for given, wanted in zip(session.run(found, {x: xs}), [
                (dx, dw), (2 * value * dx, 2 * value * dw + 1), (2 * value * dx, 2 * value * dw)]):
            for one, expected in zip(given, wanted):
                np.testing.assert_allclose(one, expected)
