"""tf.contrib.layers and tf.contrib.framework: layers with variables of their own, arg_scope, regularizers, lists."""

import numpy as np

from . import Case, program
from .recurrent import flat, ramp


def images(tf, *shape):
    tf.set_random_seed(7)
    return tf.placeholder(tf.float32, shape, name="x")


def trained(tf, outputs, feeds, steps=1):
    """The outputs, their gradients by all trainable variables and the updates, run after the initialisation."""
    loss = tf.add_n([tf.reduce_sum(tf.square(output)) for output in outputs], name="loss")
    gradients = tf.gradients(loss, tf.trainable_variables())
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    fetches = [outputs, gradients, updates]
    return Case(init=True, steps=[(fetches, feeds)] * steps, show=flat(outputs))


@program
def contrib_fully_connected(tf):
    layers = tf.contrib.layers
    x = images(tf, None, 3)
    y = layers.fully_connected(x, 4, outputs_collections="outs", variables_collections=["all"],
                               weights_regularizer=layers.l2_regularizer(0.1))
    z = layers.fully_connected(y, 2, activation_fn=None, scope="last", biases_initializer=None)
    again = layers.fully_connected(y, 2, activation_fn=tf.nn.tanh, scope="last", reuse=True, biases_initializer=None)
    return trained(tf, [z, again], {x: ramp(2, 3)})


@program
def contrib_fully_connected_of_three_axes(tf):
    x = images(tf, 2, 5, 3)
    y = tf.contrib.layers.fully_connected(x, 4, biases_regularizer=tf.contrib.layers.l1_regularizer(0.5),
                                          variables_collections={"weights": ["w"], "biases": ["b", "bb"]})
    return trained(tf, [y], {x: ramp(2, 5, 3)})


@program
def contrib_fully_connected_normalized(tf):
    layers = tf.contrib.layers
    x = images(tf, 4, 3)
    y = layers.fully_connected(x, 4, normalizer_fn=layers.batch_norm,
                               normalizer_params={"is_training": True, "decay": 0.9, "scale": True})
    return trained(tf, [y], {x: ramp(4, 3)}, steps=2)


@program
def contrib_shorthands(tf):
    layers = tf.contrib.layers
    x = images(tf, 2, 3)
    return trained(tf, [layers.relu(x, 2), layers.linear(x, 2), layers.relu6(x, 2), layers.elu(x, 2)], {x: ramp(2, 3)})


@program
def contrib_legacy_layers(tf):
    layers = tf.contrib.layers
    x = images(tf, None, 3)
    y = images(tf, 2, 4, 3)
    return trained(tf, [layers.legacy_relu(x, 2), layers.legacy_linear(x, 2, name="lin"),
                        layers.legacy_fully_connected(y, 5, bias_init=None)], {x: ramp(2, 3), y: ramp(2, 4, 3)})


@program
def contrib_conv2d(tf):
    layers = tf.contrib.layers
    x = images(tf, None, 8, 8, 3)
    y = layers.conv2d(x, 4, 3, variables_collections=["vs"], outputs_collections="o")
    y = layers.max_pool2d(y, 2)
    y = layers.conv2d(y, 2, [2, 1], stride=[2, 1], padding="VALID", activation_fn=None, biases_initializer=None)
    y = layers.avg_pool2d(y, [2, 2], scope="mean")
    return trained(tf, [layers.flatten(y)], {x: ramp(2, 8, 8, 3)})


@program
def contrib_convolutions_of_other_ranks(tf):
    layers = tf.contrib.layers
    x = images(tf, 2, 8, 3)
    y = tf.placeholder(tf.float32, [1, 4, 4, 4, 2], name="y")
    return trained(tf, [layers.conv1d(x, 4, 3, stride=2), layers.conv3d(y, 2, 2), layers.convolution(x, 2, 1),
                        layers.max_pool3d(y, 2), layers.avg_pool3d(y, 2)], {x: ramp(2, 8, 3), y: ramp(1, 4, 4, 4, 2)})


@program
def contrib_dilated_conv2d(tf):
    x = images(tf, 1, 6, 6, 2)
    return trained(tf, [tf.contrib.layers.conv2d(x, 3, [2, 2], rate=2),
                        tf.contrib.layers.conv2d(x, 3, [2, 2], rate=[1, 2], padding="VALID")], {x: ramp(1, 6, 6, 2)})


@program
def contrib_transposed_convolutions(tf):
    layers = tf.contrib.layers
    x = images(tf, None, 3, 3, 2)
    y = tf.placeholder(tf.float32, [1, 2, 2, 2, 2], name="y")
    return trained(tf, [layers.conv2d_transpose(x, 4, 3, stride=2), layers.conv2d_transpose(
        x, 2, [2, 3], padding="VALID", scope="up"), layers.conv3d_transpose(y, 2, 2)],
        {x: ramp(2, 3, 3, 2), y: ramp(1, 2, 2, 2, 2)})


