"""LSTMs over time and frequency: the inputs of a step are cut into overlapping bands."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.rnn.linear import concatenated_shards
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.recurrent.cell import RNNCell
from tfmagic.tf.variable.scope import get_variable, variable_scope


def _depth(inputs: Any) -> int:
    depth = inputs.get_shape().with_rank(2).dims[-1].value
    if depth is None:
        raise ValueError("Cannot infer input_size from static shape inference.")
    return depth


def _band(inputs: Tensor, start: int, size: int) -> Tensor:
    return api.slice(inputs, [0, start], [-1, size])


def _batch_size(inputs: Any) -> Any:
    return inputs.shape.dims[0].value or api.shape(inputs)[0]


@export("contrib.rnn.TimeFreqLSTMCell")
class TimeFreqLSTMCell(RNNCell):
    """LSTM that runs over the bands of each step with the same weights.

    Args:
      num_units: the number of cells of each band.
      use_peepholes: whether the gates see the cells.
      cell_clip: the largest absolute value of a cell.
      initializer: kept, but without effect, as in TensorFlow.
      num_unit_shards: into how many variables the weights are cut.
      forget_bias: what is added to the forget gate before its sigmoid.
      feature_size: the width of a band.
      frequency_skip: by how much one begins after another.
      reuse: whether to share the variables.
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, cell_clip: float | None = None,
                 initializer: Any = None, num_unit_shards: int = 1, forget_bias: float = 1.0,
                 feature_size: int | None = None, frequency_skip: int = 1, reuse: Any = None):
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_unit_shards = num_unit_shards
        self._forget_bias = forget_bias
        self._feature_size = feature_size
        self._frequency_skip = frequency_skip
        self._reuse = reuse

    @property
    def output_size(self) -> Any:
        return self._num_units

    @property
    def state_size(self) -> Any:
        return 2 * self._num_units

    def _bands(self, inputs: Tensor) -> list[Tensor]:
        count = int((_depth(inputs) - self._feature_size) / self._frequency_skip) + 1  # type: ignore[operator]
        return [_band(inputs, band * self._frequency_skip, self._feature_size)  # type: ignore[arg-type]
                for band in range(count)]

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        sigmoid, tanh, units = api.sigmoid, api.tanh, self._num_units
        bands = self._bands(inputs)
        dtype = inputs.dtype
        depth: Any = bands[0].get_shape().as_list()[1]
        kernel = concatenated_shards("W", [depth + 2 * units, 4 * units], dtype, self._num_unit_shards)
        bias = get_variable("B", shape=[4 * units], initializer=Zeros(), dtype=dtype)
        if self._use_peepholes:
            peep_forget, peep_taken, peep_given = (
                get_variable(name, shape=[units], dtype=dtype) for name in ("W_F_diag", "W_I_diag", "W_O_diag"))
        below = api.zeros([_batch_size(inputs), units], dtype)
        states: Any = None
        outputs: Any = None
        for number, band in enumerate(bands):
            c = api.slice(state, [0, 2 * number * units], [-1, units])
            m = api.slice(state, [0, (2 * number + 1) * units], [-1, units])
            gates = api.nn.bias_add(api.matmul(api.concat([band, m, below], 1), kernel), bias)
            taken, found, forget, given = api.split(value=gates, num_or_size_splits=4, axis=1)
            if self._use_peepholes:
                new_c = (sigmoid(forget + self._forget_bias + peep_forget * c) * c
                         + sigmoid(taken + peep_taken * c) * tanh(found))
            else:
                new_c = sigmoid(forget + self._forget_bias) * c + sigmoid(taken) * tanh(found)
            if self._cell_clip is not None:
                new_c = api.clip_by_value(new_c, -self._cell_clip, self._cell_clip)
            if self._use_peepholes:
                new_m = sigmoid(given + peep_given * new_c) * tanh(new_c)
            else:
                new_m = sigmoid(given) * tanh(new_c)
            below = new_m
            states = api.concat([new_c, new_m] if states is None else [states, new_c, new_m], 1)
            outputs = new_m if outputs is None else api.concat([outputs, new_m], 1)
        return outputs, states


