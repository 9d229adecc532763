"""Single operations on tensors of a size that people have: what no program of the others would show.

A step of a net hides an operation that takes ten times as long as it should. Each of these fetches what one operation
makes of variables. This file is read by the peer's interpreter too: it imports NumPy and nothing of tfmagic.
"""

import functools

import numpy as np

from benchmarks.programs import session

_random = np.random.RandomState(0)


def _floats(*shape):
    return _random.rand(*shape).astype(np.float32)


_matrix, _images = (512, 512), (8, 64, 64, 16)
_texts = np.array([b"word %d and another" % number for number in range(2000)], object)
_places = np.stack(np.unravel_index(np.sort(_random.choice(512 * 512, 5000, False)), _matrix), 1).astype(np.int64)


def _sparse(tf, values):
    return tf.SparseTensor(_places, values, _matrix)


# What it is, the operation, and the values of its variables.
OPS = {
    "tanh": ("tanh of 512 x 512", lambda tf, x: tf.tanh(x), [_floats(*_matrix)]),
    "exp": ("exp of 512 x 512", lambda tf, x: tf.exp(x), [_floats(*_matrix)]),
    "log": ("log of 512 x 512", lambda tf, x: tf.log(x), [_floats(*_matrix) + 0.1]),
    "sin": ("sin of 512 x 512", lambda tf, x: tf.sin(x), [_floats(*_matrix)]),
    "pow": ("power of 512 x 512", lambda tf, x, y: tf.pow(x, y), [_floats(*_matrix), _floats(*_matrix)]),
    "softplus": ("softplus of 512 x 512", lambda tf, x: tf.nn.softplus(x), [_floats(*_matrix)]),
    "is_finite": ("is_finite of 512 x 512", lambda tf, x: tf.is_finite(x), [_floats(*_matrix)]),
    "less": ("a comparison of 512 x 512", lambda tf, x, y: tf.less(x, y), [_floats(*_matrix), _floats(*_matrix)]),
    "choice": ("a choice of 512 x 512", lambda tf, c, x, y: tf.where(c, x, y),
               [_floats(*_matrix) > 0.5, _floats(*_matrix), _floats(*_matrix)]),
    "add": ("a sum of 512 x 512", lambda tf, x, y: x + y, [_floats(*_matrix), _floats(*_matrix)]),
    "transpose": ("a transpose of 512 x 512", lambda tf, x: tf.transpose(x), [_floats(*_matrix)]),
    "max_of_images": ("the largest of images, by channel", lambda tf, x: tf.reduce_max(x, [1, 2]), [_floats(*_images)]),
    "mean_of_images": ("the mean of images, by channel", lambda tf, x: tf.reduce_mean(x, [1, 2]), [_floats(*_images)]),
    "sum_of_tiles": ("sums over the axes 0 and 2", lambda tf, x: tf.reduce_sum(x, [0, 2]), [_floats(8, 64, 8, 64)]),
    "any": ("any of each row", lambda tf, x: tf.reduce_any(x, 1), [_floats(*_matrix) > 0.99]),
    "mask": ("numbers behind a mask of 262,144", lambda tf, x, m: tf.boolean_mask(x, m),
             [_floats(*_matrix), _floats(*_matrix) > 0.5]),
    "top_k": ("the 5 largest of each row", lambda tf, x: list(tf.nn.top_k(x, 5)), [_floats(*_matrix)]),
    "gather": ("1,000 rows", lambda tf, x, i: tf.gather(x, i), [_floats(*_matrix), _random.randint(0, 512, 1000)]),
    "unique": ("the different ones of 100,000", lambda tf, x: list(tf.unique(x)), [_random.randint(0, 1000, 100000)]),
    "bincount": ("how often each of 100,000 is", lambda tf, x: tf.bincount(x),
                 [_random.randint(0, 100, 100000).astype(np.int32)]),
    "reverse_sequence": ("sequences reversed", lambda tf, x, n: tf.reverse_sequence(x, n, seq_axis=1, batch_axis=0),
                         [_floats(32, 100, 64), _random.randint(1, 100, 32)]),
    "pooled": ("pools of 3 x 3, pixel by pixel", lambda tf, x: tf.nn.max_pool(x, [1, 3, 3, 1], [1, 1, 1, 1], "SAME"),
               [_floats(*_images)]),
    "depthwise": ("a depthwise convolution", lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"),
                  [_floats(*_images), _floats(3, 3, 16, 1)]),
    "batch_product": ("32 products of 64 x 64", lambda tf, x, y: tf.matmul(x, y),
                      [_floats(32, 64, 64), _floats(32, 64, 64)]),
    "inverse": ("an inverse of 100 x 100", lambda tf, x: tf.matrix_inverse(x),
                [_floats(100, 100) + 100 * np.eye(100, dtype=np.float32)]),
    "fourier": ("a Fourier transform of 512 x 512", lambda tf, x: tf.fft2d(x),
                [_floats(*_matrix).astype(np.complex64)]),
    "sparse_sum": ("a sum of sparse tensors", lambda tf, x, y: tf.sparse_add(_sparse(tf, x), _sparse(tf, y)).values,
                   [_floats(5000), _floats(5000)]),
    "sparse_product": ("a sparse product", lambda tf, x, y: tf.sparse_tensor_dense_matmul(_sparse(tf, x), y),
                       [_floats(5000), _floats(512, 64)]),
    "split_words": ("2,000 texts cut into words", lambda tf, s: tf.string_split(s).values, [_texts]),
    "hashes": ("2,000 texts hashed", lambda tf, s: tf.string_to_hash_bucket_fast(s, 1000), [_texts]),
    "keyed_hashes": ("2,000 texts hashed with a key", lambda tf, s: tf.string_to_hash_bucket_strong(s, 1000, [1, 2]),
                     [_texts]),
    "code_points": ("the characters of 2,000 texts", lambda tf, s: tf.strings.unicode_decode(s, "UTF-8").values,
                    [_texts]),
}


def _program(name, tf, threads):
    _, build, values = OPS[name]
    variables = [tf.Variable(value) for value in values]
    made = build(tf, *variables)
    sess = session(tf, threads)
    sess.run(tf.global_variables_initializer())
    run = sess.make_callable(made)
    return run, 1


TENSORFLOW = {"op_" + name: functools.partial(_program, name) for name in OPS}
# As in RATIOS of `__main__`: compared with TensorFlow 1.15 alone.
ROWS = [("op_" + name, title, "tensorflow1", None) for name, (title, _, _) in OPS.items()]
