"""tf.nn.static_rnn and its kind: a cell unrolled over a list of inputs, one step each."""

from __future__ import annotations

import functools
from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape, unknown_shape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.ops import api, raw
from tfmagic.tf.recurrent import sizes
from tfmagic.tf.recurrent.cell import assert_like_cell
from tfmagic.tf.recurrent.steps import Lengths, first_state, scope_of_net
from tfmagic.tf.variable.scope import variable_scope


def _check_inputs(inputs: Any) -> None:
    if not nest.is_nested(inputs):
        raise TypeError("inputs must be a sequence")
    if not inputs:
        raise ValueError("inputs must not be empty")


@export("nn.static_rnn")
@deprecated(None, "Please use `keras.layers.RNN(cell, unroll=True)`, which is equivalent to this API")
def static_rnn(cell: Any, inputs: Any, initial_state: Any = None, dtype: Any = None, sequence_length: Any = None,
               scope: Any = None) -> tuple[list[Any], Any]:
    """Runs a cell over a list of inputs: one copy of its nodes for each step.

    Args:
      cell: an `RNNCell`.
      inputs: a list with one [batch, n] (or structure of such) for each step.
      initial_state: the state before the first step; by default zeros of type `dtype`.
      dtype: the type of state and outputs, where there is no initial state.
      sequence_length: int [batch]; beyond a sequence's length outputs are zero and the state stays.
      scope: the variable scope, "rnn" by default.

    Returns:
      The list of outputs, and the state after the last step.

    Raises:
      TypeError: `cell` is no cell, or `inputs` no list.
      ValueError: `inputs` is empty, neither state nor type is given, or sizes are not known.
    """
    assert_like_cell("cell", cell)
    _check_inputs(inputs)
    outputs = []
    with scope_of_net(scope) as own:
        first = inputs
        while nest.is_nested(first):
            first = first[0]
        known_batch = first.get_shape().with_rank_at_least(1).dims[0]
        if first.get_shape().rank != 1:
            known_batch = first.get_shape().with_rank_at_least(2).dims[0]
            for x in nest.flatten(inputs):
                shape = x.get_shape().with_rank_at_least(2)
                known_batch.assert_is_compatible_with(shape.dims[0])
                for i, size in enumerate(shape.dims[1:]):
                    if size.value is None:
                        raise ValueError(f"Input size (dimension {i} of inputs) must be accessible via shape "
                                         "inference, but saw value None.")
        batch_size = known_batch.value or api.shape(first)[0]
        state = first_state(cell, initial_state, batch_size, dtype,
                            "If no initial_state is provided, dtype must be specified")
        lengths = None
        if sequence_length is not None:
            sequence_length = convert_to_tensor(sequence_length, name="sequence_length")
            if sequence_length.get_shape().rank not in (None, 1):
                raise ValueError("sequence_length must be a vector of length batch_size")

            def zeros(size: Any) -> Any:
                output = api.zeros(sizes.with_batch(batch_size, size), sizes.common_dtype(dtype, state))
                output.set_shape(TensorShape(sizes.static_with_batch(known_batch.value, size)))
                return output

            zero_output = nest.map_structure(zeros, cell.output_size)
            lengths = Lengths(api.cast(sequence_length, dtypes.int32), zero_output)
        for time, present in enumerate(inputs):
            if time > 0:
                own.reuse_variables()
            if lengths is None:
                output, state = cell(present, state)
            else:
                output, state = lengths.skipped(time, state, functools.partial(cell, present, state))
            outputs.append(output)
        return outputs, state


@export("nn.static_state_saving_rnn")
@deprecated(None, "Please use `keras.layers.RNN(cell, stateful=True)`, which is equivalent to this API")
def static_state_saving_rnn(cell: Any, inputs: Any, state_saver: Any, state_name: Any, sequence_length: Any = None,
                            scope: Any = None) -> tuple[list[Any], Any]:
    """`tf.nn.static_rnn` whose first state comes from an object, and whose last goes back to it.

    Args:
      cell: an `RNNCell`.
      inputs: a list with one [batch, n] for each step.
      state_saver: an object with `state(name)` and `save_state(name, value)`.
      state_name: the name of the state, or a structure of names as the cell's state.
      sequence_length: int [batch].
      scope: the variable scope, "rnn" by default.

    Returns:
      The list of outputs, and the state after the last step, once it is saved.

    Raises:
      ValueError: `state_name` does not nest as the state does.
    """
    size = cell.state_size
    nested = nest.is_nested(size)
    if nested != nest.is_nested(state_name):
        raise ValueError("state_name should be the same type as cell.state_size.  state_name: "
                         f"{state_name}, cell.state_size: {size}")
    names = nest.flatten(state_name)
    if nested and len(names) != len(nest.flatten(size)):
        raise ValueError(f"#elems(state_name) != #elems(state_size): {len(names)} vs. {len(nest.flatten(size))}")
    first = nest.pack_sequence_as(size, [state_saver.state(name) for name in names])
    outputs, state = static_rnn(cell, inputs, initial_state=first, sequence_length=sequence_length, scope=scope)
    saved = [state_saver.save_state(name, part) for name, part in zip(names, nest.flatten(state))]
    with get_default_graph().control_dependencies(saved):
        outputs[-1] = nest.map_structure(raw.identity, outputs[-1])
        return outputs, nest.map_structure(raw.identity, state)


def reversed_steps(input_seq: Any, lengths: Any) -> list[Any]:
    """The steps from the last to the first, each sequence from its own end."""
    if lengths is None:
        return list(reversed(input_seq))
    flat_results: list[list[Any]] = [[] for _ in input_seq]
    for steps in zip(*(nest.flatten(x) for x in input_seq)):
        shape = unknown_shape(steps[0].get_shape().rank)
        for x in steps:
            shape = shape.merge_with(x.get_shape())
            x.set_shape(shape)
        turned = api.reverse_sequence(api.stack(steps), lengths, 0, 1)
        for result, flat in zip(api.unstack(turned), flat_results):
            result.set_shape(shape)
            flat.append(result)
    return [nest.pack_sequence_as(x, flat) for x, flat in zip(input_seq, flat_results)]


@export("nn.static_bidirectional_rnn")
@deprecated(None, "Please use `keras.layers.Bidirectional(keras.layers.RNN(cell, unroll=True))`, which is equivalent "
                  "to this API")
def static_bidirectional_rnn(cell_fw: Any, cell_bw: Any, inputs: Any, initial_state_fw: Any = None,
                             initial_state_bw: Any = None, dtype: Any = None, sequence_length: Any = None,
                             scope: Any = None) -> tuple[list[Any], Any, Any]:
    """Runs one cell forwards and another backwards over a list (see `tf.nn.static_rnn` for the arguments).

    Returns:
      The list of outputs, forward and backward side by side, and the two states.
    """
    assert_like_cell("cell_fw", cell_fw)
    assert_like_cell("cell_bw", cell_bw)
    _check_inputs(inputs)
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as own:
            output_fw, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, scope=own)
        with variable_scope("bw") as own:
            turned, state_bw = static_rnn(cell_bw, reversed_steps(inputs, sequence_length), initial_state_bw, dtype,
                                          sequence_length, scope=own)
    output_bw = reversed_steps(turned, sequence_length)
    flat = [api.concat([fw, bw], 1) for fw, bw in zip(nest.flatten(output_fw), nest.flatten(output_bw))]
    return nest.pack_sequence_as(output_fw, flat), state_fw, state_bw
