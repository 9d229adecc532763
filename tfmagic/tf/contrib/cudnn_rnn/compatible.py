"""Cells that compute what cuDNN's LSTM and GRU do, from the weights that these save."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.contrib.rnn.block_cells import LSTMBlockCell
from tfmagic.tf.initializers.kinds import Constant, Zeros
from tfmagic.tf.recurrent.basic_cells import GRUCell


@export("contrib.cudnn_rnn.CudnnCompatibleLSTMCell")
class CudnnCompatibleLSTMCell(LSTMBlockCell):
    """cuDNN's LSTM as a cell of one op: no bias of the forget gate, no clipping, no peepholes.

    Args:
      num_units: the number of cells.
      reuse: whether to share the variables of another cell in the same scope.
    """

    def __init__(self, num_units: int, reuse: Any = None):
        super().__init__(num_units, forget_bias=0, cell_clip=None, use_peephole=False, reuse=reuse,
                         name="cudnn_compatible_lstm_cell")


@export("contrib.cudnn_rnn.CudnnCompatibleGRUCell")
class CudnnCompatibleGRUCell(GRUCell):
    """cuDNN's GRU as a cell: its reset gate is applied after the product with the state.

    Args:
      num_units: the size of the state.
      reuse: whether to share the variables of another cell in the same scope.
      kernel_initializer: of the weights.
    """

    def __init__(self, num_units: int, reuse: Any = None, kernel_initializer: Any = None):
        super().__init__(num_units, activation=None, reuse=reuse, kernel_initializer=kernel_initializer)

    def build(self, input_shape: Any) -> None:
        depth = input_shape.dims[1].value
        if depth is None:
            raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {input_shape}")
        units, given = self._num_units, self._bias_initializer
        self._gate_kernel = self.add_weight("gates/kernel", shape=[depth + units, 2 * units],
                                            initializer=self._kernel_initializer)
        self._gate_bias = self.add_weight(
            "gates/bias", shape=[2 * units], initializer=Constant(1.0, dtype=self.dtype) if given is None else given)
        self._input_kernel = self.add_weight("candidate/input_projection/kernel", shape=[depth, units],
                                             initializer=self._kernel_initializer)
        self._hidden_kernel = self.add_weight("candidate/hidden_projection/kernel", shape=[units, units],
                                              initializer=self._kernel_initializer)
        self._input_bias = self.add_weight("candidate/input_projection/bias", shape=[units],
                                           initializer=Zeros(dtype=self.dtype) if given is None else given)
        self._hidden_bias = self.add_weight("candidate/hidden_projection/bias", shape=[units],
                                            initializer=Zeros(dtype=self.dtype) if given is None else given)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        gates = api.nn.bias_add(api.matmul(api.concat([inputs, state], 1), self._gate_kernel), self._gate_bias)
        reset, update = api.split(value=api.sigmoid(gates), num_or_size_splits=2, axis=1)
        found = api.nn.bias_add(api.matmul(inputs, self._input_kernel), self._input_bias)
        hidden = api.nn.bias_add(api.matmul(state, self._hidden_kernel), self._hidden_bias)
        candidate = self._activation(found + reset * hidden)
        new = (1 - update) * candidate + update * state
        return new, new
