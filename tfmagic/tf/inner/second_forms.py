"""TensorFlow 2's forms of functions, as TensorFlow 1.15's own modules and their tests call them (`nn_ops.conv2d_v2`).

A form has arguments of its own and is otherwise the public function of TensorFlow 1: the decorator hands them on by
name.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from tfmagic.base import dtypes
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf import internal
from tfmagic.tf.lookup.tables import FAST_HASH
from tfmagic.tf.nn.pooling import per_dimension


def _form(public: str, then: Callable[[dict[str, Any]], dict[str, Any]] | None = None, **renamed: str) -> Any:
    """Decorator: the signature below, computed by the public function `public`.

    Args:
      then: what becomes of the arguments before they are handed on.
      renamed: an argument's name here -> its name there.
    """

    def decorate(shape: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(shape)

        @functools.wraps(shape)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{shape.__name__}() {error}") from None
            bound.apply_defaults()
            given = then(dict(bound.arguments)) if then is not None else bound.arguments
            return internal.public(public)(**{renamed.get(name, name): value for name, value in given.items()})

        return call

    return decorate


def _ones(count: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """No dilation is one of 1 per dimension."""
    return lambda given: {**given, "dilations": given["dilations"] or [1] * count}


# --- sparse segments ---------------------------------------------------------------------------------------------


@_form("sparse.segment_sum")
def sparse_segment_sum_v2(data: Any, indices: Any, segment_ids: Any, num_segments: Any = None,
                          name: str | None = None) -> Any: ...


@_form("sparse.segment_mean")
def sparse_segment_mean_v2(data: Any, indices: Any, segment_ids: Any, num_segments: Any = None,
                           name: str | None = None) -> Any: ...


@_form("sparse.segment_sqrt_n")
def sparse_segment_sqrt_n_v2(data: Any, indices: Any, segment_ids: Any, num_segments: Any = None,
                             name: str | None = None) -> Any: ...


# --- neural networks ---------------------------------------------------------------------------------------------


@_form("nn.conv1d")
def conv1d_v2(input: Any, filters: Any, stride: Any, padding: Any, data_format: str = "NWC", dilations: Any = None,
              name: str | None = None) -> Any: ...


@_form("nn.conv2d_transpose")
def conv2d_transpose_v2(input: Any, filters: Any, output_shape: Any, strides: Any, padding: Any = "SAME",
                        data_format: str = "NHWC", dilations: Any = None, name: str | None = None) -> Any: ...


@_form("nn.conv3d", _ones(5))
def conv3d_v2(input: Any, filters: Any, strides: Any, padding: Any, data_format: str = "NDHWC",
              dilations: Any = None, name: str | None = None) -> Any: ...


@_form("nn.conv3d_transpose")
def conv3d_transpose_v2(input: Any, filters: Any, output_shape: Any, strides: Any, padding: Any = "SAME",
                        data_format: str = "NDHWC", dilations: Any = None, name: str | None = None) -> Any: ...


@_form("nn.convolution", filters="filter")
def convolution_v2(input: Any, filters: Any, strides: Any = None, padding: Any = "VALID", data_format: Any = None,
                   dilations: Any = None, name: str | None = None) -> Any: ...


@_form("nn.depthwise_conv2d")
def depthwise_conv2d_v2(input: Any, filter: Any, strides: Any, padding: Any, data_format: Any = None,
                        dilations: Any = None, name: str | None = None) -> Any: ...


@_form("nn.separable_conv2d")
def separable_conv2d_v2(input: Any, depthwise_filter: Any, pointwise_filter: Any, strides: Any, padding: Any,
                        data_format: Any = None, dilations: Any = None, name: str | None = None) -> Any: ...


@_form("nn.crelu")
def crelu_v2(features: Any, axis: int = -1, name: str | None = None) -> Any: ...


def _seeds(seed: int) -> dict[str, Any]:
    """One seed, which is also what makes the windows the same in every run."""
    first, second = internal.public("random.get_seed")(seed) if seed else (0, 0)
    return {"deterministic": bool(seed), "seed": first, "seed2": second}


def fractional_avg_pool_v2(value: Any, pooling_ratio: Any, pseudo_random: bool = False, overlapping: bool = False,
                           seed: int = 0, name: str | None = None) -> Any:
    """`tf.nn.fractional_avg_pool` with one seed, which is also what makes it deterministic."""
    return raw.fractional_avg_pool(value, pooling_ratio, pseudo_random, overlapping, **_seeds(seed), name=name)


def fractional_max_pool_v2(value: Any, pooling_ratio: Any, pseudo_random: bool = False, overlapping: bool = False,
                           seed: int = 0, name: str | None = None) -> Any:
    """`tf.nn.fractional_max_pool` with one seed, which is also what makes it deterministic, and one ratio or two."""
    ratio = per_dimension(pooling_ratio, 2, 3, "pooling_ratio")
    return raw.fractional_max_pool(value, ratio, pseudo_random, overlapping, **_seeds(seed), name=name)


def max_pool_with_argmax_v2(input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NHWC",
                            output_dtype: Any = dtypes.int64, include_batch_in_index: bool = False,
                            name: str | None = None) -> Any:
    """`tf.nn.max_pool_with_argmax`, which also takes one number, or one per side, for the window and its steps."""
    if data_format != "NHWC":
        raise ValueError("Data formats other than 'NHWC' are not yet supported")
    return raw.max_pool_with_argmax(input, per_dimension(ksize, 2, 3, "ksize"), per_dimension(strides, 2, 3, "strides"),
                                    padding, output_dtype, include_batch_in_index, name=name)


@_form("nn.pool")
def pool_v2(input: Any, window_shape: Any, pooling_type: str, strides: Any = None, padding: Any = "VALID",
            data_format: Any = None, dilations: Any = None, name: str | None = None) -> Any: ...


@_form("nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy_with_logits_v2(labels: Any, logits: Any, name: str | None = None) -> Any: ...


@_form("nn.sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy_with_logits_v2(labels: Any = None, logits: Any = None, name: str | None = None) -> Any: ...


@_form("nn.moments")
def moments_v2(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None) -> Any: ...


@_form("nn.weighted_moments")
def weighted_moments_v2(x: Any, axes: Any, frequency_weights: Any, keepdims: bool = False,
                        name: str | None = None) -> Any: ...


@_form("nn.sufficient_statistics")
def sufficient_statistics_v2(x: Any, axes: Any, shift: Any = None, keepdims: bool = False,
                             name: str | None = None) -> Any: ...


@_form("nn.nce_loss", lambda given: {**given, "partition_strategy": "div"})
def nce_loss_v2(weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: Any, num_classes: Any,
                num_true: int = 1, sampled_values: Any = None, remove_accidental_hits: bool = False,
                name: str = "nce_loss") -> Any: ...


@_form("nn.sampled_softmax_loss", lambda given: {**given, "partition_strategy": "div"})
def sampled_softmax_loss_v2(weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: Any, num_classes: Any,
                            num_true: int = 1, sampled_values: Any = None, remove_accidental_hits: bool = True,
                            seed: Any = None, name: str = "sampled_softmax_loss") -> Any: ...


@_form("nn.embedding_lookup", lambda given: {**given, "partition_strategy": "div"})
def embedding_lookup_v2(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Any: ...


@_form("nn.embedding_lookup_sparse", lambda given: {**given, "partition_strategy": "div"})
def embedding_lookup_sparse_v2(params: Any, sp_ids: Any, sp_weights: Any, combiner: Any = None, max_norm: Any = None,
                               name: str | None = None) -> Any: ...


@_form("nn.safe_embedding_lookup_sparse", lambda given: {**given, "partition_strategy": "div"})
def safe_embedding_lookup_sparse_v2(embedding_weights: Any, sparse_ids: Any, sparse_weights: Any = None,
                                    combiner: str = "mean", default_id: Any = None, max_norm: Any = None,
                                    name: str | None = None) -> Any: ...


# --- sparse tensors, strings, random numbers, gradients ----------------------------------------------------------


@_form("sparse.concat", expand_nonconcat_dims="expand_nonconcat_dim")
def sparse_concat_v2(axis: Any, sp_inputs: Any, expand_nonconcat_dims: bool = False,
                     name: str | None = None) -> Any: ...


@_form("sparse.split")
def sparse_split_v2(sp_input: Any = None, num_split: Any = None, axis: Any = None, name: str | None = None) -> Any: ...


# --- forms that have no number --------------------------------------------------------------------------------------


@_form("nn.avg_pool")
def avg_pool2d(input: Any, ksize: Any, strides: Any, padding: Any, data_format: str = "NHWC",
               name: str | None = None) -> Any: ...


@_form("debugging.assert_all_finite")
def verify_tensor_all_finite_v2(x: Any, message: str, name: str | None = None) -> Any: ...


def bias_add_v1(value: Any, bias: Any, name: str | None = None) -> Any:
    """A bias for the last dimension, by the op that TensorFlow had for it first."""
    with name_scope(name, "BiasAddV1", [value, bias]) as scope:
        value = convert_to_tensor(value, name="input")
        return raw.bias_add_v1(value, convert_to_tensor(bias, dtype=value.dtype, name="bias"), name=scope)


def xw_plus_b_v1(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """`tf.nn.xw_plus_b` by the first op for biases."""
    with name_scope(name, "xw_plus_b_v1", [x, weights, biases]) as scope:
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(weights, name="weights")
        biases = convert_to_tensor(biases, name="biases")
        return bias_add_v1(api.matmul(x, weights), biases, name=scope)


def variable_shape(handle: Any, out_type: Any = dtypes.int32) -> Any:
    """The shape of the variable behind a handle: an int vector."""
    return raw.variable_shape(handle, out_type)


def _with_words(given: dict[str, Any]) -> dict[str, Any]:
    if given["vocabulary_list"] is None:
        raise ValueError("vocabulary_list must be specified.")
    return given


@_form("contrib.lookup.index_table_from_tensor", _with_words, vocabulary_list="mapping")
def index_table_from_tensor(vocabulary_list: Any, num_oov_buckets: int = 0, default_value: int = -1,
                            hasher_spec: Any = FAST_HASH, dtype: Any = dtypes.string,
                            name: str | None = None) -> Any: ...


@_form("contrib.lookup.index_to_string_table_from_tensor", _with_words, vocabulary_list="mapping")
def index_to_string_table_from_tensor(vocabulary_list: Any, default_value: str = "UNK",
                                      name: str | None = None) -> Any: ...


def decode_raw(input_bytes: Any, out_type: Any, little_endian: bool = True, fixed_length: Any = None,
               name: str | None = None) -> Any:
    """The numbers that the bytes of strings are; with `fixed_length` each string is cut or filled up to it."""
    if fixed_length is None:
        return raw.decode_raw(input_bytes, out_type, little_endian, name=name)
    return raw.decode_padded_raw(input_bytes, fixed_length, out_type, little_endian, name=name)


# --- assertions --------------------------------------------------------------------------------------------------


@_form("debugging.assert_near", lambda given: {name: value for name, value in given.items() if value is not None})
def assert_near_v2(x: Any, y: Any, rtol: Any = None, atol: Any = None, message: Any = None, summarize: Any = None,
                   name: str | None = None) -> Any: ...


@_form("debugging.assert_scalar")
def assert_scalar_v2(tensor: Any, message: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_equal")
def assert_equal_v2(x: Any, y: Any, message: Any = None, summarize: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_none_equal")
def assert_none_equal_v2(x: Any, y: Any, summarize: Any = None, message: Any = None,
                         name: str | None = None) -> Any: ...


@_form("debugging.assert_greater")
def assert_greater_v2(x: Any, y: Any, message: Any = None, summarize: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_greater_equal")
def assert_greater_equal_v2(x: Any, y: Any, message: Any = None, summarize: Any = None,
                            name: str | None = None) -> Any: ...


@_form("debugging.assert_less")
def assert_less_v2(x: Any, y: Any, message: Any = None, summarize: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_less_equal")
def assert_less_equal_v2(x: Any, y: Any, message: Any = None, summarize: Any = None,
                         name: str | None = None) -> Any: ...


@_form("debugging.assert_positive")
def assert_positive_v2(x: Any, message: Any = None, summarize: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_negative")
def assert_negative_v2(x: Any, message: Any = None, summarize: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_non_positive")
def assert_non_positive_v2(x: Any, message: Any = None, summarize: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_non_negative")
def assert_non_negative_v2(x: Any, message: Any = None, summarize: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_rank")
def assert_rank_v2(x: Any, rank: Any, message: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_rank_at_least")
def assert_rank_at_least_v2(x: Any, rank: Any, message: Any = None, name: str | None = None) -> Any: ...


@_form("debugging.assert_rank_in")
def assert_rank_in_v2(x: Any, ranks: Any, message: Any = None, name: str | None = None) -> Any: ...


# --- arrays, numbers and texts -------------------------------------------------------------------------------------


@_form("nn.conv2d", filters="filter")
def conv2d_v2(input: Any, filters: Any, strides: Any, padding: Any, data_format: str = "NHWC", dilations: Any = None,
              name: str | None = None) -> Any: ...


@_form("nn.dropout")
def dropout_v2(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Any: ...


@_form("nn.softmax_cross_entropy_with_logits_v2")
def softmax_cross_entropy_with_logits_v2(labels: Any, logits: Any, axis: Any = -1,
                                         name: str | None = None) -> Any: ...


@_form("nn.in_top_k")
def in_top_k_v2(targets: Any, predictions: Any, k: Any, name: str | None = None) -> Any: ...


@_form("boolean_mask")
def boolean_mask_v2(tensor: Any, mask: Any, axis: Any = None, name: str = "boolean_mask") -> Any: ...


@_form("nn.depth_to_space")
def depth_to_space_v2(input: Any, block_size: Any, data_format: str = "NHWC", name: str | None = None) -> Any: ...


@_form("gather_nd")
def gather_nd_v2(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Any: ...


@_form("gather")
def gather_v2(params: Any, indices: Any, validate_indices: Any = None, axis: Any = None, batch_dims: int = 0,
              name: str | None = None) -> Any: ...


@_form("pad")
def pad_v2(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0,
           name: str | None = None) -> Any: ...


@_form("shape")
def shape_v2(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> Any: ...


@_form("size")
def size_v2(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> Any: ...


@_form("space_to_batch_nd")
def space_to_batch_v2(input: Any, block_shape: Any, paddings: Any, name: str | None = None) -> Any: ...


@_form("nn.space_to_depth")
def space_to_depth_v2(input: Any, block_size: Any, data_format: str = "NHWC", name: str | None = None) -> Any: ...


@_form("transpose")
def transpose_v2(a: Any, perm: Any = None, conjugate: bool = False, name: str = "transpose") -> Any: ...


@_form("math.count_nonzero", input="input_tensor")
def count_nonzero_v2(input: Any, axis: Any = None, keepdims: Any = None, dtype: Any = dtypes.int64,
                     name: str | None = None) -> Any: ...


@_form("strings.reduce_join", keepdims="keep_dims")
def reduce_join_v2(inputs: Any, axis: Any = None, keepdims: bool = False, separator: str = "",
                   name: str | None = None) -> Any: ...


@_form("strings.length")
def string_length_v2(input: Any, unit: str = "BYTE", name: str | None = None) -> Any: ...


@_form("strings.to_hash_bucket")
def string_to_hash_bucket(input: Any, num_buckets: Any, name: str | None = None) -> Any: ...


@_form("strings.to_number")
def string_to_number(input: Any, out_type: Any = dtypes.float32, name: str | None = None) -> Any: ...


@_form("strings.substr")
def substr_v2(input: Any, pos: Any, len: Any, unit: str = "BYTE", name: str | None = None) -> Any: ...


@_form("convert_to_tensor", dtype_hint="preferred_dtype")
def convert_to_tensor_v2(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Any: ...


def argmax_v2(input: Any, axis: Any = None, output_type: Any = dtypes.int64, name: str | None = None) -> Any:
    """`tf.argmax`, along the first axis by default."""
    return raw.arg_max(input, 0 if axis is None else axis, output_type=output_type, name=name)


def argmin_v2(input: Any, axis: Any = None, output_type: Any = dtypes.int64, name: str | None = None) -> Any:
    """`tf.argmin`, along the first axis by default."""
    return raw.arg_min(input, 0 if axis is None else axis, output_type=output_type, name=name)


def batch_to_space_v2(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Any:
    """`tf.batch_to_space_nd`; one number stands for both sides of a block."""
    if isinstance(block_shape, int):
        block_shape = np.array([block_shape, block_shape], np.int64)
    return api.batch_to_space_nd(input, block_shape, crops, name=name)


def gradients_v2(ys: Any, xs: Any, grad_ys: Any = None, name: str = "gradients", gate_gradients: bool = False,
                 aggregation_method: Any = None, stop_gradients: Any = None,
                 unconnected_gradients: Any = "none") -> Any:
    """`tf.gradients`, each on the device of the operation whose gradient it is."""
    return api.gradients(ys, xs, grad_ys, name, True, gate_gradients, aggregation_method, stop_gradients,
                         unconnected_gradients)


def listdiff(x: Any, y: Any, out_idx: Any = None, name: str | None = None) -> Any:
    """`tf.setdiff1d`."""
    return api.setdiff1d(x, y, dtypes.int32 if out_idx is None else out_idx, name)


def ones_like_v2(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """`tf.ones_like`."""
    return api.ones_like(input, dtype=dtype, name=name)


def zeros_like_v2(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """`tf.zeros_like`."""
    return api.zeros_like(input, dtype=dtype, name=name)
