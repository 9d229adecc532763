"""BasicLSTMCell and LSTMCell, with the pair that is their state."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from tfmagic.base import dtypes, tf_logging
from tfmagic.base.deprecation import deprecated
from tfmagic.base.export import export
from tfmagic.graph.convert import constant
from tfmagic.ops import api, raw
from tfmagic.tf.initializers.kinds import Zeros
from tfmagic.tf.layers.input_spec import InputSpec
from tfmagic.tf.recurrent.basic_cells import instead
from tfmagic.tf.recurrent.cell import LayerRNNCell, check_dtype, check_step, input_depth
from tfmagic.tf.recurrent.config import activation_name, activation_of, initializer_config, initializer_of
from tfmagic.tf.variable.partitioners import fixed_size_partitioner


@export("nn.rnn_cell.LSTMStateTuple")
class LSTMStateTuple(namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM: `c`, the cells, and `h`, the output."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        """The type of both parts.

        Raises:
          TypeError: they have different ones.
        """
        c, h = self
        if c.dtype != h.dtype:
            raise TypeError(f"Inconsistent internal state: {c.dtype} vs {h.dtype}")
        return c.dtype


def _warn_of_concatenated(cell: Any) -> None:
    tf_logging.warning("%s: Using a concatenated state is slower and will soon be deprecated.  Use "
                       "state_is_tuple=True.", cell)


@export("nn.rnn_cell.BasicLSTMCell")
class BasicLSTMCell(LayerRNNCell):
    """LSTM: gates decide what its cells take in, keep and give out.

    Args:
      num_units: the number of cells.
      forget_bias: what is added to the forget gate before its sigmoid.
      state_is_tuple: whether the state is an `LSTMStateTuple`; else c and h stand side by side in one tensor.
      activation: a function, or its name; by default tanh.
      reuse: whether to share the variables of another cell in the same scope.
      name: the name of the variable scope.
      dtype: the type of the variables; by default that of the first input.
    """

    @deprecated(None, instead("LSTMCell"), name="__init__", module="tensorflow.python.ops.rnn_cell_impl")
    def __init__(self, num_units: int, forget_bias: float = 1.0, state_is_tuple: bool = True, activation: Any = None,
                 reuse: Any = None, name: Any = None, dtype: Any = None, **kwargs: Any):
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        if not state_is_tuple:
            _warn_of_concatenated(self)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation_of(activation)

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_units) if self._state_is_tuple else 2 * self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def build(self, input_shape: Any) -> None:
        depth, units = input_depth(input_shape), self._num_units
        check_dtype(self.dtype)
        self._kernel = self.add_weight("kernel", shape=[depth + units, 4 * units])
        self._bias = self.add_weight("bias", shape=[4 * units], initializer=Zeros())
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        check_step(inputs, state)
        axis = constant(1, dtype=dtypes.int32)
        c, h = state if self._state_is_tuple else api.split(value=state, num_or_size_splits=2, axis=axis)
        gates = api.nn.bias_add(api.matmul(api.concat([inputs, h], 1), self._kernel), self._bias)
        taken, found, forget, given = api.split(value=gates, num_or_size_splits=4, axis=axis)
        forget_bias = constant(self._forget_bias, dtype=forget.dtype)
        kept = raw.mul(c, api.sigmoid(raw.add(forget, forget_bias)))
        new_c = raw.add(kept, raw.mul(api.sigmoid(taken), self._activation(found)))
        new_h = raw.mul(self._activation(new_c), api.sigmoid(given))
        return new_h, LSTMStateTuple(new_c, new_h) if self._state_is_tuple else api.concat([new_c, new_h], 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_units": self._num_units, "forget_bias": self._forget_bias,
                "state_is_tuple": self._state_is_tuple, "activation": activation_name(self._activation),
                "reuse": self._reuse}


@export("nn.rnn_cell.LSTMCell")
class LSTMCell(LayerRNNCell):
    """LSTM with peepholes, clipping and a projection of the output, each where asked for.

    Args:
      num_units: the number of cells.
      use_peepholes: whether the gates see the cells.
      cell_clip: the largest absolute value of a cell.
      initializer: of the weights.
      num_proj: the size of the output, by a projection of the cells; None: as `num_units`.
      proj_clip: the largest absolute value of a projected output.
      num_unit_shards, num_proj_shards: into how many parts the weights are cut (a partitioner does it better).
      forget_bias: what is added to the forget gate before its sigmoid.
      state_is_tuple: whether the state is an `LSTMStateTuple`; else c and h stand side by side in one tensor.
      activation: a function, or its name; by default tanh.
      reuse: whether to share the variables of another cell in the same scope.
      name: the name of the variable scope.
      dtype: the type of the variables; by default that of the first input.
    """

    @deprecated(None, instead("LSTMCell"), name="__init__", module="tensorflow.python.ops.rnn_cell_impl")
    def __init__(self, num_units: int, use_peepholes: bool = False, cell_clip: float | None = None,
                 initializer: Any = None, num_proj: int | None = None, proj_clip: float | None = None,
                 num_unit_shards: int | None = None, num_proj_shards: int | None = None, forget_bias: float = 1.0,
                 state_is_tuple: bool = True, activation: Any = None, reuse: Any = None, name: Any = None,
                 dtype: Any = None, **kwargs: Any):
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        if not state_is_tuple:
            _warn_of_concatenated(self)
        if num_unit_shards is not None or num_proj_shards is not None:
            tf_logging.warning("%s: The num_unit_shards and proj_unit_shards parameters are deprecated and will be "
                               "removed in Jan 2017.  Use a variable scope with a partitioner instead.", self)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer_of(initializer)
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation_of(activation)

    @property
    def state_size(self) -> Any:
        output = self._num_proj or self._num_units
        return LSTMStateTuple(self._num_units, output) if self._state_is_tuple else self._num_units + output

    @property
    def output_size(self) -> Any:
        return self._num_proj or self._num_units

    def build(self, input_shape: Any) -> None:
        depth, units = input_depth(input_shape), self._num_units
        check_dtype(self.dtype)
        self._kernel = self.add_weight(
            "kernel", shape=[depth + self.output_size, 4 * units], initializer=self._initializer,
            partitioner=None if self._num_unit_shards is None else fixed_size_partitioner(self._num_unit_shards))
        self._bias = self.add_weight("bias", shape=[4 * units], initializer=Zeros())
        if self._use_peepholes:
            self._peep_forget = self.add_weight("w_f_diag", shape=[units], initializer=self._initializer)
            self._peep_taken = self.add_weight("w_i_diag", shape=[units], initializer=self._initializer)
            self._peep_given = self.add_weight("w_o_diag", shape=[units], initializer=self._initializer)
        if self._num_proj is not None:
            self._projection = self.add_weight(
                "projection/kernel", shape=[units, self._num_proj], initializer=self._initializer,
                partitioner=None if self._num_proj_shards is None else fixed_size_partitioner(self._num_proj_shards))
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        check_step(inputs, state)
        if self._state_is_tuple:
            c, h = state
        else:
            c = raw.slice(state, [0, 0], [-1, self._num_units])
            h = raw.slice(state, [0, self._num_units], [-1, self.output_size])
        input_depth(inputs.get_shape().with_rank(2))
        gates = api.nn.bias_add(api.matmul(api.concat([inputs, h], 1), self._kernel), self._bias)
        taken, found, forget, given = api.split(value=gates, num_or_size_splits=4, axis=1)
        if self._use_peepholes:
            new_c = (api.sigmoid(forget + self._forget_bias + self._peep_forget * c) * c
                     + api.sigmoid(taken + self._peep_taken * c) * self._activation(found))
        else:
            new_c = (api.sigmoid(forget + self._forget_bias) * c
                     + api.sigmoid(taken) * self._activation(found))
        if self._cell_clip is not None:
            new_c = api.clip_by_value(new_c, -self._cell_clip, self._cell_clip)
        if self._use_peepholes:
            new_h = api.sigmoid(given + self._peep_given * new_c) * self._activation(new_c)
        else:
            new_h = api.sigmoid(given) * self._activation(new_c)
        if self._num_proj is not None:
            new_h = api.matmul(new_h, self._projection)
            if self._proj_clip is not None:
                new_h = api.clip_by_value(new_h, -self._proj_clip, self._proj_clip)
        return new_h, LSTMStateTuple(new_c, new_h) if self._state_is_tuple else api.concat([new_c, new_h], 1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_units": self._num_units, "use_peepholes": self._use_peepholes,
                "cell_clip": self._cell_clip, "initializer": initializer_config(self._initializer),
                "num_proj": self._num_proj, "proj_clip": self._proj_clip, "num_unit_shards": self._num_unit_shards,
                "num_proj_shards": self._num_proj_shards, "forget_bias": self._forget_bias,
                "state_is_tuple": self._state_is_tuple, "activation": activation_name(self._activation),
                "reuse": self._reuse}
