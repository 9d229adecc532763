"""tf.layers: names, collections, sharing, shapes and values."""

import numpy as np
import pytest

from tfmagic import tf

pytestmark = pytest.mark.usefixtures("graph")


def run(*fetches, feed=None):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found = sess.run(fetches, feed)
    return found[0] if len(fetches) == 1 else found


def test_a_small_network_has_tensorflows_names():
    x = tf.placeholder(tf.float32, [None, 8, 8, 3])
    h = tf.layers.conv2d(x, 4, 3, activation=tf.nn.relu)
    p = tf.layers.max_pooling2d(h, 2, 2)
    f = tf.layers.flatten(p)
    d = tf.layers.dense(f, 5, activation=tf.nn.relu)
    e = tf.layers.dense(d, 2, name="logits")
    assert [t.name for t in (h, p, f, d, e)] == [
        "conv2d/Relu:0", "max_pooling2d/MaxPool:0", "flatten/Reshape:0", "dense/Relu:0", "logits/BiasAdd:0"]
    assert [v.name for v in tf.trainable_variables()] == [
        "conv2d/kernel:0", "conv2d/bias:0", "dense/kernel:0", "dense/bias:0", "logits/kernel:0", "logits/bias:0"]
    assert [t.shape.as_list() for t in (h, p, f, d, e)] == [
        [None, 6, 6, 4], [None, 3, 3, 4], [None, 36], [None, 5], [None, 2]]


def test_names_go_on_where_they_are_taken():
    x = tf.zeros([2, 3])
    assert [tf.layers.dense(x, 1).op.name for _ in range(3)] == ["dense/BiasAdd", "dense_1/BiasAdd", "dense_2/BiasAdd"]


def test_a_layer_called_twice_shares_its_variables():
    x = tf.ones([2, 3])
    layer = tf.layers.Dense(4, kernel_initializer=tf.ones_initializer())
    a, b = layer(x), layer(2.0 * x)
    assert [v.name for v in layer.trainable_variables] == ["dense/kernel:0", "dense/bias:0"]
    assert layer.count_params() == 16 and layer.kernel.shape.as_list() == [3, 4]
    a, b = run(a, b)
    np.testing.assert_allclose(b, 2 * a)


def test_a_name_is_shared_by_reuse_and_refused_without():
    x = tf.ones([2, 3])
    a = tf.layers.dense(x, 4, name="fc")
    b = tf.layers.dense(x, 4, name="fc", reuse=True)
    with pytest.raises(ValueError, match="Variable fc/kernel already exists"):
        tf.layers.dense(x, 4, name="fc")
    with tf.variable_scope("auto", reuse=tf.AUTO_REUSE):
        c, d = tf.layers.dense(x, 4, name="fc"), tf.layers.dense(x, 4, name="fc")
    assert len(tf.trainable_variables()) == 4
    a, b, c, d = run(a, b, c, d)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(c, d)


def test_dense_contracts_the_last_axis():
    x = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    y = tf.layers.dense(tf.constant(x), 2, kernel_initializer=tf.ones_initializer(),
                        bias_initializer=tf.constant_initializer(1.0))
    assert y.shape.as_list() == [2, 2, 2]
    np.testing.assert_allclose(run(y), np.repeat(x.sum(-1, keepdims=True), 2, -1) + 1.0)


def test_what_a_layer_cannot_take_is_refused():
    with pytest.raises(ValueError, match="Input 0 of layer dense_1 is incompatible with the layer"):
        tf.layers.dense(tf.zeros([3]), 2)
    with pytest.raises(ValueError, match="The last dimension of the inputs to `Dense` should be defined"):
        tf.layers.dense(tf.placeholder(tf.float32, [None, None]), 2)
    with pytest.raises(ValueError, match="expected ndim=4, found ndim=2"):
        tf.layers.conv2d(tf.zeros([2, 3]), 2, 3)
    with pytest.raises(TypeError, match="Unable to build `Dense` layer with non-floating point dtype"):
        tf.layers.dense(tf.constant([[1, 2]]), 2)
    with pytest.raises(ValueError, match="must be a tuple of 2 integers"):
        tf.layers.conv2d(tf.zeros([1, 4, 4, 1]), 2, (3, 3, 3))
    with pytest.raises(ValueError, match="strides > 1 not supported in conjunction with dilation_rate > 1"):
        tf.layers.conv2d(tf.zeros([1, 4, 4, 1]), 2, 3, strides=2, dilation_rate=2)