@program
def contrib_separable_convolutions(tf):
    layers = tf.contrib.layers
    x = images(tf, None, 4, 4, 2)
    return trained(tf, [layers.separable_conv2d(x, 5, 3, 2), layers.separable_conv2d(x, None, 3),
                        layers.separable_conv2d(x, None, [2, 2], 2, stride=2, normalizer_fn=layers.batch_norm),
                        layers.conv2d_in_plane(x, 3)], {x: ramp(2, 4, 4, 2)})


@program
def contrib_batch_norm(tf):
    layers = tf.contrib.layers
    x = images(tf, None, 4, 4, 2)
    return trained(tf, [layers.batch_norm(x, decay=0.9), layers.batch_norm(x, is_training=False, scale=True),
                        layers.batch_norm(x, fused=False, center=False, scale=True, activation_fn=tf.nn.relu)],
                   {x: ramp(2, 4, 4, 2)}, steps=2)


@program
def contrib_batch_norm_in_one(tf):
    layers = tf.contrib.layers
    x = images(tf, 3, 2)
    y = tf.placeholder(tf.float32, [2, 2, 2, 3], name="y")
    return trained(tf, [layers.batch_norm(x, updates_collections=None, decay=0.5),
                        layers.batch_norm(y, updates_collections=None, decay=0.5, scale=True, fused=False),
                        layers.batch_norm(y, updates_collections=None, decay=0.5)],
                   {x: ramp(3, 2), y: ramp(2, 2, 2, 3)}, steps=2)


@program
def contrib_batch_norm_of_a_phase(tf):
    layers = tf.contrib.layers
    x = images(tf, 3, 2)
    training = tf.placeholder(tf.bool, [], name="training")
    y = layers.batch_norm(x, is_training=training, decay=0.5)
    z = layers.batch_norm(x, is_training=training, decay=0.5, updates_collections=None, scope="now", fused=False)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    return Case(init=True, steps=[([y, z, updates], {x: ramp(3, 2), training: True}),
                                  ([y, z, updates], {x: ramp(3, 2), training: False})], show=[y, z])


@program
def contrib_batch_norm_with_options(tf):
    layers = tf.contrib.layers
    x = images(tf, 3, 2)
    y = layers.batch_norm(x, zero_debias_moving_mean=True, fused=False, scope="debiased")
    z = layers.batch_norm(x, batch_weights=tf.constant([1.0, 2.0, 0.0]), scope="weighted")
    u = layers.batch_norm(x, updates_collections="mine", variables_collections=["vars"], scope="mine", scale=True,
                          param_initializers={"gamma": tf.constant_initializer(0.5)},
                          param_regularizers={"gamma": layers.l2_regularizer(0.1)})
    return trained(tf, [y, z, u], {x: ramp(3, 2)}, steps=2)


@program
def contrib_layer_and_instance_norm(tf):
    layers = tf.contrib.layers
    x = images(tf, None, 4, 4, 6)
    return trained(tf, [layers.layer_norm(x), layers.layer_norm(x, begin_norm_axis=-1, center=False, scope="last"),
                        layers.instance_norm(x, activation_fn=tf.nn.relu), layers.instance_norm(x, scale=False),
                        layers.group_norm(x, groups=3), layers.bias_add(x)], {x: ramp(2, 4, 4, 6)})


@program
def contrib_dropout(tf):
    layers = tf.contrib.layers
    x = images(tf, 4, 5)
    training = tf.placeholder(tf.bool, [], name="training")
    found = [layers.dropout(x, 0.7), layers.dropout(x, is_training=False), layers.dropout(x, seed=4),
             layers.dropout(x, 0.9, is_training=training, outputs_collections="kept"),
             layers.dropout(x, noise_shape=[4, 1])]
    return Case(steps=[(found, {x: ramp(4, 5), training: True}), (found, {x: ramp(4, 5), training: False})], show=found)


@program
def contrib_repeat_and_stack(tf):
    layers = tf.contrib.layers
    x = images(tf, None, 4, 4, 2)
    y = layers.repeat(x, 2, layers.conv2d, 3, [3, 3], scope="conv1")
    y = layers.repeat(y, 1, layers.conv2d, 2, 1)
    z = layers.stack(layers.flatten(y), layers.fully_connected, [3, 4, 2], scope="fc")
    return trained(tf, [layers.stack(y, layers.conv2d, [(3, [1, 1]), (2, 2)]), z], {x: ramp(2, 4, 4, 2)})


@program
def contrib_small_layers(tf):
    layers = tf.contrib.layers
    x = images(tf, None, 6)
    labels = tf.placeholder(tf.int64, [None], name="labels")
    found = [layers.one_hot_encoding(labels, 4), layers.one_hot_encoding(tf.constant([1, 0]), 2, 5.0, -1.0),
             layers.softmax(x), layers.unit_norm(x, 1), layers.unit_norm(x, 0), layers.maxout(x, 3),
             layers.flatten(tf.reshape(x, [-1, 2, 3]))]
    return Case(steps=[(found, {x: ramp(2, 6), labels: [3, 0]})], show=found)


