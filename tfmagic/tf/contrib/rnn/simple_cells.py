"""Cells of a few products: the one that a search found, simple ones, and those whose numbers see only themselves."""

from __future__ import annotations

from typing import Any

from tfmagic.base import dtypes
from tfmagic.base.export import export
from tfmagic.graph.convert import constant
from tfmagic.ops import api, raw
from tfmagic.tf.initializers.kinds import Constant, RandomUniform, Zeros
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.recurrent.cell import LayerRNNCell
from tfmagic.tf.recurrent.lstm_cells import LSTMStateTuple


def _depth(input_shape: Any) -> int:
    depth = input_shape.dims[1].value
    if depth is None:
        raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {input_shape}")
    return depth


def _one_by_one() -> RandomUniform:
    """The initializer of weights that multiply a state, number by number."""
    return RandomUniform(minval=-1, maxval=1)


class _Sized(LayerRNNCell):
    """A cell whose state and output are of one size."""

    _num_units: int

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units


@export("contrib.rnn.NASCell")
class NASCell(LayerRNNCell):
    """The cell that a search over architectures found.

    Args:
      num_units: the number of cells.
      num_proj: the size of the output, by a projection; None: as `num_units`.
      use_bias: whether there are biases.
      reuse: whether to share the variables.
    """

    _NAS_BASE = 8

    def __init__(self, num_units: int, num_proj: int | None = None, use_bias: bool = False, reuse: Any = None,
                 **kwargs: Any):
        super().__init__(_reuse=reuse, **kwargs)
        self._num_units = num_units
        self._num_proj = num_proj
        self._use_bias = use_bias

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_proj or self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_proj or self._num_units

    def build(self, inputs_shape: Any) -> None:
        depth, width = inputs_shape.with_rank(2)[1].value, self._NAS_BASE * self._num_units
        if depth is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        self._recurrent_kernel = self.add_weight("recurrent_kernel", shape=[self.output_size, width])
        self._kernel = self.add_weight("kernel", shape=[depth, width])
        if self._use_bias:
            self._bias = self.add_weight("bias", shape=[width], initializer=Zeros())
        if self._num_proj is not None:
            self._projection = self.add_weight("projection_weights", shape=[self._num_units, self._num_proj])
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        c, m = state
        own = api.matmul(m, self._recurrent_kernel)
        new = api.matmul(inputs, self._kernel)
        if self._use_bias:
            own = api.nn.bias_add(own, self._bias)
        own = api.split(own, self._NAS_BASE, axis=1)
        new = api.split(new, self._NAS_BASE, axis=1)
        sigmoid, relu, tanh = api.sigmoid, api.nn.relu, api.tanh
        a, b = sigmoid(new[0] + own[0]), relu(new[1] + own[1])
        d, e = sigmoid(new[2] + own[2]), relu(new[3] * own[3])
        f, g = tanh(new[4] + own[4]), sigmoid(new[5] + own[5])
        h, i = tanh(new[6] + own[6]), sigmoid(new[7] + own[7])
        first, second = tanh(a * b), tanh(d + e)
        third, fourth = tanh(f * g), sigmoid(h + i)
        new_c = tanh(first + c) * second
        new_m = tanh(new_c * tanh(third + fourth))
        if self._num_proj is not None:
            new_m = api.matmul(new_m, self._projection)
        return new_m, LSTMStateTuple(new_c, new_m)


@export("contrib.rnn.SRUCell")
class SRUCell(_Sized):
    """Simple recurrent unit: the gates see the inputs alone.

    Args:
      num_units: the size of the state, which is that of the inputs too.
      activation: a function; by default tanh.
      reuse: whether to share the variables.
      name: the name of the variable scope.
    """

    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None, name: Any = None, **kwargs: Any):
        super().__init__(_reuse=reuse, name=name, **kwargs)
        self._num_units = num_units
        self._activation = activation or api.tanh
        self.input_spec = InputSpec(ndim=2)

    def build(self, inputs_shape: Any) -> None:
        depth = _depth(inputs_shape)
        self._kernel = self.add_weight("kernel", shape=[depth, 4 * self._num_units])
        self._bias = self.add_weight("bias", shape=[2 * self._num_units], initializer=Zeros())
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        own, forget, reset, through = api.split(value=api.matmul(inputs, self._kernel), num_or_size_splits=4, axis=1)
        gates = api.sigmoid(api.nn.bias_add(api.concat([forget, reset], 1), self._bias))
        forget, reset = api.split(value=gates, num_or_size_splits=2, axis=1)
        c = forget * state + (1.0 - forget) * own
        h = reset * self._activation(c) + (1.0 - reset) * through
        return h, c