@export("contrib.rnn.GridLSTMCell")
class GridLSTMCell(RNNCell):
    """LSTM on a grid: one over time and one over frequency, in each band.

    Args:
      num_units: the number of cells of each band.
      use_peepholes: whether the gates see the cells.
      share_time_frequency_weights: whether both have the same weights.
      cell_clip: the largest absolute value of a cell.
      initializer: kept, but without effect, as in TensorFlow.
      num_unit_shards: into how many variables the weights are cut.
      forget_bias: what is added to the forget gate before its sigmoid.
      feature_size: the width of a band.
      frequency_skip: by how much one begins after another.
      num_frequency_blocks: how many bands each block has; the blocks have weights of their own.
      start_freqindex_list, end_freqindex_list: where the blocks begin and end; by default there is one.
      couple_input_forget_gates: whether as much is forgotten as is taken in.
      state_is_tuple: whether the state is a named tuple.
      reuse: whether to share the variables.

    Raises:
      ValueError: `num_frequency_blocks` is missing.
    """

    _tuple_name = "GridLSTMStateTuple"

    def __init__(self, num_units: int, use_peepholes: bool = False, share_time_frequency_weights: bool = False,
                 cell_clip: float | None = None, initializer: Any = None, num_unit_shards: int = 1,
                 forget_bias: float = 1.0, feature_size: int | None = None, frequency_skip: int | None = None,
                 num_frequency_blocks: Sequence[int] | None = None, start_freqindex_list: Sequence[int] | None = None,
                 end_freqindex_list: Sequence[int] | None = None, couple_input_forget_gates: bool = False,
                 state_is_tuple: bool = True, reuse: Any = None):
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._share_time_frequency_weights = share_time_frequency_weights
        self._couple_input_forget_gates = couple_input_forget_gates
        self._state_is_tuple = state_is_tuple
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_unit_shards = num_unit_shards
        self._forget_bias = forget_bias
        self._feature_size: Any = feature_size
        self._frequency_skip: Any = frequency_skip
        self._starts = start_freqindex_list
        self._ends = end_freqindex_list
        if num_frequency_blocks is None:
            raise ValueError("Must specify num_frequency_blocks")
        self._num_frequency_blocks = num_frequency_blocks
        self._total_blocks = sum(num_frequency_blocks)
        self._state_tuple_type: Any = None
        if state_is_tuple:
            self._state_tuple_type = namedtuple(  # type: ignore[misc]
                self._tuple_name, self._state_names())
            self._state_size: Any = self._state_tuple_type(*([num_units] * len(self._state_names())))
        else:
            self._state_size = num_units * self._total_blocks * 2
        self._output_size = num_units * self._total_blocks * 2

    def _state_names(self, prefix: str = "state") -> list[str]:
        return [f"{prefix}_f{band:02d}_b{block:02d}_{part}" for block, count in enumerate(self._num_frequency_blocks)
                for band in range(count) for part in "cm"]

    @property
    def output_size(self) -> Any:
        return self._output_size

    @property
    def state_size(self) -> Any:
        return self._state_size

    @property
    def state_tuple_type(self) -> Any:
        """The named tuple of the state."""
        return self._state_tuple_type

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        size = _batch_size(inputs)
        outputs: list[Tensor] = []
        states: list[Tensor] = []
        for block, bands in enumerate(self._blocks(inputs)):
            block_outputs, block_states = self._compute(bands, block, state, size, inputs.dtype)
            outputs.extend(block_outputs)
            states.extend(block_states)
        new_state = self._state_tuple_type(*states) if self._state_is_tuple else api.concat(states, 1)
        return api.concat(outputs, 1), new_state

    def _blocks(self, inputs: Tensor, slice_offset: int = 0) -> list[list[Tensor]]:
        """The bands of each block."""
        depth, width, skip = _depth(inputs), self._feature_size, self._frequency_skip
        counts = self._num_frequency_blocks
        if slice_offset > 0:
            inputs = api.pad(inputs, api.constant([0, 0, 0, slice_offset], shape=[2, 2], dtype=api.int32), "CONSTANT")
        elif slice_offset < 0:
            inputs = api.pad(inputs, api.constant([0, 0, -slice_offset, 0], shape=[2, 2], dtype=api.int32),
                             "CONSTANT")
            slice_offset = 0
        if not self._starts:
            if len(counts) != 1:
                raise ValueError(f"Length of num_frequency_blocks is not 1, but instead is {len(counts)}")
            starts, ends = [0], [depth]
        else:
            starts, ends = list(self._starts), list(self._ends or ())
            if len(starts) != len(ends):
                raise ValueError("Length of start and end freqindex_list does not match %d %d", len(starts), len(ends))
            if len(counts) != len(starts):
                raise ValueError("Length of num_frequency_blocks is not equal to start_freqindex_list %d %d",
                                 len(counts), len(starts))
        blocks = []
        for start, end, count in zip(starts, ends, counts):
            fitting = int((end - start - width) / skip + 1)
            if fitting != count:
                raise ValueError(f"Invalid num_frequency_blocks, requires {count} but gets {fitting}, please check the "
                                 "input size and filter config are correct.")
            blocks.append([_band(inputs, start + slice_offset + band * skip, width) for band in range(fitting)])
        return blocks

    def _weights(self, block: int, depth: Any, dtype: Any) -> dict[str, Any]:
        """The variables of a block, those of time being those of frequency where they are shared."""
        units, own = self._num_units, not self._share_time_frequency_weights
        width = (3 if self._couple_input_forget_gates else 4) * units
        found: dict[str, Any] = {}
        for direction in "ft" if own else "f":
            found["W" + direction] = concatenated_shards(f"W_{direction}_{block}", [depth + 2 * units, width], dtype,
                                                         self._num_unit_shards)
            found["B" + direction] = get_variable(f"B_{direction}_{block}", shape=[width], initializer=Zeros(),
                                                  dtype=dtype)
        if self._use_peepholes:
            gates = "IO" if self._couple_input_forget_gates else "FIO"
            for kind in ("freq", "time") if own else ("freq",):
                for gate in gates:
                    for side in "ft":
                        found[kind[0] + gate + side] = get_variable(f"W_{gate}_diag_{kind}{side}_{block}",
                                                                    shape=[units], dtype=dtype)
        if not own:
            found.update({"t" + key[1:]: value for key, value in found.items() if key[0] == "f"})
        return found

    def _state_of(self, state: Any, prefix: str, block: int, band: int) -> tuple[Tensor, Tensor]:
        if self._state_is_tuple:
            name = f"{prefix}_f{band:02d}_b{block:02d}_"
            return getattr(state, name + "c"), getattr(state, name + "m")
        units = self._num_units  # The place does not depend on the block: so it is in TensorFlow.
        return (api.slice(state, [0, 2 * band * units], [-1, units]),
                api.slice(state, [0, (2 * band + 1) * units], [-1, units]))

    def _compute(self, bands: list[Tensor], block: int, state: Any, size: Any, dtype: Any,
                 prefix: str = "state") -> tuple[list[Tensor], list[Tensor]]:
        """The outputs and new states of a block."""
        weights = self._weights(block, bands[0].get_shape().as_list()[1], dtype)
        below_m = api.zeros([size, self._num_units], dtype)
        below_c = api.zeros([size, self._num_units], dtype)
        outputs, states = [], []
        for band, values in enumerate(bands):
            before_c, before_m = self._state_of(state, prefix, block, band)
            args = api.concat([values, before_m, below_m], 1)
            by_direction = {}
            for direction in "f" if self._share_time_frequency_weights else "ft":
                gates = api.nn.bias_add(api.matmul(args, weights["W" + direction]), weights["B" + direction])
                count = 3 if self._couple_input_forget_gates else 4
                by_direction[direction] = api.split(value=gates, num_or_size_splits=count, axis=1)
            frequency = by_direction["f"]
            time = by_direction.get("t", frequency)
            new_f = self._cells(weights, "f", frequency, below_c, before_c, below_c)
            new_t = self._cells(weights, "t", time, below_c, before_c, before_c)
            below_m = self._output(weights, "f", frequency[-1], new_f, new_t) * api.tanh(new_f)
            new_m = self._output(weights, "t", time[-1], new_f, new_t) * api.tanh(new_t)
            below_c = new_f
            states.extend([new_t, new_m])
            outputs.extend([new_m, below_m])
        return outputs, states

    def _seen(self, weights: dict[str, Any], key: str, gate: Tensor, by_frequency: Tensor, by_time: Tensor) -> Tensor:
        """A gate, with what it sees of the cells."""
        if not self._use_peepholes:
            return gate
        return gate + weights[key + "f"] * by_frequency + weights[key + "t"] * by_time

    def _cells(self, weights: dict[str, Any], kind: str, gates: list[Tensor], below: Tensor, before: Tensor,
               own: Tensor) -> Tensor:
        taken = api.sigmoid(self._seen(weights, kind + "I", gates[0], below, before))
        if self._couple_input_forget_gates:
            kept = 1.0 - taken
        else:
            kept = api.sigmoid(self._seen(weights, kind + "F", gates[2] + self._forget_bias, below, before))
        cells = kept * own + taken * api.tanh(gates[1])
        if self._cell_clip is not None:
            cells = api.clip_by_value(cells, -self._cell_clip, self._cell_clip)
        return cells

    def _output(self, weights: dict[str, Any], kind: str, gate: Tensor, by_frequency: Tensor,
                by_time: Tensor) -> Tensor:
        return api.sigmoid(self._seen(weights, kind + "O", gate, by_frequency, by_time))