@program
def contrib_embeddings(tf):
    layers = tf.contrib.layers
    tf.set_random_seed(5)
    ids = tf.placeholder(tf.int64, [None, 3], name="ids")
    found = [layers.embed_sequence(ids, 10, 3), layers.embed_sequence(ids, 10, 3, unique=True, scope="unique"),
             layers.embed_sequence(ids, scope="unique", reuse=True),
             layers.bow_encoder(ids, 10, 2, sparse_lookup=False, scope="bow"),
             layers.embedding_lookup_unique(tf.get_variable("table", [10, 2]), ids)]
    return trained(tf, found, {ids: [[1, 2, 1], [0, 9, 2]]})


@program
def contrib_initializers(tf):
    layers = tf.contrib.layers
    tf.set_random_seed(11)
    kinds = [layers.xavier_initializer(), layers.xavier_initializer(uniform=False, seed=3),
             layers.variance_scaling_initializer(), layers.variance_scaling_initializer(1.0, "FAN_AVG", uniform=True),
             layers.variance_scaling_initializer(0.5, "FAN_OUT", seed=1), layers.xavier_initializer_conv2d()]
    found = [tf.get_variable("v%d_%d" % (n, len(shape)), shape, initializer=kind)
             for n, kind in enumerate(kinds) for shape in ([3], [3, 2], [2, 2, 3, 4])]
    return Case(init=True, steps=[(found, None)])


@program
def contrib_regularizers(tf):
    layers = tf.contrib.layers
    tf.set_random_seed(2)
    w = tf.get_variable("w", [3, 2], regularizer=layers.l1_regularizer(0.5))
    v = tf.get_variable("v", [3, 2], regularizer=layers.l1_l2_regularizer(0.5, 0.2))
    tf.get_variable("u", [3], regularizer=layers.l2_regularizer(0.0))
    both = layers.sum_regularizer([layers.l1_regularizer(0.1), None, layers.l2_regularizer(0.2, scope="mine")])
    tf.add_to_collection(tf.GraphKeys.WEIGHTS, v)
    found = [layers.apply_regularization(both, [w, v]), layers.apply_regularization(layers.l2_regularizer(0.2)),
             layers.l1_l2_regularizer(0.0, 0.1)(w), layers.l1_l2_regularizer(0.1, 0.0)(w)]
    return Case(init=True, steps=[(found + tf.losses.get_regularization_losses(), None)])


@program
def contrib_arg_scope(tf):
    layers, framework = tf.contrib.layers, tf.contrib.framework
    x = images(tf, 1, 6, 6, 2)
    with framework.arg_scope([layers.conv2d, layers.fully_connected], activation_fn=tf.nn.elu,
                             weights_initializer=tf.truncated_normal_initializer(stddev=0.1)) as scope:
        y = layers.conv2d(x, 2, 1)
        with framework.arg_scope([layers.conv2d], padding="VALID"):
            y = layers.conv2d(y, 2, 3)
    with framework.arg_scope(scope):
        y = layers.conv2d(y, 2, [1, 1], activation_fn=None)
    with framework.arg_scope([framework.model_variable], device="/cpu:0"):
        y = layers.conv2d(y, 1, 1)
    return trained(tf, [y], {x: ramp(1, 6, 6, 2)})


@program
def contrib_model_variables(tf):
    framework = tf.contrib.framework
    tf.set_random_seed(4)
    framework.get_or_create_global_step()
    v = framework.model_variable("a/v", [2], regularizer=tf.contrib.layers.l2_regularizer(0.1))
    u = framework.variable("b/u", [2], collections=["mine"], trainable=False)
    local = framework.local_variable(3.0, name="local")
    whole = framework.global_variable(2.0, name="whole")
    op, feeds = framework.assign_from_values({"a/v": np.array([1.0, 2.0], np.float32)})
    init = [tf.local_variables_initializer(), u.initializer]
    names = [[str(var.op.name) for var in found] for found in (
        framework.get_variables("a"), framework.get_variables_by_suffix("v"), framework.get_variables_by_name("v"),
        framework.get_variables_to_restore(exclude=["a"]), framework.get_variables_to_restore(include=["a"]),
        framework.get_model_variables(), framework.get_local_variables(), framework.get_trainable_variables("a"),
        framework.filter_variables([v, u], include_patterns=["v$"]),
        framework.filter_variables([v, u], exclude_patterns=["a"]))]
    found = [v, u, local, whole, framework.get_unique_variable("a/v")]
    return Case(init=True, steps=[(init, None), (op, feeds), (found, None)], facts={"names": names})
