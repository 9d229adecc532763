"""Encoders and decoders unrolled over lists."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.rnn.linear import Linear
from tfmagic.tf.contrib.rnn.projections import EmbeddingWrapper, OutputProjectionWrapper
from tfmagic.tf.recurrent.static import static_rnn
from tfmagic.tf.variable.scope import get_variable, get_variable_scope, variable_scope


def _argmax_and_embed(embedding: Any, projection: Any, update: bool = True) -> Callable[[Any, Any], Any]:
    """A loop function: the embedding of the likeliest class of the output before."""

    def loop_function(previous: Any, _: Any) -> Any:
        if projection is not None:
            previous = api.nn.xw_plus_b(previous, projection[0], projection[1])
        found = api.nn.embedding_lookup(embedding, api.argmax(previous, 1))
        return found if update else api.stop_gradient(found)

    return loop_function


def _check_projection(projection: Any, dtype: Any, symbols: int) -> None:
    if projection is not None:
        convert_to_tensor(projection[0], dtype=dtype).get_shape().assert_is_compatible_with([None, symbols])
        convert_to_tensor(projection[1], dtype=dtype).get_shape().assert_is_compatible_with([symbols])


@export("contrib.legacy_seq2seq.rnn_decoder")
def rnn_decoder(decoder_inputs: Any, initial_state: Any, cell: Any, loop_function: Any = None,
                scope: Any = None) -> tuple[list[Any], Any]:
    """Runs a cell over a list of inputs.

    Args:
      decoder_inputs: a list of [batch, n].
      initial_state: the state before the first step.
      cell: an `RNNCell`.
      loop_function: `function(output before, step)` gives the inputs in place of the list's, but for the first.
      scope: the variable scope, "rnn_decoder" by default.

    Returns:
      The list of outputs, and the last state.
    """
    with variable_scope(scope or "rnn_decoder"):
        state, outputs, previous = initial_state, [], None
        for i, present in enumerate(decoder_inputs):
            if loop_function is not None and previous is not None:
                with variable_scope("loop_function", reuse=True):
                    present = loop_function(previous, i)
            if i > 0:
                get_variable_scope().reuse_variables()
            output, state = cell(present, state)
            outputs.append(output)
            if loop_function is not None:
                previous = output
    return outputs, state


@export("contrib.legacy_seq2seq.basic_rnn_seq2seq")
def basic_rnn_seq2seq(encoder_inputs: Any, decoder_inputs: Any, cell: Any, dtype: Any = dtypes.float32,
                      scope: Any = None) -> tuple[list[Any], Any]:
    """An encoder, and a decoder that begins with its last state; both are copies of one cell."""
    with variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = static_rnn(copy.deepcopy(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


@export("contrib.legacy_seq2seq.tied_rnn_seq2seq")
def tied_rnn_seq2seq(encoder_inputs: Any, decoder_inputs: Any, cell: Any, loop_function: Any = None,
                     dtype: Any = dtypes.float32, scope: Any = None) -> tuple[list[Any], Any]:
    """An encoder and a decoder that share their variables."""
    with variable_scope("combined_tied_rnn_seq2seq"):
        scope = scope or "tied_rnn_seq2seq"
        _, state = static_rnn(cell, encoder_inputs, dtype=dtype, scope=scope)
        get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function=loop_function, scope=scope)


@export("contrib.legacy_seq2seq.embedding_rnn_decoder")
def embedding_rnn_decoder(decoder_inputs: Any, initial_state: Any, cell: Any, num_symbols: int, embedding_size: int,
                          output_projection: Any = None, feed_previous: bool = False,
                          update_embedding_for_previous: bool = True, scope: Any = None) -> tuple[list[Any], Any]:
    """`rnn_decoder` over class numbers, which are embedded.

    Args:
      decoder_inputs: a list of int [batch].
      initial_state: the state before the first step.
      cell: an `RNNCell`.
      num_symbols, embedding_size: rows and columns of the table.
      output_projection: a pair of weights and biases from outputs to classes.
      feed_previous: whether each step gets the likeliest class of the one before.
      update_embedding_for_previous: whether gradients flow through that.
      scope: the variable scope, "embedding_rnn_decoder" by default.

    Returns:
      The list of outputs, and the last state.
    """
    with variable_scope(scope or "embedding_rnn_decoder") as own:
        _check_projection(output_projection, own.dtype, num_symbols)
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = _argmax_and_embed(table, output_projection, update_embedding_for_previous) if feed_previous else None
        return rnn_decoder((api.nn.embedding_lookup(table, i) for i in decoder_inputs), initial_state, cell,
                           loop_function=loop)


def _fed(feed_previous: Any, count: int, like: Any, decode: Callable[[bool], tuple[list[Any], Any]]) -> tuple[Any, Any]:
    """`decode(feed_previous)`, where that may be a tensor: then both are built, and share their variables."""
    if isinstance(feed_previous, bool):
        return decode(feed_previous)

    def branch(given: bool) -> list[Any]:
        with variable_scope(get_variable_scope(), reuse=None if given else True):
            outputs, state = decode(given)
            return outputs + (nest.flatten(state) if nest.is_nested(state) else [state])

    found = api.cond(feed_previous, lambda: branch(True), lambda: branch(False))
    like = like() if callable(like) else like
    rest = found[count:]
    return found[:count], nest.pack_sequence_as(like, rest) if nest.is_nested(like) else rest[0]


@export("contrib.legacy_seq2seq.embedding_rnn_seq2seq")
def embedding_rnn_seq2seq(encoder_inputs: Any, decoder_inputs: Any, cell: Any, num_encoder_symbols: int,
                          num_decoder_symbols: int, embedding_size: int, output_projection: Any = None,
                          feed_previous: Any = False, dtype: Any = None, scope: Any = None) -> tuple[Any, Any]:
    """An encoder and a decoder of class numbers (see `embedding_rnn_decoder`; `feed_previous` may be a bool tensor)."""
    with variable_scope(scope or "embedding_rnn_seq2seq") as own:
        if dtype is not None:
            own.set_dtype(dtype)
        else:
            dtype = own.dtype
        encoder = EmbeddingWrapper(copy.deepcopy(cell), embedding_classes=num_encoder_symbols,
                                   embedding_size=embedding_size)
        _, state = static_rnn(encoder, encoder_inputs, dtype=dtype)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
        return _fed(feed_previous, len(decoder_inputs), state, lambda given: embedding_rnn_decoder(
            decoder_inputs, state, cell, num_decoder_symbols, embedding_size, output_projection=output_projection,
            feed_previous=given, update_embedding_for_previous=isinstance(feed_previous, bool)))


@export("contrib.legacy_seq2seq.embedding_tied_rnn_seq2seq")
def embedding_tied_rnn_seq2seq(encoder_inputs: Any, decoder_inputs: Any, cell: Any, num_symbols: int,
                               embedding_size: int, num_decoder_symbols: int | None = None,
                               output_projection: Any = None, feed_previous: Any = False, dtype: Any = None,
                               scope: Any = None) -> tuple[Any, Any]:
    """An encoder and a decoder of class numbers that share their variables and their table."""
    with variable_scope(scope or "embedding_tied_rnn_seq2seq", dtype=dtype) as own:
        dtype = own.dtype
        _check_projection(output_projection, dtype, num_symbols)
        table = get_variable("embedding", [num_symbols, embedding_size], dtype=dtype)
        inside = [api.nn.embedding_lookup(table, x) for x in encoder_inputs]
        outside = [api.nn.embedding_lookup(table, x) for x in decoder_inputs]
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_symbols if num_decoder_symbols is None else num_decoder_symbols)

        def decode(given: bool) -> tuple[list[Any], Any]:
            update = isinstance(feed_previous, bool)
            loop = _argmax_and_embed(table, output_projection, update) if given else None
            return tied_rnn_seq2seq(inside, outside, cell, loop_function=loop, dtype=dtype)

        def zero_state() -> Any:
            batch_size = encoder_inputs[0].get_shape()[0].value or api.shape(encoder_inputs[0])[0]
            return cell.zero_state(batch_size, dtype)

        return _fed(feed_previous, len(decoder_inputs), zero_state, decode)


@export("contrib.legacy_seq2seq.one2many_rnn_seq2seq")
def one2many_rnn_seq2seq(encoder_inputs: Any, decoder_inputs_dict: dict[Any, Any], enc_cell: Any,
                         dec_cells_dict: dict[Any, Any], num_encoder_symbols: int,
                         num_decoder_symbols_dict: dict[Any, int], embedding_size: int, feed_previous: Any = False,
                         dtype: Any = None, scope: Any = None) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """An encoder of class numbers, and several decoders that begin with its last state.

    Args:
      decoder_inputs_dict, dec_cells_dict, num_decoder_symbols_dict: inputs, cells and numbers of classes of the
        decoders, by name.

    Returns:
      The lists of outputs and the last states of the decoders, by name.
    """
    outputs, states = {}, {}
    with variable_scope(scope or "one2many_rnn_seq2seq", dtype=dtype) as own:
        encoder = EmbeddingWrapper(enc_cell, embedding_classes=num_encoder_symbols, embedding_size=embedding_size)
        _, state = static_rnn(encoder, encoder_inputs, dtype=own.dtype)
        for name, inputs in decoder_inputs_dict.items():
            symbols = num_decoder_symbols_dict[name]
            with variable_scope("one2many_decoder_" + str(name)):
                cell = OutputProjectionWrapper(dec_cells_dict[name], symbols)

                def decode(given: bool, inputs: Any = inputs, cell: Any = cell, symbols: int = symbols) -> Any:
                    return embedding_rnn_decoder(inputs, state, cell, symbols, embedding_size, feed_previous=given)

                outputs[name], states[name] = _fed(feed_previous, len(inputs), state, decode)
    return outputs, states


@export("contrib.legacy_seq2seq.attention_decoder")
def attention_decoder(decoder_inputs: Any, initial_state: Any, attention_states: Any, cell: Any,
                      output_size: int | None = None, num_heads: int = 1, loop_function: Any = None, dtype: Any = None,
                      scope: Any = None, initial_state_attention: bool = False) -> tuple[list[Any], Any]:
    """`rnn_decoder` that attends to states of an encoder.

    Args:
      decoder_inputs: a list of [batch, n].
      initial_state: the state before the first step.
      attention_states: [batch, places, size].
      cell: an `RNNCell`.
      output_size: the size of the outputs, by default the cell's.
      num_heads: the number of attentions.
      loop_function: as for `rnn_decoder`.
      dtype: the type of the variables.
      scope: the variable scope, "attention_decoder" by default.
      initial_state_attention: whether the first step attends by the initial state.

    Returns:
      The list of outputs, and the last state.

    Raises:
      ValueError: there is no input or no head, or a size is not known.
    """
    if not decoder_inputs:
        raise ValueError("Must provide at least 1 input to attention decoder.")
    if num_heads < 1:
        raise ValueError("With less than 1 heads, use a non-attention decoder.")
    if attention_states.get_shape()[2].value is None:
        raise ValueError(f"Shape[2] of attention_states must be known: {attention_states.get_shape()}")
    if output_size is None:
        output_size = cell.output_size
    with variable_scope(scope or "attention_decoder", dtype=dtype) as own:
        dtype = own.dtype
        batch_size = api.shape(decoder_inputs[0])[0]
        length = attention_states.get_shape()[1].value
        if length is None:
            length = api.shape(attention_states)[1]
        size = attention_states.get_shape()[2].value
        hidden = raw.reshape(attention_states, [-1, length, 1, size])
        features, directions = [], []
        for head in range(num_heads):
            kernel = get_variable(f"AttnW_{head}", [1, 1, size, size], dtype=dtype)
            features.append(api.nn.conv2d(hidden, kernel, [1, 1, 1, 1], "SAME"))
            directions.append(get_variable(f"AttnV_{head}", [size], dtype=dtype))

        def attend(query: Any) -> list[Any]:
            if nest.is_nested(query):
                query = api.concat(nest.flatten(query), 1)
            found = []
            for head in range(num_heads):
                with variable_scope(f"Attention_{head}"):
                    y = Linear(query, size, True)(query)
                    y = raw.reshape(y, [-1, 1, 1, size])
                    weights = api.nn.softmax(api.reduce_sum(directions[head] * api.tanh(features[head] + y), [2, 3]))
                    d = api.reduce_sum(raw.reshape(weights, [-1, length, 1, 1]) * hidden, [1, 2])
                    found.append(raw.reshape(d, [-1, size]))
            return found

        state, outputs, previous = initial_state, [], None
        whole = api.stack([batch_size, size])
        attention = [api.zeros(whole, dtype=dtype) for _ in range(num_heads)]
        for part in attention:
            part.set_shape([None, size])
        if initial_state_attention:
            attention = attend(initial_state)
        for i, present in enumerate(decoder_inputs):
            if i > 0:
                get_variable_scope().reuse_variables()
            if loop_function is not None and previous is not None:
                with variable_scope("loop_function", reuse=True):
                    present = loop_function(previous, i)
            depth = present.get_shape().with_rank(2)[1].value
            if depth is None:
                raise ValueError(f"Could not infer input size from input: {present.name}")
            inputs = [present, *attention]
            cell_output, state = cell(Linear(inputs, depth, True)(inputs), state)
            if i == 0 and initial_state_attention:
                with variable_scope(get_variable_scope(), reuse=True):
                    attention = attend(state)
            else:
                attention = attend(state)
            with variable_scope("AttnOutputProjection"):
                inputs = [cell_output, *attention]
                output = Linear(inputs, output_size, True)(inputs)
            if loop_function is not None:
                previous = output
            outputs.append(output)
    return outputs, state


@export("contrib.legacy_seq2seq.embedding_attention_decoder")
def embedding_attention_decoder(decoder_inputs: Any, initial_state: Any, attention_states: Any, cell: Any,
                                num_symbols: int, embedding_size: int, num_heads: int = 1,
                                output_size: int | None = None, output_projection: Any = None,
                                feed_previous: bool = False, update_embedding_for_previous: bool = True,
                                dtype: Any = None, scope: Any = None,
                                initial_state_attention: bool = False) -> tuple[list[Any], Any]:
    """`attention_decoder` over class numbers, which are embedded (see `embedding_rnn_decoder`)."""
    if output_size is None:
        output_size = cell.output_size
    if output_projection is not None:
        biases = convert_to_tensor(output_projection[1], dtype=dtype)
        biases.get_shape().assert_is_compatible_with([num_symbols])
    with variable_scope(scope or "embedding_attention_decoder", dtype=dtype):
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = _argmax_and_embed(table, output_projection, update_embedding_for_previous) if feed_previous else None
        inputs = [api.nn.embedding_lookup(table, i) for i in decoder_inputs]
        return attention_decoder(inputs, initial_state, attention_states, cell, output_size=output_size,
                                 num_heads=num_heads, loop_function=loop,
                                 initial_state_attention=initial_state_attention)


@export("contrib.legacy_seq2seq.embedding_attention_seq2seq")
def embedding_attention_seq2seq(encoder_inputs: Any, decoder_inputs: Any, cell: Any, num_encoder_symbols: int,
                                num_decoder_symbols: int, embedding_size: int, num_heads: int = 1,
                                output_projection: Any = None, feed_previous: Any = False, dtype: Any = None,
                                scope: Any = None, initial_state_attention: bool = False) -> tuple[Any, Any]:
    """An encoder of class numbers, and a decoder that attends to its outputs."""
    with variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype) as own:
        dtype = own.dtype
        encoder = EmbeddingWrapper(copy.deepcopy(cell), embedding_classes=num_encoder_symbols,
                                   embedding_size=embedding_size)
        outputs, state = static_rnn(encoder, encoder_inputs, dtype=dtype)
        memory = api.concat([raw.reshape(x, [-1, 1, cell.output_size]) for x in outputs], 1)
        output_size = None
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
            output_size = num_decoder_symbols
        return _fed(feed_previous, len(decoder_inputs), state, lambda given: embedding_attention_decoder(
            decoder_inputs, state, memory, cell, num_decoder_symbols, embedding_size, num_heads=num_heads,
            output_size=output_size, output_projection=output_projection, feed_previous=given,
            update_embedding_for_previous=isinstance(feed_previous, bool),
            initial_state_attention=initial_state_attention))
