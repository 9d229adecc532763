"""Two cells with few products: the minimal one, and the one whose state without inputs comes to rest."""

from __future__ import annotations

from typing import Any

from tfmagic.ops import api
from tfmagic.tf.layers import named
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.recurrent.cell import LayerRNNCell


class _OfUnits(LayerRNNCell):
    """A cell of `units` numbers with an activation and initializers that may be given by name.

    Args:
      units: the size of the state and the output.
      activation: a function, or the name of one.
      kernel_initializer, bias_initializer: initializers, or the names of them.
      name: the name of the variable scope.
      dtype: the type of the variables; by default that of the first input.
    """

    def __init__(self, units: int, activation: Any = "tanh", kernel_initializer: Any = "glorot_uniform",
                 bias_initializer: Any = "ones", name: Any = None, dtype: Any = None, **kwargs: Any):
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.input_spec = InputSpec(ndim=2)
        self.units = units
        self.activation = named.activation(activation)
        self.kernel_initializer = named.initializer(kernel_initializer)
        self.bias_initializer = named.initializer(bias_initializer)

    state_size = property(lambda self: self.units)
    output_size = property(lambda self: self.units)

    def _depth(self, input_shape: Any) -> int:
        if input_shape[-1].value is None:
            raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {input_shape}")
        return input_shape[-1].value


class MinimalRNNCell(_OfUnits):
    """The minimal cell: h = u * h + (1 - u) * f(W x), where the gate u sees f(W x) and h."""

    def build(self, inputs_shape: Any) -> None:
        depth = self._depth(inputs_shape)
        self.kernel = self.add_weight("kernel", shape=[depth + 2 * self.units, self.units],
                                      initializer=self.kernel_initializer)
        self.bias = self.add_weight("bias", shape=[self.units], initializer=self.bias_initializer)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        depth = inputs.get_shape()[1].value
        of_inputs, of_both = api.split(self.kernel, num_or_size_splits=[depth, 2 * self.units], axis=0)
        found = self.activation(api.matmul(inputs, of_inputs))
        gate = api.sigmoid(api.nn.bias_add(api.matmul(api.concat([found, state], axis=1), of_both), self.bias))
        result = gate * state + (1.0 - gate) * found
        return result, result


class CFNCell(_OfUnits):
    """The chaos free cell: h = u * f(h) + (1 - i) * f(W x) with gates u and i that see x and h."""

    def build(self, inputs_shape: Any) -> None:
        depth = self._depth(inputs_shape)
        self.kernel = self.add_weight("kernel", shape=[depth, 3 * self.units], initializer=self.kernel_initializer)
        self.recurrent_kernel = self.add_weight("recurrent_kernel", shape=[self.units, 2 * self.units],
                                                initializer=self.kernel_initializer)
        self.bias = self.add_weight("bias", shape=[2 * self.units], initializer=self.bias_initializer)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        of_gates, of_inputs = api.split(self.kernel, num_or_size_splits=[2 * self.units, self.units], axis=1)
        gates = api.matmul(state, self.recurrent_kernel) + api.matmul(inputs, of_gates)
        gates = api.sigmoid(api.nn.bias_add(gates, self.bias))
        kept, refused = api.split(gates, num_or_size_splits=2, axis=1)
        found = api.matmul(inputs, of_inputs)
        result = kept * self.activation(state) + (1.0 - refused) * self.activation(found)
        return result, result
