"""What sparse accumulators take, and how they refuse the rest."""

import numpy as np

from . import Case, program
from .refused import words

CALLS = [([7], (1, 2), [3, 2]), ([7], (1, 3), [3, 2]), ([7], (1, 3), [3, 3]), ([0], (1, 3), [3, 2]),
         ([0], (1, 2, 2), [3, 2]), ([0], (1, 2), [3, 2, 2]), ([0], (1, 2), [3]), ([0], (1, 2), []), ([0], (1, 2), None),
         ([0], (1,), [3]), ([7], (1, 2, 2), [3, 2]), ([0], (1, 2), [4, 2]), ([-1], (1, 2), [3, 2])]  # fmt: skip


@program
def sparse_accumulators_and_shapes(tf):
    """Each gradient alone, after one of rows of 2, and once more, in accumulators of several shapes."""
    found = []
    with tf.Session() as session:
        for shape in (None, [3, 2], [None, 2], [3, None], [], [3]):
            for call in CALLS:
                accumulator = tf.SparseConditionalAccumulator(tf.float32, shape=shape)
                said = []
                for indices, values, whole in (call, ([0], (1, 2), [3, 2]), call):
                    values = tf.placeholder_with_default(np.zeros(values, np.float32), None)
                    try:
                        session.run(accumulator.apply_grad(tf.constant(indices, tf.int64), values, grad_shape=whole))
                        said.append("taken")
                    except tf.errors.InvalidArgumentError as error:
                        said.append(words(error))
                found.append(said)
    return Case(facts={"found": found})
