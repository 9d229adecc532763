"""Wrappers with a projection or an embedding before or behind a cell, and attention over its own past."""

from __future__ import annotations

import math
from typing import Any

from tfmagic.base import nest, tf_logging
from tfmagic.base.export import export
from tfmagic.graph import opdefs
from tfmagic.graph.context import get_default_graph
from tfmagic.graph.scopes import name_scope
from tfmagic.ops import api, raw
from tfmagic.tf.contrib.rnn.linear import Linear
from tfmagic.tf.initializers.kinds import RandomUniform
from tfmagic.tf.recurrent.cell import RNNCell, assert_like_cell
from tfmagic.tf.variable.scope import get_variable, get_variable_scope, variable_scope
from tfmagic.tf.xla.scopes import experimental_jit_scope


class _Around(RNNCell):
    """A cell around another, with a variable scope of its own."""

    def __init__(self, cell: Any, reuse: Any):
        super().__init__(_reuse=reuse)
        assert_like_cell("cell", cell)
        self._cell = cell
        self._linear: Any = None

    @property
    def state_size(self) -> Any:
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with name_scope(type(self).__name__ + "ZeroState", None, [batch_size]):
            return self._cell.zero_state(batch_size, dtype)


@export("contrib.rnn.EmbeddingWrapper")
class EmbeddingWrapper(_Around):
    """Embeds class numbers before a cell.

    Args:
      cell: the cell.
      embedding_classes, embedding_size: rows and columns of the table.
      initializer: of the table; by default the scope's, else uniform with variance 1.
      reuse: whether to share the table.

    Raises:
      ValueError: a size is not positive.
    """

    def __init__(self, cell: Any, embedding_classes: int, embedding_size: int, initializer: Any = None,
                 reuse: Any = None):
        super().__init__(cell, reuse)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError("Both embedding_classes and embedding_size must be > 0: "
                             f"{embedding_classes}, {embedding_size}.")
        self._embedding_classes = embedding_classes
        self._embedding_size = embedding_size
        self._initializer = initializer

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        with get_default_graph().device("/cpu:0"):
            initializer = self._initializer or get_variable_scope().initializer
            if not initializer:
                initializer = RandomUniform(-math.sqrt(3), math.sqrt(3))
            dtype = state[0].dtype if isinstance(state, tuple) else state.dtype
            table = get_variable("embedding", [self._embedding_classes, self._embedding_size],
                                 initializer=initializer, dtype=dtype)
            return self._cell(api.nn.embedding_lookup(table, raw.reshape(inputs, [-1])), state)


@export("contrib.rnn.InputProjectionWrapper")
class InputProjectionWrapper(_Around):
    """A dense layer before a cell.

    Args:
      cell: the cell.
      num_proj: the size of what the cell gets.
      activation: a function of it.
      input_size: unused.
      reuse: whether to share the variables.
    """

    def __init__(self, cell: Any, num_proj: int, activation: Any = None, input_size: Any = None, reuse: Any = None):
        super().__init__(cell, reuse)
        if input_size is not None:
            tf_logging.warning("%s: The input_size parameter is deprecated.", self)
        self._num_proj = num_proj
        self._activation = activation

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        if self._linear is None:
            self._linear = Linear(inputs, self._num_proj, True)
        projected = self._linear(inputs)
        return self._cell(self._activation(projected) if self._activation else projected, state)


@export("contrib.rnn.OutputProjectionWrapper")
class OutputProjectionWrapper(_Around):
    """A dense layer behind a cell.

    Args:
      cell: the cell.
      output_size: the size of the output.
      activation: a function of it.
      reuse: whether to share the variables.

    Raises:
      ValueError: `output_size` is not positive.
    """

    def __init__(self, cell: Any, output_size: int, activation: Any = None, reuse: Any = None):
        super().__init__(cell, reuse)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._output_size = output_size
        self._activation = activation

    @property
    def output_size(self) -> Any:
        return self._output_size

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        output, state = self._cell(inputs, state)
        if self._linear is None:
            self._linear = Linear(output, self._output_size, True)
        projected = self._linear(output)
        return self._activation(projected) if self._activation else projected, state


@export("contrib.rnn.UGRNNCell")
class UGRNNCell(RNNCell):
    """Update gate cell: one gate decides how much of the state is kept.

    Args:
      num_units: the size of the state.
      initializer: of the weights.
      forget_bias: what is added to the gate before its sigmoid.
      activation: a function; by default tanh.
      reuse: whether to share the variables.
    """

    def __init__(self, num_units: int, initializer: Any = None, forget_bias: float = 1.0, activation: Any = api.tanh,
                 reuse: Any = None):
        super().__init__(_reuse=reuse)
        self._num_units = num_units
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._activation = activation
        self._linear: Any = None

    @property
    def state_size(self) -> Any:
        return self._num_units

    @property
    def output_size(self) -> Any:
        return self._num_units

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        if inputs.get_shape().with_rank(2).dims[1].value is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            both = api.concat([inputs, state], 1)
            if self._linear is None:
                self._linear = Linear(both, 2 * self._num_units, True)
            gate, found = api.split(axis=1, num_or_size_splits=2, value=self._linear(both))
            found = self._activation(found)
            gate = api.sigmoid(gate + self._forget_bias)
            new = gate * state + (1.0 - gate) * found
        return new, new


