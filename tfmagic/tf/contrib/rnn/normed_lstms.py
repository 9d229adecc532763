"""LSTMs with peepholes and projection whose gates, or whose weights, are normalized."""

from __future__ import annotations

from typing import Any

from tfmagic.graph.context import get_default_graph
from tfmagic.graph.operation import Tensor
from tfmagic.ops import api
from tfmagic.tf.contrib.rnn.linear import bias_in, columns_of
from tfmagic.tf.contrib.rnn.normed_cells import Normed
from tfmagic.tf.recurrent.cell import RNNCell
from tfmagic.tf.recurrent.lstm_cells import LSTMStateTuple
from tfmagic.tf.variable.scope import get_variable, get_variable_scope, variable_scope


class _Projected(RNNCell):
    """An LSTM with peepholes, a limit of the cells and a projection, as far as they are wanted.

    Args:
      num_units: the number of cells.
      use_peepholes: whether the gates see the cells.
      cell_clip: the largest absolute value of a cell.
      initializer: of all weights.
      num_proj: the size of the output, by a projection; None: as `num_units`.
      proj_clip: the largest absolute value of a projected output.
      forget_bias: what is added to the forget gate before its sigmoid.
      activation: a function; by default tanh.
      reuse: whether to share the variables.
    """

    def __init__(self, num_units: int, use_peepholes: bool, cell_clip: float | None, initializer: Any,
                 num_proj: int | None, proj_clip: float | None, forget_bias: float, activation: Any, reuse: Any):
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._forget_bias = forget_bias
        self._activation = activation or api.tanh

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self._num_units, self._num_proj or self._num_units)

    @property
    def output_size(self) -> Any:
        return self._num_proj or self._num_units

    def _peepholes(self, dtype: Any) -> Any:
        """The weights with which the forget, input and output gates see the cells."""
        return [get_variable(name, shape=[self._num_units], dtype=dtype)
                for name in ("w_f_diag", "w_i_diag", "w_o_diag")] if self._use_peepholes else [None] * 3

    def _clipped(self, cells: Tensor) -> Tensor:
        limit = self._cell_clip
        return cells if limit is None else api.clip_by_value(cells, -limit, limit)

    def _output(self, output: Tensor) -> Tensor:
        """The projected output."""
        if self._num_proj is None:
            return output
        with variable_scope("projection"):
            output = self._product(output, self._num_proj)
        return output if self._proj_clip is None else api.clip_by_value(output, -self._proj_clip, self._proj_clip)

    def _product(self, args: Any, size: int) -> Tensor:
        """The product with a weight of its own."""
        raise NotImplementedError("Abstract method")


def _checked(inputs: Any) -> Any:
    if inputs.get_shape().with_rank(2)[1].value is None:
        raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
    return inputs.dtype


