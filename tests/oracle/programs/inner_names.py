"""Names that TensorFlow 1.15 never exported, as its users' own tests import them from `tensorflow.python`."""

import functools

import numpy as np

from . import Case, program
from .functions import internal
from .testing import answers

STRUCTURE = {"a": [1, 2], "b": (3, {"c": 4})}


def values(tf, checks):
    """What each check gives, or its error's class and first line."""
    found = []

    def noted(check):
        found.append(repr(check()).replace("u'", "'"))

    for check in checks:
        said = answers(tf, [functools.partial(noted, check)])[0]
        if said != "ok":
            found.append([said[0]] + [text.replace("<type '", "<class '") for text in said[1:]])
    return found


@program
def inner_shapes_and_conversions(tf):
    """`framework.ops`, `tensor_shape`, `common_shapes` and `tensor_util`."""
    ops, common = (internal(tf, "tensorflow.python.framework." + name) for name in ("ops", "common_shapes"))
    shapes, util = (internal(tf, "tensorflow.python.framework." + name) for name in ("tensor_shape", "tensor_util"))
    shape = tf.TensorShape
    known = values(tf, [
        lambda: ops.name_from_scope_name("a/b/"), lambda: ops.prepend_name_scope("a", "b"),
        lambda: ops.strip_name_scope("b/a", "b"), ops.inside_function, ops.executing_eagerly_outside_functions,
        ops.get_all_collection_keys, lambda: ops.is_dense_tensor_like(tf.constant(1)),
        lambda: ops.is_dense_tensor_like(1), lambda: ops.convert_n_to_tensor(3),
        lambda: ops.convert_n_to_tensor([1, 2.5], tf.int32),
        shapes.scalar, lambda: shapes.vector(3), lambda: shapes.matrix(2, None), shapes.unknown_shape,
        lambda: shapes.as_shape([1, None]), lambda: shapes.as_dimension(3),
        lambda: common.broadcast_shape(shape([2, None]), shape([3])),
        lambda: common.broadcast_shape(shape([2, 4]), shape([3])),
        lambda: common.broadcast_shape(shape([2, None]), shape([None, 1])),
        lambda: common.broadcast_shape(shape(None), shape([None, 1])),
        lambda: common.is_broadcast_compatible(shape([2, 4]), shape([3])),
        lambda: common.is_broadcast_compatible(shape([2, 4]), shape([2, 1])),
        lambda: common.is_broadcast_compatible(shape([2, 4]), shape(None)),
        lambda: util.ShapeEquals(tf.make_tensor_proto([1, 2]), [2]), lambda: util.ShapeEquals(1, [2])])
    show = ops.convert_n_to_tensor([1, [2.0]]) + ops.convert_n_to_tensor([1, 2], tf.float32, name="x")
    show += [ops.internal_convert_to_tensor(1.5, preferred_dtype=tf.int32),
             ops.convert_to_tensor_v2(1, dtype_hint=tf.float32), util.shape_tensor([1, 2]),
             util.shape_tensor([1, tf.constant(2)]), util.shape_tensor((1, tf.constant(2, tf.int64)))]
    return Case(steps=[(show, None)], show=show, facts={"known": known})


@program
def inner_nests_and_texts(tf):
    """`nest`, `tf_inspect`, layouts of `test_util` and texts of `compat`."""
    nest, inspecting = internal(tf, "tensorflow.python.util.nest"), internal(tf, "tensorflow.python.util.tf_inspect")
    suite = internal(tf, "tensorflow.python.framework.test_util")
    shallow = {"a": 0, "b": 0}
    return Case(facts={"nests": values(tf, [
        lambda: nest.flatten_up_to(shallow, STRUCTURE), lambda: nest.flatten_up_to([[1], 2], [3, 4]),
        lambda: nest.flatten_up_to(1, [2]), lambda: sorted(nest.map_structure_up_to(
            shallow, lambda x: x, STRUCTURE).items()),
        lambda: nest.map_structure_up_to([1, 2], lambda x, y: x + y, [1, 2], [3, 4]),
        lambda: list(nest.yield_flat_paths(STRUCTURE)), lambda: nest.flatten_with_joined_string_paths(STRUCTURE),
        lambda: nest.flatten_with_tuple_paths(STRUCTURE),
        lambda: sorted(nest.map_structure_with_paths(lambda path, x: (path, x), STRUCTURE).items()),
        lambda: sorted(nest.map_structure_with_tuple_paths(lambda path, x: (path, x), STRUCTURE).items()),
        lambda: nest.assert_shallow_structure([1], STRUCTURE), lambda: nest.assert_shallow_structure([1, 2], [1]),
        lambda: nest.assert_shallow_structure({"x": 1}, {"y": 1}),
        lambda: sorted(nest.get_traverse_shallow_structure(lambda s: isinstance(s, dict), STRUCTURE).items()),
        lambda: nest.flatten_with_tuple_paths_up_to(shallow, STRUCTURE)]), "rest": values(tf, [
            lambda: inspecting.getargspec(lambda a, b=2, *c: 1), lambda: inspecting.getfullargspec(lambda a, b=2: 1),
            lambda: suite.NHWCToNCHW_VECT_C([1, 2, 3, 8]), lambda: suite.NHWCToNCHW_VECT_C([1, 2, 3, 7]),
            lambda: suite.NCHW_VECT_CToNHWC([1, 2, 2, 3, 4]), lambda: tf.compat.as_text(b"a") == u"a",
            lambda: tf.compat.as_bytes(u"\xe4") == b"\xc3\xa4", lambda: tf.compat.as_bytes(3),
            lambda: tf.compat.as_str_any(3), lambda: tf.compat.path_to_str("a"),
            lambda: [tf.compat.forward_compatible(2019, 8, day) for day in (20, 21, 22)]])})