@export("contrib.rnn.AttentionCellWrapper")
class AttentionCellWrapper(RNNCell):
    """A cell that attends to its own last outputs.

    Args:
      cell: the cell.
      attn_length: how many outputs it attends to.
      attn_size: the size of what it attends to; by default the cell's output.
      attn_vec_size: the size in which they are compared; by default `attn_size`.
      input_size: the size of the cell's inputs; by default that of the inputs.
      state_is_tuple: whether the state is a tuple.
      reuse: whether to share the variables.

    Raises:
      ValueError: the cell's state is a structure against `state_is_tuple`, or `attn_length` is not positive.
    """

    def __init__(self, cell: Any, attn_length: int, attn_size: int | None = None, attn_vec_size: int | None = None,
                 input_size: int | None = None, state_is_tuple: bool = True, reuse: Any = None):
        super().__init__(_reuse=reuse)
        assert_like_cell("cell", cell)
        if nest.is_nested(cell.state_size) and not state_is_tuple:
            raise ValueError(f"Cell returns tuple of states, but the flag state_is_tuple is not set. State size is: "
                             f"{cell.state_size}")
        if attn_length <= 0:
            raise ValueError(f"attn_length should be greater than zero, got {attn_length}")
        if not state_is_tuple:
            tf_logging.warning("%s: Using a concatenated state is slower and will soon be deprecated.  Use "
                               "state_is_tuple=True.", self)
        self._state_is_tuple = state_is_tuple
        self._cell = cell
        self._attn_size = cell.output_size if attn_size is None else attn_size
        self._attn_vec_size = self._attn_size if attn_vec_size is None else attn_vec_size
        self._input_size = input_size
        self._attn_length = attn_length
        self._linears: dict[str, Any] = {}

    @property
    def state_size(self) -> Any:
        size = (self._cell.state_size, self._attn_size, self._attn_size * self._attn_length)
        return size if self._state_is_tuple else sum(size)

    @property
    def output_size(self) -> Any:
        return self._attn_size

    def _project(self, name: str, args: Any, size: int) -> Any:
        if name not in self._linears:
            self._linears[name] = Linear(args, size, True)
        return self._linears[name](args)

    def call(self, inputs: Any, state: Any) -> Any:  # type: ignore[override]
        if self._state_is_tuple:
            state, attention, past = state
        else:
            joined, size = state, self._cell.state_size
            state = raw.slice(joined, [0, 0], [-1, size])
            attention = raw.slice(joined, [0, size], [-1, self._attn_size])
            past = raw.slice(joined, [0, size + self._attn_size], [-1, self._attn_size * self._attn_length])
        past = raw.reshape(past, [-1, self._attn_length, self._attn_size])
        input_size = self._input_size or inputs.get_shape().as_list()[1]
        inputs = self._project("inputs", [inputs, attention], input_size)
        output, new_state = self._cell(inputs, state)
        query = api.concat(nest.flatten(new_state), 1) if self._state_is_tuple else new_state
        attention, past = self._attend(query, past)
        with variable_scope("attn_output_projection"):
            output = self._project("output", [output, attention], self._attn_size)
        past = api.concat([past, api.expand_dims(output, 1)], 1)
        past = raw.reshape(past, [-1, self._attn_length * self._attn_size])
        parts = (new_state, attention, past)
        return output, parts if self._state_is_tuple else api.concat(list(parts), 1)

    def _attend(self, query: Any, past: Any) -> tuple[Any, Any]:
        """What of the past is attended to, and the past without its first output."""
        with variable_scope("attention"):
            kernel = get_variable("attn_w", [1, 1, self._attn_size, self._attn_vec_size])
            direction = get_variable("attn_v", [self._attn_vec_size])
            hidden = raw.reshape(past, [-1, self._attn_length, 1, self._attn_size])
            features = api.nn.conv2d(hidden, kernel, [1, 1, 1, 1], "SAME")
            y = self._project("query", query, self._attn_vec_size)
            y = raw.reshape(y, [-1, 1, 1, self._attn_vec_size])
            weights = api.nn.softmax(api.reduce_sum(direction * api.tanh(features + y), [2, 3]))
            found = api.reduce_sum(raw.reshape(weights, [-1, self._attn_length, 1, 1]) * hidden, [1, 2])
            return raw.reshape(found, [-1, self._attn_size]), raw.slice(past, [0, 1, 0], [-1, -1, -1])


def _is_stateless(node: Any) -> bool:
    op_def = opdefs.get(node.op)
    return op_def is not None and not op_def.is_stateful


@export("contrib.rnn.CompiledWrapper")
class CompiledWrapper(_Around):
    """A cell whose operations sessions compile (see `tf.xla.experimental.jit_scope`).

    Args:
      cell: the cell.
      compile_stateful: whether operations with a state, such as random numbers, are compiled too.
    """

    def __init__(self, cell: Any, compile_stateful: bool = False):
        super().__init__(cell, None)
        self._compile_stateful = compile_stateful

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        compiled: Any = self._compile_stateful or _is_stateless
        with experimental_jit_scope(compile_ops=compiled):
            return self._cell(inputs, state, scope=scope)