class LayerNormLSTMCell(_Projected, Normed):
    """An LSTM with layer normalization of the gates and the cells (see `_Projected` for the other arguments).

    Args:
      layer_norm: whether to normalize.
      norm_gain, norm_shift: the initial values of what is learned.
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, cell_clip: float | None = None,
                 initializer: Any = None, num_proj: int | None = None, proj_clip: float | None = None,
                 forget_bias: float = 1.0, activation: Any = None, layer_norm: bool = False, norm_gain: float = 1.0,
                 norm_shift: float = 0.0, reuse: Any = None):
        super().__init__(num_units, use_peepholes, cell_clip, initializer, num_proj, proj_clip, forget_bias,
                         activation, reuse)
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift

    def _product(self, args: Any, size: int) -> Tensor:
        return self._linear(args, size, with_bias=False)

    def _linear(self, args: Any, size: int, with_bias: bool) -> Tensor:
        args = args if isinstance(args, list) else [args]
        with variable_scope(get_variable_scope()) as outer:
            kernel = get_variable("kernel", [columns_of(args), size], dtype=args[0].dtype)
            result = api.matmul(args[0] if len(args) == 1 else api.concat(args, 1), kernel)
            # With layer normalization the bias is made all the same.
            bias = bias_in(outer, size, args[0].dtype, None) if with_bias else None
        return result if bias is None or self._layer_norm else api.nn.bias_add(result, bias)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        c, m = state
        dtype = _checked(inputs)
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            taken, found, forget, given = api.split(
                value=self._linear([inputs, m], 4 * self._num_units, with_bias=True), num_or_size_splits=4, axis=1)
            if self._layer_norm:
                taken, found = self._norm(taken, "input"), self._norm(found, "transform")
                forget, given = self._norm(forget, "forget"), self._norm(given, "output")
            see_forget, see_taken, see_given = self._peepholes(dtype)
            if self._use_peepholes:
                new_c = (api.sigmoid(forget + self._forget_bias + see_forget * c) * c
                         + api.sigmoid(taken + see_taken * c) * self._activation(found))
            else:
                new_c = (api.sigmoid(forget + self._forget_bias) * c
                         + api.sigmoid(taken) * self._activation(found))
            if self._layer_norm:
                new_c = self._norm(new_c, "state")
            new_c = self._clipped(new_c)
            gate = api.sigmoid(given + see_given * new_c) if self._use_peepholes else api.sigmoid(given)
            new_m = self._output(gate * self._activation(new_c))
        return new_m, LSTMStateTuple(new_c, new_m)


class WeightNormLSTMCell(_Projected):
    """An LSTM whose weights are directions, each with a learned length (see `_Projected` for the other arguments).

    Args:
      norm: whether they are.
    """

    def __init__(self, num_units: int, norm: bool = True, use_peepholes: bool = False, cell_clip: float | None = None,
                 initializer: Any = None, num_proj: int | None = None, proj_clip: float | None = None,
                 forget_bias: float = 1, activation: Any = None, reuse: Any = None):
        super().__init__(num_units, use_peepholes, cell_clip, initializer, num_proj, proj_clip, forget_bias,
                         activation, reuse)
        self._norm = norm
        self._scope = "wn_lstm_cell"  # type: ignore[assignment]  # a name, as in TensorFlow: each call opens it anew

    def _product(self, args: Any, size: int) -> Tensor:
        return self._linear(args, size, with_bias=False)

    def _linear(self, args: Any, size: int, with_bias: bool) -> Tensor:
        args = args if isinstance(args, list) else [args]
        dtype = args[0].dtype
        with variable_scope(get_variable_scope()) as outer:
            kernel = get_variable("kernel", [columns_of(args), size], dtype=dtype)
            if self._norm:
                with get_default_graph().control_dependencies(None):  # once, before the loop over time
                    kernel = self._normalized(kernel, args, size, dtype)
            result = api.matmul(args[0] if len(args) == 1 else api.concat(args, 1), kernel)
            return api.nn.bias_add(result, bias_in(outer, size, dtype, None)) if with_bias else result

    def _normalized(self, kernel: Any, args: list[Any], size: int, dtype: Any) -> Tensor:
        """The part of the kernel for each of the `args`, with columns of learned lengths."""
        parts, start = [], 0
        for number, arg in enumerate(args):
            end = start + arg.get_shape()[1].value
            part = kernel[start:end, :]
            length = get_variable(f"norm_{number}", [size], dtype=dtype)
            parts.append(api.nn.l2_normalize(part, axis=0) * length)
            start = end
        return api.concat(parts, 0)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        c, h = state
        dtype = _checked(inputs)
        with variable_scope("wn_lstm_cell", initializer=self._initializer):
            taken, found, forget, given = api.split(
                value=self._linear([inputs, h], 4 * self._num_units, with_bias=True), num_or_size_splits=4, axis=1)
            see_forget, see_taken, see_given = self._peepholes(dtype)
            if self._use_peepholes:
                new_c = (c * api.sigmoid(forget + self._forget_bias + see_forget * c)
                         + api.sigmoid(taken + see_taken * c) * self._activation(found))
            else:
                new_c = (c * api.sigmoid(forget + self._forget_bias)
                         + api.sigmoid(taken) * self._activation(found))
            new_c = self._clipped(new_c)
            gate = api.sigmoid(given + see_given * new_c) if self._use_peepholes else api.sigmoid(given)
            new_h = self._output(gate * self._activation(new_c))
        return new_h, LSTMStateTuple(new_c, new_h)
