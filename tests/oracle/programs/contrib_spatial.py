"""The layers of tf.contrib.layers of places in images: spatial softmax, images as sequences, pools, GDN."""

import numpy as np

from . import Case, program
from .refused import refusals


def _images(tf, shape):
    size = int(np.prod(shape))
    return tf.constant((np.arange(size, dtype=np.float32) * 7 % 11).reshape(shape) / 5.)


@program
def spatial_softmaxes(tf):
    softmax = tf.contrib.layers.spatial_softmax
    plain = softmax(_images(tf, [2, 4, 5, 3]))
    cold = softmax(_images(tf, [2, 3, 4, 5]), temperature=1.5, name="S", data_format="NCHW",
                   variables_collections={"temperature": ["mine"]})
    return Case(init=True, steps=[([plain, cold], None)], show=[plain, cold] + tf.trainable_variables())


@program
def images_as_sequences(tf):
    layers = tf.contrib.layers
    rows = layers.images_to_sequence(_images(tf, [2, 4, 5, 3]))
    first = layers.images_to_sequence(tf.placeholder(tf.float32, [None, 3, 4, 5]), data_format="NCHW",
                                      outputs_collections=["outs"])
    back = layers.sequence_to_images(rows, 4)
    other = layers.sequence_to_images(tf.placeholder(tf.float32, [5, None, 3]), 4, output_data_format="channels_first",
                                      scope="Q")
    return Case(steps=[([rows, back], None)], show=[rows, first, back, other])


@program
def pools_of_any_kind(tf):
    pool = tf.contrib.slim.pool
    made = [pool(_images(tf, [1, 6, 6, 2]), [2, 2], "AVG", stride=2), pool(_images(tf, [1, 8, 2]), 2, "MAX", scope="P"),
            pool(_images(tf, [1, 6, 6, 2]), 3, "MAX", padding="SAME"),
            tf.contrib.slim.layers.poincare_normalize(_images(tf, [2, 3])),
            tf.contrib.slim.layers.poincare_normalize(_images(tf, [2, 3]), axis=0, epsilon=.1, name="N")]
    return Case(steps=[(made, None)], show=made)


@program
def divisive_normalization(tf):
    layers = tf.contrib.layers
    images = _images(tf, [1, 3, 3, 2])
    out = layers.gdn(images)
    back = layers.gdn(out, inverse=True, name="back", beta_min=.01)
    flat = layers.gdn(_images(tf, [2, 3, 4]), data_format="channels_first", name="flat")
    grads = tf.gradients(out, [images] + tf.trainable_variables()[:2])
    layer = layers.GDN(gamma_init=.2)
    again = layer(images)
    return Case(init=True, steps=[([out, back, again] + grads, None)], show=[out, flat, layer.gamma, layer.built])


@program
def spatial_layers_refused(tf):
    layers = tf.contrib.layers
    return Case(facts={"said": refusals([
        lambda: layers.gdn(tf.placeholder(tf.float32, [2, 4]), name="a"),
        lambda: layers.gdn(tf.placeholder(tf.float32, [2, 4, None]), name="b"),
        lambda: layers.gdn(tf.placeholder(tf.float32, [2, 4, 4, 4]), data_format="x"),
        lambda: layers.images_to_sequence(tf.placeholder(tf.float32, [2, 4, 4, 4]), data_format="x"),
        lambda: layers.sequence_to_images(tf.placeholder(tf.float32, [2, 4, 4]), 3),
        lambda: layers.spatial_softmax(tf.placeholder(tf.float32, [2, 4, 4, None])),
        lambda: tf.contrib.slim.pool(tf.placeholder(tf.float32, [2, 8, 8, 3]), [2, 2], "XX"),
        lambda: tf.contrib.slim.pool(tf.placeholder(tf.float32), [2, 2], "AVG"),
    ])})