@export("contrib.rnn.IndRNNCell")
class IndRNNCell(_Sized):
    """Independent recurrent cell: each number of the state sees only itself.

    Args:
      num_units: the size of the state.
      activation: a function; by default tanh.
      reuse: whether to share the variables.
      name: the name of the variable scope.
      dtype: the type of the variables; by default that of the first input.
    """

    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None, name: Any = None,
                 dtype: Any = None):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation or api.tanh

    def build(self, inputs_shape: Any) -> None:
        depth = _depth(inputs_shape)
        self._kernel_w = self.add_weight("kernel_w", shape=[depth, self._num_units])
        self._kernel_u = self.add_weight("kernel_u", shape=[1, self._num_units], initializer=_one_by_one())
        self._bias = self.add_weight("bias", shape=[self._num_units], initializer=Zeros(dtype=self.dtype))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        gates = api.matmul(inputs, self._kernel_w) + state * self._kernel_u
        output = self._activation(api.nn.bias_add(gates, self._bias))
        return output, output


@export("contrib.rnn.IndyGRUCell")
class IndyGRUCell(_Sized):
    """GRU in which each number of the state sees only itself.

    Args:
      num_units: the size of the state.
      activation: a function; by default tanh.
      reuse: whether to share the variables.
      kernel_initializer: of the weights of the inputs.
      bias_initializer: of the biases.
      name: the name of the variable scope.
      dtype: the type of the variables; by default that of the first input.
    """

    def __init__(self, num_units: int, activation: Any = None, reuse: Any = None, kernel_initializer: Any = None,
                 bias_initializer: Any = None, name: Any = None, dtype: Any = None):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = activation or api.tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    def build(self, inputs_shape: Any) -> None:
        depth, units = _depth(inputs_shape), self._num_units
        given = self._bias_initializer
        self._gate_kernel_w = self.add_weight("gates/kernel_w", shape=[depth, 2 * units],
                                              initializer=self._kernel_initializer)
        self._gate_kernel_u = self.add_weight("gates/kernel_u", shape=[1, 2 * units], initializer=_one_by_one())
        self._gate_bias = self.add_weight(
            "gates/bias", shape=[2 * units],
            initializer=Constant(1.0, dtype=self.dtype) if given is None else given)
        self._candidate_kernel_w = self.add_weight("candidate/kernel", shape=[depth, units],
                                                   initializer=self._kernel_initializer)
        self._candidate_kernel_u = self.add_weight("candidate/kernel_u", shape=[1, units], initializer=_one_by_one())
        self._candidate_bias = self.add_weight(
            "candidate/bias", shape=[units], initializer=Zeros(dtype=self.dtype) if given is None else given)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        gates = api.matmul(inputs, self._gate_kernel_w) + (api.tile(state, [1, 2]) * self._gate_kernel_u)
        gates = api.sigmoid(api.nn.bias_add(gates, self._gate_bias))
        reset, update = api.split(value=gates, num_or_size_splits=2, axis=1)
        remembered = reset * state
        candidate = api.matmul(inputs, self._candidate_kernel_w) + remembered * self._candidate_kernel_u
        found = self._activation(api.nn.bias_add(candidate, self._candidate_bias))
        new = update * state + (1 - update) * found
        return new, new


@export("contrib.rnn.IndyLSTMCell")
class IndyLSTMCell(LayerRNNCell):
    """LSTM in which each number of the state sees only itself.

    Args:
      num_units: the number of cells.
      forget_bias: what is added to the forget gate before its sigmoid.
      activation, reuse, kernel_initializer, bias_initializer, name, dtype: as for `IndyGRUCell`.
    """

    def __init__(self, num_units: int, forget_bias: float = 1.0, activation: Any = None, reuse: Any = None,
                 kernel_initializer: Any = None, bias_initializer: Any = None, name: Any = None, dtype: Any = None):
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._activation = activation or api.tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        depth, width = _depth(inputs_shape), 4 * self._num_units
        self._kernel_w = self.add_weight("kernel_w", shape=[depth, width], initializer=self._kernel_initializer)
        self._kernel_u = self.add_weight("kernel_u", shape=[1, width], initializer=_one_by_one())
        given = self._bias_initializer
        self._bias = self.add_weight("bias", shape=[width],
                                     initializer=Zeros(dtype=self.dtype) if given is None else given)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        one = constant(1, dtype=dtypes.int32)
        c, h = state
        gates = api.matmul(inputs, self._kernel_w)
        gates += api.tile(h, [1, 4]) * self._kernel_u
        gates = api.nn.bias_add(gates, self._bias)
        taken, found, forget, given = api.split(value=gates, num_or_size_splits=4, axis=one)
        forget_bias = constant(self._forget_bias, dtype=forget.dtype)
        add, multiply = raw.add, raw.mul
        new_c = add(multiply(c, api.sigmoid(add(forget, forget_bias))),
                    multiply(api.sigmoid(taken), self._activation(found)))
        new_h = multiply(self._activation(new_c), api.sigmoid(given))
        return new_h, LSTMStateTuple(new_c, new_h)
