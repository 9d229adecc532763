"""LSTM cells whose weights have masks."""

from __future__ import annotations

from typing import Any

from tfmagic.base.export import export
from tfmagic.tf.contrib.model_pruning.masks import masked
from tfmagic.tf.initializers.kinds import Ones, Zeros
from tfmagic.tf.recurrent.lstm_cells import BasicLSTMCell, LSTMCell


def _mask_kernel(cell: Any) -> None:
    """Multiply the kernel of a cell that is built by a mask."""
    shape = cell._kernel.get_shape()
    cell.built = False
    mask = cell.add_weight("mask", shape=shape, initializer=Ones(), trainable=False)
    threshold = cell.add_weight("threshold", shape=[], initializer=Zeros(), trainable=False)
    cell._kernel = masked(cell._kernel, mask, threshold)
    cell.built = True


@export("contrib.model_pruning.MaskedBasicLSTMCell")
class MaskedBasicLSTMCell(BasicLSTMCell):
    """A `BasicLSTMCell` whose weights have a mask.

    Args are those of `tf.nn.rnn_cell.BasicLSTMCell`.
    """

    def __init__(self, num_units: int, forget_bias: float = 1.0, state_is_tuple: bool = True, activation: Any = None,
                 reuse: Any = None, name: Any = None):
        super().__init__(num_units, forget_bias, state_is_tuple, activation, reuse, name)

    def build(self, inputs_shape: Any) -> None:
        super().build(inputs_shape)
        _mask_kernel(self)


@export("contrib.model_pruning.MaskedLSTMCell")
class MaskedLSTMCell(LSTMCell):
    """An `LSTMCell` whose weights have a mask.

    Args are those of `tf.nn.rnn_cell.LSTMCell`.
    """

    def __init__(self, num_units: int, use_peepholes: bool = False, cell_clip: Any = None, initializer: Any = None,
                 num_proj: int | None = None, proj_clip: Any = None, num_unit_shards: Any = None,
                 num_proj_shards: Any = None, forget_bias: float = 1.0, state_is_tuple: bool = True,
                 activation: Any = None, reuse: Any = None):
        super().__init__(num_units, use_peepholes, cell_clip, initializer, num_proj, proj_clip, num_unit_shards,
                         num_proj_shards, forget_bias, state_is_tuple, activation, reuse)

    def build(self, inputs_shape: Any) -> None:
        super().build(inputs_shape)
        _mask_kernel(self)
