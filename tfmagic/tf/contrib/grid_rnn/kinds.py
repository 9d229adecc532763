"""Grids of one, two and three dimensions of the usual cells; the output is the first dimension's, which runs last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.contrib.grid_rnn.grids import GridRNNCell
from tfmagic.tf.recurrent.basic_cells import BasicRNNCell, GRUCell
from tfmagic.tf.recurrent.lstm_cells import BasicLSTMCell, LSTMCell


def _whole(cell: GridRNNCell, num_units: int, dims: int, tied: bool, function: Any, make: Callable[[int], Any],
           options: dict[str, Any]) -> None:
    """Make a grid whose first dimension has the inputs, the outputs and priority."""
    GridRNNCell.__init__(cell, num_units=num_units, num_dims=dims, input_dims=0, output_dims=0, priority_dims=0,
                         tied=tied, non_recurrent_dims=None if function is None else 0,
                         cell_fn=make, non_recurrent_fn=function, **options)


def _outside(state: Any, output: Any) -> dict[str, Any]:
    return {"state_is_tuple": state, "output_is_tuple": output}


@export("contrib.grid_rnn.Grid1BasicRNNCell")
class Grid1BasicRNNCell(GridRNNCell):
    """A `BasicRNNCell` in one dimension; see `GridRNNCell`."""

    def __init__(self, num_units: int, state_is_tuple: bool = True, output_is_tuple: bool = True):
        _whole(self, num_units, 1, False, None, BasicRNNCell, _outside(state_is_tuple, output_is_tuple))


@export("contrib.grid_rnn.Grid2BasicRNNCell")
class Grid2BasicRNNCell(GridRNNCell):
    """`BasicRNNCell`s in two dimensions; `non_recurrent_fn` makes the first a layer. See `GridRNNCell`."""

    def __init__(self, num_units: int, tied: bool = False, non_recurrent_fn: Any = None, state_is_tuple: bool = True,
                 output_is_tuple: bool = True):
        _whole(self, num_units, 2, tied, non_recurrent_fn, BasicRNNCell, _outside(state_is_tuple, output_is_tuple))


@export("contrib.grid_rnn.Grid1BasicLSTMCell")
class Grid1BasicLSTMCell(GridRNNCell):
    """A `BasicLSTMCell` in one dimension; see `GridRNNCell`."""

    def __init__(self, num_units: int, forget_bias: Any = 1, state_is_tuple: bool = True,
                 output_is_tuple: bool = True):
        _whole(self, num_units, 1, False, None,
               lambda units: BasicLSTMCell(units, forget_bias=forget_bias),
               _outside(state_is_tuple, output_is_tuple))


@export("contrib.grid_rnn.Grid2BasicLSTMCell")
class Grid2BasicLSTMCell(GridRNNCell):
    """`BasicLSTMCell`s in two dimensions; `non_recurrent_fn` makes the first a layer. See `GridRNNCell`."""

    def __init__(self, num_units: int, tied: bool = False, non_recurrent_fn: Any = None, forget_bias: Any = 1,
                 state_is_tuple: bool = True, output_is_tuple: bool = True):
        _whole(self, num_units, 2, tied, non_recurrent_fn,
               lambda units: BasicLSTMCell(units, forget_bias=forget_bias),
               _outside(state_is_tuple, output_is_tuple))


@export("contrib.grid_rnn.Grid1LSTMCell")
class Grid1LSTMCell(GridRNNCell):
    """An `LSTMCell` in one dimension; see `GridRNNCell`."""

    def __init__(self, num_units: int, use_peepholes: bool = False, forget_bias: Any = 1.0,
                 state_is_tuple: bool = True, output_is_tuple: bool = True):
        _whole(self, num_units, 1, False, None,
               lambda units: LSTMCell(units, use_peepholes=use_peepholes, forget_bias=forget_bias),
               _outside(state_is_tuple, output_is_tuple))


@export("contrib.grid_rnn.Grid2LSTMCell")
class Grid2LSTMCell(GridRNNCell):
    """`LSTMCell`s in two dimensions; `non_recurrent_fn` makes the first a layer. See `GridRNNCell`."""

    def __init__(self, num_units: int, tied: bool = False, non_recurrent_fn: Any = None, use_peepholes: bool = False,
                 forget_bias: Any = 1.0, state_is_tuple: bool = True, output_is_tuple: bool = True):
        _whole(self, num_units, 2, tied, non_recurrent_fn,
               lambda units: LSTMCell(units, use_peepholes=use_peepholes, forget_bias=forget_bias),
               _outside(state_is_tuple, output_is_tuple))


@export("contrib.grid_rnn.Grid3LSTMCell")
class Grid3LSTMCell(GridRNNCell):
    """`LSTMCell`s in three dimensions; `non_recurrent_fn` makes the first a layer. See `GridRNNCell`."""

    def __init__(self, num_units: int, tied: bool = False, non_recurrent_fn: Any = None, use_peepholes: bool = False,
                 forget_bias: Any = 1.0, state_is_tuple: bool = True, output_is_tuple: bool = True):
        _whole(self, num_units, 3, tied, non_recurrent_fn,
               lambda units: LSTMCell(units, use_peepholes=use_peepholes, forget_bias=forget_bias),
               _outside(state_is_tuple, output_is_tuple))


@export("contrib.grid_rnn.Grid2GRUCell")
class Grid2GRUCell(GridRNNCell):
    """`GRUCell`s in two dimensions; `non_recurrent_fn` makes the first a layer. See `GridRNNCell`."""

    def __init__(self, num_units: int, tied: bool = False, non_recurrent_fn: Any = None, state_is_tuple: bool = True,
                 output_is_tuple: bool = True):
        _whole(self, num_units, 2, tied, non_recurrent_fn, lambda units: GRUCell(num_units=units),
               _outside(state_is_tuple, output_is_tuple))
