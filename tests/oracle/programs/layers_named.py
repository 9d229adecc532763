"""Layers of tf.layers whose parts are given by name, causal convolutions, pools with the channels first."""

import numpy as np

from . import Case, program
from .refused import refusals

INITIALIZERS = ("zeros", "ones", "identity", "orthogonal", "glorot_uniform", "glorot_normal", "he_normal", "he_uniform",
                "lecun_normal", "lecun_uniform", "truncated_normal", "random_normal", "random_uniform",
                "VarianceScaling")
ACTIVATIONS = ("relu", "sigmoid", "tanh", "softmax", "elu", "selu", "softplus", "softsign", "linear", "exponential",
               "hard_sigmoid")


def _images(tf, shape):
    size = int(np.prod(shape))
    return tf.constant((np.arange(size, dtype=np.float32) * 7 % 11).reshape(shape) / 5. - 1.)


@program
def layers_initialized_by_name(tf):
    tf.set_random_seed(3)
    for name in INITIALIZERS:
        tf.layers.dense(tf.ones([2, 3]), 3, kernel_initializer=name, bias_initializer="ones", name=name)
    return Case(init=True, steps=[(tf.trainable_variables(), None)])


@program
def layers_activated_by_name(tf):
    tf.set_random_seed(4)
    flat, pictures = _images(tf, [2, 3]), _images(tf, [1, 3, 3, 1])
    made = [tf.layers.dense(flat, 3, activation=name, name=name) for name in ACTIVATIONS]
    made += [tf.layers.conv2d(pictures, 2, 2, activation=name, name="c" + name) for name in ("softmax", "selu")]
    return Case(init=True, steps=[(made, None)], show=[tf.layers.Dense(3, activation="relu").activation.__name__])


@program
def layers_regularized_by_name(tf):
    for name in ("l1", "l2", "l1_l2"):
        tf.layers.dense(_images(tf, [2, 3]), 2, kernel_regularizer=name, kernel_initializer="ones", name=name)
        tf.layers.separable_conv2d(_images(tf, [1, 3, 3, 1]), 2, 2, depthwise_regularizer=name, name="c" + name,
                                   depthwise_initializer="ones", pointwise_initializer="ones")
    return Case(init=True, steps=[(tf.losses.get_regularization_losses(), None)])


@program
def layers_causal(tf):
    tf.set_random_seed(5)
    x = _images(tf, [2, 6, 3])
    made = [tf.layers.conv1d(x, 2, 3, padding="causal"), tf.layers.conv1d(x, 2, 3, padding="causal", dilation_rate=2),
            tf.layers.separable_conv1d(x, 2, 2, padding="causal")]
    return Case(init=True, steps=[(made, None)], show=made, facts={"said": refusals([
        lambda: tf.layers.conv2d(_images(tf, [1, 3, 3, 1]), 2, 2, padding="causal"),
        lambda: tf.layers.max_pooling2d(_images(tf, [1, 3, 3, 1]), 2, None),
        lambda: tf.layers.Dense(2).compute_output_shape(tf.TensorShape([None, None])),
        lambda: tf.layers.dense(tf.ones([2, 3], tf.int32), 2),
        lambda: tf.layers.dense(x, 2, kernel_initializer="none such"),
        lambda: tf.layers.dense(x, 2, activation="none such"),
        lambda: tf.layers.Dense(2).count_params()])})


@program
def pools_with_channels_first(tf):
    row, volume = _images(tf, [2, 3, 6]), _images(tf, [1, 2, 4, 4, 4])
    made = [tf.layers.max_pooling1d(row, 2, 2, data_format="channels_first"),
            tf.layers.average_pooling1d(row, 3, 1, padding="same", data_format="channels_first"),
            tf.layers.max_pooling3d(volume, 2, 2, data_format="channels_first"),
            tf.layers.average_pooling3d(volume, 2, 1, data_format="channels_first")]
    return Case(steps=[(made, None)], show=made)


@program
def layers_that_are_not_trained(tf):
    x = _images(tf, [2, 3, 3, 2])
    tf.layers.batch_normalization(x, training=True, trainable=False)
    tf.contrib.layers.batch_norm(x, trainable=False)
    fresh = tf.layers.Dense(2)
    held = [hasattr(fresh, "kernel"), hasattr(tf.layers.Conv2D(2, 2), "bias")]
    return Case(show=[tf.get_collection(tf.GraphKeys.UPDATE_OPS), held, tf.layers.Conv2D(2, 2).rank])


@program
def layers_configured(tf):
    """What layers write of themselves, and what only those of Keras models would know."""
    layers = tf.layers
    made = [layers.Dense(3, activation=tf.nn.relu, kernel_initializer=tf.random_uniform_initializer(-1, 1, seed=3)),
            layers.Conv1D(2, 3), layers.SeparableConv2D(3, 2), layers.Conv2DTranspose(3, 2),
            layers.Conv3DTranspose(3, 2), layers.BatchNormalization(), layers.BatchNormalization(renorm=True),
            layers.BatchNormalization(virtual_batch_size=2), layers.Dropout(0.3), layers.Flatten(),
            layers.MaxPooling2D(2, 2)]
    configs = [sorted((key, str(value) if key == "dtype" else value) for key, value in layer.get_config().items())
               for layer in made]
    again = [type(layer).from_config(layer.get_config()).get_config() == layer.get_config() for layer in made
             if "Separable" not in type(layer).__name__]
    dense = made[0]
    dense(tf.ones([2, 3]))
    refused = []
    for attempt in (lambda: dense.input, lambda: dense.output, lambda: dense.input_shape, lambda: dense.output_shape,
                    lambda: dense.get_input_at(0), lambda: dense.get_output_shape_at(0),
                    lambda: layers.Conv3DTranspose(2, 2)(tf.placeholder(tf.float32, [None] * 5)),
                    lambda: layers.InputSpec(axes={"a": 2})):
        try:
            attempt()
        except (AttributeError, RuntimeError, ValueError, TypeError) as error:
            refused.append([type(error).__name__, str(error)])
    spec = layers.InputSpec(dtype=tf.float32, shape=[None, 3], axes={"-1": 3})
    return Case(facts={"configs": configs, "again": again, "refused": refused, "spec": repr(spec),
                       "nodes": [dense.inbound_nodes, dense.outbound_nodes, dense.graph]})
