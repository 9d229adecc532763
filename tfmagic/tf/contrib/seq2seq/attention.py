"""Attention mechanisms: how much of each place of a memory a query looks at."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.initializers.kinds import Constant, Ones, Zeros
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.layers.core import Dense
from tfmagic.tf.recurrent.sizes import zeros_like_sizes
from tfmagic.tf.variable.scope import get_variable, variable_scope


@export("contrib.seq2seq.AttentionMechanism")
class AttentionMechanism:
    """Base of attention mechanisms."""

    @property
    def alignments_size(self) -> Any:
        """The number of places of the memory."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        """The size of the mechanism's state."""
        raise NotImplementedError


def _prepare_memory(memory: Any, memory_sequence_length: Any = None, memory_mask: Any = None,
                    check_inner_dims_defined: bool = True) -> Any:
    """The memory with zeros behind the end of each sequence, or where a mask has zeros."""
    memory = nest.map_structure(lambda m: convert_to_tensor(m, name="memory"), memory)
    _check_one_mask(memory_sequence_length, memory_mask)
    lengths, mask = memory_sequence_length, memory_mask
    if lengths is not None:
        lengths = convert_to_tensor(lengths, name="memory_sequence_length")
    if check_inner_dims_defined:
        for m in nest.flatten(memory):
            if not m.get_shape()[2:].is_fully_defined():
                raise ValueError(f"Expected memory {m.name} to have fully defined inner dims, but saw shape: "
                                 f"{m.get_shape()}")
    if lengths is not None:
        first = nest.flatten(memory)[0]
        mask = api.sequence_mask(lengths, maxlen=api.shape(first)[1], dtype=first.dtype)

    def masked(m: Tensor) -> Tensor:
        if mask is None:
            return m
        rank = m.get_shape().ndims
        ones = api.ones((api.rank(m) if rank is None else rank) - 2, dtype=dtypes.int32)
        return m * raw.reshape(mask, api.concat((api.shape(mask), ones), 0))

    return nest.map_structure(masked, memory)


def _check_one_mask(memory_sequence_length: Any, memory_mask: Any) -> None:
    if memory_sequence_length is not None and memory_mask is not None:
        raise ValueError("memory_sequence_length and memory_mask can't be provided at same time.")


def _masked_score(score: Tensor, memory_sequence_length: Any = None, memory_mask: Any = None,
                  score_mask_value: Any = None) -> Tensor:
    """Scores, with another value behind the end of each sequence, or where a mask is False."""
    _check_one_mask(memory_sequence_length, memory_mask)
    if memory_sequence_length is None and memory_mask is None:
        return score
    if memory_sequence_length is not None:
        with get_default_graph().control_dependencies([api.debugging.assert_positive(
                memory_sequence_length, message="All values in memory_sequence_length must be greater than zero.")]):
            memory_mask = api.sequence_mask(memory_sequence_length, maxlen=api.shape(score)[1])
    return api.where(memory_mask, score, score_mask_value * api.ones_like(score))


