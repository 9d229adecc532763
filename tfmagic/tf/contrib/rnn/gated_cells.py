"""Cells with gates of another kind: over depth and time, in groups, open for a part of a period, past a cell."""

from __future__ import annotations

from typing import Any

from tfmagic.base import nest
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.rnn.linear import Linear
from tfmagic.tf.initializers.kinds import Constant, RandomUniform
from tfmagic.tf.recurrent.cell import RNNCell
from tfmagic.tf.recurrent.lstm_cells import LSTMStateTuple
from tfmagic.tf.variable.scope import get_variable, get_variable_scope, variable_scope


@export("contrib.rnn.IntersectionRNNCell")
class IntersectionRNNCell(RNNCell):
    """The intersection of a highway over depth and one over time.

    Args:
      num_units: the size of the state, which is that of the output too.
      num_in_proj: the size to which inputs are projected where theirs is another.
      initializer: of the weights.
      forget_bias: what is added to the gates before their sigmoids.
      y_activation: the function of the output.
      reuse: whether to share the variables.
    """

    def __init__(self, num_units: int, num_in_proj: int | None = None, initializer: Any = None,
                 forget_bias: float = 1.0, y_activation: Any = api.nn.relu, reuse: Any = None):
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._num_input_proj = num_in_proj
        self._y_activation = y_activation
        self._reuse = reuse
        self._linear1: Any = None
        self._linear2: Any = None

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        depth = inputs.get_shape().with_rank(2).dims[1].value
        if depth is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            if depth != self._num_units:
                if not self._num_input_proj:
                    raise ValueError("Must have input size == output size for Intersection RNN. To fix, num_in_proj "
                                     "should be set to num_units at cell init.")
                with variable_scope("in_projection"):
                    if self._linear1 is None:
                        self._linear1 = Linear(inputs, self._num_units, True)
                    inputs = self._linear1(inputs)
            units, both = self._num_units, api.concat([inputs, state], 1)
            if self._linear2 is None:
                self._linear2 = Linear(both, 4 * units, True)
            gates = self._linear2(both)
            state_gate = gates[:, :units]
            state_found = gates[:, 1 * units:2 * units]
            output_gate = gates[:, 2 * units:3 * units]
            output_found = gates[:, 3 * units:4 * units]
            state_found = api.tanh(state_found)
            output_found = self._y_activation(output_found)
            state_gate = api.sigmoid(state_gate + self._forget_bias)
            output_gate = api.sigmoid(output_gate + self._forget_bias)
            new_state = state_gate * state + (1.0 - state_gate) * state_found
            new_output = output_gate * inputs + (1.0 - output_gate) * output_found
        return new_output, new_state


