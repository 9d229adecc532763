"""Cells that are one op a step, or one op for all steps."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import convert_to_tensor
from tfmagic.ops import api, raw
from tfmagic.tf.initializers.kinds import Constant
from tfmagic.tf.layers.base import Layer
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.recurrent.cell import LayerRNNCell
from tfmagic.tf.recurrent.lstm_cells import LSTMStateTuple


def _make_weights(layer: Any, depth: int, units: int, use_peephole: bool) -> None:
    """The variables of an LSTM, under the names of `LSTMCell`."""
    layer._kernel = layer.add_weight("kernel", [depth + units, units * 4])
    layer._bias = layer.add_weight("bias", [units * 4], initializer=Constant(0.0))
    if use_peephole:
        layer._peepholes = [layer.add_weight(name, [units]) for name in ("w_i_diag", "w_f_diag", "w_o_diag")]
    layer.built = True


def _peepholes(layer: Any) -> list[Any]:
    if layer._use_peephole:
        return layer._peepholes
    return [api.zeros([layer._num_units])] * 3


@export("contrib.rnn.LSTMBlockCell")
class LSTMBlockCell(LayerRNNCell):
    """An LSTM cell of one op, with the variables of `LSTMCell`.

    Args:
      num_units: the number of cells.
      forget_bias: what is added to the forget gate before its sigmoid.
      cell_clip: the largest absolute value of a cell.
      use_peephole: whether the gates see the cells.
      dtype: the type of the variables; by default that of the first input.
      reuse: whether to share the variables of another cell in the same scope.
      name: the name of the variable scope.
    """

    def __init__(self, num_units: int, forget_bias: float = 1.0, cell_clip: float | None = None,
                 use_peephole: bool = False, dtype: Any = None, reuse: Any = None, name: Any = "lstm_cell"):
        super().__init__(_reuse=reuse, dtype=dtype, name=name)
        self._num_units = num_units
        self._kernel: Any = None
        self._bias: Any = None
        self._forget_bias = forget_bias
        self._use_peephole = use_peephole
        self._cell_clip = -1 if cell_clip is None else cell_clip
        self.input_spec = InputSpec(ndim=2)

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        depth = inputs_shape.dims[1].value
        if not depth:
            raise ValueError(f"Expecting inputs_shape[1] to be set: {inputs_shape}")
        _make_weights(self, depth, self._num_units, self._use_peephole)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        if len(state) != 2:
            raise ValueError("Expecting state to be a tuple with length 2.")
        wci, wcf, wco = _peepholes(self)
        c, h = state
        _, c, _, _, _, _, h = raw.lstm_block_cell(
            inputs, c, h, self._kernel, wci, wcf, wco, self._bias, forget_bias=self._forget_bias,
            cell_clip=self._cell_clip, use_peephole=self._use_peephole)
        return h, LSTMStateTuple(c, h)


@export("contrib.rnn.LSTMBlockWrapper")
class LSTMBlockWrapper(Layer):
    """Base of LSTMs that run over time by themselves."""

    @property
    def num_units(self) -> int:
        """The number of cells."""
        raise NotImplementedError

    def _call_cell(self, inputs: Any, initial_cell_state: Any, initial_output: Any, dtype: Any,
                   sequence_length: Any) -> tuple[Any, Any]:
        """The cells and outputs of all steps."""
        raise NotImplementedError

    def call(self, inputs: Any, initial_state: Any = None, dtype: Any = None,  # type: ignore[override]
             sequence_length: Any = None) -> Any:
        """Runs over time.

        Args:
          inputs: [time, batch, n], or a list of [batch, n].
          initial_state: a pair of [batch, units]; by default zeros of type `dtype`.
          dtype: the type of the state.
          sequence_length: int32 [batch].

        Returns:
          The outputs, as the inputs are, and the state after the last step.

        Raises:
          ValueError: neither state nor type is given, or the state is no pair.
        """
        is_list = isinstance(inputs, list)
        if is_list:
            inputs = api.stack(inputs)
        shape = inputs.get_shape().with_rank(3)
        if not shape.dims[2].value:
            raise ValueError(f"Expecting inputs_shape[2] to be set: {shape}")
        batch_size = shape.dims[1].value
        if batch_size is None:
            batch_size = api.shape(inputs)[1]
        steps = shape.dims[0].value
        if steps is None:
            steps = api.shape(inputs)[0]
        if initial_state is None:
            if dtype is None:
                raise ValueError("Either initial_state or dtype needs to be specified")
            zeros = api.zeros(api.stack([batch_size, self.num_units]), dtype=dtype)
            initial_state = zeros, zeros
        else:
            if len(initial_state) != 2:
                raise ValueError("Expecting initial_state to be a tuple with length 2 or None")
            dtype = initial_state[0].dtype
        if sequence_length is not None:
            sequence_length = convert_to_tensor(sequence_length)
        first_cells, first_output = initial_state
        cells, outputs = self._call_cell(inputs, first_cells, first_output, dtype, sequence_length)
        if sequence_length is not None:
            mask = api.transpose(api.sequence_mask(sequence_length, steps, dtype=dtype), [1, 0])
            outputs = outputs * api.tile(api.expand_dims(mask, [-1]), [1, 1, self.num_units])
            all_cells = api.concat([api.expand_dims(first_cells, [0]), cells], 0)
            all_outputs = api.concat([api.expand_dims(first_output, [0]), outputs], 0)
            last = LSTMStateTuple(_rows_at(all_cells, sequence_length, batch_size),
                                  _rows_at(all_outputs, sequence_length, batch_size))
        else:
            last = LSTMStateTuple(cells[-1], outputs[-1])
        return (api.unstack(outputs) if is_list else outputs), last


def _rows_at(data: Any, times: Any, batch_size: Any) -> Any:
    return api.gather_nd(data, api.stack([times, api.range(batch_size)], axis=1))


@export("contrib.rnn.LSTMBlockFusedCell")
class LSTMBlockFusedCell(LSTMBlockWrapper):
    """An LSTM over time as one op, with the variables of `LSTMCell`.

    Args:
      num_units, forget_bias, cell_clip, use_peephole, reuse, dtype, name: as for `LSTMBlockCell`.
    """

    def __init__(self, num_units: int, forget_bias: float = 1.0, cell_clip: float | None = None,
                 use_peephole: bool = False, reuse: Any = None, dtype: Any = None, name: Any = "lstm_fused_cell"):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self._num_units = num_units
        self._kernel: Any = None
        self._bias: Any = None
        self._forget_bias = forget_bias
        self._cell_clip = -1 if cell_clip is None else cell_clip
        self._use_peephole = use_peephole
        self.input_spec = InputSpec(ndim=3)

    @property
    def num_units(self) -> int:
        return self._num_units

    def build(self, input_shape: Any) -> None:
        _make_weights(self, input_shape.dims[2].value, self._num_units, self._use_peephole)

    def _call_cell(self, inputs: Any, initial_cell_state: Any = None, initial_output: Any = None, dtype: Any = None,
                   sequence_length: Any = None) -> tuple[Any, Any]:
        steps = inputs.get_shape().with_rank(3).dims[0].value
        if steps is None:
            steps = api.shape(inputs)[0]
        wci, wcf, wco = _peepholes(self)
        longest = api.cast(steps if sequence_length is None else api.reduce_max(sequence_length), dtypes.int64)
        _, cells, _, _, _, _, outputs = raw.block_lstm(
            longest, inputs, initial_cell_state, initial_output, self._kernel, wci, wcf, wco, self._bias,
            forget_bias=self._forget_bias, cell_clip=self._cell_clip, use_peephole=self._use_peephole)
        return cells, outputs


@export("contrib.rnn.GRUBlockCell")
class GRUBlockCell(LayerRNNCell):
    """A GRU cell of one op.

    Args:
      num_units: the size of the state.
      cell_size: its former name.
      reuse: whether to share the variables of another cell in the same scope.
      name: the name of the variable scope.

    Raises:
      ValueError: both or neither of the sizes are given.
    """

    _NAMES = ("w_ru", "b_ru", "w_c", "b_c")

    def __init__(self, num_units: int | None = None, cell_size: int | None = None, reuse: Any = None,
                 name: Any = "gru_cell"):
        super().__init__(_reuse=reuse, name=name)
        if (cell_size is None) == (num_units is None):
            raise ValueError("Exactly one of num_units or cell_size must be provided.")
        self._cell_size: Any = cell_size if num_units is None else num_units
        self.input_spec = InputSpec(ndim=2)

    @property
    def state_size(self) -> Any:
        return self._cell_size

    @property
    def output_size(self) -> Any:
        return self._cell_size

    def build(self, input_shape: Any) -> None:
        depth, units = input_shape.dims[1].value, self._cell_size
        if depth is None:
            raise ValueError("Expecting input_size to be set.")
        gates, gate_bias, candidate, candidate_bias = self._NAMES
        self._gate_kernel = self.add_weight(gates, [depth + units, units * 2])
        self._gate_bias = self.add_weight(gate_bias, [units * 2], initializer=Constant(1.0))
        self._candidate_kernel = self.add_weight(candidate, [depth + units, units])
        self._candidate_bias = self.add_weight(candidate_bias, [units], initializer=Constant(0.0))
        self.built = True

    def call(self, inputs: Any, h_prev: Any) -> Any:  # type: ignore[override]
        width = h_prev.get_shape().with_rank(2)[1].value
        if width is not None and width != self._cell_size:
            raise ValueError(f"Shape of h_prev[1] incorrect: cell_size {self._cell_size} vs {width}")
        _, _, _, new = raw.gru_block_cell(inputs, h_prev, self._gate_kernel, self._candidate_kernel, self._gate_bias,
                                          self._candidate_bias)
        return new, new


@export("contrib.rnn.GRUBlockCellV2")
class GRUBlockCellV2(GRUBlockCell):
    """`GRUBlockCell` with the names of `GRUCell`'s variables."""

    _NAMES = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")

    def build(self, input_shape: Any) -> None:
        """Make the variables, from the static shape of the inputs."""
        super().build(input_shape)
