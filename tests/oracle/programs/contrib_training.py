"""tf.contrib.losses, slim, training and optimize_loss: losses with weights, operations that train, small models."""

from . import Case, program
from .recurrent import flat, ramp


def pairs(tf):
    x = tf.placeholder(tf.float32, [4, 3], name="x")
    y = tf.placeholder(tf.float32, [4, 3], name="y")
    return x, y, {x: abs(ramp(4, 3)) + 0.1, y: abs(ramp(4, 3)[::-1]) + 0.05}


def of_losses(found, feeds):
    return Case(steps=[(found, feeds)], show=found)


@program
def contrib_losses(tf):
    losses = tf.contrib.losses
    x, y, feeds = pairs(tf)
    return of_losses([losses.mean_squared_error(x, y), losses.absolute_difference(x, y, scope="mine"),
                      losses.log_loss(x, y), losses.hinge_loss(x, y), losses.cosine_distance(x, y, axis=1),
                      losses.mean_pairwise_squared_error(x, y), losses.get_total_loss()], feeds)


@program
def contrib_losses_with_weights(tf):
    losses = tf.contrib.losses
    x, y, feeds = pairs(tf)
    each = tf.constant([1.0, 0.0, 2.0, 1.0])
    return of_losses([losses.mean_squared_error(x, y, weights=each), losses.absolute_difference(x, y, weights=0.5),
                      losses.log_loss(x, y, weights=y), losses.mean_pairwise_squared_error(x, y, weights=each),
                      losses.cosine_distance(x, y, dim=1, weights=0.0),
                      losses.compute_weighted_loss(x, tf.reshape(each, [4, 1]))], feeds)


@program
def contrib_losses_of_classes(tf):
    losses = tf.contrib.losses
    x, y, feeds = pairs(tf)
    labels = tf.placeholder(tf.int64, [4, 1], name="labels")
    feeds[labels] = [[0], [2], [1], [1]]
    return of_losses([losses.softmax_cross_entropy(x, y), losses.softmax_cross_entropy(x, y, 2.0, label_smoothing=0.1),
                      losses.sigmoid_cross_entropy(x, y), losses.sigmoid_cross_entropy(x, y, label_smoothing=0.2),
                      losses.sparse_softmax_cross_entropy(x, labels, weights=tf.ones([4]))], feeds)


@program
def contrib_losses_collected(tf):
    losses = tf.contrib.losses
    x, y, feeds = pairs(tf)
    tf.set_random_seed(1)
    w = tf.get_variable("w", [2], regularizer=tf.contrib.layers.l2_regularizer(0.5))
    losses.mean_squared_error(x, y)
    losses.add_loss(tf.reduce_sum(x, name="mine"))
    total, bare = losses.get_total_loss(), losses.get_total_loss(add_regularization_losses=False, name="bare")
    found = losses.get_losses() + losses.get_regularization_losses() + losses.get_losses("mine")
    return Case(init=True, steps=[(found + [total, bare, w], feeds)], show=found)


def bowl(tf):
    tf.set_random_seed(9)
    w = tf.get_variable("w", [2, 3])
    # Not of w * w: TensorFlow would compute that before or after the step, as it comes.
    return w, tf.reduce_sum(tf.exp(w), name="loss")


@program
def contrib_optimize_loss(tf):
    w, loss = bowl(tf)
    step = tf.train.get_or_create_global_step()
    train = tf.contrib.layers.optimize_loss(loss, step, 0.1, "SGD")
    return Case(init=True, steps=[(train, None), (train, None), ([w, step], None)], show=[train])


@program
def contrib_optimize_loss_with_options(tf):
    w, loss = bowl(tf)
    step = tf.train.get_or_create_global_step()
    train = tf.contrib.layers.optimize_loss(
        loss, step, 0.1, "Adam", clip_gradients=1.0, gradient_multipliers={"w:0": 2.0},
        learning_rate_decay_fn=lambda rate, step: tf.train.exponential_decay(rate, step, 10, 0.5),
        summaries=["loss", "learning_rate", "gradients", "gradient_norm", "global_gradient_norm"])
    return Case(init=True, steps=[(train, None), (train, None), ([w, step], None)], show=[train])


@program
def contrib_optimize_loss_by_other_optimizers(tf):
    w, loss = bowl(tf)
    optimize = tf.contrib.layers.optimize_loss
    found = [optimize(loss, None, None, lambda: tf.train.MomentumOptimizer(0.1, 0.9), name="made", summaries=[]),
             optimize(loss, None, 0.1, tf.train.AdagradOptimizer, name="kind", summaries=[],
                      update_ops=[tf.no_op(name="before")]),
             optimize(loss, None, tf.constant(0.01), "RMSProp", name="named", summaries=[], variables=[w]),
             optimize(loss, None, 0.1, "Momentum", name="rolling", summaries=[]),
             optimize(loss, None, None, tf.train.GradientDescentOptimizer(0.1), name="given", summaries=[])]
    return Case(init=True, steps=[(each, None) for each in found] + [(w, None)], show=found)


