"""LSTMs with layer normalization, and with coupled input and forget gates."""

from __future__ import annotations

from typing import Any

from tfmagic.base import tf_logging
from tfmagic.base.export import export
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.layers.normalizing import layer_norm
from tfmagic.tf.contrib.rnn.linear import concatenated_shards
from tfmagic.tf.initializers.kinds import Constant, Zeros
from tfmagic.tf.recurrent.cell import RNNCell
from tfmagic.tf.recurrent.lstm_cells import LSTMStateTuple
from tfmagic.tf.variable.scope import get_variable, variable_scope


class Normed(RNNCell):
    """A cell that can bring what it computes to a learned mean and variance."""

    _norm_gain: float
    _norm_shift: float

    def _norm(self, values: Tensor, scope: str, dtype: Any = api.float32) -> Tensor:
        shape = values.get_shape()[-1:]
        with variable_scope(scope):
            # layer_norm finds them by name.
            get_variable("gamma", shape=shape, initializer=Constant(self._norm_gain), dtype=dtype)
            get_variable("beta", shape=shape, initializer=Constant(self._norm_shift), dtype=dtype)
        return layer_norm(values, reuse=True, scope=scope)


@export("contrib.rnn.LayerNormBasicLSTMCell")
class LayerNormBasicLSTMCell(Normed):
    """LSTM with layer normalization and dropout of what it takes in.

    Args:
      num_units: the number of cells.
      forget_bias: what is added to the forget gate before its sigmoid.
      input_size: unused.
      activation: a function.
      layer_norm: whether to normalize.
      norm_gain, norm_shift: the initial values of what is learned.
      dropout_keep_prob: the probability that a value taken in is kept.
      dropout_prob_seed: the seed of the choice.
      reuse: whether to share the variables.
    """

    def __init__(self, num_units: int, forget_bias: float = 1.0, input_size: int | None = None,
                 activation: Any = api.tanh, layer_norm: bool = True, norm_gain: float = 1.0, norm_shift: float = 0.0,
                 dropout_keep_prob: Any = 1.0, dropout_prob_seed: int | None = None, reuse: Any = None):
        super().__init__(_reuse=reuse)
        if input_size is not None:
            tf_logging.warning("%s: The input_size parameter is deprecated.", self)
        self._num_units = num_units
        self._activation = activation
        self._forget_bias = forget_bias
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift
        self._reuse = reuse

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_units

    def _gates(self, args: Tensor) -> Tensor:
        kernel = get_variable("kernel", [args.get_shape()[-1], 4 * self._num_units], dtype=args.dtype)
        gates = api.matmul(args, kernel)
        if not self._layer_norm:
            gates = api.nn.bias_add(gates, get_variable("bias", [4 * self._num_units], dtype=args.dtype))
        return gates

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        c, h = state
        gates = self._gates(api.concat([inputs, h], 1))
        dtype = gates.dtype
        taken, found, forget, given = api.split(value=gates, num_or_size_splits=4, axis=1)
        if self._layer_norm:
            taken = self._norm(taken, "input", dtype=dtype)
            found = self._norm(found, "transform", dtype=dtype)
            forget = self._norm(forget, "forget", dtype=dtype)
            given = self._norm(given, "output", dtype=dtype)
        found = self._activation(found)
        if (not isinstance(self._keep_prob, float)) or self._keep_prob < 1:
            found = api.nn.dropout(found, self._keep_prob, seed=self._seed)
        new_c = c * api.sigmoid(forget + self._forget_bias) + api.sigmoid(taken) * found
        if self._layer_norm:
            new_c = self._norm(new_c, "state", dtype=dtype)
        new_h = self._activation(new_c) * api.sigmoid(given)
        return new_h, LSTMStateTuple(new_c, new_h)


@export("contrib.rnn.CoupledInputForgetGateLSTMCell")
class CoupledInputForgetGateLSTMCell(Normed):
    """LSTM that takes in as much as it forgets.

    Args:
      num_units: the number of cells.
      use_peepholes: whether the gates see the cells.
      initializer: kept, but without effect, as in TensorFlow.
      num_proj: the size of the output, by a projection of the cells; None: as `num_units`.
      proj_clip: the largest absolute value of a projected output.
      num_unit_shards, num_proj_shards: into how many variables the weights are cut.
      forget_bias: what is added to the forget gate before its sigmoid.
      state_is_tuple: whether the state is an `LSTMStateTuple`; else c and h stand side by side in one tensor.
      activation: a function.
      reuse: whether to share the variables.
      layer_norm: whether to normalize.
      norm_gain, norm_shift: the initial values of what is learned.
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, initializer: Any = None,
                 num_proj: int | None = None, proj_clip: float | None = None, num_unit_shards: int = 1,
                 num_proj_shards: int = 1, forget_bias: float = 1.0, state_is_tuple: bool = True,
                 activation: Any = api.tanh, reuse: Any = None, layer_norm: bool = False, norm_gain: float = 1.0,
                 norm_shift: float = 0.0):
        super().__init__(_reuse=reuse)
        if not state_is_tuple:
            tf_logging.warning("%s: Using a concatenated state is slower and will soon be deprecated.  Use "
                               "state_is_tuple=True.", self)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation
        self._reuse = reuse
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift

    @property
    def state_size(self) -> Any:
        output = self._num_proj or self._num_units
        return LSTMStateTuple(self._num_units, output) if self._state_is_tuple else self._num_units + output

    @property
    def output_size(self) -> Any:
        return self._num_proj or self._num_units

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        units, output_size = self._num_units, self.output_size
        if self._state_is_tuple:
            c, m = state
        else:
            c = api.slice(state, [0, 0], [-1, units])
            m = api.slice(state, [0, units], [-1, output_size])
        dtype = inputs.dtype
        depth = inputs.get_shape().with_rank(2).dims[1].value
        if depth is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        kernel = concatenated_shards("W", [depth + output_size, 3 * units], dtype, self._num_unit_shards)
        bias = get_variable("B", shape=[3 * units], initializer=Zeros(), dtype=dtype)
        gates = api.matmul(api.concat([inputs, m], 1), kernel)
        if not self._layer_norm:
            gates = api.nn.bias_add(gates, bias)
        found, forget, given = api.split(value=gates, num_or_size_splits=3, axis=1)
        if self._layer_norm:
            found = self._norm(found, "transform")
            forget = self._norm(forget, "forget")
            given = self._norm(given, "output")
        if self._use_peepholes:
            peep_forget = get_variable("W_F_diag", shape=[units], dtype=dtype)
            peep_given = get_variable("W_O_diag", shape=[units], dtype=dtype)
            kept = api.sigmoid(forget + self._forget_bias + peep_forget * c)
        else:
            kept = api.sigmoid(forget + self._forget_bias)
        new_c = kept * c + (1 - kept) * self._activation(found)
        if self._layer_norm:
            new_c = self._norm(new_c, "state")
        if self._use_peepholes:
            new_m = api.sigmoid(given + peep_given * new_c) * self._activation(new_c)
        else:
            new_m = api.sigmoid(given) * self._activation(new_c)
        if self._num_proj is not None:
            projection = concatenated_shards("W_P", [units, self._num_proj], dtype, self._num_proj_shards)
            new_m = api.matmul(new_m, projection)
            if self._proj_clip is not None:
                new_m = api.clip_by_value(new_m, -self._proj_clip, self._proj_clip)
        return new_m, LSTMStateTuple(new_c, new_m) if self._state_is_tuple else api.concat([new_c, new_m], 1)
