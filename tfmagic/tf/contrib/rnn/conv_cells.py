"""LSTMs that convolve: over sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.base.shapes import TensorShape
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.initializers.kinds import Constant
from tfmagic.tf.recurrent.cell import RNNCell
from tfmagic.tf.recurrent.lstm_cells import LSTMStateTuple
from tfmagic.tf.variable.scope import get_variable


@export("contrib.rnn.ConvLSTMCell")
class ConvLSTMCell(RNNCell):
    """LSTM whose products are convolutions.

    Args:
      conv_ndims: over how many axes: 1, 2 or 3.
      input_shape: the shape of the inputs without the batch.
      output_channels: the number of channels of the output.
      kernel_shape: the size of the kernel along each axis.
      use_bias: whether there are biases.
      skip_connection: whether the inputs are added to the channels of the output (and, as in TensorFlow, of the state:
        such a cell makes one step).
      forget_bias: what is added to the forget gate before its sigmoid.
      initializers: kept, but without effect, as in TensorFlow.
      name: the name of the variable scope.

    Raises:
      ValueError: `input_shape` has not one axis more than `conv_ndims`.
    """

    def __init__(self, conv_ndims: int, input_shape: Any, output_channels: int, kernel_shape: Any,
                 use_bias: bool = True, skip_connection: bool = False, forget_bias: float = 1.0,
                 initializers: Any = None, name: Any = "conv_lstm_cell"):
        super().__init__(name=name)
        if conv_ndims != len(input_shape) - 1:
            raise ValueError(f"Invalid input_shape {input_shape} for conv_ndims={conv_ndims}.")
        self._conv_ndims = conv_ndims
        self._input_shape = input_shape
        self._output_channels = output_channels
        self._kernel_shape = list(kernel_shape)
        self._use_bias = use_bias
        self._forget_bias = forget_bias
        self._skip_connection = skip_connection
        total = output_channels + (input_shape[-1] if skip_connection else 0)
        state_size = TensorShape([*input_shape[:-1], output_channels])
        self._state_size = LSTMStateTuple(state_size, state_size)
        self._output_size = TensorShape([*input_shape[:-1], total])

    @property
    def output_size(self) -> Any:
        return self._output_size

    @property
    def state_size(self) -> Any:
        return self._state_size

    def call(self, inputs: Any, state: Any, scope: Any = None) -> Any:  # type: ignore[override]
        cell, hidden = state
        gates = self._convolved([inputs, hidden], 4 * self._output_channels)
        taken, found, forget, given = api.split(value=gates, num_or_size_splits=4, axis=self._conv_ndims + 1)
        new_cell = api.sigmoid(forget + self._forget_bias) * cell
        new_cell += api.sigmoid(taken) * api.nn.tanh(found)
        output = api.nn.tanh(new_cell) * api.sigmoid(given)
        if self._skip_connection:
            output = api.concat([output, inputs], axis=-1)
        return output, LSTMStateTuple(new_cell, output)

    def _convolved(self, args: list[Any], filters: int) -> Tensor:
        depth: Any = 0
        shapes = [arg.get_shape().as_list() for arg in args]
        length = len(shapes[0])
        for shape in shapes:
            if len(shape) not in (3, 4, 5):
                raise ValueError(f"Conv Linear expects 3D, 4D or 5D arguments: {shapes!s}")
            if len(shape) != len(shapes[0]):
                raise ValueError(f"Conv Linear expects all args to be of same Dimension: {shapes!s}")
            depth += shape[-1]
        convolve = {3: api.nn.conv1d, 4: api.nn.conv2d, 5: api.nn.conv3d}[length]
        strides = 1 if length == 3 else length * [1]
        kernel = get_variable("kernel", [*self._kernel_shape, depth, filters], dtype=args[0].dtype)
        joined = args[0] if len(args) == 1 else api.concat(axis=length - 1, values=args)
        result = convolve(joined, kernel, strides, padding="SAME")
        if not self._use_bias:
            return result
        return result + get_variable("biases", [filters], dtype=args[0].dtype,
                                     initializer=Constant(0.0, dtype=args[0].dtype))


@export("contrib.rnn.Conv1DLSTMCell")
class Conv1DLSTMCell(ConvLSTMCell):
    """LSTM that convolves over sequences (see `ConvLSTMCell`)."""

    def __init__(self, name: Any = "conv_1d_lstm_cell", **kwargs: Any):
        super().__init__(conv_ndims=1, name=name, **kwargs)


@export("contrib.rnn.Conv2DLSTMCell")
class Conv2DLSTMCell(ConvLSTMCell):
    """LSTM that convolves over images (see `ConvLSTMCell`)."""

    def __init__(self, name: Any = "conv_2d_lstm_cell", **kwargs: Any):
        super().__init__(conv_ndims=2, name=name, **kwargs)


@export("contrib.rnn.Conv3DLSTMCell")
class Conv3DLSTMCell(ConvLSTMCell):
    """LSTM that convolves over volumes (see `ConvLSTMCell`)."""

    def __init__(self, name: Any = "conv_3d_lstm_cell", **kwargs: Any):
        super().__init__(conv_ndims=3, name=name, **kwargs)