@export("contrib.rnn.BidirectionalGridLSTMCell")
class BidirectionalGridLSTMCell(GridLSTMCell):
    """`GridLSTMCell` over the bands upwards and, with weights of its own, downwards.

    Args:
      backward_slice_offset: by how much the bands of the way down are shifted.
      num_units, use_peepholes, share_time_frequency_weights, cell_clip, initializer, num_unit_shards, forget_bias,
        feature_size, frequency_skip, num_frequency_blocks, start_freqindex_list, end_freqindex_list,
        couple_input_forget_gates, reuse: as for `GridLSTMCell`.
    """

    _tuple_name = "BidirectionalGridLSTMStateTuple"

    def __init__(self, num_units: int, use_peepholes: bool = False, share_time_frequency_weights: bool = False,
                 cell_clip: float | None = None, initializer: Any = None, num_unit_shards: int = 1,
                 forget_bias: float = 1.0, feature_size: int | None = None, frequency_skip: int | None = None,
                 num_frequency_blocks: Sequence[int] | None = None, start_freqindex_list: Sequence[int] | None = None,
                 end_freqindex_list: Sequence[int] | None = None, couple_input_forget_gates: bool = False,
                 backward_slice_offset: int = 0, reuse: Any = None):
        super().__init__(num_units, use_peepholes, share_time_frequency_weights, cell_clip, initializer,
                         num_unit_shards, forget_bias, feature_size, frequency_skip, num_frequency_blocks,
                         start_freqindex_list, end_freqindex_list, couple_input_forget_gates, True, reuse)
        self._backward_slice_offset = int(backward_slice_offset)
        self._output_size = 2 * num_units * self._total_blocks * 2

    def _state_names(self, prefix: str = "") -> list[str]:
        return super()._state_names("fwd_state") + super()._state_names("bwd_state")

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        size = _batch_size(inputs)
        upwards = self._blocks(inputs)
        downwards = self._blocks(inputs, self._backward_slice_offset) if self._backward_slice_offset else upwards
        outputs: list[Tensor] = []
        states: list[Tensor] = []
        for scope, blocks in (("fwd", upwards), ("bwd", [list(reversed(bands)) for bands in downwards])):
            with variable_scope(scope):
                for block, bands in enumerate(blocks):
                    block_outputs, block_states = self._compute(bands, block, state, size, inputs.dtype,
                                                                scope + "_state")
                    outputs.extend(block_outputs)
                    states.extend(block_states)
        return api.concat(outputs, 1), self._state_tuple_type(*states)
