"""tf.contrib.layers.scale_gradient: its values; the name that it gives its node is a hash."""

from tfmagic import tf


def test_the_gradient_is_scaled_and_the_value_is_not() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.constant([1.0, 2.0])
        same = tf.contrib.layers.scale_gradient(x, tf.constant(0.5))
        gradient, = tf.gradients(same * same, x)
        assert same.shape.as_list() == [2]
        assert session.run([same, gradient])[0].tolist() == [1.0, 2.0]
        assert session.run(gradient).tolist() == [1.0, 2.0]  # 2 x, times 0.5
