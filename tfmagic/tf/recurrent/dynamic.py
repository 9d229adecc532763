"""tf.nn.dynamic_rnn, bidirectional_dynamic_rnn and raw_rnn: a cell in a while loop over time."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes, nest
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.convert import constant, convert_to_tensor
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.ops.control_flow.tensor_array import TensorArray
from tfmagic.ops.control_flow.while_loop import while_loop
from tfmagic.tf.recurrent import sizes
from tfmagic.tf.recurrent.cell import assert_like_cell
from tfmagic.tf.recurrent.steps import Lengths, first_state, keep_finished, scope_of_net
from tfmagic.tf.variable.scope import variable_scope


@export("nn.dynamic_rnn")
@deprecated(None, "Please use `keras.layers.RNN(cell)`, which is equivalent to this API")
def dynamic_rnn(cell: Any, inputs: Any, sequence_length: Any = None, initial_state: Any = None, dtype: Any = None,
                parallel_iterations: int | None = None, swap_memory: bool = False, time_major: bool = False,
                scope: Any = None) -> tuple[Any, Any]:
    """Runs a cell over time, as many steps as the inputs have when the graph runs.

    Args:
      cell: an `RNNCell`.
      inputs: [batch, time, ...], or a structure of such tensors.
      sequence_length: int [batch]; beyond a sequence's length outputs are zero and the state stays.
      initial_state: the state before the first step; by default zeros of type `dtype`.
      dtype: the type of state and outputs, where there is no initial state.
      parallel_iterations: how many steps may overlap (32 by default).
      swap_memory: whether values that the gradient needs may leave the device's memory.
      time_major: whether inputs and outputs are [time, batch, ...].
      scope: the variable scope, "rnn" by default.

    Returns:
      The outputs [batch, time, ...], and the state after the last step.

    Raises:
      TypeError: `cell` is no cell.
      ValueError: neither state nor type is given, or sizes are not known or do not fit.
    """
    assert_like_cell("cell", cell)
    with scope_of_net(scope):
        flat_input = nest.flatten(inputs)
        if not time_major:
            flat_input = [sizes.transpose_batch_time(convert_to_tensor(x)) for x in flat_input]
        if sequence_length is not None:
            sequence_length = api.cast(sequence_length, dtypes.int32)
            if sequence_length.get_shape().rank not in (None, 1):
                raise ValueError("sequence_length must be a vector of length batch_size, but saw shape: "
                                 f"{sequence_length.get_shape()}")
            sequence_length = raw.identity(sequence_length, name="sequence_length")
        batch_size = sizes.best_effort_input_batch_size(flat_input)
        state = first_state(cell, initial_state, batch_size, dtype,
                            "If there is no initial_state, you must give a dtype.")
        if sequence_length is not None:
            with get_default_graph().control_dependencies([_assert_has_shape(sequence_length, [batch_size])]):
                sequence_length = raw.identity(sequence_length, name="CheckSeqLen")
        outputs, state = _loop(cell, nest.pack_sequence_as(inputs, flat_input), state, parallel_iterations or 32,
                               swap_memory, sequence_length, dtype)
        if not time_major:
            outputs = nest.map_structure(sizes.transpose_batch_time, outputs)
        return outputs, state


def _assert_has_shape(x: Tensor, shape: Any) -> Any:
    found = api.shape(x)
    wanted = api.stack(shape)
    return api.Assert(api.reduce_all(api.equal(found, wanted)), [
        f"Expected shape for Tensor {x.name} is ", wanted, " but saw shape: ", found])


def _known_sizes(flat_input: list[Tensor]) -> tuple[list[TensorShape], int | None, int | None]:
    """The shapes of time-major inputs, and the common number of steps and batch size as far as they are known."""
    shapes = [x.get_shape().with_rank_at_least(3) for x in flat_input]
    steps, batch = shapes[0].as_list()[:2]
    for shape in shapes:
        if not shape[2:].is_fully_defined():
            raise ValueError("Input size (depth of inputs) must be accessible via shape inference, but saw value None.")
        if shape.as_list()[0] != steps:
            raise ValueError("Time steps is not the same for all the elements in the input in a batch.")
        if shape.as_list()[1] != batch:
            raise ValueError("Batch_size is not the same for all the elements in the input.")
    return shapes, steps, batch


def _loop(cell: Any, inputs: Any, state: Any, parallel_iterations: int, swap_memory: bool, sequence_length: Any,
          dtype: Any) -> tuple[Any, Any]:
    """The loop over time-major inputs."""
    flat_input = nest.flatten(inputs)
    output_sizes = nest.flatten(cell.output_size)
    steps = api.shape(flat_input[0])[0]
    batch_size = sizes.best_effort_input_batch_size(flat_input)
    shapes, known_steps, known_batch = _known_sizes(flat_input)
    zero_output = nest.pack_sequence_as(cell.output_size, [
        api.zeros(sizes.with_batch(batch_size, size), sizes.common_dtype(dtype, state)) for size in output_sizes])
    lengths = None if sequence_length is None else Lengths(sequence_length, zero_output)
    time = constant(0, dtype=dtypes.int32, name="time")
    with name_scope("dynamic_rnn") as base:
        pass

    def array(name: str, element_shape: TensorShape, of: Any) -> TensorArray:
        return TensorArray(dtype=of, size=steps, element_shape=element_shape, tensor_array_name=base + name)

    written = tuple(array(f"output_{i}", TensorShape([known_batch]).concatenate(sizes.static_size(size)),
                          sizes.common_dtype(dtype, state)) for i, size in enumerate(output_sizes))
    read = tuple(array(f"input_{i}", x.shape[1:], x.dtype) for i, x in enumerate(flat_input))
    read = tuple(ta.unstack(x) for ta, x in zip(read, flat_input))

    def step(time: Tensor, arrays: Any, state: Any) -> tuple[Any, Any, Any]:
        present = [ta.read(time) for ta in read]
        for value, shape in zip(present, shapes):
            value.set_shape(shape[1:])
        present = nest.pack_sequence_as(inputs, present)
        if lengths is None:
            output, new_state = cell(present, state)
        else:
            output, new_state = lengths.masked(time, state, lambda: cell(present, state))
        arrays = tuple(ta.write(time, value) for ta, value in zip(arrays, nest.flatten(output)))
        return time + 1, arrays, new_state

    bound = api.minimum(steps, api.maximum(1, steps if lengths is None else lengths.longest))
    _, arrays, state = while_loop(
        cond=lambda time, *_: time < bound, body=step, loop_vars=(time, written, state),
        parallel_iterations=parallel_iterations, maximum_iterations=steps, swap_memory=swap_memory)
    outputs = [ta.stack() for ta in arrays]
    for output, size in zip(outputs, output_sizes):
        output.set_shape(sizes.static_with_batch([known_steps, known_batch], size))
    return nest.pack_sequence_as(cell.output_size, outputs), state


@export("nn.bidirectional_dynamic_rnn")
@deprecated(None, "Please use `keras.layers.Bidirectional(keras.layers.RNN(cell))`, which is equivalent to this API")
def bidirectional_dynamic_rnn(cell_fw: Any, cell_bw: Any, inputs: Any, sequence_length: Any = None,
                              initial_state_fw: Any = None, initial_state_bw: Any = None, dtype: Any = None,
                              parallel_iterations: int | None = None, swap_memory: bool = False,
                              time_major: bool = False, scope: Any = None) -> tuple[Any, Any]:
    """Runs one cell forwards and another backwards over time (see `tf.nn.dynamic_rnn` for the arguments).

    Returns:
      The pair of outputs, forward and backward, and the pair of states.
    """
    assert_like_cell("cell_fw", cell_fw)
    assert_like_cell("cell_bw", cell_bw)
    common = {"sequence_length": sequence_length, "dtype": dtype, "parallel_iterations": parallel_iterations,
              "swap_memory": swap_memory, "time_major": time_major}
    time_axis, batch_axis = (0, 1) if time_major else (1, 0)

    def turned(x: Any) -> Tensor:
        if sequence_length is None:
            return api.reverse(x, axis=[time_axis])
        return api.reverse_sequence(input=x, seq_lengths=sequence_length, seq_axis=time_axis, batch_axis=batch_axis)

    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as own:
            output_fw, state_fw = dynamic_rnn(cell_fw, inputs, initial_state=initial_state_fw, scope=own, **common)
        with variable_scope("bw") as own:
            output_bw, state_bw = dynamic_rnn(cell_bw, nest.map_structure(turned, inputs),
                                              initial_state=initial_state_bw, scope=own, **common)
    return (output_fw, nest.map_structure(turned, output_bw)), (state_fw, state_bw)


@export("nn.raw_rnn")
def raw_rnn(cell: Any, loop_fn: Any, parallel_iterations: int | None = None, swap_memory: bool = False,
            scope: Any = None) -> tuple[Any, Any, Any]:
    """Runs a cell in a loop whose inputs, states and end a function decides.

    Args:
      cell: an `RNNCell`.
      loop_fn: `loop_fn(time, cell_output, cell_state, loop_state)` gives `(elements_finished, next_input, next_state,
        emit_output, next_loop_state)`; before the first step all but `time` are None.
      parallel_iterations: how many steps may overlap (32 by default).
      swap_memory: whether values that the gradient needs may leave the device's memory.
      scope: the variable scope, "rnn" by default.

    Returns:
      The `TensorArray`s of what was emitted, the last state, and the last loop state.

    Raises:
      TypeError: `cell` is no cell, or `loop_fn` no function.
    """
    assert_like_cell("cell", cell)
    if not callable(loop_fn):
        raise TypeError("loop_fn must be a callable")
    with scope_of_net(scope):
        time = constant(0, dtype=dtypes.int32)
        finished, following, state, emitted, first_loop_state = loop_fn(time, None, None, None)
        flat_input = nest.flatten(following)
        loop_state = constant(0, dtype=dtypes.int32) if first_loop_state is None else first_loop_state
        known_batch = flat_input[0].get_shape().dims[0]
        for x in flat_input:
            known_batch = known_batch.merge_with(x.get_shape().dims[0])
        batch_size = known_batch.value
        if batch_size is None:
            batch_size = api.shape(flat_input[0])[0]
        nest.assert_same_structure(state, cell.state_size)
        state = nest.map_structure(convert_to_tensor, state)
        arrays, zeros = _emitted(cell, emitted, state, batch_size, known_batch.value)

        def body(time: Tensor, finished: Tensor, present: Any, arrays: Any, state: Any, loop_state: Any) -> Any:
            output, cell_state = cell(present, state)
            nest.assert_same_structure(state, cell_state)
            nest.assert_same_structure(cell.output_size, output)
            next_time = time + 1
            now, following, new_state, emit, new_loop_state = loop_fn(next_time, output, cell_state, loop_state)
            nest.assert_same_structure(state, new_state)
            nest.assert_same_structure(present, following)
            nest.assert_same_structure(arrays, emit)
            emit = keep_finished(finished, zeros, emit)
            new_state = keep_finished(finished, state, new_state)
            arrays = nest.map_structure(lambda ta, value: ta.write(time, value), arrays, emit)
            return (next_time, raw.logical_or(finished, now), following, arrays, new_state,
                    loop_state if new_loop_state is None else new_loop_state)

        *_, arrays, state, loop_state = while_loop(
            lambda time, finished, *_: raw.logical_not(api.reduce_all(finished)), body,
            loop_vars=[time, finished, following, arrays, state, loop_state],
            parallel_iterations=parallel_iterations or 32, swap_memory=swap_memory)
        return arrays, state, None if first_loop_state is None else loop_state


def _emitted(cell: Any, emitted: Any, state: Any, batch_size: Any, known_batch: int | None) -> tuple[Any, Any]:
    """The arrays for what a loop emits, and zeros like one step's."""
    if emitted is None:
        structure = cell.output_size
        flat_sizes = nest.flatten(structure)
        flat_types = [nest.flatten(state)[0].dtype] * len(flat_sizes)
    else:
        structure = emitted
        flat = nest.flatten(emitted)
        flat_sizes = [x.shape if x.shape.is_fully_defined() else api.shape(x) for x in flat]
        flat_types = [x.dtype for x in flat]
    shapes = [TensorShape([known_batch]).concatenate(sizes.static_size(size)) for size in flat_sizes]
    arrays = [TensorArray(dtype=of, dynamic_size=True, element_shape=shape, size=0, name=f"rnn_output_{i}")
              for i, (of, shape) in enumerate(zip(flat_types, shapes))]
    zeros = [api.zeros(sizes.with_batch(batch_size, size), of) for size, of in zip(flat_sizes, flat_types)]
    return nest.pack_sequence_as(structure, arrays), nest.pack_sequence_as(structure, zeros)