@export("contrib.rnn.GLSTMCell")
class GLSTMCell(RNNCell):
    """LSTM whose inputs and state are cut into groups with weights of their own.

    Args:
      num_units: the number of cells.
      initializer: of the weights.
      num_proj: the size of the output, by a projection; None: as `num_units`.
      number_of_groups: into how many groups; it divides `num_units` and `num_proj`.
      forget_bias: what is added to the forget gate before its sigmoid.
      activation: a function.
      reuse: whether to share the variables.

    Raises:
      ValueError: a size cannot be cut so.
    """

    def __init__(self, num_units: int, initializer: Any = None, num_proj: int | None = None,
                 number_of_groups: int = 1, forget_bias: float = 1.0, activation: Any = api.tanh,
                 reuse: Any = None):
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._num_proj = num_proj
        self._forget_bias = forget_bias
        self._activation = activation
        self._number_of_groups = number_of_groups
        if num_units % number_of_groups != 0:
            raise ValueError("num_units must be divisible by number_of_groups")
        if num_proj:
            if num_proj % number_of_groups != 0:
                raise ValueError("num_proj must be divisible by number_of_groups")
            self._group_shape = [int(num_proj / number_of_groups), int(num_units / number_of_groups)]
        else:
            self._group_shape = [int(num_units / number_of_groups), int(num_units / number_of_groups)]
        self._linears: dict[str, Any] = {}

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_proj or self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_proj or self._num_units

    def _of_group(self, values: Tensor, group: int, size: int) -> Tensor:
        return api.slice(values, [0, group * size], [self._batch_size, size],
                         name=f"GLSTM_group{group}_input_generation")

    def _linear(self, key: str, args: Tensor, size: int, bias: bool) -> Tensor:
        if key not in self._linears:
            self._linears[key] = Linear(args, size, bias)
        return self._linears[key](args)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        c, m = state
        self._batch_size = inputs.get_shape().dims[0].value or api.shape(inputs)[0]
        dtype = inputs.dtype
        units, groups = self._num_units, self._number_of_groups
        depth = inputs.shape[-1].value
        if depth and depth % groups and groups > 1:
            raise ValueError(f"Number of groups must evenly divide the size of the input: {depth}, {groups}")
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            parts: list[list[Tensor]] = [[], [], [], []]
            for group in range(groups):
                with variable_scope(f"group{group}"):
                    args = api.concat([self._of_group(inputs, group, depth // groups),
                                       self._of_group(m, group, self._group_shape[0])], axis=1)
                    values = self._linear(f"group{group}", args, 4 * self._group_shape[1], False)
                    for each, found in zip(parts, api.split(value=values, num_or_size_splits=4, axis=1)):
                        each.append(found)
            biases = [get_variable(name, shape=[units], dtype=dtype, initializer=Constant(0.0, dtype=dtype))
                      for name in ("bias_i", "bias_j", "bias_f", "bias_o")]
            taken, found, forget, given = (api.nn.bias_add(api.concat(part, axis=1), bias)
                                           for part, bias in zip(parts, biases))
        new_c = api.sigmoid(forget + self._forget_bias) * c + api.sigmoid(taken) * api.tanh(found)
        new_m = api.sigmoid(given) * self._activation(new_c)
        if self._num_proj is not None:
            with variable_scope("projection"):
                new_m = self._linear("projection", new_m, self._num_proj, False)
        return new_m, LSTMStateTuple(new_c, new_m)


@export("contrib.rnn.PhasedLSTMCell")
class PhasedLSTMCell(RNNCell):
    """LSTM whose cells are open only in a part of a period of time that they learn; it takes (time, inputs).

    Args:
      num_units: the number of cells.
      use_peepholes: whether the gates see the cells.
      leak: how far closed cells are open.
      ratio_on: the part of the period in which they are open.
      trainable_ratio_on: whether that part is learned.
      period_init_min, period_init_max: between which the periods begin, even in their logarithm.
      reuse: whether to share the variables.
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, leak: float = 0.001, ratio_on: float = 0.1,
                 trainable_ratio_on: bool = True, period_init_min: float = 1.0, period_init_max: float = 1000.0,
                 reuse: Any = None):
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._leak = leak
        self._ratio_on = ratio_on
        self._trainable_ratio_on = trainable_ratio_on
        self._period_init_min = period_init_min
        self._period_init_max = period_init_max
        self._reuse = reuse
        self._linears: dict[str, Any] = {}

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_units

    def _period(self, shape: Any, dtype: Any = api.float32, partition_info: Any = None) -> Tensor:
        """Periods that are even in their logarithm."""
        return api.exp(api.random_uniform(shape, api.log(self._period_init_min), api.log(self._period_init_max),
                                          dtype))

    def _linear(self, scope: str, args: list[Tensor], size: int) -> Tensor:
        if scope not in self._linears:
            self._linears[scope] = Linear(args, size, True)
        return self._linears[scope](args)

    def _openness(self, time: Any, phase: Any, period: Any, ratio_on: Any) -> Tensor:
        """How far each cell is open."""
        shifted = time - phase
        # The gradient of a remainder is that of what it is taken of.
        cycled = (raw.stop_gradient(raw.floor_mod(shifted, period) - shifted) + shifted) / period
        rising = 2 * cycled / ratio_on
        falling = 2 - rising
        closed = self._leak * cycled
        level = api.where(cycled < ratio_on, falling, closed)
        return api.where(cycled < 0.5 * ratio_on, rising, level)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        c, h = state
        time, x = inputs
        units = self._num_units
        seen = [x, h]
        if self._use_peepholes:
            seen.append(c)
        with variable_scope("mask_gates"):
            gates = api.sigmoid(self._linear("mask_gates", seen, 2 * units))
            taken, forget = api.split(axis=1, num_or_size_splits=2, value=gates)
        with variable_scope("new_input"):
            found = api.tanh(self._linear("new_input", [x, h], units))
        new_c = c * forget + taken * found
        seen = [x, h]
        if self._use_peepholes:
            seen.append(new_c)
        with variable_scope("output_gate"):
            given = api.sigmoid(self._linear("output_gate", seen, units))
        new_h = api.tanh(new_c) * given
        period = get_variable("period", [units], initializer=self._period)
        phase = get_variable("phase", [units], initializer=RandomUniform(0.0, period.initial_value))
        ratio_on = get_variable("ratio_on", [units], initializer=Constant(self._ratio_on),
                                trainable=self._trainable_ratio_on)
        k = self._openness(time, phase, period, ratio_on)
        new_c = k * new_c + (1 - k) * c
        new_h = k * new_h + (1 - k) * h
        return new_h, LSTMStateTuple(new_c, new_h)


@export("contrib.rnn.HighwayWrapper")
class HighwayWrapper(RNNCell):
    """A cell whose inputs pass by it, as far as a gate lets them.

    Args:
      cell: the cell; its output is of the size of its inputs.
      couple_carry_transform_gates: whether what passes by is left out of the output.
      carry_bias_init: the initial bias of the gate.
    """

    def __init__(self, cell: Any, couple_carry_transform_gates: bool = True, carry_bias_init: float = 1.0):
        super().__init__()
        self._cell = cell
        self._couple_carry_transform_gates = couple_carry_transform_gates
        self._carry_bias_init = carry_bias_init

    @property
    def state_size(self) -> Any:
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]):
            return self._cell.zero_state(batch_size, dtype)

    def _gate(self, name: str, inputs: Tensor, bias: float) -> Tensor:
        depth = inputs.get_shape()[-1].value
        weight = get_variable(name + "_w", [depth, depth])
        shift = get_variable(name + "_b", [depth], initializer=Constant(bias))
        return api.sigmoid(api.nn.xw_plus_b(inputs, weight, shift))

    def _passed(self, inputs: Tensor, output: Tensor) -> Tensor:
        carry = self._gate("carry", inputs, self._carry_bias_init)
        if self._couple_carry_transform_gates:
            transform = 1 - carry
        else:
            transform = self._gate("transform", inputs, -self._carry_bias_init)
        return inputs * carry + output * transform

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        output, new_state = self._cell(inputs, state, scope=scope)
        nest.assert_same_structure(inputs, output)
        nest.map_structure(lambda x, y: x.shape.assert_is_compatible_with(y.shape), inputs, output)
        return nest.map_structure(self._passed, inputs, output), new_state
