"""Recurrent cells in a grid: one cell for each dimension, all of which see the outputs of the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tfmagic.base.export import export
from tfmagic.ops import api
from tfmagic.tf.contrib.layers.dense import fully_connected
from tfmagic.tf.recurrent.cell import RNNCell
from tfmagic.tf.recurrent.lstm_cells import LSTMCell, LSTMStateTuple
from tfmagic.tf.variable.scope import get_variable, get_variable_scope, variable_scope


class _Dimension(NamedTuple):
    """One dimension of a grid.

    Attributes:
      number: its number.
      is_input, is_output: whether the inputs go into it, whether the output is taken from it.
      is_priority: whether it waits for those that are not.
      function: what takes the place of its cell, else None.
    """

    number: int
    is_input: bool
    is_output: bool
    is_priority: bool
    function: Callable[[Any], Any] | None


def _numbers(given: Any, count: int) -> list[int]:
    """Numbers of dimensions, of which one may stand without a list."""
    found = [] if given is None else list(given) if isinstance(given, Sequence) else [given]
    if any(not 0 <= number < count for number in found):
        raise ValueError(f"Invalid dims: {found}. Must be in [0, {count})")
    return found


@export("contrib.grid_rnn.GridRNNCell")
class GridRNNCell(RNNCell):
    """A grid of cells: each dimension's cell gets the outputs of all but the last one, and the last one as its state.

    Args:
      num_units: the size of each cell.
      num_dims: the number of dimensions.
      input_dims: the dimensions that the inputs go into (a number or a list), side by side in equal parts.
      output_dims: those whose outputs are the grid's.
      priority_dims: those that run after the others, and see the new outputs of these.
      non_recurrent_dims: those that have a fully connected layer in place of a cell, and no state.
      tied: whether the cells share their variables.
      cell_fn: `function(num_units)` makes a cell; by default an `LSTMCell`.
      non_recurrent_fn: the activation of the layers, `tf.nn.relu` by default.
      state_is_tuple, output_is_tuple: whether states and outputs are tuples, not one [batch, n] side by side.

    Raises:
      ValueError: there is no dimension, or it has another number.
      TypeError: `cell_fn` does not make an `RNNCell`.
    """

    def __init__(self, num_units: int, num_dims: int = 1, input_dims: Any = None, output_dims: Any = None,
                 priority_dims: Any = None, non_recurrent_dims: Any = None, tied: bool = False, cell_fn: Any = None,
                 non_recurrent_fn: Any = None, state_is_tuple: bool = True, output_is_tuple: bool = True):
        super().__init__()
        if num_dims < 1:
            raise ValueError(f"dims must be >= 1: {num_dims}")
        inputs, outputs, priority, plain = (_numbers(given, num_dims) for given in (
            input_dims, output_dims, priority_dims, non_recurrent_dims))
        function = non_recurrent_fn or api.nn.relu
        self._dimensions = [_Dimension(i, i in inputs, i in outputs, i in priority, function if i in plain else None)
                            for i in range(num_dims)]
        self._num_units, self._tied = num_units, tied
        self._state_is_tuple, self._output_is_tuple = state_is_tuple, output_is_tuple
        make = cell_fn or (lambda units: LSTMCell(num_units=units, state_is_tuple=state_is_tuple))
        self._cells = [make(num_units)] * num_dims if tied else [make(num_units) for _ in range(num_dims)]
        if not isinstance(self._cells[0], RNNCell):
            raise TypeError("cell_fn must return an RNNCell instance, saw: " + str(type(self._cells[0])))
        size = self._cells[0].state_size
        self._with_cells = (sum(size) if isinstance(size, tuple) else size) == 2 * num_units

    @property
    def _recurrent(self) -> list[_Dimension]:
        return [each for each in self._dimensions if each.function is None]

    @property
    def output_size(self) -> Any:
        sizes = tuple(self._cells[0].output_size for each in self._dimensions if each.is_output)
        return sizes if self._output_is_tuple else sum(sizes)

    @property
    def state_size(self) -> Any:
        sizes = tuple(self._cells[each.number].state_size for each in self._recurrent)
        return sizes if self._state_is_tuple else len(sizes) * self._num_units * (2 if self._with_cells else 1)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step.

        Args:
          inputs: [batch, n]; n divides by the number of dimensions that they go into.
          state: as `state_size`.
          scope: the variable scope; by default the name of the class.

        Returns:
          The outputs of the output dimensions, and the new state.
        """
        cells, outputs = self._split_state(state)
        new: list[Any] = [None] * len(self._dimensions)
        states: list[Any] = [None] * len(self._dimensions)
        with variable_scope(scope or type(self).__name__):
            self._project(inputs, cells, outputs)
            self._run([each for each in self._dimensions if not each.is_priority], True, cells, outputs, new, states)
            self._run([each for each in self._dimensions if each.is_priority], False, cells, outputs, new, states)
            output: Any = tuple(new[each.number] for each in self._dimensions if each.is_output)
            if not self._output_is_tuple:
                output = api.concat(list(output), 1)
            found: Any = tuple(states[each.number] for each in self._recurrent)
            if not self._state_is_tuple:
                found = api.concat([part for each in found for part in each], 1)  # as in 1.15, of LSTMs alone
        return output, found

    def _split_state(self, state: Any) -> tuple[list[Any], list[Any]]:
        """The cells and outputs of the step before, None for dimensions without."""
        cells: list[Any] = [None] * len(self._dimensions)
        outputs: list[Any] = [None] * len(self._dimensions)
        for place, each in enumerate(self._recurrent):
            if self._state_is_tuple:
                part = state[place]
                cells[each.number], outputs[each.number] = part if self._with_cells else (None, part)
                continue
            start, units = place * self._num_units * (2 if self._with_cells else 1), self._num_units
            if self._with_cells:
                cells[each.number] = api.slice(state, [0, start], [-1, units])
                start += units
            outputs[each.number] = api.slice(state, [0, start], [-1, units])
        return cells, outputs

    def _project(self, inputs: Any, cells: list[Any], outputs: list[Any]) -> None:
        """Put the inputs in the place of the outputs, and cells, of the dimensions that they go into."""
        targets = [each for each in self._dimensions if each.is_input]
        if inputs is None or not inputs.get_shape().with_rank(2).dims[1].value or not targets:
            return
        parts = api.split(value=inputs, num_or_size_splits=len(targets), axis=1)
        size = parts[0].get_shape().dims[1].value
        for each, part in zip(targets, parts):
            kernel = get_variable(f"project_m_{each.number}", [size, self._num_units], dtype=inputs.dtype)
            outputs[each.number] = api.matmul(part, kernel)
            if self._with_cells:
                kernel = get_variable(f"project_c_{each.number}", [size, self._num_units], dtype=inputs.dtype)
                cells[each.number] = api.matmul(part, kernel)

    def _run(self, group: list[_Dimension], first: bool, cells: list[Any], outputs: list[Any], new: list[Any],
             states: list[Any]) -> None:
        """Run the dimensions of a group beside each other; `new` and `states` get what comes of them."""
        if not group:
            return
        latest = [before if after is None else after for before, after in zip(outputs, new)]
        if len(latest) > 1:
            inputs = api.concat(latest[:-1], 1)
        else:
            inputs = api.zeros([outputs[0].get_shape().as_list()[0], 0], outputs[0].dtype)
        for each in group:
            if each.function is not None:
                whole = api.concat([inputs, latest[-1]], 1) if len(latest) > 1 else latest[-1]
            kind = "recurrent" if each.function is None else "non_recurrent"
            with variable_scope(kind if self._tied else f"{kind}/cell_{each.number}"):
                if self._tied and not (first and each is group[0]):
                    get_variable_scope().reuse_variables()
                if each.function is not None:
                    new[each.number] = self._layer(each.function, whole)
                    continue
                cell = cells[each.number]
                state = latest[-1] if cell is None else LSTMStateTuple(cell, latest[-1])
                new[each.number], states[each.number] = self._cells[each.number](inputs, state)

    def _layer(self, function: Callable[[Any], Any], inputs: Any) -> Any:
        """What stands in the place of a cell.

        Raises:
          AttributeError: the variable scope has no initializer: TensorFlow's own default is missing in 1.15.
        """
        initializer = get_variable_scope().initializer
        if initializer is None:
            raise AttributeError("'module' object has no attribute 'initializers'")
        return fully_connected(
            inputs, num_outputs=self._num_units, activation_fn=function, weights_initializer=initializer,
            weights_regularizer=get_variable_scope().regularizer)
