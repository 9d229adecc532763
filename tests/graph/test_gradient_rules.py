"""Which ops have a gradient: those, and only those, that have one in TensorFlow 1.15."""

from __future__ import annotations

import pytest

from tfmagic import tf
from tfmagic.graph import opdefs, registry

# Declared, without a gradient yet: none.
LACKING: set[str] = set()


def test_the_table_of_op_definitions_has_each_op_once() -> None:
    with open(opdefs.__file__.replace("opdefs.py", "opdefs.txt"), encoding="utf-8") as table:
        names = [line.partition(" | ")[0] for line in table if line[0] not in "#$"]
    assert names == sorted(set(names)) == sorted(opdefs.names())


def declared() -> list[str]:
    return [name for name in opdefs.names() if opdefs.home(name) and registry.lookup(name) is not None]


def test_every_declared_op_has_the_gradient_that_tensorflow_has() -> None:
    lacking = {name for name in declared()
               if opdefs.get(name).has_gradient and registry.lookup(name).gradient is None}
    assert lacking == LACKING


def test_an_op_without_a_gradient_in_tensorflow_is_refused() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [3, 3])
        product = tf.raw_ops.Einsum(inputs=[x, x], equation="ij,jk->ik")
        with pytest.raises(LookupError, match="No gradient defined for operation 'Einsum'"):
            tf.gradients(product, x)
        with pytest.raises(LookupError, match="No gradient defined for operation 'Bitcast'"):
            tf.gradients(tf.bitcast(x, tf.int32), x)


def test_gradients_stop_at_comparisons_and_go_around_them() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [3])
        assert tf.gradients(tf.zeros_like(x), x) == [None]
        assert tf.gradients(tf.where(x > 0, x, 2 * x), x)[0] is not None
