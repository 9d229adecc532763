"""BasicRNNCell and GRUCell."""

from __future__ import annotations

from typing import Any

from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.initializers.kinds import Constant, Zeros
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.recurrent.cell import LayerRNNCell, check_dtype, check_step, input_depth
from tfmagic.tf.recurrent.config import activation_name, activation_of, initializer_config, initializer_of


def instead(keras: str) -> str:
    """What the warnings of the cells say."""
    return f"This class is equivalent as tf.keras.layers.{keras}, and will be replaced by that in Tensorflow 2.0."


@export("nn.rnn_cell.BasicRNNCell")
class BasicRNNCell(LayerRNNCell):
    """The simplest cell: output = next state = activation(W . [inputs, state] + b).

    Args:
      num_units: the size of the state.
      activation: a function, or its name; by default tanh.
      reuse: whether to share the variables of another cell in the same scope.
      name: the name of the variable scope.
      dtype: the type of the variables; by default that of the first input.
    """

    @deprecated(None, instead("SimpleRNNCell"), name="__init__", module="tensorflow.python.ops.rnn_cell_impl")
    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None, name: Any = None, dtype: Any = None,
                 **kwargs: Any):
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation_of(activation)

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def build(self, input_shape: Any) -> None:
        depth = input_depth(input_shape)
        check_dtype(self.dtype)
        self._kernel = self.add_weight("kernel", shape=[depth + self._num_units, self._num_units])
        self._bias = self.add_weight("bias", shape=[self._num_units], initializer=Zeros())
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        check_step(inputs, state)
        gates = api.nn.bias_add(api.matmul(api.concat([inputs, state], 1), self._kernel), self._bias)
        output = self._activation(gates)
        return output, output

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_units": self._num_units, "activation": activation_name(self._activation),
                "reuse": self._reuse}


@export("nn.rnn_cell.GRUCell")
class GRUCell(LayerRNNCell):
    """Gated recurrent unit: a reset gate and an update gate decide what of the state is used, and what is kept.

    Args:
      num_units: the size of the state.
      activation: a function, or its name; by default tanh.
      reuse: whether to share the variables of another cell in the same scope.
      kernel_initializer, bias_initializer: of the weights and of the biases (by default 1 for the gates, else 0).
      name: the name of the variable scope.
      dtype: the type of the variables; by default that of the first input.
    """

    @deprecated(None, instead("GRUCell"), name="__init__", module="tensorflow.python.ops.rnn_cell_impl")
    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None, kernel_initializer: Any = None,
                 bias_initializer: Any = None, name: Any = None, dtype: Any = None, **kwargs: Any):
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation_of(activation)
        self._kernel_initializer = initializer_of(kernel_initializer)
        self._bias_initializer = initializer_of(bias_initializer)

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def build(self, input_shape: Any) -> None:
        depth, units = input_depth(input_shape), self._num_units
        check_dtype(self.dtype)
        bias = self._bias_initializer
        self._gate_kernel = self.add_weight("gates/kernel", shape=[depth + units, 2 * units],
                                            initializer=self._kernel_initializer)
        self._gate_bias = self.add_weight("gates/bias", shape=[2 * units], initializer=(
            Constant(1.0) if bias is None else bias))
        self._candidate_kernel = self.add_weight("candidate/kernel", shape=[depth + units, units],
                                                 initializer=self._kernel_initializer)
        self._candidate_bias = self.add_weight("candidate/bias", shape=[units], initializer=(
            Zeros() if bias is None else bias))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        check_step(inputs, state)
        gates = api.nn.bias_add(api.matmul(api.concat([inputs, state], 1), self._gate_kernel), self._gate_bias)
        reset, update = api.split(value=api.sigmoid(gates), num_or_size_splits=2, axis=1)
        used = reset * state
        candidate = api.nn.bias_add(api.matmul(api.concat([inputs, used], 1), self._candidate_kernel),
                                    self._candidate_bias)
        found = self._activation(candidate)
        new = update * state + (1 - update) * found
        return new, new

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_units": self._num_units,
                "kernel_initializer": initializer_config(self._kernel_initializer),
                "bias_initializer": initializer_config(self._bias_initializer),
                "activation": activation_name(self._activation), "reuse": self._reuse}