@pytest.mark.parametrize(("make", "shape", "expected"), [
    (lambda x: tf.layers.conv1d(x, 2, 3), [5, 7, 3], [5, 5, 2]),
    (lambda x: tf.layers.conv2d(x, 2, 3, strides=2, padding="same"), [5, 7, 8, 3], [5, 4, 4, 2]),
    (lambda x: tf.layers.conv2d(x, 2, 3, dilation_rate=2), [5, 7, 8, 3], [5, 3, 4, 2]),
    (lambda x: tf.layers.conv3d(x, 2, 2), [2, 3, 4, 5, 3], [2, 2, 3, 4, 2]),
    (lambda x: tf.layers.conv2d_transpose(x, 2, 3, strides=2), [5, 4, 4, 3], [5, 9, 9, 2]),
    (lambda x: tf.layers.conv2d_transpose(x, 2, 3, strides=2, padding="same"), [5, 4, 4, 3], [5, 8, 8, 2]),
    (lambda x: tf.layers.conv3d_transpose(x, 2, 2, strides=2), [1, 2, 2, 2, 3], [1, 4, 4, 4, 2]),
    (lambda x: tf.layers.separable_conv2d(x, 4, 3), [2, 6, 6, 3], [2, 4, 4, 4]),
    (lambda x: tf.layers.separable_conv1d(x, 4, 3), [2, 6, 3], [2, 4, 4]),
    (lambda x: tf.layers.max_pooling1d(x, 2, 2), [2, 7, 3], [2, 3, 3]),
    (lambda x: tf.layers.average_pooling1d(x, 2, 2, padding="same"), [2, 7, 3], [2, 4, 3]),
    (lambda x: tf.layers.average_pooling2d(x, 2, 2), [2, 6, 6, 3], [2, 3, 3, 3]),
    (lambda x: tf.layers.max_pooling3d(x, 2, 2), [2, 4, 4, 4, 3], [2, 2, 2, 2, 3]),
    (lambda x: tf.layers.average_pooling3d(x, 2, 2), [2, 4, 4, 4, 3], [2, 2, 2, 2, 3]),
    (lambda x: tf.layers.flatten(x), [2, 4, 4, 3], [2, 48])])
def test_the_static_shape_is_that_of_the_run(make, shape, expected):
    y = make(tf.constant(np.random.default_rng(0).normal(size=shape).astype(np.float32)))
    assert y.shape.as_list() == expected and list(run(y).shape) == expected


def test_channels_may_come_first():
    x = np.random.default_rng(0).normal(size=[2, 5, 5, 3]).astype(np.float32)
    layer = {"kernel_initializer": tf.glorot_uniform_initializer(seed=1), "bias_initializer": tf.ones_initializer()}
    last = tf.layers.conv2d(tf.constant(x), 4, 3, **layer)
    first = tf.layers.conv2d(tf.constant(x.transpose(0, 3, 1, 2)), 4, 3, data_format="channels_first", **layer)
    last, first = run(last, first)
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), last, rtol=1e-5, atol=1e-5)


def test_dropout_drops_while_training_alone():
    x, training = tf.ones([1000]), tf.placeholder(tf.bool, [])
    y = tf.layers.dropout(x, 0.4, training=training)
    kept = run(y, feed={training: True})
    assert set(np.round(kept, 4)) == {0.0, np.float32(1.6667)} and 0.5 < (kept > 0).mean() < 0.7
    assert (run(y, feed={training: False}) == 1.0).all()
    assert tf.layers.dropout(x).op.type == "Identity"


def test_losses_of_a_layer_go_to_their_collection_once():
    x = tf.ones([2, 3])
    options = {"kernel_regularizer": lambda w: 0.5 * tf.reduce_sum(w), "name": "fc",
               "kernel_initializer": tf.ones_initializer()}
    tf.layers.dense(x, 4, **options)
    tf.layers.dense(x, 4, reuse=True, **options)
    tf.layers.dense(x, 4, activity_regularizer=lambda y: tf.reduce_sum(y), kernel_initializer=tf.ones_initializer())
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert len(losses) == 2 and losses[0].name.startswith("fc/kernel/Regularizer/")
    assert run(*losses) == (6.0, 12.0)


@pytest.mark.parametrize("shape", [[64, 3], [16, 4, 4, 3]], ids=["plain", "fused"])
def test_batch_normalization_learns_the_moments(shape):
    rng = np.random.default_rng(0)
    x, training = tf.placeholder(tf.float32, [None, *shape[1:]]), tf.placeholder(tf.bool, [])
    y = tf.layers.batch_normalization(x, momentum=0.5, training=training)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert len(updates) == 2
    mean, variance = tf.global_variables()[2:]
    assert (mean.name, variance.name) == ("batch_normalization/moving_mean:0", "batch_normalization/moving_variance:0")
    assert mean not in tf.trainable_variables()
    values = rng.normal(3.0, 2.0, size=shape).astype(np.float32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_allclose(sess.run(y, {x: values, training: False}), values / np.sqrt(1.001), rtol=1e-5)
        for _ in range(30):
            out, _ = sess.run([y, updates], {x: values, training: True})
        axes = tuple(range(len(shape) - 1))
        np.testing.assert_allclose(out.mean(axes), 0.0, atol=1e-4)
        np.testing.assert_allclose(sess.run(mean), values.mean(axes), rtol=1e-3)
        np.testing.assert_allclose(sess.run(variance), values.var(axes), rtol=3e-2)
        np.testing.assert_allclose(sess.run(y, {x: values, training: False}).std(axes), 1.0, rtol=2e-2)


def test_a_layer_of_ones_own_has_a_scope_and_variables():
    class Scaled(tf.layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_variable("factor", shape=[input_shape[-1]], initializer=tf.constant_initializer(3.0))
            super().build(input_shape)

        def call(self, inputs):
            return inputs * self.factor

    layer = Scaled()
    with pytest.raises(ValueError, match="No name available for layer scope"):
        _ = layer.scope_name
    y = layer(tf.ones([2, 3]))
    assert y.name == "scaled/mul:0" and layer.scope_name == "scaled" and layer.factor.name == "scaled/factor:0"
    assert (run(y) == 3.0).all()


def test_variables_can_be_kept_from_training():
    tf.layers.dense(tf.ones([2, 3]), 4, trainable=False)
    assert tf.trainable_variables() == [] and len(tf.global_variables()) == 2
