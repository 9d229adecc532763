"""What convolutions, pools and their kin refuse, when they are built and when they run, and in which words."""

import numpy as np

from . import Case, program
from .functions import internal
from .refused import words


def outcomes(tf, calls):
    """What each call computes, as shape and sum, or the words of what building or running it raises."""
    found = []
    for call in calls:
        try:
            tensor = call()
            with tf.Session() as session:
                value = np.asarray(session.run(tensor))
            found.append([list(value.shape), float(np.round(value.astype(np.float64).sum(), 2))])
        except Exception as error:  # what is refused is looked at, too
            found.append(words(error))
    return found


@program
def convolutions_refused(tf):
    """Steps between pictures or channels, paddings that no kernel takes, strides of another length."""
    nn = tf.nn
    x = tf.ones([2, 5, 6, 4])
    w, deep = tf.ones([3, 2, 4, 3]), tf.ones([2, 4, 5, 3, 2])
    conv = lambda padding="SAME", strides=(1, 1, 1, 1), **more: lambda: nn.conv2d(  # noqa: E731
        x, w, strides=list(strides), padding=padding, **more)
    volume = lambda *strides, **more: lambda: nn.conv3d(deep, tf.ones([2, 3, 1, 2, 3]), list(strides), "SAME",  # noqa: E731
                                                        **more)
    return Case(facts={"found": outcomes(tf, [
        conv([[0, 0], [-1, 2], [0, 3], [0, 0]]), conv([[1, 0], [1, 2], [0, 3], [0, 0]]),
        conv([[0, 0], [1, 2], [0, 3], [0, 1]]), conv([[1, 2], [0, 3], [0, 0]]),
        conv([[0, 0, 1], [1, 2], [0, 3], [0, 0]]), conv([0, [1, 2], [0, 3], [0, 0]]),
        conv([[0, 0], [1, 2], [0, 3], [0, 0]]), conv(strides=(2, 2, 2, 1)), conv(strides=(1, 2, 2, 2)),
        conv(dilations=[2, 1, 1, 1]), volume(2, 1, 1, 1, 1), volume(1, 1, 1, 1, 2),
        lambda: nn.depthwise_conv2d_native(x, w, [2, 1, 1, 1], "SAME"),
        lambda: nn.depthwise_conv2d_native(x, w, [1, 1, 1], "SAME"),
        lambda: nn.dilation2d(x, w[:, :, :, 0], [1, 0, 1, 1], [1, 1, 1, 1], "SAME")])})


@program
def pools_refused(tf):
    """Windows over channels, ranks and kinds of pools that there are not."""
    nn = tf.nn
    x, deep = tf.ones([2, 6, 5, 3]), tf.ones([2, 4, 3, 5, 2])
    calls = []
    for pool in (nn.max_pool, nn.avg_pool):
        for ksize, strides in (([1, 2, 2, 2], [1, 1, 1, 1]), ([1, 1, 1, 3], [1, 1, 1, 3]),
                               ([1, 1, 1, 2], [1, 1, 1, 2]), ([1, 1, 1, 3], [1, 1, 1, 1]),
                               ([1, 2, 2, 3], [1, 1, 1, 3])):
            calls.append(lambda pool=pool, k=ksize, s=strides: pool(x, k, s, "SAME"))
    for pool in (nn.max_pool3d, nn.avg_pool3d):
        for ksize, strides in (([1, 2, 2, 2, 2], [1, 1, 1, 1, 1]), ([1, 2, 2, 2, 1], [1, 1, 1, 1, 2])):
            calls.append(lambda pool=pool, k=ksize, s=strides: pool(deep, k, s, "SAME"))
    calls += [lambda: nn.pool(x, [], "MAX", "SAME"), lambda: nn.pool(x, [2, 2], "FOO", "SAME"),
              lambda: nn.max_pool_v2(x[0, 0], 2, 2, "SAME"), lambda: nn.avg_pool_v2(x[0, 0], 2, 2, "SAME")]
    return Case(facts={"found": outcomes(tf, calls)})


@program
def networks_refused(tf):
    """Tables that are none, dropout of whole numbers, samplers of classes that they do not know, slopes of doubles."""
    nn, arrays = tf.nn, internal(tf, "tensorflow.python.ops.array_ops")
    ids = tf.SparseTensor([[0, 0]], [1], [1, 1])
    return Case(facts={"found": outcomes(tf, [
        lambda: nn.embedding_lookup([], [1]), lambda: nn.embedding_lookup(None, [1]),
        lambda: nn.embedding_lookup_sparse([[1.0]], [1], None), lambda: nn.embedding_lookup_sparse([[1.0]], ids, [1]),
        lambda: nn.safe_embedding_lookup_sparse(None, ids), lambda: nn.safe_embedding_lookup_sparse([], ids),
        lambda: nn.dropout(tf.constant([1, 2]), 0.5),
        lambda: nn.fixed_unigram_candidate_sampler([[0], [5]], 1, 3, True, 4, unigrams=[1.0, 2.0, 3.0, 4.0],
                                                   seed=3).true_expected_count,
        lambda: 1e9 * nn.leaky_relu(tf.constant([-9.0, 1.0], tf.float64)),
        lambda: arrays.quantize_v2([1.0], -6.0, 6.0, tf.quint8, round_mode="HALF_TO_EVEN")[1],
        lambda: arrays.quantize_v2([1.0], -6.0, 6.0, tf.quint8, mode="SCALED", round_mode="HALF_TO_EVEN")[1],
        lambda: nn.ctc_loss(ids, tf.ones([5, 2, 4]), [1])])})


@program
def arrays_refused(tf):
    """Indices counted from the end that are out of bounds, by the dimension that they mean."""
    x = tf.placeholder_with_default(np.zeros([2, 3, 4], np.float32), None)
    known = tf.zeros([2, 3, 4])
    return Case(facts={"found": outcomes(tf, [
        lambda: known[-3], lambda: x[-3], lambda: known[2], lambda: x[0, -9], lambda: known[0, 0, -5],
        lambda: tf.unstack(x, 2, axis=-1)[0], lambda: tf.unstack(x, 2, axis=1)[0],
        lambda: tf.gather_nd(known, [[[0], [1]], [[1], [2]]], batch_dims=1)])})