@program
def contrib_slim_train_op(tf):
    slim = tf.contrib.slim
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    y = slim.batch_norm(slim.fully_connected(x, 2), fused=False)
    loss = tf.reduce_sum(tf.square(y - 1.0), name="l")
    train = slim.learning.create_train_op(loss, tf.train.GradientDescentOptimizer(0.1))
    return Case(init=True, steps=[(train, {x: ramp(2, 3)})] * 2 + [(tf.global_variables(), None)], show=[train])


@program
def contrib_slim_train_op_with_options(tf):
    w, loss = bowl(tf)
    train = tf.contrib.slim.learning.create_train_op(
        loss, tf.train.GradientDescentOptimizer(0.1), clip_gradient_norm=2.0, global_step=None,
        summarize_gradients=True, check_numerics=False, gradient_multipliers={"w": 2.0})
    return Case(init=True, steps=[(train, None), (w, None)], show=[train])


@program
def contrib_training_train_op(tf):
    training = tf.contrib.training
    w, loss = bowl(tf)
    train = training.create_train_op(loss, tf.train.AdamOptimizer(0.1), variables_to_train=[w],
                                     transform_grads_fn=training.clip_gradient_norms_fn(3.0))
    pairs = [(tf.constant([3.0, 4.0]), w), (None, w)]
    clipped = training.clip_gradient_norms(pairs, 1.0)
    scaled = training.multiply_gradients(pairs[:1], {w: 3.0})
    training.add_gradients_summaries(pairs)
    return Case(init=True, steps=[(train, None), ([w, clipped[0][0], scaled[0][0]], None)], show=[train])


@program
def contrib_slim_convolutional_model(tf):
    slim = tf.contrib.slim
    tf.set_random_seed(6)
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], name="x")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    with slim.arg_scope([slim.conv2d, slim.fully_connected], weights_regularizer=slim.l2_regularizer(0.01),
                        weights_initializer=tf.truncated_normal_initializer(0.0, 0.1)), \
            tf.variable_scope("net", "net", [x]) as scope:
        ends = scope.original_name_scope + "_end_points"
        with slim.arg_scope([slim.conv2d, slim.max_pool2d], outputs_collections=ends):
            y = slim.repeat(x, 2, slim.conv2d, 3, [3, 3], scope="conv1")
            y = slim.max_pool2d(y, [2, 2], scope="pool1")
            y = slim.flatten(y)
            y = slim.dropout(slim.fully_connected(y, 5, scope="fc"), 0.5, is_training=False)
            y = slim.fully_connected(y, 3, activation_fn=None, scope="logits")
    points = slim.utils.convert_collection_to_dict(ends)
    slim.losses.softmax_cross_entropy(y, slim.one_hot_encoding(labels, 3))
    total = slim.losses.get_total_loss()
    train = slim.learning.create_train_op(total, tf.train.MomentumOptimizer(0.1, 0.9))
    names = [str(var.op.name) for var in slim.get_model_variables()]
    feeds = {x: ramp(2, 8, 8, 1), labels: [0, 2]}
    return Case(init=True, steps=[(train, feeds)] * 3 + [(y, feeds)], show=[points[key] for key in sorted(points)],
                facts={"names": names, "points": [str(key) for key in sorted(points)],
                       "restored": [str(var.op.name) for var in slim.get_variables_to_restore(exclude=["net/fc"])]})


@program
def contrib_slim_nested_scopes(tf):
    slim = tf.contrib.slim
    tf.set_random_seed(8)
    x = tf.placeholder(tf.float32, [1, 5, 5, 2], name="x")

    def block(inputs, depth, scope=None):
        with tf.variable_scope(scope, "block", [inputs]):
            shortcut = slim.conv2d(inputs, depth, 1, activation_fn=None, scope="shortcut")
            return tf.nn.relu(shortcut + slim.separable_conv2d(inputs, depth, 3, scope="depthwise"))

    with slim.arg_scope([slim.conv2d, slim.separable_conv2d], normalizer_fn=slim.batch_norm, padding="SAME"), \
            slim.arg_scope([slim.batch_norm], is_training=False, scale=True):
        y = block(x, 3)
        z = block(y, 2, scope="named")
    with slim.arg_scope([slim.model_variable, slim.variable], device="/cpu:0"):
        w = slim.variable("w", [2], initializer=tf.zeros_initializer())
    return Case(init=True, steps=[([y, z, w], {x: ramp(1, 5, 5, 2)})], show=flat([y, z]),
                facts={"names": [str(var.op.name) for var in tf.global_variables()]})