@program
def horizon_moved(tf):
    """What is compatible within a moved horizon, and after it."""
    with tf.compat.forward_compatibility_horizon(2030, 1, 1):
        within = [tf.compat.forward_compatible(*date) for date in ((2020, 1, 1), (2030, 1, 1), (2030, 1, 2))]
    return Case(facts={"within": within, "after": tf.compat.forward_compatible(2020, 1, 1)})


@program
def second_forms_of_arrays(tf):
    """TensorFlow 2's forms of functions of arrays, numbers and texts."""
    arrays, math = internal(tf, "tensorflow.python.ops.array_ops"), internal(tf, "tensorflow.python.ops.math_ops")
    texts, checks = internal(tf, "tensorflow.python.ops.string_ops"), internal(tf, "tensorflow.python.ops.check_ops")
    x = tf.constant(np.arange(24, dtype=np.float32).reshape(2, 3, 4))
    words = tf.constant(["abc", "de"])
    found = [arrays.boolean_mask_v2(x, [True, False]), arrays.gather_v2(x, [1, 0], axis=1),
             arrays.gather_nd_v2(x, [[0, 1]]), arrays.ones_like_v2(x, tf.int32), arrays.zeros_like_v2(x),
             arrays.pad_v2(x, [[1, 0]] * 3, constant_values=2), arrays.shape_v2(x, tf.int64), arrays.size_v2(x),
             arrays.transpose_v2(x), arrays.transpose_v2(x, [0, 2, 1]),
             arrays.space_to_batch_v2(x, [3], [[0, 0]]), math.argmax_v2(x), math.argmin_v2(x, 2),
             math.count_nonzero_v2(x, 1), math.sparse_segment_sum_v2(x, [0, 1], [0, 0]),
             math.sparse_segment_mean_v2(x, [0, 1], [0, 1], 3), math.sparse_segment_sqrt_n_v2(x, [1], [0]),
             texts.reduce_join_v2(words, 0), texts.string_length_v2(words), texts.substr_v2(words, 1, 1)]
    found += [check for check in (
        checks.assert_equal_v2(x, x), checks.assert_less_v2(x, x + 1), checks.assert_non_negative_v2(x),
        checks.assert_near_v2(x, x), checks.assert_rank_v2(x, 3), checks.assert_rank_in_v2(x, [2, 3])
    ) if check is not None]
    return Case(steps=[(found, None)])


@program
def second_forms_of_networks(tf):
    """TensorFlow 2's forms of functions of networks."""
    nn, impl = internal(tf, "tensorflow.python.ops.nn_ops"), internal(tf, "tensorflow.python.ops.nn_impl")
    embedding = internal(tf, "tensorflow.python.ops.embedding_ops")
    numbers = np.random.RandomState(1)
    x = tf.constant(numbers.randn(2, 6, 6, 3).astype(np.float32))
    w = tf.constant(numbers.randn(2, 3, 3, 4).astype(np.float32))
    flat = tf.reshape(x, [36, 6])
    labels = tf.nn.softmax(flat)
    found = [nn.conv2d_v2(x, w, 1, "SAME"), nn.conv2d_v2(x, w, [1, 2], "VALID", dilations=None),
             nn.conv2d_transpose_v2(tf.ones([2, 3, 3, 4]), w, [2, 6, 6, 3], 2),
             nn.conv1d_v2(x[0], w[0], 1, "SAME"), nn.conv3d_v2(x[:, :, :, :, None], w[:, :, :, None], [1] * 5, "VALID"),
             nn.convolution_v2(x, w, padding="SAME"), nn.crelu_v2(x), nn.pool_v2(x, [2, 2], "MAX", [2, 2]),
             impl.depthwise_conv2d_v2(x, w, [1, 1, 1, 1], "SAME"),
             impl.separable_conv2d_v2(x, w, tf.ones([1, 1, 12, 2]), [1, 1, 1, 1], "SAME"),
             nn.softmax_cross_entropy_with_logits_v2(labels, flat),
             impl.sigmoid_cross_entropy_with_logits_v2(labels, flat),
             nn.sparse_softmax_cross_entropy_with_logits_v2(tf.zeros([36], tf.int32), flat),
             nn.in_top_k_v2(tf.zeros([36], tf.int32), flat, 2), embedding.embedding_lookup_v2(flat, [1, 3])]
    found += list(impl.moments_v2(x, [0, 1], keepdims=True)) + list(impl.weighted_moments_v2(x, [0], tf.abs(x)))
    found += list(impl.sufficient_statistics_v2(x, [1])[:3])
    found += list(nn.fractional_max_pool_v2(x, [1.5, 1.3], True, seed=3))
    found += list(nn.fractional_avg_pool_v2(x, [1.0, 1.4, 1.4, 1.0], True, True, seed=3))
    found += [nn.max_pool_with_argmax_v2(x, 2, 2, "SAME")[0], nn.bias_add_v1(flat, tf.range(6.0)),
              nn.bias_add_v1([[1.0, 2.0]], [1.0, 2.0], "biased")]
    return Case(steps=[(found, None)])