class BaseAttention(AttentionMechanism):
    """What the mechanisms share: the memory as values, and as keys that are compared with a query."""

    def __init__(self, query_layer: Any, memory: Any, probability_fn: Any, memory_sequence_length: Any = None,
                 memory_layer: Any = None, check_inner_dims_defined: bool = True, score_mask_value: Any = None,
                 custom_key_value_fn: Any = None, name: str | None = None):
        for layer, what in ((query_layer, "query_layer"), (memory_layer, "memory_layer")):
            if layer is not None and not isinstance(layer, Layer):
                raise TypeError(f"{what} is not a Layer: {type(layer).__name__}")
        self._query_layer = query_layer
        self._memory_layer = memory_layer
        self.dtype = memory_layer.dtype
        if not callable(probability_fn):
            raise TypeError(f"probability_fn must be callable, saw type: {type(probability_fn).__name__}")
        if score_mask_value is None:
            score_mask_value = dtypes.as_dtype(memory_layer.dtype).as_numpy_dtype(-np.inf)
        self._probability_fn = lambda score, previous: probability_fn(
            _masked_score(score, memory_sequence_length, score_mask_value=score_mask_value), previous)
        with name_scope(name, "BaseAttentionMechanismInit", [
                m for m in nest.flatten(memory) if isinstance(m, Tensor)]):
            self._values = _prepare_memory(memory, memory_sequence_length,
                                           check_inner_dims_defined=check_inner_dims_defined)
            self._keys = self._values if memory_layer is None else memory_layer(self._values)
            if custom_key_value_fn is not None:
                self._keys, self._values = custom_key_value_fn(self._keys, self._values)
            self._batch_size = self._keys.shape.dims[0].value or api.shape(self._keys)[0]
            self._alignments_size = self._keys.shape.dims[1].value or api.shape(self._keys)[1]

    @property
    def memory_layer(self) -> Any:
        """The layer from memory to keys."""
        return self._memory_layer

    @property
    def query_layer(self) -> Any:
        """The layer that queries go through."""
        return self._query_layer

    @property
    def values(self) -> Any:
        """The memory, masked."""
        return self._values

    @property
    def keys(self) -> Any:
        """What queries are compared with."""
        return self._keys

    @property
    def batch_size(self) -> Any:
        """The batch size of the memory."""
        return self._batch_size

    @property
    def alignments_size(self) -> Any:
        return self._alignments_size

    @property
    def state_size(self) -> Any:
        return self._alignments_size

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Any:
        """The alignments before the first step: zeros."""
        return zeros_like_sizes(self._alignments_size, batch_size, dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state before the first step."""
        return self.initial_alignments(batch_size, dtype)


def _luong_score(query: Any, keys: Any, scale: Any) -> Tensor:
    """The product of the query with each key."""
    depth, key_units = query.get_shape()[-1].value, keys.get_shape()[-1].value
    if depth != key_units:
        raise ValueError(f"Incompatible or unknown inner dimensions between query and keys.  Query ({query}) has "
                         f"units: {depth}.  Keys ({keys}) have units: {key_units}.  Perhaps you need to set num_units "
                         f"to the keys' dimension ({key_units})?")
    score = api.squeeze(api.matmul(api.expand_dims(query, 1), keys, transpose_b=True), [1])
    return score if scale is None else scale * score


def _luong_variables(scale: bool, dtype: Any) -> Any:
    return get_variable("attention_g", dtype=dtype, initializer=Ones(), shape=()) if scale else None


def _bahdanau_score(processed_query: Any, keys: Any, attention_v: Any, attention_g: Any = None,
                    attention_b: Any = None) -> Tensor:
    """A small net of query and key."""
    query = api.expand_dims(processed_query, 1)
    if attention_g is None or attention_b is None:
        return api.reduce_sum(attention_v * api.tanh(keys + query), [2])
    direction = attention_g * attention_v * api.rsqrt(api.reduce_sum(api.square(attention_v)))
    return api.reduce_sum(direction * api.tanh(keys + query + attention_b), [2])


def _bahdanau_variables(units: int, normalize: bool, dtype: Any) -> tuple[Any, Any, Any]:
    v = get_variable("attention_v", [units], dtype=dtype)
    if not normalize:
        return v, None, None
    g = get_variable("attention_g", dtype=dtype, initializer=Constant(math.sqrt(1.0 / units)), shape=())
    return v, g, get_variable("attention_b", [units], dtype=dtype, initializer=Zeros())


@export("contrib.seq2seq.LuongAttention")
class LuongAttention(BaseAttention):
    """Multiplicative attention.

    Args:
      num_units: the size of keys and queries.
      memory: [batch, places, ...].
      memory_sequence_length: int32 [batch]: places behind it get no attention.
      scale: whether the score is scaled by a variable.
      probability_fn: from scores to alignments; by default softmax.
      score_mask_value: the score of places that get no attention, -inf by default.
      dtype: the type of the layers, float32 by default.
      custom_key_value_fn: a function of keys and values that gives others.
    """

    def __init__(self, num_units: int, memory: Any, memory_sequence_length: Any = None, scale: bool = False,
                 probability_fn: Any = None, score_mask_value: Any = None, dtype: Any = None,
                 custom_key_value_fn: Any = None, name: str = "LuongAttention"):
        probability_fn = probability_fn or api.nn.softmax
        super().__init__(
            query_layer=None, memory=memory, probability_fn=lambda score, _: probability_fn(score),
            memory_layer=Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or dtypes.float32),
            memory_sequence_length=memory_sequence_length, score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn, name=name)
        self._num_units = num_units
        self._scale = scale
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """The alignments of a query, and the next state."""
        with variable_scope(None, "luong_attention", [query]):
            score = _luong_score(query, self._keys, _luong_variables(self._scale, query.dtype))
        alignments = self._probability_fn(score, state)
        return alignments, alignments


@export("contrib.seq2seq.BahdanauAttention")
class BahdanauAttention(BaseAttention):
    """Additive attention.

    Args:
      num_units: the size of keys and queries.
      memory: [batch, places, ...].
      memory_sequence_length: int32 [batch]: places behind it get no attention.
      normalize: whether the weights of the sum are normalized.
      probability_fn: from scores to alignments; by default softmax.
      score_mask_value: the score of places that get no attention, -inf by default.
      dtype: the type of the layers, float32 by default.
      custom_key_value_fn: a function of keys and values that gives others.
    """

    def __init__(self, num_units: int, memory: Any, memory_sequence_length: Any = None, normalize: bool = False,
                 probability_fn: Any = None, score_mask_value: Any = None, dtype: Any = None,
                 custom_key_value_fn: Any = None, name: str = "BahdanauAttention"):
        probability_fn = probability_fn or api.nn.softmax
        dtype = dtype or dtypes.float32
        super().__init__(
            query_layer=Dense(num_units, name="query_layer", use_bias=False, dtype=dtype), memory=memory,
            probability_fn=lambda score, _: probability_fn(score),
            memory_layer=Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype),
            custom_key_value_fn=custom_key_value_fn, memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value, name=name)
        self._num_units = num_units
        self._normalize = normalize
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """The alignments of a query, and the next state."""
        with variable_scope(None, "bahdanau_attention", [query]):
            processed = query if self._query_layer is None else self._query_layer(query)
            score = _bahdanau_score(processed, self._keys,
                                    *_bahdanau_variables(self._num_units, self._normalize, query.dtype))
        alignments = self._probability_fn(score, state)
        return alignments, alignments


@export("contrib.seq2seq.safe_cumprod")
def safe_cumprod(x: Any, *args: Any, **kwargs: Any) -> Tensor:
    """The cumulative product of numbers in [0, 1], by logarithms (see `tf.cumsum` for the arguments)."""
    with name_scope(None, "SafeCumprod", [x]):
        x = convert_to_tensor(x, name="x")
        tiny = np.finfo(x.dtype.as_numpy_dtype).tiny
        return api.exp(api.cumsum(api.log(api.clip_by_value(x, tiny, 1)), *args, **kwargs))


@export("contrib.seq2seq.monotonic_attention")
def monotonic_attention(p_choose_i: Any, previous_attention: Any, mode: str) -> Tensor:
    """Attention that only moves forwards.

    Args:
      p_choose_i: float [batch, places], how probable it is to stay at a place.
      previous_attention: [batch, places], the attention of the step before.
      mode: "recursive" (exact), "parallel" (by logarithms), or "hard" (probabilities of 0 and 1).

    Returns:
      The attention, [batch, places].

    Raises:
      ValueError: there is no such mode.
    """
    p = convert_to_tensor(p_choose_i, name="p_choose_i")
    previous = convert_to_tensor(previous_attention, name="previous_attention")
    if mode == "recursive":
        batch = p.shape[0].value or api.shape(p)[0]
        shifted = api.concat([api.ones((batch, 1)), 1 - p[:, :-1]], 1)
        found = api.scan(lambda x, yz: raw.reshape(yz[0] * x + yz[1], (batch,)),
                         [api.transpose(shifted), api.transpose(previous)], api.zeros((batch,)))
        return p * api.transpose(found)
    if mode == "parallel":
        skipped = safe_cumprod(1 - p, axis=1, exclusive=True)
        return p * skipped * api.cumsum(previous / api.clip_by_value(skipped, 1e-10, 1.0), axis=1)
    if mode == "hard":
        attention = p * api.cumsum(previous, axis=1)
        return attention * api.math.cumprod(1 - attention, axis=1, exclusive=True)
    raise ValueError("mode must be 'recursive', 'parallel', or 'hard'.")


def _monotonic_probability(score: Any, previous_alignments: Any, sigmoid_noise: float, mode: str,
                           seed: int | None = None) -> Tensor:
    """From scores and previous alignments to alignments that only move forwards."""
    if sigmoid_noise > 0:
        score = score + sigmoid_noise * api.random.normal(api.shape(score), dtype=score.dtype, seed=seed)
    p = api.cast(score > 0, score.dtype) if mode == "hard" else api.sigmoid(score)
    return monotonic_attention(p, previous_alignments, mode)


class BaseMonotonicAttention(BaseAttention):
    """Attention that begins at the first place."""

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Any:
        return api.one_hot(api.zeros((batch_size,), dtype=dtypes.int32), self._alignments_size, dtype=dtype)


@export("contrib.seq2seq.BahdanauMonotonicAttention")
class BahdanauMonotonicAttention(BaseMonotonicAttention):
    """Additive attention that only moves forwards.

    Args:
      num_units, memory, memory_sequence_length, normalize, score_mask_value, dtype: as for `BahdanauAttention`.
      sigmoid_noise, sigmoid_noise_seed: noise that is added to the scores, and its seed.
      score_bias_init: the first value of what is added to the scores.
      mode: as for `monotonic_attention`.
    """

    def __init__(self, num_units: int, memory: Any, memory_sequence_length: Any = None, normalize: bool = False,
                 score_mask_value: Any = None, sigmoid_noise: float = 0.0, sigmoid_noise_seed: int | None = None,
                 score_bias_init: float = 0.0, mode: str = "parallel", dtype: Any = None,
                 name: str = "BahdanauMonotonicAttention"):
        dtype = dtype or dtypes.float32
        super().__init__(
            query_layer=Dense(num_units, name="query_layer", use_bias=False, dtype=dtype),
            memory_layer=Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype), memory=memory,
            probability_fn=functools.partial(_monotonic_probability, sigmoid_noise=sigmoid_noise, mode=mode,
                                             seed=sigmoid_noise_seed),
            memory_sequence_length=memory_sequence_length, score_mask_value=score_mask_value, name=name)
        self._num_units = num_units
        self._normalize = normalize
        self._name = name
        self._score_bias_init = score_bias_init

    def __call__(self, query: Any, state: Any) -> Any:
        """The alignments of a query, and the next state."""
        with variable_scope(None, "bahdanau_monotonic_attention", [query]):
            processed = query if self._query_layer is None else self._query_layer(query)
            score = _bahdanau_score(processed, self._keys,
                                    *_bahdanau_variables(self._num_units, self._normalize, query.dtype))
            score = score + _score_bias(self._score_bias_init, processed.dtype)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


def _score_bias(first: Any, dtype: Any) -> Any:
    return get_variable("attention_score_bias", dtype=dtype, initializer=first)


@export("contrib.seq2seq.LuongMonotonicAttention")
class LuongMonotonicAttention(BaseMonotonicAttention):
    """Multiplicative attention that only moves forwards.

    Args:
      num_units, memory, memory_sequence_length, scale, score_mask_value, dtype: as for `LuongAttention`.
      sigmoid_noise, sigmoid_noise_seed, score_bias_init, mode: as for `BahdanauMonotonicAttention`.
    """

    def __init__(self, num_units: int, memory: Any, memory_sequence_length: Any = None, scale: bool = False,
                 score_mask_value: Any = None, sigmoid_noise: float = 0.0, sigmoid_noise_seed: int | None = None,
                 score_bias_init: float = 0.0, mode: str = "parallel", dtype: Any = None,
                 name: str = "LuongMonotonicAttention"):
        super().__init__(
            query_layer=None, memory=memory,
            memory_layer=Dense(num_units, name="memory_layer", use_bias=False, dtype=dtype or dtypes.float32),
            probability_fn=functools.partial(_monotonic_probability, sigmoid_noise=sigmoid_noise, mode=mode,
                                             seed=sigmoid_noise_seed),
            memory_sequence_length=memory_sequence_length, score_mask_value=score_mask_value, name=name)
        self._num_units = num_units
        self._scale = scale
        self._score_bias_init = score_bias_init
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """The alignments of a query, and the next state."""
        with variable_scope(None, "luong_monotonic_attention", [query]):
            score = _luong_score(query, self._keys, _luong_variables(self._scale, query.dtype))
            score = score + _score_bias(self._score_bias_init, query.dtype)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


@export("contrib.seq2seq.hardmax")
def hardmax(logits: Any, name: str | None = None) -> Tensor:
    """1 at the largest of each row of logits, else 0."""
    with name_scope(name, "Hardmax", [logits]):
        logits = convert_to_tensor(logits, name="logits")
        depth = logits.get_shape()[-1].value or api.shape(logits)[-1]
        return api.one_hot(api.argmax(logits, -1), depth, dtype=logits.dtype)
