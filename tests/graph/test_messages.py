"""Protocol buffers print as TensorFlow 1.15 prints them: the entries of maps in the order of their keys."""

from __future__ import annotations

from tfmagic import tf


def test_messages_print_maps_in_order_of_keys() -> None:
    with tf.Graph().as_default():
        node = tf.matmul(tf.zeros([2, 3]), tf.ones([3, 4]), transpose_a=False, name="product").op
    config = tf.ConfigProto(device_count=dict.fromkeys(("XLA", "GPU", "CPU", "TPU"), 1))
    for message, keys in ((node.node_def, sorted(node.node_def.attr)), (config, ["CPU", "GPU", "TPU", "XLA"])):
        text = str(message)
        places = [text.index(f'key: "{key}"') for key in keys]
        assert places == sorted(places) and repr(message) == text
    assert str(node) == str(node.node_def)
