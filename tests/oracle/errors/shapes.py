"""Refused by shape rules: the sentence names the node, its shapes, and the constant inputs that the rule looked at."""

from __future__ import division

from . import refused


def box(tf):
    return tf.placeholder(tf.float32, [2, 3], name="box")


REFUSED = {
    "pad_negative": lambda tf: tf.pad(box(tf), [[0, 0], [-5, 1]]),
    "pad_other_rank": lambda tf: tf.pad(box(tf), [[0, 0]]),
    "concat_axis": lambda tf: tf.concat([box(tf), box(tf)], 5),
    "concat_before_axis": lambda tf: tf.concat([tf.zeros([2, 3]), tf.zeros([4, 3])], 1),
    "concat_after_axis": lambda tf: tf.concat([tf.zeros([2, 3]), tf.zeros([3, 4])], 0),
    "transpose_permutation": lambda tf: tf.transpose(box(tf), [0, 2]),
    "expand_dims_axis": lambda tf: tf.expand_dims(box(tf), 7),
    "gather_axis": lambda tf: tf.gather(box(tf), [0], axis=3),
    "sum_axis": lambda tf: tf.reduce_sum(box(tf), 4),
    "sum_axes": lambda tf: tf.reduce_sum(box(tf), [0, -4]),
    "range_without_step": lambda tf: tf.range(0, 5, 0),
    "range_downwards": lambda tf: tf.range(5, 0, 1),
    "argmax_axis": lambda tf: tf.argmax(box(tf), 4),
    "split_uneven": lambda tf: tf.split(box(tf), 2, axis=1),
    "split_axis": lambda tf: tf.split(box(tf), 2, axis=5),
    "split_sizes": lambda tf: tf.split(box(tf), [1, 1], axis=1),
    "split_sizes_open": lambda tf: tf.split(box(tf), [-1, -1, 1], axis=1),
    "top_k_too_many": lambda tf: tf.nn.top_k(box(tf), 5),
    "reverse_axis": lambda tf: tf.reverse(box(tf), [3]),
    "broadcast_to": lambda tf: tf.broadcast_to(box(tf), [4, 3]),
    "reshape_elements": lambda tf: tf.reshape(tf.zeros([10]), [3, 3]),
    "reshape_open_size": lambda tf: tf.reshape(tf.zeros([10]), [-1, 3]),
    "reshape_open_input": lambda tf: tf.reshape(tf.placeholder(tf.float32, [None, 3]), [4, 5, 7]),
    "reshape_partly_known": lambda tf: tf.reshape(tf.zeros([10]), tf.stack([tf.placeholder(tf.int32, []), 3])),
    "reshape_by_matrix": lambda tf: tf.reshape(box(tf), [[2]]),
    "space_to_batch": lambda tf: tf.space_to_batch_nd(tf.zeros([1, 4, 4, 1]), [3, 3], [[0, 0], [0, 0]]),
    "batch_to_space": lambda tf: tf.batch_to_space_nd(tf.zeros([4, 4, 4, 1]), [3, 3], [[0, 0], [0, 0]]),
    "unsorted_segments": lambda tf: tf.unsorted_segment_sum(box(tf), [0, 1, 2], 3),
    "unsorted_segments_negative": lambda tf: tf.unsorted_segment_sum(box(tf), [0, 1], -3),
    "linspace_of_none": lambda tf: tf.linspace(0.0, 1.0, 0),
    "tile_other_rank": lambda tf: tf.tile(tf.zeros([2, 2]), [2]),
    "one_hot_negative": lambda tf: tf.one_hot([1], -1),
    "index_beyond": lambda tf: box(tf)[:, 5],
    "index_stride": lambda tf: box(tf)[0:1:0],
    "index_rank": lambda tf: tf.zeros([10])[0, 0],
    "stack_of_shapes": lambda tf: tf.stack([tf.zeros([2]), tf.zeros([2]), tf.zeros([3])]),
    "stack_of_ranks": lambda tf: tf.stack([tf.zeros([2]), tf.zeros([3, 3])]),
    "add_n_of_shapes": lambda tf: tf.add_n([tf.zeros([2]), tf.zeros([2]), tf.zeros([3])]),
    "where_rows": lambda tf: tf.where([True, False, True], box(tf), box(tf)),
    "where_scalars": lambda tf: tf.where([True], 1.0, 2.0),
    "set_shape_size": lambda tf: tf.placeholder(tf.float32, [2]).set_shape([3]),
    "set_shape_rank": lambda tf: tf.placeholder(tf.float32, [2]).set_shape([3, 3]),
    "fill_by_matrix": lambda tf: tf.fill([[2]], 1.0),
    "convolution_stride": lambda tf: tf.nn.conv2d(tf.zeros([1, 4, 4, 2]), tf.zeros([3, 3, 2, 1]), [1, 0, 1, 1], "SAME"),
    "convolution_stride_negative": lambda tf: tf.nn.conv2d(
        tf.zeros([1, 4, 4, 2]), tf.zeros([3, 3, 2, 1]), [1, -1, 1, 1], "SAME"),
    "convolution_stride_unknown_input": lambda tf: tf.nn.conv2d(
        tf.placeholder(tf.float32), tf.zeros([3, 3, 2, 1]), [1, 0, 1, 1], "SAME"),
    "convolution_dilation": lambda tf: tf.nn.conv2d(
        tf.zeros([1, 4, 4, 2]), tf.zeros([3, 3, 2, 1]), [1, 1, 1, 1], "SAME", dilations=[1, 0, 1, 1]),
    "convolution_3d_stride": lambda tf: tf.nn.conv3d(
        tf.zeros([1, 4, 4, 4, 2]), tf.zeros([3, 3, 3, 2, 2]), [1, 0, 1, 1, 1], "SAME"),
    "depthwise_stride": lambda tf: tf.nn.depthwise_conv2d(
        tf.zeros([1, 4, 4, 2]), tf.zeros([3, 3, 2, 1]), [1, 0, 1, 1], "SAME"),
    "max_pool_stride": lambda tf: tf.nn.max_pool(tf.zeros([1, 4, 4, 2]), [1, 2, 2, 1], [1, 0, 1, 1], "SAME"),
    "max_pool_window": lambda tf: tf.nn.max_pool(tf.zeros([1, 4, 4, 2]), [1, 0, 0, 1], [1, 1, 1, 1], "SAME"),
    "avg_pool_stride": lambda tf: tf.nn.avg_pool(tf.zeros([1, 4, 4, 2]), [1, 2, 2, 1], [1, 0, 1, 1], "SAME"),
    "max_pool3d_stride": lambda tf: tf.nn.max_pool3d(
        tf.zeros([1, 4, 4, 4, 2]), [1, 2, 2, 2, 1], [1, 0, 1, 1, 1], "SAME"),
    "layer_stride": lambda tf: tf.layers.conv2d(tf.zeros([1, 4, 4, 2]), 3, 3, strides=0),
}


def case(name, build):
    def function(tf, sess):
        build(tf)

    function.__name__ = "shape_" + name
    refused()(function)


for name in sorted(REFUSED):
    case(name, REFUSED[name])


@refused("bool", "not allowed")
def symbolic_tensor_as_bool(tf, sess):
    bool(tf.constant([1.0, 2.0], name="x"))


@refused("iterating", "not allowed")
def symbolic_tensor_iterated(tf, sess):
    list(tf.constant([1.0, 2.0], name="x"))


@refused("not well defined", "x:0")
def symbolic_tensor_length(tf, sess):
    len(tf.constant([1.0, 2.0], name="x"))


@refused("not fetchable", "while/next")
def fetched_inside_a_loop(tf, sess):
    tf.while_loop(lambda i: i < 3, lambda i: tf.add(i, 1, name="next"), [tf.constant(0)])
    sess.run("while/next:0")


@refused("too large")
def constant_beyond_64_bits(tf, sess):
    tf.constant(2**63, tf.int64)
